//! One parameter of a search as a condition on a record: plain, composite, chained, `_has`.

use super::condition::{Condition, Prefix, escaped_split};
use super::query::{Clause, Query, Reading, bad_value, table_of};
use super::value::{Asked, bad_date, bad_modifier};
use crate::index::{Composite, date, kinds, pair};
use yba_fhir::defs::{SearchType, r4};
use yba_fhir::{DateRange, Kind, Outcome};

/// Most alternatives of one clause.
const ALTERNATIVES_MAX: usize = 500;
/// Most steps of a chain, `_has` included.
const STEPS_MAX: usize = 6;
/// Most types that a reference of a chain may have without saying which is meant, and most ways that a chain may go in all.
const TARGETS_MAX: usize = 8;
const WAYS_MAX: usize = 64;

impl Query {
    /// Narrows the search to a compartment, such as `Patient/1`. Refuses types of which there are no compartments, or
    /// that are never in one.
    pub fn in_compartment(mut self, of: &str, id: &str) -> Result<Query, Outcome> {
        let kind = &self.kind;
        let clause = match r4().compartment(of, kind) {
            Some(_) if of == kind && of != "Patient" => Clause::Ids(vec![id.to_owned()]),
            Some(codes) if !codes.is_empty() || of == kind => {
                Clause::Compartment { of: of.to_owned(), id: id.to_owned() }
            }
            Some(_) => {
                let text = format!("{kind} không thuộc hồ sơ theo {of}.");
                let detail = format!("{kind} is not in the compartment of {of}");
                return Err(Outcome::new(Kind::NotFound, "compartment", text, detail));
            }
            None => {
                let known: Vec<&str> = r4().compartments().collect();
                let text = format!("Không có hồ sơ theo {of}. Có: {}.", known.join(", "));
                let detail = format!("there are no compartments of {of}");
                return Err(Outcome::new(Kind::NotFound, "compartment", text, detail));
            }
        };
        self.clauses.push(clause);
        Ok(self)
    }

    /// The types that may be in a compartment.
    pub fn kinds_of_compartment(of: &str) -> Vec<&'static str> {
        let is_in =
            |kind: &&str| *kind == of || r4().compartment(of, kind).is_some_and(|codes| !codes.is_empty());
        r4().resource_types().filter(is_in).collect()
    }

    /// `subject:Patient.name=x`, `patient.name=x`: without a type, every type that the reference may have and that knows the
    /// rest counts.
    fn parse_chain(
        &self,
        name: &str,
        value: &str,
        step: usize,
        how: &Reading<'_>,
    ) -> Result<Clause, Outcome> {
        let (head, rest) = name.split_once('.').unwrap_or((name, ""));
        let (code, kind) = head.split_once(':').map_or((head, None), |(code, kind)| (code, Some(kind)));
        let parameter = self.parameter(name, code)?;
        if parameter.search_type != SearchType::Reference {
            return Err(bad_value(name, code, "một tham số tham chiếu trước dấu chấm"));
        }
        let kinds: Vec<&str> = match kind {
            Some(kind) if r4().is_resource(kind) && parameter.may_point_at(kind) => vec![kind],
            Some(kind) => return Err(bad_value(name, kind, "một loại mà tham chiếu này trỏ tới được")),
            None if parameter.targets.is_empty() || parameter.targets.len() > TARGETS_MAX => {
                return Err(bad_value(name, code, "loại tài nguyên đích, ví dụ subject:Patient.name"));
            }
            None => parameter.targets.iter().map(String::as_str).collect(),
        };
        let (mut targets, mut refused) = (Vec::new(), None);
        for kind in kinds {
            match Query::of_one(kind, rest, value, step + 1, how) {
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
    fn parse_has(
        &self,
        name: &str,
        rest: &str,
        value: &str,
        step: usize,
        how: &Reading<'_>,
    ) -> Result<Clause, Outcome> {
        let mut parts = rest.splitn(3, ':');
        let (Some(kind), Some(code), Some(asked)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad_value(name, rest, "dạng _has:Loại:tham-số-tham-chiếu:tham-số"));
        };
        self.pointing_here(name, kind, code)?;
        let of = Box::new(Query::of_one(kind, asked, value, step + 1, how)?);
        Ok(Clause::Has { code: code.to_owned(), of })
    }

    /// A query of one condition, as a step of a chain.
    fn of_one(kind: &str, name: &str, value: &str, step: usize, how: &Reading<'_>) -> Result<Query, Outcome> {
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
        query.clauses.push(query.parse_clause(name, value, step, how)?);
        Ok(query)
    }

    /// Refuses what is no reference of another type to this one.
    fn pointing_here(&self, name: &str, kind: &str, code: &str) -> Result<(), Outcome> {
        if !r4().is_resource(kind) {
            return Err(bad_value(name, kind, "một loại tài nguyên FHIR R4"));
        }
        let parameter = Query::all(kind).parameter(name, code)?;
        if !parameter.may_point_at(&self.kind) {
            let wanted = format!("một tham chiếu của {kind} tới {}", self.kind);
            return Err(bad_value(name, code, &wanted));
        }
        Ok(())
    }

    pub(super) fn parse_clause(
        &self,
        name: &str,
        value: &str,
        step: usize,
        how: &Reading<'_>,
    ) -> Result<Clause, Outcome> {
        if let Some(rest) = name.strip_prefix("_has:") {
            return self.parse_has(name, rest, value, step, how);
        }
        if name.contains('.') {
            return self.parse_chain(name, value, step, how);
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
            return self.composite_clause(composite, name, modifier, &values, how);
        }
        let parameter = self.parameter(name, code)?;
        Asked { parameter, name, modifier, world: how.world }.clause(value, &values)
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
        how: &Reading<'_>,
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
            pair::matches(composite, &self.kind, one, &|| how.world.units())
                .ok_or_else(|| bad_value(name, one, wanted))
        };
        let conditions = values.iter().map(each).collect::<Result<Vec<_>, Outcome>>()?;
        Ok(Clause::Index { table, code, condition: Condition::any(conditions), negated: false })
    }
}
