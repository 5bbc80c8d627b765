//! Judging resources: R4 alone, and with the profiles of content.

use crate::bench::{Bench, bodies};
use crate::report::{Line, Section, rounded};
use crate::timing::in_turns;
use anyhow::Result;
use std::hint::black_box;
use std::time::{Duration, Instant};
use yba_content::{Content, Day};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, from_slice, str_at};
use yba_fhirpath::{Environment, Program};
use yba_validate::{Codes, Findings, Validator};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(300);
/// What the targets speak of.
const BYTES_WANTED: usize = 1100;

pub fn run(bench: &Bench) -> Result<Section> {
    let mut section = Section::new(
        "Judge",
        "One core; every resource is right, so everything is looked at. The bodies are the invented province's and those of \
         claim files, mixed so that they average 1.1 KB. Raw: the tree is walked and each name and value looked at once, \
         without asking what it means.",
    );
    let bodies = mixed(bench)?;
    let bytes = bodies.iter().map(Vec::len).sum::<usize>() as f64 / bodies.len() as f64;
    let trees = bodies.iter().map(|body| Ok(from_slice(body)?)).collect::<Result<Vec<Value>>>()?;
    let r4 = Validator::r4().clone();
    let content = Content::built_in();
    let day = Day::new(2026, 3, 2).expect("a real day");
    let (ours, problems) = Validator::of_content(&content, Codes::of_content(&content, day), &[]);
    anyhow::ensure!(problems.is_empty(), "the built-in profiles are sound");
    let plain: Vec<(&Value, Vec<String>)> = trees.iter().map(|tree| (tree, Vec::new())).collect();
    // Claim files do not hold everything that the profiles ask: what keeps its profile is asked for it.
    let kept =
        |tree: &Value| Some(profiles(tree)).filter(|urls| !ours.check_against(tree, urls).has_errors());
    let asked: Vec<(&Value, Vec<String>)> =
        trees.iter().map(|tree| (tree, kept(tree).unwrap_or_default())).collect();
    let number = asked.iter().filter(|(_, urls)| !urls.is_empty()).count();
    section.lines.push(judging(&format!("R4 ({} bytes each)", rounded(bytes)), &r4, &plain, 20_000.0)?);
    let what = format!("R4 and our profiles ({number} of {} have one)", asked.len());
    section.lines.push(judging(&what, &ours, &asked, 12_000.0)?);
    section.lines.push(path()?);
    Ok(section)
}

/// Bodies of claim files, and of the invented province as many as make the average that the targets speak of.
fn mixed(bench: &Bench) -> Result<Vec<Vec<u8>>> {
    let mut mixed = crate::claims::bodies(bench, 400)?;
    let mut bytes: usize = mixed.iter().map(Vec::len).sum();
    for body in bodies(mixed.len())? {
        if bytes <= mixed.len() * BYTES_WANTED {
            break;
        }
        bytes += body.len();
        mixed.push(body);
    }
    Ok(mixed)
}

/// The profile of ours that a resource is to keep.
fn profiles(tree: &Value) -> Vec<String> {
    let slug = match str_at(tree, &["resourceType"]) {
        Some("Patient") => "vn-patient",
        Some("Coverage") => "bhyt-coverage",
        Some("Encounter") => "vn-encounter",
        Some("MedicationRequest") => "vn-prescription",
        Some("Observation") if is_laboratory(tree) => "vn-lab-result",
        _ => return Vec::new(),
    };
    vec![format!("https://yba.vn/fhir/StructureDefinition/{slug}")]
}

fn is_laboratory(tree: &Value) -> bool {
    let category = tree.get("category").and_then(|list| list.get(0));
    let coding = category.and_then(|one| one.get("coding")).and_then(|list| list.get(0));
    coding.and_then(|one| str_at(one, &["code"])) == Some("laboratory")
}

fn judging(what: &str, validator: &Validator, asked: &[(&Value, Vec<String>)], target: f64) -> Result<Line> {
    let ours = || {
        rate(asked, |(tree, profiles)| {
            let mut findings = Findings::errors_only();
            validator.judge(tree, profiles, &mut findings);
            anyhow::ensure!(!findings.has_errors(), "{:?}\n{tree:?}", findings.issues);
            Ok(())
        })
    };
    let raw = || {
        rate(asked, |(tree, _)| {
            black_box(looked_at(tree));
            Ok(())
        })
    };
    let pair = in_turns(ROUNDS, ours, raw)?;
    let met = pair.ours() >= target;
    Ok(Line::rates(what, "resources", &pair).target(format!("≥ {}/s", rounded(target)), met))
}

fn looked_at(value: &Value) -> usize {
    if let Some(object) = value.as_object() {
        return object.iter().map(|(name, value)| name.len() + looked_at(value)).sum();
    }
    match value.as_array() {
        Some(array) => array.iter().map(looked_at).sum(),
        None => value.as_str().map_or(1, str::len),
    }
}

/// The issue's expression on a bundle of a hundred entries, beside the same done by hand.
fn path() -> Result<Line> {
    let entry = r#"{"resource":{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mm[Hg]"}}}"#;
    let other = r#"{"resource":{"resourceType":"Patient","gender":"female"}}"#;
    let entries: Vec<&str> = (0..100).map(|at| if at % 2 == 0 { entry } else { other }).collect();
    let bundle =
        format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{}]}}"#, entries.join(","));
    let bundle: Value = from_slice(bundle.as_bytes())?;
    let text = "Bundle.entry.resource.ofType(Observation).where(code.coding.code='8480-6').value.value";
    let program = Program::compile(text, Some("Bundle"))?;
    let environment = Environment::default();
    let ours = || {
        let per_second = rate(&[&bundle], |bundle| {
            anyhow::ensure!(program.evaluate(bundle, &environment)?.len() == 50);
            Ok(())
        })?;
        Ok(1e6 / per_second)
    };
    let raw = || {
        let per_second = rate(&[&bundle], |bundle| {
            anyhow::ensure!(by_hand(bundle).count() == 50);
            Ok(())
        })?;
        Ok(1e6 / per_second)
    };
    let pair = in_turns(ROUNDS, ours, raw)?;
    let met = pair.ours() <= 50.0;
    Ok(Line::times("FHIRPath of the issue, 100 entries (raw: by hand)", "µs", &pair).target("≤ 50 µs", met))
}

fn by_hand(bundle: &Value) -> impl Iterator<Item = &Value> {
    let resources = yba_fhir::json::items(bundle, "entry").filter_map(|entry| entry.get("resource"));
    let wanted = |one: &&Value| {
        let codings = one.get("code").map(|code| yba_fhir::json::items(code, "coding"));
        str_at(one, &["resourceType"]) == Some("Observation")
            && codings.is_some_and(|mut codings| codings.any(|one| str_at(one, &["code"]) == Some("8480-6")))
    };
    resources.filter(wanted).filter_map(|one| one.get("valueQuantity")?.get("value"))
}

/// Items done in a second, over and over for one round.
fn rate<T>(items: &[T], mut work: impl FnMut(&T) -> Result<()>) -> Result<f64> {
    let (begun, mut count) = (Instant::now(), 0u64);
    while begun.elapsed() < ROUND {
        for item in items {
            work(item)?;
        }
        count += items.len() as u64;
    }
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}
