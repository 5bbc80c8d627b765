//! Escape sequences of strings and delimited identifiers. <http://hl7.org/fhirpath/N1/#string>

/// Replaces `\'`, `\"`, `` \` ``, `\r`, `\n`, `\t`, `\f`, `\\`, `\/` and `\uXXXX`; any other backslash is ignored, as
/// the specification says. Surrogate pairs written as two `\u` become one character; a lone half becomes U+FFFD.
pub fn unescape(raw: &str) -> String {
    if !raw.contains('\\') {
        return raw.to_owned();
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(position) = rest.find('\\') {
        out.push_str(&rest[..position]);
        rest = &rest[position + 1..];
        let Some(escape) = rest.chars().next() else { break };
        let plain = match escape {
            'r' => '\r',
            'n' => '\n',
            't' => '\t',
            'f' => '\u{c}',
            'u' => {
                rest = unicode(rest, &mut out);
                continue;
            }
            other => other,
        };
        out.push(plain);
        rest = &rest[escape.len_utf8()..];
    }
    out.push_str(rest);
    out
}

/// Handles what follows a backslash and begins with `u`; answers the rest of the text.
fn unicode<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let Some(first) = hex4(&rest[1..]) else {
        out.push('u');
        return &rest[1..];
    };
    let after = &rest[5..];
    if (0xD800..0xDC00).contains(&first)
        && let Some(second) = after.strip_prefix("\\u").and_then(hex4)
        && (0xDC00..0xE000).contains(&second)
    {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        return &after[6..];
    }
    out.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
    after
}

fn hex4(text: &str) -> Option<u32> {
    let digits = text.get(..4)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u32::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_escapes_become_characters_and_unknown_ones_lose_their_backslash() {
        assert_eq!(unescape(r"a\'b\\c\n\u1EA1"), "a'b\\c\nạ");
        assert_eq!(unescape(r"\p \3 \u005"), "p 3 u005");
        assert_eq!(unescape(r"\uD83D\uDE00\uD83D"), "😀\u{fffd}");
        assert_eq!(unescape(r"\`\/\f"), "`/\u{c}");
    }
}
