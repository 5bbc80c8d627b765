//! Taking changes of the log into the derived tables: a Patient's row, numbers and words; what a Linkage decides; and
//! from all links in force, who is which person. Decides nothing.

use crate::evidence::Verdict;
use crate::linkage;
use crate::linker::Linker;
use crate::patient::Summary;
use crate::table::{self, FOLLOWER, LINK_COLUMNS, LinkRow, PatientRow, deletes, inserts, query_in, texts};
use crate::weights;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use yba_fhir::Outcome;
use yba_store::{Statement, Store, Value, Version};

/// Most Patients that are followed from one changed link to the next. A person beyond it is cut in parts: only a
/// faulty or hostile source makes such a one.
const PERSON_MAX: usize = 10_000;

/// What a batch of changes does to the tables.
#[derive(Default)]
struct Intake {
    statements: Vec<Statement>,
    /// Rows as they will be, of all Patients that the batch touched; `None` when gone.
    patients: BTreeMap<String, Option<PatientRow>>,
    /// Old and new decisions of the Linkages that the batch touched.
    links_before: Vec<LinkRow>,
    links_after: Vec<LinkRow>,
    touched_linkages: BTreeSet<String>,
    todo: BTreeSet<String>,
    word_counts: BTreeMap<String, i64>,
    /// Patients by short number, as they will be, for the index in memory.
    places: Vec<(i64, Option<Summary>)>,
    /// Patients whose person may have changed.
    moved: BTreeSet<String>,
}

/// What is followed.
pub(crate) const KINDS: [&str; 3] = ["Patient", "Linkage", weights::KIND];

/// Takes in the records of [`KINDS`] that changed up to log position `t`: brings the tables to the heads of these records, and
/// moves the cursor, in one transaction. Doing it again changes nothing. Answers how many Patients were new or changed.
pub(crate) async fn take_in(
    store: &Store,
    linker: &Arc<Linker>,
    mut changed: Vec<(String, String)>,
    t: i64,
) -> Result<usize, Outcome> {
    changed.retain(|(kind, id)| kind != weights::KIND || id == weights::ID);
    // The heads, not the changes: after a merge from another node the last arrival need not be what a read shows.
    let heads = store.read_many(changed).await?;
    let mut intake = Intake::default();
    let patients = intake.patients(store, heads.iter().filter(|one| one.kind == "Patient")).await?;
    intake.linkages(store, heads.iter().filter(|one| one.kind == "Linkage")).await?;
    intake.persons(store).await?;
    let edition = heads.iter().find(|one| one.kind == weights::KIND && !one.deleted);
    let edition = edition.and_then(|head| weights::read(&head.tree()));
    let places = std::mem::take(&mut intake.places);
    let mut statements = intake.finish();
    if edition.is_some() {
        // By other weights everybody is judged anew.
        let everybody = "INSERT INTO mpi_todo (patient) SELECT patient FROM mpi_patient WHERE n > ?1 ON CONFLICT DO NOTHING";
        statements.push(Statement::new(everybody, vec![Value::Int(0)]));
    }
    store.derive(FOLLOWER, t, statements).await?;
    linker.put(places).await?;
    if let Some(edition) = edition {
        linker.set(edition);
    }
    Ok(patients)
}

impl Intake {
    async fn patients(
        &mut self,
        store: &Store,
        heads: impl Iterator<Item = &Version>,
    ) -> Result<usize, Outcome> {
        let heads: Vec<&Version> = heads.collect();
        let ids: Vec<String> = heads.iter().map(|one| one.id.clone()).collect();
        let mut before: BTreeMap<String, PatientRow> = table::patients(store, &ids)
            .await?
            .into_iter()
            .map(|row| (row.summary.id.clone(), row))
            .collect();
        let rows = store.query("SELECT COALESCE(MAX(n), 0) FROM mpi_patient", Vec::new()).await?;
        let mut last_n = rows.first().map_or(0, |row| row.int(0));
        let mut changed = 0;
        for head in heads {
            let old = before.remove(&head.id);
            let summary = (!head.deleted).then(|| Summary::of(&head.tree()));
            if old.as_ref().map(|row| &row.summary) == summary.as_ref() {
                continue;
            }
            changed += 1;
            let new = summary.map(|summary| PatientRow {
                n: old.as_ref().map_or_else(
                    || {
                        last_n += 1;
                        last_n
                    },
                    |old| old.n,
                ),
                person: old.as_ref().map_or_else(|| summary.id.clone(), |old| old.person.clone()),
                sort_key: summary.sort_key(),
                summary,
            });
            if old.is_none() != new.is_none() {
                self.moved.insert(head.id.clone());
            }
            if let Some(row) = new.as_ref().or(old.as_ref()) {
                self.places.push((row.n, new.as_ref().map(|new| new.summary.clone())));
            }
            self.todo.insert(head.id.clone());
            self.replace(old.as_ref(), new.as_ref());
            self.patients.insert(head.id.clone(), new);
        }
        Ok(changed)
    }

    /// Statements from one state of a Patient's numbers and words to another. Its own row is written at the end, when
    /// its person is known.
    fn replace(&mut self, old: Option<&PatientRow>, new: Option<&PatientRow>) {
        let difference = |from: &[Vec<Value>], to: &[Vec<Value>]| -> Vec<Vec<Value>> {
            from.iter().filter(|row| !to.contains(row)).cloned().collect()
        };
        let rows = |row: Option<&PatientRow>| {
            (
                row.map(PatientRow::key_rows).unwrap_or_default(),
                row.map(PatientRow::word_rows).unwrap_or_default(),
            )
        };
        let ((old_keys, old_words), (new_keys, new_words)) = (rows(old), rows(new));
        for row in difference(&old_keys, &new_keys) {
            let sql = "DELETE FROM mpi_key WHERE value = ?1 AND system = ?2 AND patient = ?3";
            self.statements.push(Statement::new(sql, row));
        }
        for row in difference(&old_words, &new_words) {
            self.count_word(&row, -1);
            let sql =
                "DELETE FROM mpi_word WHERE word = ?1 AND given = ?2 AND year = ?3 AND names = ?4 AND n = ?5";
            self.statements.push(Statement::new(sql, row));
        }
        let (keys, words) = (difference(&new_keys, &old_keys), difference(&new_words, &old_words));
        for row in &words {
            self.count_word(row, 1);
        }
        let unique = "ON CONFLICT DO NOTHING";
        self.statements.extend(inserts("mpi_key", "value, system, patient", unique, keys));
        self.statements.extend(inserts("mpi_word", "word, given, year, names, n", unique, words));
    }

    fn count_word(&mut self, row: &[Value], by: i64) {
        if let Some(Value::Text(word)) = row.first() {
            *self.word_counts.entry(word.clone()).or_default() += by;
        }
    }

    async fn linkages(
        &mut self,
        store: &Store,
        heads: impl Iterator<Item = &Version>,
    ) -> Result<(), Outcome> {
        let heads: Vec<&Version> = heads.collect();
        self.touched_linkages = heads.iter().map(|one| one.id.clone()).collect();
        let sql = format!("SELECT {LINK_COLUMNS} FROM mpi_link WHERE linkage IN ({{}})");
        let ids = texts(&self.touched_linkages);
        self.links_before = query_in(store, &sql, &ids).await?.iter().map(LinkRow::read).collect();
        let own = &store.identity().node;
        for head in heads.iter().filter(|one| !one.deleted) {
            for decided in linkage::read(&head.tree()) {
                // A person's word, or another node's: who stands nearby may have to be judged anew.
                if decided.by_person() || head.origin != *own {
                    self.todo.extend([decided.first.clone(), decided.second.clone()]);
                }
                self.links_after.push(LinkRow { linkage: head.id.clone(), decided });
            }
        }
        self.links_after.sort_by(|a, b| ends(a).cmp(&ends(b)));
        self.links_after.dedup_by(|a, b| ends(a) == ends(b));
        if self.links_before == self.links_after {
            return Ok(());
        }
        for (row, gone) in self
            .links_before
            .iter()
            .map(|row| (row, true))
            .chain(self.links_after.iter().map(|row| (row, false)))
        {
            if row.decided.verdict == Verdict::Link {
                self.moved.extend([row.decided.first.clone(), row.decided.second.clone()]);
            }
            // A link that a person took away by deleting or rewriting the Linkage is judged anew.
            if gone && row.decided.by_person() {
                self.todo.extend([row.decided.first.clone(), row.decided.second.clone()]);
            }
        }
        let before: BTreeSet<&String> = self.links_before.iter().map(|row| &row.linkage).collect();
        self.statements.extend(deletes("mpi_link", "linkage", &texts(before)));
        let rows = self.links_after.iter().map(LinkRow::values).collect();
        self.statements.extend(inserts("mpi_link", LINK_COLUMNS, "", rows));
        Ok(())
    }

    /// Works out the persons of all Patients whose links changed: the smallest id among those linked together.
    async fn persons(&mut self, store: &Store) -> Result<(), Outcome> {
        let edges = self.follow_links(store).await?;
        let members: Vec<String> = edges.keys().cloned().collect();
        let sql = "SELECT patient, person FROM mpi_patient WHERE patient IN ({})";
        let stored = query_in(store, sql, &texts(&members)).await?;
        let stored: BTreeMap<String, String> =
            stored.iter().map(|row| (row.text(0).to_owned(), row.text(1).to_owned())).collect();
        let present =
            |id: &String| self.patients.get(id).map_or_else(|| stored.contains_key(id), Option::is_some);
        // Neighbours of a Patient that is gone are no longer held together by it, so paths lead through present ones only.
        let mut persons: BTreeMap<String, String> = BTreeMap::new();
        for start in edges.keys().filter(|id| present(id)) {
            if persons.contains_key(start) {
                continue;
            }
            // Ids come in order, so the first one met is the smallest of its person.
            let mut waiting = vec![start];
            while let Some(id) = waiting.pop() {
                if persons.insert(id.clone(), start.clone()).is_none() {
                    let next = edges.get(id).into_iter().flatten();
                    waiting.extend(next.filter(|id| present(id) && !persons.contains_key(*id)));
                }
            }
        }
        for (id, person) in persons {
            if let Some(Some(row)) = self.patients.get_mut(&id) {
                row.person = person;
            } else if stored.get(&id).is_some_and(|before| *before != person) {
                let sql = "UPDATE mpi_patient SET person = ?1 WHERE patient = ?2";
                self.statements.push(Statement::new(sql, vec![Value::from(person), Value::from(id)]));
            }
        }
        Ok(())
    }

    /// All links in force that can be reached from Patients that moved, as neighbours both ways.
    async fn follow_links(&self, store: &Store) -> Result<BTreeMap<String, BTreeSet<String>>, Outcome> {
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut waiting: Vec<String> = self.moved.iter().cloned().collect();
        let mut seen: BTreeSet<String> = self.moved.clone();
        while !waiting.is_empty() && seen.len() < PERSON_MAX + self.moved.len() {
            let mut found = table::links_of(store, &waiting).await?;
            found.retain(|row| !self.touched_linkages.contains(&row.linkage));
            let here: BTreeSet<&String> = waiting.iter().collect();
            let after = self
                .links_after
                .iter()
                .filter(|row| here.contains(&row.decided.first) || here.contains(&row.decided.second));
            found.extend(after.cloned());
            let mut next = Vec::new();
            for id in &waiting {
                edges.entry(id.clone()).or_default();
            }
            for row in found.into_iter().filter(|row| row.decided.verdict == Verdict::Link) {
                for (one, other) in
                    [(&row.decided.first, &row.decided.second), (&row.decided.second, &row.decided.first)]
                {
                    edges.entry(one.clone()).or_default().insert(other.clone());
                    if seen.insert(one.clone()) {
                        next.push(one.clone());
                    }
                }
            }
            waiting = next;
        }
        // A Patient that is gone leaves its neighbours behind: they were reached through its links.
        Ok(edges)
    }

    fn finish(mut self) -> Vec<Statement> {
        let mut rows = Vec::new();
        for (id, row) in &self.patients {
            match row {
                Some(row) => rows.push(row.values()),
                None => {
                    let gone = vec![Value::from(id.as_str())];
                    self.statements.push(Statement::new("DELETE FROM mpi_patient WHERE patient = ?1", gone));
                }
            }
        }
        const COLUMNS: &str = "patient, n, person, names, sort_key, sex, birth, facility, commune, home, mother, deceased, keys";
        let updates: Vec<String> =
            COLUMNS.split(", ").skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
        let upsert = format!("ON CONFLICT (patient) DO UPDATE SET {}", updates.join(", "));
        self.statements.extend(inserts("mpi_patient", COLUMNS, &upsert, rows));
        let counts = self.word_counts.into_iter().filter(|(_, by)| *by != 0);
        let counts = counts.map(|(word, by)| vec![Value::from(word), Value::Int(by)]).collect();
        let add = "ON CONFLICT (word) DO UPDATE SET patients = mpi_word_count.patients + excluded.patients";
        self.statements.extend(inserts("mpi_word_count", "word, patients", add, counts));
        let todo = self.todo.into_iter().map(|id| vec![Value::from(id)]).collect();
        self.statements.extend(inserts("mpi_todo", "patient", "ON CONFLICT DO NOTHING", todo));
        self.statements
    }
}

fn ends(row: &LinkRow) -> (&str, &str, &str) {
    (&row.linkage, &row.decided.first, &row.decided.second)
}
