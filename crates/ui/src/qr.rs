//! A QR code as SVG, drawn by us: no image, no script.

use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// White modules around it, as the standard asks.
const QUIET: usize = 4;

/// The square that holds `text`; `label` says what it is to whoever cannot see it. A text too long for any square draws
/// nothing: what it holds stands beside it in letters.
pub fn square(text: &str, label: &str) -> Markup {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return html! {} };
    let side = code.width() + 2 * QUIET;
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (at % code.width() + QUIET, at / code.width() + QUIET);
            write!(path, "M{x} {y}h1v1h-1z").expect("writing to a string");
        }
    }
    html! {
        svg .qr role="img" aria-label=(label) viewBox={ "0 0 " (side) " " (side) } shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}

pub fn sample() -> Markup {
    square("otpauth://totp/Y%20B%E1%BA%A1:mau?secret=MAUMAUMAUMAUMAUM", "Mã QR mẫu")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_has_its_quiet_zone_and_no_inline_style() {
        let drawn = square("otpauth://totp/x?secret=ABC", "Mã").into_string();
        assert!(drawn.contains("viewBox=\"0 0 37 37\"") && drawn.contains("M4 4h1v1h-1z"), "{drawn}");
        assert!(!drawn.contains("style="));
        assert_eq!(square(&"x".repeat(8000), "Mã").into_string(), "");
    }
}
