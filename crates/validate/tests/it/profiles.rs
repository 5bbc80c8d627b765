//! What profiles ask is judged where it stands; definitions that make no sense are refused with their place.

use yba_fhir::json::{Value, from_str, json};
use yba_validate::{Codes, Profiles, Validator};

/// A definition with these elements, each a JSON object without braces.
fn definition(url: &str, kind: &str, base: &str, elements: &[&str]) -> Value {
    let elements: Vec<String> = elements.iter().map(|element| format!("{{{element}}}")).collect();
    let text = format!(
        r#"{{"resourceType": "StructureDefinition", "url": "{url}", "version": "1.0", "name": "Thu", "title": "Hồ sơ thử", "status": "active",
            "type": "{kind}", "baseDefinition": "{base}", "derivation": "constraint", "abstract": false, "kind": "resource",
            "differential": {{"element": [{}]}}}}"#,
        elements.join(", ")
    );
    from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn of_patient(elements: &[&str]) -> Value {
    definition("https://yba.test/p", "Patient", "http://hl7.org/fhir/StructureDefinition/Patient", elements)
}

fn of_observation(elements: &[&str]) -> Value {
    definition(
        "https://yba.test/p",
        "Observation",
        "http://hl7.org/fhir/StructureDefinition/Observation",
        elements,
    )
}

fn validator(definitions: &[Value]) -> Validator {
    let (profiles, faults) = Profiles::compile(definitions);
    assert!(faults.is_empty(), "{faults:#?}");
    Validator::new(profiles, Codes::built_in().clone())
}

/// `place key` of each finding of a resource against the profile `https://yba.test/p`.
fn found(validator: &Validator, resource: &str) -> Vec<String> {
    let resource = from_str(resource).unwrap_or_else(|error| panic!("{error}: {resource}"));
    let findings = validator.check_against(&resource, &["https://yba.test/p".to_owned()]);
    let mut found: Vec<String> = findings
        .issues
        .iter()
        .map(|issue| format!("{} {}", issue.path.as_deref().unwrap_or("?"), issue.key))
        .collect();
    found.sort();
    found
}

/// `place key` of each fault of definitions.
fn faults(definitions: &[Value]) -> Vec<String> {
    let (_, faults) = Profiles::compile(definitions);
    faults
        .iter()
        .map(|fault| format!("{} {}", fault.issue.path.as_deref().unwrap_or("?"), fault.issue.key))
        .collect()
}

#[test]
fn how_many_is_counted_and_what_is_fixed_is_compared() {
    let validator = validator(&[of_patient(&[
        r#""path": "Patient.name", "min": 1, "max": "2""#,
        r#""path": "Patient.name.text", "min": 1, "maxLength": 5"#,
        r#""path": "Patient.gender", "fixedCode": "female""#,
        r#""path": "Patient.maritalStatus", "patternCodeableConcept": {"coding": [{"code": "M"}]}"#,
        r#""path": "Patient.photo", "max": "0""#,
        r#""path": "Patient.birthDate", "minValueDate": "1900-01-01""#,
    ])]);
    let right = r#"{"resourceType": "Patient", "name": [{"text": "Lò A"}], "gender": "female", "maritalStatus": {"coding": [{"code": "M", "display": "x"}]}, "birthDate": "1900-01-01"}"#;
    assert_eq!(found(&validator, right), [""; 0]);
    assert_eq!(found(&validator, r#"{"resourceType": "Patient"}"#), ["Patient.name profile-missing"]);
    assert_eq!(
        found(
            &validator,
            r#"{"resourceType": "Patient", "name": [{"text": "Lò A"}, {"family": "B"}, {"text": "dài quá"}], "gender": "male", "maritalStatus": {"coding": [{"code": "S"}]}, "photo": [{"url": "x"}], "birthDate": "1899-12-31"}"#
        ),
        [
            "Patient.birthDate profile-range",
            "Patient.gender profile-fixed",
            "Patient.maritalStatus profile-pattern",
            "Patient.name profile-too-many",
            "Patient.name[1].text profile-missing",
            "Patient.name[2].text profile-length",
            "Patient.photo profile-too-many",
        ]
    );
}

#[test]
fn slices_are_told_apart_by_value_and_counted() {
    let validator = validator(&[of_patient(&[
        r#""path": "Patient.identifier", "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "closed"}"#,
        r#""id": "Patient.identifier:cccd", "path": "Patient.identifier", "sliceName": "cccd", "min": 1, "max": "1""#,
        r#""id": "Patient.identifier:cccd.system", "path": "Patient.identifier.system", "min": 1, "fixedUri": "urn:cccd""#,
        r#""id": "Patient.identifier:cccd.value", "path": "Patient.identifier.value", "min": 1, "constraint": [{"key": "so-1", "severity": "error", "human": "12 chữ số", "expression": "$this.matches('^[0-9]{12}$')"}]"#,
        r#""id": "Patient.identifier:bhyt", "path": "Patient.identifier", "sliceName": "bhyt", "max": "1""#,
        r#""id": "Patient.identifier:bhyt.system", "path": "Patient.identifier.system", "patternUri": "urn:bhyt""#,
    ])]);
    let patient =
        |identifiers: &str| format!(r#"{{"resourceType": "Patient", "identifier": [{identifiers}]}}"#);
    let cccd = r#"{"system": "urn:cccd", "value": "012345678901"}"#;
    assert_eq!(found(&validator, &patient(cccd)), [""; 0]);
    assert_eq!(
        found(&validator, &patient(r#"{"system": "urn:cccd", "value": "12"}"#)),
        ["Patient.identifier[0].value invariant"]
    );
    assert_eq!(
        found(&validator, &patient(r#"{"system": "urn:bhyt"}, {"system": "urn:bhyt"}"#)),
        ["Patient.identifier profile-slice-missing", "Patient.identifier profile-slice-too-many"]
    );
    assert_eq!(
        found(&validator, &patient(&format!(r#"{cccd}, {{"system": "urn:other"}}"#))),
        ["Patient.identifier[1] profile-slice-closed"]
    );
}

#[test]
fn slices_may_have_an_order_and_others_only_at_the_end() {
    let slices = |slicing: &str| {
        validator(&[of_patient(&[
            &format!(
                r#""path": "Patient.name", "slicing": {{"discriminator": [{{"type": "value", "path": "use"}}], {slicing}}}"#
            ),
            r#""id": "Patient.name:o", "path": "Patient.name", "sliceName": "o""#,
            r#""id": "Patient.name:o.use", "path": "Patient.name.use", "fixedCode": "official""#,
            r#""id": "Patient.name:n", "path": "Patient.name", "sliceName": "n""#,
            r#""id": "Patient.name:n.use", "path": "Patient.name.use", "fixedCode": "nickname""#,
        ])])
    };
    let names = |uses: &[&str]| {
        let names: Vec<String> =
            uses.iter().map(|one| format!(r#"{{"use": "{one}", "text": "x"}}"#)).collect();
        format!(r#"{{"resourceType": "Patient", "name": [{}]}}"#, names.join(", "))
    };
    let ordered = slices(r#""ordered": true, "rules": "open""#);
    assert_eq!(found(&ordered, &names(&["official", "usual", "nickname"])), [""; 0]);
    assert_eq!(found(&ordered, &names(&["nickname", "official"])), ["Patient.name[1] profile-slice-order"]);
    let at_end = slices(r#""rules": "openAtEnd""#);
    assert_eq!(found(&at_end, &names(&["nickname", "official", "usual"])), [""; 0]);
    assert_eq!(found(&at_end, &names(&["usual", "official"])), ["Patient.name[1] profile-slice-order"]);
}

#[test]
fn slices_are_told_apart_by_type_pattern_existence_and_profile() {
    let by_type = validator(&[of_observation(&[
        r#""path": "Observation.valueQuantity", "min": 1"#,
        r#""path": "Observation.valueQuantity.unit", "min": 1"#,
    ])]);
    let observation = |value: &str| {
        format!(r#"{{"resourceType": "Observation", "status": "final", "code": {{"text": "x"}}, {value}}}"#)
    };
    assert_eq!(found(&by_type, &observation(r#""valueQuantity": {"value": 1, "unit": "g"}"#)), [""; 0]);
    assert_eq!(
        found(&by_type, &observation(r#""valueQuantity": {"value": 1}"#)),
        ["Observation.value.unit profile-missing"]
    );
    assert_eq!(
        found(&by_type, &observation(r#""valueString": "x""#)),
        ["Observation.value profile-slice-missing"]
    );

    let by_pattern = validator(&[of_observation(&[
        r#""path": "Observation.component", "slicing": {"discriminator": [{"type": "pattern", "path": "code"}], "rules": "open"}"#,
        r#""id": "Observation.component:s", "path": "Observation.component", "sliceName": "s", "min": 1"#,
        r#""id": "Observation.component:s.code", "path": "Observation.component.code", "patternCodeableConcept": {"coding": [{"code": "8480-6"}]}"#,
        r#""id": "Observation.component:s.value[x]", "path": "Observation.component.value[x]", "min": 1, "type": [{"code": "Quantity"}]"#,
    ])]);
    let component = |code: &str, value: &str| {
        observation(&format!(r#""component": [{{"code": {{"coding": [{{"code": "{code}"}}]}}{value}}}]"#))
    };
    assert_eq!(found(&by_pattern, &component("8480-6", r#", "valueQuantity": {"value": 1}"#)), [""; 0]);
    assert_eq!(
        found(&by_pattern, &component("8480-6", r#", "valueString": "x""#)),
        ["Observation.component[0].value profile-type"]
    );
    assert_eq!(found(&by_pattern, &component("1", "")), ["Observation.component profile-slice-missing"]);

    let by_existence = validator(&[of_patient(&[
        r#""path": "Patient.contact", "slicing": {"discriminator": [{"type": "exists", "path": "telecom"}], "rules": "open"}"#,
        r#""id": "Patient.contact:p", "path": "Patient.contact", "sliceName": "p", "max": "1""#,
        r#""id": "Patient.contact:p.telecom", "path": "Patient.contact.telecom", "min": 1"#,
    ])]);
    let phone = r#"{"telecom": [{"system": "phone", "value": "1"}]}"#;
    let contacts = |list: &str| format!(r#"{{"resourceType": "Patient", "contact": [{list}]}}"#);
    assert_eq!(found(&by_existence, &contacts(&format!(r#"{phone}, {{"name": {{"text": "x"}}}}"#))), [""; 0]);
    assert_eq!(
        found(&by_existence, &contacts(&format!("{phone}, {phone}"))),
        ["Patient.contact profile-slice-too-many"]
    );

    let hn = definition(
        "https://yba.test/hn",
        "HumanName",
        "http://hl7.org/fhir/StructureDefinition/HumanName",
        &[r#""path": "HumanName.text", "min": 1"#],
    );
    let by_profile = validator(&[
        hn,
        of_patient(&[
            r#""path": "Patient.name", "slicing": {"discriminator": [{"type": "profile", "path": "$this"}], "rules": "open"}"#,
            r#""id": "Patient.name:t", "path": "Patient.name", "sliceName": "t", "min": 1, "type": [{"code": "HumanName", "profile": ["https://yba.test/hn"]}]"#,
        ]),
    ]);
    assert_eq!(found(&by_profile, r#"{"resourceType": "Patient", "name": [{"text": "Lò"}]}"#), [""; 0]);
    assert_eq!(
        found(&by_profile, r#"{"resourceType": "Patient", "name": [{"family": "Lò"}]}"#),
        ["Patient.name profile-slice-missing"]
    );
}

#[test]
fn a_profile_stands_on_another_and_refines_its_slices() {
    let base = definition(
        "https://yba.test/base",
        "Patient",
        "http://hl7.org/fhir/StructureDefinition/Patient",
        &[
            r#""path": "Patient.identifier", "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}"#,
            r#""id": "Patient.identifier:cccd", "path": "Patient.identifier", "sliceName": "cccd""#,
            r#""id": "Patient.identifier:cccd.system", "path": "Patient.identifier.system", "fixedUri": "urn:cccd""#,
            r#""path": "Patient.name", "min": 1"#,
        ],
    );
    let own = definition(
        "https://yba.test/p",
        "Patient",
        "https://yba.test/base",
        &[r#""id": "Patient.identifier:cccd", "path": "Patient.identifier", "sliceName": "cccd", "min": 1"#],
    );
    let validator = validator(&[own, base]);
    assert_eq!(
        found(&validator, r#"{"resourceType": "Patient"}"#),
        ["Patient.identifier profile-slice-missing", "Patient.name profile-missing"]
    );
}

#[test]
fn types_targets_and_codes_are_narrowed() {
    let validator = validator(&[of_observation(&[
        r#""path": "Observation.value[x]", "type": [{"code": "string"}, {"code": "CodeableConcept"}]"#,
        r#""path": "Observation.subject", "type": [{"code": "Reference", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient"]}]"#,
        r#""path": "Observation.code.coding.code", "binding": {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender"}"#,
    ])]);
    let observation = |rest: &str| format!(r#"{{"resourceType": "Observation", "status": "final", {rest}}}"#);
    assert_eq!(
        found(
            &validator,
            &observation(
                r#""code": {"coding": [{"code": "female"}]}, "valueString": "x", "subject": {"reference": "Patient/1"}"#
            )
        ),
        [""; 0]
    );
    assert_eq!(
        found(
            &validator,
            &observation(
                r#""code": {"coding": [{"code": "x"}]}, "valueBoolean": true, "subject": {"reference": "Group/1"}"#
            )
        ),
        [
            "Observation.code.coding[0].code code-not-in-set",
            "Observation.subject reference-type",
            "Observation.value profile-type"
        ]
    );
}

#[test]
fn extensions_are_judged_by_their_definition_wherever_they_stand() {
    let extension = from_str(
        r#"{"resourceType": "StructureDefinition", "url": "https://yba.test/ethnic", "name": "DanToc", "status": "active", "type": "Extension",
            "kind": "complex-type", "abstract": false, "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension", "derivation": "constraint",
            "context": [{"type": "element", "expression": "Patient"}, {"type": "element", "expression": "HumanName.text"}],
            "differential": {"element": [{"path": "Extension.url", "fixedUri": "https://yba.test/ethnic"}, {"path": "Extension.value[x]", "min": 1, "type": [{"code": "code"}]}]}}"#,
    )
    .unwrap();
    let profile = of_patient(&[
        r#""id": "Patient.extension:e", "path": "Patient.extension", "sliceName": "e", "max": "1", "type": [{"code": "Extension", "profile": ["https://yba.test/ethnic"]}]"#,
    ]);
    let validator = validator(&[extension, profile]);
    let right = r#"{"url": "https://yba.test/ethnic", "valueCode": "01"}"#;
    let patient = |rest: &str| format!(r#"{{"resourceType": "Patient", {rest}}}"#);
    assert_eq!(
        found(
            &validator,
            &patient(&format!(
                r#""extension": [{right}], "name": [{{"_text": {{"extension": [{right}]}}}}]"#
            ))
        ),
        [""; 0]
    );
    assert_eq!(
        found(&validator, &patient(&format!(r#""extension": [{right}, {right}]"#))),
        ["Patient.extension profile-slice-too-many"]
    );
    assert_eq!(
        found(
            &validator,
            &patient(r#""extension": [{"url": "https://yba.test/ethnic", "valueString": "01"}]"#)
        ),
        ["Patient.extension[0].value profile-type"]
    );
    assert_eq!(
        found(
            &validator,
            &patient(&format!(r#""contact": [{{"name": {{"text": "x"}}, "extension": [{right}]}}]"#))
        ),
        ["Patient.contact[0].extension[0] extension-context"]
    );
    assert_eq!(
        found(&validator, &patient(&format!(r#""modifierExtension": [{right}]"#))),
        ["Patient.modifierExtension[0] extension-modifier"]
    );
    assert_eq!(
        found(
            &validator,
            &patient(r#""modifierExtension": [{"url": "https://yba.test/unknown", "valueCode": "x"}]"#)
        ),
        ["Patient.modifierExtension[0] modifier-extension-unknown"]
    );
}

#[test]
fn profiles_are_found_in_the_resource_itself_also_inside_a_bundle() {
    let validator = validator(&[of_patient(&[r#""path": "Patient.name", "min": 1"#])]);
    let entry = r#"{"resourceType": "Patient", "meta": {"profile": ["https://yba.test/p|1.0", "https://yba.test/p|2.0", "http://hl7.org/fhir/StructureDefinition/Patient"]}}"#;
    let bundle =
        format!(r#"{{"resourceType": "Bundle", "type": "collection", "entry": [{{"resource": {entry}}}]}}"#);
    let findings = validator.check(&from_str(&bundle).unwrap());
    let told: Vec<_> =
        findings.issues.iter().map(|issue| (issue.path.as_deref().unwrap(), issue.key)).collect();
    assert_eq!(
        told,
        [
            ("Bundle.entry[0].resource.name", "profile-missing"),
            ("Bundle.entry[0].resource", "profile-unknown")
        ]
    );
    let asked = ["https://yba.test/p|1.0".to_owned()];
    let findings = validator.check_against(&from_str(&bundle).unwrap(), &asked);
    let inside =
        findings.issues.iter().filter(|issue| issue.path.as_deref() == Some("Bundle.entry[0].resource.name"));
    assert_eq!(inside.count(), 1, "what is asked of the bundle does not excuse its entry");
    assert_eq!(
        found(&validator, r#"{"resourceType": "Observation", "status": "final", "code": {"text": "x"}}"#),
        ["Observation profile-of-other-type"]
    );
}

#[test]
fn a_rule_may_ask_for_profiles_and_value_sets_but_not_without_end() {
    let rule = |expression: &str| {
        of_patient(&[&format!(
            r#""path": "Patient", "constraint": [{{"key": "r", "severity": "error", "human": "x", "expression": "{expression}"}}]"#
        )])
    };
    let patient = r#"{"resourceType": "Patient", "gender": "female"}"#;
    let in_set = rule("gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender').not()");
    assert_eq!(found(&validator(&[in_set]), patient), ["Patient invariant"]);
    let endless = rule("conformsTo('https://yba.test/p')");
    assert!(!found(&validator(&[endless]), patient).is_empty());
}

#[test]
fn definitions_that_make_no_sense_are_refused_at_their_place() {
    let one = |elements: &[&str]| faults(&[of_patient(elements)]);
    let element = "StructureDefinition.differential.element";
    assert_eq!(one(&[r#""path": "Patient.nmae", "min": 1"#]), [format!("{element}[0].path profile-element")]);
    assert_eq!(
        one(&[r#""path": "Patient.name", "min": 2, "max": "1""#]),
        [format!("{element}[0] profile-cardinality")]
    );
    assert_eq!(one(&[r#""path": "Patient.gender", "max": "3""#]), [format!("{element}[0] profile-max")]);
    assert_eq!(
        one(&[r#""path": "Patient.gender", "type": [{"code": "Quantity"}]"#]),
        [format!("{element}[0].type profile-element-type")]
    );
    assert_eq!(
        one(&[
            r#""path": "Patient.name", "constraint": [{"key": "k", "severity": "error", "human": "x", "expression": "famly.exists()"}]"#
        ]),
        [format!("{element}[0].constraint.where(key = 'k').expression profile-rule")]
    );
    assert_eq!(
        one(&[
            r#""path": "Patient.name", "slicing": {"discriminator": [{"type": "value", "path": "use"}], "rules": "open"}"#,
            r#""id": "Patient.name:a", "path": "Patient.name", "sliceName": "a""#,
        ]),
        [format!("{element}[1] profile-slice")]
    );
    assert_eq!(
        one(&[r#""id": "Patient.name.use", "path": "Patient.name""#]),
        [format!("{element}[0].path profile-path")]
    );
    let base = |base: &str| faults(&[definition("https://yba.test/p", "Patient", base, &[])]);
    assert_eq!(base("https://yba.test/nowhere"), ["StructureDefinition.baseDefinition profile-base-unknown"]);
    assert_eq!(base("https://yba.test/p"), ["StructureDefinition.baseDefinition profile-bases"]);
}

#[test]
fn a_definition_of_enormous_size_is_refused() {
    let elements = vec![json!({"path": "Patient.name"}); 5_001];
    let mut definition = of_patient(&[]);
    definition["differential"] = json!({"element": elements});
    assert_eq!(faults(&[definition]), ["StructureDefinition.differential.element[5000] profile-too-large"]);
}
