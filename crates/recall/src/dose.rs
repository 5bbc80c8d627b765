//! A dose that was given, as an Immunization tells it. <https://hl7.org/fhir/R4/immunization.html>

use yba_fhir::Day;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};

/// The system of vaccine codes. <https://terminology.hl7.org/CodeSystem-CVX.html>
pub const CVX: &str = "http://hl7.org/fhir/sid/cvx";

/// A dose given on a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Given {
    pub day: Day,
    /// CVX code.
    pub vaccine: String,
}

impl Given {
    /// Reads one; `None` when it was not done, was entered in error, or has no day or no known code. A day of the year alone
    /// is no day.
    pub fn of(immunization: &Value) -> Option<Given> {
        if str_at(immunization, &["status"]) != Some("completed") {
            return None;
        }
        let day = str_at(immunization, &["occurrenceDateTime"])?;
        let day = Day::parse(day.get(..10)?)?;
        let code = immunization.get("vaccineCode")?;
        let mut codings = items(code, "coding").filter(|one| str_at(one, &["system"]) == Some(CVX));
        let vaccine = codings.find_map(|one| str_at(one, &["code"]))?;
        Some(Given { day, vaccine: vaccine.to_owned() })
    }
}
