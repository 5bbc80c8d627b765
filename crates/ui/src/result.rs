//! A result value: bold with ▲ or ▼ only when abnormal, doubled when critical, unit muted.

use crate::format;
use maud::{Markup, html};

/// Where a value lies against its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flag {
    #[default]
    Normal,
    Low,
    High,
    CriticalLow,
    CriticalHigh,
    /// Abnormal without a direction (positive where negative is expected).
    Abnormal,
}

impl Flag {
    /// HL7 v3 ObservationInterpretation codes.
    pub fn from_code(code: &str) -> Flag {
        match code {
            "L" => Flag::Low,
            "H" => Flag::High,
            "LL" => Flag::CriticalLow,
            "HH" => Flag::CriticalHigh,
            "A" | "AA" | "POS" => Flag::Abnormal,
            _ => Flag::Normal,
        }
    }

    pub fn is_abnormal(self) -> bool {
        self != Flag::Normal
    }

    fn arrow(self) -> (&'static str, &'static str) {
        match self {
            Flag::Normal => ("", ""),
            Flag::Low => ("▼", "thấp"),
            Flag::High => ("▲", "cao"),
            Flag::CriticalLow => ("▼▼", "thấp nguy hiểm"),
            Flag::CriticalHigh => ("▲▲", "cao nguy hiểm"),
            Flag::Abnormal => ("◆", "bất thường"),
        }
    }

    /// The word for those who listen, and for sentences.
    pub fn word(self) -> &'static str {
        self.arrow().1
    }
}

/// A value of a measurement: a decimal token and UCUM unit, or text (unit empty).
pub fn result(value: &str, unit: &str, flag: Flag) -> Markup {
    let (arrow, word) = flag.arrow();
    let unit = format::unit(unit);
    let long = value.chars().count() > 24;
    html! {
        span .result .abnormal[flag.is_abnormal()] .text[long] {
            @if flag.is_abnormal() { b { (format::number(value)) } } @else { (format::number(value)) }
            @if !unit.is_empty() { span .unit { (format::THIN) (unit) } }
            @if !arrow.is_empty() { span .arrow aria-hidden="true" { (arrow) } span .sr { " (" (word) ")" } }
        }
    }
}

pub fn sample() -> Markup {
    html! {
        p {
            (result("5.1", "mmol/L", Flag::Normal)) " · " (result("8.1", "%", Flag::High)) " · "
            (result("3.4", "mmol/L", Flag::Low)) " · " (result("2.1", "mmol/L", Flag::CriticalLow)) " · "
            (result("7.2", "mmol/L", Flag::CriticalHigh)) " · " (result("Dương tính", "", Flag::Abnormal))
        }
    }
}
