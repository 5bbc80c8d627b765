//! CSV tables with named columns: every row keeps its line, every fault is reported and the rest still read.

use crate::problem::Report;
use crate::source::Source;

const ROWS_MAX: usize = 200_000;

/// The columns a table must have and those it may have.
pub(crate) struct Columns {
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
}

/// One row of a table: cells trimmed, an absent column reads as empty.
pub(crate) struct Row<'a> {
    pub file: &'a str,
    pub line: u32,
    names: std::rc::Rc<Vec<String>>,
    cells: Vec<String>,
}

impl Row<'_> {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.names.iter().position(|known| known == name).map_or("", |at| self.cells[at].as_str())
    }

    /// A cell as owned text; `None` when empty.
    pub(crate) fn some(&self, name: &str) -> Option<String> {
        Some(self.get(name)).filter(|text| !text.is_empty()).map(str::to_string)
    }

    /// A cell that must not be empty.
    pub(crate) fn must(&self, name: &str, report: &mut Report) -> String {
        if self.get(name).is_empty() {
            report.add(self.file, self.line, format!("cột {name} không được để trống"));
        }
        self.get(name).to_string()
    }

    /// The cell `slug`: a plain name in English, of lower-case letters, digits and hyphens.
    pub(crate) fn slug(&self, report: &mut Report) -> String {
        let slug = self.must("slug", report);
        if !slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            let text = format!("slug {slug:?} chỉ dùng chữ thường không dấu, số và dấu gạch nối");
            report.add(self.file, self.line, text);
        }
        slug
    }
}

/// Reads a table. Rows with a wrong number of cells are reported and left out.
pub(crate) fn read<'a>(source: &'a Source, columns: &Columns, report: &mut Report) -> Vec<Row<'a>> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(source.text.as_bytes());
    let names = match reader.headers() {
        Ok(headers) => headers.iter().map(str::to_string).collect::<Vec<_>>(),
        Err(error) => {
            report.add(&source.path, 1, format!("không đọc được dòng tiêu đề: {error}"));
            return Vec::new();
        }
    };
    if !headers_fit(source, &names, columns, report) {
        return Vec::new();
    }
    let names = std::rc::Rc::new(names);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                report.add(&source.path, line as u32, format!("không đọc được dòng này: {error}"));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line) as u32;
        if record.len() != names.len() {
            let text = format!("dòng có {} ô, tiêu đề có {} cột", record.len(), names.len());
            report.add(&source.path, line, text);
        } else if rows.len() >= ROWS_MAX {
            report.add(&source.path, line, format!("bảng có hơn {ROWS_MAX} dòng"));
            break;
        } else {
            let cells = record.iter().map(str::to_string).collect();
            rows.push(Row { file: &source.path, line, names: names.clone(), cells });
        }
    }
    rows
}

fn headers_fit(source: &Source, names: &[String], columns: &Columns, report: &mut Report) -> bool {
    let before = names.len();
    let mut sound = true;
    for missing in columns.required.iter().filter(|name| !names.iter().any(|known| known == *name)) {
        report.add(&source.path, 1, format!("thiếu cột {missing}"));
        sound = false;
    }
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            report.add(&source.path, 1, format!("cột {name} có hai lần"));
            sound = false;
        } else if !columns.required.contains(&name.as_str()) && !columns.optional.contains(&name.as_str()) {
            report.add(&source.path, 1, format!("không có cột nào tên là {name}"));
        }
    }
    sound && before > 0
}
