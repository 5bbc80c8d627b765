//! The forms that content brings compile, and their examples come out as they say. `UPDATE_EXPECT=1` writes what comes out.

use yba_content::forms::{document, sdc, written};
use yba_content::{Content, Day};
use yba_fhir::Severity;
use yba_fhir::json::{Value, json, ordered, str_at, to_string, to_string_pretty};
use yba_forms::{Choices, Library, NoChoices, OfTerminology, Setting};
use yba_terminology::Terminology;
use yba_validate::{Codes, Validator};

fn day() -> Day {
    Day::parse("2026-03-02").expect("a day")
}

fn loaded(content: &Content) -> Library {
    Library::load(content).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

#[test]
fn every_form_of_content_compiles_and_its_examples_come_out() {
    let content = Content::built_in();
    let library = loaded(&content);
    let terminology = Terminology::built_in(&content);
    let choices = OfTerminology { terminology: &terminology, on: day() };
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        write(&content, &library, &choices);
        return;
    }
    let (validator, unsound) = Validator::of_content(&content, Codes::of_content(&content, day()), &[]);
    assert!(unsound.is_empty());
    let judge = |resource: &Value| -> Vec<String> {
        let issues =
            validator.check(resource).issues.into_iter().filter(|issue| issue.severity == Severity::Error);
        issues.map(|issue| format!("{}: {}", issue.path.unwrap_or_default(), issue.text)).collect()
    };
    let problems = library.try_examples(&content, &choices, &judge);
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    for slug in library.slugs() {
        let of = |example: &&yba_content::Example| example.edition == format!("forms/{slug}");
        assert!(content.examples().filter(of).count() >= 3, "{slug} has fewer than three examples");
    }
}

/// Writes what comes of each example beside it, in the source folder.
fn write(content: &Content, library: &Library, choices: &dyn Choices) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../content/");
    for example in content.examples().filter(|example| example.edition.starts_with("forms/")) {
        match library.outcome(example, choices) {
            Ok(made) => {
                let path = format!("{root}{}.expected.json", example.path.trim_end_matches(".toml"));
                let text = to_string_pretty(&made).expect("a tree always serialises");
                std::fs::write(path, format!("{text}\n")).expect("the source folder can be written");
            }
            Err(problems) => panic!("{problems:?}"),
        }
    }
}

#[test]
fn a_wrong_expectation_is_told_with_its_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let form = "title = \"Thử\"\nbasis = [\"một câu\"]\n[[item]]\nlinkId = \"n\"\ntype = \"integer\"\ntext = \"N\"\n[[item]]\nlinkId = \"m\"\ntype = \"integer\"\ntext = \"M\"\ncalculatedExpression = \"%resource.item.where(linkId = 'n').answer.value + 1\"\n";
    write("forms/thu/2026-01-01.toml", form);
    write("forms/thu/examples/a.toml", "at = \"2026-03-02T08:00:00+07:00\"\n[answers]\nn = 1\n");
    write(
        "forms/thu/examples/a.expected.json",
        "{\n  \"calculated\": {\n    \"m\": 3\n  },\n  \"resources\": []\n}\n",
    );
    write("forms/thu/examples/b.toml", "at = \"2026-03-02T08:00:00+07:00\"\n[answers]\nn = 1\nno = 2\n");
    write("forms/thu/examples/b.expected.json", "{}");
    write("forms/thu/examples/c.toml", "at = \"2025-03-02T08:00:00+07:00\"\n");
    let content = Content::with_folder(dir.path()).unwrap();
    let problems = loaded(&content).try_examples(&content, &NoChoices, &|_| Vec::new());
    let ours = problems.iter().filter(|problem| problem.file.starts_with("forms/thu/"));
    let told: Vec<String> = ours.map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "forms/thu/examples/a.expected.json:3: calculated.m: ra 2, ví dụ viết 3",
            "forms/thu/examples/b.toml:4: biểu mẫu không có ô “no”",
            "forms/thu/examples/c.toml: thiếu tệp kết quả .expected.json bên cạnh",
        ]
    );
}

#[test]
fn faults_of_a_form_are_told_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("forms/thu/2026-01-01.toml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = "title = \"Thử\"\nbasis = [\"qd-none\"]\n[[item]]\nlinkId = \"n\"\ntype = \"integer\"\ntext = \"N\"\nreadonly = true\n";
    std::fs::write(&path, text).unwrap();
    let told: Vec<String> =
        Content::with_folder(dir.path()).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "forms/thu/2026-01-01.toml:2: văn bản qd-none chưa có trong thư mục law/",
            "forms/thu/2026-01-01.toml:7: item[0].readonly: Questionnaire không có “readonly” ở đây; có phải readOnly?",
        ]
    );
    let text = text
        .replace("qd-none", "một câu")
        .replace("readonly = true", "calculatedExpression = \"%today.foo(\"");
    std::fs::write(&path, text).unwrap();
    let problems = Library::load(&Content::with_folder(dir.path()).unwrap()).unwrap_err();
    assert_eq!((problems.len(), problems[0].line), (1, 7), "{problems:?}");
}

#[test]
fn the_nodes_own_terminology_answers_for_value_sets() {
    let content = Content::built_in();
    let terminology = Terminology::built_in(&content);
    let choices = OfTerminology { terminology: &terminology, on: day() };
    let icd = "https://yba.vn/fhir/ValueSet/icd-10-vn";
    assert!(choices.knows(icd) && !choices.knows("urn:none"));
    let found = choices.find(icd, "tang huyet ap", 5);
    assert!(!found.is_empty() && found.len() <= 5);
    assert_eq!(str_at(&choices.coding(icd, "I10").unwrap(), &["code"]), Some("I10"));
    assert!(choices.coding(icd, "không có").is_none());
    let sexes = choices.find("https://yba.vn/fhir/ValueSet/gioi-tinh", "", 12);
    assert!((2..=12).contains(&sexes.len()), "{sexes:?}");
}

#[test]
fn editions_are_chosen_by_the_day_and_by_what_a_response_names() {
    let content = Content::built_in();
    let library = loaded(&content);
    let edition = library.edition("hypertension-visit", day()).unwrap();
    assert!(edition.uncertain.is_some() && !edition.basis.is_empty());
    assert!(library.edition("hypertension-visit", Day::parse("2025-12-31").unwrap()).is_none());
    let canonical = edition.form.canonical();
    assert_eq!(canonical, "https://yba.vn/fhir/Questionnaire/hypertension-visit|2026-01-01");
    assert!(library.named(&canonical, day()).is_some());
    assert!(library.named("https://yba.vn/fhir/Questionnaire/hypertension-visit", day()).is_some());
    assert!(library.named("https://yba.vn/none|1", day()).is_none());
}

#[test]
fn every_form_of_content_round_trips_between_toml_and_fhir_without_loss() {
    let printed = |value: &Value| to_string(&ordered(value)).unwrap();
    for text in Content::built_in().forms() {
        let short = sdc::contracted(&text.questionnaire);
        let toml = written(&short);
        let read = document(&toml).unwrap();
        let (again, faults) = sdc::expanded(&read.value);
        assert_eq!(faults, [], "{}", text.path);
        assert_eq!(printed(&again), printed(&text.questionnaire), "{}", text.path);
        assert!(toml.contains("Expression = "), "{}", text.path);
        for long in ["sdc-questionnaire-calc", "sdc-questionnaire-initial"] {
            assert!(!printed(&short).contains(long), "{}: {long}", text.path);
        }
    }
}

#[test]
fn a_published_questionnaire_is_taken_as_json_beside_our_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("forms/phq/2026-01-01.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let body = json!({"resourceType": "Questionnaire", "status": "active", "title": "PHQ", "url": "http://example.org/phq", "version": "3",
        "basis": ["Bảng hỏi công bố công khai"], "item": [{"linkId": "/1", "type": "integer", "text": "Điểm"}]});
    std::fs::write(&path, to_string_pretty(&ordered(&body)).unwrap()).unwrap();
    let content = Content::with_folder(dir.path()).unwrap();
    let library = loaded(&content);
    let form = &library.edition("phq", day()).unwrap().form;
    assert_eq!(form.canonical(), "http://example.org/phq|3");
    let taken = form.take(&Setting::new(0), &NoChoices, &[("/1".to_owned(), "7".to_owned())]).unwrap();
    let response = taken.response(&yba_forms::Head::default());
    assert_eq!(str_at(&response, &["questionnaire"]), Some("http://example.org/phq|3"));
    assert!(to_string(&response).unwrap().contains("\"valueInteger\":7"));
}

#[test]
fn what_the_authors_guide_shows_can_be_copied() {
    let guide = include_str!("../../../../docs/vi/noi-dung.md");
    let dir = tempfile::tempdir().unwrap();
    for block in guide.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let Some(path) = text.lines().next().and_then(|line| line.strip_prefix("# forms/")) else { continue };
        let path = dir.path().join("forms").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let content = Content::with_folder(dir.path()).unwrap();
    let library = loaded(&content);
    let example =
        content.examples().find(|one| one.path == "forms/do-duong-huyet/examples/high.toml").unwrap();
    let made = to_string(&library.outcome(example, &NoChoices).unwrap()).unwrap();
    assert!(made.contains("12.5") && made.contains("Đường huyết cao"), "{made}");
}
