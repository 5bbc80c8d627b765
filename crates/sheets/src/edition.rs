//! An edition as files of a content folder: `codes/<list>/<first day>.csv`, and `codes.toml` where the folder needs one.

use crate::rows::Row;
use std::path::{Path, PathBuf};
use yba_content::{Content, Day, ListHead, Sure};
use yba_fhir::{Kind, Outcome};

/// Files to be written, relative to the content folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    pub files: Vec<(PathBuf, String)>,
}

impl Edition {
    /// The edition of a list from a day on. With `basis`, that law is named among the list's; it must be in content.
    pub fn of(
        content: &Content,
        list: &str,
        from: Day,
        rows: &[Row],
        basis: Option<&str>,
    ) -> Result<Edition, Outcome> {
        let head = content.list_head(list).ok_or_else(|| {
            let text = format!("Không có danh mục “{list}”: thiếu codes/{list}/codes.toml.");
            Outcome::new(Kind::NotFound, "sheet-no-list", text, format!("no code list {list}"))
        })?;
        let folder = PathBuf::from("codes").join(list);
        let mut files = vec![(folder.join(format!("{from}.csv")), csv_of(rows))];
        if let Some(law) = basis.filter(|law| !head.basis.iter().any(|known| known == law)) {
            if content.law(law).is_none() {
                let text = format!("Không có văn bản “{law}” trong law/. Hãy thêm law/{law}.toml trước.");
                return Err(Outcome::new(Kind::NotFound, "sheet-no-law", text, format!("no law {law}")));
            }
            files.push((folder.join("codes.toml"), head_with(head, law)));
        }
        Ok(Edition { files })
    }

    /// Writes the files, loads the folder as a node would, and takes them back when it is not sound. Refuses to write over
    /// another edition of the same day unless told to.
    pub fn write(&self, out: &Path, replace: bool) -> Result<(), Outcome> {
        let (path, text) = &self.files[0];
        let there = std::fs::read_to_string(out.join(path)).ok();
        if there.as_ref().is_some_and(|there| there != text) && !replace {
            let shown = out.join(path).display().to_string();
            let said = format!("Đã có {shown} với nội dung khác. Muốn thay, thêm --replace.");
            return Err(Outcome::new(
                Kind::Conflict,
                "sheet-edition-exists",
                said,
                format!("{shown} exists"),
            ));
        }
        let mut before = Vec::new();
        for (path, text) in &self.files {
            let path = out.join(path);
            before.push((path.clone(), std::fs::read(&path).ok()));
            if let Err(error) = put(&path, text.as_bytes()) {
                take_back(&before);
                return Err(disk(&path, &error));
            }
        }
        Content::with_folder(out).map(drop).map_err(|problems| {
            take_back(&before);
            let list: Vec<String> = problems.iter().take(20).map(ToString::to_string).collect();
            let text = format!("Chưa ghi gì: thư mục nội dung có lỗi.\n{}", list.join("\n"));
            Outcome::invalid("sheet-content", text, format!("{} problems of content", problems.len()))
        })
    }
}

/// Writes beside and renames, so that nobody reads a half.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.new"));
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, path)
}

fn take_back(before: &[(PathBuf, Option<Vec<u8>>)]) {
    for (path, bytes) in before {
        let _ = match bytes {
            Some(bytes) => put(path, bytes),
            None => std::fs::remove_file(path),
        };
    }
}

fn disk(path: &Path, error: &std::io::Error) -> Outcome {
    let text = format!("Không ghi được {}: {error}.", path.display());
    Outcome::new(Kind::Unavailable, "sheet-unwritable", text, format!("{}: {error}", path.display()))
}

/// The columns in the form content reads.
const COLUMNS: [&str; 9] = ["code", "title", "english", "note", "parent", "from", "to", "price", "unit"];

fn cells(row: &Row) -> [String; 9] {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let text = |text: &String| text.clone();
    [
        text(&row.code),
        text(&row.title),
        text(&row.english),
        text(&row.note),
        text(&row.parent),
        day(row.from),
        day(row.to),
        text(&row.price),
        text(&row.unit),
    ]
}

/// The table as CSV; columns that are empty throughout are left out, but for code and title.
fn csv_of(rows: &[Row]) -> String {
    let rows: Vec<[String; 9]> = rows.iter().map(cells).collect();
    let is_used = |at: &usize| *at < 2 || rows.iter().any(|cells| !cells[*at].is_empty());
    let used: Vec<usize> = (0..COLUMNS.len()).filter(is_used).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(used.iter().map(|at| COLUMNS[*at])).expect("cells go into memory");
    for cells in &rows {
        writer.write_record(used.iter().map(|at| &cells[*at])).expect("cells go into memory");
    }
    text_of(writer)
}

pub(crate) fn text_of(writer: csv::Writer<Vec<u8>>) -> String {
    let bytes = writer.into_inner().expect("memory takes everything");
    String::from_utf8(bytes).expect("what was written is text")
}

/// `codes.toml` of the list with one law more.
fn head_with(head: &ListHead, law: &str) -> String {
    let quoted =
        |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
    let basis: Vec<String> = head.basis.iter().map(String::as_str).chain([law]).map(quoted).collect();
    let sure = match head.sure {
        Sure::Verified => "verified",
        Sure::Press => "press",
        Sure::Recalled => "recalled",
    };
    let mut text = format!(
        "url = {}\ntitle = {}\nbasis = [{}]\nsure = \"{sure}\"\n",
        quoted(&head.url),
        quoted(&head.title),
        basis.join(", ")
    );
    if !head.complete {
        text += "complete = false\n";
    }
    if let Some(day) = head.to {
        text += &format!("in_force_to = {day}\n");
    }
    if !head.note.is_empty() {
        text += &format!("note = {}\n", quoted(&head.note));
    }
    text
}
