//! The derived tables: which subscriptions are active, what waits to be sent, what could not be delivered.

use crate::follower::FOLLOWER;
use yba_fhir::Outcome;
use yba_store::{Logged, Statement, Store, Value};

/// Under this name `sending` and `letters` change the tables, so that the follower's own cursor is left alone.
const SENDER: &str = "subscription-sender";

const DDL: &[&str] = &[
    // One row once the subscriptions that were there before these tables have been looked at.
    "CREATE TABLE IF NOT EXISTS sub_begun (t BIGINT NOT NULL PRIMARY KEY)",
    // `failures` counts dead letters in a row, `dropped` dead letters that are not kept any more.
    "CREATE TABLE IF NOT EXISTS sub_state (subscription TEXT NOT NULL PRIMARY KEY, active BIGINT NOT NULL, \
     failures BIGINT NOT NULL, dropped BIGINT NOT NULL)",
    // `t` is the log position of what is to be told; `due` in ms since 1970 UTC.
    "CREATE TABLE IF NOT EXISTS sub_queue (subscription TEXT NOT NULL, t BIGINT NOT NULL, kind TEXT NOT NULL, \
     id TEXT NOT NULL, tries BIGINT NOT NULL, due BIGINT NOT NULL, PRIMARY KEY (subscription, t))",
    "CREATE TABLE IF NOT EXISTS sub_letter (subscription TEXT NOT NULL, t BIGINT NOT NULL, kind TEXT NOT NULL, \
     id TEXT NOT NULL, tries BIGINT NOT NULL, status TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (subscription, t))",
];

/// A notification that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub t: i64,
    pub kind: String,
    pub id: String,
    pub tries: i64,
    pub due: i64,
}

/// Creates the tables if they are not there.
pub(crate) async fn prepare(store: &Store) -> Result<(), Outcome> {
    store.migrate(DDL).await
}

/// Whether the follower has begun here before.
pub(crate) async fn has_begun(store: &Store) -> Result<bool, Outcome> {
    Ok(!store.query("SELECT t FROM sub_begun", Vec::new()).await?.is_empty())
}

pub(crate) fn begin(t: i64) -> Statement {
    Statement::new("INSERT INTO sub_begun (t) VALUES (?1)", vec![Value::Int(t)])
}

/// The subscriptions that were active at the cursor.
pub(crate) async fn active(store: &Store) -> Result<Vec<String>, Outcome> {
    let sql = "SELECT subscription FROM sub_state WHERE active = 1 ORDER BY subscription";
    Ok(store.query(sql, Vec::new()).await?.iter().map(|row| row.text(0).to_owned()).collect())
}

/// How many notifications wait, by subscription.
pub(crate) async fn pending(store: &Store) -> Result<Vec<(String, usize)>, Outcome> {
    let sql = "SELECT subscription, COUNT(*) FROM sub_queue GROUP BY subscription";
    let rows = store.query(sql, Vec::new()).await?;
    Ok(rows.iter().map(|row| (row.text(0).to_owned(), row.int(1) as usize)).collect())
}

fn of(sql: &str, subscription: &str) -> Statement {
    Statement::new(sql, vec![Value::from(subscription)])
}

/// From here on it is active; what waits is tried at once.
pub(crate) fn activated(subscription: &str) -> Vec<Statement> {
    let state = "INSERT INTO sub_state (subscription, active, failures, dropped) VALUES (?1, 1, 0, 0) \
                 ON CONFLICT (subscription) DO UPDATE SET active = 1, failures = 0";
    let queue = "UPDATE sub_queue SET tries = 0, due = 0 WHERE subscription = ?1";
    vec![of(state, subscription), of(queue, subscription)]
}

/// It is told of nothing new; what waits is kept.
pub(crate) fn paused(subscription: &str) -> Vec<Statement> {
    vec![of("UPDATE sub_state SET active = 0 WHERE subscription = ?1", subscription)]
}

/// It is over; its dead letters can still be read.
pub(crate) fn stopped(subscription: &str) -> Vec<Statement> {
    let mut statements = paused(subscription);
    statements.push(of("DELETE FROM sub_queue WHERE subscription = ?1", subscription));
    statements
}

/// Nothing of it stays.
pub(crate) fn forgotten(subscription: &str) -> Vec<Statement> {
    ["sub_state", "sub_queue", "sub_letter"]
        .iter()
        .map(|table| of(&format!("DELETE FROM {table} WHERE subscription = ?1"), subscription))
        .collect()
}

/// What is to be told to whom. A notification that waits already stays as it is.
pub(crate) fn enqueue(matched: &[(String, &Logged)]) -> Vec<Statement> {
    const ROWS: usize = 40;
    let statement = |rows: &[(String, &Logged)]| {
        let places: Vec<String> = (0..rows.len())
            .map(|row| {
                let first = 4 * row + 1;
                format!("(?{first}, ?{}, ?{}, ?{}, 0, 0)", first + 1, first + 2, first + 3)
            })
            .collect();
        let values = rows.iter().flat_map(|(subscription, one)| {
            [
                Value::from(subscription.as_str()),
                Value::Int(one.t),
                Value::from(one.kind.as_str()),
                Value::from(one.id.as_str()),
            ]
        });
        let sql = format!(
            "INSERT INTO sub_queue (subscription, t, kind, id, tries, due) VALUES {} \
             ON CONFLICT (subscription, t) DO NOTHING",
            places.join(", ")
        );
        Statement::new(sql, values.collect())
    };
    // Two lengths only, so that few statements are prepared.
    let whole = matched.len() - matched.len() % ROWS;
    matched[..whole].chunks(ROWS).chain(matched[whole..].chunks(1)).map(statement).collect()
}

/// Writes what the follower derived, and its cursor.
pub(crate) async fn derive(store: &Store, t: i64, statements: Vec<Statement>) -> Result<(), Outcome> {
    store.derive(FOLLOWER, t, statements).await
}

/// The next notifications of a subscription, in the order of the log.
pub(crate) async fn next(store: &Store, subscription: &str, count: i64) -> Result<Vec<Waiting>, Outcome> {
    let sql = "SELECT t, kind, id, tries, due FROM sub_queue WHERE subscription = ?1 ORDER BY t LIMIT ?2";
    let rows = store.query(sql, vec![Value::from(subscription), Value::Int(count)]).await?;
    let waiting = rows.into_iter().map(|mut row| Waiting {
        t: row.int(0),
        kind: row.take_text(1),
        id: row.take_text(2),
        tries: row.int(3),
        due: row.int(4),
    });
    Ok(waiting.collect())
}

fn removal(subscription: &str, t: i64) -> Statement {
    let sql = "DELETE FROM sub_queue WHERE subscription = ?1 AND t = ?2";
    Statement::new(sql, vec![Value::from(subscription), Value::Int(t)])
}

/// Takes what was delivered out of the queue; the subscription works again.
pub(crate) async fn delivered(store: &Store, subscription: &str, sent: &[i64]) -> Result<(), Outcome> {
    let Some(last) = sent.last() else { return Ok(()) };
    let mut statements: Vec<Statement> = sent.iter().map(|t| removal(subscription, *t)).collect();
    let works = "UPDATE sub_state SET failures = 0 WHERE subscription = ?1 AND failures > 0";
    statements.push(of(works, subscription));
    store.derive(SENDER, *last, statements).await
}

/// A try failed; there will be another.
pub(crate) async fn postponed(store: &Store, subscription: &str, one: &Waiting) -> Result<(), Outcome> {
    let sql = "UPDATE sub_queue SET tries = ?3, due = ?4 WHERE subscription = ?1 AND t = ?2";
    let values =
        vec![Value::from(subscription), Value::Int(one.t), Value::Int(one.tries), Value::Int(one.due)];
    store.derive(SENDER, one.t, vec![Statement::new(sql, values)]).await
}

/// The notification becomes a dead letter; the oldest beyond `most` are dropped and counted. Answers how many in a row
/// have become dead letters by now.
pub(crate) async fn buried(
    store: &Store,
    subscription: &str,
    one: &Waiting,
    status: &str,
    now_ms: i64,
    most: usize,
) -> Result<i64, Outcome> {
    let who = || Value::from(subscription);
    let letter = "INSERT INTO sub_letter (subscription, t, kind, id, tries, status, at) \
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (subscription, t) \
                  DO UPDATE SET tries = excluded.tries, status = excluded.status, at = excluded.at";
    let values = vec![
        who(),
        Value::Int(one.t),
        Value::from(one.kind.as_str()),
        Value::from(one.id.as_str()),
        Value::Int(one.tries),
        Value::from(status),
        Value::Int(now_ms),
    ];
    // The position of the oldest letter that stays; nothing is below it while there is room.
    let oldest = "(SELECT t FROM sub_letter WHERE subscription = ?1 ORDER BY t DESC LIMIT 1 OFFSET ?2)";
    let count = format!(
        "UPDATE sub_state SET failures = failures + 1, dropped = dropped + \
         (SELECT COUNT(*) FROM sub_letter WHERE subscription = ?1 AND t < {oldest}) WHERE subscription = ?1"
    );
    let trim = format!("DELETE FROM sub_letter WHERE subscription = ?1 AND t < {oldest}");
    let kept = || vec![who(), Value::Int(most.saturating_sub(1) as i64)];
    let statements = vec![
        Statement::new(letter, values),
        Statement::new(count, kept()),
        Statement::new(trim, kept()),
        removal(subscription, one.t),
    ];
    store.derive(SENDER, one.t, statements).await?;
    let sql = "SELECT failures FROM sub_state WHERE subscription = ?1";
    Ok(store.query(sql, vec![who()]).await?.first().map_or(0, |row| row.int(0)))
}

/// The dead letters of a subscription, oldest first: position, type, id, tries, status, when the last try was.
pub(crate) async fn letters(
    store: &Store,
    subscription: &str,
) -> Result<Vec<(Waiting, String, i64)>, Outcome> {
    let sql = "SELECT t, kind, id, tries, status, at FROM sub_letter WHERE subscription = ?1 ORDER BY t";
    let rows = store.query(sql, vec![Value::from(subscription)]).await?;
    let letters = rows.into_iter().map(|mut row| {
        let waiting = Waiting {
            t: row.int(0),
            kind: row.take_text(1),
            id: row.take_text(2),
            tries: row.int(3),
            due: 0,
        };
        (waiting, row.take_text(4), row.int(5))
    });
    Ok(letters.collect())
}

/// How many dead letters of a subscription were dropped, and how many notifications wait.
pub(crate) async fn counts(store: &Store, subscription: &str) -> Result<(i64, i64), Outcome> {
    let one = |sql: &'static str| store.query(sql, vec![Value::from(subscription)]);
    let dropped = one("SELECT dropped FROM sub_state WHERE subscription = ?1").await?;
    let waiting = one("SELECT COUNT(*) FROM sub_queue WHERE subscription = ?1").await?;
    Ok((dropped.first().map_or(0, |row| row.int(0)), waiting.first().map_or(0, |row| row.int(0))))
}

/// Puts these dead letters back into the queue.
pub(crate) async fn put_back(store: &Store, subscription: &str, letters: &[i64]) -> Result<(), Outcome> {
    let back = "INSERT INTO sub_queue (subscription, t, kind, id, tries, due) \
                SELECT subscription, t, kind, id, 0, 0 FROM sub_letter WHERE subscription = ?1 AND t = ?2 \
                ON CONFLICT (subscription, t) DO NOTHING";
    let gone = "DELETE FROM sub_letter WHERE subscription = ?1 AND t = ?2";
    let both = |t: &i64| {
        let values = vec![Value::from(subscription), Value::Int(*t)];
        [Statement::new(back, values.clone()), Statement::new(gone, values)]
    };
    let last = letters.last().copied().unwrap_or(0);
    store.derive(SENDER, last, letters.iter().flat_map(both).collect()).await
}
