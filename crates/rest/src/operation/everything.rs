//! `Patient/[id]/$everything` and `Encounter/[id]/$everything`.
//! <https://hl7.org/fhir/R4/patient-operation-everything.html>, <https://hl7.org/fhir/R4/encounter-operation-everything.html>
//!
//! All pages show one moment: the `_page` of a link carries the log position.

use super::arguments::{instant, kinds, wrong};
use super::{Arguments, Call};
use crate::address;
use crate::answer::Answer;
use crate::bundle::Writer;
use yba_fhir::Outcome;
use yba_records::Everything;
use yba_store::search::query::COUNT_MAX;

/// Page size when none is asked.
const COUNT_DEFAULT: usize = 200;

const OF_ENCOUNTER: &[&str] = &["_since", "_type", "_count", "_page"];
const OF_PATIENT: &[&str] = &["start", "end", "_since", "_type", "_count", "_page", "_person"];

/// Answers 200 with a searchset: what it is about, what belongs to that, and what those refer to (`search.mode`
/// include).
pub async fn run(call: Call) -> Result<Answer, Outcome> {
    let Call { api, asked, target, arguments } = call;
    let allowed = if target.kind == "Patient" { OF_PATIENT } else { OF_ENCOUNTER };
    arguments.only(allowed)?;
    let wanted = wanted(&target.kind, &target.id, &arguments)?;
    let cursor = arguments.text("_page")?;
    let page = api.records().everything_page(&asked.ctx, &wanted, cursor.as_deref()).await?;
    let here = format!("{}/{}/{}/$everything", asked.base, target.kind, target.id);
    let with_page = |page: Option<&str>| {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for name in allowed.iter().filter(|name| **name != "_page") {
            pairs.extend(arguments.texts(name).into_iter().map(|value| ((*name).to_owned(), value)));
        }
        pairs.extend(page.map(|page| ("_page".to_owned(), page.to_owned())));
        address::with_query(&here, &pairs)
    };
    let mut links = vec![("self", with_page(cursor.as_deref()))];
    links.extend(page.next.as_deref().map(|next| ("next", with_page(Some(next)))));
    let total = (page.next.is_none() && cursor.is_none()).then_some(page.matches.len() as u64);
    let entries = || page.matches.iter().chain(&page.included);
    let bytes = entries().map(|version| version.body.len() + 200).sum();
    let mut bundle = Writer::new("searchset", total, &links, None, bytes);
    for (position, version) in entries().enumerate() {
        let mode = if position < page.matches.len() { "match" } else { "include" };
        bundle.found(&asked.base, version, &version.body, mode);
    }
    Ok(Answer::json(bundle.finish()))
}

fn wanted(kind: &str, id: &str, arguments: &Arguments) -> Result<Everything, Outcome> {
    let (start, end) = (instant(arguments, "start")?, instant(arguments, "end")?);
    let span = (start.is_some() || end.is_some())
        .then(|| (start.map_or(i64::MIN, |start| start.start), end.map_or(i64::MAX, |end| end.end)));
    if span.is_some_and(|(start, end)| start >= end) {
        return Err(wrong("end", "một ngày không trước “start”", "end is before start"));
    }
    let count = match arguments.text("_count")? {
        None => COUNT_DEFAULT,
        Some(text) => match text.parse::<usize>() {
            Ok(count) if count > 0 => count.min(COUNT_MAX),
            _ => return Err(wrong("_count", "một số nguyên dương", "a positive whole number is expected")),
        },
    };
    let persons = match arguments.text("_person")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(wrong("_person", "true hoặc false", "true or false is expected")),
    };
    Ok(Everything {
        kind: kind.to_owned(),
        id: id.to_owned(),
        persons,
        kinds: kinds(arguments)?,
        span,
        since_ms: instant(arguments, "_since")?.map(|range| range.start),
        count,
    })
}
