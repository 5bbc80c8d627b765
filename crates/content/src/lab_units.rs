//! Units of laboratory results: how people write them, and how a result in one becomes a result in another.
//!
//! `labs/units.csv` holds the spellings met in the field, `labs/conversions.csv` the factors. Only units of the same
//! thing are converted, and only by a factor: HbA1c in mmol/mol has none and stays as it came.

use std::collections::{BTreeMap, HashMap};

use crate::decimal;
use crate::labs::LabTest;
use crate::problem::Report;
use crate::sheet::{self, Columns, Row};
use crate::source::Sources;

const UNITS: Columns = Columns { required: &["text", "ucum"], optional: &[] };
const CONVERSIONS: Columns = Columns { required: &["test", "ucum", "factor", "places"], optional: &["note"] };

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

/// The spellings of units, and the conversions by test.
#[derive(Debug, Default)]
pub(crate) struct LabUnits {
    units: HashMap<String, String>,
    units_any_case: HashMap<String, String>,
    conversions: BTreeMap<String, Vec<Conversion>>,
}

impl LabUnits {
    /// Reads both tables; `known` finds a test by slug in any edition of the catalogue.
    pub(crate) fn load<'a>(
        sources: &Sources,
        known: impl Fn(&str) -> Option<&'a LabTest>,
        report: &mut Report,
    ) -> LabUnits {
        let mut units = LabUnits::default();
        if let Some(source) = sources.get("labs/units.csv") {
            units.load_units(&sheet::read(source, &UNITS, report), report);
        }
        if let Some(source) = sources.get("labs/conversions.csv") {
            units.load_conversions(&sheet::read(source, &CONVERSIONS, report), known, report);
        }
        units
    }

    /// The UCUM unit of a unit as people and machines write it.
    pub(crate) fn ucum(&self, text: &str) -> Option<&str> {
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

    fn load_conversions<'a>(
        &mut self,
        rows: &[Row],
        known: impl Fn(&str) -> Option<&'a LabTest>,
        report: &mut Report,
    ) {
        for row in rows {
            let (test, ucum) = (row.must("test", report), ucum_cell(row, report));
            match known(&test) {
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

/// The UCUM units we use. A plain list: a unit outside it is more often a slip than a need.
const UCUM: &[&str] = &[
    "%",
    "/[HPF]",
    "/[LPF]",
    "/uL",
    "10*12/L",
    "10*3/uL",
    "10*6/mL",
    "10*6/uL",
    "10*9/L",
    "L",
    "U/L",
    "U/g{Hb}",
    "U/mL",
    "[GPL'U]",
    "[IU]/L",
    "[IU]/mL",
    "[MPL'U]",
    "[pH]",
    "fL",
    "g/(24.h)",
    "g/L",
    "g/dL",
    "g/g",
    "g/mol",
    "kPa",
    "kU/L",
    "k[IU]/L",
    "m[IU]/L",
    "m[IU]/mL",
    "mL",
    "mL/min",
    "mL/min/{1.73_m2}",
    "meq/L",
    "mg/(24.h)",
    "mg/L",
    "mg/dL",
    "mg/g",
    "mg/kg",
    "mg/mmol",
    "mg{FEU}/L",
    "min",
    "mm/h",
    "mm[Hg]",
    "mmol/L",
    "mmol/mol",
    "mosm/kg",
    "ng/L",
    "ng/dL",
    "ng/mL",
    "ng{FEU}/mL",
    "nmol/L",
    "pg",
    "pg/mL",
    "pmol/L",
    "s",
    "u[IU]/mL",
    "ug/L",
    "ug/dL",
    "ug/g",
    "ug/mL",
    "ug{FEU}/mL",
    "umol/L",
    "{INR}",
    "{copies}/mL",
    "{index}",
    "{mAU}/mL",
    "{ratio}",
    "{titer}",
];

/// The cell `ucum`, which must hold one of the units we use.
pub(crate) fn ucum_cell(row: &Row, report: &mut Report) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_compared_without_what_people_vary() {
        let rows =
            [("µmol/L", "umol/L"), ("10^9/L", "109/L"), (" mmol / L ", "mmol/L"), ("1,73m²", "1.73m2")];
        for (text, expected) in rows {
            assert_eq!(plain_unit(text), expected);
        }
    }
}
