//! TOML to JSON and back without loss: numbers keep their digits, every part its line.
//!
//! JSON has one thing that TOML has not: `null`, which FHIR uses only in lists of primitives beside their extensions. It
//! is written `{}`, which FHIR never uses.

use ::toml::de::{DeTable, DeValue};
use yba_fhir::json::{self, JsonContainerTrait, JsonType, JsonValueTrait, Value};

use super::lines::Lines;
use crate::document::line_at;

/// A document with the lines of its parts.
#[derive(Debug, Clone)]
pub struct Document {
    pub value: Value,
    pub lines: Lines,
}

/// Reads a TOML text as JSON; dates become texts. All faults with their lines.
pub fn document(text: &str) -> Result<Document, Vec<(u32, String)>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let told = |error: &::toml::de::Error| {
        let line = error.span().map_or(0, |span| line_at(text, span.start));
        (line, format!("không đọc được: {}", error.message()))
    };
    let mut reader = Reader { text, lines: Lines::default(), faults: errors.iter().map(told).collect() };
    let value = reader.table(table.get_ref(), "");
    if reader.faults.is_empty() { Ok(Document { value, lines: reader.lines }) } else { Err(reader.faults) }
}

struct Reader<'t> {
    text: &'t str,
    lines: Lines,
    faults: Vec<(u32, String)>,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable, place: &str) -> Value {
        let mut object = json::Object::new();
        for (name, member) in table {
            let inside = if place.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{place}.{}", name.get_ref())
            };
            self.lines.put(inside.clone(), line_at(self.text, name.span().start));
            let value = self.value(member.get_ref(), member.span().start, &inside);
            object.insert(name.get_ref(), value);
        }
        Value::from(object)
    }

    fn value(&mut self, value: &DeValue, at: usize, place: &str) -> Value {
        match value {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(flag) => Value::from(*flag),
            DeValue::Datetime(day) => Value::from(day.to_string().as_str()),
            DeValue::Integer(number) => self.number(&number.to_string(), at),
            DeValue::Float(number) => self.number(number.as_str(), at),
            DeValue::Array(list) => {
                let mut array = json::Array::new();
                for (position, member) in list.iter().enumerate() {
                    let inside = format!("{place}[{position}]");
                    self.lines.put(inside.clone(), line_at(self.text, member.span().start));
                    array.push(self.value(member.get_ref(), member.span().start, &inside));
                }
                Value::from(array)
            }
            DeValue::Table(table) if table.is_empty() => Value::new(),
            DeValue::Table(table) => self.table(table, place),
        }
    }

    fn number(&mut self, written: &str, at: usize) -> Value {
        let plain = written.trim_start_matches('+').replace('_', "");
        json::from_str(&plain).ok().filter(|value: &Value| value.is_number()).unwrap_or_else(|| {
            self.faults.push((line_at(self.text, at), format!("{written} không phải một số")));
            Value::new()
        })
    }
}

/// A JSON object as TOML. Lists of items become `[[item]]`, everything else stands on one line.
pub fn written(value: &Value) -> String {
    let mut out = String::new();
    table(value, "", &mut out);
    out
}

fn table(value: &Value, prefix: &str, out: &mut String) {
    let mut members: Vec<(&str, &Value)> =
        value.as_object().into_iter().flat_map(|object| object.iter()).collect();
    members.sort_by_key(|(name, _)| *name);
    let is_list = |name: &str, member: &Value| {
        name == "item"
            && member.as_array().is_some_and(|list| {
                !list.is_empty() && list.iter().all(|one| one.as_object().is_some_and(|one| !one.is_empty()))
            })
    };
    for (name, member) in members.iter().filter(|(name, member)| !is_list(name, member)) {
        out.push_str(&format!("{} = ", key(name)));
        inline(member, out);
        out.push('\n');
    }
    for (name, member) in members.iter().filter(|(name, member)| is_list(name, member)) {
        let full = if prefix.is_empty() { key(name) } else { format!("{prefix}.{}", key(name)) };
        for one in member.as_array().into_iter().flat_map(|list| list.iter()) {
            out.push_str(&format!("\n[[{full}]]\n"));
            table(one, &full, out);
        }
    }
}

fn inline(value: &Value, out: &mut String) {
    match value.get_type() {
        JsonType::Null => out.push_str("{}"),
        JsonType::Object => {
            let mut members: Vec<(&str, &Value)> =
                value.as_object().into_iter().flat_map(|object| object.iter()).collect();
            members.sort_by_key(|(name, _)| *name);
            out.push_str("{ ");
            for (position, (name, member)) in members.iter().enumerate() {
                out.push_str(&format!("{}{} = ", if position > 0 { ", " } else { "" }, key(name)));
                inline(member, out);
            }
            out.push_str(" }");
        }
        JsonType::Array => {
            out.push('[');
            for (position, member) in value.as_array().into_iter().flat_map(|list| list.iter()).enumerate() {
                out.push_str(if position > 0 { ", " } else { "" });
                inline(member, out);
            }
            out.push(']');
        }
        JsonType::String => out.push_str(&quoted(value.as_str().unwrap_or_default())),
        _ => out.push_str(&json::to_string(value).unwrap_or_default()),
    }
}

fn key(name: &str) -> String {
    let bare = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if bare { name.to_owned() } else { quoted(name) }
}

/// A basic string: JSON's own escapes are TOML's, but for DEL.
fn quoted(text: &str) -> String {
    json::to_string(text).unwrap_or_default().replace('\u{7f}', "\\u007f")
}
