//! A form of content within the room: what the record answers to the form's own questions, asked on behalf of whoever fills
//! it in.

use yba_fhir::json::{self, Value, json};
use yba_fhir::{Kind, Outcome};
use yba_forms::{Form, Setting};
use yba_records::{Ctx, Query, Records, Version};

/// Most questions that one form asks of the record.
const QUERIES_MAX: usize = 20;

/// Answers every query of a form. What the caller may not see is left for them to type.
pub(crate) async fn answer_queries(
    records: &Records,
    ctx: &Ctx,
    form: &Form,
    setting: &mut Setting,
) -> Result<(), Outcome> {
    for _ in 0..QUERIES_MAX {
        let Some(query) = form.next_query(setting) else { return Ok(()) };
        let found = match answered(records, ctx, &query.address).await {
            Err(outcome) if matches!(outcome.kind, Kind::Forbidden | Kind::NotFound | Kind::Gone) => None,
            found => Some(found?),
        };
        setting.answer(query, found);
    }
    Ok(())
}

/// `Observation?patient=1&code=…` or `Patient/1`.
async fn answered(records: &Records, ctx: &Ctx, address: &str) -> Result<Value, Outcome> {
    let Some((kind, query)) = address.split_once('?') else {
        let (kind, id) = address.split_once('/').unwrap_or((address, ""));
        return records.read(ctx, kind, id).await.map(|version| version.tree());
    };
    let found = records.search(ctx, &Query::parse_string(kind, query)?, None).await?;
    let mut entries = json::Array::new();
    for tree in found.matches.iter().map(Version::tree) {
        entries.push(json!({"resource": tree}));
    }
    Ok(json!({"resourceType": "Bundle", "type": "searchset", "entry": entries}))
}
