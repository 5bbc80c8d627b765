//! The rows that a resource has: by parameter, without the columns of record and time.

use crate::kit::resource;
use yba_store::Value;
use yba_store::db::schema::INDEXES;
use yba_store::index::{self, Numbers, Rows};

fn numbers() -> Numbers {
    Numbers::new(Numbers::names().enumerate().map(|(at, name)| (name, at as i64 + 1)).collect())
}

fn extracted(json: &str) -> Rows {
    let resource = resource(json);
    index::extract(resource.tree(), resource.kind(), resource.id().unwrap(), &numbers())
}

/// The rows of one parameter, sorted, cells parted by `|`, numbers rounded to two places.
fn rows(json: &str, code: &str) -> Vec<String> {
    let kind = resource(json).kind().to_owned();
    let own = numbers().parameter(&kind, code).into_iter().map(Value::Int).collect::<Vec<_>>();
    assert!(!own.contains(&Value::Int(-1)), "{kind}.{code} has no number");
    // Of rows that are shared with another parameter, those that this one means.
    let only = index::kinds()[&kind].parameter(code).and_then(|(_, one)| one.only_type());
    let is_meant = |row: &String| only.is_none_or(|only| row.contains(&format!("{only}/")));
    let all = extracted(json);
    let of_tables = (1..INDEXES.len()).flat_map(|table| all.rows(table).collect::<Vec<_>>());
    let mut found: Vec<String> =
        of_tables.filter(|row| own.contains(&row[0])).map(shown).filter(is_meant).collect();
    found.sort();
    found
}

fn shown(row: &[Value]) -> String {
    let cell = |cell: &Value| match cell {
        Value::Int(number) => number.to_string(),
        Value::Real(number) => format!("{number:.2}"),
        Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    row[1..].iter().map(cell).collect::<Vec<_>>().join("|")
}

/// A resource of this type with these members.
fn of(kind: &str, members: &str) -> String {
    format!(r#"{{"resourceType":"{kind}","id":"a",{members}}}"#)
}

#[test]
fn elements_choices_filters_and_references_give_their_rows() {
    let cases: [(&str, &str, &str, &[&str]); 21] = [
        ("Patient", "gender", r#""gender":"male""#, &["male|"]),
        ("Patient", "family", r#""name":[{"family":"Lò"},{"family":"Vàng"}]"#, &["lo|Lò", "vang|Vàng"]),
        (
            "Patient",
            "phone",
            r#""telecom":[{"system":"phone","value":"1"},{"system":"email","value":"2"}]"#,
            &["1|phone"],
        ),
        ("Patient", "deceased", r#""gender":"male""#, &["false|"]),
        ("Patient", "deceased", r#""deceasedBoolean":false"#, &["false|"]),
        ("Patient", "deceased", r#""deceasedBoolean":true"#, &["true|"]),
        ("Patient", "deceased", r#""deceasedDateTime":"2026""#, &["true|"]),
        ("Patient", "_tag", r#""meta":{"tag":[{"code":"a"}]}"#, &["a|"]),
        ("Observation", "value-quantity", r#""valueQuantity":{"value":8.10,"code":"g"}"#, &["8.09|8.11|g|"]),
        (
            "Observation",
            "value-string",
            r#""valueCodeableConcept":{"text":"Dương tính"}"#,
            &["duong tinh|Dương tính", "tinh|"],
        ),
        ("Observation", "date", r#""effectiveDateTime":"2026-03-02""#, &["1772384400000|1772470800000"]),
        ("Observation", "patient", r#""subject":{"reference":"Patient/1"}"#, &["Patient/1"]),
        ("Observation", "patient", r#""subject":{"reference":"Patient/1/_history/7"}"#, &["Patient/1"]),
        (
            "Observation",
            "patient",
            r#""subject":{"reference":"https://a.vn/fhir/Patient/1"}"#,
            &["https://a.vn/fhir/Patient/1"],
        ),
        ("Observation", "patient", r#""subject":{"reference":"Group/1"}"#, &[]),
        ("Observation", "subject", r#""subject":{"reference":"Group/1"}"#, &["Group/1"]),
        // A choice inside a datatype, which a walk by JSON names does not see.
        (
            "Library",
            "context",
            r#""useContext":[{"valueCodeableConcept":{"coding":[{"code":"x"}]}},{"valueRange":{"low":{"value":2}}}]"#,
            &["x|"],
        ),
        ("Condition", "onset-age", r#""onsetAge":{"value":40,"code":"a"}"#, &["39.50|40.50|a|"]),
        (
            "PlanDefinition",
            "composed-of",
            r#""relatedArtifact":[{"type":"composed-of","resource":"http://a"},{"type":"citation","resource":"http://b"}]"#,
            &["http://a"],
        ),
        ("Patient", "given", r#""name":[{"given":["Thị","A Páo"]}]"#, &["a pao|A Páo", "pao|", "thi|Thị"]),
        ("ValueSet", "url", r#""url":"http://x/v""#, &["http://x/v"]),
    ];
    for (kind, code, members, expected) in cases {
        assert_eq!(rows(&of(kind, members), code), expected, "{kind}.{code} of {members}");
    }
}

const SYSTOLIC: &str = r#"{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"},{"code":"HA"}]},"valueQuantity":{"value":150,"code":"mm[Hg]","system":"http://unitsofmeasure.org"}}"#;
const DIASTOLIC: &str = r#"{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":70,"unit":"mmHg"}}"#;

#[test]
fn a_composite_pairs_only_what_stands_in_one_element() {
    let panel = of("Observation", &format!(r#""component":[{SYSTOLIC},{DIASTOLIC}]"#));
    let pairs = [
        "8462-4|http://loinc.org|69.50|70.50|mmHg|",
        "8480-6|http://loinc.org|149.50|150.50|mm[Hg]|http://unitsofmeasure.org",
        "HA||149.50|150.50|mm[Hg]|http://unitsofmeasure.org",
    ];
    assert_eq!(rows(&panel, "component-code-value-quantity"), pairs);
    assert_eq!(rows(&panel, "combo-code-value-quantity"), pairs);
    assert_eq!(rows(&panel, "code-value-quantity"), [""; 0]);
    let single = of("Observation", &DIASTOLIC[1..DIASTOLIC.len() - 1]);
    assert_eq!(rows(&single, "code-value-quantity"), pairs[..1]);
    assert_eq!(rows(&single, "combo-code-value-quantity"), pairs[..1]);
    assert_eq!(rows(&single, "component-code-value-quantity"), [""; 0]);
}

#[test]
fn composites_of_every_kind_of_part_have_their_columns() {
    let code = r#""code":{"coding":[{"code":"c"}]}"#;
    let cases: [(&str, &str, String, &[&str]); 9] = [
        (
            "Observation",
            "code-value-concept",
            format!(
                r#"{code},"valueCodeableConcept":{{"coding":[{{"system":"s","code":"v"}},{{"code":"w"}}]}}"#
            ),
            &["c||0.00|0.00|v|s", "c||0.00|0.00|w|"],
        ),
        (
            "Observation",
            "code-value-date",
            format!(r#"{code},"valueDateTime":"2026-03-02""#),
            &["c||1772384400000.00|1772470800000.00||"],
        ),
        (
            "Observation",
            "code-value-string",
            format!(r#"{code},"valueString":"Âm tính""#),
            &["c||0.00|0.00|am tinh|Âm tính", "c||0.00|0.00|tinh|Âm tính"],
        ),
        ("Observation", "code-value-string", code.to_owned(), &[]),
        (
            "DocumentReference",
            "relationship",
            r#""relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/b"}}]"#.to_owned(),
            &["replaces||0.00|0.00|DocumentReference/b|"],
        ),
        (
            "Group",
            "characteristic-value",
            format!(
                r#""characteristic":[{{{code},"valueBoolean":true}},{{{code},"valueQuantity":{{"value":1,"code":"g"}}}}]"#
            ),
            &["c||0.00|0.00|true|"],
        ),
        (
            "ValueSet",
            "context-type-quantity",
            r#""useContext":[{"code":{"code":"age"},"valueRange":{"low":{"value":2},"high":{"value":18}}}]"#
                .to_owned(),
            &["age||18.50|1.50||"],
        ),
        (
            "ValueSet",
            "context-type-value",
            r#""useContext":[{"code":{"code":"age"},"valueCodeableConcept":{"coding":[{"code":"child"}]}}]"#
                .to_owned(),
            &["age||0.00|0.00|child|"],
        ),
        (
            "MolecularSequence",
            "chromosome-variant-coordinate",
            r#""referenceSeq":{"chromosome":{"coding":[{"code":"7"}]}},"variant":[{"start":10,"end":12}]"#
                .to_owned(),
            &["7||10.00|10.00|c028000000000000|c028000000000000"],
        ),
    ];
    for (kind, code, members, expected) in cases {
        assert_eq!(rows(&of(kind, &members), code), expected, "{kind}.{code} of {members}");
    }
}

#[test]
fn pairs_beyond_all_measure_stop_at_the_bound_of_rows() {
    let codings: Vec<String> = (0..20_000).map(|number| format!(r#"{{"code":"c{number}"}}"#)).collect();
    let codings = codings.join(",");
    let concept = format!(r#"{{"coding":[{codings}]}}"#);
    let all = extracted(&of("Observation", &format!(r#""code":{concept},"valueCodeableConcept":{concept}"#)));
    assert_eq!(all.len(), index::ROWS_MAX + 1, "one more than allowed, so that it is refused");
    // Not as R4 has them, but as another node might send them: each of the two means many here.
    let numbers: Vec<String> = (0..30_000).map(|number: u32| number.to_string()).collect();
    let variant = format!(r#"{{"start":[{numbers}],"end":[{numbers}]}}"#, numbers = numbers.join(","));
    let chromosome = r#""referenceSeq":{"chromosome":{"coding":[{"code":"7"}]}}"#;
    let all = extracted(&of("MolecularSequence", &format!(r#"{chromosome},"variant":[{variant}]"#)));
    assert_eq!(all.len(), index::ROWS_MAX + 1);
}

#[test]
fn what_is_not_as_its_type_says_has_no_rows_and_does_no_harm() {
    for members in [
        r#""subject":"Patient/1""#,
        r#""code":7,"valueQuantity":"much","component":{"code":[]}"#,
        r#""effectiveDateTime":"yesterday","effectivePeriod":{"start":1}"#,
        r#""valueQuantity":{"value":"1e999"},"code":[[{"coding":[1,null,{}]}]]"#,
    ] {
        assert!(extracted(&of("Observation", members)).len() < 3, "{members}");
    }
    assert!(extracted(r#"{"resourceType":"Patient","id":"a"}"#).patients() == ["a"]);
}
