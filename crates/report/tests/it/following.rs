//! The log alone determines the tables: kept current through thousands of changes they are what they are when derived
//! from nothing.

use crate::house::{diagnosis, listed, person, prepared, put, visit, write};
use yba_fhir::json::{Value, json};
use yba_records::{Change, Ctx};
use yba_report::follower;
use yba_testkit::{Kit, each_engine, records};

/// Chance that is the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn change(dice: &mut Dice) -> Change {
    let (n, p, e) = (dice.below(40), dice.below(12), dice.below(40));
    let (kind, id) = match dice.below(5) {
        0 => ("Patient", format!("p{p}")),
        1 => ("Encounter", format!("e{n}")),
        2 => ("Condition", format!("d{n}")),
        3 => ("Immunization", format!("i{n}")),
        _ => ("Observation", format!("o{n}")),
    };
    if dice.below(6) == 0 {
        return Change::delete(kind, id);
    }
    let (facility, start) =
        (["a", "b"][dice.below(2) as usize], format!("2026-0{}-1{}", 1 + dice.below(3), dice.below(9)));
    let (p, e) = (format!("p{p}"), format!("e{e}"));
    let mut tree = match kind {
        "Patient" => person(
            &id,
            ["male", "female"][dice.below(2) as usize],
            &format!("20{}-05-05", 10 + dice.below(15)),
        ),
        "Encounter" => visit(&id, &p, facility, &start),
        "Condition" => diagnosis(&id, &p, &e, &format!("J{}", 10 + dice.below(30))),
        "Immunization" => json!({"resourceType": "Immunization", "id": id.as_str(), "status": "completed",
            "vaccineCode": {"text": "BCG"}, "patient": {"reference": format!("Patient/{p}")},
            "occurrenceDateTime": start.as_str(),
            "performer": [{"actor": {"reference": format!("Organization/{facility}")}}]}),
        _ => json!({"resourceType": "Observation", "id": id.as_str(), "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "69453-9"}]},
            "subject": {"reference": format!("Patient/{p}")}, "valueCodeableConcept": {"text": "Cũ"}}),
    };
    match (kind, dice.below(4)) {
        ("Patient", 0) => tree["deceasedDateTime"] = Value::from(start.as_str()),
        ("Encounter", 0) => tree["status"] = Value::from("entered-in-error"),
        ("Encounter", 1) => tree["period"] = json!({"start": "2026"}),
        ("Immunization", 0) => tree["status"] = Value::from("not-done"),
        ("Observation", 0) => tree["status"] = Value::from("entered-in-error"),
        _ => {}
    }
    put(tree)
}

/// Every row of every table.
async fn dump(kit: &Kit) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "SELECT view FROM report_view ORDER BY view",
        "SELECT view, record, n, version, day, facility, patient, cells FROM report_row ORDER BY view, record, n",
        "SELECT view, record, n, version, key, cells FROM report_part ORDER BY view, record, n",
        "SELECT view, record, reason FROM report_fault ORDER BY view, record",
    ] {
        all.extend(kit.store().query(sql, Vec::new()).await.unwrap().iter().map(|row| format!("{row:?}")));
    }
    all
}

#[tokio::test]
async fn kept_current_is_the_same_as_derived_from_nothing() {
    each_engine(async |kit| {
        prepared(&kit).await;
        let mut dice = Dice(7);
        for turn in 0..400 {
            for _ in 0..1 + dice.below(9) {
                write(&kit, vec![change(&mut dice)]).await;
            }
            if turn % 7 == 0 {
                follower::catch_up(&kit.records).await.unwrap();
            }
        }
        let done = follower::catch_up(&kit.records).await.unwrap();
        assert!(done.views == 0 && follower::lag(&kit.records).await.unwrap() == 0);
        let kept = dump(&kit).await;
        assert!(kept.len() > 100, "{}", kept.len());
        let done = follower::rebuild(&kit.records).await.unwrap();
        assert!(done.views >= 6 && done.changed == 0);
        assert_eq!(kept, dump(&kit).await);
        assert_eq!(follower::catch_up(&kit.records).await.unwrap(), follower::Done::default());
    })
    .await;
}

#[tokio::test]
async fn a_row_shows_what_its_person_and_its_diagnoses_are_now() {
    each_engine(async |kit| {
        let library = prepared(&kit).await;
        let ctx = kit.ctx();
        write(&kit, vec![put(visit("e", "p", "a", "2026-02-03"))]).await;
        assert_eq!(listed(&kit, &library, &ctx, Some("a")).await, [("e".to_owned(), String::new())]);
        write(&kit, vec![put(person("p", "female", "1990-01-01"))]).await;
        assert_eq!(listed(&kit, &library, &ctx, Some("a")).await[0].1, "Người Thử p");
        let mut renamed = person("p", "female", "1990-01-01");
        renamed["name"] = json!([{"text": "Lò Thị Mẫu"}]);
        write(&kit, vec![put(renamed)]).await;
        assert_eq!(listed(&kit, &library, &ctx, Some("a")).await[0].1, "Lò Thị Mẫu");
        assert_eq!(listed(&kit, &library, &ctx, Some("b")).await, []);
        write(&kit, vec![put(visit("e", "p", "b", "2026-02-03"))]).await;
        assert_eq!(listed(&kit, &library, &ctx, Some("a")).await, []);
        assert_eq!(listed(&kit, &library, &ctx, None).await.len(), 1);
        write(&kit, vec![Change::delete("Encounter", "e")]).await;
        assert_eq!(listed(&kit, &library, &ctx, None).await, []);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_answered_before_the_registers_are_prepared_or_far_behind() {
    let kit = records();
    let library = crate::house::library();
    let days = Some((crate::house::day("2026-02-01"), crate::house::day("2026-02-28")));
    let register = crate::house::visits(&library);
    let list = async |ctx: &Ctx| {
        yba_report::listing::list(&kit.records, ctx, register, None, days, &crate::house::ALL).await
    };
    let refused = list(&kit.ctx()).await.unwrap_err();
    assert_eq!(refused.issues[0].key, "registers-not-ready");
    follower::prepare(&kit.records, library.clone()).await.unwrap();
    assert!(list(&kit.ctx()).await.unwrap().rows.is_empty());
    assert_eq!(follower::catch_up(&kit.records).await.unwrap().changed, 0);
    // As if very much had come in since.
    kit.store().derive("report", -follower::BEHIND_MAX - 1, Vec::new()).await.unwrap();
    assert_eq!(list(&kit.ctx()).await.unwrap_err().kind, yba_fhir::Kind::Unavailable);
    kit.store().derive("report", -follower::BEHIND_MAX, Vec::new()).await.unwrap();
    assert!(list(&kit.ctx()).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn the_follower_runs_beside_the_work_until_it_is_told_to_stop() {
    let kit = records();
    let library = crate::house::library();
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(follower::run(kit.records.clone(), library, stopping));
    write(&kit, vec![put(visit("e", "p", "a", "2026-02-03"))]).await;
    for _ in 0..2000 {
        let known = kit.store().query("SELECT count(*) FROM report_row", Vec::new()).await;
        if known.is_ok_and(|rows| rows[0].int(0) == 1) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let rows = kit.store().query("SELECT day FROM report_row", Vec::new()).await.unwrap();
    assert_eq!(rows[0].int(0), 20_260_203);
    stop.send(true).unwrap();
    running.await.unwrap();
}
