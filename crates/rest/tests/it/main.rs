//! The REST API, asked in process, on both engines.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod access;
mod conditional;
mod docs;
mod everything;
mod everywhere;
mod export;
mod history;
mod hl7;
mod hooks;
mod hostile;
mod house;
mod instance;
mod lastn;
mod matching;
mod matrix;
mod meta;
mod metadata;
mod minimal;
mod openapi;
mod operation;
mod search;
mod subscription;
mod terminology;
mod transaction;
mod views;
mod who_was_shown;
