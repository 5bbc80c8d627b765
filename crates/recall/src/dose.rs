//! A dose that was given, as an Immunization tells it. <https://hl7.org/fhir/R4/immunization.html>

use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::{DateRange, Day};

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
        let when = str_at(immunization, &["occurrenceDateTime"])?;
        // A time of another zone may lie on another day here; less than a day is none.
        let day = match when.len() {
            0..10 => return None,
            10 => Day::parse(when)?,
            _ => Day::of_instant(DateRange::parse(when)?.start),
        };
        let code = immunization.get("vaccineCode")?;
        let mut codings = items(code, "coding").filter(|one| str_at(one, &["system"]) == Some(CVX));
        let vaccine = codings.find_map(|one| str_at(one, &["code"]))?;
        Some(Given { day, vaccine: vaccine.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::json;

    #[test]
    fn a_dose_has_the_day_it_was_here() {
        let read = |when: &str| {
            let tree = json!({"status": "completed", "occurrenceDateTime": when,
                "vaccineCode": {"coding": [{"system": CVX, "code": "19"}]}});
            Given::of(&tree).map(|given| given.day.to_string())
        };
        for (when, day) in [
            ("2026-03-05", Some("2026-03-05")),
            ("2026-03-05T23:30:00+07:00", Some("2026-03-05")),
            ("2026-03-05T23:30:00Z", Some("2026-03-06")),
            ("2026-03", None),
            ("2026", None),
            ("", None),
            ("hôm qua năm ấy", None),
        ] {
            assert_eq!(read(when).as_deref(), day, "{when}");
        }
    }
}
