//! Deciding about Patients that changed: finds everybody who may be the same person by the index in memory, gathers those with
//! whom decisions tie them, settles each group by the rules that hold when everybody is linked at once, and writes the
//! answers as Linkages through the door.

use crate::evidence::{Decision, Verdict};
use crate::group::{Found, Group, Node, Pair, Sets, Standing};
use crate::linkage::{self, Signed};
use crate::linker::{Linker, place_of, rows_at};
use crate::table::{self, FOLLOWER, LinkRow, PatientRow, deletes, texts};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Ctx, Records};
use yba_store::{Store, Value};

/// Most Patients taken from the list at once.
const DECIDED_AT_ONCE: i64 = 400;
/// Most rounds of "who may be one with those who may be one", and most Patients gathered in them.
const ROUNDS_MAX: usize = 12;
const GATHERED_MAX: usize = 8_000;
/// Most Patients that are judged together.
const GROUP_MAX: usize = 256;
/// Most pairs of one Patient that are looked at, the strongest.
const PAIRS_MAX: usize = 64;
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

/// Everybody who has to be looked at together, by place in the index.
#[derive(Default)]
struct Gathered {
    patients: BTreeMap<u32, PatientRow>,
    /// Places of Patients by id.
    places: BTreeMap<String, u32>,
    /// Those whose own pairs and decisions were looked up; the others stand beside them.
    inner: BTreeSet<u32>,
    pairs: BTreeMap<(u32, u32), Found>,
    links: BTreeMap<String, LinkRow>,
    /// Patients whose surroundings were not gathered to the end.
    unfinished: BTreeSet<u32>,
    edition: String,
}

/// Decides about the next Patients on the list. The log must have been taken in before.
pub(crate) async fn decide_next(records: &Records, linker: &Arc<Linker>, t: i64) -> Result<Turn, Outcome> {
    let store = records.store();
    let sql = "SELECT patient FROM mpi_todo ORDER BY patient LIMIT ?1";
    let rows = store.query(sql, vec![Value::Int(DECIDED_AT_ONCE)]).await?;
    let todo: Vec<String> = rows.iter().map(|row| row.text(0).to_owned()).collect();
    if todo.is_empty() {
        return Ok(Turn::default());
    }
    let gathered = gather(store, linker, &todo).await?;
    let mut turn = Turn { decided: todo.len(), ..Turn::default() };
    // Everybody in a group is judged with it. What cannot be judged leaves the list too, or it would be tried for ever.
    let mut judged: BTreeSet<String> = todo.into_iter().collect();
    let groups = gathered.groups(&mut turn, &mut judged);
    let wanted = linker
        .ask(move |held| groups.iter().flat_map(|group| group.decide(held)).collect::<Vec<_>>())
        .await?;
    turn.written = write(records, &gathered.edition, wanted).await?;
    let done = deletes("mpi_todo", "patient", &texts(&judged));
    store.derive(FOLLOWER, t, done).await?;
    Ok(turn)
}

async fn gather(store: &Store, linker: &Arc<Linker>, todo: &[String]) -> Result<Gathered, Outcome> {
    let mut gathered =
        Gathered { edition: linker.ask(|held| held.edition.name.clone()).await?, ..Gathered::default() };
    let mut waiting: BTreeSet<String> = todo.iter().cloned().collect();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        if waiting.is_empty() || gathered.inner.len() > GATHERED_MAX {
            break;
        }
        let ids: Vec<String> = std::mem::take(&mut waiting).into_iter().collect();
        asked.extend(ids.iter().cloned());
        waiting = gathered.look_around(store, linker, &ids).await?;
        waiting.retain(|id| !asked.contains(id));
    }
    gathered.unfinished = waiting.iter().filter_map(|id| gathered.places.get(id).copied()).collect();
    gathered.forget_unknown(store).await?;
    Ok(gathered)
}

impl Gathered {
    /// Looks up these Patients, whom they may be one with, and what was decided about them. Answers whom to look up next: those
    /// they would be linked to, and those with whom a link or a person's word ties them. Others only stand beside.
    async fn look_around(
        &mut self,
        store: &Store,
        linker: &Arc<Linker>,
        ids: &[String],
    ) -> Result<BTreeSet<String>, Outcome> {
        let unknown: Vec<String> = ids.iter().filter(|id| !self.places.contains_key(*id)).cloned().collect();
        self.keep(table::patients(store, &unknown).await?);
        let here: Vec<u32> = ids.iter().filter_map(|id| self.places.get(id).copied()).collect();
        self.inner.extend(&here);
        let found = linker.ask(move |held| Found::of_all(held, &here, PAIRS_MAX)).await?;
        let mut next: BTreeSet<u32> = BTreeSet::new();
        let mut beside: BTreeSet<u32> = BTreeSet::new();
        for one in found {
            let ends = [one.pair.0, one.pair.1];
            beside.extend(ends.into_iter().filter(|place| !self.patients.contains_key(place)));
            if one.is_link() {
                next.extend(ends);
            }
            self.pairs.insert(one.pair, one);
        }
        let beside: Vec<u32> = beside.into_iter().collect();
        self.keep(rows_at(store, &beside).await?);
        let mut waiting: BTreeSet<String> =
            next.iter().filter_map(|place| Some(self.patients.get(place)?.summary.id.clone())).collect();
        let mut others: BTreeSet<String> = BTreeSet::new();
        for row in table::links_of(store, ids).await? {
            let ends = [row.decided.first.clone(), row.decided.second.clone()];
            match row.decided.by_person() || row.decided.verdict == Verdict::Link {
                true => waiting.extend(ends),
                false => others.extend(ends),
            }
            self.links.insert(format!("{} {} {}", row.linkage, row.decided.first, row.decided.second), row);
        }
        others.extend(waiting.iter().cloned());
        let unknown: Vec<String> = others.into_iter().filter(|id| !self.places.contains_key(id)).collect();
        self.keep(table::patients(store, &unknown).await?);
        Ok(waiting)
    }

    fn keep(&mut self, rows: Vec<PatientRow>) {
        for row in rows {
            let place = place_of(row.n);
            self.places.insert(row.summary.id.clone(), place);
            self.patients.insert(place, row);
        }
    }

    /// A decision about a Patient that has not arrived here yet (another node wrote it) is left alone; one about a
    /// Patient that was deleted is judged, and so withdrawn.
    async fn forget_unknown(&mut self, store: &Store) -> Result<(), Outcome> {
        let ends = |row: &LinkRow| [row.decided.first.clone(), row.decided.second.clone()];
        let missing: BTreeSet<String> =
            self.links.values().flat_map(ends).filter(|id| !self.places.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let keys = missing.iter().map(|id| ("Patient".to_owned(), id.clone())).collect();
        let heads = store.read_many(keys).await?;
        let deleted: BTreeSet<String> =
            heads.into_iter().filter(|one| one.deleted).map(|one| one.id).collect();
        let known = |id: &String| self.places.contains_key(id) || deleted.contains(id);
        self.links.retain(|_, row| known(&row.decided.first) && known(&row.decided.second));
        Ok(())
    }

    /// Parts what was gathered into groups: whom links and people's words tie belongs together, and whom a question ties as
    /// well unless that makes a group too large; then the other end stands beside.
    fn groups(&self, turn: &mut Turn, judged: &mut BTreeSet<String>) -> Vec<Group> {
        let sets = self.sets();
        let mut groups: BTreeMap<u32, Group> = BTreeMap::new();
        for place in &self.inner {
            groups.entry(sets.root(*place)).or_default().inner.insert(*place);
        }
        // What ties two goes to the group of one that is inside.
        let owner = |one: u32, other: u32| sets.root(if self.inner.contains(&one) { one } else { other });
        for found in self.pairs.values() {
            groups.entry(owner(found.pair.0, found.pair.1)).or_default().pairs.push(*found);
        }
        let mut gone = Group::default();
        for row in self.links.values() {
            let standing = Standing { pair: self.pair(row), decided: row.decided.clone() };
            match self.ends(row) {
                (Some(one), other) => groups.entry(owner(one, other.unwrap_or(one))),
                (None, Some(place)) => groups.entry(sets.root(place)),
                (None, None) => {
                    gone.standing.push(standing);
                    continue;
                }
            }
            .or_default()
            .standing
            .push(standing);
        }
        let unfinished: BTreeSet<u32> = self.unfinished.iter().map(|place| sets.root(*place)).collect();
        let mut wanted = vec![gone];
        for (root, mut group) in groups {
            if group.inner.len() > GROUP_MAX || unfinished.contains(&root) {
                turn.oversized += 1;
                continue;
            }
            let ends = group.pairs.iter().map(|found| found.pair);
            let ends = ends.chain(group.standing.iter().filter_map(|one| one.pair));
            let places: BTreeSet<u32> =
                ends.flat_map(|pair| [pair.0, pair.1]).chain(group.inner.clone()).collect();
            group.nodes = places.iter().filter_map(|place| self.node(*place)).collect();
            judged.extend(group.inner.iter().filter_map(|place| Some(self.node(*place)?.id)));
            wanted.push(group);
        }
        wanted
    }

    fn node(&self, place: u32) -> Option<Node> {
        let row = self.patients.get(&place)?;
        Some(Node { place, id: row.summary.id.clone(), person: row.person.clone() })
    }

    fn sets(&self) -> Sets {
        let mut sets = Sets::default();
        let links = self.pairs.values().filter(|one| one.is_link());
        links.for_each(|one| {
            sets.join(one.pair.0, one.pair.1);
        });
        let mut questions: Vec<(f64, Pair)> = Vec::new();
        for row in self.links.values() {
            if let Some(pair) = self.pair(row) {
                match row.decided.by_person() || row.decided.verdict == Verdict::Link {
                    true => drop(sets.join(pair.0, pair.1)),
                    false => questions.push((f64::INFINITY, pair)),
                }
            }
        }
        questions.extend(self.pairs.values().filter(|one| !one.is_link()).map(|one| (one.bits(), one.pair)));
        questions.retain(|(_, pair)| self.inner.contains(&pair.0) && self.inner.contains(&pair.1));
        questions.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, pair) in questions {
            if sets.size(pair.0) + sets.size(pair.1) <= GROUP_MAX / 2 {
                sets.join(pair.0, pair.1);
            }
        }
        sets
    }

    fn ends(&self, row: &LinkRow) -> (Option<u32>, Option<u32>) {
        let place = |id: &String| self.places.get(id).copied();
        (place(&row.decided.first), place(&row.decided.second))
    }

    fn pair(&self, row: &LinkRow) -> Option<Pair> {
        let (one, other) = self.ends(row);
        let (one, other) = (one?, other?);
        Some((one.min(other), one.max(other)))
    }
}

/// Writes decisions as Linkages; what a person decided meanwhile stands. Answers how many made a version.
async fn write(records: &Records, edition: &str, wanted: Vec<Decision>) -> Result<usize, Outcome> {
    let ctx = Ctx::system("mpi");
    let mut written = 0;
    for chunk in wanted.chunks(500) {
        let mut tries = 0;
        written += loop {
            let changes = changes(records.store(), edition, chunk).await?;
            let count = changes.len();
            if count == 0 {
                break 0;
            }
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

async fn changes(store: &Store, edition: &str, decisions: &[Decision]) -> Result<Vec<Change>, Outcome> {
    let ids = decisions.iter().map(|one| ("Linkage".to_owned(), linkage::id_of(&one.first, &one.second)));
    let heads: BTreeMap<String, _> =
        store.read_many(ids.collect()).await?.into_iter().map(|head| (head.id.clone(), head)).collect();
    let mut changes = Vec::new();
    for decision in decisions {
        let resource = Resource::from_value(linkage::of_decision(decision, Signed::Machine(edition)))?;
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
