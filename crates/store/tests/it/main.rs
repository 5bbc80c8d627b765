//! The store suite: the same cases on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod backup;
mod changes;
mod check;
mod course;
mod crash;
mod engine;
mod extract;
mod kit;
mod reindex;
mod search;
mod search_order;
mod swap;
mod values;
mod walk;
