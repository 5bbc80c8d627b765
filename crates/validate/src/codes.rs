//! Which codes an element may have, asked of the terminology for the day of the act.
//! <https://hl7.org/fhir/R4/terminologies.html#binding>

use std::sync::{Arc, OnceLock};
use yba_content::Content;
use yba_fhir::Day;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_terminology::{Membership, Terminology};

/// Most codes of a set that a message names.
const NAMED_MAX: usize = 20;

/// A terminology, and the day for resources that do not say when what they tell of was done.
#[derive(Debug, Clone)]
pub struct Codes {
    terminology: Arc<Terminology>,
    today: Day,
}

impl Codes {
    pub fn new(terminology: Arc<Terminology>, today: Day) -> Codes {
        Codes { terminology, today }
    }

    /// The lists of content.
    pub fn of_content(content: &Content, today: Day) -> Codes {
        Codes::new(Arc::new(Terminology::built_in(content)), today)
    }

    pub fn terminology(&self) -> &Arc<Terminology> {
        &self.terminology
    }

    pub fn today(&self) -> Day {
        self.today
    }

    /// What the program carries, as it is in the end.
    pub fn built_in() -> &'static Codes {
        static CODES: OnceLock<Codes> = OnceLock::new();
        CODES.get_or_init(|| {
            let day = Day::new(2100, 1, 1).expect("a real day");
            Codes::of_content(&Content::built_in(), day)
        })
    }

    /// The day of what a resource tells of.
    pub fn day_of(&self, resource: &Value) -> Day {
        let day = |path: &&[&str]| Day::parse(str_at(resource, path)?.get(..10)?);
        ACTS.iter().find_map(day).unwrap_or(self.today)
    }

    /// Whether a code is in a value set on a day; `None` when nobody here can tell. Without a system, as in a `code`, any
    /// system of the set will do.
    pub fn contains(&self, set: &str, system: Option<&str>, code: &str, on: Day) -> Option<bool> {
        match self.terminology.value_set(set)?.contains(system, code, on) {
            Membership::In => Some(true),
            Membership::NotIn => Some(false),
            Membership::Unknown { .. } => None,
        }
    }

    /// The first code of a code, Coding, CodeableConcept or Quantity none of whose codes is in the set; `None` when one is,
    /// when there is no code, or when nobody can tell.
    pub fn outside<'v>(&self, set: &str, value: &'v Value, on: Day) -> Option<&'v str> {
        let codes = codes(value);
        let out =
            |(system, code): &(Option<&str>, &str)| self.contains(set, *system, code, on) == Some(false);
        codes.iter().all(out).then(|| codes.first().map(|(_, code)| *code)).flatten()
    }

    /// Whether one of the codes of a value is in the set; `None` when nobody can tell.
    pub fn holds(&self, set: &str, value: &Value, on: Day) -> Option<bool> {
        let mut answers = codes(value).into_iter().map(|(system, code)| self.contains(set, system, code, on));
        answers.try_fold(false, |found, one| Some(found || one?))
    }

    /// A set in words: its title, and its codes when they are few.
    pub fn describe(&self, set: &str, on: Day) -> String {
        let Some(found) = self.terminology.value_set(set) else { return set.to_owned() };
        let title = match found.title(on) {
            "" => set.to_owned(),
            title => format!("“{title}” ({set})"),
        };
        match found.short_list(on, NAMED_MAX) {
            Some(codes) if !codes.is_empty() => format!("{title}: {}", codes.join(", ")),
            _ => title,
        }
    }
}

/// Where resources say when what they tell of was done.
const ACTS: &[&[&str]] = &[
    &["effectiveDateTime"],
    &["effectivePeriod", "start"],
    &["performedDateTime"],
    &["performedPeriod", "start"],
    &["occurrenceDateTime"],
    &["authoredOn"],
    &["period", "end"],
    &["period", "start"],
    &["billablePeriod", "end"],
    &["recordedDate"],
    &["date"],
    &["issued"],
    &["created"],
];

/// The codes of a code, Coding, CodeableConcept or Quantity, each with its system.
fn codes(value: &Value) -> Vec<(Option<&str>, &str)> {
    let pair = |coding| Some((str_at(coding, &["system"]), str_at(coding, &["code"])?));
    match value.as_str() {
        Some(code) => vec![(None, code)],
        None if value.get("coding").is_some() => items(value, "coding").filter_map(pair).collect(),
        None => pair(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::json;

    #[test]
    fn codes_are_known_with_and_without_their_system() {
        let (codes, on) = (Codes::built_in(), Day::new(2026, 3, 2).unwrap());
        let gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
        let system = Some("http://hl7.org/fhir/administrative-gender");
        assert_eq!(codes.contains(gender, None, "female", on), Some(true));
        assert_eq!(codes.contains(gender, system, "female", on), Some(true));
        assert_eq!(codes.contains(gender, Some("http://loinc.org"), "female", on), Some(false));
        assert_eq!(codes.contains(gender, None, "nữ", on), Some(false));
        assert_eq!(codes.contains("http://example.org/none", None, "x", on), None);
        assert!(codes.describe(gender, on).contains("male, female"), "{}", codes.describe(gender, on));
    }

    #[test]
    fn the_day_is_that_of_the_act() {
        let codes = Codes::built_in();
        let day = |tree: Value| codes.day_of(&tree).to_string();
        assert_eq!(day(json!({"authoredOn": "2025-06-30T23:00:00+07:00"})), "2025-06-30");
        assert_eq!(day(json!({"period": {"start": "2025-06-30", "end": "2025-07-02"}})), "2025-07-02");
        assert_eq!(day(json!({"birthDate": "1986-04-12"})), "2100-01-01");
    }
}
