//! Notifying a case of an infectious disease: by when, what is told, that it was sent on, that it was a mistake. Which diseases and
//! within how many hours, content says (`content/notifiable`), by the day of the diagnosis.
//!
//! A notification is a Communication with the answers within it as a QuestionnaireResponse
//! (docs/decisions/2026-11-23-notification.md). Start at [`case`] (pure: diagnoses to cases with deadlines), then [`check`] and
//! [`write`].

mod answers;
pub mod case;
pub mod example;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use yba_content::notifiable::Disease;
use yba_content::{Content, Day};
use yba_fhir::json::{JsonValueMutTrait, Value, items, json, str_at};
use yba_fhir::view::reference_target;
use yba_fhir::{DateRange, Kind, Outcome, Resource, date};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::{Finding, Severity};
use case::{Case, cases, patient_of};

/// The kinds of Communications that we write, and the diseases of content.
const KINDS: &str = "https://yba.vn/fhir/CodeSystem/communication";
pub(crate) const DISEASES: &str = "https://yba.vn/fhir/CodeSystem/notifiable-disease";
const KIND: &str = "notifiable-case";
const MODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode";

/// Codes and words of what a case may be, of samples, of what became of the ill, and of ways to send a notification on.
pub const CLASSES: [(&str, &str); 3] =
    [("suspected", "Nghi ngờ"), ("probable", "Có thể"), ("confirmed", "Xác định")];
pub const SAMPLES: [(&str, &str); 3] =
    [("none", "Chưa lấy"), ("taken", "Đã lấy, chờ kết quả"), ("positive", "Có kết quả dương tính")];
pub const OUTCOMES: [(&str, &str); 6] = [
    ("outpatient", "Đang điều trị ngoại trú"),
    ("inpatient", "Đang nằm viện"),
    ("referred", "Đã chuyển viện"),
    ("recovered", "Đã khỏi"),
    ("died", "Tử vong"),
    ("other", "Khác"),
];
pub const WAYS: [(&str, &str); 3] =
    [("ONLINEWRIT", "Phần mềm của Bộ Y tế"), ("WRITTEN", "Phiếu giấy"), ("PHONE", "Điện thoại")];

/// Most diagnoses that one look takes in, most notifications and doses of one person.
pub const CONDITIONS_MAX: usize = 1000;
const OF_PERSON_MAX: usize = 200;
/// Most pages of notifications about some patients.
const PAGES_MAX: usize = 20;
/// Most alternatives of one search parameter, and most patients of one search.
const CODES_AT_ONCE: usize = 480;
const PATIENTS_AT_ONCE: usize = 200;
/// Most contacts of one case, most characters of a name, a relation, a note.
pub const CONTACTS_MAX: usize = 50;
const NAME_MAX: usize = 100;
const NOTE_MAX: usize = 1000;
/// An onset longer before the diagnosis than this is asked about.
const ONSET_DAYS: i64 = 60;

/// What somebody is about to notify of a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// `2026-11-20`; as typed.
    pub onset: String,
    /// A code of [`CLASSES`], [`SAMPLES`], [`OUTCOMES`].
    pub class: String,
    pub sample: String,
    /// When a sample was taken; as typed.
    pub sample_day: String,
    pub outcome: String,
    pub contacts: Vec<Contact>,
    pub note: String,
    /// Why it is written although something is asked ([`Severity::Ask`]).
    pub reason: String,
    /// Tells this form from others: sent twice, it is written once.
    pub form: String,
    /// The version of the notification that was looked at; empty when there was none.
    pub version: String,
}

/// Somebody who was near the ill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    pub name: String,
    pub phone: String,
    pub relation: String,
}

impl Contact {
    pub fn is_empty(&self) -> bool {
        [&self.name, &self.phone, &self.relation].iter().all(|text| text.trim().is_empty())
    }
}

/// A notification that was written.
#[derive(Debug, Clone)]
pub struct Notified {
    pub id: String,
    pub version: String,
    /// `preparation`: written, not sent on; `completed`: sent on; `entered-in-error`.
    pub status: String,
    /// Ids of the Conditions.
    pub about: Vec<String>,
    /// Id of the Organization that wrote it.
    pub sender: String,
    /// When it was written, and when it, or the one that it changes, was sent on (ISO), by which of [`WAYS`].
    pub written: String,
    pub sent: String,
    pub way: String,
    /// Until when it had to be told (ISO), as was known when it was written.
    pub due: String,
    pub doses: Doses,
    pub draft: Draft,
}

impl Notified {
    /// Whether it was not taken back.
    pub fn is_standing(&self) -> bool {
        self.status != "entered-in-error"
    }

    pub fn is_sent(&self) -> bool {
        self.status == "completed"
    }

    /// Whether it says something else than what was sent on before.
    pub fn is_change(&self) -> bool {
        !self.is_sent() && !self.sent.is_empty()
    }

    fn of(version: &Version) -> Notified {
        let tree = version.tree();
        let text = |path: &[&str]| str_at(&tree, path).unwrap_or_default().to_owned();
        let target =
            |reference: &str| reference_target(reference).map(|(_, id)| id.to_owned()).unwrap_or_default();
        let way = items(&tree, "medium")
            .flat_map(|one| items(one, "coding"))
            .find_map(|one| str_at(one, &["code"]));
        let form = items(&tree, "identifier").find_map(|one| str_at(one, &["value"])).unwrap_or_default();
        let told = answers::read(&tree);
        Notified {
            id: version.id.clone(),
            version: version.version_id.clone(),
            status: text(&["status"]),
            about: items(&tree, "about")
                .filter_map(|one| Some(target(str_at(one, &["reference"])?)))
                .collect(),
            sender: target(&text(&["sender", "reference"])),
            written: told.written,
            sent: text(&["sent"]),
            way: way.unwrap_or_default().to_owned(),
            due: told.due,
            doses: told.doses,
            draft: Draft { form: form.to_owned(), version: version.version_id.clone(), ..told.draft },
        }
    }
}

/// The doses against a disease that a person has had.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doses {
    pub count: usize,
    /// ISO day of the last one; empty without one.
    pub last: String,
}

/// What the records say of vaccination against a disease: doses on one day count once.
pub fn doses(disease: &Disease, immunizations: &[Value]) -> Doses {
    let is_against = |one: &&Value| {
        let coded = items(&one["vaccineCode"], "coding").filter_map(|coding| str_at(coding, &["code"]));
        str_at(one, &["status"]) == Some("completed")
            && coded.into_iter().any(|code| disease.vaccines.contains(code))
    };
    let days = immunizations
        .iter()
        .filter(is_against)
        .filter_map(|one| str_at(one, &["occurrenceDateTime"])?.get(..10));
    let days: BTreeSet<&str> = days.collect();
    Doses { count: days.len(), last: days.last().copied().unwrap_or_default().to_owned() }
}

/// What a look at cases found.
#[derive(Debug)]
pub struct Found<'c> {
    /// The nearest deadline first.
    pub cases: Vec<Case<'c>>,
    /// Whether there were more diagnoses than are looked at: the newest were.
    pub is_cut: bool,
}

/// The cases within the caller's reach that were diagnosed in the days that the list shows, by the edition of today.
///
/// Refuses with `forbidden` who may search no diagnoses or notifications, `unprocessable` when no edition is in force.
pub async fn listed<'c>(records: &Records, ctx: &Ctx, content: &'c Content) -> Result<Found<'c>, Outcome> {
    records.admit_rows(ctx, "search", &["Condition", "Communication", "Patient"])?;
    let today = Day::of_instant(records.store().clock().now_ms());
    let Some(edition) = content.notifiable(today) else { return Err(no_edition()) };
    let since = today.plus_days(-i64::from(edition.listed_days));
    // A list that is still looked at may begin under the edition before.
    let before = content.notifiable(since).filter(|other| other.from != edition.from);
    let codes: BTreeSet<String> =
        edition.codes().into_iter().chain(before.into_iter().flat_map(|one| one.codes())).collect();
    // Without their system, which [`case::obligation`] asks: many pairs of system and code are found a hundred times slower.
    let codes: Vec<String> = codes.into_iter().collect();
    let (mut conditions, mut is_cut) = (Vec::new(), false);
    for some in codes.chunks(CODES_AT_ONCE) {
        let coded = format!("code={}", some.join(","));
        for when in [
            format!("recorded-date=ge{since}&_sort=-recorded-date"),
            format!("recorded-date:missing=true&_lastUpdated=ge{since}&_sort=-_lastUpdated"),
        ] {
            let query = Query::parse_string("Condition", &format!("{coded}&{when}&_count={CONDITIONS_MAX}"))?;
            let found = records.search(ctx, &query, None).await?;
            is_cut |= found.next.is_some();
            conditions.extend(found.matches.iter().map(Version::tree));
        }
    }
    Ok(Found { cases: together(records, ctx, content, conditions).await?, is_cut })
}

fn no_edition() -> Outcome {
    let text = "Chưa có danh mục bệnh truyền nhiễm phải báo nào cho ngày này.";
    Outcome::new(Kind::Unprocessable, "notifiable", text, "no edition in force")
}

/// The case of which this Condition (id) is a diagnosis. Refuses with `not-found` what is beyond reach, and `unprocessable` what needs
/// no notification.
pub async fn case_of<'c>(
    records: &Records,
    ctx: &Ctx,
    content: &'c Content,
    condition: &str,
) -> Result<Case<'c>, Outcome> {
    let tree = records.read(ctx, "Condition", condition).await?.tree();
    let patient = patient_of(&tree).unwrap_or_default();
    let kin = records.store().kin_of(patient).await?.join(",");
    let query = Query::parse_string(
        "Condition",
        &format!("patient={kin}&_sort=-_lastUpdated&_count={CONDITIONS_MAX}"),
    )?;
    let found = records.search(ctx, &query, None).await?;
    let mut conditions: Vec<Value> = found.matches.iter().map(Version::tree).collect();
    if !conditions.iter().any(|one| str_at(one, &["id"]) == Some(condition)) {
        conditions.push(tree);
    }
    let all = together(records, ctx, content, conditions).await?;
    all.into_iter().find(|case| case.has(condition)).ok_or_else(|| {
        let text = "Chẩn đoán này không thuộc danh mục phải thông báo từng ca, hoặc đã được rút lại.";
        Outcome::new(Kind::Unprocessable, "not-notifiable", text, "no notifiable case")
    })
}

async fn together<'c>(
    records: &Records,
    ctx: &Ctx,
    content: &'c Content,
    conditions: Vec<Value>,
) -> Result<Vec<Case<'c>>, Outcome> {
    let patients: BTreeSet<String> = conditions.iter().filter_map(patient_of).map(str::to_owned).collect();
    let patients: Vec<String> = patients.into_iter().collect();
    let mut persons: BTreeMap<String, String> = BTreeMap::new();
    let mut everybody: BTreeSet<String> = BTreeSet::new();
    // A person is called by the least id of their Patients; the pairs come in order.
    for (patient, other) in records.store().kin_of_each(&patients).await? {
        persons.entry(patient).or_insert_with(|| other.clone());
        everybody.insert(other);
    }
    let everybody: Vec<String> = everybody.into_iter().collect();
    let mut notified = Vec::new();
    for some in everybody.chunks(PATIENTS_AT_ONCE) {
        notified.extend(notifications(records, ctx, some).await?);
    }
    Ok(cases(content, conditions, &notified, &persons))
}

/// The notifications about these Patients (ids) within reach, the newest first; those that were taken back too.
async fn notifications(records: &Records, ctx: &Ctx, patients: &[String]) -> Result<Vec<Notified>, Outcome> {
    let (of, most) = (patients.join(","), OF_PERSON_MAX.max(patients.len() * 4));
    let asked = format!("category={KINDS}|{KIND}&patient={of}&_sort=-_lastUpdated&_count={most}");
    let query = Query::parse_string("Communication", &asked)?;
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let page = records.search(ctx, &query, cursor.as_deref()).await?;
        all.extend(page.matches.iter().map(Notified::of));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(all)
}

/// What stands in a form that nobody has touched: what the record knows.
pub fn fresh(case: &Case<'_>, form: String) -> Draft {
    if let Some(notified) = &case.notified {
        return Draft { form, reason: String::new(), ..notified.draft.clone() };
    }
    Draft {
        onset: case.onset().map(|day| day.to_string()).unwrap_or_default(),
        class: if case.is_suspected { "suspected" } else { "probable" }.to_owned(),
        sample: "none".to_owned(),
        outcome: "outpatient".to_owned(),
        form,
        ..Draft::default()
    }
}

/// All that is wrong with a draft, by field: `onset`, `class`, `sample`, `sample-day`, `outcome`, `note`, `reason`, `contacts`, and
/// `contact-name-…`, `contact-phone-…` with the place of the contact, from 0.
pub fn check(case: &Case<'_>, birth: Option<Day>, draft: &Draft, today: Day) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |severity: Severity, field: &str, text: String| {
        found.push(Finding { severity, field: field.to_owned(), text });
    };
    use Severity::{Ask, Stop};
    let onset = Day::parse(&draft.onset);
    let diagnosed = Day::of_instant(case.diagnosed_ms);
    match onset {
        None => say(
            Stop,
            "onset",
            "Ghi ngày khởi phát, ví dụ 20/11/2026. Không nhớ rõ thì ghi ngày gần đúng nhất.".into(),
        ),
        Some(day) if day > today => say(Stop, "onset", "Ngày khởi phát không thể sau hôm nay.".into()),
        Some(day) if birth.is_some_and(|birth| day < birth) => {
            say(Stop, "onset", "Ngày khởi phát không thể trước ngày sinh.".into());
        }
        Some(day) if day > diagnosed => {
            say(Ask, "onset", "Khởi phát sau ngày chẩn đoán. Nếu đúng, hãy ghi lý do.".into());
        }
        Some(day) if day < diagnosed.plus_days(-ONSET_DAYS) => {
            say(
                Ask,
                "onset",
                format!("Khởi phát trước chẩn đoán hơn {ONSET_DAYS} ngày. Nếu đúng, hãy ghi lý do."),
            );
        }
        Some(_) => {}
    }
    let knows = |all: &[(&str, &str)], code: &str| all.iter().any(|(one, _)| *one == code);
    if !knows(&CLASSES, &draft.class) {
        say(Stop, "class", "Chọn ca nghi ngờ, có thể hay xác định.".into());
    } else if draft.class == "confirmed" && draft.sample != "positive" {
        let text =
            "Ca xác định thường cần kết quả xét nghiệm dương tính. Nếu xác định cách khác, hãy ghi lý do.";
        say(Ask, "class", text.into());
    }
    match (knows(&SAMPLES, &draft.sample), draft.sample.as_str()) {
        (false, _) => say(Stop, "sample", "Chọn đã lấy mẫu hay chưa.".into()),
        (true, "none") => {}
        (true, _) => match Day::parse(&draft.sample_day) {
            None => say(Stop, "sample-day", "Ghi ngày lấy mẫu, ví dụ 21/11/2026.".into()),
            Some(day) if day > today => say(Stop, "sample-day", "Ngày lấy mẫu không thể sau hôm nay.".into()),
            Some(day) if onset.is_some_and(|onset| day < onset) => {
                say(Ask, "sample-day", "Lấy mẫu trước ngày khởi phát. Nếu đúng, hãy ghi lý do.".into());
            }
            Some(_) => {}
        },
    }
    if !knows(&OUTCOMES, &draft.outcome) {
        say(Stop, "outcome", "Chọn tình trạng hiện tại của người bệnh.".into());
    }
    for (field, text) in [("note", &draft.note), ("reason", &draft.reason)] {
        if text.chars().count() > NOTE_MAX {
            say(Stop, field, format!("Dài quá {NOTE_MAX} ký tự."));
        }
    }
    found.extend(check_contacts(&draft.contacts));
    found
}

fn check_contacts(contacts: &[Contact]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut stop =
        |field: String, text: String| found.push(Finding { severity: Severity::Stop, field, text });
    if contacts.len() > CONTACTS_MAX {
        stop("contacts".into(), format!("Nhiều nhất {CONTACTS_MAX} người tiếp xúc trong một thông báo."));
    }
    for (at, one) in contacts.iter().enumerate().filter(|(_, one)| !one.is_empty()).take(CONTACTS_MAX) {
        let long = |text: &str| text.chars().count() > NAME_MAX;
        if one.name.trim().is_empty() {
            stop(format!("contact-name-{at}"), "Ghi tên người tiếp xúc, hoặc xóa cả dòng.".into());
        } else if long(&one.name) || long(&one.relation) {
            stop(format!("contact-name-{at}"), format!("Tên hoặc quan hệ dài quá {NAME_MAX} ký tự."));
        }
        let digits = one.phone.chars().filter(char::is_ascii_digit).count();
        let is_odd = one.phone.chars().any(|letter| !(letter.is_ascii_digit() || " .+-()".contains(letter)));
        if !one.phone.trim().is_empty() && (is_odd || !(9..=12).contains(&digits)) {
            stop(format!("contact-phone-{at}"), "Số điện thoại có 9 đến 12 chữ số.".into());
        }
    }
    found
}

/// Whether this very form was written before.
pub fn is_written(case: &Case<'_>, draft: &Draft) -> bool {
    case.notified.as_ref().is_some_and(|one| !draft.form.is_empty() && one.draft.form == draft.form)
}

/// Writes down the notification of a draft that was checked, or writes it anew after it was changed or taken back. It is then to be sent
/// on. Refuses with `conflict` or `precondition` when a colleague wrote or changed it meanwhile; a form sent twice at once is written
/// once.
pub async fn write(
    records: &Records,
    ctx: &Ctx,
    case: &Case<'_>,
    draft: &Draft,
    doses: &Doses,
    facility: Option<&str>,
) -> Result<(), Outcome> {
    let now_ms = records.store().clock().now_ms();
    let id = case.notified.as_ref().map_or_else(|| id(case), |one| one.id.clone());
    let resource = Resource::from_value(plan(case, draft, doses, facility, &id, now_ms))?;
    // One that was taken back stands under the same id.
    let taken_back = match &case.notified {
        Some(_) => None,
        None => match records.read(ctx, "Communication", &id).await {
            Ok(version) => Some(Notified::of(&version)),
            Err(outcome) if matches!(outcome.kind, Kind::NotFound | Kind::Gone) => None,
            Err(outcome) => return Err(outcome),
        },
    };
    let change = match (&case.notified, taken_back) {
        (Some(_), _) => Change::put(resource).if_match(draft.version.clone()),
        (None, Some(old)) if !old.is_standing() => Change::put(resource).if_match(old.version),
        (None, _) => Change::create(resource),
    };
    match records.transact(ctx, vec![change]).await {
        Err(outcome) if matches!(outcome.kind, Kind::Conflict | Kind::Precondition) => {
            let now = Notified::of(&records.read(ctx, "Communication", &id).await?);
            if now.is_standing() && now.draft.form == draft.form {
                Ok(())
            } else {
                Err(overtaken(&now, outcome.kind))
            }
        }
        done => done.map(|_| ()),
    }
}

fn overtaken(now: &Notified, kind: Kind) -> Outcome {
    let clock = now.written.get(11..16).unwrap_or_default();
    let text = format!(
        "Một người khác vừa ghi thông báo của ca này lúc {clock}. Mở lại trang để xem bản ấy, rồi cập nhật nếu cần."
    );
    Outcome::new(kind, "notified-meanwhile", text, "the notification was written by somebody else")
}

/// The notification of a case has one id, whoever writes it.
fn id(case: &Case<'_>) -> String {
    let hash = Sha256::digest(format!("notifiable-case\n{}\n{}", case.disease.slug, case.id()).as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("tb-{hex}")
}

/// The Communication of a draft that was checked.
fn plan(
    case: &Case<'_>,
    draft: &Draft,
    doses: &Doses,
    facility: Option<&str>,
    id: &str,
    now_ms: i64,
) -> Value {
    let patient = json!({"reference": format!("Patient/{}", case.patient).as_str()});
    let about: Vec<Value> = case
        .conditions
        .iter()
        .filter_map(|one| Some(json!({"reference": format!("Condition/{}", str_at(one, &["id"])?).as_str()})))
        .collect();
    let title = case.disease.title.as_str();
    let mut tree = json!({
        "resourceType": "Communication",
        "id": id,
        "contained": [answers::response(case, draft, doses, &patient, now_ms)],
        "identifier": [{"value": draft.form.as_str()}],
        "status": "preparation",
        "category": [{"coding": [{"system": KINDS, "code": KIND}], "text": "Thông báo ca bệnh truyền nhiễm"}],
        "subject": patient,
        "topic": {"coding": [{"system": DISEASES, "code": case.disease.slug.as_str(), "display": title}], "text": title},
        "about": about.clone(),
        "reasonReference": about,
        "payload": [{"contentReference": {"reference": "#ca-benh"}}]
    });
    let labels = case.labels();
    if !labels.is_empty() {
        put(&mut tree, "meta", json!({"security": labels}));
    }
    // What was sent on before stays known beside what is not yet.
    if let Some(before) = case.notified.as_ref().filter(|one| !one.sent.is_empty()) {
        put(&mut tree, "sent", json!(before.sent.as_str()));
        put(&mut tree, "medium", medium(&before.way));
    }
    if let Some(facility) = facility {
        put(&mut tree, "sender", json!({"reference": format!("Organization/{facility}").as_str()}));
    }
    tree
}

pub(crate) fn put(tree: &mut Value, key: &str, value: Value) {
    if let Some(object) = tree.as_object_mut() {
        object.insert(key, value);
    }
}

fn medium(way: &str) -> Value {
    let words = WAYS.iter().find(|(code, _)| *code == way).map_or(way, |(_, words)| words);
    json!([{"coding": [{"system": MODE, "code": way}], "text": words}])
}

/// Writes down that a notification was sent on now, and how. Refuses with `unprocessable` a way that is none of [`WAYS`], and what was
/// taken back.
pub async fn send(records: &Records, ctx: &Ctx, notification: &str, way: &str) -> Result<(), Outcome> {
    let Some((code, _)) = WAYS.iter().find(|(code, _)| *code == way).copied() else {
        let text = "Chọn đã báo lên bằng cách nào.";
        return Err(Outcome::new(Kind::Unprocessable, "way", text, "unknown way").at("way"));
    };
    let now = date::instant(records.store().clock().now_ms());
    let change = Change::edit("Communication", notification, move |version| {
        let mut tree = version.tree();
        match str_at(&tree, &["status"]) {
            // Sent twice, it is said once.
            Some("completed") => return Resource::from_value(tree),
            Some("entered-in-error") => {
                let text = "Thông báo này đã rút nên không ghi là đã báo lên được.";
                return Err(Outcome::new(Kind::Unprocessable, "taken-back", text, "taken back"));
            }
            _ => {}
        }
        put(&mut tree, "status", json!("completed"));
        put(&mut tree, "sent", json!(now.as_str()));
        put(&mut tree, "medium", medium(code));
        Resource::from_value(tree)
    });
    records.transact(ctx, vec![change]).await.map(|_| ())
}

/// Takes back a notification that was written by mistake: it stays in the history as entered in error.
pub async fn take_back(records: &Records, ctx: &Ctx, notification: &str) -> Result<(), Outcome> {
    let change = Change::edit("Communication", notification, |version| {
        let mut tree = version.tree();
        put(&mut tree, "status", json!("entered-in-error"));
        Resource::from_value(tree)
    });
    records.transact(ctx, vec![change]).await.map(|_| ())
}

/// Whether a notification was in time, of the instants in ISO; one that has no deadline is.
pub fn is_in_time(done: &str, due: &str) -> bool {
    match (DateRange::parse(done), DateRange::parse(due)) {
        (Some(done), Some(due)) => done.start <= due.start,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
