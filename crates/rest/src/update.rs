//! FHIR update: `PUT [base]/[type]/[id]`, also as a create, and `PUT [base]/[type]?[search]`.
//! <https://hl7.org/fhir/R4/http.html#update>

use crate::address;
use crate::answer::{Answer, Reply};
use crate::api::Api;
use crate::asked::{Asked, Return};
use crate::body::Body;
use crate::create::{nothing_done, same_kind};
use crate::target::Target;
use axum::extract::State;
use yba_fhir::{Outcome, Resource};
use yba_records::Change;

/// Replaces the record, or creates it under this id (201). Content equal but for `meta.versionId` and
/// `meta.lastUpdated` makes no version and answers the one there is.
///
/// Refuses with 412 when `If-Match` names another version than the present one.
pub async fn handle(State(api): State<Api>, asked: Asked, target: Target, body: Body) -> Reply {
    asked.only_parameters(&[])?;
    asked.only_conditions(&["If-Match"])?;
    let resource = same_id(same_kind(body.resource().await?, &target.kind)?, &target.id)?;
    let mut change = Change::put(resource);
    if let Some(version) = asked.if_match()? {
        change = change.if_match(version);
    }
    let done = api.records().transact(&asked.ctx, vec![change]).await?;
    let done = done.into_iter().next().ok_or_else(nothing_done)?;
    Ok(Answer::written(done, &asked.base, asked.wanted.unwrap_or(Return::Representation)))
}

/// Replaces the one record that the parameters find; creates one when there is none. Several are refused with 412, an id in
/// the body that is not the record's with 400. <https://hl7.org/fhir/R4/http.html#cond-update>
pub async fn by_condition(State(api): State<Api>, asked: Asked, target: Target, body: Body) -> Reply {
    asked.only_conditions(&[])?;
    let condition = condition_of(&asked.pairs)?;
    let resource = same_kind(body.resource().await?, &target.kind)?;
    let done = api.records().transact(&asked.ctx, vec![Change::put_where(resource, condition)]).await?;
    let done = done.into_iter().next().ok_or_else(nothing_done)?;
    Ok(Answer::written(done, &asked.base, asked.wanted.unwrap_or(Return::Representation)))
}

/// The search that a conditional interaction names in its address. An empty one would match any record of the type.
pub fn condition_of(pairs: &[(String, String)]) -> Result<String, Outcome> {
    let said = |(name, _): &&(String, String)| !matches!(name.as_str(), "_format" | "_pretty");
    let pairs: Vec<(String, String)> = pairs.iter().filter(said).cloned().collect();
    if pairs.iter().all(|(_, value)| value.is_empty()) {
        let text = "Thiếu điều kiện tìm trong địa chỉ, ví dụ ?identifier=….";
        return Err(Outcome::invalid("condition-empty", text, "the address holds no search condition"));
    }
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !is_condition(name)) {
        let name: String = name.chars().take(64).collect();
        let text = format!("Tham số “{name}” không phải điều kiện tìm.");
        let detail = format!("{name:?} is no search condition");
        return Err(Outcome::invalid("parameter-unsupported", text, detail).at(name));
    }
    Ok(address::query(&pairs))
}

/// What changes how a search is shown says nothing of which records are meant.
fn is_condition(name: &str) -> bool {
    const CONTROL: [&str; 9] = [
        "_sort",
        "_count",
        "_include",
        "_revinclude",
        "_summary",
        "_total",
        "_elements",
        "_contained",
        "_page",
    ];
    !CONTROL.contains(&name.split(':').next().unwrap_or_default())
}

/// Refuses a body whose id is missing or another than the address says.
pub fn same_id(resource: Resource, id: &str) -> Result<Resource, Outcome> {
    if resource.id() == Some(id) {
        return Ok(resource);
    }
    let found = resource.id().unwrap_or("(không có)");
    let text = format!("id trong nội dung ({found}) phải trùng với id trong địa chỉ ({id}).");
    let detail = format!("the address says id {id}, the body says {:?}", resource.id());
    Err(Outcome::invalid("id-mismatch", text, detail).at(format!("{}.id", resource.kind())))
}
