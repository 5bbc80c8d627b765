//! From a draft that is sound to the records of a prescription, written once; and back.

use yba_fhir::json::{Value, from_slice, json, str_at};
use yba_fhir::{Kind, Outcome, Resource, date};
use yba_records::{Change, Ctx, Records};
use yba_rules::Verdict;

use super::read::{Prescription, Standing};
use super::{Draft, Setting, Sound, code, kind_of, labels, product, take_words, weight};
use crate::dispense;
use crate::visit::{mistaken, put, take};

const UCUM: &str = "http://unitsofmeasure.org";
const LOINC: &str = "http://loinc.org";
const VITAL: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const DOSE_TYPE: &str = "http://terminology.hl7.org/CodeSystem/dose-rate-type";
/// Who comes with a small child.
pub(super) const COMPANION: &str = "https://yba.vn/fhir/StructureDefinition/accompanied-by";
/// The letter of its kind.
const KIND: &str = "https://yba.vn/fhir/CodeSystem/prescription-kind";
/// Tells which form wrote a record.
pub(crate) const FORM: &str = "https://yba.vn/fhir/sid/phieu";
/// How often a code that somebody has is drawn anew.
const DRAWS_MAX: usize = 8;

/// The id of a line of a prescription.
pub(super) fn line_id(code: &str, number: usize) -> String {
    format!("dt-{code}-{number}")
}

pub(super) fn weight_id(code: &str) -> String {
    format!("dt-{code}-can")
}

/// The records that a draft would become, under this code: its MedicationRequests, and the weight when it was not known.
pub fn drafted(setting: &Setting<'_>, draft: &Draft, sound: &[Sound<'_>], code: &str) -> Vec<Value> {
    let labels = labels(setting.diagnoses.iter());
    let lines = sound.iter().enumerate().map(|(at, one)| line(setting, draft, one, (code, at + 1)));
    let mut all: Vec<Value> = lines.chain(weighed(setting, draft, code)).collect();
    if !labels.is_empty() {
        all.iter_mut().for_each(|tree| put(tree, "meta", json!({"security": labels.clone()})));
    }
    all
}

/// `value` is a plain decimal, as [`plain`] makes them.
fn quantity(value: &str, unit: &str, coded: Option<&str>) -> Value {
    let number: Value = from_slice(value.as_bytes()).expect("a plain decimal is JSON");
    match coded {
        Some(code) => json!({"value": number, "unit": unit, "system": UCUM, "code": code}),
        None => json!({"value": number, "unit": unit}),
    }
}

pub(super) fn plain(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `Uống mỗi lần 1 viên, ngày 3 lần, sau ăn`
fn dose_words(one: &Sound<'_>) -> String {
    let Sound { drug, times, how, .. } = one;
    let mut text = format!(
        "{} mỗi lần {} {}, ngày {times} lần",
        drug.route_words,
        take_words(one.take_thousandths),
        drug.dose_unit
    );
    if !how.is_empty() {
        text += &format!(", {how}");
    }
    text
}

/// How it is taken: as it was ordered, and in milligrams where that can be worked out.
fn dosage(one: &Sound<'_>) -> Value {
    let drug = one.drug;
    let typed = |code: &str| json!({"coding": [{"system": DOSE_TYPE, "code": code}]});
    let ordered = quantity(&plain(u64::from(one.take_thousandths)), &drug.dose_unit, None);
    let mut doses = vec![json!({"type": typed("ordered"), "doseQuantity": ordered})];
    if let Some(mg) = drug.mg_thousandths {
        let mg = u64::from(mg) * u64::from(one.take_thousandths) / 1000;
        doses.push(
            json!({"type": typed("calculated"), "doseQuantity": quantity(&plain(mg), "mg", Some("mg"))}),
        );
    }
    let bounds = quantity(&one.days.to_string(), "ngày", Some("d"));
    let mut dosage = json!({
        "text": dose_words(one).as_str(),
        "timing": {"repeat": {"boundsDuration": bounds, "frequency": one.times, "period": 1, "periodUnit": "d"}},
        "route": {"coding": [{"system": "https://yba.vn/fhir/CodeSystem/duong-dung", "code": drug.route.as_str()}],
            "text": drug.route_words.as_str()},
        "doseAndRate": doses
    });
    if !one.how.is_empty() {
        put(&mut dosage, "patientInstruction", json!(one.how.as_str()));
    }
    dosage
}

fn line(setting: &Setting<'_>, draft: &Draft, one: &Sound<'_>, (code, number): (&str, usize)) -> Value {
    let today = setting.today();
    let last = today.plus_days(i64::from(setting.limits.valid_days) - 1).to_string();
    let patient = format!("Patient/{}", str_at(setting.patient, &["id"]).unwrap_or_default());
    let kind = kind_of(std::iter::once(one.drug));
    let letter = setting.limits.kinds.get(&kind).map_or('C', |limits| limits.letter).to_string();
    let reasons: Vec<Value> = setting
        .diagnoses
        .iter()
        .filter_map(|one| str_at(one, &["id"]))
        .map(|id| json!({"reference": format!("Condition/{id}").as_str()}))
        .collect();
    let mut tree = json!({
        "resourceType": "MedicationRequest",
        "id": line_id(code, number).as_str(),
        "identifier": [{"system": FORM, "value": draft.form.as_str()}],
        "status": "active",
        "intent": "order",
        "category": [{"coding": [{"system": KIND, "code": letter.as_str()}]}],
        "medicationCodeableConcept": product(one.drug).concept(),
        "subject": {"reference": patient.as_str()},
        "authoredOn": date::instant(setting.now_ms).as_str(),
        "requester": {"display": setting.by},
        "groupIdentifier": {"system": code::CODE, "value": code},
        "dosageInstruction": [dosage(one)],
        "dispenseRequest": {
            "validityPeriod": {"start": today.to_string().as_str(), "end": last.as_str()},
            "quantity": {"value": one.units, "unit": one.drug.unit.as_str()},
            "expectedSupplyDuration": quantity(&one.days.to_string(), "ngày", Some("d")),
            "performer": {"reference": format!("Organization/{}", setting.facility).as_str()}
        }
    });
    if let Some(visit) = setting.visit {
        put(&mut tree, "encounter", json!({"reference": format!("Encounter/{visit}").as_str()}));
    }
    if !reasons.is_empty() {
        put(&mut tree, "reasonReference", Value::from(reasons));
    }
    if !draft.advice.trim().is_empty() {
        put(&mut tree, "note", json!([{"text": draft.advice.trim()}]));
    }
    if setting.is_small_child() && !draft.companion.trim().is_empty() {
        put(&mut tree, "extension", json!([{"url": COMPANION, "valueString": draft.companion.trim()}]));
    }
    if let Some(old) = &draft.replaces {
        let old = format!("MedicationRequest/{}", line_id(old, 1));
        put(&mut tree, "priorPrescription", json!({"reference": old.as_str()}));
    }
    tree
}

/// The weight of a small child, when it was not weighed so at the visit.
fn weighed(setting: &Setting<'_>, draft: &Draft, code: &str) -> Option<Value> {
    let typed = weight(&draft.weight).filter(|_| setting.is_small_child())?;
    if weight(setting.weighed).as_ref() == Some(&typed) {
        return None;
    }
    let patient = format!("Patient/{}", str_at(setting.patient, &["id"]).unwrap_or_default());
    let mut tree = json!({
        "resourceType": "Observation",
        "id": weight_id(code).as_str(),
        "status": "final",
        "category": [{"coding": [{"system": VITAL, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": LOINC, "code": "29463-7"}], "text": "Cân nặng"},
        "subject": {"reference": patient.as_str()},
        "effectiveDateTime": date::instant(setting.now_ms).as_str(),
        "valueQuantity": quantity(&typed, "kg", Some("kg"))
    });
    if let Some(visit) = setting.visit {
        put(&mut tree, "encounter", json!({"reference": format!("Encounter/{visit}").as_str()}));
    }
    Some(tree)
}

/// What was written, or had been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub code: String,
}

/// Labels what the rules say of a draft as its diagnoses are labelled: a reason that is kept tells what is prescribed.
pub fn seal(verdict: &mut Verdict, setting: &Setting<'_>) {
    let labels = labels(setting.diagnoses.iter());
    for card in &mut verdict.cards {
        let own: Vec<Value> = labels.iter().filter(|one| !card.labels.contains(one)).cloned().collect();
        card.labels.extend(own);
    }
}

/// Gives what is written together with records (`MedicationRequest/…`).
pub type Beside<'k> = dyn Fn(&[String]) -> Result<Vec<Change>, Outcome> + Send + Sync + 'k;

/// Writes a prescription down under a new code. `kept` gives what goes with it (reasons for what a rule stops), for the ids of its lines.
/// The same form again is written once. The one that it replaces is cancelled with it.
/// Refuses with `unprocessable` to replace what was handed out, replaced or taken back; with `forbidden` another facility's.
pub async fn place(
    records: &Records,
    ctx: &Ctx,
    setting: &Setting<'_>,
    (draft, sound): (&Draft, &[Sound<'_>]),
    kept: &Beside<'_>,
) -> Result<Placed, Outcome> {
    let kind = kind_of(sound.iter().map(|one| one.drug));
    let letter = setting.limits.kinds.get(&kind).map_or('C', |limits| limits.letter);
    let mut chance = code::chance_of(&draft.form);
    for _ in 0..DRAWS_MAX {
        let code = code::draw(setting.facility_code(), letter, &mut chance).ok_or_else(|| {
            let text = "Trạm chưa có mã cơ sở 5 ký tự nên chưa cấp được mã đơn.";
            Outcome::new(Kind::Unprocessable, "facility", text, "no facility for a prescription's code")
        })?;
        if is_written(records, ctx, &code, draft).await? {
            return Ok(Placed { code });
        }
        let trees = drafted(setting, draft, sound, &code);
        let about: Vec<String> =
            (1..=sound.len()).map(|number| format!("MedicationRequest/{}", line_id(&code, number))).collect();
        let mut changes = kept(&about)?;
        if let Some(old) = &draft.replaces {
            changes.extend(replaced(records, ctx, setting, old, &code).await?);
        }
        for tree in trees {
            changes.push(Change::create(Resource::from_value(tree)?));
        }
        match records.transact(ctx, changes).await {
            Ok(_) => return Ok(Placed { code }),
            // This form, sent twice at once; or somebody has the code, and another is drawn.
            Err(outcome) if outcome.kind == Kind::Conflict => {
                if is_written(records, ctx, &code, draft).await? {
                    return Ok(Placed { code });
                }
            }
            Err(outcome) => return Err(outcome),
        }
    }
    let text = "Chưa cấp được mã đơn. Hãy bấm ghi lại.";
    Err(Outcome::new(Kind::Conflict, "codes", text, "every code that was drawn is somebody's"))
}

/// Whether a prescription of this code stands that this very form wrote.
async fn is_written(records: &Records, ctx: &Ctx, code: &str, draft: &Draft) -> Result<bool, Outcome> {
    match records.read(ctx, "MedicationRequest", &line_id(code, 1)).await {
        Ok(version) => {
            let tree = version.tree();
            let of_form = super::read::form(&tree) == Some(draft.form.as_str());
            Ok(of_form && super::stands(&tree))
        }
        Err(outcome) if matches!(outcome.kind, Kind::NotFound | Kind::Gone) => Ok(false),
        Err(outcome) => Err(outcome),
    }
}

/// The changes that say that a prescription was replaced by another.
async fn replaced(
    records: &Records,
    ctx: &Ctx,
    setting: &Setting<'_>,
    old: &str,
    new: &str,
) -> Result<Vec<Change>, Outcome> {
    let patient = str_at(setting.patient, &["id"]).unwrap_or_default();
    let old = super::prescription(records, ctx, patient, old).await?;
    refuse_elsewhere(&old, Some(setting.facility))?;
    refuse_unless_open(records, ctx, &old).await?;
    let words = format!("Thay bằng đơn {new}");
    let change = |id: &str| {
        let words = words.clone();
        Change::edit("MedicationRequest", id, move |version| {
            let mut tree = version.tree();
            if str_at(&tree, &["status"]) != Some("active") {
                return Err(not_open());
            }
            put(&mut tree, "status", json!("cancelled"));
            put(&mut tree, "statusReason", json!({"text": words.as_str()}));
            Resource::from_value(tree)
        })
    };
    Ok(old.lines.iter().map(|line| change(&line.request)).collect())
}

fn not_open() -> Outcome {
    let text = "Đơn này đã được thay hoặc rút rồi. Hãy mở lại trang.";
    Outcome::new(Kind::Unprocessable, "not-open", text, "the prescription is not active")
}

/// A prescription is changed where it was written.
fn refuse_elsewhere(it: &Prescription, facility: Option<&str>) -> Result<(), Outcome> {
    if facility.is_some_and(|own| own != it.facility) {
        let text = "Đơn này do cơ sở khác kê; chỉ nơi ấy thay hoặc rút được.";
        return Err(Outcome::new(
            Kind::Forbidden,
            "prescription-place",
            text,
            "another facility's prescription",
        ));
    }
    Ok(())
}

async fn refuse_unless_open(records: &Records, ctx: &Ctx, old: &Prescription) -> Result<(), Outcome> {
    if old.standing != Standing::Active {
        return Err(not_open());
    }
    let given = dispense::given(records, ctx, std::slice::from_ref(old)).await?;
    if given.iter().any(|one| one.stands) {
        let text = "Đơn này đã phát thuốc. Hãy rút lần phát trước, rồi mới thay hoặc rút đơn.";
        return Err(Outcome::new(Kind::Unprocessable, "handed-out", text, "the prescription was handed out"));
    }
    Ok(())
}

/// Takes back a prescription that was written by mistake, whole: its lines, the weight that came with it and the reasons stay as entered in
/// error; the one that it replaced is open again. `facility` is the caller's, where they have one. Refuses with `not-found` what is no
/// prescription of this person, `unprocessable` what was handed out, `forbidden` another facility's.
pub async fn take_back(
    records: &Records,
    ctx: &Ctx,
    facility: Option<&str>,
    patient: &str,
    code: &str,
) -> Result<(), Outcome> {
    let it = super::prescription(records, ctx, patient, code).await?;
    refuse_elsewhere(&it, facility)?;
    refuse_unless_open(records, ctx, &it).await?;
    let mut changes = undone(records, ctx, patient, &it, |_| true).await?;
    if records.read(ctx, "Observation", &weight_id(code)).await.is_ok() {
        changes.push(mistaken("Observation", &weight_id(code)));
    }
    records.transact(ctx, changes).await.map(|_| ())
}

/// The changes that take a visit's prescriptions back with it, but for the weights: they are measures of the visit. Refuses with
/// `unprocessable` when something was handed out.
pub(crate) async fn of_visit(
    records: &Records,
    ctx: &Ctx,
    patient: &str,
    visit: &str,
) -> Result<Vec<Change>, Outcome> {
    let mut changes = Vec::new();
    let mut own = super::of_patient(records, ctx, patient).await?;
    own.retain(|it| it.visit == visit);
    // One that was replaced at the same visit goes with it, so that what it replaced in its turn opens again.
    let is_replaced_here = |it: &Prescription| {
        it.standing == Standing::Replaced && own.iter().any(|other| other.replaces.as_ref() == Some(&it.code))
    };
    for it in &own {
        if is_replaced_here(it) {
            changes.extend(undone(records, ctx, patient, it, |old| old.visit != visit).await?);
        }
        if it.standing != Standing::Active {
            continue;
        }
        refuse_unless_open(records, ctx, it).await.map_err(|outcome| match outcome.kind {
            Kind::Unprocessable => {
                let text = format!(
                    "Đơn thuốc {} của lần khám này đã phát. Mở «Kê đơn», rút lần phát trước, rồi mới rút lần khám.",
                    it.code
                );
                Outcome::new(Kind::Unprocessable, "visit-handed-out", text, "the visit's prescription was handed out")
            }
            _ => outcome,
        })?;
        changes.extend(undone(records, ctx, patient, it, |old| old.visit != visit).await?);
    }
    Ok(changes)
}

/// The changes that take a prescription back: its lines and reasons; the one that it replaced is open again when it `opens`.
async fn undone(
    records: &Records,
    ctx: &Ctx,
    patient: &str,
    it: &Prescription,
    opens: impl Fn(&Prescription) -> bool,
) -> Result<Vec<Change>, Outcome> {
    let lines = it.lines.iter().map(|line| line.request.as_str());
    let mut changes: Vec<Change> = lines.clone().map(|id| mistaken("MedicationRequest", id)).collect();
    let about: Vec<String> = lines.map(|id| format!("MedicationRequest/{id}")).collect();
    changes.extend(crate::advise::withdrawn_of(records, ctx, &about).await?);
    if let Some(old) = &it.replaces {
        let old = super::prescription(records, ctx, patient, old).await?;
        changes.extend(old.lines.iter().filter(|_| opens(&old)).map(|line| {
            Change::edit("MedicationRequest", &line.request, |version| {
                let mut tree = version.tree();
                put(&mut tree, "status", json!("active"));
                take(&mut tree, &["statusReason"]);
                Resource::from_value(tree)
            })
        }));
    }
    Ok(changes)
}
