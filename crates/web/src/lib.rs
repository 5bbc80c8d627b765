//! The face's shell: page frame, static files, security headers, error pages, about page.
//!
//! It deliberately does not know any room (a room brings its routes and its menu group), the record, or how
//! people are judged: it only keeps strangers out of pages when the node is not open.
//!
//! Start at [`site`] ([`Site`], [`Page`]), then [`shell`], which puts the rooms' routes behind the guards.

mod about;
pub mod error;
mod files;
pub mod headers;
pub mod site;

pub use headers::RequestId;
pub use site::{Page, Site, SiteSettings};

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use tower_http::compression::CompressionLayer;

/// The pages of the whole face: the house's own, and those of the rooms, behind the guards.
///
/// Static files and the about page are for everyone; a room's page is for someone who is known (for now:
/// on an open node only). Unknown addresses answer a page with 404. Security headers are on every answer.
pub fn shell(site: Site, rooms: Router) -> Router {
    let mut house = Router::new()
        .route("/gioi-thieu", get(about::about))
        .route("/a/{hash}/{name}", get(files::file))
        .fallback(missing);
    if site.settings().gallery {
        house = house.route("/_ui", get(about::gallery));
    }
    house
        .with_state(site.clone())
        .merge(rooms.route_layer(middleware::from_fn_with_state(site.clone(), known_only)))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(site, headers::guard))
}

async fn missing(State(site): State<Site>, Extension(id): Extension<RequestId>) -> Response {
    error::page(&site, &error::not_found(), &id)
}

/// Strangers see the 401 page; forms from other sites are refused; handlers find the `Ctx` among extensions.
async fn known_only(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
    if !site.settings().open {
        return error::page(&site, &error::sign_in_needed(), &id);
    }
    if headers::is_foreign_form(&request) {
        return error::page(&site, &error::foreign_form(), &id);
    }
    request.extensions_mut().insert(site.ctx(&id));
    next.run(request).await
}
