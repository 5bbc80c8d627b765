//! The tables of who is due, over a real store: kept current they say the same as made from nothing, on both engines.

// Helpers of tests are tests too: what cannot fail may say so by failing.
#![allow(clippy::unwrap_used)]

use yba_content::{Content, Day};
use yba_fhir::Resource;
use yba_fhir::json::{Value, json};
use yba_recall::chronic::PROGRAMME;
use yba_recall::list::List;
use yba_recall::{follower, list};
use yba_records::{Change, Ctx};
use yba_store::{Kin, Statement};
use yba_testkit::{Kit, each_engine};

fn put(tree: Value) -> Change {
    Change::put(Resource::from_value(tree).unwrap())
}

/// An address in the commune of all.
fn home(village: &str) -> Value {
    json!({"use": "home", "line": [village], "extension": [{"url": "https://yba.vn/fhir/StructureDefinition/admin-unit",
        "valueCoding": {"system": "https://yba.vn/fhir/CodeSystem/dvhc", "code": "03388"}}]})
}

fn child(id: usize, birth: &str, place: usize, village: &str) -> Change {
    put(
        json!({"resourceType": "Patient", "id": format!("c{id}").as_str(), "birthDate": birth, "gender": "female",
        "address": [home(village), home("chỗ ở tạm")],
        "managingOrganization": {"reference": format!("Organization/o{place}").as_str()}}),
    )
}

fn dose(id: usize, of: usize, vaccine: &str, day: &str, status: &str) -> Change {
    put(json!({"resourceType": "Immunization", "id": format!("i{id}").as_str(), "status": status,
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": vaccine}]},
        "patient": {"reference": format!("Patient/c{of}").as_str()}, "occurrenceDateTime": day}))
}

fn diagnosis(id: usize, of: usize, icd: &str, status: &str) -> Value {
    json!({"resourceType": "Condition", "id": format!("d{id}").as_str(), "subject": {"reference": format!("Patient/c{of}").as_str()},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": status}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": icd}]}, "recordedDate": "2026-05-03"})
}

fn appointment(id: usize, of: usize, programme: &str, day: &str, status: &str) -> Change {
    put(json!({"resourceType": "Appointment", "id": format!("a{id}").as_str(), "status": status,
        "serviceType": [{"coding": [{"system": PROGRAMME, "code": programme}]}], "requestedPeriod": [{"start": day}],
        "participant": [{"actor": {"reference": format!("Patient/c{of}").as_str()}, "status": "accepted"}]}))
}

/// All rows of what is due.
async fn rows(kit: &Kit) -> Vec<String> {
    let sql = "SELECT place, patient, list, series, person, number, due, late, until, birth, village FROM recall_due \
               ORDER BY place, patient, list, series";
    let rows = kit.records.store().query(sql, Vec::new()).await.unwrap();
    rows.iter().map(|row| format!("{row:?}")).collect()
}

/// A small generator: the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[tokio::test]
async fn what_is_kept_current_is_what_is_made_from_nothing() {
    each_engine(async |kit| {
        let content = Content::built_in();
        kit.advance_ms(250 * 86_400_000);
        let mut dice = Dice(7);
        let vaccines = ["08", "19", "102", "178", "10", "133", "05", "39", "99"];
        follower::prepare(&kit.records, &content).await.unwrap();
        for round in 0..60 {
            let mut changes = Vec::new();
            for _ in 0..5 {
                let (id, month, day) = (dice.below(12), 1 + dice.below(12), 1 + dice.below(28));
                changes.push(match dice.below(6) {
                    4 => put(diagnosis(
                        dice.below(20),
                        id,
                        ["I10", "I11.9", "J20"][dice.below(3)],
                        ["active", "active", "resolved"][dice.below(3)],
                    )),
                    5 => appointment(
                        dice.below(20),
                        id,
                        ["hypertension", "diabetes"][dice.below(2)],
                        &format!("2026-{month:02}-{day:02}"),
                        ["proposed", "proposed", "cancelled"][dice.below(3)],
                    ),
                    0 => child(
                        id,
                        &format!("2025-{month:02}-{day:02}"),
                        dice.below(3),
                        ["A", "B"][dice.below(2)],
                    ),
                    _ => {
                        let status =
                            ["completed", "completed", "not-done", "entered-in-error"][dice.below(4)];
                        let day = format!("2026-{month:02}-{day:02}");
                        dose(dice.below(60), id, vaccines[dice.below(9)], &day, status)
                    }
                });
            }
            for change in changes {
                // The same record twice in one call is refused; one after the other is what people do.
                kit.records.transact(&kit.ctx(), vec![change]).await.unwrap();
            }
            if round % 3 == 0 {
                follower::catch_up(&kit.records, &content).await.unwrap();
            }
        }
        kit.records.transact(&kit.ctx(), vec![Change::delete("Patient", "c1")]).await.ok();
        follower::catch_up(&kit.records, &content).await.unwrap();
        assert_eq!(follower::lag(&kit.records).await.unwrap(), 0);
        let kept = rows(&kit).await;
        assert!(kept.len() > 20, "{} rows", kept.len());
        let forget = Statement::new("UPDATE recall_layout SET edition = ?1", vec!["another".into()]);
        kit.records.store().keep(vec![forget]).await.unwrap();
        follower::catch_up(&kit.records, &content).await.unwrap();
        assert_eq!(rows(&kit).await, kept);
    })
    .await;
}

#[tokio::test]
async fn a_dose_in_another_file_of_the_person_counts_and_one_taken_back_does_not() {
    each_engine(async |kit| {
        let content = Content::built_in();
        kit.advance_ms(250 * 86_400_000);
        let store = kit.records.store();
        store.migrate(&["CREATE TABLE kin (patient TEXT PRIMARY KEY, person TEXT NOT NULL)"]).await.unwrap();
        let today = Day::of_instant(store.clock().now_ms());
        let birth = today.plus_months(-2).plus_days(-3).to_string();
        let all = vec![
            child(1, &birth, 1, "A"),
            child(2, &birth, 2, "B"),
            dose(1, 2, "102", &today.to_string(), "completed"),
        ];
        kit.records.transact(&kit.ctx(), all).await.unwrap();
        let asked = async |place: &str| {
            follower::catch_up(&kit.records, &content).await.unwrap();
            let places = std::collections::BTreeSet::from([format!("Organization/{place}")]);
            let found =
                list::called(&kit.records, &kit.ctx(), List::Vaccines, Some(&places), today).await.unwrap();
            let series =
                |one: &list::Called| one.asked.iter().map(|dose| dose.series.clone()).collect::<Vec<_>>();
            found.iter().map(series).collect::<Vec<_>>()
        };
        assert!(asked("o1").await[0].contains(&"dpt".to_owned()));
        assert!(!asked("o2").await[0].contains(&"dpt".to_owned()));
        // Both files turn out to be one child's.
        let same = ["c1", "c2"]
            .map(|id| Statement::new("INSERT INTO kin (patient, person) VALUES (?1, 'c1')", vec![id.into()]));
        store.derive("kin", store.head_t(), same.into()).await.unwrap();
        store.know_kin(Kin { table: "kin", patient: "patient", person: "person", follower: "kin" });
        let linkage = json!({"resourceType": "Linkage", "id": "l", "active": true, "item": [
            {"type": "source", "resource": {"reference": "Patient/c1"}},
            {"type": "alternate", "resource": {"reference": "Patient/c2"}}]});
        kit.records.transact(&kit.ctx(), vec![put(linkage)]).await.unwrap();
        assert!(
            asked("o1").await[0].contains(&"dpt".to_owned()),
            "nobody knows yet who is who at that moment"
        );
        store.derive("kin", store.head_t(), Vec::new()).await.unwrap();
        assert!(!asked("o1").await[0].contains(&"dpt".to_owned()), "the dose of the other file counts");
        kit.records
            .transact(&kit.ctx(), vec![dose(1, 2, "102", &today.to_string(), "entered-in-error")])
            .await
            .unwrap();
        store.derive("kin", store.head_t(), Vec::new()).await.unwrap();
        assert!(asked("o1").await[0].contains(&"dpt".to_owned()), "it was no dose");
    })
    .await;
}

#[tokio::test]
async fn of_two_files_of_one_person_that_of_the_place_is_shown() {
    each_engine(async |kit| {
        let content = Content::built_in();
        kit.advance_ms(250 * 86_400_000);
        let store = kit.records.store();
        store.migrate(&["CREATE TABLE kin (patient TEXT PRIMARY KEY, person TEXT NOT NULL)"]).await.unwrap();
        let today = Day::of_instant(store.clock().now_ms());
        let birth = today.plus_months(-2).to_string();
        // A hospital's file names the commune and no village, and stands first whichever way one sorts.
        let hospital = json!({"resourceType": "Patient", "id": "a", "birthDate": birth.as_str(), "gender": "female",
            "address": [{"extension": home("")["extension"].clone()}],
            "managingOrganization": {"reference": "Organization/a"}});
        let all = vec![put(hospital), child(1, &birth, 1, "Bản A"), child(2, &birth, 1, "Bản 2")];
        kit.records.transact(&kit.ctx(), all).await.unwrap();
        let same = ["a", "c1"]
            .map(|id| Statement::new("INSERT INTO kin (patient, person) VALUES (?1, 'a')", vec![id.into()]));
        store.derive("kin", store.head_t(), same.into()).await.unwrap();
        store.know_kin(Kin { table: "kin", patient: "patient", person: "person", follower: "kin" });
        follower::catch_up(&kit.records, &content).await.unwrap();
        let commune = "https://yba.vn/fhir/CodeSystem/dvhc|03388";
        let places = ["Organization/o1", commune].map(str::to_owned);
        let places = std::collections::BTreeSet::from(places);
        let found =
            list::called(&kit.records, &kit.ctx(), List::Vaccines, Some(&places), today).await.unwrap();
        let shown: Vec<_> = found.iter().map(|one| (one.village.as_str(), one.patient.as_str())).collect();
        assert_eq!(shown, [("Bản 2", "c2"), ("Bản A", "c1")], "by village");
    })
    .await;
}

#[tokio::test]
async fn whoever_is_dead_by_one_file_is_called_by_none() {
    each_engine(async |kit| {
        let content = Content::built_in();
        kit.advance_ms(250 * 86_400_000);
        let store = kit.records.store();
        store.migrate(&["CREATE TABLE kin (patient TEXT PRIMARY KEY, person TEXT NOT NULL)"]).await.unwrap();
        let birth = Day::of_instant(store.clock().now_ms()).plus_months(-2).to_string();
        let all = vec![child(1, &birth, 1, "A"), child(2, &birth, 2, "A"), child(3, &birth, 1, "A")];
        kit.records.transact(&kit.ctx(), all).await.unwrap();
        let same = ["c1", "c2"]
            .map(|id| Statement::new("INSERT INTO kin (patient, person) VALUES (?1, 'c1')", vec![id.into()]));
        store.derive("kin", store.head_t(), same.into()).await.unwrap();
        store.know_kin(Kin { table: "kin", patient: "patient", person: "person", follower: "kin" });
        let called = async |change: Change| {
            kit.records.transact(&kit.ctx(), vec![change]).await.unwrap();
            store.derive("kin", store.head_t(), Vec::new()).await.unwrap();
            follower::catch_up(&kit.records, &content).await.unwrap();
            let sql = "SELECT DISTINCT patient FROM recall_due ORDER BY patient";
            let rows = store.query(sql, Vec::new()).await.unwrap();
            rows.iter().map(|row| row.text(0).to_owned()).collect::<Vec<_>>()
        };
        let dead = json!({"resourceType": "Patient", "id": "c1", "birthDate": birth.as_str(), "deceasedDateTime": birth.as_str(),
            "managingOrganization": {"reference": "Organization/o1"}});
        assert_eq!(called(put(dead)).await, ["c3"], "not by the file of the other place either");
        assert_eq!(called(child(1, &birth, 1, "A")).await, ["c1", "c2", "c3"], "it was a mistake");
    })
    .await;
}

#[tokio::test]
async fn who_may_see_no_child_gets_no_list() {
    each_engine(async |kit| {
        let content = Content::built_in();
        kit.advance_ms(250 * 86_400_000);
        let today = Day::of_instant(kit.records.store().clock().now_ms());
        kit.records.transact(&kit.ctx(), vec![child(1, "2026-08-01", 1, "A")]).await.unwrap();
        follower::catch_up(&kit.records, &content).await.unwrap();
        let places = std::collections::BTreeSet::from(["Organization/o1".to_owned()]);
        let seen =
            list::called(&kit.records, &kit.ctx(), List::Vaccines, Some(&places), today).await.unwrap();
        assert_eq!(seen.len(), 1);
        let refused = Some(yba_fhir::Kind::Unauthenticated);
        let stranger = Ctx::stranger("test");
        let listed = list::called(&kit.records, &stranger, List::Vaccines, Some(&places), today).await;
        assert_eq!(listed.err().map(|refused| refused.kind), refused);
        let counted = list::facilities(&kit.records, &stranger, List::Vaccines, today).await;
        assert_eq!(counted.err().map(|refused| refused.kind), refused, "not even a count");
        let counted = list::facilities(&kit.records, &kit.ctx(), List::Vaccines, today).await.unwrap();
        assert_eq!(counted, [("Organization/o1".to_owned(), 1)]);
        let nowhere = list::called(&kit.records, &kit.ctx(), List::Vaccines, None, today).await;
        assert_eq!(nowhere.err().map(|refused| refused.kind), Some(yba_fhir::Kind::Invalid));
    })
    .await;
}

#[tokio::test]
async fn who_is_in_a_programme_is_expected_on_the_day_of_the_appointment() {
    each_engine(async |kit| {
        let content = Content::built_in();
        kit.advance_ms(250 * 86_400_000);
        let today = Day::of_instant(kit.records.store().clock().now_ms());
        let places = std::collections::BTreeSet::from(["Organization/o1".to_owned()]);
        let write = async |change| kit.records.transact(&kit.ctx(), vec![change]).await.map(|_| ()).unwrap();
        // Name, whether there was an appointment, day, whether it is late.
        let listed = async |until: Day| {
            follower::catch_up(&kit.records, &content).await.unwrap();
            let list = List::Programme("hypertension");
            let found = list::called(&kit.records, &kit.ctx(), list, Some(&places), until).await.unwrap();
            let line = |one: &list::Called| {
                let list::Asked { next, .. } = &one.asked[0];
                let yba_recall::Next::Wanted { number, due, .. } = next else { panic!("{next:?}") };
                format!("{} {number} {due} {}", one.patient, one.is_late(today))
            };
            found.iter().map(line).collect::<Vec<_>>()
        };
        // Old people know their year.
        write(child(1, "1950", 1, "A")).await;
        write(child(2, "1961-04-02", 1, "B")).await;
        write(child(3, "1958", 2, "A")).await;
        for (id, of) in [(1, 1), (2, 2), (3, 3)] {
            write(put(diagnosis(id, of, "I10", "active"))).await;
        }
        assert_eq!(listed(today).await, ["c1 0 2026-05-03 true", "c2 0 2026-05-03 true"], "nobody made an appointment");
        let (soon, past) = (today.plus_days(10), today.plus_days(-7));
        write(appointment(1, 1, "hypertension", &soon.to_string(), "proposed")).await;
        write(appointment(2, 2, "hypertension", &past.to_string(), "proposed")).await;
        write(appointment(3, 2, "diabetes", &soon.to_string(), "proposed")).await;
        assert_eq!(listed(today).await, [format!("c2 1 {past} true")]);
        assert_eq!(listed(soon).await, [format!("c1 1 {soon} false"), format!("c2 1 {past} true")]);
        // The next one is made, the one before stays as it was: the latest counts.
        write(appointment(4, 2, "hypertension", &soon.to_string(), "proposed")).await;
        assert_eq!(listed(today).await, Vec::<String>::new());
        // The last word counts, in whichever Condition it stands.
        write(put(diagnosis(4, 1, "I10", "resolved"))).await;
        assert_eq!(listed(soon).await, [format!("c2 1 {soon} false")]);
        write(put(diagnosis(1, 1, "I11.0", "active"))).await;
        assert_eq!(listed(soon).await.len(), 2);
        // What is sealed stands on no list.
        let mut sealed = diagnosis(1, 1, "I10", "active");
        sealed["meta"] = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]});
        write(put(sealed)).await;
        assert_eq!(listed(soon).await, [format!("c2 1 {soon} false")], "the other one says that it is resolved");
        let nobody = list::called(&kit.records, &Ctx::stranger("test"), List::Programme("hypertension"), Some(&places), soon).await;
        assert_eq!(nobody.unwrap_err().kind, yba_fhir::Kind::Unauthenticated);
    })
    .await;
}
