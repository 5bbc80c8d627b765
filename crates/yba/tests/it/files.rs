//! The words of the files that the house gives: PDF and workbooks are read, everything else is text.

use crate::house::tool;
use crate::http::Answer;
use std::io::{Cursor, Read, Write};
use std::process::{Command, Stdio};
use unicode_normalization::UnicodeNormalization;

/// The words of a PDF in the order in which they were set, composed, with one space between.
pub fn words_of_pdf(bytes: &[u8]) -> String {
    let program = tool("pdftotext", "poppler-utils");
    let mut command = Command::new(program);
    command.args(["-raw", "-", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("pdftotext can be run");
    child.stdin.take().unwrap().write_all(bytes).expect("it reads");
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text: String = String::from_utf8(out.stdout).unwrap().nfc().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands in a workbook, without when it was made.
fn words_of_workbook(bytes: &[u8]) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a workbook is a zip");
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut text = String::new();
    for name in names.iter().filter(|name| name.starts_with("xl/")) {
        zip.by_name(name).unwrap().read_to_string(&mut text).expect("it is XML");
    }
    text
}

/// What an answer says, whatever it is written as; of a sheet, without the minute in which it was printed.
pub fn text(answer: &Answer) -> String {
    match answer.header("content-type").unwrap_or_default() {
        "application/pdf" => {
            let words = words_of_pdf(&answer.body);
            let mut parts = words.split("in lúc ");
            let first = parts.next().unwrap_or_default().to_owned();
            // `23/11/2026 17:20`
            let rest = parts.map(|part| part.chars().skip(16).collect::<String>());
            first + &rest.collect::<String>()
        }
        kind if kind.contains("spreadsheetml") => words_of_workbook(&answer.body),
        _ => answer.text(),
    }
}
