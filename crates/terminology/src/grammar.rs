//! Systems whose codes are told by a rule, not by a list: units, languages, media types.

use yba_fhirpath::ucum;

/// Longest code that is looked at.
const CODE_BYTES_MAX: usize = 255;

/// A rule for codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grammar {
    /// Units of measure. <https://ucum.org/ucum>
    Ucum,
    /// Language tags, well-formed by RFC 5646 section 2.1; whether a subtag is registered is not looked up.
    Bcp47,
    /// Media types with parameters. RFC 2045 section 5.1.
    MediaType,
    /// Absolute URIs.
    Uri,
}

impl Grammar {
    /// Whether this is a code; `None` when the rule alone cannot tell.
    pub fn accepts(self, code: &str) -> Option<bool> {
        if code.len() > CODE_BYTES_MAX {
            return Some(false);
        }
        match self {
            Grammar::Ucum => Some(ucum::is_valid(code)),
            Grammar::Bcp47 => Some(is_language_tag(code)),
            // "xml", "json" and "ttl" are allowed as short names in CapabilityStatement.format, and only there.
            Grammar::MediaType if matches!(code, "xml" | "json" | "ttl") => None,
            Grammar::MediaType => Some(is_media_type(code)),
            Grammar::Uri => Some(is_uri(code)),
        }
    }
}

/// `langtag / privateuse / grandfathered` of RFC 5646; of the irregular old tags only `i-…`.
fn is_language_tag(code: &str) -> bool {
    let parts: Vec<&str> = code.split('-').collect();
    let sound =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !parts.iter().all(|part| sound(part)) {
        return false;
    }
    let mut rest = Subtags(&parts);
    if rest.take(|part| part.eq_ignore_ascii_case("x") || part.eq_ignore_ascii_case("i")) {
        return !rest.0.is_empty();
    }
    if !rest.take(|part| part.len() >= 2 && is_alphabetic(part)) {
        return false;
    }
    if parts[0].len() <= 3 {
        // Extended language subtags, three at most.
        let _ = (0..3).all(|_| rest.take(|part| part.len() == 3 && is_alphabetic(part)));
    }
    rest.take(|part| part.len() == 4 && is_alphabetic(part));
    rest.take(|part| {
        part.len() == 2 && is_alphabetic(part) || part.len() == 3 && part.parse::<u16>().is_ok()
    });
    while rest.take(|part| part.len() >= 5 || part.len() == 4 && part.as_bytes()[0].is_ascii_digit()) {}
    // Extensions: a single letter or digit, then longer parts.
    while rest.take(|part| part.len() == 1 && !part.eq_ignore_ascii_case("x")) {
        if !rest.take(|part| part.len() >= 2) {
            return false;
        }
        while rest.take(|part| part.len() >= 2) {}
    }
    if rest.take(|part| part.eq_ignore_ascii_case("x")) { !rest.0.is_empty() } else { rest.0.is_empty() }
}

/// The parts of a tag that are not read yet.
struct Subtags<'a>(&'a [&'a str]);

impl Subtags<'_> {
    /// Takes the next part when it fits.
    fn take(&mut self, fits: impl Fn(&str) -> bool) -> bool {
        match self.0.split_first() {
            Some((first, after)) if fits(first) => {
                self.0 = after;
                true
            }
            _ => false,
        }
    }
}

fn is_alphabetic(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// `type/subtype`, then `; name=value` as often as wanted.
fn is_media_type(code: &str) -> bool {
    let mut parts = code.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let Some((main, sub)) = kind.split_once('/') else { return false };
    let parameter = |part: &str| {
        part.split_once('=').is_some_and(|(name, value)| {
            let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
            is_token(name.trim()) && (quoted || is_token(value.trim()))
        })
    };
    is_token(main) && is_token(sub) && parts.all(parameter)
}

/// Any printable character but spaces and `()<>@,;:\"/[]?=`.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte))
}

/// A scheme, a colon, something. RFC 3986 section 3.
fn is_uri(code: &str) -> bool {
    code.split_once(':').is_some_and(|(scheme, rest)| {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(sound)
            && !rest.is_empty()
            && !rest.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(grammar: Grammar, right: &[&str], wrong: &[&str]) {
        for code in right {
            assert_eq!(grammar.accepts(code), Some(true), "{code}");
        }
        for code in wrong {
            assert_eq!(grammar.accepts(code), Some(false), "{code}");
        }
        assert_eq!(grammar.accepts(&"a".repeat(300)), Some(false));
    }

    #[test]
    fn language_tags_are_well_formed() {
        check(
            Grammar::Bcp47,
            &[
                "vi",
                "en-US",
                "nl-NL",
                "zh-Hant-TW",
                "es-419",
                "sl-rozaj",
                "de-CH-1996",
                "hmn",
                "en-a-bbb-x-a",
                "x-yba",
                "i-klingon",
            ],
            &[
                "",
                "tiếng việt",
                "v",
                "vi_VN",
                "vi-",
                "-vi",
                "en-US-US",
                "x",
                "en-a",
                "123",
                "en--US",
                "abcdefghi",
            ],
        );
    }

    #[test]
    fn media_types_have_two_parts() {
        check(
            Grammar::MediaType,
            &[
                "application/pdf",
                "text/html; charset=utf-8",
                "application/fhir+json;fhirVersion=4.0",
                "image/svg+xml",
                "text/plain;a=\"b c\"",
            ],
            &["pdf", "application/", "/pdf", "application/pdf;", "a/b/c", "text / plain", "tệp/pdf"],
        );
        assert_eq!(Grammar::MediaType.accepts("json"), None);
    }

    #[test]
    fn units_follow_ucum() {
        check(
            Grammar::Ucum,
            &["mg/dL", "10*9/L", "mm[Hg]", "{score}", "%"],
            &["", "G/L x", "mmHg", "mg per dL"],
        );
    }

    #[test]
    fn addresses_have_a_scheme() {
        check(
            Grammar::Uri,
            &["urn:oid:1.2.3", "https://yba.vn/a", "mailto:a@b.vn"],
            &["", "yba.vn", ":x", "a b:c", "x:", "x:a b"],
        );
    }
}
