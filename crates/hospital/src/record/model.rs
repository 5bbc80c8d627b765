//! What the person's page shows, built from FHIR resources of all linked facility records.
//!
//! Pure: resources and today's date in, values out; every pass is linear in the number of resources (plus
//! sorting). Knows nothing of who asks: what may not be seen was left out before it came here.

use super::older::Older;
use super::ranges::Ranges;
use super::read::{self, Places};
use super::timeline::{self, Cut, View};
use super::who::{self, Member, Paper, Who};
use super::{drugs, labs};
use std::collections::HashMap;
use yba_content::Content;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::view::is_no_known_allergy;
use yba_ui::banner::Allergy;
use yba_ui::vitals::Vital;
use yba_web::PersonAct;

/// Everything the page draws.
#[derive(Debug)]
pub struct Record {
    pub person: String,
    pub today: String,
    pub who: Who,
    pub allergy: Allergy,
    pub allergies: Vec<Line>,
    pub problems: Vec<Problem>,
    pub drugs: Vec<drugs::Drug>,
    pub vitals: Vec<Vital>,
    pub vitals_when: String,
    pub labs: Vec<labs::Lab>,
    /// Facilities that measured something, in the order of their point shapes.
    pub lab_places: Vec<String>,
    pub doses: Vec<Line>,
    /// The page of the timeline that is shown.
    pub history: Cut,
    pub papers: Vec<Paper>,
    pub members: Vec<Member>,
    /// Records of others that may be of this person; filled by who knows the links.
    pub doubts: Vec<Doubt>,
    /// What whoever looks may see and do; filled by who knows them.
    pub may: May,
    /// Entries that are marked as sensitive and were not asked for.
    pub hidden: usize,
    /// What is known of observations that were not read whole.
    pub older: Older,
}

/// What whoever looks may see and do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct May {
    /// Types of which nothing is shown, because no role lets them be read.
    pub unseen: Vec<&'static str>,
    pub edit: bool,
    pub history: bool,
    /// Who has looked at the record.
    pub lookers: bool,
    /// Others' apps can be opened from the record.
    pub apps: bool,
    /// What the rooms offer to do with the person.
    pub acts: Vec<PersonAct>,
    /// The moment at which an emergency ends in which the record is open.
    pub open_until: Option<String>,
}

impl Record {
    /// Whether something of this type could be shown.
    pub fn sees(&self, kind: &str) -> bool {
        !self.may.unseen.contains(&kind)
    }
}

/// A record that may be of the same person, but was not linked.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    pub href: String,
    pub name: String,
    pub birth: String,
    pub sex: String,
    /// Code of the facility.
    pub facility: String,
    pub words: String,
}

/// A simple line: words, when, and where from.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub words: String,
    pub more: String,
    pub date: String,
    pub origin: String,
}

/// A diagnosis over all visits that named it.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub code: String,
    pub words: String,
    pub first: String,
    pub last: String,
    /// Visits (or single entries) that named it.
    pub visits: usize,
    pub origins: Vec<String>,
}

/// Why a facility's Patient counts as this person; from the linking engine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LinkReason {
    pub patient: String,
    pub words: String,
}

/// What a page is built by, besides the resources.
pub struct Basis<'a> {
    pub person: &'a str,
    pub today: &'a str,
    pub links: &'a [LinkReason],
    pub content: &'a Content,
    /// The part of the timeline that is shown; only that is built.
    pub view: View,
    /// What is known of observations that are not among the resources.
    pub older: &'a Older,
}

/// Builds the page's model.
pub fn build(basis: &Basis, resources: &[Value]) -> Record {
    let places = Places::of_all(resources);
    let mut sorted = by_type(resources);
    drugs::drop_prescribed(&mut sorted);
    let all = |wanted: &str| sorted.get(wanted).map_or(&[][..], Vec::as_slice);
    let of = |wanted: &str| all(wanted).iter().copied();
    let ranges = Ranges::of(basis.content, all("Patient"));
    let (labs, lab_places) = labs::of(of("Observation"), &places, &ranges, basis.older);
    let (vitals, vitals_when) = labs::vitals(of("Observation"), &ranges);
    let (allergy, allergies) = allergies(of("AllergyIntolerance"), &places);
    Record {
        person: basis.person.to_string(),
        today: basis.today.to_string(),
        who: who::of(all("Patient"), of("Coverage"), basis.today),
        allergy,
        allergies,
        problems: problems(of("Condition"), &places),
        drugs: drugs::of(of("MedicationRequest"), of("MedicationDispense"), &places, basis.today),
        vitals,
        vitals_when,
        labs,
        lab_places,
        doses: doses(of("Immunization"), &places),
        history: timeline::of(basis.person, &all, &places, basis.view, &basis.older.by_encounter),
        papers: who::papers(of("Patient"), basis.today),
        members: who::members(of("Patient"), &places, basis.links),
        doubts: Vec::new(),
        may: May::default(),
        hidden: 0,
        older: Older::default(),
    }
}

/// Resources by type.
pub type ByType<'a> = HashMap<&'a str, Vec<&'a Value>>;

/// What stands, by type: one pass, because a long record has many thousands of resources.
fn by_type(resources: &[Value]) -> ByType<'_> {
    let mut sorted = ByType::new();
    for resource in resources.iter().filter(|resource| !read::is_void(resource)) {
        sorted.entry(read::kind(resource)).or_default().push(resource);
    }
    sorted
}

fn allergies<'a>(found: impl Iterator<Item = &'a Value>, places: &Places<'a>) -> (Allergy, Vec<Line>) {
    let mut asked = false;
    let mut lines: Vec<Line> = Vec::new();
    for one in found {
        asked = true;
        let Some(concept) = one.get("code") else { continue };
        if is_no_known_allergy(concept) {
            continue;
        }
        let reaction = items(one, "reaction").flat_map(|r| items(r, "manifestation")).map(read::words).next();
        lines.push(Line {
            words: read::words(concept),
            more: reaction.unwrap_or_default(),
            date: read::when(one).to_string(),
            origin: places.name(one).to_string(),
        });
    }
    let state = match (lines.is_empty(), asked) {
        (false, _) => Allergy::Known(short_names(&lines)),
        (true, true) => Allergy::None,
        (true, false) => Allergy::NotAsked,
    };
    (state, lines)
}

/// «Penicillin – phản vệ 2019», each substance once.
fn short_names(lines: &[Line]) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut names = Vec::new();
    for line in lines {
        let folded = yba_fhir::text::fold(&line.words);
        if !seen.contains(&folded) {
            seen.push(folded);
            let year = yba_ui::format::year(&line.date).map(|year| format!(" {year}")).unwrap_or_default();
            names.push(match line.more.as_str() {
                "" => line.words.clone(),
                more => format!("{} – {more}{year}", line.words),
            });
        }
    }
    names
}

/// Diagnoses by code, those named by several visits first, then the newest.
fn problems<'a>(found: impl Iterator<Item = &'a Value>, places: &Places<'a>) -> Vec<Problem> {
    let mut by_code: HashMap<String, (Problem, Vec<&str>)> = HashMap::new();
    for one in found {
        let Some(concept) = one.get("code") else { continue };
        let words = read::diagnosis_words(concept);
        let code = read::code_in(concept, read::ICD_10).unwrap_or("").to_string();
        let key = if code.is_empty() { yba_fhir::text::fold(&words) } else { code.clone() };
        let when = read::when(one);
        let visit = read::encounter(one).unwrap_or_else(|| read::id(one));
        let (problem, visits) = by_code.entry(key).or_insert_with(|| {
            let (first, last) = (when.to_string(), String::new());
            (Problem { code, words: words.clone(), first, last, visits: 0, origins: Vec::new() }, Vec::new())
        });
        visits.push(visit);
        if when < problem.first.as_str() {
            problem.first = when.to_string();
        }
        if when >= problem.last.as_str() {
            problem.last = when.to_string();
            problem.words = words;
        }
        add_once(&mut problem.origins, places.name(one));
    }
    let mut problems: Vec<Problem> =
        by_code.into_values().map(|(problem, visits)| counted(problem, visits)).collect();
    problems.sort_by(|a, b| {
        (b.visits > 1, &b.last, &a.code)
            .cmp(&(a.visits > 1, &a.last, &b.code))
            .then_with(|| a.words.cmp(&b.words))
    });
    problems
}

fn counted(mut problem: Problem, mut visits: Vec<&str>) -> Problem {
    visits.sort_unstable();
    visits.dedup();
    problem.visits = visits.len();
    problem
}

fn doses<'a>(found: impl Iterator<Item = &'a Value>, places: &Places<'a>) -> Vec<Line> {
    let mut doses: Vec<Line> = found
        .map(|one| Line {
            words: read::words_at(one, "vaccineCode"),
            more: dose_number(one),
            date: read::when(one).to_string(),
            origin: places.name(one).to_string(),
        })
        .collect();
    doses.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| a.words.cmp(&b.words)));
    doses
}

/// «mũi 2» out of `protocolApplied`.
pub fn dose_number(immunization: &Value) -> String {
    let applied = items(immunization, "protocolApplied").next();
    let number = applied.and_then(|applied| {
        let digits = applied.get("doseNumberPositiveInt").and_then(yba_fhir::json::number_text);
        digits.or_else(|| str_at(applied, &["doseNumberString"]).map(str::to_string))
    });
    number.map(|n| format!("mũi {n}")).unwrap_or_default()
}

/// Appends a name unless it is there.
pub fn add_once(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|have| have == name) {
        list.push(name.to_string());
    }
}
