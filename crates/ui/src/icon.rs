//! Icons from our one sprite (Lucide, 1.75 stroke). An icon is decoration: the word beside it, or an
//! `aria-label` on its button, carries the meaning.

use crate::asset;
use maud::{Markup, html};
use std::sync::LazyLock;

/// Every icon a page of ours may ask for; a test holds the sprite to this list.
pub const NAMES: &[&str] = &[
    "search",
    "heart-pulse",
    "users",
    "user",
    "info",
    "triangle-alert",
    "wifi-off",
    "printer",
    "chevron-left",
    "flask-conical",
    "pill",
    "syringe",
    "activity",
    "file-text",
    "layout-grid",
    "plug",
    "circle-help",
    "log-out",
    "key",
    "id-card",
    "user-plus",
    "pencil",
    "history",
    "list",
    "chevron-right",
    "git-merge",
];

static SPRITE: LazyLock<String> = LazyLock::new(|| asset::url("icons.svg"));

/// Draws one icon of [`NAMES`].
pub fn icon(name: &str) -> Markup {
    html! {
        svg .icon aria-hidden="true" focusable="false" viewBox="0 0 24 24" { use href={ (*SPRITE) "#i-" (name) } {} }
    }
}
