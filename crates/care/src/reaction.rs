//! Reactions after vaccines: what, when it began, how grave, how it ended; and, of a serious one, the report that must go up within hours and the
//! lots that are stopped. Which reactions are serious and within how many hours they are told, content says (`content/vaccination`).
//!
//! Start at [`check`] and [`write`].

use std::collections::BTreeMap;
use yba_content::Day;
use yba_content::vaccination::VaccinationDay;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::view::reference_target;
use yba_fhir::{DateRange, Kind, Outcome, Resource, date};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::session::{TASKS, cvx, is_coded, keyed, medication};
use crate::visit::put;
use crate::{Finding, Severity};

/// The kinds of reactions of content, and what our AdverseEvents are about.
const REACTIONS: &str = "https://yba.vn/fhir/CodeSystem/vaccination-reaction";
const CATEGORIES: &str = "https://yba.vn/fhir/CodeSystem/adverse-event";
const VACCINATION: &str = "vaccination";
const SEVERITIES: &str = "http://terminology.hl7.org/CodeSystem/adverse-event-severity";
const SERIOUSNESS: &str = "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness";
const OUTCOMES: &str = "http://terminology.hl7.org/CodeSystem/adverse-event-outcome";
/// An AdverseEvent has no status: this says that it was written by mistake. What was done stands in a text, and whose account it is in a reference:
/// of an Organization R4 has no element here.
const MISTAKEN: &str = "https://yba.vn/fhir/StructureDefinition/entered-in-error";
const HANDLED: &str = "https://yba.vn/fhir/StructureDefinition/adverse-event-handling";
const AT: &str = "https://yba.vn/fhir/StructureDefinition/adverse-event-facility";
const KINDS: &str = "https://yba.vn/fhir/CodeSystem/communication";
const REPORT: &str = "vaccination-reaction";
const MODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode";
const STOPPED: &str = "vaccine-lot-stopped";
/// Most characters of a text; most reactions and stopped lots of one look; most doses of one reaction.
const TEXT_MAX: usize = 1000;
const FOUND_MAX: usize = 200;
const STOPPED_MAX: usize = 500;
const DOSES_MAX: usize = 20;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
/// A reaction longer after the dose than this is not of it.
const AFTER_MS: i64 = 90 * 24 * HOUR_MS;

/// Codes and words of how grave a reaction is, and how it ended.
pub const GRAVITY: [(&str, &str); 3] = [("mild", "Nhẹ"), ("moderate", "Vừa"), ("severe", "Nặng")];
pub const ENDS: [(&str, &str); 5] = [
    ("ongoing", "Đang theo dõi, xử trí"),
    ("resolved", "Đã khỏi"),
    ("recovering", "Đang đỡ"),
    ("resolvedWithSequelae", "Khỏi, để lại di chứng"),
    ("fatal", "Tử vong"),
];

/// A reaction that somebody is about to write down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Id of the Patient.
    pub patient: String,
    /// Ids of the Immunizations that are suspected.
    pub doses: Vec<String>,
    /// Slug of a kind of content.
    pub kind: String,
    pub words: String,
    /// When it began (ISO date-time); as typed when it is none.
    pub began: String,
    /// A code of [`GRAVITY`] and of [`ENDS`].
    pub gravity: String,
    pub end: String,
    pub handled: String,
    /// Whether whoever writes it calls it serious, whatever its kind.
    pub is_serious: bool,
    /// Tells this form from others: sent twice, it is written once.
    pub form: String,
}

/// A reaction that was written.
#[derive(Debug, Clone)]
pub struct Reaction {
    pub id: String,
    pub patient: String,
    pub kind: String,
    pub title: String,
    pub words: String,
    /// ISO instants.
    pub began: String,
    pub written: String,
    pub gravity: String,
    pub end: String,
    pub handled: String,
    pub is_serious: bool,
    pub is_mistaken: bool,
    pub doses: Vec<String>,
    /// The report of a serious one.
    pub report: Option<Report>,
}

/// What is told of a serious reaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub id: String,
    /// Until when it must be told; ms since 1970 UTC.
    pub due_ms: i64,
    /// When it was (ISO), by which way; empty while it was not.
    pub sent: String,
    pub way: String,
}

/// A lot that is not given any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedLot {
    pub id: String,
    /// CVX code.
    pub vaccine: String,
    pub lot: String,
    /// Id of the Organization that stopped it.
    pub by: String,
    /// When (ISO), and why.
    pub since: String,
    pub why: String,
}

impl Draft {
    /// Whether it is serious: by its kind, its gravity, its end, or because whoever writes it says so.
    pub fn is_serious(&self, content: &VaccinationDay) -> bool {
        let by_kind = content.reaction.iter().any(|one| one.slug == self.kind && one.serious);
        by_kind || self.is_serious || self.gravity == "severe" || self.end == "fatal"
    }
}

impl Reaction {
    fn of(tree: &Value, content: &VaccinationDay) -> Option<Reaction> {
        let coded = |name: &str| {
            let concept = tree.get(name)?;
            items(concept, "coding").find_map(|one| str_at(one, &["code"])).map(str::to_owned)
        };
        let said = |url: &str| items(tree, "extension").find(|one| str_at(one, &["url"]) == Some(url));
        let text = |path: &[&str]| str_at(tree, path).unwrap_or_default().to_owned();
        let doses = items(tree, "suspectEntity").filter_map(|one| str_at(one, &["instance", "reference"]));
        let kind = coded("event")?;
        Some(Reaction {
            id: text(&["id"]),
            patient: reference_target(str_at(tree, &["subject", "reference"])?)?.1.to_owned(),
            title: content
                .reaction
                .iter()
                .find(|one| one.slug == kind)
                .map_or(kind.clone(), |one| one.title.clone()),
            kind,
            words: text(&["event", "text"]),
            began: text(&["date"]),
            written: text(&["recordedDate"]),
            gravity: coded("severity").unwrap_or_default(),
            end: coded("outcome").unwrap_or_default(),
            handled: said(HANDLED)
                .and_then(|one| str_at(one, &["valueString"]))
                .unwrap_or_default()
                .to_owned(),
            is_serious: coded("seriousness").as_deref() == Some("Serious"),
            is_mistaken: said(MISTAKEN).is_some(),
            doses: doses.filter_map(|one| Some(one.strip_prefix("Immunization/")?.to_owned())).collect(),
            report: None,
        })
    }

    /// Whether a report must still go up.
    pub fn is_pressing(&self) -> bool {
        !self.is_mistaken && self.report.as_ref().is_some_and(|report| report.sent.is_empty())
    }
}

/// All that is wrong with a draft, by field: `kind`, `words`, `began`, `gravity`, `end`, `doses`, `handled`. `given` are the moments of the
/// chosen doses, ms since 1970 UTC.
pub fn check(content: &VaccinationDay, draft: &Draft, given: &[i64], now_ms: i64) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut stop = |field: &str, text: &str| {
        found.push(Finding { severity: Severity::Stop, field: field.to_owned(), text: text.to_owned() });
    };
    if !content.reaction.iter().any(|one| one.slug == draft.kind) {
        stop("kind", "Chọn một loại phản ứng.");
    }
    if draft.kind == "other" && draft.words.trim().is_empty() {
        stop("words", "Mô tả phản ứng: loại «khác» cần lời mô tả.");
    }
    for (field, text) in [("words", &draft.words), ("handled", &draft.handled)] {
        if text.chars().count() > TEXT_MAX {
            stop(field, "Dài quá 1.000 ký tự. Hãy viết gọn lại.");
        }
    }
    let first = given.iter().min().copied();
    match (DateRange::parse(&draft.began), first) {
        (None, _) => stop("began", "Ghi lúc bắt đầu, ví dụ 08:40 hoặc 08:40 23/11/2026."),
        (Some(began), _) if began.start > now_ms => stop("began", "Phản ứng không thể bắt đầu sau lúc này."),
        // An hour is said to the minute, and of a bare day it is not known.
        (Some(began), Some(first)) if began.end.max(began.start + MINUTE_MS) <= first => {
            stop("began", "Phản ứng không thể bắt đầu trước mũi tiêm.");
        }
        (Some(began), Some(first)) if began.start - first > AFTER_MS => {
            stop("began", "Đã quá 90 ngày từ mũi tiêm. Hãy xem lại ngày, hoặc ghi như một lần khám.");
        }
        _ => {}
    }
    if !GRAVITY.iter().any(|(code, _)| *code == draft.gravity) {
        stop("gravity", "Chọn mức độ.");
    }
    if !ENDS.iter().any(|(code, _)| *code == draft.end) {
        stop("end", "Chọn diễn biến.");
    }
    if given.is_empty() || draft.doses.len() > DOSES_MAX {
        stop("doses", "Chọn mũi tiêm nghi ngờ.");
    }
    found
}

/// The id of all that a reaction writes.
fn id(draft: &Draft) -> String {
    keyed("pu", &format!("reaction\n{}\n{}", draft.form, draft.patient))
}

/// Writes a reaction that was checked, with these changes beside it; of a serious one the report that must go up, and these lots (vaccine, lot, expiry)
/// are stopped. Answers its id. Sent twice, it is written once.
pub async fn write(
    records: &Records,
    ctx: &Ctx,
    content: &VaccinationDay,
    draft: &Draft,
    lots: &[(String, String, String)],
    facility: Option<&str>,
    beside: Vec<Change>,
) -> Result<String, Outcome> {
    let (id, now) = (id(draft), date::instant(records.store().clock().now_ms()));
    let doses = suspects(records, ctx, draft).await?;
    let labels = labels(&doses);
    let labelled = |mut tree: Value| {
        crate::outbreak::label(&mut tree, &labels);
        Resource::from_value(tree)
    };
    let mut changes = vec![Change::create(labelled(event(
        content,
        draft,
        &Written { id: &id, now: &now, facility, doses: &doses },
    ))?)];
    if draft.is_serious(content) {
        changes.push(Change::create(labelled(report(draft, &id, &now, facility))?));
        for lot in lots {
            changes.push(Change::put(Resource::from_value(stopped_lot(
                lot,
                facility,
                &now,
                "Có phản ứng nặng sau tiêm",
            ))?));
        }
    }
    changes.extend(beside);
    match records.transact(ctx, changes).await {
        Err(outcome) if outcome.kind == Kind::Conflict => {
            records.read(ctx, "AdverseEvent", &id).await.map(|_| id).map_err(|_| outcome)
        }
        done => done.map(|_| id),
    }
}

/// The suspected doses, as far as the caller sees them.
async fn suspects(records: &Records, ctx: &Ctx, draft: &Draft) -> Result<Vec<Value>, Outcome> {
    let keys: Vec<_> = draft.doses.iter().map(|id| ("Immunization".to_owned(), id.clone())).collect();
    Ok(records.read_many(ctx, &keys).await?.iter().map(Version::tree).collect())
}

/// Their security labels: what tells of a dose is hidden as it is.
fn labels(doses: &[Value]) -> Vec<Value> {
    let of = |tree: &Value| tree.get("meta").map(|meta| items(meta, "security").cloned().collect::<Vec<_>>());
    doses.iter().filter_map(of).flatten().collect()
}

/// What a reaction is written with beside its draft.
struct Written<'w> {
    id: &'w str,
    now: &'w str,
    /// Whose account it is.
    facility: Option<&'w str>,
    /// The suspected doses.
    doses: &'w [Value],
}

/// A suspected dose, with its words for registers: `DPT-VGB-Hib lô A1`.
fn suspect(dose: &str, doses: &[Value]) -> Value {
    let mut instance = json!({"reference": format!("Immunization/{dose}").as_str()});
    if let Some(tree) = doses.iter().find(|tree| str_at(tree, &["id"]) == Some(dose)) {
        let words = str_at(tree, &["vaccineCode", "text"]);
        let lot = str_at(tree, &["lotNumber"]).map(|lot| format!("lô {lot}"));
        let said: Vec<&str> = words.into_iter().chain(lot.as_deref()).collect();
        if !said.is_empty() {
            put(&mut instance, "display", json!(said.join(" ").as_str()));
        }
    }
    json!({"instance": instance})
}

fn event(content: &VaccinationDay, draft: &Draft, written: &Written) -> Value {
    let of = |system: &str, code: &str, words: &str| json!({"coding": [{"system": system, "code": code, "display": words}]});
    let word = |list: &[(&'static str, &'static str)], code: &str| {
        list.iter().find(|(known, _)| *known == code).map_or("", |(_, words)| *words)
    };
    let title =
        content.reaction.iter().find(|one| one.slug == draft.kind).map_or("", |one| one.title.as_str());
    let mut kind = of(REACTIONS, &draft.kind, title);
    if !draft.words.trim().is_empty() {
        put(&mut kind, "text", json!(draft.words.trim()));
    }
    let suspects: Vec<Value> = draft.doses.iter().map(|dose| suspect(dose, written.doses)).collect();
    let serious = if draft.is_serious(content) { "Serious" } else { "Non-serious" };
    let mut tree = json!({
        "resourceType": "AdverseEvent",
        "id": written.id,
        "actuality": "actual",
        "category": [{"coding": [{"system": CATEGORIES, "code": VACCINATION}]}],
        "event": kind,
        "subject": {"reference": format!("Patient/{}", draft.patient).as_str()},
        "date": draft.began.as_str(),
        "recordedDate": written.now,
        "seriousness": {"coding": [{"system": SERIOUSNESS, "code": serious}]},
        "severity": of(SEVERITIES, &draft.gravity, word(&GRAVITY, &draft.gravity)),
        "outcome": of(OUTCOMES, &draft.end, word(&ENDS, &draft.end)),
        "suspectEntity": suspects
    });
    let mut said = Vec::new();
    if let Some(facility) = written.facility {
        let place = format!("Organization/{facility}");
        said.push(json!({"url": AT, "valueReference": {"reference": place.as_str()}}));
    }
    if !draft.handled.trim().is_empty() {
        said.push(json!({"url": HANDLED, "valueString": draft.handled.trim()}));
    }
    if !said.is_empty() {
        put(&mut tree, "extension", Value::from(said));
    }
    tree
}

/// The report of a reaction has its id, with another beginning.
fn report_id(reaction: &str) -> String {
    format!("bc{}", reaction.strip_prefix("pu").unwrap_or(reaction))
}

fn report(draft: &Draft, id: &str, now: &str, facility: Option<&str>) -> Value {
    let mut tree = json!({
        "resourceType": "Communication",
        "id": report_id(id).as_str(),
        "status": "preparation",
        "category": [{"coding": [{"system": KINDS, "code": REPORT}], "text": "Báo cáo tai biến nặng sau tiêm chủng"}],
        "subject": {"reference": format!("Patient/{}", draft.patient).as_str()},
        "about": [{"reference": format!("AdverseEvent/{id}").as_str()}],
        "received": now
    });
    if let Some(facility) = facility {
        put(&mut tree, "sender", json!({"reference": format!("Organization/{facility}").as_str()}));
    }
    tree
}

fn stopped_lot(lot: &(String, String, String), facility: Option<&str>, now: &str, why: &str) -> Value {
    let (vaccine, number, expiry) = lot;
    let id = keyed("dl", &format!("{}\n{vaccine}\n{}", facility.unwrap_or_default(), alike(number)));
    let mut tree = json!({
        "resourceType": "Task",
        "id": id.as_str(),
        "contained": [medication(vaccine, number, expiry, "lo")],
        "intent": "order",
        "status": "in-progress",
        "code": {"coding": [{"system": TASKS, "code": STOPPED}], "text": "Dừng dùng lô vắc xin"},
        "description": why,
        "focus": {"reference": "#lo"},
        "executionPeriod": {"start": now}
    });
    if let Some(facility) = facility {
        put(&mut tree, "owner", json!({"reference": format!("Organization/{facility}").as_str()}));
    }
    tree
}

/// The reactions within reach, of one person or of all, the newest first, with their reports.
pub async fn all(
    records: &Records,
    ctx: &Ctx,
    content: &VaccinationDay,
    patient: Option<&str>,
) -> Result<Vec<Reaction>, Outcome> {
    let of = match patient {
        Some(patient) => format!("&subject={}", of_kin(records, patient).await?),
        None => String::new(),
    };
    let asked = format!("category={CATEGORIES}|{VACCINATION}{of}&_sort=-date&_count={FOUND_MAX}");
    let found = records.search(ctx, &Query::parse_string("AdverseEvent", &asked)?, None).await?;
    let mut all: Vec<Reaction> =
        found.matches.iter().filter_map(|one| Reaction::of(&one.tree(), content)).collect();
    let of_report = |one: &Reaction| ("Communication".to_owned(), report_id(&one.id));
    let keys: Vec<_> = all.iter().filter(|one| one.is_serious).map(of_report).collect();
    let reports = records.read_many(ctx, &keys).await?;
    let reports: BTreeMap<String, Value> = reports.iter().map(|one| (one.id.clone(), one.tree())).collect();
    for one in &mut all {
        one.report = reports.get(&report_id(&one.id)).and_then(|tree| read_report(tree, content));
    }
    Ok(all)
}

async fn of_kin(records: &Records, patient: &str) -> Result<String, Outcome> {
    let kin = records.store().kin_of(patient).await?;
    Ok(kin.iter().map(|one| format!("Patient/{one}")).collect::<Vec<_>>().join(","))
}

fn read_report(tree: &Value, content: &VaccinationDay) -> Option<Report> {
    if str_at(tree, &["status"]) == Some("entered-in-error") {
        return None;
    }
    let text = |path: &[&str]| str_at(tree, path).unwrap_or_default().to_owned();
    let known = DateRange::parse(str_at(tree, &["received"])?)?.start;
    let way =
        items(tree, "medium").flat_map(|one| items(one, "coding")).find_map(|one| str_at(one, &["code"]));
    Some(Report {
        id: text(&["id"]),
        due_ms: known + i64::from(content.reactions.report_hours) * HOUR_MS,
        sent: text(&["sent"]),
        way: way.unwrap_or_default().to_owned(),
    })
}

/// Writes down that a report went up, by one of [`crate::notify::WAYS`]. Sent twice, the first stays.
pub async fn send(records: &Records, ctx: &Ctx, reaction: &str, way: &str) -> Result<(), Outcome> {
    if !crate::notify::WAYS.iter().any(|(code, _)| *code == way) {
        let text = "Chọn đã báo bằng cách nào.";
        return Err(Outcome::new(Kind::Unprocessable, "way", text, "no such way"));
    }
    let (now, way) = (date::instant(records.store().clock().now_ms()), way.to_owned());
    let change = Change::edit("Communication", report_id(reaction), move |version| {
        let mut tree = version.tree();
        if str_at(&tree, &["sent"]).is_none() {
            put(&mut tree, "status", json!("completed"));
            put(&mut tree, "sent", json!(now.as_str()));
            put(&mut tree, "medium", json!([{"coding": [{"system": MODE, "code": way.as_str()}]}]));
        }
        Resource::from_value(tree)
    });
    records.transact(ctx, vec![change]).await.map(|_| ())
}

/// Takes back a reaction that was written by mistake, with its report and the end of watching that it was, if it was the last one of
/// `watched`, the day of its doses; a lot that it stopped is released by hand.
pub async fn take_back(
    records: &Records,
    ctx: &Ctx,
    reaction: &Reaction,
    watched: Option<Day>,
) -> Result<(), Outcome> {
    let mut changes = vec![Change::edit("AdverseEvent", reaction.id.as_str(), |version| {
        let mut tree = version.tree();
        let mut said: Vec<Value> = items(&tree, "extension").cloned().collect();
        if !said.iter().any(|one| str_at(one, &["url"]) == Some(MISTAKEN)) {
            said.push(json!({"url": MISTAKEN, "valueBoolean": true}));
        }
        put(&mut tree, "extension", Value::from(said));
        Resource::from_value(tree)
    })];
    if reaction.report.is_some() {
        changes.push(crate::visit::mistaken("Communication", &report_id(&reaction.id)));
    }
    if let Some(day) = watched {
        changes.extend(crate::watch::reopened(records, ctx, &reaction.patient, day).await?);
    }
    records.transact(ctx, changes).await.map(|_| ())
}

/// The lots that some station stopped and has not released: those of this one (as many as a station stops in its life), and the
/// newest of all others.
pub async fn stopped(
    records: &Records,
    ctx: &Ctx,
    facility: Option<&str>,
) -> Result<Vec<StoppedLot>, Outcome> {
    let open = format!("code={TASKS}|{STOPPED}&status=in-progress&_sort=-_lastUpdated&_count={STOPPED_MAX}");
    let own = facility.map(|facility| format!("{open}&owner=Organization/{facility}"));
    let mut all: Vec<StoppedLot> = Vec::new();
    for asked in own.into_iter().chain([open]) {
        let found = records.search(ctx, &Query::parse_string("Task", &asked)?, None).await?;
        for one in found.matches.iter().filter_map(stopped_of) {
            if !all.iter().any(|known| known.id == one.id) {
                all.push(one);
            }
        }
    }
    Ok(all)
}

/// A lot number as two hands write it alike: capitals, no blanks.
fn alike(lot: &str) -> String {
    lot.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_uppercase).collect()
}

impl StoppedLot {
    /// Whether a vial of this vaccine with this number on it is of the lot.
    pub fn is_of(&self, vaccine: &str, lot: &str) -> bool {
        self.vaccine == vaccine && alike(&self.lot) == alike(lot)
    }
}

fn stopped_of(version: &Version) -> Option<StoppedLot> {
    let tree = version.tree();
    is_coded(tree.get("code")?, TASKS, STOPPED).then_some(())?;
    let vial = items(&tree, "contained").next()?;
    let owner = str_at(&tree, &["owner", "reference"]).and_then(|one| one.strip_prefix("Organization/"));
    Some(StoppedLot {
        id: version.id.clone(),
        vaccine: cvx(vial.get("code")?)?,
        lot: str_at(vial, &["batch", "lotNumber"])?.to_owned(),
        by: owner.unwrap_or_default().to_owned(),
        since: str_at(&tree, &["executionPeriod", "start"]).unwrap_or_default().to_owned(),
        why: str_at(&tree, &["description"]).unwrap_or_default().to_owned(),
    })
}

/// Releases a lot that this station stopped. Refuses with `unprocessable` without a reason, `forbidden` another station.
pub async fn release(
    records: &Records,
    ctx: &Ctx,
    id: &str,
    facility: Option<&str>,
    why: &str,
) -> Result<(), Outcome> {
    let why = why.trim().to_owned();
    if why.is_empty() || why.chars().count() > TEXT_MAX {
        let text = "Ghi vì sao được dùng lại lô này, ví dụ «CDC kết luận không do vắc xin, văn bản số …».";
        return Err(Outcome::new(Kind::Unprocessable, "why", text, "no reason"));
    }
    let (now, facility) = (date::instant(records.store().clock().now_ms()), facility.map(str::to_owned));
    let change = Change::edit("Task", id, move |version| {
        let known = stopped_of(version).ok_or_else(|| {
            Outcome::new(Kind::NotFound, "lot", "Không có lô nào đang dừng như vậy.", "no stopped lot")
        })?;
        if facility.as_ref().is_some_and(|own| *own != known.by) {
            let text = "Lô này do trạm khác dừng; chỉ trạm đó cho dùng lại được.";
            return Err(Outcome::new(Kind::Forbidden, "lot", text, "another station's lot"));
        }
        let mut tree = version.tree();
        put(&mut tree, "status", json!("completed"));
        put(&mut tree, "statusReason", json!({"text": why.as_str()}));
        put(&mut tree, "executionPeriod", json!({"start": known.since.as_str(), "end": now.as_str()}));
        Resource::from_value(tree)
    });
    records.transact(ctx, vec![change]).await.map(|_| ())
}

/// What stands against giving from these lots (series, vaccine, lot): one's own stopped lot must not be given, of another station's it is asked why.
pub fn check_lots(
    stopped: &[StoppedLot],
    doses: &[crate::immunise::Drawn],
    own: Option<&str>,
) -> Vec<Finding> {
    let finding = |dose: &crate::immunise::Drawn| {
        let of = |one: &&StoppedLot| one.is_of(&dose.vaccine, &dose.lot);
        let is_own = |one: &StoppedLot| own.is_none_or(|own| own == one.by);
        let found: Vec<&StoppedLot> = stopped.iter().filter(of).collect();
        let field = format!("lot-{}", dose.series);
        if found.iter().any(|one| is_own(one)) {
            let text = format!(
                "Lô {} đang dừng dùng vì có phản ứng nặng. Hãy lấy lô khác và giữ nguyên các lọ cùng lô.",
                dose.lot.trim()
            );
            return Some(Finding { severity: Severity::Stop, field, text });
        }
        (!found.is_empty()).then(|| {
            let text = format!(
                "Trạm khác đang dừng lô {} vì có phản ứng nặng. Hãy hỏi CDC; nếu vẫn tiêm, ghi lý do.",
                dose.lot.trim()
            );
            Finding { severity: Severity::Ask, field, text }
        })
    };
    doses.iter().filter_map(finding).collect()
}

#[cfg(test)]
#[path = "reaction_tests.rs"]
mod tests;
