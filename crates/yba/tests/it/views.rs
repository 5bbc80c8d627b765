//! An analyst asks for tables: of resources in a file, and of a node, whether it runs or not.

use crate::house::Home;
use std::io::Write;
use std::process::Stdio;

/// The exit code and both streams of `yba view run` with this input.
fn run(home: &Home, words: &[&str], input: &str) -> (i32, String, String) {
    let mut command = home.command(&[&["view", "run"], words].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut asked = command.spawn().unwrap();
    asked.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let said = asked.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (said.status.code().unwrap(), text(said.stdout), text(said.stderr))
}

const INPUT: &str = r#"{"view": {"resourceType": "ViewDefinition", "resource": "Patient", "status": "active",
    "select": [{"column": [{"name": "id", "path": "getResourceKey()"}, {"name": "born", "path": "birthDate"}]},
               {"forEachOrNull": "name", "column": [{"name": "name", "path": "text"}]}]},
    "resources": [{"resourceType": "Patient", "id": "a", "birthDate": "1990", "name": [{"text": "Lò, A"}]},
                  {"resourceType": "Observation", "id": "o"}, {"resourceType": "Patient", "id": "b"}]}"#;

#[test]
fn rows_of_resources_in_a_file() {
    let home = Home::new();
    let json = "[{\"id\":\"a\",\"born\":\"1990\",\"name\":\"Lò, A\"},\n{\"id\":\"b\",\"born\":null,\"name\":null}]\n";
    assert_eq!(run(&home, &[], INPUT), (0, json.into(), String::new()));
    assert_eq!(run(&home, &["--format", "csv"], INPUT).1, "id,born,name\r\na,1990,\"Lò, A\"\r\nb,,\r\n");
    assert_eq!(run(&home, &["--format", "ndjson"], INPUT).1.lines().count(), 2);
    let (code, out, _) = run(&home, &["--format", "parquet", "--out", "rows.parquet"], INPUT);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(std::fs::read(home.beside("rows.parquet")).unwrap().starts_with(b"PAR1"));
    let empty = INPUT.replace("\"resources\"", "\"other\"");
    assert_eq!(run(&home, &[], &empty).1, "[]\n");
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_no_rows_are_given() {
    let home = Home::new();
    let cases = [
        (INPUT.replace("birthDate\"}", "birthday\"}"), "ViewDefinition.select[0].column[1].path"),
        (INPUT.replace("\"path\": \"text\"", "\"path\": \"%resource.name.text | 'x'\""), "Patient/a"),
        ("{".to_owned(), "malformed JSON"),
        ("[]".to_owned(), "no \"view\""),
    ];
    for (input, said) in cases {
        let (code, out, err) = run(&home, &["--out", "rows.json"], &input);
        assert_eq!((code, out.as_str()), (1, ""), "{err}");
        assert!(err.contains(said), "{said}: {err}");
        assert!(!home.beside("rows.json").exists(), "half a table was left");
        let (code, out, _) = run(&home, &[], &input);
        assert_eq!((code, out.as_str()), (1, ""));
    }
    assert_eq!(run(&home, &["--format", "xml"], INPUT).0, 2);
}

#[test]
fn rows_of_a_node_are_the_same_whether_it_runs_or_not() {
    let home = Home::new();
    let patients: String = (0..600)
        .map(|n| {
            format!(
                "{{\"resourceType\":\"Patient\",\"id\":\"p{n}\",\"gender\":\"female\",\"name\":[{{\"text\":\"Lò Thị {n}\"}}]}}\n"
            )
        })
        .collect();
    std::fs::write(home.beside("patients.ndjson"), patients).unwrap();
    home.run(&["import", "fhir", "patients.ndjson"]).expect(0);
    let own = r#"{"resource": "Patient", "where": [{"path": "id = 'p7'"}],
        "select": [{"column": [{"name": "who", "path": "name.text.first()"}]}]}"#;
    std::fs::write(home.beside("own.json"), own).unwrap();

    let table = home.run(&["view", "run", "--view", "people", "--format", "csv"]).expect(0).out;
    assert_eq!(table.lines().count(), 601);
    assert!(table.starts_with("id,name,birth_date,sex,"), "{table:.100}");
    assert!(table.contains("p599,Lò Thị 599,,female,"), "{table:.300}");
    let one = home.run(&["view", "run", "--view", "own.json"]).expect(0).out;
    assert_eq!(one, "[{\"who\":\"Lò Thị 7\"}]\n");
    home.run(&["view", "run", "--view", "people", "--format", "parquet", "--out", "people.parquet"])
        .expect(0);
    let file = std::fs::read(home.beside("people.parquet")).unwrap();
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));

    let unknown = home.run(&["view", "run", "--view", "peple"]).expect(1);
    assert!(unknown.err.contains("peple") && unknown.out.is_empty());
    home.run(&["view", "run", "--view", "people", "--format", "parquet"]).expect(1);
    let nowhere = home.run_plain(&["view", "run", "--view", "people", "--data", "nowhere"]);
    assert_eq!(nowhere.code, 3);

    let house = home.serve_open();
    let running = home.run(&["view", "run", "--view", "people", "--format", "csv"]).expect(0).out;
    assert_eq!(running, table);
    drop(house);
}
