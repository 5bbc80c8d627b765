//! FHIR history: of one record, of a type, of everything. <https://hl7.org/fhir/R4/http.html#history>
//!
//! The order is that of arrival at this node, newest first (DESIGN 8): versions of other nodes arrive later than
//! they were written. `_since` and `_at` mean arrival too, so that who asks from time to time misses none.

use crate::address;
use crate::answer::{Answer, Reply};
use crate::api::Api;
use crate::asked::Asked;
use crate::bundle::Writer;
use crate::target::Target;
use axum::extract::State;
use yba_fhir::{DateRange, Outcome};
use yba_records::{Ctx, Past};
use yba_store::search::query::{COUNT_DEFAULT, COUNT_MAX};

/// One page of versions. Parameters: `_count`, `_since`, `_at`; `_page` comes from a link of the page before.
pub async fn handle(State(api): State<Api>, asked: Asked, target: Target) -> Reply {
    asked.only_conditions(&["If-None-Match"])?;
    Ok(page(&api, &asked.ctx, &asked.base, &target, &asked.pairs).await?)
}

/// One page of the versions of the target – a record, a type when it has no id, everything when it has no type –, for
/// an address or an entry of a bundle.
pub async fn page(
    api: &Api,
    ctx: &Ctx,
    base: &str,
    target: &Target,
    pairs: &[(String, String)],
) -> Result<Answer, Outcome> {
    let wanted = Wanted::parse(pairs)?;
    let records = api.records();
    let mut past = Past::of_record(&target.kind, &target.id, wanted.count);
    past.before = wanted.before.unwrap_or(past.before);
    if let Some(ms) = wanted.since_ms {
        past.after = records.arrived_before(ms).await?;
    }
    if let Some(range) = wanted.at {
        let ends = (records.arrived_before(range.start).await?, records.arrived_before(range.end).await?);
        past.between = Some(ends);
    }
    let (events, more) = records.history_page(ctx, &past).await?;
    let steps = [base, &target.kind, &target.id, "_history"];
    let here = steps.into_iter().filter(|step| !step.is_empty()).collect::<Vec<_>>().join("/");
    let mut links = vec![("self", address::with_query(&here, pairs))];
    if let (true, Some(last)) = (more, events.last()) {
        let mut next: Vec<(String, String)> =
            pairs.iter().filter(|(name, _)| !matches!(name.as_str(), "_page" | "_count")).cloned().collect();
        next.push(("_count".to_owned(), wanted.count.to_string()));
        next.push(("_page".to_owned(), last.version.t.to_string()));
        links.push(("next", address::with_query(&here, &next)));
    }
    let total = (!more && wanted.before.is_none()).then_some(events.len() as u64);
    let bytes = events.iter().map(|event| event.version.body.len() + 400).sum();
    let mut bundle = Writer::new("history", total, &links, None, bytes);
    for event in &events {
        bundle.past(base, &event.version, event.was_there);
    }
    Ok(Answer::json(bundle.finish()))
}

struct Wanted {
    count: usize,
    before: Option<i64>,
    since_ms: Option<i64>,
    at: Option<DateRange>,
}

impl Wanted {
    fn parse(pairs: &[(String, String)]) -> Result<Wanted, Outcome> {
        let mut wanted = Wanted { count: COUNT_DEFAULT, before: None, since_ms: None, at: None };
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs {
            if seen.contains(&name.as_str()) {
                return Err(bad(name, "một lần"));
            }
            seen.push(name);
            // A bare `+` in an address means a blank.
            let moment = || DateRange::parse(&value.replace(' ', "+"));
            match name.as_str() {
                "_count" => match value.parse::<usize>() {
                    Ok(count) if count > 0 => wanted.count = count.min(COUNT_MAX),
                    _ => return Err(bad(name, "một số nguyên dương")),
                },
                "_page" => match value.parse::<i64>() {
                    Ok(t) if t > 0 => wanted.before = Some(t),
                    _ => return Err(bad(name, "giá trị từ liên kết của trang trước")),
                },
                "_since" => match moment() {
                    Some(range) => wanted.since_ms = Some(range.start),
                    None => return Err(bad(name, "một thời điểm như 2026-03-02T08:00:00+07:00")),
                },
                "_at" => match moment() {
                    Some(range) => wanted.at = Some(range),
                    None => return Err(bad(name, "một ngày hoặc thời điểm như 2026-03-02")),
                },
                "_format" | "_pretty" => {}
                _ => {
                    let name: String = name.chars().take(64).collect();
                    let text = format!("Máy chủ này chưa hỗ trợ tham số “{name}” cho lịch sử.");
                    let detail = format!("history parameter {name:?} is not supported");
                    return Err(Outcome::invalid("parameter-unsupported", text, detail).at(name));
                }
            }
        }
        Ok(wanted)
    }
}

fn bad(name: &str, wanted: &str) -> Outcome {
    let text = format!("Tham số “{name}” không hợp lệ; cần {wanted}.");
    Outcome::invalid("parameter-value", text, format!("bad value for {name}")).at(name.to_owned())
}
