//! What the form says, as it was typed; and how a scanned card or a Patient fills it in.

use yba_content::Content;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_mpi::Query as Meaning;
use yba_mpi::birth::Birth;
use yba_mpi::identifier::{SID, Sex};
use yba_terminology::communes as places;
use yba_ui::format;

pub(super) const EXTENSION: &str = "https://yba.vn/fhir/StructureDefinition/";
pub(super) const NATIONALITY: &str = "http://hl7.org/fhir/StructureDefinition/patient-nationality";

/// The administrative section of a person's health record (QĐ 831/QĐ-BYT, mục A), as typed. It holds who someone is
/// and has no `Debug`.
#[derive(Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    /// Personal identification number.
    pub number: String,
    /// Why there is none: see [`super::check::REASONS`].
    pub without: String,
    pub issued: String,
    pub issuer: String,
    pub cmnd: String,
    pub passport: String,
    /// Insurance card of 15 characters, or the social insurance number of 10.
    pub card: String,
    pub card_from: String,
    pub card_to: String,
    pub name: String,
    pub birth: String,
    pub sex: String,
    pub ethnic: String,
    pub nation: String,
    pub job: String,
    pub phone: String,
    pub email: String,
    pub commune: String,
    pub line: String,
    pub stay_commune: String,
    pub stay_line: String,
    pub household: String,
    pub householder: String,
    pub kin_relation: String,
    pub kin_name: String,
    pub kin_phone: String,
    pub kin_number: String,
    pub guardian: String,
    /// Code of the facility, where the account has none.
    pub facility: String,
    /// The people who may be the same were looked at.
    pub seen: String,
    /// The version that is edited.
    pub version: String,
}

impl Typed {
    /// What a scanned code says; `None` when it is none.
    pub fn of_scan(content: &Content, scanned: &Meaning) -> Option<Typed> {
        match scanned {
            Meaning::CardQr(card) => {
                let (commune, line) = places::of_text(content, &card.address);
                Some(Typed {
                    number: card.number.clone(),
                    cmnd: card.old_number.clone().unwrap_or_default(),
                    issued: day(card.issued),
                    name: card.name.clone(),
                    birth: day(card.birth),
                    sex: sex(card.sex),
                    commune,
                    line,
                    ..Typed::default()
                })
            }
            Meaning::BhytQr(paper) => {
                let address = paper.address.clone().unwrap_or_default();
                let (commune, line) = places::of_text(content, &address);
                Some(Typed {
                    card: paper.card.clone().unwrap_or_else(|| paper.number.clone()),
                    card_from: day(paper.valid_from),
                    card_to: day(paper.valid_to),
                    name: paper.name.clone(),
                    birth: day(paper.birth),
                    sex: sex(paper.sex),
                    commune,
                    line,
                    ..Typed::default()
                })
            }
            Meaning::Cccd(number) => Some(Typed { number: number.text().to_owned(), ..Typed::default() }),
            Meaning::Bhyt(card) => Some(Typed { card: card.text().to_owned(), ..Typed::default() }),
            _ => None,
        }
    }

    /// What a Patient says, and the first of their kin.
    pub fn of_patient(content: &Content, patient: &Value, kin: Option<&Value>) -> Typed {
        let number = |slug: &str| current(patient, slug);
        let text = |found: Option<&Value>, path: &[&str]| {
            found.and_then(|one| str_at(one, path)).unwrap_or_default().to_owned()
        };
        let (cccd, card) = (number("cccd"), number("bhyt").or_else(|| number("bhxh")));
        let address = |kind: &str| items(patient, "address").find(|one| str_at(one, &["use"]) == Some(kind));
        let (commune, line) = address("home").map(|one| places::of_address(content, one)).unwrap_or_default();
        let (stay_commune, stay_line) =
            address("temp").map(|one| places::of_address(content, one)).unwrap_or_default();
        let code = |slug: &str| {
            let found = extension(patient, &format!("{EXTENSION}{slug}"));
            let coding = found.and_then(|one| {
                one.get("valueCoding").or_else(|| one.get("valueCodeableConcept")?.get("coding")?.get(0))
            });
            text(coding, &["code"])
        };
        let own = |slug: &str| text(extension(patient, &format!("{EXTENSION}{slug}")), &["valueString"]);
        Typed {
            issued: format::date(&text(cccd, &["period", "start"])),
            issuer: text(cccd, &["assigner", "display"]),
            number: text(cccd, &["value"]),
            cmnd: text(any(patient, "cmnd"), &["value"]),
            passport: text(number("ho-chieu"), &["value"]),
            card_from: format::date(&text(card, &["period", "start"])),
            card_to: format::date(&text(card, &["period", "end"])),
            card: text(card, &["value"]),
            name: yba_fhir::view::Patient(patient).name().unwrap_or_default(),
            birth: format::date(&text(Some(patient), &["birthDate"])),
            sex: text(Some(patient), &["gender"]),
            ethnic: code("dan-toc"),
            nation: nation(patient),
            job: code("nghe-nghiep"),
            phone: telecom(patient, "phone"),
            email: telecom(patient, "email"),
            commune,
            line,
            stay_commune,
            stay_line,
            household: own("ma-ho-gia-dinh"),
            householder: own("quan-he-chu-ho"),
            kin_relation: kin
                .and_then(|kin| {
                    items(kin, "relationship")
                        .flat_map(|one| items(one, "coding"))
                        .find(|one| str_at(one, &["code"]) != Some("GUARD"))
                        .and_then(|one| str_at(one, &["code"]))
                })
                .unwrap_or_default()
                .to_owned(),
            kin_name: kin
                .and_then(|kin| items(kin, "name").find_map(yba_fhir::view::human_name))
                .unwrap_or_default(),
            kin_phone: kin.map(|kin| telecom(kin, "phone")).unwrap_or_default(),
            kin_number: kin.map(|kin| text(current(kin, "cccd"), &["value"])).unwrap_or_default(),
            guardian: if kin.is_some_and(is_guardian) { "1".into() } else { String::new() },
            ..Typed::default()
        }
    }

    /// What identifies somebody, in the order in which it is looked for, and whether it is a number.
    pub fn questions(&self) -> Vec<(String, bool)> {
        let numbers = [&self.number, &self.card, &self.cmnd, &self.passport].into_iter();
        let mut asked: Vec<(String, bool)> =
            numbers.filter(|text| text.len() >= 8).map(|text| (text.clone(), true)).collect();
        let name = self.name.trim();
        if name.chars().count() >= 2 {
            let birth = Birth::read(&self.birth);
            let year = birth.map(|birth| format!(" {}", birth.year)).unwrap_or_default();
            asked.push((format!("{name}{year}"), false));
        }
        asked
    }
}

fn day(birth: Option<Birth>) -> String {
    birth.map(|birth| format::date(&birth.to_string())).unwrap_or_default()
}

fn sex(sex: Option<Sex>) -> String {
    sex.map(|sex| sex.gender().to_owned()).unwrap_or_default()
}

pub(super) fn extension<'v>(resource: &'v Value, url: &str) -> Option<&'v Value> {
    items(resource, "extension").find(|one| str_at(one, &["url"]) == Some(url))
}

fn of_kind<'v>(resource: &'v Value, slug: &str) -> impl Iterator<Item = &'v Value> {
    let system = format!("{SID}{slug}");
    items(resource, "identifier").filter(move |one| str_at(one, &["system"]) == Some(&system))
}

fn current<'v>(resource: &'v Value, slug: &str) -> Option<&'v Value> {
    of_kind(resource, slug).find(|one| str_at(one, &["use"]) != Some("old"))
}

fn any<'v>(resource: &'v Value, slug: &str) -> Option<&'v Value> {
    of_kind(resource, slug).next()
}

fn telecom(resource: &Value, system: &str) -> String {
    let found = items(resource, "telecom").find(|one| str_at(one, &["system"]) == Some(system));
    found.and_then(|one| str_at(one, &["value"])).unwrap_or_default().to_owned()
}

fn nation(patient: &Value) -> String {
    let concept = extension(patient, NATIONALITY)
        .and_then(|one| items(one, "extension").find(|part| str_at(part, &["url"]) == Some("code")))
        .and_then(|part| part.get("valueCodeableConcept"));
    concept.map(crate::record::read::words).unwrap_or_default()
}

fn is_guardian(kin: &Value) -> bool {
    let mut codings = items(kin, "relationship").flat_map(|one| items(one, "coding"));
    codings.any(|one| str_at(one, &["code"]) == Some("GUARD"))
}
