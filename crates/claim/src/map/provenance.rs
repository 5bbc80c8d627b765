//! Provenance: one per visit. It names every resource of the visit, the file, and the content digest by which a
//! repeated or older file is recognised. <https://hl7.org/fhir/R4/provenance.html>
//!
//! Which file is newer: first `NGAYLAP` of the envelope (a file without one is older than any with one), then, on the
//! same day, whichever content was not seen before. So a corrected file wins on the day it was made, and feeding the
//! original again cannot undo it: its digest stands in the trail.

use super::Mapped;
use super::build::{Tree, array, extension_url, identifier, reference, sid};
use crate::id::organization_id;
use crate::table::Visit;
use sha2::{Digest, Sha256};
use yba_fhir::Day;
use yba_fhir::json::{JsonValueTrait, Value, items, json, ordered, str_at};

/// Raised when mapping changes: visits are then mapped again at their next import, even if nothing else changed.
pub(crate) const MAPPING: u64 = 1;

/// Digests remembered for a visit.
const SEEN_MAX: usize = 16;

/// The digest of what a visit says: every cell of every row, whatever file or packing it came in.
pub(crate) fn digest(visit: &Visit<'_>) -> String {
    let mut hash = Sha256::new();
    let mut field = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    field(&visit.facility);
    let mut parts: Vec<_> = visit.parts.iter().collect();
    parts.sort_by(|left, right| left.kind.cmp(&right.kind));
    for part in parts {
        field(&part.kind);
        for row in &part.rows {
            field("row");
            for cell in &row.cells {
                field(&cell.name);
                field(&cell.text);
            }
        }
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What earlier imports left about a visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    /// The digest in force.
    pub digest: String,
    /// Digests that were in force before, newest last.
    pub seen: Vec<String>,
    pub prepared: Option<Day>,
    pub mapping: u64,
    /// `Type/id` of everything the visit owned.
    pub targets: Vec<String>,
}

/// What to do with a visit that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Never seen.
    New,
    /// Newer than what is here.
    Newer,
    /// The same as what is here.
    Same,
    /// Older than what is here, or replaced before: left alone.
    Older,
}

impl Trail {
    /// Reads it back from a stored Provenance.
    pub(crate) fn of(provenance: &Value) -> Trail {
        let mut trail = Trail::default();
        let url = extension_url("claim-trail");
        let found = items(provenance, "extension").find(|one| str_at(one, &["url"]) == Some(&url));
        for one in found.into_iter().flat_map(|found| items(found, "extension")) {
            let text = str_at(one, &["valueString"]).map(str::to_owned);
            match str_at(one, &["url"]) {
                Some("digest") => trail.digest = text.unwrap_or_default(),
                Some("seen") => trail.seen.extend(text),
                Some("prepared") => trail.prepared = str_at(one, &["valueDate"]).and_then(Day::parse),
                Some("mapping") => {
                    trail.mapping =
                        one.get("valueInteger").and_then(|value| value.as_u64()).unwrap_or_default();
                }
                _ => {}
            }
        }
        let targets = items(provenance, "target").filter_map(|target| str_at(target, &["reference"]));
        trail.targets = targets.map(str::to_owned).collect();
        trail
    }

    /// Decides about content with this digest from a file made on this day.
    pub(crate) fn verdict(&self, digest: &str, prepared: Option<Day>) -> Verdict {
        if self.digest == digest {
            return if self.mapping == MAPPING { Verdict::Same } else { Verdict::Newer };
        }
        if prepared < self.prepared
            || (prepared == self.prepared && self.seen.iter().any(|seen| seen == digest))
        {
            return Verdict::Older;
        }
        Verdict::Newer
    }

    /// The trail after taking in a newer visit.
    fn after(&self, digest: &str, prepared: Option<Day>) -> Trail {
        let mut seen: Vec<String> = self.seen.iter().filter(|seen| *seen != digest).cloned().collect();
        if !self.digest.is_empty() && self.digest != digest {
            seen.push(self.digest.clone());
        }
        let surplus = seen.len().saturating_sub(SEEN_MAX);
        seen.drain(..surplus);
        Trail {
            digest: digest.to_owned(),
            seen,
            prepared: prepared.max(self.prepared),
            mapping: MAPPING,
            targets: Vec::new(),
        }
    }

    fn to_extension(&self) -> Value {
        let mut parts = vec![
            json!({"url": "digest", "valueString": self.digest.as_str()}),
            json!({"url": "mapping", "valueInteger": self.mapping}),
        ];
        parts.extend(self.seen.iter().map(|seen| json!({"url": "seen", "valueString": seen.as_str()})));
        let day = self.prepared.map(|day| day.to_string());
        parts.extend(day.map(|day| json!({"url": "prepared", "valueDate": day.as_str()})));
        json!({"url": extension_url("claim-trail").as_str(), "extension": array(parts)})
    }
}

/// The Provenance of a visit. `recorded` is the instant of the import, `earlier` what stood before.
pub(crate) fn provenance(
    mapped: &Mapped,
    origin: &crate::visit::Origin,
    earlier: &Trail,
    recorded: &str,
) -> Value {
    let source = format!("urn:yba:bhyt:{}:{}", mapped.facility, origin.hash);
    let mut tree = Tree::resource("Provenance", &mapped.provenance_id, &source);
    tree.add("extension", earlier.after(&mapped.digest, origin.prepared).to_extension());
    let shared = std::iter::once(reference("Patient", &mapped.patient_id));
    let own = mapped.own.iter().filter_map(target);
    tree.put_all("target", shared.chain(own).collect());
    tree.put("recorded", recorded);
    let kinds = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
    let role = |code: &str, words: &str| {
        super::build::concept(vec![super::build::coding(kinds, code, Some(words))], Some(words))
    };
    tree.put(
        "agent",
        json!([
            {"type": role("author", "Cơ sở lập hồ sơ"), "who": reference("Organization", &organization_id(&mapped.facility))},
            {"type": role("assembler", "Chuyển thành bản ghi"), "who": {"display": "Y Bạ, nhập tệp giám định BHYT"}}
        ]),
    );
    let file = identifier(&sid("bhyt-file"), &origin.hash).finish();
    tree.put(
        "entity",
        json!([{"role": "source", "what": {"identifier": file, "display": file_name(&origin.file)}}]),
    );
    ordered(&tree.finish())
}

fn target(resource: &Value) -> Option<Value> {
    Some(reference(str_at(resource, &["resourceType"])?, str_at(resource, &["id"])?))
}

/// The last part of a path: folders of the machine that imported are nobody's business.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\', '!']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<Day> {
        Day::parse(text)
    }

    #[test]
    fn newer_files_win_and_older_ones_cannot_undo_them() {
        let nothing = Trail { mapping: MAPPING, ..Trail::default() };
        let first = nothing.after("a", day("2026-11-16"));
        assert_eq!(first.verdict("a", day("2026-11-16")), Verdict::Same);
        assert_eq!(first.verdict("a", day("2027-01-01")), Verdict::Same, "the same content in a newer file");
        let same_day = first.after("b", day("2026-11-16"));
        assert_eq!(same_day.verdict("a", day("2026-11-16")), Verdict::Older, "the original, fed again");
        assert_eq!(same_day.verdict("c", day("2026-11-16")), Verdict::Newer);
        assert_eq!(same_day.verdict("a", day("2026-11-17")), Verdict::Newer, "a correction taken back later");
        let later = first.after("b", day("2026-11-20"));
        assert_eq!(later.verdict("c", day("2026-11-19")), Verdict::Older);
        assert_eq!(later.verdict("c", None), Verdict::Older, "bare files know no day");
        assert_eq!(nothing.after("a", None).verdict("b", None), Verdict::Newer);
    }

    #[test]
    fn a_trail_is_read_back_as_it_was_written() {
        let mut trail = Trail::default();
        for step in 0..40 {
            trail = trail.after(&format!("d{step}"), day("2026-11-16"));
        }
        assert_eq!((trail.seen.len(), trail.seen.last().map(String::as_str)), (SEEN_MAX, Some("d38")));
        let stored = json!({"extension": [trail.to_extension()], "target": [{"reference": "Claim/x"}]});
        trail.targets = vec!["Claim/x".into()];
        assert_eq!(Trail::of(&stored), trail);
        assert_eq!(
            Trail { mapping: 0, ..trail.clone() }.verdict(&trail.digest, None),
            Verdict::Newer,
            "mapping changed"
        );
    }
}
