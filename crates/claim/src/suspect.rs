//! Identity that looks wrong: malformed numbers, numbers that seem to be somebody else's. Only warnings: numbers are
//! kept as stated, and linking asks for equal sex and compatible birth date anyway (DESIGN 16).

use crate::identity::{self, Paper};
use crate::problem::{Problem, Problems};
use crate::table::{Row, Visit};
use crate::value::Moment;

pub(crate) fn check(visit: &Visit<'_>, summary: &Row<'_>, problems: &mut Problems) {
    let mut warn = |key: &'static str, concept: &str, text: String, diagnostics: &str| {
        problems.add(
            Problem::warning(key, text, diagnostics).part("XML1").row(1).column(summary.name_of(concept)),
        );
    };
    if let Some(number) = summary.text("SO_CCCD") {
        match identity::paper(number) {
            Paper::Citizen(number) => {
                if let Some(reason) = not_this_person(&number, summary) {
                    let text = format!(
                        "Số định danh không khớp {reason}; có thể là số của người khác (mẹ, người nhà) hoặc gõ nhầm."
                    );
                    warn(
                        "identity-borrowed",
                        "SO_CCCD",
                        text,
                        "personal number does not fit sex or birth year",
                    );
                }
            }
            Paper::Unknown => {
                let text = "Số giấy tờ không đúng dạng (12 số, 9 số hoặc hộ chiếu); được giữ nhưng không dùng để nối người.".to_owned();
                warn("identity-format", "SO_CCCD", text, "identity number malformed");
            }
            Paper::OldCard(_) | Paper::Passport(_) => {}
        }
    }
    let cards = summary.list("MA_THE_BHYT");
    for card in &cards {
        if identity::card(card).is_none() {
            let text =
                "Số thẻ BHYT không đúng dạng (15 ký tự); được giữ nhưng không dùng để nối người.".to_owned();
            warn("card-format", "MA_THE_BHYT", text, "insurance card number malformed");
        } else if card.starts_with("TE") && age_at(visit, summary).is_some_and(|age| age > 7) {
            let text =
                "Thẻ trẻ em (TE) nhưng người bệnh trên 7 tuổi; có thể là thẻ của người khác.".to_owned();
            warn("card-borrowed", "MA_THE_BHYT", text, "child card for an older person");
        }
    }
    for parallel in ["MA_DKBD", "GT_THE_TU", "GT_THE_DEN"] {
        let count = summary.list(parallel).len();
        if count > cards.len() || (count > 0 && count < cards.len()) {
            let text = format!(
                "Có {} thẻ nhưng {count} giá trị {parallel}; các cột này phải song song.",
                cards.len()
            );
            warn("card-parallel", parallel, text, "parallel lists differ in length");
        }
    }
}

fn age_at(visit: &Visit<'_>, summary: &Row<'_>) -> Option<i32> {
    let born = summary.text("NGAY_SINH").and_then(Moment::birth)?;
    Some(born.day().years_until(visit.day))
}

/// Why a personal number cannot be this person's: sex and century in its fourth digit, year of birth in the next
/// two. NĐ 137/2015/NĐ-CP, TT 59/2021/TT-BCA.
fn not_this_person(number: &str, summary: &Row<'_>) -> Option<&'static str> {
    let digit = |at: usize| i16::from(number.as_bytes()[at] - b'0');
    let year = 1900 + (digit(3) / 2) * 100 + digit(4) * 10 + digit(5);
    let male = digit(3) % 2 == 0;
    let born = summary.text("NGAY_SINH").and_then(Moment::birth).map(|born| born.day().year());
    if born.is_some_and(|born| born != year) {
        return Some("năm sinh");
    }
    match summary.text("GIOI_TINH") {
        Some("1") if !male => Some("giới tính"),
        Some("2") if male => Some("giới tính"),
        _ => None,
    }
}
