//! Everything that happened, over all facilities, newest first; filtered by kind and cut into pages.

use super::model::dose_number;
use super::read::{self, Places};
use std::collections::HashMap;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_ui::format;
use yba_ui::timeline::{Event, Filter, Mark};

/// Items on one page of the timeline.
pub const PAGE: usize = 50;

/// What kind of thing an item is; also the filter's word in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Visit,
    Stay,
    Emergency,
    Dose,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Visit, Kind::Stay, Kind::Emergency, Kind::Dose];

    /// The slug in addresses.
    pub fn slug(self) -> &'static str {
        match self {
            Kind::Visit => "kham",
            Kind::Stay => "noi-tru",
            Kind::Emergency => "cap-cuu",
            Kind::Dose => "tiem-chung",
        }
    }

    pub fn from_slug(slug: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.slug() == slug)
    }

    pub fn word(self) -> &'static str {
        match self {
            Kind::Visit => "Khám bệnh",
            Kind::Stay => "Nội trú",
            Kind::Emergency => "Cấp cứu",
            Kind::Dose => "Tiêm chủng",
        }
    }

    fn mark(self) -> Mark {
        match self {
            Kind::Visit => Mark::Visit,
            Kind::Stay => Mark::Stay,
            Kind::Emergency => Mark::Emergency,
            Kind::Dose => Mark::Dose,
        }
    }

    /// By `Encounter.class` (HL7 v3 ActCode).
    pub fn of_encounter(encounter: &Value) -> Kind {
        match str_at(encounter, &["class", "code"]) {
            Some("EMER") => Kind::Emergency,
            Some("IMP" | "ACUTE" | "NONAC" | "SS" | "OBSENC") => Kind::Stay,
            _ => Kind::Visit,
        }
    }
}

/// One item with its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    pub kind: Kind,
    pub event: Event,
}

/// What belongs to one encounter, counted in one pass.
#[derive(Default)]
struct Counts<'a> {
    drugs: usize,
    tests: usize,
    diagnoses: Vec<&'a Value>,
}

/// All items, newest first.
pub fn of<'a>(person: &str, resources: impl Iterator<Item = &'a Value>, places: &Places<'a>) -> Vec<Visit> {
    let mut counts: HashMap<&str, Counts> = HashMap::new();
    let mut encounters = Vec::new();
    let mut visits = Vec::new();
    for one in resources {
        match read::kind(one) {
            "Encounter" => encounters.push(one),
            "Immunization" => visits.push(dose(one, places)),
            _ => count(&mut counts, one),
        }
    }
    let none = Counts::default();
    for one in encounters {
        visits.push(visit(person, one, counts.get(read::id(one)).unwrap_or(&none), places));
    }
    visits.sort_by(|a, b| b.event.date.cmp(&a.event.date));
    visits
}

fn count<'a>(counts: &mut HashMap<&'a str, Counts<'a>>, one: &'a Value) {
    let kind = read::kind(one);
    if !matches!(kind, "MedicationRequest" | "Observation" | "Condition") {
        return;
    }
    let Some(encounter) = read::encounter(one) else { return };
    let entry = counts.entry(encounter).or_default();
    match kind {
        "MedicationRequest" => entry.drugs += 1,
        "Observation" => entry.tests += 1,
        _ => entry.diagnoses.push(one),
    }
}

fn visit<'a>(person: &str, one: &'a Value, counts: &Counts, places: &Places<'a>) -> Visit {
    let kind = Kind::of_encounter(one);
    let title = [
        main_diagnosis(one, &counts.diagnoses),
        read::words_at(one, "reasonCode"),
        read::words_at(one, "type"),
    ]
    .into_iter()
    .find(|words| !words.is_empty())
    .unwrap_or_else(|| kind.word().to_string());
    let mut parts = Vec::new();
    if let Some(days) = days(one).filter(|days| kind == Kind::Stay || *days > 1) {
        parts.push(format!("{days} ngày"));
    }
    for (n, word) in [(counts.drugs, "thuốc"), (counts.tests, "kết quả")] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    Visit {
        kind,
        event: Event {
            date: read::when(one).to_string(),
            mark: kind.mark(),
            kind: kind.word().to_string(),
            title,
            line: parts.join(" · "),
            origin: format::facility_short(places.name(one)),
            href: Some(format!("/nguoi/{person}/luot/{}", read::id(one))),
        },
    }
}

/// The diagnosis the encounter names first, else any of its diagnoses.
fn main_diagnosis(encounter: &Value, diagnoses: &[&Value]) -> String {
    let main = items(encounter, "diagnosis")
        .min_by_key(|one| one.get("rank").and_then(|rank| rank.as_u64()).unwrap_or(u64::MAX))
        .and_then(|one| read::target(one, &["condition", "reference"]));
    let found = diagnoses.iter().find(|one| Some(read::id(one)) == main).or_else(|| diagnoses.first());
    found.and_then(|one| one.get("code")).map(read::diagnosis_words).unwrap_or_default()
}

/// Days of a stay, first and last day counted.
fn days(encounter: &Value) -> Option<i64> {
    let start = format::day_number(str_at(encounter, &["period", "start"])?)?;
    let end = format::day_number(str_at(encounter, &["period", "end"])?)?;
    (end >= start).then_some(end - start + 1)
}

fn dose<'a>(one: &'a Value, places: &Places<'a>) -> Visit {
    Visit {
        kind: Kind::Dose,
        event: Event {
            date: read::when(one).to_string(),
            mark: Mark::Dose,
            kind: Kind::Dose.word().to_string(),
            title: read::words_at(one, "vaccineCode"),
            line: dose_number(one),
            origin: format::facility_short(places.name(one)),
            href: None,
        },
    }
}

/// What the reader asked to see: a kind, and how many items to skip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct View {
    pub kind: Option<Kind>,
    pub skip: usize,
}

impl View {
    /// The address of this view of a person's page.
    pub fn href(self, person: &str) -> String {
        let mut href = format!("/nguoi/{person}");
        let mut mark = '?';
        if let Some(kind) = self.kind {
            href.push_str(&format!("{mark}loai={}", kind.slug()));
            mark = '&';
        }
        if self.skip > 0 {
            href.push_str(&format!("{mark}tu={}", self.skip));
        }
        href
    }
}

/// One page of the timeline.
#[derive(Debug, PartialEq)]
pub struct Cut {
    pub events: Vec<Event>,
    /// Items before this page.
    pub skip: usize,
    /// The year that stands above the first item on the page before.
    pub after: Option<i32>,
    /// Items after this page.
    pub older: usize,
    pub filters: Vec<Filter>,
}

/// Cuts out what the view shows.
pub fn cut(person: &str, visits: &[Visit], view: View) -> Cut {
    let chosen: Vec<&Visit> = visits.iter().filter(|v| view.kind.is_none_or(|kind| kind == v.kind)).collect();
    let skip = view.skip.min(chosen.len());
    let page: Vec<Event> = chosen[skip..].iter().take(PAGE).map(|visit| visit.event.clone()).collect();
    Cut {
        after: (skip > 0).then(|| format::year(&chosen[skip - 1].event.date)).flatten(),
        skip,
        older: chosen.len() - skip - page.len(),
        events: page,
        filters: filters(person, visits, view.kind),
    }
}

fn filters(person: &str, visits: &[Visit], current: Option<Kind>) -> Vec<Filter> {
    let filter = |kind: Option<Kind>, word: &str| Filter {
        href: View { kind, skip: 0 }.href(person),
        word: word.to_string(),
        count: visits.iter().filter(|visit| kind.is_none_or(|kind| kind == visit.kind)).count(),
        current: kind == current,
    };
    let mut all = vec![filter(None, "Tất cả")];
    all.extend(Kind::ALL.into_iter().map(|kind| filter(Some(kind), kind.word())).filter(|f| f.count > 0));
    all
}
