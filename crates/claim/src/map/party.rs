//! Organization and Practitioner: the facility that sent the file, and the people its rows name. Shared by visits;
//! a facility keeps its own record of each person it names.
//! <https://hl7.org/fhir/R4/practitioner.html>

use super::Scene;
use super::build::{Tree, identifier, sid};
use crate::id::organization_id;
use std::collections::BTreeMap;
use yba_fhir::json::{Value, json};
use yba_fhir::text::tidy;

/// Which columns of which parts name people.
const NAMED: &[(&str, &[&str])] = &[
    ("XML2", &["MA_BAC_SI"]),
    ("XML3", &["MA_BAC_SI", "NGUOI_THUC_HIEN"]),
    ("XML4", &["MA_BS_DOC_KQ"]),
    ("XML5", &["NGUOI_THUC_HIEN"]),
    ("XML7", &["MA_BS"]),
    ("XML13", &["MA_BAC_SI"]),
    ("XML14", &["MA_BAC_SI"]),
];

/// The licence number in one value of a cell: `012345/LCH-CCHN(trainee)`, `012345.C.12003`. What stands in brackets
/// or after `.C.` says in whose place or from where; the number before it is the person.
pub(crate) fn licence(text: &str) -> Option<&str> {
    let person = text.split('(').next().unwrap_or(text);
    let person = person.split(".C.").next().unwrap_or(person).trim();
    (!person.is_empty() && person.chars().count() <= 100).then_some(person)
}

pub(crate) fn map(scene: &Scene<'_, '_>) -> Vec<Value> {
    let mut people: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (kind, columns) in NAMED {
        for row in scene.visit.rows(kind) {
            let named = columns.iter().flat_map(|column| row.peek_list(column));
            for code in named.filter_map(licence) {
                let name = people.entry(code.to_owned()).or_default();
                if *kind == "XML7" {
                    *name = row.text("TEN_BS").map(tidy);
                }
            }
        }
    }
    let mut parties = vec![organization(scene)];
    parties.extend(people.iter().map(|(code, name)| practitioner(scene, code, name.as_deref())));
    parties
}

/// The facility by its code. Its name is not in the files: whoever knows it may write it, the import never
/// overwrites an Organization.
fn organization(scene: &Scene<'_, '_>) -> Value {
    let code = &scene.visit.facility;
    let source = format!("urn:yba:bhyt:{code}");
    let mut organization = Tree::resource("Organization", &organization_id(code), &source);
    organization.add("identifier", identifier(&sid("facility"), code).finish());
    organization.put("active", true);
    let kind = super::build::coding("http://terminology.hl7.org/CodeSystem/organization-type", "prov", None);
    organization.put("type", json!([super::build::concept(vec![kind], Some("Cơ sở khám chữa bệnh"))]));
    organization.put("name", format!("Cơ sở khám chữa bệnh {code}").as_str());
    organization.finish()
}

fn practitioner(scene: &Scene<'_, '_>, code: &str, name: Option<&str>) -> Value {
    let source = format!("urn:yba:bhyt:{}", scene.visit.facility);
    let mut person = Tree::resource("Practitioner", &scene.practitioner_id(code), &source);
    person.add("identifier", identifier(&sid("cchn"), code).finish());
    person.put("active", true);
    if let Some(name) = name {
        person.put("name", json!([{"text": name}]));
    }
    person.finish()
}

#[cfg(test)]
mod tests {
    use super::licence;

    #[test]
    fn the_person_is_the_number_before_brackets_and_secondment() {
        assert_eq!(licence("012345/LCH-CCHN"), Some("012345/LCH-CCHN"));
        assert_eq!(licence("012345/LCH-CCHN(9988)"), Some("012345/LCH-CCHN"));
        assert_eq!(licence(" 012345.C.12003 "), Some("012345"));
        assert_eq!(licence(""), None);
        assert_eq!(licence("(x)"), None);
    }
}
