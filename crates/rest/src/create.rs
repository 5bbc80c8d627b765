//! FHIR create: `POST [base]/[type]`. <https://hl7.org/fhir/R4/http.html#create>

use crate::answer::{Answer, Reply};
use crate::api::Api;
use crate::asked::{Asked, Return, query_pairs};
use crate::body::Body;
use crate::target::Target;
use axum::extract::State;
use yba_fhir::json::{JsonValueMutTrait, Value};
use yba_fhir::{Outcome, Resource};
use yba_records::Change;

/// Stores a new resource under a server-assigned id; an id in the body is passed over, as the specification says.
///
/// With `If-None-Exist` and one match, answers that match with 200 and stores nothing; refuses with 412 on several.
pub async fn handle(State(api): State<Api>, asked: Asked, target: Target, body: Body) -> Reply {
    asked.only_parameters(&[])?;
    asked.only_conditions(&["If-None-Exist"])?;
    let resource = without_id(same_kind(body.resource().await?, &target.kind)?)?;
    let mut change = Change::create(resource);
    if let Some(condition) = &asked.if_none_exist {
        change = change.unless(checked_condition(condition)?);
    }
    let done = api.records().transact(&asked.ctx, vec![change]).await?;
    let done = done.into_iter().next().ok_or_else(nothing_done)?;
    Ok(Answer::written(done, &asked.base, asked.wanted.unwrap_or(Return::Representation)))
}

/// Refuses a resource of another type than the address says.
pub fn same_kind(resource: Resource, kind: &str) -> Result<Resource, Outcome> {
    if resource.kind() == kind {
        return Ok(resource);
    }
    let text = format!("Địa chỉ là {kind} nhưng nội dung là {}.", resource.kind());
    let detail = format!("the address says {kind}, resourceType says {}", resource.kind());
    Err(Outcome::invalid("type-mismatch", text, detail).at("resourceType"))
}

/// The resource without an id of the sender's making.
pub fn without_id(resource: Resource) -> Result<Resource, Outcome> {
    if resource.id().is_none() {
        return Ok(resource);
    }
    let mut tree: Value = resource.into_tree();
    if let Some(object) = tree.as_object_mut() {
        object.remove(&"id");
    }
    Resource::from_value(tree)
}

/// If-None-Exist as a query string. An empty one would match any record of the type, so it is refused.
pub fn checked_condition(condition: &str) -> Result<&str, Outcome> {
    let condition = condition.split_once('?').map_or(condition, |(_, query)| query).trim();
    if query_pairs(condition)?.iter().all(|(_, value)| value.is_empty()) {
        let text = "If-None-Exist không có điều kiện nào.";
        return Err(Outcome::invalid("condition-empty", text, "If-None-Exist holds no condition"));
    }
    Ok(condition)
}

/// The door answers as many changes as it was asked.
pub fn nothing_done() -> Outcome {
    Outcome::fault("the door answered fewer changes than it was asked")
}
