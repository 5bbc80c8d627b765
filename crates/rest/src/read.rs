//! FHIR read: `GET [base]/[type]/[id]`, conditional with `If-None-Match` and
//! `If-Modified-Since`. <https://hl7.org/fhir/R4/http.html#read>

use crate::address::version_of_tag;
use crate::answer::{Answer, Reply};
use crate::api::Api;
use crate::asked::Asked;
use crate::subset::PARAMETERS;
use crate::target::Target;
use axum::extract::State;
use yba_records::Version;

/// The record as it is now: 404 when there never was one, 410 when it was deleted, 304 when the caller has it.
pub async fn handle(State(api): State<Api>, asked: Asked, target: Target) -> Reply {
    asked.only_parameters(&PARAMETERS)?;
    let subset = asked.subset()?;
    let version = api.records().read(&asked.ctx, &target.kind, &target.id).await?;
    Ok(unless_known(version, asked.if_none_match.as_deref(), asked.if_modified_since).reduced(subset))
}

/// The record, unless the caller has this version, by its tag or, when no tag is sent, by its time.
/// <https://hl7.org/fhir/R4/http.html#cread>
pub fn unless_known(version: Version, if_none_match: Option<&str>, modified_since: Option<i64>) -> Answer {
    let known = match if_none_match {
        Some(tags) => {
            tags.split(',').any(|tag| tag.trim() == "*" || version_of_tag(tag) == Some(&version.version_id))
        }
        None => modified_since.is_some_and(|since| version.last_updated_ms().div_euclid(1000) <= since),
    };
    if known { Answer::not_modified(version) } else { Answer::record(version) }
}
