//! Small code lists: `codes/<slug>/codes.toml` says what the list is, `codes/<slug>/<first day>.csv` is an edition.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;

use crate::document;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::sheet::{self, Columns};
use crate::source::{Source, Sources};

const COLUMNS: Columns = Columns { required: &["code", "title"], optional: &["english", "note"] };

/// The folder of this name holds identifier systems, which are no codes.
pub(crate) const IDENTIFIER_SYSTEMS: &str = "identifier-systems";

/// One edition of a code list.
#[derive(Debug, Clone)]
pub struct CodeList {
    pub slug: String,
    /// The canonical address of the code system.
    pub url: String,
    pub title: String,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    pub sure: Sure,
    /// False: a fragment; a code that is not here may still be right.
    pub complete: bool,
    /// First day of this edition.
    pub from: Day,
    /// In the order of the list.
    pub codes: Vec<Code>,
    by_code: HashMap<String, usize>,
}

/// One code.
#[derive(Debug, Clone)]
pub struct Code {
    pub code: String,
    /// Vietnamese title.
    pub title: String,
    /// English title; may be empty.
    pub english: String,
    pub note: String,
    /// The line of the content file it stands on.
    pub line: u32,
}

impl CodeList {
    pub fn get(&self, code: &str) -> Option<&Code> {
        self.by_code.get(code).map(|at| &self.codes[*at])
    }

    /// The Vietnamese title of a code.
    pub fn title(&self, code: &str) -> Option<&str> {
        self.get(code).map(|code| code.title.as_str())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    url: Spanned<String>,
    title: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default = "yes")]
    complete: bool,
    #[serde(default, rename = "note")]
    _note: String,
}

fn yes() -> bool {
    true
}

/// All lists by slug, each with its editions, oldest first.
#[derive(Debug, Default)]
pub(crate) struct CodeLists(BTreeMap<String, Vec<CodeList>>);

impl CodeLists {
    pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> CodeLists {
        let mut lists = BTreeMap::new();
        for slug in sources.folders("codes/").into_iter().filter(|slug| slug != IDENTIFIER_SYSTEMS) {
            let folder = format!("codes/{slug}/");
            let Some(head) = sources.get(&format!("{folder}codes.toml")) else {
                report.add(&folder, 0, "thư mục thiếu tệp codes.toml");
                continue;
            };
            let Some(file) = document::read::<ListFile>(head, report) else { continue };
            check_head(head, &file, laws, report);
            let editions = sources
                .in_folder(&folder, ".csv")
                .filter_map(|source| edition(&slug, &file, source, report))
                .collect();
            lists.insert(slug, editions);
        }
        CodeLists(lists)
    }

    /// The edition in force on a day; `None` before the first and for an unknown list.
    pub(crate) fn on(&self, slug: &str, day: Day) -> Option<&CodeList> {
        self.0.get(slug)?.iter().rev().find(|list| list.from <= day)
    }

    pub(crate) fn contains(&self, slug: &str) -> bool {
        self.0.contains_key(slug)
    }

    /// Every edition of every list.
    pub(crate) fn all(&self) -> impl Iterator<Item = &CodeList> {
        self.0.values().flatten()
    }

    pub(crate) fn newest(&self, slug: &str) -> Option<&CodeList> {
        self.0.get(slug)?.last()
    }
}

fn check_head(head: &Source, file: &ListFile, laws: &Laws, report: &mut Report) {
    laws.check_basis(head, &file.basis, report);
    if file.basis.is_empty() {
        report.add(&head.path, 0, "thiếu basis: văn bản làm căn cứ");
    }
    let url = file.url.as_ref();
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        report.add(
            &head.path,
            document::line_of(head, &file.url),
            "url phải bắt đầu bằng http:// hoặc https://",
        );
    }
}

fn edition(slug: &str, file: &ListFile, source: &Source, report: &mut Report) -> Option<CodeList> {
    let from = first_day(source, report)?;
    let mut list = CodeList {
        slug: slug.to_string(),
        url: file.url.as_ref().clone(),
        title: file.title.clone(),
        basis: file.basis.iter().map(|slug| slug.as_ref().clone()).collect(),
        sure: file.sure,
        complete: file.complete,
        from,
        codes: Vec::new(),
        by_code: HashMap::new(),
    };
    for row in sheet::read(source, &COLUMNS, report) {
        let code = Code {
            code: row.must("code", report),
            title: row.must("title", report),
            english: row.get("english").to_string(),
            note: row.get("note").to_string(),
            line: row.line,
        };
        if list.by_code.insert(code.code.clone(), list.codes.len()).is_some() {
            report.add(row.file, row.line, format!("mã {} có hai lần", code.code));
        }
        list.codes.push(code);
    }
    Some(list)
}

/// The first day in force, from the file name `2026-01-01.csv`.
pub(crate) fn first_day(source: &Source, report: &mut Report) -> Option<Day> {
    let day = Day::parse(source.stem());
    if day.is_none() {
        report.add(&source.path, 0, "tên tệp phải là ngày bắt đầu áp dụng, ví dụ 2026-01-01.csv");
    }
    day
}
