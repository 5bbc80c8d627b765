//! FHIR delete: `DELETE [base]/[type]/[id]` and `DELETE [base]/[type]?[search]`.
//! <https://hl7.org/fhir/R4/http.html#delete>

use crate::answer::{Answer, Reply};
use crate::api::Api;
use crate::asked::{Asked, Return};
use crate::create::nothing_done;
use crate::target::Target;
use crate::update::condition_of;
use axum::extract::State;
use yba_records::Change;

/// Deletes the record; its versions stay in history. Deleting what is not there is no error (204 as well), so that
/// a request may be repeated.
pub async fn handle(State(api): State<Api>, asked: Asked, target: Target) -> Reply {
    asked.only_parameters(&[])?;
    asked.only_conditions(&["If-Match"])?;
    let mut change = Change::delete(target.kind, target.id);
    if let Some(version) = asked.if_match()? {
        change = change.if_match(version);
    }
    let done = api.records().transact(&asked.ctx, vec![change]).await?;
    let done = done.into_iter().next().ok_or_else(nothing_done)?;
    Ok(Answer::written(done, &asked.base, asked.wanted.unwrap_or(Return::Minimal)))
}

/// Deletes the one record that the parameters find. None is no error; several are refused with 412, so that one address
/// never empties a type. <https://hl7.org/fhir/R4/http.html#cdelete>
pub async fn by_condition(State(api): State<Api>, asked: Asked, target: Target) -> Reply {
    asked.only_conditions(&[])?;
    let condition = condition_of(&asked.pairs)?;
    let done = api.records().transact(&asked.ctx, vec![Change::delete_where(target.kind, condition)]).await?;
    let done = done.into_iter().next().ok_or_else(nothing_done)?;
    Ok(Answer::written(done, &asked.base, asked.wanted.unwrap_or(Return::Minimal)))
}
