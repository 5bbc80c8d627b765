//! How the spreadsheets of code lists are laid out: `maps/spreadsheets/<name>.toml` names a list and the titles its
//! columns may have. A file with new titles needs a line there, not code.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::text::fold;

use crate::codes::CodeLists;
use crate::document;
use crate::pattern::Pattern;
use crate::problem::Report;
use crate::source::{Source, Sources};

/// What a column holds. The price is in đồng; `from` and `to` are the first and last day of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    Code,
    Title,
    English,
    Note,
    Parent,
    From,
    To,
    Price,
    Unit,
}

/// One layout of a spreadsheet.
#[derive(Debug, Clone)]
pub struct Spreadsheet {
    pub slug: String,
    pub title: String,
    /// The code list that the rows go into.
    pub list: String,
    /// Folded titles of each column, the usual one first.
    pub columns: BTreeMap<Field, Vec<String>>,
    /// Signs that are no part of a code, such as the dagger of ICD-10.
    pub code_without: String,
    code_pattern: Option<Pattern>,
}

impl Spreadsheet {
    /// Whether a code has the form that codes of this list have.
    pub fn fits(&self, code: &str) -> bool {
        self.code_pattern.as_ref().is_none_or(|pattern| pattern.matches(code))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpreadsheetFile {
    title: String,
    list: Spanned<String>,
    #[serde(default)]
    code_without: String,
    code_pattern: Option<Spanned<String>>,
    columns: BTreeMap<Field, Vec<Spanned<String>>>,
    #[serde(default, rename = "note")]
    _note: String,
}

pub(crate) fn load(sources: &Sources, lists: &CodeLists, report: &mut Report) -> Vec<Spreadsheet> {
    let files = sources.in_folder("maps/spreadsheets/", ".toml");
    files.filter_map(|source| spreadsheet(source, lists, report)).collect()
}

fn spreadsheet(source: &Source, lists: &CodeLists, report: &mut Report) -> Option<Spreadsheet> {
    let file = document::read::<SpreadsheetFile>(source, report)?;
    let list = file.list.as_ref();
    if !lists.contains(list) {
        let text = format!("không có danh mục {list:?} trong codes/");
        report.add(&source.path, document::line_of(source, &file.list), text);
    }
    for (field, name) in [(Field::Code, "code"), (Field::Title, "title")] {
        if file.columns.get(&field).is_none_or(Vec::is_empty) {
            report.add(&source.path, 0, format!("thiếu tiêu đề của cột {name}"));
        }
    }
    let pattern = file.code_pattern.as_ref().and_then(|text| match Pattern::parse(text.as_ref()) {
        Ok(pattern) => Some(pattern),
        Err(wrong) => {
            report.add(&source.path, document::line_of(source, text), wrong);
            None
        }
    });
    check_titles(source, &file, report);
    let folded = |titles: &Vec<Spanned<String>>| titles.iter().map(|title| fold(title.as_ref())).collect();
    Some(Spreadsheet {
        slug: source.stem().to_string(),
        title: file.title,
        list: file.list.into_inner(),
        columns: file.columns.iter().map(|(field, titles)| (*field, folded(titles))).collect(),
        code_without: file.code_without,
        code_pattern: pattern,
    })
}

/// A title must say something, and one thing only.
fn check_titles(source: &Source, file: &SpreadsheetFile, report: &mut Report) {
    let mut seen: BTreeMap<String, Field> = BTreeMap::new();
    for (field, titles) in &file.columns {
        for title in titles {
            let line = document::line_of(source, title);
            let folded = fold(title.as_ref());
            if folded.is_empty() {
                report.add(&source.path, line, "tiêu đề không được để trống");
            } else if let Some(other) = seen.insert(folded, *field) {
                let same = if other == *field { "hai lần" } else { "ở hai cột khác nhau" };
                report.add(
                    &source.path,
                    line,
                    format!("tiêu đề {:?} có {same} (không kể dấu)", title.as_ref()),
                );
            }
        }
    }
}
