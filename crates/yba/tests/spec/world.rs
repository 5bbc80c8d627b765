//! A running node as a check sees it: requests over one kept connection, answers that can be asked about.
//!
//! Every question answers with a sentence when it is not as it should be, so that a check reads as a chain of `?`.

use crate::check::{Done, Scene};
use crate::http::Line;
use flate2::read::GzDecoder;
use std::collections::HashMap;
use std::io::Read;
use std::net::SocketAddr;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, json};

pub const JSON: (&str, &str) = ("content-type", "application/fhir+json");
pub const JSON_PATCH: (&str, &str) = ("content-type", "application/json-patch+json");
pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// How much of a body is shown of a check that failed.
const SHOWN_BYTES: usize = 1500;
/// How many of its last requests are shown.
const SHOWN_REQUESTS: usize = 3;

/// Codes of <https://hl7.org/fhir/R4/valueset-issue-type.html>.
const ISSUE_TYPES: &[&str] = &[
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
];

pub type Res<T> = Result<T, String>;

/// Headers of a request.
pub type Headers<'a> = &'a [(&'a str, &'a str)];

pub struct World {
    address: SocketAddr,
    line: Line,
    words: u32,
    scenes: HashMap<&'static str, String>,
    /// The last requests with their answers, as text.
    tape: Vec<String>,
}

impl World {
    pub fn of(address: SocketAddr) -> Res<World> {
        let line = Line::open(address).map_err(|error| error.to_string())?;
        Ok(World { address, line, words: 0, scenes: HashMap::new(), tape: Vec::new() })
    }

    /// What the check did before it failed.
    pub fn tape(&mut self) -> String {
        let from = self.tape.len().saturating_sub(SHOWN_REQUESTS);
        std::mem::take(&mut self.tape).split_off(from).join("\n")
    }

    /// Forgets what the check before did.
    pub fn begin(&mut self) {
        self.tape.clear();
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A word that no record holds yet: for ids, identifiers, codes, names.
    pub fn word(&mut self) -> String {
        self.words += 1;
        format!("w{}x", self.words)
    }

    /// The records of a scene, made at first; answers the scene's word.
    pub fn scene(&mut self, scene: &'static Scene) -> Res<String> {
        if let Some(mine) = self.scenes.get(scene.name) {
            return Ok(mine.clone());
        }
        let mine = self.word();
        let entries: Vec<Value> = (scene.records)(&mine)
            .into_iter()
            .map(|(label, mut resource)| {
                let id = format!("{mine}-{label}");
                let kind = json::str_at(&resource, &["resourceType"]).unwrap_or_default().to_owned();
                resource["id"] = json!(id.as_str());
                json!({"resource": resource, "request": {"method": "PUT", "url": format!("{kind}/{id}").as_str()}})
            })
            .collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        self.post("", &bundle)?
            .is(200)
            .map_err(|why| format!("the scene {} cannot be set: {why}", scene.name))?;
        self.scenes.insert(scene.name, mine.clone());
        Ok(mine)
    }

    pub fn get(&mut self, path: &str) -> Res<Got> {
        self.send("GET", path, &[], b"")
    }

    pub fn get_with(&mut self, path: &str, headers: Headers) -> Res<Got> {
        self.send("GET", path, headers, b"")
    }

    pub fn post(&mut self, path: &str, body: &Value) -> Res<Got> {
        self.write("POST", path, &[], body)
    }

    pub fn put(&mut self, path: &str, body: &Value) -> Res<Got> {
        self.write("PUT", path, &[], body)
    }

    pub fn patch(&mut self, path: &str, body: &Value) -> Res<Got> {
        self.send("PATCH", path, &[JSON_PATCH], &bytes(body))
    }

    pub fn delete(&mut self, path: &str) -> Res<Got> {
        self.send("DELETE", path, &[], b"")
    }

    pub fn form(&mut self, path: &str, form: &str) -> Res<Got> {
        self.send("POST", path, &[FORM], quoted(form).as_bytes())
    }

    /// Sends a resource with these further headers.
    pub fn write(&mut self, method: &str, path: &str, headers: Headers, body: &Value) -> Res<Got> {
        let mut all = vec![JSON];
        all.extend(headers);
        self.send(method, path, &all, &bytes(body))
    }

    /// Sends a bundle of this type with these entries.
    pub fn bundle(&mut self, kind: &str, entries: Value) -> Res<Got> {
        self.post("", &json!({"resourceType": "Bundle", "type": kind, "entry": entries}))
    }

    /// Creates a resource; answers its id.
    pub fn create(&mut self, body: &Value) -> Res<String> {
        let kind = json::str_at(body, &["resourceType"]).unwrap_or_default().to_owned();
        self.post(&kind, body)?.is(201)?.text("id")
    }

    /// Creates a Patient of this identifier; answers its id.
    pub fn patient(&mut self, word: &str) -> Res<String> {
        self.create(&patient(word))
    }

    /// Sends any request. `path` is below the base (`Patient/1?…`), an address that the node gave, or begins with `/`.
    /// Blanks, marks and `|` in it are written as they are read: they are packed here. An answer of 500 fails at once,
    /// whatever the check asks.
    pub fn send(&mut self, method: &str, path: &str, headers: Headers, body: &[u8]) -> Res<Got> {
        let path = self.target(path);
        let sent = self.line.ask(method, &path, headers, body).and_then(|()| match method {
            "HEAD" => self.line.answer_without_body(),
            _ => self.line.answer(),
        });
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                self.line = Line::open(self.address).map_err(|error| format!("the node is gone: {error}"))?;
                self.tape.push(format!("  {method} {path}\n    no answer"));
                return Err(format!("{method} {path}: {error}"));
            }
        };
        if answer.header("connection") == Some("close") {
            self.line = Line::open(self.address).map_err(|error| format!("the node is gone: {error}"))?;
        }
        let mut got = Got { status: answer.status, headers: answer.headers, body: answer.body, tree: None };
        let plain = match got.header("content-encoding") {
            Some("gzip") => unpacked(&got.body)?,
            _ => got.body.clone(),
        };
        got.tree = json::from_slice(&plain).ok();
        self.tape.push(format!(
            "  {method} {path} {headers:?}\n    {}\n  -> {} {:?}\n    {}",
            shown(body),
            got.status,
            got.headers,
            shown(&plain)
        ));
        match got.status {
            500 => Err("the server calls it its own fault (500)".into()),
            _ => Ok(got),
        }
    }

    fn target(&self, path: &str) -> String {
        let path = path.strip_prefix("http://localhost").unwrap_or(path);
        match path {
            "" => "/fhir".to_owned(),
            path if path.starts_with('/') => quoted(path),
            path if path.starts_with('?') => format!("/fhir{}", quoted(path)),
            path => format!("/fhir/{}", quoted(path)),
        }
    }
}

/// A Patient with the identifier `urn:{word}|1`.
pub fn patient(word: &str) -> Value {
    json!({
        "resourceType": "Patient",
        "identifier": [{"system": format!("urn:{word}").as_str(), "value": "1"}],
        "name": [{"family": "Lò", "given": ["Thị", "Mẫu"]}],
        "gender": "female",
        "birthDate": "1986-04-12",
    })
}

/// A Patient under an id of the sender's.
pub fn patient_with_id(word: &str) -> Value {
    let mut patient = patient(word);
    patient["id"] = json!(word);
    patient
}

/// An Observation of this code about this subject (`Patient/…`).
pub fn observation(subject: &str, code: &str) -> Value {
    json!({
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": subject},
    })
}

fn bytes(body: &Value) -> Vec<u8> {
    json::to_vec(&json::ordered(body)).expect("a tree prints")
}

/// What an address may not hold, percent-encoded; what is encoded already stays.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}#".contains(&byte) => quoted.push(byte as char),
            _ => quoted.push_str(&format!("%{byte:02X}")),
        }
    }
    quoted
}

fn unpacked(packed: &[u8]) -> Res<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(packed)
        .read_to_end(&mut plain)
        .map_err(|error| format!("the gzip body is damaged: {error}"))?;
    Ok(plain)
}

fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN_BYTES)]);
    let more = if body.len() > SHOWN_BYTES { " …" } else { "" };
    format!("{text}{more}")
}

/// An answer.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body as JSON, if it is that.
    tree: Option<Value>,
}

impl Got {
    pub fn is(self, status: u16) -> Res<Got> {
        match self.status == status {
            true => Ok(self),
            false => Err(format!("status {status} was expected, not {}", self.status)),
        }
    }

    pub fn one_of(self, statuses: &[u16]) -> Res<Got> {
        match statuses.contains(&self.status) {
            true => Ok(self),
            false => Err(format!("one of {statuses:?} was expected, not {}", self.status)),
        }
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn needs(&self, name: &str) -> Res<String> {
        self.header(name).map(str::to_owned).ok_or_else(|| format!("the header {name} is missing"))
    }

    /// The header holds this.
    pub fn says(self, name: &str, part: &str) -> Res<Got> {
        let value = self.needs(name)?;
        match value.contains(part) {
            true => Ok(self),
            false => Err(format!("the header {name} should hold {part:?}, it is {value:?}")),
        }
    }

    pub fn lacks_header(self, name: &str) -> Res<Got> {
        match self.header(name) {
            None => Ok(self),
            Some(value) => Err(format!("the header {name} should not be there, it is {value:?}")),
        }
    }

    pub fn no_body(self) -> Res<Got> {
        match self.body.is_empty() {
            true => Ok(self),
            false => Err("the body should be empty".into()),
        }
    }

    pub fn tree(&self) -> Res<&Value> {
        self.tree.as_ref().ok_or_else(|| "the body should be JSON".to_owned())
    }

    /// The node at a path such as `entry.0.resource.id`, if it is there.
    pub fn find(&self, path: &str) -> Option<&Value> {
        walk(self.tree.as_ref()?, path)
    }

    pub fn at(&self, path: &str) -> Res<&Value> {
        self.tree()?;
        self.find(path).ok_or_else(|| format!("{path} is missing"))
    }

    pub fn text(&self, path: &str) -> Res<String> {
        let found = self.at(path)?;
        Ok(found.as_str().map_or_else(|| json::to_string(found).unwrap_or_default(), str::to_owned))
    }

    /// The value at a path is this text, number or truth, as it is written.
    pub fn has(self, path: &str, wanted: &str) -> Res<Got> {
        let found = self.text(path)?;
        match found == wanted {
            true => Ok(self),
            false => Err(format!("{path} should be {wanted:?}, it is {found:?}")),
        }
    }

    pub fn lacks(self, path: &str) -> Res<Got> {
        self.tree()?;
        match self.find(path) {
            None => Ok(self),
            Some(found) => Err(format!("{path} should not be there, it is {found:?}")),
        }
    }

    /// How many items a list has; 0 when it is not there.
    pub fn count(&self, path: &str) -> usize {
        self.find(path).and_then(|list| list.as_array()).map_or(0, |list| list.len())
    }

    pub fn counts(self, path: &str, wanted: usize) -> Res<Got> {
        match self.count(path) {
            found if found == wanted => Ok(self),
            found => Err(format!("{path} should have {wanted} items, it has {found}")),
        }
    }

    /// The texts at a path below each item of a list.
    pub fn each(&self, list: &str, path: &str) -> Vec<String> {
        let items = self.find(list).and_then(|list| list.as_array()).map(|list| list.iter());
        let texts = items.into_iter().flatten().map(|item| match walk(item, path) {
            Some(found) => {
                found.as_str().map_or_else(|| json::to_string(found).unwrap_or_default(), str::to_owned)
            }
            None => "(none)".to_owned(),
        });
        texts.collect()
    }

    /// A deletion that was done: 200 with something to read, or 204 with nothing.
    /// <https://hl7.org/fhir/R4/http.html#delete>
    pub fn deleted(self) -> Done {
        match self.status {
            200 => holds(!self.body.is_empty(), "200 of a deletion needs a body"),
            _ => self.is(204)?.no_body().map(drop),
        }
    }

    /// The refusal of this status, in the form FHIR gives it.
    pub fn refused(self, status: u16) -> Res<Got> {
        let got = self.is(status)?;
        got.outcome()?;
        let severities = got.each("issue", "severity");
        match severities.iter().any(|one| matches!(one.as_str(), "error" | "fatal")) {
            true => Ok(got),
            false => Err(format!("a refusal needs an issue that is an error, there are {severities:?}")),
        }
    }

    pub fn refused_one_of(self, statuses: &[u16]) -> Res<Got> {
        let status = self.status;
        self.one_of(statuses)?.refused(status)
    }

    /// The body is an OperationOutcome as the specification has it.
    pub fn outcome(&self) -> Done {
        if self.text("resourceType")? != "OperationOutcome" {
            return Err("the body should be an OperationOutcome".into());
        }
        if self.count("issue") == 0 {
            return Err("an OperationOutcome needs an issue".into());
        }
        for (severity, code) in self.each("issue", "severity").into_iter().zip(self.each("issue", "code")) {
            if !matches!(severity.as_str(), "fatal" | "error" | "warning" | "information") {
                return Err(format!("{severity:?} is no severity of an issue"));
            }
            if !ISSUE_TYPES.contains(&code.as_str()) {
                return Err(format!("{code:?} is no type of an issue"));
            }
        }
        match self.each("issue", "details.text").iter().any(|text| text.len() > 5) {
            true => Ok(()),
            false => Err("nothing is said to people in the OperationOutcome".into()),
        }
    }

    /// The ids of the matches of a search, in order.
    pub fn matches(&self) -> Vec<String> {
        self.ids("match")
    }

    /// The ids of what came along with them.
    pub fn included(&self) -> Vec<String> {
        self.ids("include")
    }

    fn ids(&self, mode: &str) -> Vec<String> {
        let modes = self.each("entry", "search.mode");
        let ids = self.each("entry", "resource.id");
        modes.into_iter().zip(ids).filter(|(one, _)| one == mode).map(|(_, id)| id).collect()
    }

    /// A searchset that holds these labels of a scene (see [`crate::check::How::Finds`]).
    pub fn finds(self, mine: &str, labels: &str, in_order: bool) -> Done {
        let got = self.is(200)?.has("type", "searchset")?;
        let label =
            |id: &String| id.strip_prefix(mine).and_then(|id| id.strip_prefix('-')).unwrap_or(id).to_owned();
        let mut found: Vec<String> = got.matches().iter().map(label).collect();
        found.extend(got.included().iter().map(|id| format!("+{}", label(id))));
        let mut wanted: Vec<String> = labels.split_whitespace().map(str::to_owned).collect();
        if !in_order {
            found.sort();
            wanted.sort();
        }
        match found == wanted {
            true => Ok(()),
            false => Err(format!("“{}” was to be found, not “{}”", wanted.join(" "), found.join(" "))),
        }
    }

    /// The ids of the matches are these, in any order.
    pub fn matches_are(&self, wanted: &[&str]) -> Done {
        let mut found = self.matches();
        found.sort();
        let mut wanted: Vec<&str> = wanted.to_vec();
        wanted.sort_unstable();
        match found == wanted {
            true => Ok(()),
            false => Err(format!("{wanted:?} was to be found, not {found:?}")),
        }
    }

    /// The address of a link of this bundle.
    pub fn link(&self, relation: &str) -> Option<String> {
        let relations = self.each("link", "relation");
        let urls = self.each("link", "url");
        relations.iter().position(|one| one == relation).and_then(|at| urls.get(at).cloned())
    }

    pub fn needs_link(&self, relation: &str) -> Res<String> {
        self.link(relation).ok_or_else(|| format!("the link {relation} is missing"))
    }
}

/// Follows members and positions separated by dots.
fn walk<'a>(tree: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').filter(|step| !step.is_empty()).try_fold(tree, |node, step| match step.parse::<usize>() {
        Ok(position) => node.get(position),
        Err(_) => node.get(step),
    })
}

/// Fails with a sentence unless it holds.
pub fn holds(truth: bool, otherwise: &str) -> Done {
    if truth { Ok(()) } else { Err(otherwise.to_owned()) }
}

pub fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T, what: &str) -> Done {
    if found == wanted { Ok(()) } else { Err(format!("{what} should be {wanted:?}, it is {found:?}")) }
}
