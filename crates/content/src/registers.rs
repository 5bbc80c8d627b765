//! Registers (sổ): `registers/<slug>/<first day>.toml`. Content reads what they say and checks what it can; who derives the
//! rows compiles the FHIRPath.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;
use yba_fhir::Day;
use yba_fhir::defs::r4;

use crate::codes::first_day;
use crate::document;
use crate::law::{Laws, Sure};
use crate::placed::{Placed, is_name};
use crate::problem::Report;
use crate::source::{Source, Sources};

/// Most columns of a register: the widest on paper has 27.
pub const COLUMNS_MAX: usize = 60;
/// Most other records that a register looks up.
pub const WITH_MAX: usize = 8;
/// What columns may stand for besides looked-up records.
const OWN: [&str; 2] = ["record", "person"];
/// Names that every row has by itself.
const TAKEN: [&str; 3] = ["day", "facility", "patient"];

/// One edition of a register.
#[derive(Debug, Clone)]
pub struct RegisterEdition {
    pub slug: String,
    /// The first day in force: of acts, not of screens.
    pub from: Day,
    /// Path inside content.
    pub path: String,
    pub about: About,
    pub record: RecordText,
    pub columns: Vec<ColumnText>,
    pub with: Vec<WithText>,
    /// FHIRPath over the columns: which rows belong into the register.
    pub only: Option<Placed>,
}

/// What a register or report says of itself.
#[derive(Debug, Clone)]
pub struct About {
    pub title: String,
    /// As the circular calls it: `A1/YTCS`.
    pub form: String,
    /// Slugs in `law/`.
    pub basis: Vec<String>,
    pub sure: Sure,
    /// What of it nobody has compared with the original.
    pub uncertain: String,
}

/// Which records are rows.
#[derive(Debug, Clone)]
pub struct RecordText {
    /// The resource type.
    pub kind: Placed,
    pub filter: Option<Placed>,
    /// A row for each item that this finds in the record; one row without it.
    pub each: Option<Placed>,
    /// The day of the act.
    pub day: Placed,
    pub facility: FacilityText,
    /// A reference to a Patient; none of records that are about nobody, as what moves in a store.
    pub person: Option<Placed>,
}

/// How a record says whose row it is.
#[derive(Debug, Clone)]
pub enum FacilityText {
    /// A reference to an Organization.
    Reference(Placed),
    /// The id of the Organization as text.
    Id(Placed),
}

/// A column.
#[derive(Debug, Clone)]
pub struct ColumnText {
    pub name: Placed,
    pub title: String,
    /// `record`, `person`, or the name of a [`WithText`].
    pub of: Placed,
    pub path: Placed,
    /// The FHIR type, where the expression does not tell it.
    pub fhir_type: Option<Placed>,
    /// What codes are called.
    pub words: BTreeMap<String, String>,
}

/// Other records that belong to a row.
#[derive(Debug, Clone)]
pub struct WithText {
    pub name: Placed,
    pub kind: Placed,
    pub filter: Option<Placed>,
    pub tied: Tied,
}

/// How another record is found.
#[derive(Debug, Clone)]
pub enum Tied {
    /// It refers to the record of the row, by this element of its own.
    ToRecord(Placed),
    /// It refers to the person of the row.
    ToPerson(Placed),
    /// The record of the row refers to it.
    From(Placed),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterFile {
    title: String,
    form: String,
    basis: Vec<Spanned<String>>,
    sure: Sure,
    #[serde(default)]
    uncertain: String,
    record: RecordFile,
    column: Vec<ColumnFile>,
    #[serde(default)]
    with: Vec<WithFile>,
    only: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordFile {
    #[serde(rename = "type")]
    kind: Spanned<String>,
    #[serde(rename = "where")]
    filter: Option<Spanned<String>>,
    each: Option<Spanned<String>>,
    day: Spanned<String>,
    facility: Option<Spanned<String>>,
    facility_id: Option<Spanned<String>>,
    person: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnFile {
    name: Spanned<String>,
    title: String,
    of: Option<Spanned<String>>,
    path: Spanned<String>,
    #[serde(rename = "type")]
    fhir_type: Option<Spanned<String>>,
    #[serde(default)]
    words: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithFile {
    name: Spanned<String>,
    #[serde(rename = "type")]
    kind: Spanned<String>,
    #[serde(rename = "where")]
    filter: Option<Spanned<String>>,
    by: Option<Spanned<String>>,
    of_person_by: Option<Spanned<String>>,
    at: Option<Spanned<String>>,
}

/// All editions, by slug and day.
pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Vec<RegisterEdition> {
    let mut all = Vec::new();
    for slug in sources.folders("registers/") {
        let folder = format!("registers/{slug}/");
        let before = all.len();
        for source in sources.in_folder(&folder, ".toml") {
            all.extend(edition(source, &slug, laws, report));
        }
        if all.len() == before {
            report.add(&folder, 0, "thư mục thiếu định nghĩa sổ, ví dụ 2026-01-01.toml");
        }
    }
    all.sort_by(|one: &RegisterEdition, other| (&one.slug, one.from).cmp(&(&other.slug, other.from)));
    all
}

fn edition(source: &Source, slug: &str, laws: &Laws, report: &mut Report) -> Option<RegisterEdition> {
    let from = first_day(source, report)?;
    let file: RegisterFile = document::read(source, report)?;
    laws.check_basis(source, &file.basis, report);
    let about = About::of(file.title, file.form, &file.basis, file.sure, file.uncertain);
    about.check(source, report);
    let of = |value: &Spanned<String>| Placed::of(source, value);
    let record = RecordText {
        kind: of(&file.record.kind),
        filter: Placed::maybe(source, &file.record.filter),
        each: Placed::maybe(source, &file.record.each),
        day: of(&file.record.day),
        facility: facility(source, &file.record, report)?,
        person: Placed::maybe(source, &file.record.person),
    };
    check_type(source, &record.kind, report);
    let with = file.with.iter().filter_map(|one| with(source, one, report)).collect();
    let columns = file.column.into_iter().map(|one| column(source, one)).collect();
    let only = Placed::maybe(source, &file.only);
    let path = source.path.clone();
    let edition = RegisterEdition { slug: slug.to_owned(), from, path, about, record, columns, with, only };
    check_names(&edition, report);
    Some(edition)
}

fn facility(source: &Source, file: &RecordFile, report: &mut Report) -> Option<FacilityText> {
    match (&file.facility, &file.facility_id) {
        (Some(path), None) => Some(FacilityText::Reference(Placed::of(source, path))),
        (None, Some(path)) => Some(FacilityText::Id(Placed::of(source, path))),
        _ => {
            let line = document::line_of(source, &file.kind);
            let text =
                "cần đúng một trong hai: facility (tham chiếu tới cơ sở) hoặc facility_id (mã của cơ sở)";
            report.add(&source.path, line, text);
            None
        }
    }
}

impl About {
    pub(crate) fn of(
        title: String,
        form: String,
        basis: &[Spanned<String>],
        sure: Sure,
        uncertain: String,
    ) -> About {
        About { title, form, basis: basis.iter().map(|one| one.as_ref().clone()).collect(), sure, uncertain }
    }

    /// What was not seen in the original says so in words.
    pub(crate) fn check(&self, source: &Source, report: &mut Report) {
        if self.basis.is_empty() {
            report.add(&source.path, 1, "thiếu căn cứ: basis phải nêu ít nhất một văn bản");
        }
        if self.sure != Sure::Verified && self.uncertain.trim().is_empty() {
            report.add(
                &source.path,
                1,
                "chưa đối chiếu bản gốc thì phải ghi rõ điều chưa chắc ở uncertain = \"…\"",
            );
        }
    }
}

fn column(source: &Source, file: ColumnFile) -> ColumnText {
    let record = || Placed { text: OWN[0].to_owned(), line: document::line_of(source, &file.name) };
    ColumnText {
        name: Placed::of(source, &file.name),
        of: Placed::maybe(source, &file.of).unwrap_or_else(record),
        path: Placed::of(source, &file.path),
        fhir_type: Placed::maybe(source, &file.fhir_type),
        title: file.title,
        words: file.words,
    }
}

fn with(source: &Source, file: &WithFile, report: &mut Report) -> Option<WithText> {
    let name = Placed::of(source, &file.name);
    let kind = Placed::of(source, &file.kind);
    check_type(source, &kind, report);
    let tied = match (&file.by, &file.of_person_by, &file.at) {
        (Some(by), None, None) => Tied::ToRecord(Placed::of(source, by)),
        (None, Some(by), None) => Tied::ToPerson(Placed::of(source, by)),
        (None, None, Some(at)) => Tied::From(Placed::of(source, at)),
        _ => {
            let text = "cần đúng một trong ba: by (bản ghi kia trỏ tới dòng này), of_person_by (trỏ tới người này), at (dòng này trỏ tới)";
            report.add(&source.path, name.line, text);
            return None;
        }
    };
    Some(WithText { name, kind, filter: Placed::maybe(source, &file.filter), tied })
}

fn check_type(source: &Source, kind: &Placed, report: &mut Report) {
    if !r4().is_resource(&kind.text) {
        report.add(&source.path, kind.line, format!("FHIR R4 không có loại tài nguyên “{}”", kind.text));
    }
}

fn check_names(edition: &RegisterEdition, report: &mut Report) {
    let path = &edition.path;
    let mut seen: BTreeSet<&str> = TAKEN.into();
    for name in edition.columns.iter().map(|one| &one.name) {
        check_name(path, name, report);
        if !seen.insert(&name.text) {
            report.add(path, name.line, format!("tên “{}” đã dùng rồi", name.text));
        }
    }
    let mut parts: BTreeSet<&str> = OWN.into();
    for name in edition.with.iter().map(|one| &one.name) {
        check_name(path, name, report);
        if !parts.insert(&name.text) {
            report.add(path, name.line, format!("tên “{}” đã dùng rồi", name.text));
        }
    }
    for of in edition.columns.iter().map(|one| &one.of).filter(|of| !parts.contains(of.text.as_str())) {
        let known: Vec<&str> = parts.iter().copied().collect();
        report.add(path, of.line, format!("of phải là một trong: {}", known.join(", ")));
    }
    for (count, most, what) in
        [(edition.columns.len(), COLUMNS_MAX, "cột"), (edition.with.len(), WITH_MAX, "bản ghi kèm theo")]
    {
        if count > most {
            report.add(path, 0, format!("sổ có hơn {most} {what}"));
        }
    }
    if edition.columns.is_empty() {
        report.add(path, 0, "sổ cần ít nhất một cột");
    }
}

pub(crate) fn check_name(path: &str, name: &Placed, report: &mut Report) {
    if !is_name(&name.text) {
        let text = format!("tên “{}” chỉ gồm chữ thường không dấu, chữ số và _, chữ đứng đầu", name.text);
        report.add(path, name.line, text);
    }
}
