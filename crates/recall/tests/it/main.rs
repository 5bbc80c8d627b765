//! The tables of who is due, over a real store: kept current they say the same as made from nothing, on both engines.

// Helpers of tests are tests too: what cannot fail may say so by failing.
#![allow(clippy::unwrap_used)]

mod cohort;

use std::collections::BTreeSet;
use yba_content::{Content, Day};
use yba_fhir::Resource;
use yba_fhir::json::{Value, json};
use yba_recall::book::{self, Wanting, Which};
use yba_recall::chronic::PROGRAMME;
use yba_recall::coverage::{self, Reached};
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

fn visit(id: usize, of: usize, day: &str, status: &str) -> Value {
    json!({"resourceType": "Encounter", "id": format!("e{id}").as_str(), "status": status, "class": {"code": "AMB"},
        "subject": {"reference": format!("Patient/c{of}").as_str()}, "period": {"start": day}})
}

fn check(id: usize, of: usize, day: &str, status: &str) -> Change {
    let mut tree = with_subject(check_tree(id, &Day::parse(day).unwrap()), &format!("c{of}"));
    tree["status"] = json!(status);
    put(tree)
}

/// All rows of what is due, and of the book.
async fn rows(kit: &Kit) -> Vec<String> {
    let due = "SELECT place, patient, list, series, person, number, due, late, until, birth, village FROM recall_due \
               ORDER BY place, patient, list, series";
    let book = "SELECT place, patient, person, village, household, birth, missing, doctor, seen, checked FROM recall_member \
                ORDER BY place, patient, village";
    let mut all = Vec::new();
    for sql in [due, book] {
        let rows = kit.records.store().query(sql, Vec::new()).await.unwrap();
        all.extend(rows.iter().map(|row| format!("{row:?}")));
    }
    all
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
                changes.push(match dice.below(8) {
                    6 => put(visit(
                        dice.below(20),
                        id,
                        &format!("2026-{month:02}-{day:02}"),
                        ["finished", "finished", "planned", "entered-in-error"][dice.below(4)],
                    )),
                    7 => check(
                        dice.below(20),
                        id,
                        &format!("2026-{month:02}-{day:02}"),
                        ["completed", "completed", "entered-in-error"][dice.below(3)],
                    ),
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
        assert!(kept.len() > 40, "{} rows", kept.len());
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

/// A Patient of the first station with a household and all that a record begins with, but for what is left out.
fn member(id: &str, birth: &str, village: &str, household: &str, relation: &str) -> Value {
    let extension = |slug: &str, name: &str, value: Value| {
        let mut one = json!({"url": format!("https://yba.vn/fhir/StructureDefinition/{slug}").as_str()});
        one[name] = value;
        one
    };
    let mut address = home(village);
    address["city"] = json!("Xã Bản Bo");
    let household = [("ma-ho-gia-dinh", household), ("quan-he-chu-ho", relation)];
    let household = household.into_iter().filter(|(_, text)| !text.is_empty());
    let coded = [("dan-toc", json!({"code": "08"})), ("nghe-nghiep", json!({"code": "63000"}))];
    let extensions: Vec<Value> = coded
        .into_iter()
        .map(|(slug, coding)| extension(slug, "valueCoding", coding))
        .chain(household.map(|(slug, text)| extension(slug, "valueString", json!(text))))
        .collect();
    json!({"resourceType": "Patient", "id": id, "birthDate": birth, "gender": "female", "name": [{"text": id}],
        "identifier": [{"system": "https://yba.vn/fhir/sid/cccd", "value": "012190001234"}],
        "extension": extensions,
        "address": [address], "managingOrganization": {"reference": "Organization/o1"}})
}

#[tokio::test]
async fn the_household_book_is_what_the_records_say() {
    each_engine(async |kit| {
        let content = Content::built_in();
        kit.advance_ms(250 * 86_400_000);
        let today = Day::of_instant(kit.records.store().clock().now_ms());
        let since = today.plus_months(-12);
        let places = std::collections::BTreeSet::from(["Organization/o1".to_owned()]);
        let write = async |tree: Value| {
            kit.records.transact(&kit.ctx(), vec![put(tree)]).await.unwrap();
            follower::catch_up(&kit.records, &content).await.unwrap();
        };
        let names = async |which: Which<'_>| {
            let found = book::lines(&kit.records, &kit.ctx(), &places, which).await.unwrap();
            found.iter().map(|one| one.patient.clone()).collect::<Vec<_>>()
        };
        let shares = async || {
            let found = book::villages(&kit.records, &kit.ctx(), &places, since).await.unwrap();
            let of = |(village, one): &(String, book::Shares)| {
                let book::Shares { people, households, begun, seen, checked, doctors } = one;
                format!("{village} {people} {households} {begun} {seen} {checked} {doctors}")
            };
            found.iter().map(of).collect::<Vec<_>>()
        };
        write(member("cha", "1980-01-01", "Bản A", "H-1", "Chủ hộ")).await;
        write(member("con", "2015-01-01", "Bản A", "H-1", "Con")).await;
        // Nobody knows when she was born, or in which household she lives.
        let mut poor = member("ba", "1940", "Bản B", "", "");
        yba_fhir::json::JsonValueMutTrait::as_object_mut(&mut poor).unwrap().remove(&"birthDate");
        write(poor).await;
        assert_eq!(shares().await, ["Bản A 2 1 2 0 0 0", "Bản B 1 0 0 0 0 0"]);
        let missing = book::lines(&kit.records, &kit.ctx(), &places, Which::Village("Bản B")).await.unwrap();
        assert_eq!(missing[0].missing, ["birth", "household"]);
        assert_eq!(names(Which::Household("H-1")).await, ["cha", "con"]);
        assert_eq!(names(Which::Wanting(Wanting::Items, since, None)).await, ["ba"]);
        assert_eq!(names(Which::Wanting(Wanting::Household, since, Some("Bản A"))).await, Vec::<String>::new());

        let of = |tree: &mut Value, patient: &str| {
            tree["subject"] = json!({"reference": format!("Patient/{patient}").as_str()});
        };
        let mut seen = visit(1, 0, &today.plus_days(-30).to_string(), "finished");
        of(&mut seen, "cha");
        write(seen.clone()).await;
        assert_eq!(shares().await[0], "Bản A 2 1 2 1 0 0");
        // What is sealed is no visit of the book, and neither is what was a mistake.
        let mut sealed = visit(2, 0, &today.to_string(), "finished");
        of(&mut sealed, "con");
        sealed["meta"] = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]});
        write(sealed).await;
        seen["status"] = json!("entered-in-error");
        write(seen).await;
        assert_eq!(shares().await[0], "Bản A 2 1 2 0 0 0");

        write(with_subject(check_tree(1, &since.plus_days(-1)), "cha")).await;
        assert_eq!(shares().await[0], "Bản A 2 1 2 1 0 0", "a check of the year before is a visit, and no check of this year");
        write(with_subject(check_tree(2, &since), "cha")).await;
        assert_eq!(shares().await[0], "Bản A 2 1 2 1 1 0");
        assert_eq!(names(Which::Wanting(Wanting::Check, since, Some("Bản A"))).await, ["con"]);
        assert_eq!(names(Which::Wanting(Wanting::Visit, since, None)).await, ["con", "ba"]);

        let mut child = member("con", "2015-01-01", "Bản A", "H-1", "Con");
        child["generalPractitioner"] = json!([{"reference": "Practitioner/bs"}]);
        write(child).await;
        assert_eq!(shares().await[0], "Bản A 2 1 2 1 1 1");
        let total = book::facilities(&kit.records, &kit.ctx(), since).await.unwrap();
        assert_eq!((total.len(), total[0].0.as_str(), total[0].1.people), (1, "Organization/o1", 3));

        let mut dead = member("cha", "1980-01-01", "Bản A", "H-1", "Chủ hộ");
        dead["deceasedBoolean"] = json!(true);
        write(dead).await;
        assert_eq!(names(Which::Household("H-1")).await, ["con"], "the book is of the living");

        let stranger = Ctx::stranger("test");
        let refused = Some(yba_fhir::Kind::Unauthenticated);
        let listed = book::lines(&kit.records, &stranger, &places, Which::Village("Bản A")).await;
        assert_eq!(listed.err().map(|refused| refused.kind), refused);
        let counted = book::villages(&kit.records, &stranger, &places, since).await;
        assert_eq!(counted.err().map(|refused| refused.kind), refused, "not even a count");
        let nowhere = book::lines(&kit.records, &kit.ctx(), &Default::default(), Which::Village("Bản A")).await;
        assert_eq!(nowhere.err().map(|refused| refused.kind), Some(yba_fhir::Kind::Invalid));
    })
    .await;
}

fn check_tree(id: usize, day: &Day) -> Value {
    json!({"resourceType": "QuestionnaireResponse", "id": format!("k{id}").as_str(), "status": "completed",
        "questionnaire": "https://yba.vn/fhir/Questionnaire/periodic-check|2026-01-01",
        "authored": format!("{day}T08:00:00+07:00").as_str()})
}

fn with_subject(mut tree: Value, patient: &str) -> Value {
    tree["subject"] = json!({"reference": format!("Patient/{patient}").as_str()});
    tree
}
#[tokio::test]
async fn a_campaign_calls_who_it_aims_at_whatever_they_had_and_nobody_elsewhere() {
    each_engine(async |kit| {
        let content = Content::built_in();
        let now = Day::of_instant(kit.now_ms());
        let on = Day::parse("2026-12-10").unwrap();
        kit.advance_ms((on.days_since_epoch() - now.days_since_epoch()) * 86_400_000);
        follower::prepare(&kit.records, &content).await.unwrap();
        let child = |id: &str, birth: &str, place: &str| {
            put(json!({"resourceType": "Patient", "id": id, "birthDate": birth, "gender": "male",
                "address": [{"use": "home", "line": [if id == "c2" { "Bản Hon" } else { "Nà Khương" }]}],
                "managingOrganization": {"reference": format!("Organization/{place}").as_str()}}))
        };
        let all = vec![
            child("c1", "2023-05-01", "tram-mau"),
            child("c2", "2023-06-01", "tram-mau"),
            child("c3", "2019-06-01", "tram-mau"),
            child("c4", "2023-05-01", "tram-khac"),
            // Had everything by age, and is called all the same.
            dose(1, 1, "05", "2024-02-05", "completed"),
            dose(2, 1, "04", "2024-11-05", "completed"),
            // Was given it in the campaign.
            dose(3, 2, "04", "2026-12-02", "completed"),
        ];
        kit.records.transact(&kit.ctx(), all).await.unwrap();
        follower::catch_up(&kit.records, &content).await.unwrap();
        let asked = async |place: &str| -> Vec<String> {
            let places = BTreeSet::from([format!("Organization/{place}")]);
            let all =
                list::called(&kit.records, &kit.ctx(), List::Vaccines, Some(&places), on).await.unwrap();
            let of = |one: &list::Called| one.asked.iter().any(|asked| asked.series == "mr-bo-sung");
            all.iter().filter(|one| of(one)).map(|one| one.patient.clone()).collect()
        };
        assert_eq!(asked("tram-mau").await, ["c1"]);
        assert_eq!(asked("tram-khac").await, [""; 0]);
        let places = BTreeSet::from(["Organization/tram-mau".to_owned()]);
        let born = (Day::parse("2021-12-01").unwrap(), Day::parse("2025-12-01").unwrap());
        let covered =
            coverage::cohort(&kit.records, &kit.ctx(), &content, &places, born, None).await.unwrap();
        let key = ("mr-bo-sung".to_owned(), 1);
        let how: Vec<_> =
            covered.iter().map(|one| (one.village.as_str(), one.doses.get(&key).copied())).collect();
        assert_eq!(how, [("Bản Hon", Some(Reached::InTime)), ("Nà Khương", Some(Reached::Waiting))]);
    })
    .await;
}
