//! Cases: which diagnoses must be notified by when, and which of them are one case. Pure.

use std::collections::{BTreeMap, BTreeSet};

use yba_content::notifiable::{Disease, Notifiable};
use yba_content::{Content, Day};
use yba_fhir::DateRange;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::view::reference_target;

use super::Notified;

const ICD_10: &str = "http://hl7.org/fhir/sid/icd-10";
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A diagnosis of which this is said is none.
const VOID: [&str; 2] = ["entered-in-error", "refuted"];
/// A diagnosis of which this is said is a suspicion.
const SUSPECTED: [&str; 3] = ["unconfirmed", "provisional", "differential"];

/// What the law asks of one diagnosis.
#[derive(Debug, Clone, Copy)]
pub struct Obligation<'c> {
    pub edition: &'c Notifiable,
    pub disease: &'c Disease,
    /// When it was written down; a day without a time begins at its midnight, which is the earliest it can have been.
    pub diagnosed_ms: i64,
    /// Until when it is notified.
    pub due_ms: i64,
    pub is_suspected: bool,
}

/// What must be done about a Condition, by the edition in force on the day on which it was written down; `None` when it is void,
/// no disease of the list, or counted by the month alone.
pub fn obligation<'c>(content: &'c Content, condition: &Value) -> Option<Obligation<'c>> {
    let said = verification(condition);
    if said.is_some_and(|code| VOID.contains(&code)) {
        return None;
    }
    let diagnosed_ms = diagnosed_ms(condition)?;
    let edition = content.notifiable(Day::of_instant(diagnosed_ms))?;
    let disease = icd_codes(condition).find_map(|code| edition.disease(code))?;
    let is_suspected = said.is_some_and(|code| SUSPECTED.contains(&code));
    let hours = if is_suspected { disease.suspected_hours } else { disease.diagnosed_hours };
    let due_ms = diagnosed_ms + i64::from(hours?) * HOUR_MS;
    Some(Obligation { edition, disease, diagnosed_ms, due_ms, is_suspected })
}

/// When a Condition was written down, in ms since 1970: as it says, else when it came into the record.
pub fn diagnosed_ms(condition: &Value) -> Option<i64> {
    let recorded =
        str_at(condition, &["recordedDate"]).or_else(|| str_at(condition, &["meta", "lastUpdated"]));
    DateRange::parse(recorded?).map(|range| range.start)
}

fn verification(condition: &Value) -> Option<&str> {
    items(condition.get("verificationStatus")?, "coding").find_map(|coding| str_at(coding, &["code"]))
}

fn icd_codes(condition: &Value) -> impl Iterator<Item = &str> {
    let coded = condition.get("code").into_iter().flat_map(|code| items(code, "coding"));
    coded
        .filter(|coding| str_at(coding, &["system"]) == Some(ICD_10))
        .filter_map(|coding| str_at(coding, &["code"]))
}

/// The Patient (id) of a Condition.
pub fn patient_of(condition: &Value) -> Option<&str> {
    let (kind, id) = reference_target(str_at(condition, &["subject", "reference"])?)?;
    (kind == "Patient").then_some(id)
}

/// One person ill with one disease once, however often it was written down.
#[derive(Debug)]
pub struct Case<'c> {
    pub edition: &'c Notifiable,
    pub disease: &'c Disease,
    /// Tells persons apart, whichever of their Patients a diagnosis is of.
    pub person: String,
    /// The Patient (id) of the first diagnosis.
    pub patient: String,
    /// The diagnoses, the first one first; there is at least one.
    pub conditions: Vec<Value>,
    pub diagnosed_ms: i64,
    /// The nearest deadline among the diagnoses.
    pub due_ms: i64,
    /// Whether nobody went beyond a suspicion.
    pub is_suspected: bool,
    pub notified: Option<Notified>,
}

impl Case<'_> {
    /// Id of the Condition by which the case is called.
    pub fn id(&self) -> &str {
        str_at(&self.conditions[0], &["id"]).unwrap_or_default()
    }

    /// Whether this Condition (id) is one of the case.
    pub fn has(&self, condition: &str) -> bool {
        self.conditions.iter().any(|one| str_at(one, &["id"]) == Some(condition))
    }

    /// When it began, to the day: as it was notified, else as a diagnosis says.
    pub fn onset(&self) -> Option<Day> {
        let told = self.notified.as_ref().and_then(|one| Day::parse(&one.draft.onset));
        told.or_else(|| self.conditions.iter().find_map(said_onset))
    }

    /// Until when what is written is sent on: the deadline of the case, or that of a change to what was sent on before.
    pub fn send_due_ms(&self) -> i64 {
        let changed = self.notified.as_ref().filter(|one| one.is_change());
        let written = changed.and_then(|one| DateRange::parse(&one.written)).map(|range| range.start);
        written.map_or(self.due_ms, |written_ms| written_ms + i64::from(self.edition.update_hours) * HOUR_MS)
    }

    /// The day by which cases are compared: of the onset, else of the first diagnosis.
    pub fn day(&self) -> Day {
        self.onset().unwrap_or_else(|| Day::of_instant(self.diagnosed_ms))
    }

    /// The labels of all diagnoses: what is written of the case must be hidden as they are.
    pub fn labels(&self) -> Vec<Value> {
        labels(&self.conditions)
    }
}

/// The security labels of records, each once.
fn labels(records: &[Value]) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let all = records.iter().filter_map(|one| one.get("meta")).flat_map(|meta| items(meta, "security"));
    let key = |label: &Value| {
        let text = |name: &str| str_at(label, &[name]).unwrap_or_default().to_owned();
        (text("system"), text("code"))
    };
    all.filter(|label| seen.insert(key(label))).cloned().collect()
}

fn said_onset(condition: &Value) -> Option<Day> {
    let onset = str_at(condition, &["onsetDateTime"])?;
    let at = DateRange::parse(onset)?;
    // A month or a year is no day.
    (at.end - at.start <= DAY_MS).then(|| Day::of_instant(at.start))
}

/// The cases that these Conditions are, the nearest deadline first. `persons` names the person of each Patient that is not
/// alone; notifications hang on the diagnoses that they are about.
pub fn cases<'c>(
    content: &'c Content,
    conditions: Vec<Value>,
    notified: &[Notified],
    persons: &BTreeMap<String, String>,
) -> Vec<Case<'c>> {
    let mut of: BTreeMap<(String, &'c str), Vec<(Obligation<'c>, Value)>> = BTreeMap::new();
    for condition in conditions {
        let (Some(one), Some(patient)) = (obligation(content, &condition), patient_of(&condition)) else {
            continue;
        };
        let person = persons.get(patient).map_or(patient, String::as_str).to_owned();
        of.entry((person, &one.disease.slug)).or_default().push((one, condition));
    }
    let mut all = Vec::new();
    for ((person, _), mut found) in of {
        found.sort_by(|(one, tree), (other, its)| {
            let id = |tree| str_at(tree, &["id"]).unwrap_or_default().to_owned();
            (one.diagnosed_ms, id(tree)).cmp(&(other.diagnosed_ms, id(its)))
        });
        let mut last_ms = i64::MIN / 2;
        for (one, condition) in found {
            let apart_ms = i64::from(one.edition.same_case_days) * DAY_MS;
            if one.diagnosed_ms - last_ms > apart_ms {
                all.push(begun(&person, &one, &condition));
            }
            last_ms = one.diagnosed_ms;
            if let Some(case) = all.last_mut() {
                case.due_ms = case.due_ms.min(one.due_ms);
                case.is_suspected &= one.is_suspected;
                case.conditions.push(condition);
            }
        }
    }
    for case in &mut all {
        case.notified =
            notified.iter().find(|one| one.is_standing() && one.about.iter().any(|id| case.has(id))).cloned();
    }
    all.sort_by(|one, other| (one.due_ms, one.id()).cmp(&(other.due_ms, other.id())));
    all
}

fn begun<'c>(person: &str, one: &Obligation<'c>, condition: &Value) -> Case<'c> {
    Case {
        edition: one.edition,
        disease: one.disease,
        person: person.to_owned(),
        patient: patient_of(condition).unwrap_or_default().to_owned(),
        conditions: Vec::new(),
        diagnosed_ms: one.diagnosed_ms,
        due_ms: one.due_ms,
        is_suspected: true,
        notified: None,
    }
}
