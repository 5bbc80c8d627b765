//! What is not served, refused by its name.

use crate::answer::Refused;
use axum::extract::MatchedPath;
use axum::http::{Method, Uri};
use yba_fhir::{Kind, Outcome};

/// An address below `/fhir` that means nothing here.
pub async fn unknown_address(uri: Uri) -> Refused {
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    if last.starts_with('$') || last.starts_with("%24") {
        let name: String = last.chars().take(64).collect();
        let text = format!("Máy chủ này chưa hỗ trợ thao tác {name}.");
        let detail = format!("operation {name} is not supported");
        return Outcome::new(Kind::NotFound, "unsupported-operation", text, detail).into();
    }
    let text = "Địa chỉ này không có trong FHIR API. Xem các địa chỉ có ở /fhir/metadata.";
    Outcome::new(Kind::NotFound, "unknown-address", text, "no such address; see [base]/metadata").into()
}

/// A method that the address does not take.
pub async fn method(method: Method, path: Option<MatchedPath>) -> Refused {
    let path = path.as_ref().map_or("", MatchedPath::as_str);
    let name = match (method.as_str(), path) {
        ("DELETE", "/fhir/{kind}/{id}/_history" | "/fhir/{kind}/{id}/_history/{version}") => "delete-history",
        ("GET", "/fhir/{kind}/_search") => "GET _search",
        _ => "",
    };
    let wanted = if name.is_empty() { String::new() } else { format!(" ({name})") };
    let text =
        format!("Địa chỉ này không nhận phương thức {method}{wanted}. Xem các thao tác có ở /fhir/metadata.");
    let detail = format!("{method} {path}{wanted} is not supported; see [base]/metadata");
    Outcome::new(Kind::Unsupported, "method-not-allowed", text, detail).into()
}

/// Something of the protocol that would change the meaning of the request, were it ignored.
pub fn unsupported(what: &str) -> Outcome {
    let text = format!("Máy chủ này chưa hỗ trợ {what}.");
    Outcome::invalid("unsupported", text, format!("{what} is not supported"))
}
