//! `CodeSystem/$lookup`. <https://hl7.org/fhir/R4/codesystem-operation-lookup.html>

use super::coded::{day, one_code, terminology};
use super::{Call, answer};
use crate::answer::Answer;
use yba_fhir::Outcome;
use yba_terminology::lookup::Lookup;

/// Everything known of a code: names, place in the hierarchy, properties, the days on which it holds.
pub async fn run(call: Call) -> Result<Answer, Outcome> {
    let arguments = &call.arguments;
    arguments.only(&["code", "system", "version", "coding", "date", "displayLanguage", "property"])?;
    let sent = one_code(arguments, "code", None)?;
    let (language, properties) = (arguments.text("displayLanguage")?, arguments.texts("property"));
    let asked = Lookup {
        system: sent.system.as_deref().unwrap_or_default(),
        version: sent.version.as_deref(),
        code: &sent.code,
        on: day(&call)?,
        language: language.as_deref(),
        properties: &properties,
    };
    answer(&terminology(&call).await?.lookup(&asked)?)
}
