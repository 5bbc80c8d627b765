//! Microseconds per evaluation, each beside a walk written by hand on the same tree.
//! `cargo run --release -p yba-fhirpath --example speed`

use std::hint::black_box;
use std::time::Instant;
use yba_fhir::defs;
use yba_fhir::json::{self, JsonValueTrait, Value, items, str_at};
use yba_fhirpath::{CompileOptions, Environment, Program};

const EXPRESSION: &str =
    "Bundle.entry.resource.ofType(Observation).where(code.coding.code='8480-6').value.value";

fn main() {
    let bundle = bundle();
    let environment = Environment { stand_ins: true, ..Environment::at(1_772_413_200_000) };
    let program = Program::compile(EXPRESSION, Some("Bundle")).expect("the expression is sound");
    let found = program.evaluate(&bundle, &environment).expect("it evaluates").len();
    assert_eq!(found, by_hand(&bundle).len(), "both ways find the same");
    report("100-entry bundle, compiled program", || {
        program.evaluate(&bundle, &environment).map(|items| items.len()).unwrap_or(0)
    });
    report("100-entry bundle, by hand", || by_hand(&bundle).len());
    report("compiling that expression", || {
        Program::compile(EXPRESSION, Some("Bundle")).map_or(0, |program| program.source().len())
    });
    for (kind, resource) in
        [("Patient", patient()), ("Observation", observation(3)), ("Encounter", encounter())]
    {
        let programs = search_programs(kind);
        let name = format!("all {} search parameters of {kind}", programs.len());
        report(&name, || {
            let found = programs
                .iter()
                .map(|program| program.evaluate(&resource, &environment).map_or(0, |items| items.len()));
            found.sum()
        });
    }
}

/// The best of many runs, in microseconds for one.
fn report(name: &str, mut work: impl FnMut() -> usize) {
    let mut best = f64::MAX;
    for _ in 0..30 {
        let start = Instant::now();
        for _ in 0..200 {
            black_box(work());
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / 200.0);
    }
    println!("{best:9.2} µs  {name}");
}

fn by_hand(bundle: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    for resource in items(bundle, "entry").filter_map(|entry| entry.get("resource")) {
        if str_at(resource, &["resourceType"]) != Some("Observation") {
            continue;
        }
        let Some(code) = resource.get("code") else { continue };
        let codes: Vec<&str> = items(code, "coding").filter_map(|coding| str_at(coding, &["code"])).collect();
        if codes == ["8480-6"]
            && let Some(value) = json::at(resource, &["valueQuantity", "value"])
        {
            found.push(value);
        }
    }
    found
}

fn search_programs(kind: &str) -> Vec<Program> {
    let options = CompileOptions {
        context: Some(kind),
        other_roots: true,
        as_filters: true,
        ..CompileOptions::default()
    };
    ["Resource", "DomainResource", kind]
        .iter()
        .flat_map(|base| defs::r4().search_parameters(base))
        .filter_map(|parameter| Program::compile_with(&parameter.expression, &options).ok())
        .filter(|program| !program.is_always_empty())
        .collect()
}

fn parse(text: &str) -> Value {
    json::from_str(text).expect("the examples are JSON")
}

fn bundle() -> Value {
    let entries: Vec<String> = (0..100)
        .map(|n| format!(r#"{{"fullUrl":"urn:uuid:{n}","resource":{}}}"#, observation_text(n)))
        .collect();
    parse(&format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{}]}}"#, entries.join(",")))
}

fn observation(n: usize) -> Value {
    parse(&observation_text(n))
}

fn observation_text(n: usize) -> String {
    let code = ["8480-6", "8462-4", "8867-4"][n % 3];
    format!(
        r#"{{"resourceType":"Observation","id":"o{n}","meta":{{"lastUpdated":"2026-03-02T08:00:00+07:00"}},"status":"final",
        "category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}}]}}],
        "code":{{"coding":[{{"system":"http://loinc.org","code":"{code}","display":"x"}}],"text":"x"}},"subject":{{"reference":"Patient/p{n}"}},
        "encounter":{{"reference":"Encounter/e{n}"}},"effectiveDateTime":"2026-03-02T08:00:00+07:00","issued":"2026-03-02T08:05:00+07:00",
        "performer":[{{"reference":"Practitioner/d1"}}],
        "valueQuantity":{{"value":12{n}.50,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}}"#
    )
}

fn patient() -> Value {
    parse(
        r#"{"resourceType":"Patient","id":"p1","meta":{"lastUpdated":"2026-03-02T08:00:00+07:00","profile":["http://example.org/p"]},
        "identifier":[{"system":"http://example.org/cccd","value":"012345678901"},{"system":"http://example.org/bhyt","value":"DN4123456789012"}],
        "active":true,"name":[{"use":"official","text":"Lò Thị Mai","family":"Lò","given":["Thị","Mai"]}],
        "telecom":[{"system":"phone","value":"0912345678"}],"gender":"female","birthDate":"1990-04-15",
        "address":[{"line":["Bản Bo"],"district":"Tam Đường","state":"Lai Châu","country":"VN"}],
        "generalPractitioner":[{"reference":"Practitioner/d1"}],"managingOrganization":{"reference":"Organization/o1"}}"#,
    )
}

fn encounter() -> Value {
    parse(
        r#"{"resourceType":"Encounter","id":"e1","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},
        "type":[{"coding":[{"system":"http://example.org/t","code":"kham"}]}],"subject":{"reference":"Patient/p1"},
        "participant":[{"individual":{"reference":"Practitioner/d1"}}],"period":{"start":"2026-03-02T08:00:00+07:00","end":"2026-03-02T09:00:00+07:00"},
        "reasonCode":[{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"J00"}]}],"diagnosis":[{"condition":{"reference":"Condition/c1"}}],
        "location":[{"location":{"reference":"Location/l1"}}],"serviceProvider":{"reference":"Organization/o1"}}"#,
    )
}
