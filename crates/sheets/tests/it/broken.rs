//! Files that are no list get a clear word, whatever they are.

use crate::kit::*;
use std::io::Write;
use yba_sheets::grid::{CELL_BYTES_MAX, FILE_BYTES_MAX, ROWS_MAX};

fn refusal(name: &str, bytes: &[u8]) -> &'static str {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    yba_sheets::read(&path, None).unwrap_err().issues[0].key
}

#[test]
fn broken_old_and_locked_files_are_told_apart() {
    let sound = std::fs::read(&book(vec![("a", vec![texts(&["x"])])]).path).unwrap();
    let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let locked = [&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], &[0; 500], &encrypted, &[0; 500]].concat();
    assert_eq!(refusal("a.xlsx", &sound[..sound.len() / 2]), "sheet-broken");
    assert_eq!(refusal("a.xlsx", b"PK\x03\x04 nothing"), "sheet-broken");
    assert_eq!(refusal("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old"), "sheet-old");
    assert_eq!(refusal("a.xlsx", &locked), "sheet-locked");
    assert_eq!(refusal("a.pdf", b"%PDF-1.7 \xff\xff"), "sheet-encoding");
    assert_eq!(
        yba_sheets::read(std::path::Path::new("/no/such"), None).unwrap_err().issues[0].key,
        "sheet-unreadable"
    );
    let mut torn = sound.clone();
    let at = torn.len() / 3;
    torn[at..at + 40].fill(0xff);
    assert!(["sheet-broken", "sheet-no-header"].contains(&refusal("a.xlsx", &torn)));
}

/// A zip archive whose parts are these many zeros each.
fn archive(parts: usize, bytes: usize) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let zeros = vec![0; 1 << 20];
    for part in 0..parts {
        zip.start_file(format!("xl/{part}.xml"), zip::write::SimpleFileOptions::default()).unwrap();
        for _ in 0..bytes >> 20 {
            zip.write_all(&zeros).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_small_file_that_unpacks_into_a_huge_one_is_refused() {
    let bomb = archive(1, 600 << 20);
    assert!(bomb.len() < 2 << 20);
    assert_eq!(refusal("a.xlsx", &bomb), "sheet-too-large");
    assert_eq!(refusal("a.xlsx", &archive(2_001, 0)), "sheet-too-large");
}

#[test]
fn files_rows_and_cells_beyond_the_bounds_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::File::create(&path).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
    assert_eq!(yba_sheets::read(&path, None).unwrap_err().issues[0].key, "sheet-too-large");
    assert_eq!(refusal("a.csv", "a\n".repeat(ROWS_MAX + 1).as_bytes()), "sheet-too-large");
    assert_eq!(refusal("a.csv", "a".repeat(CELL_BYTES_MAX + 1).as_bytes()), "sheet-too-large");
    // One cell at the far corner costs nothing but a word.
    let far = {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        workbook.add_worksheet().write_string(1_048_575, 16_383, "x").unwrap();
        workbook.add_worksheet().write_string(1_048_575, 0, "x").unwrap();
        workbook.save_to_buffer().unwrap()
    };
    assert_eq!(refusal("a.xlsx", &far), "sheet-too-large");
}

#[test]
fn no_cut_and_no_changed_byte_does_harm() {
    let rows = vec![texts(&["Mã bệnh", "Tên bệnh"]), texts(&["A09", "Tiêu chảy"])];
    let book = book(vec![("a", rows)]);
    let sound = std::fs::read(&book.path).unwrap();
    for at in (0..sound.len()).step_by(7) {
        let mut changed = sound.clone();
        changed[at] ^= 0x5a;
        std::fs::write(&book.path, &changed).unwrap();
        let _ = import(&book, "icd-10-vn", None);
        std::fs::write(&book.path, &sound[..at]).unwrap();
        let _ = import(&book, "icd-10-vn", None);
    }
}
