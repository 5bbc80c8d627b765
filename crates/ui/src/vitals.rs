//! Vital signs in one strip.

use crate::result::Flag;
use maud::{Markup, html};

/// One cell; `value` is already formatted text (`152/94`).
#[derive(Debug, Clone, PartialEq)]
pub struct Vital {
    pub name: String,
    pub unit: String,
    pub value: String,
    pub flag: Flag,
}

pub fn vitals(cells: &[Vital]) -> Markup {
    html! {
        dl .vitals {
            @for cell in cells {
                div {
                    dt { (cell.name) " " span .muted { (cell.unit) } }
                    dd .abnormal[cell.flag.is_abnormal()] {
                        (cell.value)
                        @if cell.flag.is_abnormal() {
                            span .arrow aria-hidden="true" { @if matches!(cell.flag, Flag::Low | Flag::CriticalLow) { "▼" } @else { "▲" } }
                            span .sr { " (" (cell.flag.word()) ")" }
                        }
                    }
                }
            }
        }
    }
}

pub fn sample() -> Markup {
    let cell = |name: &str, unit: &str, value: &str, flag| Vital {
        name: name.into(),
        unit: unit.into(),
        value: value.into(),
        flag,
    };
    vitals(&[
        cell("Mạch", "l/ph", "82", Flag::Normal),
        cell("HA", "mmHg", "152/94", Flag::High),
        cell("T°", "°C", "36,8", Flag::Normal),
        cell("SpO₂", "%", "97", Flag::Normal),
        cell("Nặng", "kg", "61,5", Flag::Normal),
        cell("BMI", "kg/m²", "25,3", Flag::Normal),
    ])
}
