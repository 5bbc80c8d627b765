//! The health of this node for its keepers: what it measures of itself, and what they should do. What is looked at comes from
//! the roof, which alone knows settings and files.

mod page;

use crate::Admin;
use axum::Router;
use axum::extract::{Extension, State};
use axum::response::Response;
use axum::routing::get;
use std::pin::Pin;
use std::sync::Arc;
use yba_fhir::Outcome;
use yba_records::Ctx;
use yba_web::{Page, RequestId, error};

/// The page.
pub const HEALTH: &str = "/quan-tri/suc-khoe";

/// What a node says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Words and values, in groups with a title.
    pub measures: Vec<(&'static str, Vec<(String, String)>)>,
    /// What is not as it should be, and what to do.
    pub to_do: Vec<(String, String)>,
}

/// Looks at the node.
pub type Look = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Health, Outcome>> + Send>> + Send + Sync>;

pub(crate) fn routes() -> Router<Admin> {
    Router::new().route(HEALTH, get(health))
}

async fn health(
    State(admin): State<Admin>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
) -> Response {
    let looked = async {
        admin.gate.may_keep(&ctx, "health")?;
        (admin.health)().await
    };
    match looked.await {
        Ok(health) => admin.site.page(&Page::new("Sức khỏe máy chủ", page::health(&health)).here(HEALTH)),
        Err(outcome) => error::page(&admin.site, &outcome, &id),
    }
}
