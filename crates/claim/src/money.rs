//! Whether the money of a visit adds up: totals of XML1 against the lines of XML2 and XML3.
//! QĐ 4750/QĐ-BYT 2023, bảng 1: each total is the sum of a column; `T_BHTT = T_TONGCHI_BH - T_BNCCT`.

use crate::problem::{Problem, Problems};
use crate::table::{Row, Visit};
use crate::value::Decimal;
use std::cmp::Ordering;

/// Total of the summary, column of the lines, and whether a difference refuses the visit. The totals of the oldest
/// edition are known only by heart, so there only the grand total refuses.
const TOTALS: &[(&str, &str, bool)] = &[
    ("T_TONGCHI_BV", "THANH_TIEN_BV", true),
    ("T_TONGCHI_BH", "THANH_TIEN_BH", true),
    ("T_BNTT", "T_BNTT", true),
    ("T_BNCCT", "T_BNCCT", true),
    ("T_NGUONKHAC", "T_NGUONKHAC", true),
];

pub(crate) fn check(visit: &Visit<'_>, summary: &Row<'_>, problems: &mut Problems) {
    let lines: Vec<&Row<'_>> = ["XML2", "XML3"].iter().flat_map(|kind| visit.rows(kind)).collect();
    let tolerance = tolerance(lines.len());
    let oldest = visit.edition.slug == "4210";
    for (total, column, refuses) in TOTALS {
        let Some(stated) = summary.decimal(total) else { continue };
        let Some(sum) = sum(&lines, column, !lines.is_empty()) else { continue };
        if differs(stated, sum, tolerance) {
            problems.add(disagrees(
                summary,
                total,
                stated,
                sum,
                *refuses && (!oldest || *total == "T_TONGCHI_BV"),
            ));
        }
    }
    fund_share(summary, &lines, tolerance, oldest, problems);
    by_group(visit, summary, tolerance, problems);
    line_amounts(visit, problems);
}

/// Lines are rounded one by one, some systems to whole đồng: half a đồng for each, and one for the total.
fn tolerance(lines: usize) -> Decimal {
    Decimal::whole(lines as i64 + 2).half()
}

fn differs(left: Decimal, right: Decimal, tolerance: Decimal) -> bool {
    left.minus(right).abs().compare(tolerance) == Ordering::Greater
}

/// The sum of a column; `None` when no line has the column at all though there are lines.
fn sum(lines: &[&Row<'_>], column: &str, must_occur: bool) -> Option<Decimal> {
    let occurs = lines.iter().any(|line| line.cell(column).is_some());
    (occurs || !must_occur)
        .then(|| lines.iter().filter_map(|line| line.decimal(column)).fold(Decimal::ZERO, Decimal::plus))
}

fn disagrees(summary: &Row<'_>, total: &str, stated: Decimal, sum: Decimal, refuses: bool) -> Problem {
    let name = summary.name_of(total);
    let text = format!(
        "{name} ghi {stated} đ nhưng cộng các dòng XML2 và XML3 được {sum} đ. Hãy đối chiếu, sửa rồi nạp lại \
         (có thể thiếu phần XML2 hoặc XML3)."
    );
    let diagnostics = format!("{total} {stated} differs from the lines' {sum}");
    let problem = match refuses {
        true => Problem::error("totals", text, diagnostics),
        false => Problem::warning("totals", text, diagnostics),
    };
    problem.part("XML1").row(1).column(name)
}

/// The fund's share: the official formula and the sum of lines part ways when another source pays more than the
/// patient's own part of a line. Both are kept as stated; which one the hospital took is told.
fn fund_share(
    summary: &Row<'_>,
    lines: &[&Row<'_>],
    tolerance: Decimal,
    oldest: bool,
    problems: &mut Problems,
) {
    let Some(stated) = summary.decimal("T_BHTT") else { return };
    let Some(sum) = sum(lines, "T_BHTT", !lines.is_empty()) else { return };
    let formula =
        summary.decimal("T_TONGCHI_BH").zip(summary.decimal("T_BNCCT")).map(|(all, share)| all.minus(share));
    let by_formula = formula.is_some_and(|formula| !differs(stated, formula, tolerance));
    let by_lines = !differs(stated, sum, tolerance);
    if by_formula && !by_lines {
        let text = format!(
            "T_BHTT ghi {stated} đ theo công thức T_TONGCHI_BH trừ T_BNCCT, còn cộng các dòng được {sum} đ: nguồn khác đã trả \
             quá phần người bệnh tự trả. Cả hai số được giữ."
        );
        problems.add(
            Problem::warning("fund-share-formula", text, "T_BHTT by formula differs from the lines")
                .part("XML1")
                .row(1)
                .column("T_BHTT"),
        );
    } else if !by_formula && !by_lines {
        problems.add(disagrees(summary, "T_BHTT", stated, sum, !oldest));
    }
}

/// Drugs and materials have their own totals; they only warn, because systems group differently.
fn by_group(visit: &Visit<'_>, summary: &Row<'_>, tolerance: Decimal, problems: &mut Problems) {
    let drugs: Vec<&Row<'_>> = visit.rows("XML2").iter().collect();
    let materials: Vec<&Row<'_>> =
        visit.rows("XML3").iter().filter(|row| matches!(row.text("MA_NHOM"), Some("10" | "11"))).collect();
    for (total, lines) in [("T_THUOC", drugs), ("T_VTYT", materials)] {
        let Some(stated) = summary.decimal(total) else { continue };
        let sum = sum(&lines, "THANH_TIEN_BV", false).unwrap_or(Decimal::ZERO);
        if differs(stated, sum, tolerance) {
            problems.add(disagrees(summary, total, stated, sum, false));
        }
    }
}

/// A line whose amount is not quantity times price: told, since the lines' sum is what counts.
fn line_amounts(visit: &Visit<'_>, problems: &mut Problems) {
    for (kind, price) in [("XML2", "DON_GIA"), ("XML3", "DON_GIA_BV")] {
        for row in visit.rows(kind) {
            let Some(stated) = row.decimal("THANH_TIEN_BV") else { continue };
            let Some(whole) =
                row.decimal("SO_LUONG").zip(row.decimal(price)).and_then(|(count, price)| count.times(price))
            else {
                continue;
            };
            let share = row.decimal("TYLE_TT_DV").filter(|_| kind == "XML3");
            let computed = share.map_or(Some(whole), |share| whole.times(share.percent()));
            let Some(computed) = computed.map(|amount| amount.rounded(2)) else { continue };
            if differs(stated, computed, Decimal::whole(1)) {
                let text = format!("Thành tiền ghi {stated} đ, số lượng nhân đơn giá được {computed} đ.");
                let problem = Problem::warning("line-amount", text, format!("{stated} is not {computed}"));
                problems.add(problem.part(kind).row(row.number).column(row.name_of("THANH_TIEN_BV")));
            }
        }
    }
}
