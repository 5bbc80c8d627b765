//! What whoever asks did themselves, by both chains: for rooms that show somebody their own work. Of others nothing comes out, and nothing
//! that is beyond the caller's roles and reach by now.

use super::search::reads_before;
use super::{Chain, Entry, Seen, Wanted};
use crate::ctx::Ctx;
use crate::door::Records;
use yba_auth::Action;
use yba_fhir::Outcome;
use yba_fhir::json::{self, str_at};
use yba_store::{Past, Row, Value, Version};

/// Most transactions, versions and looks that are considered, the newest.
const OWN_MAX: usize = 2000;
/// The word of the trail for it.
const WORD: &str = "own-work";

impl Records {
    /// The versions that the caller wrote on this node from a moment on (ms since 1970 UTC), newest first: as they were
    /// written, of records that the caller may read and reaches now. Noted in the trail. Refuses strangers.
    pub async fn own_writes(&self, ctx: &Ctx, since_ms: i64) -> Result<Vec<Version>, Outcome> {
        ctx.may_look()?;
        let spans = self.own_spans(ctx, since_ms).await?;
        let (Some(last), Some(first)) = (spans.first(), spans.last()) else { return Ok(Vec::new()) };
        let past = Past {
            kind: String::new(),
            id: String::new(),
            after: first.0 - 1,
            before: last.1 + 1,
            between: None,
            limit: OWN_MAX,
        };
        let is_own = |version: &Version| {
            spans.iter().any(|(first, last)| (*first..=*last).contains(&version.t))
                && !version.deleted
                && ctx.may(Action::Read, &version.kind)
        };
        let events = self.store().history(&past, &self.scope(ctx, Action::Read)).await?;
        let versions: Vec<Version> = events.into_iter().map(|event| event.version).filter(is_own).collect();
        let patients = self.store().patients_within(&versions);
        self.trail().note(ctx, &Seen { action: WORD, kind: "", patients: &patients, refused: false })?;
        Ok(versions)
    }

    /// What the caller looked at through this node from a moment on, newest first. Refuses strangers.
    pub async fn own_looks(&self, ctx: &Ctx, since_ms: i64) -> Result<Vec<Entry>, Outcome> {
        ctx.may_look()?;
        let wanted = Wanted {
            agent: ctx.agent.name(),
            refused: Some(false),
            from_ms: Some(since_ms),
            ..Wanted::default()
        };
        let folder = self.trail().folder().to_owned();
        let read = move || reads_before(&folder, &wanted, u64::MAX, OWN_MAX);
        let found = tokio::task::spawn_blocking(read).await;
        let found = found.map_err(|error| Outcome::fault(error.to_string()))?;
        let mut found = found.map_err(|error| Outcome::fault(format!("reading the trail: {error}")))?;
        found.retain(|entry| entry.chain == Chain::Read && entry.action != WORD);
        Ok(found)
    }

    /// First and last position of each of the caller's transactions from a moment on, newest first.
    async fn own_spans(&self, ctx: &Ctx, since_ms: i64) -> Result<Vec<(i64, i64)>, Outcome> {
        let sql = "SELECT at, t_first, t_last, entry FROM audit WHERE shard = 0 ORDER BY seq DESC LIMIT ?1";
        let rows = self.store().query(sql, vec![Value::Int(OWN_MAX as i64)]).await?;
        let own = ctx.agent.name();
        let is_own = |row: &&Row| {
            let tree: json::Value = json::from_slice(&row.blob(3)).unwrap_or_default();
            row.int(0) >= since_ms && row.int(1) <= row.int(2) && str_at(&tree, &["agent"]) == Some(&own)
        };
        Ok(rows.iter().filter(is_own).map(|row| (row.int(1), row.int(2))).collect())
    }
}
