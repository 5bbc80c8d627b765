//! The entries of a batch or transaction: from JSON to what is asked, or to what is wrong with which entry.

use crate::asked::{if_match_version, query_pairs};
use crate::create::{checked_condition, same_kind, without_id};
use crate::patch::{self, Patch};
use crate::refuse::unsupported;
use crate::search::{Place, Search};
use crate::target::{Target, checked_id, known_type};
use crate::update::{condition_of, same_id};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use std::collections::HashSet;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at};
use yba_fhir::outcome::Issue;
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Knowledge};

/// What one entry asks.
#[derive(Debug)]
pub enum Entry {
    Write {
        method: Method,
        change: Box<Change>,
        /// Type and id, where the sender knows the id.
        key: Option<(String, String)>,
    },
    Get(Get),
}

/// The methods that write, in the order in which a transaction applies them.
/// <https://hl7.org/fhir/R4/http.html#trules>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Delete,
    Post,
    Put,
}

/// What a GET entry asks.
#[derive(Debug)]
pub enum Get {
    Read { target: Target, if_none_match: Option<String> },
    Vread { target: Target },
    History { target: Target, pairs: Vec<(String, String)> },
    Search(Box<Search>),
}

/// The names under which entries refer to each other: the `urn:` full addresses of those that write a resource.
/// Refuses a name that stands twice.
pub fn names(entries: &[&Value]) -> Result<HashSet<String>, Outcome> {
    let mut names = HashSet::new();
    for (position, entry) in entries.iter().enumerate() {
        let Some(name) = str_at(entry, &["fullUrl"]).filter(|name| name.starts_with("urn:")) else {
            continue;
        };
        if entry.get("resource").is_some() && !names.insert(name.to_owned()) {
            let text = "fullUrl này đã dùng ở một mục khác.";
            let twice = Outcome::invalid("full-url-twice", text, "fullUrl occurs twice in the bundle");
            return Err(of_entry(twice, position, "fullUrl"));
        }
    }
    Ok(names)
}

/// The search parameters of all entries that read.
pub fn asked_pairs(entries: &[&Value]) -> Vec<(String, String)> {
    let request = |entry: &&&Value| str_at(entry, &["request", "method"]) == Some("GET");
    let urls = entries.iter().filter(request).filter_map(|entry| str_at(entry, &["request", "url"]));
    let queries = urls.filter_map(|url| url.split_once('?'));
    queries.filter_map(|(_, query)| query_pairs(query).ok()).flatten().collect()
}

/// Reads one entry. An outcome names the entry by its position.
pub fn parse(
    entry: &Value,
    position: usize,
    base: &str,
    names: &HashSet<String>,
    world: &Knowledge,
) -> Result<Entry, Outcome> {
    if !entry.is_object() {
        let text = "Mỗi mục phải là một đối tượng JSON.";
        let refused = Outcome::invalid("entry-not-object", text, "the entry is not a JSON object");
        return Err(of_entry(refused, position, ""));
    }
    let Some(request) = entry.get("request").filter(|request| request.is_object()) else {
        let text = "Thiếu request (method và url).";
        let refused = Outcome::invalid("entry-request", text, "request is missing");
        return Err(of_entry(refused, position, "request"));
    };
    let parse = || -> Result<Entry, (Outcome, &str)> {
        let url = str_at(request, &["url"]).ok_or_else(|| {
            (Outcome::invalid("entry-url", "Thiếu request.url.", "request.url is missing"), "request.url")
        })?;
        let address = Address::parse(url, base).map_err(|refused| (refused, "request.url"))?;
        match str_at(request, &["method"]) {
            Some("POST") => post(entry, request, address, names),
            Some("PUT") => put(entry, request, address, names),
            Some("PATCH") => patch(entry, request, address),
            Some("DELETE") => delete(request, address),
            Some("GET") => get(request, address, world),
            other => {
                let method: String = other.unwrap_or("(không có)").chars().take(20).collect();
                let what = format!("phương thức {method} trong bundle");
                Err((unsupported(&what), "request.method"))
            }
        }
    };
    parse().map_err(|(refused, place)| of_entry(refused, position, place))
}

/// An outcome about a place of an entry, named by its position.
pub fn of_entry(mut outcome: Outcome, position: usize, place: &str) -> Outcome {
    for issue in &mut outcome.issues {
        in_entry(issue, position, place);
    }
    outcome
}

/// Says in which entry something is wrong. A place in a resource becomes a place in the entry's resource.
pub fn in_entry(issue: &mut Issue, position: usize, place: &str) {
    let within =
        issue.path.as_deref().filter(|path| path.starts_with(|first: char| first.is_ascii_uppercase()));
    let path = match (place, within) {
        ("", Some(within)) => {
            let rest = within.find('.').map_or("", |dot| &within[dot..]);
            format!("Bundle.entry[{position}].resource{rest}")
        }
        ("", None) => format!("Bundle.entry[{position}]"),
        (place, _) => format!("Bundle.entry[{position}].{place}"),
    };
    issue.text = format!("Mục {} của bundle: {}", position + 1, issue.text);
    issue.diagnostics = format!("{path}: {}", issue.diagnostics);
    issue.path = Some(path);
}

/// The address of an entry's request, relative to the base.
struct Address<'a> {
    segments: Vec<&'a str>,
    query: &'a str,
}

impl<'a> Address<'a> {
    fn parse(url: &'a str, base: &str) -> Result<Address<'a>, Outcome> {
        let relative = url.strip_prefix(base).unwrap_or(url);
        let relative = relative.strip_prefix('/').unwrap_or(relative);
        let (path, query) = relative.split_once('?').unwrap_or((relative, ""));
        let segments: Vec<&str> = path.split('/').take(6).collect();
        if let Some(operation) = segments.iter().find(|segment| segment.starts_with('$')) {
            let name: String = operation.chars().take(64).collect();
            return Err(unsupported(&format!("thao tác {name}")));
        }
        // Nothing but a query asks for a search of everything.
        let of_everything = segments == ["_history"] || segments == [""] && !query.is_empty();
        if !of_everything {
            known_type(segments.first().copied().unwrap_or_default())?;
        }
        Ok(Address { segments, query })
    }

    /// The type, for an address that is a type alone.
    fn kind_only(&self, what: &str) -> Result<&'a str, Outcome> {
        match (self.segments.as_slice(), self.query.is_empty()) {
            ([kind], true) => Ok(kind),
            _ => Err(bad_url(what)),
        }
    }

    /// Type and id, or type and condition.
    fn which(&self, what: &str) -> Result<(&'a str, Which<'a>), Outcome> {
        match (self.segments.as_slice(), self.query.is_empty()) {
            ([kind, id], true) => Ok((kind, Which::Id(checked_id(id)?))),
            ([kind], false) => Ok((kind, Which::Where(condition_of(&query_pairs(self.query)?)?))),
            _ => Err(bad_url(what)),
        }
    }
}

/// How the address of a write names its record.
enum Which<'a> {
    Id(&'a str),
    Where(String),
}

fn bad_url(what: &str) -> Outcome {
    let text = format!("request.url không đúng dạng cho {what}.");
    Outcome::invalid("entry-url", text, format!("request.url is malformed for {what}"))
}

type Read = Result<Entry, (Outcome, &'static str)>;

fn post(entry: &Value, request: &Value, address: Address<'_>, names: &HashSet<String>) -> Read {
    let kind = address.kind_only("POST").map_err(|refused| (refused, "request.url"))?;
    refuse_condition(request, &["ifMatch", "ifNoneMatch"])?;
    let full_url = str_at(entry, &["fullUrl"]);
    if full_url.is_some_and(|name| !name.starts_with("urn:")) {
        let what = "fullUrl khác urn:uuid:… cho mục POST (id do máy chủ đặt)";
        return Err((unsupported(what), "fullUrl"));
    }
    let resource = resource(entry, kind, names)?;
    let resource = without_id(resource).map_err(|refused| (refused, "resource"))?;
    let mut change = Change::create(resource);
    if let Some(text) = str_at(request, &["ifNoneExist"]) {
        let text = checked_condition(text).map_err(|refused| (refused, "request.ifNoneExist"))?;
        change = change.unless(text);
    }
    if let Some(name) = full_url {
        change = change.known_as(name);
    }
    Ok(Entry::Write { method: Method::Post, change: Box::new(change), key: None })
}

fn put(entry: &Value, request: &Value, address: Address<'_>, names: &HashSet<String>) -> Read {
    let (kind, which) = address.which("PUT").map_err(|refused| (refused, "request.url"))?;
    refuse_condition(request, &["ifNoneMatch", "ifNoneExist"])?;
    let resource = resource(entry, kind, names)?;
    let (mut change, key) = match which {
        Which::Id(id) => {
            let resource = same_id(resource, id).map_err(|refused| (refused, "resource.id"))?;
            let mut change = Change::put(resource);
            if let Some(version) = if_match(request)? {
                change = change.if_match(version);
            }
            (change, Some((kind.to_owned(), id.to_owned())))
        }
        Which::Where(condition) => {
            refuse_condition(request, &["ifMatch"])?;
            (Change::put_where(resource, condition), None)
        }
    };
    if let Some(name) = str_at(entry, &["fullUrl"]).filter(|name| name.starts_with("urn:")) {
        change = change.known_as(name);
    }
    Ok(Entry::Write { method: Method::Put, change: Box::new(change), key })
}

/// A patch comes as a Binary. <https://hl7.org/fhir/R4/http.html#patch>
fn patch(entry: &Value, request: &Value, address: Address<'_>) -> Read {
    let (kind, which) = address.which("PATCH").map_err(|refused| (refused, "request.url"))?;
    refuse_condition(request, &["ifNoneMatch", "ifNoneExist"])?;
    let binary = |key| entry.get("resource").and_then(|resource| str_at(resource, &[key]));
    let data = match (binary("resourceType"), binary("contentType"), binary("data")) {
        (Some("Binary"), Some(patch::MEDIA_TYPE), Some(data)) => BASE64_STANDARD.decode(data).ok(),
        _ => None,
    };
    let data = data.ok_or_else(|| {
        let text = "Bản vá trong bundle phải là Binary có contentType application/json-patch+json và data là base64.";
        let detail = "a patch entry needs a Binary of application/json-patch+json";
        (Outcome::invalid("patch", text, detail), "resource")
    })?;
    let patch = Patch::parse(&data).map_err(|refused| (refused, "resource.data"))?;
    let (change, key) = match which {
        Which::Id(id) => {
            let mut change = patch.of(kind.to_owned(), id.to_owned());
            if let Some(version) = if_match(request)? {
                change = change.if_match(version);
            }
            (change, Some((kind.to_owned(), id.to_owned())))
        }
        Which::Where(condition) => {
            refuse_condition(request, &["ifMatch"])?;
            (patch.of_match(kind.to_owned(), condition), None)
        }
    };
    Ok(Entry::Write { method: Method::Put, change: Box::new(change), key })
}

fn delete(request: &Value, address: Address<'_>) -> Read {
    let (kind, which) = address.which("DELETE").map_err(|refused| (refused, "request.url"))?;
    refuse_condition(request, &["ifNoneMatch", "ifNoneExist"])?;
    let id = match which {
        Which::Id(id) => id,
        Which::Where(condition) => {
            refuse_condition(request, &["ifMatch"])?;
            let change = Box::new(Change::delete_where(kind, condition));
            return Ok(Entry::Write { method: Method::Delete, change, key: None });
        }
    };
    let mut change = Change::delete(kind, id);
    if let Some(version) = if_match(request)? {
        change = change.if_match(version);
    }
    let key = Some((kind.to_owned(), id.to_owned()));
    Ok(Entry::Write { method: Method::Delete, change: Box::new(change), key })
}

fn get(request: &Value, address: Address<'_>, world: &Knowledge) -> Read {
    let at_url = |refused| (refused, "request.url");
    let pairs = query_pairs(address.query).map_err(at_url)?;
    let target = |kind: &str, id: &str, version: &str| {
        let (kind, id, version) = (kind.to_owned(), checked_id(id)?.to_owned(), version.to_owned());
        Ok(Target { kind, id, version, ..Target::default() })
    };
    let asked = match address.segments.as_slice() {
        ["_history"] => Get::History { target: Target::default(), pairs },
        [kind] => {
            let place =
                Place::of(&Target { kind: (*kind).to_owned(), ..Target::default() }).map_err(at_url)?;
            Get::Search(Box::new(Search::parse(place, pairs, false, world).map_err(at_url)?))
        }
        [kind, "_history"] => {
            Get::History { target: Target { kind: (*kind).to_owned(), ..Target::default() }, pairs }
        }
        [kind, id, "_history"] => Get::History { target: target(kind, id, "").map_err(at_url)?, pairs },
        [kind, id] if pairs.is_empty() => {
            let if_none_match = str_at(request, &["ifNoneMatch"]).map(str::to_owned);
            Get::Read { target: target(kind, id, "").map_err(at_url)?, if_none_match }
        }
        [kind, id, "_history", version] if pairs.is_empty() => {
            let version = checked_id(version).map_err(at_url)?;
            Get::Vread { target: target(kind, id, version).map_err(at_url)? }
        }
        [kind, id, within] => {
            let within = Target { within: (*within).to_owned(), ..target(kind, id, "").map_err(at_url)? };
            let place = Place::of(&within).map_err(at_url)?;
            Get::Search(Box::new(Search::parse(place, pairs, false, world).map_err(at_url)?))
        }
        _ => return Err(at_url(bad_url("GET"))),
    };
    Ok(Entry::Get(asked))
}

fn if_match(request: &Value) -> Result<Option<&str>, (Outcome, &'static str)> {
    let tag = str_at(request, &["ifMatch"]);
    tag.map(if_match_version).transpose().map_err(|refused| (refused, "request.ifMatch"))
}

fn refuse_condition(request: &Value, names: &[&'static str]) -> Result<(), (Outcome, &'static str)> {
    match names.iter().find(|name| request.get(**name).is_some()) {
        None => Ok(()),
        Some(name) => Err((unsupported(&format!("{name} cho phương thức này")), "request")),
    }
}

fn resource(entry: &Value, kind: &str, names: &HashSet<String>) -> Result<Resource, (Outcome, &'static str)> {
    let at = |refused| (refused, "resource");
    let tree = entry
        .get("resource")
        .ok_or_else(|| at(Outcome::invalid("entry-resource", "Thiếu resource.", "resource is missing")))?;
    let resource = Resource::from_parsed(tree.clone()).map_err(at)?;
    check_references(resource.tree(), names).map_err(at)?;
    same_kind(resource, kind).map_err(at)
}

/// Every `urn:` reference must name an entry.
fn check_references(node: &Value, names: &HashSet<String>) -> Result<(), Outcome> {
    if let Some(array) = node.as_array() {
        return array.iter().try_for_each(|item| check_references(item, names));
    }
    let Some(object) = node.as_object() else { return Ok(()) };
    object.iter().try_for_each(|(key, value)| match value.as_str() {
        Some(text) if key == "reference" => check_reference(text, names),
        Some(_) => Ok(()),
        None => check_references(value, names),
    })
}

fn check_reference(text: &str, names: &HashSet<String>) -> Result<(), Outcome> {
    let shown = || text.chars().take(100).collect::<String>();
    if text.starts_with("urn:") && !names.contains(text) {
        let hint = format!("Tham chiếu {} không trỏ tới mục nào trong cùng bundle.", shown());
        return Err(Outcome::invalid(
            "reference-unresolved",
            hint,
            format!("unresolved reference {}", shown()),
        ));
    }
    Ok(())
}

/// Refuses a transaction that changes one record twice, naming the later entry.
pub fn refuse_twice(entries: &[Entry]) -> Result<(), Outcome> {
    let mut seen = HashSet::new();
    for (position, entry) in entries.iter().enumerate() {
        if let Entry::Write { key: Some(key), .. } = entry
            && !seen.insert(key)
        {
            let text = format!("{}/{} đã có ở một mục khác trong cùng bundle.", key.0, key.1);
            let detail = format!("{}/{} occurs twice in one transaction", key.0, key.1);
            let twice = Outcome::new(Kind::Invalid, "same-record-twice", text, detail);
            return Err(of_entry(twice, position, "request.url"));
        }
    }
    Ok(())
}
