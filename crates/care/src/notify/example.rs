//! Worked examples of the list of diseases to notify: `notifiable/examples/*.csv`, a row for each diagnosis. `yba content check` tries
//! them.
//!
//! Columns: `case` (words), `code` (ICD-10), `verification` (of the Condition, or empty), `recorded` (when it was written down, by which
//! the edition is chosen), `disease` (slug, or empty when the code means none), `due` (until when, or `none` when it needs no
//! notification).

use yba_content::{Content, Day, Problem};
use yba_fhir::json::json;
use yba_fhir::{DateRange, date};

use super::case::obligation;

const COLUMNS: &str = "case,code,verification,recorded,disease,due";
/// Most rows of one file.
const ROWS_MAX: usize = 5000;

/// Tries all examples; a list without one is a problem too.
pub fn try_examples(content: &Content) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut tried = 0;
    for example in content.examples().filter(|one| one.edition == "notifiable") {
        let mut add = |line: usize, text: String| {
            problems.push(Problem { file: example.path.clone(), line: line as u32, text });
        };
        let mut lines = example.text.lines();
        if lines.next() != Some(COLUMNS) {
            add(1, format!("dòng đầu phải là {COLUMNS}"));
            continue;
        }
        for (at, line) in lines.take(ROWS_MAX).enumerate() {
            tried += 1;
            if let Err(text) = try_row(content, line) {
                add(at + 2, text);
            }
        }
    }
    if tried == 0 && !content.notifiable_editions().is_empty() {
        let text = "danh mục này chưa có ví dụ nào; hãy thêm examples/<tên>.csv".to_owned();
        problems.push(Problem { file: "notifiable".to_owned(), line: 0, text });
    }
    problems
}

fn try_row(content: &Content, line: &str) -> Result<(), String> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let [case, code, verification, recorded, disease, due] = cells.as_slice() else {
        return Err(format!("cần {} cột", COLUMNS.split(',').count()));
    };
    let recorded_ms =
        DateRange::parse(recorded).ok_or_else(|| format!("{recorded:?} không phải ngày giờ"))?.start;
    let condition = json!({
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": *code}]},
        "verificationStatus": {"coding": [{"code": *verification}]},
        "recordedDate": *recorded
    });
    let edition = content.notifiable(Day::of_instant(recorded_ms));
    let meant = edition.and_then(|edition| edition.disease(code)).map_or("", |one| one.slug.as_str());
    let by = obligation(content, &condition).map(|one| date::instant(one.due_ms));
    let by = by.as_deref().and_then(|text| text.get(..16)).unwrap_or("none");
    match (meant, by) == (*disease, *due) {
        true => Ok(()),
        false => Err(format!("{case}: cần {:?}, máy tính ra {:?}", (*disease, *due), (meant, by))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_cases_come_out_and_a_wrong_row_is_told() {
        let content = Content::built_in();
        let problems: Vec<String> = try_examples(&content).iter().map(Problem::to_string).collect();
        assert!(problems.is_empty(), "{} of them:\n{}", problems.len(), problems.join("\n"));
        let rows: usize = content
            .examples()
            .filter(|one| one.edition == "notifiable")
            .map(|one| one.text.lines().count() - 1)
            .sum();
        assert!(rows >= 30, "{rows} worked cases");
        let tried = |line: &str| try_row(&content, line).unwrap_err();
        assert!(tried("x,B05.9,confirmed,2026-11-22T08:00,measles,2026-11-24T08:00").contains("máy tính ra"));
        assert!(tried("x,B05.9,confirmed,2026-11-22T08:00,rubella,2026-11-23T08:00").contains("máy tính ra"));
        assert!(tried("x,I10,confirmed,2026-11-22T08:00,,2026-11-23T08:00").contains("máy tính ra"));
        assert!(tried("x,B05.9,confirmed,hôm qua,measles,none").contains("không phải ngày giờ"));
        assert!(tried("x,B05.9,confirmed").contains("6 cột"));
    }
}
