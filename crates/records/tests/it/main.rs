//! The door, on a real store.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod audit;
mod audit_tampering;
mod drafts;
mod everything;
mod export;
mod gate;
mod own;
mod posts;
mod reach;
mod review;
mod roles;
mod rules;
mod terms;
mod transact;
mod ways;
