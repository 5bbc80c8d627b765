//! Who a Patient that somebody holds in their hands may be: the question behind `Patient/$match`.
//! <https://hl7.org/fhir/R4/patient-operation-match.html>
//!
//! The answer is weighed by the same evidence as links are, and settled by the same rules. What the caller may not see is not
//! told, not counted, and changes nothing of what is told.

use crate::evidence::Verdict;
use crate::linker::{Held, Linker, place_of, rows_at};
use crate::linking::{Band, Found};
use crate::patient::Summary;
use crate::table;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use yba_fhir::json::Value;
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Records, Scope};

/// From this probability on what a person should look at is probable.
const PROBABLE_FROM: f64 = 0.5;
/// No score of what is uncertain is higher.
const UNCERTAIN_MAX: f64 = 0.99;

/// How sure a match is. <https://hl7.org/fhir/R4/valueset-match-grade.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// The machine would link them by itself.
    Certain,
    Probable,
    Possible,
}

impl Grade {
    pub fn code(self) -> &'static str {
        match self {
            Grade::Certain => "certain",
            Grade::Probable => "probable",
            Grade::Possible => "possible",
        }
    }
}

/// A Patient that may be the one asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    pub patient: String,
    pub grade: Grade,
    /// That the two are one person, 0 to 1.
    pub score: f64,
}

/// The Patients that may be this one, likeliest first.
///
/// Refuses with `invalid` a Patient that says nothing to go by, with `unavailable` while the index is being made, and whoever
/// may not search for Patients.
pub async fn matches(records: &Records, ctx: &Ctx, patient: &Value) -> Result<Vec<Match>, Outcome> {
    if !ctx.may(Action::Search, "Patient") {
        records.audit_view(ctx, "find", &[]).await?;
    }
    let summary = Summary::of(patient);
    if summary.names.is_empty() && summary.keys.is_empty() {
        let text = "Người cần tìm phải có ít nhất họ tên hoặc một số giấy tờ.";
        return Err(
            Outcome::invalid("match-too-little", text, "a name or an identifier is required").at("resource")
        );
    }
    let linker = Linker::of(records);
    let seen = match records.lookup(ctx, Action::Search) {
        (Scope::All, false) => None,
        _ => Some(visible(records, ctx, &linker, &summary).await?),
    };
    let ask = move |held: &mut Held| {
        let may_see = |places: &[u32]| match &seen {
            None => places.to_vec(),
            Some(seen) => places.iter().copied().filter(|place| seen.contains(place)).collect(),
        };
        summary.known(|known| held.index.settled_find(known, may_see))
    };
    let found = linker.ask(ask).await?;
    let matched = graded(records, found).await?;
    let shown: Vec<String> = matched.iter().map(|one| one.patient.clone()).collect();
    match records.audit_view(ctx, "find", &shown).await {
        // Nobody was found, so nothing beyond a narrowed scope was shown.
        Err(outcome) if outcome.kind == Kind::Forbidden && shown.is_empty() => {}
        done => done?,
    }
    Ok(matched)
}

/// Of all who would be compared the places of those that may be seen.
async fn visible(
    records: &Records,
    ctx: &Ctx,
    linker: &Arc<Linker>,
    summary: &Summary,
) -> Result<BTreeSet<u32>, Outcome> {
    let summary = summary.clone();
    let compared = move |held: &mut Held| {
        let compared = RefCell::new(Vec::new());
        let none = |places: &[u32]| {
            *compared.borrow_mut() = places.to_vec();
            Vec::new()
        };
        summary.known(|known| held.index.settled_find(known, none));
        compared.into_inner()
    };
    let rows = rows_at(records.store(), &linker.ask(compared).await?).await?;
    let ids: Vec<String> = rows.iter().map(|row| row.summary.id.clone()).collect();
    let reached: BTreeSet<String> =
        records.patients_reached(ctx, Action::Search, &ids).await?.into_iter().collect();
    let seen = rows.iter().filter(|row| reached.contains(&row.summary.id));
    Ok(seen.map(|row| place_of(row.n)).collect())
}

async fn graded(records: &Records, found: Vec<Found>) -> Result<Vec<Match>, Outcome> {
    let store = records.store();
    let places: Vec<u32> = found.iter().map(|one| one.id).collect();
    let rows = rows_at(store, &places).await?;
    let id_at = |place: u32| rows.iter().find(|row| place_of(row.n) == place).map(|row| &row.summary.id);
    let linked: Vec<String> = found
        .iter()
        .filter(|one| one.judgement.band == Band::Link)
        .filter_map(|one| id_at(one.id).cloned())
        .collect();
    // Two that a person kept apart cannot both be this one, so neither is certain.
    let decisions = table::links_of(store, &linked).await?;
    let is_contested = decisions.iter().map(|row| &row.decided).any(|one| {
        let both = linked.contains(&one.first) && linked.contains(&one.second);
        both && one.by_person() && one.verdict == Verdict::Apart
    });
    let grade = |one: &Found| match one.judgement.band {
        Band::Link if !is_contested => Grade::Certain,
        _ if one.judgement.weighed.probability >= PROBABLE_FROM => Grade::Probable,
        _ => Grade::Possible,
    };
    let matched = found.iter().filter_map(|one| {
        let patient = id_at(one.id)?.clone();
        let (grade, probability) = (grade(one), one.judgement.weighed.probability);
        let most = if grade == Grade::Certain { 1.0 } else { UNCERTAIN_MAX };
        Some(Match { patient, grade, score: probability.min(most) })
    });
    Ok(matched.collect())
}
