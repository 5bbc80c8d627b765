//! An app fetches its tokens, renews them, asks about them and gives them up; and what is refused on that way.

use crate::app::{VERIFIER, asking};
use crate::house::{BACK, House, each};
use yba_auth::smart::tables::{CODE_MS, OFFLINE_MS};

const SCOPES: &str = "launch/patient patient/*.rs user/*.rs openid fhirUser offline_access online_access";
const OBSERVATIONS: &str = "launch/patient patient/Observation.rs";

#[tokio::test]
async fn a_code_becomes_tokens_once_and_a_second_try_ends_them() {
    each(async |house| {
        let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
        let code = house.code(&doctor, &app, &format!("{OBSERVATIONS} offline_access"), "p1").await;
        let said = house.fetch(&app, &code).await;
        assert_eq!(said.status, 200, "{}", said.text);
        assert_eq!(said.word("token_type"), "Bearer");
        assert_eq!(said.word("scope"), "launch/patient offline_access patient/Observation.rs");
        assert_eq!(said.word("patient"), "p1");
        assert!(said.text.contains("\"expires_in\":600") && said.word("id_token").is_empty());
        assert_eq!(
            (&said.headers["cache-control"], &said.headers["pragma"]),
            (&"no-store".parse().unwrap(), &"no-cache".parse().unwrap())
        );
        let access = said.word("access_token");
        assert_eq!(
            house.read(&access, "/fhir/Observation").await.ids(),
            ["o-laboratory-p1", "o-vital-signs-p1"]
        );
        let again = house.fetch(&app, &code).await;
        assert_eq!((again.status.as_u16(), again.word("error").as_str()), (400, "invalid_grant"));
        assert_eq!(
            house.read(&access, "/fhir/Observation").await.status,
            401,
            "what came of the code is over"
        );
        assert_eq!(house.renew(&app, &said.word("refresh_token")).await.word("error"), "invalid_grant");
        assert!(
            house.noted("app-fetch").await && house.noted("app-use").await && house.noted("app-renew").await
        );
    })
    .await;
}

#[tokio::test]
async fn a_code_is_good_for_its_client_its_address_and_its_verifier_alone() {
    let house = House::open(yba_testkit::records()).await;
    let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
    let other = house.app(SCOPES).await;
    let whole = |code: &str, client: &str| {
        [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec()
    };
    let longer = VERIFIER.to_owned() + "x";
    for (name, value) in [
        ("code_verifier", ""),
        ("code_verifier", longer.as_str()),
        ("code_verifier", crate::app::CHALLENGE),
        ("redirect_uri", ""),
        ("redirect_uri", "https://app.test/ve?x=1"),
        ("client_id", other.id.as_str()),
        ("code", "x"),
        ("code", &"A".repeat(52)),
    ] {
        // What succeeds makes the tries before it forgotten.
        house.token(&doctor, &app, OBSERVATIONS, "p1").await;
        let code = house.code(&doctor, &app, OBSERVATIONS, "p1").await;
        let mut fields = whole(&code, &app.id);
        fields.iter_mut().filter(|(one, _)| *one == name).for_each(|(_, kept)| *kept = value.to_owned());
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let said = house.post("/oauth/token", &[], &fields).await;
        assert_eq!(
            (said.status.as_u16(), said.word("error").as_str()),
            (400, "invalid_grant"),
            "{name}={value}"
        );
        // Whoever had the wrong verifier or address has used the code up; another's try is none of the app's.
        let spent = ["code_verifier", "redirect_uri"].contains(&name);
        assert_eq!(house.fetch(&app, &code).await.status == 200, !spent, "{name}={value}");
    }
    let code = house.code(&doctor, &app, OBSERVATIONS, "p1").await;
    house.kit.advance_ms(CODE_MS);
    assert_eq!(house.fetch(&app, &code).await.word("error"), "invalid_grant", "over");
    let code = house.code(&doctor, &app, OBSERVATIONS, "p1").await;
    house.send(&doctor, "/dang-xuat", &[]).await;
    assert_eq!(house.fetch(&app, &code).await.word("error"), "invalid_grant", "the session is over");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_second_try_ends_the_grant() {
    each(async |house| {
        let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
        let other = house.app(SCOPES).await;
        let code = house.code(&doctor, &app, &format!("{OBSERVATIONS} offline_access"), "p1").await;
        let first = house.fetch(&app, &code).await;
        let old = first.word("refresh_token");
        assert_eq!(house.renew(&other, &old).await.word("error"), "invalid_grant", "of another client");
        assert_eq!(
            house.renew(&app, &first.word("access_token")).await.word("error"),
            "invalid_grant",
            "of another use"
        );
        let wider = [
            ("grant_type", "refresh_token"),
            ("client_id", &app.id),
            ("refresh_token", &old),
            ("scope", "patient/*.rs"),
        ];
        assert_eq!(house.post("/oauth/token", &[], &wider).await.word("error"), "invalid_scope");
        let part = [
            ("grant_type", "refresh_token"),
            ("client_id", &app.id),
            ("refresh_token", &old),
            ("scope", "patient/Observation.r"),
        ];
        let second = house.post("/oauth/token", &[], &part).await;
        assert_eq!((second.status.as_u16(), second.word("patient").as_str()), (200, "p1"), "{}", second.text);
        assert_eq!(second.word("scope"), first.word("scope"), "and what is given is said");
        let fresh = second.word("refresh_token");
        assert!(fresh != old && second.word("access_token") != first.word("access_token"));
        assert_eq!(house.read(&second.word("access_token"), "/fhir/Observation").await.status, 200);
        assert_eq!(house.renew(&app, &old).await.word("error"), "invalid_grant", "used before");
        for token in [&second, &first] {
            assert_eq!(house.read(&token.word("access_token"), "/fhir/Observation").await.status, 401);
        }
        assert_eq!(house.renew(&app, &fresh).await.word("error"), "invalid_grant", "and all is over");
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_without_a_name_is_a_public_clients_alone() {
    let house = House::open(yba_testkit::records()).await;
    let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
    let (client, secret) = house.confidential(SCOPES).await;
    let unnamed = async |token: &str| {
        house.post("/oauth/token", &[], &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    };
    let code = house.code(&doctor, &app, &format!("{OBSERVATIONS} offline_access"), "p1").await;
    let refresh = house.fetch(&app, &code).await.word("refresh_token");
    assert_eq!(unnamed(&refresh).await.status, 200);
    assert_eq!(unnamed(&refresh).await.word("error"), "invalid_grant", "it came before");
    let code = house.code(&doctor, &client, &format!("{OBSERVATIONS} offline_access"), "p1").await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &*client.id),
        ("client_secret", &*secret.0),
        ("code", &*code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    let refresh = house.post("/oauth/token", &[], &fields).await.word("refresh_token");
    for token in [&refresh, "x"] {
        assert_eq!(unnamed(token).await.word("error"), "invalid_client", "{token}");
    }
}

#[tokio::test]
async fn how_long_a_grant_lasts_is_as_it_was_asked() {
    let house = House::open(yba_testkit::records()).await;
    let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
    let given = async |more: &str| {
        let code = house.code(&doctor, &app, &format!("{OBSERVATIONS}{more}"), "p1").await;
        house.fetch(&app, &code).await
    };
    let (plain, online, offline) =
        (given("").await, given(" online_access").await, given(" offline_access").await);
    assert!(plain.word("refresh_token").is_empty() && !online.word("refresh_token").is_empty());
    assert_eq!(house.send(&doctor, "/dang-xuat", &[]).await.status, 303);
    for (said, lasts) in [(&plain, false), (&online, false), (&offline, true)] {
        let status = house.read(&said.word("access_token"), "/fhir/Observation").await.status;
        assert_eq!(status == 200, lasts, "{}", said.text);
    }
    assert_eq!(house.renew(&app, &online.word("refresh_token")).await.status, 400);
    let mut refresh = offline.word("refresh_token");
    for _ in 0..3 {
        house.kit.advance_ms(OFFLINE_MS / 4);
        house.come_in("bac.si").await;
        let said = house.renew(&app, &refresh).await;
        assert_eq!(said.status, 200, "{}", said.text);
        refresh = said.word("refresh_token");
    }
    house.kit.advance_ms(OFFLINE_MS / 4);
    assert_eq!(
        house.renew(&app, &refresh).await.word("error"),
        "invalid_grant",
        "however often it was renewed"
    );
}

#[tokio::test]
async fn an_app_does_not_outlive_an_account_that_nobody_uses() {
    let house = House::open(yba_testkit::records()).await;
    let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
    let code = house.code(&doctor, &app, &format!("{OBSERVATIONS} offline_access"), "p1").await;
    let refresh = house.fetch(&app, &code).await.word("refresh_token");
    house.kit.advance_ms(OFFLINE_MS * 3 / 4);
    assert_eq!(house.renew(&app, &refresh).await.word("error"), "invalid_grant");
    assert!(house.noted("app-renew").await);
}

#[tokio::test]
async fn whoever_does_not_prove_itself_is_refused_and_slowed() {
    let house = House::open(yba_testkit::records()).await;
    let doctor = house.doctor().await;
    let ((client, secret), app) = (house.confidential(SCOPES).await, house.app(SCOPES).await);
    let code = house.code(&doctor, &client, OBSERVATIONS, "p1").await;
    let whole = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    let with = |more: &[(&'static str, &str)]| -> Vec<(String, String)> {
        whole.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let send = async |headers: &[(&str, &str)], fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        house.post("/oauth/token", headers, &fields).await
    };
    let basic = |text: &str| {
        format!("Basic {}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text))
    };
    for fields in [
        with(&[("client_id", &client.id)]),
        with(&[("client_id", &client.id), ("client_secret", "x")]),
        with(&[("client_id", "khong-co"), ("client_secret", &secret.0)]),
        with(&[("client_id", &app.id), ("client_secret", &secret.0)]),
        with(&[]),
    ] {
        let said = send(&[], fields).await;
        assert_eq!(
            (said.status.as_u16(), said.word("error").as_str()),
            (401, "invalid_client"),
            "{}",
            said.text
        );
        assert!(!said.headers.contains_key("www-authenticate"));
    }
    let wrong = basic(&format!("{}:sai", client.id));
    let said = send(&[("authorization", &wrong)], with(&[])).await;
    assert_eq!(
        (said.status.as_u16(), &said.headers["www-authenticate"]),
        (401, &"Basic realm=\"yba\"".parse().unwrap())
    );
    let right = basic(&format!("{}:{}", client.id, secret.0));
    let both = send(&[("authorization", &right)], with(&[("client_secret", &secret.0)])).await;
    assert_eq!(both.word("error"), "invalid_request", "one proof at a time");
    for malformed in ["Basic", "Basic !!!", "Bearer x", "Basic eA=="] {
        let said = send(&[("authorization", malformed)], with(&[])).await;
        assert_eq!(said.word("error"), "invalid_request", "{malformed}");
    }
    let said = send(&[("authorization", &right)], with(&[])).await;
    assert_eq!(said.status, 200, "{}", said.text);
    assert!(house.noted("app-prove").await);
    let mut last = 0;
    for _ in 0..12 {
        let said = send(&[], with(&[("client_id", &client.id), ("client_secret", "đoán")])).await;
        last = said.status.as_u16();
    }
    assert_eq!(last, 429, "guessing gets slower");
    let said = send(&[("authorization", &right)], with(&[])).await;
    assert_eq!((said.status.as_u16(), said.word("error").as_str()), (429, "temporarily_unavailable"));
    assert!(said.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn what_is_no_request_of_a_token_is_refused() {
    let house = House::open(yba_testkit::records()).await;
    let app = house.app(SCOPES).await;
    for (grant, word) in [
        ("password", "unsupported_grant_type"),
        ("implicit", "unsupported_grant_type"),
        ("", "unsupported_grant_type"),
        ("client_credentials", "unauthorized_client"),
    ] {
        let said = house
            .post(
                "/oauth/token",
                &[],
                &[("grant_type", grant), ("client_id", &app.id), ("scope", "system/*.rs")],
            )
            .await;
        assert_eq!((said.status.as_u16(), said.word("error").as_str()), (400, word), "{grant}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (headers, body) in [
        (&form[..], "grant_type=refresh_token&grant_type=password&client_id=x"),
        (&[("content-type", "application/json")][..], "{}"),
        (&[][..], "grant_type=password"),
    ] {
        assert_eq!(
            house.ask("POST", "/oauth/token", headers, body).await.word("error"),
            "invalid_request",
            "{body}"
        );
    }
    let many = format!("client_id={}&{}", app.id, "x".repeat(70_000));
    assert!(house.ask("POST", "/oauth/token", &form, &many).await.status.is_client_error());
    assert_eq!(house.get("/oauth/token?grant_type=password").await.status, 405);
}

#[tokio::test]
async fn a_client_asks_about_its_own_tokens_and_gives_them_up() {
    each(async |house| {
        let doctor = house.doctor().await;
        let ((client, secret), (other, other_secret)) =
            (house.confidential(SCOPES).await, house.confidential(SCOPES).await);
        let app = house.app(SCOPES).await;
        let fetch = async |scope: &str| {
            let code = house.code(&doctor, &client, scope, "p1").await;
            let fields = [
                ("grant_type", "authorization_code"),
                ("client_id", &*client.id),
                ("client_secret", &*secret.0),
                ("code", &*code),
                ("redirect_uri", BACK),
                ("code_verifier", VERIFIER),
            ];
            house.post("/oauth/token", &[], &fields).await
        };
        let about = async |id: &str, secret: &str, token: &str| {
            house
                .post(
                    "/oauth/introspect",
                    &[],
                    &[("client_id", id), ("client_secret", secret), ("token", token)],
                )
                .await
        };
        let given = fetch(&format!("{OBSERVATIONS} offline_access")).await;
        let (access, refresh) = (given.word("access_token"), given.word("refresh_token"));
        let said = about(&client.id, &secret.0, &access).await;
        assert!(
            said.text.contains("\"active\":true")
                && said.word("patient") == "p1"
                && said.word("client_id") == client.id,
            "{}",
            said.text
        );
        assert!(!said.word("sub").is_empty() && said.word("scope").contains("patient/Observation.rs"));
        for (id, shown, token) in
            [(&other.id, &other_secret.0, &access), (&client.id, &secret.0, &"x".to_owned())]
        {
            assert_eq!(about(id, shown, token).await.text, "{\"active\":false}");
        }
        assert_eq!(about(&app.id, "", &access).await.word("error"), "unauthorized_client");
        assert_eq!(about(&client.id, "sai", &access).await.word("error"), "invalid_client");
        let revoke = async |id: &str, secret: &str, token: &str| {
            house
                .post("/oauth/revoke", &[], &[("client_id", id), ("client_secret", secret), ("token", token)])
                .await
                .status
                .as_u16()
        };
        assert_eq!(revoke(&other.id, &other_secret.0, &access).await, 200, "and nothing happens");
        assert_eq!(house.read(&access, "/fhir/Observation").await.status, 200);
        assert_eq!(revoke(&client.id, "sai", &access).await, 401);
        assert_eq!(
            (revoke(&client.id, &secret.0, "x").await, revoke(&client.id, &secret.0, &access).await),
            (200, 200)
        );
        assert_eq!(house.read(&access, "/fhir/Observation").await.status, 401);
        let renewed = house
            .post(
                "/oauth/token",
                &[],
                &[
                    ("grant_type", "refresh_token"),
                    ("client_id", &client.id),
                    ("client_secret", &secret.0),
                    ("refresh_token", &refresh),
                ],
            )
            .await;
        assert_eq!(renewed.status, 200, "{}", renewed.text);
        assert_eq!(revoke(&client.id, &secret.0, &renewed.word("refresh_token")).await, 200);
        assert_eq!(
            house.read(&renewed.word("access_token"), "/fhir/Observation").await.status,
            401,
            "with all that came with it"
        );
        assert_eq!(
            about(&client.id, &secret.0, &renewed.word("refresh_token")).await.text,
            "{\"active\":false}"
        );
    })
    .await;
}

#[tokio::test]
async fn no_secret_stands_in_the_trail_or_the_database() {
    let house = House::open(yba_testkit::records()).await;
    let doctor = house.doctor().await;
    let (client, secret) = house.confidential(SCOPES).await;
    let code = house.code(&doctor, &client, &format!("{OBSERVATIONS} offline_access openid"), "p1").await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &*client.id),
        ("client_secret", &*secret.0),
        ("code", &*code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    let given = house.post("/oauth/token", &[], &fields).await;
    let asked = asking(&client.id, OBSERVATIONS);
    assert_eq!(house.asked(&doctor, &asked).await.status, 200);
    house.kit.records.trail().sync();
    let secrets = [
        secret.0,
        code,
        given.word("access_token"),
        given.word("refresh_token"),
        given.word("id_token"),
        VERIFIER.to_owned(),
    ];
    let mut folders = vec![house.kit.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let has = |text: &String| bytes.windows(text.len()).any(|some| some == text.as_bytes());
            assert!(!secrets.iter().any(|one| !one.is_empty() && has(one)), "{}", path.display());
        }
    }
    assert!(secrets.iter().all(|one| one.len() > 40));
}
