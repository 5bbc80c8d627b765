//! What collections hold: nodes of a resource, borrowed, and computed values.

use crate::decimal;
use crate::quantity::{Duration, Quantity, Unit};
use crate::schema::{Kind, Primitive, TypeId, schema};
use crate::temporal::{Date, DateTime, Time};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sonic_rs::JsonValueTrait;
use std::borrow::Cow;
use yba_fhir::json::{Value, str_at};

/// A place in a resource. A primitive may have a value, a sibling (`_birthDate`, with id and extensions), or both.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    pub value: Option<&'a Value>,
    pub sibling: Option<&'a Value>,
    pub id: TypeId,
}

/// One item of a collection.
#[derive(Debug, Clone)]
pub enum Item<'a> {
    Node(Node<'a>),
    Boolean(bool),
    Integer(i32),
    Decimal(Decimal),
    String(Cow<'a, str>),
    Date(Date),
    DateTime(DateTime),
    Time(Time),
    Quantity(Box<Quantity>),
    Type(TypeDescription),
}

/// What `type()` answers, and the parts of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeDescription {
    /// SimpleTypeInfo, ClassInfo or TupleTypeInfo of a type.
    Of(TypeId),
    /// ClassInfoElement: the element at this position of a type.
    Element(TypeId, u16),
}

impl<'a> Node<'a> {
    /// A resource, typed by its `resourceType`, or a tree of unknown type.
    pub fn root(value: &'a Value) -> Node<'a> {
        Node { value: Some(value), sibling: None, id: resource_type(value).unwrap_or(TypeId::UNKNOWN) }
    }

    /// A tree of a known FHIR type, e.g. `HumanName`; of unknown type when there is none of that name.
    pub fn typed(value: &'a Value, type_name: &str) -> Node<'a> {
        let id = schema().fhir(type_name).unwrap_or(TypeId::UNKNOWN);
        Node { value: Some(value), sibling: None, id }
    }

    /// Whether both are the very same place.
    pub fn is_same(&self, other: &Node) -> bool {
        let same = |a: Option<&Value>, b: Option<&Value>| match (a, b) {
            (Some(a), Some(b)) => std::ptr::eq(a, b),
            (None, None) => true,
            _ => false,
        };
        same(self.value, other.value) && same(self.sibling, other.sibling)
    }

    pub fn primitive(&self) -> Option<Primitive> {
        match schema().get(self.id).kind {
            Kind::Primitive(primitive) => Some(primitive),
            _ => None,
        }
    }

    /// Whether it has members of its own in JSON.
    pub fn is_complex(&self) -> bool {
        self.value.is_some_and(|value| value.is_object())
    }

    /// The value of a primitive as a System type; `None` for complex nodes and for values that are not what their
    /// type says.
    pub fn system(&self) -> Option<Item<'a>> {
        let value = self.value?;
        match schema().get(self.id).kind {
            Kind::Primitive(primitive) => of_primitive(primitive, value),
            Kind::Unknown | Kind::System => of_json(value),
            _ => None,
        }
    }

    /// A FHIR Quantity (or Age, Duration, …) as a System quantity.
    /// <https://hl7.org/fhir/R4/fhirpath.html#quantity>
    pub fn quantity(&self) -> Option<Quantity> {
        let value = self.value?;
        let quantity = schema().fhir("Quantity")?;
        let looks_like_one = self.id == TypeId::UNKNOWN && value.get("value").is_some();
        if !looks_like_one && !schema().is_a(self.id, quantity) {
            return None;
        }
        if value.get("comparator").is_some() {
            return None;
        }
        let amount = decimal::of_json(value.get("value")?)?;
        Some(Quantity::new(amount, unit_of(value)))
    }

    pub fn as_str(&self) -> Option<&'a str> {
        self.value?.as_str()
    }
}

fn unit_of(value: &Value) -> Unit {
    let code = str_at(value, &["code"]);
    match (str_at(value, &["system"]), code) {
        (Some("http://unitsofmeasure.org"), Some(code)) => {
            Duration::of_code(code).map_or_else(|| Unit::named(code), Unit::FhirTime)
        }
        (Some(system), Some(code)) => Unit::Other(format!("{system}|{code}").into()),
        _ => match code.or_else(|| str_at(value, &["unit"])) {
            Some(text) => Unit::Other(text.into()),
            None => Unit::one(),
        },
    }
}

/// The FHIR type named in `resourceType`.
pub fn resource_type(value: &Value) -> Option<TypeId> {
    schema().fhir(value.get("resourceType")?.as_str()?)
}

fn of_primitive(primitive: Primitive, value: &Value) -> Option<Item<'_>> {
    match primitive {
        Primitive::Boolean => value.as_bool().map(Item::Boolean),
        Primitive::String => value.as_str().map(|text| Item::String(Cow::Borrowed(text))),
        Primitive::Integer => integer_of(value).map(Item::Integer),
        Primitive::Decimal => decimal::of_json(value).map(Item::Decimal),
        Primitive::Date => Date::parse(value.as_str()?).map(Item::Date),
        Primitive::DateTime => DateTime::parse(value.as_str()?).map(Item::DateTime),
        Primitive::Time => Time::parse(value.as_str()?).map(Item::Time),
    }
}

fn integer_of(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|number| i32::try_from(number).ok())
}

/// A value of unknown type by what JSON says.
fn of_json(value: &Value) -> Option<Item<'_>> {
    if let Some(text) = value.as_str() {
        return Some(Item::String(Cow::Borrowed(text)));
    }
    if let Some(flag) = value.as_bool() {
        return Some(Item::Boolean(flag));
    }
    let number = decimal::of_json(value)?;
    match number.to_i32() {
        Some(integer) if number.scale() == 0 => Some(Item::Integer(integer)),
        _ => Some(Item::Decimal(number)),
    }
}

impl<'a> Item<'a> {
    /// A string that lives as long as it is asked to.
    pub fn text(text: &'a str) -> Item<'a> {
        Item::String(Cow::Borrowed(text))
    }

    pub fn owned(text: String) -> Item<'a> {
        Item::String(Cow::Owned(text))
    }

    /// The type at run time.
    pub fn type_id(&self) -> TypeId {
        match self {
            Item::Node(node) => node.id,
            Item::Boolean(_) => TypeId::BOOLEAN,
            Item::Integer(_) => TypeId::INTEGER,
            Item::Decimal(_) => TypeId::DECIMAL,
            Item::String(_) => TypeId::STRING,
            Item::Date(_) => TypeId::DATE,
            Item::DateTime(_) => TypeId::DATE_TIME,
            Item::Time(_) => TypeId::TIME,
            Item::Quantity(_) => TypeId::QUANTITY,
            Item::Type(_) => TypeId::TYPE_INFO,
        }
    }

    /// The System value an operator works on: a primitive's value, a FHIR Quantity as a quantity; complex nodes and
    /// primitives without value stay nodes.
    pub fn to_system(&self) -> Item<'a> {
        match self {
            Item::Node(node) => match node.system() {
                Some(system) => system,
                None => match node.quantity() {
                    Some(quantity) => Item::Quantity(Box::new(quantity)),
                    None => self.clone(),
                },
            },
            other => other.clone(),
        }
    }

    pub fn node(&self) -> Option<Node<'a>> {
        match self {
            Item::Node(node) => Some(*node),
            _ => None,
        }
    }

    /// The text of a String, or of a primitive that is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Item::String(text) => Some(text),
            Item::Node(node) => node.as_str(),
            _ => None,
        }
    }

    /// The name to show in messages.
    pub fn type_name(&self) -> &'static str {
        let name = schema().get(self.type_id()).name.as_str();
        if name.is_empty() { "?" } else { name }
    }
}
