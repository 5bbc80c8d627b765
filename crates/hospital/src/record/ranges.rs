//! Reference ranges of our laboratory catalogue, for values whose laboratory gave none (claim files carry none).
//!
//! They are ranges of adults, so they are lent only to who was certainly 18 or older that day, in the catalogue's
//! own unit, and where the sexes differ only when the sex is sure. Whoever shows one says that it is a general one.

use super::read;
use yba_content::{Content, Day};
use yba_fhir::date::DateRange;
use yba_fhir::json::{JsonValueTrait, Value, str_at};
use yba_fhir::view::Patient;

/// Of age, in years.
const ADULT: i32 = 18;
const UCUM: &str = "http://unitsofmeasure.org";

/// The catalogue, and what must be known of the person to use it.
pub struct Ranges<'a> {
    content: &'a Content,
    /// The latest day on which the person can have been born, by any of their facility records.
    born: Option<Day>,
    /// `None` when it is unknown or the facilities disagree.
    female: Option<bool>,
}

/// A general range: decimal tokens, an end may be open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct General<'a> {
    pub low: Option<&'a str>,
    pub high: Option<&'a str>,
}

impl<'a> Ranges<'a> {
    pub fn of(content: &'a Content, patients: &[&Value]) -> Ranges<'a> {
        let births = patients.iter().filter_map(|one| DateRange::parse(Patient(one).birth_date()?));
        let mut sexes: Vec<Option<bool>> = patients.iter().map(|one| female(one)).collect();
        sexes.dedup();
        Ranges {
            content,
            born: births.map(|span| Day::of_instant(span.end - 1)).max(),
            female: if let [sex] = sexes[..] { sex } else { None },
        }
    }

    /// The general range for an observation's quantity; `None` when one cannot be lent.
    pub fn general(&self, observation: &Value) -> Option<General<'a>> {
        let loinc = read::code_in(observation.get("code")?, read::LOINC)?;
        let taken = DateRange::parse(read::when(observation))?;
        let day = Day::of_instant(taken.start);
        if self.born?.years_until(day) < ADULT {
            return None;
        }
        let test = self.content.labs(day).by_loinc(loinc)?;
        if test.ucum.is_empty() || self.ucum(observation.get("valueQuantity")?)? != test.ucum {
            return None;
        }
        let range = match self.female {
            Some(female) => test.range(female),
            None if test.range(true) == test.range(false) => test.range(false),
            None => return None,
        };
        (!range.is_empty()).then_some(General { low: range.low.as_deref(), high: range.high.as_deref() })
    }

    /// The UCUM unit of a quantity: its code, else what its text means.
    fn ucum<'b>(&'b self, quantity: &'b Value) -> Option<&'b str> {
        match (str_at(quantity, &["system"]), str_at(quantity, &["code"])) {
            (Some(UCUM), Some(code)) => Some(code),
            _ => self.content.ucum(str_at(quantity, &["unit"])?),
        }
    }
}

fn female(patient: &Value) -> Option<bool> {
    match Patient(patient).gender() {
        Some("female") => Some(true),
        Some("male") => Some(false),
        _ => None,
    }
}
