//! What the station wrote of a death: its cause, as far as it is known, and where it was.

use crate::Province;
use crate::catalog::catalog;
use crate::person::Person;
use crate::record::Disease;
use crate::visit::Reason;

/// Of 10,000 deaths at home, how many no cause was found for.
const UNKNOWN: u32 = 1500;

/// Causes at home with their weight: under 5, 5 to 59, 60 and over.
const AT_HOME: [(Disease, [u32; 3]); 8] = [
    (Disease { icd: "I64", name: "Đột quỵ, không xác định do xuất huyết hay nhồi máu" }, [0, 2, 8]),
    (Disease { icd: "I50", name: "Suy tim" }, [0, 1, 6]),
    (Disease { icd: "J44", name: "Bệnh phổi tắc nghẽn mạn tính khác" }, [0, 1, 5]),
    (Disease { icd: "C22", name: "U ác của gan và đường mật trong gan" }, [0, 4, 4]),
    (Disease { icd: "R54", name: "Tuổi già" }, [0, 0, 4]),
    (Disease { icd: "J18", name: "Viêm phổi, tác nhân không xác định" }, [6, 1, 3]),
    (Disease { icd: "V29", name: "Người đi xe máy bị thương trong tai nạn giao thông" }, [0, 6, 1]),
    (Disease { icd: "P07", name: "Rối loạn liên quan đến sinh non và cân nặng thấp" }, [6, 0, 0]),
];

/// A cause of death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// ICD-10 code and words; `None` when nobody knows.
    pub disease: Option<(&'static str, &'static str)>,
    /// In a hospital; else at home.
    pub in_hospital: bool,
}

impl Province {
    /// Of what and where somebody died; `None` of the living.
    pub fn cause(&self, person: &Person) -> Option<Cause> {
        let day = person.death?;
        // Visits stand in order of time; nobody lies longer before they die.
        let first = self.visits.partition_point(|visit| visit.start.day() < day.plus(-7));
        let near = self.visits[first..].iter().take_while(|visit| visit.start.day() <= day);
        let mut last = near.filter(|visit| visit.person == person.index && visit.fatal);
        if let Some(Reason::Acute(index)) = last.next().map(|visit| visit.reason) {
            let disease = &catalog().acute[usize::from(index)];
            return Some(Cause { disease: Some((disease.icd, disease.name)), in_hospital: true });
        }
        let mut rng = self.seed.fork("cause", u64::from(person.index));
        let band = match person.age_on(day) {
            ..5 => 0,
            5..60 => 1,
            _ => 2,
        };
        let chosen = &AT_HOME[rng.weighted(AT_HOME.iter().map(|(_, weights)| weights[band]))].0;
        let disease = (!rng.chance(UNKNOWN)).then_some((chosen.icd, chosen.name));
        Some(Cause { disease, in_hospital: false })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Plan, province};

    #[test]
    fn the_dead_have_a_cause_and_the_living_none() {
        let plan = Plan { people: 3000, seed: 2, years: 3, until: jiff::civil::date(2026, 10, 31) };
        let province = province(&plan);
        let (dead, living): (Vec<_>, Vec<_>) = province.people.iter().partition(|one| one.death.is_some());
        assert!(living.iter().all(|one| province.cause(one).is_none()));
        let causes: Vec<_> = dead.iter().filter_map(|one| province.cause(one)).collect();
        let known = causes.iter().filter(|one| one.disease.is_some()).count();
        assert_eq!(causes.len(), dead.len());
        assert!(known < causes.len() && known * 10 > causes.len() * 7, "{known} of {}", causes.len());
        assert!(causes.iter().any(|one| one.in_hospital) && causes.iter().any(|one| !one.in_hospital));
    }
}
