//! FHIR vread: `GET [base]/[type]/[id]/_history/[vid]`. <https://hl7.org/fhir/R4/http.html#vread>

use crate::answer::Reply;
use crate::api::Api;
use crate::asked::Asked;
use crate::read::unless_seen;
use crate::subset::PARAMETERS;
use crate::target::Target;
use axum::extract::State;

/// One version, for as long as the record is kept: 404 when there is no such version, 410 when it is a deletion.
pub async fn handle(State(api): State<Api>, asked: Asked, target: Target) -> Reply {
    asked.only_parameters(&PARAMETERS)?;
    let subset = asked.subset()?;
    let version = api.records().vread(&asked.ctx, &target.kind, &target.id, &target.version).await?;
    Ok(unless_seen(version, &asked).reduced(subset))
}
