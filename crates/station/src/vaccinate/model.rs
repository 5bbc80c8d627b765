//! What the pages of vaccination show, made of records by pure functions.

use std::collections::{BTreeMap, BTreeSet};
use yba_care::immunise::{self, Draft, Drawn, Known};
use yba_care::{Finding, Severity};
use yba_content::Day;
use yba_content::schedules::Schedule;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::view::Patient;
use yba_recall::list::Called;
use yba_recall::{Next, Standing};

/// One child of the list.
#[derive(Debug)]
pub struct Line {
    pub patient: String,
    pub name: String,
    pub sex: String,
    pub birth: String,
    pub village: String,
    pub mother: String,
    pub phone: String,
    /// Short names of the doses, the late ones first: `DPT 2`.
    pub doses: Vec<(String, Standing)>,
}

/// A child of the list with their name, which only a read of their record tells.
pub fn line(called: &Called, patient: Option<&Value>, schedule: &Schedule, today: Day) -> Line {
    let name = patient.and_then(|tree| Patient(tree).name());
    let mut doses: Vec<(String, Standing)> = called
        .asked
        .iter()
        .map(|dose| (dose_words(schedule, &dose.series, dose.next), dose.standing(today)))
        .collect();
    doses.sort_by_key(|(_, standing)| *standing);
    Line {
        patient: called.patient.clone(),
        name: name.unwrap_or_else(|| "chưa rõ tên".to_owned()),
        sex: patient.and_then(|tree| Patient(tree).gender()).unwrap_or_default().to_owned(),
        birth: called.birth.to_string(),
        village: called.village.clone(),
        mother: patient.map(mother).unwrap_or_default(),
        phone: patient.and_then(|tree| Patient(tree).phones().next()).unwrap_or_default().to_owned(),
        doses,
    }
}

fn mother(patient: &Value) -> String {
    let named = items(patient, "contact").find_map(|contact| str_at(contact, &["name", "text"]));
    named.unwrap_or_default().to_owned()
}

/// `DPT 2`; a series of one dose has its name alone.
pub fn dose_words(schedule: &Schedule, series: &str, next: Next) -> String {
    let Some(series) = schedule.series.iter().find(|one| one.slug == series) else {
        return series.to_owned();
    };
    match next {
        Next::Wanted { number, .. } | Next::Over { number } if series.doses.len() > 1 => {
            format!("{} {number}", series.short)
        }
        _ => series.short.clone(),
    }
}

/// One series on a child's page.
#[derive(Debug)]
pub struct SeriesLine {
    pub title: String,
    pub short: String,
    /// Day, words for the vaccine and lot, the number (or that it does not count).
    pub given: Vec<Shot>,
    pub standing: Standing,
    pub number: Option<usize>,
    pub due: String,
    /// Something of this series is not sure in our content.
    pub note: String,
}

/// One dose that was given.
#[derive(Debug)]
pub struct Shot {
    pub day: String,
    pub number: Option<usize>,
}

/// A dose that can be given now, with what is in the fridge.
#[derive(Debug)]
pub struct Offer {
    pub series: String,
    /// `DPT 2`.
    pub words: String,
    /// CVX code and words of the vaccine.
    pub vaccine: String,
    pub vaccine_words: String,
    pub standing: Standing,
    pub is_chosen: bool,
    pub lot: String,
    pub expiry: String,
}

/// Something written down for this child, newest first.
#[derive(Debug)]
pub struct Written {
    pub id: String,
    pub day: String,
    pub words: String,
    pub lot: String,
    pub facility: String,
    /// Written at the caller's own facility: they may take it back.
    pub is_own: bool,
    pub status: String,
    pub reason: String,
    /// Given today: until when the child stays under watch (ISO date-time), empty when that is over.
    pub watch_until: String,
}

/// All series of a child.
pub fn series(known: &Known<'_>, today: Day) -> Vec<SeriesLine> {
    let line = |course: yba_recall::Course<'_>| {
        let is_over = course.next.on(today) == Standing::Over;
        let (number, due) = match course.next {
            Next::Wanted { number, .. } if is_over => (Some(number), String::new()),
            Next::Wanted { number, due, .. } => (Some(number), due.to_string()),
            Next::Over { number } => (Some(number), String::new()),
            Next::Complete => (None, String::new()),
        };
        let asked = number.and_then(|number| course.series.doses.get(number - 1));
        SeriesLine {
            title: course.series.title.clone(),
            short: course.series.short.clone(),
            given: course
                .given
                .iter()
                .map(|one| Shot { day: one.day.to_string(), number: one.number })
                .collect(),
            standing: course.next.on(today),
            number,
            due,
            note: asked.map(|dose| dose.note.clone()).unwrap_or_default(),
        }
    };
    let mut all: Vec<SeriesLine> = known.courses().into_iter().map(line).collect();
    all.sort_by_key(|one| one.standing);
    all
}

/// What can be given today, with vials as they were last used at this station.
pub fn offers(known: &Known<'_>, fridge: &BTreeMap<String, (String, String)>, today: Day) -> Vec<Offer> {
    let mut all = Vec::new();
    for course in known.courses() {
        let standing = course.next.on(today);
        let Next::Wanted { number, .. } = course.next else { continue };
        if !matches!(standing, Standing::Due | Standing::Late) {
            continue;
        }
        let give = &course.series.doses[number - 1].give;
        let vaccine = immunise::vaccine(known.schedule, give);
        let (lot, expiry) = fridge.get(give).cloned().unwrap_or_default();
        all.push(Offer {
            series: course.series.slug.clone(),
            words: dose_words(known.schedule, &course.series.slug, course.next),
            vaccine: give.clone(),
            vaccine_words: vaccine.map(|one| one.title.clone()).unwrap_or_default(),
            standing,
            is_chosen: true,
            lot,
            expiry,
        });
    }
    all
}

/// Where doses were given: names of facilities by id, and the caller's own.
#[derive(Debug, Default)]
pub struct Places {
    pub names: BTreeMap<String, String>,
    /// None on a node that is open to everybody.
    pub own: Option<String>,
}

impl Places {
    /// Whether a dose was written at the caller's facility.
    pub fn is_own(&self, immunization: &Value) -> bool {
        self.own.as_ref().is_none_or(|own| own == giver(immunization))
    }
}

/// The facility that gave a dose, by id; empty when it does not say.
pub fn giver(immunization: &Value) -> &str {
    let mut actors = items(immunization, "performer").filter_map(|one| str_at(one, &["actor", "reference"]));
    actors.find_map(|actor| actor.strip_prefix("Organization/")).unwrap_or_default()
}

/// What was written down, of these records in their order.
/// So long after a dose (`watch_ms`) a child stays under watch.
pub fn written(immunizations: &[Value], places: &Places, watch_ms: i64, now_ms: i64) -> Vec<Written> {
    immunizations.iter().map(|one| one_written(one, places, watch_ms, now_ms)).collect()
}

fn one_written(one: &Value, places: &Places, watch_ms: i64, now_ms: i64) -> Written {
    let text = |path: &[&str]| str_at(one, path).unwrap_or_default().to_owned();
    let numbers: Vec<String> = items(one, "protocolApplied")
        .filter_map(|applied| applied["doseNumberPositiveInt"].as_u64())
        .map(|number| format!("mũi {number}"))
        .collect();
    let name = text(&["vaccineCode", "text"]);
    let words = if numbers.is_empty() { name } else { format!("{name} – {}", numbers.join(", ")) };
    let day = text(&["occurrenceDateTime"]);
    let given_ms = yba_fhir::DateRange::parse(&day).filter(|_| day.len() > 10).map(|range| range.start);
    let is_done = str_at(one, &["status"]) == Some("completed");
    let until = given_ms.map(|ms| ms + watch_ms).filter(|until| is_done && *until > now_ms);
    Written {
        id: text(&["id"]),
        day,
        words,
        lot: text(&["lotNumber"]),
        facility: places.names.get(giver(one)).cloned().unwrap_or_default(),
        is_own: places.is_own(one),
        status: text(&["status"]),
        reason: text(&["statusReason", "text"]),
        watch_until: until.map(yba_fhir::date::instant).unwrap_or_default(),
    }
}

/// Most doses of one form; a schedule has fewer series.
const DOSES_MAX: usize = 30;

/// What a posted form says: `mui` names a chosen series, `vx-…` the vaccine, `lo-…` and `han-…` its vial.
pub fn draft(pairs: &[(String, String)], patient: &str) -> Draft {
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let chosen: BTreeSet<&str> =
        pairs.iter().filter(|(key, _)| key == "mui").map(|(_, series)| series.as_str()).collect();
    let doses = chosen.into_iter().take(DOSES_MAX).map(|series| Drawn {
        series: series.to_owned(),
        vaccine: value(&format!("vx-{series}")),
        lot: value(&format!("lo-{series}")),
        expiry: value(&format!("han-{series}")),
    });
    Draft {
        patient: patient.to_owned(),
        day: value("ngay"),
        doses: doses.collect(),
        reason: value("ly-do"),
        facility: None,
        form: value("phieu"),
        ..Draft::default()
    }
}

/// The same offers as they were typed.
pub fn as_typed(offers: Vec<Offer>, draft: &Draft) -> Vec<Offer> {
    let typed = |offer: Offer| match draft.doses.iter().find(|dose| dose.series == offer.series) {
        Some(dose) => Offer { is_chosen: true, lot: dose.lot.clone(), expiry: dose.expiry.clone(), ..offer },
        None => Offer { is_chosen: false, ..offer },
    };
    offers.into_iter().map(typed).collect()
}

/// What is said beside a field, the gravest first.
pub fn beside<'f>(found: &'f [Finding], field: &str) -> Option<&'f Finding> {
    found.iter().filter(|one| one.field == field).min_by_key(|one| one.severity)
}

/// Whether a reason is asked for.
pub fn asks_reason(found: &[Finding]) -> bool {
    found.iter().any(|one| one.severity == Severity::Ask)
}
