//! `ConceptMap/$translate`. <https://hl7.org/fhir/R4/conceptmap-operation-translate.html>

use super::coded::{codes, day, flag, malformed, missing, named, terminology};
use super::{Call, answer};
use crate::answer::Answer;
use std::sync::Arc;
use yba_fhir::Outcome;
use yba_fhir::json::str_at;
use yba_terminology::Terminology;
use yba_terminology::translate::{Translate, Translation};

/// The codes that a code, a Coding or each Coding of a CodeableConcept is mapped to.
pub async fn run(call: Call) -> Result<Answer, Outcome> {
    let arguments = &call.arguments;
    arguments.only(&[
        "url",
        "conceptMapVersion",
        "conceptMap",
        "code",
        "system",
        "version",
        "coding",
        "codeableConcept",
        "source",
        "target",
        "targetsystem",
        "reverse",
        "date",
    ])?;
    let sent = codes(arguments, "code", "system")?;
    if sent.is_empty() {
        return Err(missing("code"));
    }
    let (terminology, map) = map(&call).await?;
    let target = match arguments.text("targetsystem")? {
        Some(system) => Some(system),
        None => arguments.text("target")?,
    };
    let (on, reverse) = (day(&call)?, flag(arguments, "reverse")?.unwrap_or(false));
    let mut matches = Vec::new();
    for one in &sent {
        let Some(system) = one.system.as_deref() else { return Err(missing("system")) };
        let asked = Translate {
            map: map.as_deref(),
            system,
            code: &one.code,
            target: target.as_deref(),
            reverse,
            on,
        };
        matches.extend(terminology.translate(&asked)?.matches);
    }
    answer(&Translation { matches }.to_value())
}

/// The map that is meant, if one is, and a terminology that knows it.
async fn map(call: &Call) -> Result<(Arc<Terminology>, Option<String>), Outcome> {
    let arguments = &call.arguments;
    let known = terminology(call).await?;
    let own = match named(call).await? {
        Some(resource) => Some(resource),
        None => arguments.resource("conceptMap")?.cloned(),
    };
    if let Some(resource) = own {
        let url = str_at(&resource, &["url"]).ok_or_else(|| missing("ConceptMap.url"))?;
        let canonical = match str_at(&resource, &["version"]) {
            Some(version) => format!("{url}|{version}"),
            None => url.to_owned(),
        };
        let with = known.with_resources(std::iter::once(&resource)).map_err(malformed)?;
        return Ok((Arc::new(with), Some(canonical)));
    }
    let Some(url) = arguments.text("url")? else { return Ok((known, None)) };
    let canonical = match arguments.text("conceptMapVersion")? {
        Some(version) => format!("{url}|{version}"),
        None => url,
    };
    Ok((known, Some(canonical)))
}
