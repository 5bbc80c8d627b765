//! Watching children after vaccines: who may go when, who went, and who went too early. The list is made of the doses; only its end is
//! written, as an Observation of the child. For how many minutes, content says.

use std::collections::BTreeMap;
use yba_content::Day;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::view::reference_target;
use yba_fhir::{DateRange, Kind, Outcome, Resource, date};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::session::{self, CHILDREN_MAX, keyed, session_of};
use crate::visit::put;

const OBSERVATIONS: &str = "https://yba.vn/fhir/CodeSystem/observation";
const WATCH: &str = "vaccination-watch";
const ENDS: &str = "https://yba.vn/fhir/CodeSystem/vaccination-watch";
const MINUTE_MS: i64 = 60_000;

/// How a watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Went home, and all was well.
    Well,
    /// Was gone before the time was over.
    Early,
    /// A reaction was written down.
    Reaction,
}

impl End {
    pub const ALL: [End; 3] = [End::Well, End::Early, End::Reaction];

    pub fn code(self) -> &'static str {
        match self {
            End::Well => "well",
            End::Early => "left-early",
            End::Reaction => "reaction",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            End::Well => "Về được, bình thường",
            End::Early => "Về sớm, chưa đủ thời gian theo dõi",
            End::Reaction => "Có phản ứng sau tiêm",
        }
    }

    pub fn of(code: &str) -> Option<End> {
        End::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// Somebody who was vaccinated today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Id of the Patient.
    pub patient: String,
    /// When the last dose was given, and until when the child stays; ms since 1970 UTC.
    pub given_ms: i64,
    pub until_ms: i64,
    /// Ids of the Immunizations.
    pub doses: Vec<String>,
    /// Words of the vaccines.
    pub words: Vec<String>,
    /// Id of the day of vaccination, when the doses say one.
    pub session: Option<String>,
    /// The security labels of the doses: what tells of a dose is hidden as it is.
    pub labels: Vec<Value>,
    pub end: Option<End>,
}

impl Watched {
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.until_ms <= now_ms
    }
}

/// Everybody of whom these doses with an hour tell, in the order in which they may go. Doses of a bare day are written down later and
/// begin no watch.
pub fn watched(doses: &[Value], minutes: u32) -> Vec<Watched> {
    let mut all: BTreeMap<String, Watched> = BTreeMap::new();
    for dose in doses.iter().filter(|dose| str_at(dose, &["status"]) == Some("completed")) {
        let text = |path: &[&str]| str_at(dose, path).unwrap_or_default();
        let when = text(&["occurrenceDateTime"]);
        let (Some(at), true) = (DateRange::parse(when), when.len() > 10) else { continue };
        let Some(("Patient", patient)) = reference_target(text(&["patient", "reference"])) else { continue };
        let one = all.entry(patient.to_owned()).or_insert_with(|| Watched {
            patient: patient.to_owned(),
            given_ms: at.start,
            until_ms: 0,
            doses: Vec::new(),
            words: Vec::new(),
            session: session_of(dose).map(str::to_owned),
            labels: Vec::new(),
            end: None,
        });
        one.given_ms = one.given_ms.max(at.start);
        one.until_ms = one.given_ms + i64::from(minutes) * MINUTE_MS;
        one.doses.push(text(&["id"]).to_owned());
        one.labels.extend(dose.get("meta").into_iter().flat_map(|meta| items(meta, "security").cloned()));
        one.words.push(text(&["vaccineCode", "text"]).to_owned());
    }
    let mut all: Vec<Watched> = all.into_values().collect();
    all.sort_by(|one, other| (one.until_ms, &one.patient).cmp(&(other.until_ms, &other.patient)));
    all
}

/// Everybody who got a dose at a station on a day, with how their watch ended.
pub async fn of_day(
    records: &Records,
    ctx: &Ctx,
    facility: Option<&str>,
    day: Day,
    minutes: u32,
) -> Result<Vec<Watched>, Outcome> {
    let mut all = watched(&session::doses(records, ctx, facility, day, day).await?, minutes);
    let ends = ends(records, ctx, facility, day).await?;
    for one in &mut all {
        // A dose after the end begins it anew.
        one.end = ends.get(&one.patient).filter(|(_, at)| *at >= one.given_ms).map(|(end, _)| *end);
    }
    Ok(all)
}

async fn ends(
    records: &Records,
    ctx: &Ctx,
    facility: Option<&str>,
    day: Day,
) -> Result<BTreeMap<String, (End, i64)>, Outcome> {
    let mut asked = format!("code={OBSERVATIONS}|{WATCH}&date={day}&status=final&_count={CHILDREN_MAX}");
    if let Some(facility) = facility {
        asked += &format!("&performer=Organization/{facility}");
    }
    let found = records.search(ctx, &Query::parse_string("Observation", &asked)?, None).await?;
    let one = |tree: Value| {
        let (_, patient) = reference_target(str_at(&tree, &["subject", "reference"])?)?;
        let code =
            items(tree.get("valueCodeableConcept")?, "coding").find_map(|one| str_at(one, &["code"]))?;
        let at = DateRange::parse(str_at(&tree, &["effectivePeriod", "end"])?)?.start;
        Some((patient.to_owned(), (End::of(code)?, at)))
    };
    Ok(found.matches.iter().map(Version::tree).filter_map(one).collect())
}

/// The change that ends a watch, or with no end takes back that it ended. The same child and day give the same record.
pub fn ended(
    one: &Watched,
    end: Option<End>,
    facility: Option<&str>,
    now_ms: i64,
) -> Result<Change, Outcome> {
    let day = Day::of_instant(one.given_ms);
    let part_of: Vec<Value> =
        one.doses.iter().map(|id| json!({"reference": format!("Immunization/{id}").as_str()})).collect();
    let mut tree = json!({
        "resourceType": "Observation",
        "id": ended_id(&one.patient, day).as_str(),
        "status": if end.is_some() { "final" } else { "entered-in-error" },
        "code": {"coding": [{"system": OBSERVATIONS, "code": WATCH}], "text": "Theo dõi sau tiêm chủng"},
        "subject": {"reference": format!("Patient/{}", one.patient).as_str()},
        "effectivePeriod": {"start": date::instant(one.given_ms).as_str(), "end": date::instant(now_ms).as_str()},
        "partOf": part_of
    });
    if let Some(end) = end {
        let value = json!({"coding": [{"system": ENDS, "code": end.code()}], "text": end.words()});
        put(&mut tree, "valueCodeableConcept", value);
    }
    if let Some(facility) = facility {
        let place = json!({"reference": format!("Organization/{facility}").as_str()});
        put(&mut tree, "performer", json!([place]));
    }
    crate::outbreak::label(&mut tree, &one.labels);
    Ok(Change::put(Resource::from_value(tree)?))
}

/// Refuses to end a watch in another way than it ended: nobody's «all was well» may stand where a reaction was written.
pub fn may_end(one: &Watched, end: Option<End>) -> Result<(), Outcome> {
    let Some(known) = one.end.filter(|known| Some(*known) != end) else { return Ok(()) };
    let text = match (known, end) {
        (End::Reaction, _) => {
            "Trẻ này đã ghi có phản ứng sau tiêm. Nếu ghi nhầm, hãy rút ở trang Phản ứng sau tiêm.".to_owned()
        }
        (_, None) => return Ok(()),
        (known, _) => {
            format!("Đã ghi kết thúc theo dõi: {}. Nếu ghi nhầm, hãy xóa lần ghi đó trước.", known.words())
        }
    };
    Err(Outcome::new(Kind::Conflict, "watch-ended", text, "the watch ended in another way"))
}

/// The change that begins again the watch of a day which a reaction ended; none when it ended otherwise.
pub async fn reopened(
    records: &Records,
    ctx: &Ctx,
    patient: &str,
    day: Day,
) -> Result<Option<Change>, Outcome> {
    let id = ended_id(patient, day);
    let found = records.read_many(ctx, &[("Observation".to_owned(), id.clone())]).await?;
    let is_reaction = |tree: Value| {
        let value = tree.get("valueCodeableConcept");
        str_at(&tree, &["status"]) == Some("final")
            && value.is_some_and(|value| session::is_coded(value, ENDS, End::Reaction.code()))
    };
    let stands = found.iter().map(Version::tree).any(is_reaction);
    Ok(stands.then(|| crate::visit::mistaken("Observation", &id)))
}

/// The same child and day give the same record.
fn ended_id(patient: &str, day: Day) -> String {
    keyed("td", &format!("{patient}\n{day}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_goes_after_the_last_of_its_doses() {
        let dose = |id: &str, patient: &str, when: &str, status: &str| {
            json!({"id": id, "status": status, "occurrenceDateTime": when, "vaccineCode": {"text": id},
                "patient": {"reference": format!("Patient/{patient}").as_str()}})
        };
        let doses = [
            dose("a", "p", "2026-11-23T08:00:00+07:00", "completed"),
            dose("b", "p", "2026-11-23T08:10:00+07:00", "completed"),
            dose("c", "q", "2026-11-23T07:50:00+07:00", "completed"),
            dose("d", "r", "2026-11-23T07:00:00+07:00", "not-done"),
            dose("e", "s", "2026-11-23", "completed"),
        ];
        let all: Vec<(String, String, usize)> = watched(&doses, 30)
            .into_iter()
            .map(|one| (one.patient, date::instant(one.until_ms), one.doses.len()))
            .collect();
        assert_eq!(all[0], ("q".into(), "2026-11-23T08:20:00.000+07:00".into(), 1));
        assert_eq!(all[1], ("p".into(), "2026-11-23T08:40:00.000+07:00".into(), 2));
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_watch_ends_once_and_a_reaction_is_not_written_over() {
        let dose = json!({"id": "a", "status": "completed", "occurrenceDateTime": "2026-11-23T08:00:00+07:00",
            "patient": {"reference": "Patient/p"}, "meta": {"security": [{"code": "HIV"}]}});
        let one = watched(&[dose], 30).remove(0);
        assert_eq!(one.labels.len(), 1);
        let (ended, well) = (|end| Watched { end, ..one.clone() }, Some(End::Well));
        for (known, end, may) in [
            (None, well, true),
            (None, None, true),
            (well, well, true),
            (well, Some(End::Early), false),
            (well, None, true),
            (Some(End::Reaction), well, false),
            (Some(End::Reaction), None, false),
            (Some(End::Reaction), Some(End::Reaction), true),
        ] {
            assert_eq!(may_end(&ended(known), end).is_ok(), may, "{known:?} {end:?}");
        }
    }
}
