//! The hospital's room. For now: find a person, read their record over all facilities.
//!
//! It deliberately does not know other rooms, SQL, or how people are linked. Pages are drawn from models,
//! models are built from FHIR resources by pure functions.
//!
//! Start at [`find`] and [`record`]; each is a feature folder: `mod.rs` routes and handlers, `model.rs`,
//! `page.rs`, `tests.rs`.

pub mod find;
pub mod record;

use yba_ui::frame::{MenuEntry, MenuGroup};

/// This room's part of the menu.
pub fn menu() -> MenuGroup {
    let find = MenuEntry { href: "/".into(), icon: "users", word: "Tìm người".into(), count: None };
    MenuGroup { title: "Hồ sơ".into(), entries: vec![find] }
}
