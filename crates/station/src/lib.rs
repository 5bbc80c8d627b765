//! The commune station's room. For now: vaccination, from the list of whom to call to the dose that is given.
//!
//! It deliberately does not know other rooms, SQL, or which dose may be given when (`yba-care`, by the schedules of content).
//!
//! Start at [`routes`]; [`vaccinate`] is a feature folder: `mod.rs` routes and handlers, `model.rs`, `page.rs`.

pub mod vaccinate;

use axum::Router;
use std::sync::Arc;
use yba_content::Content;
use yba_fhir::Day;
use yba_records::{Action, Records};
use yba_web::{Entry, Group, Site};

/// What the room's handlers need.
#[derive(Clone)]
pub struct Station {
    pub site: Site,
    pub records: Records,
    pub content: Arc<Content>,
}

impl Station {
    /// Today in Vietnam, by the store's clock.
    fn today(&self) -> Day {
        Day::of_instant(self.records.store().clock().now_ms())
    }
}

/// The room's pages, to be put behind the guards of `yba_web::shell`.
pub fn routes(station: Station) -> Router {
    vaccinate::routes().with_state(station)
}

/// This room's part of the menu.
pub fn menu() -> Group {
    let vaccinate = Entry::new(vaccinate::VACCINATE, "syringe", "Tiêm chủng")
        .needs(Action::Create, "Immunization")
        .letter('v');
    Group { title: "Trạm y tế", entries: vec![vaccinate] }
}
