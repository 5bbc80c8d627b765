//! What happened in a visit: diagnoses, prescriptions, services, results, notes, and what it cost.
//!
//! Worked out from the heading each time (`making`), always the same. The card that was *shown* decides the money, so it
//! is passed in: a newborn filed under its mother's card costs what the mother's card says.

use crate::calendar::{Day, Stamp};
use crate::catalog::{Drug, Lab, Service};
use crate::lab::LabValue;
use crate::money::{Level, Milli, Money, Priced, Split, Totals, level, split, totals};
use crate::person::Card;
use crate::rng::Rng;

/// A disease as it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disease {
    pub icd: &'static str,
    pub name: &'static str,
}

/// A prescribed and dispensed drug.
#[derive(Clone)]
pub struct DrugLine {
    pub drug: &'static Drug,
    pub days: i64,
    pub quantity: Milli,
    pub at: Stamp,
    /// Index of the facility's staff.
    pub doctor: usize,
    pub split: Split,
}

/// A service, bed or procedure.
#[derive(Clone)]
pub struct ServiceLine {
    pub service: &'static Service,
    pub quantity: Milli,
    /// TYLE_TT_DV.
    pub rate: i64,
    pub ordered: Stamp,
    pub done: Stamp,
    pub result: Stamp,
    pub doctor: usize,
    pub performer: usize,
    pub bed: Option<String>,
    pub split: Split,
}

/// One laboratory result.
#[derive(Clone)]
pub struct Result {
    pub lab: &'static Lab,
    pub value: LabValue,
    pub at: Stamp,
    pub reader: usize,
}

/// An imaging finding.
#[derive(Clone)]
pub struct Finding {
    pub service: &'static Service,
    pub text: &'static str,
    pub conclusion: &'static str,
    pub at: Stamp,
    pub reader: usize,
}

/// Vital signs of one moment: pulse, temperature in tenths, blood pressure, breaths, oxygen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vitals {
    pub pulse: i64,
    pub temperature: i64,
    pub systolic: i64,
    pub diastolic: i64,
    pub breaths: i64,
    pub oxygen: i64,
}

/// A note of the course.
#[derive(Clone)]
pub struct Note {
    pub at: Stamp,
    pub text: &'static str,
    pub vitals: Vitals,
    pub author: usize,
}

/// A whole visit.
#[derive(Clone)]
pub struct Record {
    pub main: Disease,
    pub others: Vec<Disease>,
    pub complaint: &'static str,
    /// MA_DOITUONG_KCB.
    pub route: &'static str,
    pub card: Option<Card>,
    pub level: Level,
    pub drugs: Vec<DrugLine>,
    pub services: Vec<ServiceLine>,
    pub results: Vec<Result>,
    pub findings: Vec<Finding>,
    pub notes: Vec<Note>,
    /// Hectograms.
    pub weight: i64,
    /// KET_QUA_DTRI.
    pub outcome: u8,
    /// MA_LOAI_RV.
    pub leaving: u8,
    pub department: &'static str,
    pub doctor: usize,
    pub totals: Totals,
}

impl Record {
    /// Level and splits of all lines, then the totals. `day` is the day of arrival.
    pub fn settle(&mut self, day: Day) {
        let insured = self.card.is_some();
        let drugs: Vec<Priced> = self.drugs.iter().map(|l| priced_drug(l, insured)).collect();
        let services: Vec<Priced> = self.services.iter().map(|l| priced_service(l, insured)).collect();
        let in_scope: Money = drugs.iter().chain(&services).map(|p| split(p, Level::FULL).in_scope).sum();
        let percent = self.card.as_ref().map_or(0, |card| card.percent);
        let inpatient = self.services.iter().any(|l| l.service.group == 15);
        self.level = level(percent, self.route, day.number(), inpatient, in_scope);
        if day < Day::ymd(2026, 7, 1) {
            self.level = self.level.rounded();
        }
        for (line, priced) in self.drugs.iter_mut().zip(&drugs) {
            line.split = split(priced, self.level);
        }
        for (line, priced) in self.services.iter_mut().zip(&services) {
            line.split = split(priced, self.level);
        }
        let of = |lines: &mut dyn Iterator<Item = Split>| lines.collect::<Vec<_>>();
        self.totals = totals(
            &of(&mut self.drugs.iter().map(|l| l.split)),
            &of(&mut self.services.iter().map(|l| l.split)),
        );
    }

    /// The visit as the facility corrects it later: a drug taken off, or more of it, or a second opinion.
    pub fn corrected(&self, day: Day, rng: &mut Rng) -> Record {
        let mut after = self.clone();
        match after.drugs.len() {
            0 => after.outcome = if after.outcome == 1 { 2 } else { 1 },
            many if many > 1 && rng.chance(4000) => {
                after.drugs.pop();
            }
            _ => after.drugs[0].quantity = Milli(after.drugs[0].quantity.0 + 1000),
        }
        after.settle(day);
        after
    }

    /// The final diagnosis in words: the main disease, then the others.
    pub fn diagnosis(&self) -> String {
        let names: Vec<_> = std::iter::once(&self.main).chain(&self.others).map(|d| d.name).collect();
        names.join("; ")
    }
}

/// Without a card nothing is in the fund's scope: TYLE_TT_BH is 0.
fn priced_drug(line: &DrugLine, insured: bool) -> Priced {
    Priced {
        quantity: line.quantity,
        price: line.drug.price,
        price_insured: line.drug.price,
        service_rate: 100,
        insured_rate: if insured { line.drug.rate } else { 0 },
        others: Money(0),
    }
}

fn priced_service(line: &ServiceLine, insured: bool) -> Priced {
    Priced {
        quantity: line.quantity,
        price: line.service.price,
        price_insured: line.service.price,
        service_rate: line.rate,
        insured_rate: if insured { 100 } else { 0 },
        others: Money(0),
    }
}

/// Vital signs as claim files put them into the course: `CSST<M75_T37_HA120/70_NT18_SP98_HL2>`.
impl std::fmt::Display for Vitals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Vitals { pulse, temperature, systolic, diastolic, breaths, oxygen } = self;
        let (whole, tenth) = (temperature / 10, temperature % 10);
        write!(f, "CSST<M{pulse}_T{whole}.{tenth}_HA{systolic}/{diastolic}_NT{breaths}_SP{oxygen}>")
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
