//! The other ways in, as far as they go without an authenticator and a provider (those stand in the stories of the whole
//! house): what strangers may try is counted, noted and bounded like passwords.

use crate::gate::{PASSWORD, from, gate, key, try_in, visitor};
use std::sync::Arc;
use yba_auth::Grant;
use yba_auth::outside::{Fetch, Provider, Settings, Unreached};
use yba_fhir::Kind;
use yba_records::Gate;
use yba_records::gate::{Here, NewAccount, NewPasskey, Origin, Returned, Visitor};
use yba_testkit::Kit;

const ISSUER: &str = "https://id.tinh.vn";

async fn nurse(gate: &Gate, kit: &Kit, login: &str) -> (String, Here) {
    let roles = vec![Grant::new("nurse", gate.today())];
    let typed =
        NewAccount { login: login.into(), name: "Lò Thị Mai".into(), roles, ..NewAccount::default() };
    let (account, link) = gate.create(&kit.ctx(), &typed).await.unwrap();
    gate.set_password_by_link(&link.0, PASSWORD, None, &from("10.0.0.9")).await.unwrap();
    let came = try_in(gate, login, PASSWORD, None, "10.0.0.1").await.unwrap();
    let Visitor::Person(here) = visitor(gate, &came).await else { panic!() };
    (account.id.clone(), here)
}

fn refusals(kit: &Kit, action: &str) -> usize {
    kit.records.trail().sync();
    let files = std::fs::read_dir(kit.records.trail().folder()).unwrap().map(|one| one.unwrap().path());
    let logs = files.filter(|path| path.extension().is_some_and(|end| end == "log"));
    let text: String = logs.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let start = format!("{{\"action\":\"{action}\",");
    text.lines().filter(|line| line.contains(&start) && line.contains("\"refused\":true")).count()
}

#[tokio::test]
async fn answers_of_no_authenticator_are_counted_noted_and_taken_once() {
    let kit = yba_testkit::records();
    let gate = gate(&kit).await;
    assert_eq!(
        gate.ask_passkey(&Origin::default()).err().unwrap().kind,
        Kind::NotFound,
        "no address, no passkeys"
    );
    gate.take_passkeys("https://hoso.tinh.vn");
    let ticket = gate.ask_passkey(&Origin::default()).unwrap().ticket.0;
    let answer =
        async |ticket: &str| key(gate.sign_in_with_passkey(ticket, "{}", None, &from("10.0.0.1")).await);
    assert_eq!((answer(&ticket).await, answer(&ticket).await), ("passkey-wrong", "question-over"));
    let late = gate.ask_passkey(&Origin::default()).unwrap().ticket.0;
    kit.advance_ms(2 * 60_000);
    assert_eq!(answer(&late).await, "question-over");
    for _ in 0..3 {
        assert_eq!(answer("khong-co").await, "question-over");
    }
    assert_eq!(answer("khong-co").await, "sign-in-slow");
    assert_eq!(refusals(&kit, "passkey"), 7);
    let other = gate.sign_in_with_passkey("khong-co", "{}", None, &from("10.0.0.2")).await;
    assert_eq!(key(other), "question-over", "another source is not slowed");
}

#[tokio::test]
async fn a_passkey_is_added_with_the_password_a_name_and_the_challenge_of_this_session() {
    let kit = yba_testkit::records();
    let gate = gate(&kit).await;
    gate.take_passkeys("");
    let ((_, here), (_, other)) = (nurse(&gate, &kit, "mai.lo").await, nurse(&gate, &kit, "lan").await);
    let ticket = gate.ask_new_passkey(&here).unwrap().ticket.0;
    let add = async |here: &Here, name: &str, present: &str| {
        let new = NewPasskey { ticket: &ticket, answer: "{}", name, present };
        key(gate.add_passkey(here, &new, &from("10.0.0.1")).await)
    };
    assert_eq!(add(&here, "", PASSWORD).await, "passkey-name");
    assert_eq!(add(&here, "Điện thoại", "sai").await, "password-wrong");
    assert_eq!(add(&other, "Điện thoại", PASSWORD).await, "passkey-wrong", "asked by another session");
    assert_eq!(add(&here, "Điện thoại", PASSWORD).await, "question-over", "and used up by that");
    assert!(gate.passkeys(&here).await.unwrap().is_empty());
    assert!(refusals(&kit, "passkey-add") >= 3);
}

/// A provider that says of itself what it is, and gives no token.
fn provider() -> Provider {
    let said = format!(
        r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/auth","token_endpoint":"{ISSUER}/token","jwks_uri":"{ISSUER}/jwks","response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}}"#
    );
    let fetch: Fetch = Arc::new(move |request| {
        let body = match request.uri().path() {
            "/.well-known/openid-configuration" => Some(said.clone()),
            "/jwks" => Some(r#"{"keys":[]}"#.to_owned()),
            _ => None,
        };
        Box::pin(async move {
            let body = body.ok_or_else(|| Unreached("refused".into()))?.into_bytes();
            let mut response = yba_auth::outside::Response::new(body);
            response.headers_mut().insert("content-type", "application/json".parse().expect("a plain word"));
            Ok(response)
        })
    });
    let back = "https://hoso.tinh.vn/dang-nhap/ngoai/ve".to_owned();
    let (client, secret, name) = ("yba".into(), "x".into(), "Cổng tỉnh".into());
    Provider::new(Settings { issuer: ISSUER.into(), client, secret, name, back }, fetch)
}

#[tokio::test]
async fn who_comes_back_from_outside_is_judged_once_counted_and_noted() {
    let kit = yba_testkit::records();
    let gate = gate(&kit).await;
    assert_eq!(
        gate.go_outside("/", &Origin::default()).await.err().unwrap().kind,
        Kind::NotFound,
        "none is configured"
    );
    gate.take_outside(provider());
    let way = gate.go_outside("/", &Origin::default()).await.unwrap();
    assert!(way.url.starts_with("https://id.tinh.vn/auth?"));
    let state = way.url.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let back = async |ticket: &str, state: &str, issuer: &str| {
        let returned = Returned { ticket, state, code: "c", issuer };
        key(gate.come_back(&returned, None, None, &from("10.0.0.1")).await.map(drop))
    };
    assert_eq!(back(&way.ticket.0, "khác", "").await, "outside-wrong");
    assert_eq!(back(&way.ticket.0, &state, "").await, "question-over", "a ticket is good once");
    let way = gate.go_outside("/", &Origin::default()).await.unwrap();
    assert_eq!(back(&way.ticket.0, &state, "https://khac.vn").await, "outside-wrong", "another issuer");
    let way = gate.go_outside("/", &Origin::default()).await.unwrap();
    let state = way.url.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    assert_eq!(back(&way.ticket.0, &state, ISSUER).await, "outside-wrong", "no token for this code");
    let late = gate.go_outside("/", &Origin::default()).await.unwrap();
    kit.advance_ms(10 * 60_000);
    assert_eq!(back(&late.ticket.0, "x", "").await, "question-over");
    assert_eq!(back("", "", "").await, "question-over");
    for _ in 0..10 {
        assert_eq!(back("", "", "").await, "question-over", "who has no ticket makes nobody wait");
    }
    assert_eq!(refusals(&kit, "outside"), 16);
    let mut last = "";
    for _ in 0..6 {
        let way = gate.go_outside("/", &Origin::default()).await.unwrap();
        last = back(&way.ticket.0, "khác", "").await;
    }
    assert_eq!(last, "sign-in-slow", "who has tickets and no good answer waits");
}

#[tokio::test]
async fn an_outside_name_is_tied_to_one_account_by_who_keeps_accounts_and_taken_away() {
    let kit = yba_testkit::records();
    let (gate, admin) = (gate(&kit).await, kit.ctx());
    gate.take_outside(provider());
    let ((mai, here), (lan, _)) = (nurse(&gate, &kit, "mai.lo").await, nurse(&gate, &kit, "lan").await);
    let ctx = gate.ctx(&Visitor::Person(here.clone()), "page", "r");
    assert_eq!(gate.tie_outside(&ctx, &lan, "s-1").await.unwrap_err().kind, Kind::Forbidden);
    assert_eq!(key(gate.tie_outside(&admin, &mai, "đ").await), "subject-format");
    gate.tie_outside(&admin, &mai, " s-1 ").await.unwrap();
    gate.tie_outside(&admin, &mai, "s-1").await.unwrap();
    assert_eq!(
        gate.account_for(&admin, &mai).await.unwrap().outside.len(),
        1,
        "the same once more is the same"
    );
    assert_eq!(key(gate.tie_outside(&admin, &lan, "s-1").await), "outside-taken");
    assert_eq!(key(gate.go_to_be_tied(&here, "sai", &from("10.0.0.1")).await), "password-wrong");
    gate.untie_own(&here, "s-1", &from("10.0.0.1")).await.unwrap();
    gate.tie_outside(&admin, &lan, "s-1").await.expect("free again");
    gate.untie_outside(&admin, &lan, "s-1").await.unwrap();
    for at in 0..5 {
        gate.tie_outside(&admin, &lan, &format!("t-{at}")).await.unwrap();
    }
    assert_eq!(key(gate.tie_outside(&admin, &lan, "t-5").await), "outside-many");
    gate.set_back(&admin, &lan).await.unwrap();
    assert!(gate.account_for(&admin, &lan).await.unwrap().outside.is_empty(), "set back");
}
