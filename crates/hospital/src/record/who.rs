//! Who this is, out of what several facilities wrote about the same person; and how they differ.
//!
//! No facility is believed over another by name: for each field the value most of them give counts, for the address
//! the newest; of texts that differ only in marks and case the best spelled. Differences are shown, never hidden.

use super::model::{LinkReason, add_once};
use super::read::{self, Places};
use crate::spelling;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::text::fold;
use yba_fhir::view::Patient;
use yba_ui::format;

/// The person as the banner shows them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Who {
    pub name: String,
    pub sex: String,
    pub birth: String,
    /// Day of death; empty text when only the fact is known.
    pub dead: Option<String>,
    pub address: String,
    pub phone: String,
    pub insurance: Option<Insurance>,
    pub identity: Option<String>,
}

/// The insurance card that counts today, or the last one.
#[derive(Debug, Clone, PartialEq)]
pub struct Insurance {
    pub card: String,
    pub until: String,
    pub valid: bool,
}

impl Insurance {
    /// The benefit digit of a 15-character card (its third character; facts of the card, QĐ 1351/QĐ-BHXH).
    pub fn level(&self) -> Option<char> {
        (self.card.len() == 15).then(|| self.card.chars().nth(2)).flatten().filter(char::is_ascii_digit)
    }

    /// «BHYT mức 4 · còn hạn đến 31/12/2026».
    pub fn words(&self) -> String {
        let level = self.level().map(|level| format!(" mức {level}")).unwrap_or_default();
        let state = match (self.valid, self.until.is_empty()) {
            (true, true) => "chưa rõ hạn".to_string(),
            (true, false) => format!("còn hạn đến {}", format::date(&self.until)),
            (false, _) => format!("hết hạn {}", format::date(&self.until)),
        };
        format!("BHYT{level} · {state}")
    }
}

/// A number the person is known by, and who wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Paper {
    pub word: &'static str,
    pub masked: String,
    /// Facility records that carry it.
    pub records: usize,
    pub current: bool,
}

/// One facility's own record of the person.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub patient: String,
    pub facility: String,
    pub number: String,
    pub name: String,
    pub sex: String,
    pub birth: String,
    pub papers: Vec<String>,
    /// Why it counts as this person.
    pub reason: String,
    /// Fields in which it differs from what the banner shows.
    pub differs: Vec<&'static str>,
}

/// The person out of all their facility records; insurance from Coverage, else from identifiers.
pub fn of<'a>(patients: &[&'a Value], coverages: impl Iterator<Item = &'a Value>, today: &str) -> Who {
    let views = || patients.iter().map(|value| Patient(value));
    Who {
        name: best_name(views().filter_map(|p| p.name())),
        sex: most(views().filter_map(|p| p.gender())).unwrap_or("unknown").to_string(),
        birth: best_birth(views().filter_map(|p| p.birth_date())),
        dead: patients.iter().find_map(|value| death(value)),
        address: best_address(patients),
        phone: most(views().flat_map(|p| p.phones())).unwrap_or("").to_string(),
        insurance: insurance(coverages, patients, today),
        identity: most(
            views().flat_map(|p| p.identifiers()).filter(|(s, _)| read::is_sid(s, "cccd")).map(|(_, v)| v),
        )
        .map(str::to_string),
    }
}

/// The value that occurs most; the first of equals.
fn most<'a>(values: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(have, _)| *have == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    counts.iter().rev().max_by_key(|(_, count)| *count).map(|(value, _)| *value)
}

/// The name most of them give, marks and case apart, in its best spelling.
fn best_name(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    let Some(usual) = most(folded.iter().map(String::as_str)) else { return "Chưa rõ tên".into() };
    let first = folded.iter().position(|one| one == usual).unwrap_or_default();
    spelling::best(&names[first], names.iter().map(String::as_str)).to_string()
}

/// The newest address, in the best spelling of it that any facility has.
fn best_address(patients: &[&Value]) -> String {
    let all: Vec<String> = newest_first(patients).iter().filter_map(|value| address(value)).collect();
    let newest = all.first().map(|newest| spelling::best(newest, all.iter().map(String::as_str)));
    newest.unwrap_or_default().to_string()
}

/// A full date before a bare year, then what most say.
fn best_birth<'a>(births: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = births.collect();
    let full = most(all.iter().copied().filter(|birth| birth.len() == 10));
    full.or_else(|| most(all.iter().copied())).unwrap_or("").to_string()
}

fn death(patient: &Value) -> Option<String> {
    match str_at(patient, &["deceasedDateTime"]) {
        Some(day) => Some(day.to_string()),
        None => patient
            .get("deceasedBoolean")
            .and_then(|dead| dead.as_bool())
            .filter(|dead| *dead)
            .map(|_| String::new()),
    }
}

/// By when the facility's record was last written.
pub fn newest_first<'a>(patients: &[&'a Value]) -> Vec<&'a Value> {
    let mut sorted = patients.to_vec();
    sorted.sort_by(|a, b| str_at(b, &["meta", "lastUpdated"]).cmp(&str_at(a, &["meta", "lastUpdated"])));
    sorted
}

fn address(patient: &Value) -> Option<String> {
    let address = items(patient, "address").find(|a| str_at(a, &["use"]) != Some("old"))?;
    if let Some(text) = str_at(address, &["text"]) {
        return Some(text.to_string());
    }
    let lines = items(address, "line").filter_map(|line| line.as_str());
    let parts: Vec<&str> =
        lines.chain(["district", "city", "state"].iter().filter_map(|key| str_at(address, &[key]))).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn insurance<'a>(
    coverages: impl Iterator<Item = &'a Value>,
    patients: &[&'a Value],
    today: &str,
) -> Option<Insurance> {
    let of_coverage = |coverage: &Value| {
        // What the card shows; the number of the insured is a part of it.
        let card = items(coverage, "identifier")
            .find_map(|one| str_at(one, &["value"]))
            .or_else(|| str_at(coverage, &["subscriberId"]))?;
        let until = str_at(coverage, &["period", "end"]).unwrap_or("").to_string();
        Some(Insurance { card: card.to_string(), valid: until.is_empty() || until.as_str() >= today, until })
    };
    // Of several cards the one that ends last counts; a card without an end only when there is no other.
    coverages.filter_map(of_coverage).max_by(|a, b| a.until.cmp(&b.until)).or_else(|| {
        let cards =
            patients.iter().flat_map(|p| Patient(p).identifiers()).filter(|(s, _)| read::is_sid(s, "bhyt"));
        most(cards.map(|(_, card)| card)).map(|card| Insurance {
            card: card.to_string(),
            until: String::new(),
            valid: true,
        })
    })
}

/// Words for our identifier systems, in the order of importance.
const SYSTEMS: &[(&str, &str)] = &[
    ("cccd", "Số định danh cá nhân"),
    ("bhyt", "Thẻ BHYT"),
    ("bhxh", "Mã số BHXH"),
    ("cmnd", "CMND cũ"),
    ("ho-chieu", "Hộ chiếu"),
    ("giay-chung-sinh", "Giấy chứng sinh"),
    ("ma-tam", "Mã tạm"),
];

/// All numbers the person is known by, masked, with how many facility records carry each. A card with a last day is
/// in force until that day.
pub fn papers<'a>(patients: impl Iterator<Item = &'a Value>, today: &str) -> Vec<Paper> {
    let mut found: Vec<(usize, &str, Paper)> = Vec::new();
    for patient in patients {
        for identifier in items(patient, "identifier") {
            let (Some(system), Some(value)) =
                (str_at(identifier, &["system"]), str_at(identifier, &["value"]))
            else {
                continue;
            };
            let Some(rank) = SYSTEMS.iter().position(|(slug, _)| read::is_sid(system, slug)) else {
                continue;
            };
            let over = str_at(identifier, &["period", "end"]).is_some_and(|end| end < today);
            let old = over || str_at(identifier, &["use"]) == Some("old");
            match found.iter_mut().find(|(r, v, _)| *r == rank && *v == value) {
                Some((_, _, paper)) => {
                    paper.records += 1;
                    paper.current |= !old;
                }
                None => {
                    let paper = Paper {
                        word: SYSTEMS[rank].1,
                        masked: format::masked(value),
                        records: 1,
                        current: !old,
                    };
                    found.push((rank, value, paper));
                }
            }
        }
    }
    found.sort_by(|a, b| (a.0, !a.2.current, a.1).cmp(&(b.0, !b.2.current, b.1)));
    found.into_iter().map(|(_, _, paper)| paper).collect()
}

/// Each facility's record, with the reason of its link and how it differs.
pub fn members<'a>(
    patients: impl Iterator<Item = &'a Value>,
    places: &Places<'a>,
    links: &[LinkReason],
) -> Vec<Member> {
    let patients: Vec<&Value> = patients.collect();
    let person = of(&patients, std::iter::empty(), "");
    let mut members: Vec<Member> =
        patients.iter().map(|value| member(value, &person, places, links)).collect();
    members.sort_by(|a, b| (&a.facility, &a.patient).cmp(&(&b.facility, &b.patient)));
    members
}

fn member<'a>(value: &'a Value, person: &Who, places: &Places<'a>, links: &[LinkReason]) -> Member {
    let view = Patient(value);
    let name = view.name().unwrap_or_default();
    let sex = view.gender().unwrap_or("unknown");
    let birth = view.birth_date().unwrap_or("");
    let mut differs = Vec::new();
    if fold(&name) != fold(&person.name) {
        differs.push("họ tên");
    }
    if sex != person.sex {
        differs.push("giới tính");
    }
    if birth != person.birth {
        differs.push("ngày sinh");
    }
    let number = view.identifiers().find(|(system, _)| system.starts_with("https://yba.vn/fhir/sid/mrn/"));
    let mut papers = Vec::new();
    for (word, slug) in [("CCCD", "cccd"), ("BHYT", "bhyt")] {
        for (_, number) in view.identifiers().filter(|(system, _)| read::is_sid(system, slug)) {
            add_once(&mut papers, &format!("{word} {}", format::masked(number)));
        }
    }
    Member {
        patient: read::id(value).to_string(),
        facility: places.name(value).to_string(),
        number: number.map(|(_, number)| number.to_string()).unwrap_or_default(),
        name,
        sex: sex.to_string(),
        birth: birth.to_string(),
        papers,
        reason: links
            .iter()
            .find(|link| link.patient == read::id(value))
            .map(|l| l.words.clone())
            .unwrap_or_default(),
        differs,
    }
}
