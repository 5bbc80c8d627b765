//! The vaccination book of a child as its station keeps it: doses of the schedule in force at the station's monthly sessions,
//! some put off, some missed.
//!
//! The schedule stands here once more (`data/schedule.tsv`), because what is checked must not be made by what checks it: a
//! test of the whole house holds it against `content/schedules`.

use crate::Province;
use crate::calendar::Day;
use crate::person::Person;
use crate::rng::Rng;
use crate::table::rows;
use std::sync::OnceLock;

/// Children of 10,000 whose families come to every session they can, who come to every other, and who stop coming.
const HABITS: [u32; 3] = [6000, 2600, 1400];
/// Sessions that a family of each habit comes to, of 10,000.
const COMES: [u32; 3] = [9500, 4000, 8500];
/// Of 10,000 children who come, how many are sent home.
const PUT_OFF: u32 = 300;
/// How many days after the last day of the records the next session is, where people are gathered.
const SOON: u32 = 3;
/// Until this age the book is kept.
const YEARS: i32 = 15;
/// Why a child is sent home.
const REASONS: [&str; 5] = [
    "Sốt 38,2 °C, hẹn buổi tiêm sau",
    "Tiêu chảy cấp, hẹn buổi tiêm sau",
    "Viêm phế quản, đang uống kháng sinh",
    "Mới dùng corticoid, theo dõi thêm",
    "Gia đình xin hoãn, mẹ đi nương xa",
];

/// A dose that the schedule asks for.
struct Planned {
    series: &'static str,
    cvx: &'static str,
    name: &'static str,
    route: &'static str,
    ml: &'static str,
    number: u32,
    months: i32,
    /// After the dose before: months, then days.
    apart: (i32, i32),
    until_months: i32,
    /// First day of birth, as 20240101.
    born_from: u32,
    girls: bool,
    /// Of 1,000 children who come for it, how many find it in the fridge.
    coverage: u32,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Given,
    /// Not done, and why.
    PutOff(&'static str),
}

/// A dose that was given, or put off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dose {
    /// Slug of the series.
    pub series: &'static str,
    pub cvx: &'static str,
    pub name: &'static str,
    pub route: &'static str,
    pub ml: &'static str,
    /// From 1.
    pub number: u32,
    pub day: Day,
    /// Index of facilities.
    pub facility: u16,
    pub lot: String,
    /// Last day of use.
    pub expiry: Day,
    pub outcome: Outcome,
}

fn schedule() -> &'static [Planned] {
    static ALL: OnceLock<Vec<Planned>> = OnceLock::new();
    ALL.get_or_init(|| {
        let number = |text: &crate::table::Row, column| text.number(column) as i32;
        rows(include_str!("../data/schedule.tsv"))
            .map(|row| Planned {
                series: row.text(0),
                cvx: row.text(1),
                name: row.text(2),
                route: row.text(3),
                ml: row.text(4),
                number: row.number(5) as u32,
                months: number(&row, 6),
                apart: (number(&row, 7), number(&row, 8)),
                until_months: number(&row, 9),
                born_from: row.number(10) as u32,
                girls: row.text(11) == "x",
                coverage: row.number(12) as u32,
            })
            .collect()
    })
}

impl Planned {
    fn is_for(&self, child: &Person) -> bool {
        (child.female || !self.girls) && child.birth.number() >= self.born_from
    }

    /// Whether it may be given on a day, after these doses.
    fn is_due(&self, child: &Person, day: Day, all: &[Dose]) -> bool {
        let given = |one: &&Dose| one.series == self.series && one.outcome == Outcome::Given;
        let last = all.iter().rev().find(given);
        let (months, days) = self.apart;
        last.map_or(0, |one| one.number) + 1 == self.number
            && day >= child.birth.plus_months(self.months)
            && day < child.birth.plus_months(self.until_months)
            && last.is_none_or(|one| day >= one.day.plus_months(months).plus(days))
    }

    fn on(&self, day: Day, facility: u16, outcome: Outcome) -> Dose {
        let (year, month, _) = day.parts();
        // A delivery of the province comes every quarter.
        let quarter = (month - 1) / 3;
        let expiry = Day::ymd(year + 2, quarter * 3 + 1, 1).plus(-1);
        let &Planned { series, cvx, name, route, ml, number, .. } = self;
        let lot = format!("{cvx}{:02}{}", year % 100, ["A", "B", "C", "D"][quarter as usize]);
        Dose { series, cvx, name, route, ml, number, day, facility, lot, expiry, outcome }
    }
}

impl Province {
    /// The doses of a child in the books of its stations, oldest first, those put off among them; none of whoever is 15 or
    /// older on the last day. That day's own session, if there is one, is not over yet.
    pub fn doses(&self, child: &Person) -> Vec<Dose> {
        let mut all = Vec::new();
        if child.birth.plus_months(YEARS * 12) <= self.window.until {
            return all;
        }
        let last = child.death.unwrap_or(self.window.until).min(self.window.until).plus(-1);
        let mut rng = self.seed.fork("doses", u64::from(child.index));
        let habit = rng.weighted(HABITS.into_iter());
        // Who stops coming, stops at some month of life.
        let stops = if habit == 2 { child.birth.plus_months(rng.between(1, 15) as i32) } else { last };
        self.at_birth(child, last, &mut rng, &mut all);
        let mut month = child.birth;
        while month <= last.min(stops) {
            let facility = child.home_on(month).old().station;
            let day = self.session(facility, month);
            let is_there = rng.chance(COMES[habit]);
            if day > child.birth.plus(2) && day <= last.min(stops) && is_there {
                attend(child, day, facility, &mut rng, &mut all);
            }
            month = first_of_next(month);
        }
        all
    }

    /// The day of a station's session in the month of a day; never a Sunday. Where people are gathered the next one is some days
    /// after the last day of the records: then the list of whom to call is longest, and most looked at.
    fn session(&self, station: u16, month: Day) -> Day {
        let (year, number, _) = month.parts();
        let day = match self.around.is_some_and(|around| around.station() == station) {
            true => (self.window.until.parts().2 + SOON) % 28 + 1,
            false => 3 + u32::from(station) % 20,
        };
        Day::ymd(year, number, day).workday()
    }

    /// In the first days, where the child was born: in three of four at a hospital.
    fn at_birth(&self, child: &Person, last: Day, rng: &mut Rng, all: &mut Vec<Dose>) {
        let home = child.home_on(child.birth);
        let facility = match rng.chance(2500) {
            true => home.old().station,
            false => crate::places::places().centre(home.commune().region),
        };
        for planned in schedule().iter().filter(|one| one.until_months == 0 && one.is_for(child)) {
            let day = child.birth.plus(i32::from(rng.chance(1500)));
            if rng.chance(planned.coverage * 10) && day <= last {
                all.push(planned.on(day, facility, Outcome::Given));
            }
        }
    }
}

/// One session: everything that is due, or nothing.
fn attend(child: &Person, day: Day, facility: u16, rng: &mut Rng, all: &mut Vec<Dose>) {
    let due = schedule().iter().filter(|one| one.is_for(child) && one.is_due(child, day, all));
    let due: Vec<&Planned> = due.collect();
    if due.is_empty() {
        return;
    }
    let is_ill = rng.chance(PUT_OFF);
    let reason: &&str = rng.pick(&REASONS);
    let outcome = if is_ill { Outcome::PutOff(reason) } else { Outcome::Given };
    for planned in due {
        let is_there = rng.chance(planned.coverage * 10);
        if is_there || outcome != Outcome::Given {
            all.push(planned.on(day, facility, outcome));
        }
    }
}

fn first_of_next(day: Day) -> Day {
    let (year, month, _) = day.parts();
    if month == 12 { Day::ymd(year + 1, 1, 1) } else { Day::ymd(year, month + 1, 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, gathered};
    use std::collections::HashMap;

    fn made() -> Province {
        gathered(&Plan { people: 3000, seed: 2, years: 3, until: jiff::civil::date(2026, 10, 31) })
    }

    #[test]
    fn most_two_year_olds_have_their_basic_doses_and_some_have_not() {
        let province = made();
        let until = province.window.until;
        let (mut full, mut children, mut put_off) = (0, 0, 0);
        for child in province.people.iter().filter(|one| one.age_on(until) == 2 && one.death.is_none()) {
            let doses = province.doses(child);
            let has = |(series, number): &(&str, u32)| {
                let is = |one: &&Dose| one.series == *series && one.number == *number;
                doses.iter().filter(is).any(|one| one.outcome == Outcome::Given)
            };
            children += 1;
            full += usize::from([("bcg", 1), ("dpt", 3), ("opv", 3), ("measles", 1)].iter().all(has));
            put_off += doses.iter().filter(|one| one.outcome != Outcome::Given).count();
        }
        assert!(children > 30 && full * 100 > children * 70 && full < children, "{full} of {children}");
        assert!(put_off > 3, "{put_off}");
    }

    #[test]
    fn doses_are_in_order_apart_and_within_life() {
        let province = made();
        let mut seen = 0;
        for child in &province.people {
            let mut last: HashMap<&str, (u32, Day)> = HashMap::new();
            for dose in province.doses(child) {
                assert!(dose.day >= child.birth && dose.day < province.window.until);
                assert!(child.death.is_none_or(|death| dose.day < death));
                if dose.outcome == Outcome::Given {
                    let before = last.insert(dose.series, (dose.number, dose.day));
                    assert_eq!(before.map_or(0, |(number, _)| number) + 1, dose.number);
                    assert!(before.is_none_or(|(_, day)| dose.day > day.plus(6)), "{dose:?}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 3000, "{seen}");
    }
}
