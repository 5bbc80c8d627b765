//! What the rules of content say while something is written down, and the reason that is kept when it is done all the same.
//!
//! What a rule looks at is read through the door for whoever is at work: what they may not see reminds them of nothing. A reason becomes a
//! DetectedIssue with its mitigation, written with what it is about and taken back with it.

use std::collections::BTreeMap;
use yba_fhir::json::{JsonValueMutTrait, Value, items, json, str_at};
use yba_fhir::{Kind, Outcome, Resource, date};
use yba_records::{Change, Ctx, Query, Records, Version};
use yba_rules::{Card, Case, Found, Library, Search, Severity, Verdict};

/// The code system of rules: a code is the slug of a rule of content.
pub const RULE: &str = "https://yba.vn/fhir/CodeSystem/rule";
/// Most characters of a reason.
pub const REASON_MAX: usize = 500;
/// Most records of one visit that are read again, and most kept reasons of it.
const OF_VISIT_MAX: usize = 100;

/// Reasons as they were typed, by [`Card::key`].
pub type Reasons = BTreeMap<String, String>;

/// Asks the rules of a moment, with what the caller may see of the person (in whoever's file it stands). A search that the door or
/// the store refuses leaves its rules unasked, which the verdict tells; it does not stand in the way of what is written.
pub async fn advise(
    records: &Records,
    ctx: &Ctx,
    library: &Library,
    case: &Case<'_>,
) -> Result<Verdict, Outcome> {
    let wanted = library.wanted(case);
    let mut found = Found::default();
    if !wanted.is_empty() {
        let patient = str_at(case.patient, &["id"]).unwrap_or_default();
        let kin = records.store().kin_of(patient).await?.join(",");
        for search in wanted {
            answer(records, ctx, search, &kin, &mut found).await;
        }
    }
    let verdict = library.judge(case, &found);
    for fault in &verdict.faults {
        eprintln!("yba: rule {} broke: {}", fault.rule, fault.text);
    }
    Ok(verdict)
}

/// Answers one search of the rules for these patients (ids with commas between).
pub async fn answer(records: &Records, ctx: &Ctx, search: Search<'_>, kin: &str, found: &mut Found) {
    match searched(records, ctx, search.kind(), &search.query(kin)).await {
        Ok((trees, more)) => {
            found.answer(search.text, trees);
            // Who wrote how many they want did not want all.
            if more && !search.text.contains("_count=") {
                found.is_cut(search.text);
            }
        }
        Err(outcome) if outcome.kind == Kind::Forbidden => {}
        Err(outcome) => eprintln!("yba: a search of the rules was refused: {outcome}"),
    }
}

/// Records that a search finds, and whether there are more.
async fn searched(
    records: &Records,
    ctx: &Ctx,
    kind: &str,
    query: &str,
) -> Result<(Vec<Value>, bool), Outcome> {
    let found = records.search(ctx, &Query::parse_string(kind, query)?, None).await?;
    Ok((found.matches.iter().map(Version::tree).collect(), found.next.is_some()))
}

/// What stands in the way: cards that stop and have no reason yet, or one that is too long.
pub fn unanswered<'v>(verdict: &'v Verdict, reasons: &Reasons) -> Vec<&'v Card> {
    let is_answered = |card: &Card| {
        let reason = reasons.get(&card.key()).map_or("", |reason| reason.trim());
        !reason.is_empty() && reason.chars().count() <= REASON_MAX
    };
    verdict.cards.iter().filter(|card| card.stops() && !is_answered(card)).collect()
}

/// What is done although a rule stops it.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// Id of the Patient.
    pub patient: &'a str,
    /// What is written: `Encounter/1`, `Immunization/2`.
    pub about: &'a [String],
    /// The id of the first reason; others have a number behind it. Written again they are the same.
    pub id: &'a str,
    /// Who gives the reason, as it is shown.
    pub by: Option<&'a str>,
    pub now_ms: i64,
}

/// The reasons of the cards that stop, as records to be written with what they are about.
pub fn kept(verdict: &Verdict, reasons: &Reasons, act: &Act<'_>) -> Result<Vec<Change>, Outcome> {
    let mut changes = Vec::new();
    for card in verdict.cards.iter().filter(|card| card.stops()) {
        let Some(reason) = reasons.get(&card.key()).map(|reason| reason.trim()) else { continue };
        if reason.is_empty() {
            continue;
        }
        let number = changes.len() + 1;
        let own = if number == 1 { act.id.to_owned() } else { format!("{}-{number}", act.id) };
        let mut tree = issue(card, reason, act);
        put(&mut tree, "id", json!(own.as_str()));
        changes.push(Change::create(Resource::from_value(tree)?));
    }
    Ok(changes)
}

/// <https://hl7.org/fhir/R4/detectedissue.html>
fn issue(card: &Card, reason: &str, act: &Act<'_>) -> Value {
    let Act { patient, by, now_ms, .. } = *act;
    // Of some doses among several, it is about those.
    let concerns = |one: &&String| card.on.as_ref() == Some(one) || card.rests.contains(one);
    let some: Vec<String> = act.about.iter().filter(concerns).cloned().collect();
    let about = if some.is_empty() { act.about } else { &some };
    let now = date::instant(now_ms);
    let severity = match card.severity {
        Severity::Stop => "high",
        Severity::Warn => "moderate",
        Severity::Info => "low",
    };
    // What is only being entered has no record of its own yet.
    let rests = card.rests.iter().filter(|one| !act.about.contains(one));
    let implicated: Vec<Value> =
        about.iter().chain(rests).map(|one| json!({"reference": one.as_str()})).collect();
    let mut mitigation = json!({"action": {"text": reason}, "date": now.as_str()});
    if let Some(by) = by {
        put(&mut mitigation, "author", json!({"display": by}));
    }
    let mut tree = json!({
        "resourceType": "DetectedIssue",
        "status": "final",
        "code": {"coding": [{"system": RULE, "code": card.rule.as_str(), "display": card.title.as_str()}], "text": card.title.as_str()},
        "severity": severity,
        "patient": {"reference": format!("Patient/{patient}").as_str()},
        "identifiedDateTime": now.as_str(),
        "implicated": implicated,
        "detail": card.message.as_str(),
        "mitigation": [mitigation]
    });
    // It tells of what it rests on.
    if !card.labels.is_empty() {
        put(&mut tree, "meta", json!({"security": card.labels.clone()}));
    }
    tree
}

/// A reason that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it is about: `Encounter/1`.
    pub about: String,
    /// What the rule said.
    pub message: String,
    pub reason: String,
}

/// The reasons that were kept with these records (`Encounter/1`), of whoever may see them; nothing for whoever may not.
pub async fn told(records: &Records, ctx: &Ctx, about: &[String]) -> Result<Vec<Told>, Outcome> {
    let mut all = Vec::new();
    for tree in of(records, ctx, about).await? {
        if str_at(&tree, &["status"]) == Some("entered-in-error") {
            continue;
        }
        let references: Vec<&str> =
            items(&tree, "implicated").filter_map(|one| str_at(one, &["reference"])).collect();
        let Some(about) = about.iter().find(|one| references.contains(&one.as_str())) else { continue };
        let reason = items(&tree, "mitigation").find_map(|one| str_at(one, &["action", "text"]));
        all.push(Told {
            about: about.clone(),
            message: str_at(&tree, &["detail"]).unwrap_or_default().to_owned(),
            reason: reason.unwrap_or_default().to_owned(),
        });
    }
    Ok(all)
}

/// The changes that take back the reasons kept with a record, together with it.
pub async fn withdrawn(records: &Records, ctx: &Ctx, about: &str) -> Result<Vec<Change>, Outcome> {
    withdrawn_of(records, ctx, &[about.to_owned()]).await
}

/// The same of several records.
pub async fn withdrawn_of(records: &Records, ctx: &Ctx, about: &[String]) -> Result<Vec<Change>, Outcome> {
    let ids = of(records, ctx, about).await?;
    let ids = ids.iter().filter_map(|tree| str_at(tree, &["id"]));
    let mistaken = |id: &str| {
        Change::edit("DetectedIssue", id, |version| {
            let mut tree = version.tree();
            put(&mut tree, "status", json!("entered-in-error"));
            Resource::from_value(tree)
        })
    };
    Ok(ids.map(mistaken).collect())
}

/// The DetectedIssues about these records; none for whoever may not search them.
async fn of(records: &Records, ctx: &Ctx, about: &[String]) -> Result<Vec<Value>, Outcome> {
    if about.is_empty() {
        return Ok(Vec::new());
    }
    let query = format!("implicated={}&_count={OF_VISIT_MAX}", about.join(","));
    match searched(records, ctx, "DetectedIssue", &query).await {
        Ok((trees, _)) => Ok(trees),
        Err(outcome) if outcome.kind == Kind::Forbidden => Ok(Vec::new()),
        Err(outcome) => Err(outcome),
    }
}

/// What was written at a visit, as rules look at it.
pub async fn written(records: &Records, ctx: &Ctx, encounter: &str) -> Result<Vec<Value>, Outcome> {
    let mut all = Vec::new();
    for kind in ["Observation", "Condition", "QuestionnaireResponse"] {
        let query = format!("encounter=Encounter/{encounter}&_count={OF_VISIT_MAX}");
        match searched(records, ctx, kind, &query).await {
            Ok((trees, _)) => all.extend(trees),
            Err(outcome) if outcome.kind == Kind::Forbidden => {}
            Err(outcome) => return Err(outcome),
        }
    }
    Ok(all)
}

fn put(tree: &mut Value, key: &str, value: Value) {
    if let Some(object) = tree.as_object_mut() {
        object.insert(key, value);
    }
}

#[cfg(test)]
#[path = "advise_tests.rs"]
mod tests;
