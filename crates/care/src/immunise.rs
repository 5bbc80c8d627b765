//! Giving vaccines, putting them off, taking back what was written by mistake. The rules of which dose may be given when are
//! those of the schedule in force on the day (`content/schedules`).

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use yba_content::schedules::{Schedule, Vaccine};
use yba_content::{Content, Day};
use yba_fhir::json::{JsonValueMutTrait, Value, from_slice, items, json, str_at};
use yba_fhir::{Kind, Outcome, Resource, date};
use yba_recall::dose::CVX;
use yba_recall::{CHILDREN, Child, Course, Given, Next, forecast};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::{Finding, Severity};

const ROUTE: &str = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration";
const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const UCUM: &str = "http://unitsofmeasure.org";
/// What whoever gives a dose says of the child before it.
const SCREENED: &str = "Đã khám sàng lọc, đủ điều kiện tiêm.";
/// Most characters of a lot number and of a reason.
const LOT_MAX: usize = 20;
const REASON_MAX: usize = 500;
/// Most doses of one child that are read.
const DOSES_MAX: usize = 200;

/// Vaccines that somebody is about to give to one child.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Id of the Patient.
    pub patient: String,
    /// `2026-11-22`; as typed.
    pub day: String,
    pub doses: Vec<Drawn>,
    /// Why it is done although something is asked ([`Severity::Ask`]).
    pub reason: String,
    /// Id of the Organization where it is given.
    pub facility: Option<String>,
    /// Tells this form from others: sent twice, it is written once.
    pub form: String,
    /// Id of the day of vaccination (Task) and of the screening (QuestionnaireResponse) that go with it.
    pub session: Option<String>,
    pub screening: Option<String>,
}

/// One dose as it is drawn from its vial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Slug of the series.
    pub series: String,
    /// CVX code.
    pub vaccine: String,
    pub lot: String,
    /// Last day of use on the vial; as typed.
    pub expiry: String,
}

/// What is known of a child before a dose.
#[derive(Debug)]
pub struct Known<'c> {
    pub schedule: &'c Schedule,
    pub child: Child,
    pub given: Vec<Given>,
}

impl<'c> Known<'c> {
    /// What a Patient and the person's Immunizations say, by the schedule in force on a day. Refuses with `unprocessable` when the
    /// whole day of birth is not known, or no schedule is in force.
    pub fn of(
        content: &'c Content,
        patient: &Value,
        immunizations: &[Value],
        on: Day,
    ) -> Result<Known<'c>, Outcome> {
        let Some(birth) = str_at(patient, &["birthDate"]).and_then(Day::parse) else {
            let text =
                "Chưa có ngày sinh đầy đủ nên chưa tính được lịch tiêm. Hãy sửa thông tin hành chính trước.";
            return Err(Outcome::new(Kind::Unprocessable, "birth-date", text, "no whole birth date"));
        };
        let schedule = content.schedule(CHILDREN, on).ok_or_else(|| {
            let text = "Chưa có lịch tiêm chủng nào cho ngày này.";
            Outcome::new(Kind::Unprocessable, "schedule", text, "no schedule in force")
        })?;
        let sex = str_at(patient, &["gender"]).unwrap_or_default().to_owned();
        let given = immunizations.iter().filter_map(Given::of).collect();
        let places = yba_store::places_of(patient).collect();
        Ok(Known { schedule, child: Child { birth, sex, places }, given })
    }

    /// Every series that is for the child.
    pub fn courses(&self) -> Vec<Course<'c>> {
        forecast(self.schedule, &self.child, &self.given)
    }

    /// The same by the doses before a day: somebody may write down an older one.
    fn courses_before(&self, day: Day) -> Vec<Course<'c>> {
        let before: Vec<Given> = self.given.iter().filter(|one| one.day < day).cloned().collect();
        forecast(self.schedule, &self.child, &before)
    }
}

/// Every Immunization of a person within reach, whoever's file it is in, newest first.
pub async fn immunizations(records: &Records, ctx: &Ctx, patient: &str) -> Result<Vec<Value>, Outcome> {
    let kin = records.store().kin_of(patient).await?.join(",");
    let query =
        Query::parse_string("Immunization", &format!("patient={kin}&_sort=-date&_count={DOSES_MAX}"))?;
    let page = records.search(ctx, &query, None).await?;
    Ok(page.matches.iter().map(Version::tree).collect())
}

/// All that is wrong with a draft, by field: `day`, `reason`, `doses`, and `lot-…`, `expiry-…`, `dose-…` with the slug of the series.
pub fn check(known: &Known<'_>, draft: &Draft, today: Day) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut stop = |field: &str, text: String| {
        found.push(Finding { severity: Severity::Stop, field: field.to_owned(), text });
    };
    let day = Day::parse(&draft.day);
    match day {
        None => stop("day", "Ngày tiêm phải là một ngày, ví dụ 22/11/2026.".into()),
        Some(day) if day > today => stop("day", "Ngày tiêm không thể sau hôm nay.".into()),
        Some(day) if day < known.child.birth => stop("day", "Ngày tiêm không thể trước ngày sinh.".into()),
        Some(_) => {}
    }
    if draft.doses.is_empty() {
        stop("doses", "Chưa chọn mũi nào. Hãy chọn ít nhất một mũi để ghi.".into());
    }
    if draft.reason.chars().count() > REASON_MAX {
        stop("reason", format!("Lý do dài quá {REASON_MAX} ký tự."));
    }
    let Some(day) = day else { return found };
    let (courses, before) = (known.courses(), known.courses_before(day));
    for dose in &draft.doses {
        found.extend(check_vial(known.schedule, dose, day));
        found.extend(check_dose(known.schedule, &courses, &before, dose, day));
    }
    found
}

fn check_vial(schedule: &Schedule, dose: &Drawn, day: Day) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut stop = |field: &str, text: &str| {
        let field = format!("{field}-{}", dose.series);
        found.push(Finding { severity: Severity::Stop, field, text: text.to_owned() });
    };
    if vaccine(schedule, &dose.vaccine).is_none() {
        stop("dose", "Vắc xin này không có trong lịch tiêm đang áp dụng.");
    }
    let lot = dose.lot.trim();
    if lot.is_empty() {
        stop("lot", "Ghi số lô in trên lọ.");
    } else if lot.chars().count() > LOT_MAX {
        stop("lot", "Số lô dài quá 20 ký tự. Hãy xem lại trên lọ.");
    }
    match Day::parse(&dose.expiry) {
        None => stop("expiry", "Ghi hạn dùng in trên lọ, ví dụ 31/12/2027."),
        Some(last) if last < day => stop("expiry", "Lô này đã hết hạn. Không được dùng; hãy lấy lọ khác."),
        Some(_) => {}
    }
    found
}

fn check_dose(
    schedule: &Schedule,
    courses: &[Course<'_>],
    before: &[Course<'_>],
    dose: &Drawn,
    day: Day,
) -> Option<Finding> {
    let finding =
        |severity, text: String| Some(Finding { severity, field: format!("dose-{}", dose.series), text });
    let Some(course) = courses.iter().find(|course| course.series.slug == dose.series) else {
        return finding(Severity::Stop, "Mũi này không dành cho trẻ này (tuổi, giới hoặc ngày sinh).".into());
    };
    let short = &course.series.short;
    if course.given.iter().any(|one| one.day == day) {
        return finding(Severity::Stop, format!("{short} đã ghi cho ngày này rồi."));
    }
    if !course.series.vaccines.contains(&dose.vaccine) {
        return finding(Severity::Stop, format!("Vắc xin đã chọn không tính cho {short}."));
    }
    let then = before.iter().find(|course| course.series.slug == dose.series)?;
    match then.next {
        Next::Complete => finding(Severity::Ask, format!("{short} đã đủ mũi. Nếu vẫn tiêm, hãy ghi lý do.")),
        Next::Over { number } => finding(
            Severity::Ask,
            format!("{short} mũi {number} đã quá tuổi tiêm. Nếu vẫn tiêm, hãy ghi lý do."),
        ),
        Next::Wanted { number, due, .. } if schedule.grace.after(day) < due => {
            let due = format!("{:02}/{:02}/{}", due.day(), due.month(), due.year());
            let text = format!(
                "{short} mũi {number} chưa đến ngày: sớm nhất {due}. Tiêm sớm sẽ không được tính; nếu vẫn tiêm, hãy ghi lý do."
            );
            finding(Severity::Ask, text)
        }
        Next::Wanted { number, until, .. } if until <= day => finding(
            Severity::Ask,
            format!("{short} mũi {number} đã quá tuổi tiêm. Nếu vẫn tiêm, hãy ghi lý do."),
        ),
        Next::Wanted { .. } => None,
    }
}

/// What of the findings still stands in the way: stops, and questions without a reason.
pub fn blocking(found: &[Finding], draft: &Draft) -> bool {
    let answered = !draft.reason.trim().is_empty();
    found.iter().any(|one| one.severity == Severity::Stop || !answered)
}

/// The vaccine of a code.
pub fn vaccine<'s>(schedule: &'s Schedule, cvx: &str) -> Option<&'s Vaccine> {
    schedule.vaccines.iter().find(|one| one.cvx == cvx)
}

/// The records of a draft that was checked, to be written.
pub fn plan(
    known: &Known<'_>,
    draft: &Draft,
    found: &[Finding],
    now_ms: i64,
) -> Result<Vec<Change>, Outcome> {
    let trees = drafted(known, draft, found, now_ms).into_iter();
    trees.map(|tree| Ok(Change::create(Resource::from_value(tree)?))).collect()
}

/// The records that a draft would become: one for each vial, however many series it counts for.
pub fn drafted(known: &Known<'_>, draft: &Draft, found: &[Finding], now_ms: i64) -> Vec<Value> {
    let mut vials: BTreeMap<(&str, &str), Vec<&Drawn>> = BTreeMap::new();
    for dose in &draft.doses {
        vials.entry((&dose.vaccine, dose.lot.trim())).or_default().push(dose);
    }
    let before = Day::parse(&draft.day).map(|day| known.courses_before(day)).unwrap_or_default();
    let is_today = Day::of_instant(now_ms).to_string() == draft.day;
    let mut all = Vec::new();
    for ((code, lot), doses) in vials {
        let Some(vaccine) = vaccine(known.schedule, code) else { continue };
        let occurred = if is_today { date::instant(now_ms) } else { draft.day.clone() };
        let applied: Vec<Value> = doses
            .iter()
            .map(|dose| {
                let course = before.iter().find(|course| course.series.slug == dose.series);
                let number = course.map_or(1, |course| course.counted + 1) as u64;
                json!({"series": dose.series.as_str(), "doseNumberPositiveInt": number})
            })
            .collect();
        let mut tree = json!({
            "resourceType": "Immunization",
            "id": id(draft, code, lot).as_str(),
            "status": "completed",
            "vaccineCode": {"coding": [{"system": CVX, "code": code}], "text": vaccine.title.as_str()},
            "patient": {"reference": format!("Patient/{}", draft.patient).as_str()},
            "occurrenceDateTime": occurred.as_str(),
            "recorded": date::instant(now_ms).as_str(),
            "primarySource": true,
            "lotNumber": lot,
            "expirationDate": doses[0].expiry.as_str(),
            "route": {"coding": [{"system": ROUTE, "code": vaccine.route.as_str()}]},
            "protocolApplied": applied
        });
        if let Ok(amount) = from_slice::<Value>(vaccine.dose_ml.as_bytes()) {
            let quantity = json!({"value": amount, "unit": "mL", "system": UCUM, "code": "mL"});
            put(&mut tree, "doseQuantity", quantity);
        }
        if let Some(facility) = &draft.facility {
            let place = json!({"reference": format!("Organization/{facility}").as_str()});
            put(&mut tree, "performer", json!([{"actor": place}]));
        }
        belonging(&mut tree, draft);
        let mut notes = vec![json!({"text": SCREENED})];
        if !draft.reason.trim().is_empty() && found.iter().any(|one| one.severity == Severity::Ask) {
            notes.push(json!({"text": format!("Vẫn tiêm, vì: {}", draft.reason.trim()).as_str()}));
        }
        put(&mut tree, "note", Value::from(notes));
        all.push(tree);
    }
    all
}

/// Says of a dose to which screening it belongs.
const OF_SCREENING: &str = "https://yba.vn/fhir/StructureDefinition/vaccination-screening";

/// Puts into an Immunization on which day of vaccination and after which screening it is.
fn belonging(tree: &mut Value, draft: &Draft) {
    let of = [
        (crate::session::OF_SESSION, "Task", &draft.session),
        (OF_SCREENING, "QuestionnaireResponse", &draft.screening),
    ];
    let said: Vec<Value> = of
        .into_iter()
        .filter_map(|(url, kind, id)| {
            let reference = format!("{kind}/{}", id.as_ref()?);
            Some(json!({"url": url, "valueReference": {"reference": reference.as_str()}}))
        })
        .collect();
    if !said.is_empty() {
        put(tree, "extension", Value::from(said));
    }
}

/// The same form gives the same ids.
fn id(draft: &Draft, vaccine: &str, lot: &str) -> String {
    let Draft { form, patient, day, .. } = draft;
    let hash = Sha256::digest(format!("{form}\n{patient}\n{day}\n{vaccine}\n{lot}").as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("im-{hex}")
}

fn put(tree: &mut Value, key: &str, value: Value) {
    if let Some(object) = tree.as_object_mut() {
        object.insert(key, value);
    }
}

/// Whether this very form was written before, and stands, as these records tell: what was taken back does not.
pub fn is_written(draft: &Draft, immunizations: &[Value]) -> bool {
    let is_there = |id: &str| {
        let stands = |one: &&Value| str_at(one, &["status"]) != Some("entered-in-error");
        immunizations.iter().filter(stands).any(|one| str_at(one, &["id"]) == Some(id))
    };
    let mut ids = draft.doses.iter().map(|dose| id(draft, &dose.vaccine, dose.lot.trim())).peekable();
    ids.peek().is_some() && ids.all(|id| is_there(&id))
}

/// Writes down that a child was not given anything on a day, and why. Refuses with `unprocessable` without a reason or a dose
/// that is known.
pub async fn put_off(
    records: &Records,
    ctx: &Ctx,
    schedule: &Schedule,
    draft: &Draft,
) -> Result<(), Outcome> {
    let reason = draft.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        let text = "Ghi lý do tạm hoãn, ví dụ «Sốt 38,5 °C».";
        return Err(Outcome::new(Kind::Unprocessable, "reason", text, "no reason").at("reason"));
    }
    let (mut changes, mut keys) = (Vec::new(), Vec::new());
    for tree in not_given(schedule, draft) {
        keys.push(("Immunization".to_owned(), str_at(&tree, &["id"]).unwrap_or_default().to_owned()));
        changes.push(Change::create(Resource::from_value(tree)?));
    }
    if changes.is_empty() {
        let text = "Không còn mũi nào đến lịch để tạm hoãn.";
        return Err(Outcome::new(Kind::Unprocessable, "doses", text, "nothing to put off"));
    }
    match records.transact(ctx, changes).await {
        // The same form, sent twice: it is written, unless only a part of it is.
        Err(outcome) if outcome.kind == Kind::Conflict => {
            let found = records.read_many(ctx, &keys).await?;
            if found.len() == keys.len() { Ok(()) } else { Err(outcome) }
        }
        done => done.map(|_| ()),
    }
}

/// The records that say that doses were not given on a day, and why: one for each vaccine.
pub fn not_given(schedule: &Schedule, draft: &Draft) -> Vec<Value> {
    let mut all: BTreeMap<&str, Value> = BTreeMap::new();
    for dose in &draft.doses {
        let Some(vaccine) = vaccine(schedule, &dose.vaccine) else { continue };
        let mut tree = json!({
            "resourceType": "Immunization",
            "id": id(draft, &dose.vaccine, "hoan").as_str(),
            "status": "not-done",
            "statusReason": {"coding": [{"system": REASON, "code": "MEDPREC"}], "text": draft.reason.trim()},
            "vaccineCode": {
                "coding": [{"system": CVX, "code": dose.vaccine.as_str()}],
                "text": vaccine.title.as_str()
            },
            "patient": {"reference": format!("Patient/{}", draft.patient).as_str()},
            "occurrenceDateTime": draft.day.as_str()
        });
        belonging(&mut tree, draft);
        if let Some(facility) = &draft.facility {
            let place = json!({"reference": format!("Organization/{facility}").as_str()});
            put(&mut tree, "performer", json!([{"actor": place}]));
        }
        all.insert(&dose.vaccine, tree);
    }
    all.into_values().collect()
}

/// Takes back a dose that was written by mistake: it stays in the history as entered in error, and so does the screening before it
/// when no other dose among `all` rests on that. Refuses with `not-found`.
pub async fn take_back(
    records: &Records,
    ctx: &Ctx,
    all: &[Value],
    immunization: &str,
) -> Result<(), Outcome> {
    let change = Change::edit("Immunization", immunization, |version| {
        let mut tree = version.tree();
        put(&mut tree, "status", json!("entered-in-error"));
        Resource::from_value(tree)
    });
    let mut changes = vec![change];
    changes.extend(crate::advise::withdrawn(records, ctx, &format!("Immunization/{immunization}")).await?);
    if let Some(screening) = last_of_screening(all, immunization) {
        changes.extend(crate::screening::withdrawn(records, ctx, screening).await?);
    }
    records.transact(ctx, changes).await.map(|_| ())
}

/// The screening (id of the QuestionnaireResponse) on which this dose rests and no other that stands.
fn last_of_screening<'a>(all: &'a [Value], immunization: &str) -> Option<&'a str> {
    let is_it = |one: &&Value| str_at(one, &["id"]) == Some(immunization);
    let screening = screening_of(all.iter().find(is_it)?)?;
    let mut others = all.iter().filter(|one| !is_it(one));
    let stands = |one: &Value| {
        screening_of(one) == Some(screening) && str_at(one, &["status"]) != Some("entered-in-error")
    };
    (!others.any(stands)).then_some(screening)
}

/// The screening that a dose names.
pub fn screening_of(dose: &Value) -> Option<&str> {
    let said = items(dose, "extension").find(|one| str_at(one, &["url"]) == Some(OF_SCREENING))?;
    str_at(said, &["valueReference", "reference"])?.strip_prefix("QuestionnaireResponse/")
}

/// The lot and expiry of the vaccine given last among these records, newest first: what is open in the fridge now.
pub fn last_vial(immunizations: &[Value], cvx: &str) -> Option<(String, String)> {
    let is_of = |one: &&Value| {
        let code = &one["vaccineCode"];
        items(code, "coding").any(|coding| str_at(coding, &["code"]) == Some(cvx))
    };
    let last = immunizations.iter().filter(is_of).find(|one| str_at(one, &["lotNumber"]).is_some())?;
    let text = |key: &str| str_at(last, &[key]).unwrap_or_default().to_owned();
    Some((text("lotNumber"), text("expirationDate")))
}

#[cfg(test)]
#[path = "immunise_tests.rs"]
mod tests;
