//! What pages say of a form that is being typed: markup only.

use maud::{Markup, html};
use yba_ui::format;

/// A form that was being typed is gone on with, unless it is thrown away.
pub(crate) fn resumed(address: &str, kept_at: &str) -> Markup {
    html! {
        form .note.warn method="post" action={ (address) "/bo-nhap" } {
            p { b { "Phiếu đang ghi dở." } " Bạn gõ lần cuối lúc " (format::date_time(kept_at)) " và chưa ghi. " }
            button .btn type="submit" { "Bỏ, ghi phiếu mới" }
        }
    }
}
