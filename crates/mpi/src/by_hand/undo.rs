//! Taking an act back: each of its Linkages says again what it said before, as a new version. What was decided and what was
//! taken back both stay in the history.

use super::{Around, TRIES, UNDONE, conflict, heads, is_race, may, put};
use crate::evidence::Verdict;
use crate::follower;
use crate::linkage::{self, DECISION, VERDICTS};
use crate::table::{self, LinkRow};
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::json::{JsonValueMutTrait, Value, json};
use yba_fhir::{Outcome, Resource};
use yba_records::{Change, Ctx, Past, Records, Version};

/// Most versions of one Linkage that are looked back over.
const VERSIONS_MAX: usize = 1_000;

/// Takes an act back; afterwards everything is as it was before it, but for the history.
///
/// Refuses with `not-found` when there is no such act in force, and with `conflict` when somebody decided about a part of it
/// since, or when what was before would bring two records together that a person kept apart since.
pub async fn undo(records: &Records, ctx: &Ctx, act: &str) -> Result<(), Outcome> {
    let mut tries = 0;
    loop {
        follower::up_to_date(records).await?;
        let changes = restoring(records, ctx, act).await?;
        match records.transact(ctx, changes).await {
            Ok(_) => return follower::up_to_date(records).await,
            Err(outcome) if is_race(&outcome) && tries < TRIES => tries += 1,
            Err(outcome) => return Err(outcome),
        }
    }
}

/// The changes that bring back what was before the act.
async fn restoring(records: &Records, ctx: &Ctx, act: &str) -> Result<Vec<Change>, Outcome> {
    let rows = table::of_act(records.store(), act).await?;
    let ends = rows.iter().flat_map(|row| [row.decided.first.clone(), row.decided.second.clone()]);
    let named: Vec<String> = ends.collect::<BTreeSet<_>>().into_iter().collect();
    if rows.is_empty() {
        let text =
            "Không còn gì để hoàn tác: quyết định này đã được hoàn tác, hoặc đã có quyết định khác thay nó.";
        return Err(Outcome::new(yba_fhir::Kind::NotFound, "no-such-act", text, "no such act is in force"));
    }
    may(records, ctx, &named).await?;
    let written = act.rsplit_once('-').and_then(|(_, count)| count.parse::<usize>().ok());
    if written.is_some_and(|written| written != rows.len()) {
        let text = "Sau quyết định này đã có người quyết định khác về một phần của nó. Hãy hoàn tác quyết định sau trước.";
        return Err(conflict("decided-since", text, "a part of this act was decided anew"));
    }
    let mut restored: BTreeMap<String, Value> = BTreeMap::new();
    for row in &rows {
        restored.insert(row.linkage.clone(), before(records, ctx, row, act).await?);
    }
    must_hold(records, &named, &restored).await?;
    let heads = heads(records, restored.keys().cloned()).await?;
    let mut changes = Vec::new();
    for (id, tree) in restored {
        changes.push(put(Resource::from_value(tree)?, heads.get(&id)));
    }
    Ok(changes)
}

/// What the Linkage said before the act; that nothing was decided, when it said nothing.
async fn before(records: &Records, ctx: &Ctx, row: &LinkRow, act: &str) -> Result<Value, Outcome> {
    let past = records.history(ctx, &Past::of_record("Linkage", &row.linkage, VERSIONS_MAX)).await?;
    let is_of_act = |version: &Version| {
        !version.deleted && linkage::read(&version.tree()).first().is_some_and(|one| one.act == act)
    };
    // Newest first: the oldest version of the act is where it began.
    let began = past.iter().rposition(|event| is_of_act(&event.version));
    let earlier = began.and_then(|began| past.get(began + 1)).map(|event| &event.version);
    Ok(match earlier {
        Some(version) if !version.deleted => said_again(version),
        _ => nothing_decided(row),
    })
}

fn said_again(version: &Version) -> Value {
    let mut tree = version.tree();
    if let Some(meta) = tree.get_mut("meta").and_then(|meta| meta.as_object_mut()) {
        meta.remove(&"versionId");
        meta.remove(&"lastUpdated");
    }
    tree
}

fn nothing_decided(row: &LinkRow) -> Value {
    let item =
        |kind: &str, id: &str| json!({"type": kind, "resource": {"reference": format!("Patient/{id}")}});
    let verdict = Verdict::Withdrawn.code();
    json!({
        "resourceType": "Linkage",
        "id": row.linkage.as_str(),
        "meta": {"tag": [{"system": VERDICTS, "code": verdict}]},
        "extension": [{"url": DECISION, "extension": [
            {"url": "verdict", "valueCode": verdict},
            {"url": "decidedBy", "valueString": UNDONE}
        ]}],
        "active": false,
        "item": [item("source", &row.decided.first), item("alternate", &row.decided.second)],
    })
}

async fn must_hold(
    records: &Records,
    named: &[String],
    restored: &BTreeMap<String, Value>,
) -> Result<(), Outcome> {
    let around = Around::of(records, named).await?;
    let decided: BTreeMap<&String, Vec<linkage::Decided>> =
        restored.iter().map(|(id, tree)| (id, linkage::read(tree))).collect();
    let as_rows = decided.iter().map(|(id, decided)| {
        let one = |one: &'_ linkage::Decided| (one.first.clone(), one.second.clone(), one.verdict);
        ((*id).clone(), decided.iter().map(one).collect::<Vec<_>>())
    });
    let owned: BTreeMap<String, Vec<(String, String, Verdict)>> = as_rows.collect();
    let borrowed = owned.iter().map(|(id, rows)| {
        (id.clone(), rows.iter().map(|row| (row.0.as_str(), row.1.as_str(), row.2)).collect())
    });
    around.must_hold_after(borrowed.collect())
}
