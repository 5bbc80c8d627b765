//! HL7's own examples of R4 are kept and given back without losing a digit or a letter.

use crate::house::{House, each};
use std::path::PathBuf;
use yba_fhir::json::{JsonValueMutTrait, Value, from_slice, ordered, str_at, to_string};

/// Larger ones are bundles of the others.
const BYTES_MAX: u64 = 100_000;

fn files() -> Vec<PathBuf> {
    let folder = std::env::var_os("YBA_TEST_HL7_EXAMPLES")
        .expect("YBA_TEST_HL7_EXAMPLES names the folder of HL7's examples: run `cargo xtask test` once");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_resource = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.ends_with(".json") && name.starts_with(|letter: char| letter.is_ascii_uppercase())
    };
    let mut files: Vec<PathBuf> =
        entries.filter(is_resource).filter(|path| path.metadata().unwrap().len() < BYTES_MAX).collect();
    files.sort();
    files
}

/// The numbers of a text of JSON, as they are written.
fn numbers(text: &str) -> Vec<&str> {
    let (mut numbers, mut at, bytes) = (Vec::new(), 0, text.as_bytes());
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let end =
                    at + bytes[at..].iter().take_while(|byte| b"+-.eE0123456789".contains(byte)).count();
                numbers.push(&text[at..end]);
                at = end;
            }
            _ => at += 1,
        }
    }
    numbers.sort_unstable();
    numbers
}

/// What the sender wrote: without what the server says of the version, its members in one order.
fn content(tree: &Value) -> String {
    let mut tree: Value = from_slice(to_string(tree).unwrap().as_bytes()).unwrap();
    if let Some(meta) = tree.get_mut("meta").and_then(|meta| meta.as_object_mut()) {
        meta.remove(&"versionId");
        meta.remove(&"lastUpdated");
        if meta.is_empty() {
            tree.as_object_mut().unwrap().remove(&"meta");
        }
    }
    to_string(&ordered(&tree)).unwrap()
}

async fn kept(house: &House, files: &[PathBuf]) -> (usize, Vec<String>) {
    let (mut kept, mut refused) = (0, Vec::new());
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file).unwrap();
        let tree: Value = from_slice(text.as_bytes()).unwrap();
        let place = |id: &str| format!("/fhir/{}/{id}", str_at(&tree, &["resourceType"]).unwrap());
        let said = house.ask("PUT", &place(str_at(&tree, &["id"]).unwrap()), &[], text.clone()).await;
        if !said.status.is_success() {
            refused.push(format!("{name}: {} {}", said.status, String::from_utf8_lossy(&said.body)));
            continue;
        }
        let back = house.get(&place(&said.id())).await;
        let back_text = String::from_utf8(back.body.to_vec()).unwrap();
        assert_eq!(numbers(&text), numbers(&back_text), "{name}");
        assert_eq!(content(&tree), content(&back.tree()), "{name}");
        kept += 1;
    }
    (kept, refused)
}

#[tokio::test]
async fn hl7s_examples_are_kept_and_given_back_whole() {
    each(async |house| {
        // PostgreSQL stores the same bytes by the same code; a part of them shows it.
        let every = if house.kit.database().is_some() { 10 } else { 1 };
        let files: Vec<PathBuf> = files().into_iter().step_by(every).collect();
        let (kept, refused) = kept(&house, &files).await;
        println!("{kept} of {} kept", files.len());
        assert!(refused.len() * 100 <= files.len(), "{} of {}: {refused:#?}", refused.len(), files.len());
    })
    .await;
}

#[test]
fn numbers_are_read_as_they_are_written() {
    assert_eq!(numbers(r#"{"a": 2.00, "b\"1": ["3", -4e-7], "c": "\\"}"#), ["-4e-7", "2.00"]);
}
