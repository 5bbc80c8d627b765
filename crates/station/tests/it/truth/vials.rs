//! The vials of a vaccination day, and the fridge that they come from.

use super::{Truth, typed};
use yba_fhir::Day;

/// Vials of a vaccine, all of one lot.
#[derive(Debug)]
pub struct Vial {
    pub cvx: &'static str,
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
        self.doses.iter().filter(|dose| dose.cvx == vial.cvx).map(|_| 1).sum()
    }

    /// How many were opened: one after the other, and those that broke.
    pub fn opened(&self, vial: &Vial) -> u32 {
        self.given(vial).div_ceil(vial.doses) + vial.broken
    }

    /// Lines of what was wasted, by vaccine: vials opened, doses given, doses thrown away, how many of a hundred those are.
    pub fn wasted(&self) -> Vec<Vec<String>> {
        let line = |vial: &Vial| {
            let (opened, given) = (self.opened(vial), self.given(vial));
            let held = opened * vial.doses;
            let thrown = if vial.is_kept { 0 } else { held - given };
            let tenths = (thrown * 2000 + held) / (2 * held);
            let share = format!("{},{} %", tenths / 10, tenths % 10);
            let counts = [opened, given, thrown].map(|count| count.to_string());
            std::iter::once(vial.words.to_owned()).chain(counts).chain([share]).collect()
        };
        self.vials.iter().map(line).collect()
    }
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
