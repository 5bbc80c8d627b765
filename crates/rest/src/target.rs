//! Which record an address means: type, id, version. Anything odd in them is refused here.

use crate::answer::Refused;
use crate::operation;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use yba_fhir::defs::r4;
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};

/// The target of a request; parts that the address lacks are empty.
#[derive(Debug, Default, Clone)]
pub struct Target {
    pub kind: String,
    pub id: String,
    pub version: String,
    /// The type that is searched in the compartment of a record, or `*`.
    pub within: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Target {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Target, Refused> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| {
            let text = "Địa chỉ chứa ký tự không phải UTF-8.";
            Outcome::invalid("address-encoding", text, "the address is not UTF-8 after percent-decoding")
        })?;
        let mut target = Target::default();
        for (name, value) in &params {
            match name {
                "kind" if operation::is_type(value, parts.uri.path()) => target.kind = value.to_owned(),
                "kind" => target.kind = known_type(value)?.to_owned(),
                "id" => target.id = checked_id(value)?.to_owned(),
                "version" => target.version = checked_id(value)?.to_owned(),
                "within" if value == "*" => target.within = value.to_owned(),
                "within" => target.within = known_type(value)?.to_owned(),
                _ => {}
            }
        }
        Ok(target)
    }
}

/// Refuses what is no resource type of R4.
pub fn known_type(kind: &str) -> Result<&str, Outcome> {
    if r4().is_resource(kind) {
        return Ok(kind);
    }
    let shown: String = kind.chars().take(64).collect();
    Err(match shown.as_bytes().first() {
        Some(b'$') => operation_unknown(&shown),
        Some(b'_') => {
            let text = format!("Máy chủ này chưa hỗ trợ “{shown}” trên toàn hệ thống.");
            Outcome::new(Kind::NotFound, "unsupported-interaction", text, format!("{shown} is not supported"))
        }
        _ => {
            let text = format!("“{shown}” không phải một loại tài nguyên FHIR R4.");
            Outcome::new(Kind::NotFound, "unknown-type", text, format!("unknown resource type {shown:?}"))
        }
    })
}

/// Refuses what is no FHIR id.
pub fn checked_id(id: &str) -> Result<&str, Outcome> {
    if is_id(id) {
        return Ok(id);
    }
    let shown: String = id.chars().take(64).collect();
    Err(match shown.as_bytes().first() {
        Some(b'$') => operation_unknown(&shown),
        Some(b'_') => {
            let text = format!("Máy chủ này chưa hỗ trợ “{shown}” cho cả một loại tài nguyên.");
            let detail = format!("{shown} of a whole type is not supported");
            Outcome::new(Kind::NotFound, "unsupported-interaction", text, detail)
        }
        _ => {
            let text = "id chỉ được gồm chữ, số, dấu gạch ngang và dấu chấm, dài 1–64 ký tự.";
            Outcome::invalid("id-format", text, format!("{shown:?} does not match [A-Za-z0-9\\-\\.]{{1,64}}"))
        }
    })
}

/// There is no such operation here; `name` with its `$`.
pub fn operation_unknown(name: &str) -> Outcome {
    let text = format!("Máy chủ này chưa hỗ trợ thao tác {name}.");
    Outcome::new(Kind::NotFound, "unsupported-operation", text, format!("operation {name} is not supported"))
}
