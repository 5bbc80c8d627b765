//! Temporary codes: for a newborn without papers, somebody unconscious or unknown, a foreigner without a passport. A code
//! says what it is, where and when it was given, and can be taken for no other number: it begins with letters.
//!
//! Form `VD-<facility>-<yyyymmdd>-<sequence>`; the facility informs the commune within 48 hours (Luật KCB 15/2023,
//! Điều 72, 73). The code stays with the record as an identifier of `ma-tam` when the true number is known.

use crate::identifier::{Key, KeyKind, compact, is_digits};
use std::fmt;
use yba_fhir::Day;

/// Most codes that one facility gives on a day.
pub const SEQUENCE_MAX: u32 = 999_999;

/// Why somebody has no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// `SS`, sơ sinh.
    Newborn,
    /// `VD`, vô danh.
    Unknown,
    /// `NN`, người nước ngoài.
    Foreigner,
}

impl Reason {
    const ALL: [(Reason, &'static str); 3] =
        [(Reason::Newborn, "SS"), (Reason::Unknown, "VD"), (Reason::Foreigner, "NN")];

    fn letters(self) -> &'static str {
        Reason::ALL.iter().find(|(reason, _)| *reason == self).map_or("", |(_, letters)| letters)
    }
}

/// A temporary code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemporaryCode {
    pub reason: Reason,
    /// MA_CSKCB of who gave it.
    pub facility: String,
    pub day: Day,
    /// Counted from 1 at a facility on a day.
    pub sequence: u32,
}

impl TemporaryCode {
    /// `None` when the facility's code has no five letters and digits, or the sequence is none of 1 to [`SEQUENCE_MAX`].
    pub fn new(reason: Reason, facility: &str, day: Day, sequence: u32) -> Option<TemporaryCode> {
        let facility = compact(facility);
        let is_facility = facility.len() == 5 && facility.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let fits =
            is_facility && (1..=SEQUENCE_MAX).contains(&sequence) && (1900..=9999).contains(&day.year());
        fits.then_some(TemporaryCode { reason, facility, day, sequence })
    }

    /// Reads a code, with or without the dashes between its parts.
    pub fn parse(text: &str) -> Option<TemporaryCode> {
        let text = compact(text);
        if !text.is_ascii() || !(19..=21).contains(&text.len()) {
            return None;
        }
        let (reason, _) = Reason::ALL.into_iter().find(|(_, letters)| text.starts_with(letters))?;
        let (date, sequence) = (&text[7..15], &text[15..]);
        if !is_digits(date, 8) || !is_digits(sequence, sequence.len()) {
            return None;
        }
        let part = |from: usize, to: usize| date[from..to].parse().ok();
        let day = Day::new(date[..4].parse().ok()?, part(4, 6)?, part(6, 8)?)?;
        TemporaryCode::new(reason, &text[2..7], day, sequence.parse().ok()?)
    }

    /// The key under which its bearer is found.
    pub fn key(&self) -> Key {
        Key::new(KeyKind::Other("ma-tam".to_owned()), compact(&self.to_string()))
    }
}

impl fmt::Display for TemporaryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.day.year(), self.day.month(), self.day.day());
        write!(
            f,
            "{}-{}-{year:04}{month:02}{day:02}-{:04}",
            self.reason.letters(),
            self.facility,
            self.sequence
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::{SID, keys_of};

    fn code(sequence: u32) -> Option<TemporaryCode> {
        TemporaryCode::new(Reason::Unknown, "12001", Day::new(2026, 11, 21)?, sequence)
    }

    #[test]
    fn a_code_is_read_back_and_found_under_its_identifier() {
        let one = code(7).unwrap();
        assert_eq!(one.to_string(), "VD-12001-20261121-0007");
        for text in ["VD-12001-20261121-0007", "vd12001202611210007", " VD 12001 20261121 0007 "] {
            assert_eq!(TemporaryCode::parse(text), Some(one.clone()), "{text}");
        }
        assert_eq!(keys_of(&format!("{SID}ma-tam"), &one.to_string()), [one.key()]);
        assert!(!one.key().is_evidence(), "two codes of one person are two, so they link nothing");
        let asked = crate::understand(&one.to_string());
        assert!(asked.keys.iter().any(|key| key.value == one.key().value), "{asked:?}");
        for (reason, letters) in Reason::ALL {
            let of =
                TemporaryCode::new(reason, "01C54", Day::new(2026, 1, 2).unwrap(), SEQUENCE_MAX).unwrap();
            assert_eq!(of.to_string(), format!("{letters}-01C54-20260102-999999"));
            assert_eq!(TemporaryCode::parse(&of.to_string()), Some(of));
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        assert_eq!((code(0), code(SEQUENCE_MAX + 1)), (None, None));
        assert_eq!(TemporaryCode::new(Reason::Newborn, "1200", Day::new(2026, 1, 1).unwrap(), 1), None);
        let whole = "VD-12001-20261121-0007";
        for end in 0..whole.len() {
            assert_eq!(TemporaryCode::parse(&whole[..end]), None, "{}", &whole[..end]);
        }
        for text in [
            "VD-12001-20261131-0007",
            "XX-12001-20261121-0007",
            "VD-12001-20261121-0000",
            "VD-12001-20261121-00x7",
            "VD-12001-20261121-0007000",
            "VD-ế2001-20261121-0007",
            "012190001234",
            "ếếếếếếếếếếếếếếếếếếế",
        ] {
            assert_eq!(TemporaryCode::parse(text), None, "{text}");
        }
    }
}
