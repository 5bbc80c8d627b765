//! Papers as files: what is set can be read again, letter by letter; workbooks and XML hold what the paper holds.

mod files;
mod letters;
mod printing;
mod sheets;
mod station;

use yba_content::Day;
use yba_print::paper::{Cell, Column, Line, Paper, Place};

/// A small register.
pub fn paper(cells: Vec<Vec<Cell>>) -> Paper {
    let width = cells.first().map_or(0, Vec::len);
    let columns = (0..width).map(|at| Column { name: format!("c{at}"), title: format!("Cột {at}") });
    let lines = cells.into_iter().enumerate().map(|(at, cells)| Line { name: at.to_string(), cells });
    let day = |text: &str| Day::parse(text).expect("a day");
    Paper {
        slug: "thu".into(),
        edition: day("2026-01-01"),
        form: "A1/YTCS".into(),
        title: "Sổ thử & kiểm".into(),
        period: "tháng 2/2026".into(),
        days: (day("2026-02-01"), day("2026-02-28")),
        place: Place { id: "tram".into(), name: "Trạm Y tế xã Mẫu".into(), ..Place::default() },
        columns: columns.collect(),
        lines: lines.collect(),
        checksum: "ab".repeat(32),
        rows: 2,
        uncertain: String::new(),
        basis: vec!["37/2019/TT-BYT".into()],
        closed_at: None,
        is_report: false,
    }
}
