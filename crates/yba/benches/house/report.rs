//! What was measured, as a table on the terminal and in the document.

use crate::machine;
use crate::timing::Pair;
use anyhow::{Context, Result};
use std::fmt;
use std::path::Path;
use yba_fhir::Day;

/// One measured thing.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pub what: String,
    pub ours: String,
    pub raw: String,
    /// Our speed as a part of the raw one.
    pub ratio: Option<f64>,
    pub target: String,
    pub met: Option<bool>,
}

impl Line {
    pub fn new(what: impl Into<String>, ours: impl Into<String>) -> Line {
        Line { what: what.into(), ours: ours.into(), ..Line::default() }
    }

    /// Things per second, ours and raw: more is better.
    pub fn rates(what: impl Into<String>, unit: &str, pair: &Pair) -> Line {
        let text = |value: f64| format!("{} {unit}/s", rounded(value));
        let ratio = (pair.raw() > 0.0).then(|| pair.ours() / pair.raw());
        Line { raw: text(pair.raw()), ratio, ..Line::new(what, text(pair.ours())) }
    }

    /// Times, ours and raw: less is better.
    pub fn times(what: impl Into<String>, unit: &str, pair: &Pair) -> Line {
        let text = |value: f64| format!("{} {unit}", rounded(value));
        let ratio = (pair.ours() > 0.0).then(|| pair.raw() / pair.ours());
        Line { raw: text(pair.raw()), ratio, ..Line::new(what, text(pair.ours())) }
    }

    /// What the raw baseline got, in words.
    pub fn beside(mut self, raw: impl Into<String>) -> Line {
        self.raw = raw.into();
        self
    }

    pub fn target(mut self, target: impl Into<String>, met: bool) -> Line {
        (self.target, self.met) = (target.into(), Some(met));
        self
    }

    /// The ratio must reach this.
    pub fn at_least(self, part: f64) -> Line {
        let met = self.ratio.is_some_and(|ratio| ratio >= part);
        self.target(format!("≥ {:.0} % of raw", part * 100.0), met)
    }

    fn cells(&self) -> [String; 5] {
        let ratio = self.ratio.map(|ratio| format!("{:.0} %", ratio * 100.0)).unwrap_or_default();
        let target = match self.met {
            Some(true) => format!("{}: met", self.target),
            Some(false) => format!("{}: **missed**", self.target),
            None => self.target.clone(),
        };
        [self.what.clone(), self.ours.clone(), self.raw.clone(), ratio, target]
    }
}

/// A topic's figures.
#[derive(Debug, Default)]
pub struct Section {
    pub title: &'static str,
    /// What was done, and what the baseline is.
    pub how: String,
    pub lines: Vec<Line>,
    stamp: String,
}

impl Section {
    pub fn new(title: &'static str, how: impl Into<String>) -> Section {
        Section { title, how: how.into(), ..Section::default() }
    }

    /// Notes when and at what load this was measured.
    pub fn stamp(&mut self) {
        let now = Day::of_instant(yba_store::Clock::system().now_ms());
        self.stamp = format!("{now}, commit {}, load {:.1}", machine::commit(), machine::load());
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n\n{}\n", self.title, self.how)?;
        let head = ["", "Y Bạ", "raw", "of raw", "target"].map(str::to_owned);
        let rows: Vec<[String; 5]> =
            std::iter::once(head).chain(self.lines.iter().map(Line::cells)).collect();
        let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..5).map(width).collect();
        for (number, row) in rows.iter().enumerate() {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            writeln!(f, "| {} |", cells.join(" | "))?;
            if number == 0 {
                let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width + 2)).collect();
                writeln!(f, "|{}|", rules.join("|"))?;
            }
        }
        writeln!(f, "\n_{}_", self.stamp)
    }
}

/// All topics of one run.
pub struct Report {
    machine: String,
    sections: Vec<(&'static str, Section)>,
}

impl Report {
    pub fn new(folder: &Path) -> Report {
        Report { machine: machine::hardware(folder), sections: Vec::new() }
    }

    pub fn machine(&self) -> &str {
        &self.machine
    }

    pub fn add(&mut self, name: &'static str, section: Section) {
        self.sections.push((name, section));
    }

    /// Replaces what stands between the marks of each measured topic; the words around them are ours to write.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        text = between_marks(&text, "machine", &format!("{}\n", self.machine))?;
        for (name, section) in &self.sections {
            text = between_marks(&text, name, &section.to_string())?;
        }
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
    }
}

/// Puts `words` between `<!-- name -->` and `<!-- /name -->`.
fn between_marks(text: &str, name: &str, words: &str) -> Result<String> {
    let (first, last) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&first).with_context(|| format!("the document has no {first}"))?;
    let (_, after) = rest.split_once(&last).with_context(|| format!("the document has no {last}"))?;
    Ok(format!("{before}{first}\n{words}{last}{after}"))
}

/// A number with three figures that count, thousands parted.
pub fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => {
            let places = 10f64.powi(size.log10().floor() as i32 - 2);
            let whole = ((value / places).round() * places) as i64;
            format!("{},{:03}", whole / 1000, whole % 1000)
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
