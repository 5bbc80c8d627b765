//! Outbreaks: cases of one disease in one place so near each other that content says to look at them together, and the record of an
//! outbreak, a Group of the people who are ill. How many cases within how many days, content says for each disease.
//!
//! Start at [`clusters`] (pure), then [`write`].

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use yba_content::Day;
use yba_content::notifiable::{Disease, Notifiable};
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::view::reference_target;
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::notify::case::Case;
use crate::notify::{DISEASES, put};

/// What a characteristic of an outbreak is about.
const CHARACTERISTICS: &str = "https://yba.vn/fhir/CodeSystem/outbreak-characteristic";
const DISEASE: &str = "disease";
const PLACE: &str = "place";
/// Codes of places: an administrative unit as `system|code`, or the address of an Organization.
const PLACES: &str = "https://yba.vn/fhir/CodeSystem/outbreak-place";
/// Most outbreaks of one look, most cases of one.
const OUTBREAKS_MAX: usize = 200;
pub const CASES_MAX: usize = 500;

/// Where somebody is ill: by which cases are put together, and what it is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// An administrative unit as `system|code`, or `Organization/…`; empty when it is not known.
    pub key: String,
    pub words: String,
}

/// An outbreak that was written down.
#[derive(Debug, Clone)]
pub struct Outbreak {
    pub id: String,
    pub version: String,
    pub name: String,
    /// Slug of the disease.
    pub disease: String,
    pub place: Place,
    /// Whether it goes on.
    pub is_active: bool,
    /// Id of the Organization that keeps it.
    pub keeper: String,
    /// ISO days; the last one when it is over.
    pub first: String,
    pub last: String,
    /// Ids of the Patients, with the day on which each became ill.
    pub members: Vec<(String, String)>,
}

impl Outbreak {
    /// What a Group of ours says; `None` for another Group.
    fn of(version: &Version) -> Option<Outbreak> {
        let tree = version.tree();
        let of = |wanted: &str| {
            items(&tree, "characteristic").find(|one| {
                let coded = one.get("code").into_iter().flat_map(|code| items(code, "coding"));
                coded.into_iter().any(|coding| {
                    str_at(coding, &["system"]) == Some(CHARACTERISTICS)
                        && str_at(coding, &["code"]) == Some(wanted)
                })
            })
        };
        let value = |one: &Value| {
            let concept = one.get("valueCodeableConcept")?;
            let code = items(concept, "coding").find_map(|coding| str_at(coding, &["code"]))?;
            Some((code.to_owned(), str_at(concept, &["text"]).unwrap_or_default().to_owned()))
        };
        let (disease, place) = (of(DISEASE)?, of(PLACE)?);
        let (key, words) = value(place)?;
        let text = |path: &[&str]| str_at(&tree, path).unwrap_or_default().to_owned();
        let period = |end: &str| str_at(disease, &["period", end]).unwrap_or_default().to_owned();
        let target = |reference: &str| reference_target(reference).map(|(_, id)| id.to_owned());
        Some(Outbreak {
            id: version.id.clone(),
            version: version.version_id.clone(),
            name: text(&["name"]),
            disease: value(disease)?.0,
            place: Place { key, words },
            is_active: tree.get("active").and_then(|active| active.as_bool()).unwrap_or(false),
            keeper: target(&text(&["managingEntity", "reference"])).unwrap_or_default(),
            first: period("start"),
            last: period("end"),
            members: items(&tree, "member")
                .filter_map(|one| {
                    let began = str_at(one, &["period", "start"]).unwrap_or_default().to_owned();
                    Some((target(str_at(one, &["entity", "reference"])?)?, began))
                })
                .collect(),
        })
    }
}

/// Cases that are looked at together.
#[derive(Debug)]
pub struct Cluster<'a, 'c> {
    pub edition: &'c Notifiable,
    pub disease: &'c Disease,
    pub place: Place,
    /// In the order in which they began.
    pub cases: Vec<&'a Case<'c>>,
    /// The outbreak that goes on there.
    pub outbreak: Option<Outbreak>,
}

impl<'a, 'c> Cluster<'a, 'c> {
    /// Those that no outbreak names yet.
    pub fn missing(&self) -> Vec<&'a Case<'c>> {
        let known: BTreeSet<&str> =
            self.outbreak.iter().flat_map(|one| &one.members).map(|(patient, _)| patient.as_str()).collect();
        self.cases.iter().copied().filter(|case| !known.contains(case.patient.as_str())).collect()
    }
}

/// The clusters among these cases, by disease and place. `place` says where somebody is ill; who is nowhere is in none. What an
/// outbreak that goes on has already is told with it; a case that came long after it is none of it.
pub fn clusters<'a, 'c>(
    cases: &'a [Case<'c>],
    place: impl Fn(&Case<'c>) -> Place,
    outbreaks: &[Outbreak],
) -> Vec<Cluster<'a, 'c>> {
    let mut of: BTreeMap<(&str, Place), Vec<&'a Case<'c>>> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.disease.cluster.is_some()) {
        let place = place(case);
        if !place.key.is_empty() {
            of.entry((&case.disease.slug, place)).or_default().push(case);
        }
    }
    let mut all = Vec::new();
    for ((slug, place), mut cases) in of {
        cases.sort_by(|one, other| (one.day(), one.id()).cmp(&(other.day(), other.id())));
        let Some(last) = cases.last() else { continue };
        let (edition, disease) = (last.edition, last.disease);
        let Some(asked) = disease.cluster else { continue };
        let outbreak =
            outbreaks.iter().find(|one| one.is_active && one.disease == slug && one.place.key == place.key);
        let days = i64::from(asked.days);
        let cases = match outbreak {
            // Whatever is near what is known belongs to it.
            Some(one) => chained(&cases, days, |case| one.members.iter().any(|(id, _)| *id == case.patient)),
            None => newest(&cases, asked.cases as usize, days),
        };
        if !cases.is_empty() {
            all.push(Cluster { edition, disease, place, cases, outbreak: outbreak.cloned() });
        }
    }
    all
}

/// The newest run of cases of which so many lie within so many days, each near its neighbour; empty when there is none.
fn newest<'a, 'c>(cases: &[&'a Case<'c>], count: usize, days: i64) -> Vec<&'a Case<'c>> {
    let apart =
        |one: &Case<'_>, other: &Case<'_>| other.day().days_since_epoch() - one.day().days_since_epoch();
    let is_dense = |at: usize| apart(cases[at], cases[at + count - 1]) <= days;
    let Some(at) =
        (0..=cases.len().saturating_sub(count)).rev().find(|at| at + count <= cases.len() && is_dense(*at))
    else {
        return Vec::new();
    };
    chained(cases, days, |case| case.id() == cases[at].id())
}

/// Those that hang on a case which `is_in` names, over neighbours no further than so many days apart.
fn chained<'a, 'c>(
    cases: &[&'a Case<'c>],
    days: i64,
    is_in: impl Fn(&Case<'c>) -> bool,
) -> Vec<&'a Case<'c>> {
    let mut runs: Vec<Vec<&'a Case<'c>>> = Vec::new();
    for case in cases {
        let is_near = runs.last().and_then(|run| run.last()).is_some_and(|before: &&Case<'_>| {
            case.day().days_since_epoch() - before.day().days_since_epoch() <= days
        });
        match runs.last_mut() {
            Some(run) if is_near => run.push(case),
            _ => runs.push(vec![case]),
        }
    }
    runs.into_iter().filter(|run| run.iter().any(|case| is_in(case))).flatten().collect()
}

/// The outbreaks within reach, those that go on first, then the newest.
pub async fn all(records: &Records, ctx: &Ctx) -> Result<Vec<Outbreak>, Outcome> {
    let asked =
        format!("characteristic={CHARACTERISTICS}|{DISEASE}&_sort=-_lastUpdated&_count={OUTBREAKS_MAX}");
    let query = Query::parse_string("Group", &asked)?;
    let page = records.search(ctx, &query, None).await?;
    let mut all: Vec<Outbreak> = page.matches.iter().filter_map(Outbreak::of).collect();
    all.sort_by_key(|one| !one.is_active);
    Ok(all)
}

/// One outbreak. Refuses with `not-found` what is none, or beyond reach.
pub async fn one(records: &Records, ctx: &Ctx, id: &str) -> Result<Outbreak, Outcome> {
    let version = records.read(ctx, "Group", id).await?;
    Outbreak::of(&version).ok_or_else(|| {
        Outcome::new(Kind::NotFound, "outbreak", "Không có ổ dịch này.", "the group is no outbreak")
    })
}

/// Writes a cluster down as an outbreak, or adds to the outbreak what it does not have yet. Answers its id. Sent twice, it is written
/// once; written by two people at once, too.
pub async fn write(
    records: &Records,
    ctx: &Ctx,
    cluster: &Cluster<'_, '_>,
    facility: Option<&str>,
) -> Result<String, Outcome> {
    if cluster.cases.len() > CASES_MAX {
        let text = format!("Một ổ dịch ghi nhiều nhất {CASES_MAX} ca.");
        return Err(Outcome::new(Kind::Unprocessable, "outbreak-cases", text, "too many cases"));
    }
    let (id, change) = match &cluster.outbreak {
        Some(outbreak) if cluster.missing().is_empty() => return Ok(outbreak.id.clone()),
        Some(outbreak) => {
            let added: Vec<Value> = cluster.missing().into_iter().map(member).collect();
            let labels: Vec<Value> = cluster.missing().into_iter().flat_map(Case::labels).collect();
            let change = Change::edit("Group", outbreak.id.as_str(), move |version| {
                let mut tree = version.tree();
                let mut members: Vec<Value> = items(&tree, "member").cloned().collect();
                for one in &added {
                    let is_there = |known: &Value| at_entity(known) == at_entity(one);
                    if !members.iter().any(is_there) {
                        members.push(one.clone());
                    }
                }
                put(&mut tree, "quantity", json!(members.len() as u64));
                put(&mut tree, "member", Value::from(members));
                label(&mut tree, &labels);
                Resource::from_value(tree)
            });
            (outbreak.id.clone(), change)
        }
        None => {
            let tree = plan(cluster, facility);
            let id = str_at(&tree, &["id"]).unwrap_or_default().to_owned();
            (id, Change::create(Resource::from_value(tree)?))
        }
    };
    match records.transact(ctx, vec![change]).await {
        Err(outcome) if outcome.kind == Kind::Conflict => Ok(id),
        done => done.map(|_| id),
    }
}

fn at_entity(member: &Value) -> Option<&str> {
    str_at(member, &["entity", "reference"])
}

fn member(case: &Case<'_>) -> Value {
    json!({
        "entity": {"reference": format!("Patient/{}", case.patient).as_str()},
        "period": {"start": case.day().to_string().as_str()}
    })
}

/// Hides a record as those are hidden of which it tells.
pub(crate) fn label(tree: &mut Value, labels: &[Value]) {
    if labels.is_empty() {
        return;
    }
    let mut meta = tree.get("meta").cloned().unwrap_or_else(|| json!({}));
    let mut all: Vec<Value> = items(&meta, "security").cloned().collect();
    let is_same = |one: &Value, other: &Value| {
        ["system", "code"].iter().all(|key| str_at(one, &[key]) == str_at(other, &[key]))
    };
    for one in labels {
        if !all.iter().any(|known| is_same(known, one)) {
            all.push(one.clone());
        }
    }
    put(&mut meta, "security", Value::from(all));
    put(tree, "meta", meta);
}

/// The Group of a cluster. Its id is made of disease, place and first case: written twice, it is one.
fn plan(cluster: &Cluster<'_, '_>, facility: Option<&str>) -> Value {
    let (disease, place) = (cluster.disease, &cluster.place);
    let first = cluster.cases.first();
    let began = first.map(|case| case.day().to_string()).unwrap_or_default();
    let seed = format!("outbreak\n{}\n{}\n{}", disease.slug, place.key, first.map_or("", |case| case.id()));
    let hash = Sha256::digest(seed.as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let about = |code: &str| json!({"coding": [{"system": CHARACTERISTICS, "code": code}]});
    let mut tree = json!({
        "resourceType": "Group",
        "id": format!("od-{hex}").as_str(),
        "type": "person",
        "actual": true,
        "active": true,
        "name": format!("Ổ dịch {}, {}", disease.title, place.words).as_str(),
        "quantity": cluster.cases.len() as u64,
        "characteristic": [
            {
                "code": about(DISEASE),
                "valueCodeableConcept": {
                    "coding": [{"system": DISEASES, "code": disease.slug.as_str(), "display": disease.title.as_str()}],
                    "text": disease.title.as_str()
                },
                "exclude": false,
                "period": {"start": began.as_str()}
            },
            {
                "code": about(PLACE),
                "valueCodeableConcept": {
                    "coding": [{"system": PLACES, "code": place.key.as_str()}],
                    "text": place.words.as_str()
                },
                "exclude": false
            }
        ],
        "member": cluster.cases.iter().map(|case| member(case)).collect::<Vec<Value>>()
    });
    if let Some(facility) = facility {
        put(&mut tree, "managingEntity", json!({"reference": format!("Organization/{facility}").as_str()}));
    }
    let labels: Vec<Value> = cluster.cases.iter().flat_map(|case| case.labels()).collect();
    label(&mut tree, &labels);
    tree
}

/// Writes down that an outbreak is over on a day. Sent twice, it is said once.
pub async fn end(records: &Records, ctx: &Ctx, id: &str, day: Day) -> Result<(), Outcome> {
    let change = Change::edit("Group", id, move |version| {
        let mut tree = version.tree();
        if Outbreak::of(version).is_none_or(|one| !one.is_active) {
            return Resource::from_value(tree);
        }
        put(&mut tree, "active", json!(false));
        let mut said: Vec<Value> = items(&tree, "characteristic").cloned().collect();
        for one in &mut said {
            if let Some(mut period) = one.get("period").cloned() {
                put(&mut period, "end", json!(day.to_string().as_str()));
                put(one, "period", period);
            }
        }
        put(&mut tree, "characteristic", Value::from(said));
        Resource::from_value(tree)
    });
    records.transact(ctx, vec![change]).await.map(|_| ())
}

#[cfg(test)]
#[path = "outbreak_tests.rs"]
mod tests;
