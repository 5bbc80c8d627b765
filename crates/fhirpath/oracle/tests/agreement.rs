//! Our engine and another one answer the same, or `differences.txt` says why not.

use regex::Regex;
use rh_fhirpath::{EvaluationContext, FhirPathEvaluator, FhirPathParser, FhirPathValue, serde_json};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use yba_fhir::json::{self, JsonValueTrait, Value, str_at};
use yba_fhirpath::{CompileOptions, Environment, Item, Program};
use yba_fhirpath_oracle::random::Random;
use yba_fhirpath_oracle::{expressions, resources};

const NOW_MS: i64 = 1_772_413_200_000;

/// Everything a result says, in a form both engines can be brought to.
type Answer = Result<Vec<String>, ()>;

fn ours(expr: &str, resource: &Value) -> Answer {
    let options = CompileOptions {
        context: str_at(resource, &["resourceType"]),
        other_roots: true,
        ..CompileOptions::default()
    };
    let program = Program::compile_with(expr, &options).map_err(drop)?;
    let items = program.evaluate(resource, &Environment::at(NOW_MS)).map_err(drop)?;
    Ok(items.iter().map(our_item).collect())
}

fn our_item(item: &Item) -> String {
    match item {
        Item::Node(node) if node.is_complex() => "complex".into(),
        Item::Node(node) => match node.system() {
            Some(value) => our_item(&value),
            None => node
                .value
                .map_or("nothing".into(), |value| format!("s:{}", value.as_str().unwrap_or_default())),
        },
        Item::Boolean(value) => format!("b:{value}"),
        Item::Integer(value) => format!("n:{value}"),
        Item::Decimal(value) => number(*value),
        Item::String(text) => format!("s:{text}"),
        Item::Date(value) => format!("s:{value}"),
        Item::DateTime(value) => format!("s:{value}"),
        Item::Time(value) => format!("s:{value}"),
        Item::Quantity(value) => format!("q:{}", value.value.normalize()),
        Item::Type(_) => "complex".into(),
    }
}

/// Digits past the tenth after the point are not compared.
fn number(value: Decimal) -> String {
    format!("n:{}", value.round_dp(10).normalize())
}

fn theirs(expr: &str, resource: &serde_json::Value) -> Answer {
    let work = || {
        let expression = FhirPathParser::new().parse(expr).map_err(drop)?;
        let context = EvaluationContext::new(resource.clone());
        let value = FhirPathEvaluator::new().evaluate(&expression, &context).map_err(drop)?;
        let mut answer = Vec::new();
        flatten(&value, &mut answer);
        Ok(answer)
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(()))
}

fn flatten(value: &FhirPathValue, out: &mut Vec<String>) {
    match value {
        FhirPathValue::Empty => {}
        FhirPathValue::Collection(items) | FhirPathValue::UnorderedCollection(items) => {
            items.iter().for_each(|item| flatten(item, out));
        }
        FhirPathValue::FhirPrimitive { inner, .. } => flatten(inner, out),
        FhirPathValue::Boolean(value) | FhirPathValue::TypedBoolean { value, .. } => {
            out.push(format!("b:{value}"))
        }
        FhirPathValue::Number(value) => out.push(number(*value)),
        FhirPathValue::Integer(value) | FhirPathValue::Long(value) => out.push(format!("n:{value}")),
        FhirPathValue::Quantity { value, .. } => out.push(format!("q:{}", value.normalize())),
        FhirPathValue::Object(value) | FhirPathValue::TypedObject { value, .. } => out.push(object(value)),
        FhirPathValue::Date(text) | FhirPathValue::DateTime(text) | FhirPathValue::Time(text) => {
            out.push(format!("s:{}", text.trim_start_matches(['@', 'T'])));
        }
        FhirPathValue::TypedDateTime { value, .. } => out.push(format!("s:{value}")),
        other => out.push(format!("s:{}", other.as_str().unwrap_or_default())),
    }
}

fn object(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(_) | serde_json::Value::Array(_) => "complex".into(),
        serde_json::Value::String(text) => format!("s:{text}"),
        serde_json::Value::Bool(value) => format!("b:{value}"),
        serde_json::Value::Number(value) => value.to_string().parse().map_or("nothing".into(), number),
        serde_json::Value::Null => "nothing".into(),
    }
}

/// A pattern of expressions on which the engines may differ, and how.
struct Explained {
    pattern: Regex,
    reason: String,
    used: usize,
}

fn explained() -> Vec<Explained> {
    let text = include_str!("../differences.txt");
    let rules = text.lines().filter_map(|line| line.split_once(" ==> "));
    rules
        .map(|(pattern, reason)| {
            let pattern =
                Regex::new(pattern).expect("the patterns of differences.txt are regular expressions");
            Explained { pattern, reason: reason.to_owned(), used: 0 }
        })
        .collect()
}

#[test]
fn both_engines_agree_or_the_difference_is_explained() {
    let mut all = resources::invented(4);
    let examples = std::env::var_os("YBA_TEST_HL7_EXAMPLES");
    if let Some(folder) = &examples {
        all.extend(resources::in_folder(Path::new(folder), 23, 20_000));
    }
    std::panic::set_hook(Box::new(|_| {}));
    let mut random = Random::new(2026);
    let mut rules = explained();
    let (mut count, mut same) = (0, 0);
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let empty = json::from_str::<Value>("{\"resourceType\":\"Basic\"}").expect("this is JSON");
    let mut work: Vec<(&Value, Vec<String>)> = vec![(&empty, expressions::of_literals(&mut random, 4000))];
    for resource in &all {
        let places = expressions::places(resource);
        work.push((resource, expressions::for_resource(&places, &mut random, 150)));
    }
    for (resource, exprs) in work {
        let text = json::to_string(resource).expect("a tree serialises");
        let tree: serde_json::Value = serde_json::from_str(&text).expect("and parses again");
        for expr in exprs {
            count += 1;
            let (a, b) = (ours(&expr, resource), theirs(&expr, &tree));
            if a == b {
                same += 1;
                continue;
            }
            let shown = format!("{expr}\t{}\t{}", show(&a), show(&b));
            match rules.iter_mut().find(|rule| rule.pattern.is_match(&shown)) {
                Some(rule) => rule.used += 1,
                None => drop(open.insert(expr, format!("ours {} theirs {}", show(&a), show(&b)))),
            }
        }
    }
    let _ = std::panic::take_hook();
    eprintln!("{count} expressions on {} resources: {same} the same", all.len() + 1);
    for rule in &rules {
        eprintln!("{:6} explained: {}", rule.used, rule.reason);
    }
    let list: Vec<String> = open.iter().map(|(expr, answers)| format!("{expr}\n    {answers}")).collect();
    assert!(list.is_empty(), "{} differences without explanation\n{}", list.len(), list.join("\n"));
    let unused: Vec<&str> =
        rules.iter().filter(|rule| rule.used == 0).map(|rule| rule.pattern.as_str()).collect();
    // Without HL7's examples not every difference comes up.
    assert!(examples.is_none() || unused.is_empty(), "these differences no longer occur: {unused:?}");
    assert!(count > 8000, "{count}");
}

fn show(answer: &Answer) -> String {
    match answer {
        Err(()) => "error".into(),
        Ok(items) => format!("[{}]", items.join(",")),
    }
}
