//! What the pages of infectious diseases show, made of records by pure functions.

use crate::vaccinate::typed_day;
use std::collections::BTreeMap;
use yba_care::notify::case::Case;
use yba_care::notify::{CONTACTS_MAX, Contact, Draft};
use yba_care::outbreak::{Cluster, Outbreak, Place};
use yba_care::{Finding, Severity};
use yba_content::Content;
use yba_fhir::date;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::view::Patient;

const HOUR_MS: i64 = 3_600_000;
const NOBODY: &str = "chưa rõ tên";

/// A part of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// To be notified.
    #[default]
    Waiting,
    /// Notified here, not sent on.
    Written,
    Sent,
}

impl Part {
    pub const ALL: [Part; 3] = [Part::Waiting, Part::Written, Part::Sent];

    /// What an address calls it.
    pub fn key(self) -> &'static str {
        match self {
            Part::Waiting => "can",
            Part::Written => "cho",
            Part::Sent => "xong",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Part::Waiting => "Phải thông báo",
            Part::Written => "Đã ghi, chưa báo lên",
            Part::Sent => "Đã báo lên",
        }
    }

    pub fn of(key: &str) -> Part {
        Part::ALL.into_iter().find(|part| part.key() == key).unwrap_or_default()
    }

    pub fn has(self, case: &Case<'_>) -> bool {
        let part = match &case.notified {
            None => Part::Waiting,
            Some(one) if !one.is_sent() => Part::Written,
            Some(_) => Part::Sent,
        };
        part == self
    }
}

/// How much time is left until a deadline, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// `còn 3 giờ`, `quá hạn 2 giờ`.
    pub words: String,
    pub is_over: bool,
    /// Less than a quarter of a day is left.
    pub is_near: bool,
}

/// Minutes below an hour, hours below two days, then days; what has begun is not counted.
pub fn clock(due_ms: i64, now_ms: i64) -> Clock {
    let (apart_ms, is_over) =
        if due_ms > now_ms { (due_ms - now_ms, false) } else { (now_ms - due_ms, true) };
    let span = match apart_ms / HOUR_MS {
        0 => format!("{} phút", (apart_ms / 60_000).max(1)),
        hours @ 1..48 => format!("{hours} giờ"),
        hours => format!("{} ngày", hours / 24),
    };
    let words = if is_over { format!("quá hạn {span}") } else { format!("còn {span}") };
    Clock { words, is_over, is_near: !is_over && apart_ms < 6 * HOUR_MS }
}

/// One case of the list.
#[derive(Debug)]
pub struct Line {
    /// Id of the Condition.
    pub case: String,
    pub name: String,
    pub sex: String,
    pub birth: String,
    pub disease: String,
    pub group: String,
    pub is_suspected: bool,
    /// ISO, of the first diagnosis, and of when it was notified and sent on; empty when not.
    pub diagnosed: String,
    pub written: String,
    pub sent: String,
    pub address: String,
    pub phone: String,
    pub clock: Clock,
}

/// A case of the list with who it is of.
pub fn line(case: &Case<'_>, person: Option<&Value>, content: &Content, now_ms: i64) -> Line {
    let of = |read: fn(&Value) -> String| person.map(read).unwrap_or_default();
    let notified = case.notified.as_ref();
    Line {
        case: case.id().to_owned(),
        name: person.and_then(|tree| Patient(tree).name()).unwrap_or_else(|| NOBODY.to_owned()),
        sex: of(|tree| Patient(tree).gender().unwrap_or_default().to_owned()),
        birth: of(|tree| Patient(tree).birth_date().unwrap_or_default().to_owned()),
        disease: case.disease.title.clone(),
        group: case.disease.group.clone(),
        is_suspected: case.is_suspected,
        diagnosed: date::instant(case.diagnosed_ms),
        written: notified.map(|one| one.written.clone()).unwrap_or_default(),
        sent: notified.map(|one| one.sent.clone()).unwrap_or_default(),
        address: person.map(|tree| address(tree, content)).unwrap_or_default(),
        phone: of(|tree| Patient(tree).phones().next().unwrap_or_default().to_owned()),
        clock: clock(case.send_due_ms(), now_ms),
    }
}

/// Where somebody lives, as one line.
fn address(person: &Value, content: &Content) -> String {
    let Some(home) = items(person, "address").find(|one| str_at(one, &["use"]) != Some("old")) else {
        return String::new();
    };
    if let Some(text) = str_at(home, &["text"]) {
        return text.to_owned();
    }
    let lines = items(home, "line").filter_map(|one| one.as_str());
    let parts: Vec<String> =
        lines.map(str::to_owned).chain(unit(person, content).map(|one| one.words)).collect();
    parts.join(", ")
}

/// Codes of communes since 2025-07-01, as places name them.
const COMMUNES: &str = "https://yba.vn/fhir/sid/admin-unit/2025-07-01|";
const OLD_COMMUNES: &str = "https://yba.vn/fhir/sid/admin-unit/2021|";

/// The commune where somebody lives, of those that there are since 2025-07-01. Who has an older one written down lives in the one
/// that it became, if it became one.
fn unit(person: &Value, content: &Content) -> Option<Place> {
    let places: Vec<String> = yba_store::places_of(person).collect();
    let now = places.iter().find_map(|place| content.unit(place.strip_prefix(COMMUNES)?));
    let became = || {
        let old = places.iter().find_map(|place| content.old_unit(place.strip_prefix(OLD_COMMUNES)?))?;
        let [only] = old.new.as_slice() else { return None };
        content.unit(only)
    };
    let unit = now.or_else(became)?;
    // Within a sentence: «xã Than Uyên».
    let mut letters = unit.name.chars();
    let words = letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default();
    Some(Place { key: format!("{COMMUNES}{}", unit.code), words })
}

/// Where cases are put together: by commune; who has none written down and is kept at the caller's own facility (id) belongs there.
pub fn place(person: &Value, content: &Content, own: Option<&str>) -> Place {
    let kept_here = || {
        let own = format!("Organization/{}", own?);
        let is_there = yba_store::places_of(person).any(|place| place == own);
        is_there.then(|| Place { key: own, words: "địa bàn của trạm".to_owned() })
    };
    unit(person, content).or_else(kept_here).unwrap_or_default()
}

/// What is said of cases that are near each other.
#[derive(Debug)]
pub struct Hint {
    pub disease: String,
    pub title: String,
    pub place: Place,
    pub count: usize,
    /// Not in the outbreak that goes on.
    pub missing: usize,
    /// ISO days of the first and the last case.
    pub first: String,
    pub last: String,
    /// Id and name of the outbreak that goes on.
    pub outbreak: Option<(String, String)>,
    pub may_write: bool,
}

pub fn hint(cluster: &Cluster<'_, '_>, may_write: bool) -> Hint {
    let day = |case: Option<&&Case<'_>>| case.map(|case| case.day().to_string()).unwrap_or_default();
    Hint {
        disease: cluster.disease.slug.clone(),
        title: cluster.disease.title.clone(),
        place: cluster.place.clone(),
        count: cluster.cases.len(),
        missing: cluster.missing().len(),
        first: day(cluster.cases.first()),
        last: day(cluster.cases.last()),
        outbreak: cluster.outbreak.as_ref().map(|one| (one.id.clone(), one.name.clone())),
        may_write,
    }
}

/// What the page and the sheet of a case say of the person and the diagnosis.
#[derive(Debug)]
pub struct Shown {
    pub patient: String,
    pub name: String,
    pub sex: String,
    pub birth: String,
    pub address: String,
    pub phone: String,
    pub identity: String,
    pub work: String,
    /// ISO day of death; empty text when only the fact is known.
    pub dead: Option<String>,
    /// Words and codes of the diagnoses, each once.
    pub diagnoses: Vec<String>,
    pub clock: Clock,
    pub due: String,
    pub diagnosed: String,
}

const CCCD: &str = "https://yba.vn/fhir/sid/cccd";

pub fn shown(case: &Case<'_>, person: &Value, content: &Content, now_ms: i64) -> Shown {
    let patient = Patient(person);
    let mut diagnoses: Vec<String> = Vec::new();
    for words in case.conditions.iter().map(diagnosis) {
        if !diagnoses.contains(&words) {
            diagnoses.push(words);
        }
    }
    let dead = str_at(person, &["deceasedDateTime"]).map(str::to_owned);
    let is_dead = || person.get("deceasedBoolean").and_then(|one| one.as_bool()).unwrap_or(false);
    Shown {
        patient: case.patient.clone(),
        name: patient.name().unwrap_or_else(|| NOBODY.to_owned()),
        sex: patient.gender().unwrap_or_default().to_owned(),
        birth: patient.birth_date().unwrap_or_default().to_owned(),
        address: address(person, content),
        phone: patient.phones().next().unwrap_or_default().to_owned(),
        identity: patient
            .identifiers()
            .find(|(system, _)| *system == CCCD)
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default(),
        work: work(person),
        dead: dead.or_else(|| is_dead().then(String::new)),
        diagnoses,
        clock: clock(case.due_ms, now_ms),
        due: date::instant(case.due_ms),
        diagnosed: date::instant(case.diagnosed_ms),
    }
}

/// Title and code of a diagnosis.
fn diagnosis(condition: &Value) -> String {
    let code = &condition["code"];
    let coded = items(code, "coding").next();
    let of = |key: &str| coded.and_then(|one| str_at(one, &[key])).unwrap_or_default();
    let words = str_at(code, &["text"]).unwrap_or(of("display"));
    match (words.is_empty(), of("code").is_empty()) {
        (false, false) => format!("{words} ({})", of("code")),
        (true, false) => of("code").to_owned(),
        _ => words.to_owned(),
    }
}

fn work(person: &Value) -> String {
    let said = items(person, "extension")
        .find(|one| str_at(one, &["url"]).is_some_and(|url| url.ends_with("/nghe-nghiep")));
    let said = said
        .and_then(|one| str_at(one, &["valueCoding", "display"]).or_else(|| str_at(one, &["valueString"])));
    said.unwrap_or_default().to_owned()
}

/// Somebody near whom the record already names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    pub contact: Contact,
    /// `Lò Thị Mai (mẹ), 0912…`.
    pub words: String,
}

/// Most of them that are offered.
const NEAR_MAX: usize = 8;

pub fn near(person: &Value) -> Vec<Near> {
    let named = items(person, "contact").filter_map(|one| {
        let name = yba_fhir::view::human_name(one.get("name")?)?;
        let relation = items(one, "relationship")
            .find_map(|said| {
                str_at(said, &["text"])
                    .or_else(|| items(said, "coding").find_map(|coding| str_at(coding, &["display"])))
            })
            .unwrap_or_default();
        let phone = items(one, "telecom").find_map(|said| str_at(said, &["value"])).unwrap_or_default();
        let mut words = name.clone();
        if !relation.is_empty() {
            words += &format!(" ({relation})");
        }
        if !phone.is_empty() {
            words += &format!(", {phone}");
        }
        Some(Near {
            contact: Contact { name, phone: phone.to_owned(), relation: relation.to_owned() },
            words,
        })
    });
    named.take(NEAR_MAX).collect()
}

/// One person of an outbreak.
#[derive(Debug)]
pub struct Member {
    pub name: String,
    pub sex: String,
    pub birth: String,
    /// Id of the Condition, when the case is still on the list.
    pub case: Option<String>,
    pub onset: String,
    /// A code of `CLASSES`; empty when it was not notified.
    pub class: String,
    pub outcome: String,
}

/// The people of an outbreak, in the order in which they became ill. Who is not seen has no name.
pub fn members(outbreak: &Outbreak, cases: &[Case<'_>], people: &BTreeMap<String, Value>) -> Vec<Member> {
    let member = |(patient, began): &(String, String)| {
        let person = people.get(patient).map(Patient);
        let case =
            cases.iter().find(|case| case.patient == *patient && case.disease.slug == outbreak.disease);
        let told = case.and_then(|case| case.notified.as_ref()).map(|one| &one.draft);
        let onset = case.map(|case| case.day().to_string());
        Member {
            name: person.and_then(Patient::name).unwrap_or_else(|| "người ngoài phạm vi được xem".to_owned()),
            sex: person.and_then(Patient::gender).unwrap_or_default().to_owned(),
            birth: person.and_then(Patient::birth_date).unwrap_or_default().to_owned(),
            case: case.map(|case| case.id().to_owned()),
            onset: onset.unwrap_or_else(|| began.clone()),
            class: told.map(|draft| draft.class.clone()).unwrap_or_default(),
            outcome: told.map(|draft| draft.outcome.clone()).unwrap_or_default(),
        }
    };
    let mut all: Vec<Member> = outbreak.members.iter().map(member).collect();
    all.sort_by(|one, other| (&one.onset, &one.name).cmp(&(&other.onset, &other.name)));
    all
}

/// What a posted form says. `tx-ten-…`, `tx-dt-…`, `tx-qh-…` with a number are one contact; `nha` names somebody near by their place
/// among those the record names.
pub fn draft(pairs: &[(String, String)], near: &[Near]) -> Draft {
    let value = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let day = |name: &str| {
        let text = value(name);
        typed_day(&text).map_or(text, |day| day.to_string())
    };
    // One more than there may be, so that too many are told and not cut.
    let typed = (0..=CONTACTS_MAX).map(|at| Contact {
        name: value(&format!("tx-ten-{at}")),
        phone: value(&format!("tx-dt-{at}")),
        relation: value(&format!("tx-qh-{at}")),
    });
    let mut contacts: Vec<Contact> = typed.filter(|one| !one.is_empty()).collect();
    let ticked =
        pairs.iter().filter(|(name, _)| name == "nha").filter_map(|(_, at)| at.parse::<usize>().ok());
    for one in ticked.filter_map(|at| near.get(at)) {
        if !contacts.iter().any(|known| known.name == one.contact.name) {
            contacts.push(one.contact.clone());
        }
    }
    Draft {
        onset: day("khoi-phat"),
        class: value("phan-loai"),
        sample: value("mau"),
        sample_day: day("ngay-lay-mau"),
        outcome: value("tinh-trang"),
        contacts,
        note: value("ghi-chu"),
        reason: value("ly-do"),
        form: value("phieu"),
        version: value("ban"),
    }
}

/// The words of a code among pairs of both.
pub fn words(all: &[(&str, &'static str)], code: &str) -> &'static str {
    all.iter().find(|(one, _)| *one == code).map_or("", |(_, words)| words)
}

/// What is said beside a field, the gravest first.
pub fn beside<'f>(found: &'f [Finding], field: &str) -> Option<&'f str> {
    let found = found.iter().filter(|one| one.field == field).min_by_key(|one| one.severity);
    found.map(|one| one.text.as_str())
}

/// Whether a reason is asked for.
pub fn asks_reason(found: &[Finding]) -> bool {
    found.iter().any(|one| one.severity == Severity::Ask)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
