//! One invented person: what is true about them, whatever the facilities write.

use crate::calendar::Day;
use crate::catalog::catalog;
use crate::names::{Ethnic, ethnic_groups};
use crate::places::{Commune, OldCommune, places};
use crate::rng::Rng;

/// How a household stands towards health insurance; the object code of its cards follows from it and from age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Poor,
    NearPoor,
    HardArea,
    ExtremeArea,
    State,
    Enterprise,
    Family,
    /// Adults without insurance.
    Uninsured,
}

/// A commune of today together with the part of it that was a commune of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    pub commune: u16,
    pub old: u8,
    pub village: u8,
}

impl Home {
    pub fn commune(self) -> &'static Commune {
        &places().communes[usize::from(self.commune)]
    }

    pub fn old(self) -> &'static OldCommune {
        &self.commune().old[usize::from(self.old)]
    }

    /// The village, e.g. «Bản Nà Củng 2».
    pub fn village(self) -> String {
        const NAMES: [&str; 16] = [
            "Nà Củng",
            "Nậm Loỏng",
            "Phiêng Lúc",
            "Nà Lại",
            "Hua Cưởm",
            "Sùng Chô",
            "Lùng Than",
            "Tả Chải",
            "Nậm Pha",
            "Chung Chải",
            "Pắc Hoỏng",
            "Huổi Luông",
            "Seo Lèng",
            "Nà Cóc",
            "Tân Hợp",
            "Noong Hẻo",
        ];
        let number = usize::from(self.village);
        format!("Bản {} {}", NAMES[number % NAMES.len()], 1 + number / NAMES.len())
    }
}

/// A chronic disease and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burden {
    /// Index in `catalog().chronic`.
    pub disease: u8,
    pub onset: Day,
}

/// A drug family that a person must not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allergy {
    pub name: &'static str,
    /// Beginning of the ATC codes it means.
    pub atc: &'static str,
    pub reaction: &'static str,
}

/// The allergies of the province and their share among those who have one, of 10.
pub const ALLERGIES: [(Allergy, u32); 4] = [
    (Allergy { name: "Nhóm penicillin", atc: "J01C", reaction: "Nổi mề đay" }, 5),
    (Allergy { name: "Nhóm cephalosporin", atc: "J01D", reaction: "Phát ban" }, 2),
    (Allergy { name: "Thuốc chống viêm không steroid", atc: "M01A", reaction: "Phù mi mắt" }, 2),
    (Allergy { name: "Nhóm sulfamid", atc: "J01E", reaction: "Hồng ban nhiễm sắc cố định" }, 1),
];

/// A person.
#[derive(Clone, Debug)]
pub struct Person {
    pub index: u32,
    pub household: u32,
    /// How they stand to the head of the household.
    pub relation: &'static str,
    pub name: String,
    pub female: bool,
    pub birth: Day,
    pub death: Option<Day>,
    /// Index in `ethnic_groups()`.
    pub ethnic: u8,
    pub home: Home,
    /// The day the household came to `home`, and where it lived before.
    pub moved: Option<(Day, Home)>,
    pub class: Class,
    /// Personal identification number, 12 digits; 0 for the few who have none.
    pub cccd: u64,
    /// First day the number existed.
    pub cccd_from: Day,
    /// Old identity card, 9 digits, of people born before 2006.
    pub cmnd: Option<u64>,
    /// Social insurance number, 10 digits, unique for life.
    pub bhxh: u64,
    /// First day a card could be shown; newborns wait some weeks.
    pub card_from: Day,
    /// MA_DKBD: where the card is registered, an index of facilities.
    pub registered: u16,
    pub phone: u64,
    pub mother: Option<u32>,
    pub father: Option<u32>,
    pub blood: &'static str,
    pub chronic: Vec<Burden>,
    /// Index in `ALLERGIES`.
    pub allergy: Option<u8>,
}

/// An insurance card in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// MA_THE_BHYT, 15 characters.
    pub number: String,
    pub from: Day,
    pub to: Day,
    /// 100, 95 or 80: what it pays, whatever digit is printed.
    pub percent: i64,
}

impl Person {
    /// Code of the list of occupations (QĐ 34/2020/QĐ-TTg): what people of that age and household mostly do.
    pub fn job(&self, on: Day) -> &'static str {
        let adult = match self.class {
            Class::State => "30000",
            Class::Enterprise => "80000",
            Class::Family => "50000",
            _ => "63000",
        };
        if (15..70).contains(&self.birth.age_on(on)) { adult } else { "00000" }
    }

    pub fn ethnic(&self) -> &'static Ethnic {
        &ethnic_groups()[usize::from(self.ethnic)]
    }

    pub fn age_on(&self, day: Day) -> i32 {
        self.birth.age_on(day)
    }

    /// Where the person lived on a day.
    pub fn home_on(&self, day: Day) -> Home {
        match self.moved {
            Some((from, before)) if day < from => before,
            _ => self.home,
        }
    }

    /// The drug family this person must not get.
    pub fn allergy(&self) -> Option<&'static Allergy> {
        self.allergy.map(|index| &ALLERGIES[usize::from(index)].0)
    }

    /// Chronic diseases already begun on a day.
    pub fn burdens(&self, day: Day) -> impl Iterator<Item = &Burden> {
        self.chronic.iter().filter(move |burden| burden.onset <= day)
    }

    /// Has the chronic disease of this key on a day.
    pub fn has(&self, key: &str, day: Day) -> bool {
        self.burdens(day).any(|burden| catalog().chronic[usize::from(burden.disease)].key == key)
    }

    /// The card in force on a day; `None` for the uninsured and for newborns whose card is not yet issued.
    ///
    /// Cards run for a calendar year; a child's to the day before its sixth birthday (object TE, benefit 1).
    pub fn card_on(&self, day: Day) -> Option<Card> {
        if day < self.card_from {
            return None;
        }
        let (year, (birth_year, month, dom)) = (day.year(), self.birth.parts());
        let sixth = Day::ymd(birth_year + 6, month, dom);
        if day < sixth {
            return Some(self.card("TE", 1, self.card_from, sixth.plus(-1)));
        }
        let (object, digit) = self.object(day)?;
        let from = Day::ymd(year, 1, 1).max(sixth);
        Some(self.card(object, digit, from, Day::ymd(year, 12, 31)))
    }

    fn card(&self, object: &str, digit: u8, from: Day, to: Day) -> Card {
        // NQ 261/2025/QH15: near-poor cards pay in full from 2026-01-01, also with the old 3 printed.
        let near_poor = object == "CN" && from >= Day::ymd(2026, 1, 1);
        let percent = match digit {
            1 | 2 | 5 => 100,
            3 if near_poor => 100,
            3 => 95,
            _ => 80,
        };
        Card { number: format!("{object}{digit}12{:010}", self.bhxh), from, to, percent }
    }

    /// Object code and benefit digit by class, age and date (identifiers: QĐ 1351/QĐ-BHXH and successors).
    fn object(&self, day: Day) -> Option<(&'static str, u8)> {
        let age = self.age_on(day);
        let odd = self.bhxh % 2 == 1;
        Some(match self.class {
            _ if age >= 80 => ("BT", 2),
            Class::Poor => ("HN", 2),
            Class::HardArea => ("DT", 2),
            Class::ExtremeArea => ("DK", 2),
            Class::NearPoor if day >= Day::ymd(2026, 1, 1) && odd => ("CN", 2),
            Class::NearPoor => ("CN", 3),
            _ if age < 18 => ("HS", 4),
            Class::State | Class::Enterprise if age >= 60 => ("HT", 3),
            Class::State => (if odd { "HC" } else { "CH" }, 4),
            Class::Enterprise => ("DN", 4),
            _ if age < 23 && odd => ("SV", 4),
            Class::Family => ("GD", 4),
            Class::Uninsured => return None,
        })
    }

    /// Body weight in hectograms on a day: growth to 18, then steady; `rng` is the visit's.
    pub fn weight(&self, day: Day, rng: &mut Rng) -> i64 {
        let months = i64::from(day.0 - self.birth.0) * 12 / 365;
        let own = (self.bhxh % 21) as i64 - 10; // -10 % to +10 %, for life
        let typical = match months {
            0 => 33,
            1..=5 => 33 + months * 8,
            6..=11 => 73 + (months - 5) * 3,
            12..=71 => 92 + (months - 11) * 2,
            72..=215 => 205 + (months - 71) * if self.female { 18 } else { 21 } / 10,
            _ if self.female => 490,
            _ => 560,
        };
        (typical * (100 + own) / 100 + rng.between(-8, 8) * typical / 500).max(15)
    }
}

#[cfg(test)]
#[path = "person_tests.rs"]
mod tests;
