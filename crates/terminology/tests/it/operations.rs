//! `$validate-code`, `$lookup`, `$translate`, `$subsumes`.

use crate::{built_in, today, with};
use yba_fhir::json;
use yba_terminology::Subsumption;
use yba_terminology::lookup::Lookup;
use yba_terminology::translate::Translate;
use yba_terminology::validate_code::Coded;

const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";
const ICD10_SET: &str = "https://yba.vn/fhir/ValueSet/icd-10-vn";

fn lookup(system: &str, code: &str, language: Option<&str>, properties: &[String]) -> Result<String, String> {
    let asked = Lookup { system, version: None, code, on: today(), language, properties };
    match built_in().lookup(&asked) {
        Ok(answer) => Ok(json::to_string(&answer).unwrap()),
        Err(outcome) => Err(outcome.issues[0].text.clone()),
    }
}

#[test]
fn a_wrong_display_is_a_word_of_advice() {
    let set = built_in().value_set(ICD10_SET).unwrap();
    let check = |display: &str| {
        let coded = Coded { system: Some(ICD10), code: "I10", display: Some(display), ..Coded::default() };
        built_in().validate_in_set(&set, &[coded], None, today())
    };
    let right = check("Essential (primary) hypertension");
    assert!(right.result && right.message.is_empty(), "{right:?}");
    let wrong = check("Đái tháo đường");
    assert!(wrong.result && wrong.message.contains("tên đúng là"), "{wrong:?}");
    assert!(check(&wrong.display.to_uppercase()).message.is_empty(), "case and spaces are no difference");
}

#[test]
fn one_coding_that_is_in_suffices() {
    let set = built_in().value_set(ICD10_SET).unwrap();
    let local = Coded { system: Some("urn:local"), code: "x", ..Coded::default() };
    let good = Coded { system: Some(ICD10), code: "I10", ..Coded::default() };
    assert!(built_in().validate_in_set(&set, &[local, good], None, today()).result);
    let refused = built_in().validate_in_set(&set, &[local], None, today());
    assert!(!refused.result && refused.message.contains("không thuộc bộ mã"), "{refused:?}");
    assert!(!built_in().validate_in_set(&set, &[], None, today()).result);
    let unknown = built_in().value_set("http://hl7.org/fhir/ValueSet/condition-code").unwrap();
    let snomed = Coded { system: Some("http://snomed.info/sct"), code: "1", ..Coded::default() };
    let answer = built_in().validate_in_set(&unknown, &[snomed], None, today());
    assert!(!answer.result && answer.message.starts_with("Không kiểm tra được"), "{answer:?}");
}

#[test]
fn a_code_without_system_is_told_which_system_it_is_of() {
    let set = built_in().value_set("http://hl7.org/fhir/ValueSet/administrative-gender").unwrap();
    let answer =
        built_in().validate_in_set(&set, &[Coded { code: "male", ..Coded::default() }], None, today());
    assert_eq!(
        (answer.system.as_str(), answer.display.as_str()),
        ("http://hl7.org/fhir/administrative-gender", "Male")
    );
}

#[test]
fn a_system_says_which_codes_it_has() {
    let check = |system: &str, code: &str| {
        let coded = Coded { system: Some(system), code, ..Coded::default() };
        built_in()
            .validate_in_system(&[coded], None, today())
            .map(|answer| answer.result)
            .map_err(|one| one.issues[0].key)
    };
    assert_eq!(check(ICD10, "I10"), Ok(true));
    assert_eq!(check(ICD10, "I10.X"), Ok(false));
    assert_eq!(check("http://unitsofmeasure.org", "10*9/L"), Ok(true));
    assert_eq!(check("http://loinc.org", "6690-2"), Ok(true));
    assert_eq!(check("http://loinc.org", "0-0"), Ok(false));
    assert_eq!(check("urn:nowhere", "a"), Err("terminology-system"));
}

#[test]
fn a_look_shows_names_parents_and_children() {
    let answer = lookup(ICD10, "J20", None, &[]).unwrap();
    for part in ["J20-J22", "J20.9", r#""valueCode":"en""#, "bronchitis"] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    let only = lookup(ICD10, "J20", Some("en"), &["parent".to_owned()]).unwrap();
    assert!(
        only.contains("J20-J22")
            && !only.contains("J20.9")
            && only.contains(r#""valueString":"Acute bronchitis""#),
        "{only}"
    );
    assert!(
        lookup("https://yba.vn/fhir/CodeSystem/drug", "lidocaine", None, &[]).unwrap().contains("strength")
    );
    assert!(
        lookup("http://unitsofmeasure.org", "mg/(kg.d)", None, &[]).is_ok(),
        "right though nobody listed it"
    );
    assert_eq!(lookup(ICD10, "ZZZ", None, &[]), Err(format!("Hệ mã {ICD10} không có mã \"ZZZ\".")));
    assert!(lookup("urn:nowhere", "a", None, &[]).unwrap_err().contains("Không có hệ mã"));
}

#[test]
fn codes_are_compared_by_what_lies_above_them() {
    let check = |a: &str, b: &str| built_in().subsumes(ICD10, None, a, b, today()).unwrap();
    assert_eq!(check("J20", "J20.9"), Subsumption::Subsumes);
    assert_eq!(check("J20.9", "X"), Subsumption::SubsumedBy);
    assert_eq!(check("J20", "J20"), Subsumption::Equivalent);
    assert_eq!(check("J20", "I10"), Subsumption::NotSubsumed);
    let unknown = built_in().subsumes(ICD10, None, "J20", "ZZZ", today()).unwrap_err();
    assert_eq!(unknown.issues[0].path.as_deref(), Some("codeB"));
}

#[test]
fn laboratory_tests_and_drugs_lead_to_loinc_and_atc_and_back() {
    let ask = |system: &str, code: &str, target: Option<&str>, reverse: bool| {
        let asked = Translate { map: None, system, code, target, reverse, on: today() };
        let found = built_in().translate(&asked).unwrap().matches;
        found.into_iter().map(|one| one.code).collect::<Vec<_>>()
    };
    assert_eq!(ask("https://yba.vn/fhir/CodeSystem/lab-test", "wbc", None, false), ["6690-2"]);
    assert_eq!(ask("http://loinc.org", "6690-2", None, true), ["wbc"]);
    assert_eq!(
        ask("https://yba.vn/fhir/CodeSystem/drug", "lidocaine", Some("http://www.whocc.no/atc"), false),
        ["N01BB02"]
    );
    assert_eq!(
        ask("https://yba.vn/fhir/CodeSystem/drug", "lidocaine", Some("urn:other"), false),
        Vec::<String>::new()
    );
    // R4's own map of addresses' uses.
    let v3 = ask(
        "http://hl7.org/fhir/address-use",
        "home",
        Some("http://terminology.hl7.org/CodeSystem/v3-AddressUse"),
        false,
    );
    assert!(v3.contains(&"H".to_owned()), "{v3:?}");
}

#[test]
fn a_map_may_give_several_targets_and_what_is_unmapped() {
    let terminology = with(&[
        r#"{"resourceType": "ConceptMap", "url": "urn:m", "status": "active", "group": [{
        "source": "urn:s", "target": "urn:t", "element": [
          {"code": "a", "target": [{"code": "x", "equivalence": "wider"}, {"code": "y", "equivalence": "narrower", "comment": "hiếm"}]},
          {"code": "b", "target": [{"equivalence": "unmatched"}]}],
        "unmapped": {"mode": "fixed", "code": "other"}}]}"#,
    ]);
    let ask = |system: &str, code: &str, reverse: bool| {
        let asked = Translate { map: Some("urn:m"), system, code, target: None, reverse, on: today() };
        let found = terminology.translate(&asked).unwrap();
        (json::to_string(&found.to_value()).unwrap(), found.matches)
    };
    let (text, matches) = ask("urn:s", "a", false);
    assert_eq!(matches.iter().map(|one| one.equivalence).collect::<Vec<_>>(), ["wider", "narrower"]);
    assert!(text.contains(r#""valueBoolean":true"#) && text.contains("hiếm"), "{text}");
    assert_eq!(ask("urn:t", "x", true).1[0].equivalence, "narrower");
    assert_eq!(ask("urn:s", "zzz", false).1[0].code, "other");
    assert!(ask("urn:s", "b", false).0.contains(r#""valueBoolean":false"#));
    let asked = Translate {
        map: Some("urn:none"),
        system: "urn:s",
        code: "a",
        target: None,
        reverse: false,
        on: today(),
    };
    assert_eq!(terminology.translate(&asked).unwrap_err().issues[0].key, "terminology-map");
}
