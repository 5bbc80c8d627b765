//! The types an expression can meet, numbered: System types, FHIR types, and the unnamed types inside resources
//! (`Patient.contact`). Built once from the R4 tables. <http://hl7.org/fhirpath/N1/#models>

use std::collections::HashMap;
use std::sync::OnceLock;
use yba_fhir::defs::{self, ElementDef, TypeDef};

/// A number of a type in [`schema`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(u16);

impl TypeId {
    /// A thing whose type is not known: members are read by their JSON names.
    pub const UNKNOWN: TypeId = TypeId(0);
    pub const BOOLEAN: TypeId = TypeId(1);
    pub const STRING: TypeId = TypeId(2);
    pub const INTEGER: TypeId = TypeId(3);
    pub const DECIMAL: TypeId = TypeId(4);
    pub const DATE: TypeId = TypeId(5);
    pub const DATE_TIME: TypeId = TypeId(6);
    pub const TIME: TypeId = TypeId(7);
    pub const QUANTITY: TypeId = TypeId(8);
    /// What `type()` answers.
    pub const TYPE_INFO: TypeId = TypeId(9);
    pub const ANY: TypeId = TypeId(10);
}

const SYSTEM: [&str; 10] =
    ["Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity", "TypeInfo", "Any"];

/// How the JSON value of a FHIR primitive is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primitive {
    Boolean,
    String,
    Integer,
    Decimal,
    Date,
    DateTime,
    Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Unknown,
    System,
    Resource,
    /// Named data types and the unnamed ones inside resources.
    Complex,
    Primitive(Primitive),
}

#[derive(Debug)]
pub struct Type {
    /// `Patient`, `Patient.contact`, `String`.
    pub name: String,
    pub kind: Kind,
    pub base: Option<TypeId>,
    pub elements: Vec<Element>,
    by_name: HashMap<String, u16>,
}

#[derive(Debug)]
pub struct Element {
    pub name: String,
    pub many: bool,
    /// Whether it was written `value[x]`.
    pub choice: bool,
    pub variants: Vec<Variant>,
}

/// One JSON member an element may be stored in.
#[derive(Debug)]
pub struct Variant {
    /// `valueQuantity`
    pub key: String,
    pub id: TypeId,
    /// Whether its id and extensions stand in a member of the same name with `_` before it.
    pub primitive: bool,
}

#[derive(Debug)]
pub struct Schema {
    types: Vec<Type>,
    by_name: HashMap<String, TypeId>,
    system: HashMap<&'static str, TypeId>,
}

/// The one table of types.
pub fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| build(defs::r4()))
}

impl Schema {
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[usize::from(id.0)]
    }

    /// A FHIR type by its name.
    pub fn fhir(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// A System type by its name.
    pub fn system(&self, name: &str) -> Option<TypeId> {
        self.system.get(name).copied()
    }

    /// Whether `id` is `ancestor` or derives from it. Every type is System.Any.
    pub fn is_a(&self, id: TypeId, ancestor: TypeId) -> bool {
        if ancestor == TypeId::ANY {
            return true;
        }
        let mut at = Some(id);
        while let Some(id) = at {
            if id == ancestor {
                return true;
            }
            at = self.get(id).base;
        }
        false
    }

    /// Whether resources are of this type without being of it alone: `Resource`, `DomainResource`, `Element`.
    pub fn is_abstract(&self, id: TypeId) -> bool {
        matches!(self.get(id).name.as_str(), "Resource" | "DomainResource" | "Element" | "BackboneElement")
    }

    /// All types that derive from `id`, itself included.
    pub fn descendants(&self, id: TypeId) -> impl Iterator<Item = TypeId> {
        (0..self.types.len() as u16).map(TypeId).filter(move |candidate| self.is_a(*candidate, id))
    }

    /// The names of all elements of a type, for error messages.
    pub fn element_names(&self, id: TypeId) -> impl Iterator<Item = &str> {
        self.get(id).elements.iter().map(|element| element.name.as_str())
    }
}

impl Type {
    pub fn element(&self, name: &str) -> Option<&Element> {
        self.by_name.get(name).map(|position| &self.elements[usize::from(*position)])
    }

    /// The name `type()` shows: unnamed types show what they extend.
    pub fn is_anonymous(&self) -> bool {
        self.name.contains('.')
    }
}

impl Element {
    /// The variant stored under this JSON member.
    pub fn variant(&self, key: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.key == key)
    }
}

/// Gives numbers first, so that elements can refer to types that come later.
fn build(tables: &defs::R4) -> Schema {
    let mut names = vec![String::new()];
    names.extend(SYSTEM.iter().map(|name| (*name).to_owned()));
    let mut by_name = HashMap::new();
    for (name, def) in tables.types() {
        let mut add = |full: String| {
            by_name.insert(full.clone(), TypeId(names.len() as u16));
            names.push(full);
        };
        add(name.to_owned());
        def.elements.iter().filter(|element| is_inline(element)).for_each(|element| {
            add(format!("{name}.{}", element.path));
        });
    }
    let mut types: Vec<Type> = names[..=SYSTEM.len()].iter().enumerate().map(system_type).collect();
    for (name, def) in tables.types() {
        types.push(named_type(name, def, &by_name));
        for element in def.elements.iter().filter(|element| is_inline(element)) {
            types.push(inline_type(name, element, def, &by_name));
        }
    }
    let system = SYSTEM.iter().enumerate().map(|(position, name)| (*name, TypeId(position as u16 + 1)));
    Schema { types, by_name, system: system.collect() }
}

/// Whether the element has its own unnamed type.
fn is_inline(element: &ElementDef) -> bool {
    matches!(element.types.as_slice(), [only] if only == "BackboneElement" || only == "Element")
}

fn system_type((position, name): (usize, &String)) -> Type {
    let kind = if position == 0 { Kind::Unknown } else { Kind::System };
    Type { name: name.clone(), kind, base: None, elements: Vec::new(), by_name: HashMap::new() }
}

fn named_type(name: &str, def: &TypeDef, by_name: &HashMap<String, TypeId>) -> Type {
    let kind = match def.kind.as_str() {
        "resource" => Kind::Resource,
        "primitive-type" => Kind::Primitive(primitive(name)),
        _ => Kind::Complex,
    };
    let base = def.base.as_ref().and_then(|base| by_name.get(base)).copied();
    with_elements(name.to_owned(), kind, base, elements(name, "", def, by_name))
}

fn inline_type(name: &str, element: &ElementDef, def: &TypeDef, by_name: &HashMap<String, TypeId>) -> Type {
    let base = element.types.first().and_then(|base| by_name.get(base)).copied();
    let prefix = format!("{}.", element.path);
    let inside = elements(name, &prefix, def, by_name);
    with_elements(format!("{name}.{}", element.path), Kind::Complex, base, inside)
}

fn with_elements(name: String, kind: Kind, base: Option<TypeId>, elements: Vec<Element>) -> Type {
    let by_name = elements
        .iter()
        .enumerate()
        .map(|(position, element)| (element.name.clone(), position as u16))
        .collect();
    Type { name, kind, base, elements, by_name }
}

/// The elements directly below `prefix`.
fn elements(name: &str, prefix: &str, def: &TypeDef, by_name: &HashMap<String, TypeId>) -> Vec<Element> {
    def.elements
        .iter()
        .filter_map(|element| {
            let local = element.path.strip_prefix(prefix)?;
            (!local.contains('.')).then(|| self::element(name, local, element, by_name))
        })
        .collect()
}

fn element(owner: &str, local: &str, def: &ElementDef, by_name: &HashMap<String, TypeId>) -> Element {
    let choice = local.strip_suffix("[x]");
    let variant = |id: TypeId, key: String, type_name: &str| {
        let primitive = type_name.starts_with(|c: char| c.is_ascii_lowercase());
        Variant { key, id, primitive }
    };
    let variants = if let Some(target) = &def.content_reference {
        let path = target.trim_start_matches('#');
        by_name.get(path).map(|id| variant(*id, local.to_owned(), "Element")).into_iter().collect()
    } else if is_inline(def) {
        let id = by_name.get(&format!("{owner}.{}", def.path)).copied().unwrap_or(TypeId::UNKNOWN);
        vec![variant(id, local.to_owned(), "Element")]
    } else {
        let of_type = |name: &String| {
            let key = choice.map_or_else(|| local.to_owned(), |stem| format!("{stem}{}", capitalised(name)));
            variant(type_id(name, by_name), key, name)
        };
        def.types.iter().map(of_type).collect()
    };
    Element {
        name: choice.unwrap_or(local).to_owned(),
        many: def.max.is_none_or(|max| max > 1),
        choice: choice.is_some(),
        variants,
    }
}

fn type_id(name: &str, by_name: &HashMap<String, TypeId>) -> TypeId {
    if let Some(system) = name.strip_prefix("System.") {
        let position = SYSTEM.iter().position(|known| *known == system);
        return position.map_or(TypeId::UNKNOWN, |position| TypeId(position as u16 + 1));
    }
    by_name.get(name).copied().unwrap_or(TypeId::UNKNOWN)
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

fn primitive(name: &str) -> Primitive {
    match name {
        "boolean" => Primitive::Boolean,
        "integer" | "positiveInt" | "unsignedInt" => Primitive::Integer,
        "decimal" => Primitive::Decimal,
        "date" => Primitive::Date,
        "dateTime" | "instant" => Primitive::DateTime,
        "time" => Primitive::Time,
        _ => Primitive::String,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types_of(owner: &str, name: &str) -> Vec<&'static str> {
        let schema = schema();
        let element = schema.get(schema.fhir(owner).unwrap()).element(name).unwrap();
        element.variants.iter().map(|variant| schema.get(variant.id).name.as_str()).collect()
    }

    #[test]
    fn choices_unnamed_types_and_references_to_content_are_resolved() {
        assert_eq!(types_of("Patient", "deceased"), ["boolean", "dateTime"]);
        assert_eq!(types_of("Patient", "contact"), ["Patient.contact"]);
        assert_eq!(types_of("Patient.contact", "name"), ["HumanName"]);
        assert_eq!(types_of("Bundle.entry", "link"), ["Bundle.link"]);
        assert_eq!(types_of("Questionnaire.item", "item"), ["Questionnaire.item"]);
        assert_eq!(types_of("string", "value"), ["String"]);
        assert!(schema().types.iter().flat_map(|t| &t.elements).all(|element| {
            !element.variants.is_empty()
                && element.variants.iter().all(|variant| variant.id != TypeId::UNKNOWN)
        }));
    }

    #[test]
    fn derivation_is_followed_up_to_the_root() {
        let schema = schema();
        let is = |name: &str, base: &str| schema.is_a(schema.fhir(name).unwrap(), schema.fhir(base).unwrap());
        assert!(
            is("Patient", "DomainResource") && is("Bundle", "Resource") && !is("Bundle", "DomainResource")
        );
        assert!(is("code", "string") && is("Age", "Quantity") && is("Patient.contact", "BackboneElement"));
        assert!(!is("string", "code"));
        assert!(schema.is_a(TypeId::STRING, TypeId::ANY));
    }
}
