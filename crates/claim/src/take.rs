//! Taking one visit into the record: compare with what is there, merge what is shared, write all of it or nothing.

use crate::map::{Mapped, Trail, Verdict, digest, provenance, provenance_id};
use crate::merge;
use crate::problem::Problem;
use crate::visit::VisitFile;
use crate::{Judged, ProvinceKey};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use yba_content::Content;
use yba_fhir::date::instant;
use yba_fhir::json::{Value, str_at};
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Ctx, DoneAs, Records};
use yba_store::{Query, Scope, Version};

/// What became of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    New,
    Updated,
    Unchanged,
    Older,
    Refused,
}

/// A visit, done.
#[derive(Debug)]
pub(crate) struct Taken {
    pub fate: Fate,
    pub person_new: bool,
    pub rows: BTreeMap<String, u64>,
    pub written: BTreeMap<String, u64>,
    pub withdrawn: u64,
    pub kept_raw: Vec<String>,
    pub problems: Vec<Problem>,
}

/// How often a visit is tried again when somebody else changed the same patient in between.
const TRIES: usize = 5;

/// Everything a visit needs to be taken in; clones share it.
#[derive(Clone)]
pub(crate) struct Taker {
    pub records: Records,
    pub content: Arc<Content>,
    pub key: ProvinceKey,
    pub ctx: Ctx,
    /// Map again what has not changed.
    pub again: bool,
    /// Organizations and practitioners already here with all that is known of them; bounded by emptying it.
    pub parties: Arc<Mutex<HashSet<String>>>,
}

const PARTIES_KNOWN: usize = 100_000;

/// A visit that passed the check, with what the report wants to know of it.
struct Ready {
    mapped: Mapped,
    rows: BTreeMap<String, u64>,
    kept_raw: Vec<String>,
    problems: Vec<Problem>,
}

/// The step before mapping: either it is decided already, or the visit is ready to be written.
enum Step {
    Done(Taken),
    Write(Box<Ready>),
}

impl Taker {
    /// Takes in one visit. An error is the store's, never the visit's.
    pub(crate) async fn take(&self, file: &VisitFile) -> Result<Taken, Outcome> {
        let mut last = None;
        for _ in 0..TRIES {
            let trail = self.trail(file).await?;
            let ready = match self.prepare(file, trail.as_ref().map(|(trail, _)| trail)) {
                Step::Done(taken) => return Ok(taken),
                Step::Write(ready) => *ready,
            };
            self.parties(&ready.mapped.parties).await?;
            match self.write(file, &ready, trail).await {
                Ok(taken) => return Ok(taken),
                Err(refused) if ours(refused.kind) => return Err(refused),
                Err(refused) => {
                    // Somebody changed the same patient or visit in between: look again.
                    let again = matches!(refused.kind, Kind::Conflict | Kind::Precondition);
                    last = Some((ready.problems, refused));
                    if !again {
                        break;
                    }
                }
            }
        }
        let (problems, refused) =
            last.expect("the loop runs at least once and ends by an answer or a refusal");
        Ok(refused_by_store(file, problems, &refused))
    }

    /// What earlier imports left about this visit.
    async fn trail(&self, file: &VisitFile) -> Result<Option<(Trail, Version)>, Outcome> {
        let (Some(facility), Some(visit)) = (file.facility(), file.key()) else { return Ok(None) };
        let id = provenance_id(&self.key, facility, visit);
        let found = self.records.store().read("Provenance", &id).await?;
        Ok(found.filter(|version| !version.deleted).map(|version| (Trail::of(&version.tree()), version)))
    }

    /// Judges and maps; pure but for the content.
    fn prepare(&self, file: &VisitFile, trail: Option<&Trail>) -> Step {
        let Judged { visit, problems, refused } = crate::judge(file, &self.content);
        let done = |fate, problems| {
            Step::Done(Taken {
                fate,
                person_new: false,
                rows: BTreeMap::new(),
                written: BTreeMap::new(),
                withdrawn: 0,
                kept_raw: Vec::new(),
                problems,
            })
        };
        if refused {
            return done(Fate::Refused, problems);
        }
        let verdict =
            trail.map_or(Verdict::New, |trail| trail.verdict(&digest(&visit), file.origin.prepared));
        match verdict {
            Verdict::Same if !self.again => return done(Fate::Unchanged, problems),
            Verdict::Older => {
                let text = "Tệp này cũ hơn dữ liệu đã có của lượt khám, hoặc đã được thay bằng bản sửa; được bỏ qua.";
                let mut problems = problems;
                let mut note = Problem::note("visit-older", text, "an older file about a visit that is here");
                note.file.clone_from(&file.origin.file);
                note.visit = file.key().map(str::to_owned);
                problems.push(note);
                return done(Fate::Older, problems);
            }
            _ => {}
        }
        let Some(mapped) = crate::map(&visit, &self.content, &self.key) else {
            return done(Fate::Refused, problems);
        };
        let rows = visit.parts.iter().map(|part| (part.kind.clone(), part.rows.len() as u64)).collect();
        let kept_raw =
            visit.parts.iter().filter(|part| !part.mapped()).map(|part| part.kind.clone()).collect();
        Step::Write(Box::new(Ready { mapped, rows, kept_raw, problems }))
    }

    /// Makes sure that the organizations and practitioners are here. They are written once, before the visits that
    /// name them, and never overwritten.
    async fn parties(&self, parties: &[Value]) -> Result<(), Outcome> {
        let token = |party: &Value| party.to_string();
        let wanted: Vec<&Value> = {
            let known = self.parties.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            parties.iter().filter(|party| !known.contains(&token(party))).collect()
        };
        for party in wanted {
            let (Some(kind), Some(id)) = (str_at(party, &["resourceType"]), str_at(party, &["id"])) else {
                continue;
            };
            let current = self.records.store().read(kind, id).await?;
            let change = match current.filter(|version| !version.deleted) {
                None => Some(Change::create(resource(party.clone())?)),
                Some(version) => merge::practitioner(&version.tree(), party)
                    .map(|filled| {
                        resource(filled)
                            .map(|filled| Change::put(filled).if_match(version.version_id.as_str()))
                    })
                    .transpose()?,
            };
            if let Some(change) = change {
                match self.records.transact(&self.ctx, vec![change]).await {
                    Ok(_) => {}
                    // Another visit wrote the same party in between; what is there now holds.
                    Err(refused) if matches!(refused.kind, Kind::Conflict | Kind::Precondition) => {}
                    Err(refused) => return Err(refused),
                }
            }
            let mut known = self.parties.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            if known.len() >= PARTIES_KNOWN {
                known.clear();
            }
            known.insert(token(party));
        }
        Ok(())
    }

    async fn write(
        &self,
        file: &VisitFile,
        ready: &Ready,
        trail: Option<(Trail, Version)>,
    ) -> Result<Taken, Outcome> {
        let mapped = &ready.mapped;
        let mut problems = ready.problems.clone();
        let (earlier, before) =
            trail.map_or((Trail::default(), None), |(trail, version)| (trail, Some(version)));
        let current = self.current(mapped, &earlier).await?;
        let newest = Newest { taker: self, mapped, answer: None };
        let mut changes = Vec::with_capacity(mapped.own.len() + mapped.coverages.len() + 4);
        let person_new = self.shared(mapped, &current, newest, &mut changes, &mut problems, file).await?;
        for one in mapped.own.iter().filter(|one| !here_already(one, &current)) {
            changes.push(Change::put(resource(one.clone())?));
        }
        let withdrawn = withdraw(mapped, &earlier, &current, &mut changes)?;
        let recorded = instant(self.records.store().clock().now_ms());
        let trail = resource(provenance(mapped, &file.origin, &earlier, &recorded))?;
        changes.push(match &before {
            Some(version) => Change::put(trail).if_match(version.version_id.as_str()),
            None => Change::create(trail),
        });
        let done = self.records.transact(&self.ctx, changes).await?;
        let mut written = BTreeMap::new();
        let changed = done.iter().filter(|one| matches!(one.outcome, DoneAs::Created | DoneAs::Updated));
        for version in changed.filter_map(|one| one.version.as_ref()) {
            *written.entry(version.kind.clone()).or_default() += 1;
        }
        Ok(Taken {
            fate: if before.is_some() { Fate::Updated } else { Fate::New },
            person_new,
            rows: ready.rows.clone(),
            written,
            withdrawn,
            kept_raw: ready.kept_raw.clone(),
            problems,
        })
    }

    /// What is here of the patient and the coverages; of a visit that was here before, all it owns and owned.
    async fn current(&self, mapped: &Mapped, earlier: &Trail) -> Result<BTreeMap<String, Version>, Outcome> {
        let mut keys = vec![("Patient".to_owned(), mapped.patient_id.clone())];
        keys.extend(mapped.coverages.iter().filter_map(key_of));
        if !earlier.targets.is_empty() {
            keys.extend(mapped.own.iter().filter_map(key_of));
            keys.extend(gone(mapped, earlier));
        }
        let found = self.records.store().read_many(keys).await?;
        let live = found.into_iter().filter(|version| !version.deleted);
        Ok(live.map(|version| (format!("{}/{}", version.kind, version.id), version)).collect())
    }

    /// Patient and coverages, merged. Answers whether the patient is new.
    async fn shared(
        &self,
        mapped: &Mapped,
        current: &BTreeMap<String, Version>,
        mut newest: Newest<'_>,
        changes: &mut Vec<Change>,
        problems: &mut Vec<Problem>,
        file: &VisitFile,
    ) -> Result<bool, Outcome> {
        for coverage in &mapped.coverages {
            let Some((kind, id)) = key_of(coverage) else { continue };
            match current.get(&format!("{kind}/{id}")) {
                None => changes.push(Change::put(resource(coverage.clone())?)),
                Some(version) => {
                    let merged = merge::whole(&version.tree(), coverage);
                    if merged.depends() && newest.holds().await? {
                        changes.push(Change::put(resource(merged.as_newest)?));
                    }
                }
            }
        }
        let Some(version) = current.get(&format!("Patient/{}", mapped.patient_id)) else {
            changes.push(Change::put(resource(mapped.patient.clone())?));
            return Ok(true);
        };
        let here = version.tree();
        if let (Some(left), Some(right)) =
            (str_at(&here, &["birthDate"]), str_at(&mapped.patient, &["birthDate"]))
            && merge::exchanged(left, right)
        {
            let text =
                "Ngày sinh của người bệnh này ở lượt khác có ngày và tháng đảo ngược. Hãy đối chiếu giấy tờ.";
            let mut problem =
                Problem::warning("birth-exchanged", text, "day and month exchanged between visits");
            problem.file.clone_from(&file.origin.file);
            problem.visit = Some(mapped.key.clone());
            problems.push(problem.part("XML1").row(1).column("NGAY_SINH"));
        }
        let merged = merge::patient(&here, &mapped.patient, &mapped.encounter_id);
        let chosen =
            if merged.depends() && newest.holds().await? { merged.as_newest } else { merged.as_older };
        let chosen = self.without_dropped(mapped, current, chosen).await?;
        if merge::without_server_fields(&chosen) != merge::without_server_fields(&here) {
            changes.push(Change::put(resource(chosen)?).if_match(version.version_id.as_str()));
        }
        Ok(false)
    }

    /// A number that a corrected visit no longer states goes, unless another visit of the patient states it.
    async fn without_dropped(
        &self,
        mapped: &Mapped,
        current: &BTreeMap<String, Version>,
        patient: Value,
    ) -> Result<Value, Outcome> {
        let Some(encounter) = current.get(&format!("Encounter/{}", mapped.encounter_id)) else {
            return Ok(patient);
        };
        let now = mapped.own.iter().find(|one| str_at(one, &["id"]) == Some(&mapped.encounter_id));
        let now = now.map(merge::stated_numbers).unwrap_or_default();
        let mut dropped = merge::dropped(&merge::stated_numbers(&encounter.tree()), &now);
        if dropped.is_empty() {
            return Ok(patient);
        }
        let visits =
            self.records.store().everything(std::slice::from_ref(&mapped.patient_id), &["Encounter"]).await?;
        for visit in visits.iter().filter(|visit| visit.id != mapped.encounter_id) {
            let tree = visit.tree();
            if str_at(&tree, &["status"]) != Some("entered-in-error") {
                dropped = merge::dropped(&dropped, &merge::stated_numbers(&tree));
            }
        }
        Ok(merge::without_numbers(&patient, &dropped))
    }
}

/// Whether a visit is the newest of its patient: asked only when it matters, once.
struct Newest<'a> {
    taker: &'a Taker,
    mapped: &'a Mapped,
    answer: Option<bool>,
}

impl Newest<'_> {
    async fn holds(&mut self) -> Result<bool, Outcome> {
        if let Some(answer) = self.answer {
            return Ok(answer);
        }
        let pairs = [
            ("patient".to_owned(), format!("Patient/{}", self.mapped.patient_id)),
            ("date".to_owned(), format!("gt{}", self.mapped.ended.date_time())),
            ("_count".to_owned(), "2".to_owned()),
        ];
        let query = Query::parse("Encounter", &pairs)?;
        let found = self.taker.records.store().search(&query, &Scope::All, None).await?;
        let answer = !found.matches.iter().any(|version| version.id != self.mapped.encounter_id);
        self.answer = Some(answer);
        Ok(answer)
    }
}

fn ours(kind: Kind) -> bool {
    matches!(kind, Kind::Fault | Kind::Unavailable | Kind::Unauthenticated | Kind::Forbidden)
}

fn refused_by_store(file: &VisitFile, mut problems: Vec<Problem>, refused: &Outcome) -> Taken {
    let issue = refused.issues.first();
    let text = format!("Không ghi được lượt khám: {}", issue.map_or("", |issue| issue.text.as_str()));
    let mut problem = Problem::error("not-written", text, refused.to_string());
    problem.file.clone_from(&file.origin.file);
    problem.visit = file.key().map(str::to_owned);
    problems.push(problem);
    Taken {
        fate: Fate::Refused,
        person_new: false,
        rows: BTreeMap::new(),
        written: BTreeMap::new(),
        withdrawn: 0,
        kept_raw: Vec::new(),
        problems,
    }
}

/// A mapped tree as a resource. It always is one, so a failure is ours.
/// What is written. Mapping and merging have put its members in order.
fn resource(tree: Value) -> Result<Resource, Outcome> {
    Resource::from_parsed(tree)
        .map_err(|refused| Outcome::fault(format!("a mapped resource is malformed: {refused}")))
}

fn key_of(resource: &Value) -> Option<(String, String)> {
    Some((str_at(resource, &["resourceType"])?.to_owned(), str_at(resource, &["id"])?.to_owned()))
}

/// Whether a record is here with the same content. Its origin may be another file; it stays where the content first
/// came from.
fn here_already(resource: &Value, current: &BTreeMap<String, Version>) -> bool {
    let Some((kind, id)) = key_of(resource) else { return false };
    let found = current.get(&format!("{kind}/{id}"));
    found.is_some_and(|version| {
        merge::without_server_fields(&version.tree()) == merge::without_server_fields(resource)
    })
}

/// What the visit owned before and owns no longer.
fn gone(mapped: &Mapped, earlier: &Trail) -> Vec<(String, String)> {
    let now: HashSet<(String, String)> = mapped.own.iter().filter_map(key_of).collect();
    let before = earlier.targets.iter().filter_map(|target| target.split_once('/'));
    before
        .filter(|(kind, _)| *kind != "Patient")
        .map(|(kind, id)| (kind.to_owned(), id.to_owned()))
        .filter(|key| !now.contains(key))
        .collect()
}

/// Marks what is gone as entered in error.
fn withdraw(
    mapped: &Mapped,
    earlier: &Trail,
    current: &BTreeMap<String, Version>,
    changes: &mut Vec<Change>,
) -> Result<u64, Outcome> {
    let mut count = 0;
    for (kind, id) in gone(mapped, earlier) {
        if let Some(version) = current.get(&format!("{kind}/{id}")) {
            changes.push(Change::put(resource(merge::entered_in_error(&version.tree()))?));
            count += 1;
        }
    }
    Ok(count)
}
