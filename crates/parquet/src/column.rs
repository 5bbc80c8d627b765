//! What a column is in the file, and the values it holds until they are written. The types follow
//! <https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/StructureDefinition-ViewDefinition.html#default-type-mappings>:
//! decimals and dates stay texts, so that no digit and no precision is lost.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::SerializedColumnWriter;
use parquet::schema::types::{Type, TypePtr};
use std::sync::Arc;
use yba_fhir::{DateRange, Outcome};
use yba_view::{Cell, Column, Form};

/// The values of one column, and the levels that tell which are null and which belong to one list.
#[derive(Debug)]
pub struct Chunk {
    name: String,
    form: Form,
    list: bool,
    values: Values,
    definition: Vec<i16>,
    repetition: Vec<i16>,
    /// A value as text, before it is read again.
    scratch: Vec<u8>,
}

#[derive(Debug)]
enum Values {
    Flags(Vec<bool>),
    Small(Vec<i32>),
    Large(Vec<i64>),
    Bytes(Vec<ByteArray>),
}

/// The column in the schema; a list has the three levels the format asks for.
pub fn field(column: &Column) -> Result<TypePtr> {
    let name = column.name.as_str();
    if !column.collection {
        return value(name, column.form).map(Arc::new);
    }
    let list = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(value("element", column.form)?)])
        .build()?;
    let outer = Type::group_type_builder(name)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list)])
        .build()?;
    Ok(Arc::new(outer))
}

fn value(name: &str, form: Form) -> Result<Type> {
    let (physical, logical) = match form {
        Form::Boolean => (Physical::BOOLEAN, None),
        Form::Integer => (Physical::INT32, None),
        Form::Integer64 => (Physical::INT64, None),
        Form::Instant => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Form::Base64 => (Physical::BYTE_ARRAY, None),
        Form::Complex => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        _ => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    builder.with_logical_type(logical).build()
}

impl Chunk {
    pub fn of(column: &Column) -> Chunk {
        let values = match column.form {
            Form::Boolean => Values::Flags(Vec::new()),
            Form::Integer => Values::Small(Vec::new()),
            Form::Integer64 | Form::Instant => Values::Large(Vec::new()),
            _ => Values::Bytes(Vec::new()),
        };
        Chunk {
            name: column.name.clone(),
            form: column.form,
            list: column.collection,
            values,
            definition: Vec::new(),
            repetition: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Adds a cell; answers about how many bytes it takes.
    pub fn push(&mut self, cell: &Cell) -> std::result::Result<usize, Outcome> {
        // A value lies one level deep, or three within a list: the list, its entry, the entry's value.
        match cell {
            Cell::Null => self.level(0, 0),
            Cell::Many(items) if items.is_empty() => self.level(1, 0),
            Cell::One(_) => {
                self.level(if self.list { 3 } else { 1 }, 0);
                return self.value(cell);
            }
            Cell::Many(items) => {
                let mut bytes = 0;
                for (position, item) in items.iter().enumerate() {
                    let repetition = i16::from(position > 0);
                    if item.node().is_some_and(|node| node.value.is_none()) {
                        self.level(2, repetition);
                        continue;
                    }
                    self.level(3, repetition);
                    bytes += self.value(&Cell::One(item.clone()))?;
                }
                return Ok(bytes);
            }
        }
        Ok(4)
    }

    fn level(&mut self, definition: i16, repetition: i16) {
        self.definition.push(definition);
        self.repetition.push(repetition);
    }

    fn value(&mut self, cell: &Cell) -> std::result::Result<usize, Outcome> {
        self.scratch.clear();
        cell.write_text(&mut self.scratch);
        let text = std::str::from_utf8(&self.scratch).unwrap_or_default();
        let taken = match (&mut self.values, self.form) {
            (Values::Flags(values), _) => text.parse().map(|flag| values.push(flag)).ok(),
            (Values::Small(values), _) => text.parse().map(|number| values.push(number)).ok(),
            (Values::Large(values), Form::Instant) => micros(text).map(|moment| values.push(moment)),
            (Values::Large(values), _) => text.parse().map(|number| values.push(number)).ok(),
            (Values::Bytes(values), Form::Base64) => {
                STANDARD.decode(text).map(|bytes| values.push(bytes.into())).ok()
            }
            (Values::Bytes(values), _) => {
                values.push(self.scratch.as_slice().into());
                Some(())
            }
        };
        taken.map(|()| 16 + self.scratch.len()).ok_or_else(|| unfit(&self.name, self.form))
    }

    /// Writes what is held and forgets it.
    pub fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<()> {
        let (definition, repetition) = (Some(self.definition.as_slice()), Some(self.repetition.as_slice()));
        let repetition = repetition.filter(|_| self.list);
        match &mut self.values {
            Values::Flags(values) => {
                writer.typed::<BoolType>().write_batch(values, definition, repetition)?;
                values.clear();
            }
            Values::Small(values) => {
                writer.typed::<Int32Type>().write_batch(values, definition, repetition)?;
                values.clear();
            }
            Values::Large(values) => {
                writer.typed::<Int64Type>().write_batch(values, definition, repetition)?;
                values.clear();
            }
            Values::Bytes(values) => {
                writer.typed::<ByteArrayType>().write_batch(values, definition, repetition)?;
                values.clear();
            }
        }
        self.definition.clear();
        self.repetition.clear();
        Ok(())
    }
}

/// Microseconds since 1970 UTC; our dates know milliseconds.
fn micros(text: &str) -> Option<i64> {
    DateRange::parse(text)?.start.checked_mul(1000)
}

fn unfit(name: &str, form: Form) -> Outcome {
    let text = format!("Một giá trị của cột “{name}” không phải {form:?} nên không ghi được vào Parquet.");
    Outcome::new(
        yba_fhir::Kind::Unprocessable,
        "view-column-type",
        text,
        format!("a value of column \"{name}\" is no {form:?}"),
    )
}
