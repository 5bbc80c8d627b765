use super::*;
use crate::notify::case::cases;
use yba_content::Content;
use yba_fhir::json::to_string;
use yba_testkit::{Kit, each_engine};

fn condition(id: &str, patient: &str, code: &str, day: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}").as_str()},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}]}, "recordedDate": day})
}

/// Cases of measles by patient and day.
fn measles<'c>(content: &'c Content, all: &[(&str, &str)]) -> Vec<Case<'c>> {
    let trees =
        all.iter().map(|(patient, day)| condition(&format!("c-{patient}"), patient, "B05.9", day)).collect();
    cases(content, trees, &[], &BTreeMap::new())
}

fn here(_: &Case<'_>) -> Place {
    Place { key: "urn:x|1".into(), words: "Xã Bản Bo".into() }
}

/// The patients of each cluster, and how many are missing in its outbreak.
fn told(cases: &[Case<'_>], outbreaks: &[Outbreak]) -> Vec<(Vec<String>, usize)> {
    let found = clusters(cases, here, outbreaks);
    let of = |one: &Cluster<'_, '_>| one.cases.iter().map(|case| case.patient.clone()).collect();
    found.iter().map(|one| (of(one), one.missing().len())).collect()
}

fn known(patients: &[&str], is_active: bool) -> Outbreak {
    Outbreak {
        id: "od".into(),
        version: "1".into(),
        name: "x".into(),
        disease: "measles".into(),
        place: Place { key: "urn:x|1".into(), words: "x".into() },
        is_active,
        keeper: String::new(),
        first: String::new(),
        last: String::new(),
        members: patients.iter().map(|one| ((*one).to_owned(), String::new())).collect(),
    }
}

#[test]
fn cases_near_each_other_in_one_place_are_a_cluster() {
    let content = Content::built_in();
    let of = |all: &[(&str, &str)], outbreaks: &[Outbreak]| told(&measles(&content, all), outbreaks);
    let some = |patients: &[&str], missing: usize| {
        vec![(patients.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>(), missing)]
    };
    // Measles: two within 21 days.
    assert_eq!(of(&[("a", "2026-11-01")], &[]), vec![]);
    assert_eq!(of(&[("a", "2026-11-01"), ("b", "2026-11-22")], &[]), some(&["a", "b"], 2));
    assert_eq!(of(&[("a", "2026-11-01"), ("b", "2026-11-23")], &[]), vec![]);
    // Neighbours draw neighbours in; of two runs the newer counts.
    let run = [
        ("a", "2026-09-01"),
        ("b", "2026-09-02"),
        ("c", "2026-10-25"),
        ("d", "2026-11-10"),
        ("e", "2026-11-20"),
    ];
    assert_eq!(of(&run, &[]), some(&["c", "d", "e"], 3));
    // An outbreak that goes on takes what comes near it, even one case, and not what came long after.
    assert_eq!(of(&[("a", "2026-11-01"), ("b", "2026-11-20")], &[known(&["a"], true)]), some(&["a", "b"], 1));
    assert_eq!(of(&[("a", "2026-10-01"), ("b", "2026-11-20")], &[known(&["a"], true)]), some(&["a"], 0));
    assert_eq!(of(&[("b", "2026-11-20")], &[known(&["a"], true)]), vec![]);
    // One that is over takes nothing.
    assert_eq!(
        of(&[("a", "2026-11-01"), ("b", "2026-11-20")], &[known(&["a"], false)]),
        some(&["a", "b"], 2)
    );
}

#[test]
fn nobody_without_a_place_and_no_disease_without_a_number_is_in_a_cluster() {
    let content = Content::built_in();
    let two = measles(&content, &[("a", "2026-11-20"), ("b", "2026-11-21")]);
    assert!(clusters(&two, |_| Place::default(), &[]).is_empty());
    let apart = |case: &Case<'_>| Place { key: case.patient.clone(), words: String::new() };
    assert!(clusters(&two, apart, &[]).is_empty());
    let tb = ["a", "b"].map(|one| condition(one, one, "A15.0", "2026-11-20"));
    assert!(clusters(&cases(&content, tb.to_vec(), &[], &BTreeMap::new()), here, &[]).is_empty());
}

async fn write_all(kit: &Kit, trees: Vec<Value>) {
    let changes = trees.into_iter().map(|tree| Change::put(Resource::from_value(tree).unwrap())).collect();
    kit.records.transact(&kit.ctx(), changes).await.unwrap();
}

#[tokio::test]
async fn an_outbreak_is_written_once_grows_and_ends() {
    each_engine(async |kit| {
        let content = Content::built_in();
        let (records, ctx) = (&kit.records, kit.ctx());
        let patients = ["a", "b", "c"].map(|id| json!({"resourceType": "Patient", "id": id}));
        write_all(&kit, patients.to_vec()).await;
        let mut two = measles(&content, &[("a", "2026-11-18"), ("b", "2026-11-20")]);
        let sealed = json!({"security": [{"system": "urn:s", "code": "HIV"}]});
        two[1].conditions[0]["meta"] = sealed;
        let found = clusters(&two, here, &[]);
        let id = write(records, &ctx, &found[0], Some("tram")).await.unwrap();
        assert_eq!(write(records, &ctx, &found[0], Some("tram")).await.unwrap(), id);
        let known = all(records, &ctx).await.unwrap();
        assert_eq!(known.len(), 1);
        assert_eq!(
            (known[0].name.as_str(), known[0].first.as_str()),
            ("Ổ dịch Sởi, Xã Bản Bo", "2026-11-18")
        );
        assert!(known[0].is_active && known[0].keeper == "tram" && known[0].members.len() == 2);
        let tree = records.read(&ctx, "Group", &id).await.unwrap().tree();
        assert!(to_string(&tree["meta"]["security"]).unwrap().contains("HIV"), "hidden as its cases are");

        let three = measles(&content, &[("a", "2026-11-18"), ("b", "2026-11-20"), ("c", "2026-11-22")]);
        let found = clusters(&three, here, &known);
        assert_eq!(found[0].missing().len(), 1);
        assert_eq!(write(records, &ctx, &found[0], None).await.unwrap(), id);
        assert_eq!(write(records, &ctx, &found[0], None).await.unwrap(), id);
        let grown = one(records, &ctx, &id).await.unwrap();
        assert_eq!(grown.members.len(), 3);

        let last = Day::parse("2026-12-20").unwrap();
        end(records, &ctx, &id, last).await.unwrap();
        end(records, &ctx, &id, last.plus_days(5)).await.unwrap();
        let over = one(records, &ctx, &id).await.unwrap();
        assert!(!over.is_active && over.last == "2026-12-20", "{over:?}");

        // Another Group is no outbreak.
        write_all(&kit, vec![json!({"resourceType": "Group", "id": "g", "type": "person", "actual": true})])
            .await;
        assert!(one(records, &ctx, "g").await.is_err_and(|it| it.kind == Kind::NotFound));
        assert_eq!(all(records, &ctx).await.unwrap().len(), 1);
    })
    .await;
}
