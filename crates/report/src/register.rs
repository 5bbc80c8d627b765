//! A register as content says it, compiled: one view for the record of a row, one for the person, one for each kind of
//! record that is looked up. A view is known by what it says, so two registers that ask the same of a person share its
//! pieces, and a definition that changes is another view.

use crate::condition::{Condition, names};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use yba_content::registers::{About, ColumnText, FacilityText, Tied};
use yba_content::{Day, Placed, Problem, RegisterEdition};
use yba_fhir::json::{Value, json, ordered, to_string};
use yba_view::{Form, Limits, View};

/// Most rows that one record may give, most cells, and most bytes that are kept of them.
pub const RECORD_ROWS_MAX: usize = 100;
const RECORD_CELLS_MAX: usize = 20_000;
pub const RECORD_BYTES_MAX: usize = 64 << 10;

/// An edition of a register.
#[derive(Debug)]
pub struct Register {
    pub slug: String,
    /// The first day in force.
    pub from: Day,
    /// The day from which the next edition holds.
    pub until: Option<Day>,
    pub about: About,
    pub columns: Vec<Column>,
    /// The type of the records that are rows.
    pub kind: String,
    pub(crate) main: Source,
    pub(crate) parts: Vec<Part>,
    pub(crate) only: Option<Condition>,
}

/// A column as a page draws it.
#[derive(Debug)]
pub struct Column {
    pub name: String,
    /// Vietnamese.
    pub title: String,
    pub form: Form,
    /// What codes are called.
    pub words: BTreeMap<String, String>,
    /// Whether a cell holds a list: of records that are looked up there may be several.
    pub is_list: bool,
    /// Which part it comes from; the record itself when none.
    pub(crate) part: Option<usize>,
    /// Its place among the cells of its piece.
    pub(crate) at: usize,
}

/// A view whose pieces are kept.
#[derive(Debug)]
pub(crate) struct Source {
    /// Made of what it says.
    pub id: i64,
    pub kind: String,
    pub view: View,
    pub role: Role,
}

#[derive(Debug)]
pub(crate) enum Role {
    /// Gives rows whose day lies in the days of the edition (as numbers, the last one not in force), and rows without a day.
    Main { from: i64, until: i64 },
    /// Gives pieces of rows.
    Part,
}

/// Records that belong to a row besides its own.
#[derive(Debug)]
pub(crate) struct Part {
    pub source: Source,
    pub on: On,
    /// Whether there may be several to a row.
    pub many: bool,
}

/// By what a piece hangs on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// The id of the row's record.
    Record,
    /// The id of the row's Patient.
    Person,
    /// An id in this cell of the record's piece.
    Cell(usize),
}

/// A day as a number that sorts: 20260302; 0 for none.
pub(crate) fn number_of(day: Day) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// The day of such a number.
pub(crate) fn day_of(number: i64) -> Option<Day> {
    Day::new((number / 10_000) as i16, (number / 100 % 100) as i8, (number % 100) as i8)
}

impl Register {
    /// Compiles an edition; `until` is the first day of the next. Tells all problems at once.
    pub(crate) fn compile(text: &RegisterEdition, until: Option<Day>) -> Result<Register, Vec<Problem>> {
        let mut problems = Vec::new();
        let parts = parts(text, &mut problems);
        let forwards: Vec<&Placed> = text.with.iter().filter_map(|with| forward(&with.tied)).collect();
        let main = main(text, until, &forwards, &mut problems);
        let (Some(main), true) = (main, problems.is_empty()) else { return Err(problems) };
        let columns = columns(text, &main, &parts);
        let only = text.only.as_ref().map(|only| Condition::compile(only, &names(&columns)));
        let only = only.transpose().map_err(|problem| vec![problem.in_file(&text.path)])?;
        Ok(Register {
            slug: text.slug.clone(),
            from: text.from,
            until,
            about: text.about.clone(),
            columns,
            kind: text.record.kind.text.clone(),
            main,
            parts,
            only,
        })
    }

    /// The types of records that it shows something of, its own first.
    pub fn kinds(&self) -> Vec<&str> {
        let mut kinds = vec![self.kind.as_str()];
        for part in &self.parts {
            if !kinds.contains(&part.source.kind.as_str()) {
                kinds.push(&part.source.kind);
            }
        }
        kinds
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(&self.main).chain(self.parts.iter().map(|part| &part.source))
    }
}

fn forward(tied: &Tied) -> Option<&Placed> {
    if let Tied::From(path) = tied { Some(path) } else { None }
}

/// The columns of one part, as the names of content.
fn of<'t>(text: &'t RegisterEdition, part: &str) -> Vec<&'t ColumnText> {
    text.columns.iter().filter(|column| column.of.text == part).collect()
}

/// A column of our own in a definition, and the line to blame.
fn own(name: &str, path: String, collection: bool) -> Value {
    json!({"name": name, "path": path.as_str(), "type": "string", "collection": collection})
}

fn shown(column: &ColumnText) -> Value {
    let mut value = json!({"name": column.name.text.as_str(), "path": column.path.text.as_str()});
    if let Some(fhir_type) = &column.fhir_type {
        value["type"] = Value::from(fhir_type.text.as_str());
    }
    value
}

fn key(path: &Placed, kind: &str) -> String {
    // A person's own register names its records by their ids.
    if path.text == "id" {
        "id".to_owned()
    } else {
        format!("({}).getReferenceKey({kind}).first()", path.text)
    }
}

fn main(
    text: &RegisterEdition,
    until: Option<Day>,
    forwards: &[&Placed],
    problems: &mut Vec<Problem>,
) -> Option<Source> {
    let record = &text.record;
    let (facility, at_facility) = match &record.facility {
        FacilityText::Reference(path) => (key(path, "Organization"), path.line),
        FacilityText::Id(path) => (format!("({}).first()", path.text), path.line),
    };
    let person = record.person.as_ref();
    let mut hidden = vec![
        own("yba_day", format!("({}).first()", record.day.text), false),
        own("yba_facility", facility, false),
        own("yba_person", person.map_or_else(|| "{}".to_owned(), |path| key(path, "Patient")), false),
    ];
    let mut lines = vec![record.day.line, at_facility, person.map_or(record.kind.line, |path| path.line)];
    let kinds = text.with.iter().filter(|with| forward(&with.tied).is_some()).map(|with| &with.kind.text);
    for (place, (path, kind)) in forwards.iter().zip(kinds).enumerate() {
        hidden.push(own(&format!("yba_at_{place}"), key(path, kind), false));
        lines.push(path.line);
    }
    let columns = of(text, "record");
    let (from, until) = (number_of(text.from), until.map_or(i64::MAX, number_of));
    let role = Role::Main { from, until };
    let said = Said {
        kind: &record.kind,
        filter: record.filter.as_ref(),
        each: record.each.as_ref(),
        hidden,
        lines,
    };
    said.compile(&text.path, &columns, role, problems)
}

fn parts(text: &RegisterEdition, problems: &mut Vec<Problem>) -> Vec<Part> {
    let mut parts = Vec::new();
    let person = of(text, "person");
    if !person.is_empty() {
        let kind = Placed { text: "Patient".into(), line: text.record.kind.line };
        let said = Said {
            kind: &kind,
            filter: None,
            each: None,
            hidden: vec![own("yba_key", "id".into(), true)],
            lines: vec![0],
        };
        let source = said.compile(&text.path, &person, Role::Part, problems);
        parts.extend(source.map(|source| Part { source, on: On::Person, many: false }));
    }
    let mut forwards = 0;
    for with in &text.with {
        let referring = |path: &Placed, kind: &str| format!("({}).getReferenceKey({kind})", path.text);
        let (path, line, on) = match &with.tied {
            Tied::ToRecord(by) => (referring(by, &text.record.kind.text), by.line, On::Record),
            Tied::ToPerson(by) => (referring(by, "Patient"), by.line, On::Person),
            Tied::From(at) => {
                // The keys of the record stand before its columns.
                forwards += 1;
                ("id".to_owned(), at.line, On::Cell(forwards - 1))
            }
        };
        let hidden = vec![own("yba_key", path, true)];
        let said =
            Said { kind: &with.kind, filter: with.filter.as_ref(), each: None, hidden, lines: vec![line] };
        let source = said.compile(&text.path, &of(text, &with.name.text), Role::Part, problems);
        let many = !matches!(on, On::Cell(_));
        parts.extend(source.map(|source| Part { source, on, many }));
    }
    parts
}

/// What a view is to say.
struct Said<'t> {
    kind: &'t Placed,
    filter: Option<&'t Placed>,
    each: Option<&'t Placed>,
    hidden: Vec<Value>,
    /// Where the hidden columns come from.
    lines: Vec<u32>,
}

impl Said<'_> {
    fn compile(
        mut self,
        path: &str,
        columns: &[&ColumnText],
        role: Role,
        problems: &mut Vec<Problem>,
    ) -> Option<Source> {
        let hidden = self.lines.len();
        let own = columns.iter().map(|column| shown(column));
        let ours = std::mem::take(&mut self.hidden);
        let select = match self.each {
            None => json!([{"column": ours.into_iter().chain(own).collect::<Vec<_>>()}]),
            Some(each) => json!([{"column": ours, "select": [
                {"forEach": each.text.as_str(), "column": own.collect::<Vec<_>>()}]}]),
        };
        let mut definition = json!({"resource": self.kind.text.as_str(), "select": select});
        if let Some(filter) = self.filter {
            definition["where"] = json!([{"path": filter.text.as_str()}]);
        }
        let limits =
            Limits { rows: RECORD_ROWS_MAX, cells: RECORD_CELLS_MAX, steps: 200_000, ..Limits::default() };
        let definition = ordered(&definition);
        match View::compile_within(&definition, limits) {
            Ok(view) => {
                let id = id_of(&definition, &role);
                Some(Source { id, kind: self.kind.text.clone(), view, role })
            }
            Err(outcome) => {
                for issue in &outcome.issues {
                    let place = issue.path.as_deref().unwrap_or_default();
                    let line = self.line(place, hidden, columns);
                    problems.push(Problem { file: path.to_owned(), line, text: issue.text.clone() });
                }
                None
            }
        }
    }

    /// The line that a place such as `ViewDefinition.select[0].column[4].path` comes from.
    fn line(&self, place: &str, hidden: usize, columns: &[&ColumnText]) -> u32 {
        if place.starts_with("ViewDefinition.where") {
            return self.filter.map_or(self.kind.line, |filter| filter.line);
        }
        if place.ends_with("forEach") {
            return self.each.map_or(self.kind.line, |each| each.line);
        }
        let number = place.rsplit_once("column[").and_then(|(_, rest)| rest.split(']').next()?.parse().ok());
        let Some(number) = number else { return self.kind.line };
        let inner = place.contains("select[0].select[0]");
        let (own, column): (bool, usize) =
            if inner { (false, number) } else { (number < hidden, number.saturating_sub(hidden)) };
        match own {
            true => self.lines.get(number).copied().unwrap_or_default(),
            false => columns.get(column).map_or(0, |column| column.path.line),
        }
    }
}

/// A name for a view made of what it says, and of the days in which a register's edition holds.
fn id_of(definition: &Value, role: &Role) -> i64 {
    let mut hash = Sha256::new();
    hash.update(to_string(definition).unwrap_or_default());
    match role {
        Role::Main { from, until } => hash.update(format!("main {from} {until}")),
        Role::Part => hash.update("part"),
    }
    let digest = hash.finalize();
    // Positive, so that it is the same number in every engine and in a log line.
    i64::from_be_bytes(digest[..8].try_into().expect("a digest has 32 bytes")) & i64::MAX
}

fn columns(text: &RegisterEdition, main: &Source, parts: &[Part]) -> Vec<Column> {
    // The parts in the order of `parts`: the person first when anything is asked of it.
    let mut names: Vec<&str> = Vec::new();
    if text.columns.iter().any(|column| column.of.text == "person") {
        names.push("person");
    }
    names.extend(text.with.iter().map(|with| with.name.text.as_str()));
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for column in &text.columns {
        let part = names.iter().position(|name| *name == column.of.text);
        let source = part.map_or(main, |part| &parts[part].source);
        let form = source.view.columns().iter().find(|one| one.name == column.name.text);
        let at = taken.entry(&column.of.text).or_default();
        all.push(Column {
            name: column.name.text.clone(),
            title: column.title.clone(),
            form: form.map_or(Form::Unknown, |one| one.form),
            words: column.words.clone(),
            is_list: part.is_some_and(|part| parts[part].many),
            part,
            at: *at + if part.is_none() { main.forwards() } else { 0 },
        });
        *at += 1;
    }
    all
}

impl Source {
    /// How many columns of our own stand before those of content.
    pub fn hidden(&self) -> usize {
        self.view.columns().iter().take_while(|column| column.name.starts_with("yba_")).count()
    }

    /// How many of the cells kept of a record are keys of others.
    pub fn forwards(&self) -> usize {
        match self.role {
            Role::Main { .. } => self.hidden() - 3,
            Role::Part => 0,
        }
    }
}
