//! Which profiles, security labels and tags the records of some types have: each once, however many records have it.

use crate::db::Value;
use crate::db::schema::OPEN;
use crate::index::Numbers;
use crate::open::Store;
use crate::search::Scope;
use crate::search::clause_sql::NOW;
use crate::search::condition::{Sql, places};
use crate::search::scope::{Of, within};
use yba_fhir::Outcome;

/// Most labels of one sort that are told.
pub const LABELS_MAX: usize = 1000;

/// Labels in use; of security labels and tags the system and the code.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Labels {
    pub profiles: Vec<String>,
    pub security: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
    /// There are more than [`LABELS_MAX`] of a sort.
    pub has_more: bool,
}

impl Store {
    /// The labels of the records of these types within a scope.
    pub async fn labels(&self, kinds: &[&str], scope: &Scope) -> Result<Labels, Outcome> {
        let under = |code: &str| -> Vec<i64> {
            kinds.iter().flat_map(|kind| self.numbers().parameter(kind, code)).collect()
        };
        let [profiles, security, tags] = ["_profile", "_security", "_tag"].map(under);
        let (scope, inner) = (scope.clone(), self.0.clone());
        self.scan(move |connection| {
            let mut labels = Labels::default();
            let mut each =
                |numbers: &[i64], table: &str, columns: &[&str], found: &mut dyn FnMut(&[Value])| {
                    let mut count = 0;
                    for p in numbers {
                        // From one value to the next: rows of the same value are passed over by the index.
                        let mut last = vec![Value::from(""); columns.len()];
                        loop {
                            let sql = next(table, columns, *p, &last, &scope, &inner.numbers);
                            let Some(row) = connection.query(&sql.text, &sql.params)?.into_iter().next()
                            else {
                                break;
                            };
                            count += 1;
                            if count > LABELS_MAX {
                                return Ok::<bool, Outcome>(true);
                            }
                            found(&row.0);
                            last = row.0;
                        }
                    }
                    Ok(false)
                };
            let text =
                |value: &Value| if let Value::Text(text) = value { text.clone() } else { String::new() };
            let pair = |row: &[Value]| (text(&row[1]), text(&row[0]));
            let Labels { profiles: known, security: secured, tags: tagged, has_more } = &mut labels;
            *has_more |= each(&profiles, "ix_uri", &["uri"], &mut |row| known.push(text(&row[0])))?;
            *has_more |=
                each(&security, "ix_token", &["code", "system"], &mut |row| secured.push(pair(row)))?;
            *has_more |= each(&tags, "ix_token", &["code", "system"], &mut |row| tagged.push(pair(row)))?;
            for pairs in [secured, tagged] {
                pairs.sort_unstable();
                pairs.dedup();
            }
            known.sort_unstable();
            known.dedup();
            Ok(labels)
        })
        .await
    }
}

/// The first value of a parameter after another.
fn next(table: &str, columns: &[&str], p: i64, last: &[Value], scope: &Scope, numbers: &Numbers) -> Sql {
    let mut sql = Sql::default();
    let (names, listed) = (columns.join(", "), places(columns.len()));
    sql.push(
        &format!("SELECT {names} FROM {table} l WHERE l.shard = 0 AND l.p = {{}} AND ({names}) > ({listed})"),
        std::iter::once(Value::Int(p)).chain(last.iter().cloned()),
    );
    sql.push(&format!(" AND l.t_to = {OPEN}"), []);
    within(&mut sql, scope, Of::Life, "l.", NOW, numbers);
    sql.push(&format!(" ORDER BY {names} LIMIT 1"), []);
    sql
}
