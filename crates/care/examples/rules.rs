//! How long the rules take at the moment of entry: all of content's, for somebody whose record has many resources.
//!
//! `cargo run --release -p yba-care --example rules [resources] [rounds]` (4000 and 1000 when not given), on SQLite in a temporary folder.
//! It prints, for each moment and for all of them together, the median and the 99th percentile of the rules alone (what the record answers is
//! there), and of the whole question (the searches through the door, with their audit entries, and the rules).

#![allow(clippy::unwrap_used)] // a measurement fails by panicking

use std::time::{Duration, Instant};
use yba_care::advise;
use yba_content::{Content, Day};
use yba_fhir::Resource;
use yba_fhir::json::{Value, json};
use yba_records::Change;
use yba_rules::{Case, Found, Library, Moment};
use yba_testkit::Kit;

const PATIENT: &str = "p";
const ATC: &str = "http://www.whocc.no/atc";
const LOINC: &str = "http://loinc.org";

fn main() {
    let mut words = std::env::args().skip(1).map(|word| word.parse::<usize>().expect("a number"));
    let (resources, rounds) = (words.next().unwrap_or(4000), words.next().unwrap_or(1000));
    tokio::runtime::Runtime::new().unwrap().block_on(measure(resources, rounds));
}

fn pressure(at: Option<&str>, high: u64, low: u64) -> Value {
    let part = |code: &str, value: u64| {
        json!({"code": {"coding": [{"system": LOINC, "code": code}]},
        "valueQuantity": {"value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}})
    };
    let mut tree = json!({"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "subject": {"reference": "Patient/p"}, "component": [part("8480-6", high), part("8462-4", low)]});
    if let (Some(at), Some(object)) = (at, yba_fhir::json::JsonValueMutTrait::as_object_mut(&mut tree)) {
        object.insert("effectiveDateTime", at);
    }
    tree
}

fn measured(code: &str, value: u64, unit: &str, at: &str) -> Value {
    json!({"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p"}, "effectiveDateTime": at,
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}})
}

fn drug(id: &str, atc: &str, words: &str, status: &str, at: &str) -> Value {
    json!({"resourceType": "MedicationRequest", "id": id, "status": status, "intent": "order", "authoredOn": at,
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": atc}], "text": words}, "subject": {"reference": "Patient/p"},
        "dosageInstruction": [{"timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 500, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}]}]})
}

fn condition(icd: &str, at: &str) -> Value {
    json!({"resourceType": "Condition", "subject": {"reference": "Patient/p"}, "recordedDate": at,
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": icd}], "text": icd}})
}

/// The nth resource of a long record: measurements, diagnoses, drugs, doses, visits.
fn nth(n: usize, today: Day) -> Value {
    let at = format!("{}T08:00:00+07:00", today.plus_days(-(n as i64) / 2 - 1));
    let icd = ["J20.9", "K29.7", "M54.5", "I10", "E11.9", "J06.9", "A09", "H10.9"][n / 10 % 8];
    match n % 10 {
        0 => condition(icd, &at),
        1 => pressure(Some(&at), 130 + (n as u64 % 30), 80 + (n as u64 % 15)),
        2 => measured("29463-7", 50 + (n as u64 % 9), "kg", &at),
        3 => measured("8310-5", 37, "Cel", &at),
        4 | 5 => measured("14743-9", 6, "mmol/L", &at),
        6 => drug(
            &format!("t{n}"),
            ["C08CA01", "A10BA02", "M01AB05", "R06AE07"][n / 10 % 4],
            "Thuốc cũ",
            if n < 400 { "active" } else { "completed" },
            &at,
        ),
        7 => {
            json!({"resourceType": "Immunization", "status": "completed", "patient": {"reference": "Patient/p"}, "occurrenceDateTime": at.as_str(),
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "133"}]}})
        }
        8 => measured("8867-4", 76, "/min", &at),
        _ => {
            json!({"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": "Patient/p"},
            "period": {"start": at.as_str(), "end": at.as_str()}})
        }
    }
}

async fn fill(kit: &Kit, resources: usize, today: Day) {
    let mut all = vec![
        json!({"resourceType": "Patient", "id": PATIENT, "gender": "female", "birthDate": "1985-05-05", "name": [{"text": "Lò Thị Mẫu"}]}),
    ];
    for (at, words) in ["Penicilin", "Tôm, cua", "Ibuprofen", "Phấn hoa", "Neomycin"].iter().enumerate() {
        all.push(json!({"resourceType": "AllergyIntolerance", "id": format!("a{at}").as_str(), "patient": {"reference": "Patient/p"}, "code": {"text": *words},
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}}));
    }
    all.extend((all.len()..resources).map(|n| nth(n, today)));
    for part in all.chunks(500) {
        let changes = part.iter().map(|tree| Change::create(Resource::from_value(tree.clone()).unwrap()));
        kit.records.transact(&kit.ctx(), changes.collect()).await.unwrap();
    }
}

/// What is entered at a moment, so that as many rules as can be are asked in full.
fn entered(moment: Moment, now: &str) -> Vec<Value> {
    match moment {
        Moment::Open => Vec::new(),
        Moment::Visit => vec![
            pressure(None, 152, 96),
            measured("8310-5", 39, "Cel", now),
            measured("14743-9", 18, "mmol/L", now),
            json!({"resourceType": "QuestionnaireResponse", "status": "completed", "item": [{"linkId": "history", "item": [
                {"linkId": "complaint", "answer": [{"valueString": "Sốt 3 ngày, phát ban, chảy máu chân răng, không co giật"}]}]}]}),
            condition("J20.9", now),
        ],
        Moment::Vaccination => ["04", "178", "102", "133"]
            .iter()
            .map(|cvx| json!({"resourceType": "Immunization", "id": format!("i{cvx}").as_str(), "status": "completed", "occurrenceDateTime": now,
                "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": *cvx}], "text": *cvx}}))
            .collect(),
        Moment::Order => [("J01CA04", "Amoxicilin 500 mg"), ("N02BE01", "Paracetamol 500 mg"), ("C09CA01", "Losartan 50 mg"), ("A10BA02", "Metformin 500 mg"), ("M01AE01", "Ibuprofen 400 mg")]
            .iter()
            .map(|(atc, words)| drug(&format!("d{atc}"), atc, words, "draft", now))
            .collect(),
    }
}

async fn measure(resources: usize, rounds: usize) {
    let content = Content::built_in();
    let library = Library::load(&content).unwrap();
    let kit = yba_testkit::records();
    let today = Day::of_instant(kit.now_ms());
    let now = yba_fhir::date::instant(kit.now_ms());
    fill(&kit, resources, today).await;
    let ctx = kit.ctx();
    let patient = kit.records.read(&ctx, "Patient", PATIENT).await.unwrap().tree();
    println!("{} rules, a record of {resources} resources, {rounds} rounds", library.count(today));
    let (mut alone, mut whole) = (vec![Duration::ZERO; rounds], vec![Duration::ZERO; rounds]);
    for moment in [Moment::Open, Moment::Visit, Moment::Vaccination, Moment::Order] {
        let entered = entered(moment, &now);
        let case = Case { moment, now_ms: kit.now_ms(), patient: &patient, entered: &entered, beside: &[] };
        let mut found = Found::default();
        let wanted = library.wanted(&case);
        for search in &wanted {
            advise::answer(&kit.records, &ctx, *search, PATIENT, &mut found).await;
        }
        let cards = library.judge(&case, &found);
        assert!(cards.faults.is_empty() && cards.unread.is_empty(), "{cards:?}");
        let (mut here, mut asked) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let begun = Instant::now();
            let again = library.judge(&case, &found);
            here.push(begun.elapsed());
            alone[round] += begun.elapsed();
            assert_eq!(again.cards.len(), cards.cards.len());
            let begun = Instant::now();
            advise::advise(&kit.records, &ctx, &library, &case).await.unwrap();
            asked.push(begun.elapsed());
            whole[round] += begun.elapsed();
        }
        println!("{moment:?}: {} searches, {} cards", wanted.len(), cards.cards.len());
        told("  rules alone", here);
        told("  through the door", asked);
    }
    println!("all moments one after the other");
    told("  rules alone", alone);
    told("  through the door", whole);
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms", at(50), at(99));
}
