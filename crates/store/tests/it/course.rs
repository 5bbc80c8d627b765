//! Person and code have rows together: they find what both apart find, also while an older node makes them.

use crate::engine::meddle;
use crate::kit::*;
use yba_fhir::Outcome;
use yba_store::search::driver::Way;
use yba_store::{Indexing, Query, Scope, Store, World};
use yba_testkit::{Kit, engines};

/// An observation of these people and codes, as `system|code`.
fn course(id: &str, subject: &str, codings: &[&str], date: Option<&str>) -> yba_fhir::Resource {
    let coding = |one: &&str| {
        let (system, code) = one.split_once('|').unwrap_or(("", one));
        let system = if system.is_empty() { String::new() } else { format!(r#""system":"urn:{system}","#) };
        format!(r#"{{{system}"code":"{code}"}}"#)
    };
    let codings: Vec<String> = codings.iter().map(coding).collect();
    let date = date.map_or(String::new(), |date| format!(r#","effectiveDateTime":"{date}""#));
    resource(&format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","subject":{{"reference":"{subject}"}},"code":{{"coding":[{}]}}{date}}}"#,
        codings.join(",")
    ))
}

async fn some(store: &Store) {
    for (id, subject, codings, date) in [
        ("a", "Patient/p", vec!["l|1", "m|1", "l|2"], Some("2026-03-01")),
        ("b", "Patient/p", vec!["m|1"], Some("2026-05-01")),
        ("c", "Patient/p", vec!["1"], None),
        ("d", "Patient/q", vec!["l|1"], Some("2026-04-01")),
        ("e", "Patient/p", vec!["l|2"], Some("2026-06-01")),
        ("f", "Group/p", vec!["l|1"], Some("2026-07-01")),
        ("g", "Patient/p", vec!["l|1"], Some("2026-02-01")),
    ] {
        save(store, &course(id, subject, &codings, date)).await;
    }
}

/// What is asked, and what is found, newest first.
const ASKED: [(&str, &[&str]); 9] = [
    ("patient=p&code=1", &["b", "a", "g", "c"]),
    ("code=urn:l%7C1&patient=Patient/p", &["a", "g"]),
    ("subject=Patient/p&code=%7C1", &["c"]),
    ("subject=Patient/p,Patient/q&code=urn:l%7C1", &["d", "a", "g"]),
    ("patient=p&code=urn:l%7C1,urn:l%7C2", &["e", "a", "g"]),
    ("patient=p&code=urn:l%7C", &["e", "a", "g"]),
    ("patient=p&code:not=1", &["e"]),
    ("patient=p&code=1&code=2", &["a"]),
    ("subject=p&code=urn:l%7C1", &["f", "a", "g"]),
];

async fn asked(kit: &Kit) {
    for (text, found) in ASKED {
        assert_eq!(ids(kit.store(), "Observation", &format!("{text}&_sort=-date")).await, found, "{text}");
    }
}

#[tokio::test]
async fn a_course_is_in_the_order_of_its_dates() {
    let period = |id: &str, ends: &str| {
        resource(&format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","subject":{{"reference":"Patient/p"}},"code":{{"coding":[{{"code":"1"}}]}},"effectivePeriod":{{{ends}}}}}"#
        ))
    };
    for kit in engines() {
        some(kit.store()).await;
        save(kit.store(), &period("h", r#""start":"2026-04-15","end":"2026-09-01""#)).await;
        save(kit.store(), &period("i", r#""end":"2026-01-01""#)).await;
        save(kit.store(), &course("j", "Patient/p", &["1"], Some("1890"))).await;
        save(kit.store(), &course("k", "Patient/p", &["1"], Some("9999-12-31T23:59:59.999Z"))).await;
        for (sort, found) in [
            ("date", ["i", "j", "g", "a", "h", "b", "k", "c"]),
            ("-date", ["k", "b", "h", "a", "g", "j", "i", "c"]),
        ] {
            let joined = format!("patient=p&code=1&_sort={sort}");
            assert_eq!(ids(kit.store(), "Observation", &joined).await, found, "{sort}");
            let apart = format!("patient=p&code=1,nothing&_sort={sort}");
            assert_eq!(
                ids(kit.store(), "Observation", &apart).await,
                found,
                "{sort}: the same by each record"
            );
            let query = Query::parse_string("Observation", &format!("{joined}&_count=1")).unwrap();
            let (mut one_by_one, mut cursor) = (Vec::new(), None);
            loop {
                let page = kit.store().search(&query, &Scope::All, cursor.as_deref()).await.unwrap();
                one_by_one.extend(page.matches.into_iter().map(|one| one.id));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(one_by_one, found, "{sort}, a page for each");
        }
    }
}

/// Knows where it is, and nothing else.
struct Based;

impl World for Based {
    fn base(&self) -> &str {
        "https://yba.example/fhir"
    }

    fn related(&self, _: &str, _: &str, _: bool) -> Result<Vec<(String, String)>, Outcome> {
        Ok(Vec::new())
    }

    fn members(&self, _: &str) -> Result<Vec<(String, String)>, Outcome> {
        Ok(Vec::new())
    }

    fn units(&self) -> Vec<String> {
        Vec::new()
    }
}

async fn begins_from(store: &Store) -> Option<String> {
    let query = Query::parse_string("Observation", "patient=p&code=urn:l%7C1&_sort=-date").unwrap();
    let plan = store.explain(&[query], &Scope::All).await.unwrap();
    assert!(matches!(plan.steps[0].way, Way::Clause(_)), "{:?}", plan.steps);
    // A node that knows its address looks for either form of the person's.
    let pairs = yba_store::search::query::decode_pairs("patient=p&code=urn:l%7C1&_sort=-date");
    let query = Query::parse_each(&["Observation"], &pairs, &Based).unwrap();
    let plan = store.explain(&query, &Scope::All).await.unwrap();
    let engine = plan.engine.join("\n");
    assert!(
        !engine.contains("ix_pair_find") || engine.contains("p=? AND code=?"),
        "each key is looked up: {engine}"
    );
    plan.steps[0].from.clone()
}

#[tokio::test]
async fn person_and_code_find_what_both_apart_would() {
    for kit in engines() {
        some(kit.store()).await;
        asked(&kit).await;
        assert_eq!(begins_from(kit.store()).await.as_deref(), Some("subject+code"));
        let narrowed = Scope::Patients(vec!["q".to_owned()].into_iter().collect());
        let query = Query::parse_string("Observation", "subject=Patient/p,Patient/q&code=urn:l%7C1").unwrap();
        let found = kit.store().search(&query, &narrowed, None).await.unwrap();
        assert_eq!(found.matches.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["d"]);
        // Another code, another person, and gone.
        save(kit.store(), &course("a", "Patient/p", &["l|9"], Some("2026-03-01"))).await;
        save(kit.store(), &course("d", "Patient/p", &["l|1"], Some("2026-04-01"))).await;
        delete(kit.store(), "Observation", "g").await;
        assert_eq!(ids(kit.store(), "Observation", "patient=p&code=urn:l%7C1").await, ["d"]);
    }
}

#[tokio::test]
async fn rows_that_are_not_made_yet_hide_nothing() {
    for mut kit in engines() {
        // As nodes left them that knew no courses, and courses without dates.
        for (older, rows) in [("6", "DELETE FROM ix_pair"), ("8", "UPDATE ix_pair SET low = 0, high = 0")] {
            some(kit.store()).await;
            meddle(&kit, rows, &[]);
            meddle(&kit, &format!("UPDATE meta SET value = '{older}' WHERE name = 'index'"), &[]);
            kit = kit.reopened().await;
            // However far it has come, everything is found.
            asked(&kit).await;
            kit.store().indexing().wait_for(Indexing::is_done).await.unwrap();
            asked(&kit).await;
            assert_eq!(begins_from(kit.store()).await.as_deref(), Some("subject+code"));
        }
    }
}
