//! FHIR operations: `$name` on the system, a type or an instance, by GET or POST. <https://hl7.org/fhir/R4/operations.html>
//!
//! Each has a file of its own and a line in [`OPERATIONS`], from which the routes and the CapabilityStatement are made.

pub mod arguments;
mod coded;
mod dead_letters;
mod everything;
mod expand;
mod lastn;
mod lookup;
mod matching;
mod meta;
mod subsumes;
mod translate;
mod validate;
mod validate_code;
mod view_run;

pub use arguments::Arguments;

use crate::answer::{Answer, Reply};
use crate::api::Api;
use crate::asked::Asked;
use crate::export;
use crate::target::{Target, operation_unknown};
use axum::extract::State;
use axum::http::Uri;
use axum::routing::{MethodRouter, get, post};
use futures_util::future::BoxFuture;
use std::collections::BTreeSet;
use yba_fhir::Outcome;
use yba_fhir::defs::r4;
use yba_fhir::json::{self, Value};

/// One operation, as it is asked of a level.
pub struct Operation {
    /// Without `$`.
    pub name: &'static str,
    /// Its OperationDefinition.
    pub definition: &'static str,
    /// The types that have it; empty: every type.
    pub kinds: &'static [&'static str],
    pub levels: &'static [Level],
    pub run: fn(Call) -> BoxFuture<'static, Result<Answer, Outcome>>,
}

/// Where an operation may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    System,
    Type,
    Instance,
    /// One version of an instance.
    Version,
}

/// One call of an operation.
pub struct Call {
    pub api: Api,
    pub asked: Asked,
    /// Type, id and version; empty where the address has none.
    pub target: Target,
    pub arguments: Arguments,
}

/// All of them.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "validate",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
        kinds: &[],
        levels: &[Level::Type, Level::Instance],
        run: |call| Box::pin(validate::run(call)),
    },
    Operation {
        name: "everything",
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
        kinds: &["Patient"],
        levels: &[Level::Instance],
        run: |call| Box::pin(everything::run(call)),
    },
    Operation {
        name: "everything",
        definition: "http://hl7.org/fhir/OperationDefinition/Encounter-everything",
        kinds: &["Encounter"],
        levels: &[Level::Instance],
        run: |call| Box::pin(everything::run(call)),
    },
    Operation {
        name: "meta",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta",
        kinds: &[],
        levels: &[Level::System, Level::Type, Level::Instance, Level::Version],
        run: |call| Box::pin(meta::read(call)),
    },
    Operation {
        name: "meta-add",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
        kinds: &[],
        levels: &[Level::Instance],
        run: |call| Box::pin(meta::add(call)),
    },
    Operation {
        name: "meta-delete",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
        kinds: &[],
        levels: &[Level::Instance],
        run: |call| Box::pin(meta::delete(call)),
    },
    Operation {
        name: "lastn",
        definition: "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
        kinds: &["Observation"],
        levels: &[Level::Type],
        run: |call| Box::pin(lastn::run(call)),
    },
    Operation {
        name: "match",
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-match",
        kinds: &["Patient"],
        levels: &[Level::Type],
        run: |call| Box::pin(matching::run(call)),
    },
    Operation {
        name: "export",
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export",
        kinds: &[],
        levels: &[Level::System],
        run: |call| Box::pin(export::run(call)),
    },
    Operation {
        name: "export",
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export",
        kinds: &["Patient"],
        levels: &[Level::Type],
        run: |call| Box::pin(export::run(call)),
    },
    Operation {
        name: "export",
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export",
        kinds: &["Group"],
        levels: &[Level::Instance],
        run: |call| Box::pin(export::run(call)),
    },
    Operation {
        name: "expand",
        definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
        kinds: &["ValueSet"],
        levels: &[Level::Type, Level::Instance],
        run: |call| Box::pin(expand::run(call)),
    },
    Operation {
        name: "validate-code",
        definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
        kinds: &["ValueSet"],
        levels: &[Level::Type, Level::Instance],
        run: |call| Box::pin(validate_code::in_set(call)),
    },
    Operation {
        name: "validate-code",
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
        kinds: &["CodeSystem"],
        levels: &[Level::Type, Level::Instance],
        run: |call| Box::pin(validate_code::in_system(call)),
    },
    Operation {
        name: "lookup",
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
        kinds: &["CodeSystem"],
        levels: &[Level::Type],
        run: |call| Box::pin(lookup::run(call)),
    },
    Operation {
        name: "subsumes",
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
        kinds: &["CodeSystem"],
        levels: &[Level::Type, Level::Instance],
        run: |call| Box::pin(subsumes::run(call)),
    },
    Operation {
        name: "translate",
        definition: "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate",
        kinds: &["ConceptMap"],
        levels: &[Level::Type, Level::Instance],
        run: |call| Box::pin(translate::run(call)),
    },
    Operation {
        name: "run",
        definition: "https://sql-on-fhir.org/ig/OperationDefinition/ViewDefinitionRun",
        kinds: &["ViewDefinition"],
        levels: &[Level::Type, Level::Instance],
        run: |call| Box::pin(view_run::run(call)),
    },
    Operation {
        name: "dead-letters",
        definition: "https://yba.vn/fhir/OperationDefinition/Subscription-dead-letters",
        kinds: &["Subscription"],
        levels: &[Level::Instance],
        run: |call| Box::pin(dead_letters::list(call)),
    },
    Operation {
        name: "redeliver",
        definition: "https://yba.vn/fhir/OperationDefinition/Subscription-redeliver",
        kinds: &["Subscription"],
        levels: &[Level::Instance],
        run: |call| Box::pin(dead_letters::redeliver(call)),
    },
];

/// Operations that change something, or whose question must not stand in an address, and so are asked by POST alone.
const BY_POST: &[&str] = &["meta-add", "meta-delete", "redeliver", "match"];

fn methods(name: &str) -> &'static [&'static str] {
    if BY_POST.contains(&name) { &["POST"] } else { &["GET", "POST"] }
}

/// Operations that answer in formats of their own, which they choose themselves by `_format` and `Accept`.
const OWN_FORMATS: &[&str] = &["run"];

/// Whether what is at this address chooses its format itself.
pub fn has_own_formats(path: &str) -> bool {
    path.starts_with(export::STATE)
        || path.rsplit_once("/$").is_some_and(|(_, name)| OWN_FORMATS.contains(&name))
}

/// Whether an operation at this address is for a type that R4 does not have.
pub fn is_type(kind: &str, path: &str) -> bool {
    let name = path.rsplit_once("/$").map(|(_, name)| name);
    OPERATIONS.iter().any(|one| Some(one.name) == name && one.kinds.contains(&kind))
}

impl Operation {
    /// The methods by which it is asked.
    pub fn methods(&self) -> &'static [&'static str] {
        methods(self.name)
    }

    /// Its addresses, each with the type that has it, where it is one of some types.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let kinds = if self.kinds.is_empty() { &["{kind}"] } else { self.kinds };
        let of_level = |level: &Level| {
            let path = level.path(self.name);
            kinds.iter().map(move |kind| path.replace("{kind}", kind))
        };
        self.levels.iter().flat_map(of_level)
    }

    /// Whether it belongs to no type of R4, and stands with the system's own in the CapabilityStatement.
    pub fn is_apart(&self) -> bool {
        self.levels == [Level::System]
            || !self.kinds.is_empty() && !self.kinds.iter().any(|kind| r4().is_resource(kind))
    }

    /// Whether it is asked of this type; of the whole system, when the type is empty.
    pub fn is_for(&self, kind: &str) -> bool {
        match self.levels == [Level::System] {
            true => kind.is_empty(),
            false => self.kinds.is_empty() || self.kinds.contains(&kind),
        }
    }
}

impl Level {
    fn of(target: &Target) -> Level {
        match (target.kind.is_empty(), target.id.is_empty(), target.version.is_empty()) {
            (true, ..) => Level::System,
            (false, true, _) => Level::Type,
            (false, false, true) => Level::Instance,
            (false, false, false) => Level::Version,
        }
    }

    /// The address of an operation of this name.
    pub fn path(self, name: &str) -> String {
        match self {
            Level::System => format!("/fhir/${name}"),
            Level::Type => format!("/fhir/{{kind}}/${name}"),
            Level::Instance => format!("/fhir/{{kind}}/{{id}}/${name}"),
            Level::Version => format!("/fhir/{{kind}}/{{id}}/_history/{{version}}/${name}"),
        }
    }
}

/// Every address with its handler. Operations of one name share an address; which is meant, the type says.
pub fn routes() -> impl Iterator<Item = (String, MethodRouter<Api>)> {
    let every = OPERATIONS.iter().flat_map(|one| one.levels.iter().map(|level| level.path(one.name)));
    let paths: BTreeSet<String> = every.collect();
    paths.into_iter().map(|path| {
        let name = path.rsplit_once('$').map_or("", |(_, name)| name);
        let by_get = methods(name).contains(&"GET");
        (path, if by_get { get(handle).post(handle) } else { post(handle) })
    })
}

async fn handle(
    State(api): State<Api>,
    asked: Asked,
    target: Target,
    uri: Uri,
    arguments: Arguments,
) -> Reply {
    let name = uri.path().rsplit_once('$').map_or("", |(_, name)| name);
    let level = Level::of(&target);
    let found = OPERATIONS
        .iter()
        .find(|one| one.name == name && one.levels.contains(&level) && one.is_for(&target.kind));
    match found {
        Some(operation) => Ok((operation.run)(Call { api, asked, target, arguments }).await?),
        None => Err(operation_unknown(&format!("${name}")).into()),
    }
}

/// 200 with a resource of our own making.
pub fn answer(resource: &Value) -> Result<Answer, Outcome> {
    let bytes = json::to_vec(&json::ordered(resource))
        .map_err(|error| Outcome::fault(format!("an answer could not be written: {error}")))?;
    Ok(Answer::json(bytes.into()))
}
