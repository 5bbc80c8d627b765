//! What became of the people whom a station follows for a chronic disease: of those taken in in a quarter, how many reached their target,
//! missed their visits, left, moved away, died. Worked out from the tables when it is asked.
//!
//! Of whoever asks only people within reach are in it, and only records that they may see count.

use std::collections::{BTreeMap, BTreeSet};

use yba_content::{Day, Programme};
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Records};
use yba_store::Value;
use yba_store::derived::query_in;

use crate::chronic::{Diagnosis, MOVED, wanted};
use crate::list::ROWS_MAX;
use crate::table::day;

/// What it is made of: whoever asks for it must be permitted to search all of it.
pub const KINDS: [&str; 4] = ["Condition", "Appointment", "QuestionnaireResponse", "Patient"];

/// What became of somebody by today. Each person has one: the first that holds, in this order from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Comes, and the last visit reached the target.
    Controlled,
    /// Comes, and the last visit did not.
    Uncontrolled,
    /// Comes, and nobody has measured yet, or not at the last visit.
    Unmeasured,
    /// Did not come, longer than the programme's days after the appointment.
    Missed,
    /// Is followed no longer.
    Left,
    /// Is followed no longer, having moved away.
    Moved,
    Died,
}

impl Fate {
    pub const ALL: [Fate; 7] = [
        Fate::Controlled,
        Fate::Uncontrolled,
        Fate::Unmeasured,
        Fate::Missed,
        Fate::Left,
        Fate::Moved,
        Fate::Died,
    ];
}

/// Somebody who was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// Id of the Patient that is shown.
    pub patient: String,
    pub village: String,
    /// The day of the first record that says so.
    pub since: Day,
    pub fate: Fate,
}

impl Enrolled {
    /// The year and the quarter (1 to 4) in which they were taken in.
    pub fn quarter(&self) -> (i16, i8) {
        (self.since.year(), (self.since.month() - 1) / 3 + 1)
    }
}

/// How many people, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([usize; 7]);

impl Counts {
    pub fn add(&mut self, fate: Fate) {
        self.0[fate as usize] += 1;
    }

    pub fn of(&self, fate: Fate) -> usize {
        self.0[fate as usize]
    }

    pub fn all(&self) -> usize {
        self.0.iter().sum()
    }

    /// Who is still followed, whether they come or not.
    pub fn followed(&self) -> usize {
        self.0[..4].iter().sum()
    }

    /// Who reached the target, of a hundred who are followed; `None` of nobody.
    pub fn percent(&self) -> Option<f64> {
        let followed = self.followed();
        (followed > 0).then(|| 100.0 * self.of(Fate::Controlled) as f64 / followed as f64)
    }
}

/// Everybody within reach whom these places ever followed in a programme, by village and day. Refuses with `forbidden` who may not search what it
/// is made of, `invalid` without a place, `too-many` past [`ROWS_MAX`].
pub async fn enrolled(
    records: &Records,
    ctx: &Ctx,
    programme: &Programme,
    places: &BTreeSet<String>,
) -> Result<Vec<Enrolled>, Outcome> {
    records.admit_rows(ctx, "search", &KINDS)?;
    let today = Day::of_instant(records.store().clock().now_ms());
    let mut shown = people(records, &programme.slug, places).await?;
    let ids: Vec<String> = shown.keys().cloned().collect();
    let reached: BTreeSet<String> =
        records.patients_reached(ctx, Action::Everything, &ids).await?.into_iter().collect();
    shown.retain(|patient, _| reached.contains(patient));
    let persons = persons(records, shown).await?;
    let said = Said::read(records, ctx, programme, &persons).await?;
    let mut all: Vec<Enrolled> = persons
        .into_iter()
        .filter_map(|one| {
            let (since, fate) = said.of(programme, &one.kin, today)?;
            Some(Enrolled { patient: one.patient, village: one.village, since, fate })
        })
        .collect();
    all.sort_by(|one, other| {
        (&one.village, one.since, &one.patient).cmp(&(&other.village, other.since, &other.patient))
    });
    Ok(all)
}

/// A person, by the file that these places have.
struct Person {
    patient: String,
    village: String,
    /// All their Patients.
    kin: BTreeSet<String>,
}

/// The villages of the Patients of these places that a diagnosis of the programme is of, whatever it says, and of those who are on its list.
async fn people(
    records: &Records,
    slug: &str,
    places: &BTreeSet<String>,
) -> Result<BTreeMap<String, String>, Outcome> {
    if places.is_empty() {
        let text = "Bảng này lập cho từng trạm. Tài khoản của bạn chưa gắn với trạm nào.";
        return Err(Outcome::invalid("cohort-place", text, "no place to count for"));
    }
    let mut all = BTreeMap::new();
    let store = records.store();
    for place in places {
        let sql = "SELECT DISTINCT p.patient, p.village, p.places FROM recall_diagnosis d JOIN recall_person p \
                   ON p.patient = d.patient WHERE d.programme = ?1 AND p.places LIKE ?2 ORDER BY p.patient LIMIT ?3";
        let most = Value::Int(ROWS_MAX as i64 + 1);
        let like = Value::from(format!("%{place}%").as_str());
        let rows = store.query(sql, vec![Value::from(slug), like, most.clone()]).await?;
        let own = rows.into_iter().filter(|row| row.text(2).lines().any(|one| one == place));
        all.extend(own.map(|mut row| (row.take_text(0), row.take_text(1))));
        let sql = "SELECT DISTINCT patient, village FROM recall_due WHERE place = ?1 AND list = ?2 LIMIT ?3";
        let rows = store.query(sql, vec![Value::from(place.as_str()), Value::from(slug), most]).await?;
        all.extend(rows.into_iter().map(|mut row| (row.take_text(0), row.take_text(1))));
    }
    if all.len() > ROWS_MAX {
        let text = "Nhiều người quá. Hãy chọn một trạm.";
        return Err(Outcome::new(Kind::TooMany, "cohort-too-many", text, "too many people"));
    }
    Ok(all)
}

/// Each person once, by the file that says their village.
async fn persons(records: &Records, shown: BTreeMap<String, String>) -> Result<Vec<Person>, Outcome> {
    let ids: Vec<String> = shown.keys().cloned().collect();
    let mut kin: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (one, other) in records.store().kin_of_each(&ids).await? {
        kin.entry(one).or_default().insert(other);
    }
    let mut all: BTreeMap<String, Person> = BTreeMap::new();
    for (patient, village) in shown {
        let mut kin = kin.remove(&patient).unwrap_or_default();
        kin.insert(patient.clone());
        let least = kin.first().cloned().unwrap_or_default();
        let is_better = all.get(&least).is_none_or(|known| known.village.is_empty() && !village.is_empty());
        if is_better {
            all.insert(least, Person { patient, village, kin });
        }
    }
    Ok(all.into_values().collect())
}

/// A diagnosis with what only cohorts ask.
struct Word {
    diagnosis: Diagnosis,
    /// It never was so.
    is_refuted: bool,
    /// When it was written down, as it says.
    recorded: Option<Day>,
    /// An item of the list of problems: that somebody is followed, not what one visit was for.
    is_listed: bool,
    has_moved: bool,
}

/// What the tables say of these people, as far as the caller may see the records behind it, by Patient.
struct Said {
    dead: BTreeSet<String>,
    words: BTreeMap<String, Vec<Word>>,
    appointments: BTreeMap<String, Vec<(String, Day)>>,
    /// The day and what was said of the target.
    visits: BTreeMap<String, Vec<(Day, Option<bool>)>>,
}

impl Said {
    async fn read(
        records: &Records,
        ctx: &Ctx,
        programme: &Programme,
        persons: &[Person],
    ) -> Result<Said, Outcome> {
        let ids: BTreeSet<&String> = persons.iter().flat_map(|one| &one.kin).collect();
        let ids: Vec<Value> = ids.into_iter().map(|id| Value::from(id.as_str())).collect();
        let store = records.store();
        let dead =
            query_in(store, "SELECT patient FROM recall_person WHERE whole = -1 AND patient IN ({})", &ids);
        let dead = dead.await?.into_iter().map(|mut row| row.take_text(0)).collect();
        let mut said =
            Said { dead, words: BTreeMap::new(), appointments: BTreeMap::new(), visits: BTreeMap::new() };
        let sql = "SELECT DISTINCT condition, patient, programme, written, holds, since, recorded, listed, gone \
                   FROM recall_diagnosis WHERE patient IN ({})";
        for mut row in seen(records, ctx, "Condition", query_in(store, sql, &ids).await?).await? {
            let diagnosis = Diagnosis {
                programme: row.take_text(2),
                written: row.int(3),
                holds: row.int(4) == 1,
                since: day(row.int(5)),
            };
            let word = Word {
                diagnosis,
                is_refuted: row.int(4) == -1,
                recorded: Some(row.int(6)).filter(|day| *day != 0).map(day),
                // The word by which somebody leaves is one of the list too, and takes nobody in.
                is_listed: row.int(7) == 1 && row.text(8).is_empty(),
                has_moved: row.text(8) == MOVED,
            };
            if word.diagnosis.programme == programme.slug {
                said.words.entry(row.take_text(1)).or_default().push(word);
            }
        }
        let sql = "SELECT DISTINCT appointment, patient, programme, day FROM recall_appointment WHERE patient IN ({})";
        for mut row in seen(records, ctx, "Appointment", query_in(store, sql, &ids).await?).await? {
            let one = (row.take_text(2), day(row.int(3)));
            said.appointments.entry(row.take_text(1)).or_default().push(one);
        }
        let sql = "SELECT DISTINCT response, patient, programme, day, controlled FROM recall_outcome WHERE patient IN ({})";
        let rows = seen(records, ctx, "QuestionnaireResponse", query_in(store, sql, &ids).await?).await?;
        for mut row in rows.into_iter().filter(|row| row.text(2) == programme.slug) {
            let controlled = [Some(false), Some(true)].get(row.int(4) as usize).copied().flatten();
            let one = (day(row.int(3)), controlled);
            said.visits.entry(row.take_text(1)).or_default().push(one);
        }
        Ok(said)
    }

    /// When somebody was taken in and what became of them; none of whom nobody ever took in.
    fn of(&self, programme: &Programme, kin: &BTreeSet<String>, today: Day) -> Option<(Day, Fate)> {
        let words: Vec<&Word> = of_all(kin, &self.words).filter(|word| !word.is_refuted).collect();
        // That they are followed is an item of the list of problems; where nobody wrote one, the first diagnosis says it.
        let listed = words.iter().filter(|word| word.is_listed).filter_map(|word| word.recorded).min();
        let recorded = || words.iter().filter_map(|word| word.recorded).min();
        let first = || words.iter().map(|word| word.diagnosis.since).min();
        let since = listed.or_else(recorded).or_else(first)?;
        Some((since, self.fate(programme, kin, today)))
    }

    fn fate(&self, programme: &Programme, kin: &BTreeSet<String>, today: Day) -> Fate {
        if kin.iter().any(|patient| self.dead.contains(patient)) {
            return Fate::Died;
        }
        let words: Vec<Diagnosis> = of_all(kin, &self.words).map(|word| word.diagnosis.clone()).collect();
        let appointments: Vec<(String, Day)> = of_all(kin, &self.appointments).cloned().collect();
        // As on the list of whom to call.
        let Some(next) = wanted(&[programme], &words, &appointments).pop() else {
            let last = of_all(kin, &self.words).max_by_key(|word| word.diagnosis.written);
            return if last.is_some_and(|word| word.has_moved) { Fate::Moved } else { Fate::Left };
        };
        if next.late <= today {
            return Fate::Missed;
        }
        match of_all(kin, &self.visits).max_by_key(|(day, _)| *day).and_then(|(_, controlled)| *controlled) {
            Some(true) => Fate::Controlled,
            Some(false) => Fate::Uncontrolled,
            None => Fate::Unmeasured,
        }
    }
}

fn of_all<'t, T>(
    patients: &'t BTreeSet<String>,
    table: &'t BTreeMap<String, Vec<T>>,
) -> impl Iterator<Item = &'t T> {
    patients.iter().filter_map(|one| table.get(one)).flatten()
}

/// The rows whose records the caller may see; the first cell is the record.
async fn seen(
    records: &Records,
    ctx: &Ctx,
    kind: &'static str,
    rows: Vec<yba_store::Row>,
) -> Result<Vec<yba_store::Row>, Outcome> {
    let ids = rows.iter().map(|row| row.text(0).to_owned()).collect();
    let shown = records.those_shown(ctx, "search", kind, ids).await?;
    Ok(rows.into_iter().filter(|row| shown.contains(row.text(0))).collect())
}
