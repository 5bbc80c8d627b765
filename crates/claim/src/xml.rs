//! XML pieces under bounds: elements, text, numeric and the five predefined references. A document type, any other
//! entity, deep nesting, an unclosed element are refused with line and column. Nothing is ever fetched or expanded.

use crate::bounds::Bounds;
use crate::problem::Problem;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::borrow::Cow;

/// One step through a document. Names are upper case, without prefix.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Open(String),
    Close,
    Text(Cow<'a, str>),
    Cdata(Cow<'a, str>),
    End,
}

/// A bounded walk over a document.
pub(crate) struct Walk<'a> {
    reader: Reader<&'a [u8]>,
    text: &'a str,
    bounds: Bounds,
    open: Vec<String>,
    elements: usize,
    closing_empty: bool,
    /// Whether a text event may continue the last one.
    before: usize,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(text: &'a str, bounds: Bounds) -> Walk<'a> {
        let reader = Reader::from_str(text);
        Walk { reader, text, bounds, open: Vec::new(), elements: 0, closing_empty: false, before: 0 }
    }

    /// Byte position after the last piece.
    pub(crate) fn position(&self) -> usize {
        (self.reader.buffer_position() as usize).min(self.text.len())
    }

    /// Byte position before the last piece.
    pub(crate) fn started(&self) -> usize {
        self.before
    }

    pub(crate) fn source(&self) -> &'a str {
        self.text
    }

    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The next piece. After [`Piece::End`] or an error the walk is over.
    pub(crate) fn next(&mut self) -> Result<Piece<'a>, Problem> {
        self.before = self.position();
        if std::mem::take(&mut self.closing_empty) {
            self.open.pop();
            return Ok(Piece::Close);
        }
        loop {
            let event = self.reader.read_event();
            match event {
                Ok(Event::Start(start)) => return self.open_element(&start),
                Ok(Event::Empty(start)) => {
                    let piece = self.open_element(&start)?;
                    self.closing_empty = true;
                    return Ok(piece);
                }
                Ok(Event::End(_)) => {
                    self.open.pop();
                    return Ok(Piece::Close);
                }
                Ok(Event::Text(text)) => return Ok(Piece::Text(text.xml10_content())),
                Ok(Event::CData(text)) => return Ok(Piece::Cdata(text.xml10_content())),
                Ok(Event::GeneralRef(reference)) => return self.reference(&reference),
                Ok(Event::DocType(_)) => return Err(self.doctype()),
                Ok(Event::Eof) if self.open.is_empty() => return Ok(Piece::End),
                Ok(Event::Eof) => return Err(self.cut()),
                Ok(Event::Comment(_) | Event::PI(_) | Event::Decl(_)) => {}
                Err(error) => return Err(self.malformed(&error)),
            }
        }
    }

    fn open_element(&mut self, start: &BytesStart<'_>) -> Result<Piece<'a>, Problem> {
        self.elements += 1;
        if self.open.len() >= self.bounds.depth {
            return Err(self.fault(
                "xml-deep",
                format!(
                    "Các phần tử lồng nhau quá {} mức, không phải tệp hồ sơ khám bệnh.",
                    self.bounds.depth
                ),
                "elements nest too deep",
            ));
        }
        if self.elements > self.bounds.elements {
            return Err(self.fault(
                "xml-large",
                format!("Có hơn {} phần tử. Hãy chia nhỏ tệp.", self.bounds.elements),
                "too many elements",
            ));
        }
        let name = name_of(start);
        self.open.push(name.clone());
        Ok(Piece::Open(name))
    }

    fn reference(&self, reference: &BytesRef<'_>) -> Result<Piece<'a>, Problem> {
        let raw = reference.xml10_content();
        let known = match raw.as_ref() {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => reference.resolve_char_ref().ok().flatten(),
        };
        known.map(|letter| Piece::Text(Cow::Owned(letter.to_string()))).ok_or_else(|| {
            let name: String = raw.chars().take(30).collect();
            self.fault(
                "xml-entity",
                format!(
                    "Thực thể &{name}; không được phép. Hãy ghi thẳng ký tự bằng UTF-8; dấu & ghi là &amp;."
                ),
                "undefined entity reference",
            )
        })
    }

    fn doctype(&self) -> Problem {
        let text = "Tệp có khai báo DOCTYPE, không được phép vì lý do an toàn. Hãy xóa dòng <!DOCTYPE …>.";
        self.fault("xml-doctype", text, "document type declaration")
    }

    fn cut(&self) -> Problem {
        let last = self.open.last().cloned().unwrap_or_default();
        let text = format!("Nội dung bị cắt cụt: phần tử {last} chưa đóng. Hãy xuất lại tệp.");
        self.fault("xml-cut", text, "end of input inside an element")
    }

    fn malformed(&self, error: &quick_xml::Error) -> Problem {
        let at = self.reader.error_position() as usize;
        let (line, column) = place(self.text, at);
        let inside = self.open.last().map(|name| format!(", trong {name}")).unwrap_or_default();
        let text = format!(
            "XML sai cú pháp ở dòng {line}, cột {column}{inside}. Dấu < trong lời văn phải ghi &lt; và dấu & phải ghi &amp;, \
             hoặc đặt cả đoạn trong CDATA."
        );
        // The library's message may quote the file; only its kind is kept, so that logs hold no names of people.
        let kind = match error {
            quick_xml::Error::Syntax(error) => format!("syntax: {error}"),
            quick_xml::Error::IllFormed(_) => "ill-formed".to_owned(),
            _ => "malformed".to_owned(),
        };
        Problem::error("xml-syntax", text, format!("XML {kind} at line {line}, column {column}"))
    }

    fn fault(&self, key: &'static str, text: impl Into<String>, diagnostics: &str) -> Problem {
        let (line, column) = place(self.text, self.before);
        let text = format!("{} (dòng {line}, cột {column} của XML)", text.into());
        Problem::error(key, text, format!("{diagnostics} at line {line}, column {column}"))
    }

    /// The name of the innermost open element.
    pub(crate) fn inside(&self) -> Option<&str> {
        self.open.last().map(String::as_str)
    }
}

fn name_of(start: &BytesStart<'_>) -> String {
    let local = start.local_name();
    let name: &str = local.as_ref();
    name.to_ascii_uppercase()
}

/// Line and column of a byte position, both from 1.
fn place(text: &str, at: usize) -> (u32, u32) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() as u32 + 1;
    (line, column)
}

/// Escapes text for an element.
pub(crate) fn escape(text: &str, into: &mut String) {
    for letter in text.chars() {
        match letter {
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '&' => into.push_str("&amp;"),
            '"' => into.push_str("&quot;"),
            '\r' => into.push_str("&#13;"),
            letter if letter < ' ' && !matches!(letter, '\n' | '\t') => {}
            letter => into.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(text: &str) -> Result<String, &'static str> {
        let bounds = Bounds { depth: 4, elements: 20, ..Bounds::default() };
        let mut walk = Walk::new(text, bounds);
        let mut seen = String::new();
        loop {
            match walk.next().map_err(|problem| problem.key)? {
                Piece::Open(name) => seen.push_str(&format!("({name}")),
                Piece::Close => seen.push(')'),
                Piece::Text(text) | Piece::Cdata(text) => seen.push_str(&text),
                Piece::End => return Ok(seen),
            }
        }
    }

    #[test]
    fn reads_elements_text_cdata_and_the_predefined_references() {
        assert_eq!(
            walk("<?xml version='1.0'?><a><!-- x --><b/>t&lt;&amp;&#x1EA1;<![CDATA[<&]]></a>").unwrap(),
            "(A(B)t<&ạ<&)"
        );
        assert_eq!(walk("<x:a xmlns:x='u' q='1'>1\r\n2</x:a>").unwrap(), "(A1\n2)");
    }

    #[test]
    fn refuses_what_hurts_or_is_broken() {
        let rows = [
            ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "xml-doctype"),
            ("<a>&x;</a>", "xml-entity"),
            ("<a>&#0;</a>", "xml-entity"),
            ("<a><a><a><a><a/></a></a></a></a>", "xml-deep"),
            ("<a><b>", "xml-cut"),
            ("<a><b></a>", "xml-syntax"),
            ("<a>1 & 2</a>", "xml-syntax"),
            ("<a", "xml-syntax"),
        ];
        for (text, key) in rows {
            assert_eq!(walk(text), Err(key), "{text}");
        }
        assert_eq!(walk(&format!("<a>{}</a>", "<b/>".repeat(20))), Err("xml-large"));
    }
}
