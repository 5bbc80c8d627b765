//! The chain of audit entries of writes: what an entry's hash covers, and how an entry covers the versions written with it.

use crate::db::Row;
use crate::version::Version;
use sha2::{Digest, Sha256};

/// The columns of `version` that [`Content::row`] takes, in its order: all but the body, whose own hash is among them.
pub const CONTENT_COLUMNS: &str = "t, tx, rid, kind, id, version_id, parents, origin, hlc, hash, deleted";

/// The hash of an audit entry in its chain.
pub fn audit_hash(before: &[u8], seq: i64, at: i64, t_first: i64, t_last: i64, entry: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(before);
    for number in [seq, at, t_first, t_last] {
        hash.update(number.to_be_bytes());
    }
    hash.update(entry);
    hash.finalize().into()
}

/// A hash over versions as they stand in the log. Each field goes in with its length, so that nothing can move from one to
/// the next.
#[derive(Default)]
pub struct Content(Sha256);

impl Content {
    fn numbers(&mut self, numbers: [i64; 5]) {
        numbers.into_iter().for_each(|number| self.0.update(number.to_be_bytes()));
    }

    fn fields(&mut self, fields: [&[u8]; 6]) {
        for field in fields {
            self.0.update((field.len() as u64).to_be_bytes());
            self.0.update(field);
        }
    }

    /// Takes a version that is being written.
    pub(crate) fn version(&mut self, one: &Version) {
        self.numbers([one.t, one.tx, one.rid, one.hlc, one.deleted.into()]);
        let parents = one.parents.join(" ");
        let texts = [&one.kind, &one.id, &one.version_id, &parents, &one.origin].map(|text| text.as_bytes());
        let [kind, id, version_id, parents, origin] = texts;
        self.fields([kind, id, version_id, parents, origin, &one.hash]);
    }

    /// Takes a row of [`CONTENT_COLUMNS`].
    pub fn row(&mut self, row: &Row) {
        self.numbers([row.int(0), row.int(1), row.int(2), row.int(8), row.int(10)]);
        let [kind, id, version_id, parents, origin] = [3, 4, 5, 6, 7].map(|at| row.text(at).as_bytes());
        self.fields([kind, id, version_id, parents, origin, &row.blob(9)]);
    }

    /// The hash of all that was taken, as hex digits.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The entry with the hash of what was written: one more member, `content`, at the end of its JSON object. An entry that is
/// no object stays as it is.
pub(crate) fn covering(entry: &[u8], content: &str) -> Vec<u8> {
    match entry {
        [b'{', inner @ .., b'}'] => {
            let comma: &[u8] = if inner.is_empty() { b"" } else { b"," };
            [b"{", inner, comma, br#""content":""#, content.as_bytes(), br#""}"#].concat()
        }
        _ => entry.to_vec(),
    }
}

/// The hash that [`covering`] put into an entry; none in entries without versions, and in those of before it was put in.
pub fn covered(entry: &[u8]) -> Option<&str> {
    const BEFORE: &[u8] = br#""content":""#;
    let hash = entry.strip_suffix(br#""}"#)?;
    let start = hash.len().checked_sub(64)?;
    hash[..start].ends_with(BEFORE).then(|| std::str::from_utf8(&hash[start..]).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_carries_the_hash_of_what_was_written() {
        let hash = Content::default().finish();
        assert_eq!(hash.len(), 64);
        for (plain, with) in [(r#"{"a":1}"#, r#"{"a":1,"content":"#), ("{}", r#"{"content":"#)] {
            let entry = covering(plain.as_bytes(), &hash);
            assert_eq!(std::str::from_utf8(&entry).unwrap(), format!("{with}\"{hash}\"}}"));
            assert_eq!(covered(&entry), Some(hash.as_str()));
            assert_eq!(covered(plain.as_bytes()), None);
        }
        assert_eq!((covering(b"", &hash), covered(b"")), (Vec::new(), None));
    }
}
