//! The vials of a vaccination day, and the fridge that they come from.

use super::{Truth, share, typed};
use yba_fhir::Day;

/// Vials of a vaccine, all of one lot.
#[derive(Debug)]
pub struct Vial {
    pub cvx: &'static str,
    pub lot: &'static str,
    pub words: &'static str,
    /// In a full one.
    pub doses: u32,
    /// Opened, of which nobody got anything.
    pub broken: u32,
    /// What is left in the last is used on another day.
    pub is_kept: bool,
}

impl Truth {
    fn given(&self, vial: &Vial) -> u32 {
        self.doses.iter().filter(|dose| dose.cvx == vial.cvx && dose.lot == vial.lot).map(|_| 1).sum()
    }

    /// How many were opened: one after the other, and those that broke.
    pub fn opened(&self, vial: &Vial) -> u32 {
        self.given(vial).div_ceil(vial.doses) + vial.broken
    }

    /// Vials opened, doses given, doses that were in them, doses thrown away.
    fn counts(&self, vial: &Vial) -> [u32; 4] {
        let (opened, given) = (self.opened(vial), self.given(vial));
        let held = opened * vial.doses;
        [opened, given, held, if vial.is_kept { 0 } else { held - given }]
    }

    /// Lines of what was wasted, by vaccine: vials opened, doses given, doses thrown away, how many of a hundred those are.
    pub fn wasted(&self) -> Vec<Vec<String>> {
        let mut all: Vec<(&str, [u32; 4])> = Vec::new();
        for vial in &self.vials {
            let counts = self.counts(vial);
            match all.iter_mut().find(|(words, _)| *words == vial.words) {
                Some((_, sum)) => sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count),
                None => all.push((vial.words, counts)),
            }
        }
        all.into_iter().map(|(words, counts)| wasted_line(words.to_owned(), counts)).collect()
    }

    /// The same of the day, by lot.
    pub fn wasted_by_lot(&self) -> Vec<Vec<String>> {
        let line = |vial: &Vial| wasted_line(format!("{} lô {}", vial.words, vial.lot), self.counts(vial));
        self.vials.iter().map(line).collect()
    }
}

fn wasted_line(words: String, [opened, given, held, thrown]: [u32; 4]) -> Vec<String> {
    let counts = [opened, given, thrown].map(|count| count.to_string());
    std::iter::once(words).chain(counts).chain([share(thrown as usize, held as usize)]).collect()
}

/// What the thermometer of the fridge showed.
#[derive(Debug)]
pub struct Reading {
    pub day: Day,
    /// `sang`, `chieu`; `do-lai` beside them.
    pub slot: &'static str,
    /// Degrees, as people write them.
    pub celsius: &'static str,
}

impl Reading {
    fn words(&self) -> String {
        let degrees: f64 = self.celsius.replace(',', ".").parse().unwrap();
        let (what, mark) = (self.celsius, if degrees < 2.0 { " ▼ lạnh quá" } else { " ▲ nóng quá" });
        format!("{what}\u{202f}°C{}", if (2.0..=8.0).contains(&degrees) { "" } else { mark })
    }
}

impl Truth {
    /// The sheet of the fridge, the last day first: morning, afternoon, again.
    pub fn fridge(&self, (first, last): (Day, Day)) -> Vec<Vec<String>> {
        let of = |day: Day, slot: &str| {
            let own = self.readings.iter().filter(|one| one.day == day && one.slot == slot);
            own.map(Reading::words).collect::<Vec<_>>().join(" ")
        };
        let written = |text: String| if text.is_empty() { "chưa ghi".to_owned() } else { text };
        let days = (0..=last.days_since_epoch() - first.days_since_epoch()).rev();
        let line = |day: Day| {
            vec![typed(day), written(of(day, "sang")), written(of(day, "chieu")), of(day, "do-lai")]
        };
        days.map(|at| line(first.plus_days(at))).collect()
    }
}
