//! The household book: who lives where, whose record holds what, who was seen and checked.

use super::{Person, Truth};
use std::collections::BTreeSet;
use yba_fhir::Day;

/// Somebody of the commune.
#[derive(Debug, Clone)]
pub struct Resident {
    pub person: Person,
    pub village: &'static str,
    /// Its number; empty when nobody wrote one.
    pub household: String,
    /// Their number, ethnic group and job are known.
    pub is_known: bool,
    pub has_doctor: bool,
}

/// What the book says may be wanting.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    Items,
    Visit,
    Check,
    Doctor,
    Household,
}

impl Part {
    pub const ALL: [Part; 5] = [Part::Items, Part::Visit, Part::Check, Part::Doctor, Part::Household];

    /// As its address says it.
    pub fn code(self) -> &'static str {
        match self {
            Part::Items => "muc",
            Part::Visit => "kham",
            Part::Check => "dinh-ky",
            Part::Doctor => "bac-si",
            Part::Household => "ho",
        }
    }
}

/// What somebody told of what they had, by how many things of each.
#[derive(Debug)]
pub struct History {
    pub person: Person,
    pub allergies: usize,
    pub diseases: Vec<&'static str>,
    pub of_family: usize,
    pub operations: usize,
    /// Smoking, drinking, moving.
    pub habits: usize,
}

impl Truth {
    pub fn living(&self) -> impl Iterator<Item = &Resident> {
        let is_dead = |one: &Resident| self.deaths.iter().any(|died| died.person.id == one.person.id);
        self.residents.iter().filter(move |one| !is_dead(one))
    }

    fn visits_of<'t>(&'t self, one: &'t Person) -> impl Iterator<Item = &'t super::Visit> {
        // A newborn child has no id here, and was not seen.
        self.visits.iter().filter(|visit| !one.id.is_empty() && visit.person.id == one.id)
    }

    fn has(&self, one: &Resident, part: Part) -> bool {
        match part {
            Part::Items => one.is_known && !one.household.is_empty(),
            Part::Visit => self.visits_of(&one.person).next().is_some(),
            Part::Check => self.visits_of(&one.person).any(|visit| visit.is_check()),
            Part::Doctor => one.has_doctor,
            Part::Household => !one.household.is_empty(),
        }
    }

    /// The village, its households and people, and of how many in a hundred the record is begun, there is a visit, a check, a doctor.
    pub fn book(&self) -> Vec<Vec<String>> {
        let villages: BTreeSet<&str> = self.living().map(|one| one.village).collect();
        let line = |village: &str| {
            let people: Vec<&Resident> = self.living().filter(|one| one.village == village).collect();
            let households: BTreeSet<&str> =
                people.iter().map(|one| one.household.as_str()).filter(|number| !number.is_empty()).collect();
            let share = |part: &Part| {
                format!("{} %", people.iter().filter(|one| self.has(one, *part)).count() * 100 / people.len())
            };
            let counts = [village.to_owned(), households.len().to_string(), people.len().to_string()];
            counts.into_iter().chain(Part::ALL[..4].iter().map(share)).collect()
        };
        villages.into_iter().map(line).collect()
    }

    /// The names of those of whom this is wanting.
    pub fn wanting(&self, part: Part) -> Vec<String> {
        self.living().filter(|one| !self.has(one, part)).map(|one| one.person.name.clone()).collect()
    }

    /// The sections of the record of a grown-up who told their history, with how much is in each.
    pub fn sections(&self, told: &History) -> Vec<Vec<String>> {
        let visits = self.visits_of(&told.person).count();
        let count = |many: usize| if many == 0 { "chưa có".to_owned() } else { format!("{many} mục") };
        let all = [
            ("B2. Yếu tố nguy cơ", told.habits),
            (
                "B3. Dị ứng, tiền sử bệnh tật bản thân và gia đình",
                told.allergies + told.diseases.len() + told.of_family,
            ),
            ("B5. Phẫu thuật đã qua", told.operations),
            ("B8. Tiêm chủng", 0),
            ("C. Khám bệnh, khám sức khỏe", visits),
        ];
        all.map(|(title, many)| vec![title.to_owned(), count(many)]).to_vec()
    }

    /// Whoever lives in a household gets a family doctor.
    pub fn get_doctor(&mut self, household: &str) {
        let dead: BTreeSet<String> = self.deaths.iter().map(|died| died.person.id.clone()).collect();
        let own = self.residents.iter_mut().filter(|one| one.household == household);
        own.filter(|one| !dead.contains(&one.person.id)).for_each(|one| one.has_doctor = true);
    }

    /// A child that was born lives with its mother.
    pub fn born(&mut self, mother: &Person, is_girl: bool, day: Day) {
        let home = self.residents.iter().find(|one| one.person.id == mother.id).unwrap();
        let person = Person {
            id: String::new(),
            name: format!("Con bà {}", mother.name),
            is_female: is_girl,
            birth: day,
        };
        let child = Resident { person, is_known: false, has_doctor: false, ..home.clone() };
        self.residents.push(child);
    }
}
