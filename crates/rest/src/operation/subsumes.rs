//! `CodeSystem/$subsumes`. <https://hl7.org/fhir/R4/codesystem-operation-subsumes.html>

use super::coded::{Sent, day, named, one_code, terminology};
use super::{Call, answer};
use crate::answer::Answer;
use yba_fhir::json::str_at;
use yba_fhir::{Kind, Outcome};

/// How two codes of one system stand to each other.
pub async fn run(call: Call) -> Result<Answer, Outcome> {
    let arguments = &call.arguments;
    arguments.only(&["codeA", "codeB", "codingA", "codingB", "system", "version", "date"])?;
    let resource = named(&call).await?;
    let own = resource.as_ref().and_then(|resource| str_at(resource, &["url"]));
    let (a, b) = (one_code(arguments, "codeA", own)?, one_code(arguments, "codeB", own)?);
    if a.system != b.system {
        return Err(two_systems(&a, &b));
    }
    let own_version = resource.as_ref().and_then(|resource| str_at(resource, &["version"]));
    let version = a.version.as_deref().or(own_version);
    let system = a.system.as_deref().unwrap_or_default();
    let found = terminology(&call).await?.subsumes(system, version, &a.code, &b.code, day(&call)?)?;
    answer(&found.to_value())
}

fn two_systems(a: &Sent, b: &Sent) -> Outcome {
    let text = "Hai mã phải cùng một hệ mã.";
    let detail = format!("the codes are of {:?} and {:?}", a.system, b.system);
    Outcome::new(Kind::Invalid, "terminology-two-systems", text, detail).at("codingB.system")
}
