//! Our laboratory tests: a short catalogue with LOINC codes, Vietnamese names, units and reference ranges.
//! LOINC codes and UCUM units are used under their own terms, see the notices page. <https://loinc.org>
//!
//! `labs/<first day>.csv` is an edition of the catalogue, `labs/units.csv` the spellings of units met in the field,
//! `labs/conversions.csv` how a result in another unit becomes one in ours.

use std::collections::{BTreeMap, HashMap};

use yba_fhir::Day;

use crate::codes::first_day;
use crate::decimal;
use crate::law::Laws;
use crate::problem::Report;
use crate::sheet::{self, Columns, Row};
use crate::source::Sources;

const TESTS: Columns = Columns {
    required: &[
        "slug", "loinc", "name", "short", "group", "specimen", "value", "ucum", "unit", "low", "high",
    ],
    optional: &["female_low", "female_high", "note"],
};
const UNITS: Columns = Columns { required: &["text", "ucum"], optional: &[] };
const CONVERSIONS: Columns = Columns { required: &["test", "ucum", "factor", "places"], optional: &["note"] };

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
    pub loinc: String,
    /// Vietnamese name.
    pub name: String,
    /// What stands in a narrow column: `HbA1c`.
    pub short: String,
    /// `hematology`, `chemistry`, `coagulation`, `hormone`, `urine`, `serology`, `microbiology`, `blood-group`.
    pub group: String,
    /// Vietnamese: máu, huyết thanh, nước tiểu, đờm…
    pub specimen: String,
    pub value: ValueKind,
    /// UCUM; empty for texts.
    pub ucum: String,
    /// The unit as printed for Vietnamese readers.
    pub unit: String,
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

/// How a result in some unit becomes one in the test's unit.
#[derive(Debug, Clone)]
pub struct Conversion {
    /// The unit the result came in.
    pub ucum: String,
    pub factor: String,
    /// Decimals of the converted value.
    pub places: u32,
}

impl Conversion {
    /// The value in the test's unit; `None` when it is no plain decimal (`<5` stays what it is).
    pub fn apply(&self, value: &str) -> Option<String> {
        decimal::scale(value, &self.factor, self.places)
    }
}

/// The catalogue's editions, the spellings of units and the conversions.
#[derive(Debug, Default)]
pub(crate) struct Labs {
    editions: Vec<LabCatalogue>,
    units: HashMap<String, String>,
    units_any_case: HashMap<String, String>,
    conversions: BTreeMap<String, Vec<Conversion>>,
}

impl Labs {
    pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Labs {
        laws.check_about(sources, "labs/", report);
        let mut labs = Labs::default();
        for source in sources.in_folder("labs/", ".csv") {
            match source.stem() {
                "units" => labs.load_units(&sheet::read(source, &UNITS, report), report),
                "conversions" => {}
                _ => labs.editions.extend(
                    first_day(source, report)
                        .map(|from| catalogue(from, &sheet::read(source, &TESTS, report), report)),
                ),
            }
        }
        if labs.editions.is_empty() {
            report.add("labs", 0, "thiếu danh mục xét nghiệm, ví dụ labs/2026-01-01.csv");
        }
        if let Some(source) = sources.get("labs/conversions.csv") {
            labs.load_conversions(&sheet::read(source, &CONVERSIONS, report), report);
        }
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

    /// The UCUM unit of a unit as people and machines write it.
    pub(crate) fn ucum<'a>(&'a self, text: &str) -> Option<&'a str> {
        let plain = plain_unit(text);
        self.units.get(&plain).or_else(|| self.units_any_case.get(&plain.to_lowercase())).map(String::as_str)
    }

    pub(crate) fn conversion(&self, test: &str, ucum: &str) -> Option<&Conversion> {
        self.conversions.get(test)?.iter().find(|conversion| conversion.ucum == ucum)
    }

    fn load_units(&mut self, rows: &[Row], report: &mut Report) {
        for row in rows {
            let ucum = ucum_cell(row, report);
            let plain = plain_unit(&row.must("text", report));
            // Case parts G/L (10⁹ per litre) from g/L; where a writer is careless, the row that comes first counts.
            self.units_any_case.entry(plain.to_lowercase()).or_insert_with(|| ucum.clone());
            if self.units.insert(plain, ucum).is_some() {
                report.add(row.file, row.line, format!("cách viết đơn vị {:?} có hai lần", row.get("text")));
            }
        }
    }

    fn load_conversions(&mut self, rows: &[Row], report: &mut Report) {
        for row in rows {
            let (test, ucum) = (row.must("test", report), ucum_cell(row, report));
            let known = self.known(&test);
            match known {
                None => report.add(row.file, row.line, format!("không có xét nghiệm {test} trong danh mục")),
                Some(known) if known.ucum == ucum => {
                    report.add(row.file, row.line, format!("{ucum} đã là đơn vị của xét nghiệm {test}"));
                }
                Some(_) => {}
            }
            let places = row.get("places").parse().ok().filter(|places| *places <= 6);
            if places.is_none() || !decimal::is_decimal(row.get("factor")) {
                report.add(row.file, row.line, "cần factor là số thập phân và places từ 0 đến 6");
            }
            if self.conversion(&test, &ucum).is_some() {
                report.add(row.file, row.line, format!("quy đổi từ {ucum} cho {test} có hai lần"));
            }
            let factor = row.get("factor").to_string();
            let conversion = Conversion { ucum, factor, places: places.unwrap_or(0) };
            self.conversions.entry(test).or_default().push(conversion);
        }
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
        if by_loinc.insert(test.loinc.clone(), tests.len()).is_some() {
            report.add(row.file, row.line, format!("mã LOINC {} có hai lần", test.loinc));
        }
        tests.push(test);
    }
    LabCatalogue { from, tests, by_slug, by_loinc }
}

fn test(row: &Row, report: &mut Report) -> LabTest {
    let slug = row.must("slug", report);
    if !slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        report.add(
            row.file,
            row.line,
            format!("slug {slug:?} chỉ dùng chữ thường không dấu, số và dấu gạch nối"),
        );
    }
    let loinc = row.must("loinc", report);
    if !loinc_is_sound(&loinc) {
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
    let range = range(row, "low", "high", report);
    LabTest {
        slug,
        loinc,
        name: row.must("name", report),
        short: row.must("short", report),
        group: row.must("group", report),
        specimen: row.must("specimen", report),
        value,
        ucum,
        unit: row.get("unit").to_string(),
        range,
        female: self::range(row, "female_low", "female_high", report),
    }
}

fn range(row: &Row, low: &str, high: &str, report: &mut Report) -> Range {
    let range = Range { low: row.some(low), high: row.some(high) };
    for end in [&range.low, &range.high].into_iter().flatten() {
        if !decimal::is_decimal(end) {
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

/// The UCUM units we use. A plain list: a unit outside it is more often a slip than a need.
const UCUM: &[&str] = &[
    "%",
    "/[HPF]",
    "/[LPF]",
    "/uL",
    "10*12/L",
    "10*3/uL",
    "10*6/uL",
    "10*9/L",
    "[IU]/L",
    "[IU]/mL",
    "[pH]",
    "{INR}",
    "{ratio}",
    "{titer}",
    "U/L",
    "U/mL",
    "fL",
    "g/L",
    "g/dL",
    "g/mol",
    "kU/L",
    "m[IU]/L",
    "m[IU]/mL",
    "mL/min",
    "mL/min/{1.73_m2}",
    "mg/L",
    "mg/dL",
    "mg/g",
    "mg/mmol",
    "mm/h",
    "mmol/L",
    "mmol/mol",
    "mosm/kg",
    "ng/L",
    "ng/dL",
    "ng/mL",
    "nmol/L",
    "pg",
    "pg/mL",
    "pmol/L",
    "s",
    "u[IU]/mL",
    "ug/L",
    "ug/dL",
    "ug/mL",
    "umol/L",
];

fn ucum_cell(row: &Row, report: &mut Report) -> String {
    let ucum = row.must("ucum", report);
    if !ucum.is_empty() && !UCUM.contains(&ucum.as_str()) {
        report.add(row.file, row.line, format!("đơn vị {ucum:?} không có trong các đơn vị UCUM đang dùng"));
    }
    ucum
}

/// A unit without what people vary: spaces, the two letters that look like µ, raised digits, `^` and `*`.
fn plain_unit(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '^' | '*'))
        .map(|letter| match letter {
            'µ' | 'μ' => 'u',
            '¹' => '1',
            '²' => '2',
            '³' => '3',
            '⁶' => '6',
            '⁹' => '9',
            ',' => '.',
            letter => letter,
        })
        .collect()
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

    #[test]
    fn units_are_compared_without_what_people_vary() {
        let rows =
            [("µmol/L", "umol/L"), ("10^9/L", "109/L"), (" mmol / L ", "mmol/L"), ("1,73m²", "1.73m2")];
        for (text, expected) in rows {
            assert_eq!(plain_unit(text), expected);
        }
    }
}
