//! FHIR R4 Subscriptions by rest-hook: whoever asked for it is told of each record that is created or changed and meets
//! the criteria. <https://hl7.org/fhir/R4/subscription.html>
//!
//! It follows the change log. What meets a criterion goes into a queue in derived tables together with the cursor, so
//! nothing is lost however the program ends; each subscription's queue is sent by a task of its own, in the order of the
//! log, at least once. What cannot be delivered becomes a dead letter.
//!
//! It deliberately does not know: who may subscribe (the door does), how an address of the API looks (`rest` serves the
//! dead letters), other channels than rest-hook, topics.
//!
//! Start reading at [`definition`] (what a Subscription asks), then [`hosts`] (where anything may be sent at all), `follower`
//! (the log into the queue), `matching`, and `sending` (the queue into the world).

pub mod definition;
pub mod endpoint;
pub mod follower;
pub mod hosts;
pub mod http;
pub mod letters;

mod matching;
mod senders;
mod sending;
mod status;
mod table;

pub use follower::{lag, prepare, run};
pub use hosts::Hosts;

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Most subscriptions that are active at once.
pub const ACTIVE_MAX: usize = 1000;
/// Most notifications of one subscription that wait.
pub const QUEUE_MAX: usize = 100_000;
/// Most dead letters kept of one subscription; older ones are dropped and counted.
pub const LETTERS_MAX: usize = 1000;
/// After how many notifications in a row that became dead letters a subscription is stopped.
pub const FAILURES_MAX: i64 = 3;

/// How long is waited before each further try; when they are used up, the notification is a dead letter.
pub const DELAYS: [Duration; 7] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
    Duration::from_secs(1800),
    Duration::from_secs(3600),
];

/// How the follower works.
#[derive(Debug, Clone)]
pub struct Settings {
    pub hosts: Hosts,
    /// Before each further try.
    pub delays: Vec<Duration>,
    pub active_max: usize,
    pub queue_max: usize,
    pub letters_max: usize,
    /// Whom TLS trusts; those whom the machine trusts when none are given.
    pub trusted: Vec<rustls::pki_types::CertificateDer<'static>>,
    /// Told when dead letters were put back into a queue.
    pub put_back: Arc<Notify>,
}

impl Settings {
    pub fn new(hosts: Hosts) -> Settings {
        Settings {
            hosts,
            delays: DELAYS.to_vec(),
            active_max: ACTIVE_MAX,
            queue_max: QUEUE_MAX,
            letters_max: LETTERS_MAX,
            trusted: Vec::new(),
            put_back: Arc::default(),
        }
    }
}
