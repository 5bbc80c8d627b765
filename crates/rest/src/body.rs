//! Bodies: media type, gzip, bounds; then JSON, through the guards of `yba-fhir`.

use crate::answer::Refused;
use crate::api::Api;
use crate::asked::is_json;
use crate::patch::MEDIA_TYPE;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use futures_util::TryStreamExt;
use std::io::Read;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use yba_fhir::json::Value;
use yba_fhir::resource::{Limits, parse_json};
use yba_fhir::{Kind, Outcome, Resource};

/// Most bytes of a body, before and after decompression.
pub const BYTES_MAX: usize = 64 << 20;
/// A body of more bytes than this takes one of a few places (see [`Api::large_bodies`]) until it is answered.
pub const LARGE_BYTES: usize = 1 << 20;
/// A body of more bytes than this is parsed on a thread for blocking work.
const PARSE_ELSEWHERE_BYTES: usize = 128 << 10;
/// How long a large body waits for a place.
const PLACE_WAIT: Duration = Duration::from_secs(30);

/// A body that was read, unpacked and found to be of the right media type.
pub struct Body {
    bytes: Bytes,
    /// What the media type must be was not known yet when the body was read.
    media_type: String,
    /// Held until the request is answered.
    place: Option<OwnedSemaphorePermit>,
}

impl FromRequest<Api> for Body {
    type Rejection = Refused;

    async fn from_request(request: Request, api: &Api) -> Result<Body, Refused> {
        let (parts, body) = request.into_parts();
        let media_type = header_text(&parts.headers, header::CONTENT_TYPE).to_owned();
        let gzip = is_gzip(&parts.headers)?;
        // Said beforehand, it need not be sent.
        let said = header_text(&parts.headers, header::CONTENT_LENGTH).parse::<u64>();
        if said.is_ok_and(|length| length > BYTES_MAX as u64) {
            return Err(too_large().into());
        }
        let mut body = Body { bytes: Bytes::new(), media_type, place: None }.read(api, body).await?;
        if gzip {
            body.take_place(api).await?;
            let packed = std::mem::take(&mut body.bytes);
            body.bytes = elsewhere(move || unpack(&packed)).await?;
        }
        Ok(body)
    }
}

impl Body {
    async fn read(mut self, api: &Api, body: axum::body::Body) -> Result<Body, Outcome> {
        let mut stream = body.into_data_stream();
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(chunk) = stream.try_next().await.map_err(broken_off)? {
            if all.len() + first.len() + chunk.len() > BYTES_MAX {
                return Err(too_large());
            }
            if all.is_empty() && first.is_empty() {
                // One chunk is the usual case: it is kept as it came.
                first = chunk;
            } else {
                all.extend_from_slice(&std::mem::take(&mut first));
                all.extend_from_slice(&chunk);
            }
            if all.len() > LARGE_BYTES {
                self.take_place(api).await?;
            }
        }
        self.bytes = if all.is_empty() { first } else { all.freeze() };
        Ok(self)
    }

    async fn take_place(&mut self, api: &Api) -> Result<(), Outcome> {
        if self.place.is_none() {
            let places = api.large_bodies().acquire_owned();
            self.place = match tokio::time::timeout(PLACE_WAIT, places).await {
                Ok(Ok(place)) => Some(place),
                _ => {
                    let text = "Máy chủ đang nhận nhiều gói dữ liệu lớn. Hãy gửi lại sau ít phút.";
                    return Err(Outcome::new(
                        Kind::Unavailable,
                        "busy",
                        text,
                        "too many large bodies at once",
                    ));
                }
            };
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The resource in the body.
    pub async fn resource(&self) -> Result<Resource, Outcome> {
        if !is_json(&self.media_type) {
            return Err(wrong_media_type(&self.media_type, "application/fhir+json"));
        }
        if self.bytes.is_empty() {
            let text = "Yêu cầu không có nội dung. Hãy gửi một tài nguyên FHIR dạng JSON.";
            return Err(Outcome::invalid("body-empty", text, "the body is empty"));
        }
        let limits = Limits { bytes: BYTES_MAX, ..Limits::default() };
        if self.bytes.len() <= PARSE_ELSEWHERE_BYTES {
            return Resource::from_parsed(parse_json(&self.bytes, &limits)?);
        }
        let bytes = self.bytes.clone();
        elsewhere(move || Resource::from_parsed(parse_json(&bytes, &limits)?)).await
    }

    /// A JSON document that is no resource, of at most so many bytes.
    pub fn json(&self, most: usize) -> Result<Value, Outcome> {
        if !is_json(&self.media_type) {
            return Err(wrong_media_type(&self.media_type, "application/json"));
        }
        parse_json(&self.bytes, &Limits { bytes: most, ..Limits::default() })
    }

    /// The bytes of a JSON Patch.
    pub fn patch(&self) -> Result<Bytes, Outcome> {
        let kind = self.media_type.split(';').next().unwrap_or_default().trim();
        match kind.eq_ignore_ascii_case(MEDIA_TYPE) {
            true => Ok(self.bytes.clone()),
            false => Err(wrong_media_type(&self.media_type, MEDIA_TYPE)),
        }
    }

    /// The text of a form (`application/x-www-form-urlencoded`).
    pub fn form(&self) -> Result<&str, Outcome> {
        let kind = self.media_type.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            // A client that sends nothing need not say of what type.
            if self.bytes.is_empty() && kind.is_empty() {
                return Ok("");
            }
            return Err(wrong_media_type(&self.media_type, "application/x-www-form-urlencoded"));
        }
        std::str::from_utf8(&self.bytes).map_err(|error| {
            let text = "Biểu mẫu không phải UTF-8.";
            Outcome::invalid("not-utf8", text, format!("invalid UTF-8 at byte {}", error.valid_up_to()))
        })
    }
}

async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Outcome> + Send + 'static,
) -> Result<T, Outcome> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Outcome::fault(format!("reading a body panicked: {error}"))),
    }
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Outcome> {
    match header_text(headers, header::CONTENT_ENCODING).trim() {
        "" | "identity" => Ok(false),
        "gzip" | "x-gzip" => Ok(true),
        other => {
            let text = format!("Máy chủ chỉ nhận nội dung nén gzip, không nhận “{other}”.");
            Err(Outcome::new(
                Kind::Unsupported,
                "content-encoding",
                text,
                "only gzip is accepted as Content-Encoding",
            ))
        }
    }
}

/// Unpacks at most [`BYTES_MAX`], whatever the packed bytes promise.
fn unpack(packed: &[u8]) -> Result<Bytes, Outcome> {
    let mut bytes = Vec::new();
    let read = MultiGzDecoder::new(packed).take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
    match read {
        Ok(length) if length > BYTES_MAX => Err(too_large()),
        Ok(_) => Ok(Bytes::from(bytes)),
        Err(_) => {
            let text = "Nội dung nén gzip bị hỏng. Hãy nén lại rồi gửi.";
            Err(Outcome::invalid("gzip", text, "the gzip body is damaged"))
        }
    }
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn wrong_media_type(sent: &str, wanted: &str) -> Outcome {
    let sent: String = sent.chars().take(100).collect();
    let text = format!("Content-Type phải là {wanted}, không phải “{sent}”.");
    let detail = format!("Content-Type must be {wanted}, got {sent:?}");
    Outcome::new(Kind::Unsupported, "content-type", text, detail)
}

fn too_large() -> Outcome {
    let text = "Nội dung quá 64 MB. Hãy chia nhỏ rồi gửi nhiều lần.";
    Outcome::new(Kind::TooLarge, "too-large", text, format!("the body exceeds {BYTES_MAX} bytes"))
}

fn broken_off(_: axum::Error) -> Outcome {
    let text = "Nội dung bị đứt giữa chừng. Hãy gửi lại.";
    Outcome::invalid("body-broken-off", text, "the body ended early")
}
