//! Definitions and resources nobody would write: whatever comes is judged or refused with a place, and it ends.

use proptest::prelude::*;
use sonic_rs::PointerNode;
use std::sync::OnceLock;
use yba_content::Content;
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, Value, from_str, json};
use yba_validate::{Codes, Profiles, Validator};

/// What may stand anywhere: right in one place, wrong in most.
const PIECES: &[&str] = &[
    "null",
    "7",
    "-1.50",
    "true",
    r#""""#,
    r#""*""#,
    r#""0""#,
    r#""99999999999""#,
    r#""Patient.identifier:cccd.value""#,
    r#""Patient..name""#,
    r#""Patient.identifier:a:b""#,
    r#""$this""#,
    r#""resolve()""#,
    r#""extension('x').value""#,
    r#""value""#,
    r#""closed""#,
    r#""name.where(""#,
    r#""repeat(children()).exists()""#,
    r#""conformsTo(%resource.meta.profile.first())""#,
    r#""https://yba.vn/fhir/StructureDefinition/vn-patient""#,
    r#""http://hl7.org/fhir/StructureDefinition/Extension""#,
    r#""Quantity""#,
    r#""2026-13-45""#,
    "\"\u{1F600}\u{301}\"",
    "[]",
    "{}",
    "[[]]",
    r#"[{"code": "Reference", "targetProfile": ["x"]}]"#,
    r#"{"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}"#,
    r#"[{"key": "k", "severity": "error", "human": "x", "expression": "$this.all($this.all($this.exists()))"}]"#,
    r#"{"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender"}"#,
];

/// Where something may be put: every node of a tree.
fn nodes(value: &Value, at: &mut Vec<PointerNode>, found: &mut Vec<Vec<PointerNode>>) {
    if let Some(object) = value.as_object() {
        for (name, inner) in object.iter() {
            at.push(PointerNode::Key(name.to_owned().into()));
            found.push(at.clone());
            nodes(inner, at, found);
            at.pop();
        }
    }
    for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
        at.push(PointerNode::Index(index));
        found.push(at.clone());
        nodes(inner, at, found);
        at.pop();
    }
}

/// Puts pieces at places, each counted around.
fn spoilt(tree: &Value, spoils: &[(usize, usize)]) -> Value {
    let mut tree = crate::damage::own(tree);
    for (place, piece) in spoils {
        let mut found = Vec::new();
        nodes(&tree, &mut Vec::new(), &mut found);
        // An empty pointer is no place to sonic-rs.
        if let Some(at) = found.get(place % found.len().max(1)) {
            *tree.pointer_mut(at).unwrap() = from_str(PIECES[piece % PIECES.len()]).unwrap();
        }
    }
    tree
}

fn spoils() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((any::<usize>(), any::<usize>()), 1..5)
}

fn content() -> &'static Content {
    static CONTENT: OnceLock<Content> = OnceLock::new();
    CONTENT.get_or_init(Content::built_in)
}

fn definitions() -> Vec<Value> {
    content().profiles().iter().map(|edition| edition.definition.clone()).collect()
}

fn examples() -> Vec<Value> {
    let own = content().examples().filter(|example| example.edition.starts_with("profiles/"));
    own.map(|example| from_str(&example.text).unwrap()).collect()
}

/// Every finding says where it is.
fn has_places(validator: &Validator, resource: &Value) {
    let urls: Vec<String> = validator.profiles().all().map(|profile| profile.url.clone()).collect();
    let findings = validator.check_against(resource, &urls);
    for issue in findings.issues.iter().filter(|issue| issue.key != "more-findings") {
        assert!(issue.path.is_some() && !issue.text.is_empty(), "{issue:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_definition_is_compiled_or_refused_at_a_place(which in any::<usize>(), spoils in spoils()) {
        let mut all = definitions();
        let at = which % all.len();
        all[at] = spoilt(&all[at], &spoils);
        let (profiles, faults) = Profiles::compile(&all);
        for fault in &faults {
            prop_assert!(fault.issue.path.is_some() && !fault.issue.text.is_empty(), "{fault:?}");
        }
        let validator = Validator::new(profiles, Codes::built_in().clone());
        examples().iter().step_by(5).for_each(|example| has_places(&validator, example));
    }

    #[test]
    fn any_resource_is_judged(which in any::<usize>(), spoils in spoils()) {
        let (profiles, _) = Profiles::compile(&definitions());
        let validator = Validator::new(profiles, Codes::built_in().clone());
        let all = examples();
        has_places(&validator, &spoilt(&all[which % all.len()], &spoils));
    }
}

#[test]
fn what_is_no_object_is_judged_too() {
    for piece in PIECES {
        has_places(Validator::r4(), &from_str::<Value>(piece).unwrap());
        has_places(Validator::r4(), &json!({"resourceType": from_str::<Value>(piece).unwrap()}));
    }
}
