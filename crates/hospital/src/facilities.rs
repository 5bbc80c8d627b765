//! Names of facilities by their codes, as far as the node knows them and the reader may see them.

use std::collections::{BTreeSet, HashMap};
use yba_fhir::json::str_at;
use yba_records::{Action, Ctx, Records};

/// Most facilities looked up at once.
const FACILITIES_MAX: usize = 100;

/// Code to name; a code without a name is left out.
pub async fn names<'a>(
    records: &Records,
    ctx: &Ctx,
    codes: impl Iterator<Item = &'a str>,
) -> HashMap<String, String> {
    let codes: BTreeSet<&str> = codes.filter(|code| !code.is_empty()).collect();
    let id = |code: &str| format!("cskcb-{code}");
    let keys: Vec<(String, String)> =
        codes.iter().take(FACILITIES_MAX).map(|code| ("Organization".to_owned(), id(code))).collect();
    if keys.is_empty() || !ctx.may(Action::Read, "Organization") {
        return HashMap::new();
    }
    // A list without names is still a list.
    let versions = records.read_many(ctx, &keys).await.unwrap_or_default();
    let named = versions.into_iter().filter_map(|version| {
        let name = str_at(&version.tree(), &["name"])?.to_owned();
        Some((version.id.strip_prefix("cskcb-")?.to_owned(), name))
    });
    named.collect()
}

/// The name of a facility, else its code in words.
pub fn called(code: &str, names: &HashMap<String, String>) -> String {
    match names.get(code) {
        Some(name) => name.clone(),
        None if code.is_empty() => "Không rõ cơ sở".to_owned(),
        None => format!("Cơ sở {code}"),
    }
}
