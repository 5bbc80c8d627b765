//! A questionnaire, compiled.

use regex::Regex;
use std::collections::BTreeMap;
use yba_fhir::json::Value;
use yba_fhirpath::{Decimal, Program};

/// A questionnaire whose parts were all found sound. <https://hl7.org/fhir/R4/questionnaire.html>
#[derive(Debug)]
pub struct Form {
    pub(crate) questionnaire: Value,
    pub(crate) items: Vec<Item>,
    /// The items at the top, by position in `items`.
    pub(crate) roots: Vec<usize>,
    pub(crate) by_link: BTreeMap<String, usize>,
    pub(crate) launch: Vec<Launch>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) templates: BTreeMap<String, Value>,
    pub(crate) extracts: Vec<TemplateUse>,
    pub(crate) allocated: Vec<String>,
    /// Programs of what stands inside templates, by their text.
    pub(crate) inside: BTreeMap<String, Program>,
}

/// One item. <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item>
#[derive(Debug)]
pub struct Item {
    pub link_id: String,
    pub kind: Kind,
    pub prefix: String,
    pub text: String,
    /// How to write the answer (`entryFormat`).
    pub hint: String,
    pub required: bool,
    pub repeats: bool,
    /// Itself, or something around it.
    pub read_only: bool,
    /// Itself, or something around it.
    pub hidden: bool,
    pub options: Vec<Choice>,
    pub value_set: Option<String>,
    pub unit: Option<Value>,
    pub unit_options: Vec<Value>,
    /// How it is drawn (`itemControl`).
    pub control: String,
    /// Position of the item around it.
    pub parent: Option<usize>,
    pub children: Vec<usize>,
    pub(crate) limits: Limits,
    pub(crate) initial: Vec<Value>,
    pub(crate) initial_program: Option<Program>,
    pub(crate) calculated: Option<Program>,
    pub(crate) enable: Enable,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) codes: Vec<Value>,
    pub(crate) observed: Option<bool>,
    pub(crate) category: Option<Value>,
    pub(crate) extracts: Vec<TemplateUse>,
    pub(crate) allocated: Vec<String>,
    pub(crate) place: String,
}

/// What an item asks for. <https://hl7.org/fhir/R4/valueset-item-type.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Group,
    Display,
    Boolean,
    Decimal,
    Integer,
    Date,
    DateTime,
    Time,
    String,
    Text,
    Url,
    Choice,
    OpenChoice,
    Quantity,
}

/// One thing to choose: `{"valueCoding": …}` and its kin, with the key a browser sends for it.
#[derive(Debug, Clone)]
pub struct Choice {
    pub key: String,
    pub label: String,
    pub value: Value,
    /// Chosen alone or not at all.
    pub alone: bool,
}

/// What an answer must keep.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub least: Option<Bound>,
    pub most: Option<Bound>,
    pub decimals: Option<u32>,
    pub shortest: Option<usize>,
    pub longest: Option<usize>,
    pub pattern: Option<Regex>,
    pub fewest: Option<usize>,
    pub many: Option<usize>,
}

/// A number, or a moment with the text it came as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bound {
    Number(Decimal),
    Moment(i64, String),
}

#[derive(Debug, Default)]
pub(crate) struct Enable {
    pub rules: Vec<EnableWhen>,
    /// All rules must hold; otherwise any.
    pub all: bool,
    pub program: Option<Program>,
}

#[derive(Debug)]
pub(crate) struct EnableWhen {
    /// Position of the item asked about.
    pub question: usize,
    pub operator: Operator,
    /// `{"answerCoding": …}` without its name: key after `answer`, and the value.
    pub answer: (String, Value),
}

/// <https://hl7.org/fhir/R4/valueset-questionnaire-enable-operator.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Exists,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}

/// Something that is there from the beginning: `%patient`.
#[derive(Debug)]
pub(crate) struct Launch {
    pub name: String,
    pub kind: String,
}

#[derive(Debug)]
pub(crate) struct Variable {
    pub name: String,
    pub body: Body,
}

#[derive(Debug)]
pub(crate) enum Body {
    Path(Program),
    /// A FHIR query in pieces.
    Query(Vec<Piece>),
}

#[derive(Debug)]
pub(crate) enum Piece {
    Text(String),
    Path(Program),
}

#[derive(Debug)]
pub(crate) struct Constraint {
    pub key: String,
    /// Nothing is saved while it does not hold; otherwise a reason lets it pass.
    pub stops: bool,
    pub human: String,
    pub program: Program,
}

/// One `templateExtract`: which template, and what goes with the resource.
#[derive(Debug)]
pub(crate) struct TemplateUse {
    pub template: String,
    pub full_url: Option<Program>,
    pub resource_id: Option<Program>,
    /// A search in pieces: the author's own text, and values that are escaped.
    pub if_none_exist: Option<Vec<Piece>>,
}

impl Form {
    /// The canonical address with its version: what a response names.
    pub fn canonical(&self) -> String {
        let part = |name: &str| yba_fhir::json::str_at(&self.questionnaire, &[name]).unwrap_or_default();
        match part("version") {
            "" => part("url").to_owned(),
            version => format!("{}|{version}", part("url")),
        }
    }

    pub fn title(&self) -> &str {
        yba_fhir::json::str_at(&self.questionnaire, &["title"]).unwrap_or_default()
    }

    /// The resource it was compiled from.
    pub fn questionnaire(&self) -> &Value {
        &self.questionnaire
    }

    /// All items, those inside others included, in the order of the form.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    pub fn item(&self, link_id: &str) -> Option<&Item> {
        self.by_link.get(link_id).map(|at| &self.items[*at])
    }

    /// The items directly below one, or at the top.
    pub(crate) fn below(&self, item: Option<usize>) -> &[usize] {
        item.map_or(&self.roots, |at| &self.items[at].children)
    }
}

impl Item {
    pub fn is_question(&self) -> bool {
        !matches!(self.kind, Kind::Group | Kind::Display)
    }

    /// Whether somebody may type into it.
    pub fn is_open(&self) -> bool {
        self.is_question() && !self.read_only && !self.hidden && self.calculated.is_none()
    }

    /// Whether its answers are ticked among options rather than typed in rows.
    pub fn is_ticked(&self) -> bool {
        self.repeats && !self.options.is_empty()
    }

    /// Whether each of its repetitions has a number in its name.
    pub(crate) fn is_numbered(&self) -> bool {
        self.repeats && !self.is_ticked()
    }

    /// Whether whoever fills the form in may add and remove its repetitions.
    pub(crate) fn has_own_rows(&self) -> bool {
        self.is_numbered() && !self.read_only && !self.hidden && self.calculated.is_none()
    }

    pub(crate) fn is_conditional(&self) -> bool {
        !self.enable.rules.is_empty() || self.enable.program.is_some()
    }
}

impl Kind {
    pub(crate) fn of(code: &str) -> Option<Kind> {
        Some(match code {
            "group" => Kind::Group,
            "display" => Kind::Display,
            "boolean" => Kind::Boolean,
            "decimal" => Kind::Decimal,
            "integer" => Kind::Integer,
            "date" => Kind::Date,
            "dateTime" => Kind::DateTime,
            "time" => Kind::Time,
            "string" => Kind::String,
            "text" => Kind::Text,
            "url" => Kind::Url,
            "choice" => Kind::Choice,
            "open-choice" => Kind::OpenChoice,
            "quantity" => Kind::Quantity,
            _ => return None,
        })
    }

    /// The member of an answer that holds the value.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Kind::Boolean => "valueBoolean",
            Kind::Decimal => "valueDecimal",
            Kind::Integer => "valueInteger",
            Kind::Date => "valueDate",
            Kind::DateTime => "valueDateTime",
            Kind::Time => "valueTime",
            Kind::Url => "valueUri",
            Kind::Choice | Kind::OpenChoice => "valueCoding",
            Kind::Quantity => "valueQuantity",
            Kind::Group | Kind::Display | Kind::String | Kind::Text => "valueString",
        }
    }
}
