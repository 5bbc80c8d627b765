//! A decision about two Patients as a FHIR `Linkage`. <https://hl7.org/fhir/R4/linkage.html>
//!
//! One Linkage for each pair, its id made from the two ids, so the versions of that one resource are the whole story of
//! the pair: proposed, linked, taken back. `active` is true only for a link in force; what else was decided stands in
//! our extension, and as a tag, so that doubts can be searched for. Which item is `source` says nothing: it is the
//! smaller id.

use crate::evidence::{Decision, Reason, Verdict};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use yba_fhir::json::{JsonNumberTrait, JsonValueMutTrait, JsonValueTrait, Value, items, json, str_at};
use yba_fhir::view::reference_target;

/// The extension that holds verdict, weight, reasons and who decided.
pub const DECISION: &str = "https://yba.vn/fhir/StructureDefinition/linkage-decision";
/// The code system of verdicts, used in `meta.tag`.
pub const VERDICTS: &str = "https://yba.vn/fhir/CodeSystem/linkage-verdict";
/// The code system of reasons.
pub const REASONS: &str = "https://yba.vn/fhir/CodeSystem/linkage-reason";
/// How much a reason weighs, in bits; stands on the coding of the reason.
pub const BITS: &str = "https://yba.vn/fhir/StructureDefinition/linkage-reason-bits";
/// How the machine signs: this rule; the edition of the weights stands after it.
pub const MACHINE: &str = "yba-mpi/evidence-1";

/// Who decides, and in which act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed<'a> {
    /// The machine, by this edition of the weights.
    Machine(&'a str),
    /// A person, in an act that can be undone.
    Person { name: &'a str, act: &'a str },
}

/// A decision read back from a Linkage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Ordered: the smaller id first.
    pub first: String,
    pub second: String,
    pub verdict: Verdict,
    pub weight: i32,
    pub reasons: Vec<Reason>,
    /// [`MACHINE`] with the edition of the weights, or who decided, or `?`.
    pub by: String,
    /// The act of a person that this belongs to; empty when none is named.
    pub act: String,
}

impl Decided {
    /// Anything that this machine did not sign is a person's word, also a Linkage that came through the API.
    pub fn by_person(&self) -> bool {
        !self.by.starts_with("yba-mpi/")
    }

    /// Whether it says the same for the same reasons. How much these weigh changes a little with every record that comes,
    /// and is no news.
    pub fn says(&self, decision: &Decision) -> bool {
        let codes = |reasons: &[Reason]| reasons.iter().map(|one| one.code()).collect::<BTreeSet<_>>();
        self.verdict == decision.verdict && codes(&self.reasons) == codes(&decision.reasons)
    }
}

/// The id of the Linkage about two Patients.
pub fn id_of(one: &str, other: &str) -> String {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    let digest = Sha256::digest(format!("{first}\n{second}"));
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("lk-{hex}")
}

/// The Linkage of a decision. One of the machine's holds no time, so whoever decides the same again has nothing to write.
pub fn of_decision(decision: &Decision, signed: Signed) -> Value {
    let mut parts = vec![
        json!({"url": "verdict", "valueCode": decision.verdict.code()}),
        json!({"url": "weight", "valueInteger": decision.weight}),
    ];
    match signed {
        Signed::Machine(edition) => {
            let by = format!("{MACHINE} {edition}");
            parts.push(json!({"url": "decidedBy", "valueString": by.as_str()}));
        }
        Signed::Person { act, .. } => parts.push(json!({"url": "act", "valueString": act})),
    }
    for reason in &decision.reasons {
        let mut coding = json!({"system": REASONS, "code": reason.code(), "display": reason.text()});
        if let (Some(bits), Some(object)) = (reason.decimal(), coding.as_object_mut()) {
            object.insert("extension", json!([{"url": BITS, "valueDecimal": bits}]));
        }
        parts.push(json!({"url": "reason", "valueCoding": coding}));
    }
    let item =
        |kind: &str, id: &str| json!({"type": kind, "resource": {"reference": format!("Patient/{id}")}});
    let mut made = json!({
        "resourceType": "Linkage",
        "id": id_of(&decision.first, &decision.second),
        "meta": {"tag": [{"system": VERDICTS, "code": decision.verdict.code()}]},
        "extension": [{"url": DECISION, "extension": parts}],
        "active": decision.verdict == Verdict::Link,
        "item": [item("source", &decision.first), item("alternate", &decision.second)],
    });
    if let (Signed::Person { name, .. }, Some(object)) = (signed, made.as_object_mut()) {
        object.insert("author", json!({"display": name}));
    }
    made
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
        .filter_map(|one| Reason::of_code(str_at(one, &["valueCoding", "code"])?, bits(one)))
        .take(32)
        .collect();
    let act = part("act").find_map(|one| str_at(one, &["valueString"])).unwrap_or_default();
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
                act: act.chars().take(64).collect(),
            }
        })
        .collect()
}

/// How much a reason weighs, as its coding says.
fn bits(reason: &Value) -> f64 {
    let said = || {
        let coding = reason.get("valueCoding")?;
        let own = items(coding, "extension").find(|one| str_at(one, &["url"]) == Some(BITS))?;
        own.get("valueDecimal")?.as_f64()
    };
    said().unwrap_or(0.0)
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
            reasons: vec![
                Reason::of_code("cccd-same", 24.3).unwrap(),
                Reason::of_code("sex-same", 1.0).unwrap(),
                Reason::of_code("place-differs", -2.9).unwrap(),
            ],
        }
    }

    #[test]
    fn a_decision_survives_the_way_through_fhir() {
        for verdict in [Verdict::Link, Verdict::Doubt, Verdict::Withdrawn, Verdict::Apart] {
            let tree = of_decision(&decision(verdict), Signed::Machine("usual"));
            let read = read(&tree);
            assert_eq!(
                (read[0].by.as_str(), &read[0].reasons),
                ("yba-mpi/evidence-1 usual", &decision(verdict).reasons)
            );
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
        let own = Signed::Person { name: "account/mai", act: "a-1" };
        let said = &read(&of_decision(&decision(Verdict::Apart), own))[0];
        assert_eq!(
            (said.verdict, said.by_person(), said.by.as_str(), said.act.as_str()),
            (Verdict::Apart, true, "account/mai", "a-1")
        );
        // Somebody switched our link off, or took it over under their name.
        let ours = of_decision(&decision(Verdict::Link), Signed::Machine("usual"));
        let mut text = yba_fhir::json::to_string(&ours).unwrap();
        text =
            text.replace("\"active\":true", "\"active\":false,\"author\":{\"reference\":\"Practitioner/k\"}");
        let off: Value = yba_fhir::json::from_str(&text).unwrap();
        assert_eq!((read(&off)[0].verdict, read(&off)[0].by_person()), (Verdict::Apart, true));
        assert!(read(&json!({"resourceType": "Linkage", "item": []})).is_empty());
    }
}
