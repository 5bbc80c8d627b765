//! Patient: the person as this facility's visit states them. Each facility keeps its own (DESIGN 17).
//! <https://hl7.org/fhir/R4/patient.html>

use super::Scene;
use super::build::{Tree, array, coding, concept, extension, identifier, sid};
use crate::identity::{self, Paper};
use crate::table::Row;
use crate::value::Moment;
use yba_fhir::json::{Value, json};
use yba_fhir::text::{fold, tidy};
use yba_fhir::{Day, json};

/// The day the two-level administrative units came into force. Luật 72/2025/QH15, NQ 1654–1687/NQ-UBTVQH15.
fn two_levels() -> Day {
    Day::new(2025, 7, 1).expect("a real day")
}

pub(crate) fn map(scene: &Scene<'_, '_>) -> Value {
    let row = scene.summary;
    let mut patient = Tree::resource("Patient", &scene.patient_id, &scene.source("XML1", row.number));
    people_extensions(scene, &mut patient);
    patient.put_all("identifier", identifiers(scene));
    if let Some(name) = row.text("HO_TEN") {
        patient.put("name", json!([{"use": "official", "text": tidy(name).as_str()}]));
    }
    if let Some(phone) = row.text("DIEN_THOAI") {
        patient.put("telecom", json!([{"system": "phone", "value": phone}]));
    }
    patient.put_some("gender", gender(row.text("GIOI_TINH")));
    birth(row, &mut patient);
    deceased(scene, &mut patient);
    patient.put_some("address", address(scene).map(|address| array(vec![address])));
    patient.put_all("contact", contacts(scene));
    patient.put("managingOrganization", scene.facility());
    patient.finish()
}

fn gender(code: Option<&str>) -> Option<&'static str> {
    match code? {
        "1" => Some("male"),
        "2" => Some("female"),
        _ => Some("unknown"),
    }
}

fn birth(row: &Row<'_>, patient: &mut Tree) {
    let Some(born) = row.text("NGAY_SINH").and_then(Moment::birth) else { return };
    patient.put("birthDate", born.date().as_str());
    if let Moment::Minute(..) = born {
        let url = "http://hl7.org/fhir/StructureDefinition/patient-birthTime";
        patient.put(
            "_birthDate",
            json!({"extension": [{"url": url, "valueDateTime": born.date_time().as_str()}]}),
        );
    }
}

/// KET_QUA_DTRI 5 is death in the facility, 8 before it. The visit that says so is named, so that its correction can
/// take it back.
fn deceased(scene: &Scene<'_, '_>, patient: &mut Tree) {
    if matches!(scene.summary.text("KET_QUA_DTRI"), Some("5" | "8")) {
        patient.put("deceasedDateTime", scene.ended.date_time().as_str());
        let stated = extension("stated-by", "valueReference", scene.encounter());
        patient.put("_deceasedDateTime", json!({"extension": [stated]}));
    }
}

/// The identifiers of the visit: the facility's own number, papers and cards.
pub(crate) fn identifiers(scene: &Scene<'_, '_>) -> Vec<Value> {
    let mut found = Vec::new();
    if let Some(code) = scene.summary.text("MA_BN") {
        let mut own = identifier(&sid(&format!("mrn/{}", scene.visit.facility)), code);
        own.put("assigner", scene.facility());
        found.push(own.finish());
    }
    found.extend(stated(scene));
    found
}

/// Numbers that the state gave, as this visit states them.
pub(crate) fn stated(scene: &Scene<'_, '_>) -> Vec<Value> {
    let row = scene.summary;
    let mut found: Vec<Value> = Vec::new();
    match row.text("SO_CCCD").map(identity::paper) {
        Some(Paper::Citizen(number)) => found.push(identifier(&sid("cccd"), &number).finish()),
        Some(Paper::OldCard(number)) => {
            let mut old = identifier(&sid("cmnd"), &number);
            old.put("use", "old");
            found.push(old.finish());
        }
        Some(Paper::Passport(number)) => found.push(identifier(&sid("ho-chieu"), &number).finish()),
        Some(Paper::Unknown) | None => {}
    }
    for card in cards(row) {
        found.extend(card.identifiers());
    }
    let temporary = ["XML7", "XML8"]
        .iter()
        .flat_map(|kind| scene.visit.rows(kind))
        .find_map(|row| row.text("MA_THE_TAM"));
    if let Some(number) = temporary {
        let mut card = identifier(&sid("ma-tam"), number);
        card.put("use", "temp");
        found.push(card.finish());
    }
    found
}

/// One card of the parallel lists of XML1.
pub(crate) struct StatedCard {
    pub card: identity::Card,
    pub registered_at: Option<String>,
    pub from: Option<Moment>,
    pub to: Option<Moment>,
}

/// The cards of a summary whose numbers are well formed.
pub(crate) fn cards(row: &Row<'_>) -> Vec<StatedCard> {
    let (places, from, to) = (row.list("MA_DKBD"), row.list("GT_THE_TU"), row.list("GT_THE_DEN"));
    let moment = |list: &[&str], at: usize| list.get(at).and_then(|text| Moment::parse(text));
    row.list("MA_THE_BHYT")
        .iter()
        .enumerate()
        .filter_map(|(at, text)| {
            Some(StatedCard {
                card: identity::card(text)?,
                registered_at: places
                    .get(at)
                    .filter(|place| !place.is_empty())
                    .map(|place| (*place).to_owned()),
                from: moment(&from, at),
                to: moment(&to, at),
            })
        })
        .collect()
}

impl StatedCard {
    /// A child without a social insurance number has a temporary card: TE1, and no facility of registration but the
    /// province and 000. Its ten digits are no person's number.
    fn temporary(&self) -> bool {
        let child = self.card.number.as_deref().is_some_and(|number| number.starts_with("TE1"));
        child && self.registered_at.as_deref().is_none_or(|place| place.ends_with("000"))
    }

    /// The period of validity as FHIR writes it; an end before the beginning is left out.
    pub(crate) fn period(&self) -> Option<Value> {
        let to = self.to.filter(|to| self.from.is_none_or(|from| !to.certainly_before(from)));
        let mut period = Tree::new();
        period.put_some("start", self.from.map(|from| from.date()).as_deref());
        period.put_some("end", to.map(|to| to.date()).as_deref());
        (!period.is_empty()).then(|| period.finish())
    }

    fn identifiers(&self) -> Vec<Value> {
        let mut found = Vec::new();
        if let Some(number) = &self.card.number {
            let mut card = identifier(&sid("bhyt"), number);
            if self.temporary() {
                card.put("use", "temp");
            }
            card.put_some("period", self.period());
            found.push(card.finish());
        }
        if let Some(person) = self.card.person.as_deref().filter(|_| !self.temporary()) {
            found.push(identifier(&sid("bhxh"), person).finish());
        }
        found
    }
}

fn people_extensions(scene: &Scene<'_, '_>, patient: &mut Tree) {
    let row = scene.summary;
    if let Some(code) = row.text("MA_DANTOC") {
        patient.extend("dan-toc", "valueCoding", scene.national("dan-toc", code));
    }
    if let Some(code) = row.text("MA_NGHE_NGHIEP") {
        patient.extend("nghe-nghiep", "valueCoding", scene.national("nghe-nghiep", code));
    }
    if let Some(code) = row.text("MA_QUOCTICH") {
        let words = (code == "000").then_some("Việt Nam");
        let nationality = concept(vec![coding(&super::build::system("quoc-tich"), code, words)], words);
        patient.add(
            "extension",
            json!({
                "url": "http://hl7.org/fhir/StructureDefinition/patient-nationality",
                "extension": [{"url": "code", "valueCodeableConcept": nationality}]
            }),
        );
    }
}

/// The address: text as stated, names and codes of the units by the list in force on the day of the visit.
fn address(scene: &Scene<'_, '_>) -> Option<Value> {
    let row = scene.summary;
    let mut address = Tree::new();
    if let Some(code) = row.text("MAXA_CU_TRU") {
        commune(scene, code, &mut address);
    } else if let Some(code) = row.text("MATINH_CU_TRU") {
        let list = if scene.visit.day < two_levels() { "2021" } else { "2025-07-01" };
        address.extend("admin-unit", "valueCoding", coding(&unit_system(list), code, None));
    }
    let text = row.text("DIA_CHI").map(tidy);
    address.put_some("text", text.as_deref());
    if address.is_empty() {
        return None;
    }
    address.put("use", "home");
    address.put("country", "VN");
    Some(address.finish())
}

fn unit_system(list: &str) -> String {
    sid(&format!("admin-unit/{list}"))
}

/// A commune code means nothing without its list: nearly every new code re-uses an old one (identifiers, section 6).
fn commune(scene: &Scene<'_, '_>, code: &str, address: &mut Tree) {
    let (new, old) = (scene.content.unit(code), scene.content.old_unit(code));
    if is_old_code(scene, new.map(|unit| unit.name.as_str()), old.map(|unit| unit.name.as_str())) {
        address.extend(
            "admin-unit",
            "valueCoding",
            coding(&unit_system("2021"), code, old.map(|unit| unit.name.as_str())),
        );
        if let Some(old) = old {
            same_place(scene, &old.province_code, true);
            address.put("city", old.name.as_str());
            address.put("district", old.district.as_str());
            address.put("state", old.province_name.as_str());
            // One successor is certain; several mean that the unit was split and a person must say which.
            if let [successor] = old.new.as_slice() {
                let name = scene.content.unit(successor).map(|unit| unit.name.as_str());
                address.extend(
                    "admin-unit",
                    "valueCoding",
                    coding(&unit_system("2025-07-01"), successor, name),
                );
            }
        }
        return;
    }
    let name = new.map(|unit| unit.name.as_str());
    address.extend("admin-unit", "valueCoding", coding(&unit_system("2025-07-01"), code, name));
    if let Some(unit) = new {
        same_place(scene, &unit.province_code, false);
        address.put("city", unit.name.as_str());
        address.put("state", unit.province_name.as_str());
    }
}

/// The commune tells its province, and before 2025-07-01 its district: their codes need no place of their own. A code
/// that says something else stays unread and is kept raw.
fn same_place(scene: &Scene<'_, '_>, province: &str, district: bool) {
    if scene.summary.peek("MATINH_CU_TRU") == Some(province) {
        scene.summary.text("MATINH_CU_TRU");
    }
    if district {
        scene.summary.text("MAHUYEN_CU_TRU");
    }
}

/// Whether a commune code is of the list before 2025-07-01. Systems went on sending old codes after that day: a
/// district beside it, or the old name in the address, tells.
fn is_old_code(scene: &Scene<'_, '_>, new: Option<&str>, old: Option<&str>) -> bool {
    if scene.visit.day < two_levels() || new.is_none() {
        return scene.visit.day < two_levels() || old.is_some();
    }
    let Some(old) = old else { return false };
    if scene.summary.peek("MAHUYEN_CU_TRU").is_some() {
        return true;
    }
    let text = fold(scene.summary.text("DIA_CHI").unwrap_or_default());
    let named = |name: &str| text.contains(&fold(name));
    new != Some(old) && named(old) && !new.is_some_and(named)
}

/// Parents and guardian from the discharge papers.
fn contacts(scene: &Scene<'_, '_>) -> Vec<Value> {
    const ROLES: &[(&str, &str, &str)] = &[
        ("HO_TEN_CHA", "FTH", "Cha"),
        ("HO_TEN_ME", "MTH", "Mẹ"),
        ("NGUOI_GIAM_HO", "GUARD", "Người giám hộ"),
    ];
    let papers = || ["XML7", "XML8"].iter().flat_map(|kind| scene.visit.rows(kind));
    ROLES
        .iter()
        .filter_map(|(column, code, words)| {
            let name = papers().find_map(|row| row.text(column))?;
            let role = coding("http://terminology.hl7.org/CodeSystem/v3-RoleCode", code, Some(words));
            Some(json::json!({"relationship": [concept(vec![role], Some(words))], "name": {"text": tidy(name).as_str()}}))
        })
        .collect()
}
