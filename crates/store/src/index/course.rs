//! The course of a value: which observations of a code someone has. "This person's HbA1c, newest first" is what doctors ask
//! most; by the rows of the person and the rows of the code apart, each of the person's observations would have to be
//! tested for its code. One row holds both.
//!
//! The rows stand among the composites ([`schema::PAIR`]): person and code together in `code`, the code's system in
//! `system`, the least and the greatest date in `low` and `high`: by these the course is put in order without a look at
//! the records. The rows are made of those of the three parameters, so they say the same as these.

use super::{Numbers, Rows, bounded, position};
use crate::db::{Value as Cell, schema};
use crate::search::clause_sql::NEVER;
use crate::search::condition::{Condition, places};

/// Parameters of a type whose values have rows together.
pub struct Course {
    pub kind: &'static str,
    /// The reference to a person.
    pub whose: &'static str,
    /// The code.
    pub what: &'static str,
    /// The date by which it is put in order.
    pub when: &'static str,
    /// What the rows are called; no search parameter has such a name.
    pub code: &'static str,
}

/// Every course. Other types have too few records of one person for one to be worth its rows.
pub static COURSES: [Course; 1] =
    [Course { kind: "Observation", whose: "subject", what: "code", when: "date", code: "subject+code" }];

/// Between person and code in a row.
const BETWEEN: char = '\u{1}';

impl Course {
    pub fn of(kind: &str) -> Option<&'static Course> {
        COURSES.iter().find(|course| course.kind == kind)
    }

    /// Adds the rows of a resource that has the rows of the parameters.
    pub(super) fn index(&self, numbers: &Numbers, rows: &mut Rows) {
        let number = |code| numbers.parameter(self.kind, code);
        let (p, whose, what) = (number(self.code), number(self.whose), number(self.what));
        let (first, last) = self.dates(rows, &number(self.when));
        let people: Vec<String> =
            values(rows, &schema::REFERENCE, &whose).map(|cells| text(&cells[1]).to_owned()).collect();
        let codes: Vec<(String, Cell)> = values(rows, &schema::TOKEN, &what)
            .map(|cells| (text(&cells[1]).to_owned(), cells[2].clone()))
            .collect();
        for person in &people {
            for (code, system) in &codes {
                let row = [
                    Cell::Int(p[0]),
                    Cell::Text(key(person, code)),
                    system.clone(),
                    Cell::Real(first),
                    Cell::Real(last),
                    Cell::from(""),
                    Cell::from(""),
                ];
                rows.add(position(&schema::PAIR), row);
            }
        }
    }

    /// The least and the greatest beginning of a date of these rows, in ms; without one, what comes last in either order.
    /// Whole ms up to 2^53, and [`NEVER`], are exact.
    fn dates(&self, rows: &Rows, when: &[i64]) -> (f64, f64) {
        let starts = values(rows, &schema::DATE, when)
            .filter_map(|cells| if let Cell::Int(ms) = cells[1] { Some(ms) } else { None });
        match starts.fold(None, |ends: Option<(i64, i64)>, ms| {
            let (first, last) = ends.unwrap_or((ms, ms));
            Some((first.min(ms), last.max(ms)))
        }) {
            Some((first, last)) => (first as f64, last as f64),
            None => (NEVER as f64, -NEVER as f64),
        }
    }

    /// The column of these rows by which a record is sorted by a parameter, where they have it.
    pub fn order(&self, code: &str, descending: bool) -> Option<&'static str> {
        (code == self.when).then_some(if descending { "high" } else { "low" })
    }

    /// Both conditions as one over these rows, when they are equalities: of a few people, with one code.
    pub fn matches(&self, whose: &Condition, what: &Condition) -> Option<Condition> {
        let listed = format!("target IN ({})", places(whose.params.len()));
        let (code, system) = what.params.split_first()?;
        let is_plain = matches!(what.sql.as_str(), "code = {}" | "(code = {} AND system = {})")
            && (whose.sql == "target = {}" || whose.sql == listed);
        if !is_plain {
            return None;
        }
        let mut params: Vec<Cell> =
            whose.params.iter().map(|person| Cell::Text(key(text(person), text(code)))).collect();
        // One list of keys, not alternatives: an engine goes through all rows under `p` for these.
        let keys =
            if params.len() == 1 { "= {}".to_owned() } else { format!("IN ({})", places(params.len())) };
        let and_system = if system.is_empty() { "" } else { " AND system = {}" };
        params.extend_from_slice(system);
        Some(Condition::new(format!("(code {keys}{and_system})"), params))
    }
}

/// The address of the person in a value of a course, as far as one is in it.
pub fn whose(key: &str) -> Option<&str> {
    Some(key.split_once(BETWEEN)?.0)
}

fn key(person: &str, code: &str) -> String {
    bounded(&format!("{person}{BETWEEN}{code}"))
}

fn values<'a>(
    rows: &'a Rows,
    table: &schema::IndexTable,
    numbers: &'a [i64],
) -> impl Iterator<Item = &'a [Cell]> {
    let is_under = |cells: &&[Cell]| matches!(cells[0], Cell::Int(p) if numbers.contains(&p));
    rows.rows(position(table)).filter(is_under)
}

fn text(cell: &Cell) -> &str {
    if let Cell::Text(text) = cell { text } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_equalities_are_joined() {
        let course = Course::of("Observation").unwrap();
        let people = |sql: &str, count: usize| Condition::new(sql, vec![Cell::from("Patient/a"); count]);
        let code = Condition::new("(code = {} AND system = {})", vec![Cell::from("c"), Cell::from("s")]);
        let joined = course.matches(&people("target IN ({}, {})", 2), &code).unwrap();
        assert_eq!(joined.sql, "(code IN ({}, {}) AND system = {})");
        assert_eq!(joined.params[0], Cell::from("Patient/a\u{1}c"));
        let range = people("(target = {} OR target >= {} AND target < {})", 3);
        assert_eq!(course.matches(&range, &code), None);
        let of_system = Condition::new("system = {}", vec![Cell::from("s")]);
        assert_eq!(course.matches(&people("target = {}", 1), &of_system), None);
        let either = Condition::new("(code = {} OR system = {})", vec![Cell::from("c"), Cell::from("s")]);
        assert_eq!(course.matches(&people("target = {}", 1), &either), None);
    }
}
