//! Resources to ask: the invented province, and HL7's examples when a folder of them is named.

use std::collections::BTreeMap;
use std::path::Path;
use yba_fhir::json::{self, Value, str_at};

/// Some resources of each type the invented province has, always the same.
pub fn invented(of_each: usize) -> Vec<Value> {
    let until = jiff::civil::date(2026, 3, 2);
    let province = yba_synth::province(&yba_synth::Plan { people: 60, seed: 7, years: 1, until });
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let all: Vec<Value> = province.fhir().collect();
    let chosen = all.iter().filter(|resource| {
        let kind = str_at(resource, &["resourceType"]).unwrap_or_default().to_owned();
        let seen = count.entry(kind).or_default();
        *seen += 1;
        *seen <= of_each
    });
    // Printed and parsed again: members in the order of a text, as everywhere else.
    chosen.map(json::ordered).collect()
}

/// Some of the resources in `*.json` files of a folder, in the order of their names: of files up to `bytes` one in
/// `step`; files that are none are passed over.
pub fn in_folder(folder: &Path, step: usize, bytes: usize) -> Vec<Value> {
    let entries =
        std::fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    let json_files = paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    json_files
        .step_by(step)
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .filter(|text| text.len() <= bytes)
        .filter_map(|text| json::from_str::<Value>(&text).ok())
        .filter(|tree| {
            str_at(tree, &["resourceType"]).is_some_and(|kind| yba_fhir::defs::r4().is_resource(kind))
        })
        .collect()
}
