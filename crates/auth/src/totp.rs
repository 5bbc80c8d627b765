//! Codes of an authenticator app: TOTP with SHA-1, six digits, thirty seconds, which is what the apps can do.
//! <https://www.rfc-editor.org/rfc/rfc6238>

use crate::token::base32;
use hmac::{Hmac, Mac};
use rand::RngCore;
use rand::rngs::OsRng;
use sha1::Sha1;
use std::fmt;
use subtle::ConstantTimeEq;

const STEP_MS: i64 = 30_000;
const DIGITS: usize = 6;
/// Steps before and after now whose codes are taken: clocks differ, people type slowly.
const WINDOW: i64 = 1;
/// RFC 4226 asks for at least 128 bits and recommends 160.
const SECRET_BYTES: usize = 20;

/// What app and server share.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

impl Secret {
    pub fn random() -> Secret {
        let mut bytes = vec![0; SECRET_BYTES];
        OsRng.fill_bytes(&mut bytes);
        Secret(bytes)
    }

    /// For typing where no camera is, in groups of four.
    pub fn text(&self) -> String {
        let letters = base32(&self.0);
        let groups: Vec<&str> =
            (0..letters.len()).step_by(4).map(|at| &letters[at..letters.len().min(at + 4)]).collect();
        groups.join(" ")
    }

    /// What the square holds. <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>
    pub fn uri(&self, issuer: &str, login: &str) -> String {
        let issuer = encoded(issuer);
        format!("otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}", encoded(login), base32(&self.0))
    }

    /// The code of a step.
    pub fn code(&self, step: i64) -> String {
        let number = self.truncated(step) % 10u32.pow(DIGITS as u32);
        format!("{number:0DIGITS$}")
    }

    /// The step of which this is the code, later than the last one used; `None` when it is of none near now.
    pub fn accepted(&self, typed: &str, now_ms: i64, last_used: i64) -> Option<i64> {
        let typed: String = typed.chars().filter(|sign| !sign.is_whitespace()).collect();
        let now = step_at(now_ms);
        let is = |step: &i64| bool::from(self.code(*step).as_bytes().ct_eq(typed.as_bytes()));
        (now - WINDOW..=now + WINDOW).filter(|step| *step > last_used).find(is)
    }

    /// The dynamic truncation of RFC 4226, section 5.3.
    fn truncated(&self, step: i64) -> u32 {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(&step.to_be_bytes());
        let bytes = mac.finalize().into_bytes();
        let at = usize::from(bytes[bytes.len() - 1] & 15);
        u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) & 0x7fff_ffff
    }
}

/// The number of the step at a moment.
pub fn step_at(ms: i64) -> i64 {
    ms.div_euclid(STEP_MS)
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rfc() -> Secret {
        Secret(b"12345678901234567890".to_vec())
    }

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        // The RFC shows eight digits; ours are the last six of them.
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(rfc().code(step_at(seconds * 1000)), code[2..], "{seconds}");
        }
    }

    #[test]
    fn codes_are_those_of_rfc_4226_appendix_d() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (step, code) in codes.into_iter().enumerate() {
            assert_eq!(rfc().code(step as i64), code);
        }
    }

    #[test]
    fn a_code_is_good_once_and_near_its_time() {
        let (secret, now) = (rfc(), 1_111_111_111_000);
        let step = step_at(now);
        let code = secret.code(step);
        assert_eq!(secret.accepted(&code, now, 0), Some(step));
        assert_eq!(secret.accepted(&format!("{} {}", &code[..3], &code[3..]), now, 0), Some(step));
        assert_eq!(secret.accepted(&code, now, step), None, "a second time");
        assert_eq!(secret.accepted(&code, now + 30_000, 0), Some(step), "typed slowly");
        assert_eq!(secret.accepted(&code, now + 60_000, 0), None, "too late");
        for wrong in ["", "0", "abcdef", &code[1..], &format!("{code}0")] {
            assert_eq!(secret.accepted(wrong, now, 0), None, "{wrong}");
        }
    }

    #[test]
    fn the_address_for_the_app_holds_what_it_needs() {
        assert_eq!(
            rfc().uri("Y Bạ", "mai.lo"),
            "otpauth://totp/Y%20B%E1%BA%A1:mai.lo?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Y%20B%E1%BA%A1"
        );
        assert!(rfc().text().starts_with("GEZD GNBV") && !format!("{:?}", rfc()).contains("12"));
    }

    proptest! {
        #[test]
        fn no_step_is_taken_twice(bytes in proptest::collection::vec(any::<u8>(), 1..64), now in 0i64..4_000_000_000_000, drift in -1i64..=1) {
            let (secret, step) = (Secret(bytes), step_at(now) + drift);
            let taken = secret.accepted(&secret.code(step), now, i64::MIN).unwrap();
            prop_assert!(secret.accepted(&secret.code(taken), now, taken).is_none_or(|later| later > taken));
        }
    }
}
