//! The states of every list and card: loading, empty, error, offline, stale. Each says what happened and
//! what to do.

use crate::format;
use crate::icon::icon;
use maud::{Markup, html};

/// Nothing here: what this is, why it is empty, the one useful next act (or nothing).
pub fn empty(what: &str, why: &str, act: Markup) -> Markup {
    html! { div .empty { p { b { (what) } } @if !why.is_empty() { p { (why) } } (act) } }
}

/// The quiet form of [`empty`], one line inside a card.
pub fn empty_line(what: &str) -> Markup {
    html! { p .empty.small-empty { (what) } }
}

/// Something failed: what, and the way forward; `code` is small text for those who repair.
pub fn error(what: &str, forward: &str, code: &str) -> Markup {
    html! {
        div .note.bad role="alert" {
            (icon("triangle-alert"))
            p { b { (what) } " " (forward) @if !code.is_empty() { span .code { "Mã: " (code) } } }
        }
    }
}

/// Worth knowing, nothing is broken.
pub fn warning(what: &str, more: &str) -> Markup {
    html! { div .note.warn { (icon("triangle-alert")) p { b { (what) } " " (more) } } }
}

/// A part that the role does not open: which roles may.
pub fn no_permission(what: &str, roles: &str) -> Markup {
    html! { div .note { (icon("key")) p { b { (what) } " Vai trò xem được: " (roles) "." } } }
}

/// Somebody else is at work on it: who, since when; it can be read.
pub fn locked(who: &str, since: &str) -> Markup {
    html! { div .note.warn role="status" { (icon("key")) p { b { (who) " đang sửa từ " (since) "." } " Bạn xem được, chưa sửa được." } } }
}

/// The browser lost its node. Drawn hidden in every frame; our script shows it.
pub fn offline_bar() -> Markup {
    html! {
        div #offline .note.warn role="status" hidden {
            (icon("wifi-off"))
            p { b { "Mất kết nối với máy chủ." } " Trang đang xem vẫn đọc được; mở trang khác hay tìm kiếm thì chờ có mạng lại." }
        }
    }
}

/// When the shown values were fetched; amber when older than five minutes.
pub fn stale(clock: &str, minutes_old: u32) -> Markup {
    html! {
        span .stale .old[minutes_old > 5] { "cập nhật " (clock) @if minutes_old > 5 { " (" (minutes_old) " phút trước)" } }
    }
}

/// Some sources are missing: `128/131 cơ sở`.
pub fn partial(have: usize, all: usize, word: &str) -> Markup {
    html! { span .stale .old[have < all] { (format::count(have)) "/" (format::count(all)) " " (word) } }
}

/// Lines in the place of what is coming; they appear after 200 ms.
pub fn skeleton(lines: usize) -> Markup {
    html! { div .skeleton role="status" { span .sr { "Đang tải" } @for _ in 0..lines.min(20) { i {} } } }
}

pub fn sample() -> Markup {
    html! {
        div .card { (skeleton(4)) }
        div .card {
            (empty("Chưa có mẫu nào chờ nhận.", "Mẫu mới hiện ở đây ngay khi phòng lấy mẫu quét mã.",
                html! { button .btn type="button" { "Quét mã ống " kbd { "F2" } } }))
        }
        div .card { (empty_line("Chưa có mũi tiêm nào được ghi.")) }
        (error("Chưa lưu được kết quả.", "Máy chủ từ chối vì mẫu đã huỷ lúc 08:41. Dữ liệu bạn nhập vẫn còn bên dưới.", "b7-000123"))
        (no_permission("Phần này của hồ sơ không mở với vai trò của bạn.", "bác sĩ, nhân viên trạm y tế xã"))
        (locked("Điều dưỡng Lò Thị Mai", "08:57"))
        (warning("Đang làm việc ngoại tuyến từ 08:52.", "3 phiếu chờ gửi. Có thể nhập tiếp; không thể ký duyệt."))
        p { (stale("08:57", 2)) " " (stale("08:21", 38)) " " (partial(128, 131, "cơ sở")) }
    }
}
