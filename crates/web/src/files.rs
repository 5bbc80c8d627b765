//! Static files under `/a/<hash>/<name>`: the address changes with the bytes, so they may be kept for ever.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use yba_ui::asset;

/// Answers one file. An address with another hash is an old page's: it gets 404, never other bytes.
pub async fn file(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some(file) = asset::get(&name).filter(|file| file.hash == hash && is_public(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = axum::body::Bytes::from(file.bytes.into_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.mime));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

/// Tables for the program itself are embedded beside the files for browsers; only the latter are served.
fn is_public(name: &str) -> bool {
    [".css", ".js", ".svg", ".woff2"].iter().any(|end| name.ends_with(end))
}
