//! The reject folder: refused visits in the same envelope form, and a table of reasons. Mended, the folder can be
//! fed again as it is.

use crate::problem::{Problem, Severity};
use crate::visit::VisitFile;
use base64::Engine;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes rejects; creates its folder with the first one.
pub(crate) struct Rejects {
    folder: PathBuf,
    reasons: Option<csv::Writer<File>>,
    /// Envelopes under way: facility and day of the file, and how many visits are in the body.
    envelopes: BTreeMap<(String, String), u64>,
}

impl Rejects {
    pub(crate) fn new(folder: PathBuf) -> Rejects {
        Rejects { folder, reasons: None, envelopes: BTreeMap::new() }
    }

    /// Adds a refused visit with its reasons.
    pub(crate) fn visit(&mut self, file: &VisitFile, problems: &[Problem]) -> io::Result<()> {
        self.reasons(problems)?;
        let code: String = file
            .facility()
            .unwrap_or("khong-ro")
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(10)
            .collect();
        let day = file.origin.prepared.map(|day| day.to_string().replace('-', "")).unwrap_or_default();
        let key = (code, day);
        let mut body = OpenOptions::new().create(true).append(true).open(self.body(&key))?;
        body.write_all(hoso(file).as_bytes())?;
        *self.envelopes.entry(key).or_default() += 1;
        Ok(())
    }

    /// Adds reasons: of a visit, or of a file that could not be read.
    pub(crate) fn reasons(&mut self, problems: &[Problem]) -> io::Result<()> {
        let folder = &self.folder;
        let writer = match &mut self.reasons {
            Some(writer) => writer,
            none => none.insert(begin(folder)?),
        };
        for problem in problems.iter().filter(|problem| problem.severity == Severity::Error) {
            let row = problem.row.map(|row| row.to_string()).unwrap_or_default();
            let optional = |field: &Option<String>| field.clone().unwrap_or_default();
            let fields = [
                problem.file.clone(),
                optional(&problem.visit),
                optional(&problem.part),
                row,
                optional(&problem.column),
                problem.key.to_owned(),
                problem.text.clone(),
            ];
            writer.write_record(fields.iter().map(|field| harmless(field)))?;
        }
        writer.flush()
    }

    fn body(&self, key: &(String, String)) -> PathBuf {
        self.folder.join(format!(".{}-{}.part", key.0, key.1))
    }

    /// Closes the envelopes; answers the folder when anything was rejected.
    pub(crate) fn finish(self) -> io::Result<Option<PathBuf>> {
        if self.reasons.is_none() {
            return Ok(None);
        }
        for (key, count) in &self.envelopes {
            let day = if key.1.is_empty() { "khong-ngay" } else { key.1.as_str() };
            let target = self.folder.join(format!("tu-choi-{}-{day}.xml", key.0));
            let mut out = BufWriter::new(File::create(&target)?);
            out.write_all(head(&key.0, &key.1, *count).as_bytes())?;
            io::copy(&mut BufReader::new(File::open(self.body(key))?), &mut out)?;
            out.write_all(b"</DANHSACHHOSO></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>\n")?;
            out.flush()?;
            std::fs::remove_file(self.body(key))?;
        }
        Ok(Some(self.folder))
    }
}

fn begin(folder: &Path) -> io::Result<csv::Writer<File>> {
    std::fs::create_dir_all(folder)?;
    // What an interrupted run left half done is made again by this one.
    for entry in std::fs::read_dir(folder)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') && name.ends_with(".part") {
            std::fs::remove_file(entry.path())?;
        }
    }
    let mut file = File::create(folder.join("ly-do.csv"))?;
    // Spreadsheets take a table without the mark for another encoding.
    file.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(["tệp", "mã lượt khám", "phần", "dòng", "cột", "mã lỗi", "lý do và cách sửa"])?;
    Ok(writer)
}

/// A cell that a spreadsheet would take for a formula gets a quote before it.
fn harmless(text: &str) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text.to_owned(),
    }
}

fn head(facility: &str, day: &str, count: u64) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<GIAMDINHHS><THONGTINDONVI><MACSKCB>{facility}</MACSKCB></THONGTINDONVI>\
         <THONGTINHOSO><NGAYLAP>{day}</NGAYLAP><SOLUONGHOSO>{count}</SOLUONGHOSO><DANHSACHHOSO>\n"
    )
}

/// One visit, with its parts as text that can be mended with any editor; a part that could not be unpacked stands as
/// it came.
fn hoso(file: &VisitFile) -> String {
    let mut text = String::from("<HOSO>");
    for part in &file.parts {
        let xml = part.xml();
        let kind: String = part.kind.chars().filter(char::is_ascii_alphanumeric).collect();
        text.push_str(&format!("<FILEHOSO><LOAIHOSO>{kind}</LOAIHOSO><NOIDUNGFILE>"));
        if xml.contains("]]>") {
            text.push_str(&base64::engine::general_purpose::STANDARD.encode(xml.as_bytes()));
        } else {
            text.push_str("<![CDATA[");
            text.extend(xml.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')));
            text.push_str("]]>");
        }
        text.push_str("</NOIDUNGFILE></FILEHOSO>\n");
    }
    text.push_str("</HOSO>\n");
    text
}
