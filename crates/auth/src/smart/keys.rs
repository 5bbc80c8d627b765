//! Our own keys, with which we tell an app who somebody is (`id_token`, RS256). Private halves are sealed with the province's key.

use crate::seal::Seal;
use crate::token::hash;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rand::rngs::OsRng;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use rsa::traits::PublicKeyParts;
use serde::Serialize;
use yba_fhir::Outcome;

/// Bits of a new key.
const BITS: usize = 2048;
/// To whom keys are sealed: nobody's account is called so.
const SEALED_TO: &str = "smart signing key";
/// A key signs for so long, and is shown for a day longer, so that what it signed can be verified.
pub const SIGNS_MS: i64 = 90 * 24 * 3_600_000;
pub const SHOWN_MS: i64 = SIGNS_MS + 24 * 3_600_000;

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub id: String,
    /// The private half, sealed.
    pub sealed: String,
    /// The public half, as a JWK.
    pub jwk: String,
    pub begun_ms: i64,
}

/// Who somebody is, for an app. <https://openid.net/specs/openid-connect-core-1_0.html#IDToken>
#[derive(Debug, Serialize)]
pub struct Identity<'a> {
    pub iss: &'a str,
    /// The account.
    pub sub: &'a str,
    pub aud: &'a str,
    pub iat: i64,
    pub exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    /// Address of the record that is the person's.
    #[serde(rename = "fhirUser", skip_serializing_if = "Option::is_none")]
    pub fhir_user: Option<String>,
}

/// Makes a key; takes a second or so, on a thread for such work.
pub fn make(seal: &Seal, now_ms: i64) -> Result<Key, Outcome> {
    let fault = |_| Outcome::fault("a signing key cannot be made");
    let private = rsa::RsaPrivateKey::new(&mut OsRng, BITS).map_err(fault)?;
    let text = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
    let (n, e) = (text(private.n()), text(private.e()));
    let id = hash(&n)[..16].to_owned();
    let jwk = format!(r#"{{"kty":"RSA","use":"sig","alg":"RS256","kid":"{id}","n":"{n}","e":"{e}"}}"#);
    let pem = private
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|_| Outcome::fault("a signing key cannot be written"))?;
    Ok(Key { sealed: seal.close(SEALED_TO, pem.as_bytes())?, id, jwk, begun_ms: now_ms })
}

/// Signs who somebody is.
pub fn sign(seal: &Seal, key: &Key, identity: &Identity<'_>) -> Result<String, Outcome> {
    let fault = |_| Outcome::fault("an identity cannot be signed");
    let pem = seal.open(SEALED_TO, &key.sealed)?;
    let by = EncodingKey::from_rsa_pem(&pem).map_err(fault)?;
    let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::RS256) };
    encode(&header, identity, &by).map_err(fault)
}
