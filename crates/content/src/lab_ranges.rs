//! Reference ranges by age, sex and pregnancy: `labs/ranges.csv`.
//!
//! A row names a test, whom it is for and its two ends. Ages are half open: `6m` to `2y` begins on the day a child is
//! six months old and ends the day before the second birthday. An adult without a row of their own has the range of
//! the catalogue; a child without one has none, for an adult's range would mislead.
//!
//! It deliberately does not know: weeks of pregnancy, phases of the cycle, the method of one laboratory. A range sent
//! by the laboratory itself always goes before these.

use std::collections::HashMap;

use yba_fhir::Day;

use crate::labs::{self, LabTest, Range};
use crate::problem::Report;
use crate::sheet::{self, Columns, Row};
use crate::source::Sources;

const COLUMNS: Columns =
    Columns { required: &["test", "sex", "state", "from", "to", "low", "high"], optional: &["note"] };

/// The age, in years, from which the catalogue's own ranges hold.
const ADULT: Age = Age { count: 18, unit: AgeUnit::Year };

/// Nobody is older than this many of any unit we write ages in: 120 years are 43,830 days.
const COUNT_MAX: u16 = 44_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AgeUnit {
    Day,
    Month,
    Year,
}

/// An age as people say it: 28 days, 6 months, 18 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Age {
    count: u16,
    unit: AgeUnit,
}

impl Age {
    /// `28d`, `6m`, `18y`.
    fn parse(text: &str) -> Option<Age> {
        let unit = match text.bytes().last()? {
            b'd' => AgeUnit::Day,
            b'm' => AgeUnit::Month,
            b'y' => AgeUnit::Year,
            _ => return None,
        };
        let digits = &text[..text.len() - 1];
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let count = digits.parse().ok().filter(|count| plain && *count <= COUNT_MAX)?;
        Some(Age { count, unit })
    }

    /// Whether someone born on `born` has this age on `on`.
    fn reached(self, born: Day, on: Day) -> bool {
        let count = i64::from(self.count);
        match self.unit {
            AgeUnit::Day => on.days_since_epoch() - born.days_since_epoch() >= count,
            AgeUnit::Month => months(born, on) >= count,
            AgeUnit::Year => i64::from(born.years_until(on)) >= count,
        }
    }

    /// Days, near enough to put ages in order.
    fn order(self) -> u32 {
        let count = u32::from(self.count);
        match self.unit {
            AgeUnit::Day => count,
            AgeUnit::Month => count * 487 / 16,
            AgeUnit::Year => count * 1461 / 4,
        }
    }
}

/// Whole months between two days.
fn months(born: Day, on: Day) -> i64 {
    let whole = i64::from(on.year() - born.year()) * 12 + i64::from(on.month() - born.month());
    whole - i64::from(on.day() < born.day())
}

/// Whether someone is with child, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pregnancy {
    #[default]
    No,
    /// Of unknown length.
    Yes,
    /// 1, 2 or 3.
    Trimester(u8),
}

/// For whom a range is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct LabSubject {
    /// `None` when it is unknown or in doubt.
    pub female: Option<bool>,
    /// The latest day on which the person can have been born; `None` when unknown.
    pub born: Option<Day>,
    pub pregnancy: Pregnancy,
}

/// A range that holds for a subject.
#[derive(Debug, Clone, Copy)]
pub struct LabRange<'a> {
    pub range: &'a Range,
    /// When it holds: `lúc đói`, `đủ tháng`; may be empty.
    pub note: &'a str,
}

#[derive(Debug)]
struct RangeRow {
    female: Option<bool>,
    pregnancy: Pregnancy,
    from: Option<Age>,
    to: Option<Age>,
    range: Range,
    note: String,
    line: u32,
}

/// All rows by test.
#[derive(Debug, Default)]
pub(crate) struct LabRanges(HashMap<String, Vec<RangeRow>>);

impl LabRanges {
    /// Reads the table; `known` finds a test by slug in any edition of the catalogue.
    pub(crate) fn load<'a>(
        sources: &Sources,
        known: impl Fn(&str) -> Option<&'a LabTest>,
        report: &mut Report,
    ) -> LabRanges {
        let mut ranges = LabRanges::default();
        let Some(source) = sources.get("labs/ranges.csv") else { return ranges };
        for row in sheet::read(source, &COLUMNS, report) {
            let test = row.must("test", report);
            match known(&test) {
                None => report.add(row.file, row.line, format!("không có xét nghiệm {test} trong danh mục")),
                Some(known) if known.ucum.is_empty() => {
                    report.add(
                        row.file,
                        row.line,
                        format!("{test} trả lời bằng chữ, không có khoảng tham chiếu"),
                    );
                }
                Some(_) => {}
            }
            ranges.put(test, range_row(&row, report), &row, report);
        }
        ranges
    }

    fn put(&mut self, test: String, new: RangeRow, row: &Row, report: &mut Report) {
        let rows = self.0.entry(test).or_default();
        if let Some(known) = rows.iter().find(|known| known.overlaps(&new)) {
            report.add(row.file, row.line, format!("trùng tuổi và giới với dòng {}", known.line));
        }
        rows.push(new);
    }

    /// The range for a subject on a day; `None` when none can be lent without doubt.
    pub(crate) fn find<'a>(
        &'a self,
        test: &'a LabTest,
        subject: &LabSubject,
        on: Day,
    ) -> Option<LabRange<'a>> {
        let rows = self.0.get(&test.slug).map_or(&[][..], Vec::as_slice);
        let mut with_child = rows.iter().filter(|row| row.pregnancy != Pregnancy::No).peekable();
        if subject.pregnancy != Pregnancy::No && with_child.peek().is_some() {
            let exact = rows.iter().find(|row| row.pregnancy == subject.pregnancy);
            return exact
                .or_else(|| with_child.find(|row| row.pregnancy == Pregnancy::Yes))
                .map(RangeRow::lend);
        }
        let born = subject.born?;
        let mut of_age =
            rows.iter().filter(|row| row.pregnancy == Pregnancy::No && row.spans(born, on)).peekable();
        if of_age.peek().is_some() {
            return of_age
                .find(|row| row.female.is_none() || row.female == subject.female)
                .map(RangeRow::lend);
        }
        if !ADULT.reached(born, on) {
            return None;
        }
        let range = match subject.female {
            Some(female) => test.range(female),
            None => Some(test.range(false)).filter(|range| *range == test.range(true))?,
        };
        (!range.is_empty()).then_some(LabRange { range, note: &test.note })
    }
}

impl RangeRow {
    fn lend(&self) -> LabRange<'_> {
        LabRange { range: &self.range, note: &self.note }
    }

    fn spans(&self, born: Day, on: Day) -> bool {
        self.from.is_none_or(|age| age.reached(born, on)) && !self.to.is_some_and(|age| age.reached(born, on))
    }

    fn overlaps(&self, other: &RangeRow) -> bool {
        let from = |row: &RangeRow| row.from.map_or(0, Age::order);
        let to = |row: &RangeRow| row.to.map_or(u32::MAX, Age::order);
        let sexes = self.female.is_none() || other.female.is_none() || self.female == other.female;
        sexes && self.pregnancy == other.pregnancy && from(self) < to(other) && from(other) < to(self)
    }
}

fn range_row(row: &Row, report: &mut Report) -> RangeRow {
    let female = match row.get("sex") {
        "" => None,
        "male" => Some(false),
        "female" => Some(true),
        other => {
            report.add(
                row.file,
                row.line,
                format!("sex phải là male, female hoặc để trống, không phải {other:?}"),
            );
            None
        }
    };
    let pregnancy = pregnancy(row, report);
    if pregnancy != Pregnancy::No && female != Some(true) {
        report.add(row.file, row.line, "khoảng cho thai kỳ thì sex phải là female");
    }
    let (from, to) = (age(row, "from", report), age(row, "to", report));
    if let (Some(from), Some(to)) = (from, to)
        && from.order() >= to.order()
    {
        report.add(row.file, row.line, "tuổi from phải nhỏ hơn tuổi to");
    }
    if from.is_none() && to.is_none() && pregnancy == Pregnancy::No {
        report.add(
            row.file,
            row.line,
            "cần tuổi hoặc thai kỳ; giới hạn chung của người lớn ghi trong danh mục",
        );
    }
    let range = labs::range(row, "low", "high", report);
    if range.is_empty() {
        report.add(row.file, row.line, "cần ít nhất một trong hai giới hạn");
    }
    RangeRow { female, pregnancy, from, to, range, note: row.get("note").to_string(), line: row.line }
}

fn pregnancy(row: &Row, report: &mut Report) -> Pregnancy {
    match row.get("state") {
        "" => Pregnancy::No,
        "pregnant" => Pregnancy::Yes,
        "pregnant-1" => Pregnancy::Trimester(1),
        "pregnant-2" => Pregnancy::Trimester(2),
        "pregnant-3" => Pregnancy::Trimester(3),
        other => {
            let text = format!(
                "state phải là pregnant, pregnant-1 đến pregnant-3 hoặc để trống, không phải {other:?}"
            );
            report.add(row.file, row.line, text);
            Pregnancy::No
        }
    }
}

fn age(row: &Row, name: &str, report: &mut Report) -> Option<Age> {
    let text = row.some(name)?;
    let age = Age::parse(&text);
    if age.is_none() {
        report.add(
            row.file,
            row.line,
            format!("tuổi {text:?} phải viết như 28d (ngày), 6m (tháng) hoặc 18y (năm)"),
        );
    }
    age
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    #[test]
    fn an_age_is_reached_on_its_day_and_not_before() {
        let rows = [
            ("28d", "2026-02-01", "2026-02-28", false),
            ("28d", "2026-02-01", "2026-03-01", true),
            ("1m", "2026-01-31", "2026-02-28", false),
            ("1m", "2026-01-31", "2026-03-01", true),
            ("6m", "2025-08-15", "2026-02-14", false),
            ("6m", "2025-08-15", "2026-02-15", true),
            ("18y", "2008-03-02", "2026-03-01", false),
            ("18y", "2008-03-02", "2026-03-02", true),
            ("0d", "2026-03-02", "2026-03-02", true),
        ];
        for (age, born, on, expected) in rows {
            assert_eq!(
                Age::parse(age).expect(age).reached(day(born), day(on)),
                expected,
                "{age} {born} {on}"
            );
        }
    }

    #[test]
    fn an_age_is_a_number_and_a_letter() {
        for text in ["", "d", "6", "6w", "-1d", "+1d", "1.5y", "44001d", "6 m", "٣y"] {
            assert_eq!(Age::parse(text), None, "{text}");
        }
        assert!(Age::parse("12m").expect("sound").order() <= Age::parse("1y").expect("sound").order());
    }
}
