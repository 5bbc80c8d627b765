//! Whose records a search can find at all, as far as its conditions say so: what a scope asks of a person is then asked once,
//! not of each record.

use super::condition::Condition;
use super::query::{Clause, Query};
use super::scope::{Unless, Whose};
use crate::db::Value;
use crate::db::schema::{PAIR, REFERENCE};
use crate::index::reference::local_target;
use crate::index::{Numbers, course, kinds, position};

/// [`Whose`], with what it refers to.
pub(super) enum Owner {
    Unknown,
    Of(String, Vec<Unless>),
}

impl Owner {
    pub fn as_whose(&self) -> Whose<'_> {
        match self {
            Owner::Unknown => Whose::Unknown,
            Owner::Of(patient, unless) => Whose::Of(patient, unless),
        }
    }

    /// Of everything that a search finds.
    pub fn of(query: &Query, numbers: &Numbers) -> Owner {
        let mut known = query.clauses.iter().map(|clause| of_clause(&query.kind, clause, numbers));
        known.find(|one| matches!(one, Owner::Of(..))).unwrap_or(Owner::Unknown)
    }
}

fn of_clause(kind: &str, clause: &Clause, numbers: &Numbers) -> Owner {
    let is_own = |code: &str| kinds().get(kind).is_some_and(|index| index.is_of_compartment(code));
    match clause {
        Clause::Compartment { of, id } if of == "Patient" => Owner::Of(id.clone(), Vec::new()),
        Clause::Index { table, code, condition, negated: false } if *table == position(&REFERENCE) => {
            let values = condition.params.iter().filter(|_| is_own(code) && is_list_of(condition, "target"));
            of_values(values.map(|value| (value, text(value))), *table, &numbers.parameter(kind, code))
        }
        Clause::Index { table, code, condition, negated: false } if *table == position(&PAIR) => {
            if !clause.course(kind).is_some_and(|course| is_own(course.whose)) {
                return Owner::Unknown;
            }
            let values =
                condition.params.iter().filter_map(|value| Some((value, course::whose(text(value))?)));
            of_values(values, *table, &numbers.parameter(kind, code))
        }
        _ => Owner::Unknown,
    }
}

/// Whether a condition is that a column is one of its parameters.
fn is_list_of(condition: &Condition, column: &str) -> bool {
    condition.sql == format!("{column} = {{}}") || condition.sql.starts_with(&format!("{column} IN ("))
}

/// Of rows with one of these values, each with the address in it: all must be of one Patient. An absolute address means a
/// record of this server too, but puts nothing into a compartment.
fn of_values<'v>(values: impl Iterator<Item = (&'v Value, &'v str)>, table: usize, numbers: &[i64]) -> Owner {
    let (mut patient, mut unless) = (None, Vec::new());
    for (value, address) in values {
        let id = match local_target(address) {
            Some(("Patient", id)) => id,
            _ => match address.rsplit_once("/Patient/") {
                Some((_, id)) => {
                    let numbers = numbers.to_vec();
                    unless.push(Unless { table, numbers, value: value.clone() });
                    id
                }
                None => return Owner::Unknown,
            },
        };
        if *patient.get_or_insert(id) != id {
            return Owner::Unknown;
        }
    }
    patient.map_or(Owner::Unknown, |patient| Owner::Of(patient.to_owned(), unless))
}

fn text(value: &Value) -> &str {
    if let Value::Text(text) = value { text } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(kind: &str, text: &str) -> Owner {
        let query = Query::parse_string(kind, text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
        Owner::of(&query.joined(), &Numbers::default())
    }

    #[test]
    fn a_search_by_one_patient_says_whose_its_records_are() {
        for text in
            ["patient=a", "subject=Patient/a", "code=c&patient=a", "code=s|c&subject=Patient/a&_sort=-date"]
        {
            let found = asked("Observation", text);
            assert!(
                matches!(&found, Owner::Of(patient, unless) if patient == "a" && unless.is_empty()),
                "{text}"
            );
        }
        let absolute = asked("Observation", "subject=Patient/a,http://x.vn/fhir/Patient/a");
        assert!(matches!(absolute, Owner::Unknown), "an address of another server is no list of ours");
    }

    #[test]
    fn what_may_be_of_others_is_of_nobody_known() {
        for (kind, text) in [
            ("Observation", "patient=a,b"),
            ("Observation", "subject=Group/a"),
            ("Observation", "subject:missing=true"),
            ("Observation", "code=c"),
            ("Observation", "patient.name=a"),
            ("Observation", "focus=Patient/a"),
            ("Observation", "encounter.patient=a"),
            ("Observation", "patient=a&code=Patient/b\u{1}c|x"),
            ("Encounter", ""),
        ] {
            assert!(matches!(asked(kind, text), Owner::Unknown), "{kind}?{text}");
        }
    }
}
