//! The people who work in a facility: names and licences, the same every time they are asked for.

use crate::names::ethnic_groups;
use crate::places::{Facility, Kind, places};
use crate::rng::Rng;
use std::sync::OnceLock;

/// A doctor, technician or midwife.
pub struct Worker {
    pub name: String,
    pub female: bool,
    /// Number of the practice licence (CCHN), as MA_BAC_SI carries it.
    pub licence: String,
}

/// All workers by facility. Independent of the province's seed: facilities do not change with the people.
pub fn staff() -> &'static [Vec<Worker>] {
    static ALL: OnceLock<Vec<Vec<Worker>>> = OnceLock::new();
    ALL.get_or_init(|| places().facilities.iter().enumerate().map(|(i, f)| of(i, f)).collect())
}

/// The number a facility's head signs with (MA_TTDV, 10 digits).
pub fn head(facility: u16) -> String {
    format!("129{:07}", u64::from(facility) * 7919 % 10_000_000)
}

fn of(index: usize, facility: &Facility) -> Vec<Worker> {
    let count = match facility.kind {
        Kind::Provincial => 48,
        Kind::Regional => 20,
        Kind::Traditional | Kind::Lung => 12,
        Kind::Clinic | Kind::Cdc => 6,
        Kind::Station => 3,
    };
    let mut rng = Rng::new(120).fork("staff", index as u64);
    (0..count).map(|n| worker(index * 64 + n, &mut rng)).collect()
}

fn worker(number: usize, rng: &mut Rng) -> Worker {
    let groups = ethnic_groups();
    // Two in three doctors are Kinh, the others as the province is.
    let group = match groups.iter().find(|g| g.name == "Kinh").filter(|_| rng.chance(6500)) {
        Some(kinh) => kinh,
        None => &groups[rng.weighted(groups.iter().map(|g| g.share))],
    };
    let female = rng.chance(5200);
    let family = group.family_name(rng);
    Worker {
        name: group.name(family, female, rng),
        female,
        licence: format!("{:06}/LCH-CCHN", 1000 + number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn licences_belong_to_one_worker() {
        let all: Vec<_> = staff().iter().flatten().map(|w| w.licence.as_str()).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert!(staff().iter().all(|f| f.len() >= 3));
    }
}
