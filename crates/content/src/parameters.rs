//! Amounts the law sets and changes: base salary and the like. Never constants in code.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;
use yba_fhir::Day;

use crate::decimal::is_decimal;
use crate::document;
use crate::law::{Laws, Sure};
use crate::problem::Report;
use crate::source::{Source, Sources};

/// One amount, valid from a day until the next.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub slug: String,
    pub title: String,
    /// Vietnamese unit: `đồng/tháng`.
    pub unit: String,
    pub from: Day,
    /// A plain decimal with its digits as written.
    pub value: String,
    /// Slug in `law/`.
    pub basis: String,
    pub sure: Sure,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterFile {
    title: String,
    unit: String,
    value: Vec<ValueFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueFile {
    from: Spanned<Datetime>,
    value: Spanned<String>,
    basis: Spanned<String>,
    sure: Sure,
}

#[derive(Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, Vec<Parameter>>);

impl Parameters {
    pub(crate) fn load(sources: &Sources, laws: &Laws, report: &mut Report) -> Parameters {
        let mut all = BTreeMap::new();
        for source in sources.in_folder("parameters/", ".toml") {
            if let Some(file) = document::read::<ParameterFile>(source, report) {
                let mut values = Vec::new();
                for value in &file.value {
                    values.extend(parameter(source, &file, value, laws, report));
                }
                check_order(source, &file, &values, report);
                all.insert(source.stem().to_string(), values);
            }
        }
        Parameters(all)
    }

    /// The amount on a day; `None` before the first.
    pub(crate) fn on(&self, slug: &str, day: Day) -> Option<&Parameter> {
        self.0.get(slug)?.iter().rev().find(|value| value.from <= day)
    }
}

fn parameter(
    source: &Source,
    file: &ParameterFile,
    value: &ValueFile,
    laws: &Laws,
    report: &mut Report,
) -> Option<Parameter> {
    laws.check_basis(source, std::slice::from_ref(&value.basis), report);
    if !is_decimal(value.value.as_ref()) {
        let text = format!("{:?} không phải số thập phân", value.value.as_ref());
        report.add(&source.path, document::line_of(source, &value.value), text);
    }
    Some(Parameter {
        slug: source.stem().to_string(),
        title: file.title.clone(),
        unit: file.unit.clone(),
        from: document::day(source, &value.from, report)?,
        value: value.value.as_ref().clone(),
        basis: value.basis.as_ref().clone(),
        sure: value.sure,
    })
}

fn check_order(source: &Source, file: &ParameterFile, values: &[Parameter], report: &mut Report) {
    for (pair, entry) in values.windows(2).zip(file.value.iter().skip(1)) {
        if pair[1].from <= pair[0].from {
            let line = document::line_of(source, &entry.from);
            report.add(&source.path, line, "các giá trị phải xếp theo ngày tăng dần, không trùng ngày");
        }
    }
}
