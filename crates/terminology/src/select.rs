//! Which concepts of an edition an include means: all, the ones it names, or those its filters pick.

use std::collections::HashSet;

use regex::RegexBuilder;

use crate::grammar::Grammar;
use crate::set::{Filter, Include, Listed, Op};
use crate::system::{Content, Edition};
use crate::table::{Table, TableBuilder};

/// Largest program a regular expression of a filter may become, in bytes.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// What an include asks of a system.
#[derive(Debug)]
pub(crate) enum Choice {
    Whole,
    Listed(Vec<Listed>),
    Filters {
        filters: Vec<Filter>,
        active_only: bool,
    },
    /// Codes were left out for their licence.
    Withheld,
}

impl Choice {
    pub(crate) fn of(include: &Include, active_only: bool) -> Choice {
        if include.withheld {
            Choice::Withheld
        } else if !include.listed.is_empty() {
            Choice::Listed(include.listed.clone())
        } else if !include.filters.is_empty() || active_only {
            Choice::Filters { filters: include.filters.clone(), active_only }
        } else {
            Choice::Whole
        }
    }
}

/// What that comes to in one edition.
#[derive(Debug)]
pub(crate) enum Selection {
    Whole,
    Picked(Bits),
    Listed(Box<Table>),
    /// Units of the dimension of this one.
    Units(String),
    Unknown(String),
}

/// A set of concepts of one table.
#[derive(Debug, Default)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn has(&self, at: u32) -> bool {
        self.0.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn of(table: &Table, keep: impl Fn(u32) -> bool) -> Bits {
        let mut bits = vec![0; table.len().div_ceil(64)];
        for at in table.all().filter(|at| keep(*at)) {
            bits[at as usize / 64] |= 1 << (at % 64);
        }
        Bits(bits)
    }

    fn and(mut self, other: &Bits) -> Bits {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= other;
        }
        self
    }
}

impl Selection {
    pub(crate) fn of(choice: &Choice, edition: Option<&Edition>, system: &str) -> Selection {
        match (choice, edition) {
            (Choice::Withheld, _) => {
                Selection::Unknown(format!("mã của hệ {system} không được phát hành kèm phần mềm"))
            }
            (Choice::Listed(listed), edition) => Selection::Listed(Box::new(list(listed, edition))),
            (_, None) => Selection::Unknown(format!("hệ mã {system} không có trong phần mềm")),
            (Choice::Whole, Some(edition)) if cannot_tell(edition) => absent(system),
            (Choice::Whole, Some(_)) => Selection::Whole,
            (Choice::Filters { filters, active_only }, Some(edition)) => {
                filtered(filters, *active_only, edition).unwrap_or_else(Selection::Unknown)
            }
        }
    }
}

fn cannot_tell(edition: &Edition) -> bool {
    edition.head.content == Content::NotPresent && edition.grammar.is_none()
}

fn absent(system: &str) -> Selection {
    Selection::Unknown(format!("hệ mã {system} không có nội dung trong phần mềm"))
}

/// The named codes as a table of their own, with what the system knows of them. A dated system decides which of them
/// exist; of any other system the set is believed.
fn list(listed: &[Listed], edition: Option<&Edition>) -> Table {
    let mut builder = TableBuilder::default();
    let own = edition.map(Edition::table);
    let decides = edition
        .is_some_and(|edition| edition.head.content == Content::Complete && !edition.head.period.is_open());
    for named in listed {
        let found = own.and_then(|own| Some((own, own.find(&named.code)?)));
        if found.is_none() && decides {
            continue;
        }
        let (code, display, flags) = match found {
            Some((own, at)) => (own.code(at), own.display(at), own.flags(at)),
            None => (named.code.as_str(), "", crate::table::Flags::default()),
        };
        let display = if named.display.is_empty() { display } else { &named.display };
        let at = builder.add(code, display, flags);
        for (language, text) in &named.designations {
            builder.designation(at, language, text);
        }
        if let Some((own, found)) = found {
            builder.period(at, own.period(found));
            for other in own.designations(found) {
                builder.designation(at, other.language, other.text);
            }
        }
    }
    builder.finish(edition.is_none_or(|edition| edition.head.case_sensitive))
}

fn filtered(filters: &[Filter], active_only: bool, edition: &Edition) -> Result<Selection, String> {
    if edition.grammar == Some(Grammar::Ucum)
        && let [Filter { property, op: Op::Equals, value }] = filters
        && property == "canonical"
    {
        return Ok(Selection::Units(value.clone()));
    }
    if edition.head.content == Content::NotPresent || edition.grammar.is_some() {
        return Err(format!("hệ mã {} không có nội dung để lọc", edition.head.url));
    }
    let table = edition.table();
    let mut bits = Bits::of(table, |at| !(active_only && table.flags(at).inactive));
    for filter in filters {
        bits = bits.and(&picked(filter, table)?);
    }
    Ok(Selection::Picked(bits))
}

/// The concepts that one filter picks.
fn picked(filter: &Filter, table: &Table) -> Result<Bits, String> {
    let hierarchy = matches!(filter.property.as_str(), "concept" | "code");
    match filter.op {
        Op::IsA | Op::DescendentOf | Op::IsNotA | Op::ChildOf | Op::Generalizes => {
            Ok(by_hierarchy(filter, table))
        }
        Op::In | Op::NotIn if hierarchy => {
            let named: HashSet<u32> =
                filter.value.split(',').filter_map(|code| table.find(code.trim())).collect();
            Ok(Bits::of(table, |at| named.contains(&at) == (filter.op == Op::In)))
        }
        Op::Equals if hierarchy => {
            let named = table.find(&filter.value);
            Ok(Bits::of(table, |at| Some(at) == named))
        }
        Op::Regex => {
            let pattern = RegexBuilder::new(&format!("^(?:{})$", filter.value))
                .size_limit(REGEX_BYTES_MAX)
                .build()
                .map_err(|_| format!("biểu thức chính quy {:?} không dùng được", filter.value))?;
            Ok(by_value(filter, table, |value| pattern.is_match(value)))
        }
        Op::Equals => Ok(by_value(filter, table, |value| value == filter.value)),
        Op::In | Op::NotIn => {
            let wanted: Vec<&str> = filter.value.split(',').map(str::trim).collect();
            let has = by_value(filter, table, |value| wanted.contains(&value));
            Ok(Bits::of(table, |at| has.has(at) == (filter.op == Op::In)))
        }
        Op::Exists => {
            let has = by_value(filter, table, |_| true);
            Ok(Bits::of(table, |at| has.has(at) == (filter.value == "true")))
        }
    }
}

/// A code that the table lacks has nothing below or above it, and everything is not it.
fn by_hierarchy(filter: &Filter, table: &Table) -> Bits {
    let Some(named) = table.find(&filter.value) else {
        return Bits::of(table, |_| filter.op == Op::IsNotA);
    };
    match filter.op {
        Op::Generalizes => {
            let above = table.above(named);
            Bits::of(table, |at| above.contains(&at))
        }
        Op::ChildOf => {
            let children: HashSet<u32> = table.children(named).collect();
            Bits::of(table, |at| children.contains(&at))
        }
        op => {
            let below = table.below(named);
            Bits::of(table, |at| match op {
                Op::IsA => below.contains(&at),
                Op::DescendentOf => at != named && below.contains(&at),
                _ => !below.contains(&at),
            })
        }
    }
}

/// The concepts some value of whose property fits. Flags read as `true` and `false`.
fn by_value(filter: &Filter, table: &Table, fits: impl Fn(&str) -> bool) -> Bits {
    let told = |flag: bool| if flag { "true" } else { "false" };
    Bits::of(table, |at| match filter.property.as_str() {
        "code" | "concept" => fits(table.code(at)),
        "display" => fits(table.display(at)),
        "inactive" => fits(told(table.flags(at).inactive)),
        "deprecated" => fits(told(table.flags(at).deprecated)),
        "notSelectable" | "abstract" => fits(told(table.flags(at).not_selectable)),
        "parent" => table.parents(at).any(|parent| fits(table.code(parent))),
        "child" => table.children(at).any(|child| fits(table.code(child))),
        name => table.properties(at).any(|property| property.name == name && fits(property.value)),
    })
}
