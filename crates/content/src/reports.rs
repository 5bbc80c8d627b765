//! Reports (biểu): `reports/<slug>/<first day>.toml`. A report is a grid: rows say what is counted in which register,
//! columns among whom; a cell counts what both say. Rows may be those of a list of content, one for each of its codes. Who runs
//! reports compiles the FHIRPath.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;

use crate::codes::first_day;
use crate::document;
use crate::essential::Essentials;
use crate::law::{Laws, Sure};
use crate::placed::Placed;
use crate::problem::Report as Problems;
use crate::registers::{About, RegisterEdition, check_name};
use crate::source::{Source, Sources};

/// Most rows and columns of a report; the longest of the ministry has 312 causes of death.
pub const ROWS_MAX: usize = 400;
pub const COLUMNS_MAX: usize = 40;
/// Most cells.
pub const CELLS_MAX: usize = 8000;

/// One edition of a report.
#[derive(Debug, Clone)]
pub struct ReportEdition {
    pub slug: String,
    /// The first day in force: of the period's first day.
    pub from: Day,
    /// Path inside content.
    pub path: String,
    pub about: About,
    pub every: Every,
    pub due: Due,
    pub columns: Vec<LineText>,
    pub rows: Vec<LineText>,
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    Month,
    Quarter,
    Year,
}

/// When a report is due after its period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// So many working days (Monday to Friday) after the last day. Public holidays are not known here.
    WorkingDays(u32),
    /// So many days after the last day.
    Days(u32),
}

/// A row or a column of the grid.
#[derive(Debug, Clone)]
pub struct LineText {
    pub name: Placed,
    pub title: String,
    /// Of rows: the slug of the register.
    pub register: Option<Placed>,
    /// FHIRPath over the columns of the register.
    pub filter: Option<Placed>,
    /// Of rows: what is counted. Of columns: a sum takes the place of what their rows count.
    pub count: Counted,
    /// FHIRPath over other rows of the same column, or other columns of the same row.
    pub formula: Option<Placed>,
    /// Of rows: the columns that have a cell; all when empty.
    pub cells: Vec<Placed>,
    /// Of columns: everything before the period is counted, not the period.
    pub before: bool,
    /// Of rows: made of a list of content, so that it stands on no paper as long as it is nothing but zeros.
    pub listed: bool,
    pub uncertain: String,
}

/// What a cell counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    Rows,
    /// Distinct people.
    People,
    /// The sum of what this FHIRPath finds in each row.
    Sum(Placed),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportFile {
    title: String,
    form: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    uncertain: String,
    period: Every,
    due: DueFile,
    /// For rows that name none.
    register: Option<Spanned<String>>,
    column: Vec<ColumnFile>,
    #[serde(default)]
    row: Vec<RowFile>,
    /// Rows by a list of content, before the others.
    each: Option<EachFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EachFile {
    list: Spanned<String>,
    /// With `{code}` in the place of a code of the list.
    #[serde(rename = "where")]
    filter: Spanned<String>,
    sum: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DueFile {
    working_days: Option<Spanned<u32>>,
    days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnFile {
    name: Spanned<String>,
    title: String,
    #[serde(rename = "where")]
    filter: Option<Spanned<String>>,
    sum: Option<Spanned<String>>,
    /// `period`, or `before` for all that was before it.
    span: Option<Spanned<String>>,
    formula: Option<Spanned<String>>,
    #[serde(default)]
    uncertain: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowFile {
    name: Spanned<String>,
    title: String,
    register: Option<Spanned<String>>,
    #[serde(rename = "where")]
    filter: Option<Spanned<String>>,
    count: Option<Spanned<String>>,
    sum: Option<Spanned<String>>,
    formula: Option<Spanned<String>>,
    #[serde(default)]
    cells: Vec<Spanned<String>>,
    #[serde(default)]
    uncertain: String,
}

/// All editions, by slug and day.
pub(crate) fn load(
    sources: &Sources,
    laws: &Laws,
    registers: &[RegisterEdition],
    essentials: &Essentials,
    problems: &mut Problems,
) -> Vec<ReportEdition> {
    let mut all = Vec::new();
    for slug in sources.folders("reports/") {
        let folder = format!("reports/{slug}/");
        let before = all.len();
        for source in sources.in_folder(&folder, ".toml") {
            all.extend(edition(source, &slug, laws, (registers, essentials), problems));
        }
        if all.len() == before {
            problems.add(&folder, 0, "thư mục thiếu định nghĩa biểu, ví dụ 2026-01-01.toml");
        }
    }
    all.sort_by(|one: &ReportEdition, other| (&one.slug, one.from).cmp(&(&other.slug, other.from)));
    all
}

fn edition(
    source: &Source,
    slug: &str,
    laws: &Laws,
    (registers, essentials): (&[RegisterEdition], &Essentials),
    problems: &mut Problems,
) -> Option<ReportEdition> {
    let from = first_day(source, problems)?;
    let file: ReportFile = document::read(source, problems)?;
    laws.check_basis(source, &file.basis, problems);
    let about = About::of(file.title, file.form, &file.basis, file.sure, file.uncertain);
    about.check(source, problems);
    let due = match (&file.due.working_days, file.due.days) {
        (Some(days), None) => Due::WorkingDays(*days.as_ref()),
        (None, Some(days)) => Due::Days(days),
        _ => {
            problems.add(&source.path, 0, "due cần đúng một trong hai: working_days hoặc days");
            return None;
        }
    };
    let usual = Placed::maybe(source, &file.register);
    let columns: Vec<LineText> = file.column.into_iter().map(|one| column(source, one, problems)).collect();
    let mut rows: Vec<LineText> = Vec::new();
    let listed = file.each.map(|each| each_row(source, &each, &usual, essentials, problems));
    let (made, codes) = listed.unwrap_or_default();
    rows.extend(made);
    for one in file.row {
        let mut one = row(source, one, &usual, problems);
        // What stands in no row of the list.
        if let Some(filter) = &mut one.filter {
            filter.text = filter.text.replace("{codes}", &codes);
        }
        rows.push(one);
    }
    let path = source.path.clone();
    let edition =
        ReportEdition { slug: slug.to_owned(), from, path, about, every: file.period, due, columns, rows };
    check(&edition, registers, problems);
    Some(edition)
}

/// A row for each code of a list, and all codes as FHIRPath writes them: `'a' | 'b'`.
fn each_row(
    source: &Source,
    each: &EachFile,
    register: &Option<Placed>,
    essentials: &Essentials,
    problems: &mut Problems,
) -> (Vec<LineText>, String) {
    let (list, filter) = (Placed::of(source, &each.list), Placed::of(source, &each.filter));
    if list.text != "essential-drugs" || !filter.text.contains("{code}") {
        let text = "list phải là essential-drugs, và where phải có {code} ở chỗ của mã";
        problems.add(&source.path, list.line, text);
        return (Vec::new(), String::new());
    }
    let drugs = essentials.every();
    let rows = drugs.iter().map(|drug| LineText {
        name: Placed { text: drug.slug.replace('-', "_"), line: list.line },
        title: format!("{} ({})", drug.name, drug.unit),
        register: register.clone(),
        filter: Some(Placed { text: filter.text.replace("{code}", &drug.slug), line: filter.line }),
        count: Placed::maybe(source, &each.sum).map_or(Counted::Rows, Counted::Sum),
        formula: None,
        cells: Vec::new(),
        before: false,
        listed: true,
        uncertain: String::new(),
    });
    let codes: Vec<String> = drugs.iter().map(|drug| format!("'{}'", drug.slug)).collect();
    (rows.collect(), codes.join(" | "))
}

fn column(source: &Source, file: ColumnFile, problems: &mut Problems) -> LineText {
    let before = match file.span.as_ref().map(|one| one.as_ref().as_str()) {
        None | Some("period") => false,
        Some("before") => true,
        Some(_) => {
            let line = document::line_of(source, &file.name);
            problems.add(&source.path, line, "span phải là period hoặc before");
            false
        }
    };
    LineText {
        name: Placed::of(source, &file.name),
        title: file.title,
        register: None,
        filter: Placed::maybe(source, &file.filter),
        count: Placed::maybe(source, &file.sum).map_or(Counted::Rows, Counted::Sum),
        formula: Placed::maybe(source, &file.formula),
        cells: Vec::new(),
        before,
        listed: false,
        uncertain: file.uncertain,
    }
}

fn row(source: &Source, file: RowFile, usual: &Option<Placed>, problems: &mut Problems) -> LineText {
    let count = match (file.count.as_ref().map(|one| one.as_ref().as_str()), &file.sum) {
        (None | Some("rows"), None) => Counted::Rows,
        (Some("people"), None) => Counted::People,
        (None, Some(sum)) => Counted::Sum(Placed::of(source, sum)),
        _ => {
            let line = document::line_of(source, &file.name);
            problems.add(
                &source.path,
                line,
                "count phải là rows hoặc people; hoặc dùng sum = \"…\" thay cho count",
            );
            Counted::Rows
        }
    };
    LineText {
        name: Placed::of(source, &file.name),
        title: file.title,
        register: Placed::maybe(source, &file.register).or_else(|| usual.clone()),
        filter: Placed::maybe(source, &file.filter),
        count,
        formula: Placed::maybe(source, &file.formula),
        cells: file.cells.iter().map(|one| Placed::of(source, one)).collect(),
        before: false,
        listed: false,
        uncertain: file.uncertain,
    }
}

fn check(edition: &ReportEdition, registers: &[RegisterEdition], problems: &mut Problems) {
    let path = &edition.path;
    for lines in [&edition.columns, &edition.rows] {
        let mut seen = BTreeSet::new();
        for name in lines.iter().map(|line| &line.name) {
            check_name(path, name, problems);
            if !seen.insert(&name.text) {
                problems.add(path, name.line, format!("tên “{}” đã dùng rồi", name.text));
            }
        }
        if lines.is_empty() {
            problems.add(path, 0, "biểu cần ít nhất một dòng và một cột");
        }
        for line in lines.iter().filter(|line| line.formula.is_some() && line.filter.is_some()) {
            problems.add(path, line.name.line, "có formula thì không có where");
        }
    }
    for row in edition.rows.iter().filter(|row| row.formula.is_none()) {
        let known = |register: &Placed| registers.iter().any(|one| one.slug == register.text);
        match &row.register {
            None => problems.add(path, row.name.line, "dòng này chưa nói đếm ở sổ nào (register)"),
            Some(register) if !known(register) => {
                problems.add(
                    path,
                    register.line,
                    format!("không có sổ “{}” trong registers/", register.text),
                );
            }
            Some(_) => {}
        }
    }
    for cell in edition.rows.iter().flat_map(|row| &row.cells) {
        if !edition.columns.iter().any(|column| column.name.text == cell.text) {
            problems.add(path, cell.line, format!("không có cột “{}”", cell.text));
        }
    }
    let (rows, columns) = (edition.rows.len(), edition.columns.len());
    if rows > ROWS_MAX || columns > COLUMNS_MAX || rows * columns > CELLS_MAX {
        let text = format!("biểu lớn quá: tối đa {ROWS_MAX} dòng, {COLUMNS_MAX} cột, {CELLS_MAX} ô");
        problems.add(path, 0, text);
    }
}
