//! Value sets and concept maps written by people: `valuesets/<slug>/<first day>.toml` and
//! `conceptmaps/<slug>/<first day>.toml`, or `.json`. The names are FHIR's own, one to one; an edition is a FHIR
//! resource, its day the version. What the resource says is judged by `yba-terminology`.

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;
use yba_fhir::Day;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, json};

use crate::codes::first_day;
use crate::document;
use crate::editions::{Dated, in_order};
use crate::law::Laws;
use crate::problem::Report;
use crate::source::{Source, Sources};

const KINDS: [(&str, &str); 2] = [("valuesets/", "ValueSet"), ("conceptmaps/", "ConceptMap")];

/// <https://hl7.org/fhir/R4/extension-resource-effectiveperiod.html>
const EFFECTIVE_PERIOD: &str = "http://hl7.org/fhir/StructureDefinition/resource-effectivePeriod";

/// One edition of a value set or concept map.
#[derive(Debug, Clone)]
pub struct Canonical {
    /// `ValueSet` or `ConceptMap`.
    pub kind: &'static str,
    pub slug: String,
    pub from: Day,
    /// The day before the next edition.
    pub to: Option<Day>,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    /// Path inside content.
    pub path: String,
    /// The FHIR resource, with address, version and period.
    pub resource: Value,
}

impl Dated for Canonical {
    fn path(&self) -> &str {
        &self.path
    }

    fn from(&self) -> Day {
        self.from
    }

    fn end(&mut self, last: Day) {
        self.to = Some(last);
    }
}

/// A list of codes that must be in a set or out of it: `examples/*.toml` beside a value set or a code list.
#[derive(Debug, Clone)]
pub struct SetExample {
    pub path: String,
    /// The set's canonical address.
    pub set: String,
    pub on: Day,
    pub cases: Vec<SetCase>,
}

/// One code of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCase {
    /// `None` when the set must tell it by the code alone.
    pub system: Option<String>,
    pub code: String,
    pub is_in: bool,
    pub line: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFile {
    on: Spanned<Datetime>,
    system: Option<String>,
    #[serde(default, rename = "in")]
    inside: Vec<Spanned<ExampleCode>>,
    #[serde(default, rename = "out")]
    outside: Vec<Spanned<ExampleCode>>,
}

/// A code of the file's system, or with a system of its own.
#[derive(Deserialize)]
#[serde(untagged)]
enum ExampleCode {
    Plain(String),
    Of { system: String, code: String },
}

/// Loads every edition of both kinds.
pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Vec<Canonical> {
    let mut all = Vec::new();
    for (folder, kind) in KINDS {
        for slug in sources.folders(folder) {
            let folder = format!("{folder}{slug}/");
            let files = sources.in_folder(&folder, ".toml").chain(sources.in_folder(&folder, ".json"));
            let mut editions: Vec<Canonical> =
                files.filter_map(|source| edition(kind, &slug, source, laws, report)).collect();
            in_order(&mut editions, report);
            editions.iter_mut().for_each(complete);
            all.extend(editions);
        }
    }
    all
}

fn edition(
    kind: &'static str,
    slug: &str,
    source: &Source,
    laws: &Laws,
    report: &mut Report,
) -> Option<Canonical> {
    let from = first_day(source, report)?;
    let mut resource = if source.path.ends_with(".json") {
        json::from_str::<Value>(&source.text)
            .map_err(|error| {
                report.add(&source.path, error.line() as u32, format!("không đọc được JSON: {error}"))
            })
            .ok()?
    } else {
        from_toml(&document::read::<toml::Value>(source, report)?)
    };
    let Some(object) = resource.as_object_mut() else {
        report.add(&source.path, 0, format!("cần một {kind}"));
        return None;
    };
    if let Some(other) =
        object.get(&"resourceType").and_then(|found| found.as_str()).filter(|found| *found != kind)
    {
        report.add(&source.path, 0, format!("thư mục này dành cho {kind}, không phải {other}"));
    }
    object.insert("resourceType", kind);
    let basis = strings(object.get(&"basis"));
    object.remove(&"basis");
    if basis.is_empty() {
        report.add(&source.path, 0, "thiếu basis: văn bản làm căn cứ");
    }
    for slug in basis.iter().filter(|slug| laws.get(slug).is_none()) {
        report.add(
            &source.path,
            line_with(source, slug),
            format!("văn bản {slug} chưa có trong thư mục law/"),
        );
    }
    if !object.get(&"title").is_some_and(|title| title.is_str()) {
        report.add(&source.path, 0, "thiếu title");
    }
    Some(Canonical {
        kind,
        slug: slug.to_owned(),
        from,
        to: None,
        basis,
        path: source.path.clone(),
        resource,
    })
}

/// Adds what the folder and the file name say already.
fn complete(edition: &mut Canonical) {
    let (kind, slug, from, to) = (edition.kind, edition.slug.as_str(), edition.from.to_string(), edition.to);
    let Some(object) = edition.resource.as_object_mut() else { return };
    let mut default = |key: &str, value: &str| {
        if object.get(&key).is_none() {
            object.insert(key, value);
        }
    };
    default("url", &format!("https://yba.vn/fhir/{kind}/{slug}"));
    default("name", slug);
    default("status", "active");
    object.insert("version", from.as_str());
    let mut period = json!({"start": from.as_str()});
    if let Some(to) = to {
        period["end"] = Value::from(to.to_string().as_str());
    }
    object.insert("extension", json!([{"url": EFFECTIVE_PERIOD, "valuePeriod": period}]));
}

/// TOML's tables are JSON's objects; a date is written as FHIR writes it. Content has no other numbers than integers.
fn from_toml(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Float(number) => Value::from(number.to_string().as_str()),
        toml::Value::Datetime(day) => Value::from(day.to_string().as_str()),
        toml::Value::Array(items) => {
            let mut array = json::Array::new();
            for item in items {
                array.push(from_toml(item));
            }
            Value::from(array)
        }
        toml::Value::Table(table) => {
            let mut object = json::Object::new();
            for (key, member) in table {
                object.insert(key, from_toml(member));
            }
            Value::from(object)
        }
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(|value| value.as_array());
    list.map(|list| list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect())
        .unwrap_or_default()
}

fn line_with(source: &Source, text: &str) -> u32 {
    source.text.find(text).map_or(0, |at| document::line_at(&source.text, at))
}

/// Every example of a value set, or of the set of all codes of a list.
pub(crate) fn examples(sources: &Sources, report: &mut Report) -> Vec<SetExample> {
    let mut all = Vec::new();
    for folder in ["valuesets/", "codes/"] {
        for slug in sources.folders(folder) {
            let folder = format!("{folder}{slug}/examples/");
            let set = format!("https://yba.vn/fhir/ValueSet/{slug}");
            all.extend(
                sources.in_folder(&folder, ".toml").filter_map(|source| example(source, &set, report)),
            );
        }
    }
    all
}

fn example(source: &Source, set: &str, report: &mut Report) -> Option<SetExample> {
    let file = document::read::<ExampleFile>(source, report)?;
    let on = document::day(source, &file.on, report)?;
    let mut cases = Vec::new();
    for (is_in, list) in [(true, &file.inside), (false, &file.outside)] {
        for spanned in list {
            let (system, code) = match spanned.as_ref() {
                ExampleCode::Plain(code) => (file.system.clone(), code.clone()),
                ExampleCode::Of { system, code } => (Some(system.clone()), code.clone()),
            };
            cases.push(SetCase { system, code, is_in, line: document::line_of(source, spanned) });
        }
    }
    let (inside, outside) = (file.inside.is_empty(), file.outside.is_empty());
    if inside || outside {
        report.add(&source.path, 0, "ví dụ cần cả mã thuộc bộ (in) và mã không thuộc (out)");
    }
    Some(SetExample { path: source.path.clone(), set: set.to_owned(), on, cases })
}
