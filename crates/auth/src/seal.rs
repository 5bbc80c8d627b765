//! Sealing the secret of an authenticator app: whoever has the database but not the province's key has no second factor.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::RngCore;
use rand::rngs::OsRng;
use sha2::Sha256;
use std::fmt;
use yba_fhir::Outcome;

const NONCE: usize = 24;

/// The key for sealing, made from the province's key.
#[derive(Clone)]
pub struct Seal([u8; 32]);

impl fmt::Debug for Seal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Seal(…)")
    }
}

impl Seal {
    /// A key of its own purpose: one made from the same secret for something else is another.
    pub fn new(province_key: &[u8; 32]) -> Seal {
        let mut mac =
            <Hmac<Sha256> as Mac>::new_from_slice(province_key).expect("HMAC takes keys of any length");
        mac.update(b"yba second factor 1");
        Seal(mac.finalize().into_bytes().into())
    }

    /// The secret of an account, sealed to that account.
    pub fn close(&self, account: &str, secret: &[u8]) -> Result<String, Outcome> {
        let mut sealed = vec![0; NONCE];
        OsRng.fill_bytes(&mut sealed);
        let payload = Payload { msg: secret, aad: account.as_bytes() };
        let cipher = XChaCha20Poly1305::new(&self.0.into());
        let closed = cipher
            .encrypt(XNonce::from_slice(&sealed), payload)
            .map_err(|_| Outcome::fault("a second factor cannot be sealed"))?;
        sealed.extend(closed);
        Ok(sealed.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The secret again. A seal of another province, another account, or one that was changed is a fault.
    pub fn open(&self, account: &str, sealed: &str) -> Result<Vec<u8>, Outcome> {
        let broken = || Outcome::fault(format!("the second factor of account {account} cannot be opened"));
        let bytes = unhex(sealed).filter(|bytes| bytes.len() > NONCE).ok_or_else(broken)?;
        let (nonce, closed) = bytes.split_at(NONCE);
        let payload = Payload { msg: closed, aad: account.as_bytes() };
        let cipher = XChaCha20Poly1305::new(&self.0.into());
        cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| broken())
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.iter().all(u8::is_ascii_hexdigit) || digits.len() % 2 == 1 {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_for_its_account_and_its_province_alone() {
        let seal = Seal::new(&[7; 32]);
        let sealed = seal.close("a1", b"secret").unwrap();
        assert_eq!(seal.open("a1", &sealed).unwrap(), b"secret");
        assert_ne!(seal.close("a1", b"secret").unwrap(), sealed, "never the same twice");
        assert!(seal.open("a2", &sealed).is_err() && Seal::new(&[8; 32]).open("a1", &sealed).is_err());
        let mut changed = sealed.clone();
        changed.replace_range(60..61, if &sealed[60..61] == "0" { "1" } else { "0" });
        for broken in [changed.as_str(), "", "zz", "0", &sealed[..40], &sealed[..sealed.len() - 2]] {
            assert!(seal.open("a1", broken).is_err(), "{broken}");
        }
    }
}
