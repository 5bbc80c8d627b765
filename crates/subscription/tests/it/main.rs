//! Subscriptions over real stores and a real HTTP server on this machine.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod delivery;
mod hook;
mod lifecycle;
mod refusals;
mod stress;
mod tls;
