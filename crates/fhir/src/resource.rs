//! A resource: a JSON tree that was checked on the way in, and the compact bytes that are kept.
//!
//! Kept bytes begin `{"resourceType":"T","id":"I","meta":{`; there the server's `versionId` and `lastUpdated` are
//! spliced in once, at write. So a stored body is returned as it is, and its content hash (over the bytes without
//! those two) can be checked again from the body alone.

use crate::guard::{self, Refusal};
use crate::json::{self, JsonContainerTrait, JsonValueTrait, Value};
use crate::outcome::{Kind, Outcome};
use sha2::{Digest, Sha256};

/// Bounds on incoming JSON.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most bytes of one document.
    pub bytes: usize,
    /// Deepest nesting of objects and arrays.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 64 << 20, depth: 64 }
    }
}

/// A well-formed FHIR resource: an object with a `resourceType` that looks like one.
#[derive(Debug, Clone)]
pub struct Resource {
    tree: Value,
    kind: String,
    id: Option<String>,
}

impl Resource {
    /// Parses bytes under the default [`Limits`]. Refuses with `invalid` or `too-large`, naming place and reason.
    pub fn parse(bytes: &[u8]) -> Result<Resource, Outcome> {
        Resource::parse_with(bytes, &Limits::default())
    }

    /// Parses bytes: guard scan, JSON, duplicate keys, `resourceType`.
    pub fn parse_with(bytes: &[u8], limits: &Limits) -> Result<Resource, Outcome> {
        Resource::from_parsed(parse_json(bytes, limits)?)
    }

    /// Takes a tree that was built in memory. Its members are put in one order, see [`json::ordered`].
    pub fn from_value(tree: Value) -> Result<Resource, Outcome> {
        Resource::from_parsed(json::ordered(&tree))
    }

    /// Takes a tree (or part of one) as it came from the parser, its members in the order of the text. Refuses a
    /// missing or odd `resourceType` and a badly formed `id`.
    pub fn from_parsed(tree: Value) -> Result<Resource, Outcome> {
        if !tree.is_object() {
            let text = "Nội dung gửi lên phải là một đối tượng JSON (một tài nguyên FHIR).";
            return Err(Outcome::invalid("resource-not-object", text, "the body is not a JSON object"));
        }
        let kind = match tree.get("resourceType").and_then(|value| value.as_str()) {
            Some(kind) if is_type_name(kind) => kind.to_owned(),
            _ => {
                let text = "Thiếu resourceType, hoặc resourceType không phải tên một loại tài nguyên FHIR.";
                return Err(Outcome::invalid("resource-type", text, "resourceType is missing or malformed")
                    .at("resourceType"));
            }
        };
        if let Some(id) = tree.get("id")
            && !id.as_str().is_some_and(is_id)
        {
            let text = "id chỉ được gồm chữ, số, dấu gạch ngang và dấu chấm, dài 1–64 ký tự.";
            return Err(Outcome::invalid("id-format", text, "id must match [A-Za-z0-9\\-\\.]{1,64}")
                .at(format!("{kind}.id")));
        }
        if tree.get("meta").is_some_and(|meta| !meta.is_object()) {
            let text = "meta phải là một đối tượng JSON.";
            return Err(
                Outcome::invalid("meta-format", text, "meta must be an object").at(format!("{kind}.meta"))
            );
        }
        let id = tree.get("id").and_then(|id| id.as_str()).map(str::to_owned);
        Ok(Resource { tree, kind, id })
    }

    /// The resource type, e.g. `Patient`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The tree as it came; an id set with [`Resource::set_id`] is not in it.
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    pub fn into_tree(self) -> Value {
        self.tree
    }

    /// Sets the id. The caller has checked it with [`is_id`] or made it.
    pub fn set_id(&mut self, id: &str) {
        self.id = Some(id.to_owned());
    }

    /// The bytes to keep, ready for the splice. Takes the id from the resource (empty if it has none).
    pub fn content(&self) -> Content {
        Content::of(self)
    }
}

/// Parses JSON under limits: guard scan, parser, duplicate keys. For anything that arrives from outside.
pub fn parse_json(bytes: &[u8], limits: &Limits) -> Result<Value, Outcome> {
    guard::scan(bytes, limits).map_err(refusal_outcome)?;
    let tree: Value = json::from_slice(bytes).map_err(|error| {
        let place = line_and_column(bytes, error.offset());
        let text = format!("JSON sai cú pháp ở dòng {}, cột {}. Hãy sửa rồi gửi lại.", place.0, place.1);
        Outcome::invalid(
            "json-syntax",
            text,
            format!("malformed JSON at line {}, column {}", place.0, place.1),
        )
    })?;
    if let Some(key) = guard::duplicate_key(&tree) {
        let text = format!("Khóa “{key}” xuất hiện hai lần trong cùng một đối tượng JSON. Chỉ giữ một.");
        return Err(Outcome::invalid("json-duplicate-key", text, format!("duplicate object key {key:?}")));
    }
    Ok(tree)
}

fn refusal_outcome(refusal: Refusal) -> Outcome {
    match refusal {
        Refusal::TooLarge { bytes, limit } => Outcome::new(
            Kind::TooLarge,
            "too-large",
            format!("Nội dung dài {bytes} byte, vượt mức cho phép {limit} byte. Hãy chia nhỏ."),
            format!("{bytes} bytes exceed the limit of {limit}"),
        ),
        Refusal::TooDeep { offset, limit } => Outcome::invalid(
            "too-deep",
            format!("JSON lồng nhau quá {limit} mức."),
            format!("nesting exceeds {limit} levels at byte {offset}"),
        ),
        Refusal::Nul { offset } => Outcome::invalid(
            "nul-character",
            "Nội dung có ký tự U+0000, không được phép.",
            format!("U+0000 at byte {offset}"),
        ),
        Refusal::NotUtf8 { offset } => Outcome::invalid(
            "not-utf8",
            "Nội dung không phải UTF-8. Hãy lưu tệp với bảng mã UTF-8 rồi gửi lại.",
            format!("invalid UTF-8 at byte {offset}"),
        ),
    }
}

fn line_and_column(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = &bytes[..offset.min(bytes.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

/// Whether this is a FHIR id: `[A-Za-z0-9\-\.]{1,64}`. <https://hl7.org/fhir/R4/datatypes.html#id>
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}

fn is_type_name(text: &str) -> bool {
    text.len() <= 64
        && text.bytes().next().is_some_and(|first| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The kept bytes of a resource around the place where the server writes `versionId` and `lastUpdated`.
#[derive(Debug, Clone)]
pub struct Content {
    bytes: Vec<u8>,
    splice_at: usize,
    meta_has_more: bool,
}

impl Content {
    fn of(resource: &Resource) -> Content {
        let mut bytes = content_prefix(resource.kind(), resource.id().unwrap_or_default());
        let splice_at = bytes.len();
        let mut meta_has_more = false;
        if let Some(meta) = resource.tree.get("meta").and_then(|meta| meta.as_object()) {
            for (key, value) in meta.iter().filter(|(key, _)| *key != "versionId" && *key != "lastUpdated") {
                push_member(&mut bytes, key, value, meta_has_more);
                meta_has_more = true;
            }
        }
        bytes.push(b'}');
        if let Some(object) = resource.tree.as_object() {
            for (key, value) in
                object.iter().filter(|(key, _)| !matches!(*key, "resourceType" | "id" | "meta"))
            {
                push_member(&mut bytes, key, value, true);
            }
        }
        bytes.push(b'}');
        Content { bytes, splice_at, meta_has_more }
    }

    /// SHA-256 over the kept bytes without `versionId` and `lastUpdated`: equal content has equal hashes.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    /// The whole body, with the server's fields in place.
    pub fn spliced(&self, version_id: &str, last_updated: &str) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.bytes.len() + version_id.len() + last_updated.len() + 34);
        body.extend_from_slice(&self.bytes[..self.splice_at]);
        body.extend_from_slice(&server_fields(version_id, last_updated));
        if self.meta_has_more {
            body.push(b',');
        }
        body.extend_from_slice(&self.bytes[self.splice_at..]);
        body
    }

    /// How many bytes the content has, without the server's fields.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// The content hash computed again from a stored body; `None` when the body does not start as ours do.
pub fn stored_hash(
    body: &[u8],
    kind: &str,
    id: &str,
    version_id: &str,
    last_updated: &str,
) -> Option<[u8; 32]> {
    let prefix = content_prefix(kind, id);
    let fields = server_fields(version_id, last_updated);
    let rest = body.strip_prefix(prefix.as_slice())?.strip_prefix(fields.as_slice())?;
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    Some(Sha256::new().chain_update(&prefix).chain_update(rest).finalize().into())
}

fn content_prefix(kind: &str, id: &str) -> Vec<u8> {
    format!("{{\"resourceType\":\"{kind}\",\"id\":\"{id}\",\"meta\":{{").into_bytes()
}

fn server_fields(version_id: &str, last_updated: &str) -> Vec<u8> {
    format!("\"versionId\":\"{version_id}\",\"lastUpdated\":\"{last_updated}\"").into_bytes()
}

fn push_member(bytes: &mut Vec<u8>, key: &str, value: &Value, comma: bool) {
    if comma {
        bytes.push(b',');
    }
    bytes.extend_from_slice(json::to_string(key).expect("a string always serialises").as_bytes());
    bytes.push(b':');
    bytes.extend_from_slice(&json::to_vec(value).expect("a parsed tree always serialises"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_tokens_and_unknown_elements_and_drops_only_white_space() {
        let text = br#" { "resourceType" : "Observation", "valueQuantity" : {"value": 2.00}, "x_new": [1e3, -0.10, 12345678901234567890.123456789], "id":"a1",
            "meta": {"lastUpdated":"1999-01-01T00:00:00Z","source":"urn:x"} } "#;
        let content = Resource::parse(text).unwrap().content();
        let body = String::from_utf8(content.spliced("k-1", "2026-03-02T08:00:00+07:00")).unwrap();
        assert_eq!(
            body,
            r#"{"resourceType":"Observation","id":"a1","meta":{"versionId":"k-1","lastUpdated":"2026-03-02T08:00:00+07:00","source":"urn:x"},"valueQuantity":{"value":2.00},"x_new":[1e3,-0.10,12345678901234567890.123456789]}"#
        );
    }

    #[test]
    fn hash_ignores_the_servers_fields_and_can_be_computed_from_the_body() {
        for meta in [r#""meta":{"versionId":"z"},"#, r#""meta":{"source":"urn:x","versionId":"q"},"#, ""] {
            let text = format!(r#"{{"resourceType":"Basic",{meta}"id":"b","language":"vi"}}"#);
            let content = Resource::parse(text.as_bytes()).unwrap().content();
            let body = content.spliced("inc-9", "2026-01-01T00:00:00.000+07:00");
            let again = stored_hash(&body, "Basic", "b", "inc-9", "2026-01-01T00:00:00.000+07:00");
            assert_eq!(again, Some(content.hash()));
            assert_eq!(stored_hash(&body, "Basic", "b", "inc-8", "2026-01-01T00:00:00.000+07:00"), None);
        }
    }

    #[test]
    fn refuses_with_place_and_reason() {
        let key = |text: &str| Resource::parse(text.as_bytes()).unwrap_err().issues[0].key;
        assert_eq!(key("[]"), "resource-not-object");
        assert_eq!(key(r#"{"a":1}"#), "resource-type");
        assert_eq!(key(r#"{"resourceType":"patient"}"#), "resource-type");
        assert_eq!(key(r#"{"resourceType":"Patient","id":"a b"}"#), "id-format");
        assert_eq!(key(r#"{"resourceType":"Patient","id":7}"#), "id-format");
        assert_eq!(key(r#"{"resourceType":"Patient","meta":[]}"#), "meta-format");
        assert_eq!(key(r#"{"resourceType":"Patient","id":"a","id":"b"}"#), "json-duplicate-key");
        let syntax = Resource::parse(b"{\"resourceType\":\n \"Patient\",}").unwrap_err();
        assert!(syntax.issues[0].diagnostics.contains("line 2"), "{syntax}");
        assert_eq!(key(&"[".repeat(20_000)), "too-deep");
    }
}
