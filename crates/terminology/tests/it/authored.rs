//! Value sets, maps and code lists of content: examples are run, faults named with file and line.

use std::fs;

use crate::{built_in, today};
use yba_content::{Content, Problem};
use yba_terminology::translate::Translate;
use yba_terminology::{Terminology, check};

const HEAD: &str = "title = \"Bộ thử\"\nbasis = [\"yba\"]\n";

/// The problems of a folder laid over the built-in content.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let found = match Content::with_folder(dir.path()) {
        Ok(content) => check(&content, &Terminology::built_in(&content)),
        Err(problems) => problems,
    };
    found.iter().map(Problem::to_string).collect()
}

fn told(files: &[(&str, &str)], expected: &[&str]) {
    let found = problems(files);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{expected:?} in {found:?}");
    }
}

#[test]
fn the_built_in_content_holds_what_its_examples_say() {
    let content = Content::built_in();
    assert_eq!(check(&content, built_in()), []);
    assert!(content.set_examples().count() >= 7 && content.canonicals().count() >= 4);
}

#[test]
fn a_set_of_a_folder_is_known_and_its_examples_are_run() {
    let set = format!(
        "{HEAD}[[compose.include]]\nsystem = \"http://hl7.org/fhir/administrative-gender\"\nconcept = [{{ code = \"male\" }}]\n"
    );
    let right = "on = 2026-03-02\nsystem = \"http://hl7.org/fhir/administrative-gender\"\nin = [\"male\"]\nout = [\"female\"]\n";
    told(&[("valuesets/nam/2020-01-01.toml", &set), ("valuesets/nam/examples/a.toml", right)], &[]);
    let wrong = right.replace("female", "male").replace("in = [\"male\"]", "in = [\n\"female\"\n]");
    told(
        &[("valuesets/nam/2020-01-01.toml", &set), ("valuesets/nam/examples/a.toml", &wrong)],
        &[
            "a.toml:4: mã \"female\" phải thuộc bộ mã mà không thuộc",
            "a.toml:6: mã \"male\" không được thuộc bộ mã mà lại thuộc",
        ],
    );
    let json = r#"{"resourceType": "ValueSet", "title": "T", "basis": ["yba"], "compose": {"include": [{"system": "urn:none"}]}}"#;
    told(&[("valuesets/nam/2020-01-01.json", json)], &["không có hệ mã urn:none"]);
}

#[test]
fn editions_of_a_set_follow_each_other() {
    let edition = |code: &str| {
        format!(
            "{HEAD}[[compose.include]]\nsystem = \"http://hl7.org/fhir/administrative-gender\"\nconcept = [{{ code = \"{code}\" }}]\n"
        )
    };
    let example = |on: &str, inside: &str, outside: &str| {
        format!("on = {on}\nin = [\"{inside}\"]\nout = [\"{outside}\"]\n")
    };
    told(
        &[
            ("valuesets/s/2020-01-01.toml", &edition("male")),
            ("valuesets/s/2024-01-01.toml", &edition("female")),
            ("valuesets/s/examples/old.toml", &example("2023-12-31", "male", "female")),
            ("valuesets/s/examples/new.toml", &example("2024-01-01", "female", "male")),
            ("valuesets/s/examples/early.toml", &example("2019-12-31", "male", "female")),
        ],
        &["early.toml:2: mã \"male\": không kiểm tra được: bộ mã chưa có bản áp dụng", "early.toml:3"],
    );
}

#[test]
fn what_is_wrong_with_a_set_is_said_with_its_file() {
    let file = |body: &str| format!("{HEAD}{body}");
    told(&[("valuesets/s/2020-01-01.toml", "title = \"T\"\n")], &["thiếu basis"]);
    told(
        &[("valuesets/s/2020-01-01.toml", "basis = [\"nope\"]\n")],
        &["thiếu title", "2020-01-01.toml:1: văn bản nope chưa có"],
    );
    told(&[("valuesets/s/2020-13-01.toml", &file(""))], &["tên tệp phải là ngày"]);
    told(
        &[("valuesets/s/2020-01-01.toml", &file("resourceType = \"ConceptMap\"\n"))],
        &["dành cho ValueSet"],
    );
    told(&[("valuesets/s/2020-01-01.toml", &file(""))], &["không gồm mã nào"]);
    told(
        &[(
            "valuesets/s/2020-01-01.toml",
            &file("[[compose.include]]\nvalueSet = [\"https://yba.vn/fhir/ValueSet/s\"]\n"),
        )],
        &["vòng tròn"],
    );
    told(&[("valuesets/s/2020-01-01.json", "{")], &["không đọc được JSON"]);
    let slips = "[[compose.include]]\nsystem = \"http://hl7.org/fhir/sid/icd-10\"\nfilter = [{ property = \"concept\", op = \"is-a\", value = \"A92-A99\" }]\n\
                 [[compose.exclude]]\nsystem = \"http://hl7.org/fhir/sid/icd-10\"\nconcept = [{ code = \"A97.0\" }, { code = \"A97,0\" }]\n";
    told(
        &[("valuesets/s/2020-01-01.toml", &file(slips))],
        &["không có mã \"A92-A99\"", "không có mã \"A97,0\""],
    );
    told(
        &[
            ("valuesets/s/2020-01-01.toml", &file("[[compose.include]]\nsystem = \"urn:x\"\n")),
            ("valuesets/s/examples/a.toml", "on = 2026-01-01\nin = [\"a\"]\n"),
        ],
        &["ví dụ cần cả mã thuộc bộ (in) và mã không thuộc (out)"],
    );
}

#[test]
fn a_list_may_say_what_lies_above_a_code_and_until_when_it_holds() {
    let head = "url = \"https://yba.vn/fhir/CodeSystem/thu\"\ntitle = \"Danh mục thử\"\nbasis = [\"yba\"]\nsure = \"press\"\nin_force_to = 2026-12-31\n";
    let rows = "code,title,parent,from,to\nA,Nhóm A,,,\nA1,Mã A1,A,2024-01-01,2025-12-31\n";
    let example = |on: &str, inside: &str, outside: &str| {
        format!("on = {on}\nin = [\"{inside}\"]\nout = [\"{outside}\"]\n")
    };
    told(
        &[
            ("codes/thu/codes.toml", head),
            ("codes/thu/2020-01-01.csv", rows),
            ("codes/thu/examples/a.toml", &example("2025-12-31", "A1", "B")),
            ("codes/thu/examples/b.toml", &example("2026-01-01", "A", "A1")),
            ("codes/thu/examples/c.toml", &example("2027-01-01", "A", "B")),
        ],
        &["c.toml:2", "c.toml:3"],
    );
    told(
        &[
            ("codes/thu/codes.toml", head),
            (
                "codes/thu/2020-01-01.csv",
                "code,title,parent,from,to\nA,Nhóm A,B,,\nC,Mã C,D,,\nD,Mã D,C,,\nE,Mã E,,hôm qua,\nF,Mã F,,2025-01-02,2025-01-01\n",
            ),
        ],
        &[
            "csv:2: mã cấp trên \"B\"",
            "csv:3: mã C là cấp trên của chính nó",
            "csv:4: mã D là cấp trên của chính nó",
            "csv:5: cột from phải là ngày",
            "csv:6: mã F có ngày hết hạn trước",
        ],
    );
    told(
        &[("codes/thu/codes.toml", head), ("codes/thu/2027-01-01.csv", "code,title\nA,Mã A\n")],
        &["codes.toml:5: ngày hết hiệu lực trước"],
    );
}

#[test]
fn the_map_of_sexes_leads_to_fhirs_genders() {
    let ask = |code: &str| {
        let asked = Translate {
            map: Some("https://yba.vn/fhir/ConceptMap/gioi-tinh-to-gender"),
            system: "https://yba.vn/fhir/CodeSystem/gioi-tinh",
            code,
            target: None,
            reverse: false,
            on: today(),
        };
        built_in().translate(&asked).unwrap().matches[0].code.clone()
    };
    assert_eq!((ask("1").as_str(), ask("2").as_str(), ask("3").as_str()), ("male", "female", "unknown"));
}

#[test]
fn the_guide_for_authors_shows_files_that_work() {
    let guide = include_str!("../../../../docs/vi/noi-dung.md");
    let blocks = guide.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("\n```"));
    let files: Vec<(&str, &str)> = blocks
        .filter_map(|(text, _)| Some((text.lines().next()?.strip_prefix("# ")?, text)))
        .filter(|(path, _)| path.starts_with("valuesets/"))
        .collect();
    assert_eq!(files.len(), 2);
    told(&files, &[]);
}
