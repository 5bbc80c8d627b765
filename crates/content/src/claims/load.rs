//! Reads `claims/<edition>/`: `edition.toml`, one `XMLn.csv` per mapped table, and `patch.csv`.
//!
//! An edition with a `base` starts from that edition's tables; a table file of its own replaces the table, and each
//! row of `patch.csv` changes one property of one column.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;
use yba_fhir::Day;

use super::{ClaimEditions, Column, Edition, Format, Kind, Required, Shape, Table, Target};
use crate::codes::CodeLists;
use crate::document;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::sheet::{self, Columns, Row};
use crate::source::{Source, Sources};

const COLUMNS: Columns = Columns {
    required: &["name", "type", "max", "required", "format", "concept", "target", "meaning"],
    optional: &["max_portal", "condition"],
};
const PATCH: Columns = Columns { required: &["table", "name", "field", "value"], optional: &["note"] };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditionFile {
    slug: Spanned<String>,
    title: String,
    base: Option<Spanned<String>>,
    basis: Vec<Spanned<String>>,
    valid_from: Spanned<Datetime>,
    valid_to: Option<Spanned<Datetime>>,
    date_of: Spanned<String>,
    sure: Sure,
    #[serde(default)]
    table: Vec<Spanned<TableFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    loai: String,
    title: String,
    mapped: bool,
    #[serde(default)]
    root: String,
    #[serde(default)]
    list: String,
    #[serde(default)]
    row: String,
    #[serde(default)]
    row_aliases: Vec<String>,
    #[serde(default)]
    wrappers: Vec<String>,
}

/// What was loaded before and is pointed at.
struct Known<'a> {
    sources: &'a Sources,
    laws: &'a Laws,
    lists: &'a CodeLists,
}

impl Known<'_> {
    fn check_list(&self, column: &Column, row: &Row, report: &mut Report) {
        if let Shape::Code(slug) = &column.format.shape
            && !self.lists.contains(slug)
        {
            report.add(row.file, row.line, format!("không có danh mục {slug} trong codes/"));
        }
    }
}

/// Reads all editions; bases are read before what stands on them.
pub(crate) fn load(sources: &Sources, laws: &Laws, lists: &CodeLists, report: &mut Report) -> ClaimEditions {
    let known = Known { sources, laws, lists };
    let mut waiting: Vec<(&Source, EditionFile)> = Vec::new();
    for folder in sources.folders("claims/") {
        match sources.get(&format!("claims/{folder}/edition.toml")) {
            Some(source) => {
                waiting.extend(document::read::<EditionFile>(source, report).map(|file| (source, file)))
            }
            None => report.add(&format!("claims/{folder}"), 0, "thư mục thiếu tệp edition.toml"),
        }
    }
    let mut done: BTreeMap<String, Edition> = BTreeMap::new();
    loop {
        let ready =
            |file: &EditionFile| file.base.as_ref().is_none_or(|base| done.contains_key(base.as_ref()));
        let Some(at) = waiting.iter().position(|(_, file)| ready(file)) else { break };
        let (source, file) = waiting.swap_remove(at);
        let base = file.base.as_ref().and_then(|base| done.get(base.as_ref()));
        if let Some(edition) = edition(&known, source, &file, base, report) {
            done.insert(edition.slug.clone(), edition);
        }
    }
    for (source, file) in waiting {
        let base = file.base.expect("an edition without a base is always ready");
        let text = format!("bản gốc {} không có, có lỗi, hoặc dựa vòng tròn", base.as_ref());
        report.add(&source.path, document::line_of(source, &base), text);
    }
    let mut editions: Vec<Edition> = done.into_values().collect();
    editions.sort_by_key(|edition| edition.from);
    join_periods(&mut editions, report);
    ClaimEditions(editions)
}

/// Editions follow each other without gap or overlap. One without an end ends the day before the next begins, so
/// that adding an edition never means editing another.
fn join_periods(editions: &mut [Edition], report: &mut Report) {
    if editions.is_empty() {
        report.add("claims", 0, "không có bản chuẩn dữ liệu nào đọc được");
    }
    for at in 1..editions.len() {
        let next = (editions[at].slug.clone(), editions[at].from);
        let edition = &mut editions[at - 1];
        if let Some(text) = clash(edition, &next.0, next.1) {
            report.add(&format!("claims/{}/edition.toml", edition.slug), 0, text);
        }
        edition.to = Some(next.1.plus_days(-1));
    }
    if let Some(last) = editions.last().filter(|last| last.to.is_some()) {
        report.add(&format!("claims/{}/edition.toml", last.slug), 0, "bản mới nhất không được có valid_to");
    }
}

/// What is wrong between an edition and the one that follows it.
fn clash(edition: &Edition, next: &str, from: Day) -> Option<String> {
    if edition.from == from {
        return Some(format!("bắt đầu cùng ngày {from} với bản {next}"));
    }
    let last = edition.to?;
    if last >= from {
        Some(format!("còn hiệu lực đến {last}, chồng lên bản {next} từ {from}"))
    } else if last.plus_days(1) < from {
        Some(format!("hết hiệu lực {last}, bản {next} chỉ bắt đầu {from}"))
    } else {
        None
    }
}

fn edition(
    known: &Known,
    source: &Source,
    file: &EditionFile,
    base: Option<&Edition>,
    report: &mut Report,
) -> Option<Edition> {
    known.laws.check_basis(source, &file.basis, report);
    if file.basis.is_empty() {
        report.add(&source.path, 0, "thiếu basis: văn bản làm căn cứ");
    }
    if file.slug.as_ref() != source.folder() {
        report.add(&source.path, document::line_of(source, &file.slug), "slug phải trùng tên thư mục");
    }
    let from = document::day(source, &file.valid_from, report)?;
    let to = match &file.valid_to {
        Some(value) => Some(document::day(source, value, report)?),
        None => None,
    };
    check_end(source, from, to, report);
    let mut tables = base.map(|base| base.tables.clone()).unwrap_or_default();
    for entry in &file.table {
        let table = table(entry.as_ref());
        if !loai_is_sound(&table.loai) {
            let text = format!("loại hồ sơ {:?} phải có dạng XML1 đến XML15", table.loai);
            report.add(&source.path, document::line_of(source, entry), text);
        }
        if file.table.iter().filter(|other| other.as_ref().loai == table.loai).count() > 1 {
            let text = format!("bảng {} khai báo nhiều lần", table.loai);
            report.add(&source.path, document::line_of(source, entry), text);
        }
        tables.insert(table.loai.clone(), table);
    }
    let folder = format!("claims/{}/", source.folder());
    read_tables(known, &folder, &mut tables, report);
    if let Some(patch) = known.sources.get(&format!("{folder}patch.csv")) {
        apply_patch(known, patch, &mut tables, report);
    }
    check_tables(source, file, &tables, report);
    tables.values_mut().for_each(Table::index);
    Some(Edition {
        slug: source.folder().to_string(),
        title: file.title.clone(),
        basis: file.basis.iter().map(|slug| slug.as_ref().clone()).collect(),
        from,
        to,
        date_of: file.date_of.as_ref().clone(),
        sure: file.sure,
        tables,
    })
}

fn check_end(source: &Source, from: Day, to: Option<Day>, report: &mut Report) {
    if to.is_some_and(|to| to < from) {
        report.add(&source.path, 0, "valid_to trước valid_from");
    }
}

fn loai_is_sound(loai: &str) -> bool {
    loai.strip_prefix("XML").and_then(|number| number.parse::<u8>().ok()).is_some_and(|number| number <= 15)
}

fn table(file: &TableFile) -> Table {
    Table {
        loai: file.loai.clone(),
        title: file.title.clone(),
        root: file.root.clone(),
        list: file.list.clone(),
        row: file.row.clone(),
        row_aliases: file.row_aliases.clone(),
        wrappers: file.wrappers.clone(),
        mapped: file.mapped,
        columns: Vec::new(),
        by_name: Default::default(),
        by_concept: Default::default(),
    }
}

fn read_tables(known: &Known, folder: &str, tables: &mut BTreeMap<String, Table>, report: &mut Report) {
    for source in known.sources.in_folder(folder, ".csv").filter(|source| source.stem() != "patch") {
        match tables.get_mut(source.stem()) {
            Some(table) => table.columns = columns(known, source, report),
            None => report.add(&source.path, 0, format!("edition.toml không có bảng {}", source.stem())),
        }
    }
}

fn columns(known: &Known, source: &Source, report: &mut Report) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for row in sheet::read(source, &COLUMNS, report) {
        let column = column(&row, report);
        known.check_list(&column, &row, report);
        if columns.iter().any(|other| other.name == column.name) {
            report.add(row.file, row.line, format!("cột {} có hai lần", column.name));
        } else if columns.iter().any(|other| other.concept == column.concept) {
            report.add(row.file, row.line, format!("khái niệm {} đã thuộc cột khác", column.concept));
        } else {
            columns.push(column);
        }
    }
    columns
}

fn column(row: &Row, report: &mut Report) -> Column {
    let mut column = Column {
        name: row.must("name", report),
        concept: row.must("concept", report),
        kind: Kind::Text,
        max: None,
        max_portal: None,
        required: Required::No,
        format: Format { shape: Shape::Text, list: false },
        target: Target::Raw,
        meaning: row.must("meaning", report),
        line: row.line,
    };
    for field in ["type", "max", "max_portal", "format", "target"] {
        set(&mut column, field, row.get(field)).unwrap_or_else(|text| report.add(row.file, row.line, text));
    }
    let condition = row.get("condition");
    column.required = required(row.get("required"), condition).unwrap_or_else(|text| {
        report.add(row.file, row.line, text);
        Required::No
    });
    for name in [&column.name, &column.concept] {
        let sound = name
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
        if !sound {
            report.add(row.file, row.line, format!("tên cột {name:?} chỉ được có chữ hoa, số và gạch dưới"));
        }
    }
    column
}

fn required(word: &str, condition: &str) -> Result<Required, String> {
    match (word, condition) {
        ("R", "") => Ok(Required::Yes),
        ("O", "") => Ok(Required::No),
        ("C", "") => Err("required là C thì phải ghi condition".to_string()),
        ("C", condition) => Ok(Required::When(condition.to_string())),
        ("R" | "O", _) => Err("chỉ ghi condition khi required là C".to_string()),
        _ => Err(format!("required phải là R, O hoặc C, không phải {word:?}")),
    }
}

/// Sets one property of a column from its text; the error says what is wrong with the text.
fn set(column: &mut Column, field: &str, value: &str) -> Result<(), String> {
    match field {
        "type" => column.kind = kind(value)?,
        "max" => column.max = limit(value)?,
        "max_portal" => column.max_portal = limit(value)?,
        "required" => column.required = required(value, "")?,
        "condition" => column.required = required("C", value)?,
        "format" => {
            column.format = Format::parse(value).ok_or(format!("không biết dạng dữ liệu {value:?}"))?
        }
        "target" => column.target = Target::parse(value)?,
        "meaning" => column.meaning = value.to_string(),
        _ => return Err(format!("không sửa được thuộc tính {field:?}")),
    }
    Ok(())
}

fn kind(word: &str) -> Result<Kind, String> {
    match word {
        "S" => Ok(Kind::Text),
        "N" => Ok(Kind::Number),
        _ => Err(format!("type phải là S hoặc N, không phải {word:?}")),
    }
}

fn limit(text: &str) -> Result<Option<u32>, String> {
    match (text, text.parse()) {
        ("", _) => Ok(None),
        (_, Ok(limit)) if limit > 0 => Ok(Some(limit)),
        _ => Err(format!("độ dài tối đa phải là số nguyên dương, không phải {text:?}")),
    }
}

fn apply_patch(known: &Known, source: &Source, tables: &mut BTreeMap<String, Table>, report: &mut Report) {
    for row in sheet::read(source, &PATCH, report) {
        let (loai, name) = (row.get("table"), row.get("name"));
        let column = tables
            .get_mut(loai)
            .and_then(|table| table.columns.iter_mut().find(|column| column.name == name));
        match column {
            Some(column) => {
                set(column, row.get("field"), row.get("value"))
                    .unwrap_or_else(|text| report.add(row.file, row.line, text));
                known.check_list(column, &row, report);
            }
            None => report.add(row.file, row.line, format!("không có cột {name} trong bảng {loai}")),
        }
    }
}

fn check_tables(source: &Source, file: &EditionFile, tables: &BTreeMap<String, Table>, report: &mut Report) {
    for table in tables.values() {
        if table.mapped && table.columns.is_empty() {
            report.add(
                &source.path,
                0,
                format!("bảng {} được ánh xạ nhưng thiếu tệp {}.csv", table.loai, table.loai),
            );
        }
        if !table.mapped && !table.columns.is_empty() {
            report.add(&source.path, 0, format!("bảng {} có cột nhưng mapped = false", table.loai));
        }
        if table.mapped && !table.columns.iter().any(|column| column.concept == "MA_LK") {
            report.add(&source.path, 0, format!("bảng {} thiếu cột MA_LK", table.loai));
        }
    }
    let first = tables.get("XML1");
    if !first.is_some_and(|table| table.columns.iter().any(|column| column.concept == *file.date_of.as_ref()))
    {
        let text = format!("XML1 không có cột {} để chọn bản theo ngày", file.date_of.as_ref());
        report.add(&source.path, document::line_of(source, &file.date_of), text);
    }
}
