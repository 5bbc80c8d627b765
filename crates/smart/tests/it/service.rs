//! A service that comes by itself, with an assertion that it signed: what is accepted, and everything that is not.

use crate::house::{BASE, House, each};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use std::sync::OnceLock;
use yba_auth::Grant;
use yba_auth::smart::assertion::{ALGORITHMS, LIFE_MAX_MS, SORT};
use yba_auth::smart::client::{Client, Sort};
use yba_fhir::json::{Value, json};

/// A key of the service and one that is not its.
struct Pair {
    pem: String,
    public: String,
    jwk: Value,
}

fn make(id: &str, bits: usize) -> Pair {
    let private = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits).unwrap();
    let text = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
    let jwk = json!({"kty": "RSA", "kid": id, "alg": "RS384", "use": "sig", "n": text(private.n()), "e": text(private.e())});
    Pair {
        pem: private.to_pkcs8_pem(LineEnding::LF).unwrap().to_string(),
        public: private.to_public_key().to_public_key_pem(LineEnding::LF).unwrap(),
        jwk,
    }
}

fn own() -> &'static Pair {
    static OWN: OnceLock<Pair> = OnceLock::new();
    OWN.get_or_init(|| make("k1", 2048))
}

fn other() -> &'static Pair {
    static OTHER: OnceLock<Pair> = OnceLock::new();
    OTHER.get_or_init(|| make("k1", 2048))
}

async fn service(house: &House, scopes: &str, role: &str, place: Option<&str>) -> Client {
    let grant = Grant { organization: place.map(str::to_owned), ..Grant::new(role, house.gate.today()) };
    let client = Client {
        name: "Máy xét nghiệm".into(),
        sort: Sort::Backend,
        scopes: scopes.into(),
        jwks: Some(json!({"keys": [own().jwk.clone()]}).to_string()),
        roles: vec![grant],
        ..Client::default()
    };
    house.register(client).await.0
}

/// What an assertion says; a case changes what is to be wrong.
fn claims(house: &House, client: &str, jti: &str) -> Value {
    let now = house.kit.now_ms() / 1000;
    json!({"iss": client, "sub": client, "aud": format!("{BASE}/oauth/token"), "exp": now + 240, "iat": now, "jti": jti})
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    use yba_fhir::json::JsonValueMutTrait;
    claims.as_object_mut().unwrap().insert(&name, value);
    claims
}

fn signed(claims: &Value, algorithm: Algorithm, kid: Option<&str>, pem: &str) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    let key = match algorithm {
        Algorithm::HS384 => EncodingKey::from_secret(pem.as_bytes()),
        _ => EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
    };
    encode(&header, claims, &key).unwrap()
}

async fn come(house: &House, assertion: &str, scope: &str) -> crate::house::Said {
    let fields = [
        ("grant_type", "client_credentials"),
        ("scope", scope),
        ("client_assertion_type", SORT),
        ("client_assertion", assertion),
    ];
    house.post("/oauth/token", &[], &fields).await
}

#[tokio::test]
async fn a_service_reads_what_it_asked_was_registered_for_and_its_role_permits() {
    each(async |house| {
        let client =
            service(&house, "system/Observation.rs system/Patient.r system/Claim.rs", "doctor", Some("bv"))
                .await;
        let assertion = signed(&claims(&house, &client.id, "1"), Algorithm::RS384, Some("k1"), &own().pem);
        let said = come(&house, &assertion, "system/*.cruds openid user/*.rs").await;
        assert_eq!(said.status, 200, "{}", said.text);
        assert_eq!(said.word("scope"), "system/Observation.rs system/Patient.r");
        assert!(said.word("refresh_token").is_empty() && said.word("patient").is_empty());
        let token = said.word("access_token");
        let read = async |path: &str| house.read(&token, path).await;
        assert_eq!(read("/fhir/Observation?code=2345-7").await.ids(), ["o-laboratory-p1", "o-laboratory-p2"]);
        for (path, status) in [
            ("/fhir/Patient/p1", 200),
            ("/fhir/Patient", 403),
            ("/fhir/Claim", 403),
            ("/fhir/Condition", 403),
        ] {
            assert_eq!(read(path).await.status.as_u16(), status, "{path}");
        }
        let wanted = yba_records::audit::Wanted { agent: format!("app/{}", client.id), ..Default::default() };
        let found = house.kit.records.audit_search(&house.kit.ctx(), &wanted, None, 50).await.unwrap();
        assert!(
            found.entries.iter().any(|one| one.action == "search" && !one.refused && one.patients.len() == 2)
        );
        let far = service(&house, "system/Observation.rs", "doctor", Some("khac")).await;
        let assertion = signed(&claims(&house, &far.id, "1"), Algorithm::RS384, Some("k1"), &own().pem);
        let token = come(&house, &assertion, "system/Observation.rs").await.word("access_token");
        assert_eq!(
            house.read(&token, "/fhir/Observation").await.ids(),
            [""; 0],
            "its facility has no tie to anybody"
        );
    })
    .await;
}

#[tokio::test]
async fn an_export_of_a_service_holds_what_its_scopes_say() {
    each(async |house| {
        let client = service(
            &house,
            "system/Observation.rs?category=laboratory system/Condition.r",
            "epidemiologist",
            None,
        )
        .await;
        let assertion = signed(&claims(&house, &client.id, "1"), Algorithm::RS384, Some("k1"), &own().pem);
        let token = come(&house, &assertion, &client.scopes).await.word("access_token");
        let bearer = format!("Bearer {token}");
        let ask = async |path: &str| {
            house.ask("GET", path, &[("authorization", &bearer), ("prefer", "respond-async")], "").await
        };
        let path_of = |address: &str| address.trim_start_matches(BASE).to_owned();
        let begun = ask("/fhir/$export?_type=Observation").await;
        assert_eq!(begun.status, 202, "{}", begun.text);
        let state = path_of(begun.headers["content-location"].to_str().unwrap());
        let ready = loop {
            let said = ask(&state).await;
            if said.status != 202 {
                break said;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        assert_eq!(ready.status, 200, "{}", ready.text);
        let tree = ready.json();
        let files: Vec<String> = yba_fhir::json::items(&tree, "output")
            .filter_map(|one| Some(path_of(yba_fhir::json::str_at(one, &["url"])?)))
            .collect();
        assert_eq!(files.len(), 1, "{}", ready.text);
        let lines = ask(&files[0]).await.text;
        assert!(lines.contains("o-laboratory-p1") && lines.contains("o-laboratory-p2"), "{lines}");
        assert!(!lines.contains("vital-signs"), "{lines}");
        // What may be read and not searched is not given in bulk either; and nobody else fetches the files.
        let begun = ask("/fhir/$export?_type=Condition").await;
        if begun.status == 202 {
            let state = path_of(begun.headers["content-location"].to_str().unwrap());
            let ended = loop {
                let said = ask(&state).await;
                if said.status != 202 {
                    break said;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            };
            assert!(!ended.text.contains("\"type\":\"Condition\""), "no file: {}", ended.text);
        }
        let doctor = house.doctor().await;
        let app = house.app("user/*.rs").await;
        let other = house.token(&doctor, &app, "user/*.rs", "").await;
        assert!(house.read(&other, &files[0]).await.status.is_client_error());
    })
    .await;
}

#[tokio::test]
async fn an_assertion_that_is_not_wholly_right_is_refused() {
    let house = House::open(yba_testkit::records()).await;
    let client = service(&house, "system/Observation.rs", "doctor", None).await;
    let twin = service(&house, "system/Observation.rs", "doctor", None).await;
    let now = house.kit.now_ms() / 1000;
    let base = |jti: &str| claims(&house, &client.id, jti);
    let good = |claims: &Value| signed(claims, Algorithm::RS384, Some("k1"), &own().pem);
    let none = {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(json!({"alg": "none", "typ": "JWT", "kid": "k1"})), part(base("none")))
    };
    let mut changed = good(&base("changed"));
    let middle = changed.find('.').unwrap() + 5;
    changed.replace_range(middle..=middle, if &changed[middle..=middle] == "A" { "B" } else { "A" });
    let cases = [
        ("alg none", none),
        ("a changed claim", changed),
        ("the public key as a secret", signed(&base("hs"), Algorithm::HS384, Some("k1"), &own().public)),
        ("another algorithm", signed(&base("rs256"), Algorithm::RS256, Some("k1"), &own().pem)),
        ("another's key", signed(&base("key"), Algorithm::RS384, Some("k1"), &other().pem)),
        ("an unknown key", signed(&base("kid"), Algorithm::RS384, Some("k2"), &own().pem)),
        ("no key named", signed(&base("nokid"), Algorithm::RS384, None, &own().pem)),
        ("another audience", good(&with(base("aud"), "aud", json!("https://other.test/oauth/token")))),
        ("the issuer as audience", good(&with(base("iss-aud"), "aud", json!(BASE)))),
        ("the records as audience", good(&with(base("fhir-aud"), "aud", json!(format!("{BASE}/fhir"))))),
        ("over", good(&with(base("exp"), "exp", json!(now - 60)))),
        ("too long", good(&with(base("long"), "exp", json!(now + LIFE_MAX_MS / 1000 + 60)))),
        ("for ever", good(&with(base("ever"), "exp", json!(i64::MAX)))),
        ("from the future", good(&with(base("nbf"), "nbf", json!(now + 120)))),
        ("issued in the future", good(&with(base("iat"), "iat", json!(now + 120)))),
        ("about another", good(&with(base("sub"), "sub", json!(twin.id.as_str())))),
        ("by another", good(&with(base("iss"), "iss", json!("khong-co")))),
        ("no id", good(&with(base("x"), "jti", json!("")))),
        ("a long id", good(&with(base("x"), "jti", json!("j".repeat(201))))),
        ("no JWT", "x.y.z".to_owned()),
        ("nothing much", "x".repeat(10_000)),
    ];
    for (what, assertion) in &cases {
        let said = come(&house, assertion, "system/Observation.rs").await;
        assert_eq!(
            (said.status.as_u16(), said.word("error").as_str()),
            (401, "invalid_client"),
            "{what}: {}",
            said.text
        );
        // Each try counts; a right one makes them forgotten.
        let fine = good(&base(&format!("after {what}")));
        assert_eq!(come(&house, &fine, "system/Observation.rs").await.status, 200, "after {what}");
    }
    assert!(house.noted("app-prove").await);
    let fine = good(&base("once"));
    assert_eq!(come(&house, &fine, "system/Observation.rs").await.status, 200);
    assert_eq!(
        come(&house, &fine, "system/Observation.rs").await.word("error"),
        "invalid_client",
        "it came before"
    );
    let several =
        good(&with(base("several"), "aud", json!(["https://x.test", format!("{BASE}/oauth/token")])));
    assert_eq!(come(&house, &several, "system/Observation.rs").await.status, 200);
    for (scope, word) in
        [("", "invalid_scope"), ("user/*.rs", "invalid_scope"), ("system/Condition.rs", "invalid_scope")]
    {
        let said = come(&house, &good(&base(&format!("scope {scope}"))), scope).await;
        assert_eq!(said.word("error"), word, "{scope}");
    }
    let fields = |sort: &'static str, id: &'static str, secret: &'static str, assertion: String| {
        vec![
            ("grant_type", "client_credentials".to_owned()),
            ("scope", "system/Observation.rs".into()),
            ("client_assertion_type", sort.into()),
            ("client_id", id.into()),
            ("client_secret", secret.into()),
            ("client_assertion", assertion),
        ]
    };
    for (what, case) in [
        ("type", fields("urn:x", "", "", good(&base("t")))),
        ("id", fields(SORT, "khac", "", good(&base("i")))),
        ("secret", fields(SORT, "", "s", good(&base("s")))),
    ] {
        let case: Vec<(&str, &str)> = case.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(house.post("/oauth/token", &[], &case).await.word("error"), "invalid_client", "{what}");
        assert_eq!(
            come(&house, &good(&base(&format!("then {what}"))), "system/Observation.rs").await.status,
            200
        );
    }
    let alone = [
        ("grant_type", "client_credentials"),
        ("scope", "system/Observation.rs"),
        ("client_id", &*client.id),
    ];
    assert_eq!(
        house.post("/oauth/token", &[], &alone).await.word("error"),
        "invalid_client",
        "its name alone"
    );
    house.gate.switch_client(&house.kit.ctx(), &client.id, true).await.unwrap();
    assert_eq!(
        come(&house, &good(&base("off")), "system/Observation.rs").await.word("error"),
        "invalid_client"
    );
    assert_eq!(ALGORITHMS, ["RS384", "ES384"]);
}

#[tokio::test]
async fn keys_that_are_weak_or_private_are_not_registered() {
    let house = House::open(yba_testkit::records()).await;
    let weak = make("weak", 1024);
    let private = json!({"keys": [{"kty": "RSA", "kid": "k", "n": "AQAB", "e": "AQAB", "d": "AQAB"}]});
    for keys in [
        json!({"keys": [weak.jwk.clone()]}).to_string(),
        private.to_string(),
        json!({"keys": []}).to_string(),
        json!({"keys": [{"kty": "oct", "kid": "k", "k": "AQAB"}]}).to_string(),
        json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "x": "AQAB", "y": "AQAB"}]}).to_string(),
        "x".to_owned(),
        format!("{{\"keys\":[{}]}}", " ".repeat(20_000)),
    ] {
        let client = Client {
            name: "x".into(),
            sort: Sort::Backend,
            scopes: "system/Observation.rs".into(),
            jwks: Some(keys.clone()),
            roles: vec![Grant::new("doctor", house.gate.today())],
            ..Client::default()
        };
        let refused = house.gate.register(&house.kit.ctx(), client).await.err().unwrap();
        assert_eq!(refused.issues[0].path.as_deref(), Some("jwks"), "{keys}");
    }
}
