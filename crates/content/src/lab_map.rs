//! From the indicator codes and names that laboratories write to our laboratory tests.
//!
//! `maps/lab-indicators/*.csv`: a row matches by facility, code, name and service; an empty cell matches anything.
//! The most particular row wins: the facility itself before a pattern (`12*`) before `*`, then code, name, service.
//! A row that knows only a name is used for a number only when the unit is one the test can have, because
//! "Glucose" is a name in blood and in urine.

use std::collections::HashMap;

use yba_fhir::text::fold;

use crate::lab_units::Conversion;
use crate::labs::{LabTest, Labs, ValueKind};
use crate::law::Laws;
use crate::problem::Report;
use crate::sheet::{self, Columns, Row};
use crate::source::Sources;

const COLUMNS: Columns =
    Columns { required: &["facility", "code", "name", "unit", "test"], optional: &["service", "note"] };

/// What a laboratory wrote. Empty texts mean absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Indicator<'a> {
    /// 5-character code of the facility that sent it.
    pub facility: &'a str,
    pub code: &'a str,
    pub name: &'a str,
    /// The service it was done under (MA_DICH_VU): parts "Glucose" in blood from "Glucose" in urine.
    pub service: &'a str,
    pub unit: &'a str,
}

/// How the unit fits the test.
#[derive(Debug, Clone, Copy)]
pub enum UnitFit<'a> {
    /// The test's own unit, or a text.
    Same,
    /// Another unit of the same thing.
    Convert(&'a Conversion),
    /// Given by the map for a file without units: the sender is known to use the test's own unit.
    Assumed,
    /// No unit, or one that does not belong to the test: keep the value as text.
    Unknown,
}

/// A test found for an indicator.
#[derive(Debug, Clone, Copy)]
pub struct LabMatch<'a> {
    pub test: &'a LabTest,
    pub unit: UnitFit<'a>,
    /// File and line of the row that matched, for provenance.
    pub file: &'a str,
    pub line: u32,
}

#[derive(Debug)]
struct Rule {
    facility: String,
    code: String,
    name: String,
    service: String,
    /// The unit this sender uses when its files have none, as UCUM.
    ucum: Option<String>,
    test: String,
    file: String,
    line: u32,
}

/// All rules, found by code or by folded name.
#[derive(Debug, Default)]
pub(crate) struct LabMap {
    rules: Vec<Rule>,
    by_code: HashMap<String, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
}

impl LabMap {
    pub(crate) fn load(sources: &Sources, labs: &Labs, laws: &Laws, report: &mut Report) -> LabMap {
        laws.check_about(sources, "maps/lab-indicators/", report);
        let mut map = LabMap::default();
        for source in sources.in_folder("maps/lab-indicators/", ".csv") {
            for row in sheet::read(source, &COLUMNS, report) {
                map.add(&row, labs, report);
            }
        }
        map
    }

    fn add(&mut self, row: &Row, labs: &Labs, report: &mut Report) {
        let rule = rule(row, labs, report);
        let same = self.candidates(&rule.code, &rule.name).find(|known| known.key() == rule.key());
        if let Some(known) = same {
            report.add(row.file, row.line, format!("trùng với {}:{}", known.file, known.line));
        }
        let at = self.rules.len();
        if rule.code.is_empty() {
            self.by_name.entry(rule.name.clone()).or_default().push(at);
        } else {
            self.by_code.entry(rule.code.clone()).or_default().push(at);
        }
        self.rules.push(rule);
    }

    fn candidates<'a>(&'a self, code: &str, name: &str) -> impl Iterator<Item = &'a Rule> {
        let coded = self.by_code.get(code).into_iter().flatten();
        let named = self.by_name.get(name).into_iter().flatten();
        coded.chain(named).map(|at| &self.rules[*at])
    }

    /// The test of an indicator, among the tests of this catalogue.
    pub(crate) fn find<'a>(
        &'a self,
        indicator: &Indicator,
        labs: &'a Labs,
        test: impl Fn(&str) -> Option<&'a LabTest>,
    ) -> Option<LabMatch<'a>> {
        let name = fold(indicator.name);
        let mut best: Option<(u32, LabMatch)> = None;
        for rule in self.candidates(indicator.code, &name) {
            let (Some(rank), Some(test)) = (rule.rank(indicator, &name), test(&rule.test)) else { continue };
            let unit = fit(rule, test, indicator.unit, labs);
            let vague = rule.code.is_empty() && rule.facility == "*";
            if vague && test.value == ValueKind::Number && matches!(unit, UnitFit::Unknown) {
                continue;
            }
            if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                best = Some((rank, LabMatch { test, unit, file: &rule.file, line: rule.line }));
            }
        }
        best.map(|(_, found)| found)
    }
}

impl Rule {
    /// How particular the rule is where it applies; `None` where it does not.
    fn rank(&self, indicator: &Indicator, name: &str) -> Option<u32> {
        let place = starts(&self.facility, indicator.facility)?;
        let service =
            if self.service.is_empty() { 0 } else { starts(&self.service, indicator.service)?.min(1) };
        let fits = |rule: &str, value: &str| rule.is_empty() || rule == value;
        let applies = fits(&self.code, indicator.code) && fits(&self.name, name);
        let filled = u32::from(!self.code.is_empty()) * 4 + u32::from(!self.name.is_empty()) * 2 + service;
        applies.then_some(place * 8 + filled)
    }

    fn key(&self) -> [&str; 4] {
        [&self.facility, &self.code, &self.name, &self.service]
    }
}

/// How much of a value a pattern fixes: 20 for the value itself, the length of what stands before `*`, `None` when
/// it does not fit.
fn starts(pattern: &str, value: &str) -> Option<u32> {
    match pattern.strip_suffix('*') {
        None => (pattern == value).then_some(20),
        Some(start) => value.starts_with(start).then_some(start.len() as u32),
    }
}

fn rule(row: &Row, labs: &Labs, report: &mut Report) -> Rule {
    let (code, name) = (row.get("code").to_string(), fold(row.get("name")));
    if code.is_empty() && name.is_empty() {
        report.add(row.file, row.line, "cần ít nhất mã hoặc tên chỉ số");
    }
    let facility = row.must("facility", report);
    let start = facility.strip_suffix('*').unwrap_or(&facility);
    if start.len() > 5 || !start.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        report.add(
            row.file,
            row.line,
            format!("facility {facility:?} phải là mã cơ sở, phần đầu kèm * hoặc *"),
        );
    }
    let test = row.must("test", report);
    let known = labs.known(&test);
    if known.is_none() {
        report.add(row.file, row.line, format!("không có xét nghiệm {test} trong danh mục"));
    }
    let ucum = row.some("unit").and_then(|unit| match labs.ucum(&unit) {
        Some(ucum) => Some(ucum.to_string()),
        None => {
            report.add(row.file, row.line, format!("đơn vị {unit:?} chưa có trong labs/units.csv"));
            None
        }
    });
    if let (Some(test), Some(ucum)) = (known, &ucum)
        && test.ucum != *ucum
        && labs.conversion(&test.slug, ucum).is_none()
    {
        report.add(row.file, row.line, format!("không quy đổi được {ucum} cho {}", test.slug));
    }
    let service = row.get("service").to_string();
    Rule { facility, code, name, service, ucum, test, file: row.file.to_string(), line: row.line }
}

fn fit<'a>(rule: &Rule, test: &LabTest, unit: &str, labs: &'a Labs) -> UnitFit<'a> {
    if test.value == ValueKind::Text {
        return UnitFit::Same;
    }
    let given = !unit.trim().is_empty();
    let ucum = if given { labs.ucum(unit) } else { rule.ucum.as_deref() };
    match ucum {
        Some(ucum) if ucum == test.ucum && given => UnitFit::Same,
        Some(ucum) if ucum == test.ucum => UnitFit::Assumed,
        Some(ucum) => labs.conversion(&test.slug, ucum).map_or(UnitFit::Unknown, UnitFit::Convert),
        // A pure number (INR, ratio) is usually written without a unit.
        None if !given && test.ucum.starts_with('{') => UnitFit::Same,
        None => UnitFit::Unknown,
    }
}
