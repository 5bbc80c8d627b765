//! A small procedure at a visit: dressing, stitches out, an injection that was prescribed. What is chosen from comes from content.

use yba_content::CodeList;
use yba_fhir::json::{Value, json, str_at};
use yba_fhir::{Kind, Outcome, Resource, date};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::prescribe::{labels, stands};
use crate::visit::{RECORDS_MAX, hashed, mistaken, put, refuse_elsewhere};

/// The list of content that is chosen from.
pub const LIST: &str = "thu-thuat-tram";
/// Longest note.
pub const NOTE_MAX: usize = 200;

/// A procedure that is about to be written down.
#[derive(Debug)]
pub struct Draft<'d> {
    /// Id of the Patient.
    pub patient: &'d str,
    /// The Encounter.
    pub visit: &'d Value,
    /// The visit's Conditions, as far as the caller sees them: their labels go along, and the first is the reason.
    pub diagnoses: &'d [Value],
    /// Code of the list.
    pub code: &'d str,
    pub note: &'d str,
    /// Id of the Organization where it is done.
    pub facility: Option<&'d str>,
    /// Who does it, as it is shown.
    pub by: Option<&'d str>,
    /// Tells this form from others: sent twice, it is written once.
    pub form: &'d str,
    pub now_ms: i64,
}

impl Draft<'_> {
    fn visit_id(&self) -> &str {
        str_at(self.visit, &["id"]).unwrap_or_default()
    }

    /// The id of the Procedure.
    pub fn id(&self) -> String {
        let (form, visit) = (self.form, self.visit_id());
        hashed(&format!("{form}\n{visit}\n{}\nprocedure", self.code))
    }

    /// The record. Refuses with `unprocessable`, at `code` or `note`, what is not in the list, a note that is too long, and another procedure
    /// without its name.
    fn planned(&self, list: &CodeList) -> Result<Value, Outcome> {
        let wrong = |field: &'static str, text: String| {
            Err(Outcome::new(Kind::Unprocessable, "procedure", text, "a procedure is not said").at(field))
        };
        let Some(kind) = list.codes.iter().find(|one| one.code == self.code) else {
            return wrong("code", "Chọn một thủ thuật trong danh sách.".into());
        };
        let note = self.note.trim();
        if note.chars().count() > NOTE_MAX {
            return wrong("note", format!("Ghi chú dài quá {NOTE_MAX} ký tự."));
        }
        if kind.code == "khac" && note.is_empty() {
            return wrong("note", "Ghi rõ thủ thuật gì.".into());
        }
        let visit = self.visit_id();
        let mut actor = json!({"actor": {"display": self.by.unwrap_or("chưa rõ")}});
        let own = self.facility.map(|facility| format!("Organization/{facility}"));
        if let Some(facility) = own.as_deref().or(str_at(self.visit, &["serviceProvider", "reference"])) {
            put(&mut actor, "onBehalfOf", json!({"reference": facility}));
        }
        let mut tree = json!({
            "resourceType": "Procedure",
            "id": self.id().as_str(),
            "status": "completed",
            "code": {"coding": [{"system": list.url.as_str(), "code": kind.code.as_str()}], "text": kind.title.as_str()},
            "subject": {"reference": format!("Patient/{}", self.patient).as_str()},
            "encounter": {"reference": format!("Encounter/{visit}").as_str()},
            "performedDateTime": date::instant(self.now_ms).as_str(),
            "performer": [actor]
        });
        if let Some(reason) = self.diagnoses.iter().find_map(|one| str_at(one, &["id"])) {
            let reason = json!({"reference": format!("Condition/{reason}").as_str()});
            put(&mut tree, "reasonReference", json!([reason]));
        }
        if !note.is_empty() {
            put(&mut tree, "note", json!([{"text": note}]));
        }
        let labels = labels(self.diagnoses.iter().chain([self.visit]));
        if !labels.is_empty() {
            put(&mut tree, "meta", json!({"security": labels}));
        }
        Ok(tree)
    }
}

/// Writes a procedure down; the same form again writes nothing more. Refuses with `unprocessable`, at `code` or `note`, what the list does not
/// allow, with `conflict` at a visit that was taken back, and with `forbidden` at another facility's.
pub async fn place(records: &Records, ctx: &Ctx, list: &CodeList, draft: &Draft<'_>) -> Result<(), Outcome> {
    if !stands(draft.visit) {
        let text = "Lần khám này đã được rút nên không ghi thủ thuật vào đó được.";
        return Err(Outcome::new(Kind::Conflict, "visit", text, "the visit was taken back"));
    }
    refuse_elsewhere(draft.visit, draft.facility)?;
    let resource = Resource::from_value(draft.planned(list)?)?;
    match records.transact(ctx, vec![Change::create(resource.clone())]).await {
        Ok(_) => Ok(()),
        Err(outcome) if outcome.kind == Kind::Conflict => {
            let known = records.read(ctx, "Procedure", &draft.id()).await.map_err(|_| outcome)?;
            if stands(&known.tree()) {
                return Ok(());
            }
            // The same form, sent again after it was taken back.
            let again = Change::put(resource).if_match(known.version_id.as_str());
            records.transact(ctx, vec![again]).await.map(|_| ())
        }
        Err(outcome) => Err(outcome),
    }
}

/// The procedures of some visits (ids of Encounters) that stand, the last first.
pub async fn at(records: &Records, ctx: &Ctx, visits: &[&str]) -> Result<Vec<Value>, Outcome> {
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    let visits: Vec<String> = visits.iter().map(|id| format!("Encounter/{id}")).collect();
    let query = format!("encounter={}&status=completed&_sort=-date&_count={RECORDS_MAX}", visits.join(","));
    let found = records.search(ctx, &Query::parse_string("Procedure", &query)?, None).await?;
    Ok(found.matches.iter().map(Version::tree).collect())
}

/// Takes back a procedure that was written by mistake; it stays in the history as entered in error. Refuses with `not-found` what is none of
/// this visit, and with `forbidden` at another facility's.
pub async fn take_back(
    records: &Records,
    ctx: &Ctx,
    visit: &Value,
    facility: Option<&str>,
    id: &str,
) -> Result<(), Outcome> {
    refuse_elsewhere(visit, facility)?;
    let visit = str_at(visit, &["id"]).unwrap_or_default();
    let tree = records.read(ctx, "Procedure", id).await?.tree();
    let of = str_at(&tree, &["encounter", "reference"]).and_then(|one| one.strip_prefix("Encounter/"));
    if of != Some(visit) || !id.starts_with("lk-") || !stands(&tree) {
        let text = "Không thấy thủ thuật này trong lần khám.";
        return Err(Outcome::new(Kind::NotFound, "procedure", text, "no procedure of this visit"));
    }
    records.transact(ctx, vec![mistaken("Procedure", id)]).await.map(|_| ())
}

#[cfg(test)]
#[path = "procedure_tests.rs"]
mod tests;
