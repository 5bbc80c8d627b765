//! Every component in every state, on one page: the material for design reviews (`/_ui`).

use crate::{
    account, alert, banner, card, chart, compare, form, paper, qr, question, result, search, state, status,
    table, timeline, trend, vitals, worklist,
};
use maud::{Markup, html};

type Sample = fn() -> Markup;

const SAMPLES: &[(&str, Sample)] = &[
    ("Thanh người bệnh", banner::sample),
    ("Tìm kiếm", search::sample),
    ("Mục tài khoản", account::sample),
    ("Thẻ, tiêu đề, nút", card::sample),
    ("Trạng thái", status::sample),
    ("Giá trị kết quả", result::sample),
    ("Cảnh báo an toàn", alert::sample),
    ("Đồ thị nhỏ", trend::sample),
    ("Thẻ đồ thị", chart::sample),
    ("Diễn tiến", timeline::sample),
    ("Bảng", table::sample),
    ("Dấu hiệu sinh tồn", vitals::sample),
    ("Danh sách việc", worklist::sample),
    ("Biểu mẫu, thẻ chuyển, hộp thoại", form::sample),
    ("Câu hỏi của phiếu", question::sample),
    ("Mã QR", qr::sample),
    ("Hai hồ sơ cạnh nhau", compare::sample),
    ("Phiếu để ký", paper::sample),
    ("Năm trạng thái của danh sách", state::sample),
];

/// The content of the gallery page.
pub fn page() -> Markup {
    html! {
        (card::page_title("Thành phần giao diện", html! { "mọi người và con số ở đây đều là hư cấu" }, html! {}))
        @for (at, (title, sample)) in SAMPLES.iter().enumerate() {
            (card::Card::new(&format!("mau-{at}"), title).padded(sample()))
        }
    }
}
