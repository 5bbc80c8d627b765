//! What became of whoever was taken into a programme of chronic care.

use super::{Person, Truth, Visit};
use std::collections::BTreeMap;
use yba_fhir::Day;

/// A word of a programme's disease: whose, when it was written, and how.
#[derive(Debug)]
pub struct Word {
    pub person: Person,
    pub icd: &'static str,
    pub day: Day,
    /// It stands on the list of problems.
    pub is_listed: bool,
}

/// Who is followed no longer.
#[derive(Debug)]
pub struct Left {
    pub person: Person,
    pub has_moved: bool,
}

/// A programme by what its codes begin with; whether it reached its target, of who was measured last.
pub struct Programme<'p> {
    pub codes: &'p [&'p str],
    /// By person, at their last visit of it.
    pub reached: &'p BTreeMap<String, bool>,
}

/// So many days after the day of an appointment it was missed.
const LATE_DAYS: i64 = 7;

impl Truth {
    /// Everything that was said of a programme, in its order: what others knew before, what visits and histories said.
    fn words_of<'t>(&'t self, codes: &'t [&str]) -> impl Iterator<Item = (&'t Person, Day, bool)> {
        let is_of = |icd: &str| codes.iter().any(|begin| icd.starts_with(begin));
        let known = self.known.iter().filter(move |one| is_of(one.icd));
        let known = known.map(|one| (&one.person, one.day, one.is_listed));
        let visits = self.visits.iter().filter(move |one: &&Visit| one.icd.iter().any(|icd| is_of(icd)));
        known.chain(visits.map(|one| (&one.person, one.day, false)))
    }

    /// Lines of the table: quarter, people, then reached, not reached, not measured, missed, left, moved, died, how many in a hundred who are
    /// followed reached the target. The newest quarter first, all of them last.
    pub fn cohort(&self, programme: &Programme, today: Day) -> Vec<Vec<String>> {
        let mut people: BTreeMap<&str, (Day, Option<Day>, Day)> = BTreeMap::new();
        for (person, day, is_listed) in self.words_of(programme.codes) {
            let one = people.entry(&person.id).or_insert((day, None, day));
            (one.0, one.2) = (one.0.min(day), one.2.max(day));
            one.1 = one.1.or(is_listed.then_some(day));
        }
        let mut quarters: BTreeMap<(i16, i8), [usize; 7]> = BTreeMap::new();
        for (id, (first, listed, last)) in people {
            let since = listed.unwrap_or(first);
            let counts = quarters.entry((since.year(), (since.month() - 1) / 3 + 1)).or_default();
            counts[self.fate(programme, id, last, today)] += 1;
        }
        let mut all: Vec<(String, [usize; 7])> = quarters
            .into_iter()
            .rev()
            .map(|((year, number), counts)| (format!("Quý {number}/{year}"), counts))
            .collect();
        if all.len() > 1 {
            let sum = |at: usize| all.iter().map(|(_, counts)| counts[at]).sum();
            all.push(("Tất cả".to_owned(), std::array::from_fn(sum)));
        }
        all.into_iter().map(|(title, counts)| line(title, counts)).collect()
    }

    /// Which of the columns. Who never got an appointment of the programme was to come on the day of the last diagnosis.
    fn fate(&self, programme: &Programme, id: &str, last: Day, today: Day) -> usize {
        if self.deaths.iter().any(|one| one.person.id == id) {
            return 6;
        }
        if let Some(left) = self.left.iter().find(|one| one.person.id == id) {
            return if left.has_moved { 5 } else { 4 };
        }
        let reached = programme.reached.get(id);
        let due = self.expected.get(id).filter(|_| reached.is_some()).copied().unwrap_or(last);
        match reached {
            _ if due.plus_days(LATE_DAYS) <= today => 3,
            Some(true) => 0,
            Some(false) => 1,
            None => 2,
        }
    }
}

fn line(title: String, counts: [usize; 7]) -> Vec<String> {
    let followed: usize = counts[..4].iter().sum();
    let tenths = if followed == 0 { 0 } else { (counts[0] * 2000 + followed) / (2 * followed) };
    let share = if followed == 0 { "–".to_owned() } else { format!("{},{} %", tenths / 10, tenths % 10) };
    let all = counts.iter().sum::<usize>().to_string();
    [title, all].into_iter().chain(counts.iter().map(usize::to_string)).chain([share]).collect()
}
