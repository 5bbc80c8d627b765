//! `Observation/$lastn`: the latest observations of each code. <https://hl7.org/fhir/R4/observation-operation-lastn.html>

use super::Call;
use super::arguments::wrong;
use crate::address;
use crate::answer::Answer;
use crate::bundle::Writer;
use yba_fhir::Outcome;
use yba_records::Query;
use yba_store::search::query::COUNT_MAX;

/// What shapes a page of a search: an answer here has its own order and is no page.
const CONTROLS: &[&str] =
    &["_sort", "_count", "_page", "_include", "_revinclude", "_total", "_summary", "_elements"];

/// Answers 200 with a searchset: code by code, the one with the latest first, the newest first.
pub async fn run(call: Call) -> Result<Answer, Outcome> {
    let Call { api, asked, arguments, .. } = call;
    let max = match arguments.text("max")? {
        None => 1,
        Some(text) => match text.parse::<usize>() {
            Ok(max) if (1..=COUNT_MAX).contains(&max) => max,
            _ => {
                return Err(wrong(
                    "max",
                    "một số nguyên từ 1 đến 1000",
                    "a whole number from 1 to 1000 is expected",
                ));
            }
        },
    };
    let pairs = arguments.pairs()?;
    let filters: Vec<(String, String)> = pairs.iter().filter(|(name, _)| name != "max").cloned().collect();
    let base_name = |name: &str| name.split([':', '.']).next().unwrap_or_default().to_owned();
    if let Some((name, _)) = filters.iter().find(|(name, _)| CONTROLS.contains(&base_name(name).as_str())) {
        let text = format!("“{name}” không dùng được với $lastn.");
        let detail = format!("{name} is not supported by $lastn");
        return Err(Outcome::invalid("parameter-unsupported", text, detail).at(name.clone()));
    }
    if !filters.iter().any(|(name, _)| matches!(base_name(name).as_str(), "patient" | "subject")) {
        let text = "$lastn cần biết của ai: hãy thêm patient hoặc subject.";
        return Err(Outcome::invalid("lastn-subject", text, "patient or subject is required").at("patient"));
    }
    let world = api.records().world(&asked.base, &filters).await?;
    let queries = Query::parse_each(&["Observation"], &filters, &world)?;
    let query = queries.first().ok_or_else(|| Outcome::fault("one type was asked, and none was parsed"))?;
    let found = api.records().latest(&asked.ctx, query, max).await?;
    let here = address::with_query(&format!("{}/Observation/$lastn", asked.base), &pairs);
    let bytes = found.iter().map(|version| version.body.len() + 200).sum();
    let mut bundle = Writer::new("searchset", Some(found.len() as u64), &[("self", here)], None, bytes);
    for version in &found {
        bundle.found(&asked.base, version, &version.body, "match");
    }
    Ok(Answer::json(bundle.finish()))
}
