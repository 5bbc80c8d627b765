#![allow(clippy::unwrap_used)] // a test fails by panicking

use super::*;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use yba_fhir::json::{Value, from_str};
use yba_view::View;

const SELECT: &str = r#"{"resource": "Patient", "select": [{"column": [
    {"name": "id", "path": "id"}, {"name": "active", "path": "active"},
    {"name": "born", "path": "birthDate"}, {"name": "names", "path": "name.given", "collection": true},
    {"name": "count", "path": "name.count()"}, {"name": "updated", "path": "meta.lastUpdated"},
    {"name": "weight", "path": "extension('w').value.ofType(decimal)"},
    {"name": "photo", "path": "photo.data.first()"},
    {"name": "name", "path": "name.first()", "type": "HumanName"}]}]}"#;

fn view() -> View {
    View::compile(&from_str(SELECT).unwrap()).unwrap()
}

fn written(resources: &[&str]) -> Vec<u8> {
    let (view, mut out) = (view(), Vec::new());
    let mut writer = ParquetWriter::new(&mut out, "people", view.columns()).unwrap();
    for resource in resources {
        let tree: Value = from_str(resource).unwrap();
        view.rows(&tree, &mut |row| writer.row(row).unwrap()).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), resources.len() as u64);
    out
}

fn rows(file: Vec<u8>) -> Vec<Vec<(String, Field)>> {
    let reader = SerializedFileReader::new(bytes_of(file)).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().into_columns()).collect()
}

/// What the reader takes: the format's own shared bytes, made of a page index without the crate `bytes` as a dependency.
fn bytes_of(file: Vec<u8>) -> std::fs::File {
    let path = std::env::temp_dir().join(format!(
        "yba-parquet-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    std::fs::write(&path, file).unwrap();
    let open = std::fs::File::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    open
}

#[test]
fn what_was_written_is_read_back_with_types_digits_and_lists() {
    let file = written(&[
        r#"{"resourceType": "Patient", "id": "1", "active": true, "birthDate": "1990-02",
            "meta": {"lastUpdated": "2026-03-02T08:00:00.250+07:00"},
            "name": [{"given": ["Ân", "B"]}, {"family": "Lò"}], "photo": [{"data": "aGk="}],
            "extension": [{"url": "w", "valueDecimal": 2.50}]}"#,
        r#"{"resourceType": "Patient", "id": "2"}"#,
    ]);
    let rows = rows(file);
    let cell = |row: usize, name: &str| rows[row].iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(cell(0, "id"), Field::Str("1".into()));
    assert_eq!(cell(0, "active"), Field::Bool(true));
    assert_eq!(cell(0, "born"), Field::Str("1990-02".into()));
    assert_eq!(cell(0, "count"), Field::Int(2));
    assert_eq!(cell(0, "weight"), Field::Str("2.50".into()));
    assert_eq!(cell(0, "updated"), Field::TimestampMicros(1_772_413_200_250_000));
    assert_eq!(cell(0, "photo"), Field::Bytes(b"hi".to_vec().into()));
    assert_eq!(cell(0, "name"), Field::Str(r#"{"given":["Ân","B"]}"#.into()));
    assert_eq!(cell(0, "names").to_string(), r#"["Ân", "B"]"#);
    assert_eq!(cell(1, "names").to_string(), "[]");
    assert_eq!(cell(1, "count"), Field::Int(0));
    for name in ["active", "born", "weight", "updated", "photo", "name"] {
        assert_eq!(cell(1, name), Field::Null, "{name}");
    }
}

#[test]
fn what_is_held_in_memory_is_bounded_by_rows() {
    let (view, mut out) = (view(), Vec::new());
    let mut writer = ParquetWriter::new(&mut out, "people", view.columns()).unwrap();
    let tree: Value = from_str(r#"{"resourceType": "Patient", "id": "1"}"#).unwrap();
    let count = GROUP_ROWS + 10;
    for _ in 0..count {
        view.rows(&tree, &mut |row| writer.row(row).unwrap()).unwrap();
        assert!(writer.rows < GROUP_ROWS);
    }
    assert_eq!(writer.finish().unwrap(), count as u64);
    let reader = SerializedFileReader::new(bytes_of(out)).unwrap();
    assert_eq!(reader.num_row_groups(), 2);
}

#[test]
fn what_is_held_in_memory_is_bounded_by_bytes() {
    let (view, mut out) = (view(), Vec::new());
    let mut writer = ParquetWriter::new(&mut out, "people", view.columns()).unwrap();
    let long = "x".repeat(GROUP_BYTES / 4);
    let tree: Value =
        from_str(&format!(r#"{{"resourceType": "Patient", "name": [{{"family": "{long}"}}]}}"#)).unwrap();
    for _ in 0..6 {
        view.rows(&tree, &mut |row| writer.row(row).unwrap()).unwrap();
        assert!(writer.bytes < GROUP_BYTES);
    }
    writer.finish().unwrap();
}

#[test]
fn a_value_that_does_not_fit_is_told_with_its_column() {
    let (view, mut out) = (view(), Vec::new());
    let mut writer = ParquetWriter::new(&mut out, "people", view.columns()).unwrap();
    let tree: Value = from_str(r#"{"resourceType": "Patient", "photo": [{"data": "no base64!"}]}"#).unwrap();
    let mut refused = None;
    view.rows(&tree, &mut |row| refused = writer.row(row).err()).unwrap();
    assert!(refused.unwrap().issues[0].text.contains("photo"));
}
