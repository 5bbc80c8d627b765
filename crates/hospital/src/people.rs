//! People as the linking engine gives them, turned into what this room shows.

use crate::find::model::Person;
use crate::record::model::{Doubt, LinkReason};
use crate::record::{read, who};
use crate::spelling;
use std::collections::HashMap;
use yba_fhir::Outcome;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_mpi::Query as Meaning;
use yba_mpi::find::Hit;
use yba_mpi::identifier::Sex;
use yba_mpi::patient::Summary;
use yba_mpi::person::{PairNote, PersonRecord};
use yba_records::{Action, Ctx, Query, Records};

/// What a search found.
#[derive(Debug, Default)]
pub struct People {
    pub people: Vec<Person>,
    /// There are more than are shown.
    pub more: bool,
    /// Something odd, in words.
    pub note: Option<String>,
    /// A card was scanned.
    pub scanned: bool,
    /// Whoever asks may register somebody who is not found.
    pub may_register: bool,
}

/// Finds people and the state of their insurance.
pub async fn find(records: &Records, ctx: &Ctx, text: &str, limit: usize) -> Result<People, Outcome> {
    let found = yba_mpi::find::find(records, ctx, text, limit).await?;
    let until = insured_until(records, ctx, &found.hits).await?;
    let written = written(records, ctx, &found.hits).await?;
    Ok(People {
        people: found.hits.iter().map(|hit| person(hit, &until, &written)).collect(),
        more: found.more,
        note: found.note,
        may_register: ctx.may(Action::Create, "Patient"),
        scanned: matches!(found.asked.query, Meaning::CardQr(_) | Meaning::BhytQr(_)),
    })
}

/// Most facility records read to spell the people of one list.
const RECORDS_MAX: usize = 100;

/// The facility records of those who have several: only these can be spelled in more than one way.
async fn written(records: &Records, ctx: &Ctx, hits: &[Hit]) -> Result<HashMap<String, Value>, Outcome> {
    let several = hits.iter().filter(|hit| hit.patients.len() > 1).flat_map(|hit| &hit.patients);
    let keys: Vec<(String, String)> =
        several.take(RECORDS_MAX).map(|(id, _)| ("Patient".to_string(), id.clone())).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let versions = records.read_many(ctx, &keys).await?;
    Ok(versions.into_iter().map(|version| (version.id.clone(), version.tree())).collect())
}

fn person(hit: &Hit, until: &HashMap<String, String>, written: &HashMap<String, Value>) -> Person {
    let own: Vec<&Value> = hit.patients.iter().filter_map(|(id, _)| written.get(id)).collect();
    let (name, commune) = spelled(hit, &own);
    let mut facilities: Vec<&str> = hit.patients.iter().map(|(_, facility)| facility.as_str()).collect();
    facilities.sort_unstable();
    facilities.dedup();
    Person {
        id: hit.person.clone(),
        name,
        birth: hit.birth.map(|birth| birth.to_string()).unwrap_or_default(),
        sex: hit.sex.map_or("unknown", Sex::gender).to_string(),
        commune,
        numbers: hit.numbers.iter().map(|(word, number)| (word.to_string(), number.clone())).collect(),
        insured_until: hit.patients.iter().filter_map(|(patient, _)| until.get(patient)).max().cloned(),
        facilities: facilities.len(),
        dead: hit.deceased,
    }
}

/// Name and place in their best spelling, the place out of the newest facility record that has one.
fn spelled(hit: &Hit, patients: &[&Value]) -> (String, String) {
    let summaries: Vec<Summary> = who::newest_first(patients).into_iter().map(Summary::of).collect();
    let names = summaries.iter().flat_map(|one| one.names.iter()).map(String::as_str);
    let places = || summaries.iter().map(|one| one.commune.as_str()).filter(|place| !place.is_empty());
    let newest = places().next().unwrap_or(&hit.commune);
    (spelling::best(&hit.name, names).to_string(), spelling::best(newest, places()).to_string())
}

/// Most coverages read for one list of results.
const COVERAGES_MAX: usize = 200;

/// The last insured day of each Patient shown; one without an end counts as the far future.
async fn insured_until(
    records: &Records,
    ctx: &Ctx,
    hits: &[Hit],
) -> Result<HashMap<String, String>, Outcome> {
    let patients: Vec<String> = hits
        .iter()
        .flat_map(|hit| &hit.patients)
        .take(COVERAGES_MAX)
        .map(|(id, _)| format!("Patient/{id}"))
        .collect();
    let mut until: HashMap<String, String> = HashMap::new();
    if patients.is_empty() {
        return Ok(until);
    }
    let asked = format!("beneficiary={}&_count={COVERAGES_MAX}", patients.join(","));
    let found = records.search(ctx, &Query::parse_string("Coverage", &asked)?, None).await?;
    for version in &found.matches {
        let tree = version.tree();
        if let (Some(patient), Some(end)) =
            (read::target(&tree, &["beneficiary", "reference"]), last_day(&tree))
        {
            let known = until.entry(patient.to_string()).or_default();
            if *known < end {
                *known = end;
            }
        }
    }
    Ok(until)
}

/// The last day of an insurance card; `None` for paying oneself, which has no number.
fn last_day(coverage: &Value) -> Option<String> {
    let has_number = str_at(coverage, &["subscriberId"]).is_some()
        || items(coverage, "identifier").any(|one| one.get("value").is_some());
    has_number.then(|| str_at(coverage, &["period", "end"]).unwrap_or("9999-12-31").to_string())
}

/// Why each Patient of the person belongs to it: the strongest decision that names it.
pub fn reasons(person: &PersonRecord) -> Vec<LinkReason> {
    let words = |id: &str| {
        let naming = person.links.iter().filter(|link| link.first == id || link.second == id);
        naming.max_by_key(|link| (link.by_person, link.weight)).map(why).unwrap_or_default()
    };
    person.patients.iter().map(|one| LinkReason { patient: one.id.clone(), words: words(&one.id) }).collect()
}

/// Records that may be of the same person, for someone to look at.
pub fn doubts(person: &PersonRecord) -> Vec<Doubt> {
    let doubt = |one: &yba_mpi::person::DoubtNote| Doubt {
        href: format!("{}/{}", crate::doubts::DOUBTS, one.pair.linkage),
        name: one.other.name().to_string(),
        birth: one.other.birth.map(|birth| birth.to_string()).unwrap_or_default(),
        sex: one.other.sex.map_or("unknown", Sex::gender).to_string(),
        facility: one.other.facility.clone(),
        words: why(&one.pair),
    };
    person.doubts.iter().map(doubt).collect()
}

/// «Trùng số định danh cá nhân, cùng giới tính, cùng ngày sinh».
fn why(pair: &PairNote) -> String {
    let mut words: Vec<String> = pair.reasons.iter().map(|reason| reason.text().to_string()).collect();
    for later in words.iter_mut().skip(1) {
        let mut letters = later.chars();
        if let Some(first) = letters.next() {
            *later = first.to_lowercase().chain(letters).collect();
        }
    }
    let by = if pair.by_person { " (người có thẩm quyền xác nhận)" } else { "" };
    format!("{}{by}", words.join(", "))
}
