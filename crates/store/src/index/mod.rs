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
use path::Path;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;
use yba_fhir::defs::{SearchType, r4};
use yba_fhir::json::{JsonValueTrait, Value};
use yba_fhir::view::reference_target;

/// Longest text kept in an index row; longer text is cut and marked with a hash of the whole.
const TEXT_MAX: usize = 400;
/// Most rows one resource may have; a resource with more is refused.
pub const ROWS_MAX: usize = 20_000;

/// The index rows of one resource: table by table, the values without record and time.
#[derive(Debug, Default, Clone)]
pub struct Rows {
    by_table: [Vec<Vec<Cell>>; 8],
    seen: HashSet<String>,
    count: usize,
}

impl Rows {
    fn add(&mut self, table: usize, cells: Vec<Cell>) {
        if self.count > ROWS_MAX {
            return;
        }
        let rows = &mut self.by_table[table];
        // Few rows are compared as they are; many would make that quadratic, so they are also kept as a set.
        let is_new = if rows.len() < 48 {
            !rows.contains(&cells)
        } else {
            !rows[..48].contains(&cells) && self.seen.insert(format!("{table}{cells:?}"))
        };
        if is_new {
            rows.push(cells);
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
        let rows = &self.by_table[position(&schema::PATIENT)];
        rows.iter()
            .filter_map(|row| if let Some(Cell::Text(id)) = row.get(1) { Some(id.as_str()) } else { None })
            .collect()
    }

    /// The finished rows of each table: values, then `rid, t_from, t_to`.
    pub fn finished(self, rid: i64, t: i64) -> impl Iterator<Item = (usize, Vec<Cell>)> {
        self.by_table.into_iter().enumerate().flat_map(move |(table, rows)| {
            rows.into_iter().map(move |mut row| {
                row.extend([Cell::Int(rid), Cell::Int(t), Cell::Int(schema::OPEN)]);
                (table, row)
            })
        })
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
pub struct Numbers(pub HashMap<String, i64>);

impl Numbers {
    /// The number of a resource type itself (life and compartment rows).
    pub fn kind(&self, kind: &str) -> i64 {
        self.0.get(kind).copied().unwrap_or(-1)
    }

    pub fn parameter(&self, kind: &str, code: &str) -> i64 {
        self.0.get(&format!("{kind}.{code}")).copied().unwrap_or(-1)
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
    let Some(index) = kinds().get(kind) else { return rows };
    let kind_number = Cell::Int(numbers.kind(kind));
    let patient_table = position(&schema::PATIENT);
    if kind == "Patient" {
        rows.add(patient_table, vec![kind_number.clone(), Cell::from(id)]);
    }
    for parameter in &index.parameters {
        let p = numbers.parameter(kind, &parameter.code);
        let values = parameter.path.values(tree);
        if parameter.path.existence {
            let known = values.iter().any(|value| value.as_bool() != Some(false));
            token::index_flag(p, known, &mut rows);
            continue;
        }
        for value in values {
            index_value(parameter.search_type, p, value, &mut rows);
            if parameter.in_compartment
                && let Some(("Patient", patient)) = value["reference"].as_str().and_then(reference_target)
            {
                rows.add(patient_table, vec![kind_number.clone(), Cell::from(patient)]);
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
    let cut = (0..=TEXT_MAX - 40).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mark: String =
        Sha256::digest(text.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}#{mark}", &text[..cut])
}
