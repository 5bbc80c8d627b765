//! A node with its API, and short ways to ask it.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use std::sync::{Arc, OnceLock};
use tower::ServiceExt;
use yba_content::Content;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, json, str_at};
use yba_records::Gate;
use yba_rest::{Settings, router};
use yba_testkit::Kit;
use yba_view::Library;

pub const BASE: &str = "http://yba.test/fhir";

/// An open node and its API.
pub struct House {
    pub kit: Kit,
    pub router: Router,
    /// The cookie of whoever asks, as their browser has it.
    pub cookie: Option<String>,
}

/// Runs a case on a new house of each engine.
pub async fn each(case: impl AsyncFn(House)) {
    yba_testkit::each_engine(|kit| case(House::open(kit))).await;
}

fn settings(open: bool) -> Settings {
    Settings { open, base: BASE.into(), run: "test".into(), views: views(), ..Settings::default() }
}

impl House {
    pub fn open(kit: Kit) -> House {
        House::with(kit, true)
    }

    /// A house whose API knows nobody.
    pub fn closed(kit: Kit) -> House {
        House::with(kit, false)
    }

    /// From now on it is asked by somebody who has signed in, with the token of their session.
    pub fn ask_as(&mut self, gate: Gate, token: &str) {
        self.router = router(self.kit.records.clone(), Settings { gate: Some(gate), ..settings(false) });
        self.cookie = Some(format!("yba={token}"));
    }

    /// From now on it is open again.
    pub fn ask_openly(&mut self) {
        self.router = router(self.kit.records.clone(), settings(true));
        self.cookie = None;
    }

    fn with(kit: Kit, open: bool) -> House {
        House { router: router(kit.records.clone(), settings(open)), kit, cookie: None }
    }

    /// Any request. JSON bodies are said to be FHIR JSON unless a header says otherwise.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Said {
        let body: Bytes = body.into();
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        if !body.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("content-type", "application/fhir+json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie).header("sec-fetch-site", "same-origin");
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let said = Said { status: parts.status, headers: parts.headers, body };
        said.check();
        said
    }

    pub async fn get(&self, path: &str) -> Said {
        self.ask("GET", path, &[], "").await
    }

    pub async fn post(&self, path: &str, tree: &Value) -> Said {
        self.ask("POST", path, &[], bytes(tree)).await
    }

    pub async fn put(&self, path: &str, tree: &Value) -> Said {
        self.ask("PUT", path, &[], bytes(tree)).await
    }

    pub async fn delete(&self, path: &str) -> Said {
        self.ask("DELETE", path, &[], "").await
    }

    /// Creates a record and gives its id.
    pub async fn create(&self, tree: &Value) -> String {
        let kind = str_at(tree, &["resourceType"]).unwrap().to_owned();
        let said = self.post(&format!("/fhir/{kind}"), tree).await;
        assert_eq!(said.status, StatusCode::CREATED, "{said:?}");
        said.id()
    }
}

/// The views built into the program.
fn views() -> Arc<Library> {
    static VIEWS: OnceLock<Arc<Library>> = OnceLock::new();
    VIEWS.get_or_init(|| Arc::new(Library::load(&Content::built_in()).unwrap())).clone()
}

pub fn bytes(tree: &Value) -> Bytes {
    Bytes::from(json::to_vec(tree).unwrap())
}

/// An invented person.
pub fn patient(name: &str) -> Value {
    json!({"resourceType": "Patient", "name": [{"text": name}], "gender": "female", "birthDate": "1986-04-12"})
}

/// What the API said.
pub struct Said {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Bytes,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body: String = String::from_utf8_lossy(&self.body).chars().take(1500).collect();
        write!(f, "{} {:?}\n{body}", self.status, self.headers)
    }
}

impl Said {
    /// What holds for every answer whatever was asked.
    fn check(&self) {
        assert!(self.headers.contains_key("x-request-id"), "{self:?}");
        assert_ne!(self.status, StatusCode::INTERNAL_SERVER_ERROR, "{self:?}");
        if self.status.is_client_error() || self.status.is_server_error() {
            if self.headers.contains_key("content-encoding") || self.body.is_empty() {
                return;
            }
            let tree = self.tree();
            assert_eq!(str_at(&tree, &["resourceType"]), Some("OperationOutcome"), "{self:?}");
            for issue in json::items(&tree, "issue") {
                for part in [str_at(issue, &["details", "text"]), str_at(issue, &["diagnostics"])] {
                    assert!(part.is_some_and(|text| !text.is_empty()), "{self:?}");
                }
            }
        }
    }

    pub fn tree(&self) -> Value {
        json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn text(&self, path: &[&str]) -> String {
        str_at(&self.tree(), path).unwrap_or_default().to_owned()
    }

    pub fn id(&self) -> String {
        self.text(&["id"])
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Our stable code of the first issue.
    pub fn key(&self) -> String {
        let tree = self.tree();
        let issue = json::items(&tree, "issue").next().cloned().unwrap_or_default();
        let code =
            json::items(&issue["details"], "coding").next().and_then(|coding| str_at(coding, &["code"]));
        code.unwrap_or_default().to_owned()
    }

    /// The address of a link of a bundle.
    pub fn link(&self, relation: &str) -> Option<String> {
        let tree = self.tree();
        json::items(&tree, "link")
            .find(|link| str_at(link, &["relation"]) == Some(relation))
            .and_then(|link| str_at(link, &["url"]))
            .map(|url| url.strip_prefix("http://yba.test").expect("links begin with the base").to_owned())
    }

    /// `field` of every entry's resource.
    pub fn each_resource(&self, field: &str) -> Vec<String> {
        let tree = self.tree();
        json::items(&tree, "entry")
            .filter_map(|entry| str_at(entry, &["resource", field]).map(str::to_owned))
            .collect()
    }

    /// The status of every entry's response.
    pub fn entry_statuses(&self) -> Vec<String> {
        let tree = self.tree();
        json::items(&tree, "entry")
            .map(|entry| str_at(entry, &["response", "status"]).unwrap_or_default().to_owned())
            .collect()
    }

    pub fn entries(&self) -> Vec<Value> {
        self.tree()
            .get("entry")
            .and_then(|list| list.as_array().map(|list| list.iter().cloned().collect()))
            .unwrap_or_default()
    }
}
