//! The search index: which rows a resource has. A search type is a file that says how it indexes and how it
//! matches, side by side.

pub mod date;
pub mod path;
pub mod quantity;
pub mod reference;
pub mod string;
pub mod token;
pub mod uri;

use crate::db::Value as Cell;
use crate::db::schema::{self, IndexTable};
use crate::search::condition::Condition;
use path::Path;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;
use yba_fhir::defs::{SearchType, r4};
use yba_fhir::json::{JsonValueTrait, Value};

/// Longest text kept in an index row; longer text is cut and marked with a hash of the whole.
const TEXT_MAX: usize = 400;
/// Most bytes, and fewest, that remain of a text that is cut (a letter has up to four).
const CUT_MAX: usize = TEXT_MAX - 40;
const CUT_MIN: usize = CUT_MAX - 3;
/// Most rows one resource may have; a resource with more is refused.
pub const ROWS_MAX: usize = 20_000;

/// The index rows of one resource: table by table, the values without record and time, cell after cell.
#[derive(Debug, Default, Clone)]
pub struct Rows {
    by_table: [Vec<Cell>; 8],
    seen: HashSet<String>,
    count: usize,
}

/// Up to this many rows of a table are compared one by one when another comes; beyond, a set remembers them.
const COMPARED_MAX: usize = 48;

impl Rows {
    /// Adds a row, unless it is there already.
    fn add<const WIDTH: usize>(&mut self, table: usize, row: [Cell; WIDTH]) {
        if self.count > ROWS_MAX {
            return;
        }
        let cells = &mut self.by_table[table];
        let compared = &cells[..cells.len().min(COMPARED_MAX * WIDTH)];
        let is_new = !compared.chunks_exact(WIDTH).any(|other| other == row)
            && (cells.len() < COMPARED_MAX * WIDTH || self.seen.insert(format!("{table}{row:?}")));
        if is_new {
            cells.extend(row);
            self.count += 1;
        }
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The patients of the compartment rows.
    pub fn patients(&self) -> Vec<&str> {
        self.rows(position(&schema::PATIENT))
            .filter_map(|row| if let Some(Cell::Text(id)) = row.get(1) { Some(id.as_str()) } else { None })
            .collect()
    }

    /// The rows of one table: its columns but for `rid, t_from, t_to`.
    pub fn rows(&self, table: usize) -> impl Iterator<Item = &[Cell]> {
        self.by_table[table].chunks_exact(schema::INDEXES[table].table.columns.len() - 3)
    }
}

/// The position of an index table in [`schema::INDEXES`].
pub fn position(table: &IndexTable) -> usize {
    schema::INDEXES
        .iter()
        .position(|one| one.table.name == table.table.name)
        .expect("every index table is listed")
}

/// A search parameter that this node can search by.
#[derive(Debug)]
pub struct Parameter {
    pub code: String,
    pub search_type: SearchType,
    pub targets: Vec<String>,
    path: Path,
    /// Whether this parameter puts the resource into a patient's compartment.
    in_compartment: bool,
}

/// The compiled parameters of a resource type.
#[derive(Debug)]
pub struct KindIndex {
    pub parameters: Vec<Parameter>,
    by_code: HashMap<String, usize>,
}

impl KindIndex {
    pub fn parameter(&self, code: &str) -> Option<(usize, &Parameter)> {
        self.by_code.get(code).map(|position| (*position, &self.parameters[*position]))
    }
}

/// The compiled parameters of every resource type, compiled once.
pub fn kinds() -> &'static BTreeMap<String, KindIndex> {
    static KINDS: OnceLock<BTreeMap<String, KindIndex>> = OnceLock::new();
    KINDS.get_or_init(|| r4().resource_types().map(|kind| (kind.to_owned(), compile(kind))).collect())
}

/// Parameters of every resource that point into `meta`.
const COMMON: [&str; 4] = ["_tag", "_security", "_profile", "_source"];

fn compile(kind: &str) -> KindIndex {
    let compartment = r4().patient_compartment(kind);
    let common = COMMON.iter().filter_map(|code| r4().search_parameter("Resource", code));
    let mut parameters = Vec::new();
    for definition in r4().search_parameters(kind).chain(common) {
        if matches!(definition.search_type, SearchType::Composite | SearchType::Special) {
            continue;
        }
        if let Some(path) = Path::compile(&definition.expression, kind, r4()) {
            parameters.push(Parameter {
                code: definition.code.clone(),
                search_type: definition.search_type,
                targets: definition.targets.clone(),
                path,
                in_compartment: compartment.contains(&definition.code),
            });
        }
    }
    let by_code = parameters.iter().enumerate().map(|(at, one)| (one.code.clone(), at)).collect();
    KindIndex { parameters, by_code }
}

/// The numbers that stand for parameters in index rows, kept in the database so that they never change meaning.
#[derive(Debug, Default, Clone)]
pub struct Numbers {
    by_name: HashMap<String, i64>,
    /// The number of each type and of its parameters, in their order.
    by_kind: HashMap<&'static str, (i64, Vec<i64>)>,
}

impl Numbers {
    /// From the names of [`Numbers::names`] and what they are called in this database.
    pub fn new(by_name: HashMap<String, i64>) -> Numbers {
        let number = |name: &str| by_name.get(name).copied().unwrap_or(-1);
        let of_kind = |(kind, index): (&'static String, &'static KindIndex)| {
            let own = index.parameters.iter().map(|one| number(&format!("{kind}.{}", one.code)));
            (kind.as_str(), (number(kind), own.collect()))
        };
        let by_kind = kinds().iter().map(of_kind).collect();
        Numbers { by_name, by_kind }
    }

    /// The number of a resource type itself (life and compartment rows).
    pub fn kind(&self, kind: &str) -> i64 {
        self.by_kind.get(kind).map_or(-1, |(number, _)| *number)
    }

    pub fn parameter(&self, kind: &str, code: &str) -> i64 {
        self.by_name.get(&format!("{kind}.{code}")).copied().unwrap_or(-1)
    }

    /// Every name that needs a number.
    pub fn names() -> impl Iterator<Item = String> {
        kinds().iter().flat_map(|(kind, index)| {
            let own = index.parameters.iter().map(move |one| format!("{kind}.{}", one.code));
            std::iter::once(kind.clone()).chain(own)
        })
    }
}

/// The index rows of a resource, but for its life row, which the writer adds with the time of the write.
pub fn extract(tree: &Value, kind: &str, id: &str, numbers: &Numbers) -> Rows {
    let mut rows = Rows::default();
    let (Some(index), Some((kind_number, of_parameters))) = (kinds().get(kind), numbers.by_kind.get(kind))
    else {
        return rows;
    };
    let patient_table = position(&schema::PATIENT);
    if kind == "Patient" {
        rows.add(patient_table, [Cell::Int(*kind_number), Cell::from(id)]);
    }
    for (parameter, p) in index.parameters.iter().zip(of_parameters) {
        let values = parameter.path.values(tree);
        if parameter.path.existence {
            let known = values.iter().any(|value| value.as_bool() != Some(false));
            token::index_flag(*p, known, &mut rows);
            continue;
        }
        for value in values {
            index_value(parameter.search_type, *p, value, &mut rows);
            if parameter.in_compartment
                && let Some(("Patient", patient)) =
                    value["reference"].as_str().and_then(reference::local_target)
            {
                rows.add(patient_table, [Cell::Int(*kind_number), Cell::from(patient)]);
            }
        }
    }
    rows
}

fn index_value(search_type: SearchType, p: i64, value: &Value, rows: &mut Rows) {
    match search_type {
        SearchType::Token => token::index(p, value, rows),
        SearchType::String => string::index(p, value, rows),
        SearchType::Date => date::index(p, value, rows),
        SearchType::Number | SearchType::Quantity => quantity::index(p, value, rows),
        SearchType::Reference => reference::index(p, value, rows),
        SearchType::Uri => uri::index(p, value, rows),
        SearchType::Composite | SearchType::Special => {}
    }
}

/// Text for an index row: bounded, so that no key outgrows a page of the index.
pub fn bounded(text: &str) -> String {
    use sha2::{Digest, Sha256};
    if text.len() <= TEXT_MAX {
        return text.to_owned();
    }
    let cut = cut_at(text);
    let mark: String =
        Sha256::digest(text.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}#{mark}", &text[..cut])
}

/// How much of a long text is kept: at most [`CUT_MAX`] bytes, whole letters.
fn cut_at(text: &str) -> usize {
    (0..=CUT_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Texts of a column that start with `text`. Of texts that were cut, those whose kept part agrees as far as it goes.
pub fn starting_with(column: &str, text: &str) -> Condition {
    let range = |start: &str| {
        let ends = vec![Cell::from(start), Cell::Text(format!("{start}\u{10ffff}"))];
        Condition::new(format!("({column} >= {{}} AND {column} < {{}})"), ends)
    };
    let cut = format!("{}#", &text[..cut_at(text)]);
    match text.len() {
        0..=CUT_MIN => range(text),
        length if length <= TEXT_MAX => Condition::any(vec![range(text), range(&cut)]),
        _ => range(&cut),
    }
}
