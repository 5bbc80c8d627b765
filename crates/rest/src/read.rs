//! FHIR read: `GET [base]/[type]/[id]`, conditional with `If-None-Match` or `If-Modified-Since`. <https://hl7.org/fhir/R4/http.html#read>

use crate::address::version_of_tag;
use crate::answer::{Answer, Reply};
use crate::api::Api;
use crate::asked::Asked;
use crate::subset::PARAMETERS;
use crate::target::Target;
use axum::extract::State;
use std::time::{Duration, UNIX_EPOCH};
use yba_records::Version;

/// The record as it is now: 404 when there never was one, 410 when it was deleted, 304 when the caller has it.
pub async fn handle(State(api): State<Api>, asked: Asked, target: Target) -> Reply {
    asked.only_parameters(&PARAMETERS)?;
    let subset = asked.subset()?;
    let version = api.records().read(&asked.ctx, &target.kind, &target.id).await?;
    Ok(unless_seen(version, &asked).reduced(subset))
}

/// The record, unless the caller has it: by `If-None-Match`, or where there is none by `If-Modified-Since`, which tells
/// whole seconds apart and no less (RFC 7232, 3.3).
pub fn unless_seen(version: Version, asked: &Asked) -> Answer {
    let seconds = Duration::from_secs(version.last_updated_ms().max(0) as u64 / 1000);
    match (&asked.if_none_match, asked.if_modified_since) {
        (None, Some(since)) if UNIX_EPOCH + seconds <= since => Answer::not_modified(version),
        (tags, _) => unless_known(version, tags.as_deref()),
    }
}

/// The record, unless `If-None-Match` names this version.
pub fn unless_known(version: Version, if_none_match: Option<&str>) -> Answer {
    let known = if_none_match.is_some_and(|tags| {
        tags.split(',').any(|tag| tag.trim() == "*" || version_of_tag(tag) == Some(&version.version_id))
    });
    if known { Answer::not_modified(version) } else { Answer::record(version) }
}
