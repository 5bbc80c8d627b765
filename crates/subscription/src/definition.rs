//! What a Subscription resource asks for, understood; and everything that is wrong with it, told at once.

use crate::endpoint::Endpoint;
use crate::hosts::Hosts;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::{DateRange, Kind, Outcome};
use yba_store::search::Clause;
use yba_store::{Query, Scope};

/// Most headers, and most bytes of one.
const HEADERS_MAX: usize = 20;
const HEADER_BYTES_MAX: usize = 4096;
/// Longest criteria.
const CRITERIA_MAX: usize = 8192;

/// Headers that say how a message is sent are ours.
const OWN_HEADERS: [HeaderName; 12] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::EXPECT,
    header::TE,
    header::TRAILER,
    header::USER_AGENT,
    header::PROXY_AUTHORIZATION,
];

/// A subscription that can be served.
#[derive(Debug, Clone)]
pub struct Definition {
    pub id: String,
    /// The version that says so.
    pub version_id: String,
    pub query: Query,
    /// What the notified may see at all: everything, since the door lets only those write a Subscription who reach its type
    /// whole.
    pub scope: Scope,
    pub endpoint: Endpoint,
    /// Whether the record itself is sent.
    pub payload: bool,
    /// To be sent along. They may hold secrets and must not reach a log.
    pub headers: HeaderMap,
    /// When it ends, in ms since 1970 UTC.
    pub ends: Option<i64>,
}

impl Definition {
    /// Understands a Subscription. Refuses with every reason why it cannot be served.
    pub fn read(id: &str, version_id: &str, tree: &Value, hosts: &Hosts) -> Result<Definition, Outcome> {
        let mut problems = Vec::new();
        let mut keep = |problem: Outcome| problems.push(problem);
        let query = criteria(str_at(tree, &["criteria"]).unwrap_or_default()).map_err(&mut keep).ok();
        let channel = tree.get("channel").cloned().unwrap_or_default();
        rest_hook(str_at(&channel, &["type"]).unwrap_or_default()).map_err(&mut keep).ok();
        let payload = payload(str_at(&channel, &["payload"])).map_err(&mut keep).ok();
        let endpoint = endpoint(str_at(&channel, &["endpoint"]).unwrap_or_default(), payload, hosts);
        let endpoint = endpoint.map_err(&mut keep).ok();
        let headers = headers(&channel).map_err(&mut keep).ok();
        let ends = end(str_at(tree, &["end"])).map_err(&mut keep).ok();
        match (query, endpoint, payload, headers, ends, problems.is_empty()) {
            (Some(query), Some(endpoint), Some(payload), Some(headers), Some(ends), true) => Ok(Definition {
                id: id.to_owned(),
                version_id: version_id.to_owned(),
                query,
                scope: Scope::All,
                endpoint,
                payload,
                headers,
                ends,
            }),
            _ => Err(problems
                .into_iter()
                .reduce(|mut all, next| {
                    all.issues.extend(next.issues);
                    all
                })
                .unwrap_or_else(|| Outcome::fault("a subscription was refused without a reason"))),
        }
    }

    /// Whether a record is judged by nothing but itself, so that the moment does not matter.
    pub fn is_local(&self) -> bool {
        !self.query.clauses.iter().any(|clause| matches!(clause, Clause::Chain { .. } | Clause::Has { .. }))
    }

    pub fn has_ended(&self, now_ms: i64) -> bool {
        self.ends.is_some_and(|ends| ends <= now_ms)
    }
}

/// A search of one type, as after the base address. What only shapes an answer is left out.
fn criteria(text: &str) -> Result<Query, Outcome> {
    let place = "Subscription.criteria";
    if text.is_empty() || text.len() > CRITERIA_MAX {
        let hint = "criteria phải là một phép tìm kiếm, ví dụ Observation?code=http://loinc.org|2345-7.";
        return Err(
            Outcome::invalid("subscription-criteria", hint, "criteria is empty or too long").at(place)
        );
    }
    let text = text.strip_prefix('/').unwrap_or(text);
    let (kind, parameters) = text.split_once('?').unwrap_or((text, ""));
    let mut query = Query::parse_string(kind, parameters).map_err(|mut refused| {
        for issue in &mut refused.issues {
            issue.path = Some(place.into());
        }
        refused
    })?;
    query.sort.clear();
    query.include.clear();
    query.revinclude.clear();
    (query.total, query.count_only) = (false, false);
    Ok(query)
}

fn rest_hook(channel: &str) -> Result<(), Outcome> {
    if channel == "rest-hook" {
        return Ok(());
    }
    let channel: String = channel.chars().take(32).collect();
    let text = format!("Máy chủ này chỉ gửi thông báo kiểu rest-hook, chưa hỗ trợ “{channel}”.");
    let detail = format!("channel type {channel:?} is not supported");
    Err(Outcome::new(Kind::Unsupported, "subscription-channel", text, detail).at("Subscription.channel.type"))
}

fn payload(media_type: Option<&str>) -> Result<bool, Outcome> {
    let Some(media_type) = media_type.filter(|text| !text.is_empty()) else { return Ok(false) };
    let mut parts = media_type.split(';').map(|part| part.trim().to_ascii_lowercase());
    let is_json = matches!(parts.next().as_deref(), Some("application/fhir+json" | "application/json"));
    if is_json && parts.all(|part| matches!(part.as_str(), "charset=utf-8" | "fhirversion=4.0")) {
        return Ok(true);
    }
    let media_type: String = media_type.chars().take(64).collect();
    let text =
        format!("channel.payload chỉ nhận application/fhir+json hoặc để trống, không phải “{media_type}”.");
    let detail = format!("payload {media_type:?} is not supported");
    Err(Outcome::new(Kind::Unsupported, "subscription-payload", text, detail)
        .at("Subscription.channel.payload"))
}

fn endpoint(text: &str, payload: Option<bool>, hosts: &Hosts) -> Result<Endpoint, Outcome> {
    let endpoint = Endpoint::parse(text)?;
    hosts.admit(&endpoint)?;
    if payload == Some(true) && endpoint.query.is_some() {
        let text = "Khi gửi cả tài nguyên, channel.endpoint là địa chỉ gốc của một máy chủ FHIR nên không được có dấu ?.";
        let detail = "with a payload the endpoint is a service base, which has no query";
        return Err(
            Outcome::invalid("subscription-endpoint", text, detail).at("Subscription.channel.endpoint")
        );
    }
    Ok(endpoint)
}

/// `Name: value`, each. The refusal names a header and never its value.
fn headers(channel: &Value) -> Result<HeaderMap, Outcome> {
    let mut headers = HeaderMap::new();
    for (position, line) in items(channel, "header").enumerate() {
        let place = format!("Subscription.channel.header[{position}]");
        let line = line.as_str().unwrap_or_default();
        if position == HEADERS_MAX || line.len() > HEADER_BYTES_MAX {
            let text = format!("Chỉ được {HEADERS_MAX} tiêu đề, mỗi tiêu đề tối đa {HEADER_BYTES_MAX} byte.");
            let detail = "too many headers, or one that is too long";
            return Err(Outcome::new(Kind::TooMany, "subscription-header", text, detail).at(place));
        }
        let (name, value) = line.split_once(':').unwrap_or((line, "\0"));
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok();
        let value = HeaderValue::from_str(value.trim()).ok().filter(|_| line.is_ascii());
        let (Some(name), Some(mut value)) = (name, value) else {
            let text = "Mỗi tiêu đề phải có dạng “Tên: giá trị”, chỉ gồm ký tự ASCII nhìn thấy được.";
            let detail = "a header is not of the form \"Name: value\"";
            return Err(Outcome::invalid("subscription-header", text, detail).at(place));
        };
        if OWN_HEADERS.contains(&name) {
            let text = format!("Tiêu đề {name} do máy chủ tự đặt. Hãy bỏ đi.");
            let detail = format!("the header {name} is set by this server");
            return Err(Outcome::invalid("subscription-header", text, detail).at(place));
        }
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

fn end(text: Option<&str>) -> Result<Option<i64>, Outcome> {
    let Some(text) = text else { return Ok(None) };
    match DateRange::parse(text) {
        Some(range) => Ok(Some(range.start)),
        None => {
            let hint = "end phải là một thời điểm, ví dụ 2026-12-31T23:59:59+07:00.";
            Err(Outcome::invalid("subscription-end", hint, "end is no instant").at("Subscription.end"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::json;

    fn read(tree: &Value) -> Result<Definition, Outcome> {
        let hosts: Hosts = "a.vn http://b.vn".parse().unwrap();
        Definition::read("s", "1", tree, &hosts)
    }

    fn keys(tree: &Value) -> Vec<&'static str> {
        read(tree).map_or_else(|refused| refused.issues.iter().map(|one| one.key).collect(), |_| Vec::new())
    }

    #[test]
    fn what_is_asked_is_understood() {
        let tree = json!({
            "criteria": "/Observation?code=http://loinc.org|2345-7&_sort=date&_count=1&_format=json",
            "end": "2027-01-01T00:00:00Z",
            "channel": {"type": "rest-hook", "endpoint": "https://a.vn/hook", "payload": "application/fhir+json",
                        "header": ["Authorization: Bearer abc", "X-A:b"]}
        });
        let definition = read(&tree).unwrap();
        assert_eq!((definition.query.kind.as_str(), definition.query.clauses.len()), ("Observation", 1));
        assert!(definition.query.sort.is_empty() && definition.payload && definition.is_local());
        assert_eq!(definition.headers["authorization"], "Bearer abc");
        assert!(!format!("{:?}", definition.headers).contains("abc"), "secrets must not reach a log");
        assert!(definition.has_ended(definition.ends.unwrap()) && !definition.has_ended(0));
        let all =
            json!({"criteria": "Patient", "channel": {"type": "rest-hook", "endpoint": "http://b.vn/"}});
        assert!(!read(&all).unwrap().payload);
        let chain = json!({"criteria": "Observation?patient.name=lan",
                           "channel": {"type": "rest-hook", "endpoint": "https://a.vn?x=1"}});
        assert!(!read(&chain).unwrap().is_local());
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let tree = json!({
            "criteria": "Observation?colour=red", "end": "soon",
            "channel": {"type": "sms", "endpoint": "tel:123", "payload": "application/fhir+xml", "header": ["x"]}
        });
        let expected = [
            "search-parameter",
            "subscription-channel",
            "subscription-payload",
            "subscription-endpoint",
            "subscription-header",
            "subscription-end",
        ];
        assert_eq!(keys(&tree)[1..], expected[1..]);
        assert_eq!(keys(&tree).len(), expected.len());
    }

    #[test]
    fn headers_cannot_smuggle() {
        let with = |header: &str| {
            keys(&json!({"criteria": "Patient",
                "channel": {"type": "rest-hook", "endpoint": "https://a.vn", "header": [header]}}))
        };
        for wrong in
            ["Host: b", "content-length: 0", "X", "X y: z", ": z", "A: b\r\nC: d", "A: \u{e9}", "A: b\0"]
        {
            assert_eq!(with(wrong), ["subscription-header"], "{wrong:?}");
        }
        assert_eq!(with(&format!("A: {}", "x".repeat(HEADER_BYTES_MAX))), ["subscription-header"]);
        assert_eq!(with("A: "), Vec::<&str>::new());
        let many: Vec<String> = (0..=HEADERS_MAX).map(|n| format!("X-{n}: 1")).collect();
        let tree = json!({"criteria": "Patient",
            "channel": {"type": "rest-hook", "endpoint": "https://a.vn", "header": (many)}});
        assert_eq!(keys(&tree), ["subscription-header"]);
    }
}
