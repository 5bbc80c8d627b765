//! The gate on both engines: coming in, being slowed, going, and being shown out.

use std::sync::Arc;
use yba_auth::account::Grant;
use yba_auth::tables::{ABSOLUTE_MS, DEVICES_MAX, FAILURES_MAX, IDLE_MS, LINKS_MAX, SESSIONS_MAX};
use yba_auth::token::Token;
use yba_auth::{KIND, Link, Tables};
use yba_content::Content;
use yba_fhir::{Kind, Outcome};
use yba_records::gate::{Attempt, CameIn, NewAccount, Origin, Step, Visitor};
use yba_records::{Agent, Ctx, Gate, Past};
use yba_store::{Statement, Value};
use yba_testkit::{Kit, app_code, each_engine};

pub const PASSWORD: &str = "bốn bức tường trắng";
const MINUTE: i64 = 60_000;

pub async fn gate(kit: &Kit) -> Gate {
    Gate::open(kit.records.clone(), Arc::new(Content::built_in()), &[7; 32]).await.unwrap()
}

pub fn from(address: &str) -> Origin {
    Origin { address: address.into(), request_id: "r1".into() }
}

pub async fn try_in(
    gate: &Gate,
    login: &str,
    password: &str,
    device: Option<&Token>,
    address: &str,
) -> Result<CameIn, Outcome> {
    let (login, password) = (login.into(), password.into());
    gate.sign_in(Attempt { login, password, device: device.cloned(), origin: from(address) }).await
}

pub async fn visitor(gate: &Gate, came: &CameIn) -> Visitor {
    gate.visitor(&came.session.0, &from("10.0.0.1")).await.unwrap()
}

pub fn key<T>(refused: Result<T, Outcome>) -> &'static str {
    refused.err().map_or("", |refused| refused.issues[0].key)
}

/// An account without second factor, with its password.
async fn nurse(gate: &Gate, login: &str) -> String {
    let roles = vec![Grant::new("nurse", gate.today())];
    let typed =
        NewAccount { login: login.into(), name: "Lò Thị Mai".into(), roles, ..NewAccount::default() };
    let (account, link) = gate.create(&Ctx::test_administrator("test"), &typed).await.unwrap();
    gate.set_password_by_link(&link.0, PASSWORD, None, &from("10.0.0.9")).await.unwrap();
    account.id.clone()
}

fn trail(kit: &Kit) -> String {
    kit.records.trail().sync();
    let folder = kit.records.trail().folder().to_owned();
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let logs = files.filter(|path| path.extension().is_some_and(|end| end == "log"));
    logs.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[tokio::test]
async fn the_first_account_is_made_by_a_link_that_is_good_once() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        let (old, link) =
            (gate.first_run().await.unwrap().unwrap(), gate.first_run().await.unwrap().unwrap());
        let typed =
            NewAccount { login: "Quan.Tri".into(), name: "Vàng A Páo".into(), ..NewAccount::default() };
        let set_up = async |token: &str, typed: &NewAccount, password: &str| {
            gate.set_up(token, typed, password, None, &from("10.0.0.1")).await
        };
        assert_eq!(key(set_up(&old.0, &typed, PASSWORD).await), "link-over", "a later link replaces it");
        assert_eq!(key(set_up(&Token::random().0, &typed, PASSWORD).await), "link-over");
        let wrong = set_up(&link.0, &NewAccount::default(), "ngắn").await.err().unwrap();
        let places: Vec<_> = wrong.issues.iter().filter_map(|issue| issue.path.as_deref()).collect();
        assert_eq!(places, ["login", "name"], "all that is wrong, at once: {wrong}");
        assert_eq!(key(set_up(&link.0, &typed, "ngắn").await), "password-short");
        let came = set_up(&link.0, &typed, PASSWORD).await.unwrap();
        let Visitor::Halfway(here, Step::SecondFactor) = visitor(&gate, &came).await else {
            panic!("who keeps accounts needs a second factor")
        };
        assert_eq!(here.account.login, "quan.tri");
        assert_eq!(key(set_up(&link.0, &typed, PASSWORD).await), "link-over", "used");
        assert!(gate.first_run().await.unwrap().is_none(), "there is an account");
        let halfway = gate.ctx(&visitor(&gate, &came).await, "page", "r");
        assert_eq!(gate.accounts(&halfway).await.unwrap_err().kind, Kind::Unauthenticated);
        let setup = gate.set_up_app(&here).unwrap();
        assert_eq!(key(gate.keep_app(&here, &setup.sealed, "000000", &from("10.0.0.1")).await), "code-wrong");
        let codes = gate
            .keep_app(&here, &setup.sealed, &app_code(&setup.text, kit.now_ms()), &from("10.0.0.1"))
            .await
            .unwrap();
        assert_eq!(codes.len(), 10);
        let now = visitor(&gate, &came).await;
        assert!(matches!(now, Visitor::Person(_)));
        assert_eq!(gate.accounts(&gate.ctx(&now, "page", "r")).await.unwrap().len(), 1);
        kit.advance_ms(25 * 60 * MINUTE);
        let late = Tables::open(kit.store().clone()).await.unwrap().link(&Link::FirstRun, 1).await.unwrap();
        kit.advance_ms(1);
        assert_eq!(key(gate.link(&late.0, &from("10.0.0.1")).await), "link-over");
    })
    .await;
}

#[tokio::test]
async fn a_code_is_asked_for_and_good_once() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        nurse(&gate, "mai.lo").await;
        let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        let Visitor::Person(here) = visitor(&gate, &came).await else { panic!("a nurse needs none") };
        let setup = gate.set_up_app(&here).unwrap();
        let code = app_code(&setup.text, kit.now_ms());
        let codes = gate.keep_app(&here, &setup.sealed, &code, &from("10.0.0.1")).await.unwrap();
        assert!(gate.keep_app(&here, &setup.sealed, &code, &from("10.0.0.1")).await.is_err(), "there is one");
        gate.sign_out(&here, &from("10.0.0.1")).await.unwrap();
        assert!(matches!(visitor(&gate, &came).await, Visitor::Stranger));

        let half = try_in(&gate, "MAI.LO", PASSWORD, came.device.as_ref(), "10.0.0.1").await.unwrap();
        assert!(half.device.is_none());
        let waiting = visitor(&gate, &half).await;
        assert!(matches!(waiting, Visitor::Halfway(_, Step::Code)));
        let ctx = gate.ctx(&waiting, "page", "r");
        assert_eq!(kit.records.read(&ctx, "Patient", "x").await.unwrap_err().kind, Kind::Unauthenticated);
        let show = async |typed: &str| gate.show_code(&waiting, typed, None, &from("10.0.0.1")).await;
        assert_eq!(key(show(&code).await), "code-wrong", "used when it was set up");
        assert_eq!(key(show("").await), "code-wrong");
        kit.advance_ms(MINUTE);
        let fresh = app_code(&setup.text, kit.now_ms());
        let whole = show(&fresh).await.unwrap();
        assert!(matches!(visitor(&gate, &whole).await, Visitor::Person(_)));
        assert!(matches!(visitor(&gate, &half).await, Visitor::Stranger), "the token of halfway is over");
        assert_eq!(key(show(&fresh).await), "code-wrong", "replayed");
        assert!(show(&codes[3].to_lowercase()).await.is_ok(), "a recovery code");
        assert_eq!(key(show(&codes[3]).await), "code-wrong", "used up");
        let kept = kit.store().read(KIND, &here.account.id).await.unwrap().unwrap();
        let body = String::from_utf8(kept.body.to_vec()).unwrap();
        let secret: String = setup.text.split(' ').collect();
        assert!(!body.contains(&secret) && !body.contains(&codes[0]) && !body.contains(PASSWORD), "{body}");
    })
    .await;
}

#[tokio::test]
async fn guessing_is_slowed_by_account_and_source_and_nobody_is_locked_out() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        nurse(&gate, "mai.lo").await;
        let own = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap().device.unwrap();
        for _ in 0..6 {
            assert_eq!(key(try_in(&gate, "mai.lo", "sai", None, "10.0.0.1").await), "sign-in-wrong");
        }
        let slowed = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.err().unwrap();
        assert_eq!((slowed.kind, slowed.issues[0].key), (Kind::TooMany, "sign-in-slow"), "the right one too");
        assert!(slowed.issues[0].text.contains("2 giây"), "{slowed}");
        try_in(&gate, "mai.lo", PASSWORD, Some(&own), "10.0.0.1").await.expect("the browser it knows");
        try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.2").await.expect("another source");
        assert_eq!(
            key(try_in(&gate, "mai.lo", PASSWORD, Some(&Token::random()), "10.0.0.1").await),
            "sign-in-slow",
            "a mark that is nobody's"
        );
        kit.advance_ms(2000);
        assert_eq!(key(try_in(&gate, "mai.lo", "sai", None, "10.0.0.1").await), "sign-in-wrong");
        kit.advance_ms(2000);
        assert_eq!(
            key(try_in(&gate, "mai.lo", "sai", None, "10.0.0.1").await),
            "sign-in-slow",
            "twice as long"
        );
        kit.advance_ms(2000);
        try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        // A name that nobody has is counted alike, so that it cannot be told from one.
        for _ in 0..6 {
            assert_eq!(key(try_in(&gate, "khong.co", "sai", None, "10.0.0.1").await), "sign-in-wrong");
        }
        assert_eq!(key(try_in(&gate, "khong.co", "sai", None, "10.0.0.1").await), "sign-in-slow");
        let many: Vec<_> = (0..20).map(|_| try_in(&gate, "mai.lo", "sai", None, "10.0.0.7")).collect();
        let mut looked_at = 0;
        for attempt in many {
            looked_at += usize::from(key(attempt.await) == "sign-in-wrong");
        }
        assert_eq!(looked_at, 6);
    })
    .await;
}

#[tokio::test]
async fn who_is_blocked_or_whose_time_is_over_is_out_at_once() {
    each_engine(async |kit| {
        let (gate, admin) = (gate(&kit).await, Ctx::test_administrator("test"));
        let id = nurse(&gate, "mai.lo").await;
        let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        assert!(matches!(visitor(&gate, &came).await, Visitor::Person(_)));
        gate.block(&admin, &id).await.unwrap();
        assert!(matches!(visitor(&gate, &came).await, Visitor::Stranger));
        assert_eq!(key(try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await), "no-entry");
        assert_eq!(
            key(try_in(&gate, "mai.lo", "sai", None, "10.0.0.1").await),
            "sign-in-wrong",
            "that it is blocked, only its owner learns"
        );
        gate.unblock(&admin, &id, "đã làm rõ với khoa").await.unwrap();
        assert!(matches!(visitor(&gate, &came).await, Visitor::Stranger), "the session is over for good");

        let until = Grant { to: Some(gate.today().to_string()), ..Grant::new("nurse", gate.today()) };
        gate.set_roles(&admin, &id, vec![until]).await.unwrap();
        let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        kit.advance_ms(15 * 60 * MINUTE); // 23:00 in Hà Nội
        let evening = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        assert!(matches!(visitor(&gate, &came).await, Visitor::Stranger), "not used for too long");
        kit.advance_ms(20 * MINUTE);
        assert!(matches!(visitor(&gate, &evening).await, Visitor::Person(_)));
        kit.advance_ms(45 * MINUTE);
        let early = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await;
        assert_eq!(key(early), "no-entry", "it is the next day");
        gate.set_roles(&admin, &id, vec![Grant::new("nurse", gate.today())]).await.unwrap();
        let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        gate.set_roles(&admin, &id, Vec::new()).await.unwrap();
        assert!(matches!(visitor(&gate, &came).await, Visitor::Stranger), "without a role");
        gate.set_roles(&admin, &id, vec![Grant::new("nurse", gate.today())]).await.unwrap();
        let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        let link = gate.set_back(&admin, &id).await.unwrap();
        assert!(matches!(visitor(&gate, &came).await, Visitor::Stranger), "set back");
        assert_eq!(key(try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await), "sign-in-wrong");
        assert_eq!(
            key(gate.set_password_by_link(&link.0, "ngắn", None, &from("10.0.0.1")).await),
            "password-short"
        );
        let came =
            gate.set_password_by_link(&link.0, "năm bức tường xanh", None, &from("10.0.0.1")).await.unwrap();
        assert!(matches!(visitor(&gate, &came).await, Visitor::Person(_)));
        assert_eq!(
            key(gate.set_password_by_link(&link.0, PASSWORD, None, &from("10.0.0.1")).await),
            "link-over"
        );
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_by_idleness_by_age_and_by_its_owner() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        nurse(&gate, "mai.lo").await;
        let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        let mut lasted = 0;
        while matches!(visitor(&gate, &came).await, Visitor::Person(_)) {
            kit.advance_ms(IDLE_MS - 1);
            lasted += IDLE_MS - 1;
        }
        assert!((ABSOLUTE_MS..ABSOLUTE_MS + IDLE_MS).contains(&lasted), "{lasted}");
        let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        kit.advance_ms(IDLE_MS);
        assert!(matches!(visitor(&gate, &came).await, Visitor::Stranger));

        let (one, other) = (
            try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap(),
            try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.2").await.unwrap(),
        );
        let Visitor::Person(here) = visitor(&gate, &one).await else { panic!() };
        assert_eq!(gate.sessions(&here).await.unwrap().len(), 2);
        gate.end_session(&here, &other.session.hash(), &from("10.0.0.1")).await.unwrap();
        assert!(matches!(visitor(&gate, &other).await, Visitor::Stranger));
        nurse(&gate, "lan").await;
        let foreign = try_in(&gate, "lan", PASSWORD, None, "10.0.0.3").await.unwrap();
        gate.end_session(&here, &foreign.session.hash(), &from("10.0.0.1")).await.unwrap();
        assert!(matches!(visitor(&gate, &foreign).await, Visitor::Person(_)), "nobody ends another's");
        let third = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.4").await.unwrap();
        assert_eq!(
            key(gate.change_password(&here, "sai", "một câu khác dài hơn", &from("10.0.0.1")).await),
            "password-wrong"
        );
        assert_eq!(
            key(gate.change_password(&here, PASSWORD, PASSWORD, &from("10.0.0.1")).await),
            "password-used"
        );
        gate.change_password(&here, PASSWORD, "một câu khác dài hơn", &from("10.0.0.1")).await.unwrap();
        assert!(matches!(visitor(&gate, &third).await, Visitor::Stranger), "the others end");
        assert!(matches!(visitor(&gate, &one).await, Visitor::Person(_)));
        for forged in ["", "x", &Token::random().0, &one.session.hash()] {
            assert!(
                matches!(gate.visitor(forged, &from("10.0.0.1")).await.unwrap(), Visitor::Stranger),
                "{forged}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_node_remembers_is_bounded() {
    each_engine(async |kit| {
        let tables = Tables::open(kit.store().clone()).await.unwrap();
        let count = async |table: &str| {
            kit.store().query(&format!("SELECT COUNT(*) FROM {table}"), Vec::new()).await.unwrap()[0].int(0)
                as usize
        };
        for _ in 0..SESSIONS_MAX + 3 {
            tables.begin("a1", true, "10.0.0.1").await.unwrap();
        }
        for _ in 0..DEVICES_MAX + 3 {
            tables.remember("a1", &Token::random()).await.unwrap();
        }
        tables.begin("a2", true, "10.0.0.1").await.unwrap();
        assert_eq!(
            (count("auth_session").await, count("auth_device").await),
            (SESSIONS_MAX + 1, DEVICES_MAX)
        );
        let many = |sql: &str, n: usize| -> Vec<Statement> {
            (0..n)
                .map(|at| {
                    Statement::new(
                        sql,
                        vec![Value::from(format!("k{at}").as_str()), Value::Int(kit.now_ms() + at as i64)],
                    )
                })
                .collect()
        };
        kit.store()
            .keep(many(
                "INSERT INTO auth_failure (counter, failures, at_ms) VALUES (?1, 9, ?2)",
                FAILURES_MAX + 5,
            ))
            .await
            .unwrap();
        kit.advance_ms(FAILURES_MAX as i64 * 2);
        let counter = yba_auth::throttle::Counter::of_code("a1");
        tables.failed(&counter).await.unwrap();
        kit.store()
            .keep(many("INSERT INTO auth_link (hash, account, until_ms) VALUES (?1, ?1, ?2)", LINKS_MAX + 5))
            .await
            .unwrap();
        tables.link(&Link::Password("a1".into()), MINUTE).await.unwrap();
        assert_eq!((count("auth_failure").await, count("auth_link").await), (FAILURES_MAX, LINKS_MAX));
        for _ in 0..5 {
            tables.failed(&counter).await.unwrap();
        }
        assert!(tables.wait(&counter).await.unwrap() > 0, "the newest stays");
        kit.advance_ms(400 * 24 * 60 * MINUTE);
        tables.tidy().await.unwrap();
        for table in ["auth_session", "auth_device", "auth_failure", "auth_link"] {
            assert_eq!(count(table).await, 0, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn accounts_are_in_the_log_and_nowhere_else() {
    each_engine(async |kit| {
        let (gate, admin) = (gate(&kit).await, kit.ctx());
        let id = nurse(&gate, "mai.lo").await;
        assert!(kit.store().head_t() >= 2, "each change is a version");
        let everything = Past { kind: String::new(), id: String::new(), ..Past::of_record("", "", 100) };
        assert!(kit.records.history(&admin, &everything).await.unwrap().is_empty());
        for refused in [
            kit.records.read(&admin, KIND, &id).await.err(),
            kit.records.history(&admin, &Past::of_record(KIND, &id, 10)).await.err(),
            kit.records
                .export_count(&admin, yba_records::Wanted { kind: KIND, ..Default::default() })
                .await
                .err(),
            kit.records.read_many(&admin, &[(KIND.into(), id.clone())]).await.err(),
            kit.records.transact(&admin, vec![yba_records::Change::delete(KIND, &id)]).await.err(),
        ] {
            assert_eq!(refused.unwrap().issues[0].key, "unknown-type");
        }
        let report = yba_store::check(kit.store(), |_| {}).await.unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
        // The same account on another node, as sync would bring it: it holds there with the next look.
        let versions = kit.store().changes_after(0, 100).await.unwrap();
        let other = yba_testkit::records();
        let there = self::gate(&other).await;
        assert_eq!(key(try_in(&there, "mai.lo", PASSWORD, None, "10.0.0.1").await), "sign-in-wrong");
        other.store().integrate(versions).await.unwrap();
        try_in(&there, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        gate.block(&admin, &id).await.unwrap();
        other.store().integrate(kit.store().changes_after(0, 100).await.unwrap()).await.unwrap();
        assert_eq!(key(try_in(&there, "mai.lo", PASSWORD, None, "10.0.0.1").await), "no-entry");
    })
    .await;
}

#[tokio::test]
async fn every_coming_and_refusal_is_in_the_trail_without_secrets() {
    let kit = yba_testkit::records();
    let gate = gate(&kit).await;
    let id = nurse(&gate, "mai.lo").await;
    let _ = try_in(&gate, "mai.lo", "sai-mật-khẩu", None, "10.0.0.1").await;
    let _ = try_in(&gate, "mật khẩu gõ nhầm ô", "sai-mật-khẩu", None, "10.0.0.1").await;
    let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
    let forged = Token::random();
    gate.visitor(&forged.0, &from("10.0.0.1")).await.unwrap();
    let Visitor::Person(here) = visitor(&gate, &came).await else { panic!() };
    gate.sign_out(&here, &from("10.0.0.1")).await.unwrap();
    let trail = trail(&kit);
    for (action, agent, refused) in [
        ("sign-in", format!("unproven/{id}"), true),
        ("sign-in", "stranger".into(), true),
        ("sign-in", format!("unproven/{id}"), false),
        ("session", "stranger".into(), true),
        ("sign-out", format!("unproven/{id}"), false),
    ] {
        let (start, end) =
            (format!("{{\"action\":\"{action}\",\"agent\":\"{agent}\""), format!("\"refused\":{refused}"));
        assert!(
            trail.lines().any(|line| line.contains(&start) && line.contains(&end)),
            "{action} {agent}\n{trail}"
        );
    }
    for secret in [
        "sai-mật-khẩu",
        "gõ nhầm",
        PASSWORD,
        "mai.lo",
        "Mai",
        &forged.0,
        &came.session.0,
        &came.session.hash(),
    ] {
        assert!(!trail.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn only_keepers_keep_accounts_and_never_their_own() {
    let kit = yba_testkit::records();
    let gate = gate(&kit).await;
    let id = nurse(&gate, "mai.lo").await;
    let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
    let ctx = gate.ctx(&visitor(&gate, &came).await, "page", "r");
    assert!(matches!(&ctx.agent, Agent::Person(person) if person.account() == id));
    let typed = NewAccount { login: "moi".into(), name: "Mới".into(), ..NewAccount::default() };
    for refused in [
        gate.accounts(&ctx).await.err(),
        gate.create(&ctx, &typed).await.err(),
        gate.block(&ctx, &id).await.err(),
        gate.set_roles(&ctx, &id, Vec::new()).await.err(),
        gate.set_back(&ctx, &id).await.err(),
    ] {
        assert_eq!(refused.unwrap().kind, Kind::Forbidden);
    }
    let admin = kit.ctx();
    assert_eq!(
        key(gate.create(&admin, &NewAccount { login: "Mai.Lo".into(), ..typed.clone() }).await),
        "login-taken"
    );
    for (role, to) in [("khong-co", None), ("nurse", Some("31/12/2026")), ("nurse", Some("2020-01-01"))] {
        let grant = Grant { to: to.map(Into::into), ..Grant::new(role, gate.today()) };
        assert_eq!(key(gate.set_roles(&admin, &id, vec![grant]).await), "role-format", "{role} {to:?}");
    }
    gate.set_roles(&admin, &id, vec![Grant::new("it-officer", gate.today())]).await.unwrap();
    let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
    let Visitor::Halfway(here, Step::SecondFactor) = visitor(&gate, &came).await else { panic!() };
    let setup = gate.set_up_app(&here).unwrap();
    gate.keep_app(&here, &setup.sealed, &app_code(&setup.text, kit.now_ms()), &from("10.0.0.1"))
        .await
        .unwrap();
    let keeper = gate.ctx(&visitor(&gate, &came).await, "page", "r");
    for refused in [
        gate.block(&keeper, &id).await.err(),
        gate.set_roles(&keeper, &id, Vec::new()).await.err(),
        gate.set_back(&keeper, &id).await.err(),
    ] {
        assert_eq!(refused.unwrap().issues[0].key, "own-account");
    }
    gate.create(&keeper, &typed).await.unwrap();
    kit.advance_ms(61 * 24 * 60 * MINUTE);
    let half = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
    let waiting = visitor(&gate, &half).await;
    let whole = gate
        .show_code(&waiting, &app_code(&setup.text, kit.now_ms()), None, &from("10.0.0.1"))
        .await
        .unwrap();
    let Visitor::Halfway(here, Step::Password) = visitor(&gate, &whole).await else {
        panic!("two months are over")
    };
    gate.change_password(&here, PASSWORD, "tám chữ mới", &from("10.0.0.1")).await.unwrap();
    assert!(matches!(visitor(&gate, &whole).await, Visitor::Person(_)));
}
