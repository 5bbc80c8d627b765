//! Rows out of the derived tables, put together. It asks nobody's permission: [`crate::listing`] and [`crate::running`] do.

use crate::piece::{Bare, Found, Piece};
use crate::register::{Register, number_of};
use crate::row::Origin;
use crate::table;
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::{Day, Outcome};
use yba_store::{Store, Value};

/// Rows read at once.
pub(crate) const PAGE: usize = 1000;

/// Which rows of a register.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub facility: String,
    pub first: i64,
    pub last: i64,
    /// After this one.
    pub after: Option<Key>,
}

/// The place of a row among those of a facility.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub day: i64,
    pub record: String,
    pub n: i64,
}

impl Key {
    pub fn of(bare: &Bare) -> Key {
        Key { day: bare.piece.day, record: bare.origin.id.clone(), n: bare.piece.n }
    }
}

impl Span {
    /// The rows of a facility on days from `first` to `last`.
    pub fn of(facility: &str, first: Day, last: Day) -> Span {
        let (first, last) = (number_of(first), number_of(last));
        Span { facility: facility.to_owned(), first, last, after: None }
    }

    /// The rows of a facility of which no day is known.
    pub fn undated(facility: &str) -> Span {
        Span { facility: facility.to_owned(), first: 0, last: 0, after: None }
    }
}

/// The next rows of a span, in the order of days and records.
pub(crate) async fn bare(
    store: &Store,
    register: &Register,
    span: &Span,
    count: usize,
) -> Result<Vec<Bare>, Outcome> {
    let mut params = vec![
        Value::Int(register.main.id),
        Value::from(span.facility.as_str()),
        Value::Int(span.first),
        Value::Int(span.last),
        Value::Int(count as i64),
    ];
    let mut after = "";
    if let Some(key) = &span.after {
        after = " AND (day, record, n) > (?6, ?7, ?8)";
        params.extend([Value::Int(key.day), Value::from(key.record.as_str()), Value::Int(key.n)]);
    }
    let sql = format!(
        "SELECT record, n, version, day, facility, patient, cells FROM report_row \
         WHERE view = ?1 AND facility = ?2 AND day >= ?3 AND day <= ?4{after} ORDER BY day, record, n LIMIT ?5"
    );
    let rows = store.query(&sql, params).await?;
    let bare = rows.into_iter().map(|mut row| Bare {
        origin: Origin { kind: register.kind.clone(), id: row.take_text(0), version: row.take_text(2) },
        piece: Piece {
            n: row.int(1),
            day: row.int(3),
            facility: row.take_text(4),
            key: row.take_text(5),
            cells: row.blob(6).to_vec(),
        },
    });
    Ok(bare.collect())
}

/// What belongs to each of these rows besides its own record.
pub(crate) async fn found(
    store: &Store,
    register: &Register,
    bare: &[Bare],
) -> Result<Vec<Vec<Found>>, Outcome> {
    let mut all: Vec<Vec<Found>> = vec![Vec::new(); bare.len()];
    for (place, part) in register.parts.iter().enumerate() {
        let keys: Vec<Option<String>> = bare.iter().map(|one| one.key(part)).collect();
        let asked: BTreeSet<String> = keys.iter().flatten().cloned().collect();
        let mut by_key: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for mut row in table::parts(store, part.source.id, &asked).await? {
            let origin =
                Origin { kind: part.source.kind.clone(), id: row.take_text(0), version: row.take_text(1) };
            let one = Found { part: place, origin, cells: row.blob(3).to_vec() };
            by_key.entry(row.take_text(2)).or_default().push(one);
        }
        for (own, key) in all.iter_mut().zip(&keys) {
            own.extend(key.as_ref().and_then(|key| by_key.get(key)).into_iter().flatten().cloned());
        }
    }
    Ok(all)
}

/// The facilities that have rows in a register, one after the other: the first one after `after`; the unknown one (an
/// empty text) comes first.
pub(crate) async fn next_facility(
    store: &Store,
    register: &Register,
    after: Option<&str>,
) -> Result<Option<String>, Outcome> {
    let sql = match after {
        None => {
            "SELECT facility FROM report_row WHERE view = ?1 AND facility >= ?2 ORDER BY facility LIMIT 1"
        }
        Some(_) => {
            "SELECT facility FROM report_row WHERE view = ?1 AND facility > ?2 ORDER BY facility LIMIT 1"
        }
    };
    let params = vec![Value::Int(register.main.id), Value::from(after.unwrap_or_default())];
    Ok(store.query(sql, params).await?.into_iter().next().map(|mut row| row.take_text(0)))
}

/// How many rows a span has.
pub(crate) async fn count(store: &Store, register: &Register, span: &Span) -> Result<u64, Outcome> {
    let sql = "SELECT count(*) FROM report_row WHERE view = ?1 AND facility = ?2 AND day >= ?3 AND day <= ?4";
    let params = vec![
        Value::Int(register.main.id),
        Value::from(span.facility.as_str()),
        Value::Int(span.first),
        Value::Int(span.last),
    ];
    Ok(store.query(sql, params).await?.first().map_or(0, |row| row.int(0)) as u64)
}

/// How many records give nothing to a register because a value is not what it says.
pub(crate) async fn faults(store: &Store, register: &Register) -> Result<u64, Outcome> {
    let mut count = 0;
    for source in register.sources() {
        let sql = "SELECT count(*) FROM report_fault WHERE view = ?1";
        let rows = store.query(sql, vec![Value::Int(source.id)]).await?;
        count += rows.first().map_or(0, |row| row.int(0)) as u64;
    }
    Ok(count)
}

/// The first of the records that give nothing to a view, with the reasons.
pub(crate) async fn faulty(store: &Store, view: i64, most: usize) -> Result<Vec<(String, String)>, Outcome> {
    let sql = "SELECT record, reason FROM report_fault WHERE view = ?1 ORDER BY record LIMIT ?2";
    let rows = store.query(sql, vec![Value::Int(view), Value::Int(most as i64)]).await?;
    Ok(rows.into_iter().map(|mut row| (row.take_text(0), row.take_text(1))).collect())
}
