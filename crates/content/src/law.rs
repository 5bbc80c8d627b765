//! The index of laws: which decision or circular a piece of content rests on, and since when.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;
use yba_fhir::Day;

use crate::document;
use crate::problem::Report;
use crate::sheet::Row;
use crate::source::{Source, Sources};

/// How sure we are of what is written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sure {
    /// Seen in the text itself or in a machine-readable copy of it.
    Verified,
    /// Known at second hand: press, public notes, software in use.
    Press,
    /// Written from memory of the field; to be compared with the original.
    Recalled,
}

impl Sure {
    /// The cell `sure` of a table's row; an empty one means from memory.
    pub(crate) fn of_cell(row: &Row, report: &mut Report) -> Sure {
        match row.get("sure") {
            "verified" => Sure::Verified,
            "press" => Sure::Press,
            "" | "recalled" => Sure::Recalled,
            other => {
                let text = format!("sure phải là verified, press hoặc recalled, không phải {other:?}");
                report.add(row.file, row.line, text);
                Sure::Recalled
            }
        }
    }
}

/// One decision, circular, decree or law.
#[derive(Debug, Clone)]
pub struct Law {
    /// File name: `qd-4750-2023-byt`.
    pub slug: String,
    /// As printed: `4750/QĐ-BYT`.
    pub number: String,
    pub title: String,
    pub issuer: String,
    /// The day it was signed, when known.
    pub dated: Option<Day>,
    /// First day in force.
    pub from: Option<Day>,
    /// Last day in force; `None` while it holds.
    pub to: Option<Day>,
    /// What it amends or replaces, by slug.
    pub changes: Vec<String>,
    pub sure: Sure,
    pub note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LawFile {
    number: String,
    title: String,
    issuer: String,
    dated: Option<Spanned<Datetime>>,
    in_force_from: Option<Spanned<Datetime>>,
    in_force_to: Option<Spanned<Datetime>>,
    #[serde(default)]
    changes: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    #[serde(rename = "title")]
    _title: String,
    basis: Vec<Spanned<String>>,
    #[serde(rename = "sure")]
    _sure: Sure,
    #[serde(default, rename = "note")]
    _note: String,
}

/// All laws by slug.
#[derive(Debug, Default)]
pub(crate) struct Laws(BTreeMap<String, Law>);

impl Laws {
    pub(crate) fn load(sources: &Sources, report: &mut Report) -> Laws {
        let mut laws = Laws::default();
        let mut changes = Vec::new();
        for source in sources.in_folder("law/", ".toml") {
            if let Some(file) = document::read::<LawFile>(source, report) {
                let law = law(source, &file, report);
                laws.0.insert(law.slug.clone(), law);
                changes.push((source, file.changes));
            }
        }
        for (source, slugs) in changes {
            laws.check_basis(source, &slugs, report);
        }
        laws
    }

    pub(crate) fn get(&self, slug: &str) -> Option<&Law> {
        self.0.get(slug)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Law> {
        self.0.values()
    }

    /// Checks the `about.toml` of a folder whose editions carry no head of their own: title and basis.
    pub(crate) fn check_about(&self, sources: &Sources, folder: &str, report: &mut Report) {
        match sources.get(&format!("{folder}about.toml")) {
            Some(source) => {
                if let Some(about) = document::read::<About>(source, report) {
                    self.check_basis(source, &about.basis, report);
                }
            }
            None => report.add(folder, 0, "thư mục thiếu tệp about.toml nêu tên và căn cứ"),
        }
    }

    /// Reports every slug that names no law.
    pub(crate) fn check_basis(&self, source: &Source, basis: &[Spanned<String>], report: &mut Report) {
        for slug in basis.iter().filter(|slug| !self.0.contains_key(slug.as_ref())) {
            let text = format!("văn bản {} chưa có trong thư mục law/", slug.as_ref());
            report.add(&source.path, document::line_of(source, slug), text);
        }
    }
}

fn law(source: &Source, file: &LawFile, report: &mut Report) -> Law {
    let mut day = |value: &Option<Spanned<Datetime>>| {
        value.as_ref().and_then(|value| document::day(source, value, report))
    };
    let (dated, from, to) = (day(&file.dated), day(&file.in_force_from), day(&file.in_force_to));
    if let (Some(first), Some(last), Some(at)) = (from, to, &file.in_force_to)
        && last < first
    {
        report.add(&source.path, document::line_of(source, at), "ngày hết hiệu lực trước ngày có hiệu lực");
    }
    Law {
        slug: source.stem().to_string(),
        number: file.number.clone(),
        title: file.title.clone(),
        issuer: file.issuer.clone(),
        dated,
        from,
        to,
        changes: file.changes.iter().map(|slug| slug.as_ref().clone()).collect(),
        sure: file.sure,
        note: file.note.clone(),
    }
}
