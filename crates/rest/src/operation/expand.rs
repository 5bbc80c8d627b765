//! `ValueSet/$expand`. <https://hl7.org/fhir/R4/valueset-operation-expand.html>

use super::coded::{day, flag, malformed, missing, named, number, terminology, unknown};
use super::{Call, answer};
use crate::answer::Answer;
use yba_fhir::{Outcome, date};
use yba_terminology::expand::Expand;
use yba_terminology::{SetRef, Terminology};

/// The codes of the value set that the address names, that was sent along, or that `url` means.
pub async fn run(call: Call) -> Result<Answer, Outcome> {
    let arguments = &call.arguments;
    arguments.only(&[
        "url",
        "valueSet",
        "resource",
        "valueSetVersion",
        "filter",
        "date",
        "offset",
        "count",
        "includeDesignations",
        "displayLanguage",
        "activeOnly",
        "excludeNested",
    ])?;
    let terminology = terminology(&call).await?;
    let set = set(&call, &terminology).await?;
    let (filter, language) = (arguments.text("filter")?, arguments.text("displayLanguage")?);
    let timestamp = date::instant(call.api.records().store().clock().now_ms());
    let asked = Expand {
        on: day(&call)?,
        filter: filter.as_deref(),
        offset: number(arguments, "offset")?.unwrap_or(0),
        count: number(arguments, "count")?,
        include_designations: flag(arguments, "includeDesignations")?.unwrap_or(false),
        language: language.as_deref(),
        active_only: flag(arguments, "activeOnly")?.unwrap_or(false),
        exclude_nested: flag(arguments, "excludeNested")?,
        timestamp: &timestamp,
    };
    answer(&set.expand(&asked)?.to_value(&set, &asked))
}

/// The value set that is meant.
pub async fn set(call: &Call, terminology: &Terminology) -> Result<SetRef, Outcome> {
    if let Some(resource) = named(call).await? {
        return terminology.value_set_of(&resource).map_err(malformed);
    }
    let arguments = &call.arguments;
    let sent = match arguments.resource("valueSet")? {
        Some(resource) => Some(resource),
        None => arguments.resource("resource")?,
    };
    if let Some(resource) = sent {
        return terminology.value_set_of(resource).map_err(malformed);
    }
    let Some(url) = arguments.text("url")? else { return Err(missing("url")) };
    let canonical = match arguments.text("valueSetVersion")? {
        Some(version) => format!("{url}|{version}"),
        None => url,
    };
    terminology.value_set(&canonical).ok_or_else(|| unknown("bộ mã", "url", &canonical))
}
