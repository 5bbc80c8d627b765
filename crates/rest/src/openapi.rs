//! The API as OpenAPI describes it: `GET [base]/openapi.json`, made once from the registry of interactions and operations.
//! <https://spec.openapis.org/oas/v3.0.3>
//!
//! What is said of resources here is that they are JSON; their shape is R4's, and what a node searches by stands in the
//! CapabilityStatement.

use crate::answer::{Answer, Reply};
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::OPERATIONS;
use crate::registry::INTERACTIONS;
use axum::extract::State;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use yba_fhir::defs::r4;

/// The description, for everyone.
pub async fn handle(State(api): State<Api>, asked: Asked) -> Reply {
    asked.only_parameters(&[])?;
    Ok(Answer::json(api.openapi().at(&asked.base)))
}

/// The description, but for the address of the server.
pub struct OpenApi(Map<String, Value>);

impl OpenApi {
    pub fn new() -> OpenApi {
        let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        let mut add = |name: &str, method: &str, path: &str| {
            let place = paths.entry(below_base(path)).or_default();
            place.insert(method.to_lowercase(), described(name, method, path));
        };
        for one in INTERACTIONS {
            let name = one.codes.first().copied().unwrap_or("");
            of_compartments(one.path).iter().for_each(|path| add(name, one.method, path));
        }
        for one in OPERATIONS {
            let name = format!("${}", one.name);
            for path in one.paths() {
                one.methods().iter().for_each(|method| add(&name, method, &path));
            }
        }
        let types: Vec<&str> = r4().resource_types().collect();
        let content = json!({"application/fhir+json": {"schema": {"$ref": "#/components/schemas/Resource"}}});
        let rows = json!({"schema": {"type": "string"}});
        let text =
            |name: &str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
        let mut kind = text("kind");
        kind["schema"]["enum"] = json!(types);
        let description = json!({
            "openapi": "3.0.3",
            "info": {
                "title": "Y Bạ, FHIR R4",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "What each type is searched by stands in [base]/metadata.",
                "license": {"name": "AGPL-3.0-or-later"},
            },
            "paths": paths,
            "components": {
                "schemas": {"Resource": {
                    "type": "object",
                    "required": ["resourceType"],
                    "properties": {"resourceType": {"type": "string"}, "id": {"type": "string"}},
                    "externalDocs": {"url": "https://hl7.org/fhir/R4/resourcelist.html"},
                }},
                "parameters": {
                    "kind": kind, "id": text("id"), "version": text("version"), "within": text("within"),
                    "job": text("job"), "file": text("file"),
                },
                "responses": {
                    "Answer": {"description": "As asked", "content": content},
                    "Files": {"description": "The files of an export", "content": {
                        "application/json": {"schema": {"type": "object"}},
                    }},
                    "Lines": {"description": "A resource on each line", "content": {
                        "application/fhir+ndjson": rows,
                    }},
                    "Rows": {"description": "The rows of a view", "content": {
                        "application/x-ndjson": rows, "text/csv": rows, "application/json": rows,
                    }},
                    "Refused": {"description": "Refused, with an OperationOutcome that says why", "content": content},
                },
                "requestBodies": {"Sent": {"content": {
                    "application/fhir+json": {"schema": {"$ref": "#/components/schemas/Resource"}},
                }}},
            },
        });
        match description {
            Value::Object(members) => OpenApi(members),
            _ => OpenApi(Map::new()),
        }
    }

    fn at(&self, base: &str) -> Bytes {
        let mut whole = self.0.clone();
        whole.insert("servers".to_owned(), json!([{"url": base}]));
        serde_json::to_vec(&whole).unwrap_or_default().into()
    }
}

/// The addresses of a row: where something is searched in compartments, one for each type that has them.
fn of_compartments(path: &str) -> Vec<String> {
    match path.contains("{within}") {
        true => r4().compartments().map(|kind| path.replace("{kind}", kind)).collect(),
        false => vec![path.to_owned()],
    }
}

fn below_base(path: &str) -> String {
    let below = path.trim_start_matches("/fhir").trim_end_matches('/');
    if below.is_empty() { "/".to_owned() } else { below.to_owned() }
}

/// What an address answers when all is well.
fn answer_of(path: &str) -> &'static str {
    match path {
        "/fhir/$export/{job}" => "Files",
        "/fhir/$export/{job}/{file}" => "Lines",
        path if path.ends_with("/$run") => "Rows",
        _ => "Answer",
    }
}

fn described(name: &str, method: &str, path: &str) -> Value {
    let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Vec<Value> =
        parts.map(|part| json!({"$ref": format!("#/components/parameters/{part}")})).collect();
    let answers = json!({
        "2XX": {"$ref": format!("#/components/responses/{}", answer_of(path))},
        "4XX": {"$ref": "#/components/responses/Refused"},
    });
    let mut described = json!({"responses": answers});
    if !name.is_empty() {
        described["summary"] = json!(name);
    }
    if !parameters.is_empty() {
        described["parameters"] = json!(parameters);
    }
    match (method, path.ends_with("/_search")) {
        ("POST", true) => {
            let form = json!({"schema": {"type": "object", "additionalProperties": {"type": "string"}}});
            described["requestBody"] = json!({"content": {"application/x-www-form-urlencoded": form}});
        }
        ("PATCH", _) => {
            let patch = json!({"schema": {"type": "array", "items": {"type": "object"}}});
            described["requestBody"] = json!({"content": {"application/json-patch+json": patch}});
        }
        ("POST" | "PUT", false) => {
            described["requestBody"] = json!({"$ref": "#/components/requestBodies/Sent"});
        }
        _ => {}
    }
    described
}
