//! References between resources. <https://hl7.org/fhir/R4/search.html#reference>

use super::{Rows, bounded, position};
use crate::db::{Value as Cell, schema};
use crate::search::condition::{Condition, places};
use yba_fhir::json::{JsonValueTrait, Value, str_at};
use yba_fhir::view::reference_target;

/// Adds the row of a Reference, canonical or uri: `Patient/1`, or the address as it stands. One in words or by
/// identifier only has the row of no record, `Patient/` or nothing, since it is not missing.
pub fn index(p: i64, value: &Value, rows: &mut Rows) {
    let target = match (target(value), str_at(value, &["type"])) {
        (Some(target), _) => bounded(target),
        (None, Some(kind)) => bounded(&format!("{kind}/")),
        (None, None) => String::new(),
    };
    rows.add(position(&schema::REFERENCE), [Cell::Int(p), Cell::Text(target)]);
}

/// What a Reference, canonical or uri points at, without a version.
pub fn target(value: &Value) -> Option<&str> {
    let target = value.as_str().or_else(|| str_at(value, &["reference"]))?;
    Some(target.split_once("/_history/").map_or(target, |(before, _)| before))
}

/// The type and id of a reference to a record of this server. An absolute address is another server's record, even if
/// it ends like one of ours.
pub fn local_target(reference: &str) -> Option<(&str, &str)> {
    let target = reference_target(reference)?;
    let rest = reference.strip_prefix(target.0)?.strip_prefix('/')?;
    rest.starts_with(target.1).then_some(target)
}

/// One value of a reference search: `Patient/1`, an absolute address, or an id alone with the types it may have. A record
/// of this server is found by either form of its address, whichever was written and whichever is asked; `base` is how
/// its addresses begin, empty when nobody knows.
///
/// An address of a definition without a version means every version of it; a version of a record means the record.
pub fn matches(value: &str, types: &[String], base: &str) -> Condition {
    let value = value.split_once("/_history/").map_or(value, |(before, _)| before);
    let below = value.strip_prefix(base).and_then(|rest| rest.strip_prefix('/'));
    let own = below.filter(|rest| !base.is_empty() && local_target(rest).is_some());
    let of_address = (value.contains(':') && !value.contains('|')).then(|| any_version(value));
    let relative: Vec<String> = match own {
        Some(own) => vec![own.to_owned()],
        None if value.contains(':') && !value.contains('|') => Vec::new(),
        None if value.contains(['/', ':']) => vec![value.to_owned()],
        None => types.iter().map(|kind| format!("{kind}/{value}")).collect(),
    };
    let with_base = relative.iter().filter(|one| !base.is_empty() && local_target(one).is_some());
    let absolute: Vec<String> = with_base.map(|one| format!("{base}/{one}")).collect();
    let targets = relative.iter().chain(&absolute).map(|text| Cell::Text(bounded(text)));
    let of_targets = one_of(targets.collect());
    Condition::any(of_targets.into_iter().chain(of_address).collect())
}

/// Whether a value that is searched names a record of this type and nothing else: `Patient/1`, or an id alone, which is
/// looked for under the types that the parameter may have.
pub fn names_record_of(value: &str, kind: &str) -> bool {
    match value.contains(['/', ':', '|']) {
        true => local_target(value).is_some_and(|(named, _)| named == kind),
        false => true,
    }
}

/// A reference to one of these records of this server, such as `Patient/1`, in no other form.
pub(crate) fn to_one_of(addresses: &[String]) -> Condition {
    let targets = addresses.iter().map(|text| Cell::Text(bounded(text)));
    one_of(targets.collect()).unwrap_or_else(|| Condition::any(Vec::new()))
}

fn one_of(targets: Vec<Cell>) -> Option<Condition> {
    match targets.len() {
        0 => None,
        1 => Some(Condition::new("target = {}", targets)),
        count => Some(Condition::new(format!("target IN ({})", places(count)), targets)),
    }
}

/// An absolute address, as it stands or as that of one version of a definition.
fn any_version(address: &str) -> Condition {
    let ends = [address.to_owned(), format!("{address}|"), format!("{address}}}")];
    let params = ends.into_iter().map(|text| Cell::Text(bounded(&text))).collect();
    Condition::new("(target = {} OR target >= {} AND target < {})", params)
}

/// The rows whose target is of a type, as far as the address tells.
pub fn of_type(kind: &str) -> Condition {
    let ends = [format!("{kind}/"), format!("{kind}0"), format!("%/{kind}/%")];
    Condition::new(
        "(target >= {} AND target < {} OR target LIKE {})",
        ends.into_iter().map(Cell::Text).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::local_target;

    #[test]
    fn only_a_relative_reference_is_one_of_ours() {
        assert_eq!(local_target("Patient/a"), Some(("Patient", "a")));
        assert_eq!(local_target("Patient/a/_history/k-1"), Some(("Patient", "a")));
        for other in [
            "https://other.vn/fhir/Patient/a",
            "Patient/Patient/a",
            "Patientê/Patient/a",
            "urn:uuid:a",
            "Patient",
            "",
        ] {
            assert_eq!(local_target(other), None, "{other}");
        }
    }
}
