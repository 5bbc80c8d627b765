//! Rows as text: a JSON array, a JSON object per line, or CSV.

use crate::column::Column;
use crate::run::{self, Cell, Row};
use crate::select::{Left, View};
use std::io::Write;
use yba_fhir::Outcome;
use yba_fhir::json::{JsonValueTrait, Value, to_string};
use yba_fhirpath::Item;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One array of objects.
    Json,
    /// An object per line.
    Ndjson,
    /// Comma separated values, <https://www.rfc-editor.org/rfc/rfc4180>.
    Csv,
}

impl Format {
    /// By the name operations and flags use.
    pub fn named(name: &str) -> Option<Format> {
        match name {
            "json" => Some(Format::Json),
            "ndjson" => Some(Format::Ndjson),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// Writes rows into the end of a buffer, which the caller empties when it likes.
#[derive(Debug)]
pub struct Writer {
    format: Format,
    header: bool,
    /// `"name":` of each column.
    keys: Vec<Vec<u8>>,
    names: Vec<String>,
    rows: u64,
    most: u64,
}

impl Writer {
    pub fn new(format: Format, columns: &[Column]) -> Writer {
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let keys = names.iter().map(|name| format!("\"{name}\":").into_bytes()).collect();
        Writer { format, header: true, keys, names, rows: 0, most: u64::MAX }
    }

    /// CSV without its first line of names.
    pub fn without_header(mut self) -> Writer {
        self.header = false;
        self
    }

    /// With so many rows at most; what comes after them is left out.
    pub fn at_most(mut self, rows: u64) -> Writer {
        self.most = rows;
        self
    }

    /// Whether no further row will be written.
    pub fn is_full(&self) -> bool {
        self.rows >= self.most
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What goes before all rows.
    pub fn begin(&self, out: &mut Vec<u8>) {
        match self.format {
            Format::Json => out.push(b'['),
            Format::Csv if self.header => {
                out.extend_from_slice(self.names.join(",").as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            Format::Ndjson | Format::Csv => {}
        }
    }

    /// Writes the rows of one resource. Refuses as [`View::rows_within`] does, and when their text is too long; then
    /// nothing of them stands in `out`.
    pub fn resource(
        &mut self,
        view: &View,
        resource: &Value,
        left: &mut Left,
        out: &mut Vec<u8>,
    ) -> Result<(), Outcome> {
        let (start, rows, most) = (out.len(), self.rows, view.limits.text);
        let mut long = false;
        view.rows_within(resource, left, &mut |row| {
            long = long || out.len() - start > most;
            if !long {
                self.row(row, out);
            }
        })?;
        if long || out.len() - start > most {
            out.truncate(start);
            self.rows = rows;
            return Err(run::too_long(resource));
        }
        Ok(())
    }

    /// Writes a row, unless there are enough.
    pub fn row(&mut self, row: Row, out: &mut Vec<u8>) {
        if self.is_full() {
            return;
        }
        match self.format {
            Format::Json => {
                if self.rows > 0 {
                    out.extend_from_slice(b",\n");
                }
                self.object(row, out);
            }
            Format::Ndjson => {
                self.object(row, out);
                out.push(b'\n');
            }
            Format::Csv => record(row, out),
        }
        self.rows += 1;
    }

    /// What goes after all rows.
    pub fn end(&self, out: &mut Vec<u8>) {
        if self.format == Format::Json {
            out.extend_from_slice(b"]\n");
        }
    }

    fn object(&self, row: Row, out: &mut Vec<u8>) {
        out.push(b'{');
        for (position, (key, cell)) in self.keys.iter().zip(row.cells).enumerate() {
            if position > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key);
            cell.write_json(out);
        }
        out.push(b'}');
    }
}

impl Cell<'_> {
    /// The cell as JSON. Decimals keep their digits.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Cell::Null => out.extend_from_slice(b"null"),
            Cell::One(item) => write_item(item, out),
            Cell::Many(items) => {
                out.push(b'[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out.push(b',');
                    }
                    write_item(item, out);
                }
                out.push(b']');
            }
        }
    }

    /// The cell as plain text: strings without quotes, what has parts or is a list as JSON, nothing for null.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        match self {
            Cell::Null => {}
            Cell::One(item) => match item.as_str() {
                Some(text) => out.extend_from_slice(text.as_bytes()),
                None => write_plain(item, out),
            },
            Cell::Many(_) => self.write_json(out),
        }
    }
}

fn record(row: Row, out: &mut Vec<u8>) {
    for (position, cell) in row.cells.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        let start = out.len();
        cell.write_text(out);
        quote(start, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Quotes what was written since `start` when it must be.
fn quote(start: usize, out: &mut Vec<u8>) {
    if !out[start..].iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        return;
    }
    let plain = out.split_off(start);
    out.push(b'"');
    for byte in plain {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn write_item(item: &Item, out: &mut Vec<u8>) {
    match item {
        Item::Date(_) | Item::DateTime(_) | Item::Time(_) => {
            out.push(b'"');
            write_plain(item, out);
            out.push(b'"');
        }
        Item::String(text) => out.extend_from_slice(quoted(text).as_bytes()),
        Item::Node(node) => match node.value {
            Some(value) if value.is_null() => out.extend_from_slice(b"null"),
            Some(value) => {
                sonic_rs::to_writer(&mut *out, value).expect("a parsed tree always serialises");
            }
            None => out.extend_from_slice(b"null"),
        },
        _ => write_plain(item, out),
    }
}

/// Without quotes.
fn write_plain(item: &Item, out: &mut Vec<u8>) {
    let written = match item {
        Item::Boolean(value) => write!(out, "{value}"),
        Item::Integer(value) => write!(out, "{value}"),
        Item::Decimal(value) => write!(out, "{value}"),
        Item::Date(value) => write!(out, "{value}"),
        Item::DateTime(value) => write!(out, "{value}"),
        Item::Time(value) => write!(out, "{value}"),
        Item::Quantity(quantity) => {
            let unit = quoted(quantity.unit.text());
            write!(out, "{{\"value\":{},\"unit\":{unit}}}", quantity.value)
        }
        Item::String(text) => write!(out, "{text}"),
        Item::Type(_) => write!(out, "{}", item.to_json()),
        Item::Node(_) => {
            write_item(item, out);
            Ok(())
        }
    };
    written.expect("a vector takes every byte");
}

fn quoted(text: &str) -> String {
    to_string(text).expect("a string always serialises")
}
