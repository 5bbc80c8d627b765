//! A person's record over all facilities: read-only pages.
//!
//! `model` builds what is shown from FHIR resources (its parts: `who`, `drugs`, `labs`, `timeline`, and
//! `visit` for one visit), `page` and `visit_page` draw it. Start at [`model::build`].

pub mod drugs;
pub mod labs;
pub mod model;
pub mod page;
pub mod read;
pub mod timeline;
pub mod visit;
pub mod visit_page;
pub mod who;

#[cfg(test)]
mod tests;
