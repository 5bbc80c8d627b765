//! The list of keys, opened by `?`: those of every page, those that lead somewhere, and (filled in by our script, which
//! finds them by `aria-keyshortcuts`) those of this page. Here single letters are turned off.

use crate::account::Account;
use crate::form;
use crate::frame::{Look, MenuGroup};
use maud::{Markup, html};

pub fn dialog(menu: &[MenuGroup], account: &Account, look: Look) -> Markup {
    let key =
        |keys: &[&str], text: &str| html! { span { @for k in keys { kbd { (k) } " " } } span { (text) } };
    let places = menu.iter().flat_map(|group| &group.entries);
    form::dialog(
        "phim",
        "Phím tắt",
        html! {
            div .keys {
                (key(&["/", "Ctrl K"], "Ô tìm: người, > lệnh, # mã bệnh"))
                (key(&["↑", "↓"], "Chọn trong kết quả"))
                (key(&["Enter"], "Mở mục đang chọn"))
                (key(&["Esc"], "Đóng, thoát ra"))
                @for entry in places {
                    @if let Some(letter) = entry.letter { (key(&["g", &letter.to_string()], &entry.word)) }
                }
                (key(&["?"], "Bảng phím này"))
            }
            div #phim-trang hidden { h3 { "Ở trang này" } div .keys {} }
            p .muted { "Máy quét: quét căn cước hoặc thẻ BHYT ở bất kỳ trang nào để mở hồ sơ." }
            form method="post" action=(account.look) {
                (form::hidden("ve", account.address))
                button .btn name="phim" value=(if look.letters_off { "bat" } else { "tat" }) {
                    @if look.letters_off { "Bật phím một chữ (/, ?, g…)" } @else { "Tắt phím một chữ (/, ?, g…)" }
                }
            }
        },
        html! {},
    )
}
