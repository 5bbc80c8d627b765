//! How many children of a cohort have which dose in time, late, or not: worked out from the tables when it is asked, by the schedule in force.
//!
//! Of whoever asks only people within reach are in it, and only doses that they may see count.

use std::collections::{BTreeMap, BTreeSet};

use yba_content::schedules::Schedule;
use yba_content::vaccination::Full;
use yba_content::{Content, Day};
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Records};
use yba_store::Value;
use yba_store::derived::query_in;

use crate::CHILDREN;
use crate::dose::Given;
use crate::forecast::{Child, Course, Next, forecast};
use crate::list::ROWS_MAX;
use crate::table::{day, number};

/// Most children of one cohort.
pub const CHILDREN_MAX: usize = ROWS_MAX;

/// How a child stands with a dose on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// Given before it would have been late.
    InTime,
    /// Given, but late.
    Late,
    /// Not given, and late by now, or the age for it is over.
    Missing,
    /// Not given, and there is time.
    Waiting,
}

impl Reached {
    pub const ALL: [Reached; 4] = [Reached::InTime, Reached::Late, Reached::Missing, Reached::Waiting];
}

/// A child of a cohort.
#[derive(Debug, Clone)]
pub struct Covered {
    /// Id of the Patient that is shown.
    pub patient: String,
    pub birth: Day,
    pub village: String,
    /// By slug of the series and number of the dose.
    pub doses: BTreeMap<(String, usize), Reached>,
    /// With the set of doses that content calls full: in time when all were given before its age, waiting while that age is to come.
    pub full: Reached,
}

/// One line of a table of coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub in_time: usize,
    pub late: usize,
    pub missing: usize,
    pub waiting: usize,
}

impl Counts {
    pub fn add(&mut self, reached: Reached) {
        *match reached {
            Reached::InTime => &mut self.in_time,
            Reached::Late => &mut self.late,
            Reached::Missing => &mut self.missing,
            Reached::Waiting => &mut self.waiting,
        } += 1;
    }

    /// Of these children.
    pub fn of(all: impl Iterator<Item = Reached>) -> Counts {
        let mut counts = Counts::default();
        all.for_each(|one| counts.add(one));
        counts
    }

    pub fn all(&self) -> usize {
        self.in_time + self.late + self.missing + self.waiting
    }

    /// Given, of a hundred; `None` of nobody.
    pub fn percent(&self) -> Option<f64> {
        let all = self.all();
        (all > 0).then(|| 100.0 * (self.in_time + self.late) as f64 / all as f64)
    }
}

/// Everybody within reach who lives in these places and was born from one day on until another, by village and birth. Refuses with `forbidden` who may not
/// search what it is made of, `invalid` without a place, `too-many` past [`CHILDREN_MAX`].
pub async fn cohort(
    records: &Records,
    ctx: &Ctx,
    content: &Content,
    places: &BTreeSet<String>,
    (from, until): (Day, Day),
    full: Option<&Full>,
) -> Result<Vec<Covered>, Outcome> {
    records.admit_rows(ctx, "search", &["Immunization", "Patient"])?;
    let today = Day::of_instant(records.store().clock().now_ms());
    let Some(schedule) = content.schedule(CHILDREN, today) else {
        return Err(Outcome::new(Kind::NotFound, "schedule", "Chưa có lịch tiêm chủng nào.", "no schedule"));
    };
    let people = people(records, ctx, places, (from, until)).await?;
    let kin = kin(records, &people).await?;
    let doses = doses(records, ctx, &kin).await?;
    let mut all: Vec<Covered> = people
        .into_iter()
        .map(|one| {
            let own: Vec<Given> = kin
                .get(&one.patient)
                .into_iter()
                .flatten()
                .filter_map(|patient| doses.get(patient))
                .flatten()
                .cloned()
                .collect();
            let child = Child { birth: one.birth, sex: one.sex, places: one.places };
            let courses = forecast(schedule, &child, &own);
            Covered {
                doses: reached(schedule, &child, &courses, today),
                full: full.map_or(Reached::Waiting, |full| reached_full(full, &child, &courses, today)),
                patient: one.patient,
                birth: one.birth,
                village: one.village,
            }
        })
        .collect();
    all.sort_by(|one, other| {
        (&one.village, one.birth, &one.patient).cmp(&(&other.village, other.birth, &other.patient))
    });
    Ok(all)
}

/// A row of the table of people.
struct Person {
    patient: String,
    birth: Day,
    sex: String,
    village: String,
    places: BTreeSet<String>,
}

async fn people(
    records: &Records,
    ctx: &Ctx,
    places: &BTreeSet<String>,
    (from, until): (Day, Day),
) -> Result<Vec<Person>, Outcome> {
    if places.is_empty() {
        let text = "Bảng này lập cho từng trạm. Tài khoản của bạn chưa gắn với trạm nào.";
        return Err(Outcome::invalid("coverage-place", text, "no place to count for"));
    }
    let sql = "SELECT patient, birth, sex, village, places FROM recall_person \
               WHERE birth >= ?1 AND birth <= ?2 AND whole = 1 ORDER BY patient LIMIT ?3";
    let bounds = vec![number(from), number(until), Value::Int(10 * CHILDREN_MAX as i64 + 1)];
    let rows = records.store().query(sql, bounds).await?;
    let mut all = Vec::new();
    for mut row in rows {
        if !row.text(4).lines().any(|place| places.contains(place)) {
            continue;
        }
        let (birth, sex, village) = (day(row.int(1)), row.take_text(2), row.take_text(3));
        let of = row.text(4).lines().map(str::to_owned).collect();
        all.push(Person { patient: row.take_text(0), birth, sex, village, places: of });
    }
    let ids: Vec<String> = all.iter().map(|one| one.patient.clone()).collect();
    let shown: BTreeSet<String> =
        records.patients_reached(ctx, Action::Everything, &ids).await?.into_iter().collect();
    all.retain(|one| shown.contains(&one.patient));
    all = once(records, all).await?;
    if all.len() > CHILDREN_MAX {
        let text = "Nhiều trẻ quá. Hãy chọn khoảng ngày sinh ngắn hơn.";
        return Err(Outcome::new(Kind::TooMany, "coverage-too-many", text, "too many children"));
    }
    Ok(all)
}

/// Each person once, by the file that says their village; nobody who is dead by another file.
async fn once(records: &Records, all: Vec<Person>) -> Result<Vec<Person>, Outcome> {
    let kin = kin(records, &all).await?;
    let others: Vec<Value> = kin
        .values()
        .flatten()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|id| Value::from(id.as_str()))
        .collect();
    let sql = "SELECT patient FROM recall_person WHERE whole = -1 AND patient IN ({})";
    let dead = query_in(records.store(), sql, &others).await?;
    let dead: BTreeSet<String> = dead.into_iter().map(|mut row| row.take_text(0)).collect();
    let mut persons: BTreeMap<String, Person> = BTreeMap::new();
    for one in all {
        let of = kin.get(&one.patient);
        if of.is_some_and(|of| of.iter().any(|id| dead.contains(id))) {
            continue;
        }
        let person = of.and_then(|of| of.first()).unwrap_or(&one.patient).clone();
        let is_better =
            persons.get(&person).is_none_or(|known| known.village.is_empty() && !one.village.is_empty());
        if is_better {
            persons.insert(person, one);
        }
    }
    Ok(persons.into_values().collect())
}

/// All Patients of each of these persons.
async fn kin(records: &Records, all: &[Person]) -> Result<BTreeMap<String, BTreeSet<String>>, Outcome> {
    let ids: Vec<String> = all.iter().map(|one| one.patient.clone()).collect();
    let mut kin: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (one, other) in records.store().kin_of_each(&ids).await? {
        kin.entry(one).or_default().insert(other);
    }
    Ok(kin)
}

/// The doses that the caller may see, by Patient.
async fn doses(
    records: &Records,
    ctx: &Ctx,
    kin: &BTreeMap<String, BTreeSet<String>>,
) -> Result<BTreeMap<String, Vec<Given>>, Outcome> {
    let ids: Vec<Value> = kin
        .values()
        .flatten()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|id| Value::from(id.as_str()))
        .collect();
    let sql = "SELECT DISTINCT immunization, patient, day, vaccine FROM recall_dose WHERE patient IN ({})";
    let rows = query_in(records.store(), sql, &ids).await?;
    let found: Vec<(String, String, Given)> = rows
        .into_iter()
        .map(|mut row| {
            let given = Given { day: day(row.int(2)), vaccine: row.take_text(3) };
            (row.take_text(0), row.take_text(1), given)
        })
        .collect();
    let ids = found.iter().map(|(id, ..)| id.clone()).collect();
    let shown = records.those_shown(ctx, "search", "Immunization", ids).await?;
    let mut all: BTreeMap<String, Vec<Given>> = BTreeMap::new();
    for (id, patient, given) in found {
        if shown.contains(&id) {
            all.entry(patient).or_default().push(given);
        }
    }
    Ok(all)
}

/// How a child stands with every dose of every series that is for them.
pub fn reached(
    schedule: &Schedule,
    child: &Child,
    courses: &[Course<'_>],
    today: Day,
) -> BTreeMap<(String, usize), Reached> {
    let mut all = BTreeMap::new();
    for course in courses {
        for (at, asked) in course.series.doses.iter().enumerate() {
            let number = at + 1;
            // A dose of a campaign is in time as long as the campaign lasts.
            let late = match &course.series.campaign {
                Some(campaign) => campaign.last.plus_days(1),
                None => schedule.late_after.after(asked.age.after(child.birth)),
            };
            let how = match course.given.iter().find(|one| one.number == Some(number)) {
                Some(given) if given.day < late => Reached::InTime,
                Some(_) => Reached::Late,
                None => {
                    // What comes first is asked by the day that is worked out; what comes after waits for it, at least until its own age.
                    let is_missing = match course.next {
                        Next::Wanted { number: next, late, until, .. } if next == number => {
                            late <= today || until <= today
                        }
                        Next::Over { .. } => true,
                        _ => late <= today,
                    };
                    if is_missing { Reached::Missing } else { Reached::Waiting }
                }
            };
            all.insert((course.series.slug.clone(), number), how);
        }
    }
    all
}

/// How a child stands with the set of doses that content calls full: given before its age, given later, missing when that age is over, or waiting.
pub fn reached_full(full: &Full, child: &Child, courses: &[Course<'_>], today: Day) -> Reached {
    let until = full.before.after(child.birth);
    let days: Option<Vec<Day>> = full
        .doses
        .iter()
        .map(|asked| {
            let course = courses.iter().find(|one| one.series.slug == asked.series)?;
            course.given.iter().find(|one| one.number == Some(asked.number)).map(|one| one.day)
        })
        .collect();
    match days {
        Some(days) if days.iter().all(|day| *day < until) => Reached::InTime,
        Some(_) => Reached::Late,
        None if until <= today => Reached::Missing,
        None => Reached::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn given(list: &[(&str, &str)]) -> Vec<Given> {
        list.iter().map(|(on, vaccine)| Given { day: day(on), vaccine: (*vaccine).to_owned() }).collect()
    }

    #[test]
    fn a_dose_is_in_time_late_missing_or_to_come() {
        let content = Content::built_in();
        let schedule = content.schedule(CHILDREN, day("2026-11-23")).unwrap();
        let child = Child { birth: day("2026-05-01"), sex: "male".into(), places: BTreeSet::new() };
        // Five in one: the first in time (2 months, late from 3), the second after 5 months (late from 4), the third not yet possible.
        let doses = given(&[("2026-07-10", "102"), ("2026-11-01", "102")]);
        let courses = forecast(schedule, &child, &doses);
        let all = reached(schedule, &child, &courses, day("2026-11-23"));
        let of = |series: &str, number: usize| all[&(series.to_owned(), number)];
        assert_eq!(of("dpt", 1), Reached::InTime);
        assert_eq!(of("dpt", 2), Reached::Late);
        assert_eq!(of("dpt", 3), Reached::Waiting, "a month after the second, then a month until it is late");
        assert_eq!(of("dpt", 4), Reached::Waiting);
        assert_eq!(of("opv", 1), Reached::Missing);
        assert_eq!(of("hepb-birth", 1), Reached::Missing, "the age for it is over");
        assert_eq!(of("measles", 1), Reached::Waiting);
        assert!(!all.contains_key(&("hpv".to_owned(), 1)), "not for boys");
    }

    #[test]
    fn full_is_what_content_says_before_its_age() {
        let content = Content::built_in();
        let today = day("2026-11-23");
        let schedule = content.schedule(CHILDREN, today).unwrap();
        let full = &content.vaccination_day(today).unwrap().full;
        let child = Child { birth: day("2025-10-01"), sex: "female".into(), places: BTreeSet::new() };
        let all = [
            ("2025-10-10", "19"),
            ("2025-12-05", "102"),
            ("2026-01-06", "102"),
            ("2026-02-07", "102"),
            ("2025-12-05", "178"),
            ("2026-01-06", "178"),
            ("2026-02-07", "178"),
            ("2026-03-08", "10"),
        ];
        let how = |more: &[(&str, &str)], today: &str| {
            let doses = given(&all.iter().chain(more).copied().collect::<Vec<_>>());
            reached_full(full, &child, &forecast(schedule, &child, &doses), day(today))
        };
        assert_eq!(how(&[("2026-07-05", "05")], "2026-11-23"), Reached::InTime);
        assert_eq!(how(&[("2026-10-05", "05")], "2026-11-23"), Reached::Late);
        assert_eq!(how(&[], "2026-11-23"), Reached::Missing);
        assert_eq!(how(&[], "2026-09-30"), Reached::Waiting);
    }

    #[test]
    fn shares_are_of_everybody() {
        let counts =
            Counts::of([Reached::InTime, Reached::Late, Reached::Missing, Reached::Waiting].into_iter());
        assert_eq!((counts.all(), counts.percent()), (4, Some(50.0)));
        assert_eq!(Counts::default().percent(), None);
    }
}
