//! Where a page of a search begins, and how that is written in a link.

use crate::db::Value;

/// Where a page begins: after this record, and after these sort keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// The log position at which the whole search answers.
    pub t: i64,
    /// Which of the types of the search the page begins with, when it goes through them one after the other.
    pub at: usize,
    /// The last record of the page before, and its sort keys; absent for the first page.
    pub after: Option<(i64, Vec<Value>)>,
}

impl Cursor {
    /// The cursor as text for a link: opaque to others, checked when it comes back. The mark is that of the search.
    pub fn to_text(&self, mark: u32) -> String {
        let mut text = format!("{}.{mark:08x}.{}", self.t, self.at);
        if let Some((rid, keys)) = &self.after {
            text += &format!(".{rid}");
            for key in keys {
                text += &match key {
                    Value::Int(number) => format!(".i{number}"),
                    Value::Real(number) => format!(".r{:x}", number.to_bits()),
                    Value::Text(letters) => format!(".t{}", hex(letters.as_bytes())),
                    Value::Null | Value::Blob(_) => ".n".to_owned(),
                };
            }
        }
        text
    }

    /// Reads a cursor back; `None` when it is not one of ours, or one of another search.
    pub fn parse(text: &str, mark: u32) -> Option<Cursor> {
        let mut parts = text.split('.');
        let t = parts.next()?.parse().ok()?;
        if parts.next()? != format!("{mark:08x}") {
            return None;
        }
        let at = parts.next()?.parse().ok()?;
        let Some(rid) = parts.next() else { return Some(Cursor { t, at, after: None }) };
        let keys = parts.map(|part| {
            let (kind, rest) = part.split_at_checked(1)?;
            Some(match kind {
                "i" => Value::Int(rest.parse().ok()?),
                "r" => Value::Real(f64::from_bits(u64::from_str_radix(rest, 16).ok()?)),
                "t" => Value::Text(String::from_utf8(unhex(rest)?).ok().filter(|text| !text.contains('\0'))?),
                "n" => Value::Null,
                _ => return None,
            })
        });
        Some(Cursor { t, at, after: Some((rid.parse().ok()?, keys.collect::<Option<Vec<_>>>()?)) })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_went_and_strangers_are_refused() {
        let keys = vec![Value::Int(-5), Value::Real(1.5), Value::from("lò.thị"), Value::Null];
        for cursor in [Cursor { t: 9, at: 0, after: None }, Cursor { t: 9, at: 2, after: Some((3, keys)) }] {
            assert_eq!(Cursor::parse(&cursor.to_text(7), 7), Some(cursor.clone()));
            assert_eq!(Cursor::parse(&cursor.to_text(7), 8), None, "of another search");
        }
        for wrong in
            ["", "x", "1", "1.y", "1.00000007.y", "1.00000007.0.y", "1.00000007.0.2.q", "1.00000007.0.2.t0"]
        {
            assert_eq!(Cursor::parse(wrong, 7), None, "{wrong}");
        }
    }
}
