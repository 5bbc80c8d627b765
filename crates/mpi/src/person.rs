//! One person: all Patients that are linked, why, and what is doubtful. A view; nothing of it is stored.

use crate::evidence::{Reason, Verdict};
use crate::find::{allowed, masked_numbers};
use crate::patient::Summary;
use crate::table::{self, LinkRow, PatientRow};
use std::collections::BTreeSet;
use yba_fhir::json::{JsonValueMutTrait, Value, json};
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Records};

/// Most doubts that are shown about one person.
const DOUBTS_MAX: usize = 50;

/// A person as the links in force make it.
#[derive(Debug, Clone)]
pub struct PersonRecord {
    /// The smallest id of its Patients. Any of their ids leads here, so an address with an older one goes on working
    /// after people were linked or split.
    pub id: String,
    /// The Patients, one for each facility's file; the best known first.
    pub patients: Vec<Summary>,
    /// Why they are one person.
    pub links: Vec<PairNote>,
    /// Patients of others that share a number and may be the same person.
    pub doubts: Vec<DoubtNote>,
    /// Numbers in force, hidden but for the end: what it is called, and the number.
    pub numbers: Vec<(&'static str, String)>,
}

/// A decision about two Patients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairNote {
    /// Id of the Linkage.
    pub linkage: String,
    pub first: String,
    pub second: String,
    /// In bits; see [`Reason`].
    pub weight: i32,
    pub reasons: Vec<Reason>,
    pub by_person: bool,
    /// Who decided: a person's account, or the machine with the edition of its weights.
    pub by: String,
    /// The act of a person that it belongs to, by which it can be undone; else empty.
    pub act: String,
}

/// A doubt, with the Patient on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtNote {
    pub pair: PairNote,
    /// The person the other Patient belongs to.
    pub other_person: String,
    pub other: Summary,
}

/// The person to whom this Patient belongs. Narrowed to what `ctx` may see, and audited with every Patient shown, also
/// those in doubts.
///
/// Refuses with `not-found` when no such Patient is known (yet: the tables follow the log), and whoever may not read Patients.
pub async fn person(records: &Records, ctx: &Ctx, id: &str) -> Result<PersonRecord, Outcome> {
    if !ctx.may(Action::Read, "Patient") {
        records.audit_view(ctx, "person", &[]).await?;
    }
    let store = records.store();
    let Some(own) = table::patients(store, &[id.to_owned()]).await?.pop() else { return Err(not_found(id)) };
    let mut members = table::of_persons(store, std::slice::from_ref(&own.person)).await?;
    let (scope, sifted) = records.lookup(ctx, Action::Read);
    members.retain(|row| allowed(&scope, &row.summary.id));
    if sifted {
        let ids: Vec<String> = members.iter().map(|row| row.summary.id.clone()).collect();
        let reached = records.patients_reached(ctx, Action::Read, &ids).await?;
        members.retain(|row| reached.contains(&row.summary.id));
    }
    if !members.iter().any(|row| row.summary.id == id) {
        // Said as "not found": whether something exists beyond the scope is itself not to be known. Noted as refused.
        let _ = records.audit_view(ctx, "person", &[id.to_owned()]).await;
        return Err(not_found(id));
    }
    let ids: Vec<String> = members.iter().map(|row| row.summary.id.clone()).collect();
    let links = table::links_of(store, &ids).await?;
    let doubts = doubts(records, ctx, &ids, &links).await?;
    let others = doubts.iter().map(|doubt| doubt.other.id.clone());
    let shown: Vec<String> = ids.iter().cloned().chain(others).collect();
    records.audit_view(ctx, "person", &shown).await?;
    let inside = |row: &&LinkRow| {
        row.decided.verdict == Verdict::Link
            && ids.contains(&row.decided.first)
            && ids.contains(&row.decided.second)
    };
    let numbers = masked_numbers(members.iter());
    members.sort_by_key(|row| (known_badly(&row.summary), row.summary.id.clone()));
    Ok(PersonRecord {
        id: if allowed(&scope, &own.person) { own.person } else { id.to_owned() },
        links: links.iter().filter(inside).map(note).collect(),
        patients: members.into_iter().map(|row| row.summary).collect(),
        doubts,
        numbers,
    })
}

async fn doubts(
    records: &Records,
    ctx: &Ctx,
    ids: &[String],
    links: &[LinkRow],
) -> Result<Vec<DoubtNote>, Outcome> {
    let (scope, sifted) = records.lookup(ctx, Action::Read);
    let mut open: Vec<(&LinkRow, String)> = links
        .iter()
        .filter(|row| row.decided.verdict == Verdict::Doubt)
        .filter_map(|row| {
            let (first, second) = (&row.decided.first, &row.decided.second);
            match (ids.contains(first), ids.contains(second)) {
                (true, false) => Some((row, second.clone())),
                (false, true) => Some((row, first.clone())),
                _ => None,
            }
        })
        .filter(|(_, other)| allowed(&scope, other))
        .collect();
    open.sort_by(|a, b| (-a.0.decided.weight, &a.1).cmp(&(-b.0.decided.weight, &b.1)));
    open.truncate(DOUBTS_MAX);
    let others: BTreeSet<String> = open.iter().map(|(_, other)| other.clone()).collect();
    let mut others: Vec<String> = others.into_iter().collect();
    if sifted {
        others = records.patients_reached(ctx, Action::Read, &others).await?;
    }
    let others: Vec<PatientRow> = table::patients(records.store(), &others).await?;
    Ok(open
        .into_iter()
        .filter_map(|(row, other)| {
            let other = others.iter().find(|one| one.summary.id == other)?;
            // Doubtful with one Patient but linked over another: then it is settled.
            (!ids.contains(&other.summary.id)).then(|| DoubtNote {
                pair: note(row),
                other_person: if allowed(&scope, &other.person) {
                    other.person.clone()
                } else {
                    other.summary.id.clone()
                },
                other: other.summary.clone(),
            })
        })
        .collect())
}

fn note(row: &LinkRow) -> PairNote {
    PairNote {
        linkage: row.linkage.clone(),
        first: row.decided.first.clone(),
        second: row.decided.second.clone(),
        weight: row.decided.weight,
        reasons: row.decided.reasons.clone(),
        by_person: row.decided.by_person(),
        by: row.decided.by.clone(),
        act: row.decided.act.clone(),
    }
}

/// Which Patient speaks for the person: with marks in its name, a full birth date and many numbers rather than without.
fn known_badly(summary: &Summary) -> (bool, bool, usize) {
    let marked = crate::name::marked_words(summary.name()) != crate::name::words(summary.name());
    let full = summary.birth.is_some_and(|birth| birth.day.is_some());
    (!marked, !full, usize::MAX - summary.keys.len())
}

/// The person as a FHIR `Person`: read-only, never stored. <https://hl7.org/fhir/R4/person.html>
///
/// Assurance of a link is level 4 when a person decided about that Patient, else level 3; a lone Patient has none.
pub fn person_view(record: &PersonRecord) -> Value {
    let mut links = Vec::new();
    for patient in &record.patients {
        let about =
            || record.links.iter().filter(|link| link.first == patient.id || link.second == patient.id);
        let level = match (about().next().is_some(), about().any(|link| link.by_person)) {
            (false, _) => None,
            (true, true) => Some("level4"),
            (true, false) => Some("level3"),
        };
        let target = json!({"reference": format!("Patient/{}", patient.id)});
        links.push(match level {
            Some(level) => json!({"target": target, "assurance": level}),
            None => json!({"target": target}),
        });
    }
    let mut view = json!({"resourceType": "Person", "id": record.id.as_str(), "active": true, "link": links});
    if let (Some(object), Some(best)) = (view.as_object_mut(), record.patients.first()) {
        if !best.name().is_empty() {
            object.insert("name", json!([{"text": best.name()}]));
        }
        if let Some(sex) = best.sex {
            object.insert("gender", json!(sex.gender()));
        }
        if let Some(birth) = best.birth {
            object.insert("birthDate", Value::copy_str(&birth.to_string()));
        }
    }
    view
}

pub(crate) fn not_found(id: &str) -> Outcome {
    let text = "Không tìm thấy người này. Hồ sơ vừa nhập có thể cần vài giây để hiện ra.";
    Outcome::new(Kind::NotFound, "person-not-found", text, format!("no person with Patient {id}"))
}
