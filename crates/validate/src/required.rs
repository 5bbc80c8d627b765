//! The codes of R4's required bindings. <https://hl7.org/fhir/R4/terminologies.html#strength>

use std::collections::{HashMap, HashSet};
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, items, str_at};

/// Value sets that can be listed: the systems of each with their codes.
#[derive(Debug, Default)]
pub struct RequiredCodes {
    sets: HashMap<String, Vec<(String, HashSet<String>)>>,
}

impl RequiredCodes {
    /// Those that the program carries.
    pub fn built_in() -> RequiredCodes {
        let text = yba_assets::text("valuesets.json.gz").expect("the value sets are embedded at build time");
        let tree: Value = json::from_str(&text).expect("the value sets were written by our own asset step");
        let sets = tree.as_object().map(|object| object.iter()).into_iter().flatten();
        RequiredCodes { sets: sets.map(|(url, systems)| (url.to_owned(), systems_of(systems))).collect() }
    }

    /// Whether a code is in a value set; `None` when the set cannot be listed (media types, currencies, units).
    /// Without a system, as in a `code`, any system of the set will do.
    pub fn contains(&self, set: &str, system: Option<&str>, code: &str) -> Option<bool> {
        let systems = self.sets.get(set)?;
        let fits = |name: &str| system.is_none_or(|system| system == name);
        Some(systems.iter().any(|(name, codes)| fits(name) && codes.contains(code)))
    }
}

impl RequiredCodes {
    /// The first code of a code, Coding, CodeableConcept or Quantity none of whose codes is in the set; `None` when one is,
    /// when there is no code, or when the set cannot be listed.
    pub fn outside<'v>(&self, set: &str, value: &'v Value) -> Option<&'v str> {
        let codes = codes(value);
        let out = |(system, code): &(Option<&str>, &str)| self.contains(set, *system, code) == Some(false);
        codes.iter().all(out).then(|| codes.first().map(|(_, code)| *code)).flatten()
    }

    /// Whether one of the codes of a value is in the set; `None` when the set cannot be listed.
    pub fn holds(&self, set: &str, value: &Value) -> Option<bool> {
        let mut answers = codes(value).into_iter().map(|(system, code)| self.contains(set, system, code));
        answers.try_fold(false, |found, one| Some(found || one?))
    }
}

/// The codes of a code, Coding, CodeableConcept or Quantity, each with its system.
pub fn codes(value: &Value) -> Vec<(Option<&str>, &str)> {
    let pair = |coding| Some((str_at(coding, &["system"]), str_at(coding, &["code"])?));
    match value.as_str() {
        Some(code) => vec![(None, code)],
        None if value.get("coding").is_some() => items(value, "coding").filter_map(pair).collect(),
        None => pair(value).into_iter().collect(),
    }
}

fn systems_of(value: &Value) -> Vec<(String, HashSet<String>)> {
    let pair = |one: &Value| {
        let pair = one.as_array()?;
        let codes = pair.get(1)?.as_array()?;
        let codes = codes.iter().filter_map(|code| code.as_str().map(str::to_owned)).collect();
        Some((pair.first()?.as_str()?.to_owned(), codes))
    };
    value.as_array().map(|array| array.iter().filter_map(pair).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_with_and_without_their_system() {
        let codes = RequiredCodes::built_in();
        let gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
        assert_eq!(codes.contains(gender, None, "female"), Some(true));
        assert_eq!(
            codes.contains(gender, Some("http://hl7.org/fhir/administrative-gender"), "female"),
            Some(true)
        );
        assert_eq!(codes.contains(gender, Some("http://loinc.org"), "female"), Some(false));
        assert_eq!(codes.contains(gender, None, "nữ"), Some(false));
        assert_eq!(codes.contains("http://example.org/none", None, "x"), None);
    }
}
