//! The shapes of answers: Parameters and their parts. <https://hl7.org/fhir/R4/parameters.html>

use yba_fhir::json::{Array, Value, json};

/// A Parameters resource in the making.
pub(crate) struct Parameters(Array);

impl Parameters {
    pub(crate) fn new() -> Parameters {
        Parameters(Array::new())
    }

    pub(crate) fn string(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.push(json!({"name": name, "valueString": value}));
        }
    }

    pub(crate) fn code(&mut self, name: &str, value: &str) {
        self.0.push(json!({"name": name, "valueCode": value}));
    }

    pub(crate) fn uri(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.push(json!({"name": name, "valueUri": value}));
        }
    }

    pub(crate) fn boolean(&mut self, name: &str, value: bool) {
        self.0.push(json!({"name": name, "valueBoolean": value}));
    }

    /// A parameter of parts.
    pub(crate) fn parts(&mut self, name: &str, parts: Array) {
        self.0.push(json!({"name": name, "part": parts}));
    }

    pub(crate) fn resource(self) -> Value {
        yba_fhir::json::ordered(&json!({"resourceType": "Parameters", "parameter": self.0}))
    }
}
