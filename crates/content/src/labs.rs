//! Our laboratory tests: a catalogue with LOINC codes, Vietnamese names, units and reference ranges for adults.
//! LOINC codes and UCUM units are used under their own terms, see the notices page. <https://loinc.org>
//!
//! `labs/<first day>.csv` is an edition of the catalogue. Spellings of units and conversions are in `lab_units`,
//! ranges by age, sex and pregnancy in `lab_ranges`.

use std::collections::HashMap;

use yba_fhir::Day;

use crate::codes::first_day;
use crate::decimal;
use crate::lab_ranges::{LabRange, LabRanges, LabSubject};
use crate::lab_units::{Conversion, LabUnits, ucum_cell};
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::sheet::{self, Columns, Row};
use crate::source::Sources;

const TESTS: Columns = Columns {
    required: &[
        "slug", "loinc", "name", "short", "group", "specimen", "value", "ucum", "unit", "low", "high",
    ],
    optional: &["female_low", "female_high", "note", "sure"],
};

/// The parts of a laboratory, and of a printed result.
const GROUPS: &[&str] = &[
    "blood-gas",
    "blood-group",
    "chemistry",
    "coagulation",
    "drug-level",
    "fluid",
    "hematology",
    "hormone",
    "microbiology",
    "molecular",
    "newborn-screening",
    "serology",
    "stool",
    "tumor-marker",
    "urine",
];

/// What a result looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    Number,
    Text,
}

/// Limits of what is usual in adults, in the test's unit; an end may be open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Range {
    pub low: Option<String>,
    pub high: Option<String>,
}

impl Range {
    /// True when neither end is known.
    pub fn is_empty(&self) -> bool {
        self.low.is_none() && self.high.is_none()
    }
}

/// One laboratory test.
#[derive(Debug, Clone)]
pub struct LabTest {
    pub slug: String,
    /// Empty where no code could be vouched for: the test then has no LOINC coding at all.
    pub loinc: String,
    /// Whether the LOINC code was compared with its full name in a LOINC edition.
    pub sure: Sure,
    /// Vietnamese name.
    pub name: String,
    /// What stands in a narrow column: `HbA1c`.
    pub short: String,
    /// One of a closed list: `hematology`, `chemistry`, `coagulation`, `urine`, `serology`…
    pub group: String,
    /// Vietnamese: máu, huyết thanh, nước tiểu, đờm…
    pub specimen: String,
    pub value: ValueKind,
    /// UCUM; empty for texts.
    pub ucum: String,
    /// The unit as printed for Vietnamese readers.
    pub unit: String,
    /// When the range holds, how it is done: `lúc đói`.
    pub note: String,
    range: Range,
    female: Range,
}

impl LabTest {
    /// The reference range for an adult. `female` chooses where the sexes differ.
    pub fn range(&self, female: bool) -> &Range {
        if female && !self.female.is_empty() { &self.female } else { &self.range }
    }
}

/// One edition of the catalogue.
#[derive(Debug)]
pub struct LabCatalogue {
    pub from: Day,
    tests: Vec<LabTest>,
    by_slug: HashMap<String, usize>,
    by_loinc: HashMap<String, usize>,
}

impl LabCatalogue {
    pub fn test(&self, slug: &str) -> Option<&LabTest> {
        self.by_slug.get(slug).map(|at| &self.tests[*at])
    }

    pub fn by_loinc(&self, loinc: &str) -> Option<&LabTest> {
        self.by_loinc.get(loinc).map(|at| &self.tests[*at])
    }

    /// In the order of the catalogue, which is the order of a printed result.
    pub fn tests(&self) -> &[LabTest] {
        &self.tests
    }
}

/// The catalogue's editions with their units and ranges.
#[derive(Debug, Default)]
pub(crate) struct Labs {
    editions: Vec<LabCatalogue>,
    units: LabUnits,
    ranges: LabRanges,
}

impl Labs {
    pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Labs {
        laws.check_about(sources, "labs/", report);
        let mut labs = Labs::default();
        for source in sources.in_folder("labs/", ".csv") {
            if matches!(source.stem(), "units" | "conversions" | "ranges") {
                continue;
            }
            let edition = first_day(source, report)
                .map(|from| catalogue(from, &sheet::read(source, &TESTS, report), report));
            labs.editions.extend(edition);
        }
        if labs.editions.is_empty() {
            report.add("labs", 0, "thiếu danh mục xét nghiệm, ví dụ labs/2026-01-01.csv");
        }
        labs.units = LabUnits::load(sources, |slug| labs.known(slug), report);
        labs.ranges = LabRanges::load(sources, |slug| labs.known(slug), report);
        labs
    }

    /// The edition in force on a day; a day before the first gets the first, for names and ranges still help.
    pub(crate) fn on(&self, day: Day) -> &LabCatalogue {
        let at = self.editions.partition_point(|edition| edition.from <= day);
        &self.editions[at.saturating_sub(1)]
    }

    /// A test by slug, in the newest edition that has it: maps may speak of tests of any edition.
    pub(crate) fn known(&self, slug: &str) -> Option<&LabTest> {
        self.editions.iter().rev().find_map(|edition| edition.test(slug))
    }

    pub(crate) fn ucum(&self, text: &str) -> Option<&str> {
        self.units.ucum(text)
    }

    pub(crate) fn conversion(&self, test: &str, ucum: &str) -> Option<&Conversion> {
        self.units.conversion(test, ucum)
    }

    pub(crate) fn range<'a>(
        &'a self,
        test: &'a LabTest,
        subject: &LabSubject,
        on: Day,
    ) -> Option<LabRange<'a>> {
        self.ranges.find(test, subject, on)
    }
}

fn catalogue(from: Day, rows: &[Row], report: &mut Report) -> LabCatalogue {
    let mut tests: Vec<LabTest> = Vec::new();
    let (mut by_slug, mut by_loinc) = (HashMap::new(), HashMap::new());
    for row in rows {
        let test = test(row, report);
        if by_slug.insert(test.slug.clone(), tests.len()).is_some() {
            report.add(row.file, row.line, format!("xét nghiệm {} có hai lần", test.slug));
        }
        if !test.loinc.is_empty() && by_loinc.insert(test.loinc.clone(), tests.len()).is_some() {
            report.add(row.file, row.line, format!("mã LOINC {} có hai lần", test.loinc));
        }
        tests.push(test);
    }
    LabCatalogue { from, tests, by_slug, by_loinc }
}

fn test(row: &Row, report: &mut Report) -> LabTest {
    let slug = row.slug(report);
    let loinc = row.get("loinc").to_string();
    if !loinc.is_empty() && !loinc_is_sound(&loinc) {
        report.add(row.file, row.line, format!("mã LOINC {loinc:?} sai dạng hoặc sai số kiểm tra"));
    }
    let value = match row.get("value") {
        "number" => ValueKind::Number,
        "text" => ValueKind::Text,
        other => {
            report.add(row.file, row.line, format!("value phải là number hoặc text, không phải {other:?}"));
            ValueKind::Text
        }
    };
    let ucum = if value == ValueKind::Number { ucum_cell(row, report) } else { row.get("ucum").to_string() };
    if value == ValueKind::Text && !ucum.is_empty() {
        report.add(row.file, row.line, "xét nghiệm trả lời bằng chữ thì không có đơn vị");
    }
    let group = row.must("group", report);
    if !group.is_empty() && !GROUPS.contains(&group.as_str()) {
        report.add(row.file, row.line, format!("không có nhóm {group:?}; các nhóm là {}", GROUPS.join(", ")));
    }
    let range = range(row, "low", "high", report);
    LabTest {
        slug,
        loinc,
        sure: Sure::of_cell(row, report),
        name: row.must("name", report),
        short: row.must("short", report),
        group,
        specimen: row.must("specimen", report),
        value,
        ucum,
        unit: row.get("unit").to_string(),
        note: row.get("note").to_string(),
        range,
        female: self::range(row, "female_low", "female_high", report),
    }
}

/// Two cells as a range: each empty or a decimal, the low end not above the high one.
pub(crate) fn range(row: &Row, low: &str, high: &str, report: &mut Report) -> Range {
    let range = Range { low: row.some(low), high: row.some(high) };
    for end in [&range.low, &range.high].into_iter().flatten() {
        if !decimal::is_signed(end) {
            report.add(row.file, row.line, format!("giới hạn {end:?} không phải số thập phân"));
        }
    }
    if let (Some(low), Some(high)) = (&range.low, &range.high)
        && decimal::at_most(low, high) == Some(false)
    {
        report.add(row.file, row.line, "giới hạn dưới lớn hơn giới hạn trên");
    }
    range
}

/// The form and check digit (modulus 10, double-add-double) of a LOINC number. LOINC Users' Guide, appendix A.
fn loinc_is_sound(code: &str) -> bool {
    let Some((number, check)) = code.split_once('-') else { return false };
    let sound = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !sound(number, 7) || !sound(check, 1) {
        return false;
    }
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0');
            let doubled = if at % 2 == 0 { digit * 2 } else { digit };
            doubled / 10 + doubled % 10
        })
        .sum();
    ((10 - sum % 10) % 10).to_string() == check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loinc_numbers_carry_a_check_digit() {
        for code in ["4548-4", "14749-6", "718-7", "94558-4", "2823-3"] {
            assert!(loinc_is_sound(code), "{code}");
        }
        for code in ["4548-5", "14749", "-4", "4548-", "x-1", "4548-44", "12345678-1", ""] {
            assert!(!loinc_is_sound(code), "{code}");
        }
    }
}
