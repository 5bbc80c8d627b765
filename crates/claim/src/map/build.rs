//! Small builders for resources as trees: elements that are absent stay absent, decimals keep their digits.

use crate::value::Decimal;
use yba_fhir::json::{self, Array, JsonValueMutTrait, Object, Value, json};

pub(crate) const LOINC: &str = "http://loinc.org";
pub(crate) const UCUM: &str = "http://unitsofmeasure.org";
pub(crate) const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";

/// Our code system of this slug.
pub(crate) fn system(slug: &str) -> String {
    format!("https://yba.vn/fhir/CodeSystem/{slug}")
}

/// Our identifier system of this slug.
pub(crate) fn sid(slug: &str) -> String {
    format!("https://yba.vn/fhir/sid/{slug}")
}

/// Our extension of this slug.
pub(crate) fn extension_url(slug: &str) -> String {
    format!("https://yba.vn/fhir/StructureDefinition/{slug}")
}

/// A tree under construction.
#[derive(Debug, Clone)]
pub(crate) struct Tree(Object);

impl Tree {
    /// An element.
    pub(crate) fn new() -> Tree {
        Tree(Object::new())
    }

    /// A resource with id and origin.
    pub(crate) fn resource(kind: &str, id: &str, source: &str) -> Tree {
        let mut tree = Tree::new();
        tree.put("resourceType", kind);
        tree.put("id", id);
        tree.put("meta", json!({"source": source}));
        tree
    }

    pub(crate) fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key, value.into());
    }

    /// Sets an element when there is something to set.
    pub(crate) fn put_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// Sets a repeating element when it has items.
    pub(crate) fn put_all(&mut self, key: &str, values: Vec<Value>) {
        if !values.is_empty() {
            self.put(key, array(values));
        }
    }

    /// Adds one item to a repeating element.
    pub(crate) fn add(&mut self, key: &str, value: impl Into<Value>) {
        match self.0.get_mut(&key).and_then(|found| found.as_array_mut()) {
            Some(items) => items.push(value.into()),
            None => self.put(key, array(vec![value.into()])),
        }
    }

    /// Adds an extension of ours, e.g. `extend("ket-qua-dtri", "valueCoding", coding)`.
    pub(crate) fn extend(&mut self, slug: &str, key: &str, value: impl Into<Value>) {
        self.add("extension", extension(slug, key, value));
    }

    pub(crate) fn extend_text(&mut self, slug: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.extend(slug, "valueString", text);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn finish(self) -> Value {
        Value::from(self.0)
    }
}

pub(crate) fn array(values: Vec<Value>) -> Value {
    let mut array = Array::with_capacity(values.len());
    values.into_iter().for_each(|value| array.push(value));
    Value::from(array)
}

pub(crate) fn extension(slug: &str, key: &str, value: impl Into<Value>) -> Value {
    let mut tree = Tree::new();
    tree.put("url", extension_url(slug).as_str());
    tree.put(key, value);
    tree.finish()
}

/// A number with the digits it was written with.
pub(crate) fn number(value: Decimal) -> Value {
    json::from_str(&value.to_string()).expect("a decimal is written as JSON writes numbers")
}

/// A number from text that [`Decimal`] read.
pub(crate) fn number_of(text: &str) -> Option<Value> {
    Decimal::parse(text).map(number)
}

/// An amount in đồng.
pub(crate) fn money(value: Decimal) -> Value {
    let mut tree = Tree::new();
    tree.put("value", number(value));
    tree.put("currency", "VND");
    tree.finish()
}

/// A quantity with a unit as people write it, not coded.
pub(crate) fn plain_quantity(value: Decimal, unit: Option<&str>) -> Value {
    let mut tree = Tree::new();
    tree.put("value", number(value));
    tree.put_some("unit", unit);
    tree.finish()
}

/// A quantity in UCUM.
pub(crate) fn quantity(value: Value, unit: &str, ucum: &str) -> Tree {
    let mut tree = Tree::new();
    tree.put("value", value);
    tree.put_some("unit", Some(unit).filter(|unit| !unit.is_empty()));
    tree.put("system", UCUM);
    tree.put("code", ucum);
    tree
}

pub(crate) fn coding(system: &str, code: &str, display: Option<&str>) -> Value {
    let mut tree = Tree::new();
    tree.put("system", system);
    tree.put("code", code_text(code).as_str());
    tree.put_some("display", display);
    tree.finish()
}

/// A FHIR code has no spaces but single ones inside. <https://hl7.org/fhir/R4/datatypes.html#code>
fn code_text(code: &str) -> String {
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A concept: codings, and the words beside them.
pub(crate) fn concept(codings: Vec<Value>, text: Option<&str>) -> Value {
    let mut tree = Tree::new();
    tree.put_all("coding", codings);
    tree.put_some("text", text);
    tree.finish()
}

pub(crate) fn reference(kind: &str, id: &str) -> Value {
    json!({"reference": format!("{kind}/{id}").as_str()})
}

pub(crate) fn identifier(system: &str, value: &str) -> Tree {
    let mut tree = Tree::new();
    tree.put("system", system);
    tree.put("value", value);
    tree
}

/// A reference by business number only: facilities that sent no file of their own.
pub(crate) fn reference_by(system: &str, value: &str, display: &str) -> Value {
    let mut tree = Tree::new();
    tree.put("identifier", identifier(system, value).finish());
    tree.put("display", display);
    tree.finish()
}
