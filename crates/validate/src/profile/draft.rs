//! Reads a StructureDefinition into a tree and lays it over the one it stands on.
//! <https://hl7.org/fhir/R4/structuredefinition.html>

use super::{BASES_MAX, ELEMENTS_MAX};
use crate::finding::Finding;
use std::collections::BTreeMap;
use yba_fhir::defs::r4;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, items, number_text, str_at};
use yba_fhir::outcome::Issue;
use yba_fhir::text::unversioned;

/// Where R4's own types are published.
pub const HL7: &str = "http://hl7.org/fhir/StructureDefinition/";

/// An element of a profile, not compiled yet.
#[derive(Debug, Default, Clone)]
pub struct Draft<'v> {
    /// Facts by name, such as `min`; later ones win.
    facts: BTreeMap<&'v str, &'v Value>,
    /// Rules of this and of all bases.
    pub rules: Vec<&'v Value>,
    pub children: Vec<(String, Draft<'v>)>,
    pub slices: Vec<(String, Draft<'v>)>,
    /// Where its latest facts stand, for faults.
    pub place: String,
}

impl<'v> Draft<'v> {
    pub fn fact(&self, name: &str) -> Option<&'v Value> {
        self.facts.get(name).copied()
    }

    /// The value of `fixed[x]`, `pattern[x]` and their like.
    pub fn choice(&self, stem: &str) -> Option<&'v Value> {
        let found = self.facts.iter().find(|(name, _)| {
            name.strip_prefix(stem)
                .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_uppercase()))
        });
        found.map(|(_, value)| *value)
    }

    /// The types that it lists.
    pub fn types(&self) -> Vec<&'v Value> {
        self.fact("type").and_then(|list| list.as_array()).into_iter().flatten().collect()
    }

    fn child(&mut self, name: &str) -> &mut Draft<'v> {
        named(&mut self.children, name)
    }

    fn apply(&mut self, element: &'v Value, place: String) {
        let members = element.as_object().map(|object| object.iter()).into_iter().flatten();
        for (name, value) in members {
            match name {
                "constraint" => self.rules.extend(value.as_array().into_iter().flatten()),
                "id" | "path" | "sliceName" | "definition" | "comment" | "mapping" | "example" => {}
                _ => {
                    self.facts.insert(name, value);
                }
            }
        }
        self.place = place;
    }
}

fn named<'d, 'v>(list: &'d mut Vec<(String, Draft<'v>)>, name: &str) -> &'d mut Draft<'v> {
    let at = list.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        list.push((name.to_owned(), Draft::default()));
        list.len() - 1
    });
    &mut list[at].1
}

/// The tree of a definition over those of its bases.
pub fn of<'v>(
    definition: &'v Value,
    definitions: &BTreeMap<&str, &'v Value>,
) -> Result<Draft<'v>, Vec<Issue>> {
    let mut chain = vec![definition];
    let mut at = base_of(definition);
    while let Some(base) = definitions.get(at) {
        chain.push(*base);
        if chain.len() > BASES_MAX {
            return Err(fault(
                "StructureDefinition.baseDefinition",
                "profile-bases",
                "Chuỗi hồ sơ nền quá dài hoặc tự quay lại chính nó.",
                "the chain of bases is too long or circular",
            ));
        }
        at = base_of(base);
    }
    if at.strip_prefix(HL7).is_none_or(|name| r4().type_def(name).is_none()) {
        let text = format!("Không có hồ sơ nền “{at}”. Hãy nạp hồ sơ đó cùng lúc.");
        return Err(fault(
            "StructureDefinition.baseDefinition",
            "profile-base-unknown",
            &text,
            &format!("the base {at:?} is not loaded"),
        ));
    }
    let mut draft = Draft::default();
    for definition in chain.into_iter().rev() {
        lay_over(&mut draft, definition)?;
    }
    Ok(draft)
}

fn base_of(definition: &Value) -> &str {
    unversioned(str_at(definition, &["baseDefinition"]).unwrap_or_default())
}

fn lay_over<'v>(draft: &mut Draft<'v>, definition: &'v Value) -> Result<(), Vec<Issue>> {
    let part = if definition.get("differential").is_some() { "differential" } else { "snapshot" };
    let elements = definition.get(part).map(|part| items(part, "element")).into_iter().flatten();
    for (at, element) in elements.enumerate() {
        let place = format!("StructureDefinition.{part}.element[{at}]");
        if at >= ELEMENTS_MAX {
            let text = format!("Hồ sơ có quá {ELEMENTS_MAX} phần tử.");
            return Err(fault(&place, "profile-too-large", &text, "too many elements"));
        }
        let target = target(draft, element, &place)?;
        target.apply(element, place);
    }
    Ok(())
}

/// The place in the tree that an element is about: by its id, such as `Patient.identifier:cccd.value`; without one by
/// its path and slice name.
fn target<'d, 'v>(
    draft: &'d mut Draft<'v>,
    element: &'v Value,
    place: &str,
) -> Result<&'d mut Draft<'v>, Vec<Issue>> {
    let path = str_at(element, &["path"]).unwrap_or_default();
    let slice = str_at(element, &["sliceName"]);
    let id = str_at(element, &["id"]).map_or_else(|| with_slice(path, slice), str::to_owned);
    if path.is_empty() || id.split('.').count() != path.split('.').count() {
        return Err(fault(
            &format!("{place}.path"),
            "profile-path",
            "Thiếu path, hoặc id và path không khớp nhau.",
            "path is missing or differs from id",
        ));
    }
    let mut at = draft;
    for segment in id.split('.').skip(1) {
        let (name, slice) =
            segment.split_once(':').map_or((segment, None), |(name, slice)| (name, Some(slice)));
        at = at.child(name.strip_suffix("[x]").unwrap_or(name));
        if let Some(slice) = slice {
            at = named(&mut at.slices, slice);
        }
    }
    Ok(at)
}

fn with_slice(path: &str, slice: Option<&str>) -> String {
    slice.map_or_else(|| path.to_owned(), |slice| format!("{path}:{slice}"))
}

/// One thing that is wrong with a definition.
pub fn fault(place: &str, key: &'static str, text: &str, detail: &str) -> Vec<Issue> {
    let Finding { severity, code, key, text, diagnostics } = Finding::error("invalid", key, text, detail);
    vec![Issue { severity, code, key, text, diagnostics, path: Some(place.to_owned()), position: None }]
}

/// The texts of a list.
pub fn texts(value: &Value, name: &str) -> Vec<String> {
    items(value, name).filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

/// A whole number.
pub fn number(value: &Value) -> Option<usize> {
    number_text(value)?.parse().ok()
}
