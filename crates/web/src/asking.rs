//! Who asks a page: what every handler of a room needs, in one argument.

use crate::headers::RequestId;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;
use yba_records::Ctx;

/// A request to the room `S`.
pub struct Asking<S> {
    pub room: S,
    pub ctx: Ctx,
    pub id: RequestId,
}

impl<S: Clone + Send + Sync> FromRequestParts<S> for Asking<S> {
    type Rejection = Infallible;

    /// Of a request that did not pass the guards of [`crate::shell`] a stranger's, who may do nothing.
    async fn from_request_parts(parts: &mut Parts, room: &S) -> Result<Asking<S>, Infallible> {
        let ctx = parts.extensions.get::<Ctx>().cloned().unwrap_or_else(|| Ctx::stranger("page"));
        let id = parts.extensions.get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
        Ok(Asking { room: room.clone(), ctx, id })
    }
}
