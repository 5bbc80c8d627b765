//! The administration's room: the accounts of the people who work here, the audit trail, the health of the node.
//!
//! It deliberately does not know other rooms, SQL, or how somebody proves who they are: it asks the gate.
//!
//! Start at [`routes`]; [`accounts`], [`trail`] and [`health`] are feature folders: `mod.rs` routes and handlers, `page.rs`.

pub mod accounts;
pub mod health;
pub mod trail;

use axum::Router;
use yba_records::{Gate, Records};
use yba_ui::frame::{MenuEntry, MenuGroup};
use yba_web::Site;

/// What the room's handlers need.
#[derive(Clone)]
pub struct Admin {
    pub site: Site,
    pub gate: Gate,
    pub records: Records,
    /// Looks at the node itself.
    pub health: health::Look,
    /// The address others know this node by, without a slash at its end; empty when it is not known.
    pub base_url: String,
}

/// The room's pages, to be put behind the guards of `yba_web::shell`.
pub fn routes(admin: Admin) -> Router {
    accounts::routes().merge(trail::routes()).merge(health::routes()).with_state(admin)
}

/// This room's part of the menu.
pub fn menu() -> MenuGroup {
    let accounts =
        MenuEntry { href: accounts::ACCOUNTS.into(), icon: "key", word: "Tài khoản".into(), count: None };
    let trail = MenuEntry {
        href: trail::TRAIL.into(),
        icon: "activity",
        word: "Nhật ký truy cập".into(),
        count: None,
    };
    let health = MenuEntry {
        href: health::HEALTH.into(),
        icon: "heart-pulse",
        word: "Sức khỏe máy chủ".into(),
        count: None,
    };
    MenuGroup { title: "Quản trị".into(), entries: vec![accounts, trail, health] }
}
