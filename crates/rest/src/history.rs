//! FHIR history of one record: `GET [base]/[type]/[id]/_history`. <https://hl7.org/fhir/R4/http.html#history>
//!
//! The order is that of arrival at this node, newest first (DESIGN 8): versions of other nodes arrive later than
//! they were written.

use crate::address::{self, query};
use crate::answer::{Answer, Reply};
use crate::api::Api;
use crate::asked::Asked;
use crate::bundle::Writer;
use crate::target::Target;
use axum::extract::State;
use yba_fhir::Outcome;
use yba_records::{Ctx, Version};
use yba_store::search::query::{COUNT_DEFAULT, COUNT_MAX};

/// One page of the record's versions. Parameters: `_count`; `_page` comes from a link of the page before.
pub async fn handle(State(api): State<Api>, asked: Asked, target: Target) -> Reply {
    Ok(page(&api, &asked.ctx, &asked.base, &target, &asked.pairs).await?)
}

/// One page of the record's versions, for an address or an entry of a bundle.
pub async fn page(
    api: &Api,
    ctx: &Ctx,
    base: &str,
    target: &Target,
    pairs: &[(String, String)],
) -> Result<Answer, Outcome> {
    let wanted = Wanted::parse(pairs)?;
    // One more than asked: it tells whether there is a next page, and what came before the last one shown.
    let mut versions =
        api.records().history(ctx, &target.kind, &target.id, wanted.count + 1, wanted.before).await?;
    let more = (versions.len() > wanted.count).then(|| versions.pop()).flatten();
    let here = format!("{base}/{}/{}/_history", target.kind, target.id);
    let mut links = vec![("self", address::with_query(&here, pairs))];
    if let (Some(_), Some(last)) = (&more, versions.last()) {
        let next =
            [("_count".to_owned(), wanted.count.to_string()), ("_page".to_owned(), last.t.to_string())];
        links.push(("next", format!("{here}?{}", query(&next))));
    }
    let total = (more.is_none() && wanted.before.is_none()).then_some(versions.len() as u64);
    let bytes = versions.iter().map(|version| version.body.len() + 400).sum();
    let mut bundle = Writer::new("history", total, &links, None, bytes);
    for (position, version) in versions.iter().enumerate() {
        let before = versions.get(position + 1).or(more.as_ref());
        bundle.past(base, version, before.is_some_and(|before: &Version| !before.deleted));
    }
    Ok(Answer::json(bundle.finish()))
}

struct Wanted {
    count: usize,
    before: Option<i64>,
}

impl Wanted {
    fn parse(pairs: &[(String, String)]) -> Result<Wanted, Outcome> {
        let mut wanted = Wanted { count: COUNT_DEFAULT, before: None };
        for (name, value) in pairs {
            match name.as_str() {
                "_count" => match value.parse::<usize>() {
                    Ok(count) if count > 0 => wanted.count = count.min(COUNT_MAX),
                    _ => return Err(bad(name, "một số nguyên dương")),
                },
                "_page" => match value.parse::<i64>() {
                    Ok(t) if t > 0 => wanted.before = Some(t),
                    _ => return Err(bad(name, "giá trị từ liên kết của trang trước")),
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
