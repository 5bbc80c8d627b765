//! Definitions nobody would write: whatever comes is compiled or refused with a place, and what compiles ends.

use proptest::prelude::*;
use yba_fhir::json::{Value, from_str};
use yba_view::{Format, Left, Limits, View, Writer};

const PATHS: &[&str] = &[
    "id",
    "name",
    "name.given",
    "%resource",
    "$this",
    "%rowIndex",
    "repeat(children())",
    "descendants()",
    "contact.name",
    "telecom.where(system = 'phone').value",
    "getResourceKey()",
    "link.other.getReferenceKey(Patient)",
    "extension",
    "1",
    "{}",
    "iif(true, name, 'x')",
    "name.select(given.join(','))",
    "birthDate.lowBoundary()",
    "%k",
    "value",
    "(",
    "name.",
    "%resource.name | telecom",
    "name.first().given.repeat($this)",
    "'\u{1F600}'.toChars()",
    "contained",
    "deceased",
];

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(PATHS).prop_map(str::to_owned),
        1 => "[a-z.()$%' 0-9]{0,12}",
    ]
}

fn quoted(text: &str) -> String {
    yba_fhir::json::to_string(text).unwrap()
}

fn column() -> impl Strategy<Value = String> {
    let name = prop_oneof![30 => Just("#"), 1 => prop::sample::select(&["a", "", "1", "dê"][..])];
    let kind =
        prop::sample::select(&["", "string", "HumanName", "boolean", "nonsense", "Patient.contact"][..]);
    (name, path(), kind, any::<bool>()).prop_map(|(name, path, kind, many)| {
        let kind = if kind.is_empty() { String::new() } else { format!(r#","type":"{kind}""#) };
        format!(r#"{{"name":"{name}","path":{},"collection":{many}{kind}}}"#, quoted(&path))
    })
}

fn select() -> impl Strategy<Value = String> {
    let leaf = prop::collection::vec(column(), 0..4)
        .prop_map(|columns| format!(r#"{{"column":[{}]}}"#, columns.join(",")));
    leaf.prop_recursive(5, 40, 3, |inner| {
        let each = prop_oneof![
            Just(String::new()),
            path().prop_map(|path| format!(r#""forEach":{},"#, quoted(&path))),
            path().prop_map(|path| format!(r#""forEachOrNull":{},"#, quoted(&path))),
            prop::collection::vec(path(), 0..3).prop_map(|paths| {
                let paths: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
                format!(r#""repeat":[{}],"#, paths.join(","))
            }),
            Just(r#""forEach":7,"#.to_owned()),
        ];
        let list = prop::collection::vec(inner, 0..3);
        (each, prop::collection::vec(column(), 0..3), list.clone(), list).prop_map(
            |(each, columns, selects, union)| {
                format!(
                    r#"{{{each}"column":[{}],"select":[{}],"unionAll":[{}]}}"#,
                    columns.join(","),
                    selects.join(","),
                    union.join(",")
                )
            },
        )
    })
}

const RESOURCE: &str = r#"{"resourceType":"Patient","id":"1","name":[{"family":"Lò","given":["A","B"]},{"family":"Sùng"}],
    "_birthDate":{"extension":[{"url":"u","valueString":"x"}]},"contact":[{"name":{"family":"Vàng"}}],"deceasedBoolean":false,
    "telecom":[{"system":"phone","value":"1"},{"system":"email","value":"2"}],"contained":[{"resourceType":"Patient","id":"c"}]}"#;

/// Gives each column a name of its own, so that more of the soup is sound.
fn numbered(text: &str) -> String {
    let mut pieces = text.split("\"#\"");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.enumerate().fold(first, |text, (number, piece)| format!("{text}\"c{number}\"{piece}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_definition_is_refused_with_a_place_or_ends(selects in prop::collection::vec(select(), 0..3), condition in path()) {
        let text = format!(
            r#"{{"resource":"Patient","constant":[{{"name":"k","valueString":"v"}}],"select":[{}],"where":[{{"path":{}}}]}}"#,
            selects.join(","),
            quoted(&condition)
        );
        let without = text.replace(&format!(r#","where":[{{"path":{}}}]"#, quoted(&condition)), "");
        let resource: Value = from_str(RESOURCE).unwrap();
        for text in [text, without] {
            let limits = Limits { steps: 20_000, rows: 500, cells: 5_000, text: 100_000, ..Limits::default() };
            match View::compile_within(&from_str(&numbered(&text)).unwrap(), limits) {
                Err(outcome) => prop_assert!(outcome.issues.iter().all(|issue| issue.path.is_some() && !issue.text.is_empty())),
                Ok(view) => {
                    let (mut writer, mut out) = (Writer::new(Format::Json, view.columns()), Vec::new());
                    writer.begin(&mut out);
                    let done = writer.resource(&view, &resource, &mut Left::UNBOUNDED.clone(), &mut out);
                    writer.end(&mut out);
                    let rows: Value = yba_fhir::json::from_slice(&out).unwrap();
                    let _ = rows;
                    if let Err(outcome) = done {
                        prop_assert!(outcome.issues.iter().all(|issue| issue.path.is_some()), "{outcome}");
                        prop_assert_eq!(writer.rows(), 0);
                    }
                }
            }
        }
    }
}
