//! How a client with a key proves itself: a JWT that it signed. <https://www.rfc-editor.org/rfc/rfc7523>,
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html>

use super::client::JWKS_MAX;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use yba_fhir::json::{JsonValueTrait, Value, items};

/// Longest life of an assertion, in ms.
pub const LIFE_MAX_MS: i64 = 5 * 60_000;
/// How far clocks may differ, in ms.
const SLACK_MS: i64 = 30_000;
/// Longest assertion and id of one.
const LENGTH_MAX: usize = 8 << 10;
const JTI_MAX: usize = 200;
/// Most keys of a client, and the shortest modulus of RSA, in bytes.
const KEYS_MAX: usize = 20;
const MODULUS_MIN: usize = 256;

/// What `client_assertion_type` must be.
pub const SORT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How assertions may be signed.
pub const ALGORITHMS: [&str; 2] = ["RS384", "ES384"];

/// What an assertion says, once its signature is known to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    pub jti: String,
    /// When it ends, in ms since 1970 UTC.
    pub until_ms: i64,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    /// Seconds; some write them with a fraction.
    exp: f64,
    jti: String,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The public keys of a JWKS that can be used here; `None` when it is none, or holds a key that cannot.
pub fn keys(text: &str) -> Option<Vec<Jwk>> {
    if text.len() > JWKS_MAX {
        return None;
    }
    let set: JwkSet = sonic_rs::from_str(text).ok()?;
    let tree: Value = yba_fhir::json::from_str(text).ok()?;
    let is_private = |key: &Value| ["d", "k", "p", "q"].iter().any(|name| key.get(*name).is_some());
    let fits = !items(&tree, "keys").any(is_private)
        && (1..=KEYS_MAX).contains(&set.keys.len())
        && set.keys.iter().all(is_strong);
    fits.then_some(set.keys)
}

/// A key of ours has a name, and is one by which we verify.
fn is_strong(key: &Jwk) -> bool {
    key.common.key_id.as_ref().is_some_and(|id| (1..=200).contains(&id.len())) && algorithm(key).is_some()
}

fn algorithm(key: &Jwk) -> Option<Algorithm> {
    match &key.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            let modulus = URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
            let length = modulus.iter().skip_while(|byte| **byte == 0).count();
            (MODULUS_MIN..=1024).contains(&length).then_some(Algorithm::RS384)
        }
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P384 => {
            Some(Algorithm::ES384)
        }
        _ => None,
    }
}

/// The client that an assertion says it is of, unproven: to know by which keys to judge it.
pub fn claimed(assertion: &str) -> Option<String> {
    if assertion.len() > LENGTH_MAX {
        return None;
    }
    let claims = assertion.split('.').nth(1)?;
    let claims: Claims = sonic_rs::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    Some(claims.iss)
}

/// Judges an assertion: signed with a key of the client, by it, about it, for this token endpoint, good now and for no more
/// than five minutes. Why it is not, in English, for logs. Whether it came before, the caller asks.
pub fn judge(
    assertion: &str,
    client: &str,
    jwks: &str,
    endpoint: &str,
    now_ms: i64,
) -> Result<Proven, &'static str> {
    if assertion.len() > LENGTH_MAX {
        return Err("the assertion is too long");
    }
    let header = decode_header(assertion).map_err(|_| "the assertion is no JWT of ours")?;
    let named = header.kid.as_deref().ok_or("the assertion names no key")?;
    let keys = keys(jwks).ok_or("the client has no keys")?;
    let known =
        |key: &&Jwk| key.common.key_id.as_deref() == Some(named) && algorithm(key) == Some(header.alg);
    let key = keys
        .iter()
        .find(known)
        .ok_or("the assertion names a key or an algorithm that is not the client's")?;
    let by = DecodingKey::from_jwk(key).map_err(|_| "a key of the client cannot be used")?;
    // The rest is judged here: by the clock of the node, and an audience of several must name us as well.
    let mut validation = Validation::new(header.alg);
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    validation.required_spec_claims.clear();
    let claims = decode::<Claims>(assertion, &by, &validation)
        .map_err(|_| "the signature or the claims are not good")?
        .claims;
    if claims.iss != client || claims.sub != client {
        return Err("the assertion is of another client");
    }
    let is_ours = match &claims.aud {
        Audience::One(one) => one == endpoint,
        Audience::Several(all) => all.len() <= 10 && all.iter().any(|one| one == endpoint),
    };
    if !is_ours {
        return Err("the assertion is for another audience");
    }
    let ms = |seconds: f64| (seconds * 1000.0) as i64;
    let until_ms = ms(claims.exp);
    if !claims.exp.is_finite() || until_ms.saturating_add(SLACK_MS) <= now_ms {
        return Err("the assertion is over");
    }
    if until_ms > now_ms + LIFE_MAX_MS + SLACK_MS {
        return Err("the assertion lasts too long");
    }
    if [claims.nbf, claims.iat].into_iter().flatten().any(|from| ms(from) > now_ms + SLACK_MS) {
        return Err("the assertion is from the future");
    }
    match (1..=JTI_MAX).contains(&claims.jti.len()) {
        // It is remembered as long as it could come again.
        true => Ok(Proven { jti: claims.jti, until_ms: until_ms + SLACK_MS }),
        false => Err("the assertion has no id, or a very long one"),
    }
}
