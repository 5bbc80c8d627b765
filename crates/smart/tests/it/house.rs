//! A closed house with its pages, its API and its doors for apps; people in it, and two patients.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use std::sync::Arc;
use tower::ServiceExt;
use yba_auth::smart::client::{Client, Sort};
use yba_auth::token::Token;
use yba_auth::{Cookies, Grant};
use yba_content::Content;
use yba_fhir::Resource;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, items, str_at};
use yba_records::audit::{Found, Wanted};
use yba_records::gate::{Attempt, NewAccount, Origin};
use yba_records::{Change, Gate};
use yba_smart::Smart;
use yba_testkit::Kit;
use yba_web::{Entrance, Site, SiteSettings};

/// The name by which apps know the house, and where its records are.
pub const BASE: &str = "https://hoso.test";
pub const FHIR: &str = "https://hoso.test/fhir";
/// Where the tests' app is sent back to.
pub const BACK: &str = "https://app.test/ve";
const PASSWORD: &str = "bốn bức tường trắng";

pub struct House {
    pub kit: Kit,
    pub gate: Gate,
    router: Router,
}

pub struct Said {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Said {
    pub fn json(&self) -> Value {
        json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    pub fn word(&self, name: &str) -> String {
        str_at(&self.json(), &[name]).unwrap_or_default().to_owned()
    }

    pub fn location(&self) -> String {
        self.headers.get("location").map_or("", |one| one.to_str().unwrap()).to_owned()
    }

    /// A parameter of the address to which it leads.
    pub fn back(&self, name: &str) -> String {
        let location = self.location();
        let query = location.split_once('?').map_or("", |(_, query)| query);
        let pairs = yba_store::search::query::decode_pairs(query);
        pairs.into_iter().find(|(one, _)| one == name).map(|(_, value)| value).unwrap_or_default()
    }

    /// The ids of a Bundle, sorted.
    pub fn ids(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{}", self.text);
        let tree = self.json();
        let mut ids: Vec<String> = items(&tree, "entry")
            .filter_map(|one| Some(str_at(one, &["resource", "id"])?.to_owned()))
            .collect();
        ids.sort_unstable();
        ids
    }

    pub fn total(&self) -> Option<u64> {
        self.json().as_object()?.get(&"total")?.as_u64()
    }
}

pub fn pairs(pairs: &[(&str, &str)]) -> String {
    let hex = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    pairs.iter().map(|(name, value)| format!("{name}={}", hex(value))).collect::<Vec<_>>().join("&")
}

pub async fn each(case: impl AsyncFn(House)) {
    yba_testkit::each_engine(|kit| async { case(House::open(kit).await).await }).await;
}

impl House {
    pub async fn open(kit: Kit) -> House {
        House::named(kit, BASE).await
    }

    pub async fn named(kit: Kit, base: &str) -> House {
        let gate = Gate::open(kit.records.clone(), Arc::new(Content::built_in()), &[7; 32]).await.unwrap();
        let settings = SiteSettings {
            open: false,
            node: "Trạm thử".into(),
            source_url: "https://example.org/yba".into(),
            version: "0.1.0".into(),
            who: None,
            run: "r1".into(),
            gallery: false,
        };
        let entrance = Entrance { gate: gate.clone(), cookies: Cookies::default() };
        let site = Site::with_entrance(settings, Vec::new(), Some(entrance));
        let smart = Smart {
            site: site.clone(),
            gate: gate.clone(),
            records: kit.records.clone(),
            base_url: base.into(),
        };
        let api = yba_rest::Settings {
            base: FHIR.into(),
            run: "test".into(),
            gate: Some(gate.clone()),
            ..Default::default()
        };
        let router = yba_smart::api(smart.clone())
            .merge(yba_rest::router(kit.records.clone(), api))
            .merge(yba_web::shell(site, yba_smart::pages(smart)));
        yba_mpi::follower::prepare(&kit.records).await.unwrap();
        let house = House { kit, gate, router };
        house.people().await;
        house
    }

    /// Two people, with two observations each, a visit and a diagnosis.
    async fn people(&self) {
        let mut changes = Vec::new();
        let mut put = |text: String| {
            changes.push(Change::put(Resource::parse(text.as_bytes()).unwrap()));
        };
        put(r#"{"resourceType":"Organization","id":"bv","name":"Bệnh viện Mẫu"}"#.into());
        put(r#"{"resourceType":"Practitioner","id":"bs1","name":[{"text":"Vàng A Bác"}]}"#.into());
        for (patient, name) in [("p1", "Lò Thị Một"), ("p2", "Giàng A Hai")] {
            put(format!(
                r#"{{"resourceType":"Patient","id":"{patient}","name":[{{"text":"{name}"}}],"birthDate":"1990-03-02","managingOrganization":{{"reference":"Organization/bv"}}}}"#
            ));
            put(format!(
                r#"{{"resourceType":"Encounter","id":"e-{patient}","status":"finished","class":{{"code":"AMB"}},"subject":{{"reference":"Patient/{patient}"}},"serviceProvider":{{"reference":"Organization/bv"}}}}"#
            ));
            put(format!(
                r#"{{"resourceType":"Condition","id":"c-{patient}","subject":{{"reference":"Patient/{patient}"}},"encounter":{{"reference":"Encounter/e-{patient}"}},"code":{{"coding":[{{"system":"http://hl7.org/fhir/sid/icd-10","code":"I10"}}]}}}}"#
            ));
            for (sort, code) in [("laboratory", "2345-7"), ("vital-signs", "8867-4")] {
                put(observation(&format!("o-{sort}-{patient}"), patient, sort, code));
            }
        }
        self.kit.records.transact(&self.kit.ctx(), changes).await.unwrap();
    }

    /// An account with a role, everywhere or at a facility; the token of its session.
    pub async fn account(&self, login: &str, role: &str, place: Option<&str>) -> (String, Token) {
        let grant = Grant { organization: place.map(str::to_owned), ..Grant::new(role, self.gate.today()) };
        let typed = NewAccount {
            login: login.into(),
            name: format!("Người {login}"),
            practitioner: (role == "doctor").then(|| "bs1".to_owned()),
            roles: vec![grant],
            patients: if role == "citizen" { vec!["p1".into(), "p2".into()] } else { Vec::new() },
            ..NewAccount::default()
        };
        let (account, link) = self.gate.create(&self.kit.ctx(), &typed).await.unwrap();
        let came = self.gate.set_password_by_link(&link.0, PASSWORD, None, &Origin::default()).await.unwrap();
        (account.id.clone(), came.session)
    }

    /// Somebody with an account signs in.
    pub async fn come_in(&self, login: &str) {
        let attempt = Attempt {
            login: login.into(),
            password: PASSWORD.into(),
            device: None,
            origin: Origin::default(),
        };
        self.gate.sign_in(attempt).await.unwrap();
    }

    pub async fn doctor(&self) -> Token {
        self.account("bac.si", "doctor", None).await.1
    }

    /// Registers a client; its secret if it has one.
    pub async fn register(&self, client: Client) -> (Client, Option<Token>) {
        self.gate.register(&self.kit.ctx(), client).await.unwrap()
    }

    /// An app in a browser, registered for this.
    pub async fn app(&self, scopes: &str) -> Client {
        let client = Client {
            name: "Biểu đồ".into(),
            redirects: vec![BACK.into(), format!("{BACK}?x=1")],
            launch: Some("https://app.test/mo".into()),
            scopes: scopes.into(),
            ..Client::default()
        };
        self.register(client).await.0
    }

    /// A confidential app with a secret.
    pub async fn confidential(&self, scopes: &str) -> (Client, Token) {
        let client = Client {
            name: "Có máy chủ".into(),
            sort: Sort::Confidential,
            redirects: vec![BACK.into()],
            scopes: scopes.into(),
            ..Client::default()
        };
        let (client, secret) = self.register(client).await;
        (client, secret.unwrap())
    }

    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Said {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Said {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub async fn get(&self, path: &str) -> Said {
        self.ask("GET", path, &[], "").await
    }

    /// A page, by somebody's session.
    pub async fn page(&self, session: &Token, path: &str) -> Said {
        self.ask("GET", path, &[("cookie", &format!("yba={}", session.0))], "").await
    }

    /// A form of our own pages, by somebody's session.
    pub async fn send(&self, session: &Token, path: &str, fields: &[(&str, &str)]) -> Said {
        let cookie = format!("yba={}", session.0);
        let headers = [
            ("cookie", cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.ask("POST", path, &headers, &pairs(fields)).await
    }

    /// A form of a program, such as to the token endpoint.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Said {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.ask("POST", path, &all, &pairs(fields)).await
    }

    /// The API, with a token.
    pub async fn with(&self, token: &str, method: &str, path: &str, body: &str) -> Said {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        if !body.is_empty() {
            headers.push(("content-type", "application/fhir+json"));
        }
        self.ask(method, path, &headers, body).await
    }

    pub async fn read(&self, token: &str, path: &str) -> Said {
        self.with(token, "GET", path, "").await
    }

    /// What the trail says, newest first: action and whether it was refused.
    pub async fn trail(&self) -> Vec<(String, bool)> {
        let wanted = Wanted::default();
        let Found { entries, .. } =
            self.kit.records.audit_search(&self.kit.ctx(), &wanted, None, 500).await.unwrap();
        entries.into_iter().map(|one| (one.action, one.refused)).collect()
    }

    /// Whether the newest entries hold such a refusal.
    pub async fn noted(&self, action: &str) -> bool {
        self.trail().await.iter().any(|(one, refused)| one == action && *refused)
    }
}

pub fn observation(id: &str, patient: &str, sort: &str, code: &str) -> String {
    let named = if id.is_empty() { String::new() } else { format!(r#""id":"{id}","#) };
    format!(
        r#"{{"resourceType":"Observation",{named}"status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"{sort}"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}},"subject":{{"reference":"Patient/{patient}"}},"encounter":{{"reference":"Encounter/e-{patient}"}},"valueQuantity":{{"value":1,"unit":"g"}}}}"#
    )
}
