//! What became of whoever was taken into a programme of chronic care.

use super::{Person, Truth, Visit, share, typed};
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

    /// Everybody who was ever taken in: when, and in which of the columns they stand.
    fn taken_in(&self, programme: &Programme, today: Day) -> Vec<(Person, Day, usize)> {
        let mut people: BTreeMap<&str, (&Person, Day, Option<Day>, Day)> = BTreeMap::new();
        for (person, day, is_listed) in self.words_of(programme.codes) {
            let one = people.entry(&person.id).or_insert((person, day, None, day));
            (one.1, one.3) = (one.1.min(day), one.3.max(day));
            one.2 = one.2.or(is_listed.then_some(day));
        }
        let of = |(person, first, listed, last): (_, Day, Option<Day>, Day)| {
            let one: &Person = person;
            (one.clone(), listed.unwrap_or(first), self.fate(programme, &one.id, last, today))
        };
        people.into_values().map(of).collect()
    }

    /// Lines of the table, of all villages or of one: quarter, people, then reached, not reached, not measured, missed, left, moved, died, how
    /// many in a hundred who are followed reached the target. The newest quarter first, all of them last.
    pub fn cohort(&self, programme: &Programme, today: Day, village: Option<&str>) -> Vec<Vec<String>> {
        let mut quarters: BTreeMap<(i16, i8), [usize; 7]> = BTreeMap::new();
        for (person, since, fate) in self.taken_in(programme, today) {
            if village.is_none_or(|village| self.village(&person) == village) {
                quarters.entry((since.year(), (since.month() - 1) / 3 + 1)).or_default()[fate] += 1;
            }
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

    /// Lines of the table by village, when there are several.
    pub fn cohort_by_village(&self, programme: &Programme, today: Day) -> Vec<Vec<String>> {
        let mut villages: BTreeMap<&str, [usize; 7]> = BTreeMap::new();
        for (person, _, fate) in self.taken_in(programme, today) {
            villages.entry(self.village(&person)).or_default()[fate] += 1;
        }
        villages.into_iter().map(|(name, counts)| line(name.to_owned(), counts)).collect()
    }

    /// Who stands in a column, by name, with their village and the day on which they were taken in.
    pub fn of_fate(&self, programme: &Programme, today: Day, column: usize) -> Vec<Vec<String>> {
        let people = self.taken_in(programme, today);
        let own = people.into_iter().filter(|(.., fate)| *fate == column);
        let words = |(person, since, _): (Person, Day, usize)| {
            vec![person.name.clone(), self.village(&person).to_owned(), typed(since)]
        };
        own.map(words).collect()
    }

    fn village(&self, person: &Person) -> &'static str {
        self.residents.iter().find(|one| one.person.id == person.id).unwrap().village
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
    let share = share(counts[0], counts[..4].iter().sum());
    let all = counts.iter().sum::<usize>().to_string();
    [title, all].into_iter().chain(counts.iter().map(usize::to_string)).chain([share]).collect()
}
