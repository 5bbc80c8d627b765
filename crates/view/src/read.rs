//! Reads the elements of a definition and says what is missing, of another type, or unknown.

use crate::fault::Faults;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value};
use yba_fhir::text::nearest;

/// What every element may carry and rows do not need.
const EVERYWHERE: &[&str] = &["id", "extension"];

/// A part of the definition and its place.
#[derive(Debug, Clone)]
pub(crate) struct Part<'v> {
    pub value: &'v Value,
    pub place: String,
}

impl<'v> Part<'v> {
    /// Whether it is an object; refuses members that are not among `known`.
    pub fn is_object_of(&self, known: &[&str], faults: &mut Faults) -> bool {
        let Some(object) = self.value.as_object() else {
            faults.add(
                &self.place,
                "view-type",
                "ở đây phải là một đối tượng { … }",
                "an object is expected",
            );
            return false;
        };
        for (name, _) in object.iter() {
            let plain = name.strip_prefix('_').unwrap_or(name);
            if !known.contains(&plain) && !EVERYWHERE.contains(&plain) {
                self.unknown(name, known, faults);
            }
        }
        true
    }

    fn unknown(&self, name: &str, known: &[&str], faults: &mut Faults) {
        let (vi, en) = match nearest(name, known.iter().copied()) {
            Some(near) => (format!("; có phải “{near}”?"), format!("; did you mean \"{near}\"?")),
            None => Default::default(),
        };
        faults.add(
            &format!("{}.{name}", self.place),
            "view-unknown-element",
            format!("định nghĩa bảng không có phần tử “{name}” ở đây{vi}"),
            format!("there is no element \"{name}\" here{en}"),
        );
    }

    pub fn has(&self, name: &str) -> bool {
        self.value.get(name).is_some()
    }

    pub fn place_of(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    /// A text that must be there.
    pub fn required_text(&self, name: &str, faults: &mut Faults) -> Option<&'v str> {
        if !self.has(name) {
            faults.add(
                &self.place_of(name),
                "view-required",
                format!("thiếu “{name}”"),
                format!("\"{name}\" is required"),
            );
        }
        self.text(name, faults)
    }

    /// A text that may be there.
    pub fn text(&self, name: &str, faults: &mut Faults) -> Option<&'v str> {
        let value = self.value.get(name)?;
        let text = value.as_str().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.wrong(name, "một chuỗi không trống", "a text that is not empty", faults);
        }
        text
    }

    /// A flag, false when it is not there.
    pub fn flag(&self, name: &str, faults: &mut Faults) -> bool {
        let Some(value) = self.value.get(name) else { return false };
        value.as_bool().unwrap_or_else(|| {
            self.wrong(name, "true hoặc false", "true or false", faults);
            false
        })
    }

    /// The items of a list, none when it is not there.
    pub fn list(&self, name: &str, faults: &mut Faults) -> Vec<Part<'v>> {
        let Some(value) = self.value.get(name) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.wrong(name, "một danh sách [ … ]", "a list", faults);
            return Vec::new();
        };
        let part = |(position, value)| Part { value, place: format!("{}.{name}[{position}]", self.place) };
        items.iter().enumerate().map(part).collect()
    }

    fn wrong(&self, name: &str, vi: &str, en: &str, faults: &mut Faults) {
        faults.add(
            &self.place_of(name),
            "view-type",
            format!("“{name}” phải là {vi}"),
            format!("\"{name}\" must be {en}"),
        );
    }
}
