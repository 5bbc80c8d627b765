use super::{Links, page};
use std::collections::{BTreeMap, HashMap};
use yba_fhir::json::json;
use yba_mpi::evidence::{Reason, Verdict};
use yba_mpi::patient::Summary;
use yba_mpi::person::{PairNote, PersonRecord};
use yba_mpi::story::Chapter;

fn summary(id: &str, name: &str) -> Summary {
    Summary::of(
        &json!({"resourceType": "Patient", "id": id, "name": [{"text": name}], "birthDate": "1990-01-02"}),
    )
}

fn links(names: &[&str]) -> Links {
    let patients: Vec<Summary> =
        names.iter().enumerate().map(|(at, name)| summary(&format!("p{at}"), name)).collect();
    let reasons = vec![Reason::of_code("cccd-same", 24.0).unwrap()];
    let link = PairNote {
        linkage: "lk".into(),
        first: "p0".into(),
        second: "p1".into(),
        weight: 40,
        reasons: reasons.clone(),
        by_person: false,
        by: "yba-mpi/evidence-1 2026-11-22.8192".into(),
        act: String::new(),
    };
    let chapter = |verdict, by: &str, undo: Option<&str>| Chapter {
        at: "2026-11-22T08:00:00+07:00".into(),
        first: "p0".into(),
        second: "p9".into(),
        verdict,
        reasons: reasons.clone(),
        by: by.into(),
        by_person: undo.is_some(),
        undo: undo.map(str::to_owned),
    };
    Links {
        id: "p0".into(),
        record: PersonRecord {
            id: "p0".into(),
            patients,
            links: vec![link],
            doubts: Vec::new(),
            numbers: Vec::new(),
        },
        story: vec![
            chapter(Verdict::Apart, "account/mai.lo", Some("a-1")),
            chapter(Verdict::Doubt, "yba-mpi/evidence-1 usual", None),
        ],
        facilities: HashMap::new(),
        called: BTreeMap::from([("p0".to_owned(), "Lò Thị Mai (Cơ sở 12001)".to_owned())]),
    }
}

#[test]
fn each_record_can_be_parted_and_each_act_of_a_person_undone() {
    let markup = page::page(&links(&["Lò Thị Mai", "LO THI MAI"]), None).0;
    assert_eq!(markup.matches("Tách hồ sơ này").count(), 2, "{markup}");
    assert_eq!(
        markup.matches("name=\"act\" value=\"a-1\"").count(),
        1,
        "the machine's words are not undone here"
    );
    for part in [
        "Máy (trọng số 2026-11-22.8192): Trùng số định danh cá nhân",
        "Tài khoản mai.lo",
        "Xác định là hai người",
        "Lò Thị Mai (Cơ sở 12001) – một hồ sơ khác",
    ] {
        assert!(markup.contains(part), "{part}: {markup}");
    }
}

#[test]
fn a_single_record_has_nothing_to_part() {
    let markup = page::page(&links(&["Lò Thị Mai"]), None).0;
    assert!(!markup.contains("Tách hồ sơ này") && markup.contains("không có gì để tách"), "{markup}");
}
