//! The table of extensions with their short keys; [`super::sdc`] maps by it.

use As::{ByType, Coded, Expression, Parts, Plain, Reference};
use Place::{Coding, Item, Option as Choice, Root, Template};

/// Kinds of object that have short keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Root,
    Item,
    /// `answerOption`
    Option,
    /// `answerOption.valueCoding`
    Coding,
    /// Anything inside `contained`.
    Template,
    Other,
}

impl Place {
    pub(super) fn of_element(path: &str) -> Place {
        match path {
            "" => Root,
            "item" => Item,
            "item.answerOption" => Choice,
            _ => Place::Other,
        }
    }
}

/// How the value of a short key stands in FHIR.
#[derive(Debug)]
pub(super) enum As {
    /// As `value[x]` of this name.
    Plain(&'static str),
    /// `valueExpression`; a text alone is an expression in FHIRPath.
    Expression,
    /// `value[x]` by the type of the item.
    ByType,
    /// A code of this system, as `valueCoding` or `valueCodeableConcept`.
    Coded(&'static str, &'static str),
    /// `valueReference` to this address.
    Reference,
    /// Extensions inside the extension, in this order.
    Parts(&'static [(&'static str, As)]),
}

/// One extension.
#[derive(Debug)]
pub struct Extension {
    pub key: &'static str,
    pub url: &'static str,
    pub(super) places: &'static [Place],
    pub(super) form: As,
    /// The value is a list.
    pub(super) many: bool,
}

macro_rules! sdc {
    ($name:literal) => {
        concat!("http://hl7.org/fhir/uv/sdc/StructureDefinition/", $name)
    };
}
macro_rules! core {
    ($name:literal) => {
        concat!("http://hl7.org/fhir/StructureDefinition/", $name)
    };
}

const fn one(key: &'static str, url: &'static str, places: &'static [Place], form: As) -> Extension {
    Extension { key, url, places, form, many: false }
}

const fn many(key: &'static str, url: &'static str, places: &'static [Place], form: As) -> Extension {
    Extension { key, url, places, form, many: true }
}

/// The one table.
pub static EXTENSIONS: &[Extension] = &[
    many("launchContext", sdc!("sdc-questionnaire-launchContext"), &[Root], Parts(LAUNCH)),
    many("variable", core!("variable"), &[Root, Item], Expression),
    many("allocateId", sdc!("sdc-questionnaire-extractAllocateId"), &[Root, Item], Plain("valueString")),
    one("hidden", core!("questionnaire-hidden"), &[Item], Plain("valueBoolean")),
    one("itemControl", core!("questionnaire-itemControl"), &[Item], Coded("valueCodeableConcept", CONTROL)),
    one("entryFormat", core!("entryFormat"), &[Item], Plain("valueString")),
    one("unit", core!("questionnaire-unit"), &[Item], Plain("valueCoding")),
    many("unitOption", core!("questionnaire-unitOption"), &[Item], Plain("valueCoding")),
    one("minValue", core!("minValue"), &[Item], ByType),
    one("maxValue", core!("maxValue"), &[Item], ByType),
    one("maxDecimalPlaces", core!("maxDecimalPlaces"), &[Item], Plain("valueInteger")),
    one("minLength", core!("minLength"), &[Item], Plain("valueInteger")),
    one("regex", core!("regex"), &[Item], Plain("valueString")),
    one("minOccurs", core!("questionnaire-minOccurs"), &[Item], Plain("valueInteger")),
    one("maxOccurs", core!("questionnaire-maxOccurs"), &[Item], Plain("valueInteger")),
    one("initialExpression", sdc!("sdc-questionnaire-initialExpression"), &[Item], Expression),
    one("calculatedExpression", sdc!("sdc-questionnaire-calculatedExpression"), &[Item], Expression),
    one("enableWhenExpression", sdc!("sdc-questionnaire-enableWhenExpression"), &[Item], Expression),
    many("constraint", core!("questionnaire-constraint"), &[Root, Item], Parts(CONSTRAINT)),
    many("targetConstraint", core!("targetConstraint"), &[Root, Item], Parts(TARGET_CONSTRAINT)),
    one(
        "observationExtract",
        sdc!("sdc-questionnaire-observationExtract"),
        &[Root, Item],
        Plain("valueBoolean"),
    ),
    one(
        "observationExtractCategory",
        sdc!("sdc-questionnaire-observation-extract-category"),
        &[Root, Item],
        Coded("valueCodeableConcept", "http://terminology.hl7.org/CodeSystem/observation-category"),
    ),
    many("templateExtract", sdc!("sdc-questionnaire-templateExtract"), &[Root, Item], Parts(TEMPLATE)),
    one(
        "templateExtractContext",
        sdc!("sdc-questionnaire-templateExtractContext"),
        &[Template],
        Plain("valueString"),
    ),
    one(
        "templateExtractValue",
        sdc!("sdc-questionnaire-templateExtractValue"),
        &[Template],
        Plain("valueString"),
    ),
    one("ordinalValue", core!("ordinalValue"), &[Choice, Coding], Plain("valueDecimal")),
    one("itemWeight", core!("itemWeight"), &[Choice, Coding], Plain("valueDecimal")),
    one("optionExclusive", core!("questionnaire-optionExclusive"), &[Choice], Plain("valueBoolean")),
];

const CONTROL: &str = "http://hl7.org/fhir/questionnaire-item-control";

const LAUNCH: &[(&str, As)] = &[
    ("name", Coded("valueCoding", "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext")),
    ("type", Plain("valueCode")),
    ("description", Plain("valueString")),
];

const CONSTRAINT: &[(&str, As)] = &[
    ("key", Plain("valueId")),
    ("requirements", Plain("valueString")),
    ("severity", Plain("valueCode")),
    ("expression", Plain("valueString")),
    ("human", Plain("valueString")),
    ("location", Plain("valueString")),
];

const TARGET_CONSTRAINT: &[(&str, As)] = &[
    ("key", Plain("valueId")),
    ("requirements", Plain("valueMarkdown")),
    ("severity", Plain("valueCode")),
    ("expression", Expression),
    ("human", Plain("valueString")),
    ("location", Plain("valueString")),
];

const TEMPLATE: &[(&str, As)] = &[
    ("template", Reference),
    ("fullUrl", Plain("valueString")),
    ("resourceId", Plain("valueString")),
    ("ifNoneExist", Plain("valueString")),
];
