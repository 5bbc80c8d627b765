//! Worked examples of schedules: `schedules/<slug>/examples/*.csv`, a row for each series of one child on one day. `yba content
//! check` tries them.
//!
//! Columns: `case` (words), `born`, `sex`, `given` (`2026-03-05 102; 2026-04-05 102`), `on` (the day of the look, by which
//! the edition is chosen), `series`, `standing` (`waiting`, `due`, `late`, `over`, `complete`, or `none` when the series is
//! not for this child), `number` and `due` of the next dose (empty when there is none).

use std::collections::BTreeSet;

use yba_content::{Content, Day, Example, Problem};

use crate::CHILDREN;
use crate::dose::Given;
use crate::forecast::{Child, Next, Standing, forecast};

const COLUMNS: &str = "case,born,sex,given,on,series,standing,number,due";
/// Most rows of one file.
const ROWS_MAX: usize = 5000;

fn is_worked(example: &&Example) -> bool {
    example.edition.starts_with("schedules/") || example.edition.starts_with("campaigns/")
}

/// Tries all examples; a schedule or a campaign without one is a problem too.
pub fn try_examples(content: &Content) -> Vec<Problem> {
    let mut problems = Vec::new();
    for example in content.examples().filter(is_worked) {
        let slug = example.edition.trim_start_matches("schedules/");
        let slug = if slug.starts_with("campaigns/") { CHILDREN } else { slug };
        let mut add = |line: usize, text: String| {
            problems.push(Problem { file: example.path.clone(), line: line as u32, text });
        };
        let mut lines = example.text.lines();
        if lines.next() != Some(COLUMNS) {
            add(1, format!("dòng đầu phải là {COLUMNS}"));
            continue;
        }
        for (at, line) in lines.take(ROWS_MAX).enumerate() {
            if let Err(text) = try_row(content, slug, line) {
                add(at + 2, text);
            }
        }
    }
    let mut slugs: Vec<&str> = content.schedules().iter().map(|one| one.slug.as_str()).collect();
    slugs.dedup();
    let campaigns: BTreeSet<&str> = content
        .schedules()
        .iter()
        .flat_map(|one| &one.series)
        .filter(|one| one.campaign.is_some())
        .map(|one| one.slug.as_str())
        .collect();
    let folders = slugs.into_iter().map(|slug| format!("schedules/{slug}"));
    for folder in folders.chain(campaigns.into_iter().map(|slug| format!("campaigns/{slug}"))) {
        if !content.examples().any(|one| one.edition == folder) {
            let text = "chưa có ví dụ nào; hãy thêm examples/<tên>.csv".to_owned();
            problems.push(Problem { file: folder, line: 0, text });
        }
    }
    problems
}

fn try_row(content: &Content, slug: &str, line: &str) -> Result<(), String> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let [case, born, sex, given, on, series, standing, number, due] = cells.as_slice() else {
        return Err(format!("cần {} cột", COLUMNS.split(',').count()));
    };
    let day = |text: &str| Day::parse(text).ok_or_else(|| format!("{text:?} không phải ngày"));
    let on = day(on)?;
    let schedule = content.schedule(slug, on).ok_or("không có ấn bản nào cho ngày này")?;
    if !schedule.series.iter().any(|one| one.slug == *series) {
        return Err(format!("lịch không có loạt {series:?}"));
    }
    // Of a campaign, somebody who lives where it is.
    let places = schedule.series.iter().find(|one| one.slug == *series).and_then(|one| one.campaign.as_ref());
    let places = places.map(|one| one.places.clone()).unwrap_or_default();
    let child = Child { birth: day(born)?, sex: (*sex).to_owned(), places };
    let doses: Vec<&str> = given.split(';').map(str::trim).filter(|one| !one.is_empty()).collect();
    let given = doses.iter().map(|one| {
        let (at, vaccine) = one.split_once(' ').ok_or_else(|| format!("{one:?} phải như 2026-03-05 102"))?;
        Ok(Given { day: day(at)?, vaccine: vaccine.trim().to_owned() })
    });
    let given = given.collect::<Result<Vec<_>, String>>()?;
    let courses = forecast(schedule, &child, &given);
    let found = courses.iter().find(|course| course.series.slug == *series);
    let said = match found.map(|course| course.next) {
        None => ["none".to_owned(), String::new(), String::new()],
        Some(next) => {
            let (number, due) = match next {
                Next::Complete => (String::new(), String::new()),
                Next::Over { number } => (number.to_string(), String::new()),
                Next::Wanted { number, due, .. } => (number.to_string(), due.to_string()),
            };
            [word(next.on(on)).to_owned(), number, due]
        }
    };
    let expected = [*standing, *number, *due];
    match said == expected {
        true => Ok(()),
        false => Err(format!("{case}: cần {expected:?}, máy tính ra {said:?}")),
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Late => "late",
        Standing::Due => "due",
        Standing::Waiting => "waiting",
        Standing::Over => "over",
        Standing::Complete => "complete",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_cases_of_the_schedules_come_out() {
        let content = Content::built_in();
        let problems: Vec<String> = try_examples(&content).iter().map(Problem::to_string).collect();
        assert!(problems.is_empty(), "{} of them:\n{}", problems.len(), problems.join("\n"));
        let rows: usize = content
            .examples()
            .filter(|one| one.edition == "schedules/epi-child")
            .map(|one| one.text.lines().count() - 1)
            .sum();
        assert!(rows >= 300, "{rows} worked cases");
    }

    #[test]
    fn a_row_that_is_wrong_is_told() {
        let content = Content::built_in();
        let tried = |line: &str| try_row(&content, "epi-child", line).unwrap_err();
        assert!(tried("x,2026-08-01,male,,2026-08-02,bcg,late,1,2026-08-01").contains("máy tính ra"));
        assert!(tried("x,2026-08-01,male,,2026-08-02,bcg,due,1").contains("9 cột"));
        assert!(tried("x,2026-13-01,male,,2026-08-02,bcg,due,1,").contains("không phải ngày"));
        assert!(tried("x,2026-08-01,male,2026-08-01,2026-08-02,bcg,due,1,").contains("phải như"));
        assert!(tried("x,2026-08-01,male,,2026-08-02,abc,due,1,").contains("không có loạt"));
        assert!(tried("x,1998-08-01,male,,1998-08-02,bcg,due,1,").contains("không có ấn bản"));
    }
}
