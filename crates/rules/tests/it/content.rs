//! What content brings keeps what it promises.

use std::path::Path;
use yba_content::{Content, Day};
use yba_fhir::json::{Value, json};
use yba_rules::{Case, Found, Library, Moment};

#[test]
fn every_rule_of_content_compiles_and_does_what_its_cases_say() {
    let content = Content::built_in();
    let library = Library::load(&content).unwrap_or_else(|wrong| {
        panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    let (count, problems) = library.try_examples(&content);
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(count >= 3 * library.slugs().count() && library.slugs().count() >= 20, "{count} cases");
}

fn pressure(high: u64, low: u64) -> Value {
    json!({"resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "component": [{"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueQuantity": {"value": high}},
            {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]}, "valueQuantity": {"value": low}}]})
}

#[test]
fn a_record_is_asked_for_what_concerns_what_is_entered_and_what_was_not_answered_is_told() {
    let content = Content::built_in();
    let now_ms = Day::parse("2026-11-23").unwrap().start_ms();
    let library = Library::load(&content).unwrap();
    let patient = json!({"resourceType": "Patient", "id": "p", "birthDate": "1960-01-01"});
    let ask = |entered: &[Value], found: &Found| {
        let case = Case { moment: Moment::Visit, now_ms, patient: &patient, entered, beside: &[] };
        let wanted: Vec<String> = library.wanted(&case).into_iter().map(|one| one.text.to_owned()).collect();
        (wanted, library.judge(&case, found))
    };
    let keys = |verdict: &yba_rules::Verdict| -> Vec<String> {
        verdict.cards.iter().map(|card| card.rule.clone()).collect()
    };
    // An ordinary visit asks the record nothing and says nothing.
    let (wanted, verdict) = ask(&[pressure(124, 80)], &Found::default());
    assert!(wanted.is_empty() && verdict == yba_rules::Verdict::default(), "{verdict:?}");
    let (wanted, verdict) = ask(&[pressure(190, 120)], &Found::default());
    assert!(wanted.is_empty() && verdict.unread.is_empty(), "{wanted:?}");
    assert_eq!(keys(&verdict), ["pressure-very-high"]);
    assert!(verdict.cards[0].uncertain.contains("cần so với"), "{:?}", verdict.cards[0]);
    assert!(verdict.cards[0].source.contains("3192/QĐ-BYT"));
    let (wanted, verdict) = ask(&[pressure(150, 95)], &Found::default());
    assert_eq!(wanted.len(), 3, "{wanted:?}");
    assert!(verdict.cards.is_empty());
    assert_eq!(verdict.unread.into_iter().collect::<Vec<_>>(), ["Condition", "Observation"]);
    let mut found = Found::default();
    wanted.iter().for_each(|one| found.answer(one, Vec::new()));
    let (_, verdict) = ask(&[pressure(150, 95)], &found);
    assert_eq!(keys(&verdict), ["pressure-first-high"]);
}

#[test]
fn an_edition_of_a_folder_ends_a_rule() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/rules/measles-suspected");
    let text = std::fs::read_to_string(folder.join("2026-01-01.toml")).unwrap();
    let target = dir.path().join("rules/measles-suspected");
    std::fs::create_dir_all(&target).unwrap();
    std::fs::write(target.join("2027-01-01.toml"), format!("ended = true\n{text}")).unwrap();
    let content = Content::with_folder(dir.path()).unwrap();
    let library = Library::load(&content).unwrap();
    let count = |day: &str| library.count(Day::parse(day).unwrap());
    assert_eq!(count("2026-12-31"), count("2027-01-01") + 1);
    assert_eq!(count("2025-12-31"), 0);
}

#[test]
fn no_rule_of_content_breaks_on_a_long_record_and_a_long_prescription() {
    let content = Content::built_in();
    let now_ms = Day::parse("2026-11-23").unwrap().start_ms();
    let library = Library::load(&content).unwrap();
    let patient =
        json!({"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1985-05-05"});
    let condition = |at: usize| {
        let codes = ["J20.9", "K29.7", "I10", "Z34.9", "D81.9"];
        json!({"resourceType": "Condition", "id": format!("c{at}").as_str(), "recordedDate": "2026-10-01T08:00:00+07:00",
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": codes[at % codes.len()]}], "text": "x"}})
    };
    let drug = |at: usize| {
        let codes = ["J01CA04", "N02BE01", "C09CA01", "A10BA02", "M01AE01", "B01AC06"];
        json!({"resourceType": "MedicationRequest", "id": format!("d{at}").as_str(), "status": "active", "intent": "order",
            "authoredOn": "2026-11-01",
            // All thirty that are entered correct one of thirty lines; the others are of ten prescriptions.
            "priorPrescription": {"reference": "MedicationRequest/d100"},
            "groupIdentifier": {"system": "https://yba.vn/fhir/sid/don-thuoc", "value": format!("{}", at / 30).as_str()},
            "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": codes[at % codes.len()]}], "text": format!("Thuốc số {at}").as_str()},
            "dosageInstruction": [{"timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": 500, "unit": "mg"}}]}]})
    };
    let shot = |at: usize| {
        json!({"resourceType": "Immunization", "id": format!("i{at}").as_str(), "status": "completed", "occurrenceDateTime": "2026-11-23",
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "04"}], "text": "MR"}})
    };
    let response = json!({"resourceType": "QuestionnaireResponse", "item": [{"linkId": "complaint", "answer": [{"valueString": "sốt, phát ban, ".repeat(30).as_str()}]}]});
    for (moment, entered) in [
        (Moment::Open, Vec::new()),
        (Moment::Visit, vec![pressure(150, 95), response]),
        (Moment::Vaccination, (0..12).map(shot).collect()),
        (Moment::Order, (0..30).map(drug).collect()),
    ] {
        let case = Case { moment, now_ms, patient: &patient, entered: &entered, beside: &[] };
        let mut found = Found::default();
        for search in library.wanted(&case) {
            let many: Vec<Value> = match search.kind() {
                "Condition" => (0..200).map(condition).collect(),
                "MedicationRequest" => (100..200).map(drug).collect(),
                "Observation" => vec![pressure(150, 95); 5],
                _ => (0..100)
                    .map(|at| json!({"resourceType": search.kind(), "id": format!("a{at}").as_str(), "code": {"text": format!("Chất số {at}").as_str()}}))
                    .collect(),
            };
            found.answer(search.text, many);
        }
        let verdict = library.judge(&case, &found);
        assert!(verdict.faults.is_empty() && verdict.unread.is_empty(), "{moment:?}: {:?}", verdict.faults);
        assert!(moment == Moment::Open || !verdict.cards.is_empty(), "{moment:?}");
    }
}
