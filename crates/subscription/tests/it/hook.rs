//! A server that is notified, and a node with its follower running.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use yba_fhir::Resource;
use yba_fhir::json::{JsonValueTrait, Value, json, str_at};
use yba_records::Change;
use yba_subscription::{Hosts, Settings};
use yba_testkit::Kit;

/// No test waits longer for something that should happen, on a machine that has other work too.
const PATIENCE: Duration = Duration::from_secs(180);

/// What arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

type Answering = dyn Fn(usize, &Arrived) -> (StatusCode, HeaderMap, Vec<u8>) + Send + Sync;

/// The server: keeps what arrives and answers as it was told to.
#[derive(Clone)]
pub struct Hook {
    pub address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

#[derive(Clone)]
struct Inside {
    arrived: Arc<Mutex<Vec<Arrived>>>,
    answering: Arc<Answering>,
}

async fn take(
    State(inside): State<Inside>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let one = Arrived { method, path: uri.to_string(), headers, body };
    let number = {
        let mut arrived = inside.arrived.lock().unwrap();
        arrived.push(one.clone());
        arrived.len() - 1
    };
    (inside.answering)(number, &one)
}

impl Hook {
    /// Answers 200 to everything.
    pub async fn open() -> Hook {
        Hook::answering(|_, _| (StatusCode::OK, HeaderMap::new(), Vec::new())).await
    }

    /// Answers with a status, by the number of what arrives, from 0.
    pub async fn with(status: impl Fn(usize, &Arrived) -> u16 + Send + Sync + 'static) -> Hook {
        Hook::answering(move |n, one| {
            (StatusCode::from_u16(status(n, one)).unwrap(), HeaderMap::new(), Vec::new())
        })
        .await
    }

    pub async fn answering(
        answer: impl Fn(usize, &Arrived) -> (StatusCode, HeaderMap, Vec<u8>) + Send + Sync + 'static,
    ) -> Hook {
        let arrived: Arc<Mutex<Vec<Arrived>>> = Arc::default();
        let inside = Inside { arrived: arrived.clone(), answering: Arc::new(answer) };
        let app = Router::new().fallback(take).with_state(inside);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Hook { address, arrived }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    pub fn paths(&self) -> Vec<String> {
        self.arrived().into_iter().map(|one| one.path).collect()
    }

    /// Waits until so many have arrived, and a moment longer for those that should not.
    pub async fn after(&self, count: usize) -> Vec<Arrived> {
        until(|| async { self.arrived().len() >= count }).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        let arrived = self.arrived();
        assert_eq!(arrived.len(), count, "{:?}", self.paths());
        arrived
    }
}

/// Waits until it is so.
pub async fn until<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "it did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A follower that runs.
pub struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    pub settings: Settings,
}

/// Settings of test mode whose tries follow each other at once.
pub fn quick() -> Settings {
    let delays = vec![Duration::ZERO; 3];
    Settings { delays, ..Settings::new(Hosts::default().open(true)) }
}

pub fn start(kit: &Kit, settings: Settings) -> Running {
    let (stop, stopping) = watch::channel(false);
    let task = tokio::spawn(yba_subscription::run(kit.records.clone(), settings.clone(), stopping));
    Running { stop, task, settings }
}

impl Running {
    /// Ends it in good order.
    pub async fn stop(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }

    /// Ends it as a crash does.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// A Subscription that is requested.
pub fn asking(criteria: &str, endpoint: &str, payload: bool) -> Value {
    let mut channel = json!({"type": "rest-hook", "endpoint": endpoint});
    if payload {
        channel = json!({"type": "rest-hook", "endpoint": endpoint, "payload": "application/fhir+json"});
    }
    json!({"resourceType": "Subscription", "status": "requested", "reason": "thử", "criteria": criteria,
           "channel": channel})
}

pub fn putting(id: &str, tree: &Value) -> Change {
    let mut resource = Resource::from_value(tree.clone()).unwrap();
    resource.set_id(id);
    Change::put(resource)
}

pub async fn put(kit: &Kit, id: &str, tree: &Value) {
    kit.records.transact(&kit.ctx(), vec![putting(id, tree)]).await.unwrap();
}

/// Puts a Subscription and waits until the server has answered it with a status.
pub async fn subscribe(kit: &Kit, id: &str, tree: &Value, expected: &str) -> Value {
    put(kit, id, tree).await;
    becomes(kit, id, expected).await
}

pub async fn becomes(kit: &Kit, id: &str, expected: &str) -> Value {
    let status = || async { str_at(&now(kit, id).await, &["status"]) == Some(expected) };
    until(status).await;
    now(kit, id).await
}

pub async fn now(kit: &Kit, id: &str) -> Value {
    kit.store().read("Subscription", id).await.unwrap().unwrap().tree()
}

/// Waits until the follower has read the log to its end.
pub async fn caught_up(kit: &Kit) {
    until(|| async { yba_subscription::lag(&kit.records).await.unwrap() == 0 }).await;
}

pub fn glucose(patient: &str, value: &str) -> Value {
    json!({"resourceType": "Observation", "status": "final",
           "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]},
           "subject": {"reference": (format!("Patient/{patient}"))}, "valueString": value})
}

pub fn patient(name: &str) -> Value {
    json!({"resourceType": "Patient", "name": [{"text": name}]})
}

/// A member of a body as text.
pub fn text_of(body: &[u8], name: &str) -> String {
    let tree: Value = yba_fhir::json::from_slice(body).unwrap();
    tree.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}
