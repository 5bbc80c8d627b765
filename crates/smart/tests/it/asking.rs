//! An app asks to be let in: what the page says, and what is refused before anybody is asked.

use crate::app::{CHALLENGE, STATE, asking, with};
use crate::house::{BACK, BASE, House, each, pairs};
use yba_auth::smart::client::{Client, Sort};

const SCOPES: &str = "launch/patient patient/*.rs user/*.rs openid fhirUser offline_access";

#[tokio::test]
async fn discovery_says_what_is_served() {
    let house = House::open(yba_testkit::records()).await;
    for path in ["/.well-known/smart-configuration", "/fhir/.well-known/smart-configuration"] {
        let said = house.get(path).await;
        assert_eq!((said.status.as_u16(), said.word("issuer").as_str()), (200, BASE), "{path}");
        assert_eq!(said.word("authorization_endpoint"), format!("{BASE}/oauth/authorize"));
        assert_eq!(said.headers["access-control-allow-origin"], "*");
        for word in ["launch-ehr", "permission-v2", "client-confidential-asymmetric", "\"S256\"", "ES384"] {
            assert!(said.text.contains(word), "{word}");
        }
        assert!(
            !said.text.contains("plain") && !said.text.contains("registration_endpoint"),
            "{}",
            said.text
        );
    }
    assert!(house.get("/.well-known/openid-configuration").await.text.contains("RS256"));
    let statement = house.get("/fhir/metadata").await.text;
    assert!(statement.contains("SMART-on-FHIR") && statement.contains(&format!("{BASE}/oauth/token")));
}

#[tokio::test]
async fn a_node_without_a_name_serves_apps_on_this_machine_alone() {
    let house = House::named(yba_testkit::records(), "").await;
    let at =
        async |host: &str| house.ask("GET", "/.well-known/smart-configuration", &[("host", host)], "").await;
    assert_eq!(at("127.0.0.1:8080").await.word("issuer"), "http://127.0.0.1:8080");
    assert_eq!(at("[::1]:8080").await.word("issuer"), "http://[::1]:8080");
    for elsewhere in ["evil.test", "127.0.0.1.evil.test", "10.0.0.1:8080", "", "localhost@evil.test"] {
        let said = at(elsewhere).await;
        assert_eq!((said.status.as_u16(), said.word("error").as_str()), (503, "server_error"), "{elsewhere}");
    }
}

#[tokio::test]
async fn a_person_is_told_who_asks_for_what_and_may_refuse() {
    let house = House::open(yba_testkit::records()).await;
    let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
    let asked = asking(&app.id, "launch/patient patient/Observation.rs user/Claim.rs offline_access x/y");
    let page = house.asked(&doctor, &asked).await;
    assert_eq!(page.status, 200, "{}", page.text);
    for word in [
        "Cho «Biểu đồ» vào?",
        "https://app.test",
        "Xem, tìm kết quả",
        "tới 90 ngày",
        "Từ chối",
        "Tìm người bệnh ở trên",
    ] {
        assert!(page.text.contains(word), "{word}");
    }
    assert!(!page.text.contains("hồ sơ thanh toán"), "a doctor may not read claims, so no app of theirs");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' https://app.test;") && policy.contains("frame-ancestors 'none'")
    );
    let mut search = asked.clone();
    search.push(("tim", "lo thi mot"));
    let found = house.send(&doctor, "/oauth/authorize", &search).await;
    assert!(found.status == 200 && found.text.contains("value=\"lo thi mot\""), "{}", found.text);
    let by_address = house.asked(&doctor, &search).await;
    assert!(by_address.status == 200 && !by_address.text.contains("lo thi mot"), "nobody is looked for so");
    let mut refuse = asked.clone();
    refuse.push(("quyet-dinh", "khong"));
    let said = house.send(&doctor, "/oauth/authorize", &refuse).await;
    assert_eq!((said.back("error").as_str(), said.back("state").as_str()), ("access_denied", STATE));
    assert_eq!(said.back("iss"), BASE);
    assert!(said.location().starts_with(&format!("{BACK}?error=")));
}

#[tokio::test]
async fn a_citizen_chooses_among_those_whom_their_account_is_for() {
    each(async |house| {
        let (_, citizen) = house.account("dan", "citizen", None).await;
        let app = house.app(SCOPES).await;
        let asked = asking(&app.id, "launch/patient patient/Observation.rs");
        let page = house.asked(&citizen, &asked).await;
        assert!(page.text.contains("Lò Thị Một") && page.text.contains("Giàng A Hai"), "{}", page.text);
        let token = house.token(&citizen, &app, "launch/patient patient/Observation.rs", "p2").await;
        assert_eq!(
            house.read(&token, "/fhir/Observation").await.ids(),
            ["o-laboratory-p2", "o-vital-signs-p2"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_stranger_signs_in_first_and_comes_back_to_the_question() {
    let house = House::open(yba_testkit::records()).await;
    let app = house.app(SCOPES).await;
    let scope = format!("launch/patient {}", "patient/Observation.rs?category=laboratory ".repeat(40));
    let said = house.get(&format!("/oauth/authorize?{}", pairs(&asking(&app.id, &scope)))).await;
    assert_eq!(said.status, 401);
    assert!(
        said.text.contains("name=\"ve\" value=\"/oauth/authorize?response_type="),
        "the question is kept"
    );
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered_letter_by_letter() {
    let house = House::open(yba_testkit::records()).await;
    let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
    let service = Client {
        id: String::new(),
        name: "x".into(),
        sort: Sort::Public,
        redirects: vec![BACK.into()],
        scopes: "openid".into(),
        ..Client::default()
    };
    let (off, _) = house.register(service).await;
    house.gate.switch_client(&house.kit.ctx(), &off.id, true).await.unwrap();
    let whole = asking(&app.id, SCOPES);
    let mut cases = vec![
        with(whole.clone(), "client_id", "khong-co"),
        with(whole.clone(), "client_id", "' OR 1=1"),
        with(whole.clone(), "client_id", ""),
        with(whole.clone(), "client_id", &off.id),
        with(whole.clone(), "redirect_uri", ""),
    ];
    let near = [
        "https://app.test/ve/",
        "https://app.test/ve/..",
        "https://APP.test/ve",
        "http://app.test/ve",
        "https://app.test/ve#x",
        "https://app.test/ve?y=1",
        "https://app.test.evil.test/ve",
        "https://app.test@evil.test/ve",
        "//evil.test",
        "javascript:alert(1)",
        "https://app.test/ve%2F",
    ];
    cases.extend(near.iter().map(|address| with(whole.clone(), "redirect_uri", address)));
    for case in cases {
        for said in [house.asked(&doctor, &case).await, house.let_in(&doctor, &case, "p1").await] {
            assert_eq!((said.status.as_u16(), said.location().as_str()), (400, ""), "{case:?}");
            assert!(said.text.contains("chưa được đăng ký ở đây"), "{}", said.text);
        }
    }
    assert!(house.noted("app-ask").await);
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.test", pairs(&whole));
    assert_eq!(
        house.page(&doctor, &format!("/oauth/authorize?{twice}")).await.status,
        400,
        "one name, one value"
    );
    let long = "x".repeat(2001);
    assert_eq!(house.asked(&doctor, &with(whole.clone(), "state", &long)).await.status, 400);
    let second = with(whole, "redirect_uri", "https://app.test/ve?x=1");
    assert!(
        house.let_in(&doctor, &second, "p1").await.location().starts_with("https://app.test/ve?x=1&code=")
    );
}

#[tokio::test]
async fn a_question_that_is_wrong_goes_back_with_the_word_of_oauth() {
    let house = House::open(yba_testkit::records()).await;
    let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
    let whole = asking(&app.id, SCOPES);
    let (many, nonce) = ("openid ".repeat(200), "n".repeat(501));
    for (name, value, word) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("aud", "https://other.test/fhir", "invalid_request"),
        ("aud", "https://hoso.test", "invalid_request"),
        ("aud", "", "invalid_request"),
        ("nonce", &nonce, "invalid_request"),
        ("launch", "KHONG-CO", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "system/*.rs", "invalid_scope"),
        ("scope", "user/Claim.rs", "invalid_scope"),
        ("scope", &many, "invalid_scope"),
    ] {
        let case = with(whole.clone(), name, value);
        for said in [house.asked(&doctor, &case).await, house.let_in(&doctor, &case, "p1").await] {
            assert_eq!((said.back("error").as_str(), said.status.as_u16()), (word, 303), "{name}={value}");
            assert_eq!(
                (said.back("state").as_str(), said.back("iss").as_str()),
                (STATE, BASE),
                "{name}={value}"
            );
            assert_eq!(said.back("code"), "", "{name}={value}");
        }
    }
    assert_eq!(CHALLENGE.len(), 43);
    assert!(house.noted("app-ask").await);
}

#[tokio::test]
async fn a_yes_comes_from_our_own_page_and_about_somebody_within_reach() {
    each(async |house| {
        let app = house.app(SCOPES).await;
        let (_, clerk) = house.account("bac.xa", "doctor", Some("tram-khac")).await;
        let (_, citizen) = house.account("dan", "citizen", None).await;
        let asked = asking(&app.id, "launch/patient patient/Observation.rs");
        let mut fields = asked.clone();
        fields.extend([("quyet-dinh", "cho"), ("nguoi", "p1")]);
        let cookie = format!("yba={}", citizen.0);
        for site in ["cross-site", "same-site", ""] {
            let headers = [
                ("cookie", cookie.as_str()),
                ("content-type", "application/x-www-form-urlencoded"),
                ("sec-fetch-site", site),
            ];
            let said = house
                .ask(
                    "POST",
                    "/oauth/authorize",
                    &headers[..if site.is_empty() { 2 } else { 3 }],
                    &pairs(&fields),
                )
                .await;
            assert_eq!((said.status.as_u16(), said.location().as_str()), (403, ""), "{site}");
        }
        assert_eq!(house.let_in(&citizen, &asked, "khong-co").await.back("error"), "access_denied");
        assert_eq!(house.let_in(&citizen, &asked, "").await.status, 200, "asked again to choose");
        // Doctors find people in the province; what an app then sees of them is what they see.
        let token = house.token(&clerk, &app, "launch/patient patient/*.rs", "p1").await;
        assert_eq!(house.read(&token, "/fhir/Observation").await.ids(), [""; 0]);
    })
    .await;
}
