//! Who goes where, when and why: the visits of one person as headings.
//!
//! A heading is small; what happened in the visit is worked out from it when asked for (`record`), so a whole
//! province fits in memory. Rates are declared here and tested.

use crate::calendar::{Day, Stamp};
use crate::catalog::{Acute, catalog};
use crate::gathering::Gathering;
use crate::people::Window;
use crate::person::Person;
use crate::places::{Kind, places};
use crate::rng::Rng;

/// Acute illnesses that reach a facility, per 1,000 person-years: under 5, 5–14, 15–59, 60 and over.
pub const ACUTE: [u32; 4] = [2500, 1000, 750, 1200];
/// Chronic patients who come in a given month, of 10,000.
pub const FOLLOW_UP: u32 = 7600;
/// Planned antenatal examinations that take place, of 10,000.
pub const ANTENATAL: u32 = 7500;
/// Places of birth, of 100: health centre, provincial hospital, station, home.
pub const BIRTH_PLACE: [u32; 4] = [52, 18, 10, 20];
/// The same where people are gathered: a station far from the road with a midwife of its own.
pub const BIRTH_PLACE_FAR: [u32; 4] = [34, 8, 40, 18];
/// Caesarean sections among births in a hospital, of 10,000.
pub const CAESAREAN: u32 = 1900;
/// Adults who fall ill with tuberculosis, of 100,000 a year.
pub const TUBERCULOSIS: u32 = 130;

/// How long and in which form; MA_LOAI_KCB of QĐ 824/2023 and 1804/2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// 01.
    Exam,
    /// 05: long-term disease, examination and drugs only.
    LongTerm,
    /// 08: long-term disease with services.
    LongTermServices,
    /// 07: drugs by appointment, without examination.
    PickUp,
    /// 03.
    Inpatient,
    /// 09: under four hours.
    Short,
    /// 06: kept at a station.
    Station,
}

impl Stay {
    /// MA_LOAI_KCB.
    pub fn code(self) -> &'static str {
        match self {
            Stay::Exam => "01",
            Stay::LongTerm => "05",
            Stay::LongTermServices => "08",
            Stay::PickUp => "07",
            Stay::Inpatient => "03",
            Stay::Short => "09",
            Stay::Station => "06",
        }
    }

    /// The patient is admitted.
    pub fn admitted(self) -> bool {
        matches!(self, Stay::Inpatient | Stay::Short | Stay::Station)
    }
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Index in `catalog().acute`.
    Acute(u8),
    /// All chronic diseases of the person.
    Chronic,
    /// Month of treatment, 0 at the beginning.
    Tuberculosis(u8),
    /// Week of pregnancy.
    Antenatal(u8),
    Delivery {
        caesarean: bool,
    },
    /// 0 observation, 1 jaundice, 2 infection.
    Newborn(u8),
}

/// A visit.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Number in the province, by time.
    pub index: u32,
    pub person: u32,
    /// Index of facilities.
    pub facility: u16,
    pub start: Stamp,
    pub end: Stamp,
    pub stay: Stay,
    pub reason: Reason,
    /// Came in as an emergency.
    pub emergency: bool,
    /// Referred from.
    pub from: Option<u16>,
    /// Referred to.
    pub to: Option<u16>,
    /// Came by appointment.
    pub appointment: bool,
    /// Next appointment.
    pub again: Option<Day>,
    /// Ended with the patient's death.
    pub fatal: bool,
}

/// All visits of the province in order of time, numbered.
pub fn visits(people: &[Person], rng: &Rng, window: Window, around: Option<Gathering>) -> Vec<Visit> {
    let mut all = Vec::with_capacity(people.len() * 6);
    for person in people {
        let rng = rng.fork("visits", u64::from(person.index));
        let mut of = Of { person, window, around, rng, all: &mut all };
        of.acute();
        of.chronic();
        of.tuberculosis();
        of.last();
        if let Some(mother) = person.mother.filter(|_| person.birth >= window.from) {
            of.birth(&people[mother as usize]);
        }
    }
    all.retain(|v| v.start.day() >= window.from && v.end.day() <= window.until);
    all.sort_by_key(|v| (v.start, v.person));
    for (index, visit) in all.iter_mut().enumerate() {
        visit.index = index as u32;
    }
    all
}

struct Of<'a> {
    person: &'a Person,
    window: Window,
    around: Option<Gathering>,
    rng: Rng,
    all: &'a mut Vec<Visit>,
}

impl<'a> Of<'a> {
    fn alive(&self, day: Day) -> bool {
        day >= self.person.birth.plus(20) && self.person.death.is_none_or(|death| day.plus(15) < death)
    }

    /// A heading for this person; the reason's length and the rest are filled in by the caller.
    fn heading(&mut self, facility: u16, day: Day, stay: Stay, reason: Reason) -> Visit {
        let emergency = stay == Stay::Inpatient && self.rng.chance(4500);
        let hour = if emergency { self.rng.between(0, 23) } else { self.rng.between(7, 15) };
        let start = day.at(hour, self.rng.between(0, 59));
        let end = match stay {
            Stay::Exam | Stay::LongTermServices => start.plus(self.rng.between(45, 240)),
            Stay::LongTerm | Stay::PickUp => start.plus(self.rng.between(20, 90)),
            Stay::Short => start.plus(self.rng.between(60, 230)),
            Stay::Station => day.plus(self.rng.between(1, 3) as i32).at(9, self.rng.between(0, 59)),
            Stay::Inpatient => day.plus(self.rng.between(3, 9) as i32).at(14, self.rng.between(0, 59)),
        };
        Visit {
            index: 0,
            person: self.person.index,
            facility,
            start,
            end,
            stay,
            reason,
            emergency,
            from: None,
            to: None,
            appointment: false,
            again: None,
            fatal: false,
        }
    }

    fn acute(&mut self) {
        let days = i64::from(self.window.until.0 - self.window.from.0);
        let mut day = self.window.from;
        // One month at a time, so that the rate follows the age.
        for _ in 0..days / 30 {
            let band = age_band(self.person.age_on(day));
            // Per 1,000 years is per 12,000 months; two tries allow two illnesses in a month.
            for _ in 0..2 {
                let when = day.plus(self.rng.between(0, 29) as i32);
                if self.rng.below(24_000) < u64::from(ACUTE[band]) && self.alive(when) {
                    self.illness(when, band);
                }
            }
            day = day.plus(30);
        }
    }

    fn illness(&mut self, day: Day, band: usize) {
        let month = day.month() as usize - 1;
        let weight = |a: &Acute| a.weight * a.ages[band] * a.months[month];
        let chosen = self.rng.weighted(catalog().acute.iter().map(weight));
        let reason = Reason::Acute(chosen as u8);
        let (station, centre, town) = self.around(day);
        if self.rng.below(1000) < u64::from(catalog().acute[chosen].admit) {
            return self.admission(day, reason, station, centre);
        }
        let facility = match self.rng.below(100) {
            0..=43 => station,
            44..=83 => centre,
            84..=91 => places().clinic(self.person.home_on(day).commune().region).unwrap_or(centre),
            _ if town || self.rng.chance(3000) => places().only(Kind::Provincial),
            _ => centre,
        };
        let mut visit = self.heading(facility, day, Stay::Exam, reason);
        visit.again = self.rng.chance(600).then(|| day.plus(7));
        self.all.push(visit);
    }

    /// Station, health centre of the region, and whether that is the town with the provincial hospital.
    fn around(&self, day: Day) -> (u16, u16, bool) {
        let home = self.person.home_on(day);
        let region = home.commune().region;
        (home.old().station, places().centre(region), region == "LC")
    }

    /// Straight to the health centre, or by way of the station; the gravest go on to the provincial hospital.
    fn admission(&mut self, day: Day, reason: Reason, station: u16, centre: u16) {
        let provincial = places().only(Kind::Provincial);
        match self.rng.below(100) {
            0..=5 => {
                let visit = self.heading(station, day, Stay::Station, reason);
                return self.all.push(visit);
            }
            6..=9 => {
                let visit = self.heading(centre, day, Stay::Short, reason);
                return self.all.push(visit);
            }
            _ => {}
        }
        let by_station = self.rng.chance(3500);
        if by_station {
            let mut first = self.heading(station, day, Stay::Exam, reason);
            first.to = Some(centre);
            self.all.push(first);
        }
        let mut inside = self.heading(centre, day.plus(i32::from(by_station)), Stay::Inpatient, reason);
        inside.from = by_station.then_some(station);
        let onward = self.rng.chance(1800);
        if onward {
            inside.to = Some(provincial);
            inside.end = inside.start.day().plus(1).at(10, self.rng.between(0, 59));
        }
        let end = inside.end;
        self.all.push(inside);
        if onward {
            let mut up = self.heading(provincial, end.day(), Stay::Inpatient, reason);
            up.from = Some(centre);
            up.start = end.plus(180);
            self.all.push(up);
        }
    }

    fn chronic(&mut self) {
        let Some(first) = self.person.chronic.iter().map(|b| b.onset).min() else { return };
        let (_, centre, _) = self.around(self.window.from);
        let at_station = self.rng.chance(4500);
        let at_province = self.rng.chance(1200);
        let mut day = first.max(self.window.from).plus(self.rng.between(0, 28) as i32);
        let mut before = false;
        for count in 0.. {
            if day > self.window.until {
                break;
            }
            if self.rng.chance(FOLLOW_UP) && self.alive(day) {
                // Every third time with tests, and then above the station.
                let tests = count % 3 == 0;
                let (station, ..) = self.around(day);
                let facility = match (at_province, at_station && !tests) {
                    (true, _) => places().only(Kind::Provincial),
                    (false, true) => station,
                    (false, false) => centre,
                };
                let stay = match (tests, self.rng.below(20)) {
                    (true, _) => Stay::LongTermServices,
                    (false, 0) => Stay::PickUp,
                    _ => Stay::LongTerm,
                };
                let mut visit = self.heading(facility, day, stay, Reason::Chronic);
                visit.appointment = before && facility != station;
                visit.again = Some(day.plus(28));
                before = true;
                self.all.push(visit);
            }
            day = day.plus(self.rng.between(26, 32) as i32);
        }
    }

    fn tuberculosis(&mut self) {
        let years = u64::from((self.window.until.0 - self.window.from.0) as u32) / 365;
        let day = Day(self.rng.between(i64::from(self.window.from.0), i64::from(self.window.until.0)) as i32);
        let ill = self.rng.below(100_000) < u64::from(TUBERCULOSIS) * years;
        if !ill || self.person.age_on(day) < 15 {
            return;
        }
        let (lung, centre) = (places().only(Kind::Lung), self.around(day).1);
        for month in 0..=6u8 {
            let when = day.plus(i32::from(month) * 30);
            if !self.alive(when) || when > self.window.until {
                break;
            }
            let stay = if month == 0 { Stay::Inpatient } else { Stay::LongTermServices };
            let mut visit = self.heading(lung, when, stay, Reason::Tuberculosis(month));
            visit.from = (month == 0).then_some(centre);
            visit.appointment = month > 0;
            visit.again = (month < 6).then(|| when.plus(30));
            self.all.push(visit);
        }
    }

    /// Four in ten deaths happen in hospital.
    fn last(&mut self) {
        let Some(death) = self.person.death.filter(|d| *d > self.person.birth.plus(60)) else { return };
        if !self.rng.chance(4000) {
            return;
        }
        let band = age_band(self.person.age_on(death));
        let grave = |a: &Acute| if a.admit >= 600 { a.weight * a.ages[band] } else { 0 };
        let chosen = self.rng.weighted(catalog().acute.iter().map(grave));
        let facility = match self.rng.chance(4000) {
            true => places().only(Kind::Provincial),
            false => self.around(death).1,
        };
        let day = death.plus(-self.rng.between(1, 6) as i32);
        let mut visit = self.heading(facility, day, Stay::Inpatient, Reason::Acute(chosen as u8));
        visit.emergency = true;
        visit.fatal = true;
        visit.end = death.at(self.rng.between(0, 23), self.rng.between(0, 59)).max(visit.start.plus(250));
        self.all.push(visit);
    }

    /// The visits around this person's birth: the mother's, and the newborn's own.
    fn birth(&mut self, mother: &'a Person) {
        let (child, born) = (self.person, self.person.birth);
        self.person = mother;
        let (station, centre, _) = self.around(born);
        for week in [12u8, 20, 28, 34, 38] {
            let when = born.plus((i32::from(week) - 39) * 7);
            if self.rng.chance(ANTENATAL) && self.alive(when) {
                let facility = if week == 20 || week == 34 { centre } else { station };
                let visit = self.heading(facility, when, Stay::Exam, Reason::Antenatal(week));
                self.all.push(visit);
            }
        }
        let is_far = self.around.is_some_and(|around| around.station() == station);
        let shares = if is_far { BIRTH_PLACE_FAR } else { BIRTH_PLACE };
        let place = self.rng.weighted(shares.into_iter());
        let facility = [centre, places().only(Kind::Provincial), station];
        if let Some(facility) = facility.get(place).copied() {
            let caesarean = place < 2 && self.rng.chance(CAESAREAN);
            let stay = if place == 2 { Stay::Station } else { Stay::Inpatient };
            let mut visit = self.heading(facility, born, stay, Reason::Delivery { caesarean });
            visit.end = born.plus(if caesarean { 6 } else { 3 }).at(9, self.rng.between(0, 59));
            self.all.push(visit);
            self.person = child;
            self.newborn(facility, place);
        }
        self.person = child;
    }

    fn newborn(&mut self, facility: u16, place: usize) {
        let lives = self.person.death.is_none_or(|death| death > self.person.birth.plus(20));
        if place == 2 || !lives || !self.rng.chance(4200) {
            return;
        }
        let day = self.person.birth.plus(self.rng.between(0, 6) as i32);
        let why = self.rng.weighted([3, 4, 2].into_iter()) as u8;
        let mut visit = self.heading(facility, day, Stay::Inpatient, Reason::Newborn(why));
        visit.emergency = false;
        visit.end = day.plus(if why == 0 { 3 } else { 6 }).at(15, self.rng.between(0, 59));
        self.all.push(visit);
    }
}

/// 0 under 5, 1 under 15, 2 under 60, 3 from 60 on.
pub fn age_band(age: i32) -> usize {
    match age {
        ..5 => 0,
        5..15 => 1,
        15..60 => 2,
        _ => 3,
    }
}

/// MA_DOITUONG_KCB of a visit with a card registered at `registered`.
///
/// The codes of QĐ 3276/QĐ-BYT 2025 are used for visits from 2025-07-01, when the law's new levels began;
/// before, those of QĐ 824/QĐ-BYT 2023 (3.3 at the former district level; recalled).
pub fn route(visit: &Visit, registered: u16) -> &'static str {
    let kind = places().facilities[usize::from(visit.facility)].kind;
    let old = visit.start.day() < Day::ymd(2025, 7, 1);
    match (visit.reason, kind) {
        (_, Kind::Station | Kind::Cdc) if !old => "1.2",
        _ if registered == visit.facility => "1.1",
        (Reason::Newborn(_), _) => "1.7",
        _ if visit.emergency => "2",
        _ if visit.from.is_some() => "1.3",
        _ if visit.appointment => "1.5",
        (_, Kind::Station | Kind::Clinic | Kind::Cdc | Kind::Regional) if old => "3.3",
        (_, Kind::Station | Kind::Clinic | Kind::Cdc) => "1.11",
        (_, Kind::Regional) if visit.stay.admitted() => "1.15",
        (_, Kind::Regional) => "1.12",
        (_, Kind::Provincial | Kind::Lung | Kind::Traditional) if visit.stay.admitted() && old => "3.2",
        // Before 2025-07-01 nobody goes to the province without a paper: the fund would pay nothing.
        (_, Kind::Provincial | Kind::Lung | Kind::Traditional) if old => "1.3",
        (_, Kind::Provincial) if visit.stay.admitted() => "3.2",
        (_, Kind::Provincial) => "1.18",
        _ if visit.stay.admitted() => "1.15",
        _ => "1.14",
    }
}

#[cfg(test)]
#[path = "visit_tests.rs"]
mod tests;
