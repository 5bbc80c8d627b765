//! Every interaction with its address: the router and the CapabilityStatement are both made from this table, so
//! that what is declared is what is served.

use crate::api::Api;
use crate::{create, delete, export, history, metadata, patch, read, search, transaction, update, vread};
use axum::routing::{MethodRouter, get, post};

/// Where the CapabilityStatement lists an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Under every resource type.
    Type,
    /// Once, for the whole system.
    System,
}

/// One interaction.
pub struct Interaction {
    /// Codes of <https://hl7.org/fhir/R4/valueset-type-restful-interaction.html> and its system-level sister.
    pub codes: &'static [&'static str],
    pub level: Level,
    pub path: &'static str,
    pub route: fn() -> MethodRouter<Api>,
}

const TYPE: &str = "/fhir/{kind}";
const INSTANCE: &str = "/fhir/{kind}/{id}";

/// All of them.
pub const INTERACTIONS: &[Interaction] = &[
    system(&[], "/fhir/metadata", || get(metadata::handle)),
    system(&["transaction", "batch"], "/fhir", || post(transaction::handle)),
    system(&["transaction", "batch"], "/fhir/", || post(transaction::handle)),
    system(&[], "/fhir/$export/{job}", || get(export::state).delete(export::cancel)),
    system(&[], "/fhir/$export/{job}/{file}", || get(export::file)),
    each_type(&["read"], INSTANCE, || get(read::handle)),
    each_type(&["vread"], "/fhir/{kind}/{id}/_history/{version}", || get(vread::handle)),
    each_type(&["update"], INSTANCE, || axum::routing::put(update::handle)),
    each_type(&["update"], TYPE, || axum::routing::put(update::by_condition)),
    each_type(&["patch"], INSTANCE, || axum::routing::patch(patch::handle)),
    each_type(&["patch"], TYPE, || axum::routing::patch(patch::by_condition)),
    each_type(&["delete"], INSTANCE, || axum::routing::delete(delete::handle)),
    each_type(&["delete"], TYPE, || axum::routing::delete(delete::by_condition)),
    each_type(&["history-instance"], "/fhir/{kind}/{id}/_history", || get(history::handle)),
    each_type(&["create"], TYPE, || post(create::handle)),
    each_type(&["search-type"], TYPE, || get(search::by_address)),
    each_type(&["search-type"], "/fhir/{kind}/_search", || post(search::by_form)),
];

const fn each_type(
    codes: &'static [&'static str],
    path: &'static str,
    route: fn() -> MethodRouter<Api>,
) -> Interaction {
    Interaction { codes, level: Level::Type, path, route }
}

const fn system(
    codes: &'static [&'static str],
    path: &'static str,
    route: fn() -> MethodRouter<Api>,
) -> Interaction {
    Interaction { codes, level: Level::System, path, route }
}

/// The codes of a level, each once, in the order of the table.
pub fn codes(level: Level) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for code in INTERACTIONS.iter().filter(|one| one.level == level).flat_map(|one| one.codes) {
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    codes
}
