//! The identifier systems in use: which numbers people, places and papers carry, and the address of each.

use std::collections::BTreeMap;

use crate::codes::{IDENTIFIER_SYSTEMS, first_day};
use crate::law::Laws;
use crate::pattern::Pattern;
use crate::problem::Report;
use crate::sheet::{self, Columns, Row};
use crate::source::Sources;

const COLUMNS: Columns =
    Columns { required: &["slug", "uri", "title", "kind", "pattern"], optional: &["note", "basis"] };

/// What an identifier belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentifierKind {
    /// Issued to a person for life or for a time by the state: matching may use it.
    Person,
    /// A person as one facility knows them.
    Record,
    /// Given until a real number is known.
    Temporary,
    /// A visit at one facility.
    Visit,
    /// A paper.
    Paper,
    Facility,
    Practitioner,
    /// A commune or province.
    Place,
}

/// One identifier system.
#[derive(Debug, Clone)]
pub struct IdentifierSystem {
    pub slug: String,
    /// The `Identifier.system`; with `{facility}` in it when each facility has its own.
    pub uri: String,
    /// Vietnamese name, as shown beside the number.
    pub title: String,
    pub kind: IdentifierKind,
    /// The form of a value; `None` when any text may occur.
    pub pattern: Option<Pattern>,
    pub note: String,
}

impl IdentifierSystem {
    /// The address for one facility (5 characters); the plain address where it does not depend on it.
    pub fn uri_for(&self, facility: &str) -> String {
        self.uri.replace("{facility}", facility)
    }

    /// Whether a value has the form of this system.
    pub fn matches(&self, value: &str) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.matches(value))
    }
}

/// Reads the newest edition; systems are never taken away, only added.
pub(crate) fn load(
    sources: &Sources,
    laws: &Laws,
    report: &mut Report,
) -> BTreeMap<String, IdentifierSystem> {
    let folder = format!("codes/{IDENTIFIER_SYSTEMS}/");
    let mut systems: BTreeMap<String, IdentifierSystem> = BTreeMap::new();
    let Some(source) =
        sources.in_folder(&folder, ".csv").filter(|source| first_day(source, report).is_some()).last()
    else {
        report.add(&folder, 0, "thiếu danh mục hệ mã định danh");
        return systems;
    };
    for row in sheet::read(source, &COLUMNS, report) {
        let system = system(&row, report);
        if let Some(basis) = row.some("basis").filter(|slug| laws.get(slug).is_none()) {
            report.add(row.file, row.line, format!("văn bản {basis} chưa có trong thư mục law/"));
        }
        if systems.values().any(|known| known.uri == system.uri) {
            report.add(row.file, row.line, format!("địa chỉ {} đã dùng cho hệ mã khác", system.uri));
        }
        let slug = system.slug.clone();
        if systems.insert(slug.clone(), system).is_some() {
            report.add(row.file, row.line, format!("hệ mã {slug} có hai lần"));
        }
    }
    systems
}

fn system(row: &Row, report: &mut Report) -> IdentifierSystem {
    let kind = kind(row.get("kind")).unwrap_or_else(|| {
        report.add(row.file, row.line, format!("không biết loại định danh {:?}", row.get("kind")));
        IdentifierKind::Paper
    });
    let pattern = row.some("pattern").and_then(|text| match Pattern::parse(&text) {
        Ok(pattern) => Some(pattern),
        Err(text) => {
            report.add(row.file, row.line, text);
            None
        }
    });
    let uri = row.must("uri", report);
    if !(uri.starts_with("http://") || uri.starts_with("https://")) {
        report.add(row.file, row.line, "uri phải bắt đầu bằng http:// hoặc https://");
    }
    IdentifierSystem {
        slug: row.must("slug", report),
        uri,
        title: row.must("title", report),
        kind,
        pattern,
        note: row.get("note").to_string(),
    }
}

fn kind(word: &str) -> Option<IdentifierKind> {
    Some(match word {
        "person" => IdentifierKind::Person,
        "record" => IdentifierKind::Record,
        "temporary" => IdentifierKind::Temporary,
        "visit" => IdentifierKind::Visit,
        "paper" => IdentifierKind::Paper,
        "facility" => IdentifierKind::Facility,
        "practitioner" => IdentifierKind::Practitioner,
        "place" => IdentifierKind::Place,
        _ => return None,
    })
}
