//! Every role × interaction × type, through the door: permitted is what the role's file says, and nothing else.

use crate::gate::{from, gate, try_in};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use yba_fhir::defs::r4;
use yba_fhir::json::json;
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::gate::Visitor;
use yba_records::{Change, Ctx, Everything, Gate, Past, Query, Records, Wanted};
use yba_testkit::{Kit, app_code, each_engine};

/// What the files say, read here anew: pairs of interaction and type by role.
fn written() -> BTreeMap<String, BTreeSet<(String, String)>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../content/roles");
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap().parse::<toml::Table>().unwrap();
    let words = |value: &toml::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let groups = read(folder.join("groups.toml"));
    let mut roles = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir())
    {
        let file = read(entry.path().join("2026-01-01.toml"));
        let mut pairs = BTreeSet::new();
        for rule in file.get("may").and_then(|may| may.as_array()).into_iter().flatten() {
            for word in words(&rule["with"]) {
                let kinds = groups["groups"].get(&word).map_or(vec![word.clone()], words);
                pairs.extend(
                    words(&rule["do"])
                        .into_iter()
                        .flat_map(|act| kinds.iter().map(move |kind| (act.clone(), kind.clone()))),
                );
            }
        }
        roles.insert(entry.file_name().into_string().unwrap(), pairs);
    }
    roles
}

/// Somebody who has come in with this role alone.
pub async fn someone(kit: &Kit, gate: &Gate, role: &str, password: &str) -> Ctx {
    let came = try_in(gate, role, password, None, "10.0.0.1").await.unwrap();
    let mut visitor = gate.visitor(&came.session.0, &from("10.0.0.1")).await.unwrap();
    if let Visitor::Halfway(here, _) = &visitor {
        let setup = gate.set_up_app(here).unwrap();
        gate.keep_app(here, &setup.sealed, &app_code(&setup.text, kit.now_ms()), &from("10.0.0.1"))
            .await
            .unwrap();
        visitor = gate.visitor(&came.session.0, &from("10.0.0.1")).await.unwrap();
    }
    gate.ctx(&visitor, "test", "r")
}

fn everything(kind: &str) -> Everything {
    Everything { kind: kind.into(), id: "x".into(), count: 10, ..Everything::default() }
}

/// Does it, and answers whether it was forbidden. What else may be wrong with it comes after permission.
async fn forbidden(records: &Records, ctx: &Ctx, action: &str, kind: &str) -> bool {
    // No resource of R4 has such a member, so nothing is ever written.
    let odd = || Resource::from_value(json!({"resourceType": kind, "id": "x", "khong-co": 1})).unwrap();
    let refused: Option<Outcome> = match action {
        "read" => records.read(ctx, kind, "x").await.err(),
        "history" => {
            records.history(ctx, &Past { id: String::new(), ..Past::of_record(kind, "", 1) }).await.err()
        }
        "search" => records.search(ctx, &Query::all(kind), None).await.err(),
        "meta" => records.labels(ctx, kind).await.err(),
        "everything" => records.everything_page(ctx, &everything(kind), None).await.err(),
        "export" => records.export_count(ctx, Wanted { kind, ..Wanted::default() }).await.err(),
        "explain" => records.explain(ctx, &[Query::all(kind)]).await.err(),
        "create" => records.transact(ctx, vec![Change::create(odd())]).await.err(),
        "update" => records.transact(ctx, vec![Change::put(odd())]).await.err(),
        "delete" => records.transact(ctx, vec![Change::delete(kind, "x")]).await.err(),
        other => panic!("{other} is not tried"),
    };
    refused.is_some_and(|refused| refused.kind == Kind::Forbidden)
}

#[tokio::test]
async fn each_role_may_what_its_file_says_and_nothing_else() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        let made = gate.demonstration().await.unwrap();
        let written = written();
        assert_eq!(made.len(), 12);
        for (role, login, password) in made {
            let ctx = someone(&kit, &gate, &login, &password).await;
            let says = |action: &str, kind: &str| written[&role.slug].contains(&(action.into(), kind.into()));
            for kind in r4().resource_types() {
                for action in yba_content::roles::INTERACTIONS {
                    if action == "everything" && !matches!(kind, "Patient" | "Encounter") {
                        continue;
                    }
                    let wanted = match action {
                        // A put may create as well as replace.
                        "update" => says("update", kind) && says("create", kind),
                        _ => says(action, kind),
                    };
                    let refused = forbidden(&kit.records, &ctx, action, kind).await;
                    assert_eq!(!refused, wanted, "{} {action} {kind}", role.slug);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_search_asks_of_other_types_is_permitted_too() {
    let kit = yba_testkit::records();
    let gate = gate(&kit).await;
    let made = gate.demonstration().await.unwrap();
    let password = |slug: &str| made.iter().find(|one| one.0.slug == slug).unwrap().2.clone();
    let body = |tree| Change::put(Resource::from_value(tree).unwrap());
    kit.records
        .transact(&kit.ctx(), vec![
            body(json!({"resourceType": "Patient", "id": "p1", "name": [{"text": "Lò Thị Mai"}]})),
            body(json!({"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": "Patient/p1"}})),
            body(json!({"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "HIV"}, "subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"}})),
        ])
        .await
        .unwrap();
    let clerk = someone(&kit, &gate, "reception", &password("reception")).await;
    let lab = someone(&kit, &gate, "lab-technician", &password("lab-technician")).await;
    let query =
        |kind: &str, text: &str| Query::parse(kind, &yba_store::search::query::decode_pairs(text)).unwrap();
    let search =
        async |ctx: &Ctx, kind: &str, text: &str| kit.records.search(ctx, &query(kind, text), None).await;
    let asked = "_has:Observation:patient:status=final";
    assert_eq!(search(&clerk, "Patient", asked).await.err().map(|one| one.kind), Some(Kind::Forbidden));
    assert_eq!(search(&lab, "Patient", asked).await.unwrap().matches.len(), 1);
    let found = search(
        &clerk,
        "Encounter",
        "subject.name=mai&_revinclude=Observation:encounter&_include=Encounter:subject",
    )
    .await
    .unwrap();
    let brought: Vec<&str> = found.included.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(
        (found.matches.len(), brought),
        (1, vec!["Patient"]),
        "what they may not read is not brought along"
    );
    let found =
        search(&lab, "Encounter", "subject.name=mai&_revinclude=Observation:encounter").await.unwrap();
    assert_eq!(found.included.len(), 1);
    let key = ("Observation".to_owned(), "o1".to_owned());
    let several = [("Patient".to_owned(), "p1".to_owned()), key];
    assert_eq!(kit.records.read_many(&clerk, &several).await.unwrap_err().kind, Kind::Forbidden);
    let create = Change::create(
        Resource::from_value(json!({"resourceType": "Appointment", "status": "proposed",
        "participant": [{"status": "accepted", "actor": {"reference": "Observation?code=x"}}]}))
        .unwrap(),
    );
    let refused = kit.records.transact(&clerk, vec![create]).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Forbidden, "a conditional reference is a search: {refused}");
    let all = Past { id: String::new(), ..Past::of_record("", "", 10) };
    assert_eq!(kit.records.history(&clerk, &all).await.unwrap_err().kind, Kind::Forbidden);
}
