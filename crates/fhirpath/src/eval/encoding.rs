//! `encode`, `decode`, `escape`, `unescape`: trial-use functions of the edition after R4's, which the R4 test suites
//! use. An unknown format, or text that cannot be decoded, gives nothing. <http://hl7.org/fhirpath/#additional-string-functions>

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub fn encode(text: &str, format: &str) -> Option<String> {
    match format {
        "hex" => Some(text.bytes().map(|byte| format!("{byte:02x}")).collect()),
        "base64" => Some(base64(text.as_bytes())),
        "urlbase64" => Some(base64(text.as_bytes()).replace('+', "-").replace('/', "_")),
        _ => None,
    }
}

pub fn decode(text: &str, format: &str) -> Option<String> {
    let bytes = match format {
        "hex" => unhex(text)?,
        "base64" => unbase64(text)?,
        "urlbase64" => unbase64(&text.replace('-', "+").replace('_', "/"))?,
        _ => return None,
    };
    String::from_utf8(bytes).ok()
}

pub fn escape(text: &str, format: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match (format, c) {
            ("html", '<') => out.push_str("&lt;"),
            ("html", '>') => out.push_str("&gt;"),
            ("html", '&') => out.push_str("&amp;"),
            ("html", '"') => out.push_str("&quot;"),
            ("html", '\'') => out.push_str("&#39;"),
            ("json", '"') => out.push_str("\\\""),
            ("json", '\\') => out.push_str("\\\\"),
            ("json", '\n') => out.push_str("\\n"),
            ("json", '\r') => out.push_str("\\r"),
            ("json", '\t') => out.push_str("\\t"),
            ("json", c) if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            ("html" | "json", c) => out.push(c),
            _ => return None,
        }
    }
    matches!(format, "html" | "json").then_some(out)
}

pub fn unescape(text: &str, format: &str) -> Option<String> {
    match format {
        "html" => Some(unescape_html(text)),
        "json" => Some(crate::unescape::unescape(text)),
        _ => None,
    }
}

fn unescape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find('&') {
        out.push_str(&rest[..position]);
        rest = &rest[position..];
        let end = rest.find(';').unwrap_or(0);
        match entity(&rest[..end]) {
            Some(c) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "&lt" => Some('<'),
        "&gt" => Some('>'),
        "&amp" => Some('&'),
        "&quot" => Some('"'),
        "&apos" => Some('\''),
        _ => {
            let number = name.strip_prefix("&#")?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| (group << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let value = (group >> (18 - 6 * digit)) & 63;
            out.push(if digit <= chunk.len() { char::from(ALPHABET[value as usize]) } else { '=' });
        }
    }
    out
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for chunk in digits.as_bytes().chunks(4) {
        let mut group = 0_u32;
        for digit in chunk {
            let value = ALPHABET.iter().position(|known| known == digit)? as u32;
            group = (group << 6) | value;
        }
        group <<= 6 * (4 - chunk.len());
        out.extend_from_slice(&group.to_be_bytes()[1..chunk.len()]);
    }
    Some(out)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_again() {
        for text in ["", "a", "ab", "abc", "Nguyễn Văn Ân", "subjects?_d\u{1}"] {
            for format in ["hex", "base64", "urlbase64"] {
                let encoded = encode(text, format).unwrap();
                assert_eq!(decode(&encoded, format).as_deref(), Some(text), "{format} {encoded}");
            }
            for format in ["html", "json"] {
                assert_eq!(unescape(&escape(text, format).unwrap(), format).as_deref(), Some(text));
            }
        }
        assert_eq!(encode("test", "base64").as_deref(), Some("dGVzdA=="));
        assert_eq!(encode("test", "hex").as_deref(), Some("74657374"));
        assert_eq!(escape("\"1<2\"", "html").as_deref(), Some("&quot;1&lt;2&quot;"));
    }

    #[test]
    fn what_cannot_be_decoded_gives_nothing() {
        for (text, format) in [
            ("a", "base64"),
            ("====", "base64"),
            ("!!!!", "base64"),
            ("abc", "hex"),
            ("zz", "hex"),
            ("", "rot13"),
        ] {
            assert_eq!(decode(text, format), None, "{text} {format}");
        }
        assert_eq!(unescape("&bogus; & &#x41;", "html").as_deref(), Some("&bogus; & A"));
    }
}
