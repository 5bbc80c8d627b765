//! The functions of the language as a table: how they are written, what they take, what they answer.
//! <http://hl7.org/fhirpath/N1/#functions> and <https://hl7.org/fhir/R4/fhirpath.html#functions>

use crate::schema::TypeId;
use crate::shape::Class;

/// What the evaluator does; one per row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    // existence
    Empty,
    Exists,
    All,
    AllTrue,
    AnyTrue,
    AllFalse,
    AnyFalse,
    SubsetOf,
    SupersetOf,
    Count,
    Distinct,
    IsDistinct,
    Not,
    // filtering, projection, subsets
    Where,
    Select,
    Repeat,
    OfType,
    As,
    Is,
    ItemAt,
    Single,
    First,
    Last,
    Tail,
    Skip,
    Take,
    Intersect,
    Exclude,
    Union,
    Combine,
    Aggregate,
    // conversion
    Iif,
    To(TypeId),
    ConvertsTo(TypeId),
    // strings
    IndexOf,
    LastIndexOf,
    Substring,
    StartsWith,
    EndsWith,
    Contains,
    Upper,
    Lower,
    Replace,
    Matches,
    MatchesFull,
    ReplaceMatches,
    Length,
    ToChars,
    Trim,
    Split,
    Join,
    Encode,
    Decode,
    Escape,
    Unescape,
    // numbers
    Abs,
    Ceiling,
    Exp,
    Floor,
    Ln,
    Log,
    Power,
    Round,
    Sqrt,
    Truncate,
    LowBoundary,
    HighBoundary,
    Precision,
    // tree, utility, types
    Children,
    Descendants,
    Trace,
    Now,
    Today,
    TimeOfDay,
    Type,
    // FHIR
    Extension,
    HasValue,
    GetValue,
    Resolve,
    ElementDefinition,
    Slice,
    CheckModifiers,
    ConformsTo,
    MemberOf,
    Subsumes,
    SubsumedBy,
    HtmlChecks,
    // SQL on FHIR
    GetResourceKey,
    GetReferenceKey,
}

/// How an argument is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// A value, evaluated where the whole expression stands.
    Value,
    /// An expression, evaluated for each item.
    Each,
    /// The name of a type.
    Type,
}

/// What the function leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// Items of its input.
    Input,
    /// Items of its input or its argument.
    InputOrArgument,
    /// What its argument leaves.
    Argument,
    Anything,
    Items(TypeId),
}

#[derive(Debug)]
pub struct Signature {
    pub name: &'static str,
    pub function: Function,
    /// Arguments that must be there; the others may.
    pub least: usize,
    pub arguments: &'static [Argument],
    pub input: Class,
    pub leaves: Leaves,
}

const fn row(
    name: &'static str,
    function: Function,
    least: usize,
    arguments: &'static [Argument],
    input: Class,
    leaves: Leaves,
) -> Signature {
    Signature { name, function, least, arguments, input, leaves }
}

const NONE: &[Argument] = &[];
const VALUE: &[Argument] = &[Argument::Value];
const VALUES: &[Argument] = &[Argument::Value, Argument::Value];
const EACH: &[Argument] = &[Argument::Each];
const TYPE: &[Argument] = &[Argument::Type];
const BOOLEAN: Leaves = Leaves::Items(TypeId::BOOLEAN);
const INTEGER: Leaves = Leaves::Items(TypeId::INTEGER);
const STRING: Leaves = Leaves::Items(TypeId::STRING);
const DECIMAL: Leaves = Leaves::Items(TypeId::DECIMAL);

use Class::{Any, Graded, Measured, Number, String as Text};
use Function as F;

pub static SIGNATURES: &[Signature] = &[
    row("empty", F::Empty, 0, NONE, Any, BOOLEAN),
    row("exists", F::Exists, 0, EACH, Any, BOOLEAN),
    row("all", F::All, 1, EACH, Any, BOOLEAN),
    row("allTrue", F::AllTrue, 0, NONE, Any, BOOLEAN),
    row("anyTrue", F::AnyTrue, 0, NONE, Any, BOOLEAN),
    row("allFalse", F::AllFalse, 0, NONE, Any, BOOLEAN),
    row("anyFalse", F::AnyFalse, 0, NONE, Any, BOOLEAN),
    row("subsetOf", F::SubsetOf, 1, VALUE, Any, BOOLEAN),
    row("supersetOf", F::SupersetOf, 1, VALUE, Any, BOOLEAN),
    row("count", F::Count, 0, NONE, Any, INTEGER),
    row("distinct", F::Distinct, 0, NONE, Any, Leaves::Input),
    row("isDistinct", F::IsDistinct, 0, NONE, Any, BOOLEAN),
    row("not", F::Not, 0, NONE, Any, BOOLEAN),
    row("where", F::Where, 1, EACH, Any, Leaves::Input),
    row("select", F::Select, 1, EACH, Any, Leaves::Argument),
    row("repeat", F::Repeat, 1, EACH, Any, Leaves::Argument),
    row("ofType", F::OfType, 1, TYPE, Any, Leaves::Input),
    row("as", F::As, 1, TYPE, Any, Leaves::Input),
    row("is", F::Is, 1, TYPE, Any, BOOLEAN),
    row("single", F::Single, 0, NONE, Any, Leaves::Input),
    row("first", F::First, 0, NONE, Any, Leaves::Input),
    row("last", F::Last, 0, NONE, Any, Leaves::Input),
    row("tail", F::Tail, 0, NONE, Any, Leaves::Input),
    row("skip", F::Skip, 1, VALUE, Any, Leaves::Input),
    row("take", F::Take, 1, VALUE, Any, Leaves::Input),
    row("intersect", F::Intersect, 1, VALUE, Any, Leaves::Input),
    row("exclude", F::Exclude, 1, VALUE, Any, Leaves::Input),
    row("union", F::Union, 1, VALUE, Any, Leaves::InputOrArgument),
    row("combine", F::Combine, 1, VALUE, Any, Leaves::InputOrArgument),
    row("aggregate", F::Aggregate, 1, &[Argument::Each, Argument::Value], Any, Leaves::Anything),
    row("iif", F::Iif, 2, &[Argument::Each, Argument::Each, Argument::Each], Any, Leaves::Anything),
    row("toBoolean", F::To(TypeId::BOOLEAN), 0, NONE, Any, BOOLEAN),
    row("toInteger", F::To(TypeId::INTEGER), 0, NONE, Any, INTEGER),
    row("toDecimal", F::To(TypeId::DECIMAL), 0, NONE, Any, DECIMAL),
    row("toString", F::To(TypeId::STRING), 0, NONE, Any, STRING),
    row("toDate", F::To(TypeId::DATE), 0, NONE, Any, Leaves::Items(TypeId::DATE)),
    row("toDateTime", F::To(TypeId::DATE_TIME), 0, NONE, Any, Leaves::Items(TypeId::DATE_TIME)),
    row("toTime", F::To(TypeId::TIME), 0, NONE, Any, Leaves::Items(TypeId::TIME)),
    row("toQuantity", F::To(TypeId::QUANTITY), 0, VALUE, Any, Leaves::Items(TypeId::QUANTITY)),
    row("convertsToBoolean", F::ConvertsTo(TypeId::BOOLEAN), 0, NONE, Any, BOOLEAN),
    row("convertsToInteger", F::ConvertsTo(TypeId::INTEGER), 0, NONE, Any, BOOLEAN),
    row("convertsToDecimal", F::ConvertsTo(TypeId::DECIMAL), 0, NONE, Any, BOOLEAN),
    row("convertsToString", F::ConvertsTo(TypeId::STRING), 0, NONE, Any, BOOLEAN),
    row("convertsToDate", F::ConvertsTo(TypeId::DATE), 0, NONE, Any, BOOLEAN),
    row("convertsToDateTime", F::ConvertsTo(TypeId::DATE_TIME), 0, NONE, Any, BOOLEAN),
    row("convertsToTime", F::ConvertsTo(TypeId::TIME), 0, NONE, Any, BOOLEAN),
    row("convertsToQuantity", F::ConvertsTo(TypeId::QUANTITY), 0, VALUE, Any, BOOLEAN),
    row("indexOf", F::IndexOf, 1, VALUE, Text, INTEGER),
    row("lastIndexOf", F::LastIndexOf, 1, VALUE, Text, INTEGER),
    row("substring", F::Substring, 1, VALUES, Text, STRING),
    row("startsWith", F::StartsWith, 1, VALUE, Text, BOOLEAN),
    row("endsWith", F::EndsWith, 1, VALUE, Text, BOOLEAN),
    row("contains", F::Contains, 1, VALUE, Text, BOOLEAN),
    row("upper", F::Upper, 0, NONE, Text, STRING),
    row("lower", F::Lower, 0, NONE, Text, STRING),
    row("replace", F::Replace, 2, VALUES, Text, STRING),
    row("matches", F::Matches, 1, VALUE, Text, BOOLEAN),
    row("matchesFull", F::MatchesFull, 1, VALUE, Text, BOOLEAN),
    row("replaceMatches", F::ReplaceMatches, 2, VALUES, Text, STRING),
    row("length", F::Length, 0, NONE, Text, INTEGER),
    row("toChars", F::ToChars, 0, NONE, Text, STRING),
    row("trim", F::Trim, 0, NONE, Text, STRING),
    row("split", F::Split, 1, VALUE, Text, STRING),
    row("join", F::Join, 0, VALUE, Text, STRING),
    row("encode", F::Encode, 1, VALUE, Text, STRING),
    row("decode", F::Decode, 1, VALUE, Text, STRING),
    row("escape", F::Escape, 1, VALUE, Text, STRING),
    row("unescape", F::Unescape, 1, VALUE, Text, STRING),
    row("abs", F::Abs, 0, NONE, Measured, Leaves::Input),
    row("ceiling", F::Ceiling, 0, NONE, Number, INTEGER),
    row("exp", F::Exp, 0, NONE, Number, DECIMAL),
    row("floor", F::Floor, 0, NONE, Number, INTEGER),
    row("ln", F::Ln, 0, NONE, Number, DECIMAL),
    row("log", F::Log, 1, VALUE, Number, DECIMAL),
    row("power", F::Power, 1, VALUE, Number, Leaves::Anything),
    row("round", F::Round, 0, VALUE, Number, DECIMAL),
    row("sqrt", F::Sqrt, 0, NONE, Number, DECIMAL),
    row("truncate", F::Truncate, 0, NONE, Number, INTEGER),
    row("lowBoundary", F::LowBoundary, 0, VALUE, Graded, Leaves::Anything),
    row("highBoundary", F::HighBoundary, 0, VALUE, Graded, Leaves::Anything),
    row("precision", F::Precision, 0, NONE, Graded, INTEGER),
    row("children", F::Children, 0, NONE, Any, Leaves::Anything),
    row("descendants", F::Descendants, 0, NONE, Any, Leaves::Anything),
    row("trace", F::Trace, 1, &[Argument::Value, Argument::Each], Any, Leaves::Input),
    row("now", F::Now, 0, NONE, Any, Leaves::Items(TypeId::DATE_TIME)),
    row("today", F::Today, 0, NONE, Any, Leaves::Items(TypeId::DATE)),
    row("timeOfDay", F::TimeOfDay, 0, NONE, Any, Leaves::Items(TypeId::TIME)),
    row("type", F::Type, 0, NONE, Any, Leaves::Items(TypeId::TYPE_INFO)),
    row("extension", F::Extension, 1, VALUE, Any, Leaves::Anything),
    row("hasValue", F::HasValue, 0, NONE, Any, BOOLEAN),
    row("getValue", F::GetValue, 0, NONE, Any, Leaves::Anything),
    row("resolve", F::Resolve, 0, NONE, Any, Leaves::Anything),
    row("elementDefinition", F::ElementDefinition, 0, NONE, Any, Leaves::Anything),
    row("slice", F::Slice, 2, VALUES, Any, Leaves::Input),
    row("checkModifiers", F::CheckModifiers, 0, &[Argument::Value; 8], Any, Leaves::Input),
    row("conformsTo", F::ConformsTo, 1, VALUE, Any, BOOLEAN),
    row("memberOf", F::MemberOf, 1, VALUE, Any, BOOLEAN),
    row("subsumes", F::Subsumes, 1, VALUE, Any, BOOLEAN),
    row("subsumedBy", F::SubsumedBy, 1, VALUE, Any, BOOLEAN),
    row("htmlChecks", F::HtmlChecks, 0, NONE, Any, BOOLEAN),
    row("getResourceKey", F::GetResourceKey, 0, NONE, Any, STRING),
    row("getReferenceKey", F::GetReferenceKey, 0, TYPE, Any, STRING),
];

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|signature| signature.name == name)
}

/// The names of all functions, as they are written.
pub fn names() -> impl Iterator<Item = &'static str> {
    SIGNATURES.iter().map(|signature| signature.name)
}
