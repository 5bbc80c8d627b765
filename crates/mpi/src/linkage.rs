//! A decision about two Patients as a FHIR `Linkage`. <https://hl7.org/fhir/R4/linkage.html>
//!
//! One Linkage for each pair, its id made from the two ids, so the versions of that one resource are the whole story of
//! the pair: proposed, linked, taken back. `active` is true only for a link in force; what else was decided stands in
//! our extension, and as a tag, so that doubts can be searched for. Which item is `source` says nothing: it is the
//! smaller id.

use crate::evidence::{Decision, Reason, Verdict};
use sha2::{Digest, Sha256};
use yba_fhir::json::{JsonNumberTrait, JsonValueTrait, Value, items, json, str_at};
use yba_fhir::view::reference_target;

/// The extension that holds verdict, weight, reasons and who decided.
pub const DECISION: &str = "https://yba.vn/fhir/StructureDefinition/linkage-decision";
/// The code system of verdicts, used in `meta.tag`.
pub const VERDICTS: &str = "https://yba.vn/fhir/CodeSystem/linkage-verdict";
/// The code system of reasons.
pub const REASONS: &str = "https://yba.vn/fhir/CodeSystem/linkage-reason";
/// How the machine signs: this rule, first edition.
pub const MACHINE: &str = "yba-mpi/numbers-1";

/// A decision read back from a Linkage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Ordered: the smaller id first.
    pub first: String,
    pub second: String,
    pub verdict: Verdict,
    pub weight: i32,
    pub reasons: Vec<Reason>,
    /// [`MACHINE`], or a reference to who decided, or `?`.
    pub by: String,
}

impl Decided {
    /// Anything that this machine did not sign is a person's word, also a Linkage that came through the API.
    pub fn by_person(&self) -> bool {
        !self.by.starts_with("yba-mpi/")
    }

    pub fn says(&self, decision: &Decision) -> bool {
        self.verdict == decision.verdict && self.weight == decision.weight && self.reasons == decision.reasons
    }
}

/// The id of the Linkage about two Patients.
pub fn id_of(one: &str, other: &str) -> String {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    let digest = Sha256::digest(format!("{first}\n{second}"));
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("lk-{hex}")
}

/// The Linkage of a decision by the machine. It holds no time, so whoever decides the same again has nothing to write.
pub fn of_decision(decision: &Decision) -> Value {
    let mut parts = vec![
        json!({"url": "verdict", "valueCode": decision.verdict.code()}),
        json!({"url": "weight", "valueInteger": decision.weight}),
        json!({"url": "decidedBy", "valueString": MACHINE}),
    ];
    for reason in &decision.reasons {
        let coding = json!({"system": REASONS, "code": reason.code(), "display": reason.text()});
        parts.push(json!({"url": "reason", "valueCoding": coding}));
    }
    let item =
        |kind: &str, id: &str| json!({"type": kind, "resource": {"reference": format!("Patient/{id}")}});
    json!({
        "resourceType": "Linkage",
        "id": id_of(&decision.first, &decision.second),
        "meta": {"tag": [{"system": VERDICTS, "code": decision.verdict.code()}]},
        "extension": [{"url": DECISION, "extension": parts}],
        "active": decision.verdict == Verdict::Link,
        "item": [item("source", &decision.first), item("alternate", &decision.second)],
    })
}

/// The decisions that a Linkage holds: one for ours; one for each further item of somebody else's. A Linkage without
/// our extension says `link` when it is active and `apart` when it is not.
pub fn read(tree: &Value) -> Vec<Decided> {
    let said = items(tree, "extension").find(|one| str_at(one, &["url"]) == Some(DECISION));
    let part = |url: &'static str| {
        said.into_iter()
            .flat_map(|said| items(said, "extension"))
            .filter(move |one| str_at(one, &["url"]) == Some(url))
    };
    let active = tree.get("active").and_then(|value| value.as_bool()).unwrap_or(true);
    let stated = part("verdict").find_map(|one| Verdict::of_code(str_at(one, &["valueCode"])?));
    let verdict = match (stated, active) {
        // `active` is what every FHIR reader sees: a verdict that says otherwise does not hold.
        (None | Some(Verdict::Doubt | Verdict::Apart | Verdict::Withdrawn), true) => Verdict::Link,
        (None | Some(Verdict::Link), false) => Verdict::Apart,
        (Some(stated), _) => stated,
    };
    let weight = part("weight").find_map(|one| one.get("valueInteger")?.as_number()?.as_i64()).unwrap_or(0);
    let reasons: Vec<Reason> = part("reason")
        .filter_map(|one| Reason::of_code(str_at(one, &["valueCoding", "code"])?))
        .take(32)
        .collect();
    let signed = part("decidedBy").find_map(|one| str_at(one, &["valueString"]));
    let author = str_at(tree, &["author", "reference"]).or_else(|| str_at(tree, &["author", "display"]));
    // An author is a person or an organisation: what they stand behind is not the machine's any more.
    let by = author.or(signed).unwrap_or("?").to_owned();
    let mut patients = items(tree, "item").take(64).filter_map(|item| {
        match reference_target(str_at(item, &["resource", "reference"])?) {
            Some(("Patient", id)) => Some(id),
            _ => None,
        }
    });
    let Some(source) = patients.next() else { return Vec::new() };
    patients
        .filter(|other| *other != source)
        .map(|other| {
            let (first, second) = if source < other { (source, other) } else { (other, source) };
            Decided {
                first: first.to_owned(),
                second: second.to_owned(),
                verdict,
                weight: weight.clamp(-1000, 1000) as i32,
                reasons: reasons.clone(),
                by: by.chars().take(120).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(verdict: Verdict) -> Decision {
        Decision {
            first: "a".into(),
            second: "b".into(),
            verdict,
            weight: 50,
            reasons: vec![Reason::SameCccd, Reason::SexEqual, Reason::BirthEqual, Reason::NameEqual],
        }
    }

    #[test]
    fn a_decision_survives_the_way_through_fhir() {
        for verdict in [Verdict::Link, Verdict::Doubt, Verdict::Withdrawn, Verdict::Apart] {
            let tree = of_decision(&decision(verdict));
            let read = read(&tree);
            assert_eq!(read.len(), 1);
            assert!(read[0].says(&decision(verdict)) && !read[0].by_person());
            assert_eq!((read[0].first.as_str(), read[0].second.as_str()), ("a", "b"));
            assert_eq!(tree.get("active").unwrap().as_bool(), Some(verdict == Verdict::Link));
            assert_eq!(str_at(&tree, &["id"]), Some(id_of("b", "a").as_str()));
        }
        assert!(yba_fhir::resource::is_id(&id_of("a", "b")));
        assert_ne!(id_of("a", "b"), id_of("a", "c"));
    }

    #[test]
    fn what_others_write_is_a_persons_word() {
        let plain = json!({"resourceType": "Linkage", "active": true, "author": {"reference": "Practitioner/k"}, "item": [
            {"type": "source", "resource": {"reference": "Patient/z"}},
            {"type": "alternate", "resource": {"reference": "https://x.vn/fhir/Patient/a"}},
            {"type": "alternate", "resource": {"reference": "Patient/m"}},
            {"type": "alternate", "resource": {"reference": "Observation/o"}},
            {"type": "alternate", "resource": {"display": "?"}}]});
        let read_plain = read(&plain);
        let pairs: Vec<_> = read_plain.iter().map(|one| (one.first.as_str(), one.second.as_str())).collect();
        assert_eq!(pairs, [("a", "z"), ("m", "z")]);
        assert!(read_plain.iter().all(|one| one.by_person() && one.verdict == Verdict::Link));
        // Somebody switched our link off, or took it over under their name.
        let mut text = yba_fhir::json::to_string(&of_decision(&decision(Verdict::Link))).unwrap();
        text =
            text.replace("\"active\":true", "\"active\":false,\"author\":{\"reference\":\"Practitioner/k\"}");
        let off: Value = yba_fhir::json::from_str(&text).unwrap();
        assert_eq!((read(&off)[0].verdict, read(&off)[0].by_person()), (Verdict::Apart, true));
        assert!(read(&json!({"resourceType": "Linkage", "item": []})).is_empty());
    }
}
