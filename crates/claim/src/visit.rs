//! A visit as it stood in a file: parts, rows and cells as text, before anything is understood.

use crate::problem::Problem;
use crate::xml;
use std::sync::Arc;
use yba_fhir::Day;

/// The file a visit came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Path as shown to people; inside an archive after `!`.
    pub file: String,
    /// First 16 hexadecimal digits of the file's SHA-256.
    pub hash: String,
    /// `MACSKCB` of the envelope.
    pub facility: Option<String>,
    /// `NGAYLAP` of the envelope: the day the file was made. Decides which of two files is the newer.
    pub prepared: Option<Day>,
}

/// How the content of a part was packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Base64 in `NOIDUNGFILE`, as the decision says.
    Base64,
    /// XML elements directly inside `NOIDUNGFILE`.
    Elements,
    /// XML as escaped text.
    Escaped,
    /// XML in a CDATA section.
    Cdata,
    /// A file of its own, without an envelope.
    Bare,
}

/// One part (`XML1` … `XML15`) of one visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `LOAIHOSO`, upper case.
    pub kind: String,
    pub form: Form,
    pub rows: Vec<RawRow>,
    /// The content as it stood (decoded when it could be), when it came in an envelope.
    pub source: Option<String>,
}

/// One row: cells in the order of the file, names upper case. An empty element is a cell with an empty value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawRow {
    /// The element that held the row.
    pub element: String,
    pub cells: Vec<(String, String)>,
}

impl RawRow {
    /// The value of a cell; `None` when it is missing or empty, which mean the same.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.cells.iter().find(|(known, _)| known == name)?;
        Some(found.1.trim()).filter(|value| !value.is_empty())
    }
}

impl Part {
    /// The content as XML: as it stood, or written again from the rows.
    pub fn xml(&self) -> String {
        match &self.source {
            Some(source) => source.clone(),
            None => self.rows_as_xml(),
        }
    }

    fn rows_as_xml(&self) -> String {
        let many = self.kind != "XML1" || self.rows.len() > 1;
        let mut text = String::from(if many { "<DANHSACH>" } else { "" });
        for row in &self.rows {
            let element = if row.element.is_empty() { "DONG" } else { row.element.as_str() };
            text.push_str(&format!("<{element}>"));
            for (name, value) in &row.cells {
                let name = name.rsplit('/').next().unwrap_or(name);
                text.push_str(&format!("<{name}>"));
                xml::escape(value, &mut text);
                text.push_str(&format!("</{name}>"));
            }
            text.push_str(&format!("</{element}>"));
        }
        text.push_str(if many { "</DANHSACH>" } else { "" });
        text
    }
}

/// One visit of a file, not yet understood.
#[derive(Debug, Clone)]
pub struct VisitFile {
    pub origin: Arc<Origin>,
    /// Which `HOSO` of the file this was, from 1; 0 when it was joined from bare files.
    pub ordinal: u32,
    pub parts: Vec<Part>,
    /// What was already seen to be wrong while reading.
    pub problems: Vec<Problem>,
}

impl VisitFile {
    /// The `MA_LK` of XML1, else the first one found.
    pub fn key(&self) -> Option<&str> {
        let first = |part: &Part| part.rows.first().and_then(|row| row.get("MA_LK")).is_some();
        let part = self
            .part("XML1")
            .filter(|part| first(part))
            .or_else(|| self.parts.iter().find(|part| first(part)))?;
        part.rows.first()?.get("MA_LK")
    }

    /// The part of this kind.
    pub fn part(&self, kind: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.kind == kind)
    }

    /// The facility: `MA_CSKCB` of XML1, else that of the envelope.
    pub fn facility(&self) -> Option<&str> {
        let stated = self.part("XML1").and_then(|part| part.rows.first()).and_then(|row| row.get("MA_CSKCB"));
        stated.or(self.origin.facility.as_deref())
    }
}
