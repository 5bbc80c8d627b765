//! `Subscription/[id]/$dead-letters` and `…/$redeliver`: notifications that could not be delivered, and sending them again.
//! Operations of our own, for R4 leaves to the server what becomes of them.
//! <https://hl7.org/fhir/R4/subscription.html>

use super::{Call, answer};
use crate::answer::Answer;
use yba_fhir::Outcome;
use yba_fhir::date::instant;
use yba_fhir::json::{Value, json};
use yba_subscription::letters::{self, Letter};

/// The dead letters, oldest first, with how many were dropped before them and how many notifications wait.
pub async fn list(call: Call) -> Result<Answer, Outcome> {
    call.arguments.only(&[])?;
    let found = letters::letters(call.api.records(), &call.asked.ctx, &call.target.id).await?;
    let mut parts = vec![count("waiting", found.waiting), count("dropped", found.dropped)];
    parts.extend(found.letters.iter().map(letter));
    answer(&json!({"resourceType": "Parameters", "parameter": (parts)}))
}

/// Puts them all back into the queue; answers how many.
pub async fn redeliver(call: Call) -> Result<Answer, Outcome> {
    call.arguments.only(&[])?;
    let put_back = &call.api.settings().put_back;
    let done = letters::redeliver(call.api.records(), &call.asked.ctx, &call.target.id, put_back).await?;
    let parts = vec![count("redelivered", done as i64)];
    answer(&json!({"resourceType": "Parameters", "parameter": (parts)}))
}

fn count(name: &str, number: i64) -> Value {
    json!({"name": name, "valueInteger": number})
}

fn letter(one: &Letter) -> Value {
    let reference = format!("{}/{}", one.kind, one.id);
    json!({"name": "letter", "part": [
        {"name": "about", "valueReference": {"reference": (reference.as_str())}},
        {"name": "tries", "valueInteger": (one.tries)},
        {"name": "status", "valueString": (one.status.as_str())},
        {"name": "last", "valueInstant": (instant(one.at).as_str())}
    ]})
}
