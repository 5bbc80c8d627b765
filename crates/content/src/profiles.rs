//! Profiles: `profiles/<slug>/<first day>.json`, each a StructureDefinition, with `about.toml` beside it. They are only read
//! here; who judges resources compiles them.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;
use yba_fhir::json::{Value, str_at};
use yba_fhir::resource::{Limits, parse_json};

use crate::document;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::source::{Source, Sources};

/// One edition of a profile.
#[derive(Debug, Clone)]
pub struct ProfileEdition {
    /// Path inside content: `profiles/vn-patient/2026-01-01.json`.
    pub path: String,
    pub slug: String,
    /// The first day in force; also its `version`.
    pub from: Day,
    pub definition: Value,
    pub about: ProfileAbout,
    text: String,
}

/// What `about.toml` says of all editions of a profile.
#[derive(Debug, Clone)]
pub struct ProfileAbout {
    pub title: String,
    pub sure: Sure,
    /// FHIRPath: resources for which it holds are judged by the profile although they do not name it.
    pub applies: Option<String>,
    /// Such resources are refused when they break it; otherwise they are only warned about.
    pub enforced: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AboutFile {
    title: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    applies: Option<String>,
    #[serde(default)]
    enforced: bool,
}

impl ProfileEdition {
    /// Its canonical, without version.
    pub fn url(&self) -> Option<&str> {
        str_at(&self.definition, &["url"])
    }

    /// The line on which the n-th object of `"element": […]` begins, from 1; 0 when it cannot be told.
    pub fn line_of_element(&self, at: usize) -> u32 {
        elements(&self.text).nth(at).map_or(0, |range| document::line_at(&self.text, range.start))
    }
}

pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Vec<ProfileEdition> {
    let mut editions = Vec::new();
    for slug in sources.folders("profiles/") {
        let folder = format!("profiles/{slug}/");
        let Some(about) = about(sources, &folder, laws, report) else { continue };
        for source in sources.in_folder(&folder, ".json") {
            editions.extend(edition(source, &slug, &about, report));
        }
    }
    editions
}

fn about(sources: &Sources, folder: &str, laws: &Laws, report: &mut Report) -> Option<ProfileAbout> {
    let path = format!("{folder}about.toml");
    let Some(source) = sources.get(&path) else {
        report.add(&path, 0, "thiếu about.toml; chép từ thư mục bên cạnh rồi sửa");
        return None;
    };
    let file: AboutFile = document::read(source, report)?;
    laws.check_basis(source, &file.basis, report);
    Some(ProfileAbout { title: file.title, sure: file.sure, applies: file.applies, enforced: file.enforced })
}

fn edition(source: &Source, slug: &str, about: &ProfileAbout, report: &mut Report) -> Option<ProfileEdition> {
    let Some(from) = Day::parse(source.stem()) else {
        report.add(&source.path, 0, "tên tệp phải là ngày đầu tiên áp dụng, ví dụ 2026-01-01.json");
        return None;
    };
    let definition = match parse_json(source.text.as_bytes(), &Limits::default()) {
        Ok(tree) => tree,
        Err(outcome) => {
            let why = outcome.issues.first().map_or("", |issue| issue.text.as_str());
            report.add(&source.path, 0, format!("không phải JSON của FHIR: {why}"));
            return None;
        }
    };
    let wanted =
        [("resourceType", "StructureDefinition"), ("derivation", "constraint"), ("version", source.stem())];
    for (name, value) in wanted {
        if str_at(&definition, &[name]) != Some(value) {
            report.add(
                &source.path,
                line_of_member(&source.text, name),
                format!("“{name}” phải là “{value}”"),
            );
        }
    }
    Some(ProfileEdition {
        path: source.path.clone(),
        slug: slug.to_owned(),
        from,
        definition,
        about: about.clone(),
        text: source.text.to_string(),
    })
}

fn line_of_member(text: &str, name: &str) -> u32 {
    text.find(&format!("\"{name}\"")).map_or(1, |at| document::line_at(text, at))
}

/// Where the objects of the first list called `element` stand in a text that is known to be JSON.
fn elements(text: &str) -> impl Iterator<Item = Range<usize>> {
    let begin = text.find("\"element\"").unwrap_or(text.len());
    let (mut depth, mut in_string, mut escaped, mut start) = (0i32, false, false, 0);
    let mut done = false;
    text.bytes().enumerate().skip(begin + 9).filter_map(move |(at, byte)| {
        if done {
            return None;
        }
        match (in_string, byte) {
            (true, b'"') if !escaped => in_string = false,
            (true, _) => {
                escaped = byte == b'\\' && !escaped;
                return None;
            }
            (false, b'"') => in_string = true,
            (false, b'{') => {
                depth += 1;
                if depth == 1 {
                    start = at;
                }
            }
            (false, b'}') => {
                depth -= 1;
                if depth == 0 {
                    return Some(start..at + 1);
                }
            }
            (false, b']') if depth == 0 => done = true,
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_with_their_lines() {
        let text = "{\n \"differential\": {\"element\": [\n  {\"path\": \"A\", \"x\": {\"y\": \"}\\\"{\"}},\n  {\"path\": \"B\"}\n ]}, \"z\": {}\n}";
        let found: Vec<u32> = elements(text).map(|range| document::line_at(text, range.start)).collect();
        assert_eq!(found, [3, 4]);
    }
}
