//! The store suite: the same cases on SQLite and on PostgreSQL.

mod backup;
mod changes;
mod check;
mod crash;
mod engine;
mod kit;
mod search;
mod swap;
