//! The record store: immutable versions in a change log, a search index that answers as of any recent moment, and
//! one writer; on SQLite or PostgreSQL.
//!
//! It deliberately does not know: who asks and what they may do, what a resource means, HTTP. `yba-records` is the
//! only door to it for everything that concerns people.
//!
//! Start reading at [`version`] (what is kept), [`writer`] (how it is written), [`index`] (by what it is found),
//! [`search::plan`] (how it is found), [`db`] (the seam to the two engines).

pub mod backup;
pub mod blob;
mod chain;
pub mod check;
pub mod clock;
pub mod db;
pub mod derived;
mod everything;
mod group;
mod heads;
pub mod index;
pub mod labels;
mod latest;
mod log;
mod open;
mod past;
pub mod reached;
mod read;
mod readers;
pub mod reindex;
pub mod request;
pub mod search;
mod upkeep;
pub mod version;
mod walk;
mod writer;
mod written;

pub use chain::{CONTENT_COLUMNS, Content, audit_hash, covered};
pub use check::{CheckReport, Progress, check};
pub use clock::Clock;
pub use db::{Place, Row, Statement, Value};
pub use everything::{Everything, Page};
pub use index::tie::places_of;
pub use log::Logged;
pub use open::{Identity, LINK_MS, Options, Store};
pub use past::{Event, Past};
pub use reindex::Indexing;
pub use request::{Applied, Effect, Expect, Refusal, Request, Write};
pub use search::limit::{Codes, Limit};
pub use search::scope::{Kin, Knowledge, Narrow};
pub use search::{Found, NoWorld, Query, Scope, World};
pub use version::{INTERNAL_KINDS, Version};
pub use walk::Walk;
