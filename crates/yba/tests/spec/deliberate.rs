//! What is deliberately not served: the table of `docs/conformance.md`, the CapabilityStatement and the program say the same.

use crate::house::House;
use crate::world::{Got, World};
use std::path::Path;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value};

/// There are no fewer rows than this: a table that is not found would be true of everything.
const ROWS_MIN: usize = 10;

/// One row of the table.
struct Row {
    what: String,
    claim: String,
    refused: String,
}

/// Everything in which page, statement and program do not agree.
pub fn disagreements(house: &House) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance.md");
    let rows = rows(&std::fs::read_to_string(page).expect("docs/conformance.md is there"));
    assert!(rows.len() >= ROWS_MIN, "docs/conformance.md has {} rows", rows.len());
    let mut world = World::of(house.address).expect("the node answers");
    let statement = world.get("metadata").expect("the node has a statement");
    let mut found = Vec::new();
    for row in rows {
        assert!(!(row.claim.is_empty() && row.refused.is_empty()), "{}: nothing is claimed", row.what);
        let claims = [stated(&statement, &row.claim), refused(&mut world, &row.refused)];
        found.extend(claims.into_iter().filter_map(Result::err).map(|why| format!("{}: {why}", row.what)));
    }
    found
}

fn rows(page: &str) -> Vec<Row> {
    let lines = page.lines().skip_while(|line| !line.starts_with("| what |")).skip(2);
    let cells = lines.take_while(|line| line.starts_with('|')).map(|line| {
        let inside = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|')).unwrap_or(line);
        let cells: Vec<String> = inside.split('|').map(|cell| cell.trim().to_owned()).collect();
        assert_eq!(cells.len(), 4, "a row has four cells: {line}");
        Row { what: cells[0].clone(), claim: cells[2].replace('`', ""), refused: cells[3].clone() }
    });
    cells.collect()
}

/// `path = value` or `path lacks value`, asked of the statement.
fn stated(statement: &Got, claim: &str) -> Result<(), String> {
    if claim.is_empty() {
        return Ok(());
    }
    let (path, wanted, must) = match (claim.split_once(" = "), claim.split_once(" lacks ")) {
        (Some((path, value)), _) => (path, value, true),
        (_, Some((path, value))) => (path, value, false),
        _ => return Err(format!("{claim:?} is no claim")),
    };
    let mut values = Vec::new();
    collect(statement.tree()?, &path.split('.').collect::<Vec<_>>(), &mut values);
    match must {
        true if !values.is_empty() && values.iter().all(|value| value == wanted) => Ok(()),
        false if !values.iter().any(|value| value == wanted) => Ok(()),
        _ => Err(format!("the CapabilityStatement does not say that {claim}")),
    }
}

fn collect(node: &Value, path: &[&str], values: &mut Vec<String>) {
    if let Some(list) = node.as_array() {
        return list.iter().for_each(|item| collect(item, path, values));
    }
    match path.split_first() {
        None => values.extend(node.as_str().map(str::to_owned)),
        Some((step, rest)) => {
            if let Some(member) = node.get(*step) {
                collect(member, rest, values);
            }
        }
    }
}

/// A request in quotes, such as `PATCH Patient/1 application/fhir+json`, and the status it must be refused with.
fn refused(world: &mut World, cell: &str) -> Result<(), String> {
    if cell.is_empty() {
        return Ok(());
    }
    let (request, status) =
        cell.trim_matches('`').split_once("` ").ok_or_else(|| format!("{cell:?} is no request"))?;
    let status = status.parse().map_err(|_| format!("{status:?} is no status"))?;
    let words: Vec<&str> = request.split(' ').collect();
    let got = match words[..] {
        [method, path] => world.send(method, path, &[], b""),
        [method, path, kind] => world.send(method, path, &[("content-type", kind)], b"{}"),
        _ => Err(format!("{request:?} is no request")),
    }?;
    got.refused(status).map(drop)
}
