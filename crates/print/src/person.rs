//! Whom a sheet is about: what a template reads of a Patient.

use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::view::{Patient, human_name};
use yba_ui::format;

const NATIONALITY: &str = "http://hl7.org/fhir/StructureDefinition/patient-nationality";
/// Most people near them that a sheet names.
const NEAR_MAX: usize = 6;

/// Everything that sheets say of a person; what the record does not say is empty. `on` is the ISO day of their age.
pub(crate) fn data(patient: &Value, on: &str) -> Value {
    let view = Patient(patient);
    let (card, paper) = (identifier(patient, "/bhyt"), identifier(patient, "/cccd"));
    let day = |of: &Value, path: &[&str]| format::date(str_at(of, path).unwrap_or_default());
    let birth = view.birth_date().unwrap_or_default();
    let near: Vec<Value> = items(patient, "contact").filter_map(near).take(NEAR_MAX).collect();
    json!({
        "name": view.name().unwrap_or_default(), "sex": format::sex(view.gender().unwrap_or_default()),
        "born": format::born(birth, on), "birth": format::date(birth), "age": format::age(birth, on),
        "address": address(patient, |usage| usage != "old"), "stay": address(patient, |usage| usage == "temp"),
        "phone": view.phones().next().unwrap_or_default(),
        "citizen": str_at(&paper, &["value"]).unwrap_or_default(), "issued": day(&paper, &["period", "start"]),
        "issuer": str_at(&paper, &["assigner", "display"]).unwrap_or_default(),
        "insurance": str_at(&card, &["value"]).unwrap_or_default(),
        "insured_from": day(&card, &["period", "start"]), "insured_until": day(&card, &["period", "end"]),
        "code": view.id().unwrap_or_default(),
        "ethnic": coded(patient, "/dan-toc"), "job": coded(patient, "/nghe-nghiep"), "nation": nation(patient),
        "household": said(patient, "/ma-ho-gia-dinh"), "householder": said(patient, "/quan-he-chu-ho"),
        "near": near,
    })
}

/// The identifier of a kind that is in force; nothing when there is none.
fn identifier(patient: &Value, ending: &str) -> Value {
    let is_of = |one: &&Value| str_at(one, &["system"]).is_some_and(|system| system.ends_with(ending));
    let mut all = items(patient, "identifier").filter(is_of);
    all.find(|one| str_at(one, &["use"]) != Some("old")).cloned().unwrap_or_default()
}

fn address(patient: &Value, is_wanted: impl Fn(&str) -> bool) -> &str {
    let found = items(patient, "address").find(|one| is_wanted(str_at(one, &["use"]).unwrap_or_default()));
    found.and_then(|one| str_at(one, &["text"])).unwrap_or_default()
}

fn extension<'p>(patient: &'p Value, ending: &str) -> Option<&'p Value> {
    items(patient, "extension").find(|one| str_at(one, &["url"]).is_some_and(|url| url.ends_with(ending)))
}

fn coded<'p>(patient: &'p Value, ending: &str) -> &'p str {
    extension(patient, ending).and_then(|one| str_at(one, &["valueCoding", "display"])).unwrap_or_default()
}

fn said<'p>(patient: &'p Value, ending: &str) -> &'p str {
    extension(patient, ending).and_then(|one| str_at(one, &["valueString"])).unwrap_or_default()
}

fn nation(patient: &Value) -> &str {
    let parts = extension(patient, NATIONALITY).into_iter().flat_map(|one| items(one, "extension"));
    let mut concepts = parts.filter_map(|part| part.get("valueCodeableConcept"));
    concepts.find_map(|concept| str_at(concept, &["text"])).unwrap_or_default()
}

/// `{"name": "Lò Thị Mai", "relation": "mẹ", "phone": "0912…"}` of a contact who has a name.
fn near(contact: &Value) -> Option<Value> {
    let name = human_name(contact.get("name")?)?;
    let relation = items(contact, "relationship").find_map(|said| {
        let coded = || items(said, "coding").find_map(|coding| str_at(coding, &["display"]));
        str_at(said, &["text"]).or_else(coded)
    });
    let phone = items(contact, "telecom").find_map(|said| str_at(said, &["value"]));
    Some(
        json!({"name": name.as_str(), "relation": relation.unwrap_or_default(), "phone": phone.unwrap_or_default()}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_as_far_as_the_record_says() {
        let tree = json!({"resourceType": "Patient", "id": "a", "name": [{"text": "Lò Thị Ẩn"}], "birthDate": "1968",
            "identifier": [{"use": "old", "system": "https://yba.vn/fhir/sid/bhyt", "value": "CU"},
                {"system": "https://yba.vn/fhir/sid/bhyt", "value": "DT4121234567890", "period": {"end": "2027-12-31"}}],
            "extension": [{"url": "https://yba.vn/fhir/StructureDefinition/dan-toc", "valueCoding": {"code": "03", "display": "Thái"}}],
            "contact": [{"telecom": [{"value": "1"}]}, {"name": {"text": "Lò Văn Ưởng"}, "relationship": [{"text": "chồng"}]}]});
        let told = data(&tree, "2026-03-02");
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(
            ["name", "birth", "insurance", "insured_until", "ethnic", "job", "nation"].map(text),
            ["Lò Thị Ẩn", "1968", "DT4121234567890", "31/12/2027", "Thái", "", ""]
        );
        assert_eq!(told["near"], json!([{"name": "Lò Văn Ưởng", "relation": "chồng", "phone": ""}]));
        let nobody = data(&Value::default(), "");
        assert_eq!(nobody["name"].as_str(), Some(""));
    }
}
