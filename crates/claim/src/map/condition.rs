//! Condition: the diagnoses at the end of the visit. <https://hl7.org/fhir/R4/condition.html>

use super::Scene;
use super::build::{Tree, coding, concept, system};
use yba_fhir::json::{Value, json};

/// A diagnosis of the visit, for the Encounter and the Claim to point at.
pub(crate) struct Diagnosis {
    pub id: String,
    /// The main one stands first.
    pub main: bool,
}

/// Adds a Condition for the main disease, each further one and each traditional-medicine code.
pub(crate) fn map(scene: &Scene<'_, '_>, own: &mut Vec<Value>) -> Vec<Diagnosis> {
    let row = scene.summary;
    let mut found = Vec::new();
    let text = row.text("CHAN_DOAN_RV");
    let main = row.text("MA_BENH_CHINH");
    if main.is_some() || text.is_some() {
        let codings = main.map(|code| scene.icd10(code)).into_iter().collect();
        let mut condition = head(scene, "main", main.unwrap_or_default());
        condition.tree.put("code", concept(codings, text.or(main.and_then(|code| scene.title_of(code)))));
        if let Some(code) = row.text("MA_TAI_NAN").filter(|code| *code != "0") {
            condition.tree.extend("ma-tai-nan", "valueCoding", scene.national("ma-tai-nan", code));
        }
        found.push(condition.finish(true, own));
    }
    let mut seen: Vec<&str> = main.into_iter().collect();
    for code in row.list("MA_BENH_KT").into_iter().filter(|code| !code.is_empty()) {
        if !seen.contains(&code) {
            seen.push(code);
            let mut condition = head(scene, "further", code);
            condition.tree.put("code", concept(vec![scene.icd10(code)], scene.title_of(code)));
            found.push(condition.finish(false, own));
        }
    }
    let mut seen: Vec<&str> = Vec::new();
    for code in row.list("MA_BENH_YHCT").into_iter().filter(|code| !code.is_empty()) {
        if !seen.contains(&code) {
            seen.push(code);
            let mut condition = head(scene, "traditional", code);
            condition.tree.put("code", concept(vec![coding(&system("benh-yhct"), code, None)], None));
            found.push(condition.finish(false, own));
        }
    }
    found
}

struct Started {
    id: String,
    tree: Tree,
}

fn head(scene: &Scene<'_, '_>, what: &str, code: &str) -> Started {
    let id = scene.id(&format!("condition-{what}"), code);
    let mut tree = Tree::resource("Condition", &id, &scene.source("XML1", scene.summary.number));
    let verification = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
    tree.put("verificationStatus", concept(vec![coding(verification, "confirmed", None)], None));
    let category = "http://terminology.hl7.org/CodeSystem/condition-category";
    tree.put("category", json!([concept(vec![coding(category, "encounter-diagnosis", None)], None)]));
    tree.put("subject", scene.subject());
    tree.put("encounter", scene.encounter());
    tree.put("recordedDate", scene.ended.date_time().as_str());
    Started { id, tree }
}

impl Started {
    fn finish(self, main: bool, own: &mut Vec<Value>) -> Diagnosis {
        own.push(self.tree.finish());
        Diagnosis { id: self.id, main }
    }
}
