//! Views of content: found by name, refused with file and line, their examples run.

use std::fs;
use tempfile::TempDir;
use yba_content::{Content, Day, Problem};
use yba_view::Library;

const VIEW: &str = r#"{
  "resourceType": "ViewDefinition",
  "name": "short_people",
  "url": "https://example.org/ViewDefinition/short-people",
  "resource": "Patient",
  "select": [
    {
      "column": [
        {"name": "id", "path": "id"},
        {"name": "born", "path": "birthDate"}
      ]
    }
  ]
}"#;
const EXAMPLE: &str = r#"{
  "resources": [{"resourceType": "Patient", "id": "a", "birthDate": "1990"}],
  "rows": [
    {"id": "a", "born": "1990"}
  ]
}"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join("views").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn load(files: &[(&str, &str)]) -> (Content, Result<Library, Vec<Problem>>) {
    let dir = folder(files);
    let content = Content::with_folder(dir.path()).unwrap();
    let library = Library::load(&content);
    (content, library)
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[test]
fn the_views_built_in_are_sound_and_their_examples_come_out_as_written() {
    let content = Content::built_in();
    let library = Library::load(&content).unwrap();
    let problems = library.try_examples(&content);
    assert!(problems.is_empty(), "{}", problems.iter().map(|one| format!("{one}\n")).collect::<String>());
    for slug in ["people", "visits", "diagnoses", "lab-results", "prescriptions", "vaccinations"] {
        assert!(library.view(slug, day("2026-03-02")).is_some(), "{slug}");
    }
}

#[test]
fn a_view_is_found_by_slug_name_and_address_in_the_edition_of_the_day() {
    let later = VIEW.replace("birthDate", "gender");
    let files = [("short/2025-01-01.json", VIEW), ("short/2026-01-01.json", &later)];
    let (_, library) = load(&files);
    let library = library.unwrap();
    let on = |name: &str, on: &str| {
        library.view(name, day(on)).map(|view| view.columns()[1].fhir_type.clone().unwrap())
    };
    assert_eq!(on("short", "2024-12-31"), None);
    assert_eq!(on("short", "2025-06-01").as_deref(), Some("date"));
    assert_eq!(on("short_people", "2026-01-01").as_deref(), Some("code"));
    assert_eq!(on("https://example.org/ViewDefinition/short-people", "2026-01-01").as_deref(), Some("code"));
    let refused = library.named("shorter", day("2026-01-01")).unwrap_err();
    assert!(refused.issues[0].text.contains("short") && refused.issues[0].text.contains("people"));
}

#[test]
fn faults_of_a_view_are_told_with_file_line_and_place() {
    let wrong = VIEW.replace("birthDate", "birthDay").replace("\"path\": \"id\"", "\"path\": \"id(\"");
    let (_, library) = load(&[("short/2025-01-01.json", &wrong)]);
    let told: Vec<String> = library.unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("views/short/2025-01-01.json:9: ViewDefinition.select[0].column[0].path:"),
        "{told:?}"
    );
    assert!(told[1].starts_with("views/short/2025-01-01.json:10: ViewDefinition.select[0].column[1].path:"));
    assert!(told[1].contains("birthDate"), "advice: {}", told[1]);
    let (_, library) = load(&[("short/2025-01-01.json", "{\n  \"resource\" 1}")]);
    assert!(library.unwrap_err()[0].text.contains("JSON"));
}

#[test]
fn an_example_that_comes_out_otherwise_is_told_with_its_row() {
    let said = |example: &str| {
        let (content, library) =
            load(&[("short/2025-01-01.json", VIEW), ("short/examples/one.json", example)]);
        let problems = library.unwrap().try_examples(&content);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(said(EXAMPLE), "");
    let other = said(&EXAMPLE.replace("\"born\": \"1990\"", "\"born\": \"1991\""));
    assert!(other.starts_with("views/short/examples/one.json:4: dòng 1 ra"), "{other}");
    let less = said(&EXAMPLE.replace("{\"id\": \"a\", \"born\": \"1990\"}", ""));
    assert!(less.contains("thêm dòng"), "{less}");
    let more = said(&EXAMPLE.replace("\"rows\": [", "\"rows\": [{\"id\": \"a\", \"born\": \"1990\"},"));
    assert!(more.contains("không có dòng này"), "{more}");
    let typo = said(&EXAMPLE.replace("rows", "row"));
    assert!(typo.contains("resources và rows"), "{typo}");
    let (content, library) = load(&[("short/2025-01-01.json", VIEW)]);
    let problems = library.unwrap().try_examples(&content);
    assert!(problems[0].to_string().starts_with("views/short/: bảng này chưa có ví dụ"));
}

#[test]
fn a_folder_without_definition_and_a_file_that_nothing_reads_are_told() {
    let dir = folder(&[("empty/note.txt", "x")]);
    let problems = Content::with_folder(dir.path()).unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:?}");
}
