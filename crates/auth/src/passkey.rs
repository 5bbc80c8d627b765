//! Passkeys: keys of an authenticator (a phone, a computer, a token) that sign a challenge for this node's name alone. What
//! an authenticator answers is judged by `webauthn-rs`. <https://www.w3.org/TR/webauthn-3/>

use crate::account::Account;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use webauthn_rs::prelude::{
    CredentialID, Passkey as Key, PublicKeyCredential, RegisterPublicKeyCredential, Uuid, Webauthn,
    WebauthnBuilder, WebauthnError,
};
pub use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyRegistration};
use yba_fhir::{Kind, Outcome};

/// What authenticators call us.
const NAME: &str = "Y Bạ";
/// How long a challenge waits for its answer.
pub const CHALLENGE_MS: i64 = 2 * 60_000;
/// Most passkeys of an account.
pub const PASSKEYS_MAX: usize = 10;
/// The longest answer of an authenticator that is read.
const ANSWER_BYTES_MAX: usize = 32 << 10;

/// A passkey as an account keeps it: nothing of it is secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// The credential's id (base64url).
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// In ms since 1970 UTC.
    pub since: i64,
    /// The public key and what is known of it, as `webauthn-rs` writes it.
    pub key: String,
}

impl fmt::Debug for Passkey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Passkey({})", self.id)
    }
}

/// A challenge on its way: the options for the browser, as JSON, and what must be known when the answer comes.
pub struct Asked<State> {
    pub options: String,
    pub state: State,
}

/// For whom authenticators sign: this node, by its name.
#[derive(Clone)]
pub struct Relying(Arc<Webauthn>);

impl fmt::Debug for Relying {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Relying(…)")
    }
}

impl Relying {
    /// The node at this address. Without one, people at this machine alone are served, as `http://localhost` at any port.
    /// `None` where browsers make no passkeys: an address that is not by https or has no name.
    pub fn of(base_url: &str) -> Option<Relying> {
        let is_local = base_url.is_empty();
        let origin = Url::parse(if is_local { "http://localhost" } else { base_url }).ok()?;
        let name = origin.domain()?.to_owned();
        if origin.scheme() != "https" && name != "localhost" {
            return None;
        }
        let built = WebauthnBuilder::new(&name, &origin).ok()?;
        let built =
            built.rp_name(NAME).allow_any_port(is_local).timeout(Duration::from_millis(CHALLENGE_MS as u64));
        built.build().ok().map(|webauthn| Relying(Arc::new(webauthn)))
    }

    /// The options for a new passkey of an account.
    pub fn ask_for_new(&self, account: &Account) -> Result<Asked<PasskeyRegistration>, Outcome> {
        let known: Vec<CredentialID> = account
            .passkeys
            .iter()
            .filter_map(|one| key_of(one).ok())
            .map(|key| key.cred_id().clone())
            .collect();
        let started = self.0.start_passkey_registration(
            handle(&account.id),
            &account.login,
            &account.name,
            Some(known),
        );
        let (options, state) = started.map_err(fault)?;
        Ok(Asked { options: json(&options)?, state })
    }

    /// The passkey that an authenticator made. Refuses an answer to another challenge, for another node, or without a look at who
    /// its owner is.
    pub fn take_new(
        &self,
        state: &PasskeyRegistration,
        answer: &str,
        name: &str,
        now_ms: i64,
    ) -> Result<Passkey, Outcome> {
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let key = self.0.finish_passkey_registration(&answer, state).map_err(refused)?;
        let id = URL_SAFE_NO_PAD.encode(key.cred_id().as_slice());
        Ok(Passkey { id, name: name.to_owned(), since: now_ms, key: json(&key)? })
    }

    /// The options for signing in with any passkey for this node.
    pub fn ask(&self) -> Result<Asked<DiscoverableAuthentication>, Outcome> {
        let (options, state) = self.0.start_discoverable_authentication().map_err(fault)?;
        Ok(Asked { options: json(&options)?, state })
    }

    /// The counter of the authenticator, when its answer is of this passkey, to this challenge, for this node, and the
    /// authenticator knew its owner.
    pub fn judge(
        &self,
        state: DiscoverableAuthentication,
        answer: &Answer,
        account: &Account,
        passkey: &Passkey,
    ) -> Result<u32, Outcome> {
        let (owner, _) = self.0.identify_discoverable_authentication(&answer.0).map_err(refused)?;
        if owner != handle(&account.id) {
            return Err(wrong("the passkey names another account"));
        }
        let key = key_of(passkey)?;
        let result = self.0.finish_discoverable_authentication_v2(&answer.0, state, &key).map_err(refused)?;
        match result.user_verified() {
            true => Ok(result.counter()),
            false => Err(wrong("the authenticator did not look at who its owner is")),
        }
    }
}

/// What an authenticator answered, unjudged.
pub struct Answer(PublicKeyCredential);

impl Answer {
    pub fn parse(text: &str) -> Result<Answer, Outcome> {
        read(text).map(Answer)
    }

    /// The id of the passkey that it says it is of.
    pub fn passkey(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.get_credential_id())
    }
}

/// What an authenticator keeps in place of the account: says nothing to whoever finds it.
fn handle(account: &str) -> Uuid {
    let digest = Sha256::digest(format!("yba passkey {account}"));
    let bytes: [u8; 16] = digest[..16].try_into().expect("SHA-256 has 32 bytes");
    Uuid::from_bytes(bytes)
}

fn key_of(passkey: &Passkey) -> Result<Key, Outcome> {
    sonic_rs::from_str(&passkey.key)
        .map_err(|error| Outcome::fault(format!("passkey {} cannot be read: {error}", passkey.id)))
}

fn json(value: &impl Serialize) -> Result<String, Outcome> {
    sonic_rs::to_string(value)
        .map_err(|error| Outcome::fault(format!("a challenge cannot be written: {error}")))
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Outcome> {
    match text.len() <= ANSWER_BYTES_MAX {
        true => sonic_rs::from_str(text).map_err(|_| wrong("the answer is malformed")),
        false => Err(wrong("the answer is too long")),
    }
}

fn fault(error: WebauthnError) -> Outcome {
    Outcome::fault(format!("no challenge for a passkey: {error}"))
}

fn refused(error: WebauthnError) -> Outcome {
    wrong(&format!("the passkey was refused: {error}"))
}

/// What all refusals say: nobody outside learns which it was.
pub fn wrong(detail: &str) -> Outcome {
    let text = "Khóa này không dùng được ở đây. Thử lại, hoặc đăng nhập bằng mật khẩu.";
    Outcome::new(Kind::Unauthenticated, "passkey-wrong", text, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_with_https_or_this_machine_has_passkeys() {
        for (address, has) in [
            ("", true),
            ("https://hoso.laichau.gov.vn", true),
            ("https://hoso.laichau.gov.vn:8443", true),
            ("http://localhost:8080", true),
            ("http://hoso.laichau.gov.vn", false),
            ("https://10.1.2.3", false),
            ("không phải địa chỉ", false),
        ] {
            assert_eq!(Relying::of(address).is_some(), has, "{address}");
        }
    }

    #[test]
    fn what_is_asked_names_this_node_and_asks_who_the_owner_is() {
        let relying = Relying::of("https://hoso.laichau.gov.vn").unwrap();
        let account =
            Account { id: "a1".into(), login: "mai.lo".into(), name: "Mai".into(), ..Account::default() };
        let (new, known) = (relying.ask_for_new(&account).unwrap().options, relying.ask().unwrap().options);
        for asked in [&new, &known] {
            assert!(
                asked.contains("\"hoso.laichau.gov.vn\"")
                    && asked.contains("\"userVerification\":\"required\""),
                "{asked}"
            );
        }
        assert_ne!(known, relying.ask().unwrap().options, "another challenge each time");
        assert!(!new.contains("\"a1\"") && handle("a1") != handle("a2"));
    }

    #[test]
    fn broken_answers_are_refused_and_bounded() {
        let relying = Relying::of("").unwrap();
        let state = relying
            .ask_for_new(&Account { login: "mai".into(), name: "Mai".into(), ..Account::default() })
            .unwrap()
            .state;
        let long = format!("\"{}\"", "x".repeat(ANSWER_BYTES_MAX));
        for answer in
            ["", "{}", "null", "[[[", &long, r#"{"id":"x","rawId":"eA","type":"public-key","response":{}}"#]
        {
            assert_eq!(relying.take_new(&state, answer, "x", 0).unwrap_err().issues[0].key, "passkey-wrong");
            assert_eq!(Answer::parse(answer).err().unwrap().issues[0].key, "passkey-wrong");
        }
    }
}
