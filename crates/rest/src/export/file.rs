//! One file of an export: `GET [base]/$export/[id]/[type].ndjson`, a line for each record, streamed.
//!
//! It is in the trail before the first line leaves. What goes wrong later (the export is cancelled, its moment is over)
//! breaks the answer off, so that nobody takes a part for the whole.

use super::jobs::{Job, Named, unknown};
use crate::answer::{Answer, Refused};
use crate::api::Api;
use crate::asked::Asked;
use crate::pieces::Flow;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use yba_fhir::Outcome;
use yba_records::Export;

/// All records of one type, packed when the caller takes gzip.
pub async fn handle(
    State(api): State<Api>,
    headers: HeaderMap,
    asked: Asked,
    named: Named,
) -> Result<Response, Refused> {
    asked.only_parameters(&[])?;
    let job = api.exports().find(&named.job, &asked.ctx, api.records().store().clock().now_ms())?;
    let kind = named.file.strip_suffix(".ndjson").ok_or_else(unknown)?;
    let files = job.files().ok_or_else(unknown)??;
    if !files.iter().any(|(known, _)| known == kind) {
        return Err(unknown().into());
    }
    let room = api.exports().fetching()?;
    let export = api.records().export(&asked.ctx, job.wanted(kind)).await?;
    let packs = crate::guard::takes_gzip(&headers);
    let packer = packs.then(|| GzEncoder::new(Vec::new(), Compression::fast()));
    let flow = Lines { job, export, packer, ended: false, _room: room };
    let body = flow.into_body().await?;
    let mut response = Answer::pieces("application/fhir+ndjson", body).into_response();
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packs {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// Lines on their way.
struct Lines {
    job: Arc<Job>,
    export: Export,
    packer: Option<GzEncoder<Vec<u8>>>,
    ended: bool,
    _room: OwnedSemaphorePermit,
}

impl Flow for Lines {
    async fn next(&mut self) -> Result<Option<Bytes>, Outcome> {
        loop {
            if self.ended {
                return Ok(None);
            }
            if self.job.is_cancelled() {
                return Err(unknown());
            }
            let bodies = self.export.next().await?;
            self.ended = bodies.is_empty();
            let piece = match self.packer.take() {
                None => lines(&bodies),
                Some(packer) => {
                    let last = self.ended;
                    let packed = tokio::task::spawn_blocking(move || packed(packer, &lines(&bodies), last));
                    let (packer, piece) = packed
                        .await
                        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
                        .map_err(|error| Outcome::fault(format!("packing failed: {error}")))?;
                    self.packer = packer;
                    piece
                }
            };
            if !piece.is_empty() {
                return Ok(Some(piece.into()));
            }
        }
    }
}

/// A stored body has no line break in it.
fn lines(bodies: &[Bytes]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bodies.iter().map(|body| body.len() + 1).sum());
    for body in bodies {
        lines.extend_from_slice(body);
        lines.push(b'\n');
    }
    lines
}

type Packed = (Option<GzEncoder<Vec<u8>>>, Vec<u8>);

/// What the packer gives for some more lines, and itself, unless these were the last.
fn packed(mut packer: GzEncoder<Vec<u8>>, lines: &[u8], last: bool) -> std::io::Result<Packed> {
    packer.write_all(lines)?;
    match last {
        true => Ok((None, packer.finish()?)),
        false => {
            let piece = std::mem::take(packer.get_mut());
            Ok((Some(packer), piece))
        }
    }
}
