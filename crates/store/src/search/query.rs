//! A search as asked: parsed against the R4 search parameters, everything unknown refused by name.
//! <https://hl7.org/fhir/R4/search.html>

use super::Scope;
use super::condition::{Condition, Prefix, escaped_split};
use crate::index::{self, Parameter, date, kinds, quantity, reference, string, token, uri};
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
/// Most sort parameters, and most `_include`s.
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
        let (clauses, sort, include) = (Vec::new(), Vec::new(), Vec::new());
        Query {
            kind: kind.to_owned(),
            clauses,
            sort,
            include,
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
        let compared: usize = query.clauses.iter().map(Clause::values).sum();
        if query.clauses.len() > CLAUSES_MAX || compared > VALUES_MAX {
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
            "_include" if self.include.len() == INCLUDES_MAX => {
                return Err(bad_value(name, value, "tối đa 20 lần"));
            }
            "_include" => self.include.push(self.parse_include(value)?),
            "_format" | "_pretty" => {}
            _ => {
                let clause = self.parse_clause(name, value)?;
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

    fn parse_clause(&self, name: &str, value: &str) -> Result<Clause, Outcome> {
        let (code, modifier) = name.split_once(':').map_or((name, None), |(code, rest)| (code, Some(rest)));
        if code.contains('.') || code == "_has" {
            let text = format!("Máy chủ này chưa hỗ trợ tìm kiếm nối chuỗi “{name}”.");
            let detail = format!("chained search {name} is not supported here");
            return Err(Outcome::invalid("search-unsupported", text, detail).at(name.to_owned()));
        }
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
        (_, Some(modifier)) => {
            let text = format!("Tham số “{name}”: máy chủ này không hỗ trợ bổ nghĩa “:{modifier}” ở đây.");
            let detail = format!("modifier :{modifier} is not supported for {name}");
            Err(Outcome::invalid("search-modifier", text, detail).at(name.to_owned()))
        }
        (SearchType::Composite | SearchType::Special, None) => {
            Err(bad_value(name, value, "một giá trị được hỗ trợ"))
        }
    }
}

/// A value whose `|` means nothing: all escapes are resolved.
fn plain(value: &str) -> String {
    escaped_split(value, '\u{0}').concat().replace("\\|", "|").replace("\\$", "$").replace("\\\\", "\\")
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
        SearchType::Uri | SearchType::Composite | SearchType::Special => &schema::URI,
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
