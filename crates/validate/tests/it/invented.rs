//! The invented province is well-formed, and each kind of damage to its resources is found where it was done.

use yba_fhir::json::{
    Array, JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, from_str, json, to_string,
};
use yba_synth::Plan;
use yba_validate::Validator;

pub fn resources(most: usize) -> Vec<Value> {
    of_people(60, most)
}

fn of_people(people: u32, most: usize) -> Vec<Value> {
    let plan = Plan { people, seed: 7, years: 1, until: jiff::civil::date(2026, 3, 1) };
    yba_synth::province(&plan).fhir().take(most).map(|resource| read(&resource)).collect()
}

/// A tree of its own, that may be changed.
fn read(value: &Value) -> Value {
    from_str(&to_string(value).unwrap()).unwrap()
}

#[test]
fn the_invented_province_is_well_formed() {
    let all = resources(5000);
    assert!(all.len() > 1000);
    // The first days of a life are rare and look different.
    let newborns = of_people(600, usize::MAX).into_iter().filter(|one| kind(one) == "Patient");
    for resource in all.iter().chain(&newborns.collect::<Vec<_>>()) {
        let findings = Validator::r4().check(resource);
        assert!(findings.issues.is_empty(), "{:?}\n{}", findings.issues[0], to_string(resource).unwrap());
    }
}

#[test]
fn what_the_stations_keep_is_well_formed() {
    let plan = Plan { people: 300, seed: 7, years: 1, until: jiff::civil::date(2026, 3, 1) };
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for resource in yba_synth::gathered(&plan).station_life() {
        let findings = Validator::r4().check(&resource);
        assert!(findings.issues.is_empty(), "{:?}\n{}", findings.issues[0], to_string(&resource).unwrap());
        *seen.entry(kind(&resource)).or_default() += 1;
    }
    for kind in ["Appointment", "Immunization", "QuestionnaireResponse", "Encounter", "Observation"] {
        assert!(seen.get(kind).is_some_and(|count| *count > 20), "{seen:?}");
    }
}

/// A kind of damage: its name, what it does to a resource (the place it damaged, or nothing when it does not apply),
/// and the key that must be found there.
type Damage = (&'static str, fn(&mut Value) -> Option<String>, &'static str);

const DAMAGES: &[Damage] = &[
    ("an unknown element", |tree| set(tree, "nhomMau", json!("O")), "unknown-element"),
    (
        "a list made single",
        |tree| each_list(tree, |list| list.first().cloned().unwrap_or_default()),
        "not-array",
    ),
    ("an emptied list", |tree| each_list(tree, |_| Array::new().into()), "empty-element"),
    ("a null in a list", |tree| each_list(tree, |_| json!([null])).map(|place| place + "[0]"), "null-item"),
    ("meta as text", |tree| set(tree, "meta", json!("x")), "wrong-type"),
    ("an id with a space", |tree| set(tree, "id", json!("a b")), "bad-format"),
    ("a language as number", |tree| set(tree, "language", json!(7)), "wrong-type"),
    ("an unknown status", |tree| if_there(tree, "status", json!("xong-rồi")), "code-not-in-set"),
    ("a status as list", |tree| if_there(tree, "status", json!(["final"])), "is-array"),
    (
        "no status",
        |tree| removed(tree, "status", &["Observation", "Encounter", "Claim", "MedicationRequest"]),
        "missing-required",
    ),
    ("no code", |tree| removed(tree, "code", &["Observation", "DiagnosticReport"]), "missing-required"),
    (
        "a subject of a wrong type",
        |tree| if_there(tree, "subject", json!({"reference": "Coverage/1"})),
        "reference-type",
    ),
    ("a date that is none", |tree| if_there(tree, "birthDate", json!("1986-02-30")), "bad-format"),
    (
        "an extension without value",
        |tree| set(tree, "extension", json!([{"url": "https://yba.vn/x"}])).map(|place| place + "[0]"),
        "invariant",
    ),
    (
        "an extension without url",
        |tree| set(tree, "extension", json!([{"valueCode": "x"}])).map(|place| place + "[0].url"),
        "missing-required",
    ),
    (
        "a contained stranger",
        |tree| set(tree, "contained", json!([{"resourceType": "Patienten"}])).map(|place| place + "[0]"),
        "unknown-type",
    ),
];

fn kind(tree: &Value) -> String {
    tree.get("resourceType").and_then(|kind| kind.as_str()).unwrap().to_owned()
}

fn set(tree: &mut Value, name: &str, value: Value) -> Option<String> {
    let place = format!("{}.{name}", kind(tree));
    tree.as_object_mut()?.insert(name, value);
    Some(place)
}

fn if_there(tree: &mut Value, name: &str, value: Value) -> Option<String> {
    tree.get(name)?;
    set(tree, name, value)
}

fn removed(tree: &mut Value, name: &str, kinds: &[&str]) -> Option<String> {
    let kind = kind(tree);
    if !kinds.contains(&kind.as_str()) {
        return None;
    }
    tree.as_object_mut()?.remove(&name)?;
    Some(format!("{kind}.{name}"))
}

/// Changes the first list of the resource.
fn each_list(tree: &mut Value, change: impl Fn(&Array) -> Value) -> Option<String> {
    let lists = tree.as_object()?.iter().filter(|(_, value)| value.is_array());
    let (name, list) =
        lists.map(|(name, value)| (name.to_owned(), value.clone())).min_by(|a, b| a.0.cmp(&b.0))?;
    set(tree, &name, change(list.as_array()?))
}

#[test]
fn every_kind_of_damage_is_found_where_it_was_done() {
    let all: Vec<Value> = resources(6000).into_iter().step_by(5).collect();
    for (name, damage, key) in DAMAGES {
        let (mut done, mut found) = (0, 0);
        for resource in &all {
            let mut damaged = read(resource);
            let Some(place) = damage(&mut damaged) else { continue };
            done += 1;
            let findings = Validator::r4().check(&damaged);
            let here = |issue: &&yba_fhir::outcome::Issue| {
                issue.key == *key && issue.path.as_deref() == Some(&place)
            };
            found += usize::from(findings.issues.iter().any(|issue| here(&issue)));
        }
        assert!(done >= 10, "{name} was done only {done} times");
        assert_eq!(found, done, "{name}");
    }
}
