//! Prescriptions as the record has them.

use std::collections::BTreeMap;
use yba_fhir::json::{JsonValueTrait, Value, items, number_text, str_at};
use yba_fhir::{Day, Kind, Outcome};
use yba_records::{Ctx, Query, Records, Version};

use super::plan::{COMPANION, FORM, weight_id};
use super::{DRUG, Line, code};
use crate::visit::{MISTAKEN, RECORDS_MAX};

/// What became of a prescription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Active,
    /// By another one.
    Replaced,
    Mistaken,
}

/// One drug of a prescription.
#[derive(Debug, Clone, PartialEq)]
pub struct Ordered {
    /// Id of the MedicationRequest.
    pub request: String,
    /// Slug of the essential drug.
    pub drug: String,
    pub name: String,
    /// `Uống mỗi lần 1 viên, ngày 3 lần`
    pub dose: String,
    pub units: u32,
    pub unit: String,
    /// As it would be typed.
    pub line: Line,
}

/// A prescription: the MedicationRequests of one code.
#[derive(Debug, Clone, PartialEq)]
pub struct Prescription {
    pub code: String,
    /// Id of the Patient in whose file it stands.
    pub patient: String,
    /// ISO instant.
    pub at: String,
    pub by: String,
    pub standing: Standing,
    /// Id of the Encounter.
    pub visit: String,
    /// Ids of the Conditions.
    pub reasons: Vec<String>,
    /// Id of the Organization.
    pub facility: String,
    /// The last day on which it is good.
    pub until: Option<Day>,
    pub advice: String,
    pub companion: String,
    /// The code of the one that it replaces.
    pub replaces: Option<String>,
    /// The id of the form that wrote it.
    pub form: String,
    /// Security labels.
    pub labels: Vec<Value>,
    pub lines: Vec<Ordered>,
}

impl Prescription {
    pub fn is_good(&self, today: Day) -> bool {
        self.standing == Standing::Active && self.until.is_none_or(|until| today <= until)
    }

    /// Its lines as they would be typed again.
    pub fn typed(&self) -> Vec<Line> {
        self.lines.iter().map(|one| one.line.clone()).collect()
    }
}

/// The code of a MedicationRequest of ours.
fn code_of(tree: &Value) -> Option<&str> {
    let group = tree.get("groupIdentifier")?;
    (str_at(group, &["system"]) == Some(code::CODE)).then(|| str_at(group, &["value"]))?
}

/// The id of the form that wrote a record.
pub(crate) fn form(tree: &Value) -> Option<&str> {
    let own = items(tree, "identifier").find(|one| str_at(one, &["system"]) == Some(FORM))?;
    str_at(own, &["value"])
}

fn id_at<'t>(tree: &'t Value, path: &[&str], kind: &str) -> Option<&'t str> {
    str_at(tree, path)?.strip_prefix(kind)?.strip_prefix('/')
}

fn whole(value: Option<&Value>) -> u32 {
    value.and_then(|one| one.as_u64()).and_then(|one| u32::try_from(one).ok()).unwrap_or_default()
}

fn ordered(tree: &Value) -> Option<Ordered> {
    let concept = tree.get("medicationCodeableConcept")?;
    let drug = items(concept, "coding").find(|one| str_at(one, &["system"]) == Some(DRUG))?;
    let quantity = tree.get("dispenseRequest")?.get("quantity")?;
    let dosage = items(tree, "dosageInstruction").next()?;
    let repeat = dosage.get("timing").and_then(|timing| timing.get("repeat"));
    let take = items(dosage, "doseAndRate").next().and_then(|dose| dose.get("doseQuantity")?.get("value"));
    let part = |name: &str| whole(repeat.and_then(|repeat| repeat.get(name))).to_string();
    let days = repeat.and_then(|repeat| repeat.get("boundsDuration")?.get("value"));
    let (slug, units) = (str_at(drug, &["code"])?.to_owned(), whole(quantity.get("value")));
    Some(Ordered {
        request: str_at(tree, &["id"])?.to_owned(),
        name: str_at(concept, &["text"]).unwrap_or_default().to_owned(),
        dose: str_at(dosage, &["text"]).unwrap_or_default().to_owned(),
        units,
        unit: str_at(quantity, &["unit"]).unwrap_or_default().to_owned(),
        line: Line {
            drug: slug.clone(),
            take: take.and_then(number_text).unwrap_or_default().replace('.', ","),
            times: part("frequency"),
            days: whole(days).to_string(),
            units: units.to_string(),
            how: str_at(dosage, &["patientInstruction"]).unwrap_or_default().to_owned(),
        },
        drug: slug,
    })
}

/// Puts MedicationRequests together by their codes, in the order in which the codes come first.
pub(crate) fn grouped(trees: &[Value]) -> Vec<Prescription> {
    let mut by_code: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    let mut order = Vec::new();
    for (code, tree) in trees.iter().filter_map(|tree| Some((code_of(tree)?, tree))) {
        let own = by_code.entry(code).or_default();
        if own.is_empty() {
            order.push(code);
        }
        own.push(tree);
    }
    order.into_iter().filter_map(|code| whole_one(code, &by_code[code])).collect()
}

fn whole_one(code: &str, trees: &[&Value]) -> Option<Prescription> {
    let mut lines: Vec<Ordered> = trees.iter().filter_map(|tree| ordered(tree)).collect();
    lines.sort_by_key(|one| (one.request.len(), one.request.clone()));
    let first = *trees.first()?;
    let text = |path: &[&str]| str_at(first, path).unwrap_or_default().to_owned();
    let own = |path: &[&str], kind: &str| id_at(first, path, kind).unwrap_or_default().to_owned();
    let prior = id_at(first, &["priorPrescription", "reference"], "MedicationRequest");
    let companion = items(first, "extension").find(|one| str_at(one, &["url"]) == Some(COMPANION));
    Some(Prescription {
        code: code.to_owned(),
        patient: own(&["subject", "reference"], "Patient"),
        at: text(&["authoredOn"]),
        by: text(&["requester", "display"]),
        standing: match str_at(first, &["status"]) {
            Some("active" | "completed") => Standing::Active,
            Some(MISTAKEN) => Standing::Mistaken,
            _ => Standing::Replaced,
        },
        visit: own(&["encounter", "reference"], "Encounter"),
        reasons: items(first, "reasonReference")
            .filter_map(|one| id_at(one, &["reference"], "Condition").map(str::to_owned))
            .collect(),
        facility: own(&["dispenseRequest", "performer", "reference"], "Organization"),
        until: str_at(first, &["dispenseRequest", "validityPeriod", "end"]).and_then(Day::parse),
        advice: items(first, "note").filter_map(|one| str_at(one, &["text"])).collect::<Vec<_>>().join("\n"),
        companion: companion.and_then(|one| str_at(one, &["valueString"])).unwrap_or_default().to_owned(),
        replaces: prior
            .and_then(|id| id.strip_prefix("dt-")?.rsplit_once('-'))
            .map(|(code, _)| code.to_owned()),
        form: form(first).unwrap_or_default().to_owned(),
        labels: super::labels(trees.iter().copied()),
        lines,
    })
}

/// The prescriptions of a person within reach, whoever's file they stand in, the last first.
pub async fn of_patient(records: &Records, ctx: &Ctx, patient: &str) -> Result<Vec<Prescription>, Outcome> {
    let kin = records.store().kin_of(patient).await?.join(",");
    let query = format!("patient={kin}&_sort=-authoredon&_count={RECORDS_MAX}");
    let found = records.search(ctx, &Query::parse_string("MedicationRequest", &query)?, None).await?;
    Ok(grouped(&found.matches.iter().map(Version::tree).collect::<Vec<_>>()))
}

/// A prescription of this person by its code. Refuses with `not-found`.
pub async fn prescription(
    records: &Records,
    ctx: &Ctx,
    patient: &str,
    code: &str,
) -> Result<Prescription, Outcome> {
    let all = of_patient(records, ctx, patient).await?;
    all.into_iter().find(|one| one.code == code).ok_or_else(|| {
        let text = "Không thấy đơn thuốc này của người này.";
        Outcome::new(Kind::NotFound, "prescription", text, "no prescription of this person")
    })
}

/// The prescriptions that a facility may still hand out today, the first first.
pub async fn open(
    records: &Records,
    ctx: &Ctx,
    facility: &str,
    (today, valid_days): (Day, u32),
) -> Result<Vec<Prescription>, Outcome> {
    let since = today.plus_days(1 - i64::from(valid_days));
    let query = format!(
        "intended-dispenser=Organization/{facility}&status=active&authoredon=ge{since}&_sort=authoredon&_count=1000"
    );
    let found = records.search(ctx, &Query::parse_string("MedicationRequest", &query)?, None).await?;
    let mut all = grouped(&found.matches.iter().map(Version::tree).collect::<Vec<_>>());
    all.retain(|one| one.is_good(today));
    Ok(all)
}

/// What the person weighed when it was written, in kg: the weight that came with the prescription, else the last one of its day. Empty when
/// the caller sees none.
pub async fn weighed(records: &Records, ctx: &Ctx, it: &Prescription) -> Result<String, Outcome> {
    let value = |tree: &Value| number_text(tree.get("valueQuantity")?.get("value")?);
    match records.read(ctx, "Observation", &weight_id(&it.code)).await {
        Ok(version) if super::stands(&version.tree()) => {
            return Ok(value(&version.tree()).unwrap_or_default());
        }
        Ok(_) => {}
        Err(outcome) if matches!(outcome.kind, Kind::NotFound | Kind::Gone | Kind::Forbidden) => {}
        Err(outcome) => return Err(outcome),
    }
    let kin = records.store().kin_of(&it.patient).await?.join(",");
    let day = it.at.get(..10).unwrap_or_default();
    let query = format!(
        "patient={kin}&code=http://loinc.org|29463-7&date={day}&status=final,amended,corrected&_sort=-date&_count=1"
    );
    let found = records.search(ctx, &Query::parse_string("Observation", &query)?, None).await?;
    Ok(found.matches.first().and_then(|one| value(&one.tree())).unwrap_or_default())
}
