//! Examples that stand beside editions: `…/examples/<name>.<extension>`, with what is expected in
//! `<name>.expected.json` or the like. Who can run them does; content only finds them.

use crate::source::Sources;

/// One example.
#[derive(Debug, Clone)]
pub struct Example {
    /// Path inside content: `claims/3176/examples/outpatient.xml`.
    pub path: String,
    /// The folder above `examples`: `claims/3176`.
    pub edition: String,
    pub text: String,
    /// Path and text of what is expected, when it stands beside.
    pub expected: Option<(String, String)>,
}

pub(crate) fn find(sources: &Sources) -> Vec<Example> {
    let files: Vec<_> = sources
        .under("")
        .filter_map(|source| Some((source, source.path.split_once("/examples/")?)))
        .collect();
    let is_expected = |name: &str| name.contains(".expected.");
    files
        .iter()
        .filter(|(_, (_, name))| !is_expected(name))
        .map(|(source, (edition, name))| {
            let stem = name.rsplit_once('.').map_or(*name, |(stem, _)| stem);
            let beside = format!("{edition}/examples/{stem}.expected.");
            let expected = files.iter().find(|(other, _)| other.path.starts_with(&beside));
            Example {
                path: source.path.clone(),
                edition: (*edition).to_string(),
                text: source.text.to_string(),
                expected: expected.map(|(other, _)| (other.path.clone(), other.text.to_string())),
            }
        })
        .collect()
}
