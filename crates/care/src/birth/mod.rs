//! A birth: from the form on the mother's record to the line of the register of births and to the child's own file.
//!
//! The line is an Observation of the mother (LOINC 57075-4) that names the child in `focus`: so a stillborn child has the same line and
//! no Patient, who would be called for vaccination and found as a person. It is no Encounter, since the register of
//! visits counts those, and a birth at a hospital is told to the station too. Everything has the id of its form.

mod file;

use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{DateRange, Day, Kind, Outcome, Resource, date};
use yba_forms::{Filling, Head, Setting};
use yba_mpi::evidence::{Decision, Verdict};
use yba_mpi::linkage::{self, Signed};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::visit::{MISTAKEN, RECORDS_MAX, hashed, mistaken, put};

/// The LOINC code of a birth's line: newborn delivery information.
pub const CODE: &str = "57075-4";
/// The system of what a line says beside LOINC, and of the outcomes.
pub const BIRTH: &str = "https://yba.vn/fhir/CodeSystem/birth";
/// The system of the numbers of certificates of birth (TT 22/2025/TT-BYT).
pub const CERTIFICATE: &str = "https://yba.vn/fhir/sid/gcs";
pub(crate) const LOINC: &str = "http://loinc.org";
/// Children born within these days of each other are of one delivery; two deliveries are further apart than the others.
const DELIVERY_DAYS: i64 = 3;
const BETWEEN_DAYS: i64 = 150;
const DAY_MS: i64 = 86_400_000;

/// A birth that is about to be written down.
#[derive(Debug)]
pub struct Birth<'b> {
    /// The Patient who is the mother.
    pub mother: &'b Value,
    /// The lines of hers that stand ([`of`]).
    pub earlier: &'b [Value],
    /// Id of the Organization whose register it stands in.
    pub facility: Option<&'b str>,
    /// The child's temporary code; a stillborn child needs none.
    pub code: Option<String>,
    /// Who writes it down.
    pub author: &'b str,
    /// Tells this form from others: sent twice, it is written once.
    pub form: &'b str,
    pub now_ms: i64,
}

/// What a line says, as far as it must be known here.
struct Line {
    /// As it was typed; an instant of FHIR.
    born: String,
    born_ms: i64,
    order: i64,
    number: i64,
    is_alive: bool,
}

impl Line {
    fn of(tree: &Value) -> Option<Line> {
        let born = str_at(tree, &["effectiveDateTime"])?;
        let whole = |code: &str| component(tree, code).and_then(|one| one.get("valueInteger")?.as_i64());
        Some(Line {
            born: born.to_owned(),
            born_ms: DateRange::parse(born)?.start,
            order: whole("order").unwrap_or(1),
            number: whole("number").unwrap_or(1),
            is_alive: outcome(tree) == Some("alive"),
        })
    }
}

/// The component of a line with this code of ours.
pub fn component<'t>(line: &'t Value, code: &str) -> Option<&'t Value> {
    let is_it = |one: &&Value| {
        let codings = one.get("code").into_iter().flat_map(|concept| items(concept, "coding"));
        codings.into_iter().any(|coding| {
            str_at(coding, &["system"]) == Some(BIRTH) && str_at(coding, &["code"]) == Some(code)
        })
    };
    items(line, "component").find(is_it)
}

/// `alive` or `stillborn`.
pub fn outcome(line: &Value) -> Option<&str> {
    items(line.get("valueCodeableConcept")?, "coding").find_map(|coding| str_at(coding, &["code"]))
}

/// Id of the child's Patient; none of a stillborn child.
pub fn child(line: &Value) -> Option<&str> {
    items(line, "focus").find_map(|one| str_at(one, &["reference"])?.strip_prefix("Patient/"))
}

/// The births of a woman that stand, in whoever's file of her, the last first.
pub async fn of(records: &Records, ctx: &Ctx, mother: &str) -> Result<Vec<Value>, Outcome> {
    let kin = records.store().kin_of(mother).await?.join(",");
    let query = format!("patient={kin}&code={LOINC}|{CODE}&_sort=-date&_count={RECORDS_MAX}");
    let found = records.search(ctx, &Query::parse_string("Observation", &query)?, None).await?;
    let stands = |tree: &Value| str_at(tree, &["status"]) != Some(MISTAKEN);
    Ok(found.matches.iter().map(Version::tree).filter(stands).collect())
}

/// Whether a certificate of this number stands already, within the caller's reach.
pub async fn is_numbered(records: &Records, ctx: &Ctx, number: &str) -> Result<bool, Outcome> {
    let query = format!("identifier={CERTIFICATE}|{number}&status=final&_count=1");
    let found = records.search(ctx, &Query::parse_string("Observation", &query)?, None).await?;
    Ok(!found.matches.is_empty())
}

/// Whether this very form was written down before, and stands.
pub async fn is_written(records: &Records, ctx: &Ctx, id: &str) -> Result<bool, Outcome> {
    match records.read(ctx, "Observation", id).await {
        Ok(version) => Ok(str_at(&version.tree(), &["status"]) != Some(MISTAKEN)),
        Err(outcome) if matches!(outcome.kind, Kind::NotFound | Kind::Gone) => Ok(false),
        Err(outcome) => Err(outcome),
    }
}

impl Birth<'_> {
    fn mother_id(&self) -> &str {
        str_at(self.mother, &["id"]).unwrap_or_default()
    }

    /// The id of all that this birth writes.
    pub fn id(&self) -> String {
        hashed(&format!("{}\n{}\nbirth", self.form, self.mother_id()))
    }

    /// What cannot be: refuses with `unprocessable` and a sentence.
    fn check(&self, line: &Line) -> Result<(), Outcome> {
        let day = Day::of_instant(line.born_ms);
        let refuse = |code: &'static str, text: String| {
            Err(Outcome::new(Kind::Unprocessable, code, text, "the birth cannot be so"))
        };
        if str_at(self.mother, &["gender"]) == Some("male") {
            return refuse(
                "mother",
                "Người này ghi là nam. Hãy mở hồ sơ của người mẹ, hoặc sửa giới tính trước.".into(),
            );
        }
        if line.born_ms > self.now_ms {
            return refuse("born", "Giờ sinh không thể sau lúc này.".into());
        }
        if let Some(died) = str_at(self.mother, &["deceasedDateTime"]).and_then(DateRange::parse)
            && Day::of_instant(died.end - 1) < day
        {
            return refuse("mother", "Người mẹ đã ghi tử vong trước ngày sinh này. Hãy xem lại ngày.".into());
        }
        let years = str_at(self.mother, &["birthDate"])
            .and_then(DateRange::parse)
            .map(|birth| day.year() - Day::of_instant(birth.start).year());
        if years.is_some_and(|years| !(9..=65).contains(&years)) {
            return refuse(
                "mother",
                "Tuổi của người mẹ lúc sinh không thể như vậy. Hãy xem lại ngày sinh của mẹ và của trẻ."
                    .into(),
            );
        }
        for one in self.earlier.iter().filter_map(Line::of) {
            let apart = (one.born_ms - line.born_ms).abs() / DAY_MS;
            let said = Day::of_instant(one.born_ms);
            let said = format!("{:02}/{:02}/{}", said.day(), said.month(), said.year());
            if apart <= DELIVERY_DAYS && one.order == line.order {
                return refuse(
                    "twice",
                    format!(
                        "Trẻ thứ {} của lần sinh ngày {said} đã ghi rồi. Sinh đôi thì ghi trẻ thứ 2.",
                        one.order
                    ),
                );
            }
            if (DELIVERY_DAYS + 1..BETWEEN_DAYS).contains(&apart) {
                return refuse(
                    "twice",
                    format!(
                        "Người mẹ này đã ghi sinh ngày {said}, cách lần này chưa đủ năm tháng. Hãy xem lại ngày sinh."
                    ),
                );
            }
        }
        Ok(())
    }

    /// The records of a birth: the line on the mother's record with the form's answers, and of a child who lives their file, their mother
    /// as their kin, and what was measured. Twins are told apart at once, since they share what people are known by.
    /// Refuses with `unprocessable` what cannot be; with `fault` what the form cannot extract.
    pub fn plan(&self, filling: &Filling<'_>, setting: &Setting) -> Result<Vec<Change>, Outcome> {
        let (id, now) = (self.id(), date::instant(self.now_ms));
        let mother = format!("Patient/{}", self.mother_id());
        let head =
            Head { id: Some(&id), subject: Some(&mother), encounter: None, author: None, authored: &now };
        let mut count = 0;
        let extracted = filling.extract(setting, &head, &mut || {
            count += 1;
            format!("urn:uuid:{}", hashed(&format!("{id}\n{count}")))
        })?;
        let (lines, measures): (Vec<Value>, Vec<Value>) =
            extracted.into_iter().map(|one| one.resource).partition(|one| is_coded(one, CODE));
        let mut line =
            lines.into_iter().next().ok_or_else(|| Outcome::fault("the form of a birth makes no line"))?;
        let said = Line::of(&line).ok_or_else(|| Outcome::fault("the line of a birth has no moment"))?;
        self.check(&said)?;
        let response = filling.response(&head);
        put(&mut line, "id", json!(id.as_str()));
        if let Some(facility) = self.facility {
            put(&mut line, "performer", json!([{"reference": format!("Organization/{facility}").as_str()}]));
        }
        let mut all = Vec::new();
        if said.is_alive {
            put(&mut line, "focus", json!([{"reference": format!("Patient/{id}").as_str()}]));
            all.push(self.file(&said, &line, &response, &id));
            all.push(self.kin(&id));
            for (number, mut measure) in measures.into_iter().enumerate() {
                put(&mut measure, "id", json!(format!("{id}-{}", number + 2).as_str()));
                put(&mut measure, "subject", json!({"reference": format!("Patient/{id}").as_str()}));
                put(&mut measure, "effectiveDateTime", json!(said.born.as_str()));
                all.push(measure);
            }
            all.extend(self.twins(&said, &id));
        }
        all.push(response);
        all.push(line);
        all.into_iter().map(|tree| Ok(Change::create(Resource::from_value(tree)?))).collect()
    }

    /// What says that this child and those of the same delivery are different people.
    fn twins(&self, said: &Line, id: &str) -> Vec<Value> {
        let is_of = |line: &&Value| {
            Line::of(line).is_some_and(|one| (one.born_ms - said.born_ms).abs() / DAY_MS <= DELIVERY_DAYS)
        };
        let others = self.earlier.iter().filter(is_of).filter_map(child);
        others
            .map(|other| {
                let decision = Decision::new(id, other, Verdict::Apart, 0, Vec::new());
                linkage::of_decision(&decision, Signed::Person { name: self.author, act: id })
            })
            .collect()
    }
}

/// Whether an Observation has this LOINC code.
pub(crate) fn is_coded(tree: &Value, code: &str) -> bool {
    let codings = tree.get("code").into_iter().flat_map(|concept| items(concept, "coding"));
    codings
        .into_iter()
        .any(|coding| str_at(coding, &["system"]) == Some(LOINC) && str_at(coding, &["code"]) == Some(code))
}

/// The first answer to a question of a response.
pub(crate) fn answer<'r>(response: &'r Value, link: &str) -> Option<&'r Value> {
    let here = |item: &'r Value| match str_at(item, &["linkId"]) == Some(link) {
        true => items(item, "answer").next(),
        false => answer(item, link),
    };
    items(response, "item").find_map(here)
}

/// Takes back a birth that was written by mistake: the line and the measures stay in the history as entered in error, the child's file is
/// no longer in use. Refuses with `not-found` what is no such birth of this woman, `conflict` while the child has
/// doses or visits: they would be of nobody.
pub async fn take_back(records: &Records, ctx: &Ctx, mother: &str, id: &str) -> Result<(), Outcome> {
    let lines = of(records, ctx, mother).await?;
    let is_it = |line: &&Value| str_at(line, &["id"]) == Some(id) && id.starts_with("lk-");
    let line = lines.iter().find(is_it).ok_or_else(|| {
        Outcome::new(Kind::NotFound, "birth", "Không thấy lần sinh này.", "no birth of this woman")
    })?;
    let mut changes = vec![mistaken("Observation", id), mistaken("QuestionnaireResponse", id)];
    if let Some(child) = child(line) {
        for (kind, status) in
            [("Immunization", "completed,not-done"), ("Encounter", "arrived,triaged,in-progress,finished")]
        {
            let query = format!("patient={child}&status={status}&_count=1");
            let found = records.search(ctx, &Query::parse_string(kind, &query)?, None).await?;
            if !found.matches.is_empty() {
                let text =
                    "Trẻ này đã có mũi tiêm hoặc lần khám. Hãy rút các mục ấy trước, rồi mới rút lần sinh.";
                return Err(Outcome::new(
                    Kind::Conflict,
                    "child-in-care",
                    text,
                    "the child has records of care",
                ));
            }
        }
        let query = format!("patient={child}&_count={RECORDS_MAX}");
        let found = records.search(ctx, &Query::parse_string("Observation", &query)?, None).await?;
        let own = format!("{id}-");
        changes.extend(
            found
                .matches
                .iter()
                .filter(|one| one.id.starts_with(&own))
                .map(|one| mistaken("Observation", &one.id)),
        );
        changes.extend([unused("Patient", child), unused("RelatedPerson", child)]);
    }
    records.transact(ctx, changes).await.map(|_| ())
}

/// A file that is in use no longer.
fn unused(kind: &str, id: &str) -> Change {
    Change::edit(kind, id, |version| {
        let mut tree = version.tree();
        put(&mut tree, "active", Value::from(false));
        Resource::from_value(tree)
    })
}

#[cfg(test)]
mod tests;
