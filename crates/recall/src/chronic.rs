//! Programmes of chronic care: what Conditions and Appointments tell of who is in one, and when they should come.

use std::collections::BTreeSet;

use yba_content::{Day, Programme};
use yba_fhir::DateRange;
use yba_fhir::json::{JsonValueTrait, Value as Json, items, str_at};
use yba_fhir::text::unversioned;
use yba_fhir::view::reference_target;
use yba_store::derived::{deletes, inserts};
use yba_store::{Statement, Value, Version};

use crate::follower::Wanted;
use crate::table::number;

/// The system of ICD-10 codes. <https://terminology.hl7.org/CodeSystem-icd10.html>
pub const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";
/// The system of programmes: what an Appointment's `serviceType` says.
pub const PROGRAMME: &str = "https://yba.vn/fhir/CodeSystem/programme";
/// Where a Condition that ends that somebody is followed says why: [`MOVED`], or something else.
pub const LEFT: &str = "https://yba.vn/fhir/StructureDefinition/left-programme";
/// They live elsewhere now.
pub const MOVED: &str = "moved";
/// After this day nobody waits any more.
const FOR_EVER: i64 = 36_525;
/// The states of an Appointment that is still to come. <https://hl7.org/fhir/R4/valueset-appointmentstatus.html>
pub const OPEN: [&str; 5] = ["proposed", "pending", "booked", "waitlist", "noshow"];

/// What one Condition says of a programme.
#[derive(Debug, Clone)]
pub(crate) struct Diagnosis {
    pub programme: String,
    /// When it was written, by the clock that all nodes agree on: the last word counts.
    pub written: i64,
    pub holds: bool,
    pub since: Day,
}

/// The ICD-10 codes of a Condition.
pub fn icd10(condition: &Json) -> impl Iterator<Item = &str> {
    let code = condition.get("code");
    let codings = code.into_iter().flat_map(|code| items(code, "coding"));
    codings.filter(|one| str_at(one, &["system"]) == Some(ICD10)).filter_map(|one| str_at(one, &["code"]))
}

/// Whether a concept of this Condition has one of these codes.
fn is(condition: &Json, element: &str, codes: &[&str]) -> bool {
    let concept = condition.get(element);
    let mut codings = concept.into_iter().flat_map(|one| items(one, "coding"));
    codings.any(|one| str_at(one, &["code"]).is_some_and(|code| codes.contains(&code)))
}

/// Whether a Condition says anything of a programme: it is of its codes, and was not written by mistake.
pub fn says(condition: &Json, programme: &Programme) -> bool {
    !is(condition, "verificationStatus", &["entered-in-error"])
        && icd10(condition).any(|code| programme.has(code))
}

/// Whether somebody has, by this Condition, what it names: active, not refuted.
pub fn holds(condition: &Json) -> bool {
    !is(condition, "clinicalStatus", &["inactive", "remission", "resolved"])
        && !is(condition, "verificationStatus", &["refuted", "entered-in-error"])
}

/// The same as the tables hold it: 1 has it, 0 no longer, -1 never had.
fn word(condition: &Json) -> i64 {
    match is(condition, "verificationStatus", &["refuted"]) {
        true => -1,
        false => i64::from(holds(condition)),
    }
}

/// Why somebody left a programme by this Condition; empty when it does not say.
fn gone(condition: &Json) -> &str {
    let said = items(condition, "extension").find(|one| str_at(one, &["url"]) == Some(LEFT));
    said.and_then(|one| str_at(one, &["valueCode"])).unwrap_or_default()
}

/// A sealed record stands on no list.
pub(crate) fn is_sealed(tree: &Json) -> bool {
    tree.get("meta").is_some_and(|meta| items(meta, "security").next().is_some())
}

pub(crate) fn target(tree: &Json, path: &[&str]) -> Option<String> {
    match reference_target(str_at(tree, path)?) {
        Some(("Patient", id)) => Some(id.to_owned()),
        _ => None,
    }
}

pub(crate) fn day_of(text: &str) -> Option<Day> {
    DateRange::parse(text).map(|range| Day::of_instant(range.start))
}

/// Rows of what Conditions say of programmes.
pub(crate) fn diagnoses<'v>(
    programmes: &[&Programme],
    heads: impl Iterator<Item = &'v Version>,
    ids: &[Value],
    touched: &mut BTreeSet<String>,
) -> Vec<Statement> {
    let mut rows = Vec::new();
    for head in heads.filter(|head| !head.deleted) {
        let tree = head.tree();
        let Some(patient) = target(&tree, &["subject", "reference"]).filter(|_| !is_sealed(&tree)) else {
            continue;
        };
        let recorded = str_at(&tree, &["recordedDate"]).and_then(day_of).map_or(Value::Int(0), number);
        let is_listed = items(&tree, "category").any(|one| {
            items(one, "coding").any(|coding| str_at(coding, &["code"]) == Some("problem-list-item"))
        });
        let since = ["onsetDateTime", "recordedDate"].into_iter().find_map(|name| str_at(&tree, &[name]));
        let since = since.and_then(day_of).unwrap_or_else(|| Day::of_instant(head.last_updated_ms()));
        for programme in programmes.iter().filter(|programme| says(&tree, programme)) {
            touched.insert(patient.clone());
            rows.push(vec![
                Value::from(head.id.as_str()),
                Value::from(programme.slug.as_str()),
                Value::from(patient.as_str()),
                Value::Int(head.hlc),
                Value::Int(word(&tree)),
                number(since),
                recorded.clone(),
                Value::Int(i64::from(is_listed)),
                Value::from(gone(&tree)),
            ]);
        }
    }
    let mut statements = deletes("recall_diagnosis", "condition", ids);
    let columns = "condition, programme, patient, written, holds, since, recorded, listed, gone";
    statements.extend(inserts("recall_diagnosis", columns, "", rows));
    statements
}

/// The programme and the day of an Appointment that is still to come.
pub fn expected(appointment: &Json) -> Option<(&str, Day)> {
    if !OPEN.contains(&str_at(appointment, &["status"])?) {
        return None;
    }
    let codings = items(appointment, "serviceType").flat_map(|one| items(one, "coding"));
    let programme = codings
        .filter(|one| str_at(one, &["system"]) == Some(PROGRAMME))
        .find_map(|one| str_at(one, &["code"]))?;
    let period = items(appointment, "requestedPeriod").find_map(|period| str_at(period, &["start"]));
    Some((programme, day_of(str_at(appointment, &["start"]).or(period)?)?))
}

/// Rows of the appointments that are still to come.
pub(crate) fn appointments<'v>(
    heads: impl Iterator<Item = &'v Version>,
    ids: &[Value],
    touched: &mut BTreeSet<String>,
) -> Vec<Statement> {
    let mut rows = Vec::new();
    for head in heads.filter(|head| !head.deleted) {
        let tree = head.tree();
        let patient = items(&tree, "participant").find_map(|one| target(one, &["actor", "reference"]));
        let (Some(patient), Some((programme, day))) =
            (patient, expected(&tree).filter(|_| !is_sealed(&tree)))
        else {
            continue;
        };
        rows.push(vec![
            Value::from(head.id.as_str()),
            Value::from(patient.as_str()),
            Value::from(programme),
            number(day),
        ]);
        touched.insert(patient);
    }
    let mut statements = deletes("recall_appointment", "appointment", ids);
    statements.extend(inserts("recall_appointment", "appointment, patient, programme, day", "", rows));
    statements
}

/// Rows of what visits of programmes said of their targets.
pub(crate) fn outcomes<'v>(
    programmes: &[&Programme],
    heads: impl Iterator<Item = &'v Version>,
    ids: &[Value],
) -> Vec<Statement> {
    let mut rows = Vec::new();
    for head in heads.filter(|head| !head.deleted) {
        let tree = head.tree();
        let said = |path: &[&str]| str_at(&tree, path).unwrap_or_default();
        let form = unversioned(said(&["questionnaire"])).rsplit('/').next().unwrap_or_default();
        let is_said = ["completed", "amended"].contains(&said(&["status"])) && !is_sealed(&tree);
        let programme = programmes.iter().find(|one| is_said && one.form == form);
        let (Some(programme), Some(patient), Some(day)) =
            (programme, target(&tree, &["subject", "reference"]), day_of(said(&["authored"])))
        else {
            continue;
        };
        let answer = programme.controlled.as_ref().and_then(|name| answered(&tree, name));
        rows.push(vec![
            Value::from(head.id.as_str()),
            Value::from(patient.as_str()),
            Value::from(programme.slug.as_str()),
            number(day),
            Value::Int(answer.map_or(-1, i64::from)),
        ]);
    }
    let mut statements = deletes("recall_outcome", "response", ids);
    statements.extend(inserts("recall_outcome", "response, patient, programme, day, controlled", "", rows));
    statements
}

/// What was answered to a question of yes and no, wherever it stands in the form.
fn answered(group: &Json, name: &str) -> Option<bool> {
    items(group, "item").find_map(|item| match str_at(item, &["linkId"]) == Some(name) {
        true => items(item, "answer").find_map(|answer| answer.get("valueBoolean")?.as_bool()),
        false => answered(item, name),
    })
}

/// The reasons why a person should come, by all that is known of them.
pub(crate) fn wanted(
    programmes: &[&Programme],
    diagnoses: &[Diagnosis],
    appointments: &[(String, Day)],
) -> Vec<Wanted> {
    let wanted = programmes.iter().filter_map(|programme| {
        let said = diagnoses.iter().filter(|one| one.programme == programme.slug);
        let last = said.max_by_key(|one| one.written).filter(|one| one.holds)?;
        let days = appointments.iter().filter(|(slug, _)| *slug == programme.slug).map(|(_, day)| *day);
        let next = days.max();
        let due = next.unwrap_or(last.since);
        Some(Wanted {
            list: programme.slug.clone(),
            series: String::new(),
            number: usize::from(next.is_some()),
            due,
            late: programme.late_after.after(due),
            until: due.plus_days(FOR_EVER),
        })
    });
    wanted.collect()
}
