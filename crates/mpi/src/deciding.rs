//! Deciding about Patients that changed: gathers everybody who shares a number or a decision with them, asks
//! [`crate::link::decide`], and writes the answers as Linkages through the door.

use crate::evidence::{Decision, Standing};
use crate::identifier::Key;
use crate::link::{Clusters, GROUP_MAX, KEY_PATIENTS_MAX, decide};
use crate::linkage;
use crate::table::{self, FOLLOWER, LinkRow, PatientRow, deletes, query_in, texts};
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Ctx, Records};
use yba_store::{Store, Value};

/// Most Patients taken from the list at once.
const DECIDED_AT_ONCE: i64 = 400;
/// Most rounds of "who shares a number with those who share a number", and most Patients gathered in them.
const ROUNDS_MAX: usize = 12;
const GATHERED_MAX: usize = 8_000;
/// How often a set of decisions is made again because somebody else decided in between.
const TRIES: usize = 4;

/// What one turn of deciding did.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Turn {
    /// Patients taken off the list; 0 when it is empty.
    pub decided: usize,
    pub written: usize,
    /// Groups too large to judge.
    pub oversized: usize,
}

/// Everybody who has to be looked at together.
#[derive(Default)]
struct Gathered {
    patients: BTreeMap<String, PatientRow>,
    links: Vec<LinkRow>,
    overused: BTreeSet<Key>,
    /// Patients whose surroundings were not gathered to the end.
    unfinished: BTreeSet<String>,
}

/// Decides about the next Patients on the list. The log must have been taken in before.
pub(crate) async fn decide_next(records: &Records, t: i64) -> Result<Turn, Outcome> {
    let store = records.store();
    let sql = "SELECT patient FROM mpi_todo ORDER BY patient LIMIT ?1";
    let rows = store.query(sql, vec![Value::Int(DECIDED_AT_ONCE)]).await?;
    let todo: Vec<String> = rows.iter().map(|row| row.text(0).to_owned()).collect();
    if todo.is_empty() {
        return Ok(Turn::default());
    }
    let gathered = gather(store, &todo).await?;
    let mut turn = Turn { decided: todo.len(), ..Turn::default() };
    // Everybody in a group is judged with it. What cannot be judged leaves the list too, or it would be tried for ever.
    let mut judged: BTreeSet<&String> = todo.iter().collect();
    let wanted = gathered.decide_all(&mut turn, &mut judged);
    turn.written = write(records, wanted).await?;
    let done = deletes("mpi_todo", "patient", &texts(judged));
    store.derive(FOLLOWER, t, done).await?;
    Ok(turn)
}

async fn gather(store: &Store, todo: &[String]) -> Result<Gathered, Outcome> {
    let mut gathered = Gathered::default();
    let mut waiting: BTreeSet<String> = todo.iter().cloned().collect();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut known_keys: BTreeSet<Key> = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        if waiting.is_empty() || gathered.patients.len() > GATHERED_MAX {
            break;
        }
        let ids: Vec<String> = std::mem::take(&mut waiting).into_iter().collect();
        asked.extend(ids.iter().cloned());
        let rows = table::patients(store, &ids).await?;
        let keys: BTreeSet<Key> = rows
            .iter()
            .flat_map(|row| row.summary.keys.iter().map(|own| &own.key))
            .filter(|key| key.is_evidence() && !known_keys.contains(*key))
            .cloned()
            .collect();
        gathered.patients.extend(rows.into_iter().map(|row| (row.summary.id.clone(), row)));
        waiting.extend(bearers(store, &keys, &mut gathered.overused).await?);
        known_keys.extend(keys);
        for row in table::links_of(store, &ids).await? {
            waiting.extend([row.decided.first.clone(), row.decided.second.clone()]);
            gathered.links.push(row);
        }
        waiting.retain(|id| !asked.contains(id));
    }
    gathered.unfinished = waiting;
    gathered.forget_unknown(store, &asked).await?;
    Ok(gathered)
}

/// Who carries these numbers. Numbers that too many carry are noted instead.
async fn bearers(
    store: &Store,
    keys: &BTreeSet<Key>,
    overused: &mut BTreeSet<Key>,
) -> Result<Vec<String>, Outcome> {
    let values: BTreeSet<&str> = keys.iter().map(|key| key.value.as_str()).collect();
    let values: Vec<Value> = values.into_iter().map(Value::from).collect();
    let sql = "SELECT value, system, COUNT(*) FROM mpi_key WHERE value IN ({}) GROUP BY value, system";
    let named: BTreeMap<(&str, &str), &Key> =
        keys.iter().map(|key| ((key.value.as_str(), key.kind.slug()), key)).collect();
    let mut shared: BTreeSet<(String, String)> = BTreeSet::new();
    for row in query_in(store, sql, &values).await? {
        match named.get(&(row.text(0), row.text(1))) {
            Some(key) if row.int(2) > KEY_PATIENTS_MAX as i64 => {
                overused.insert((*key).clone());
            }
            Some(_) if row.int(2) > 1 => {
                shared.insert((row.text(0).to_owned(), row.text(1).to_owned()));
            }
            _ => {}
        }
    }
    let values: BTreeSet<&str> = shared.iter().map(|(value, _)| value.as_str()).collect();
    let values: Vec<Value> = values.into_iter().map(Value::from).collect();
    let sql = "SELECT value, system, patient FROM mpi_key WHERE value IN ({})";
    let rows = query_in(store, sql, &values).await?;
    let wanted = rows.iter().filter(|row| shared.contains(&(row.text(0).to_owned(), row.text(1).to_owned())));
    Ok(wanted.map(|row| row.text(2).to_owned()).collect())
}

impl Gathered {
    /// A decision about a Patient that has not arrived here yet (another node wrote it) is left alone; one about a
    /// Patient that was deleted is judged, and so withdrawn.
    async fn forget_unknown(&mut self, store: &Store, asked: &BTreeSet<String>) -> Result<(), Outcome> {
        let missing: Vec<(String, String)> = asked
            .iter()
            .filter(|id| !self.patients.contains_key(*id))
            .map(|id| ("Patient".to_owned(), id.clone()))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let deleted: BTreeSet<String> =
            store.read_many(missing).await?.into_iter().filter(|one| one.deleted).map(|one| one.id).collect();
        let known = |id: &String| self.patients.contains_key(id) || deleted.contains(id);
        self.links.retain(|row| known(&row.decided.first) && known(&row.decided.second));
        Ok(())
    }

    /// Parts what was gathered into groups that share nothing, and decides about each.
    fn decide_all<'a>(&'a self, turn: &mut Turn, judged: &mut BTreeSet<&'a String>) -> Vec<Decision> {
        let mut together = Clusters::default();
        let mut first_bearer: BTreeMap<&Key, &String> = BTreeMap::new();
        for (id, row) in &self.patients {
            for key in row.summary.keys.iter().map(|own| &own.key) {
                if key.is_evidence() && !self.overused.contains(key) {
                    together.join(first_bearer.entry(key).or_insert(id), id);
                }
            }
        }
        for row in &self.links {
            together.join(&row.decided.first, &row.decided.second);
        }
        let mut groups: BTreeMap<String, (Vec<&PatientRow>, Vec<&LinkRow>)> = BTreeMap::new();
        for (id, row) in &self.patients {
            groups.entry(together.root(id)).or_default().0.push(row);
        }
        for row in &self.links {
            groups.entry(together.root(&row.decided.first)).or_default().1.push(row);
        }
        let unfinished: BTreeSet<String> = self.unfinished.iter().map(|id| together.root(id)).collect();
        let mut wanted = Vec::new();
        for (root, (patients, links)) in groups {
            if patients.len() > GROUP_MAX || unfinished.contains(&root) {
                turn.oversized += 1;
                continue;
            }
            judged.extend(patients.iter().map(|row| &row.summary.id));
            wanted.extend(self.decide_group(&patients, &links));
        }
        wanted
    }

    /// The decisions about one group that do not stand yet.
    fn decide_group(&self, patients: &[&PatientRow], links: &[&LinkRow]) -> Vec<Decision> {
        if patients.len() == 1 && links.is_empty() {
            return Vec::new();
        }
        let subjects: Vec<_> = patients.iter().map(|row| row.summary.subject()).collect();
        let standing: Vec<Standing> = links
            .iter()
            .map(|row| Standing {
                first: row.decided.first.clone(),
                second: row.decided.second.clone(),
                verdict: row.decided.verdict,
                by_person: row.decided.by_person(),
            })
            .collect();
        let mut wanted = decide(&subjects, &standing, &self.overused);
        wanted.retain(|decision| {
            !links.iter().any(|row| {
                row.decided.first == decision.first
                    && row.decided.second == decision.second
                    && row.decided.says(decision)
            })
        });
        wanted
    }
}

/// Writes decisions as Linkages; what a person decided meanwhile stands. Answers how many made a version.
async fn write(records: &Records, wanted: Vec<Decision>) -> Result<usize, Outcome> {
    let ctx = Ctx::system("mpi");
    let mut written = 0;
    for chunk in wanted.chunks(500) {
        let mut tries = 0;
        written += loop {
            let changes = changes(records.store(), chunk).await?;
            let count = changes.len();
            match records.transact(&ctx, changes).await {
                Ok(_) => break count,
                // Somebody decided between our look and our word: look again.
                Err(outcome)
                    if matches!(outcome.kind, Kind::Precondition | Kind::Conflict) && tries < TRIES =>
                {
                    tries += 1
                }
                Err(outcome) => return Err(outcome),
            }
        };
    }
    Ok(written)
}

async fn changes(store: &Store, decisions: &[Decision]) -> Result<Vec<Change>, Outcome> {
    let ids = decisions.iter().map(|one| ("Linkage".to_owned(), linkage::id_of(&one.first, &one.second)));
    let heads: BTreeMap<String, _> =
        store.read_many(ids.collect()).await?.into_iter().map(|head| (head.id.clone(), head)).collect();
    let mut changes = Vec::new();
    for decision in decisions {
        let resource = Resource::from_value(linkage::of_decision(decision))?;
        let head = heads.get(&linkage::id_of(&decision.first, &decision.second));
        match head {
            None => changes.push(Change::create(resource)),
            Some(head) if head.deleted => changes.push(Change::put(resource)),
            Some(head) => {
                let stands = linkage::read(&head.tree());
                if !stands.iter().any(|one| one.by_person() || one.says(decision)) {
                    changes.push(Change::put(resource).if_match(head.version_id.clone()));
                }
            }
        }
    }
    Ok(changes)
}
