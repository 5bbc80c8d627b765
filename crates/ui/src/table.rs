//! Tables with hairlines and a sticky head; on a phone each row may stack into lines.

use maud::{Markup, html};

/// Shape of a table: its accessible name, heads (`true` = numbers, right-aligned), whether rows stack when
/// narrow.
pub struct Table<'a> {
    pub caption: &'a str,
    pub heads: &'a [(&'a str, bool)],
    pub stack: bool,
}

impl Table<'_> {
    /// `body` holds the rows (`tr`); `foot` may hold a total row or nothing.
    pub fn draw(&self, body: Markup, foot: Markup) -> Markup {
        let class = if self.stack { "table stack" } else { "table" };
        html! {
            div .scroll tabindex=[(!self.stack).then_some("0")] role=[(!self.stack).then_some("region")]
                aria-label=[(!self.stack).then_some(self.caption)] {
                table class=(class) {
                    caption .sr { (self.caption) }
                    thead { tr { @for (head, number) in self.heads { th scope="col" .num[*number] { (head) } } } }
                    tbody { (body) }
                    @if !foot.0.is_empty() { tfoot { (foot) } }
                }
            }
        }
    }
}

/// A cell with a number; where the row stacks on a phone its column's head stands before it.
pub fn number(head: &str, content: Markup) -> Markup {
    html! { td .num.headed data-head=(head) { (content) } }
}

pub fn sample() -> Markup {
    let table = Table {
        caption: "Thuốc",
        heads: &[("Thuốc", false), ("Liều dùng", false), ("SL", true)],
        stack: true,
    };
    table.draw(
        html! {
            tr { th scope="row" { "Metformin 1000" (crate::format::THIN) "mg" } td .full { "Sáng 1, chiều 1 – sau ăn" } (number("Số lượng", html! { "60" })) }
            tr { th scope="row" { "Amlodipin 5" (crate::format::THIN) "mg" } td .full { "Tối 1 viên" } (number("Số lượng", html! { "30" })) }
        },
        html! { tr { td colspan="2" { "Cộng" } td .num { "90" } } },
    )
}
