//! How fast the terminology answers, each figure beside a plain way of doing the same in the same run:
//! `cargo run --release -p yba-terminology --example speed`. The figures stand in docs/performance.md.
#![allow(clippy::unwrap_used, reason = "a measuring program that meets the unexpected ends")]

use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::time::{Duration, Instant};

use yba_content::Content;
use yba_fhir::text::fold;
use yba_fhir::{Day, json};
use yba_terminology::Terminology;
use yba_terminology::expand::Expand;
use yba_terminology::validate_code::Coded;

const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";
const ICD10_SET: &str = "https://yba.vn/fhir/ValueSet/icd-10-vn";

/// What doctors type.
const FILTERS: [&str; 12] = [
    "tang huyet ap",
    "j20",
    "sot xuat huyet",
    "viem",
    "đái tháo đường",
    "b",
    "viem phe quan cap",
    "hypertension",
    "gay xuong",
    "E11",
    "ung thu gan",
    "benh",
];

fn main() {
    let on = Day::parse("2026-03-02").unwrap();
    let content = Content::built_in();
    let before = resident_kb();
    let started = Instant::now();
    let terminology = Terminology::built_in(&content);
    println!("load: {:.1} ms, resident +{} kB", ms(started.elapsed()), resident_kb() - before);
    let started = Instant::now();
    let set = terminology.value_set(ICD10_SET).unwrap();
    let _ = set.contains(Some(ICD10), "I10", on);
    println!("first question of ICD-10: {:.1} ms", ms(started.elapsed()));
    let started = Instant::now();
    let _ = set.expand(&Expand { filter: Some("x"), count: Some(1), ..Expand::on(on) }).unwrap();
    println!(
        "first search of ICD-10: {:.1} ms, resident +{} kB",
        ms(started.elapsed()),
        resident_kb() - before
    );
    membership(&terminology, on);
    expansion(&terminology, on);
    validation(&terminology, on);
    unpack_everything(&terminology, on, before);
}

/// `SetRef::contains` against hash sets of whole texts.
fn membership(terminology: &Terminology, on: Day) {
    let table = terminology.code_system(ICD10, None, on).unwrap().table();
    let mut codes: Vec<String> = table.all().map(|at| table.code(at).to_owned()).step_by(7).collect();
    codes.extend((0..500).map(|at| format!("Q{at}.~")));
    let set = terminology.value_set(ICD10_SET).unwrap();
    let gender = terminology.value_set("http://hl7.org/fhir/ValueSet/administrative-gender").unwrap();
    let act = terminology.value_set("http://terminology.hl7.org/ValueSet/v3-ActEncounterCode").unwrap();
    let plain: HashMap<&str, HashSet<String>> =
        HashMap::from([(ICD10, table.all().map(|at| table.code(at).to_owned()).collect())]);
    each_ns("contains, ICD-10", codes.len(), || {
        codes.iter().for_each(|code| drop(black_box(set.contains(Some(ICD10), code, on))));
    });
    each_ns("  baseline: HashMap of HashSets", codes.len(), || {
        codes.iter().for_each(|code| {
            black_box(plain.get(ICD10).is_some_and(|codes| codes.contains(code)));
        });
    });
    each_ns("contains, gender without system", 1000, || {
        (0..1000).for_each(|_| drop(black_box(gender.contains(None, "female", on))));
    });
    let system = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    each_ns("contains, filter and exclusion", 1000, || {
        (0..1000).for_each(|_| drop(black_box(act.contains(Some(system), "AMB", on))));
    });
    each_ns("value_set by address", 1000, || {
        (0..1000).for_each(|_| drop(black_box(terminology.value_set(ICD10_SET))));
    });
}

/// `$expand` of ICD-10 with a filter, 20 codes a page, as JSON text; against folding every title each time.
fn expansion(terminology: &Terminology, on: Day) {
    let mut times = Vec::new();
    for _ in 0..100 {
        for filter in FILTERS {
            let started = Instant::now();
            let set = terminology.value_set(ICD10_SET).unwrap();
            let asked = Expand { filter: Some(filter), count: Some(20), ..Expand::on(on) };
            let value = set.expand(&asked).unwrap().to_value(&set, &asked);
            black_box(json::to_vec(&value).unwrap());
            times.push(started.elapsed());
        }
    }
    quantiles("$expand ICD-10, filter, 20 a page", times);
    let table = terminology.code_system(ICD10, None, on).unwrap().table();
    let mut times = Vec::new();
    for filter in FILTERS {
        let started = Instant::now();
        let words: Vec<String> = fold(filter).split(' ').map(str::to_owned).collect();
        let found = table.all().filter(|at| {
            let title = fold(table.display(*at));
            words.iter().all(|word| title.split(' ').any(|part| part.starts_with(word.as_str())))
        });
        black_box(found.count());
        times.push(started.elapsed());
    }
    quantiles("  baseline: fold each title at each question", times);
}

/// `$validate-code` as Parameters text; against the list that R4's required bindings came from, parsed each time.
fn validation(terminology: &Terminology, on: Day) {
    let mut times = Vec::new();
    let codes = ["I10", "J20.9", "A97.0", "E11.9", "ZZZ", "O80"];
    for at in 0..20_000 {
        let started = Instant::now();
        let set = terminology.value_set(ICD10_SET).unwrap();
        let coded =
            Coded { system: Some(ICD10), code: codes[at % codes.len()], display: Some("x"), version: None };
        let answer = terminology.validate_in_set(&set, &[coded], None, on).to_value();
        black_box(json::to_vec(&answer).unwrap());
        times.push(started.elapsed());
    }
    quantiles("$validate-code ICD-10", times);
    let table = terminology.code_system(ICD10, None, on).unwrap().table();
    let rows: Vec<(String, String)> =
        table.all().map(|at| (table.code(at).to_owned(), table.display(at).to_owned())).collect();
    let mut times = Vec::new();
    for at in 0..1_000 {
        let started = Instant::now();
        let code = codes[at % codes.len()];
        black_box(rows.iter().find(|(known, _)| known == code));
        times.push(started.elapsed());
    }
    quantiles("  baseline: looking through the list", times);
}

/// What memory comes to when every system has been asked and searched.
fn unpack_everything(terminology: &Terminology, on: Day, before: i64) {
    let mut concepts = 0;
    let started = Instant::now();
    for edition in terminology.code_systems() {
        concepts += edition.table().len();
    }
    println!(
        "every system unpacked: {concepts} concepts, {:.1} ms, resident +{} kB",
        ms(started.elapsed()),
        resident_kb() - before
    );
    let urls: Vec<String> = terminology.value_set_urls().map(str::to_owned).collect();
    for url in &urls {
        let set = terminology.value_set(url).unwrap();
        let _ = black_box(set.contains(None, "x", on));
        let _ = black_box(set.expand(&Expand { filter: Some("x"), count: Some(1), ..Expand::on(on) }));
    }
    println!(
        "every one of {} sets compiled and searched: {:.1} ms, resident +{} kB",
        urls.len(),
        ms(started.elapsed()),
        resident_kb() - before
    );
}

fn each_ns(what: &str, count: usize, mut once: impl FnMut()) {
    once();
    let mut times: Vec<f64> = (0..200)
        .map(|_| {
            let started = Instant::now();
            once();
            started.elapsed().as_nanos() as f64 / count as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{what}: p50 {:.0} ns, p99 {:.0} ns (means of {count})", times[100], times[197]);
}

fn quantiles(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e6;
    println!("{what}: p50 {:.1} µs, p99 {:.1} µs", at(50), at(99));
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Resident memory of this process, in kB (Linux).
fn resident_kb() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}
