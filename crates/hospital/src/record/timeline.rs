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

/// One item before it is drawn: only what is needed to sort and to choose.
struct Item<'a> {
    kind: Kind,
    date: &'a str,
    resource: &'a Value,
}

/// What belongs to one encounter.
#[derive(Default)]
struct Counts<'a> {
    drugs: usize,
    tests: usize,
    diagnoses: Vec<&'a Value>,
}

/// One page of everything that happened, newest first. `all` gives what stands of a type.
///
/// Only the items of the page are built and counted: a long record has hundreds of others. `older_tests`: results of an
/// encounter that are not among these.
pub fn of<'a, 'b: 'a>(
    person: &str,
    all: &impl Fn(&str) -> &'a [&'b Value],
    places: &Places<'b>,
    view: View,
    older_tests: &HashMap<String, usize>,
) -> Cut {
    let mut items: Vec<Item> =
        all("Encounter").iter().map(|one| item(Kind::of_encounter(one), one)).collect();
    items.extend(all("Immunization").iter().map(|one| item(Kind::Dose, one)));
    items.sort_by(|a, b| b.date.cmp(a.date));
    let filters = filters(person, &items, view);
    items.retain(|item| view.kind.is_none_or(|kind| kind == item.kind));
    let skip = view.skip.min(items.len());
    let shown = &items[skip..items.len().min(skip + PAGE)];
    let counts = counts(shown, all, older_tests);
    let none = Counts::default();
    let events = shown.iter().map(|item| match item.kind {
        Kind::Dose => dose(item, places),
        _ => visit(person, item, counts.get(read::id(item.resource)).unwrap_or(&none), places),
    });
    Cut {
        events: events.collect(),
        after: (skip > 0).then(|| format::year(items[skip - 1].date)).flatten(),
        skip,
        older: items.len() - skip - shown.len(),
        filters,
        reveal: view.reveal,
    }
}

fn item(kind: Kind, resource: &Value) -> Item<'_> {
    Item { kind, date: read::when(resource), resource }
}

/// What belongs to the encounters that are shown.
fn counts<'a, 'b: 'a>(
    shown: &[Item<'b>],
    all: &impl Fn(&str) -> &'a [&'b Value],
    older_tests: &HashMap<String, usize>,
) -> HashMap<&'b str, Counts<'b>> {
    let mut counts: HashMap<&str, Counts> =
        shown.iter().map(|item| (read::id(item.resource), Counts::default())).collect();
    let mut each = |kind: &str, count: &dyn Fn(&mut Counts<'b>, &'b Value)| {
        for one in all(kind) {
            if let Some(own) = read::encounter(one).and_then(|id| counts.get_mut(id)) {
                count(own, one);
            }
        }
    };
    each("MedicationRequest", &|own, _| own.drugs += 1);
    each("MedicationDispense", &|own, _| own.drugs += 1);
    each("Observation", &|own, _| own.tests += 1);
    each("Condition", &|own, one| own.diagnoses.push(one));
    for (encounter, own) in &mut counts {
        own.tests += older_tests.get(*encounter).copied().unwrap_or_default();
    }
    counts
}

fn visit<'a>(person: &str, item: &Item<'a>, counts: &Counts, places: &Places<'a>) -> Event {
    let (kind, one) = (item.kind, item.resource);
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
    Event {
        date: item.date.to_string(),
        mark: kind.mark(),
        kind: kind.word().to_string(),
        title,
        line: parts.join(" · "),
        origin: format::facility_short(places.name(one)),
        href: Some(format!("/nguoi/{person}/luot/{}", read::id(one))),
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

fn dose<'a>(item: &Item<'a>, places: &Places<'a>) -> Event {
    Event {
        date: item.date.to_string(),
        mark: Mark::Dose,
        kind: Kind::Dose.word().to_string(),
        title: read::words_at(item.resource, "vaccineCode"),
        line: dose_number(item.resource),
        origin: format::facility_short(places.name(item.resource)),
        href: None,
    }
}

/// What the reader asked to see: a kind, and how many items to skip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct View {
    pub kind: Option<Kind>,
    pub skip: usize,
    /// What is marked as sensitive was asked for.
    pub reveal: bool,
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
            mark = '&';
        }
        if self.reveal {
            href.push_str(&format!("{mark}hien=1"));
        }
        href
    }
}

/// One page of the timeline.
#[derive(Debug, Default, PartialEq)]
pub struct Cut {
    pub events: Vec<Event>,
    /// Items before this page.
    pub skip: usize,
    /// The year that stands above the first item on the page before.
    pub after: Option<i32>,
    /// Items after this page.
    pub older: usize,
    pub filters: Vec<Filter>,
    /// With what is marked as sensitive.
    pub reveal: bool,
}

impl Cut {
    /// All items, of every kind.
    pub fn total(&self) -> usize {
        self.filters.first().map_or(0, |all| all.count)
    }
}

fn filters(person: &str, items: &[Item], view: View) -> Vec<Filter> {
    let filter = |kind: Option<Kind>, word: &str| Filter {
        href: View { kind, skip: 0, ..view }.href(person),
        word: word.to_string(),
        count: items.iter().filter(|item| kind.is_none_or(|kind| kind == item.kind)).count(),
        current: kind == view.kind,
    };
    let mut all = vec![filter(None, "Tất cả")];
    all.extend(Kind::ALL.into_iter().map(|kind| filter(Some(kind), kind.word())).filter(|f| f.count > 0));
    all
}
