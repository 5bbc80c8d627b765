//! The hospital's room. For now: find a person, register them, read their record over all facilities, decide which records are
//! one person's, and write down who may see it.
//!
//! It deliberately does not know other rooms, SQL, or how people are linked. Pages are drawn from models,
//! models are built from FHIR resources by pure functions.
//!
//! Start at [`routes`]; [`find`], [`record`], [`register`], [`doubts`], [`links`] and [`consent`] are feature folders: `mod.rs` routes and handlers,
//! `model.rs`, `page.rs`, `tests.rs`.

mod codes;
pub mod consent;
pub mod doubts;
mod facilities;
pub mod find;
mod findings;
pub mod links;
pub mod people;
pub mod record;
pub mod register;
mod spelling;

use axum::Router;
use std::sync::Arc;
use yba_content::Content;
use yba_fhir::Day;
use yba_records::{Action, Records};
use yba_web::{Entry, Group, Site};

/// What the room's handlers need.
#[derive(Clone)]
pub struct Hospital {
    pub site: Site,
    pub records: Records,
    /// For the general reference ranges of laboratory tests.
    pub content: Arc<Content>,
}

impl Hospital {
    /// Today in Vietnam, by the store's clock.
    fn today(&self) -> String {
        Day::of_instant(self.records.store().clock().now_ms()).to_string()
    }
}

/// The room's pages, to be put behind the guards of `yba_web::shell`.
pub fn routes(hospital: Hospital) -> Router {
    find::routes()
        .merge(codes::routes())
        .merge(record::routes())
        .merge(register::routes())
        .merge(doubts::routes())
        .merge(links::routes())
        .merge(consent::routes())
        .with_state(hospital)
}

/// This room's part of the menu.
pub fn menu() -> Group {
    let find = Entry::new("/", "users", "Tìm người").needs(Action::Search, "Patient").letter('t');
    let register =
        Entry::new(register::REGISTER, "user-plus", "Đăng ký").needs(Action::Create, "Patient").letter('n');
    let doubts =
        Entry::new(doubts::DOUBTS, "git-merge", "Nghi trùng").needs(Action::Create, "Linkage").letter('r');
    Group { title: "Hồ sơ", entries: vec![find, register, doubts] }
}
