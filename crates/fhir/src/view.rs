//! Thin typed windows on the JSON of resources, by hand, for what our rooms use. What they do not show stays
//! untouched in the tree.

use crate::json::{JsonValueTrait, Value, items, str_at};

/// A name as it should be shown: `text`, else family and given in Vietnamese order.
pub fn human_name(name: &Value) -> Option<String> {
    if let Some(text) = name.get("text").and_then(|text| text.as_str()) {
        return Some(text.to_owned());
    }
    let family = name.get("family").and_then(|family| family.as_str());
    let words: Vec<&str> =
        family.into_iter().chain(items(name, "given").filter_map(|given| given.as_str())).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Whether the code of an AllergyIntolerance says that there is none: SNOMED CT 716186003 "No known allergy" and its children for
/// drugs, food, latex.
pub fn is_no_known_allergy(concept: &Value) -> bool {
    const NONE_KNOWN: [&str; 4] = ["716186003", "409137002", "429625007", "1003774007"];
    let mut codes = items(concept, "coding").filter_map(|coding| str_at(coding, &["code"]));
    codes.any(|code| NONE_KNOWN.contains(&code))
}

/// The type and id of a literal reference such as `Patient/123` (also absolute, also with `/_history/…`).
pub fn reference_target(reference: &str) -> Option<(&str, &str)> {
    let path = reference.split_once("/_history/").map_or(reference, |(before, _)| before);
    let mut parts = path.rsplit('/');
    let (id, kind) = (parts.next()?, parts.next()?);
    let known = kind.bytes().next().is_some_and(|first| first.is_ascii_uppercase());
    (known && crate::resource::is_id(id)).then_some((kind, id))
}

/// `Patient`. <https://hl7.org/fhir/R4/patient.html>
#[derive(Clone, Copy)]
pub struct Patient<'a>(pub &'a Value);

impl<'a> Patient<'a> {
    pub fn id(self) -> Option<&'a str> {
        str_at(self.0, &["id"])
    }

    /// The first official or usual name, else the first.
    pub fn name(self) -> Option<String> {
        let ranked = items(self.0, "name").min_by_key(|name| match str_at(name, &["use"]) {
            Some("official") => 0,
            Some("usual") | None => 1,
            Some("old") => 3,
            Some(_) => 2,
        });
        ranked.and_then(human_name)
    }

    /// `male`, `female`, `other`, `unknown`.
    pub fn gender(self) -> Option<&'a str> {
        str_at(self.0, &["gender"])
    }

    /// The birth date as written, of any precision.
    pub fn birth_date(self) -> Option<&'a str> {
        str_at(self.0, &["birthDate"])
    }

    /// System and value of every identifier that has both.
    pub fn identifiers(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        items(self.0, "identifier")
            .filter_map(|one| Some((str_at(one, &["system"])?, str_at(one, &["value"])?)))
    }

    pub fn phones(self) -> impl Iterator<Item = &'a str> {
        items(self.0, "telecom")
            .filter(|one| str_at(one, &["system"]) == Some("phone"))
            .filter_map(|one| str_at(one, &["value"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn references_are_read_in_every_literal_form() {
        assert_eq!(reference_target("Patient/a1"), Some(("Patient", "a1")));
        assert_eq!(reference_target("https://x.vn/fhir/Patient/a1/_history/k-2"), Some(("Patient", "a1")));
        for none in ["urn:uuid:5b0f", "#p", "", "Patient", "patient/1", "Patient/a b"] {
            assert_eq!(reference_target(none), None, "{none}");
        }
    }

    #[test]
    fn patient_name_prefers_the_official_one() {
        let tree = json!({"name": [{"use": "old", "text": "A"}, {"use": "official", "family": "Lò", "given": ["Thị", "Mẫu"]}]});
        assert_eq!(Patient(&tree).name().as_deref(), Some("Lò Thị Mẫu"));
        assert_eq!(Patient(&json!({})).name(), None);
    }
}
