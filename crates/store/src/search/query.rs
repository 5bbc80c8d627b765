//! A search as asked: parsed against the R4 search parameters, everything unknown refused by name.
//! <https://hl7.org/fhir/R4/search.html>

use super::Scope;
use super::condition::{Condition, Prefix, escaped_split, plain};
use crate::index::{self, Composite, Parameter, date, kinds, pair, quantity, reference, string, token, uri};
use yba_fhir::defs::{SearchType, r4};
use yba_fhir::{DateRange, Kind, Outcome};

/// Page size when none is asked, and the largest given.
pub const COUNT_DEFAULT: usize = 50;
pub const COUNT_MAX: usize = 1000;
/// Most clauses, most alternatives of one clause, and most values that all of them compare with together (the engines
/// take 32,766 and 65,535 in one statement).
const CLAUSES_MAX: usize = 30;
const ALTERNATIVES_MAX: usize = 500;
const VALUES_MAX: usize = 10_000;
/// Most steps of a chain, `_has` included.
const STEPS_MAX: usize = 6;
/// Most types that a reference of a chain may have without saying which is meant, and most ways that a chain may go in all.
const TARGETS_MAX: usize = 8;
const WAYS_MAX: usize = 64;
/// Most sort parameters, and most `_include`s and `_revinclude`s.
const SORTS_MAX: usize = 4;
const INCLUDES_MAX: usize = 20;

/// A parsed search of one resource type.
#[derive(Debug, Clone)]
pub struct Query {
    pub kind: String,
    pub clauses: Vec<Clause>,
    pub sort: Vec<Sort>,
    /// `(parameter code, target type)` of references to bring along.
    pub include: Vec<(String, Option<String>)>,
    /// `(type, parameter code)` of references to the matches, to bring along what holds them.
    pub revinclude: Vec<(String, String)>,
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
    /// `_id`.
    Ids(Vec<String>),
    /// `_lastUpdated`.
    Updated(Condition),
}

impl Clause {
    fn values(&self) -> usize {
        match self {
            Clause::Index { condition, .. } | Clause::Updated(condition) => condition.params.len(),
            Clause::Ids(ids) => ids.len(),
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
        let (clauses, sort, include, revinclude) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Query {
            kind: kind.to_owned(),
            clauses,
            sort,
            include,
            revinclude,
            count: COUNT_DEFAULT,
            total: false,
            count_only: false,
        }
    }

    /// Parses search parameters. Unknown or unsupported ones are refused by name, all at once.
    pub fn parse(kind: &str, pairs: &[(String, String)]) -> Result<Query, Outcome> {
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
            if let Err(problem) = query.take(name, value) {
                problems.push(problem);
            }
        }
        if query.clauses.len() > CLAUSES_MAX || query.values() > VALUES_MAX {
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

    /// By how many ways its chains go.
    fn ways(&self) -> usize {
        let of_clause = |clause: &Clause| match clause {
            Clause::Chain { targets, .. } => targets.iter().map(Query::ways).sum(),
            Clause::Has { of, .. } => of.ways(),
            _ => 1,
        };
        self.clauses.iter().map(of_clause).sum()
    }

    /// With how many values its rows are compared.
    fn values(&self) -> usize {
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
        let asked = format!("{} {:?} {:?} {scope:?}", self.kind, self.clauses, self.sort);
        let hash = Sha256::digest(asked.as_bytes());
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Outcome> {
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
            "_include" | "_revinclude" if self.include.len() + self.revinclude.len() == INCLUDES_MAX => {
                return Err(bad_value(name, value, "tối đa 20 lần"));
            }
            "_revinclude" => self.revinclude.push(self.parse_revinclude(value)?),
            "_include" => self.include.push(self.parse_include(value)?),
            "_format" | "_pretty" => {}
            _ => {
                let clause = self.parse_clause(name, value, 0)?;
                self.clauses.push(clause);
            }
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

    fn parse_include(&self, value: &str) -> Result<(String, Option<String>), Outcome> {
        let parts: Vec<&str> = value.split(':').collect();
        let ok = parts.len() >= 2 && parts.len() <= 3 && parts[0] == self.kind;
        let parameter = if ok { self.parameter("_include", parts[1]).ok() } else { None };
        match parameter {
            Some(found) if found.search_type == SearchType::Reference => {
                let wanted = parts.get(2).copied();
                let targets = match (found.only_type(), wanted) {
                    (Some(only), Some(wanted)) if only != wanted => Some(""),
                    (only, wanted) => wanted.or(only),
                };
                Ok((parts[1].to_owned(), targets.map(str::to_owned)))
            }
            _ => Err(bad_value("_include", value, "dạng Loại:tham-số-tham-chiếu[:Loại đích]")),
        }
    }

    fn parse_revinclude(&self, value: &str) -> Result<(String, String), Outcome> {
        let wrong = || bad_value("_revinclude", value, "dạng Loại:tham-số-tham-chiếu[:Loại đích]");
        let parts: Vec<&str> = value.split(':').collect();
        let ([kind, code] | [kind, code, _]) = parts[..] else { return Err(wrong()) };
        if parts.get(2).is_some_and(|target| *target != self.kind) {
            return Err(wrong());
        }
        self.pointing_here("_revinclude", kind, code)?;
        Ok((kind.to_owned(), code.to_owned()))
    }

    /// Refuses what is no reference of another type to this one.
    fn pointing_here(&self, name: &str, kind: &str, code: &str) -> Result<(), Outcome> {
        if !r4().is_resource(kind) {
            return Err(bad_value(name, kind, "một loại tài nguyên FHIR R4"));
        }
        let parameter = Query::all(kind).parameter(name, code)?;
        let may = parameter.targets.is_empty() || parameter.targets.contains(&self.kind);
        if parameter.search_type != SearchType::Reference || !may {
            let wanted = format!("một tham chiếu của {kind} tới {}", self.kind);
            return Err(bad_value(name, code, &wanted));
        }
        Ok(())
    }

    /// `subject:Patient.name=x`, `patient.name=x`: without a type, every type that the reference may have and that knows the
    /// rest counts.
    fn parse_chain(&self, name: &str, value: &str, step: usize) -> Result<Clause, Outcome> {
        let (head, rest) = name.split_once('.').unwrap_or((name, ""));
        let (code, kind) = head.split_once(':').map_or((head, None), |(code, kind)| (code, Some(kind)));
        let parameter = self.parameter(name, code)?;
        if parameter.search_type != SearchType::Reference {
            return Err(bad_value(name, code, "một tham số tham chiếu trước dấu chấm"));
        }
        let may =
            |kind: &str| parameter.targets.is_empty() || parameter.targets.iter().any(|one| one == kind);
        let kinds: Vec<&str> = match kind {
            Some(kind) if r4().is_resource(kind) && may(kind) => vec![kind],
            Some(kind) => return Err(bad_value(name, kind, "một loại mà tham chiếu này trỏ tới được")),
            None if parameter.targets.is_empty() || parameter.targets.len() > TARGETS_MAX => {
                return Err(bad_value(name, code, "loại tài nguyên đích, ví dụ subject:Patient.name"));
            }
            None => parameter.targets.iter().map(String::as_str).collect(),
        };
        let (mut targets, mut refused) = (Vec::new(), None);
        for kind in kinds {
            match Query::of_one(kind, rest, value, step + 1) {
                Ok(query) => targets.push(query),
                Err(problem) => {
                    refused.get_or_insert(problem);
                }
            }
        }
        match (targets.is_empty(), refused) {
            (true, Some(problem)) => Err(problem),
            _ if targets.iter().map(Query::ways).sum::<usize>() > WAYS_MAX => {
                let wanted = "loại tài nguyên đích ở mỗi bước, ví dụ subject:Patient.name";
                Err(bad_value(name, code, wanted))
            }
            _ => Ok(Clause::Chain { code: code.to_owned(), targets }),
        }
    }

    /// `_has:Observation:patient:code=x`; what is asked may again be a chain or `_has`.
    fn parse_has(&self, name: &str, rest: &str, value: &str, step: usize) -> Result<Clause, Outcome> {
        let mut parts = rest.splitn(3, ':');
        let (Some(kind), Some(code), Some(asked)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad_value(name, rest, "dạng _has:Loại:tham-số-tham-chiếu:tham-số"));
        };
        self.pointing_here(name, kind, code)?;
        let of = Box::new(Query::of_one(kind, asked, value, step + 1)?);
        Ok(Clause::Has { code: code.to_owned(), of })
    }

    /// A query of one condition, as a step of a chain.
    fn of_one(kind: &str, name: &str, value: &str, step: usize) -> Result<Query, Outcome> {
        if step > STEPS_MAX {
            let text = format!("Tìm nối chuỗi quá {STEPS_MAX} bước. Hãy tìm từng bước.");
            return Err(Outcome::new(
                Kind::TooMany,
                "search-chain-long",
                text,
                "the chain has too many steps",
            ));
        }
        let mut query = Query::all(kind);
        query.clauses.push(query.parse_clause(name, value, step)?);
        Ok(query)
    }

    fn parameter(&self, name: &str, code: &str) -> Result<&'static Parameter, Outcome> {
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

    fn parse_clause(&self, name: &str, value: &str, step: usize) -> Result<Clause, Outcome> {
        if let Some(rest) = name.strip_prefix("_has:") {
            return self.parse_has(name, rest, value, step);
        }
        if name.contains('.') {
            return self.parse_chain(name, value, step);
        }
        let (code, modifier) = name.split_once(':').map_or((name, None), |(code, rest)| (code, Some(rest)));
        let values: Vec<String> =
            escaped_split(value, ',').into_iter().filter(|one| !one.is_empty()).collect();
        if values.is_empty() {
            return Err(bad_value(name, value, "một giá trị"));
        }
        if values.len() > ALTERNATIVES_MAX {
            let text = format!("Tham số “{name}” có quá {ALTERNATIVES_MAX} giá trị.");
            return Err(
                Outcome::new(Kind::TooMany, "search-too-many-values", text, "too many values").at(name)
            );
        }
        match (code, modifier) {
            ("_id", None) => return Ok(Clause::Ids(values)),
            ("_lastUpdated", None) => {
                let each = |one: &String| {
                    let (prefix, rest) = Prefix::split(one);
                    let asked = DateRange::parse(rest).ok_or_else(|| bad_date(name, one))?;
                    Ok(date::matches_instant(prefix, asked, "updated"))
                };
                let conditions = values.iter().map(each).collect::<Result<Vec<_>, Outcome>>()?;
                return Ok(Clause::Updated(Condition::any(conditions)));
            }
            _ => {}
        }
        if let Some(composite) = kinds().get(&self.kind).and_then(|index| index.composite(code)) {
            return self.composite_clause(composite, name, modifier, &values);
        }
        let parameter = self.parameter(name, code)?;
        let (table, code) = (table_of(parameter.search_type), code.to_owned());
        if modifier == Some("missing") {
            let missing: bool = value.parse().map_err(|_| bad_value(name, value, "true hoặc false"))?;
            return Ok(Clause::Index {
                table,
                code,
                condition: of_type(parameter, Condition::new("1 = 1", vec![])),
                negated: missing,
            });
        }
        let negated = modifier == Some("not") && parameter.search_type == SearchType::Token;
        let modifier = if negated { None } else { modifier };
        let each = |one: &String| value_condition(parameter, name, modifier, one);
        let conditions = values.iter().map(each).collect::<Result<Vec<_>, Outcome>>()?;
        let condition = of_type(parameter, Condition::any(conditions));
        Ok(Clause::Index { table, code, condition, negated })
    }
}

impl Query {
    /// `code-value-quantity=http://loinc.org|8480-6$gt140`
    fn composite_clause(
        &self,
        composite: &Composite,
        name: &str,
        modifier: Option<&str>,
        values: &[String],
    ) -> Result<Clause, Outcome> {
        let (table, code) = (table_of(SearchType::Composite), composite.code.to_owned());
        match modifier {
            None => {}
            Some("missing") => {
                let missing =
                    values[0].parse().map_err(|_| bad_value(name, &values[0], "true hoặc false"))?;
                let condition = Condition::new("1 = 1", vec![]);
                return Ok(Clause::Index { table, code, condition, negated: missing });
            }
            Some(modifier) => return Err(bad_modifier(name, modifier)),
        }
        let wanted = "các phần cách nhau bằng dấu $, ví dụ 8480-6$gt140";
        let each = |one: &String| {
            pair::matches(composite, &self.kind, one).ok_or_else(|| bad_value(name, one, wanted))
        };
        let conditions = values.iter().map(each).collect::<Result<Vec<_>, Outcome>>()?;
        Ok(Clause::Index { table, code, condition: Condition::any(conditions), negated: false })
    }
}

fn bad_modifier(name: &str, modifier: &str) -> Outcome {
    let text = format!("Tham số “{name}”: máy chủ này không hỗ trợ bổ nghĩa “:{modifier}” ở đây.");
    let detail = format!("modifier :{modifier} is not supported for {name}");
    Outcome::invalid("search-modifier", text, detail).at(name.to_owned())
}

/// Of references in shared rows, those that the parameter means.
fn of_type(parameter: &Parameter, condition: Condition) -> Condition {
    match parameter.only_type() {
        Some(only) => condition.and(reference::of_type(only)),
        None => condition,
    }
}

/// The condition of one value, by the type of the parameter and its modifier.
fn value_condition(
    parameter: &Parameter,
    name: &str,
    modifier: Option<&str>,
    value: &str,
) -> Result<Condition, Outcome> {
    match (parameter.search_type, modifier) {
        (SearchType::Token, None) => Ok(token::matches(value)),
        (SearchType::String, None) => Ok(string::starts_with(value)),
        (SearchType::String, Some("exact")) => Ok(string::exact(&plain(value))),
        (SearchType::String, Some("contains")) => Ok(string::contains(&plain(value))),
        (SearchType::Uri, None) => Ok(uri::matches(&plain(value))),
        (SearchType::Uri, Some("below")) => Ok(uri::below(&plain(value))),
        (SearchType::Reference, None) => Ok(reference::matches(&plain(value), &parameter.targets)),
        (SearchType::Reference, Some(kind)) if r4().is_resource(kind) => {
            Ok(reference::matches(&plain(value), &[kind.to_owned()]))
        }
        (SearchType::Date, None) => {
            let (prefix, rest) = Prefix::split(value);
            let asked = DateRange::parse(rest).ok_or_else(|| bad_date(name, value))?;
            Ok(date::matches(prefix, asked))
        }
        (SearchType::Number | SearchType::Quantity, None) => {
            quantity::matches(value).ok_or_else(|| bad_value(name, value, "một số, ví dụ gt5.4 hoặc 5.4||mg"))
        }
        (_, Some(modifier)) => Err(bad_modifier(name, modifier)),
        (SearchType::Composite | SearchType::Special, None) => {
            Err(bad_value(name, value, "một giá trị được hỗ trợ"))
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

fn bad_date(name: &str, value: &str) -> Outcome {
    bad_value(name, value, "một ngày có thật như 2026-03-02, có thể thêm tiền tố ge, le, gt, lt")
}

fn bad_value(name: &str, value: &str, wanted: &str) -> Outcome {
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
