//! FHIR capabilities: `GET [base]/metadata`, made once from the registry of interactions and the search parameters
//! that the store indexes. <https://hl7.org/fhir/R4/capabilitystatement.html>

use crate::answer::{Answer, Reply};
use crate::api::{Api, Settings};
use crate::asked::Asked;
use crate::operation::{OPERATIONS, Operation};
use crate::registry::{Level, codes};
use axum::extract::State;
use bytes::Bytes;
use yba_fhir::date;
use yba_fhir::defs::{SearchType, r4};
use yba_fhir::json::{self, Array, Value, json};
use yba_store::index::{self, KindIndex};

/// Stand where the server's own address goes, and where the addresses of apps go, which are beside the API.
const ADDRESS_MARK: &str = "\u{1}address\u{1}";
const BESIDE_MARK: &str = "\u{1}beside\u{1}";

/// A reference that may point at more types than these is one to anything.
const TARGETS_LISTED_MAX: usize = 20;

const HOW_IT_WORKS: &str = "JSON only. Unknown search parameters are refused, unless Prefer: handling=lenient. \
Search control: _count (at most 1000, 0 for the number alone), _sort, _include and _revinclude (also :iterate), \
chains and _has (at most 6 steps), _total, _summary, _elements, _type on the system and in compartments; \
modifiers :exact, :contains, :text, :missing, :not, :above, :below, :in, :not-in, :of-type, :identifier, :[type]; \
_text, _content and :text look for the beginnings of words, without marks; a page of them may be short and still have a next; \
quantities with a unit of UCUM are also found in other units; \
all pages of one search show one moment, and page links live one hour. \
History is listed in the order of arrival at this node, newest first; arrival, not meta.lastUpdated, is also what \
_since and _at mean. \
Transactions and batches take at most 5000 entries; bodies at most 64 MB, also after unpacking gzip. \
A patch is a JSON Patch; a conditional update, patch or delete means one record. \
References by urn:uuid and conditional references (Patient?identifier=…) are resolved; a patch in a bundle is a Binary. \
Decision support by CDS Hooks 2.0 is at /cds-services beside this base, for the same tokens.";

/// The CapabilityStatement as bytes, around the places of the server's address.
pub struct Capabilities {
    first: Bytes,
    /// Whether the address stands here, else what is beside it; and what follows.
    further: Vec<(bool, Bytes)>,
}

impl Capabilities {
    /// `published_ms`: when this statement came to be, in ms since 1970 UTC.
    pub fn new(settings: &Settings, published_ms: i64) -> Capabilities {
        let text = json::to_string(&statement(settings, published_ms)).unwrap_or_default();
        let bytes = |text: &str| Bytes::from(text.to_owned());
        // A mark is written with its escapes.
        let marks = [ADDRESS_MARK, BESIDE_MARK].map(|mark| mark.replace('\u{1}', "\\u0001"));
        let mut pieces = text.split(&marks[0]).enumerate().flat_map(|(at, piece)| {
            let within = piece.split(&marks[1]).enumerate();
            within.map(move |(inner, piece)| (at > 0 && inner == 0, piece)).collect::<Vec<_>>()
        });
        let first = pieces.next().map_or(Bytes::new(), |(_, piece)| bytes(piece));
        Capabilities { first, further: pieces.map(|(here, piece)| (here, bytes(piece))).collect() }
    }

    fn at(&self, base: &str) -> Bytes {
        let base = json::to_string(base).unwrap_or_default();
        let base = base.trim_matches('"');
        let beside = base.strip_suffix("/fhir").unwrap_or(base);
        let mut all = self.first.to_vec();
        for (here, piece) in &self.further {
            all.extend_from_slice(if *here { base } else { beside }.as_bytes());
            all.extend_from_slice(piece);
        }
        all.into()
    }
}

/// The CapabilityStatement, for everyone.
pub async fn handle(State(api): State<Api>, asked: Asked) -> Reply {
    asked.only_parameters(&["mode"])?;
    if let Some((_, mode)) = asked.pairs.iter().find(|(name, value)| name == "mode" && value != "full") {
        let mode: String = mode.chars().take(64).collect();
        return Err(crate::refuse::unsupported(&format!("mode={mode}")).into());
    }
    Ok(Answer::json(api.capabilities().at(&asked.base)))
}

fn statement(settings: &Settings, published_ms: i64) -> Value {
    let security = match settings.open {
        true => {
            "Test mode: no authentication; everyone is a test administrator. Never with real people's data."
        }
        false => {
            "Everything but this statement needs authentication: a token by SMART App Launch 2 (discovery at \
             .well-known/smart-configuration below this base), or a session of this server's own pages. \
             History needs r and s; search parameters in scopes are tokens without modifiers."
        }
    };
    let mut about_security = json!({"cors": (!settings.origins.is_empty()), "description": security});
    if !settings.open
        && let Some(about) = json::JsonValueMutTrait::as_object_mut(&mut about_security)
    {
        let system = "http://terminology.hl7.org/CodeSystem/restful-security-service";
        about.insert("service", json!([{"coding": [{"system": system, "code": "SMART-on-FHIR"}]}]));
        about.insert("extension", oauth_uris());
    }
    let mut resources = Array::new();
    for (kind, index) in index::kinds() {
        resources.push(resource(kind, index));
    }
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date::instant(published_ms).as_str(),
        "publisher": "Y Bạ",
        "kind": "instance",
        "software": {"name": "Y Bạ", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "Y Bạ", "url": ADDRESS_MARK},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [{
            "mode": "server",
            "documentation": HOW_IT_WORKS,
            "security": about_security,
            "resource": resources,
            "interaction": interactions(Level::System),
            "operation": operations(|one| one.is_apart()),
        }],
    })
}

/// Where an app asks to be let in, as it was said before there was a discovery document.
/// <https://hl7.org/fhir/smart-app-launch/1.0.0/StructureDefinition-oauth-uris.html>
fn oauth_uris() -> Value {
    let at = |name: &str| json!({"url": name, "valueUri": format!("{BESIDE_MARK}/oauth/{name}")});
    json!([{
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension": [at("authorize"), at("token"), at("introspect"), at("revoke")],
    }])
}

fn interactions(level: Level) -> Array {
    let mut list = Array::new();
    for code in codes(level) {
        list.push(json!({"code": code}));
    }
    list
}

fn operations(which: impl Fn(&Operation) -> bool) -> Array {
    let mut list = Array::new();
    for one in OPERATIONS.iter().filter(|one| which(one)) {
        list.push(json!({"name": one.name, "definition": one.definition}));
    }
    list
}

fn resource(kind: &str, index: &KindIndex) -> Value {
    let (mut parameters, mut includes) = (Array::new(), Array::new());
    for (code, search_type) in [("_id", SearchType::Token), ("_lastUpdated", SearchType::Date)] {
        parameters.push(parameter(kind, code, search_type));
    }
    for code in ["_text", "_content"] {
        parameters.push(parameter(kind, code, SearchType::String));
    }
    for one in &index.parameters {
        parameters.push(parameter(kind, one.code, one.search_type));
        if one.search_type == SearchType::Reference {
            includes.push(json!(format!("{kind}:{}", one.code).as_str()));
        }
    }
    for one in &index.composites {
        parameters.push(parameter(kind, one.code, SearchType::Composite));
    }
    let operations = operations(|one| one.is_for(kind));
    let mut value = json!({
        "type": kind,
        "interaction": interactions(Level::Type),
        "versioning": "versioned",
        "readHistory": true,
        "updateCreate": true,
        "conditionalCreate": true,
        "conditionalRead": "full-support",
        "conditionalUpdate": true,
        "conditionalDelete": "single",
        "referencePolicy": ["literal"],
        "searchParam": parameters,
    });
    if let Some(object) = json::JsonValueMutTrait::as_object_mut(&mut value) {
        for (name, list) in [
            ("searchInclude", includes),
            ("searchRevInclude", reverse_includes(kind)),
            ("operation", operations),
        ] {
            if !list.is_empty() {
                object.insert(name, Value::from(list));
            }
        }
    }
    value
}

/// The references of all types that may point at this one by name. What may point at anything is not listed: that would be
/// every type once more.
fn reverse_includes(kind: &str) -> Array {
    let mut list = Array::new();
    for (from, index) in index::kinds() {
        let pointing = index.parameters.iter().filter(|one| one.targets.iter().any(|target| target == kind));
        for one in pointing.filter(|one| one.targets.len() <= TARGETS_LISTED_MAX) {
            list.push(json!(format!("{from}:{}", one.code).as_str()));
        }
    }
    list
}

fn parameter(kind: &str, code: &str, search_type: SearchType) -> Value {
    let search_type = match search_type {
        SearchType::Number => "number",
        SearchType::Date => "date",
        SearchType::String => "string",
        SearchType::Token => "token",
        SearchType::Reference => "reference",
        SearchType::Composite => "composite",
        SearchType::Quantity => "quantity",
        SearchType::Uri => "uri",
        SearchType::Special => "special",
    };
    match r4()
        .search_parameter(kind, code)
        .map(|definition| definition.url.as_str())
        .filter(|url| !url.is_empty())
    {
        Some(url) => json!({"name": code, "definition": url, "type": search_type}),
        None => json!({"name": code, "type": search_type}),
    }
}
