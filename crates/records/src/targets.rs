//! Whether what a write points at is here: asked of nodes that are set so. References to other servers, to contained
//! resources and by identifier alone are no business of this node. <https://hl7.org/fhir/R4/references.html#literal>

use crate::change::Action;
use crate::door::Records;
use crate::transact::Planned;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at};
use yba_fhir::{Issue, Kind, Outcome, Severity};
use yba_store::index::reference::local_target;

/// Most missing targets that are told.
const TOLD_MAX: usize = 20;

/// A reference: which change it stands in, and where.
struct Place {
    position: usize,
    path: String,
}

impl Records {
    /// From now on, whether a write is refused whose references point at nothing here. Deleting what others point at stays
    /// allowed.
    pub fn require_targets(&self, required: bool) {
        self.targets_required.store(required, Ordering::Relaxed);
    }

    /// Refuses with `unprocessable` and the place of each reference to a record that is neither here nor written by the
    /// same call.
    pub(crate) async fn refuse_dangling(&self, planned: &[Planned]) -> Result<(), Outcome> {
        if !self.targets_required.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut wanted: BTreeMap<(String, String), Vec<Place>> = BTreeMap::new();
        let (mut written, mut deleted) = (HashSet::new(), HashSet::new());
        for (position, one) in planned.iter().enumerate() {
            match one {
                Planned::Existing { version, .. } => {
                    written.insert((version.kind.clone(), version.id.clone()));
                }
                Planned::Nothing => {}
                Planned::Write { change, .. } => match &change.action {
                    Action::Create { resource, .. } | Action::Put { resource, .. } => {
                        let id = resource.id().unwrap_or_default();
                        written.insert((resource.kind().to_owned(), id.to_owned()));
                        // In a Bundle that is kept, such as a document, references name its own entries first.
                        if resource.kind() != "Bundle" {
                            let found = &mut |target: (&str, &str), path: &str| {
                                let key = (target.0.to_owned(), target.1.to_owned());
                                wanted
                                    .entry(key)
                                    .or_default()
                                    .push(Place { position, path: path.to_owned() });
                            };
                            references(resource.tree(), &mut resource.kind().to_owned(), found);
                        }
                    }
                    Action::Delete { kind, id, .. } => {
                        deleted.insert((kind.clone(), id.clone()));
                    }
                    _ => {}
                },
            }
        }
        wanted.retain(|key, _| !written.contains(key));
        let asked = wanted.keys().filter(|key| !deleted.contains(*key)).cloned().collect();
        let here = self.store.live(asked).await?;
        wanted.retain(|key, _| !here.contains(key));
        let missing = wanted
            .iter()
            .flat_map(|((kind, id), places)| places.iter().map(move |place| missing(kind, id, place)));
        let issues: Vec<Issue> = missing.take(TOLD_MAX).collect();
        match issues.is_empty() {
            true => Ok(()),
            false => Err(Outcome { kind: Kind::Unprocessable, issues }),
        }
    }
}

fn missing(kind: &str, id: &str, place: &Place) -> Issue {
    Issue {
        severity: Severity::Error,
        code: "not-found",
        key: "reference-missing",
        text: format!(
            "Không có {kind}/{id} ở đây. Hãy gửi bản ghi đó trước, hoặc cùng lúc trong một bundle."
        ),
        diagnostics: format!("{kind}/{id} is referenced and does not exist here"),
        path: Some(place.path.clone()),
        position: Some(place.position),
    }
}

/// Calls `found` with every literal reference to a record of this server and its place as FHIRPath. The tree was judged
/// already, so its depth is bounded.
fn references(value: &Value, path: &mut String, found: &mut impl FnMut((&str, &str), &str)) {
    let length = path.len();
    if let Some(object) = value.as_object() {
        if let Some(target) = str_at(value, &["reference"]).and_then(local_target) {
            found(target, path);
        }
        for (name, member) in object.iter().filter(|(_, member)| member.is_object() || member.is_array()) {
            path.push('.');
            path.push_str(name);
            references(member, path, found);
            path.truncate(length);
        }
    } else if let Some(array) = value.as_array() {
        for (at, item) in array.iter().enumerate() {
            path.push_str(&format!("[{at}]"));
            references(item, path, found);
            path.truncate(length);
        }
    }
}
