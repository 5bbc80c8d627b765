//! What a person should look at: pairs that may be one person's, the likeliest first.

use crate::evidence::{Reason, Verdict};
use crate::linkage;
use crate::patient::Summary;
use crate::table::{self, LINK_COLUMNS, LinkRow, PatientRow};
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Records};
use yba_store::Value;

/// Rows read at once, and how often: doubts that are settled by other decisions are passed over.
const ROWS: i64 = 100;
const TURNS_MAX: usize = 50;

/// A doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Id of the Linkage.
    pub linkage: String,
    /// In bits.
    pub weight: i32,
    pub reasons: Vec<Reason>,
    pub first: Summary,
    pub second: Summary,
}

/// A place in the list of doubts: whatever was decided meanwhile, what comes after it stays the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub weight: i32,
    pub linkage: String,
}

impl Doubt {
    pub fn place(&self) -> Place {
        Place { weight: self.weight, linkage: self.linkage.clone() }
    }
}

/// The doubts after a place (from the beginning without one), at most `limit`, and whether there are more. Narrowed to what
/// `ctx` may see, and audited with every Patient shown.
///
/// Refuses whoever may not read Patients and Linkages.
pub async fn list(
    records: &Records,
    ctx: &Ctx,
    after: Option<&Place>,
    limit: usize,
) -> Result<(Vec<Doubt>, bool), Outcome> {
    may(records, ctx).await?;
    let store = records.store();
    let sql = format!(
        "SELECT {LINK_COLUMNS} FROM mpi_link WHERE verdict = ?1 AND (weight < ?2 OR (weight = ?2 AND linkage > ?3)) \
         ORDER BY weight DESC, linkage LIMIT ?4"
    );
    let mut place = after.cloned().unwrap_or(Place { weight: i32::MAX, linkage: String::new() });
    let mut found: Vec<Doubt> = Vec::new();
    for _ in 0..TURNS_MAX {
        let params = vec![
            Value::from(Verdict::Doubt.code()),
            Value::Int(i64::from(place.weight)),
            Value::from(place.linkage.as_str()),
            Value::Int(ROWS),
        ];
        let rows: Vec<LinkRow> = store.query(&sql, params).await?.iter().map(LinkRow::read).collect();
        let Some(last) = rows.last() else { break };
        place = Place { weight: last.decided.weight, linkage: last.linkage.clone() };
        let is_end = (rows.len() as i64) < ROWS;
        found.extend(open(records, ctx, rows).await?);
        if found.len() > limit || is_end {
            break;
        }
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let shown: Vec<String> =
        found.iter().flat_map(|one| [one.first.id.clone(), one.second.id.clone()]).collect();
    if !shown.is_empty() {
        records.audit_view(ctx, "person", &shown).await?;
    }
    Ok((found, more))
}

/// The doubt that this Linkage is.
///
/// Refuses with `not-found` when there is none (any more) that `ctx` may see.
pub async fn one(records: &Records, ctx: &Ctx, linkage: &str) -> Result<Doubt, Outcome> {
    may(records, ctx).await?;
    let store = records.store();
    let sql = format!("SELECT {LINK_COLUMNS} FROM mpi_link WHERE linkage = ?1 AND verdict = ?2");
    let params = vec![Value::from(linkage), Value::from(Verdict::Doubt.code())];
    let rows = store.query(&sql, params).await?.iter().map(LinkRow::read).collect();
    let found = open(records, ctx, rows).await?.into_iter().next().ok_or_else(|| {
        let text = "Cặp này không còn chờ xem: đã có người quyết định, hoặc hồ sơ đã được sửa.";
        Outcome::new(Kind::NotFound, "no-such-doubt", text, "no such doubt is open")
    })?;
    let shown = [found.first.id.clone(), found.second.id.clone()];
    records.audit_view(ctx, "person", &shown).await?;
    Ok(found)
}

/// Lets in who may read both; else the door refuses, and notes that.
async fn may(records: &Records, ctx: &Ctx) -> Result<(), Outcome> {
    for kind in ["Patient", "Linkage"] {
        if !ctx.may(Action::Read, kind) {
            records.read_many(ctx, &[(kind.to_owned(), "-".to_owned())]).await?;
        }
    }
    Ok(())
}

/// Of these doubts those about two people, both of whom `ctx` may see, whom nobody kept apart by other records.
async fn open(records: &Records, ctx: &Ctx, rows: Vec<LinkRow>) -> Result<Vec<Doubt>, Outcome> {
    let ends = rows.iter().flat_map(|row| [row.decided.first.clone(), row.decided.second.clone()]);
    let ids: Vec<String> = ends.collect::<BTreeSet<_>>().into_iter().collect();
    let ids = records.patients_reached(ctx, Action::Read, &ids).await?;
    let store = records.store();
    let patients: BTreeMap<String, PatientRow> =
        table::patients(store, &ids).await?.into_iter().map(|row| (row.summary.id.clone(), row)).collect();
    let doubt = |row: LinkRow| {
        let (first, second) = (patients.get(&row.decided.first)?, patients.get(&row.decided.second)?);
        (first.person != second.person
            && row.linkage == linkage::id_of(&row.decided.first, &row.decided.second))
        .then(|| Doubt {
            linkage: row.linkage,
            weight: row.decided.weight,
            reasons: row.decided.reasons,
            first: first.summary.clone(),
            second: second.summary.clone(),
        })
    };
    Ok(rows.into_iter().filter_map(doubt).collect())
}
