//! Tokens: 256 random bits that a browser or a link carries. Only their SHA-256 is kept, so a copy of the database lets
//! nobody in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use std::fmt;

/// The letters of base32 (RFC 4648): the ones authenticator apps and people can read.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// How many letters a token has.
const TOKEN_LENGTH: usize = 52;
/// Random bytes of a recovery code, for which SHA-256 alone is enough.
const RECOVERY_BYTES: usize = 10;
/// How many recovery codes there are at first.
pub const RECOVERY_CODES: usize = 10;

/// A token in clear: shown once, to whom it belongs.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(…)")
    }
}

impl Token {
    /// A new one.
    pub fn random() -> Token {
        let mut bytes = [0; 32];
        OsRng.fill_bytes(&mut bytes);
        Token(base32(&bytes))
    }

    /// What a cookie or a link brought; `None` when it cannot be one of ours.
    pub fn of(text: &str) -> Option<Token> {
        let fits = text.len() == TOKEN_LENGTH && text.bytes().all(|byte| BASE32.contains(&byte));
        fits.then(|| Token(text.to_owned()))
    }

    /// What is kept of it.
    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

/// New recovery codes in clear, in groups of four letters.
pub fn recovery_codes() -> Vec<String> {
    let code = || {
        let mut bytes = [0; RECOVERY_BYTES];
        OsRng.fill_bytes(&mut bytes);
        let letters = base32(&bytes);
        let groups: Vec<&str> = (0..letters.len()).step_by(4).map(|at| &letters[at..at + 4]).collect();
        groups.join("-")
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

/// What is kept of a recovery code, however it is typed; `None` when it cannot be one.
pub fn recovery_hash(typed: &str) -> Option<String> {
    let plain: String = typed.chars().filter(|sign| !sign.is_whitespace() && *sign != '-').collect();
    let plain = plain.to_ascii_uppercase();
    let fits = plain.len() == RECOVERY_BYTES * 8 / 5 && plain.bytes().all(|byte| BASE32.contains(&byte));
    fits.then(|| hash(&plain))
}

/// A password for somebody to change: four groups of five letters, in which their login name does not happen to stand.
pub fn random_password(login: &str) -> String {
    loop {
        let mut bytes = [0; 13];
        OsRng.fill_bytes(&mut bytes);
        let letters = base32(&bytes).to_lowercase();
        let password = [0, 5, 10, 15].map(|at| &letters[at..at + 5]).join("-");
        // A name of one letter stands in nearly every password: nobody has it, and nobody would wait for another.
        if login.len() < 3 || !password.contains(login) {
            return password;
        }
    }
}

/// What a verifier of PKCE is compared by; `None` when it is none. <https://www.rfc-editor.org/rfc/rfc7636#section-4.1>
pub fn challenge_of(verifier: &str) -> Option<String> {
    let fits = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    fits.then(|| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)))
}

/// SHA-256 in hex.
pub fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 4648 without padding.
pub fn base32(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0u32, 0);
    for byte in bytes {
        (held, bits) = (held << 8 | u32::from(*byte), bits + 8);
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(BASE32[(held << (5 - bits) & 31) as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_challenge_is_that_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge_of(verifier).as_deref(), Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        for wrong in [&verifier[1..], "", &"a".repeat(129), &verifier.replace('d', " ")] {
            assert_eq!(challenge_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_password_holds_the_name_that_it_is_for() {
        // One in a few hundred would, across the hyphen between two groups.
        assert!((0..5000).all(|_| !random_password("y-t").contains("y-t")));
        assert_eq!(random_password("a").len(), 23);
    }

    #[test]
    fn a_token_is_long_its_own_and_hidden() {
        let (one, other) = (Token::random(), Token::random());
        assert_ne!(one, other);
        assert_eq!(Token::of(&one.0), Some(one.clone()));
        assert!(!format!("{one:?}").contains(&one.0[..6]) && !one.hash().contains(&one.0[..6]));
        for forged in ["", "abc", &one.0.to_lowercase(), &one.0[1..], &format!("{}A", one.0), &"'".repeat(52)]
        {
            assert_eq!(Token::of(forged), None, "{forged}");
        }
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed() {
        let codes = recovery_codes();
        assert_eq!((codes.len(), codes[0].len()), (RECOVERY_CODES, 19));
        let kept = recovery_hash(&codes[0]).unwrap();
        assert_eq!(
            recovery_hash(&format!(" {} ", codes[0].to_lowercase().replace('-', " "))),
            Some(kept.clone())
        );
        assert_ne!(recovery_hash(&codes[1]), Some(kept));
        for wrong in ["", "123456", &codes[0][1..], &codes[0].replace('-', "'")] {
            assert_eq!(recovery_hash(wrong), None, "{wrong}");
        }
        assert_eq!(random_password("nurse").len(), 23);
    }
}
