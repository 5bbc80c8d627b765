//! The search index: which rows a resource has. A search type is a file that says how it indexes and how it
//! matches, side by side; [`pair`] holds composites, [`program`] the compiled expressions that find the values.
//!
//! All search parameters of R4 have rows here, but for the ones that are no value of a resource: `_text` and `_content`
//! (words of the whole text), `_query` (the name of a query), `near` (a distance).

pub mod course;
pub mod date;
pub mod pair;
pub(crate) mod program;
pub mod quantity;
pub mod reference;
pub mod sharing;
pub mod string;
pub mod tie;
pub mod token;
pub mod units;
pub mod uri;

use crate::db::Value as Cell;
use crate::db::schema::{self, IndexTable};
use crate::search::condition::Condition;
use course::Course;
use program::Programs;
use sharing::{Candidate, Kept};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;
use yba_fhir::defs::{Component, ElementDef, SearchParameter, SearchType, r4};
use yba_fhir::json::{JsonValueTrait, Value};
use yba_fhirpath::{Environment, Item, Node};

/// The version of what this module makes of a resource. Whoever changes which rows there are raises it: nodes then
/// make their rows anew (see [`crate::reindex`]). 1 was the one of plain paths, 2 kept
/// rows for every parameter, 3 had none for the types of identifiers and for identifiers in references,
/// 4 took integers for decimals and had no rows for codes in words, 5 minded the case of tokens that are strings, 6 had no
/// courses and ties, 7 knew one commune of an address, 8 had no dates in courses.
pub const EPOCH: i64 = 9;
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
    by_table: [Vec<Cell>; schema::TABLES],
    seen: HashSet<String>,
    count: usize,
}

/// Up to this many rows of a table are compared one by one when another comes; beyond, a set remembers them.
const COMPARED_MAX: usize = 48;

impl Rows {
    /// Adds a row, unless it is there already.
    fn add<const WIDTH: usize>(&mut self, table: usize, row: [Cell; WIDTH]) {
        if self.is_full() {
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

    /// Whether there are more than a resource may have; none is added then.
    fn is_full(&self) -> bool {
        self.count > ROWS_MAX
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
    pub code: &'static str,
    pub search_type: SearchType,
    pub targets: Vec<String>,
    /// The code system of an element that is a bare code.
    pub code_system: Option<String>,
    /// A token whose elements are all strings, such as `version`: found whatever its case, which its rows do not have.
    pub any_case: bool,
    /// Where its rows stand.
    pub kept: Kept,
    expression: &'static str,
    /// Whether this parameter puts the resource into a patient's compartment.
    in_compartment: bool,
}

/// A composite parameter, see [`pair`].
#[derive(Debug)]
pub struct Composite {
    pub code: &'static str,
    pub parts: Vec<Part>,
    /// Where its rows stand.
    pub kept: Kept,
    expression: &'static str,
}

/// One part of a composite, and how it is searched.
#[derive(Debug)]
pub struct Part {
    pub search_type: SearchType,
    expression: &'static str,
}

/// The parameters of a resource type.
#[derive(Debug)]
pub struct KindIndex {
    kind: &'static str,
    pub parameters: Vec<Parameter>,
    pub composites: Vec<Composite>,
    by_code: HashMap<&'static str, usize>,
    /// Compiled when the first resource of the type comes.
    programs: OnceLock<Programs>,
}

impl Parameter {
    /// Whether it is of references that may have this type; one without listed types may have any.
    pub fn may_point_at(&self, kind: &str) -> bool {
        let is_listed = || self.targets.iter().any(|one| one == kind);
        self.search_type == SearchType::Reference && (self.targets.is_empty() || is_listed())
    }

    /// Of references in shared rows, the type that is meant.
    pub fn only_type(&self) -> Option<&'static str> {
        if let Kept::With { only, .. } = &self.kept { *only } else { None }
    }
}

impl KindIndex {
    pub fn parameter(&self, code: &str) -> Option<(usize, &Parameter)> {
        self.by_code.get(code).map(|position| (*position, &self.parameters[*position]))
    }

    pub fn composite(&self, code: &str) -> Option<&Composite> {
        self.composites.iter().find(|one| one.code == code)
    }

    /// Whether each of its rows that names a Patient by a relative address puts the resource into that patient's
    /// compartment.
    pub fn is_of_compartment(&self, code: &str) -> bool {
        let puts = |code: &str| self.parameter(code).is_some_and(|(_, one)| one.in_compartment);
        match self.parameter(code).map(|(_, one)| &one.kept) {
            Some(Kept::With { codes, .. }) => codes.iter().all(|code| puts(code)),
            Some(Kept::Own) => puts(code),
            None => false,
        }
    }

    /// Where the rows of a parameter or composite stand.
    pub fn kept(&self, code: &str) -> Option<&Kept> {
        let composite = || self.composite(code).map(|one| &one.kept);
        self.parameter(code).map(|(_, one)| &one.kept).or_else(composite)
    }

    /// The codes of all that have rows: parameters, then composites.
    fn codes(&self) -> impl Iterator<Item = &str> {
        let composites = self.composites.iter().map(|one| one.code);
        self.parameters.iter().map(|one| one.code).chain(composites)
    }

    fn programs(&self) -> &Programs {
        self.programs.get_or_init(|| Programs::compile(self.kind, &self.parameters, &self.composites))
    }
}

/// The parameters of every resource type.
pub fn kinds() -> &'static BTreeMap<String, KindIndex> {
    static KINDS: OnceLock<BTreeMap<String, KindIndex>> = OnceLock::new();
    KINDS.get_or_init(|| r4().resource_types().map(|kind| (kind.to_owned(), of_kind(kind))).collect())
}

/// Parameters of every resource that point into `meta`.
const COMMON: [&str; 4] = ["_tag", "_security", "_profile", "_source"];

fn of_kind(kind: &'static str) -> KindIndex {
    let compartment = r4().patient_compartment(kind);
    let common = COMMON.iter().filter_map(|code| r4().search_parameter("Resource", code));
    let (mut parameters, mut composites) = (Vec::new(), Vec::new());
    for definition in r4().search_parameters(kind).chain(common) {
        match definition.search_type {
            SearchType::Special => {}
            SearchType::Composite => composites.push(composite(definition)),
            _ => parameters.push(Parameter {
                code: &definition.code,
                search_type: definition.search_type,
                targets: definition.targets.clone(),
                code_system: code_system(kind, &definition.expression),
                any_case: definition.search_type == SearchType::Token
                    && is_of_strings(kind, &definition.expression),
                kept: Kept::Own,
                expression: &definition.expression,
                in_compartment: compartment.contains(&definition.code),
            }),
        }
    }
    share(kind, &mut parameters, &mut composites);
    let by_code = parameters.iter().enumerate().map(|(at, one)| (one.code, at)).collect();
    KindIndex { kind, parameters, composites, by_code, programs: OnceLock::new() }
}

/// The code system of an element whose type is `code`: R4 names the required list after it.
fn code_system(kind: &str, expression: &str) -> Option<String> {
    let branch = expression.split('|').map(str::trim).find(|one| one.split('.').next() == Some(kind))?;
    let path = branch.split_once('.')?.1;
    let element = r4().type_def(kind)?.elements.iter().find(|element| element.path == path)?;
    let (_, list) = element.binding.as_ref().filter(|_| element.types == ["code"])?;
    let list = list.split('|').next()?;
    list.strip_prefix("http://hl7.org/fhir/ValueSet/").map(|name| format!("http://hl7.org/fhir/{name}"))
}

/// Whether all elements that an expression names in this type are strings.
fn is_of_strings(kind: &str, expression: &str) -> bool {
    let of_kind = |one: &&str| one.split('.').next() == Some(kind);
    let mut branches = expression.split('|').map(str::trim).filter(of_kind).peekable();
    let is_string = |branch: &str| {
        let element = branch.split_once('.').and_then(|(_, path)| element(kind, path));
        element.is_some_and(|element| element.types == ["string"])
    };
    branches.peek().is_some() && branches.all(is_string)
}

/// The element at a path, through the data types that lie on it.
fn element(kind: &str, path: &str) -> Option<&'static ElementDef> {
    let elements = &r4().type_def(kind)?.elements;
    if let Some(found) = elements.iter().find(|element| element.path == path) {
        return Some(found);
    }
    let within = |element: &&ElementDef| path.strip_prefix(&*element.path)?.strip_prefix('.').map(str::len);
    let holder = elements.iter().filter(|element| within(element).is_some()).min_by_key(within)?;
    match holder.types.as_slice() {
        [only] => element(only, &path[path.len() - within(&holder)?..]),
        _ => None,
    }
}

/// Finds out whose rows say what another's would.
fn share(kind: &str, parameters: &mut [Parameter], composites: &mut [Composite]) {
    let of_parameter = |one: &Parameter| Candidate {
        code: one.code,
        expression: one.expression,
        sort: format!("{:?}", one.search_type),
        is_reference: one.search_type == SearchType::Reference,
    };
    let of_composite = |one: &Composite| Candidate {
        code: one.code,
        expression: one.expression,
        sort: one.parts.iter().map(|part| format!("{:?} {}|", part.search_type, part.expression)).collect(),
        is_reference: false,
    };
    let candidates: Vec<Candidate> = parameters.iter().map(of_parameter).collect();
    for (at, kept) in sharing::kept(kind, &candidates).into_iter().enumerate() {
        // Of what puts a resource into a patient's compartment, the one with the rows does so: of its references those to
        // patients, which one that means another type has not.
        if let (Kept::With { codes, only: None | Some("Patient") }, true) =
            (&kept, parameters[at].in_compartment)
        {
            let owners = parameters.iter_mut().filter(|one| codes.contains(&one.code));
            owners.for_each(|owner| owner.in_compartment = true);
        }
        parameters[at].kept = kept;
    }
    let candidates: Vec<Candidate> = composites.iter().map(of_composite).collect();
    for (composite, kept) in composites.iter_mut().zip(sharing::kept(kind, &candidates)) {
        composite.kept = kept;
    }
}

fn composite(definition: &'static SearchParameter) -> Composite {
    let mut search_types: Vec<SearchType> =
        definition.components.iter().map(|component| type_of(&component.definition)).collect();
    // HL7 named the parameters of its two parts the wrong way round: `code` as the reference, `target` as the token.
    if definition.code == "relationship" {
        search_types.reverse();
    }
    let part = |(component, search_type): (&'static Component, SearchType)| Part {
        search_type,
        expression: &component.expression,
    };
    let parts = definition.components.iter().zip(search_types).map(part).collect();
    Composite { code: &definition.code, parts, kept: Kept::Own, expression: &definition.expression }
}

fn type_of(url: &str) -> SearchType {
    r4().search_parameter_at(url).map_or(SearchType::Special, |parameter| parameter.search_type)
}

/// The numbers that stand for parameters in index rows, kept in the database so that they never change meaning.
#[derive(Debug, Default, Clone)]
pub struct Numbers {
    by_name: HashMap<String, i64>,
    /// The number of each type, and those of its parameters and composites in their order.
    by_kind: HashMap<&'static str, (i64, Vec<i64>)>,
}

impl Numbers {
    /// From the names of [`Numbers::names`] and what they are called in this database.
    pub fn new(by_name: HashMap<String, i64>) -> Numbers {
        let number = |name: &str| by_name.get(name).copied().unwrap_or(-1);
        let of_kind = |(kind, index): (&'static String, &'static KindIndex)| {
            let own = index.codes().map(|code| number(&format!("{kind}.{code}")));
            (kind.as_str(), (number(kind), own.collect()))
        };
        let by_kind = kinds().iter().map(of_kind).collect();
        Numbers { by_name, by_kind }
    }

    /// The number of a resource type itself (life and compartment rows).
    pub fn kind(&self, kind: &str) -> i64 {
        self.by_kind.get(kind).map_or(-1, |(number, _)| *number)
    }

    /// The number of rows that are no parameter's.
    pub fn named(&self, name: &str) -> i64 {
        self.by_name.get(name).copied().unwrap_or(-1)
    }

    /// The numbers under which the rows of a parameter stand.
    pub fn parameter(&self, kind: &str, code: &str) -> Vec<i64> {
        let number = |code: &str| self.by_name.get(&format!("{kind}.{code}")).copied().unwrap_or(-1);
        match kinds().get(kind).and_then(|index| index.kept(code)) {
            Some(Kept::With { codes, .. }) => codes.iter().copied().map(number).collect(),
            _ => vec![number(code)],
        }
    }

    /// Every name that needs a number.
    pub fn names() -> impl Iterator<Item = String> {
        let of_kinds = kinds().iter().flat_map(|(kind, index)| {
            let own = index.codes().map(move |code| format!("{kind}.{code}"));
            let course = Course::of(kind).map(|course| format!("{kind}.{}", course.code));
            std::iter::once(kind.clone()).chain(own).chain(course)
        });
        of_kinds.chain(tie::NAMES.map(str::to_owned))
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
    let root = Node::root(tree);
    // What an expression cannot decide, such as a rule over two values where one is meant, it does not find.
    let environment = Environment {
        stand_ins: true,
        assumed_offset: Some(7 * 60),
        resource: Some(root),
        ..Environment::default()
    };
    let programs = index.programs();
    let mut of_parameters = of_parameters.iter();
    for ((parameter, program), p) in index.parameters.iter().zip(&programs.parameters).zip(&mut of_parameters)
    {
        let Some(program) = program else { continue };
        for item in program.evaluate_node(root, &environment).unwrap_or_default() {
            let Some(value) = value_of(&item) else { continue };
            match value.as_str().filter(|_| parameter.any_case) {
                Some(text) => token::index(*p, &Value::from(text.to_lowercase().as_str()), &mut rows),
                None => index_value(parameter.search_type, *p, &value, is_whole(&item), &mut rows),
            }
            if parameter.in_compartment
                && let Some(("Patient", patient)) =
                    value["reference"].as_str().and_then(reference::local_target)
            {
                rows.add(patient_table, [Cell::Int(*kind_number), Cell::from(patient)]);
            }
        }
    }
    for (pair, p) in programs.pairs.iter().zip(of_parameters) {
        let Some(pair) = pair else { continue };
        pair::index(*p, pair, root, &environment, &mut rows);
    }
    if let Some(course) = Course::of(kind) {
        course.index(numbers, &mut rows);
    }
    tie::index(tree, kind, id, numbers, &mut rows);
    rows
}

/// What an expression found as JSON; `None` for a primitive that has nothing but extensions.
fn value_of<'a>(item: &'a Item<'_>) -> Option<Cow<'a, Value>> {
    match item {
        Item::Node(node) => node.value.map(Cow::Borrowed),
        Item::Boolean(flag) => Some(Cow::Owned(Value::from(*flag))),
        computed => yba_fhir::json::from_str(&computed.to_json()).ok().map(Cow::Owned),
    }
}

/// Whether an item is an integer by its type: its digits imply no range.
fn is_whole(item: &Item<'_>) -> bool {
    matches!(item.type_name(), "integer" | "positiveInt" | "unsignedInt")
}

fn index_value(search_type: SearchType, p: i64, value: &Value, whole: bool, rows: &mut Rows) {
    match search_type {
        SearchType::Token => {
            token::index(p, value, rows);
            token::index_type(p, value, rows);
        }
        SearchType::String => string::index(p, value, rows),
        SearchType::Date => date::index(p, value, rows),
        SearchType::Number | SearchType::Quantity => quantity::index(p, value, whole, rows),
        SearchType::Reference => {
            reference::index(p, value, rows);
            if let Some(identifier) = value.get("identifier") {
                token::index(p, identifier, rows);
            }
        }
        SearchType::Uri => uri::index(p, value, rows),
        SearchType::Composite | SearchType::Special => {}
    }
}

/// What the mark of a cut text is written in: signs that no folded text has, or `:contains` would find them.
const MARK_SIGNS: &[u8; 16] = b"!$&()*+,-.:;<=>?";

/// Text for an index row: bounded, so that no key outgrows a page of the index.
pub fn bounded(text: &str) -> String {
    use sha2::{Digest, Sha256};
    if text.len() <= TEXT_MAX {
        return text.to_owned();
    }
    let cut = cut_at(text);
    let digest = Sha256::digest(text.as_bytes());
    let signs = digest[..16].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mark: String = signs.map(|half| char::from(MARK_SIGNS[usize::from(half)])).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_are_strings_are_known_by_their_elements() {
        let any_case = |kind: &str, code: &str| kinds()[kind].parameter(code).unwrap().1.any_case;
        for (kind, code) in [
            ("ValueSet", "version"),
            ("Medication", "lot-number"),
            ("StructureDefinition", "path"),
            ("StructureDefinition", "base-path"),
        ] {
            assert!(any_case(kind, code), "{kind}.{code}");
        }
        for (kind, code) in [
            ("Patient", "identifier"),
            ("Patient", "gender"),
            ("Patient", "email"),
            ("Patient", "active"),
            ("Observation", "code"),
            ("ValueSet", "name"),
            ("ValueSet", "url"),
            ("MessageHeader", "event"),
        ] {
            assert!(!any_case(kind, code), "{kind}.{code}");
        }
        // Who has no rows of its own looks at rows that were made the same way.
        for (kind, index) in kinds() {
            for parameter in &index.parameters {
                let Kept::With { codes, .. } = &parameter.kept else { continue };
                assert!(codes.iter().all(|owner| any_case(kind, owner) == parameter.any_case), "{kind}");
            }
        }
    }
}
