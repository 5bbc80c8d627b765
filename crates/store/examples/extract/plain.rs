//! Index rows by plain paths, as the store made them before it had FHIRPath: no composites, no types, and no more than
//! a walk over JSON by names. The baseline of what extraction costs.

#[path = "plain_path.rs"]
mod plain_path;

use plain_path::PlainPath;
use std::collections::HashMap;
use yba_fhir::Resource;
use yba_fhir::defs::{SearchParameter, SearchType, r4};
use yba_fhir::json::JsonValueTrait;
use yba_store::index::{self, Numbers, Rows};

/// One parameter by plain path.
pub struct Plain {
    pub p: i64,
    search_type: SearchType,
    path: PlainPath,
}

pub type Plains = HashMap<&'static str, Vec<Plain>>;

/// The parameters of all types that can be walked so.
pub fn all(numbers: &Numbers) -> Plains {
    r4().resource_types().map(|kind| (kind, plains_of(kind, numbers))).collect()
}

fn plains_of(kind: &str, numbers: &Numbers) -> Vec<Plain> {
    let common =
        ["_tag", "_security", "_profile", "_source"].map(|code| r4().search_parameter("Resource", code));
    let of_type = r4().search_parameters(kind).chain(common.into_iter().flatten());
    let plain = |one: &'static SearchParameter| {
        let wanted = !matches!(one.search_type, SearchType::Composite | SearchType::Special);
        let path = PlainPath::compile(&one.expression, kind, r4()).filter(|_| wanted)?;
        let p = *numbers.parameter(kind, &one.code).first()?;
        Some(Plain { p, search_type: one.search_type, path })
    };
    of_type.filter_map(plain).collect()
}

pub fn plain_rows(resource: &Resource, plains: &Plains) -> Rows {
    let mut rows = Rows::default();
    for one in plains.get(resource.kind()).into_iter().flatten() {
        let values = one.path.values(resource.tree());
        if one.path.existence {
            let known = values.iter().any(|value| value.as_bool() != Some(false));
            index::token::index(one.p, &yba_fhir::json::Value::from(known), &mut rows);
            continue;
        }
        for value in values {
            match one.search_type {
                SearchType::Token => index::token::index(one.p, value, &mut rows),
                SearchType::String => index::string::index(one.p, value, &mut rows),
                SearchType::Date => index::date::index(one.p, value, &mut rows),
                SearchType::Number | SearchType::Quantity => {
                    index::quantity::index(one.p, value, false, &mut rows)
                }
                SearchType::Reference => index::reference::index(one.p, value, &mut rows),
                _ => index::uri::index(one.p, value, &mut rows),
            }
        }
    }
    rows
}
