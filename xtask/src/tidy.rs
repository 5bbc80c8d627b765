//! Tidiness that the compiler does not see: floors, forgotten notes, files that grew.

use anyhow::{Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A source file longer than this holds more than one idea.
const LINES_MAX: usize = 900;

/// Checks the whole tree; all findings are reported at once.
pub fn check(root: &Path) -> Result<()> {
    let mut findings = floors(root)?;
    for file in rust_files(root)? {
        let text = std::fs::read_to_string(&file)?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        findings.extend(file_findings(&name, &text));
    }
    if !findings.is_empty() {
        bail!("untidy:\n  {}", findings.join("\n  "));
    }
    Ok(())
}

/// What is wrong with one source file.
fn file_findings(name: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        findings.push(format!("{name}: {lines} lines; does it still hold one idea?"));
    }
    // Spelled in halves, so that this file does not find itself.
    let notes =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    for (number, line) in text.lines().enumerate() {
        if let Some(note) = notes.iter().find(|note| has_word(line, note)) {
            findings.push(format!("{name}:{}: {note}", number + 1));
        }
    }
    if (name.ends_with("lib.rs") || name.ends_with("main.rs")) && !text.starts_with("//!") {
        findings
            .push(format!("{name}: no words on what this crate is and what it deliberately does not know"));
    }
    findings
}

/// Whether the line has `note`, not as a part of a longer name.
fn has_word(line: &str, note: &str) -> bool {
    let part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(note)
        .any(|(at, _)| !part(line[..at].chars().next_back()) && !part(line[at + note.len()..].chars().next()))
}

/// A crate depends only on lower floors; dev-dependencies are free.
fn floors(root: &Path) -> Result<Vec<String>> {
    let mut floors: BTreeMap<String, f64> = BTreeMap::new();
    let mut needs: Vec<(String, String)> = Vec::new();
    let mut findings = Vec::new();
    for entry in std::fs::read_dir(root.join("crates"))? {
        let path = entry?.path().join("Cargo.toml");
        let manifest: toml::Table = std::fs::read_to_string(&path)?.parse()?;
        let package = manifest.get("package");
        let name = package.and_then(|one| one.get("name")).and_then(|name| name.as_str()).unwrap_or_default();
        let floor = package.and_then(|one| one.get("metadata")?.get("yba")?.get("floor"));
        match floor.and_then(|floor| floor.as_float().or(floor.as_integer().map(|whole| whole as f64))) {
            Some(floor) => drop(floors.insert(name.to_owned(), floor)),
            None => findings.push(format!("{}: no [package.metadata.yba] floor", path.display())),
        }
        let dependencies = manifest.get("dependencies").and_then(|one| one.as_table());
        for dependency in
            dependencies.into_iter().flat_map(|table| table.keys()).filter(|key| key.starts_with("yba-"))
        {
            needs.push((name.to_owned(), dependency.clone()));
        }
    }
    for (name, dependency) in needs {
        if let (Some(above), Some(below)) = (floors.get(&name), floors.get(&dependency))
            && below >= above
        {
            findings.push(format!(
                "{name} (floor {above}) depends on {dependency} (floor {below}): only lower floors"
            ));
        }
    }
    Ok(findings)
}

fn rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![root.join("crates"), root.join("xtask")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && path.file_name().is_none_or(|name| name != "target" && name != "node_modules")
            {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_stands_on_its_floors() {
        assert_eq!(floors(&crate::cargo::root()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_crate_that_leans_on_its_own_floor_is_found() {
        let folder = std::env::temp_dir().join(format!("yba-tidy-{}", std::process::id()));
        for (name, floor, need) in [("a", "1", ""), ("b", "1", "yba-a = \"1\"")] {
            let crate_folder = folder.join("crates").join(name);
            std::fs::create_dir_all(&crate_folder).unwrap();
            let text = format!(
                "[package]\nname = \"yba-{name}\"\n[package.metadata.yba]\nfloor = {floor}\n[dependencies]\n{need}\n"
            );
            std::fs::write(crate_folder.join("Cargo.toml"), text).unwrap();
        }
        let findings = floors(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(findings, ["yba-b (floor 1) depends on yba-a (floor 1): only lower floors"]);
    }

    #[test]
    fn long_files_notes_and_silent_crates_are_found() {
        let long = "x\n".repeat(LINES_MAX + 1);
        assert_eq!(file_findings("a.rs", &long).len(), 1);
        assert_eq!(file_findings("a.rs", concat!("// TO", "DO later")).len(), 1);
        assert!(file_findings("a.rs", concat!("TO", "DO_MAX")).is_empty());
        assert_eq!(file_findings("crates/a/src/lib.rs", "mod a;").len(), 1);
        assert!(file_findings("crates/a/src/lib.rs", "//! a").is_empty());
    }
}
