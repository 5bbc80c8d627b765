//! Vaccinations of the national schedule, worked out for one person when asked for.

use crate::Province;
use crate::calendar::Day;
use crate::catalog::{Vaccine, catalog};
use crate::person::Person;

/// A dose given.
pub struct Immunization {
    pub vaccine: &'static Vaccine,
    pub day: Day,
    /// Index of facilities: the station of the home commune, or where the child was born for the first.
    pub facility: u16,
    pub lot: String,
}

impl Province {
    /// Doses a person got until the end of the records; children of the window and earlier alike, because a
    /// vaccination book holds them all.
    pub fn immunizations(&self, person: &Person) -> Vec<Immunization> {
        let last = person.death.unwrap_or(self.window.until).min(self.window.until);
        let mut rng = self.seed.fork("vaccines", u64::from(person.index));
        let mut all = Vec::new();
        // A family that misses one dose often misses the next: the delay is carried along.
        let mut late = 0;
        for vaccine in &catalog().vaccines {
            late += if rng.chance(1200) { rng.between(10, 60) as i32 } else { 0 };
            let given = rng.chance(vaccine.coverage * 10);
            let late_now = if vaccine.age_days < 11 { 0 } else { late };
            let day = person.birth.plus(
                vaccine.age_days + late_now + rng.between(0, 3) as i32 * i32::from(vaccine.age_days > 1),
            );
            if given && day <= last && person.birth.year() >= vaccine.from_birth {
                let facility = person.home_on(day).old().station;
                let lot = format!("{}{:04}", vaccine.key.to_uppercase(), rng.below(10_000));
                all.push(Immunization { vaccine, day, facility, lot });
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use crate::{Day, Plan, province};

    #[test]
    fn most_two_year_olds_have_their_basic_doses_in_order() {
        let province =
            province(&Plan { people: 5000, seed: 2, years: 3, until: jiff::civil::date(2026, 10, 31) });
        let until = Day::ymd(2026, 10, 31);
        let (mut full, mut children) = (0, 0);
        for child in province.people.iter().filter(|p| p.age_on(until) == 2 && p.death.is_none()) {
            let doses = province.immunizations(child);
            let has = |key: &str| doses.iter().find(|d| d.vaccine.key == key);
            children += 1;
            full += usize::from(["bcg", "dpt3", "opv3", "mea1"].iter().all(|key| has(key).is_some()));
            if let (Some(first), Some(second)) = (has("dpt1"), has("dpt2")) {
                assert!(second.day.0 - first.day.0 >= 20);
            }
            assert!(doses.iter().all(|d| d.day >= child.birth));
        }
        assert!(children > 50 && full * 100 > children * 55 && full < children, "{full} of {children}");
    }
}
