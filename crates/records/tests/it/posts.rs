//! Accounts of practitioners: what is granted and what PractitionerRoles say is one, and ends as one, on both engines.

use crate::gate::{PASSWORD, from, gate, key, try_in, visitor};
use yba_auth::{Grant, POST};
use yba_fhir::json::{JsonValueMutTrait, JsonValueTrait, Value, at, json, str_at};
use yba_fhir::{Kind, Resource};
use yba_records::gate::{NewAccount, ROLE_SYSTEM, Visitor};
use yba_records::{Change, Ctx, Gate, Query, Version};
use yba_testkit::{Kit, each_engine};

const DAY: i64 = 24 * 3_600_000;

fn at_hospital(gate: &Gate, role: &str) -> Grant {
    Grant {
        organization: Some("bv".into()),
        department: Some("Khoa Nội".into()),
        ..Grant::new(role, gate.today())
    }
}

/// A nurse of the hospital with a Practitioner of her own, who has set her password.
async fn nurse(gate: &Gate, admin: &Ctx) -> String {
    let typed = NewAccount {
        login: "mai.lo".into(),
        name: "Lò Thị Mai".into(),
        new_practitioner: true,
        roles: vec![at_hospital(gate, "nurse")],
        ..NewAccount::default()
    };
    let (account, link) = gate.create(admin, &typed).await.unwrap();
    gate.set_password_by_link(&link.0, PASSWORD, None, &from("10.0.0.9")).await.unwrap();
    account.id.clone()
}

async fn posts(kit: &Kit) -> Vec<Version> {
    let query = Query::parse_string(POST, "_sort=_lastUpdated").unwrap();
    kit.records.search(&kit.ctx(), &query, None).await.unwrap().matches
}

/// The PractitionerRole with something else in it, as the personnel office would write it.
async fn edit(kit: &Kit, id: &str, change: impl Fn(&mut Value) + Send + Sync + 'static) {
    let edit = Change::edit(POST, id, move |version: &Version| {
        let mut tree = version.tree();
        change(&mut tree);
        Resource::from_value(tree)
    });
    kit.records.transact(&kit.ctx(), vec![edit]).await.unwrap();
}

fn set(tree: &mut Value, member: &str, value: Value) {
    tree.as_object_mut().unwrap().insert(member, value);
}

#[tokio::test]
async fn a_role_at_a_facility_is_written_with_its_practitioner_role_in_one_transaction() {
    each_engine(async |kit| {
        let (gate, admin) = (gate(&kit).await, kit.ctx());
        let id = nurse(&gate, &admin).await;
        let account = gate.account_for(&admin, &id).await.unwrap();
        let practitioner = account.practitioner.clone().unwrap();
        let person = kit.records.read(&admin, "Practitioner", &practitioner).await.unwrap().tree();
        assert_eq!(at(&person, &["name"]).unwrap()[0]["text"].as_str(), Some("Lò Thị Mai"));
        let [post] = &posts(&kit).await[..] else { panic!("one post") };
        assert_eq!(account.roles[0].practitioner_role.as_deref(), Some(post.id.as_str()));
        let tree = post.tree();
        let text = |path: &[&str]| str_at(&tree, path).unwrap_or_default().to_owned();
        assert_eq!(text(&["practitioner", "reference"]), format!("Practitioner/{practitioner}"));
        assert_eq!(text(&["organization", "reference"]), "Organization/bv");
        assert_eq!(text(&["period", "start"]), gate.today().to_string());
        assert_eq!(tree["code"][0]["coding"][0]["system"].as_str(), Some(ROLE_SYSTEM));
        assert_eq!(tree["code"][0]["coding"][0]["code"].as_str(), Some("nurse"));
        assert_eq!(tree["specialty"][0]["text"].as_str(), Some("Khoa Nội"));
        let log = kit.store().changes_after(0, 100).await.unwrap();
        let t = |kind: &str| log.iter().find(|one| one.kind == kind).map(|one| one.t);
        assert!(t("YbaAccount").is_some_and(|t| t.abs_diff(t_of(&log, POST)) <= 2), "beside each other");
        try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
    })
    .await;
}

fn t_of(log: &[Version], kind: &str) -> i64 {
    log.iter().find(|one| one.kind == kind).unwrap().t
}

#[tokio::test]
async fn whoever_leaves_by_the_personnel_list_is_out_with_the_next_request() {
    each_engine(async |kit| {
        let (gate, admin) = (gate(&kit).await, kit.ctx());
        let id = nurse(&gate, &admin).await;
        let post = posts(&kit).await[0].id.clone();
        type Leaving = fn(&mut Value);
        let ways: [(&str, Leaving); 4] = [
            ("inactive", |tree| set(tree, "active", json!(false))),
            ("ended", |tree| set(tree, "period", json!({"end": "2026-03-01"}))),
            ("elsewhere", |tree| set(tree, "organization", json!({"reference": "Organization/khac"}))),
            ("another's", |tree| set(tree, "practitioner", json!({"reference": "Practitioner/khac"}))),
        ];
        for (way, leave) in ways {
            let before = kit.records.read(&admin, POST, &post).await.unwrap().tree();
            let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
            assert!(matches!(visitor(&gate, &came).await, Visitor::Person(_)), "{way}");
            edit(&kit, &post, leave).await;
            assert!(matches!(visitor(&gate, &came).await, Visitor::Stranger), "{way}");
            assert_eq!(key(try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await), "no-entry", "{way}");
            edit(&kit, &post, move |tree| *tree = before.clone()).await;
        }
        // A last day in the list is a last day here.
        edit(&kit, &post, |tree| set(tree, "period", json!({"start": "2026-03-02", "end": "2026-03-02"})))
            .await;
        try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        kit.advance_ms(DAY);
        assert_eq!(key(try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await), "no-entry");
        kit.records.transact(&admin, vec![Change::delete(POST, &post)]).await.unwrap();
        assert_eq!(key(try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await), "no-entry");
        // A gate that opens now learns the same from the log.
        let later = crate::gate::gate(&kit).await;
        assert_eq!(key(try_in(&later, "mai.lo", PASSWORD, None, "10.0.0.1").await), "no-entry");
        gate.set_roles(&admin, &id, vec![at_hospital(&gate, "nurse")])
            .await
            .expect("a role that hangs on nothing is taken");
        try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.expect("and another given");
    })
    .await;
}

#[tokio::test]
async fn roles_that_are_edited_moved_or_taken_away_take_their_practitioner_roles_along() {
    each_engine(async |kit| {
        let (gate, admin) = (gate(&kit).await, kit.ctx());
        let id = nurse(&gate, &admin).await;
        let first = posts(&kit).await[0].id.clone();
        edit(&kit, &first, |tree| set(tree, "availabilityExceptions", json!("thứ năm đi xã"))).await;
        let mut roles = gate.account_for(&admin, &id).await.unwrap().roles.clone();
        (roles[0].to, roles[0].department) = (Some("2026-12-31".into()), None);
        roles.push(at_hospital(&gate, "doctor"));
        roles.push(Grant { commune: Some("x|1".into()), ..Grant::new("station-staff", gate.today()) });
        gate.set_roles(&admin, &id, roles).await.unwrap();
        let tree = kit.records.read(&admin, POST, &first).await.unwrap().tree();
        assert_eq!(str_at(&tree, &["period", "end"]), Some("2026-12-31"));
        assert!(
            tree.get("specialty").is_none() && tree.get("availabilityExceptions").is_some(),
            "theirs stays"
        );
        let account = gate.account_for(&admin, &id).await.unwrap();
        assert_eq!(account.roles.iter().filter(|grant| grant.practitioner_role.is_some()).count(), 2);
        assert_eq!(account.grants_on(gate.today()).count(), 3);

        let mut roles = account.roles.clone();
        roles[0].organization = Some("tyt".into());
        roles.remove(1);
        gate.set_roles(&admin, &id, roles).await.unwrap();
        let all = posts(&kit).await;
        let active: Vec<bool> = all.iter().map(|one| one.tree()["active"].as_bool().unwrap()).collect();
        assert_eq!(
            (all.len(), active.iter().filter(|is| **is).count()),
            (3, 1),
            "moved is ended there and begun here"
        );
        assert_eq!(gate.account_for(&admin, &id).await.unwrap().grants_on(gate.today()).count(), 2);

        gate.set_person(&admin, &id, "Lò Thị Mai", None).await.unwrap();
        let account = gate.account_for(&admin, &id).await.unwrap();
        assert!(account.roles.iter().all(|grant| grant.practitioner_role.is_none()));
        assert_eq!(
            account.grants_on(gate.today()).count(),
            2,
            "a role of nobody's Practitioner stands by itself"
        );
        assert!(posts(&kit).await.iter().all(|one| one.tree()["active"].as_bool() == Some(false)));
        assert_eq!(key(gate.set_person(&admin, &id, "Mai", Some("khong-co".into())).await), "practitioner");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_write_practitioner_roles_gives_no_role_with_one() {
    let kit = yba_testkit::records();
    let (gate, admin) = (gate(&kit).await, kit.ctx());
    nurse(&gate, &admin).await;
    let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
    let ctx = gate.ctx(&visitor(&gate, &came).await, "page", "r");
    let typed = NewAccount {
        login: "moi".into(),
        name: "Mới".into(),
        new_practitioner: true,
        roles: vec![at_hospital(&gate, "nurse")],
        ..NewAccount::default()
    };
    assert_eq!(gate.create(&ctx, &typed).await.unwrap_err().kind, Kind::Forbidden);
    assert_eq!(gate.set_person(&ctx, "x", "Mai", None).await.unwrap_err().kind, Kind::Forbidden);
    let before = kit.store().head_t();
    let taken = NewAccount { login: "mai.lo".into(), ..typed };
    assert_eq!(key(gate.create(&admin, &taken).await), "login-taken");
    assert_eq!(kit.store().head_t(), before, "neither account nor Practitioner");
}
