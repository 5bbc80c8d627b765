//! What every interaction shares: the door, the settings, the cached CapabilityStatement, bounds.

use crate::export::Exports;
use crate::metadata::Capabilities;
use crate::openapi::OpenApi;
use crate::origins::Origins;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use yba_auth::Cookies;
use yba_records::{Gate, Records};
use yba_view::Library;

/// Most requests at work at once; others are asked to come again.
pub const REQUESTS_MAX: usize = 1000;
/// Most large bodies (see [`crate::body::LARGE_BYTES`]) that are in memory at once; others wait.
const LARGE_BODIES_MAX: usize = 4;
/// Most views whose rows are made at one time; others wait for their next page.
const VIEWS_MAX: usize = 2;

/// Settings of the API, made once at start.
#[derive(Clone, Default)]
pub struct Settings {
    /// Test mode: no authentication, everyone is the named test administrator.
    pub open: bool,
    /// The address that links and `Location` begin with, such as `https://hoso.laichau.gov.vn/fhir`, without a slash
    /// at its end. Empty: the host that the caller named, over http.
    pub base: String,
    /// Distinguishes this run of the program in request ids; letters and digits.
    pub run: String,
    /// The views that content brings.
    pub views: Arc<Library>,
    /// Origins whose pages may call from a browser.
    pub origins: Origins,
    /// Whose sessions count, when the node is not open.
    pub gate: Option<Gate>,
    /// The cookies in which sessions come.
    pub cookies: Cookies,
    /// Told when dead letters of a subscription are put back.
    pub put_back: Arc<Notify>,
    /// The rules of content, for other software.
    pub rules: Arc<yba_rules::Library>,
    /// What became of their cards.
    pub feedback: Arc<crate::hooks::Feedback>,
}

/// The API of one running node; clones share it.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    records: Records,
    settings: Settings,
    capabilities: Capabilities,
    openapi: OpenApi,
    turns: Arc<Semaphore>,
    large_bodies: Arc<Semaphore>,
    view_pages: Arc<Semaphore>,
    exports: Exports,
    requests: AtomicU64,
}

impl Api {
    pub fn new(records: Records, settings: Settings) -> Api {
        let capabilities = Capabilities::new(&settings, records.store().clock().now_ms());
        Api(Arc::new(Inner {
            records,
            settings,
            capabilities,
            openapi: OpenApi::new(),
            turns: Arc::new(Semaphore::new(REQUESTS_MAX)),
            large_bodies: Arc::new(Semaphore::new(LARGE_BODIES_MAX)),
            view_pages: Arc::new(Semaphore::new(VIEWS_MAX)),
            exports: Exports::default(),
            requests: AtomicU64::new(1),
        }))
    }

    pub fn records(&self) -> &Records {
        &self.0.records
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    pub fn openapi(&self) -> &OpenApi {
        &self.0.openapi
    }

    /// A place among the requests at work; none when all are taken.
    pub fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.0.turns.clone().try_acquire_owned().ok()
    }

    pub fn large_bodies(&self) -> Arc<Semaphore> {
        self.0.large_bodies.clone()
    }

    pub fn view_pages(&self) -> Arc<Semaphore> {
        self.0.view_pages.clone()
    }

    pub fn exports(&self) -> &Exports {
        &self.0.exports
    }

    /// The next request id: the run and a counter.
    pub fn next_request_id(&self) -> String {
        format!("{}r{:06}", self.0.settings.run, self.0.requests.fetch_add(1, Ordering::Relaxed))
    }
}
