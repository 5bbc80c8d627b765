//! The administration's room: the accounts of the people who work here, the audit trail, the health of the node, and the forms of content for
//! those who write them.
//!
//! It deliberately does not know other rooms, SQL, or how somebody proves who they are: it asks the gate.
//!
//! Start at [`routes`]; [`accounts`], [`authoring`], [`trail`] and [`health`] are feature folders: `mod.rs` routes and handlers, `page.rs`.

pub mod accounts;
pub mod authoring;
pub mod health;
pub mod trail;

use axum::Router;
use std::sync::Arc;
use yba_content::Content;
use yba_records::{Action, Gate, Records};
use yba_web::{Entry, Group, Site};

/// What the room's handlers need.
#[derive(Clone)]
pub struct Admin {
    pub site: Site,
    pub gate: Gate,
    pub records: Records,
    pub content: Arc<Content>,
    /// The forms of content, compiled.
    pub forms: Arc<yba_forms::Library>,
    /// Looks at the node itself.
    pub health: health::Look,
    /// The address others know this node by, without a slash at its end; empty when it is not known.
    pub base_url: String,
}

/// The room's pages, to be put behind the guards of `yba_web::shell`.
pub fn routes(admin: Admin) -> Router {
    accounts::routes()
        .merge(authoring::routes())
        .merge(trail::routes())
        .merge(health::routes())
        .with_state(admin)
}

/// This room's part of the menu.
pub fn menu() -> Group {
    let accounts =
        Entry::new(accounts::ACCOUNTS, "key", "Tài khoản").needs(Action::Read, yba_auth::KIND).letter('k');
    let review = Entry::new(accounts::review::REVIEW, "list", "Rà soát tài khoản")
        .needs(Action::Update, yba_auth::KIND)
        .letter('s');
    let trail = Entry::new(trail::TRAIL, "activity", "Nhật ký truy cập")
        .needs(Action::Search, "AuditEvent")
        .letter('j');
    let health = Entry::new(health::HEALTH, "heart-pulse", "Sức khỏe máy chủ")
        .needs(Action::Read, yba_auth::KIND)
        .letter('h');
    let forms = Entry::new(authoring::FORMS, "file-text", "Biểu mẫu").needs(Action::Read, yba_auth::KIND);
    Group { title: "Quản trị", entries: vec![accounts, review, trail, health, forms] }
}
