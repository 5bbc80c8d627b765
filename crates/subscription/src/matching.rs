//! Which changes of the log meet which criteria. A change counts when it became what the record shows, and it is judged as
//! everything was when its transaction was done.

use crate::definition::Definition;
use std::collections::{HashMap, HashSet};
use yba_fhir::{Kind, Outcome};
use yba_store::search::Clause;
use yba_store::{Logged, Store, Version};

/// Most records that one search judges.
const TOGETHER_MAX: usize = 100;

/// The positions of these changes that meet the criteria. All are of the type that is searched, and at or before `last`.
pub(crate) async fn matching(
    store: &Store,
    definition: &Definition,
    changes: &[&Logged],
    last: i64,
) -> Result<HashSet<i64>, Outcome> {
    let mut found = HashSet::new();
    let (together, alone) = split(changes, definition.is_local());
    let mut moments = vec![(last, together)];
    // A record changes once in a transaction, and what the others of it bring counts too.
    for transaction in alone.chunk_by(|one, next| one.tx == next.tx) {
        moments.push((store.transaction_end(transaction[0]).await?, transaction.to_vec()));
    }
    for (t, changes) in moments {
        for some in changes.chunks(TOGETHER_MAX) {
            let ids = some.iter().map(|one| one.id.clone()).collect();
            found.extend(shown(store, definition, ids, t).await?);
        }
    }
    let positions: HashSet<i64> = changes.iter().map(|one| one.t).collect();
    found.retain(|t| positions.contains(t));
    Ok(found)
}

/// The last change of each record, which one moment shows, and the others, which the end of their transaction shows.
fn split<'a>(changes: &[&'a Logged], is_local: bool) -> (Vec<&'a Logged>, Vec<&'a Logged>) {
    let told = changes.iter().copied().filter(|one| !one.deleted);
    if !is_local {
        return (Vec::new(), told.collect());
    }
    let last: HashMap<&str, i64> = changes.iter().map(|one| (one.id.as_str(), one.t)).collect();
    told.partition(|one| last.get(one.id.as_str()) == Some(&one.t))
}

/// The positions of what these records showed at a moment, of those that meet the criteria.
async fn shown(
    store: &Store,
    definition: &Definition,
    ids: Vec<String>,
    t: i64,
) -> Result<Vec<i64>, Outcome> {
    let mut query = definition.query.clone();
    query.count = ids.len();
    query.clauses.push(Clause::Ids(ids));
    let found = match store.search_at(&query, &definition.scope, t).await {
        // The follower is so far behind that the moment can be searched no more. The present stands in for it: a change
        // that was overtaken is then told of by the one that overtook it.
        Err(outcome) if outcome.kind == Kind::Gone => {
            store.search_at(&query, &definition.scope, store.head_t()).await?
        }
        found => found?,
    };
    Ok(found.matches.iter().map(|one| one.t).collect())
}

/// What a record showed at a moment; as above, the present stands in for a moment too long ago.
pub(crate) async fn shown_at(
    store: &Store,
    kind: &str,
    id: &str,
    t: i64,
) -> Result<Option<Version>, Outcome> {
    let mut query = yba_store::Query::all(kind);
    query.clauses.push(Clause::Ids(vec![id.to_owned()]));
    match store.search_at(&query, &yba_store::Scope::All, t).await {
        Ok(found) => Ok(found.matches.into_iter().next()),
        Err(outcome) if outcome.kind == Kind::Gone => store.read(kind, id).await,
        Err(outcome) => Err(outcome),
    }
}
