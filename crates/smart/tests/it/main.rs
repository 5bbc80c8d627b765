//! Apps as they come in: every flow and every refusal, asked in process over a real gate, on both engines where data matters.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod allowed;
mod app;
mod asking;
mod bearer;
mod bounds;
mod fetching;
mod house;
mod keeping;
mod launching;
mod limits;
mod service;
mod signing;
