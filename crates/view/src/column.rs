//! Columns: their names and types, and whether a value may stand in one.
//! <https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/StructureDefinition-ViewDefinition.html#column-types>

use crate::fault::Faults;
use crate::read::Part;
use yba_fhirpath::schema::{TypeId, schema};
use yba_fhirpath::{Item, Shape, system_type};

/// Longest name; PostgreSQL keeps 63 bytes of one.
const NAME_MAX: usize = 63;

/// A column as readers of the rows see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// The FHIR type: as declared, or as far as the expression tells it.
    pub fhir_type: Option<String>,
    pub form: Form,
    /// Whether its values are lists.
    pub collection: bool,
    pub description: Option<String>,
    /// Name and value, e.g. `ansi/type`.
    pub tags: Vec<(String, String)>,
}

/// What values of a column look like in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Boolean,
    /// 32 bits.
    Integer,
    /// 64 bits.
    Integer64,
    /// Digits as they were written.
    Decimal,
    Text,
    Base64,
    Date,
    DateTime,
    /// A moment with its offset, always complete.
    Instant,
    Time,
    /// Something with parts, shown as JSON.
    Complex,
    /// Not known before the values are.
    Unknown,
}

/// The type a column must have; unknown when it was not declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    form: Form,
    /// The complex type, when it is one.
    id: TypeId,
    declared: bool,
}

impl Wanted {
    pub fn form(self) -> Form {
        self.form
    }

    /// The type written at a column. A relative name means a FHIR type.
    pub fn declared(text: &str) -> Option<Wanted> {
        let of = |form, id| Some(Wanted { form, id, declared: true });
        let name = text.strip_prefix("http://hl7.org/fhir/StructureDefinition/").unwrap_or(text);
        let system = name.strip_prefix("http://hl7.org/fhirpath/").unwrap_or(name);
        if let Some(id) = system.strip_prefix("System.").and_then(|name| schema().system(name)) {
            return of(form_of(id)?, id);
        }
        if name == "integer64" {
            return of(Form::Integer64, TypeId::INTEGER);
        }
        let id = schema().fhir(name)?;
        of(form_of(id)?, id)
    }

    /// What an expression tells of its column, and the name of the type when it is one.
    pub fn inferred(leaves: &Shape) -> (Wanted, Option<String>) {
        let unknown = Wanted { form: Form::Unknown, id: TypeId::UNKNOWN, declared: false };
        let ids = leaves.known().unwrap_or_default();
        let Some(first) = ids.first() else { return (unknown, None) };
        let Some(form) = form_of(*first) else { return (unknown, None) };
        if !ids.iter().all(|id| form_of(*id) == Some(form)) {
            return (unknown, None);
        }
        let name = (ids.len() == 1).then(|| schema().get(*first).name.clone());
        (Wanted { form, id: *first, declared: false }, name.map(|name| fhir_name(&name)))
    }

    /// Whether values that an expression leaves can be of the type; true when nothing is known of them.
    pub fn admits_shape(self, leaves: &Shape) -> bool {
        match leaves.known() {
            None | Some([]) => true,
            Some(ids) => ids.iter().any(|id| schema().is_abstract(*id) || self.admits(*id)),
        }
    }

    /// Whether a value may stand in the column.
    pub fn admits_item(self, item: &Item) -> bool {
        let id = item.type_id();
        let unknown = id == TypeId::UNKNOWN && !item.node().is_some_and(|node| node.is_complex());
        unknown || self.admits(id)
    }

    fn admits(self, id: TypeId) -> bool {
        let Some(form) = form_of(id) else { return self.declared };
        if !self.declared {
            // What has parts needs a declared type.
            return form != Form::Complex;
        }
        match (self.form, form) {
            (Form::Complex, Form::Complex) => {
                schema().is_a(id, self.id) || id == TypeId::QUANTITY && self.is_quantity()
            }
            (Form::Integer64, Form::Integer | Form::Decimal) => true,
            (Form::Decimal, Form::Integer) => true,
            (Form::DateTime | Form::Instant, Form::Date | Form::DateTime | Form::Instant) => true,
            (Form::Base64 | Form::Text, Form::Base64 | Form::Text) => true,
            // As a table has them these are texts too.
            (Form::Text, Form::Date | Form::DateTime | Form::Instant | Form::Time) => true,
            (wanted, form) => wanted == form,
        }
    }

    fn is_quantity(self) -> bool {
        self.id == TypeId::QUANTITY || schema().fhir("Quantity") == Some(self.id)
    }
}

/// Whether two columns of a union are of the same type, as far as it is known.
pub(crate) fn alike(one: &Column, other: &Column) -> bool {
    let known = |form| form != Form::Unknown;
    let plain = |form| match form {
        Form::Base64 => Form::Text,
        Form::Instant => Form::DateTime,
        other => other,
    };
    let both = known(one.form) && known(other.form);
    let same_form = !both || plain(one.form) == plain(other.form);
    let same_type = one.form != Form::Complex || !both || one.fhir_type == other.fhir_type;
    one.collection == other.collection && same_form && same_type
}

fn form_of(id: TypeId) -> Option<Form> {
    if id == TypeId::UNKNOWN {
        return None;
    }
    Some(match system_type(id) {
        Some(TypeId::BOOLEAN) => Form::Boolean,
        Some(TypeId::INTEGER) => Form::Integer,
        Some(TypeId::DECIMAL) => Form::Decimal,
        Some(TypeId::DATE) => Form::Date,
        Some(TypeId::DATE_TIME) if schema().get(id).name == "instant" => Form::Instant,
        Some(TypeId::DATE_TIME) => Form::DateTime,
        Some(TypeId::TIME) => Form::Time,
        Some(TypeId::STRING) if schema().get(id).name == "base64Binary" => Form::Base64,
        Some(TypeId::STRING) => Form::Text,
        _ => Form::Complex,
    })
}

/// System types by the names of their FHIR sisters.
fn fhir_name(name: &str) -> String {
    match name {
        "Boolean" | "String" | "Integer" | "Decimal" | "Date" | "Time" => name.to_ascii_lowercase(),
        "DateTime" => "dateTime".into(),
        other => other.into(),
    }
}

/// Refuses a name that databases would not take: letters, digits and `_`, a letter first.
pub(crate) fn is_sql_name(part: &Part, name: &str, faults: &mut Faults) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let fits = name.len() <= NAME_MAX && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    if !(starts && fits) {
        faults.add(
            &part.place_of("name"),
            "view-name",
            format!("tên “{name}” chỉ được gồm chữ cái không dấu, chữ số và _, bắt đầu bằng chữ cái, dài nhất {NAME_MAX} ký tự"),
            format!("the name \"{name}\" must match ^[A-Za-z][A-Za-z0-9_]*$ with at most {NAME_MAX} letters"),
        );
    }
    starts && fits
}
