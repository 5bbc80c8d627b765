//! What is known of a collection before it is evaluated: the types its items may have.

use crate::schema::{Element, Kind, Primitive, TypeId, schema};

/// The possible types of the items; `None` when they can be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    types: Option<Vec<TypeId>>,
}

impl Shape {
    pub fn any() -> Shape {
        Shape { types: None }
    }

    /// The empty collection.
    pub fn nothing() -> Shape {
        Shape { types: Some(Vec::new()) }
    }

    pub fn of(id: TypeId) -> Shape {
        if id == TypeId::UNKNOWN { Shape::any() } else { Shape { types: Some(vec![id]) } }
    }

    pub fn known(&self) -> Option<&[TypeId]> {
        self.types.as_deref()
    }

    /// The only possible type, when it is one whose elements are all known.
    pub fn single(&self) -> Option<TypeId> {
        match self.types.as_deref() {
            Some([only]) if !schema().is_abstract(*only) => Some(*only),
            _ => None,
        }
    }

    pub fn or(self, other: Shape) -> Shape {
        let (Some(mut types), Some(more)) = (self.types, other.types) else { return Shape::any() };
        for id in more {
            if !types.contains(&id) {
                types.push(id);
            }
        }
        Shape { types: Some(types) }
    }

    /// What is left after keeping items of a type.
    pub fn narrowed(&self, target: TypeId) -> Shape {
        let Some(types) = &self.types else { return Shape::of(target) };
        let schema = schema();
        let kept = types.iter().filter_map(|id| {
            if schema.is_a(*id, target) {
                Some(*id)
            } else if schema.is_a(target, *id) {
                Some(target)
            } else {
                None
            }
        });
        Shape { types: Some(kept.collect()) }
    }

    /// The items of an element; `None` when no possible type has it. An abstract type has what any of its
    /// descendants has.
    pub fn element(&self, name: &str) -> Option<Shape> {
        let Some(types) = &self.types else { return Some(Shape::any()) };
        let mut found = Vec::new();
        for id in types {
            match (*id, name) {
                (TypeId::TYPE_INFO, _) => return Some(Shape::any()),
                (TypeId::QUANTITY, "value") => found.push(TypeId::DECIMAL),
                (TypeId::QUANTITY, "unit") => found.push(TypeId::STRING),
                _ => {}
            }
            elements_of(*id, name).for_each(|element| {
                for variant in &element.variants {
                    if !found.contains(&variant.id) {
                        found.push(variant.id);
                    }
                }
            });
        }
        (!found.is_empty() || types.is_empty()).then_some(Shape { types: Some(found) })
    }

    /// The names of all elements the items may have.
    pub fn element_names(&self) -> Vec<&'static str> {
        let types = self.types.iter().flatten();
        types.flat_map(|id| schema().element_names(*id)).collect()
    }

    /// The type names, for messages.
    pub fn names(&self) -> String {
        match &self.types {
            None => "?".to_owned(),
            Some(types) => {
                let names: Vec<&str> =
                    types.iter().take(6).map(|id| schema().get(*id).name.as_str()).collect();
                let more = if types.len() > 6 { ", …" } else { "" };
                format!("{}{more}", names.join(", "))
            }
        }
    }

    /// Whether some item may be of this class.
    pub fn admits(&self, class: Class) -> bool {
        match &self.types {
            None => true,
            Some(types) => types.is_empty() || types.iter().any(|id| class.admits(*id)),
        }
    }
}

fn elements_of(id: TypeId, name: &str) -> impl Iterator<Item = &'static Element> {
    let schema = schema();
    let own = schema.get(id).element(name);
    let inherited = own.is_none() && schema.is_abstract(id);
    let descendants = inherited.then(|| schema.descendants(id)).into_iter().flatten();
    own.into_iter().chain(descendants.filter_map(move |id| schema.get(id).element(name)))
}

/// Families of values that functions and operators ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Any,
    String,
    Number,
    /// Numbers and quantities.
    Measured,
    /// What has a boundary and a precision: numbers, quantities, dates and times.
    Graded,
}

impl Class {
    pub fn admits(self, id: TypeId) -> bool {
        let system = system_type(id);
        match self {
            Class::Any => true,
            _ if id == TypeId::UNKNOWN || schema().is_abstract(id) => true,
            Class::String => system == Some(TypeId::STRING),
            Class::Number => matches!(system, Some(TypeId::INTEGER | TypeId::DECIMAL)),
            Class::Measured => matches!(system, Some(TypeId::INTEGER | TypeId::DECIMAL | TypeId::QUANTITY)),
            Class::Graded => !matches!(system, None | Some(TypeId::STRING | TypeId::BOOLEAN)),
        }
    }

    /// In messages: Vietnamese and English.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Class::Any => ("mọi giá trị", "anything"),
            Class::String => ("chuỗi", "a String"),
            Class::Number => ("số", "a number"),
            Class::Measured => ("số hoặc đại lượng", "a number or Quantity"),
            Class::Graded => ("số, đại lượng hoặc ngày giờ", "a number, Quantity, date or time"),
        }
    }
}

/// The System type a value of this type is converted to by itself; `None` for complex types.
pub fn system_type(id: TypeId) -> Option<TypeId> {
    let schema = schema();
    match schema.get(id).kind {
        Kind::System => Some(id),
        Kind::Primitive(primitive) => Some(match primitive {
            Primitive::Boolean => TypeId::BOOLEAN,
            Primitive::String => TypeId::STRING,
            Primitive::Integer => TypeId::INTEGER,
            Primitive::Decimal => TypeId::DECIMAL,
            Primitive::Date => TypeId::DATE,
            Primitive::DateTime => TypeId::DATE_TIME,
            Primitive::Time => TypeId::TIME,
        }),
        Kind::Complex if schema.fhir("Quantity").is_some_and(|quantity| schema.is_a(id, quantity)) => {
            Some(TypeId::QUANTITY)
        }
        _ => None,
    }
}
