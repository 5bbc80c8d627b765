//! What the pages of days of vaccination show, made by pure functions.

use super::{patient_of, vaccine_words};
use crate::roll::Village;
use crate::vaccinate::model::dose_words;
use crate::vaccinate::typed_day;
use std::collections::{BTreeMap, BTreeSet};
use yba_care::session::{Lot, Mark, Plan, Session, VIALS_MAX};
use yba_content::schedules::Schedule;
use yba_content::{Day, VaccinationDay};
use yba_fhir::json::{Value, str_at};
use yba_fhir::{Kind, Outcome};
use yba_recall::list::Called;
use yba_recall::{Next, Standing};

/// How many children want a vaccine, and how many vials that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// CVX code and words.
    pub vaccine: String,
    pub words: String,
    pub children: usize,
    pub doses_of_vial: u32,
    pub vials: usize,
    pub open_hours: Option<u32>,
    pub note: String,
}

/// What is given when a dose of a series is due.
fn given_of(schedule: &Schedule, series: &str, next: Next) -> Option<String> {
    let Next::Wanted { number, .. } = next else { return None };
    let series = schedule.series.iter().find(|one| one.slug == series)?;
    Some(series.doses.get(number - 1)?.give.clone())
}

/// The vaccines that these children want; of a day all vaccines that it gives as well, in the order of the schedule.
pub fn needs(
    called: &[Called],
    schedule: &Schedule,
    content: &VaccinationDay,
    of: Option<&Session>,
) -> Vec<Need> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in called {
        let wanted: BTreeSet<String> =
            one.asked.iter().filter_map(|dose| given_of(schedule, &dose.series, dose.next)).collect();
        wanted.into_iter().for_each(|cvx| *counts.entry(cvx).or_default() += 1);
    }
    for cvx in of.iter().flat_map(|session| &session.vaccines) {
        counts.entry(cvx.clone()).or_default();
    }
    let of_schedule = schedule.vaccines.iter().filter_map(|one| {
        let children = *counts.get(&one.cvx)?;
        let vial = content.vial(&one.cvx);
        Some(Need {
            vaccine: one.cvx.clone(),
            words: one.title.clone(),
            children,
            doses_of_vial: content.doses(&one.cvx),
            vials: content.vials_for(&one.cvx, children),
            open_hours: vial.map(|vial| vial.open_hours),
            note: vial.map(|vial| vial.note.clone()).unwrap_or_default(),
        })
    });
    of_schedule.collect()
}

/// Of those who are called whom a day is for: of its villages, for its vaccines.
pub fn of_day(called: Vec<Called>, session: &Session, schedule: &Schedule) -> Vec<Called> {
    let is_of = |one: &Called| session.villages.is_empty() || session.villages.contains(&one.village);
    let mut called: Vec<Called> = called.into_iter().filter(is_of).collect();
    for one in &mut called {
        one.asked.retain(|dose| {
            given_of(schedule, &dose.series, dose.next).is_some_and(|cvx| session.vaccines.contains(&cvx))
        });
    }
    called.retain(|one| !one.asked.is_empty());
    called
}

/// How a child of a day stands; in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Came,
    Invited,
    Waiting,
    PutOff,
    NotFound,
    Given,
}

impl State {
    pub fn words(self) -> &'static str {
        match self {
            State::Came => "Đã đến",
            State::Invited => "Đã mời",
            State::Waiting => "Chưa đến",
            State::PutOff => "Tạm hoãn",
            State::NotFound => "Không gặp",
            State::Given => "Đã tiêm",
        }
    }
}

/// A child on the list of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub patient: String,
    pub village: String,
    pub state: State,
    pub is_late: bool,
    /// What is due, or what was given.
    pub doses: Vec<String>,
    /// Why it was put off.
    pub reason: String,
}

/// How many children stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub all: usize,
    pub given: usize,
    pub put_off: usize,
    pub not_found: usize,
    pub waiting: usize,
}

impl Counts {
    pub fn of(lines: &[Line]) -> Counts {
        let mut counts = Counts { all: lines.len(), ..Counts::default() };
        for line in lines {
            *match line.state {
                State::Given => &mut counts.given,
                State::PutOff => &mut counts.put_off,
                State::NotFound => &mut counts.not_found,
                State::Came | State::Invited | State::Waiting => &mut counts.waiting,
            } += 1;
        }
        counts
    }
}

/// Everybody of a day: who is called, and who got something or was put off on it. Who is to come stands first.
pub fn lines(
    called: &[Called],
    doses: &[Value],
    marks: &BTreeMap<String, Mark>,
    schedule: &Schedule,
    today: Day,
) -> Vec<Line> {
    let mut all: BTreeMap<String, Line> = BTreeMap::new();
    for one in called {
        let state = match marks.get(&one.patient) {
            Some(Mark::Came) => State::Came,
            Some(Mark::Invited) => State::Invited,
            Some(Mark::NotFound) => State::NotFound,
            None => State::Waiting,
        };
        let words = |dose: &yba_recall::list::Asked| dose_words(schedule, &dose.series, dose.next);
        all.insert(
            one.patient.clone(),
            Line {
                patient: one.patient.clone(),
                village: one.village.clone(),
                state,
                is_late: one.asked.iter().any(|dose| dose.standing(today) == Standing::Late),
                doses: one.asked.iter().map(words).collect(),
                reason: String::new(),
            },
        );
    }
    for dose in doses {
        let Some(patient) = patient_of(dose) else { continue };
        let words = str_at(dose, &["vaccineCode", "text"]).unwrap_or_default().to_owned();
        let is_given = str_at(dose, &["status"]) == Some("completed");
        let line = all.entry(patient.to_owned()).or_insert_with(|| Line {
            patient: patient.to_owned(),
            village: String::new(),
            state: State::PutOff,
            is_late: false,
            doses: Vec::new(),
            reason: String::new(),
        });
        if is_given {
            if line.state != State::Given {
                line.doses.clear();
            }
            line.state = State::Given;
            line.doses.push(words);
        } else if line.state != State::Given {
            line.state = State::PutOff;
            line.reason = str_at(dose, &["statusReason", "text"]).unwrap_or_default().to_owned();
        }
    }
    let mut all: Vec<Line> = all.into_values().collect();
    all.sort_by(|one, other| {
        let key = |one: &Line| (one.state, !one.is_late, one.village.clone(), one.patient.clone());
        key(one).cmp(&key(other))
    });
    all
}

/// The villages of a list; of whom only doses are known, the village is not.
pub fn villages(lines: &[Line]) -> Vec<Village> {
    let mut all: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let is_known = |line: &&Line| !line.village.is_empty() || line.state < State::PutOff;
    for line in lines.iter().filter(is_known) {
        let (count, late) = all.entry(&line.village).or_default();
        *count += 1;
        *late += usize::from(line.is_late);
    }
    all.into_iter().map(|(name, (count, late))| Village { name: name.to_owned(), count, late }).collect()
}

/// A lot of a day and what was given of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    pub lot: Lot,
    pub words: String,
    /// Doses that were given on the day.
    pub given: u32,
    pub doses_of_vial: u32,
    /// Vials that so many doses need at least.
    pub vials: u32,
}

impl Used {
    /// Vials that were opened: as was said, or as the doses imply.
    pub fn opened(&self) -> u32 {
        self.lot.opened.unwrap_or(self.vials)
    }

    /// Doses that were thrown away: as was said, or all that were in the vials and not given.
    pub fn thrown(&self) -> u32 {
        self.lot.thrown.unwrap_or((self.opened() * self.doses_of_vial).saturating_sub(self.given))
    }
}

/// Every lot of a day: those that were taken for it, and those of which doses were given all the same.
pub fn used(session: &Session, doses: &[Value], schedule: &Schedule, content: &VaccinationDay) -> Vec<Used> {
    let mut given: BTreeMap<(String, String), (u32, String)> = BTreeMap::new();
    for dose in doses.iter().filter(|dose| str_at(dose, &["status"]) == Some("completed")) {
        let code = yba_care::session::dose_cvx(dose);
        let lot = str_at(dose, &["lotNumber"]).unwrap_or_default();
        let expiry = str_at(dose, &["expirationDate"]).unwrap_or_default();
        let one = given.entry((code, lot.to_owned())).or_insert_with(|| (0, expiry.to_owned()));
        one.0 += 1;
    }
    let mut lots = session.lots.clone();
    for ((vaccine, lot), (_, expiry)) in &given {
        if !lots.iter().any(|one| one.vaccine == *vaccine && one.lot == *lot) {
            let (vaccine, lot, expiry) = (vaccine.clone(), lot.clone(), expiry.clone());
            lots.push(Lot { vaccine, lot, expiry, opened: None, thrown: None });
        }
    }
    let of = |lot: Lot| {
        let given = given.get(&(lot.vaccine.clone(), lot.lot.clone())).map_or(0, |one| one.0);
        let doses_of_vial = content.doses(&lot.vaccine);
        let words = vaccine_words(schedule, &lot.vaccine);
        Used { words, given, doses_of_vial, vials: given.div_ceil(doses_of_vial), lot }
    };
    lots.into_iter().map(of).collect()
}

/// What was wasted of a vaccine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wasted {
    pub words: String,
    pub vials: u32,
    /// Doses that were in them, were given, were thrown away.
    pub held: u32,
    pub given: u32,
    pub thrown: u32,
}

impl Wasted {
    /// Thrown away of a hundred doses that were in opened vials; `None` when none was.
    pub fn percent(&self) -> Option<f64> {
        (self.held > 0).then(|| 100.0 * f64::from(self.thrown) / f64::from(self.held))
    }
}

/// What these days wasted, by vaccine; `doses` are those of the same time.
pub fn wasted(
    closed: &[Session],
    doses: &[Value],
    schedule: &Schedule,
    content: &VaccinationDay,
) -> Vec<Wasted> {
    let mut all: BTreeMap<String, Wasted> = BTreeMap::new();
    for session in closed {
        let of = |dose: &&Value| yba_care::session::session_of(dose) == Some(session.id.as_str());
        let own: Vec<Value> = doses.iter().filter(of).cloned().collect();
        for one in used(session, &own, schedule, content) {
            let wasted = all.entry(one.lot.vaccine.clone()).or_default();
            wasted.words.clone_from(&one.words);
            wasted.vials += one.opened();
            wasted.held += one.opened() * one.doses_of_vial;
            wasted.given += one.given;
            wasted.thrown += one.thrown();
        }
    }
    all.into_values().collect()
}

fn value(pairs: &[(String, String)], name: &str) -> String {
    let found = pairs.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

/// What a posted plan says.
pub fn plan(pairs: &[(String, String)]) -> Plan {
    let all =
        |name: &str| pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect();
    let day = value(pairs, "ngay");
    Plan {
        day: typed_day(&day).map_or(day, |day| day.to_string()),
        place: value(pairs, "noi"),
        villages: all("thon"),
        vaccines: all("vx"),
        form: value(pairs, "phieu"),
    }
}

/// What a posted lot says.
pub fn lot(pairs: &[(String, String)]) -> Lot {
    let expiry = value(pairs, "han");
    Lot {
        vaccine: value(pairs, "vx"),
        lot: value(pairs, "lo"),
        expiry: typed_day(&expiry).map_or(expiry, |day| day.to_string()),
        opened: None,
        thrown: None,
    }
}

/// How the page that closes a day names what is counted of a lot: vials that were opened, doses that were thrown away.
pub fn opened_of(lot: &Lot) -> String {
    format!("mo-{}-{}", lot.vaccine, lot.lot)
}

/// See [`opened_of`].
pub fn thrown_of(lot: &Lot) -> String {
    format!("bo-{}-{}", lot.vaccine, lot.lot)
}

/// The lots of a day with the vials and doses that whoever closes it counted. Refuses with `unprocessable` what cannot be: fewer
/// doses in the vials than were given and thrown away.
pub fn closing(used: &[Used], pairs: &[(String, String)]) -> Result<Vec<Lot>, Outcome> {
    let count = |name: String, otherwise: u32| match value(pairs, &name).as_str() {
        "" => Ok(otherwise),
        typed => typed.parse::<u32>().ok().filter(|count| *count <= VIALS_MAX * 20).ok_or_else(|| {
            let text = "Số lọ và số liều phải là số đếm, ví dụ 3.".to_owned();
            Outcome::new(Kind::Unprocessable, "count", text, "no count")
        }),
    };
    let mut lots = Vec::new();
    for one in used {
        let opened = count(opened_of(&one.lot), one.opened())?;
        let held = opened * one.doses_of_vial;
        let thrown = count(thrown_of(&one.lot), held.saturating_sub(one.given))?;
        if one.given + thrown > held {
            let text = format!(
                "{} lô {}: {opened} lọ có {held} liều, mà đã tiêm {} và bỏ {thrown}. Hãy xem lại số lọ.",
                one.words, one.lot.lot, one.given
            );
            return Err(Outcome::new(Kind::Unprocessable, "count", text, "more doses than vials hold"));
        }
        lots.push(Lot { opened: Some(opened), thrown: Some(thrown), ..one.lot.clone() });
    }
    Ok(lots)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
