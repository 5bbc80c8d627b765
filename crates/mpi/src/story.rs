//! The story of a person's links: who joined and parted their records, when, and why.

use crate::evidence::{Reason, Verdict};
use crate::linkage;
use crate::table;
use std::collections::BTreeSet;
use yba_fhir::Outcome;
use yba_records::{Action, Ctx, Past, Records};

/// Most Linkages of one person that are looked at, versions of each, and chapters told.
const LINKAGES_MAX: usize = 60;
const VERSIONS_MAX: usize = 30;
const CHAPTERS_MAX: usize = 100;

/// What was said about two Patients at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// When, as FHIR writes it.
    pub at: String,
    pub first: String,
    pub second: String,
    pub verdict: Verdict,
    pub reasons: Vec<Reason>,
    pub by: String,
    pub by_person: bool,
    /// The act of a person by which it can be undone, while nobody said anything else about these two since.
    pub undo: Option<String>,
}

/// Everything that was said about these Patients, newest first. Narrowed to what `ctx` may see; whoever may not read the
/// history of Linkages is refused.
pub async fn story(records: &Records, ctx: &Ctx, patients: &[String]) -> Result<Vec<Chapter>, Outcome> {
    let mut rows = table::links_of(records.store(), patients).await?;
    let ends = rows.iter().flat_map(|row| [row.decided.first.clone(), row.decided.second.clone()]);
    let ids: Vec<String> = ends.collect::<BTreeSet<_>>().into_iter().collect();
    let seen: BTreeSet<String> =
        records.patients_reached(ctx, Action::Read, &ids).await?.into_iter().collect();
    rows.retain(|row| seen.contains(&row.decided.first) && seen.contains(&row.decided.second));
    // What a person said, and what holds, before what was only asked.
    rows.sort_by_key(|row| (!row.decided.by_person(), row.decided.verdict, row.linkage.clone()));
    let linkages: BTreeSet<String> = rows.into_iter().take(LINKAGES_MAX).map(|row| row.linkage).collect();
    let mut told: Vec<(i64, Chapter)> = Vec::new();
    for id in linkages {
        let past = records.history(ctx, &Past::of_record("Linkage", &id, VERSIONS_MAX)).await?;
        for (place, event) in past.iter().enumerate().filter(|(_, event)| !event.version.deleted) {
            for said in linkage::read(&event.version.tree()) {
                let by_person = said.by_person();
                let undo = (place == 0 && by_person && !said.act.is_empty()).then(|| said.act.clone());
                let chapter = Chapter {
                    at: event.version.last_updated(),
                    first: said.first,
                    second: said.second,
                    verdict: said.verdict,
                    reasons: said.reasons,
                    by: said.by,
                    by_person,
                    undo,
                };
                told.push((event.version.t, chapter));
            }
        }
    }
    told.sort_by_key(|(t, _)| -t);
    told.truncate(CHAPTERS_MAX);
    Ok(told.into_iter().map(|(_, chapter)| chapter).collect())
}
