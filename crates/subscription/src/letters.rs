//! Dead letters: what could not be delivered, for the operator to read and to put back.

use crate::table;
use tokio::sync::Notify;
use yba_fhir::Outcome;
use yba_records::{Ctx, Records};

/// What is undelivered of one subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// Oldest first.
    pub letters: Vec<Letter>,
    /// How many older ones are not kept any more.
    pub dropped: i64,
    /// How many notifications wait to be sent.
    pub waiting: i64,
}

/// A notification that could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The log position of what it would have told of.
    pub t: i64,
    pub kind: String,
    pub id: String,
    pub tries: i64,
    /// What the last try came to: `HTTP 503`, `connection refused`, …
    pub status: String,
    /// When that was, in ms since 1970 UTC.
    pub at: i64,
}

/// The dead letters of a subscription. Refuses whoever may not see it, and one that is not there.
pub async fn letters(records: &Records, ctx: &Ctx, subscription: &str) -> Result<Letters, Outcome> {
    records.read(ctx, "Subscription", subscription).await?;
    let (dropped, waiting) = table::counts(records.store(), subscription).await?;
    let found = table::letters(records.store(), subscription).await?.into_iter();
    let letters = found.map(|(one, status, at)| Letter {
        t: one.t,
        kind: one.kind,
        id: one.id,
        tries: one.tries,
        status,
        at,
    });
    Ok(Letters { letters: letters.collect(), dropped, waiting })
}

/// Puts all dead letters of a subscription back into its queue; they are sent when it is active, before what waits there.
/// Answers how many. Refuses whoever may not see everything, for it makes the node send.
pub async fn redeliver(
    records: &Records,
    ctx: &Ctx,
    subscription: &str,
    put_back: &Notify,
) -> Result<usize, Outcome> {
    records.audit_view(ctx, "redeliver", &[]).await?;
    let found = letters(records, ctx, subscription).await?.letters;
    let positions: Vec<i64> = found.iter().map(|one| one.t).collect();
    if !positions.is_empty() {
        table::put_back(records.store(), subscription, &positions).await?;
        put_back.notify_one();
    }
    Ok(positions.len())
}
