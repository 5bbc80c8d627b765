//! Forms: `forms/<slug>/<first day>.toml`, each a Questionnaire whose keys are FHIR's element names one to one, with short
//! keys for extensions ([`sdc`]); or `.json`, a Questionnaire as others publish it. Two keys are our own: `basis` and
//! `uncertain`. Content only reads them; who can compile and run them does.
//! <https://hl7.org/fhir/R4/questionnaire.html>

mod lines;
mod names;
pub mod sdc;
mod table;
mod toml;

use yba_fhir::Day;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, json};
use yba_fhir::resource::{Limits, parse_json};

use crate::codes::first_day;
use crate::document::line_at;
use crate::editions::{Dated, in_order};
use crate::law::Laws;
use crate::problem::Report;
use crate::source::{Source, Sources};
pub use lines::Lines;
pub use toml::{Document, document, written};

/// Questionnaire has it as an element of its own.
const EFFECTIVE_PERIOD: &str = "effectivePeriod";

/// One edition of a form.
#[derive(Debug, Clone)]
pub struct FormText {
    pub slug: String,
    /// The first day in force; also its `version`.
    pub from: Day,
    /// The day before the next edition.
    pub to: Option<Day>,
    /// Path inside content.
    pub path: String,
    /// Slugs in `law/`, or sentences where no document is kept there.
    pub basis: Vec<String>,
    /// What nobody has compared with the original yet, said to whoever fills it in.
    pub uncertain: Option<String>,
    /// The FHIR resource, with address, version and period.
    pub questionnaire: Value,
    /// Where its parts stand in the file.
    pub lines: Lines,
}

impl Dated for FormText {
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

/// Loads every edition of every form.
pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Vec<FormText> {
    let mut all = Vec::new();
    for slug in sources.folders("forms/") {
        let folder = format!("forms/{slug}/");
        let files = sources.in_folder(&folder, ".toml").chain(sources.in_folder(&folder, ".json"));
        let mut editions: Vec<FormText> =
            files.filter_map(|source| edition(&slug, source, laws, report)).collect();
        if editions.is_empty() {
            report.add(&folder, 0, "thư mục thiếu biểu mẫu, ví dụ 2026-01-01.toml");
        }
        in_order(&mut editions, report);
        editions.iter_mut().for_each(complete);
        all.extend(editions);
    }
    all
}

fn edition(slug: &str, source: &Source, laws: &Laws, report: &mut Report) -> Option<FormText> {
    let from = first_day(source, report)?;
    let Document { value, lines } = read(source, report)?;
    let (mut questionnaire, faults) = sdc::expanded(&value);
    for (place, text) in faults.into_iter().chain(names::unknown(&value)) {
        report.add(&source.path, lines.of(&place), format!("{place}: {text}"));
    }
    let object = questionnaire.as_object_mut()?;
    let basis = strings(object.get(&"basis"));
    let uncertain = object.get(&"uncertain").and_then(|value| value.as_str()).map(str::to_owned);
    object.remove(&"basis");
    object.remove(&"uncertain");
    let other = object.get(&"resourceType").and_then(|kind| kind.as_str());
    if let Some(other) = other.filter(|kind| *kind != "Questionnaire") {
        report.add(&source.path, 0, format!("thư mục này dành cho Questionnaire, không phải {other}"));
    }
    check_head(source, &lines, object, &basis, laws, report);
    Some(FormText {
        slug: slug.to_owned(),
        from,
        to: None,
        path: source.path.clone(),
        basis,
        uncertain,
        questionnaire,
        lines,
    })
}

/// The document of a file, whichever way it is written.
fn read(source: &Source, report: &mut Report) -> Option<Document> {
    if source.path.ends_with(".json") {
        return match parse_json(source.text.as_bytes(), &Limits::default()) {
            Ok(value) if value.is_object() => Some(Document { value, lines: Lines::of_json(&source.text) }),
            Ok(_) => {
                report.add(&source.path, 1, "cần một Questionnaire");
                None
            }
            Err(outcome) => {
                report.add(&source.path, 0, outcome.issues.first().map_or("", |issue| &issue.text));
                None
            }
        };
    }
    document(&source.text)
        .map_err(|faults| faults.into_iter().for_each(|(line, text)| report.add(&source.path, line, text)))
        .ok()
}

fn check_head(
    source: &Source,
    lines: &Lines,
    object: &json::Object,
    basis: &[String],
    laws: &Laws,
    report: &mut Report,
) {
    if basis.is_empty() {
        report.add(&source.path, 0, "thiếu basis: văn bản làm căn cứ, hoặc một câu nói rõ căn cứ");
    }
    // A slug has no spaces; whatever has is a sentence.
    for slug in basis.iter().filter(|slug| !slug.contains(' ') && laws.get(slug).is_none()) {
        let line = source.text.find(slug.as_str()).map_or(0, |at| line_at(&source.text, at));
        report.add(&source.path, line, format!("văn bản {slug} chưa có trong thư mục law/"));
    }
    for name in ["title", "item"] {
        if object.get(&name).is_none() {
            report.add(&source.path, lines.of(name), format!("thiếu {name}"));
        }
    }
}

/// Adds what the folder and the file name say already.
fn complete(edition: &mut FormText) {
    let (slug, from, to) = (edition.slug.as_str(), edition.from.to_string(), edition.to);
    let Some(object) = edition.questionnaire.as_object_mut() else { return };
    let mut default = |key: &str, value: &str| {
        if object.get(&key).is_none() {
            object.insert(key, value);
        }
    };
    default("resourceType", "Questionnaire");
    default("url", &format!("https://yba.vn/fhir/Questionnaire/{slug}"));
    default("name", slug);
    default("status", "active");
    default("version", &from);
    if object.get(&EFFECTIVE_PERIOD).is_none() {
        let mut period = json!({"start": from.as_str()});
        if let (Some(to), Some(period)) = (to, period.as_object_mut()) {
            period.insert("end", to.to_string().as_str());
        }
        object.insert(EFFECTIVE_PERIOD, period);
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(one) if one.is_str() => one.as_str().map(str::to_owned).into_iter().collect(),
        Some(list) => {
            let list = list.as_array().into_iter().flat_map(|list| list.iter());
            list.filter_map(|one| one.as_str().map(str::to_owned)).collect()
        }
        None => Vec::new(),
    }
}
