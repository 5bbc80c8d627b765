//! The scan that sees bytes before any JSON parser does.
//!
//! The parser is fast because it trusts its input: it recurses on nesting (a depth of some 20,000 overflows the
//! stack) and lets duplicate keys pass. So size, depth and U+0000 are refused here, duplicate keys after parsing.

use crate::json::{JsonContainerTrait, Value};
use crate::resource::Limits;

/// Why bytes were refused, with the byte offset at which that became certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    TooLarge { bytes: usize, limit: usize },
    TooDeep { offset: usize, limit: usize },
    Nul { offset: usize },
    NotUtf8 { offset: usize },
}

/// Checks size, nesting depth, UTF-8 and the absence of U+0000 (raw or as `\u0000`). One pass, no allocation.
pub fn scan(bytes: &[u8], limits: &Limits) -> Result<(), Refusal> {
    if bytes.len() > limits.bytes {
        return Err(Refusal::TooLarge { bytes: bytes.len(), limit: limits.bytes });
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(Refusal::NotUtf8 { offset: error.valid_up_to() });
    }
    let (mut depth, mut in_string, mut at) = (0usize, false, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            0 => return Err(Refusal::Nul { offset: at }),
            b'\\' if in_string => {
                if bytes[at + 1..].starts_with(b"u0000") {
                    return Err(Refusal::Nul { offset: at });
                }
                at += 1;
                // What follows a backslash is never a quote that ends the string, but it can still be a NUL.
                if bytes.get(at) == Some(&0) {
                    return Err(Refusal::Nul { offset: at });
                }
            }
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limits.depth {
                    return Err(Refusal::TooDeep { offset: at, limit: limits.depth });
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// The first object key that stands twice in one object, if any. Depth is bounded by [`scan`].
pub fn duplicate_key(value: &Value) -> Option<String> {
    if let Some(array) = value.as_array() {
        return array.iter().find_map(duplicate_key);
    }
    let object = value.as_object()?;
    if object.len() <= 16 {
        for (position, (key, _)) in object.iter().enumerate() {
            if object.iter().take(position).any(|(earlier, _)| earlier == key) {
                return Some(key.to_string());
            }
        }
    } else {
        let mut seen = std::collections::HashSet::with_capacity(object.len());
        if let Some((key, _)) = object.iter().find(|(key, _)| !seen.insert(*key)) {
            return Some(key.to_string());
        }
    }
    object.iter().find_map(|(_, member)| duplicate_key(member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn refused(text: &[u8]) -> Option<Refusal> {
        scan(text, &Limits { bytes: 1000, depth: 4 }).err()
    }

    #[test]
    fn refuses_what_would_hurt_the_parser_and_nothing_else() {
        assert_eq!(refused(br#"{"a":[{"b":[1]}]}"#), None);
        assert_eq!(refused(br#"[[[[[1]]]]]"#), Some(Refusal::TooDeep { offset: 4, limit: 4 }));
        assert_eq!(refused(br#"{"a":"[[[[[[[\"[[["}"#), None, "brackets in strings do not nest");
        assert_eq!(refused(br#"{"a":"\u0000"}"#), Some(Refusal::Nul { offset: 6 }));
        assert_eq!(refused(br#"{"a":"\\u0000"}"#), None, "an escaped backslash before u0000 is text");
        assert_eq!(refused(b"{\"a\":\"\0\"}"), Some(Refusal::Nul { offset: 6 }));
        assert_eq!(refused(b"{\"a\":\"\xff\"}"), Some(Refusal::NotUtf8 { offset: 6 }));
        assert_eq!(refused(&[b' '; 1001]), Some(Refusal::TooLarge { bytes: 1001, limit: 1000 }));
        assert_eq!(refused(b"\\"), None, "a lone backslash ends the scan without reading past the end");
    }

    #[test]
    fn finds_a_duplicate_key_at_any_level_and_size() {
        let parse = |text: &str| json::from_str::<Value>(text).unwrap();
        assert_eq!(duplicate_key(&parse(r#"{"a":1,"b":[{"c":1,"c":2}]}"#)).as_deref(), Some("c"));
        assert_eq!(duplicate_key(&parse(r#"{"a":{"x":1},"b":{"x":1}}"#)), None);
        let wide: Vec<String> = (0..40).map(|n| format!("\"k{}\":1", n % 39)).collect();
        assert_eq!(duplicate_key(&parse(&format!("{{{}}}", wide.join(",")))).as_deref(), Some("k0"));
    }
}
