//! The national code of a prescription: facility, seven characters by chance, a dash, the kind: `12090a7k9x2m-C`.

use sha2::{Digest, Sha256};

/// The system of the codes.
pub const CODE: &str = "https://yba.vn/fhir/sid/don-thuoc";
const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 7;
const FACILITY: usize = 5;

/// A code for a facility (its MA_CSKCB) and a kind (`N`, `H`, `C`, `T`), its middle drawn from this source of chance. None when the facility's
/// code has not five letters or digits.
pub fn draw(facility: &str, kind: char, chance: &mut impl FnMut() -> u64) -> Option<String> {
    if facility.len() != FACILITY || !facility.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let mut left = chance();
    let mut middle = String::with_capacity(RANDOM);
    for _ in 0..RANDOM {
        middle.push(char::from(LETTERS[(left % 36) as usize]));
        left /= 36;
    }
    Some(format!("{facility}{middle}-{kind}"))
}

/// Whether a text is a code as we make them.
pub fn is_sound(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == FACILITY + RANDOM + 2
        && bytes[..FACILITY].iter().all(u8::is_ascii_alphanumeric)
        && bytes[FACILITY..FACILITY + RANDOM].iter().all(|byte| LETTERS.contains(byte))
        && bytes[FACILITY + RANDOM] == b'-'
        && b"NHCT".contains(&bytes[FACILITY + RANDOM + 1])
}

/// The chance of a form: its id was drawn by chance when it was opened, and is stretched here. So the same form, sent again, draws the same
/// codes, and is found to be written.
pub fn chance_of(form: &str) -> impl FnMut() -> u64 {
    let form = form.to_owned();
    let mut drawn = 0u32;
    move || {
        drawn += 1;
        let hash = Sha256::digest(format!("{form}\n{drawn}\nma-don").as_bytes());
        hash.iter().take(8).fold(0, |value, byte| value << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_fourteen_characters_and_comes_from_chance_alone() {
        let mut chance = chance_of("f1");
        let (one, other) =
            (draw("12090", 'C', &mut chance).unwrap(), draw("12090", 'C', &mut chance).unwrap());
        assert_ne!(one, other);
        assert_eq!(
            draw("12090", 'C', &mut chance_of("f1")),
            Some(one.clone()),
            "the same form, the same code"
        );
        for code in [&one, &other] {
            assert!(
                is_sound(code) && code.len() == 14 && code.starts_with("12090") && code.ends_with("-C"),
                "{code}"
            );
        }
        assert_eq!(draw("1209", 'C', &mut chance), None);
        assert_eq!(draw("12-90", 'C', &mut chance), None);
    }

    #[test]
    fn what_is_no_code_of_ours_is_told_from_one() {
        assert!(is_sound("12001a7k9x2m-C") && is_sound("12001a7k9x2m-N"));
        for wrong in
            ["12001A7K9X2M-C", "12001a7k9x2-C", "12001a7k9x2m-X", "12001a7k9x2m-c", "", "12001a7k9x2m_C"]
        {
            assert!(!is_sound(wrong), "{wrong}");
        }
    }
}
