//! The vials of a vaccination day.

use super::Truth;

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
