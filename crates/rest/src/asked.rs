//! How something is asked: the query's pairs, the format wanted back, preferences and conditions.

use crate::address::version_of_tag;
use crate::answer::Refused;
use crate::api::Api;
use crate::operation;
use crate::refuse::unsupported;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use std::time::UNIX_EPOCH;
use yba_fhir::{Kind, Outcome};
use yba_records::Ctx;
use yba_store::search::query::decode_pairs;

/// Most bytes of a query string or of a form of search parameters.
pub const QUERY_BYTES_MAX: usize = 64 << 10;

const IF_NONE_EXIST: HeaderName = HeaderName::from_static("if-none-exist");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What a write gives back. <https://hl7.org/fhir/R4/http.html#ops>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    Minimal,
    Representation,
    OperationOutcome,
}

/// A request without its target and body.
#[derive(Debug)]
pub struct Asked {
    pub ctx: Ctx,
    /// What links begin with, such as `https://hoso.laichau.gov.vn/fhir`.
    pub base: String,
    /// The media types of `Accept`, empty when there is none.
    pub accept: String,
    /// The query, decoded.
    pub pairs: Vec<(String, String)>,
    /// What `Prefer: return=…` asked.
    pub wanted: Option<Return>,
    /// `Prefer: handling=lenient`.
    pub lenient: bool,
    /// `Prefer: respond-async`.
    pub respond_async: bool,
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub if_none_exist: Option<String>,
    /// `If-Modified-Since` as seconds since 1970 UTC; what is no date is passed over, as RFC 9110 says.
    pub if_modified_since: Option<i64>,
    if_unmodified_since: bool,
}

/// What the guard found out before the interaction: the circumstances, for [`Asked`] to take.
#[derive(Debug, Clone)]
pub struct Admitted(pub Ctx);

impl FromRequestParts<Api> for Asked {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Asked, Refused> {
        let Admitted(ctx) = parts
            .extensions
            .remove::<Admitted>()
            .ok_or_else(|| Outcome::fault("a request reached an interaction without passing the guard"))?;
        let pairs = query_pairs(parts.uri.query().unwrap_or_default())?;
        let headers = &parts.headers;
        if !operation::has_own_formats(parts.uri.path()) {
            check_wanted_format(headers, &pairs)?;
        }
        let (wanted, lenient) = preferences(headers);
        Ok(Asked {
            ctx,
            base: base(api, headers),
            accept: text(headers, &header::ACCEPT)?.unwrap_or_default(),
            pairs,
            wanted,
            lenient,
            respond_async: prefers(headers, "respond-async"),
            if_match: text(headers, &header::IF_MATCH)?,
            if_none_match: text(headers, &header::IF_NONE_MATCH)?,
            if_none_exist: text(headers, &IF_NONE_EXIST)?,
            if_modified_since: modified_since(headers),
            if_unmodified_since: headers.contains_key(header::IF_UNMODIFIED_SINCE),
        })
    }
}

impl Asked {
    /// Refuses, by name, query parameters other than these and the ones about format.
    pub fn only_parameters(&self, allowed: &[&str]) -> Result<(), Outcome> {
        let always = ["_format", "_pretty"];
        match self.pairs.iter().find(|(name, _)| !allowed.contains(&&**name) && !always.contains(&&**name)) {
            None => Ok(()),
            Some((name, _)) => {
                let name: String = name.chars().take(64).collect();
                let text = format!("Tham số “{name}” không dùng được ở đây.");
                let detail = format!("query parameter {name:?} is not supported by this interaction");
                Err(Outcome::invalid("parameter-unsupported", text, detail).at(name))
            }
        }
    }

    /// Refuses, by name, conditions that this write does not serve: ignored, they would let through what their
    /// sender meant to stop.
    pub fn only_conditions(&self, allowed: &[&str]) -> Result<(), Outcome> {
        let sent = [
            ("If-Match", self.if_match.is_some()),
            ("If-None-Match", self.if_none_match.is_some()),
            ("If-None-Exist", self.if_none_exist.is_some()),
            ("If-Unmodified-Since", self.if_unmodified_since),
        ];
        match sent.iter().find(|(name, sent)| *sent && !allowed.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(unsupported(&format!("{name} cho thao tác này"))),
        }
    }

    /// The version id of If-Match.
    pub fn if_match(&self) -> Result<Option<&str>, Outcome> {
        self.if_match.as_deref().map(if_match_version).transpose()
    }
}

/// The version id that an If-Match names; it must be exactly one.
pub fn if_match_version(tag: &str) -> Result<&str, Outcome> {
    version_of_tag(tag).ok_or_else(|| {
        let text = "If-Match phải là một ETag, ví dụ W/\"k7m2p9qa-15\".";
        Outcome::invalid("if-match", text, "If-Match must hold one version tag")
    })
}

fn modified_since(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(header::IF_MODIFIED_SINCE)?.to_str().ok()?;
    let moment = httpdate::parse_http_date(text).ok()?;
    moment.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs() as i64)
}

/// Decodes and bounds a query string or form. U+0000 is refused: no value of FHIR holds it, and PostgreSQL cannot.
pub fn query_pairs(text: &str) -> Result<Vec<(String, String)>, Outcome> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if text.len() > QUERY_BYTES_MAX {
        let hint = format!("Tham số dài quá {QUERY_BYTES_MAX} byte.");
        return Err(Outcome::new(Kind::TooLarge, "query-too-long", hint, "query string too long"));
    }
    let pairs = decode_pairs(text);
    if pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        let hint = "Tham số có ký tự U+0000, không được phép.";
        return Err(Outcome::invalid("nul-character", hint, "U+0000 in a query parameter"));
    }
    Ok(pairs)
}

/// A header as text; refused when it holds other than visible ASCII, except in If-None-Exist, which may hold UTF-8.
fn text(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Outcome> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(_) => {
            let hint = format!("Tiêu đề {name} không phải UTF-8.");
            Err(Outcome::invalid("header-encoding", hint, format!("header {name} is not UTF-8")))
        }
    }
}

/// What links begin with: as configured, else the host that the caller named.
pub fn base(api: &Api, headers: &HeaderMap) -> String {
    if !api.settings().base.is_empty() {
        return api.settings().base.clone();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
    ["http://", host.unwrap_or("localhost"), "/fhir"].concat()
}

fn is_host(host: &str) -> bool {
    (1..=255).contains(&host.len())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

/// Whether `Prefer` has this word among others.
fn prefers(headers: &HeaderMap, word: &str) -> bool {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split([',', ';'])).any(|part| part.trim() == word)
}

/// `Prefer`: `return=…` and `handling=lenient`, whatever their case and quotes; what we do not know is passed over, as
/// RFC 7240 says.
fn preferences(headers: &HeaderMap) -> (Option<Return>, bool) {
    let (mut wanted, mut lenient) = (None, false);
    for value in headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok()) {
        for part in value.split([',', ';']) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match (name.trim().to_ascii_lowercase().as_str(), value.trim().trim_matches('"')) {
                ("return", "minimal") => wanted = Some(Return::Minimal),
                ("return", "representation") => wanted = Some(Return::Representation),
                ("return", "OperationOutcome") => wanted = Some(Return::OperationOutcome),
                ("handling", "lenient") => lenient = true,
                _ => {}
            }
        }
    }
    (wanted, lenient)
}

/// Refuses when the caller would take no JSON. `_format` overrides `Accept`.
fn check_wanted_format(headers: &HeaderMap, pairs: &[(String, String)]) -> Result<(), Outcome> {
    if let Some((_, format)) = pairs.iter().rev().find(|(name, _)| name == "_format") {
        // A bare `+` in an address means a blank: `application/fhir json`.
        let format = format.replace(' ', "+");
        return if format == "json" || is_json(&format) { Ok(()) } else { Err(not_acceptable(&format)) };
    }
    let ranges = || headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    match ranges().next() {
        Some(first) if !ranges().any(|value| value.split(',').any(takes_json)) => Err(not_acceptable(first)),
        _ => Ok(()),
    }
}

fn not_acceptable(format: &str) -> Outcome {
    let format: String = format.chars().take(100).collect();
    let text = format!("Máy chủ chỉ trả lời bằng JSON (application/fhir+json), không có “{format}”.");
    let detail = format!("only application/fhir+json of FHIR 4.0 is offered, not {format:?}");
    Outcome::new(Kind::Unsupported, "not-acceptable", text, detail)
}

/// Whether one range of `Accept` takes our JSON.
fn takes_json(range: &str) -> bool {
    let (kind, parameters) = range.split_once(';').unwrap_or((range, ""));
    let refused = parameters.split(';').any(|parameter| {
        let parameter = parameter.trim();
        parameter.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32))
    });
    let any = matches!(kind.trim(), "*/*" | "application/*");
    !refused && (any || is_json(range))
}

/// Whether this is a JSON media type, of FHIR 4.0 if it says.
pub fn is_json(media_type: &str) -> bool {
    let (kind, parameters) = media_type.split_once(';').unwrap_or((media_type, ""));
    let kind = kind.trim();
    let known = ["application/fhir+json", "application/json", "text/json"];
    known.iter().any(|one| kind.eq_ignore_ascii_case(one))
        && parameters.split(';').all(|parameter| match parameter.trim().split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            Some((name, value)) if name.eq_ignore_ascii_case("fhirVersion") => {
                matches!(value.trim_matches('"'), "4.0" | "4.0.1")
            }
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart() {
        for yes in [
            "application/fhir+json",
            "application/json; charset=UTF-8",
            "Application/FHIR+JSON;fhirVersion=4.0",
        ] {
            assert!(is_json(yes) && takes_json(yes), "{yes}");
        }
        for no in [
            "application/fhir+xml",
            "application/json-patch+json",
            "application/fhir+json; fhirVersion=3.0",
            "application/json; charset=utf-16",
            "",
        ] {
            assert!(!is_json(no) && !takes_json(no), "{no}");
        }
        assert!(takes_json("*/*;q=0.8") && takes_json(" application/* ") && !takes_json("*/*;q=0"));
        assert!(takes_json("application/json;q=0.5"));
    }

    #[test]
    fn nul_and_excess_are_refused_in_queries() {
        assert!(query_pairs("name=a%00b").is_err());
        assert!(query_pairs(&"a=b&".repeat(QUERY_BYTES_MAX)).is_err());
        assert_eq!(query_pairs("a=b&c=%E1%BB%87").unwrap().len(), 2);
    }
}
