//! Stories of the whole house: the real program, its files, its network, its neighbours.
//!
//! Start reading at [`house`] (a node in a folder of its own); each story is a file whose name is its claim.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod browser;
mod chronic;
mod claims;
mod concurrency;
mod crash;
mod doubts;
mod durable_before_acknowledged;
mod fhir_client;
mod files;
mod house;
mod household;
mod http;
mod import_codes;
mod life;
mod linking;
mod medicines;
mod month_end;
mod notify;

mod access;
mod authoring;
mod bad_files;
mod closed_house;
mod outside;
mod papers;
mod postgres_house;
mod practice;
mod refer;
mod rules;
mod safe_doors;
mod sealed;
mod security_check;
mod sign_in;
mod smart;
mod subscriptions;
mod two_hospitals_one_record;
mod vaccinate;
mod vaccination_day;
mod validate;
mod views;
mod visits;
mod walk;
