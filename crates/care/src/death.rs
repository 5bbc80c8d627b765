//! A death: the day on the person's own record, and Observations of how, where and of what, as the register of deaths reads them.
//!
//! The chain of causes is one Observation (LOINC 69453-9): its value is the underlying cause, its components are the lines Ia to Id and II
//! with their intervals, so that a security label hides all of it or nothing. The one of the day (81956-5) has the id of
//! the form, the others that id with a number: by it a death is taken back. What is sealed comes last and is nobody's member, so that
//! whoever may not see it does not see that something is missing either.

use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{DateRange, Day, Kind, Outcome, Resource, date};
use yba_forms::{Filling, Head, Setting};
use yba_recall::chronic;
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::birth::{LOINC, is_coded};
use crate::visit::{RECORDS_MAX, hashed, mistaken, put, take};

/// LOINC: date and time of death.
pub const DATE: &str = "81956-5";
/// LOINC: cause of death.
pub const CAUSE: &str = "69453-9";
/// By which a death is known: day, cause, place, manner, with child or not.
const TOLD: [&str; 5] = [DATE, CAUSE, "58332-8", "69449-7", "69442-2"];
/// Tags the day of a death that was known before: taking it back does not wake anybody.
const KNOWN: (&str, &str) = ("https://yba.vn/fhir/CodeSystem/death", "known-before");
/// The system of the lines of a chain: `Ia` to `Id`, `II`.
pub const LINE: &str = "https://yba.vn/fhir/CodeSystem/death-cause-line";
const LABELS: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// Why an Appointment is cancelled: the patient is dead. <https://terminology.hl7.org/CodeSystem-appointment-cancellation-reason.html>
const CANCELLED_BY: &str = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason";
const DECEASED: &str = "pat-dec";
/// Most Observations of one death.
const PARTS_MAX: usize = 12;

/// A death that is about to be written down.
#[derive(Debug)]
pub struct Death<'d> {
    /// The Patient.
    pub person: &'d Value,
    /// Appointments that are still open ([`expected`]).
    pub expected: &'d [Value],
    /// What stands of a death already ([`of`]).
    pub standing: &'d [Value],
    /// Id of the Organization where it is written down.
    pub facility: Option<&'d str>,
    /// Tells this form from others: sent twice, it is written once.
    pub form: &'d str,
    pub now_ms: i64,
}

/// Whether a Patient is said to be dead.
pub fn is_dead(person: &Value) -> bool {
    person.get("deceasedDateTime").is_some()
        || person.get("deceasedBoolean").and_then(|one| one.as_bool()) == Some(true)
}

/// The Appointments of a person, in whoever's file, that are still to come.
pub async fn expected(records: &Records, ctx: &Ctx, person: &str) -> Result<Vec<Value>, Outcome> {
    appointments(records, ctx, person, &chronic::OPEN.join(",")).await
}

async fn appointments(
    records: &Records,
    ctx: &Ctx,
    person: &str,
    status: &str,
) -> Result<Vec<Value>, Outcome> {
    let kin = records.store().kin_of(person).await?.join(",");
    let query = format!("patient={kin}&status={status}&_count={RECORDS_MAX}");
    let found = records.search(ctx, &Query::parse_string("Appointment", &query)?, None).await?;
    Ok(found.matches.iter().map(Version::tree).collect())
}

/// The records of a person's death that stand and are within reach, that of the day first; empty when there are none. Of one that was not
/// written here, what others wrote of cause, place and manner.
pub async fn of(records: &Records, ctx: &Ctx, person: &str) -> Result<Vec<Value>, Outcome> {
    let kin = records.store().kin_of(person).await?.join(",");
    let codes = TOLD.map(|code| format!("{LOINC}|{code}")).join(",");
    let query = format!(
        "patient={kin}&code={codes}&status=final,amended,corrected&_sort=-_lastUpdated&_count={RECORDS_MAX}"
    );
    let found = records.search(ctx, &Query::parse_string("Observation", &query)?, None).await?;
    let found: Vec<Value> = found.matches.iter().map(Version::tree).collect();
    let Some(root) = found.iter().find(|one| is_coded(one, DATE)).cloned() else { return Ok(found) };
    let rest = parts(records, ctx, str_at(&root, &["id"]).unwrap_or_default()).await?;
    Ok(std::iter::once(root)
        .chain(rest.iter().filter(|one| one.kind == "Observation").map(Version::tree))
        .collect())
}

/// What a death wrote besides its day, as far as it is within reach.
async fn parts(records: &Records, ctx: &Ctx, id: &str) -> Result<Vec<Version>, Outcome> {
    let own = (2..=PARTS_MAX).map(|number| ("Observation".to_owned(), format!("{id}-{number}")));
    let keys: Vec<(String, String)> =
        own.chain([("QuestionnaireResponse".to_owned(), id.to_owned())]).collect();
    records.read_many(ctx, &keys).await
}

/// The lines of a chain as they were written: `Ia`, the concept, and the interval (a Quantity) when it is known.
pub fn chain(cause: &Value) -> Vec<(&str, &Value, Option<&Value>)> {
    let interval = |name: &str| {
        let own = items(cause, "component").filter(|one| line_of(one) == Some(name));
        own.filter_map(|one| one.get("valueQuantity")).next()
    };
    let line = |one| {
        let (name, concept): (&str, &Value) = (line_of(one)?, one.get("valueCodeableConcept")?);
        Some((name, concept, interval(name)))
    };
    items(cause, "component").filter_map(line).collect()
}

fn line_of(component: &Value) -> Option<&str> {
    let mut codings = items(component.get("code")?, "coding");
    let own = codings.find(|one| str_at(one, &["system"]) == Some(LINE))?;
    str_at(own, &["code"])
}

impl Death<'_> {
    fn person_id(&self) -> &str {
        str_at(self.person, &["id"]).unwrap_or_default()
    }

    /// The id of all that this death writes.
    pub fn id(&self) -> String {
        hashed(&format!("{}\n{}\ndeath", self.form, self.person_id()))
    }

    /// The day that the record knows already.
    fn known(&self) -> Option<&str> {
        str_at(self.person, &["deceasedDateTime"])
    }

    /// What cannot be: refuses with `unprocessable` or `conflict` and a sentence.
    fn check(&self, died: &str) -> Result<(), Outcome> {
        if !self.standing.is_empty() {
            return Err(already(self.person));
        }
        let refuse = |text: &str| Err(Outcome::new(Kind::Unprocessable, "died", text, "nobody dies then"));
        let Some(range) = DateRange::parse(died) else { return refuse("Ghi ngày chết.") };
        // Known by a hospital's visit, or without its hour.
        let day = |text: &str| text.get(..10).unwrap_or(text).to_owned();
        if self.known().is_some_and(|known| !day(died).starts_with(&day(known))) {
            return refuse(
                "Hồ sơ đã ghi người này mất vào ngày khác. Hãy xem lại ngày, hoặc sửa hồ sơ trước.",
            );
        }
        if range.start > self.now_ms {
            return refuse("Lúc chết không thể sau lúc này.");
        }
        let born = str_at(self.person, &["birthDate"]).and_then(DateRange::parse);
        if born.is_some_and(|born| range.end <= born.start) {
            return refuse("Ngày chết không thể trước ngày sinh.");
        }
        Ok(())
    }

    /// The records of a death: the person is dead, what the form extracts, its answers; appointments that are still open are
    /// cancelled. Of who was known to be dead (a hospital said so) the rest is written. Refuses with `conflict` a second death, `unprocessable` what cannot be, `fault` what the form cannot extract.
    pub fn plan(&self, filling: &Filling<'_>, setting: &Setting) -> Result<Vec<Change>, Outcome> {
        let (id, now) = (self.id(), date::instant(self.now_ms));
        let subject = format!("Patient/{}", self.person_id());
        let head =
            Head { id: Some(&id), subject: Some(&subject), encounter: None, author: None, authored: &now };
        let mut count = 0;
        let extracted = filling.extract(setting, &head, &mut || {
            count += 1;
            format!("urn:uuid:{}", hashed(&format!("{id}\n{count}")))
        })?;
        let (roots, mut rest): (Vec<Value>, Vec<Value>) =
            extracted.into_iter().map(|one| one.resource).partition(|one| is_coded(one, DATE));
        let mut root =
            roots.into_iter().next().ok_or_else(|| Outcome::fault("the form of a death tells no day"))?;
        let died = str_at(&root, &["valueDateTime"]).unwrap_or_default().to_owned();
        self.check(&died)?;
        let mut response = filling.response(&head);
        let sealed: Vec<Value> = rest.iter_mut().flat_map(seal).collect();
        rest.sort_by_key(is_sealed);
        for (number, one) in rest.iter_mut().enumerate() {
            put(one, "id", json!(format!("{id}-{}", number + 2).as_str()));
        }
        // The answers tell the same as what is sealed.
        if !sealed.is_empty() {
            put(&mut response, "meta", json!({"security": sealed}));
        }
        if rest.len() >= PARTS_MAX {
            return Err(Outcome::fault("the form of a death makes too many records"));
        }
        let open = rest.iter().filter(|one| !is_sealed(one)).filter_map(|one| str_at(one, &["id"]));
        let all: Vec<Value> =
            open.map(|id| json!({"reference": format!("Observation/{id}").as_str()})).collect();
        put(&mut root, "id", json!(id.as_str()));
        if !all.is_empty() {
            put(&mut root, "hasMember", Value::from(all));
        }
        let mut changes = Vec::new();
        match self.known() {
            None => changes.push(self.ended(&died)),
            Some(_) => put(&mut root, "meta", json!({"tag": [{"system": KNOWN.0, "code": KNOWN.1}]})),
        }
        for mut tree in std::iter::once(root).chain(rest) {
            if let Some(facility) = self.facility {
                put(
                    &mut tree,
                    "performer",
                    json!([{"reference": format!("Organization/{facility}").as_str()}]),
                );
            }
            changes.push(Change::create(Resource::from_value(tree)?));
        }
        changes.push(Change::create(Resource::from_value(response)?));
        let open = self.expected.iter().filter_map(|one| str_at(one, &["id"]));
        changes.extend(open.map(cancelled));
        Ok(changes)
    }

    /// The person's record, unless somebody wrote a death meanwhile.
    fn ended(&self, died: &str) -> Change {
        let died = died.to_owned();
        Change::edit("Patient", self.person_id(), move |version| {
            let mut tree = version.tree();
            if str_at(&tree, &["deceasedDateTime"]).is_some() {
                return Err(already(&tree));
            }
            take(&mut tree, &["deceasedBoolean"]);
            put(&mut tree, "deceasedDateTime", json!(died.as_str()));
            Resource::from_value(tree)
        })
    }
}

fn already(person: &Value) -> Outcome {
    let day = str_at(person, &["deceasedDateTime"])
        .and_then(DateRange::parse)
        .map(|range| Day::of_instant(range.start));
    let said = day
        .map(|day| format!(" ngày {:02}/{:02}/{}", day.day(), day.month(), day.year()))
        .unwrap_or_default();
    let text = format!("Người này đã ghi tử vong{said}. Nếu ghi nhầm, hãy rút lần ghi ấy trước.");
    Outcome::new(Kind::Conflict, "dead", text, "a death is written down already")
}

/// The labels that a form's template asks for: it cannot carry them as such (R4: dom-5), so they stand among its tags.
fn seal(tree: &mut Value) -> Vec<Value> {
    let Some(meta) = tree.get_mut("meta").and_then(|meta| meta.as_object_mut()) else { return Vec::new() };
    let Some(tags) = meta.remove(&"tag") else { return Vec::new() };
    let listed = tags.as_array().into_iter().flat_map(|list| list.iter());
    let labels: Vec<Value> = listed.filter(|one| str_at(one, &["system"]) == Some(LABELS)).cloned().collect();
    if !labels.is_empty() {
        meta.insert("security", Value::from(labels.clone()));
    }
    labels
}

fn is_sealed(tree: &Value) -> bool {
    tree.get("meta").is_some_and(|meta| items(meta, "security").next().is_some())
}

fn cancelled(appointment: &str) -> Change {
    Change::edit("Appointment", appointment, |version| {
        let mut tree = version.tree();
        put(&mut tree, "status", json!("cancelled"));
        let why =
            json!({"coding": [{"system": CANCELLED_BY, "code": DECEASED}], "text": "Người bệnh đã mất"});
        put(&mut tree, "cancelationReason", why);
        Resource::from_value(tree)
    })
}

fn is_cancelled_by_death(appointment: &Value) -> bool {
    let codings = appointment.get("cancelationReason").into_iter().flat_map(|one| items(one, "coding"));
    codings.into_iter().any(|one| str_at(one, &["code"]) == Some(DECEASED))
}

/// An Appointment as it was before the death: one with an hour was booked, one without can only have been proposed (R4: app-3).
fn open_again(appointment: &Value) -> Option<Change> {
    let status = if appointment.get("start").is_some() { "booked" } else { "proposed" };
    Some(Change::edit("Appointment", str_at(appointment, &["id"])?, move |version| {
        let mut tree = version.tree();
        put(&mut tree, "status", json!(status));
        take(&mut tree, &["cancelationReason"]);
        Resource::from_value(tree)
    }))
}

/// Takes back a death that was written by mistake: the person lives, the records of the death stay in the history as entered in error,
/// appointments that it cancelled are open again. A part that is sealed from the caller stays as it is. Refuses with `not-found` what
/// is no such death of this person.
pub async fn take_back(records: &Records, ctx: &Ctx, person: &str, id: &str) -> Result<(), Outcome> {
    let kin = records.store().kin_of(person).await?;
    let root = records.read(ctx, "Observation", id).await?.tree();
    let subject = str_at(&root, &["subject", "reference"]).and_then(|one| one.strip_prefix("Patient/"));
    let subject = subject.filter(|subject| kin.iter().any(|one| one == subject));
    let stands =
        is_coded(&root, DATE) && str_at(&root, &["status"]) == Some("final") && id.starts_with("lk-");
    let (Some(subject), true) = (subject, stands) else {
        let text = "Không thấy lần ghi tử vong này.";
        return Err(Outcome::new(Kind::NotFound, "death", text, "no death of this person"));
    };
    let died = str_at(&root, &["valueDateTime"]).unwrap_or_default().to_owned();
    let mut changes = Vec::new();
    let tags = root.get("meta").into_iter().flat_map(|meta| items(meta, "tag"));
    if !tags.into_iter().any(|tag| str_at(tag, &["code"]) == Some(KNOWN.1)) {
        changes.push(Change::edit("Patient", subject, move |version| {
            let mut tree = version.tree();
            // What somebody else says of the death since is theirs.
            if str_at(&tree, &["deceasedDateTime"]) == Some(died.as_str()) {
                take(&mut tree, &["deceasedDateTime"]);
            }
            Resource::from_value(tree)
        }));
    }
    changes.push(mistaken("Observation", id));
    changes.extend(parts(records, ctx, id).await?.iter().map(|one| mistaken(&one.kind, &one.id)));
    let closed = appointments(records, ctx, person, "cancelled").await?;
    changes.extend(closed.iter().filter(|one| is_cancelled_by_death(one)).filter_map(open_again));
    records.transact(ctx, changes).await.map(|_| ())
}

#[cfg(test)]
#[path = "death_tests.rs"]
mod tests;
