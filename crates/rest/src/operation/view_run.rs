//! `ViewDefinition/$run`: rows of a view, over resources that were sent or over the records.
//! <https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/OperationDefinition-ViewDefinitionRun.html>
//!
//! Views are content, so they are named by their slug, name or canonical URL; one may also be sent. Over the records it
//! is an export: only what the caller may see, in the trail before the first row leaves. Rows leave page by page. What
//! goes wrong in the first page is an OperationOutcome; what goes wrong later can only break the answer off.

use super::arguments::{instant, wrong};
use super::{Arguments, Call};
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::pieces::Flow;
use axum::body::Body;
use bytes::Bytes;
use std::sync::Arc;
use yba_fhir::json::{JsonValueTrait, Value, from_slice, str_at};
use yba_fhir::resource::is_id;
use yba_fhir::{Day, Kind, Outcome};
use yba_records::{Export, Wanted};
use yba_view::{Format, Left, Limits, View, Writer};

/// What one resource may become under a view that a caller sent.
const SENT: Limits = Limits {
    columns: 200,
    parts: 200,
    depth: 8,
    steps: 1_000_000,
    repeat_depth: 32,
    rows: 10_000,
    cells: 200_000,
    text: 8 << 20,
};
/// What one run of such a view may spend in all.
const SENT_STEPS: u64 = 2_000_000_000;
/// What a run over resources that were sent may spend in all; its rows are made at once.
const GIVEN: Left = Left { steps: 10_000_000, rows: 1_000_000 };
/// Bytes of rows that are made before they leave.
const CHUNK: usize = 1 << 20;
/// Most bytes of rows that a run over resources that were sent may answer.
const ANSWER_MAX: usize = 64 << 20;
/// Most patients one run may name.
const PATIENTS_MAX: usize = 100;

const PARAMETERS: &[&str] =
    &["viewReference", "viewResource", "resource", "_format", "header", "patient", "_since", "_limit"];

/// Answers 200 with the rows in the format that was asked for.
pub async fn run(call: Call) -> Result<Answer, Outcome> {
    let Call { api, asked, target, arguments } = call;
    arguments.only(PARAMETERS)?;
    let format = format(&arguments, &asked)?;
    let (view, sent) = view(&api, &target.id, &arguments)?;
    let mut writer = Writer::new(format, view.columns());
    if flag(&arguments, "header")? == Some(false) {
        writer = writer.without_header();
    }
    let writer = writer.at_most(limit(&arguments)?);
    let steps = if sent { SENT_STEPS } else { u64::MAX };
    let work = Work { view, writer, left: Left { steps, rows: usize::MAX }, begun: false };
    if arguments.parts("resource").next().is_some() {
        let given = arguments.parts("resource").filter_map(|part| part.get("resource")).cloned().collect();
        return over_given(&api, work, given, &arguments).await;
    }
    over_records(api, asked, work, &arguments).await
}

/// The rows that are being made.
struct Work {
    view: Arc<View>,
    writer: Writer,
    left: Left,
    begun: bool,
}

impl Work {
    /// The text of the rows of some resources, until it is long enough.
    fn page(&mut self, page: &mut Page, most: usize) -> Result<Vec<u8>, Outcome> {
        let mut out = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            self.writer.begin(&mut out);
        }
        while out.len() < most && !self.writer.is_full() {
            let Some(tree) = page.next()? else { break };
            self.writer.resource(&self.view, &tree, &mut self.left, &mut out)?;
        }
        Ok(out)
    }
}

/// Resources that wait for their rows.
enum Page {
    Given(std::vec::IntoIter<Value>),
    Stored(std::vec::IntoIter<Bytes>),
}

impl Page {
    fn next(&mut self) -> Result<Option<Value>, Outcome> {
        match self {
            Page::Given(trees) => Ok(trees.next()),
            Page::Stored(bodies) => bodies.next().map(|body| tree(&body)).transpose(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Page::Given(trees) => trees.as_slice().is_empty(),
            Page::Stored(bodies) => bodies.as_slice().is_empty(),
        }
    }
}

fn tree(body: &[u8]) -> Result<Value, Outcome> {
    from_slice(body).map_err(|error| Outcome::fault(format!("a stored body does not parse: {error}")))
}

/// Makes rows on a thread for blocking work, few runs at a time.
async fn made(
    api: &Api,
    mut work: Work,
    mut page: Page,
    most: usize,
) -> (Work, Page, Result<Vec<u8>, Outcome>) {
    let permit = api.view_pages().acquire_owned().await;
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let text = work.page(&mut page, most);
        (work, page, text)
    });
    // A panic goes on here, where it ends the request.
    done.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

async fn over_given(
    api: &Api,
    mut work: Work,
    given: Vec<Value>,
    arguments: &Arguments,
) -> Result<Answer, Outcome> {
    for name in ["patient", "_since"] {
        if arguments.parts(name).next().is_some() {
            let text = format!("“{name}” chỉ dùng khi lấy dữ liệu của máy chủ, không dùng cùng “resource”.");
            let detail = format!("{name} goes with the server's own data, not with resources sent");
            return Err(Outcome::invalid("parameter-unsupported", text, detail).at(name));
        }
    }
    work.left = GIVEN;
    let format = work.writer.format();
    let (work, page, text) = made(api, work, Page::Given(given.into_iter()), ANSWER_MAX).await;
    let mut text = text?;
    if !page.is_empty() && !work.writer.is_full() {
        let hint = "Bảng dài quá 64 MB cho một lần. Hãy gửi ít tài nguyên hơn hoặc dùng _limit.";
        return Err(Outcome::new(Kind::TooLarge, "view-answer-too-large", hint, "the rows exceed 64 MB"));
    }
    work.writer.end(&mut text);
    Ok(Answer::pieces(format.media_type(), Body::from(text)))
}

async fn over_records(api: Api, asked: Asked, work: Work, arguments: &Arguments) -> Result<Answer, Outcome> {
    let patients = patients(&api, &asked, arguments).await?;
    let since_ms = since(arguments)?;
    let wanted = Wanted { kind: work.view.resource(), patients: &patients, since_ms, ..Wanted::default() };
    let export = api.records().export(&asked.ctx, wanted).await?;
    let format = work.writer.format();
    let flow = Rows { api, work: Some((work, Page::Stored(Vec::new().into_iter()))), export };
    Ok(Answer::pieces(format.media_type(), flow.into_body().await?))
}

/// Rows of the records, on their way.
struct Rows {
    api: Api,
    /// Absent when the last piece has left.
    work: Option<(Work, Page)>,
    export: Export,
}

impl Flow for Rows {
    // Pages without rows are passed over.
    async fn next(&mut self) -> Result<Option<Bytes>, Outcome> {
        loop {
            let Some((work, mut page)) = self.work.take() else { return Ok(None) };
            if page.is_empty() && !work.writer.is_full() {
                page = Page::Stored(self.export.next().await?.into_iter());
            }
            let last = page.is_empty() || work.writer.is_full();
            let (work, page, text) = made(&self.api, work, page, CHUNK).await;
            let mut text = text?;
            match last {
                true => work.writer.end(&mut text),
                false => self.work = Some((work, page)),
            }
            if last || !text.is_empty() {
                return Ok(Some(text.into()));
            }
        }
    }
}

/// The view meant, and whether it was sent.
fn view(api: &Api, id: &str, arguments: &Arguments) -> Result<(Arc<View>, bool), Outcome> {
    let reference = arguments.value("viewReference")?.map(reference_of).transpose()?;
    let sent = arguments.resource("viewResource")?;
    let by_id = (!id.is_empty()).then(|| id.to_owned());
    let named = match (by_id, reference, sent) {
        (Some(name), None, None) | (None, Some(name), None) => name,
        (None, None, Some(definition)) => {
            return Ok((Arc::new(View::compile_within(definition, SENT)?), true));
        }
        _ => {
            let text = "Cần đúng một bảng: tên trong địa chỉ, hoặc viewReference, hoặc viewResource.";
            return Err(Outcome::invalid("view-missing", text, "exactly one view must be named or sent")
                .at("viewReference"));
        }
    };
    let today = Day::of_instant(api.records().store().clock().now_ms());
    let plain = named.rsplit_once("ViewDefinition/").filter(|(base, _)| base.is_empty()).map(|(_, id)| id);
    let name = plain.unwrap_or(&named);
    let views = &api.settings().views;
    Ok((views.named(name.split('|').next().unwrap_or(name), today)?.clone(), false))
}

/// The text of a Reference, or of a primitive.
fn reference_of(value: &Value) -> Result<String, Outcome> {
    let text = value.as_str().or_else(|| str_at(value, &["reference"]));
    text.map(str::to_owned).ok_or_else(|| {
        let hint = "Cần một tham chiếu, ví dụ {\"reference\": \"ViewDefinition/people\"}.";
        Outcome::invalid("reference-format", hint, "a reference is expected")
    })
}

async fn patients(api: &Api, asked: &Asked, arguments: &Arguments) -> Result<Vec<String>, Outcome> {
    let mut ids = Vec::new();
    for value in arguments.values("patient") {
        let text = reference_of(value)?;
        let id = text.strip_prefix("Patient/").unwrap_or(&text);
        let unknown = |detail: String| {
            let text = "Không có người bệnh này trên máy chủ, hoặc bạn không được xem.";
            Outcome::invalid("patient-unknown", text, detail).at("patient")
        };
        if !is_id(id) || ids.len() >= PATIENTS_MAX {
            return Err(unknown(format!("at most {PATIENTS_MAX} references like Patient/x")));
        }
        match api.records().read(&asked.ctx, "Patient", id).await {
            Ok(_) => ids.push(id.to_owned()),
            Err(refused) if matches!(refused.kind, Kind::NotFound | Kind::Gone) => {
                return Err(unknown(format!("there is no Patient/{id}")));
            }
            Err(refused) => return Err(refused),
        }
    }
    Ok(ids)
}

/// `_since` as ms since 1970 UTC: what arrived at this node at that moment or later.
fn since(arguments: &Arguments) -> Result<Option<i64>, Outcome> {
    Ok(instant(arguments, "_since")?.map(|range| range.start))
}

fn limit(arguments: &Arguments) -> Result<u64, Outcome> {
    let Some(text) = arguments.text("_limit")? else { return Ok(u64::MAX) };
    text.parse().map_err(|_| wrong("_limit", "một số nguyên không âm", "a whole number is expected"))
}

fn flag(arguments: &Arguments, name: &str) -> Result<Option<bool>, Outcome> {
    let Some(text) = arguments.text(name)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| wrong(name, "true hoặc false", "true or false is expected"))
}

/// `_format`, else the first type of `Accept` that we write, else NDJSON.
fn format(arguments: &Arguments, asked: &Asked) -> Result<Format, Outcome> {
    let in_address =
        asked.pairs.iter().rev().find(|(name, _)| name == "_format").map(|(_, text)| text.clone());
    if let Some(text) = arguments.text("_format")?.or(in_address) {
        return of_format(&text).ok_or_else(|| not_offered(&text));
    }
    let ranges = || asked.accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
    if asked.accept.is_empty() || ranges().any(|range| matches!(range, "*/*" | "application/*")) {
        return Ok(ranges().find_map(of_media_type).unwrap_or(Format::Ndjson));
    }
    ranges().find_map(of_media_type).ok_or_else(|| not_offered(&asked.accept))
}

fn of_format(text: &str) -> Option<Format> {
    Format::named(text).or_else(|| of_media_type(text.split(';').next().unwrap_or_default().trim()))
}

fn of_media_type(text: &str) -> Option<Format> {
    match text {
        "application/json" => Some(Format::Json),
        "application/x-ndjson" | "application/ndjson" => Some(Format::Ndjson),
        "text/csv" => Some(Format::Csv),
        _ => None,
    }
}

fn not_offered(format: &str) -> Outcome {
    let format: String = format.chars().take(100).collect();
    let text = format!("Bảng chỉ có dạng ndjson, json, csv, không có “{format}”.");
    let detail = format!("rows are offered as ndjson, json and csv, not as {format:?}");
    Outcome::new(Kind::Unsupported, "not-acceptable", text, detail).at("_format")
}
