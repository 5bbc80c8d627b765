//! What this crate keeps of a Patient: enough to link, to find and to show in a list.

use crate::birth::Birth;
use crate::evidence::SubjectKey;
use crate::identifier::{Key, KeyKind, SID, Sex, keys_of, phones};
use crate::linking::Known;
use crate::name;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::text::tidy;
use yba_fhir::view::{self, human_name, reference_target};

/// Most names and numbers of one Patient that are looked at.
const NAMES_MAX: usize = 5;
const KEYS_MAX: usize = 48;
/// Longest text kept for lists.
const TEXT_MAX: usize = 200;

/// A Patient in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Id of the Patient.
    pub id: String,
    /// All names as written, the one in use first.
    pub names: Vec<String>,
    pub sex: Option<Sex>,
    pub birth: Option<Birth>,
    /// Code of the facility that keeps this Patient (`12001`), else the id of the managing Organization.
    pub facility: String,
    /// Where the person lives, as a list shows it.
    pub commune: String,
    /// Code of the commune of that home, of either list; empty when the Patient holds none.
    pub home: String,
    /// Name of the mother, where a parent is written down.
    pub mother: String,
    pub deceased: bool,
    pub keys: Vec<SubjectKey>,
}

impl Summary {
    /// Reads a Patient. What is odd is left out: a Patient that says little is found by little.
    pub fn of(tree: &Value) -> Summary {
        let patient = view::Patient(tree);
        let mut names: Vec<String> = patient.name().into_iter().collect();
        names.extend(items(tree, "name").filter_map(human_name));
        let mut seen: Vec<String> = Vec::new();
        for name in names.iter().map(|name| short(&tidy(name))).filter(|name| !name.is_empty()) {
            if !seen.contains(&name) && seen.len() < NAMES_MAX {
                seen.push(name);
            }
        }
        Summary {
            id: patient.id().unwrap_or_default().to_owned(),
            names: seen,
            sex: patient.gender().and_then(Sex::of_gender),
            birth: patient.birth_date().and_then(Birth::parse),
            facility: facility(tree),
            commune: commune(tree),
            home: home(tree),
            mother: mother(tree),
            deceased: deceased(tree),
            keys: keys(tree),
        }
    }

    pub fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    pub fn sort_key(&self) -> String {
        name::name_sort_key(self.name())
    }

    /// What linking knows of it, handed to `use_it`.
    pub fn known<T>(&self, use_it: impl FnOnce(&Known) -> T) -> T {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let (phones, numbers): (Vec<_>, Vec<_>) =
            self.keys.iter().partition(|own| own.key.kind == KeyKind::Phone);
        let phones: Vec<String> = phones.into_iter().map(|own| own.key.value.clone()).collect();
        let keys: Vec<(Key, bool)> = numbers.into_iter().map(|own| (own.key.clone(), own.current)).collect();
        use_it(&Known {
            names: &names,
            sex: self.sex,
            birth: self.birth,
            phones: &phones,
            address: &self.commune,
            commune: &self.home,
            mother: &self.mother,
            keys: &keys,
        })
    }
}

fn facility(tree: &Value) -> String {
    let own = view::Patient(tree)
        .identifiers()
        .find_map(|(system, _)| system.strip_prefix(SID)?.strip_prefix("mrn/"));
    let managing = || {
        let organization = tree.get("managingOrganization")?;
        let stated = str_at(organization, &["identifier", "value"]);
        stated.or_else(|| {
            let (_, id) = reference_target(str_at(organization, &["reference"])?)?;
            // Facilities are kept under their code (DESIGN 14).
            Some(id.strip_prefix("cskcb-").unwrap_or(id))
        })
    };
    short(own.or_else(managing).unwrap_or_default())
}

fn home_address(tree: &Value) -> Option<&Value> {
    let homes = || items(tree, "address").filter(|one| str_at(one, &["use"]) != Some("old"));
    homes().find(|one| str_at(one, &["use"]) == Some("home")).or_else(|| homes().next())
}

fn home(tree: &Value) -> String {
    let of_unit = |one: &&Value| str_at(one, &["url"]).is_some_and(|url| url.ends_with("/admin-unit"));
    let unit = home_address(tree).and_then(|address| items(address, "extension").find(of_unit));
    short(unit.and_then(|unit| str_at(unit, &["valueCoding", "code"])).unwrap_or_default())
}

/// Of the contacts the one who is the mother.
fn mother(tree: &Value) -> String {
    let is_mother = |one: &&Value| {
        let roles = items(one, "relationship").take(4).flat_map(|role| items(role, "coding"));
        roles.take(8).any(|coding| str_at(coding, &["code"]) == Some("MTH"))
    };
    let contact = items(tree, "contact").take(16).find(is_mother);
    short(&tidy(&contact.and_then(|one| human_name(one.get("name")?)).unwrap_or_default()))
}

/// The text of the home address, else its named units.
fn commune(tree: &Value) -> String {
    let Some(address) = home_address(tree) else { return String::new() };
    let named: Vec<&str> =
        ["city", "district", "state"].iter().filter_map(|key| str_at(address, &[key])).collect();
    let text = str_at(address, &["text"]).map(tidy).filter(|text| !text.is_empty());
    short(&text.unwrap_or_else(|| named.join(", ")))
}

fn deceased(tree: &Value) -> bool {
    tree.get("deceasedDateTime").is_some()
        || tree.get("deceasedBoolean").and_then(|value| value.as_bool()).unwrap_or(false)
}

fn keys(tree: &Value) -> Vec<SubjectKey> {
    let mut found: Vec<SubjectKey> = Vec::new();
    let mut add = |key: Key, current: bool| {
        if let Some(known) = found.iter_mut().find(|known| known.key == key) {
            known.current |= current;
        } else if found.len() < KEYS_MAX {
            found.push(SubjectKey { key, current });
        }
    };
    for one in items(tree, "identifier").take(4 * KEYS_MAX) {
        let (Some(system), Some(value)) = (str_at(one, &["system"]), str_at(one, &["value"])) else {
            continue;
        };
        let usage = str_at(one, &["use"]);
        let ended = one.get("period").and_then(|period| period.get("end")).is_some();
        for key in keys_of(system, value) {
            // A card ends every year or so, but the social insurance number on it is for life; a personal number with an
            // end was cancelled.
            let current = usage != Some("old") && (!ended || key.kind == KeyKind::Bhxh);
            // A child's temporary card carries no social insurance number in its digits.
            if !(usage == Some("temp") && key.kind == KeyKind::Bhxh) {
                add(key, current);
            }
        }
    }
    for phone in view::Patient(tree).phones().take(8).flat_map(phones) {
        add(Key::new(KeyKind::Phone, phone), true);
    }
    found
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_MAX).filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::json;

    #[test]
    fn a_patient_is_read_for_linking_and_lists() {
        let tree = json!({
            "resourceType": "Patient", "id": "p1",
            "name": [{"use": "old", "text": "Lò Thị Mai"}, {"use": "official", "text": "Lo\u{300}  Thị Mai Hoa"}],
            "gender": "female", "birthDate": "1990-01-02",
            "identifier": [
                {"system": "https://yba.vn/fhir/sid/cccd", "value": "012190001234", "use": "old"},
                {"system": "https://yba.vn/fhir/sid/cccd", "value": "012190005555"},
                {"system": "https://yba.vn/fhir/sid/bhyt", "value": "GD4121234560897", "period": {"end": "2025-12-31"}},
                {"system": "https://yba.vn/fhir/sid/bhxh", "value": "1234560897"},
                {"system": "https://yba.vn/fhir/sid/mrn/12001", "value": "26000123"},
                {"system": "http://elsewhere.vn", "value": "x"}, {"value": "y"}
            ],
            "telecom": [{"system": "phone", "value": "0912 345 678; 0987654321"}, {"system": "email", "value": "a@b"}],
            "address": [{"use": "home", "text": "Bản Pắc Ta, xã Pắc Ta,  Lai Châu", "extension": [
                {"url": "https://yba.vn/fhir/StructureDefinition/admin-unit", "valueCoding": {"code": "03604"}}]}],
            "contact": [
                {"relationship": [{"coding": [{"code": "FTH"}]}], "name": {"text": "Lò Văn Pản"}},
                {"relationship": [{"coding": [{"code": "MTH"}]}], "name": {"text": "Quàng  Thị Ban"}}],
            "deceasedDateTime": "2026-01-01"
        });
        let summary = Summary::of(&tree);
        assert_eq!(summary.names, ["Lò Thị Mai Hoa", "Lò Thị Mai"]);
        assert_eq!(
            (summary.facility.as_str(), summary.commune.as_str()),
            ("12001", "Bản Pắc Ta, xã Pắc Ta, Lai Châu")
        );
        assert_eq!((summary.home.as_str(), summary.mother.as_str()), ("03604", "Quàng Thị Ban"));
        let keys: Vec<String> = summary
            .keys
            .iter()
            .map(|own| {
                format!("{}:{}{}", own.key.kind.slug(), own.key.value, if own.current { "" } else { " old" })
            })
            .collect();
        let expected = [
            "cccd:012190001234 old",
            "cccd:012190005555",
            "bhyt:GD4121234560897 old",
            "bhxh:1234560897",
            "mrn/12001:26000123",
            "phone:0912345678",
            "phone:0987654321",
        ];
        assert_eq!(keys, expected);
        assert!(summary.deceased && summary.sex == Some(Sex::Female));
    }

    #[test]
    fn a_temporary_childs_card_gives_no_person_number() {
        let tree = json!({"resourceType": "Patient", "id": "p1", "identifier": [
            {"system": "https://yba.vn/fhir/sid/bhyt", "value": "TE1120000012345", "use": "temp"}]});
        let kinds: Vec<String> =
            Summary::of(&tree).keys.iter().map(|own| own.key.kind.slug().to_owned()).collect();
        assert_eq!(kinds, ["bhyt"]);
    }

    #[test]
    fn an_empty_or_hostile_patient_is_read_as_little() {
        let kept = json!({"resourceType": "Patient", "managingOrganization": {"reference": "Organization/cskcb-12001"}});
        assert_eq!(Summary::of(&kept).facility, "12001", "the same facility as by its record number");
        let summary = Summary::of(&json!({"resourceType": "Patient", "id": "p"}));
        assert_eq!((summary.name(), summary.facility.as_str(), summary.keys.len()), ("", "", 0));
        let many: Vec<Value> = (0..500)
            .map(|at| json!({"system": "https://yba.vn/fhir/sid/ma-tam", "value": format!("T{at}")}))
            .collect();
        let odd = json!({"resourceType": "Patient", "id": "p", "identifier": many, "name": [{"text": "x\ty\n"}, 7], "birthDate": 5});
        let summary = Summary::of(&odd);
        assert_eq!((summary.keys.len(), summary.name()), (KEYS_MAX, "x y"));
    }
}
