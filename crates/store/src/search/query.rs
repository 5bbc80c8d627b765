//! A search as asked: parsed against the R4 search parameters, everything unknown refused by name.
//! <https://hl7.org/fhir/R4/search.html>

use super::Scope;
use super::condition::Condition;
use super::filter::Filter;
use super::include::{Include, RevInclude};
use crate::db::Value;
use crate::db::schema::{IndexTable, PAIR, REFERENCE, STRING, TOKEN};
use crate::index::course::{COURSES, Course};
use crate::index::sharing::Kept;
use crate::index::{self, Parameter, kinds};
use yba_fhir::defs::{SearchType, r4};
use yba_fhir::{Kind, Outcome};

/// Page size when none is asked, and the largest given.
pub const COUNT_DEFAULT: usize = 50;
pub const COUNT_MAX: usize = 1000;
/// Most clauses, and most values that all of them compare with together (the engines take 32,766 and 65,535 in one
/// statement).
const CLAUSES_MAX: usize = 30;
const VALUES_MAX: usize = 10_000;
/// Most filters: each is tried on every record that the clauses leave.
const FILTERS_MAX: usize = 5;
/// Most sort parameters, and most `_include`s and `_revinclude`s.
const SORTS_MAX: usize = 4;
const INCLUDES_MAX: usize = 20;

/// How a search is read: of which types, and what the reader may ask.
pub(super) struct Reading<'a> {
    pub kinds: &'a [&'a str],
    pub world: &'a dyn World,
}

/// What a search may ask of the world beyond the store's tables.
pub trait World {
    /// `[base]`: how the addresses of this server's own records begin; empty when it has none.
    fn base(&self) -> &str;

    /// The codes below a code of a system (or above it), itself among them, as system and code. Refuses when nobody knows.
    fn related(&self, system: &str, code: &str, above: bool) -> Result<Vec<(String, String)>, Outcome>;

    /// The codes of a value set, by its address. Refuses when nobody knows, or there are too many.
    fn members(&self, value_set: &str) -> Result<Vec<(String, String)>, Outcome>;

    /// The units of UCUM that quantities in the store have.
    fn units(&self) -> Vec<String>;
}

/// Knows nothing: for searches of our own making.
pub struct NoWorld;

impl World for NoWorld {
    fn base(&self) -> &str {
        ""
    }

    fn related(&self, system: &str, code: &str, _above: bool) -> Result<Vec<(String, String)>, Outcome> {
        Err(nobody_knows(&format!("what {system}|{code} is related to")))
    }

    fn members(&self, value_set: &str) -> Result<Vec<(String, String)>, Outcome> {
        Err(nobody_knows(&format!("what is in {value_set}")))
    }

    fn units(&self) -> Vec<String> {
        Vec::new()
    }
}

fn nobody_knows(what: &str) -> Outcome {
    let text = "Ở đây không tìm theo nghĩa của mã được (:in, :not-in, :above, :below). Hãy liệt kê các mã.";
    Outcome::invalid("search-modifier", text, format!("nobody is asked here {what}"))
}

/// A parsed search of one resource type.
#[derive(Debug, Clone)]
pub struct Query {
    pub kind: String,
    pub clauses: Vec<Clause>,
    pub sort: Vec<Sort>,
    /// What is tried on the bodies of the records that the clauses leave.
    pub filters: Vec<Filter>,
    /// References to bring along, and what points at what is shown.
    pub include: Vec<Include>,
    pub revinclude: Vec<RevInclude>,
    pub count: usize,
    pub total: bool,
    /// Only the number of matches is wanted (`_summary=count`, `_count=0`).
    pub count_only: bool,
}

/// One condition that a match must meet.
#[derive(Debug, Clone)]
pub enum Clause {
    /// Rows of an index table under a parameter.
    Index { table: usize, code: String, condition: Condition, negated: bool },
    /// A reference to a record that meets a condition of its own, by the types that it may have:
    /// `subject:Patient.name`. <https://hl7.org/fhir/R4/search.html#chaining>
    Chain { code: String, targets: Vec<Query> },
    /// A record of another type points here by this parameter and meets a condition: `_has:Observation:patient:code`.
    /// <https://hl7.org/fhir/R4/search.html#has>
    Has { code: String, of: Box<Query> },
    /// Of the compartment of this record: `Patient/1/Observation`.
    /// <https://hl7.org/fhir/R4/compartmentdefinition.html>
    Compartment { of: String, id: String },
    /// `_id`.
    Ids(Vec<String>),
    /// `_lastUpdated`.
    Updated(Condition),
}

impl Clause {
    /// Whether its rows stand in one index table, with the version that they were made for.
    pub(super) fn is_of_rows(&self) -> bool {
        matches!(self, Clause::Index { .. } | Clause::Chain { .. } | Clause::Compartment { .. })
    }

    /// Whether it leaves few records whatever else is here: those that are named, or that belong to a few people.
    pub(super) fn is_of_few(&self) -> bool {
        const FEW: usize = 4;
        let is_a_person = |value: &Value| match value {
            Value::Text(target) => target.starts_with("Patient/") || target.contains("/Patient/"),
            _ => false,
        };
        match self {
            Clause::Ids(_) => true,
            Clause::Compartment { of, .. } => of == "Patient",
            Clause::Index { code, .. } if COURSES.iter().any(|course| course.code == code) => true,
            _ => self.condition_of(&REFERENCE).is_some_and(|(_, condition)| {
                (1..=FEW).contains(&condition.params.len()) && condition.params.iter().all(is_a_person)
            }),
        }
    }

    /// The course whose rows these are.
    pub(super) fn course(&self, kind: &str) -> Option<&'static Course> {
        match self {
            Clause::Index { code, negated: false, .. } => {
                Course::of(kind).filter(|course| course.code == code)
            }
            _ => None,
        }
    }

    /// The condition of a parameter with rows in `table`, unless it is negated.
    fn condition_of(&self, wanted: &IndexTable) -> Option<(&str, &Condition)> {
        match self {
            Clause::Index { table, code, condition, negated: false } if *table == index::position(wanted) => {
                Some((code, condition))
            }
            _ => None,
        }
    }

    /// The parameter as it is asked.
    pub(super) fn name(&self) -> String {
        match self {
            Clause::Index { code, negated: false, .. } => code.clone(),
            Clause::Index { code, negated: true, .. } => format!("{code}:not"),
            Clause::Chain { code, .. } => format!("{code}.…"),
            Clause::Has { code, of } => format!("_has:{}:{code}", of.kind),
            Clause::Compartment { of, .. } => format!("{of}/…"),
            Clause::Ids(_) => "_id".to_owned(),
            Clause::Updated(_) => "_lastUpdated".to_owned(),
        }
    }

    /// How many records it may be expected to leave, next to others: a guess by what is compared.
    pub(super) fn breadth(&self) -> u8 {
        match self {
            Clause::Ids(_) | Clause::Compartment { .. } => 0,
            Clause::Index { table, .. } if *table == index::position(&REFERENCE) => 1,
            Clause::Index { table, .. } if *table == index::position(&PAIR) => 2,
            Clause::Index { table, .. } if *table == index::position(&TOKEN) => 3,
            Clause::Index { table, .. } if *table == index::position(&STRING) => 4,
            Clause::Index { .. } | Clause::Updated(_) => 5,
            Clause::Chain { .. } | Clause::Has { .. } => 6,
        }
    }

    fn values(&self) -> usize {
        match self {
            Clause::Index { condition, .. } | Clause::Updated(condition) => condition.params.len(),
            Clause::Ids(ids) => ids.len(),
            Clause::Compartment { .. } => 1,
            Clause::Chain { targets, .. } => targets.iter().map(Query::values).sum(),
            Clause::Has { of, .. } => of.values(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

#[derive(Debug, Clone)]
pub enum SortBy {
    Id,
    Updated,
    /// Index table and parameter code; of references in shared rows, the type that is meant.
    Parameter {
        table: usize,
        code: String,
        only: Option<&'static str>,
    },
}

impl Query {
    /// Everything of a kind, oldest first.
    pub fn all(kind: &str) -> Query {
        Query {
            kind: kind.to_owned(),
            clauses: Vec::new(),
            sort: Vec::new(),
            filters: Vec::new(),
            include: Vec::new(),
            revinclude: Vec::new(),
            count: COUNT_DEFAULT,
            total: false,
            count_only: false,
        }
    }

    /// Parses search parameters. Unknown or unsupported ones are refused by name, all at once.
    pub fn parse(kind: &str, pairs: &[(String, String)]) -> Result<Query, Outcome> {
        Query::parse_by(kind, pairs, &Reading { kinds: &[kind], world: &NoWorld })
    }

    /// The same for several types at once: what is asked must be known of each of them.
    pub fn parse_each(
        kinds: &[&str],
        pairs: &[(String, String)],
        world: &dyn World,
    ) -> Result<Vec<Query>, Outcome> {
        kinds.iter().map(|kind| Query::parse_by(kind, pairs, &Reading { kinds, world })).collect()
    }

    fn parse_by(kind: &str, pairs: &[(String, String)], how: &Reading<'_>) -> Result<Query, Outcome> {
        if !r4().is_resource(kind) {
            let text = format!("“{kind}” không phải một loại tài nguyên FHIR R4.");
            return Err(Outcome::new(
                Kind::NotFound,
                "unknown-type",
                text,
                format!("unknown resource type {kind}"),
            ));
        }
        let mut query = Query::all(kind);
        let mut problems: Vec<Outcome> = Vec::new();
        for (name, value) in pairs {
            if let Err(problem) = query.take(name, value, how) {
                problems.push(problem);
            }
        }
        if query.clauses.len() > CLAUSES_MAX
            || query.values() > VALUES_MAX
            || query.filters.len() > FILTERS_MAX
        {
            let text =
                format!("Tìm kiếm có quá {CLAUSES_MAX} điều kiện hoặc quá nhiều giá trị. Hãy chia nhỏ.");
            problems.push(Outcome::new(
                Kind::TooMany,
                "search-too-many-clauses",
                text,
                "too many search clauses",
            ));
        }
        match problems.into_iter().reduce(|mut all, next| {
            all.issues.extend(next.issues);
            all
        }) {
            Some(problem) => Err(problem),
            None => Ok(query),
        }
    }

    /// Whether it asks when a record changed last, which only its life row says.
    pub(super) fn asks_when(&self) -> bool {
        self.clauses.iter().any(|clause| matches!(clause, Clause::Updated(_)))
            || self.sort.iter().any(|sort| matches!(sort.by, SortBy::Updated))
    }

    /// The same search with person and code as one clause, where there are rows of both together.
    pub(super) fn joined(&self) -> Query {
        let mut query = self.clone();
        let Some(course) = Course::of(&self.kind) else { return query };
        let whose = self.clauses.iter().position(|clause| {
            let of_person = |(code, _): (&str, _)| self.has_rows_of(code, course.whose);
            clause.is_of_few() && clause.condition_of(&REFERENCE).is_some_and(of_person)
        });
        let is_code =
            |clause: &Clause| clause.condition_of(&TOKEN).is_some_and(|(code, _)| code == course.what);
        let (Some(whose), Some(what)) = (whose, self.clauses.iter().position(is_code)) else { return query };
        let condition_at =
            |at: usize, table| self.clauses[at].condition_of(table).map(|(_, condition)| condition);
        let both = condition_at(whose, &REFERENCE).zip(condition_at(what, &TOKEN));
        if let Some(condition) = both.and_then(|(whose, what)| course.matches(whose, what)) {
            let (table, code) = (index::position(&PAIR), course.code.to_owned());
            query.clauses[whose] = Clause::Index { table, code, condition, negated: false };
            query.clauses.remove(what);
        }
        query
    }

    /// Whether the rows of a parameter are those of another, and no more.
    fn has_rows_of(&self, code: &str, owner: &str) -> bool {
        let kept = kinds().get(&self.kind).and_then(|index| index.kept(code));
        code == owner || matches!(kept, Some(Kept::With { codes, .. }) if *codes == [owner])
    }

    /// By how many ways its chains go.
    pub(super) fn ways(&self) -> usize {
        let of_clause = |clause: &Clause| match clause {
            Clause::Chain { targets, .. } => targets.iter().map(Query::ways).sum(),
            Clause::Has { of, .. } => of.ways(),
            _ => 1,
        };
        self.clauses.iter().map(of_clause).sum()
    }

    /// With how many values its rows are compared.
    pub(super) fn values(&self) -> usize {
        self.clauses.iter().map(Clause::values).sum()
    }

    /// Parses a query string such as `identifier=a|b&_count=2` (as in If-None-Exist).
    pub fn parse_string(kind: &str, text: &str) -> Result<Query, Outcome> {
        Query::parse(kind, &decode_pairs(text))
    }

    /// Tells this search from others, so that a page link cannot be used with another one. Page size and total may
    /// change from page to page.
    pub(crate) fn mark(&self, scope: &Scope) -> u32 {
        use sha2::{Digest, Sha256};
        let asked = format!("{} {:?} {:?} {:?} {scope:?}", self.kind, self.clauses, self.filters, self.sort);
        let hash = Sha256::digest(asked.as_bytes());
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }

    fn take(&mut self, name: &str, value: &str, how: &Reading<'_>) -> Result<(), Outcome> {
        if name.contains('\0') || value.contains('\0') {
            let text = "Tham số tìm kiếm có ký tự U+0000, không được phép.";
            return Err(Outcome::invalid("nul-character", text, "U+0000 in a search parameter"));
        }
        match name {
            "_count" => {
                let wanted: usize =
                    value.parse().map_err(|_| bad_value(name, value, "một số nguyên không âm"))?;
                self.count_only |= wanted == 0;
                self.count = wanted.clamp(1, COUNT_MAX);
            }
            "_total" => match value {
                "accurate" | "estimate" => self.total = true,
                "none" => {}
                _ => return Err(bad_value(name, value, "none, estimate hoặc accurate")),
            },
            "_summary" if value == "count" => self.count_only = true,
            "_summary" if value == "false" => {}
            "_sort" => self.sort = self.parse_sort(value)?,
            _ if matches!(name.split(':').next(), Some("_include" | "_revinclude")) => {
                if self.include.len() + self.revinclude.len() >= INCLUDES_MAX {
                    return Err(bad_value(name, value, "tối đa 20 lần"));
                }
                match name.starts_with("_include") {
                    true => self.include.extend(Include::parse(how.kinds, name, value)?),
                    false => self.revinclude.push(RevInclude::parse(how.kinds, name, value)?),
                }
            }
            "_format" | "_pretty" => {}
            _ => match Filter::parse(&self.kind, name, value)? {
                Some(filter) => self.filters.push(filter),
                None => {
                    let clause = self.parse_clause(name, value, 0, how)?;
                    self.clauses.push(clause);
                }
            },
        }
        Ok(())
    }

    fn parse_sort(&self, value: &str) -> Result<Vec<Sort>, Outcome> {
        let one = |part: &str| {
            let (code, descending) = part.strip_prefix('-').map_or((part, false), |code| (code, true));
            let by = match code {
                "_id" => SortBy::Id,
                "_lastUpdated" => SortBy::Updated,
                _ => {
                    let parameter = self.parameter("_sort", code)?;
                    let table = table_of(parameter.search_type);
                    SortBy::Parameter { table, code: code.to_owned(), only: parameter.only_type() }
                }
            };
            Ok(Sort { by, descending })
        };
        if value.split(',').count() > SORTS_MAX {
            return Err(bad_value("_sort", value, "tối đa 4 tham số"));
        }
        value.split(',').map(one).collect()
    }

    pub(super) fn parameter(&self, name: &str, code: &str) -> Result<&'static Parameter, Outcome> {
        match kinds().get(&self.kind).and_then(|index| index.parameter(code)) {
            Some((_, parameter)) => Ok(parameter),
            None if r4().search_parameter(&self.kind, code).is_some() || code.starts_with('_') => {
                let text = format!("Máy chủ này chưa hỗ trợ tham số tìm kiếm “{name}” cho {}.", self.kind);
                let detail =
                    format!("search parameter {name} ({code}) of {} is not supported here", self.kind);
                Err(Outcome::new(Kind::Invalid, "search-unsupported", text, detail).at(name.to_owned()))
            }
            None => {
                let known: Vec<&str> = kinds()
                    .get(&self.kind)
                    .map(|index| index.parameters.iter().map(|one| one.code).collect())
                    .unwrap_or_default();
                let text =
                    format!("{} không có tham số tìm kiếm “{code}”. Có: {}.", self.kind, known.join(", "));
                let detail = format!("unknown search parameter {code} for {}", self.kind);
                Err(Outcome::new(Kind::Invalid, "search-unknown", text, detail).at(name.to_owned()))
            }
        }
    }
}

/// The index table of a search type.
pub fn table_of(search_type: SearchType) -> usize {
    use crate::db::schema;
    index::position(match search_type {
        SearchType::Token => &schema::TOKEN,
        SearchType::String => &schema::STRING,
        SearchType::Date => &schema::DATE,
        SearchType::Number | SearchType::Quantity => &schema::QUANTITY,
        SearchType::Reference => &schema::REFERENCE,
        SearchType::Composite => &schema::PAIR,
        SearchType::Uri | SearchType::Special => &schema::URI,
    })
}

pub(super) fn bad_value(name: &str, value: &str, wanted: &str) -> Outcome {
    let text = format!("Tham số “{name}” có giá trị “{value}” không hợp lệ; cần {wanted}.");
    Outcome::invalid("search-value", text, format!("bad value for search parameter {name}"))
        .at(name.to_owned())
}

/// Splits and percent-decodes a query string.
pub fn decode_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(name), percent_decode(value))
        })
        .collect()
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    let hex = |byte: u8| (byte as char).to_digit(16);
    while at < bytes.len() {
        match bytes[at] {
            b'+' => out.push(b' '),
            b'%' if at + 2 < bytes.len() && hex(bytes[at + 1]).is_some() && hex(bytes[at + 2]).is_some() => {
                let (high, low) = (hex(bytes[at + 1]).unwrap_or(0), hex(bytes[at + 2]).unwrap_or(0));
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            byte => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
