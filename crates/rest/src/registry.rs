//! Every interaction with its address: the router, the CapabilityStatement and the OpenAPI description are made from this table, so
//! that what is declared is what is served.

use crate::api::Api;
use crate::{
    create, delete, export, history, metadata, openapi, patch, read, search, transaction, update, vread,
};
use axum::routing::{MethodRouter, delete as by_delete, get, patch as by_patch, post, put};

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
    /// In capitals.
    pub method: &'static str,
    pub path: &'static str,
    pub route: fn() -> MethodRouter<Api>,
}

const TYPE: &str = "/fhir/{kind}";
const INSTANCE: &str = "/fhir/{kind}/{id}";

/// All of them.
pub const INTERACTIONS: &[Interaction] = &[
    system(&[], "GET", "/fhir/metadata", || get(metadata::handle)),
    system(&[], "GET", "/fhir/openapi.json", || get(openapi::handle)),
    system(&["transaction", "batch"], "POST", "/fhir", || post(transaction::handle)),
    system(&["transaction", "batch"], "POST", "/fhir/", || post(transaction::handle)),
    system(&[], "GET", "/fhir/$export/{job}", || get(export::state)),
    system(&[], "DELETE", "/fhir/$export/{job}", || by_delete(export::cancel)),
    system(&[], "GET", "/fhir/$export/{job}/{file}", || get(export::file)),
    each_type(&["read"], "GET", INSTANCE, || get(read::handle)),
    each_type(&["vread"], "GET", "/fhir/{kind}/{id}/_history/{version}", || get(vread::handle)),
    each_type(&["update"], "PUT", INSTANCE, || put(update::handle)),
    each_type(&["update"], "PUT", TYPE, || put(update::by_condition)),
    each_type(&["patch"], "PATCH", INSTANCE, || by_patch(patch::handle)),
    each_type(&["patch"], "PATCH", TYPE, || by_patch(patch::by_condition)),
    each_type(&["delete"], "DELETE", INSTANCE, || by_delete(delete::handle)),
    each_type(&["delete"], "DELETE", TYPE, || by_delete(delete::by_condition)),
    each_type(&["history-instance"], "GET", "/fhir/{kind}/{id}/_history", || get(history::handle)),
    each_type(&["history-type"], "GET", "/fhir/{kind}/_history", || get(history::handle)),
    system(&["history-system"], "GET", "/fhir/_history", || get(history::handle)),
    each_type(&["create"], "POST", TYPE, || post(create::handle)),
    each_type(&["search-type"], "GET", TYPE, || get(search::by_address)),
    each_type(&["search-type"], "POST", "/fhir/{kind}/_search", || post(search::by_form)),
    // Within compartments: the CapabilityStatement has no code of its own for them.
    each_type(&[], "GET", "/fhir/{kind}/{id}/{within}", || get(search::by_address)),
    each_type(&[], "POST", "/fhir/{kind}/{id}/{within}/_search", || post(search::by_form)),
    system(&["search-system"], "GET", "/fhir", || get(search::by_address)),
    system(&["search-system"], "GET", "/fhir/", || get(search::by_address)),
    system(&["search-system"], "POST", "/fhir/_search", || post(search::by_form)),
];

const fn each_type(
    codes: &'static [&'static str],
    method: &'static str,
    path: &'static str,
    route: fn() -> MethodRouter<Api>,
) -> Interaction {
    Interaction { codes, level: Level::Type, method, path, route }
}

const fn system(
    codes: &'static [&'static str],
    method: &'static str,
    path: &'static str,
    route: fn() -> MethodRouter<Api>,
) -> Interaction {
    Interaction { codes, level: Level::System, method, path, route }
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
