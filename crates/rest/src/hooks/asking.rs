//! What a CDS client asks.

use super::{text, wrong};
use yba_fhir::Outcome;
use yba_fhir::json::{self, JsonValueTrait, Value, items, str_at};
use yba_fhir::resource::is_id;
use yba_rules::limits::RECORDS_MAX;

/// Most draft orders of one question.
const ORDERS_MAX: usize = 100;

/// A question that is well-formed.
pub(super) struct Question<'q> {
    tree: &'q Value,
    /// A UUID: the same for the same act of somebody.
    pub instance: &'q str,
    /// Id of the Patient.
    pub patient: &'q str,
    /// Whether it is about records of this node, by `fhirServer`.
    pub is_ours: bool,
}

impl<'q> Question<'q> {
    /// Refuses with `invalid` what lacks what CDS Hooks requires of this hook.
    pub fn of(tree: &'q Value, hook: &str, base: &str) -> Result<Question<'q>, Outcome> {
        if text(tree, &["hook"])? != hook {
            return Err(wrong("hook"));
        }
        let instance = text(tree, &["hookInstance"])?;
        if instance.len() > 64 {
            return Err(wrong("hookInstance"));
        }
        text(tree, &["context", "userId"])?;
        let patient = text(tree, &["context", "patientId"])?;
        let patient = patient.strip_prefix("Patient/").unwrap_or(patient);
        if !is_id(patient) {
            return Err(wrong("context.patientId"));
        }
        if hook.starts_with("order-") {
            let drafts =
                json::at(tree, &["context", "draftOrders"]).ok_or_else(|| wrong("context.draftOrders"))?;
            let count = items(drafts, "entry").count();
            if str_at(drafts, &["resourceType"]) != Some("Bundle") || count > ORDERS_MAX {
                return Err(wrong("context.draftOrders"));
            }
        }
        let server = str_at(tree, &["fhirServer"]).unwrap_or_default();
        let is_ours = !server.is_empty() && server.trim_end_matches('/') == base.trim_end_matches('/');
        Ok(Question { tree, instance, patient, is_ours })
    }

    /// What is entered now, and what was drafted besides: of an order that is being chosen the others lie beside it.
    pub fn entered(&self) -> (Vec<Value>, Vec<Value>) {
        let Some(drafts) = json::at(self.tree, &["context", "draftOrders"]) else {
            return Default::default();
        };
        let all = items(drafts, "entry").filter_map(|entry| entry.get("resource")).cloned();
        let chosen: Vec<&str> = json::at(self.tree, &["context"])
            .into_iter()
            .flat_map(|context| items(context, "selections"))
            .filter_map(|one| one.as_str())
            .collect();
        let is_chosen = |one: &Value| {
            let kind = str_at(one, &["resourceType"]).unwrap_or_default();
            let id = str_at(one, &["id"]).unwrap_or_default();
            chosen.is_empty()
                || chosen.iter().any(|chosen| *chosen == id || *chosen == format!("{kind}/{id}"))
        };
        all.partition(is_chosen)
    }

    fn fetched(&self, name: &str) -> Option<&'q Value> {
        let value = json::at(self.tree, &["prefetch"])?.get(name)?;
        // What the client could not fetch is as if it had not tried.
        (str_at(value, &["resourceType"]) != Some("OperationOutcome")).then_some(value)
    }

    /// The one resource that was fetched under this name. Refuses another patient's.
    pub fn resource(&self, name: &str) -> Result<Option<Value>, Outcome> {
        let Some(tree) = self.fetched(name).filter(|tree| !tree.is_null()) else { return Ok(None) };
        let is_right = str_at(tree, &["resourceType"]) == Some("Patient")
            && str_at(tree, &["id"]).is_some_and(|id| id == self.patient);
        if is_right { Ok(Some(tree.clone())) } else { Err(wrong(&format!("prefetch.{name}"))) }
    }

    /// The resources that were fetched under this name: of a Bundle, or one alone; nothing was found when it is null.
    pub fn list(&self, name: &str) -> Result<Option<Vec<Value>>, Outcome> {
        let Some(tree) = self.fetched(name) else { return Ok(None) };
        if tree.is_null() {
            return Ok(Some(Vec::new()));
        }
        match str_at(tree, &["resourceType"]) {
            Some("Bundle") => {
                let all = items(tree, "entry").filter_map(|entry| entry.get("resource")).cloned();
                // One more than is looked at, so that leaving out is noticed.
                Ok(Some(all.take(RECORDS_MAX + 1).collect()))
            }
            Some(_) if tree.is_object() => Ok(Some(vec![tree.clone()])),
            _ => Err(wrong(&format!("prefetch.{name}"))),
        }
    }
}
