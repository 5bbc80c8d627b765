//! `ValueSet/$validate-code` and `CodeSystem/$validate-code`.
//! <https://hl7.org/fhir/R4/valueset-operation-validate-code.html>,
//! <https://hl7.org/fhir/R4/codesystem-operation-validate-code.html>

use super::coded::{Sent, codes, day, missing, named, terminology};
use super::expand::set;
use super::{Call, answer};
use crate::answer::Answer;
use yba_fhir::Outcome;
use yba_fhir::json::str_at;
use yba_terminology::validate_code::Coded;

/// Whether a value set holds a code.
pub async fn in_set(call: Call) -> Result<Answer, Outcome> {
    let arguments = &call.arguments;
    arguments.only(&[
        "url",
        "valueSet",
        "resource",
        "valueSetVersion",
        "code",
        "system",
        "systemVersion",
        "version",
        "display",
        "coding",
        "codeableConcept",
        "date",
        "displayLanguage",
    ])?;
    let sent = codes(arguments, "code", "system")?;
    if sent.is_empty() {
        return Err(missing("code"));
    }
    let terminology = terminology(&call).await?;
    let set = set(&call, &terminology).await?;
    let language = arguments.text("displayLanguage")?;
    let coded: Vec<Coded> = sent.iter().map(Sent::coded).collect();
    answer(&terminology.validate_in_set(&set, &coded, language.as_deref(), day(&call)?).to_value())
}

/// Whether a code system has a code; the system is `url`, the one the address names, or the Coding's own.
pub async fn in_system(call: Call) -> Result<Answer, Outcome> {
    let arguments = &call.arguments;
    arguments.only(&[
        "url",
        "code",
        "version",
        "display",
        "coding",
        "codeableConcept",
        "date",
        "displayLanguage",
    ])?;
    let mut sent = codes(arguments, "code", "url")?;
    if sent.is_empty() {
        return Err(missing("code"));
    }
    let resource = named(&call).await?;
    let own = resource.as_ref().and_then(|resource| str_at(resource, &["url"])).map(str::to_owned);
    let own_version =
        resource.as_ref().and_then(|resource| str_at(resource, &["version"])).map(str::to_owned);
    let url = own.or(arguments.text("url")?);
    for one in &mut sent {
        one.system = url.clone().or(one.system.take());
        one.version = one.version.take().or(own_version.clone());
    }
    if sent.iter().any(|one| one.system.is_none()) {
        return Err(missing("url"));
    }
    let language = arguments.text("displayLanguage")?;
    let coded: Vec<Coded> = sent.iter().map(Sent::coded).collect();
    let terminology = terminology(&call).await?;
    answer(&terminology.validate_in_system(&coded, language.as_deref(), day(&call)?)?.to_value())
}
