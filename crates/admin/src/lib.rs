//! The administration's room. For now: the accounts of the people who work here.
//!
//! It deliberately does not know other rooms, SQL, or how somebody proves who they are: it asks the gate.
//!
//! Start at [`routes`]; [`accounts`] is a feature folder: `mod.rs` routes and handlers, `page.rs`.

pub mod accounts;

use axum::Router;
use yba_records::{Action, Gate};
use yba_web::{Entry, Group, Site};

/// What the room's handlers need.
#[derive(Clone)]
pub struct Admin {
    pub site: Site,
    pub gate: Gate,
    /// The address others know this node by, without a slash at its end; empty when it is not known.
    pub base_url: String,
}

/// The room's pages, to be put behind the guards of `yba_web::shell`.
pub fn routes(admin: Admin) -> Router {
    accounts::routes().with_state(admin)
}

/// This room's part of the menu.
pub fn menu() -> Group {
    let accounts =
        Entry::new(accounts::ACCOUNTS, "key", "Tài khoản").needs(Action::Read, yba_auth::KIND).letter('k');
    Group { title: "Quản trị", entries: vec![accounts] }
}
