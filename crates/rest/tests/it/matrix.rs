//! Role × interaction × type × whose × route, over HTTP: what the role's file says, told by a model that reads the files
//! anew, and nothing else.

use crate::house::{House, bytes};
use crate::minimal;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use yba_auth::Grant;
use yba_content::Content;
use yba_fhir::defs::r4;
use yba_fhir::json::{
    JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, from_str, json, to_string,
};
use yba_records::Gate;
use yba_records::gate::{Attempt, NewAccount, Origin, Visitor};
use yba_testkit::{app_code, each_engine};

const PASSWORD: &str = "bốn bức tường trắng";

/// Whose a record is: of the person with a tie to the facility, of the other, of nobody.
const WHOSE: [&str; 3] = ["p", "q", "nobody"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    None,
    Own,
    Tied,
    Province,
}

/// What a role's file says.
struct Role {
    slug: String,
    reaches: BTreeMap<(String, String), Reach>,
}

impl Role {
    fn reach(&self, act: &str, kind: &str) -> Reach {
        self.reaches.get(&(act.to_owned(), kind.to_owned())).copied().unwrap_or(Reach::None)
    }

    /// Whether it reaches a record. The citizen's account is for `p`, and all others are of the facility where `p` was.
    fn sees(&self, act: &str, kind: &str, whose: &str) -> bool {
        match self.reach(act, kind) {
            Reach::None => false,
            Reach::Own | Reach::Tied => whose == "p",
            Reach::Province => true,
        }
    }
}

fn roles() -> Vec<Role> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../content/roles");
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap().parse::<toml::Table>().unwrap();
    let words = |value: &toml::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let groups = read(folder.join("groups.toml"));
    let folders =
        std::fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let role = |entry: std::fs::DirEntry| {
        let file = read(entry.path().join("2026-01-01.toml"));
        let mut reaches = BTreeMap::new();
        for rule in file["may"].as_array().unwrap() {
            let reach = match rule.get("reach").and_then(|reach| reach.as_str()) {
                Some("own") => Reach::Own,
                Some("province") => Reach::Province,
                _ => Reach::Tied,
            };
            for word in words(&rule["with"]) {
                for kind in groups["groups"].get(&word).map_or(vec![word.clone()], words) {
                    for act in words(&rule["do"]) {
                        let known = reaches.entry((act, kind.clone())).or_insert(reach);
                        *known = reach.max(*known);
                    }
                }
            }
        }
        Role { slug: entry.file_name().into_string().unwrap(), reaches }
    };
    folders.map(role).collect()
}

/// The least resource of a type, of a person or of nobody.
fn resource(kind: &str, whose: &str) -> Value {
    let text = to_string(&minimal::resource(kind)).unwrap();
    let mut tree: Value = from_str(&text.replace("Patient/x", &format!("Patient/{whose}"))).unwrap();
    let id = if kind == "Patient" { whose.to_owned() } else { format!("{}-{whose}", kind.to_lowercase()) };
    let object = tree.as_object_mut().unwrap();
    object.insert("id", json!(id.as_str()));
    let own =
        r4().patient_compartment(kind).iter().filter(|_| kind != "Patient" && whose != "nobody").find_map(
            |code| {
                let expression = &r4().search_parameter(kind, code)?.expression;
                let branch =
                    expression.split('|').map(str::trim).find(|one| one.starts_with(&format!("{kind}.")))?;
                let name = branch.strip_prefix(&format!("{kind}."))?.split('.').next()?;
                let element = r4().type_def(kind)?.elements.iter().find(|element| &*element.path == name)?;
                (element.types == ["Reference"]).then_some((name, element.max == Some(1)))
            },
        );
    if let Some((name, is_one)) = own {
        let reference = json!({"reference": format!("Patient/{whose}").as_str()});
        object.insert(name, if is_one { reference } else { json!([reference]) });
    }
    tree
}

/// A gate, and the accounts of each role with the tokens of their sessions.
async fn accounts(house: &House, roles: &[Role]) -> (Gate, Vec<String>) {
    let kit = &house.kit;
    let gate = Gate::open(kit.records.clone(), Arc::new(Content::built_in()), &[7; 32]).await.unwrap();
    let origin = || Origin { address: "10.0.0.1".into(), request_id: String::new() };
    let mut tokens = Vec::new();
    for role in roles {
        let mut grant = Grant::new(&role.slug, gate.today());
        grant.organization = Some("a".to_owned());
        let patients = if role.slug == "citizen" { vec!["p".to_owned()] } else { Vec::new() };
        let login = role.slug.clone();
        let typed = NewAccount {
            login: login.clone(),
            name: "Thử".into(),
            roles: vec![grant],
            patients,
            ..NewAccount::default()
        };
        let (_, link) = gate.create(&kit.ctx(), &typed).await.unwrap();
        gate.set_password_by_link(&link.0, PASSWORD, None, &origin()).await.unwrap();
        let attempt = Attempt { login, password: PASSWORD.into(), device: None, origin: origin() };
        let came = gate.sign_in(attempt).await.unwrap();
        if let Visitor::Halfway(here, _) = gate.visitor(&came.session.0, &origin()).await.unwrap() {
            let setup = gate.set_up_app(&here).unwrap();
            gate.keep_app(&here, &setup.sealed, &app_code(&setup.text, kit.now_ms()), &origin())
                .await
                .unwrap();
        }
        tokens.push(came.session.0);
    }
    (gate, tokens)
}

/// How many entries a bundle has and, when it tells one, its total.
fn counted(body: &[u8]) -> (usize, Option<u64>) {
    let tree: Value = yba_fhir::json::from_slice(body).unwrap();
    let entries = tree["entry"].as_array().map_or(0, |all| all.len());
    (entries, tree["total"].as_u64())
}

#[tokio::test]
async fn each_cell_is_what_the_roles_file_says() {
    each_engine(async |kit| {
        let mut house = House::open(kit);
        let kinds: Vec<&str> = r4().resource_types().filter(|kind| !matches!(*kind, "Bundle" | "Subscription")).collect();
        let visit = json!({"resourceType": "Encounter", "id": "tie", "status": "finished", "class": {"code": "AMB"},
            "subject": {"reference": "Patient/p"}, "serviceProvider": {"reference": "Organization/a"}});
        assert_eq!(house.put("/fhir/Encounter/tie", &visit).await.status, 201);
        // Whose a record is, as the compartments have it: of some types the least resource has no place for a person.
        let mut owners: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for kind in &kinds {
            for whose in WHOSE.into_iter().filter(|whose| *kind != "Patient" || *whose != "nobody") {
                let tree = resource(kind, whose);
                let path = format!("/fhir/{kind}/{}", tree["id"].as_str().unwrap());
                let said = house.put(&path, &tree).await;
                assert_eq!(said.status, 201, "{said:?}");
                let found = house.get(&format!("/fhir/Patient/{whose}/{kind}?_id={}", tree["id"].as_str().unwrap())).await;
                let is_theirs = found.status == 200 && counted(&found.body).0 == 1;
                owners.insert((kind, whose), if is_theirs { whose } else { "nobody" });
            }
        }
        let of_persons = owners.iter().filter(|((_, whose), owner)| *whose == "p" && *owner == whose).count();
        assert!(of_persons > 55, "{of_persons} types have a record of a person");
        let roles = roles();
        let (gate, tokens) = accounts(&house, &roles).await;
        let (mut cells, mut seen) = (0, 0);
        for (role, token) in roles.iter().zip(&tokens) {
            house.ask_as(gate.clone(), token);
            for kind in &kinds {
                let all: Vec<(&str, &str)> = WHOSE
                    .iter()
                    .filter_map(|whose| Some((*whose, *owners.get(&(*kind, *whose))?)))
                    .collect();
                for (whose, owner) in &all {
                    let id = resource(kind, whose)["id"].as_str().unwrap().to_owned();
                    let look = |act: &str| match (role.reach(act, kind), role.sees(act, kind, owner)) {
                        (Reach::None, _) => 403,
                        (_, true) => 200,
                        (_, false) => 404,
                    };
                    for (act, route) in [
                        ("read", format!("/fhir/{kind}/{id}")),
                        ("history", format!("/fhir/{kind}/{id}/_history")),
                    ] {
                        let said = house.get(&route).await;
                        assert_eq!(said.status.as_u16(), look(act), "{} {route} of {owner}: {said:?}", role.slug);
                        (cells, seen) = (cells + 1, seen + usize::from(said.status == 200));
                    }
                    for route in [format!("/fhir/{kind}?_id={id}&_total=accurate"), format!("/fhir/{kind}?_id={id}&_summary=count")] {
                        let said = house.get(&route).await;
                        let wanted = if role.reach("search", kind) == Reach::None { 403 } else { 200 };
                        assert_eq!(said.status.as_u16(), wanted, "{} {route}: {said:?}", role.slug);
                        if wanted == 200 {
                            let total = counted(&said.body).1;
                            let is_seen = role.sees("search", kind, owner);
                            assert_eq!(total, Some(u64::from(is_seen)), "{} {route} of {owner}", role.slug);
                        }
                        cells += 1;
                    }
                    // What is there and not reached is not there; what is reached and not to be changed says so.
                    let odd = json!({"resourceType": *kind, "id": id.as_str(), "khong-co": 1});
                    let said = house.ask("PUT", &format!("/fhir/{kind}/{id}"), &[], bytes(&odd)).await;
                    let may = role.reach("update", kind) != Reach::None && role.reach("create", kind) != Reach::None;
                    assert_eq!(said.status == 403, !may, "{} PUT {kind}/{id}: {said:?}", role.slug);
                    let said = house.delete(&format!("/fhir/{kind}/{id}")).await;
                    let wanted = match (role.reach("delete", kind), role.sees("delete", kind, owner)) {
                        (Reach::None, _) => 403,
                        (_, true) => 204,
                        (_, false) => 404,
                    };
                    assert_eq!(said.status.as_u16(), wanted, "{} DELETE {kind}/{id}: {said:?}", role.slug);
                    if said.status == 204 {
                        let tree = resource(kind, whose);
                        house.ask_openly();
                        assert_eq!(house.put(&format!("/fhir/{kind}/{id}"), &tree).await.status, 201);
                        house.ask_as(gate.clone(), token);
                    }
                    cells += 2;
                }
                let whole = match role.reach("search", kind) {
                    Reach::None => None,
                    Reach::Province => Some(all.len()),
                    _ => Some(all.iter().filter(|(_, owner)| *owner == "p").count()),
                };
                let said = house.get(&format!("/fhir/{kind}?_count=50")).await;
                let extra = usize::from(*kind == "Encounter");
                match whole {
                    None => assert_eq!(said.status, 403, "{} {kind}", role.slug),
                    Some(count) => assert_eq!(counted(&said.body).0, count + extra, "{} {kind}: {said:?}", role.slug),
                }
                for of in ["p", "q"] {
                    let route = format!("/fhir/Patient/{of}/{kind}");
                    let said = house.get(&route).await;
                    cells += 1;
                    if said.status != 200 {
                        let expected = [403, 404].contains(&said.status.as_u16());
                        assert!(expected, "{} {route}: {said:?}", role.slug);
                        continue;
                    }
                    let theirs = all.iter().filter(|(_, owner)| *owner == of && role.sees("search", kind, owner)).count();
                    let extra = usize::from(*kind == "Encounter" && of == "p" && role.sees("search", kind, "p"));
                    assert_eq!(counted(&said.body).0, theirs + extra, "{} {route}: {said:?}", role.slug);
                }
                cells += 1;
            }
            for of in ["p", "q"] {
                let said = house.get(&format!("/fhir/Patient/{of}/$everything?_count=500")).await;
                let wanted = match (role.reach("everything", "Patient"), role.sees("everything", "Patient", of)) {
                    (Reach::None, _) => 403,
                    (_, true) => 200,
                    (_, false) => 404,
                };
                assert_eq!(said.status.as_u16(), wanted, "{} $everything of {of}: {said:?}", role.slug);
                cells += 1;
            }
        }
        eprintln!("{cells} cells, {seen} of them show a record");
        assert!(cells > 20_000 && seen > 2000);
    })
    .await;
}
