//! The R4 definitions as tables: types with their elements, search parameters, compartments.
//!
//! Compiled by `cargo xtask assets` from HL7's definitions; the server loads tables, never the definitions.

use crate::json::{self, JsonContainerTrait, JsonValueTrait, Value, items, str_at};
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// All R4 tables.
#[derive(Debug)]
pub struct R4 {
    types: BTreeMap<String, TypeDef>,
    /// Search parameters by code, for each type they may be used on (`Resource` ones under every type).
    search: HashMap<String, BTreeMap<String, usize>>,
    parameters: Vec<SearchParameter>,
    /// For each type that compartments are of, the types in them with the search parameters that tie them to it.
    compartments: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// A resource or data type.
#[derive(Debug)]
pub struct TypeDef {
    /// `resource`, `complex-type` or `primitive-type`.
    pub kind: String,
    pub base: Option<String>,
    pub abstract_type: bool,
    /// Regular expression of a primitive type's value, where R4 gives one.
    pub pattern: Option<String>,
    /// Invariants that the type introduces itself; those of its bases apply too.
    pub invariants: Vec<Invariant>,
    pub elements: Vec<ElementDef>,
}

/// A rule in FHIRPath. <https://hl7.org/fhir/R4/conformance-rules.html#constraints>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invariant {
    /// `pat-1`.
    pub key: String,
    /// An error; otherwise a warning (best practice).
    pub is_error: bool,
    /// HL7's words.
    pub human: String,
    pub expression: String,
}

/// One element of a type; `path` is relative to the type, choices end in `[x]`.
#[derive(Debug)]
pub struct ElementDef {
    pub path: String,
    pub types: Vec<String>,
    pub min: u32,
    /// `None` means `*`.
    pub max: Option<u32>,
    pub reference_targets: Vec<String>,
    pub is_summary: bool,
    pub is_modifier: bool,
    /// Strength and value set of the binding.
    pub binding: Option<(String, String)>,
    /// The path whose content this element repeats, e.g. `#Questionnaire.item`.
    pub content_reference: Option<String>,
    /// Invariants that the element introduces itself; those of its type apply too.
    pub invariants: Vec<Invariant>,
}

/// The kinds of search parameter. <https://hl7.org/fhir/R4/search.html#ptypes>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchType {
    Number,
    Date,
    String,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

#[derive(Debug)]
pub struct SearchParameter {
    pub code: String,
    pub url: String,
    pub base: Vec<String>,
    pub search_type: SearchType,
    /// FHIRPath, as HL7 wrote it; empty for special parameters.
    pub expression: String,
    pub targets: Vec<String>,
    /// The parts of a composite, in order; empty for all others.
    pub components: Vec<Component>,
}

/// One part of a composite parameter. <https://hl7.org/fhir/R4/search.html#composite>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The address of the parameter that says how this part is searched.
    pub definition: String,
    /// FHIRPath, relative to what the composite's own expression finds.
    pub expression: String,
}

/// The tables built into the program.
pub fn r4() -> &'static R4 {
    static TABLES: OnceLock<R4> = OnceLock::new();
    TABLES.get_or_init(|| {
        let text = yba_assets::text("r4.json.gz").expect("the R4 tables are embedded at build time");
        R4::from_json(&text).expect("the embedded R4 tables were written by our own asset step")
    })
}

impl R4 {
    /// Reads the compact JSON tables (their shape is described in `yba-assets`).
    pub fn from_json(text: &str) -> Result<R4, String> {
        let tree: Value = json::from_str(text).map_err(|error| error.to_string())?;
        let types = members(&tree, "types").map(|(name, value)| (name.to_owned(), type_def(value))).collect();
        let parameters: Vec<SearchParameter> = items(&tree, "search").filter_map(search_parameter).collect();
        let mut search: HashMap<String, BTreeMap<String, usize>> = HashMap::new();
        for (position, parameter) in parameters.iter().enumerate() {
            for base in &parameter.base {
                search.entry(base.clone()).or_default().insert(parameter.code.clone(), position);
            }
        }
        let of = |of: &Value| {
            let members = of.as_object().map(|object| object.iter()).into_iter().flatten();
            members.map(|(kind, params)| (kind.to_owned(), strings(Some(params)))).collect()
        };
        let compartments = members(&tree, "compartment").map(|(kind, value)| (kind.to_owned(), of(value)));
        let compartments: BTreeMap<String, BTreeMap<String, Vec<String>>> = compartments.collect();
        compartments.get("Patient").ok_or("no patient compartment")?;
        Ok(R4 { types, search, parameters, compartments })
    }

    /// All types by name, abstract ones included.
    pub fn types(&self) -> impl Iterator<Item = (&str, &TypeDef)> {
        self.types.iter().map(|(name, def)| (name.as_str(), def))
    }

    pub fn type_def(&self, name: &str) -> Option<&TypeDef> {
        self.types.get(name)
    }

    /// Whether `name` is a resource type that can be stored (abstract ones cannot).
    pub fn is_resource(&self, name: &str) -> bool {
        self.types.get(name).is_some_and(|def| def.kind == "resource")
            && !matches!(name, "Resource" | "DomainResource")
    }

    /// All storable resource types, in alphabetical order.
    pub fn resource_types(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str).filter(|name| self.is_resource(name))
    }

    /// The search parameter `code` as it is defined for `kind`, or for all resources.
    pub fn search_parameter(&self, kind: &str, code: &str) -> Option<&SearchParameter> {
        [kind, "DomainResource", "Resource"]
            .iter()
            .find_map(|base| self.search.get(*base)?.get(code))
            .map(|position| &self.parameters[*position])
    }

    /// The parameters defined for `kind` itself, by code.
    pub fn search_parameters(&self, kind: &str) -> impl Iterator<Item = &SearchParameter> {
        self.search
            .get(kind)
            .into_iter()
            .flat_map(|codes| codes.values())
            .map(|position| &self.parameters[*position])
    }

    pub fn all_search_parameters(&self) -> &[SearchParameter] {
        &self.parameters
    }

    /// The parameter that is defined at this address.
    pub fn search_parameter_at(&self, url: &str) -> Option<&SearchParameter> {
        self.parameters.iter().find(|parameter| parameter.url == url)
    }

    /// The parameters that put a resource of `kind` into a patient's compartment; empty when none does.
    pub fn patient_compartment(&self, kind: &str) -> &[String] {
        self.compartment("Patient", kind).unwrap_or_default()
    }

    /// The parameters that put a resource of `kind` into a compartment of type `of`, empty when none does; `None` when
    /// there are no compartments of that type. <https://hl7.org/fhir/R4/compartmentdefinition.html>
    pub fn compartment(&self, of: &str, kind: &str) -> Option<&[String]> {
        let members = self.compartments.get(of)?;
        Some(members.get(kind).map_or(&[], Vec::as_slice))
    }

    /// The types of which there are compartments.
    pub fn compartments(&self) -> impl Iterator<Item = &str> {
        self.compartments.keys().map(String::as_str)
    }
}

fn members<'a>(tree: &'a Value, key: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    tree.get(key).and_then(|value| value.as_object()).map(|object| object.iter()).into_iter().flatten()
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let array = value.and_then(|value| value.as_array());
    array
        .map(|array| array.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
        .unwrap_or_default()
}

fn type_def(value: &Value) -> TypeDef {
    TypeDef {
        kind: str_at(value, &["kind"]).unwrap_or_default().to_owned(),
        base: str_at(value, &["base"]).map(str::to_owned),
        abstract_type: value.get("abstract").and_then(|flag| flag.as_bool()).unwrap_or(false),
        pattern: str_at(value, &["x"]).map(str::to_owned),
        invariants: invariants(value),
        elements: items(value, "elements").map(element_def).collect(),
    }
}

fn element_def(value: &Value) -> ElementDef {
    let flag = |key: &str| {
        value.get(key).is_some_and(|flag| flag.as_i64() == Some(1) || flag.as_bool() == Some(true))
    };
    let binding = strings(value.get("b"));
    ElementDef {
        path: str_at(value, &["p"]).unwrap_or_default().to_owned(),
        types: strings(value.get("t")),
        min: value.get("min").and_then(|min| min.as_u64()).unwrap_or(0) as u32,
        max: value.get("max").and_then(|max| max.as_i64()).and_then(|max| u32::try_from(max).ok()),
        reference_targets: strings(value.get("r")),
        is_summary: flag("s"),
        is_modifier: flag("m"),
        binding: binding.first().zip(binding.get(1)).map(|(strength, set)| (strength.clone(), set.clone())),
        content_reference: str_at(value, &["c"]).map(str::to_owned),
        invariants: invariants(value),
    }
}

fn invariants(value: &Value) -> Vec<Invariant> {
    let read = |one: &Value| {
        let [key, severity, human, expression] = <[String; 4]>::try_from(strings(Some(one))).ok()?;
        Some(Invariant { key, is_error: severity == "error", human, expression })
    };
    items(value, "k").filter_map(read).collect()
}

fn search_parameter(value: &Value) -> Option<SearchParameter> {
    let component = |one: &Value| {
        let [definition, expression] = <[String; 2]>::try_from(strings(Some(one))).ok()?;
        Some(Component { definition, expression })
    };
    let search_type = match str_at(value, &["t"])? {
        "number" => SearchType::Number,
        "date" => SearchType::Date,
        "string" => SearchType::String,
        "token" => SearchType::Token,
        "reference" => SearchType::Reference,
        "composite" => SearchType::Composite,
        "quantity" => SearchType::Quantity,
        "uri" => SearchType::Uri,
        _ => SearchType::Special,
    };
    Some(SearchParameter {
        code: str_at(value, &["c"])?.to_owned(),
        url: str_at(value, &["u"]).unwrap_or_default().to_owned(),
        base: strings(value.get("b")),
        search_type,
        expression: str_at(value, &["e"]).unwrap_or_default().to_owned(),
        targets: strings(value.get("tg")),
        components: items(value, "cp").filter_map(component).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_tables_answer_the_usual_questions() {
        let tables = r4();
        assert_eq!(tables.resource_types().count(), 146);
        assert_eq!(tables.all_search_parameters().len(), 1378);
        let name = tables.search_parameter("Patient", "name").unwrap();
        assert_eq!((name.search_type, name.expression.as_str()), (SearchType::String, "Patient.name"));
        assert_eq!(tables.search_parameter("Patient", "_lastUpdated").unwrap().search_type, SearchType::Date);
        assert!(tables.search_parameter("Patient", "no-such").is_none());
        let pair = tables.search_parameter("Observation", "code-value-quantity").unwrap();
        let parts: Vec<&str> = pair.components.iter().map(|part| part.expression.as_str()).collect();
        assert_eq!(parts, ["code", "value.as(Quantity)"]);
        let part = tables.search_parameter_at(&pair.components[1].definition).unwrap();
        assert_eq!((part.code.as_str(), part.search_type), ("value-quantity", SearchType::Quantity));
        assert!(tables.patient_compartment("Observation").contains(&"subject".to_owned()));
        assert!(tables.patient_compartment("Organization").is_empty());
        let patient = tables.type_def("Patient").unwrap();
        let gender = patient.elements.iter().find(|element| element.path == "gender").unwrap();
        assert_eq!(gender.binding.as_ref().map(|binding| binding.0.as_str()), Some("required"));
        let contact = patient.elements.iter().find(|element| element.path == "contact").unwrap();
        assert_eq!(contact.invariants[0].key, "pat-1");
        let resource = tables.type_def("DomainResource").unwrap();
        assert!(resource.invariants.iter().any(|rule| rule.key == "dom-3" && rule.is_error));
        assert_eq!(tables.type_def("positiveInt").unwrap().pattern.as_deref(), Some("[1-9][0-9]*"));
        assert!(!tables.is_resource("DomainResource") && !tables.is_resource("HumanName"));
    }
}
