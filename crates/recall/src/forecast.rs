//! What a schedule asks for one child: which doses count, and when the next one of each series is due. Pure.
//!
//! A dose counts for every series that names its vaccine. One that was too early (before the age, or too soon after the
//! one before) does not count, and the next is given as far from it as from one that did. One that came too late was given
//! all the same and counts.

use std::collections::BTreeSet;

use yba_content::campaigns::Campaign;
use yba_content::schedules::{Dose, Schedule, Series};
use yba_fhir::Day;

use crate::dose::Given;

/// Whose doses are worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    pub birth: Day,
    /// `female` or `male`; anything else is unknown, and nothing is asked that is for one sex.
    pub sex: String,
    /// Whose person it is (`Organization/…`, codes of communes): campaigns are for places.
    pub places: BTreeSet<String>,
}

/// One series of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course<'s> {
    pub series: &'s Series,
    /// The doses of its vaccines, oldest first.
    pub given: Vec<Dated>,
    /// How many of them count.
    pub counted: usize,
    pub next: Next,
}

/// A dose and what it counts as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    pub day: Day,
    /// CVX code.
    pub vaccine: String,
    /// Which dose it is, from 1; `None` when it came too early. Beyond the last it is one more.
    pub number: Option<usize>,
}

/// What comes next in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// All doses are given.
    Complete,
    /// A dose is wanted.
    Wanted {
        /// From 1.
        number: usize,
        /// The first day on which it may be given.
        due: Day,
        /// From this day on it is late.
        late: Day,
        /// From this day on it is given no more.
        until: Day,
    },
    /// The age for the next dose was over before it could be given.
    Over { number: usize },
}

/// How a series stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Late,
    Due,
    Waiting,
    Over,
    Complete,
}

impl Next {
    pub fn on(self, today: Day) -> Standing {
        match self {
            Next::Complete => Standing::Complete,
            Next::Over { .. } => Standing::Over,
            Next::Wanted { until, .. } if until <= today => Standing::Over,
            Next::Wanted { late, .. } if late <= today => Standing::Late,
            Next::Wanted { due, .. } if due <= today => Standing::Due,
            Next::Wanted { .. } => Standing::Waiting,
        }
    }
}

/// Every series of a schedule that is for this child. Doses may be in any order; those of no series are left out.
pub fn forecast<'s>(schedule: &'s Schedule, child: &Child, given: &[Given]) -> Vec<Course<'s>> {
    let mut given: Vec<&Given> = given.iter().filter(|dose| dose.day >= child.birth).collect();
    given.sort();
    given.dedup();
    let is_for = |series: &&Series| {
        series.sex.as_ref().is_none_or(|sex| *sex == child.sex)
            && series.born_from.is_none_or(|first| first <= child.birth)
            && series.campaign.as_ref().is_none_or(|campaign| campaign.is_for(child.birth, &child.places))
    };
    let of = |series: &'s Series| match &series.campaign {
        Some(campaign) => in_campaign(schedule, series, campaign, &given),
        None => course(schedule, series, child, &given),
    };
    schedule.series.iter().filter(is_for).map(of).collect()
}

/// The one dose of a campaign: whatever was given before its first day does not count, but keeps it away for so long.
fn in_campaign<'s>(
    schedule: &'s Schedule,
    series: &'s Series,
    campaign: &Campaign,
    all: &[&Given],
) -> Course<'s> {
    let asked = &series.doses[0];
    let (mut due, mut counted) = (campaign.from, 0);
    let mut given: Vec<Dated> = Vec::new();
    for dose in all.iter().filter(|dose| dose.day <= campaign.last) {
        let is_in = dose.day >= campaign.from && series.vaccines.contains(&dose.vaccine);
        if is_in && given.last().is_none_or(|before| before.day < dose.day) {
            counted += usize::from(schedule.grace.after(dose.day) >= due);
            let number = (counted > 0).then_some(counted);
            given.push(Dated { day: dose.day, vaccine: dose.vaccine.clone(), number });
        }
        if campaign.after.contains(&dose.vaccine) {
            due = due.max(asked.interval.after(dose.day));
        }
        due = apart(schedule, asked, dose).map_or(due, |day| due.max(day));
    }
    let until = campaign.last.plus_days(1);
    let next = match (counted, due < until) {
        (1.., _) => Next::Complete,
        (0, false) => Next::Over { number: 1 },
        // It is not late as long as it lasts.
        (0, true) => Next::Wanted { number: 1, due, late: until, until },
    };
    Course { series, given, counted, next }
}

/// The first day after a dose on which a living vaccine may be given; none when they have nothing to do with each other.
fn apart(schedule: &Schedule, asked: &Dose, dose: &Given) -> Option<Day> {
    let rule = schedule.apart.as_ref();
    let rule =
        rule.filter(|rule| rule.vaccines.contains(&asked.give) && rule.vaccines.contains(&dose.vaccine));
    rule.map(|rule| rule.interval.after(dose.day))
}

fn course<'s>(schedule: &'s Schedule, series: &'s Series, child: &Child, all: &[&Given]) -> Course<'s> {
    let mut counted = 0;
    let mut given: Vec<Dated> = Vec::new();
    for dose in all.iter().filter(|dose| series.vaccines.contains(&dose.vaccine)) {
        // Two vaccines of one series on one day are one dose.
        if given.last().is_some_and(|before| before.day == dose.day) {
            continue;
        }
        let is_in_time = match series.doses.get(counted) {
            Some(asked) => {
                let from = earliest(schedule, asked, child, given.last());
                schedule.grace.after(dose.day) >= from
            }
            None => true,
        };
        counted += usize::from(is_in_time);
        let number = is_in_time.then_some(counted);
        given.push(Dated { day: dose.day, vaccine: dose.vaccine.clone(), number });
    }
    let next = match series.doses.get(counted) {
        Some(asked) => wanted(schedule, asked, counted + 1, child, &given, all),
        None => Next::Complete,
    };
    Course { series, given, counted, next }
}

/// The first day of a dose by age and by the dose before.
fn earliest(schedule: &Schedule, asked: &Dose, child: &Child, before: Option<&Dated>) -> Day {
    let by_age = asked.age.after(child.birth);
    let Some(before) = before else { return by_age };
    let apart = match (before.number, asked.interval == Default::default()) {
        (None, true) => schedule.again_after,
        _ => asked.interval,
    };
    by_age.max(apart.after(before.day))
}

fn wanted(
    schedule: &Schedule,
    asked: &Dose,
    number: usize,
    child: &Child,
    given: &[Dated],
    all: &[&Given],
) -> Next {
    let mut due = earliest(schedule, asked, child, given.last());
    // A living vaccine waits for the last other living one that was injected.
    if let Some(apart) = schedule.apart.as_ref().filter(|apart| apart.vaccines.contains(&asked.give)) {
        let living = all.iter().rev().find(|dose| apart.vaccines.contains(&dose.vaccine));
        due = living.map_or(due, |dose| due.max(apart.interval.after(dose.day)));
    }
    let until = asked.until.after(child.birth);
    if due >= until {
        return Next::Over { number };
    }
    Next::Wanted { number, due, late: schedule.late_after.after(due), until }
}
