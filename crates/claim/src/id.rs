//! Ids of imported resources (DESIGN 14): HMAC under the province's key over facility, source key, part and the
//! row's business key with its ordinal among equals. The same row has the same id for ever, and nobody without the
//! key can tell from an id whose it is.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::HashMap;

/// The province's secret for ids. Every node of a province uses the same one; losing it doubles later imports.
#[derive(Clone)]
pub struct ProvinceKey([u8; 32]);

impl ProvinceKey {
    pub fn new(bytes: [u8; 32]) -> ProvinceKey {
        ProvinceKey(bytes)
    }
}

impl std::fmt::Debug for ProvinceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProvinceKey(…)")
    }
}

/// The id of something a facility's files name: 32 characters of `[a-z2-7]`, 160 bits.
///
/// `fields` are, in this order, what the thing is and what names it: `["visit", MA_LK, "XML2", key, "0"]`.
pub fn id(key: &ProvinceKey, facility: &str, fields: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes a key of any length");
    for field in std::iter::once(&facility).chain(fields) {
        // The length goes before the field, so that no two lists of fields read as the same bytes.
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field.as_bytes());
    }
    base32(&mac.finalize().into_bytes()[..20])
}

fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let (mut text, mut held, mut bits) = (String::with_capacity(32), 0u32, 0u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits) as usize & 31]));
        }
        held &= (1 << bits) - 1;
    }
    text
}

/// The facility's own Organization. Facility codes are public, so the id is readable.
pub fn organization_id(facility: &str) -> String {
    format!("cskcb-{facility}")
}

/// Counts equal business keys, so that the second of two equal rows has an id of its own.
#[derive(Debug, Default)]
pub(crate) struct Ordinals(HashMap<String, u32>);

impl Ordinals {
    /// The business key with its ordinal among equals: `40.154|202611160800#0`.
    pub(crate) fn key(&mut self, fields: &[Option<&str>]) -> String {
        let fields: Vec<&str> = fields.iter().map(|field| field.unwrap_or_default()).collect();
        let key = fields.join("|");
        let next = self.0.entry(key.clone()).or_default();
        let ordinal = *next;
        *next += 1;
        format!("{key}#{ordinal}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_part_by_every_field() {
        let key = ProvinceKey::new([7; 32]);
        let one = id(&key, "12001", &["visit", "12001.2026.1", "XML2", "40.154#0"]);
        assert_eq!(one, id(&key, "12001", &["visit", "12001.2026.1", "XML2", "40.154#0"]));
        assert!(one.len() == 32 && yba_fhir::resource::is_id(&one), "{one}");
        let others = [
            id(&ProvinceKey::new([8; 32]), "12001", &["visit", "12001.2026.1", "XML2", "40.154#0"]),
            id(&key, "12002", &["visit", "12001.2026.1", "XML2", "40.154#0"]),
            id(&key, "12001", &["visit", "12001.2026.1", "XML2", "40.154#1"]),
            id(&key, "12001", &["visit", "12001.2026.1XML2", "40.154#0"]),
            id(&key, "12001", &["visit", "12001.2026.1", "XML2", "40.154", "#0"]),
        ];
        assert!(others.iter().all(|other| *other != one));
        assert_eq!(format!("{key:?}"), "ProvinceKey(…)");
    }

    #[test]
    fn equal_rows_are_counted() {
        let mut ordinals = Ordinals::default();
        assert_eq!(ordinals.key(&[Some("a"), None]), "a|#0");
        assert_eq!(ordinals.key(&[Some("a"), None]), "a|#1");
        assert_eq!(ordinals.key(&[Some("b"), None]), "b|#0");
    }
}
