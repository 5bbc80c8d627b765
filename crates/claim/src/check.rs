//! Judges an understood visit: what refuses it, and what is only worth a word. A visit goes in whole or not at all.
//!
//! Refused: no summary, no `MA_LK`, no facility, no name, a date that cannot be, an end before the beginning, money
//! that is no number or does not add up. Everything else that looks wrong is a warning: the record keeps what the
//! hospital said.

use crate::problem::{Problem, Problems};
use crate::table::{Cell, Row, Rows, Visit};
use crate::value::{Decimal, Moment};
use std::cmp::Ordering;
use yba_content::Content;
use yba_content::claims::{Required, Shape, Target};

/// Adds every finding about a visit.
pub(crate) fn check(visit: &Visit<'_>, content: &Content, problems: &mut Problems) {
    if !has_summary(visit, problems) {
        return;
    }
    let Some(summary) = visit.summary() else { return };
    keys(visit, summary, problems);
    for part in visit.parts.iter().filter(|part| part.mapped()) {
        cells(part, visit, content, problems);
    }
    dates(summary, problems);
    same_everywhere(visit, summary, problems);
    crate::suspect::check(visit, summary, problems);
    crate::money::check(visit, summary, problems);
}

fn has_summary(visit: &Visit<'_>, problems: &mut Problems) -> bool {
    let count = visit.rows("XML1").len();
    match count {
        1 => true,
        0 => {
            let text = "Hồ sơ thiếu phần XML1 (tổng hợp), hoặc XML1 không có dòng nào. Hãy xuất lại hồ sơ đủ các phần.";
            problems.add(Problem::error("summary-missing", text, "no XML1 row").part("XML1"));
            false
        }
        _ => {
            let text =
                format!("Một lượt khám có {count} dòng XML1. Mỗi MA_LK chỉ được có một dòng; hãy tách ra.");
            problems
                .add(Problem::error("summary-many", text, format!("{count} XML1 rows")).part("XML1").row(2));
            false
        }
    }
}

fn keys(visit: &Visit<'_>, summary: &Row<'_>, problems: &mut Problems) {
    for (concept, meaning) in [
        ("MA_LK", "mã lượt khám"),
        ("HO_TEN", "họ tên người bệnh"),
        ("NGAY_VAO", "ngày vào"),
        ("NGAY_RA", "ngày ra"),
    ] {
        if summary.text(concept).is_none() {
            let text = format!("Thiếu {meaning} ({concept}). Hãy bổ sung rồi nạp lại.");
            problems.add(
                Problem::error("key-missing", text, format!("{concept} is empty"))
                    .part("XML1")
                    .row(1)
                    .column(concept),
            );
        }
    }
    let sound = |code: &str| code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !sound(&visit.facility) {
        let text = "Thiếu hoặc sai mã cơ sở khám chữa bệnh (MA_CSKCB phải đủ 5 ký tự). Hãy sửa rồi nạp lại.";
        problems.add(
            Problem::error("facility", text, "MA_CSKCB missing or malformed")
                .part("XML1")
                .row(1)
                .column("MA_CSKCB"),
        );
    }
    if let Some(envelope) = visit.origin.facility.as_deref().filter(|code| *code != visit.facility) {
        let text =
            format!("Phong bì ghi cơ sở {envelope}, XML1 ghi {}; đã dùng mã của XML1.", visit.facility);
        problems.add(
            Problem::warning("facility-differs", text, "envelope and XML1 name different facilities")
                .part("XML1"),
        );
    }
    if summary.text("MA_BN").is_none() {
        let text = "Thiếu mã người bệnh (MA_BN); lượt khám này được ghi cho một người bệnh riêng, chưa nối với lượt khác.";
        problems.add(
            Problem::warning("patient-code-missing", text, "MA_BN is empty")
                .part("XML1")
                .row(1)
                .column("MA_BN"),
        );
    }
}

fn cells(part: &Rows<'_>, visit: &Visit<'_>, content: &Content, problems: &mut Problems) {
    for row in &part.rows {
        for cell in &row.cells {
            if let Some(problem) = cell_problem(cell, visit, content) {
                problems.add(problem.part(&part.kind).row(row.number).column(&cell.name));
            }
        }
    }
    missing(part, problems);
}

/// Columns that the edition wants filled, told once for a part however many rows lack them.
fn missing(part: &Rows<'_>, problems: &mut Problems) {
    let Some(table) = part.table else { return };
    const TOLD_ELSEWHERE: &[&str] = &["MA_LK", "HO_TEN", "NGAY_VAO", "NGAY_RA", "MA_BN", "MA_CSKCB", "STT"];
    let wanted = table
        .columns
        .iter()
        .filter(|column| column.required == Required::Yes && column.target != Target::Same);
    for column in wanted.filter(|column| !TOLD_ELSEWHERE.contains(&column.concept.as_str())) {
        let lacking: Vec<&Row<'_>> =
            part.rows.iter().filter(|row| row.cell(&column.concept).is_none()).collect();
        if let Some(first) = lacking.first() {
            let text = format!(
                "Cột bắt buộc {} ({}) để trống ở {} dòng.",
                column.name,
                column.meaning,
                lacking.len()
            );
            let problem = Problem::note("column-empty", text, "required column is empty");
            problems.add(problem.part(&part.kind).row(first.number).column(&column.name));
        }
    }
}

fn cell_problem(cell: &Cell<'_>, visit: &Visit<'_>, content: &Content) -> Option<Problem> {
    let column = cell.column?;
    let feeds = matches!(column.target, Target::Elements(_));
    let values: Vec<&str> = if column.format.list {
        cell.text.split(';').map(str::trim).filter(|value| !value.is_empty()).collect()
    } else {
        vec![&cell.text]
    };
    for value in values {
        match &column.format.shape {
            Shape::Money | Shape::Quantity if Decimal::parse(value).is_none() => {
                let text = format!(
                    "“{}” không phải số. Số thập phân dùng dấu chấm, không có dấu phân nhóm.",
                    short(value)
                );
                return Some(severity(feeds, "number", text, "not a decimal number"));
            }
            Shape::Integer | Shape::Decimal | Shape::Percent if Decimal::parse(value).is_none() => {
                let text = format!("“{}” không phải số; giá trị không được dùng.", short(value));
                return Some(Problem::warning("number", text, "not a decimal number"));
            }
            Shape::Date | Shape::Time | Shape::DateOrTime if Moment::parse(value).is_none() => {
                return Some(severity(feeds, "date", impossible(value), "impossible date"));
            }
            Shape::Flag if !matches!(value, "0" | "1") => {
                return Some(Problem::warning(
                    "flag",
                    format!("“{}” phải là 1, 0 hoặc để trống.", short(value)),
                    "not a flag",
                ));
            }
            Shape::Icd10 if content.icd10(value).is_none() => {
                let text = format!("Mã bệnh {} không có trong danh mục ICD-10; vẫn được giữ.", short(value));
                return Some(Problem::warning("code-unknown", text, "unknown ICD-10 code"));
            }
            Shape::Code(slug) => {
                let list = content.code_list(slug, visit.day);
                if list.is_some_and(|list| list.complete && list.get(value).is_none()) {
                    let text =
                        format!("Mã {} không có trong danh mục {}; vẫn được giữ.", short(value), list?.title);
                    return Some(Problem::warning("code-unknown", text, format!("unknown code of {slug}")));
                }
            }
            _ => {}
        }
    }
    let length = cell.text.chars().count();
    column.max_read().filter(|max| length > *max as usize).map(|max| {
        let text = format!("Dài {length} ký tự, quy định nhiều nhất {max}; vẫn được giữ đủ.");
        Problem::warning("too-long", text, "value longer than the edition allows")
    })
}

fn severity(refuses: bool, key: &'static str, text: String, diagnostics: &str) -> Problem {
    if refuses { Problem::error(key, text, diagnostics) } else { Problem::warning(key, text, diagnostics) }
}

fn short(value: &str) -> String {
    value.chars().take(40).collect()
}

/// Says what is wrong with a date, and guesses at exchanged day and month.
fn impossible(value: &str) -> String {
    let digits = value.len() >= 8 && value.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        let exchanged = format!("{}{}{}", &value[..4], &value[6..8], &value[4..6]);
        if Moment::parse(&exchanged).is_some() {
            return format!(
                "Ngày {} không có thật; có lẽ ngày và tháng bị đảo. Hãy sửa thành yyyymmdd.",
                short(value)
            );
        }
    }
    format!("Ngày {} không có thật. Hãy ghi theo dạng yyyymmdd hoặc yyyymmddHHMM.", short(value))
}

fn dates(summary: &Row<'_>, problems: &mut Problems) {
    let at = |concept| summary.moment(concept);
    let mut refuse = |concept: &str, text: String, diagnostics: &str| {
        problems.add(
            Problem::error("date-order", text, diagnostics)
                .part("XML1")
                .row(1)
                .column(summary.name_of(concept)),
        );
    };
    let shown = |moment: Moment| moment.date_time();
    if let (Some(start), Some(end)) = (at("NGAY_VAO"), at("NGAY_RA"))
        && end.certainly_before(start)
    {
        let text =
            format!("Ngày ra ({}) trước ngày vào ({}). Hãy sửa rồi nạp lại.", shown(end), shown(start));
        refuse("NGAY_RA", text, "NGAY_RA before NGAY_VAO");
    }
    if let (Some(born), Some(end)) = (summary.text("NGAY_SINH").and_then(Moment::birth), at("NGAY_RA"))
        && end.certainly_before(born)
    {
        let text = format!("Ngày sinh ({}) sau ngày ra ({}). Hãy sửa rồi nạp lại.", shown(born), shown(end));
        refuse("NGAY_SINH", text, "born after the visit");
    }
    if let (Some(start), Some(admitted)) = (at("NGAY_VAO"), at("NGAY_VAO_NOI_TRU"))
        && admitted.certainly_before(start)
    {
        let text = "Ngày vào nội trú trước ngày vào.";
        problems.add(
            Problem::warning("date-order", text, "NGAY_VAO_NOI_TRU before NGAY_VAO")
                .part("XML1")
                .row(1)
                .column("NGAY_VAO_NOI_TRU"),
        );
    }
}

/// Values that other parts repeat from the summary: said when they differ, because then one of them is wrong.
fn same_everywhere(visit: &Visit<'_>, summary: &Row<'_>, problems: &mut Problems) {
    for part in visit.parts.iter().filter(|part| part.mapped() && part.kind != "XML1") {
        for row in &part.rows {
            for cell in &row.cells {
                let Some(column) = cell.column.filter(|column| column.target == Target::Same) else {
                    continue;
                };
                let concept = if column.concept == "MA_YTE" { "MA_BN" } else { column.concept.as_str() };
                let Some(stated) = summary.text(concept) else { continue };
                if !alike(stated, &cell.text) {
                    let text = format!("{} ghi khác XML1; đã dùng giá trị của XML1.", cell.name);
                    let problem = Problem::warning("differs", text, "copy differs from XML1");
                    problems.add(problem.part(&part.kind).row(row.number).column(&cell.name));
                }
            }
        }
    }
}

fn alike(left: &str, right: &str) -> bool {
    let moments = Moment::parse(left).zip(Moment::parse(right));
    left == right
        || moments.is_some_and(|(left, right)| left.day() == right.day())
        || yba_fhir::text::fold(left) == yba_fhir::text::fold(right)
        || Decimal::parse(left)
            .zip(Decimal::parse(right))
            .is_some_and(|(left, right)| left.compare(right) == Ordering::Equal)
}
