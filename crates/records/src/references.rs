//! References between the records of one call, and to records that a search finds: each becomes the address of a record
//! before anything is written. <https://hl7.org/fhir/R4/http.html#trules>

use crate::change::Action;
use crate::ctx::Ctx;
use crate::door::Records;
use crate::transact::{Leaving, Planned};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use yba_fhir::defs::r4;
use yba_fhir::json;
use yba_fhir::{Kind, Outcome, Resource};

/// How a reference stands in compact JSON. Inside a string its quotes would be escaped.
const REFERENCE: &str = "\"reference\":\"";
/// Most different searches by which the references of one call may name records.
const SEARCHES_MAX: usize = 1000;

impl Records {
    /// Points references by name (`urn:uuid:…`) at the ids that the records of this call were given, and conditional ones
    /// (`Patient?identifier=…`) at the one record that they find. Refuses names that nothing has, and searches that find
    /// none or several.
    pub(crate) async fn resolve_references(&self, ctx: &Ctx, planned: &mut [Planned]) -> Result<(), Outcome> {
        let mut targets = names(planned);
        let mut searches = BTreeSet::new();
        for (position, one) in planned.iter().enumerate() {
            let Some(resource) = written(one) else { continue };
            let text = text_of(resource)?;
            for search in places(&text).filter_map(|place| conditional(&text[place])) {
                if searches.insert(search.clone()) {
                    let found =
                        self.find_target(ctx, &search).await.map_err(|refused| refused.about(position))?;
                    targets.insert(search, found);
                }
                if searches.len() > SEARCHES_MAX {
                    let hint = format!(
                        "Quá {SEARCHES_MAX} tham chiếu có điều kiện trong một lần gửi. Hãy chia nhỏ."
                    );
                    let detail = format!("more than {SEARCHES_MAX} conditional references in one call");
                    return Err(Outcome::new(Kind::TooLarge, "too-many-references", hint, detail));
                }
            }
        }
        for (position, one) in planned.iter_mut().enumerate() {
            if let Planned::Write { change, .. } = one
                && let Action::Create { resource, .. } | Action::Put { resource, .. } = &mut change.action
                && let Some(fresh) =
                    rewritten(resource, &targets).map_err(|refused| refused.about(position))?
            {
                *resource = fresh;
            }
        }
        Ok(())
    }

    /// The address of the one record that `Patient?identifier=…` finds.
    async fn find_target(&self, ctx: &Ctx, search: &str) -> Result<String, Outcome> {
        let (kind, query) = search.split_once('?').unwrap_or((search, ""));
        match self.only_match(&self.condition(ctx, kind, query).await?, &Leaving::new()).await? {
            Some(found) => Ok(format!("{}/{}", found.kind, found.id)),
            None => {
                let shown: String = search.chars().take(200).collect();
                let text = format!("Tham chiếu {shown} không khớp bản ghi nào.");
                let detail = format!("the conditional reference {shown} matches nothing");
                Err(Outcome::new(Kind::Precondition, "reference-unresolved", text, detail))
            }
        }
    }
}

/// The addresses of the records of this call that have a name.
fn names(planned: &[Planned]) -> HashMap<String, String> {
    let mut names = HashMap::new();
    for one in planned {
        let (name, target) = match one {
            Planned::Existing { version, known_as } => (known_as, format!("{}/{}", version.kind, version.id)),
            Planned::Nothing => continue,
            Planned::Write { change, .. } => match written(one) {
                Some(resource) => {
                    (&change.known_as, format!("{}/{}", resource.kind(), resource.id().unwrap_or_default()))
                }
                None => continue,
            },
        };
        names.extend(name.clone().map(|name| (name, target)));
    }
    names
}

/// The resource that will be written. References in a Bundle that is kept as it is, such as a document, name its own
/// entries, and are left as they are.
pub(crate) fn written(planned: &Planned) -> Option<&Resource> {
    let Planned::Write { change, .. } = planned else { return None };
    match &change.action {
        Action::Create { resource, .. } | Action::Put { resource, .. } => Some(resource),
        _ => None,
    }
}

fn text_of(resource: &Resource) -> Result<String, Outcome> {
    match resource.kind() {
        "Bundle" => Ok(String::new()),
        _ => json::to_string(resource.tree()).map_err(|error| Outcome::fault(error.to_string())),
    }
}

/// Where the values of references stand in compact JSON.
fn places(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(REFERENCE).map(move |(at, _)| {
        let start = at + REFERENCE.len();
        let (mut end, mut escaped) = (start, false);
        for byte in &text.as_bytes()[start..] {
            match byte {
                b'"' if !escaped => break,
                b'\\' => escaped = !escaped,
                _ => escaped = false,
            }
            end += 1;
        }
        start..end
    })
}

/// The search that a reference names, if it is conditional; `value` as it stands in JSON.
fn conditional(value: &str) -> Option<String> {
    let (kind, _) = value.split_once('?').filter(|(kind, _)| r4().is_resource(kind))?;
    let text: String = json::from_str(&format!("\"{value}\"")).ok()?;
    text.starts_with(kind).then_some(text)
}

/// The resource with its references pointed at records; `None` when none changes.
fn rewritten(resource: &Resource, targets: &HashMap<String, String>) -> Result<Option<Resource>, Outcome> {
    let text = text_of(resource)?;
    // The text is changed, not the tree: a changed tree would forget the order of its members.
    let (mut changed, mut copied) = (String::new(), 0);
    for place in places(&text) {
        let value = &text[place.clone()];
        let name = if value.starts_with("urn:") { Some(value.to_owned()) } else { conditional(value) };
        let Some(name) = name else { continue };
        let target = targets.get(&name).ok_or_else(|| {
            let hint = format!("Tham chiếu {name} không trỏ tới mục nào trong cùng bundle.");
            Outcome::invalid("reference-unresolved", hint, format!("unresolved reference {name}"))
        })?;
        changed.push_str(&text[copied..place.start]);
        changed.push_str(target);
        copied = place.end;
    }
    if copied == 0 {
        return Ok(None);
    }
    changed.push_str(&text[copied..]);
    let mut fresh = Resource::parse(changed.as_bytes())?;
    if let Some(id) = resource.id() {
        fresh.set_id(id);
    }
    Ok(Some(fresh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_whatever_their_text() {
        let text =
            r#"{"a":{"reference":"Patient/1"},"b":"\"reference\":\"urn:x","reference":"Patient?name=\"A\\"}"#;
        let found: Vec<&str> = places(text).map(|place| &text[place]).collect();
        assert_eq!(found, ["Patient/1", r#"Patient?name=\"A\\"#]);
        assert_eq!(conditional(found[1]).as_deref(), Some("Patient?name=\"A\\"));
        for other in ["Patient/1", "Nothing?x=1", "http://x/Patient?x=1", "urn:uuid:1"] {
            assert_eq!(conditional(other), None, "{other}");
        }
    }
}
