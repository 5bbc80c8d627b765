//! What an app that somebody lets in sees less than they do: the records of one patient, or those with certain codes. The
//! rest of a scope says what its person sees; a limit takes away from that and never adds (decision of 2026-11-22, SMART).

use super::clause_sql::visible;
use super::condition::{Condition, Sql, escaped_split, plain};
use crate::db::{Value, schema};
use crate::index::{Numbers, position, token};
use crate::request::Write;

/// A limit: all of what it says must be so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit {
    /// The record belongs to this patient (id).
    pub patient: Option<String>,
    /// The record has these codes.
    pub tokens: Vec<Codes>,
}

/// A search parameter of the sort token, and its values as a search names them (`code`, `system|code`), of which the record
/// has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Codes {
    pub parameter: String,
    pub values: Vec<String>,
}

impl Limit {
    /// Whether what is written keeps it: it belongs to this patient alone, and has the codes.
    pub(super) fn is_kept_by(&self, write: &Write, numbers: &Numbers) -> bool {
        let patients = write.patients();
        let is_theirs = |patient: &String| !patients.is_empty() && patients.iter().all(|one| one == patient);
        self.patient.as_ref().is_none_or(is_theirs)
            && self.tokens.iter().all(|codes| codes.are_in(write, numbers))
    }
}

impl Codes {
    fn are_in(&self, write: &Write, numbers: &Numbers) -> bool {
        let Some(payload) = &write.payload else { return false };
        let under = numbers.parameter(&write.kind, &self.parameter);
        let text = |cell: &Value| if let Value::Text(text) = cell { text.clone() } else { String::new() };
        let mut rows = payload
            .rows
            .rows(position(&schema::TOKEN))
            .filter(|cells| matches!(cells[0], Value::Int(p) if under.contains(&p)))
            .map(|cells| (text(&cells[1]), text(&cells[2])));
        rows.any(|(code, system)| self.values.iter().any(|value| is_one(value, &code, &system)))
    }
}

/// The same judgement as [`token::matches`], of a row that is not in the database yet.
fn is_one(value: &str, code: &str, system: &str) -> bool {
    let parts: Vec<String> = escaped_split(value, '|').iter().map(|part| plain(part)).collect();
    match parts.as_slice() {
        [one] => one == code,
        [of, one] if one.is_empty() => of == system,
        [of, one, ..] => one == code && of == system,
        [] => false,
    }
}

/// `AND (` the record of `alias` (`rid`), which is of one of these types, keeps one of the limits at a moment `)`.
pub(super) fn limited(
    sql: &mut Sql,
    limits: &[Limit],
    kinds: &[&str],
    alias: &str,
    t: i64,
    numbers: &Numbers,
) {
    sql.push(" AND (1 = 0", []);
    for limit in limits {
        sql.push(" OR (1 = 1", []);
        if let Some(patient) = &limit.patient {
            let exists = " AND EXISTS (SELECT 1 FROM ix_patient lx WHERE lx.shard = 0 AND lx.rid = ";
            sql.push(&format!("{exists}{alias}rid AND "), []);
            visible(sql, "lx.", t);
            sql.push(" AND lx.patient = {})", [Value::from(patient.as_str())]);
        }
        for codes in &limit.tokens {
            let under = kinds.iter().flat_map(|kind| numbers.parameter(kind, &codes.parameter));
            let under = under.map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
            let exists = " AND EXISTS (SELECT 1 FROM ix_token lt WHERE lt.shard = 0 AND lt.rid = ";
            // The sum keeps an engine from a lookup for each number: a record has few tokens.
            sql.push(&format!("{exists}{alias}rid AND lt.p + 0 IN ({under}) AND "), []);
            visible(sql, "lt.", t);
            sql.push(" AND ", []);
            sql.condition(&Condition::any(codes.values.iter().map(|value| token::matches(value)).collect()));
            sql.push(")", []);
        }
        sql.push(")", []);
    }
    sql.push(")", []);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_judged_before_it_is_kept_as_it_is_found_afterwards() {
        for (value, code, system, fits) in [
            ("a", "a", "s", true),
            ("a", "a", "", true),
            ("s|a", "a", "s", true),
            ("s|a", "a", "", false),
            ("|a", "a", "", true),
            ("|a", "a", "s", false),
            ("s|", "b", "s", true),
            ("s|", "b", "x", false),
            ("a", "b", "s", false),
            ("a\\|b", "a|b", "", true),
        ] {
            assert_eq!(is_one(value, code, system), fits, "{value} of {system}|{code}");
        }
    }
}
