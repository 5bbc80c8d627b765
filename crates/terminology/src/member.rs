//! Whether a code is in a value set: sets compiled against the systems, and the question validators ask of every code.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use yba_fhir::Day;

use crate::compile::Fault;
use crate::select::{Bits, Choice, Selection};
use crate::set::SetHead;
use crate::system::Edition;
use crate::table::Period;

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    In,
    NotIn,
    /// Nobody here can tell: a system is not carried, or carried in part. `why` is for people, in Vietnamese.
    Unknown {
        why: Cow<'static, str>,
    },
}

impl Membership {
    pub fn is_in(&self) -> bool {
        *self == Membership::In
    }

    fn and(self, other: impl FnOnce() -> Membership) -> Membership {
        match self {
            Membership::NotIn => Membership::NotIn,
            Membership::In => other(),
            unknown => match other() {
                Membership::NotIn => Membership::NotIn,
                _ => unknown,
            },
        }
    }
}

/// A value set ready for questions. Cheap to copy; it keeps what it is made of alive.
#[derive(Debug, Clone)]
pub struct SetRef(pub(crate) Arc<Versions>);

/// The versions of a set, of which the day chooses one.
#[derive(Debug)]
pub(crate) struct Versions {
    pub url: String,
    pub each: Vec<Compiled>,
    /// How many includes and excludes one question may look at.
    pub weight: usize,
    pub faults: Vec<Fault>,
}

#[derive(Debug)]
pub(crate) struct Compiled {
    pub head: SetHead,
    pub includes: Vec<Part>,
    pub excludes: Vec<Part>,
    pub locked: Option<Day>,
    /// Every system that it may hold codes of.
    pub systems: Vec<String>,
    /// Why there may be more of them.
    pub unknown: Option<String>,
}

/// An include: codes of one system, codes of other sets, or what is in both.
#[derive(Debug)]
pub(crate) struct Part {
    pub source: Option<Source>,
    pub imports: Vec<SetRef>,
    /// Why nobody can tell what is in.
    pub unknown: Option<String>,
}

/// Codes of one system, chosen in each of its editions when first needed.
#[derive(Debug)]
pub(crate) struct Source {
    pub system: String,
    pub choice: Choice,
    pub editions: Vec<Held>,
}

#[derive(Debug)]
pub(crate) struct Held {
    /// `None` for a system of which nothing is known here.
    pub edition: Option<Arc<Edition>>,
    pub selection: OnceLock<Selection>,
}

impl Held {
    pub(crate) fn new(edition: Option<Arc<Edition>>) -> Held {
        Held { edition, selection: OnceLock::new() }
    }

    fn period(&self) -> Period {
        self.edition.as_ref().map(|edition| edition.head.period).unwrap_or_default()
    }
}

impl SetRef {
    /// The canonical address, without version.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// What is wrong with it: unknown systems and sets, circles. Where it matters the answer is then unknown.
    pub fn faults(&self) -> &[Fault] {
        &self.0.faults
    }

    /// Title of the version of that day, or of the newest.
    pub fn title(&self, on: Day) -> &str {
        self.on(on).or(self.0.each.last()).map_or("", |set| set.head.title.as_str())
    }

    /// Whether a code is in the set on a day. Without a system, as for a `code`, any system of the set will do.
    ///
    /// A code that is not selectable or no longer active is in when the set holds it; a code outside its period is not.
    pub fn contains(&self, system: Option<&str>, code: &str, on: Day) -> Membership {
        match self.on(on) {
            Some(set) => set.contains(system, code, set.locked.unwrap_or(on)),
            None => Membership::Unknown {
                why: format!("bộ mã chưa có bản áp dụng cho ngày {on}").into()
            },
        }
    }

    /// The codes that a set of one small list would show, for messages: up to `limit` codes, `None` when there are more
    /// or they cannot be listed.
    pub fn short_list(&self, on: Day, limit: usize) -> Option<Vec<String>> {
        let set = self.on(on)?;
        let [Part { source: Some(source), imports, unknown: None }] = set.includes.as_slice() else {
            return None;
        };
        if !imports.is_empty() || !set.excludes.is_empty() {
            return None;
        }
        let held = source.on(on)?;
        let (table, bits) = held.listed(source)?;
        let picked = |at: &u32| bits.is_none_or(|bits| bits.has(*at)) && table.period(*at).holds(on);
        let codes: Vec<String> =
            table.all().filter(picked).take(limit + 1).map(|at| table.code(at).to_owned()).collect();
        (codes.len() <= limit).then_some(codes)
    }

    pub(crate) fn on(&self, day: Day) -> Option<&Compiled> {
        self.0.each.iter().rev().find(|set| set.head.period.holds(day))
    }
}

impl Compiled {
    fn contains(&self, system: Option<&str>, code: &str, on: Day) -> Membership {
        match system {
            Some(system) => self.contains_coding(system, code, on),
            None => match any(self.systems.iter().map(|system| self.contains_coding(system, code, on))) {
                Membership::NotIn => self.unless_unknown(),
                answer => answer,
            },
        }
    }

    /// Not in, unless a part that nobody can read might hold codes of further systems.
    fn unless_unknown(&self) -> Membership {
        match &self.unknown {
            Some(why) => Membership::Unknown { why: why.clone().into() },
            None => Membership::NotIn,
        }
    }

    pub(crate) fn contains_coding(&self, system: &str, code: &str, on: Day) -> Membership {
        let included = any(self.includes.iter().map(|part| part.contains(system, code, on)));
        if self.excludes.is_empty() || included == Membership::NotIn {
            return included;
        }
        included.and(|| match any(self.excludes.iter().map(|part| part.contains(system, code, on))) {
            Membership::In => Membership::NotIn,
            Membership::NotIn => Membership::In,
            unknown => unknown,
        })
    }
}

/// In when one is in; unknown when none is but one may be.
fn any(answers: impl Iterator<Item = Membership>) -> Membership {
    let mut so_far = Membership::NotIn;
    for answer in answers {
        match answer {
            Membership::In => return Membership::In,
            Membership::NotIn => {}
            unknown => so_far = unknown,
        }
    }
    so_far
}

impl Part {
    pub(crate) fn contains(&self, system: &str, code: &str, on: Day) -> Membership {
        let own = match &self.source {
            Some(source) if source.system != system => return Membership::NotIn,
            Some(source) => source.contains(code, on),
            None => Membership::In,
        };
        let own = match (&self.unknown, own) {
            (Some(why), Membership::In) => Membership::Unknown { why: why.clone().into() },
            (_, own) => own,
        };
        self.imports.iter().fold(own, |so_far, import| so_far.and(|| import.contains(Some(system), code, on)))
    }
}

impl Source {
    /// The edition of the day, if one is in force.
    pub(crate) fn on(&self, day: Day) -> Option<&Held> {
        self.editions.iter().rev().find(|held| held.period().holds(day))
    }

    fn contains(&self, code: &str, on: Day) -> Membership {
        let Some(held) = self.on(on) else {
            let why = format!("hệ mã {} không có bản áp dụng cho ngày {on}", self.system);
            return Membership::Unknown { why: why.into() };
        };
        match held.select(self) {
            Selection::Whole => {
                let edition = held.edition.as_ref().expect("only a known system is taken whole");
                self.told(edition.has(code, on))
            }
            Selection::Picked(bits) => {
                let table = held.edition.as_ref().expect("only a known system is filtered").table();
                let found = table.find(code).filter(|at| bits.has(*at) && table.period(*at).holds(on));
                if found.is_some() { Membership::In } else { self.absent(held, code) }
            }
            Selection::Listed(table) => match table.find(code) {
                Some(found) if table.period(found).holds(on) => Membership::In,
                _ => Membership::NotIn,
            },
            Selection::Units(unit) => {
                if yba_fhirpath::ucum::is_comparable(code, unit) {
                    Membership::In
                } else {
                    Membership::NotIn
                }
            }
            Selection::Unknown(why) => Membership::Unknown { why: why.clone().into() },
        }
    }

    /// A code that a filter did not pick: out, unless the system holds more codes than are carried.
    fn absent(&self, held: &Held, code: &str) -> Membership {
        let edition = held.edition.as_ref().expect("only a known system is filtered");
        if edition.table().find(code).is_some() {
            Membership::NotIn
        } else {
            self.told(edition.has(code, Day::of_instant(0)).filter(|has| !has))
        }
    }

    fn told(&self, has: Option<bool>) -> Membership {
        match has {
            Some(true) => Membership::In,
            Some(false) => Membership::NotIn,
            None => Membership::Unknown {
                why: format!(
                    "hệ mã {} chỉ có một phần trong phần mềm, không biết mã này đúng hay sai",
                    self.system
                )
                .into(),
            },
        }
    }
}

impl Held {
    pub(crate) fn select(&self, source: &Source) -> &Selection {
        self.selection.get_or_init(|| Selection::of(&source.choice, self.edition.as_deref(), &source.system))
    }

    /// The table to list from and which of its concepts; `None` when it cannot be listed.
    pub(crate) fn listed(&self, source: &Source) -> Option<(&crate::table::Table, Option<&Bits>)> {
        match self.select(source) {
            Selection::Listed(table) => Some((table, None)),
            Selection::Whole => self.edition.as_ref().map(|edition| (edition.table(), None)),
            Selection::Picked(bits) => self.edition.as_ref().map(|edition| (edition.table(), Some(bits))),
            Selection::Units(_) | Selection::Unknown(_) => None,
        }
    }
}
