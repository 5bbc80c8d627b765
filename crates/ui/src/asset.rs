//! Static files and their addresses: what the assets crate embeds, plus our own styles and scripts.
//!
//! An address carries the hash of the bytes (`/a/<hash>/<name>`), so a browser may keep the file for ever.
//! All our scripts share one hash: they import each other by relative name.

use std::borrow::Cow;
use std::sync::LazyLock;

/// One static file ready to be served.
#[derive(Debug, Clone)]
pub struct File {
    pub hash: &'static str,
    pub mime: &'static str,
    pub bytes: Cow<'static, [u8]>,
}

/// Our scripts: plain ES modules, `core.js` imports the others.
const SCRIPTS: &[(&str, &str)] = &[
    ("core.js", include_str!("../js/core.js")),
    ("keys.js", include_str!("../js/keys.js")),
    ("passkey.js", include_str!("../js/passkey.js")),
    ("scanner.js", include_str!("../js/scanner.js")),
    ("search.js", include_str!("../js/search.js")),
];

const STYLES: &[&str] = &[
    include_str!("tokens.css"),
    include_str!("base.css"),
    include_str!("frame.css"),
    include_str!("account.css"),
    include_str!("search.css"),
    include_str!("banner.css"),
    include_str!("card.css"),
    include_str!("button.css"),
    include_str!("table.css"),
    include_str!("status.css"),
    include_str!("result.css"),
    include_str!("timeline.css"),
    include_str!("vitals.css"),
    include_str!("worklist.css"),
    include_str!("state.css"),
    include_str!("form.css"),
    include_str!("question.css"),
    include_str!("compare.css"),
    include_str!("alert.css"),
    include_str!("paper.css"),
];

const WEIGHTS: &[u16] = &[400, 500, 600, 700];

/// Blocks of Unicode that hold the letters of Vietnamese beyond Latin-1, as the font's makers cut them.
const VIETNAMESE: &str = "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,\
U+0303-0304,U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB";
const LATIN: &str = "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+2000-206F,U+20AC,U+2122,\
U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD";

static STYLESHEET: LazyLock<(String, String)> = LazyLock::new(|| {
    let sheet = format!("{}{}", STYLES.concat(), font_faces());
    (sheet.clone(), fingerprint(sheet.as_bytes()))
});

static SCRIPTS_HASH: LazyLock<String> = LazyLock::new(|| {
    fingerprint(SCRIPTS.iter().flat_map(|(_, text)| text.bytes()).collect::<Vec<u8>>().as_slice())
});

/// The whole stylesheet as served under `yba.css`.
pub fn stylesheet() -> &'static str {
    &STYLESHEET.0
}

/// The file of that name, ours or embedded.
pub fn get(name: &str) -> Option<File> {
    if name == "yba.css" {
        let (sheet, hash) = &*STYLESHEET;
        return Some(File { hash, mime: "text/css; charset=utf-8", bytes: Cow::Borrowed(sheet.as_bytes()) });
    }
    if let Some((_, text)) = SCRIPTS.iter().find(|(own, _)| *own == name) {
        let bytes = Cow::Borrowed(text.as_bytes());
        return Some(File { hash: &SCRIPTS_HASH, mime: "text/javascript; charset=utf-8", bytes });
    }
    let found = yba_assets::get(name)?;
    Some(File { hash: found.hash, mime: found.mime, bytes: Cow::Borrowed(found.bytes) })
}

/// The address of a static file; a name that does not exist gives an address that answers 404.
pub fn url(name: &str) -> String {
    match get(name) {
        Some(file) => format!("/a/{}/{name}", file.hash),
        None => format!("/a/0/{name}"),
    }
}

/// Digits come from Inter (`YBa So`), because Be Vietnam Pro's are proportional and cannot line up.
fn font_faces() -> String {
    let mut css = face("YBa So", "100 900", "inter-latin.woff2", "U+0030-0039");
    for weight in WEIGHTS {
        for (subset, range) in [("vietnamese", VIETNAMESE), ("latin", LATIN)] {
            let name = format!("be-vietnam-pro-{subset}-{weight}.woff2");
            css.push_str(&face("Be Vietnam Pro", &weight.to_string(), &name, range));
        }
    }
    css
}

fn face(family: &str, weight: &str, name: &str, range: &str) -> String {
    format!(
        "@font-face{{font-family:'{family}';font-weight:{weight};font-display:swap;\
         src:url({}) format('woff2');unicode-range:{range}}}\n",
        url(name)
    )
}

/// FNV-1a, 64 bits: tells one build's file from another's; not a defence against anyone.
fn fingerprint(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzipped(text: &str) -> usize {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut out, text.as_bytes()).unwrap();
        out.finish().unwrap().len()
    }

    #[test]
    fn styles_fit_in_12_kb_and_scripts_in_4() {
        assert!(gzipped(stylesheet()) <= 12 * 1024, "{}", gzipped(stylesheet()));
        let scripts: String = SCRIPTS.iter().map(|(_, text)| *text).collect();
        assert!(gzipped(&scripts) <= 4 * 1024, "{}", gzipped(&scripts));
    }

    #[test]
    fn every_file_a_page_asks_for_is_embedded() {
        for name in ["yba.css", "core.js", "htmx.min.js", "icons.svg", "inter-latin.woff2"] {
            assert!(get(name).is_some(), "{name}");
        }
        assert!(!stylesheet().contains("/a/0/"), "a font is missing: {}", font_faces());
        assert!(get("../Cargo.toml").is_none());
    }

    #[test]
    fn every_icon_is_in_the_sprite() {
        let sprite = String::from_utf8(get("icons.svg").unwrap().bytes.into_owned()).unwrap();
        for name in crate::icon::NAMES {
            assert!(sprite.contains(&format!("id=\"i-{name}\"")), "{name}");
        }
    }

    /// Relative luminance after WCAG 2.2.
    fn luminance(hex: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    fn token<'a>(theme: &'a str, name: &str) -> &'a str {
        let at = theme.find(&format!("{name}: #")).unwrap_or_else(|| panic!("{name}")) + name.len() + 2;
        &theme[at..at + 7]
    }

    fn contrast(theme: &str, ink: &str, ground: &str) -> f64 {
        let (a, b) = (luminance(token(theme, ink)), luminance(token(theme, ground)));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_colours_reach_contrast_aa_in_both_themes() {
        let tokens = include_str!("tokens.css");
        let (light, dark) = tokens.split_at(tokens.find("data-theme=\"dark\"").unwrap());
        for theme in [light, dark] {
            for ground in ["--bg", "--surface", "--sel", "--hover"] {
                for ink in ["--ink", "--ink2", "--accent-ink"] {
                    assert!(contrast(theme, ink, ground) >= 4.5, "{ink} on {ground}");
                }
            }
            for (ink, ground) in [
                ("--muted", "--surface"),
                ("--muted", "--bg"),
                ("--bad", "--surface"),
                ("--bad", "--bad-bg"),
                ("--warn", "--surface"),
                ("--warn", "--warn-bg"),
                ("--on-accent", "--accent"),
                ("--on-danger", "--danger"),
                ("--ink", "--mark"),
            ] {
                assert!(contrast(theme, ink, ground) >= 4.5, "{ink} on {ground}");
            }
            for mark in ["--line3", "--focus", "--ok", "--info", "--accent"] {
                assert!(contrast(theme, mark, "--surface") >= 3.0, "{mark}");
            }
        }
    }
}
