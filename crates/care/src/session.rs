//! A vaccination day of a station: planned for a day, a place and villages, with the lots that are opened on it, closed with what was
//! thrown away; and what became of each child who was to come. It is a Task that names nobody
//! (docs/decisions/2026-11-23-vaccination-days.md). How many doses a vial holds, content says (`content/vaccination`).
//!
//! Start at [`Session`], then [`plan`] and [`change`].

use sha2::{Digest, Sha256};
use yba_content::Day;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{Kind, Outcome, Resource, date};
use yba_recall::dose::CVX;
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::visit::{put, take};
use crate::{Finding, Severity};

pub(crate) use yba_records::keeping::TASKS;
const SESSION: &str = "vaccination-session";
/// What a part of a Task of ours is.
const PARTS: &str = "https://yba.vn/fhir/CodeSystem/vaccination-session-part";
const VILLAGE: &str = "village";
const VACCINE: &str = "vaccine";
const LOT: &str = "lot";
const OPENED: &str = "https://yba.vn/fhir/StructureDefinition/opened-vials";
const THROWN: &str = "https://yba.vn/fhir/StructureDefinition/thrown-doses";
/// Most villages, vaccines and lots of one day; most characters of a place and of a lot; most vials of a lot.
const PARTS_MAX: usize = 60;
const PLACE_MAX: usize = 200;
const LOT_MAX: usize = 20;
pub const VIALS_MAX: u32 = 1000;
/// Most days of vaccination, and most children of one, that one look takes in.
const SESSIONS_MAX: usize = 200;
pub const CHILDREN_MAX: usize = 1000;
/// How far ahead a day is planned.
const AHEAD_DAYS: i64 = 366;

/// How far a day has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Planned,
    /// Somebody opened a lot.
    Open,
    Closed,
    Cancelled,
}

impl Stage {
    fn code(self) -> &'static str {
        match self {
            Stage::Planned => "requested",
            Stage::Open => "in-progress",
            Stage::Closed => "completed",
            Stage::Cancelled => "cancelled",
        }
    }

    fn of(code: &str) -> Option<Stage> {
        [Stage::Planned, Stage::Open, Stage::Closed, Stage::Cancelled]
            .into_iter()
            .find(|stage| stage.code() == code)
    }
}

/// A lot that is used on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// CVX code.
    pub vaccine: String,
    pub lot: String,
    /// Last day of use on the vial (ISO).
    pub expiry: String,
    /// Vials that were opened, and doses that were thrown away, as whoever closed the day counted.
    pub opened: Option<u32>,
    pub thrown: Option<u32>,
}

/// A vaccination day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    pub stage: Stage,
    pub day: Day,
    /// Vietnamese: `Trạm y tế`, `Nhà văn hóa bản Nà Khương`.
    pub place: String,
    /// Id of the Organization that holds it; empty on an open node.
    pub owner: String,
    /// Whose children are called; all when empty.
    pub villages: Vec<String>,
    /// CVX codes that are given.
    pub vaccines: Vec<String>,
    pub lots: Vec<Lot>,
}

/// A day that somebody is about to plan.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// ISO day; as typed.
    pub day: String,
    pub place: String,
    pub villages: Vec<String>,
    pub vaccines: Vec<String>,
    /// Tells this form from others: sent twice, it is written once.
    pub form: String,
}

impl Session {
    /// What a Task of ours says; `None` for another Task.
    pub fn of(version: &Version) -> Option<Session> {
        let tree = version.tree();
        is_coded(tree.get("code")?, TASKS, SESSION).then_some(())?;
        let part = |wanted: &'static str| {
            items(&tree, "input")
                .filter(move |one| one.get("type").is_some_and(|of| is_coded(of, PARTS, wanted)))
        };
        let owner = str_at(&tree, &["owner", "reference"]).and_then(|one| one.strip_prefix("Organization/"));
        Some(Session {
            id: version.id.clone(),
            stage: Stage::of(str_at(&tree, &["status"])?)?,
            day: Day::parse(str_at(&tree, &["executionPeriod", "start"])?)?,
            place: str_at(&tree, &["description"]).unwrap_or_default().to_owned(),
            owner: owner.unwrap_or_default().to_owned(),
            villages: part(VILLAGE)
                .filter_map(|one| Some(str_at(one, &["valueString"])?.to_owned()))
                .collect(),
            vaccines: part(VACCINE).filter_map(|one| Some(str_at(one, &["valueCode"])?.to_owned())).collect(),
            lots: items(&tree, "contained").filter_map(Lot::of).collect(),
        })
    }

    /// The lot that is used of a vaccine: the one that was taken last.
    pub fn lot_of(&self, cvx: &str) -> Option<&Lot> {
        self.lots.iter().rev().find(|one| one.vaccine == cvx)
    }

    /// Whether doses of it may still be written.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Planned | Stage::Open)
    }

    /// Puts what a day says into its Task.
    fn write_into(&self, tree: &mut Value) {
        let of = |code: &str| json!({"coding": [{"system": PARTS, "code": code}]});
        let mut input: Vec<Value> = Vec::new();
        input.extend(
            self.villages.iter().map(|one| json!({"type": of(VILLAGE), "valueString": one.as_str()})),
        );
        input.extend(self.vaccines.iter().map(|one| json!({"type": of(VACCINE), "valueCode": one.as_str()})));
        let lots: Vec<Value> = self.lots.iter().enumerate().map(|(at, lot)| lot.tree(at)).collect();
        input.extend((0..lots.len()).map(
            |at| json!({"type": of(LOT), "valueReference": {"reference": format!("#lo-{at}").as_str()}}),
        ));
        let day = self.day.to_string();
        put(tree, "status", json!(self.stage.code()));
        put(tree, "description", json!(self.place.as_str()));
        put(tree, "executionPeriod", json!({"start": day.as_str(), "end": day.as_str()}));
        for (name, list) in [("input", input), ("contained", lots)] {
            match list.is_empty() {
                true => take(tree, &[name]),
                false => put(tree, name, Value::from(list)),
            }
        }
    }
}

impl Lot {
    /// A lot of which nothing is said yet.
    pub fn blank() -> Lot {
        let none = String::new;
        Lot { vaccine: none(), lot: none(), expiry: none(), opened: None, thrown: None }
    }

    fn of(tree: &Value) -> Option<Lot> {
        let text = |path: &[&str]| str_at(tree, path).map(str::to_owned);
        let count = |url: &str| {
            let one = items(tree, "extension").find(|one| str_at(one, &["url"]) == Some(url))?;
            u32::try_from(one.get("valueInteger")?.as_i64()?).ok()
        };
        Some(Lot {
            vaccine: cvx(tree.get("code")?)?,
            lot: text(&["batch", "lotNumber"])?,
            expiry: text(&["batch", "expirationDate"]).unwrap_or_default(),
            opened: count(OPENED),
            thrown: count(THROWN),
        })
    }

    fn tree(&self, at: usize) -> Value {
        let mut tree = medication(&self.vaccine, &self.lot, &self.expiry, &format!("lo-{at}"));
        let counts = [(OPENED, self.opened), (THROWN, self.thrown)];
        let counts: Vec<Value> = counts
            .into_iter()
            .filter_map(|(url, count)| Some(json!({"url": url, "valueInteger": u64::from(count?)})))
            .collect();
        if !counts.is_empty() {
            put(&mut tree, "extension", Value::from(counts));
        }
        tree
    }
}

/// A vial within another record.
pub(crate) fn medication(vaccine: &str, lot: &str, expiry: &str, id: &str) -> Value {
    let mut batch = json!({"lotNumber": lot});
    if !expiry.is_empty() {
        put(&mut batch, "expirationDate", json!(expiry));
    }
    json!({"resourceType": "Medication", "id": id, "code": {"coding": [{"system": CVX, "code": vaccine}]}, "batch": batch})
}

/// The CVX code of a concept.
pub(crate) fn cvx(concept: &Value) -> Option<String> {
    let mut coded = items(concept, "coding").filter(|one| str_at(one, &["system"]) == Some(CVX));
    coded.find_map(|one| str_at(one, &["code"])).map(str::to_owned)
}

/// The CVX code of what was given; empty when none is said.
pub fn dose_cvx(dose: &Value) -> String {
    dose.get("vaccineCode").and_then(cvx).unwrap_or_default()
}

/// Whether a concept has this code.
pub(crate) fn is_coded(concept: &Value, system: &str, code: &str) -> bool {
    items(concept, "coding")
        .any(|one| str_at(one, &["system"]) == Some(system) && str_at(one, &["code"]) == Some(code))
}

/// An id that the same words give again.
pub(crate) fn keyed(prefix: &str, words: &str) -> String {
    let hash = Sha256::digest(words.as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}-{hex}")
}

fn stop(field: &str, text: impl Into<String>) -> Finding {
    Finding { severity: Severity::Stop, field: field.to_owned(), text: text.into() }
}

/// All that is wrong with a plan, by field: `day`, `place`, `vaccines`.
pub fn check(plan: &Plan, today: Day) -> Vec<Finding> {
    let mut found = Vec::new();
    match Day::parse(&plan.day) {
        None => found.push(stop("day", "Ngày tiêm phải là một ngày, ví dụ 25/11/2026.")),
        Some(day) if day < today => found.push(stop("day", "Ngày tiêm không thể trước hôm nay.")),
        Some(day) if day > today.plus_days(AHEAD_DAYS) => {
            found.push(stop("day", "Chỉ lập kế hoạch trong một năm tới."));
        }
        Some(_) => {}
    }
    match plan.place.trim().chars().count() {
        0 => found.push(stop("place", "Ghi nơi tiêm, ví dụ «Trạm y tế» hoặc «Nhà văn hóa bản Nà Khương».")),
        PLACE_MAX.. => found.push(stop("place", format!("Nơi tiêm dài quá {PLACE_MAX} ký tự."))),
        _ => {}
    }
    if plan.vaccines.is_empty() {
        found.push(stop("vaccines", "Chọn ít nhất một vắc xin."));
    }
    if plan.vaccines.len() > PARTS_MAX || plan.villages.len() > PARTS_MAX {
        found.push(stop("vaccines", format!("Nhiều nhất {PARTS_MAX} thôn và {PARTS_MAX} vắc xin một buổi.")));
    }
    found
}

/// Writes a plan that was checked; answers its id. Sent twice, it is written once.
pub async fn plan(
    records: &Records,
    ctx: &Ctx,
    plan: &Plan,
    facility: Option<&str>,
) -> Result<String, Outcome> {
    let id = keyed("bt", &format!("session\n{}\n{}\n{}", plan.form, facility.unwrap_or_default(), plan.day));
    let Some(day) = Day::parse(&plan.day) else {
        return Err(Outcome::new(Kind::Unprocessable, "day", "Ngày tiêm phải là một ngày.", "no day"));
    };
    let session = Session {
        id: id.clone(),
        stage: Stage::Planned,
        day,
        place: plan.place.trim().to_owned(),
        owner: facility.unwrap_or_default().to_owned(),
        villages: plan.villages.clone(),
        vaccines: plan.vaccines.clone(),
        lots: Vec::new(),
    };
    let mut tree = json!({
        "resourceType": "Task",
        "id": id.as_str(),
        "intent": "plan",
        "code": {"coding": [{"system": TASKS, "code": SESSION, "display": "Buổi tiêm chủng"}]},
        "authoredOn": date::instant(records.store().clock().now_ms()).as_str()
    });
    if let Some(facility) = facility {
        put(&mut tree, "owner", json!({"reference": format!("Organization/{facility}").as_str()}));
    }
    session.write_into(&mut tree);
    match records.transact(ctx, vec![Change::create(Resource::from_value(tree)?)]).await {
        Err(outcome) if outcome.kind == Kind::Conflict => Ok(id),
        done => done.map(|_| id),
    }
}

/// The days of a station (of all that are reached without one) from a day on until another, the first first; cancelled ones too.
pub async fn all(
    records: &Records,
    ctx: &Ctx,
    facility: Option<&str>,
    from: Day,
    until: Day,
) -> Result<Vec<Session>, Outcome> {
    let mut asked = format!("code={TASKS}|{SESSION}&period=ge{from}&period=le{until}&_count={SESSIONS_MAX}");
    if let Some(facility) = facility {
        asked += &format!("&owner=Organization/{facility}");
    }
    let found = records.search(ctx, &Query::parse_string("Task", &asked)?, None).await?;
    let mut all: Vec<Session> = found.matches.iter().filter_map(Session::of).collect();
    all.sort_by(|one, other| (one.day, &one.id).cmp(&(other.day, &other.id)));
    Ok(all)
}

/// One day. Refuses with `not-found` what is none.
pub async fn one(records: &Records, ctx: &Ctx, id: &str) -> Result<Session, Outcome> {
    let version = records.read(ctx, "Task", id).await?;
    Session::of(&version).ok_or_else(none)
}

fn none() -> Outcome {
    Outcome::new(Kind::NotFound, "session", "Không có buổi tiêm này.", "the task is no vaccination day")
}

/// Makes something else of a day, whoever else changes it meanwhile. Refuses with `forbidden` whoever is of another station.
pub async fn change(
    records: &Records,
    ctx: &Ctx,
    id: &str,
    facility: Option<&str>,
    what: impl Fn(&mut Session) -> Result<(), Outcome> + Send + Sync + 'static,
) -> Result<(), Outcome> {
    let facility = facility.map(str::to_owned);
    let edit = Change::edit("Task", id, move |version| {
        let mut session = Session::of(version).ok_or_else(none)?;
        if facility.as_ref().is_some_and(|own| *own != session.owner) {
            let text = "Buổi tiêm này của trạm khác; chỉ trạm đó ghi được.";
            return Err(Outcome::new(Kind::Forbidden, "session-owner", text, "another station's day"));
        }
        what(&mut session)?;
        let mut tree = version.tree();
        session.write_into(&mut tree);
        Resource::from_value(tree)
    });
    records.transact(ctx, vec![edit]).await.map(|_| ())
}

/// Takes a lot for the day, or corrects its expiry; refuses with `unprocessable` what no vial says.
pub fn take_lot(session: &mut Session, lot: &Lot) -> Result<(), Outcome> {
    let refuse = |field: &'static str, text: &str| {
        Err(Outcome::new(Kind::Unprocessable, field, text, "no such vial").at(field))
    };
    if session.stage == Stage::Closed || session.stage == Stage::Cancelled {
        return refuse("lot", "Buổi tiêm đã kết thúc. Hãy mở lại buổi trước khi thêm lô.");
    }
    if !(1..=LOT_MAX).contains(&lot.lot.chars().count()) {
        return refuse("lot", "Ghi số lô in trên lọ, nhiều nhất 20 ký tự.");
    }
    match Day::parse(&lot.expiry) {
        None => return refuse("expiry", "Ghi hạn dùng in trên lọ, ví dụ 31/12/2027."),
        Some(last) if last < session.day => {
            return refuse("expiry", "Lô này hết hạn trước ngày tiêm. Không được dùng; hãy lấy lô khác.");
        }
        Some(_) => {}
    }
    session.lots.retain(|one| one.vaccine != lot.vaccine || one.lot != lot.lot);
    if session.lots.len() >= PARTS_MAX {
        return refuse("lot", "Buổi này đã có quá nhiều lô.");
    }
    if !session.vaccines.contains(&lot.vaccine) {
        session.vaccines.push(lot.vaccine.clone());
    }
    session.lots.push(lot.clone());
    session.stage = Stage::Open;
    Ok(())
}

/// Puts what was counted into the lots of a day as they stand now: one that was taken meanwhile stays, uncounted, and one of which
/// doses were given all the same is added.
pub fn count(session: &mut Session, counted: &[Lot]) {
    for lot in counted {
        let is_it = |one: &&mut Lot| one.vaccine == lot.vaccine && one.lot == lot.lot;
        match session.lots.iter_mut().find(is_it) {
            Some(one) => (one.opened, one.thrown) = (lot.opened, lot.thrown),
            None => session.lots.push(lot.clone()),
        }
    }
}

/// What is written of a child beside doses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Invited,
    Came,
    NotFound,
}

impl Mark {
    pub const ALL: [Mark; 3] = [Mark::Invited, Mark::Came, Mark::NotFound];

    /// The Appointment's status, which is its code on pages too.
    pub fn code(self) -> &'static str {
        match self {
            Mark::Invited => "booked",
            Mark::Came => "arrived",
            Mark::NotFound => "noshow",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Mark::Invited => "Đã mời",
            Mark::Came => "Đã đến",
            Mark::NotFound => "Không gặp",
        }
    }

    pub fn of(code: &str) -> Option<Mark> {
        Mark::ALL.into_iter().find(|mark| mark.code() == code)
    }
}

/// Writes what became of these children, or with no mark takes it back.
pub async fn mark(
    records: &Records,
    ctx: &Ctx,
    session: &Session,
    patients: &[String],
    mark: Option<Mark>,
) -> Result<(), Outcome> {
    let changes: Result<Vec<Change>, Outcome> = patients
        .iter()
        .take(CHILDREN_MAX)
        .map(|patient| Ok(Change::put(Resource::from_value(appointment(session, patient, mark))?)))
        .collect();
    records.transact(ctx, changes?).await.map(|_| ())
}

fn appointment(session: &Session, patient: &str, mark: Option<Mark>) -> Value {
    let (start, end) = (session.day.start_ms(), session.day.plus_days(1).start_ms());
    let mut tree = json!({
        "resourceType": "Appointment",
        "id": keyed("bt", &format!("{}\n{patient}", session.id)).as_str(),
        "status": mark.map_or("cancelled", Mark::code),
        "serviceType": [{"coding": [{"system": TASKS, "code": SESSION}], "text": "Buổi tiêm chủng"}],
        "supportingInformation": [{"reference": format!("Task/{}", session.id).as_str()}],
        "start": date::instant(start).as_str(),
        "end": date::instant(end).as_str(),
        "participant": [{
            "actor": {"reference": format!("Patient/{patient}").as_str()},
            "status": if mark.is_some() { "accepted" } else { "declined" }
        }]
    });
    if mark.is_none() {
        put(&mut tree, "cancelationReason", json!({"text": "Ghi nhầm"}));
    }
    tree
}

/// What is written of the children of a day, as Patient and mark.
pub async fn marks(records: &Records, ctx: &Ctx, session: &Session) -> Result<Vec<(String, Mark)>, Outcome> {
    let asked = format!("supporting-info=Task/{}&_count={CHILDREN_MAX}", session.id);
    let found = records.search(ctx, &Query::parse_string("Appointment", &asked)?, None).await?;
    let one = |tree: Value| {
        let mark = Mark::of(str_at(&tree, &["status"])?)?;
        let mut of = items(&tree, "participant").filter_map(|one| str_at(one, &["actor", "reference"]));
        Some((of.find_map(|one| one.strip_prefix("Patient/"))?.to_owned(), mark))
    };
    Ok(found.matches.iter().map(Version::tree).filter_map(one).collect())
}

/// Says of a dose on which day of vaccination it was given.
pub(crate) const OF_SESSION: &str = "https://yba.vn/fhir/StructureDefinition/vaccination-session";

/// Id of the day on which a dose was given or put off, as it says itself.
pub fn session_of(immunization: &Value) -> Option<&str> {
    let mut said = items(immunization, "extension").filter(|one| str_at(one, &["url"]) == Some(OF_SESSION));
    said.find_map(|one| str_at(one, &["valueReference", "reference"])?.strip_prefix("Task/"))
}

/// The doses that were given or put off at a station from one day on until another, within reach, newest first.
pub async fn doses(
    records: &Records,
    ctx: &Ctx,
    facility: Option<&str>,
    from: Day,
    until: Day,
) -> Result<Vec<Value>, Outcome> {
    let mut asked = format!("date=ge{from}&date=le{until}&_sort=-date&_count={CHILDREN_MAX}");
    if let Some(facility) = facility {
        asked += &format!("&performer=Organization/{facility}");
    }
    let query = Query::parse_string("Immunization", &asked)?;
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let found = records.search(ctx, &query, cursor.as_deref()).await?;
        all.extend(found.matches.iter().map(Version::tree));
        cursor = found.next;
        if cursor.is_none() {
            break;
        }
    }
    let is_void = |tree: &Value| str_at(tree, &["status"]) == Some("entered-in-error");
    all.retain(|tree| !is_void(tree));
    Ok(all)
}

/// Most pages of doses of one look.
const PAGES_MAX: usize = 20;

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
