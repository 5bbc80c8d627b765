//! The REST API, asked in process, on both engines.

mod access;
mod hostile;
mod house;
mod instance;
mod metadata;
mod search;
mod transaction;
