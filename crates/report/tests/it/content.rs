//! What content says is compiled, its examples hold, and what is wrong is told with file and line.

use crate::house::{library, prepared, put, write};
use std::path::Path;
use std::sync::Arc;
use yba_content::Content;
use yba_fhir::json::json;
use yba_report::{Library, follower, listing};
use yba_testkit::records;

#[test]
fn the_examples_of_content_hold() {
    let problems = library().try_examples(&Content::built_in());
    assert!(problems.is_empty(), "{}", problems.iter().map(|one| format!("{one}\n")).collect::<String>());
}

#[test]
fn every_register_and_report_names_its_basis_and_what_is_uncertain() {
    let library = library();
    let abouts: Vec<_> =
        library.registers().map(|one| &one.about).chain(library.reports().map(|one| &one.about)).collect();
    assert!(abouts.len() >= 6);
    assert!(
        abouts
            .iter()
            .all(|about| !about.basis.is_empty() && !about.uncertain.is_empty() && !about.form.is_empty())
    );
}

fn file(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

const REGISTER: &str = r#"title = "Sổ thử"
form = "T1"
basis = ["yba"]
sure = "verified"

[record]
type = "Encounter"
day = "period.start"
facility = "serviceProvider"
person = "subject"
each = "identifier"

[[column]]
name = "number"
title = "Số"
path = "value"
"#;

const REPORT: &str = r#"title = "Biểu thử"
form = "T2"
basis = ["yba"]
sure = "verified"
period = "month"
due = { days = 1 }
register = "thu"

[[column]]
name = "total"
title = "Tổng"

[[row]]
name = "all"
title = "Mọi dòng"
where = "%number = '1'"

[[row]]
name = "share"
title = "Tỷ lệ"
formula = "%all / %all"
"#;

/// The problems of a folder with these two files.
fn problems(register: &str, report: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "registers/thu/2026-01-01.toml", register);
    file(folder.path(), "reports/thu/2026-01-01.toml", report);
    let wrong = match Content::with_folder(folder.path()) {
        Ok(content) => Library::load(&content).err().unwrap_or_default(),
        Err(wrong) => wrong,
    };
    wrong.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    assert_eq!(problems(REGISTER, REPORT), [""; 0]);
    let cases: [(&str, &str, &str, &str, &str); 12] = [
        ("r", "period.start", "period.begin", "registers/thu/2026-01-01.toml:8", "begin"),
        ("r", "\"Encounter\"", "\"Encountr\"", "registers/thu/2026-01-01.toml:7", "Encountr"),
        ("r", "path = \"value\"", "path = \"valeu\"", "registers/thu/2026-01-01.toml:16", "valeu"),
        ("r", "name = \"number\"", "name = \"day\"", "registers/thu/2026-01-01.toml:14", "day"),
        (
            "r",
            "path = \"value\"",
            "of = \"khac\"\npath = \"value\"",
            "registers/thu/2026-01-01.toml:16",
            "record",
        ),
        ("r", "verified", "recalled", "registers/thu/2026-01-01.toml:1", "uncertain"),
        ("r", "\"yba\"", "\"tt-0\"", "registers/thu/2026-01-01.toml:3", "tt-0"),
        ("b", "%number", "%numbers", "reports/thu/2026-01-01.toml:16", "numbers"),
        ("b", "register = \"thu\"", "register = \"khong\"", "reports/thu/2026-01-01.toml:7", "khong"),
        ("b", "%all / %all", "%all / %share", "reports/thu/2026-01-01.toml:19", "share"),
        ("b", "%all / %all", "%all /", "reports/thu/2026-01-01.toml:21", "%all /"),
        ("b", "{ days = 1 }", "{ days = 1, working_days = 2 }", "reports/thu/2026-01-01.toml", "due"),
    ];
    for (which, from, to, place, said) in cases {
        let changed = |one: &str, text: &str| {
            if which == one { text.replacen(from, to, 1) } else { text.to_owned() }
        };
        let found = problems(&changed("r", REGISTER), &changed("b", REPORT));
        let is_told = found.iter().any(|one| one.starts_with(place) && one.contains(said));
        assert!(is_told, "{from} -> {to}: {found:?}");
    }
}

#[test]
fn a_register_and_a_report_have_bounds() {
    let column = |n: usize| format!("\n[[column]]\nname = \"c{n}\"\ntitle = \"C\"\npath = \"id\"\n");
    let with = |n: usize| format!("\n[[with]]\nname = \"w{n}\"\ntype = \"Condition\"\nby = \"encounter\"\n");
    let row = |n: usize| format!("\n[[row]]\nname = \"r{n}\"\ntitle = \"R\"\n");
    let plain = |n: usize| format!("\n[[column]]\nname = \"c{n}\"\ntitle = \"C\"\n");
    let many = |text: &str, count: usize, one: &dyn Fn(usize) -> String| {
        (0..count).fold(text.to_owned(), |text, n| text + &one(n))
    };
    let has = |register: &str, report: &str, said: &str| {
        let found = problems(register, report);
        match said {
            "" => assert_eq!(found, [""; 0]),
            said => assert!(found.iter().any(|one| one.contains(said)), "{found:?}"),
        }
    };
    has(&many(REGISTER, 59, &column), REPORT, "");
    has(&many(REGISTER, 60, &column), REPORT, "60 cột");
    has(&many(REGISTER, 8, &with), REPORT, "");
    has(&many(REGISTER, 9, &with), REPORT, "8 bản ghi");
    has(REGISTER, &many(REPORT, 398, &row), "");
    has(REGISTER, &many(REPORT, 399, &row), "biểu lớn quá");
    has(REGISTER, &many(REPORT, 39, &plain), "");
    has(REGISTER, &many(REPORT, 40, &plain), "biểu lớn quá");
    has(REGISTER, &many(&many(REPORT, 198, &row), 40 - 1, &plain), "");
    has(REGISTER, &many(&many(REPORT, 199, &row), 40 - 1, &plain), "biểu lớn quá");
}

#[test]
fn an_example_that_is_wrong_is_told_with_its_line() {
    let example = |rows: &str| {
        let folder = tempfile::tempdir().unwrap();
        file(folder.path(), "registers/thu/2026-01-01.toml", REGISTER);
        file(folder.path(), "reports/thu/2026-01-01.toml", REPORT);
        let resources = r#"[{"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "AMB"},
            "identifier": [{"value": "1"}, {"value": "2"}], "period": {"start": "2026-02-01"},
            "serviceProvider": {"reference": "Organization/a"}}]"#;
        let one = format!("{{\"resources\": {resources},\n\"rows\": {rows}}}");
        file(folder.path(), "registers/thu/examples/a.json", &one);
        let cells = format!(
            "{{\"resources\": {resources},\n\"period\": \"2026-02\", \"facility\": \"a\",\n\"cells\": {{\"all.total\": 2}}}}"
        );
        file(folder.path(), "reports/thu/examples/a.json", &cells);
        let content = Content::with_folder(folder.path()).unwrap();
        let problems = Library::load(&content).unwrap().try_examples(&content);
        problems.iter().filter(|one| one.file.contains("thu")).map(ToString::to_string).collect::<Vec<_>>()
    };
    let rows =
        "[{\"day\": \"2026-02-01\", \"number\": \"1\"},\n{\"day\": \"2026-02-01\", \"number\": \"3\"}]";
    let told = example(rows);
    assert!(told[0].starts_with("registers/thu/examples/a.json:5: dòng 2"), "{told:?}");
    assert!(told[1].starts_with("reports/thu/examples/a.json:5: ô all.total ra 1"), "{told:?}");
    assert_eq!(example(&rows.replace('3', "2")).len(), 1);
}

#[tokio::test]
async fn a_record_that_gives_too_many_rows_gives_none_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "registers/thu/2026-01-01.toml", REGISTER);
    file(folder.path(), "reports/thu/2026-01-01.toml", REPORT);
    let content = Content::with_folder(folder.path()).unwrap();
    let kit = records();
    let library = Arc::new(Library::load(&content).unwrap());
    follower::prepare(&kit.records, library.clone()).await.unwrap();
    let with = |id: &str, count: usize| {
        let numbers: Vec<_> = (0..count).map(|_| json!({"value": "1"})).collect();
        json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"},
            "identifier": numbers, "period": {"start": "2026-02-01"},
            "serviceProvider": {"reference": "Organization/a"}})
    };
    write(&kit, vec![put(with("e", 100)), put(with("f", 101))]).await;
    let report = library.report("thu", crate::house::day("2026-02-01")).unwrap();
    let run = crate::house::run(&kit, report, "2026-02", Some("a")).await;
    assert_eq!(crate::house::number(report, &run, "all.total"), "100");
    assert_eq!((run.faulty, run.rows), (1, 100));
    let register = library.register("thu", crate::house::day("2026-02-01")).unwrap();
    let faulty = listing::faulty(&kit.records, &kit.ctx(), register).await.unwrap();
    assert!(
        faulty.len() == 1 && faulty[0].id == "f" && faulty[0].reason.contains("vượt giới hạn"),
        "{faulty:?}"
    );
    let few = kit.ctx().with_scope(yba_records::Scope::Patients(vec!["p".into()]));
    assert_eq!(listing::faulty(&kit.records, &few, register).await.unwrap(), [], "of nobody within reach");
    // Mended, it counts.
    write(&kit, vec![put(with("f", 1))]).await;
    let run = crate::house::run(&kit, report, "2026-02", Some("a")).await;
    assert_eq!((run.faulty, run.rows), (0, 101));
}

#[tokio::test]
async fn a_definition_that_changed_is_derived_anew_and_the_others_stay() {
    let kit = records();
    prepared(&kit).await;
    write(&kit, vec![put(crate::house::visit("e", "p", "a", "2026-02-03"))]).await;
    let first = follower::catch_up(&kit.records).await.unwrap();
    assert!(first.views >= 6 && follower::catch_up(&kit.records).await.unwrap() == follower::Done::default());
    let folder = tempfile::tempdir().unwrap();
    file(
        folder.path(),
        "registers/thu/2026-01-01.toml",
        &REGISTER.replace("each = \"identifier\"", "").replace("path = \"value\"", "path = \"id\""),
    );
    let content = Content::with_folder(folder.path()).unwrap();
    // Another start of the program, over the same tables.
    let kit = kit.reopened().await;
    follower::prepare(&kit.records, Arc::new(Library::load(&content).unwrap())).await.unwrap();
    let done = follower::catch_up(&kit.records).await.unwrap();
    assert_eq!((done.views, done.walked), (1, 1));
    let kit = kit.reopened().await;
    prepared(&kit).await;
    assert_eq!(follower::catch_up(&kit.records).await.unwrap().views, 0, "what is gone needs no walk");
    let rows = kit.store().query("SELECT count(*) FROM report_row", Vec::new()).await.unwrap();
    assert_eq!(rows[0].int(0), 1);
}
