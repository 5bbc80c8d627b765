//! A sheet of paper for somebody's signature: agency and national motto at the top, title, text, places to sign.

use crate::format;
use maud::{Markup, html};

/// What stands on the sheet.
pub struct Paper<'a> {
    /// Who keeps it.
    pub agency: &'a str,
    pub title: &'a str,
    /// ISO day on which it is signed; empty leaves it to the pen.
    pub date: &'a str,
    pub body: Markup,
    /// Whose signatures: the role, and the name below the space (empty leaves it to the pen).
    pub signatures: &'a [(&'a str, &'a str)],
    /// By which it is found again.
    pub foot: &'a str,
}

/// Draws the sheet; on paper it is the whole page.
pub fn paper(p: &Paper) -> Markup {
    html! {
        article .paper {
            header {
                p .agency { (p.agency) }
                p .motto { b { "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" } span { "Độc lập – Tự do – Hạnh phúc" } }
            }
            h2 { (format::name_capitals(p.title)) }
            (p.body)
            p .place-day { "................................, " (day(p.date)) }
            div .signatures {
                @for (role, name) in p.signatures {
                    div { b { (role) } span { "(ký, ghi rõ họ tên)" } span .name { (name) } }
                }
            }
            footer { (p.foot) }
        }
    }
}

/// «ngày 22 tháng 11 năm 2026».
fn day(iso: &str) -> String {
    let mut parts = iso.splitn(3, '-');
    match (parts.next(), parts.next(), parts.next().and_then(|day| day.get(..2))) {
        (Some(year), Some(month), Some(day)) => format!("ngày {day} tháng {month} năm {year}"),
        _ => "ngày ...... tháng ...... năm ............".into(),
    }
}

pub fn sample() -> Markup {
    paper(&Paper {
        agency: "Trạm Y tế xã Bản Bo",
        title: "Phiếu ghi lời người bệnh",
        date: "2026-11-22",
        body: html! { p { "Tôi không cho cơ sở nào xem phần về sức khỏe tâm thần trong hồ sơ của tôi." } },
        signatures: &[("Người đồng ý", "Lò Thị Lả"), ("Người ghi", "")],
        foot: "Mã hồ sơ 0001",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_on_papers_or_left_to_the_pen() {
        assert_eq!(day("2026-11-22T08:00:00+07:00"), "ngày 22 tháng 11 năm 2026");
        assert!(day("").contains("......") && day("2026").contains("......"));
    }
}
