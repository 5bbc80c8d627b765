//! A piece of a WHERE clause with its parameters, and the prefixes of ordered searches.

use crate::db::Value;
use std::fmt::Write;

/// SQL with `{}` where its parameters go.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub sql: String,
    pub params: Vec<Value>,
}

impl Condition {
    pub fn new(sql: impl Into<String>, params: Vec<Value>) -> Condition {
        Condition { sql: sql.into(), params }
    }

    pub fn and(mut self, other: Condition) -> Condition {
        self.sql = format!("({} AND {})", self.sql, other.sql);
        self.params.extend(other.params);
        self
    }

    /// True when one of these is. The terms are paired, and the pairs again, because SQLite bounds how deep an
    /// expression is.
    pub fn any(conditions: Vec<Condition>) -> Condition {
        let sql: Vec<&str> = conditions.iter().map(|one| one.sql.as_str()).collect();
        let sql = either(&sql);
        Condition { sql, params: conditions.into_iter().flat_map(|one| one.params).collect() }
    }
}

fn either(terms: &[&str]) -> String {
    match terms {
        [] => "1 = 0".to_owned(),
        [one] => (*one).to_owned(),
        _ => {
            let (left, right) = terms.split_at(terms.len() / 2);
            format!("({} OR {})", either(left), either(right))
        }
    }
}

/// So many `{}` with commas between.
pub fn places(count: usize) -> String {
    let mut text = "{}, ".repeat(count);
    text.truncate(text.len().saturating_sub(2));
    text
}

/// SQL under construction: conditions are appended, their parameters numbered.
#[derive(Debug, Default)]
pub struct Sql {
    pub text: String,
    pub params: Vec<Value>,
}

impl Sql {
    /// Appends text in which each `{}` takes the next parameter.
    pub fn push(&mut self, text: &str, params: impl IntoIterator<Item = Value>) {
        let mut params = params.into_iter();
        let mut pieces = text.split("{}");
        self.text += pieces.next().unwrap_or_default();
        for piece in pieces {
            if let Some(value) = params.next() {
                self.params.push(value);
            }
            // A String takes whatever is written.
            let _ = write!(self.text, "?{}{piece}", self.params.len());
        }
    }

    pub fn condition(&mut self, condition: &Condition) {
        self.push(&condition.sql, condition.params.iter().cloned());
    }
}

/// The comparison prefixes. <https://hl7.org/fhir/R4/search.html#prefix>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

impl Prefix {
    /// Splits `ge2026-01-01` into prefix and rest.
    pub fn split(value: &str) -> (Prefix, &str) {
        let table = [
            ("eq", Prefix::Eq),
            ("ne", Prefix::Ne),
            ("gt", Prefix::Gt),
            ("lt", Prefix::Lt),
            ("ge", Prefix::Ge),
            ("le", Prefix::Le),
            ("sa", Prefix::Sa),
            ("eb", Prefix::Eb),
            ("ap", Prefix::Ap),
        ];
        let found =
            table.iter().find_map(|(text, prefix)| value.strip_prefix(text).map(|rest| (*prefix, rest)));
        found.unwrap_or((Prefix::Eq, value))
    }
}

/// Splits at a separator that has no backslash before it, and takes the backslashes away.
pub fn escaped_split(value: &str, separator: char) -> Vec<String> {
    let (mut parts, mut part, mut letters) = (Vec::new(), String::new(), value.chars());
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            match letters.next() {
                // An escape of another separator stays for the split that looks for that one.
                Some(next) if next != separator && matches!(next, ',' | '|' | '$' | '\\') => {
                    part.extend(['\\', next])
                }
                Some(next) => part.push(next),
                None => part.push('\\'),
            }
        } else if letter == separator {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(letter);
        }
    }
    parts.push(part);
    parts
}

/// A value whose `|` means nothing: all escapes are resolved.
pub fn plain(value: &str) -> String {
    escaped_split(value, '\u{0}').concat().replace("\\|", "|").replace("\\$", "$").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_protect_separators_one_level_at_a_time() {
        assert_eq!(escaped_split("a,b", ','), ["a", "b"]);
        assert_eq!(escaped_split("a\\,b,c", ','), ["a,b", "c"]);
        assert_eq!(escaped_split("s\\|x|c", ','), ["s\\|x|c"]);
        assert_eq!(escaped_split("s\\|x|c", '|'), ["s|x", "c"]);
        assert_eq!(escaped_split("", '|'), [""]);
    }

    #[test]
    fn parameters_are_numbered_as_they_come() {
        let mut sql = Sql::default();
        sql.push("a = {} AND ", [Value::Int(1)]);
        sql.condition(&Condition::any(vec![
            Condition::new("b = {}", vec![Value::Int(2)]),
            Condition::new("c = {}", vec![Value::Int(3)]),
        ]));
        assert_eq!(sql.text, "a = ?1 AND (b = ?2 OR c = ?3)");
        assert_eq!(sql.params.len(), 3);
    }
}
