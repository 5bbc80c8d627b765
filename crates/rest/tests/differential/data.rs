//! Invented records, as unlike each other as R4 allows: partial dates, tiny numbers, marks in both normal forms,
//! wildcards, codings without systems, every way of pointing at another record.

use crate::chance::Chance;
use serde_json::{Map, Value, json};

/// The types that there are records of, each pointed at by some of the others.
pub const KINDS: [&str; 11] = [
    "Organization",
    "Patient",
    "Encounter",
    "Observation",
    "Condition",
    "ServiceRequest",
    "RiskAssessment",
    "ValueSet",
    "MolecularSequence",
    "Coverage",
    "Group",
];

/// Words of names, and what names should not hold but do.
pub const WORDS: [&str; 34] = [
    "Nguyễn",
    "Lò",
    "Vàng",
    "Đặng",
    "Đèo",
    "Thị",
    "Văn",
    "A",
    "Mẩy",
    "Páo",
    "Ân",
    "Ấn",
    "An",
    "Lành",
    "Lãnh",
    "Lo\u{300}",
    "Ma\u{302}\u{309}y",
    "Quy\u{300}nh",
    "H'Mông",
    "Dờ-Pó",
    "LÀNH",
    "lành",
    "100%",
    "_thật",
    "\\",
    "a\\,b",
    "$ba|bốn,",
    "\"ngoặc\"",
    "'; --",
    "😀",
    "Bản",
    "Nậm",
    "O’Neil",
    "ĐÀ",
];
const DATES: [&str; 16] = [
    "1986",
    "1986-05",
    "1986-05-01",
    "1986-05-31",
    "1986-06-01",
    "1985-12-31",
    "1987-01-01",
    "2000-02-29",
    "2024",
    "2024-02",
    "2024-02-29",
    "2026-03-01",
    "2026-03-02",
    "2026-03",
    "1899-12-31",
    "2051-01-01",
];
const MOMENTS: [&str; 20] = [
    "2026-03-02T08:00:00+07:00",
    "2026-03-02T01:00:00Z",
    "2026-03-02T00:00:00+07:00",
    "2026-03-01T23:59:59+07:00",
    "2026-03-01T17:00:00Z",
    "2026-03-01T16:59:59.999Z",
    "2026-03-02T08:00:00.500+07:00",
    "2026-03-02T08:00:59+07:00",
    "2026-03-02T08:01:00+07:00",
    "2026-02-28T20:00:00-05:00",
    "2026",
    "2026-03",
    "2026-03-02",
    "2026-02",
    "2025",
    "2026-01-01T00:00:00+07:00",
    "2025-12-31T17:00:00Z",
    "2024-02-29T12:30:00+14:00",
    "1986-05-01T00:00:00+07:00",
    "2026-03-02T23:59:59.999+07:00",
];
const NUMBERS: [&str; 30] = [
    "5",
    "5.0",
    "5.4",
    "5.40",
    "5.400",
    "5.35",
    "5.45",
    "5.395",
    "5.405",
    "0",
    "0.0",
    "-0.1",
    "-5.4",
    "100",
    "99.5",
    "100.5",
    "100.00",
    "1e2",
    "1.00E2",
    "5.4e0",
    "54e-1",
    "0.00000001",
    "1e-10",
    "120",
    "1.2e2",
    "999999999",
    "2.5",
    "4.5",
    "5.5",
    "-100",
];
const SYSTEMS: [&str; 4] =
    ["http://loinc.org", "urn:ma:noi-bo", "http://example.vn/a,b|c", "http://loinc.org/x"];
/// Administrative units in which people live.
pub const UNIT_SYSTEM: &str = "urn:don-vi";
pub const UNITS: [&str; 3] = ["03121", "03122", "03123"];
pub const CODES: [&str; 12] =
    ["2345-7", "718-7", "8480-6", "hb", "HB", "a,b", "x|y", "50%", "_", "đ", "hb\\1", "2345"];
const UCUM: &str = "http://unitsofmeasure.org";
/// Where absolute references to our own records begin.
pub const BASE: &str = "http://yba.test/fhir";
pub const PEOPLE: usize = 70;
const EACH: usize = 55;

/// The ids of the records of a type.
pub fn ids(kind: &str) -> impl Iterator<Item = String> {
    let count = if kind == "Patient" { PEOPLE } else { EACH };
    (0..count).map(move |number| id(kind, number))
}

/// Ids are not unique over types: a search by id alone must know what it means.
fn id(kind: &str, number: usize) -> String {
    match number % 3 {
        0 => format!("r{number}"),
        1 => format!("{}-{number}", &kind[..2]),
        _ => format!("R{number}.x"),
    }
}

fn some_id(kind: &str, chance: &mut Chance) -> String {
    // One more than there are: some references dangle.
    let count = if kind == "Patient" { PEOPLE } else { EACH };
    let number = chance.below(count + 1);
    id(kind, number)
}

/// Puts a member into an object in `percent` of a hundred cases.
macro_rules! maybe {
    ($chance:expr, $tree:expr, $percent:expr, $name:expr, $value:expr) => {
        if $chance.happens($percent) {
            let value = $value;
            $tree.insert($name.to_owned(), value);
        }
    };
}

pub fn words(chance: &mut Chance) -> String {
    let count = 1 + chance.below(3);
    let between = chance.word(&[" ", " ", " ", "  ", "-", "."]);
    (0..count).map(|_| chance.word(&WORDS)).collect::<Vec<_>>().join(between)
}

fn text(chance: &mut Chance) -> Value {
    if chance.happens(3) {
        return json!(format!("{} {}", words(chance), "dài dòng ".repeat(60).trim()));
    }
    json!(words(chance))
}

fn list(chance: &mut Chance, most: usize, make: impl Fn(&mut Chance) -> Value) -> Value {
    let count = 1 + chance.below(most);
    Value::Array((0..count).map(|_| make(chance)).collect())
}

fn coding(chance: &mut Chance) -> Value {
    let mut tree = Map::new();
    maybe!(chance, tree, 70, "system", json!(chance.word(&SYSTEMS)));
    maybe!(chance, tree, 92, "code", json!(chance.word(&CODES)));
    maybe!(chance, tree, 50, "display", text(chance));
    if tree.is_empty() {
        tree.insert("userSelected".into(), json!(true));
    }
    Value::Object(tree)
}

pub fn concept(chance: &mut Chance) -> Value {
    let mut tree = Map::new();
    maybe!(chance, tree, 85, "coding", list(chance, 3, coding));
    if tree.is_empty() || chance.happens(40) {
        tree.insert("text".into(), text(chance));
    }
    Value::Object(tree)
}

fn identifier(chance: &mut Chance) -> Value {
    let mut tree = Map::new();
    maybe!(chance, tree, 70, "system", json!(chance.word(&["urn:cccd", "urn:bhyt", "http://loinc.org"])));
    maybe!(
        chance,
        tree,
        90,
        "value",
        json!(chance.word(&["001", "002", "TE1", "te1", "a,b|c", "0%", " 7", "Đ1"]))
    );
    maybe!(chance, tree, 30, "type", concept(chance));
    maybe!(chance, tree, 20, "use", json!("official"));
    if tree.is_empty() {
        tree.insert("use".into(), json!("old"));
    }
    Value::Object(tree)
}

fn name(chance: &mut Chance) -> Value {
    let mut tree = Map::new();
    maybe!(chance, tree, 50, "text", text(chance));
    maybe!(chance, tree, 50, "family", text(chance));
    maybe!(chance, tree, 50, "given", list(chance, 2, text));
    maybe!(chance, tree, 15, "prefix", list(chance, 1, text));
    if tree.is_empty() {
        tree.insert("use".into(), json!("nickname"));
    }
    Value::Object(tree)
}

fn address(chance: &mut Chance) -> Value {
    let mut tree = Map::new();
    maybe!(chance, tree, 30, "use", json!(chance.word(&["home", "work", "old"])));
    maybe!(chance, tree, 60, "line", list(chance, 2, text));
    for member in ["city", "district", "state", "country", "postalCode", "text"] {
        maybe!(chance, tree, 30, member, text(chance));
    }
    maybe!(chance, tree, 40, "extension", {
        let unit = json!({"system": UNIT_SYSTEM, "code": chance.word(&UNITS)});
        json!([{"url": "https://yba.vn/fhir/StructureDefinition/admin-unit", "valueCoding": unit}])
    });
    if tree.is_empty() {
        tree.insert("use".into(), json!("temp"));
    }
    Value::Object(tree)
}

fn telecom(chance: &mut Chance) -> Value {
    let mut tree = Map::new();
    maybe!(chance, tree, 80, "value", json!(chance.word(&["0901", "0902", "x@y.vn", "X@y.vn", "+84 901"])));
    tree.insert("system".into(), json!(chance.word(&["phone", "email", "sms"])));
    Value::Object(tree)
}

fn period(chance: &mut Chance) -> Value {
    let (mut one, mut other) = (*chance.pick(&MOMENTS), *chance.pick(&MOMENTS));
    let order = |text: &str| crate::values::span(text).unwrap();
    if order(one).0 > order(other).0 || order(one).1 > order(other).1 {
        (one, other) = (other, one);
    }
    // Where neither lies before the other, R4's invariant per-1 could not be told: an open period then.
    let apart = order(one).1 <= order(other).0 || one == other;
    match chance.below(4) {
        0 => json!({"start": one}),
        1 => json!({"end": other}),
        _ if apart => json!({"start": one, "end": other}),
        _ => json!({"start": one}),
    }
}

fn timing(chance: &mut Chance) -> Value {
    let mut tree = Map::new();
    maybe!(chance, tree, 60, "event", list(chance, 3, |chance| json!(chance.word(&MOMENTS))));
    if tree.is_empty() || chance.happens(30) {
        tree.insert("repeat".into(), json!({"boundsPeriod": period(chance)}));
    }
    Value::Object(tree)
}

/// A Quantity. Of the UCUM units, kilograms and grams can be turned into each other.
fn quantity(chance: &mut Chance) -> Value {
    let mut tree = Map::new();
    maybe!(chance, tree, 95, "value", chance.number(&NUMBERS));
    let unit = [
        (Some(UCUM), Some("mmol/L"), Some("mmol/L")),
        (Some(UCUM), Some("kg"), Some("kí")),
        (Some(UCUM), Some("g"), Some("gam")),
        (Some(UCUM), Some("mm[Hg]"), None),
        (Some("urn:don-vi"), Some("vien"), Some("viên")),
        (None, None, Some("viên")),
        (None, None, Some("kg")),
        (None, None, None),
    ];
    let (system, code, word) = *chance.pick(&unit);
    for (member, value) in [("system", system), ("code", code), ("unit", word)] {
        if let Some(value) = value {
            tree.insert(member.into(), json!(value));
        }
    }
    if tree.contains_key("value") {
        maybe!(chance, tree, 12, "comparator", json!(chance.word(&["<", "<=", ">", ">="])));
    }
    if tree.is_empty() {
        tree.insert("unit".into(), json!("kg"));
    }
    Value::Object(tree)
}

fn range(chance: &mut Chance) -> Value {
    let ends = [("0", "0.1"), ("0.1", "0.15"), ("5", "5.5"), ("5.4", "100"), ("10", "20.0")];
    let (low, high) = *chance.pick(&ends);
    let end = |text: &str| json!({"value": serde_json::from_str::<Value>(text).unwrap()});
    match chance.below(4) {
        0 => json!({"low": end(low)}),
        1 => json!({"high": end(high)}),
        _ => json!({"low": end(low), "high": end(high)}),
    }
}

/// A way to point at one of `kinds`.
fn reference(chance: &mut Chance, kinds: &[&str]) -> Value {
    let kind = *chance.pick(kinds);
    let id = some_id(kind, chance);
    match chance.below(20) {
        0..=11 => json!({"reference": format!("{kind}/{id}")}),
        12 | 13 => json!({"reference": format!("{BASE}/{kind}/{id}")}),
        14 => json!({"reference": format!("https://other.vn/fhir/{kind}/{id}")}),
        15 => json!({"reference": format!("{kind}/{id}/_history/1")}),
        16 => json!({"type": kind, "identifier": identifier(chance)}),
        17 => json!({"display": words(chance)}),
        18 => json!({"reference": format!("{kind}/{id}"), "identifier": identifier(chance), "display": "x"}),
        _ => json!({"reference": "https://other.vn/khong-phai-fhir"}),
    }
}

fn patients(chance: &mut Chance) -> Value {
    if chance.happens(8) {
        return reference(chance, &["Group"]);
    }
    reference(chance, &["Patient"])
}

/// A record of this type; another one each time.
pub fn record(kind: &str, id: &str, chance: &mut Chance) -> Value {
    let mut tree = Map::new();
    tree.insert("resourceType".into(), json!(kind));
    tree.insert("id".into(), json!(id));
    let mut meta = Map::new();
    maybe!(chance, meta, 20, "tag", list(chance, 2, coding));
    maybe!(chance, meta, 10, "security", list(chance, 1, coding));
    maybe!(
        chance,
        meta,
        10,
        "source",
        json!(chance.word(&["urn:nguon:1", "http://his.vn/a/b", "http://his.vn/a"]))
    );
    if !meta.is_empty() {
        tree.insert("meta".into(), Value::Object(meta));
    }
    if !matches!(kind, "ValueSet") {
        maybe!(chance, tree, 60, "identifier", list(chance, 3, identifier));
    }
    match kind {
        "Patient" => person(&mut tree, chance),
        "Organization" => organization(&mut tree, chance),
        "Encounter" => encounter(&mut tree, chance),
        "Observation" => observation(&mut tree, chance),
        "Condition" => condition(&mut tree, chance),
        "ServiceRequest" => service_request(&mut tree, chance),
        "RiskAssessment" => risk_assessment(&mut tree, chance),
        "ValueSet" => value_set(&mut tree, chance),
        "MolecularSequence" => sequence(&mut tree, chance),
        "Coverage" => coverage(&mut tree, chance),
        "Group" => group(&mut tree, chance),
        other => panic!("no maker for {other}"),
    }
    Value::Object(tree)
}

fn person(tree: &mut Map<String, Value>, chance: &mut Chance) {
    maybe!(chance, tree, 70, "active", json!(chance.happens(70)));
    maybe!(chance, tree, 90, "name", list(chance, 2, name));
    maybe!(chance, tree, 50, "telecom", list(chance, 2, telecom));
    maybe!(chance, tree, 80, "gender", json!(chance.word(&["male", "female", "other"])));
    if chance.happens(85) {
        tree.insert("birthDate".into(), json!(chance.word(&DATES)));
    } else if chance.happens(50) {
        let unknown = json!([{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]);
        tree.insert("_birthDate".into(), json!({"extension": unknown}));
    }
    match chance.below(5) {
        0 => drop(tree.insert("deceasedBoolean".into(), json!(chance.happens(50)))),
        1 => drop(tree.insert("deceasedDateTime".into(), json!(chance.word(&MOMENTS)))),
        _ => {}
    }
    maybe!(chance, tree, 50, "address", list(chance, 2, address));
    maybe!(chance, tree, 50, "managingOrganization", reference(chance, &["Organization"]));
    maybe!(
        chance,
        tree,
        30,
        "generalPractitioner",
        list(chance, 2, |chance| reference(chance, &["Organization"]))
    );
    maybe!(chance, tree, 20, "communication", json!([{"language": concept(chance)}]));
    maybe!(chance, tree, 10, "link", json!([{"other": reference(chance, &["Patient"]), "type": "seealso"}]));
}

fn organization(tree: &mut Map<String, Value>, chance: &mut Chance) {
    tree.insert("name".into(), text(chance));
    maybe!(chance, tree, 30, "alias", list(chance, 2, text));
    maybe!(chance, tree, 50, "active", json!(chance.happens(50)));
    maybe!(chance, tree, 50, "type", list(chance, 2, concept));
    maybe!(
        chance,
        tree,
        40,
        "address",
        list(chance, 1, |chance| {
            let mut one = address(chance);
            if one["use"] == "home" {
                one["use"] = json!("work"); // org-2
            }
            one
        })
    );
    maybe!(chance, tree, 40, "partOf", reference(chance, &["Organization"]));
}

fn encounter(tree: &mut Map<String, Value>, chance: &mut Chance) {
    tree.insert("status".into(), json!(chance.word(&["finished", "in-progress", "planned", "cancelled"])));
    tree.insert("class".into(), coding(chance));
    maybe!(chance, tree, 40, "type", list(chance, 2, concept));
    maybe!(chance, tree, 90, "subject", patients(chance));
    maybe!(chance, tree, 80, "period", period(chance));
    maybe!(chance, tree, 20, "length", {
        json!({"value": chance.number(&["5", "2.5", "90"]), "system": UCUM, "code": "min"})
    });
    maybe!(chance, tree, 40, "serviceProvider", reference(chance, &["Organization"]));
    maybe!(chance, tree, 20, "partOf", reference(chance, &["Encounter"]));
    maybe!(chance, tree, 30, "diagnosis", json!([{"condition": reference(chance, &["Condition"])}]));
    maybe!(chance, tree, 30, "basedOn", list(chance, 2, |chance| reference(chance, &["ServiceRequest"])));
}

fn value(tree: &mut Map<String, Value>, chance: &mut Chance) {
    let (member, value) = match chance.below(9) {
        0..=3 => ("valueQuantity", quantity(chance)),
        4 => ("valueCodeableConcept", concept(chance)),
        5 => ("valueString", text(chance)),
        6 => ("valueDateTime", json!(chance.word(&MOMENTS))),
        7 => ("valuePeriod", period(chance)),
        _ => return,
    };
    tree.insert(member.into(), value);
}

fn observation(tree: &mut Map<String, Value>, chance: &mut Chance) {
    tree.insert("status".into(), json!(chance.word(&["final", "preliminary", "amended"])));
    tree.insert("code".into(), concept(chance));
    maybe!(chance, tree, 40, "category", list(chance, 2, concept));
    maybe!(chance, tree, 90, "subject", patients(chance));
    maybe!(chance, tree, 50, "encounter", reference(chance, &["Encounter"]));
    match chance.below(5) {
        0 | 1 => drop(tree.insert("effectiveDateTime".into(), json!(chance.word(&MOMENTS)))),
        2 => drop(tree.insert("effectivePeriod".into(), period(chance))),
        3 => drop(tree.insert("effectiveInstant".into(), json!(chance.word(&MOMENTS[..10])))),
        _ => {}
    }
    value(tree, chance);
    maybe!(
        chance,
        tree,
        30,
        "performer",
        list(chance, 2, |chance| reference(chance, &["Organization", "Patient"]))
    );
    maybe!(chance, tree, 20, "hasMember", list(chance, 2, |chance| reference(chance, &["Observation"])));
    maybe!(
        chance,
        tree,
        30,
        "component",
        list(chance, 3, |chance| {
            let mut part = Map::new();
            part.insert("code".into(), concept(chance));
            value(&mut part, chance);
            Value::Object(part)
        })
    );
    // obs-7: a result with the code of one of its components has no value of its own.
    if tree.contains_key("component") {
        tree.retain(|member, _| !member.starts_with("value"));
    }
    if !tree.keys().any(|member| member.starts_with("value")) {
        maybe!(chance, tree, 20, "dataAbsentReason", concept(chance));
    }
}

fn condition(tree: &mut Map<String, Value>, chance: &mut Chance) {
    // con-3 wants a clinical status unless it was a mistake.
    let clinical = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
        "code": chance.word(&["active", "resolved"])}]});
    let resolved = clinical["coding"][0]["code"] == "resolved";
    tree.insert("clinicalStatus".into(), clinical);
    tree.insert("subject".into(), patients(chance));
    maybe!(chance, tree, 85, "code", concept(chance));
    maybe!(chance, tree, 40, "encounter", reference(chance, &["Encounter"]));
    maybe!(chance, tree, 30, "recordedDate", json!(chance.word(&MOMENTS)));
    maybe!(chance, tree, 30, "bodySite", list(chance, 2, concept));
    let age = |chance: &mut Chance| json!({"value": chance.number(&["40", "7", "0.5"]), "system": UCUM, "code": "a"});
    match chance.below(6) {
        0 => drop(tree.insert("onsetDateTime".into(), json!(chance.word(&MOMENTS)))),
        1 => drop(tree.insert("onsetAge".into(), age(chance))),
        2 => drop(tree.insert("onsetPeriod".into(), period(chance))),
        3 => drop(tree.insert("onsetRange".into(), range(chance))),
        4 => drop(tree.insert("onsetString".into(), text(chance))),
        _ => {}
    }
    if resolved {
        maybe!(chance, tree, 40, "abatementDateTime", json!(chance.word(&MOMENTS)));
    }
}

fn service_request(tree: &mut Map<String, Value>, chance: &mut Chance) {
    tree.insert("status".into(), json!(chance.word(&["active", "completed"])));
    tree.insert("intent".into(), json!(chance.word(&["order", "plan"])));
    maybe!(chance, tree, 80, "code", concept(chance));
    tree.insert("subject".into(), patients(chance));
    maybe!(chance, tree, 40, "encounter", reference(chance, &["Encounter"]));
    maybe!(chance, tree, 30, "requisition", identifier(chance));
    maybe!(chance, tree, 30, "authoredOn", json!(chance.word(&MOMENTS)));
    maybe!(chance, tree, 20, "replaces", list(chance, 1, |chance| reference(chance, &["ServiceRequest"])));
    maybe!(
        chance,
        tree,
        30,
        "instantiatesUri",
        json!([chance.word(&[
            "http://a.vn/x/y",
            "http://a.vn/x",
            "http://a.vn/xy",
            "urn:oid:1.2.3",
            "http://a.vn/x/y/z%20z"
        ])])
    );
    match chance.below(4) {
        0 => drop(tree.insert("occurrenceDateTime".into(), json!(chance.word(&MOMENTS)))),
        1 => drop(tree.insert("occurrencePeriod".into(), period(chance))),
        2 => drop(tree.insert("occurrenceTiming".into(), timing(chance))),
        _ => {}
    }
}

fn risk_assessment(tree: &mut Map<String, Value>, chance: &mut Chance) {
    tree.insert("status".into(), json!("final"));
    tree.insert("subject".into(), patients(chance));
    maybe!(chance, tree, 40, "encounter", reference(chance, &["Encounter"]));
    maybe!(chance, tree, 40, "condition", reference(chance, &["Condition"]));
    maybe!(chance, tree, 40, "occurrencePeriod", period(chance));
    maybe!(
        chance,
        tree,
        90,
        "prediction",
        list(chance, 2, |chance| {
            let mut one = Map::new();
            match chance.below(5) {
                0 | 1 => drop(one.insert(
                    "probabilityDecimal".into(),
                    chance.number(&["0.5", "0.50", "5", "5.4", "10", "15", "1e1", "0", "0.05", "99"]),
                )),
                2 | 3 => drop(one.insert("probabilityRange".into(), range(chance))),
                _ => drop(one.insert("rationale".into(), json!("x"))),
            }
            maybe!(chance, one, 30, "qualitativeRisk", concept(chance));
            Value::Object(one)
        })
    );
}

fn value_set(tree: &mut Map<String, Value>, chance: &mut Chance) {
    tree.insert("status".into(), json!(chance.word(&["active", "draft"])));
    maybe!(
        chance,
        tree,
        85,
        "url",
        json!(chance.word(&[
            "http://a.vn/vs/1",
            "http://a.vn/vs",
            "http://a.vn/vs/1/2",
            "http://a.vn/VS/1",
            "urn:oid:1.2.3",
            "urn:oid:1.2.3.4",
            "http://a.vn/vs/1%2C2",
            "http://a.vn/vs_/1"
        ]))
    );
    maybe!(chance, tree, 60, "version", json!(chance.word(&["1.0", "v1-A", "V1-a", "2"])));
    maybe!(chance, tree, 60, "name", json!(chance.word(&["DanToc", "Dan_toc", "TamThu"])));
    maybe!(chance, tree, 60, "title", text(chance));
    maybe!(chance, tree, 40, "description", text(chance));
    maybe!(chance, tree, 60, "date", json!(chance.word(&MOMENTS)));
    maybe!(chance, tree, 30, "jurisdiction", list(chance, 2, concept));
    maybe!(
        chance,
        tree,
        50,
        "useContext",
        list(chance, 2, |chance| {
            let mut one = Map::new();
            one.insert("code".into(), coding(chance));
            match chance.below(3) {
                0 => drop(one.insert("valueCodeableConcept".into(), concept(chance))),
                1 => drop(one.insert("valueQuantity".into(), quantity(chance))),
                _ => drop(one.insert("valueRange".into(), range(chance))),
            }
            Value::Object(one)
        })
    );
}

fn sequence(tree: &mut Map<String, Value>, chance: &mut Chance) {
    tree.insert("type".into(), json!("dna"));
    tree.insert("coordinateSystem".into(), json!(0));
    maybe!(chance, tree, 60, "patient", reference(chance, &["Patient"]));
    maybe!(
        chance,
        tree,
        80,
        "variant",
        list(chance, 3, |chance| {
            let mut one = Map::new();
            let end = ["0", "2", "5", "10", "99", "100", "101", "1000", "-5"];
            maybe!(chance, one, 80, "start", chance.number(&end));
            maybe!(chance, one, 80, "end", chance.number(&end));
            if one.is_empty() {
                one.insert("cigar".into(), json!("3M"));
            }
            Value::Object(one)
        })
    );
}

fn coverage(tree: &mut Map<String, Value>, chance: &mut Chance) {
    tree.insert("status".into(), json!("active"));
    tree.insert("beneficiary".into(), reference(chance, &["Patient"]));
    tree.insert("payor".into(), list(chance, 2, |chance| reference(chance, &["Organization", "Patient"])));
    maybe!(chance, tree, 50, "dependent", text(chance));
    maybe!(
        chance,
        tree,
        50,
        "class",
        list(chance, 2, |chance| json!({"type": concept(chance), "value": words(chance)}))
    );
}

fn group(tree: &mut Map<String, Value>, chance: &mut Chance) {
    tree.insert("type".into(), json!("person"));
    tree.insert("actual".into(), json!(true));
    maybe!(chance, tree, 40, "code", concept(chance));
    maybe!(
        chance,
        tree,
        60,
        "member",
        list(chance, 4, |chance| json!({"entity": reference(chance, &["Patient"])}))
    );
    maybe!(chance, tree, 40, "managingEntity", reference(chance, &["Organization"]));
    maybe!(
        chance,
        tree,
        60,
        "characteristic",
        list(chance, 3, |chance| {
            let mut one = Map::new();
            one.insert("code".into(), concept(chance));
            one.insert("exclude".into(), json!(chance.happens(30)));
            match chance.below(3) {
                0 => drop(one.insert("valueBoolean".into(), json!(chance.happens(50)))),
                1 => drop(one.insert("valueQuantity".into(), quantity(chance))),
                _ => drop(one.insert("valueCodeableConcept".into(), concept(chance))),
            }
            Value::Object(one)
        })
    );
}
