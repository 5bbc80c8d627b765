//! FHIR update: `PUT [base]/[type]/[id]`, also as a create. <https://hl7.org/fhir/R4/http.html#update>

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
