//! The store suite: the same cases on SQLite and on PostgreSQL.

mod changes;
mod kit;
mod search;
