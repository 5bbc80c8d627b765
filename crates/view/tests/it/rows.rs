//! Rows: what the published cases leave open, and the bounds of one resource.

use yba_fhir::json::{Value, from_str};
use yba_view::{Format, Left, Limits, View, Writer};

fn patient() -> Value {
    from_str(
        r#"{"resourceType": "Patient", "id": "1", "_birthDate": {"id": "x"},
            "name": [{"family": "Lò, \"Thị\"", "given": ["A", "B"]}, {"family": "Sùng\nA"}],
            "telecom": [{"value": "1"}, {"value": "2"}, {"value": "3"}],
            "extension": [{"url": "u", "valueDecimal": 2.00}]}"#,
    )
    .unwrap()
}

fn view(select: &str) -> View {
    let definition = format!(r#"{{"resource": "Patient", "select": [{select}]}}"#);
    View::compile(&from_str(&definition).unwrap()).unwrap_or_else(|outcome| panic!("{select}: {outcome}"))
}

fn write(view: &View, format: Format) -> Result<String, String> {
    let mut writer = Writer::new(format, view.columns());
    let (resource, mut out) = (patient(), Vec::new());
    writer.begin(&mut out);
    view.rows(&resource, &mut |row| writer.row(row, &mut out)).map_err(|outcome| {
        format!("{} {}", outcome.issues[0].path.as_deref().unwrap(), outcome.issues[0].key)
    })?;
    writer.end(&mut out);
    Ok(String::from_utf8(out).unwrap())
}

fn ndjson(select: &str) -> Result<String, String> {
    write(&view(select), Format::Ndjson)
}

#[test]
fn digits_stay_and_values_without_value_are_null() {
    let select = r#"{"column": [{"name": "id", "path": "getResourceKey()"}, {"name": "born", "path": "birthDate"},
        {"name": "two", "path": "extension('u').value.ofType(decimal)"},
        {"name": "names", "path": "name.family", "collection": true},
        {"name": "none", "path": "photo.url", "collection": true}]}"#;
    let expected =
        concat!(r#"{"id":"1","born":null,"two":2.00,"names":["Lò, \"Thị\"","Sùng\nA"],"none":[]}"#, "\n");
    assert_eq!(ndjson(select).unwrap(), expected);
    assert_eq!(
        write(&view(select), Format::Csv).unwrap(),
        "id,born,two,names,none\r\n1,,2.00,\"[\"\"Lò, \\\"\"Thị\\\"\"\"\",\"\"Sùng\\nA\"\"]\",[]\r\n"
    );
}

#[test]
fn csv_quotes_what_it_must_and_can_leave_its_header() {
    let view = view(r#"{"forEach": "name", "column": [{"name": "family", "path": "family"}]}"#);
    let text = "\"Lò, \"\"Thị\"\"\"\r\n\"Sùng\nA\"\r\n";
    assert_eq!(write(&view, Format::Csv).unwrap(), format!("family\r\n{text}"));
    let mut writer = Writer::new(Format::Csv, view.columns()).without_header();
    let (resource, mut out) = (patient(), Vec::new());
    writer.begin(&mut out);
    view.rows(&resource, &mut |row| writer.row(row, &mut out)).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), text);
    assert_eq!(writer.rows(), 2);
}

#[test]
fn no_rows_are_an_empty_array() {
    let view = view(r#"{"forEach": "photo", "column": [{"name": "url", "path": "url"}]}"#);
    assert_eq!(write(&view, Format::Json).unwrap(), "[]\n");
}

#[test]
fn items_need_not_be_elements() {
    let select = r#"{"forEach": "name.given | 'C'", "column": [{"name": "n", "path": "$this"},
        {"name": "root", "path": "%resource.id"}, {"name": "at", "path": "%rowIndex + 1"}]}"#;
    let expected = concat!(
        r#"{"n":"A","root":"1","at":1}"#,
        "\n",
        r#"{"n":"B","root":"1","at":2}"#,
        "\n",
        r#"{"n":"C","root":"1","at":3}"#,
        "\n"
    );
    assert_eq!(ndjson(select).unwrap(), expected);
}

#[test]
fn an_inner_index_leaves_the_outer_one() {
    let select = r#"{"forEach": "name", "select": [{"forEach": "given", "column": [{"name": "g", "path": "$this"}]},
        {"column": [{"name": "at", "path": "%rowIndex"}]}]}"#;
    assert_eq!(ndjson(select).unwrap(), "{\"g\":\"A\",\"at\":0}\n{\"g\":\"B\",\"at\":0}\n");
}

#[test]
fn a_part_is_shown_as_json_when_its_type_is_declared() {
    let select =
        r#"{"forEach": "name.last()", "column": [{"name": "n", "path": "$this", "type": "HumanName"}]}"#;
    assert_eq!(ndjson(select).unwrap(), "{\"n\":{\"family\":\"Sùng\\nA\"}}\n");
}

#[test]
fn a_value_that_is_not_of_its_columns_type_is_an_error() {
    let select = r#"{"column": [{"name": "v", "path": "extension('u').value", "type": "string"}]}"#;
    assert_eq!(ndjson(select).unwrap_err(), "ViewDefinition.select[0].column[0].path view-column-type");
    let many = r#"{"column": [{"name": "v", "path": "name.family"}]}"#;
    assert_eq!(ndjson(many).unwrap_err(), "ViewDefinition.select[0].column[0].path view-collection");
    assert!(ndjson(&select.replace("string", "decimal")).is_ok());
}

#[test]
fn an_error_inside_a_product_without_rows_is_an_error_all_the_same() {
    let select = r#"{"forEach": "photo", "column": [{"name": "url", "path": "url"}]},
        {"column": [{"name": "v", "path": "name.family"}]}"#;
    assert_eq!(ndjson(select).unwrap_err(), "ViewDefinition.select[1].column[0].path view-collection");
}

#[test]
fn other_resources_and_those_left_out_give_nothing() {
    let of = |definition: &str| {
        let view = View::compile(&from_str(definition).unwrap()).unwrap();
        view.rows(&patient(), &mut |_| ()).unwrap()
    };
    let columns = r#""select": [{"column": [{"name": "id", "path": "id"}]}]"#;
    assert_eq!(of(&format!(r#"{{"resource": "Observation", {columns}}}"#)), 0);
    assert_eq!(of(&format!(r#"{{"resource": "Patient", {columns}, "where": [{{"path": "active"}}]}}"#)), 0);
    assert_eq!(of(&format!(r#"{{"resource": "Patient", {columns}, "where": [{{"path": "id = '1'"}}]}}"#)), 1);
}

/// The key of the error of a view under these limits.
fn refused(select: &str, limits: Limits) -> Option<&'static str> {
    let definition = format!(r#"{{"resource": "Patient", "select": [{select}]}}"#);
    let view = View::compile_within(&from_str(&definition).unwrap(), limits).unwrap();
    let mut rows = 0;
    let result = view.rows(&patient(), &mut |_| rows += 1);
    assert!(result.is_ok() || rows == 0, "rows were given before the refusal");
    result.err().map(|outcome| outcome.issues[0].key)
}

#[test]
fn rows_and_cells_of_one_resource_are_bounded() {
    let each = |name: &str| {
        format!(r#"{{"forEach": "telecom", "column": [{{"name": "{name}", "path": "value"}}]}}"#)
    };
    let cube = [each("a"), each("b"), each("c")].join(",");
    let limits = Limits::default();
    assert_eq!(refused(&cube, Limits { rows: 27, ..limits }), None);
    assert_eq!(refused(&cube, Limits { rows: 26, ..limits }), Some("view-limit"));
    assert_eq!(refused(&cube, Limits { cells: 90, ..limits }), None);
    assert_eq!(refused(&cube, Limits { cells: 80, ..limits }), Some("view-limit"));
    let union = format!(r#"{{"unionAll": [{}, {}]}}"#, each("a"), each("a"));
    assert_eq!(refused(&union, Limits { rows: 6, ..limits }), None);
    assert_eq!(refused(&union, Limits { rows: 5, ..limits }), Some("view-limit"));
    // Eight times three: more combinations than a number can count must not pass either.
    let names: Vec<String> = (0..60).map(|n| each(&format!("c{n}"))).collect();
    assert_eq!(refused(&names.join(","), limits), Some("view-limit"));
}

#[test]
fn work_without_rows_is_bounded_too() {
    // Each level repeats the one inside it, and no row ever comes of it.
    let inside = r#"{"forEach": "%resource.photo", "column": [{"name": "x", "path": "url"}]}"#.to_owned();
    let nested = (0..14)
        .fold(inside, |inner, _| format!(r#"{{"forEach": "%resource.telecom", "select": [{inner}]}}"#));
    assert_eq!(refused(&nested, Limits { steps: 100_000, ..Limits::default() }), Some("fhirpath-limit"));
    let column = r#"{"column": [{"name": "a", "path": "'x'"}, {"name": "b", "path": "'x'"}]}"#;
    assert_eq!(refused(column, Limits { steps: 1, ..Limits::default() }), Some("view-limit"));
}

#[test]
fn repeat_ends() {
    let endless = r#"{"repeat": ["$this"], "column": [{"name": "id", "path": "id"}]}"#;
    assert_eq!(refused(endless, Limits::default()), Some("view-limit"));
    let root = r#"{"repeat": ["%resource"], "column": [{"name": "id", "path": "id"}]}"#;
    assert_eq!(refused(root, Limits::default()), Some("view-limit"));
    // Two things in each thing, below every one of them.
    let growing = r#"{"repeat": ["%resource.name"], "column": [{"name": "id", "path": "family"}]}"#;
    assert_eq!(refused(growing, Limits { repeat_depth: 60, ..Limits::default() }), Some("view-limit"));
    let wide = r#"{"repeat": ["telecom"], "column": [{"name": "v", "path": "value"}]}"#;
    assert_eq!(refused(wide, Limits { rows: 3, ..Limits::default() }), None);
    assert_eq!(refused(wide, Limits { rows: 2, ..Limits::default() }), Some("fhirpath-limit"));
}

#[test]
fn many_resources_share_what_may_be_spent() {
    let view = view(r#"{"forEach": "telecom", "column": [{"name": "v", "path": "value"}]}"#);
    let resource = patient();
    let times = |mut left: Left| {
        let run = |_: &usize| view.rows_within(&resource, &mut left, &mut |_| ()).is_ok();
        (0..1000).take_while(run).count()
    };
    assert_eq!(times(Left { rows: 3 * 7 + 2, ..Left::UNBOUNDED }), 7);
    let all = 20 * times(Left { steps: 100, ..Left::UNBOUNDED });
    assert!((20..=200).contains(&all) && times(Left { steps: 2000, ..Left::UNBOUNDED }) >= all);
    assert_eq!(times(Left::UNBOUNDED), 1000);
}

#[test]
fn the_text_of_one_resources_rows_is_bounded() {
    let select =
        r#"{"forEach": "telecom", "column": [{"name": "v", "path": "%resource.name.family.join('')"}]}"#;
    let definition = format!(r#"{{"resource": "Patient", "select": [{select}]}}"#);
    let text = |most: usize| {
        let limits = Limits { text: most, ..Limits::default() };
        let view = View::compile_within(&from_str(&definition).unwrap(), limits).unwrap();
        let mut writer = Writer::new(Format::Ndjson, view.columns());
        let mut out = b"before".to_vec();
        let done = writer.resource(&view, &patient(), &mut Left::UNBOUNDED.clone(), &mut out);
        (done.err().map(|outcome| outcome.issues[0].key), out.len() - "before".len(), writer.rows())
    };
    let (refused, whole, rows) = text(1000);
    assert_eq!((refused, rows), (None, 3));
    assert_eq!(text(whole), (None, whole, 3));
    assert_eq!(text(whole - 1), (Some("view-limit"), 0, 0));
    assert_eq!(text(1), (Some("view-limit"), 0, 0));
}

#[test]
fn rows_beyond_those_wanted_are_left_out() {
    let view = view(r#"{"forEach": "telecom", "column": [{"name": "v", "path": "value"}]}"#);
    let mut writer = Writer::new(Format::Json, view.columns()).at_most(2);
    let mut out = Vec::new();
    writer.begin(&mut out);
    writer.resource(&view, &patient(), &mut Left::UNBOUNDED.clone(), &mut out).unwrap();
    writer.end(&mut out);
    assert_eq!((writer.rows(), writer.is_full()), (2, true));
    assert_eq!(out, b"[{\"v\":\"1\"},\n{\"v\":\"2\"}]\n");
}

#[test]
fn only_references_within_the_node_have_keys() {
    let keys = |reference: &str| {
        let text = format!(
            r#"{{"resourceType": "Patient", "managingOrganization": {{"reference": "{reference}"}}}}"#
        );
        let view = view(
            r#"{"column": [{"name": "a", "path": "managingOrganization.getReferenceKey()"},
                {"name": "b", "path": "managingOrganization.getReferenceKey(Patient)"}]}"#,
        );
        let (mut writer, mut out) = (Writer::new(Format::Csv, view.columns()).without_header(), Vec::new());
        let resource: Value = from_str(&text).unwrap();
        writer.resource(&view, &resource, &mut Left::UNBOUNDED.clone(), &mut out).unwrap();
        String::from_utf8(out).unwrap().trim().to_owned()
    };
    assert_eq!(keys("Organization/1"), "1,");
    assert_eq!(keys("Patient/1/_history/2"), "1,1");
    for other in [
        "https://elsewhere.example/fhir/Organization/1",
        "urn:uuid:5f0c6b0e-8a43-4d3c-9d53-0d8d6d0f3c11",
        "#1",
    ] {
        assert_eq!(keys(other), ",", "{other}");
    }
}
