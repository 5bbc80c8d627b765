//! `_pretty=true`: JSON on lines of its own, for people. <https://hl7.org/fhir/R4/http.html#pretty>
//!
//! The bytes are only spread out: no digit, letter or order of members changes.

/// JSON with each member and item on a line of its own, two blanks deeper than what holds it.
pub fn pretty(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (position, &byte) in json.iter().enumerate() {
        if in_string {
            out.push(byte);
            in_string = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'"' => {
                in_string = true;
                out.push(byte);
            }
            b'{' | b'[' => {
                out.push(byte);
                if !matches!(json.get(position + 1), Some(b'}' | b']')) {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                if !matches!(out.last(), Some(b'{' | b'[')) {
                    depth = depth.saturating_sub(1);
                    new_line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            byte if byte.is_ascii_whitespace() => {}
            byte => out.push(byte),
        }
    }
    out.push(b'\n');
    out
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_spread_out_and_nothing_in_it_changes() {
        let json = r#"{"a":[1.50,{"b":"x, [y] \"z\\"}],"c":{},"d":[]}"#;
        let wanted = "{\n  \"a\": [\n    1.50,\n    {\n      \"b\": \"x, [y] \\\"z\\\\\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}\n";
        assert_eq!(String::from_utf8(pretty(json.as_bytes())).unwrap(), wanted);
    }

    #[test]
    fn what_is_no_json_is_not_lost() {
        for odd in ["}", "]]", "\"\\", "{[", ""] {
            let kept: Vec<u8> =
                pretty(odd.as_bytes()).into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
            assert_eq!(kept, odd.as_bytes(), "{odd}");
        }
    }
}
