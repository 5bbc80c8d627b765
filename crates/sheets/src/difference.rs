//! What an edition changes against the one in force before.

use crate::rows::Row;
use std::collections::HashMap;
use yba_content::{Code, CodeList, Day};

/// One change of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub code: String,
    pub what: What,
    pub before: String,
    pub after: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Added,
    Removed,
    Title,
    Price,
    Period,
}

impl What {
    pub const ALL: [What; 5] = [What::Added, What::Removed, What::Title, What::Price, What::Period];

    /// The Vietnamese name.
    pub fn name(self) -> &'static str {
        match self {
            What::Added => "thêm mới",
            What::Removed => "bỏ",
            What::Title => "đổi tên",
            What::Price => "đổi giá",
            What::Period => "đổi thời hạn",
        }
    }
}

/// All changes, in the order of the new edition; removed codes last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    pub changes: Vec<Change>,
}

impl Difference {
    pub fn of(before: Option<&CodeList>, after: &[Row]) -> Difference {
        let mut changes = Vec::new();
        let mut old: HashMap<&str, &Code> =
            before.into_iter().flat_map(|list| &list.codes).map(|code| (code.code.as_str(), code)).collect();
        for row in after {
            let change =
                |what, before: String, after: String| Change { code: row.code.clone(), what, before, after };
            let Some(known) = old.remove(row.code.as_str()) else {
                changes.push(change(What::Added, String::new(), row.title.clone()));
                continue;
            };
            for (what, before, after) in [
                (What::Title, known.title.clone(), row.title.clone()),
                (What::Price, known.price.clone(), row.price.clone()),
                (What::Period, period(known.from, known.to), period(row.from, row.to)),
            ] {
                if before != after {
                    changes.push(change(what, before, after));
                }
            }
        }
        let removed = before
            .into_iter()
            .flat_map(|list| &list.codes)
            .filter(|code| old.contains_key(code.code.as_str()));
        changes.extend(removed.map(|code| Change {
            code: code.code.clone(),
            what: What::Removed,
            before: code.title.clone(),
            after: String::new(),
        }));
        Difference { changes }
    }

    pub fn of_kind(&self, what: What) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.what == what)
    }

    /// All changes as CSV with titles.
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let rows = self.changes.iter().map(|one| [one.what.name(), &one.code, &one.before, &one.after]);
        for row in std::iter::once(["thay đổi", "mã", "trước", "sau"]).chain(rows) {
            writer.write_record(row).expect("rows of four cells go into memory");
        }
        crate::edition::text_of(writer)
    }
}

fn period(from: Option<Day>, to: Option<Day>) -> String {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    match (from, to) {
        (None, None) => String::new(),
        _ => format!("{}..{}", day(from), day(to)),
    }
}
