//! Registers and reports as XML of our own (docs/api.md): no official schema of these forms was published to us.

use crate::paper::{Cell, Paper};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use std::io::{self, Cursor};

/// The namespace; its last part is the version of the format.
pub const NAMESPACE: &str = "https://yba.vn/xml/paper/1";

type Out = Writer<Cursor<Vec<u8>>>;

/// The paper as an XML document in UTF-8.
pub fn write(paper: &Paper) -> Vec<u8> {
    let mut out = Writer::new_with_indent(Cursor::new(Vec::new()), b' ', 1);
    document(&mut out, paper).expect("writing to memory");
    out.into_inner().into_inner()
}

fn document(out: &mut Out, paper: &Paper) -> io::Result<()> {
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let name = if paper.is_report { "report" } else { "register" };
    let edition = paper.edition.to_string();
    let root = [
        ("xmlns", NAMESPACE),
        ("form", &paper.form),
        ("slug", &paper.slug),
        ("edition", &edition),
        ("title", &paper.title),
    ];
    open(out, name, &root)?;
    let (first, last) = (paper.days.0.to_string(), paper.days.1.to_string());
    let period = [("first", first.as_str()), ("last", &last), ("title", &paper.period)];
    element(out, "period", &period, "")?;
    element(out, "facility", &[("id", paper.place.id.as_str())], &paper.place.name)?;
    if let Some(at) = &paper.closed_at {
        element(out, "closed", &[("at", at.as_str())], "")?;
    }
    let rows = paper.rows.to_string();
    element(out, "checksum", &[("algorithm", "SHA-256"), ("rows", rows.as_str())], &paper.checksum)?;
    open(out, "columns", &[])?;
    for column in &paper.columns {
        element(out, "column", &[("name", column.name.as_str())], &column.title)?;
    }
    close(out, "columns")?;
    open(out, "rows", &[])?;
    for line in &paper.lines {
        open(out, "row", &[("name", line.name.as_str())])?;
        for (column, cell) in paper.columns.iter().zip(&line.cells) {
            if *cell != Cell::Empty {
                let kind = kind(cell);
                element(out, "cell", &[("column", column.name.as_str()), ("type", kind)], &cell.plain())?;
            }
        }
        close(out, "row")?;
    }
    close(out, "rows")?;
    close(out, name)
}

/// By the names of XML Schema. <https://www.w3.org/TR/xmlschema-2/>
fn kind(cell: &Cell) -> &'static str {
    match cell {
        Cell::Empty | Cell::Text(_) => "string",
        Cell::Number(_) => "decimal",
        Cell::Day(_) => "date",
        Cell::Moment(_) => "dateTime",
    }
}

fn start<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, allowed(value).as_str()));
    }
    start
}

fn open(out: &mut Out, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
    out.write_event(Event::Start(start(name, attributes)))
}

fn close(out: &mut Out, name: &str) -> io::Result<()> {
    out.write_event(Event::End(BytesEnd::new(name)))
}

fn element(out: &mut Out, name: &str, attributes: &[(&str, &str)], text: &str) -> io::Result<()> {
    let start = start(name, attributes);
    if text.is_empty() {
        return out.write_event(Event::Empty(start));
    }
    out.write_event(Event::Start(start))?;
    out.write_event(Event::Text(BytesText::new(&allowed(text))))?;
    close(out, name)
}

/// What XML 1.0 cannot hold at all is left out. <https://www.w3.org/TR/xml/#charsets>
fn allowed(text: &str) -> String {
    let is_allowed = |letter: &char| matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(is_allowed).collect()
}
