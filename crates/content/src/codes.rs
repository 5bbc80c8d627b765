//! Small code lists: `codes/<slug>/codes.toml` says what the list is, `codes/<slug>/<first day>.csv` is an edition.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;
use yba_fhir::Day;

use crate::document;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::sheet::{self, Columns, Row};
use crate::source::{Source, Sources};

const COLUMNS: Columns =
    Columns { required: &["code", "title"], optional: &["english", "note", "parent", "from", "to"] };

/// Lists are not deeper than this.
const LEVELS_MAX: usize = 32;

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
    /// Last day of this edition: the day before the next one, or the day the list itself ended.
    pub to: Option<Day>,
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
    /// The code of the same list above it; empty in a flat list.
    pub parent: String,
    /// First and last day on which it may be used, where the list says so; else those of the edition.
    pub from: Option<Day>,
    pub to: Option<Day>,
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
    /// The last day of the list as a whole.
    in_force_to: Option<Spanned<Datetime>>,
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
            let mut editions: Vec<CodeList> = sources
                .in_folder(&folder, ".csv")
                .filter_map(|source| edition(&slug, &file, source, report))
                .collect();
            end_editions(&mut editions, head, &file, report);
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

/// An edition ends the day before the next one begins, the last one when the list does.
fn end_editions(editions: &mut [CodeList], head: &Source, file: &ListFile, report: &mut Report) {
    for at in 1..editions.len() {
        editions[at - 1].to = Some(editions[at].from.plus_days(-1));
    }
    let Some(end) = &file.in_force_to else { return };
    let last_day = document::day(head, end, report);
    if let (Some(edition), Some(last_day)) = (editions.last_mut(), last_day) {
        if last_day < edition.from {
            let line = document::line_of(head, end);
            report.add(&head.path, line, "ngày hết hiệu lực trước ngày bắt đầu của bản mới nhất");
        }
        edition.to = Some(last_day);
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
        to: None,
        codes: Vec::new(),
        by_code: HashMap::new(),
    };
    for row in sheet::read(source, &COLUMNS, report) {
        let code = Code {
            code: row.must("code", report),
            title: row.must("title", report),
            english: row.get("english").to_string(),
            note: row.get("note").to_string(),
            parent: row.get("parent").to_string(),
            from: day_cell(&row, "from", report),
            to: day_cell(&row, "to", report),
            line: row.line,
        };
        if list.by_code.insert(code.code.clone(), list.codes.len()).is_some() {
            report.add(row.file, row.line, format!("mã {} có hai lần", code.code));
        }
        if let (Some(first), Some(last)) = (code.from, code.to)
            && last < first
        {
            report.add(row.file, row.line, format!("mã {} có ngày hết hạn trước ngày bắt đầu", code.code));
        }
        list.codes.push(code);
    }
    check_parents(source, &list, report);
    Some(list)
}

fn day_cell(row: &Row, name: &str, report: &mut Report) -> Option<Day> {
    let text = row.some(name)?;
    let day = Day::parse(&text);
    if day.is_none() {
        report.add(
            row.file,
            row.line,
            format!("cột {name} phải là ngày dạng 2026-01-01, không phải {text:?}"),
        );
    }
    day
}

/// Every parent is a code of the list, and no code lies below itself.
fn check_parents(source: &Source, list: &CodeList, report: &mut Report) {
    for code in list.codes.iter().filter(|code| !code.parent.is_empty()) {
        let mut above = Some(code);
        let mut steps = 0;
        while let Some(parent) = above.filter(|code| !code.parent.is_empty()) {
            above = list.get(&parent.parent);
            steps += 1;
            if above.is_none() && steps == 1 {
                let text = format!("mã cấp trên {:?} không có trong danh mục", parent.parent);
                report.add(&source.path, code.line, text);
            }
            if above.is_some_and(|above| above.code == code.code) {
                report.add(&source.path, code.line, format!("mã {} là cấp trên của chính nó", code.code));
                break;
            }
            if steps > LEVELS_MAX {
                break;
            }
        }
    }
}

/// The first day in force, from the file name `2026-01-01.csv`.
pub(crate) fn first_day(source: &Source, report: &mut Report) -> Option<Day> {
    let day = Day::parse(source.stem());
    if day.is_none() {
        report.add(&source.path, 0, "tên tệp phải là ngày bắt đầu áp dụng, ví dụ 2026-01-01.csv");
    }
    day
}
