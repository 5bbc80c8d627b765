//! Passkeys: a second way to come in. The authenticator looks at who its owner is (finger, face, PIN), so a passkey is both
//! factors at once and its session is whole.

use super::waiting::Waiting;
use super::{CameIn, Gate, Here, Origin};
use crate::ctx::Ctx;
use std::sync::Arc;
use yba_auth::passkey::{
    Answer, CHALLENGE_MS, DiscoverableAuthentication, PASSKEYS_MAX, PasskeyRegistration, Relying, wrong,
};
use yba_auth::throttle::Counter;
use yba_auth::token::Token;
use yba_auth::{Account, Passkey};
use yba_fhir::{Kind, Outcome};

const NAME_MAX: usize = 60;
/// Under whose name failures are counted while nobody is named.
const NOBODY: &str = "?passkey";

/// What waits for an authenticator's answer.
#[derive(Default)]
pub(super) struct Challenges {
    fresh: Waiting<(String, PasskeyRegistration)>,
    known: Waiting<DiscoverableAuthentication>,
}

/// A challenge as the browser gets it.
pub struct Challenge {
    /// The options of WebAuthn, as JSON.
    pub options: String,
    /// Comes back with the answer.
    pub ticket: Token,
}

/// What is typed and answered when a passkey is added.
pub struct NewPasskey<'a> {
    pub ticket: &'a str,
    pub answer: &'a str,
    pub name: &'a str,
    /// The present password: a browser left open must not become a way in.
    pub present: &'a str,
}

/// A passkey in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyLine {
    pub id: String,
    pub name: String,
    pub since_ms: i64,
    /// When it was last used here, if ever.
    pub used_ms: Option<i64>,
}

impl Gate {
    /// Takes passkeys from here on, made for the node at this address (see [`Relying::of`]); said once, at the start.
    pub fn take_passkeys(&self, base_url: &str) {
        if let Some(relying) = Relying::of(base_url) {
            let _ = self.0.relying.set(relying);
        }
    }

    /// Whether people can come in with passkeys.
    pub fn takes_passkeys(&self) -> bool {
        self.0.relying.get().is_some()
    }

    fn relying(&self) -> Result<&Relying, Outcome> {
        self.0.relying.get().ok_or_else(|| {
            let text = "Máy chủ này chưa dùng được khóa đăng nhập: cần địa chỉ có tên miền và HTTPS.";
            Outcome::new(
                Kind::NotFound,
                "no-passkeys",
                text,
                "the node has no address for which passkeys are made",
            )
        })
    }

    /// Asks an authenticator for a new passkey of whoever is here.
    pub fn ask_new_passkey(&self, here: &Here) -> Result<Challenge, Outcome> {
        if here.account.passkeys.len() >= PASSKEYS_MAX {
            return Err(too_many());
        }
        let asked = self.relying()?.ask_for_new(&here.account)?;
        let what = (purpose(here), asked.state);
        let ticket =
            self.0.challenges.fresh.add(what, &here.account.id, self.now(), self.now() + CHALLENGE_MS);
        Ok(Challenge { options: asked.options, ticket })
    }

    /// Keeps the passkey that the authenticator made, once the present password was shown too.
    pub async fn add_passkey(
        &self,
        here: &Here,
        new: &NewPasskey<'_>,
        origin: &Origin,
    ) -> Result<(), Outcome> {
        let ctx = Ctx::unproven(&here.account.id, "gate").with_request_id(origin.request_id.as_str());
        let refuse = |refused: Outcome| self.note(&ctx, "passkey-add", origin, true).err().unwrap_or(refused);
        let name = called(new.name)?;
        self.prove_password(here, new.present).await.map_err(refuse)?;
        let (asked_by, state) = self.0.challenges.fresh.take(new.ticket, self.now()).map_err(refuse)?;
        if asked_by != purpose(here) {
            return Err(refuse(wrong("the challenge was another session's")));
        }
        let passkey = self.relying()?.take_new(&state, new.answer, &name, self.now()).map_err(refuse)?;
        let _alone = self.0.turnstile.lock().await;
        if self.account_of_passkey(&passkey.id).await?.is_some() {
            return Err(refuse(wrong("the passkey is known already")));
        }
        self.change(&ctx, &here.account.id, "passkey-add", async |account| {
            if account.passkeys.len() >= PASSKEYS_MAX {
                return Err(too_many());
            }
            account.passkeys.push(passkey);
            Ok(())
        })
        .await
    }

    /// Takes one of somebody's own passkeys away: it lets nobody in from now on.
    pub async fn remove_passkey(&self, here: &Here, id: &str, origin: &Origin) -> Result<(), Outcome> {
        let ctx = Ctx::unproven(&here.account.id, "gate").with_request_id(origin.request_id.as_str());
        let alone = self.0.turnstile.lock().await;
        let was_theirs = self
            .change(&ctx, &here.account.id, "passkey-remove", async |account| {
                let before = account.passkeys.len();
                account.passkeys.retain(|one| one.id != id);
                Ok(account.passkeys.len() < before)
            })
            .await?;
        drop(alone);
        if was_theirs { self.0.tables.forget_passkey(id).await } else { Ok(()) }
    }

    /// The passkeys of whoever is here, as they were added.
    pub async fn passkeys(&self, here: &Here) -> Result<Vec<PasskeyLine>, Outcome> {
        let mut lines = Vec::new();
        for Passkey { id, name, since, .. } in &here.account.passkeys {
            let used_ms = self.0.tables.passkey(id).await?.map(|(_, used)| used);
            lines.push(PasskeyLine { id: id.clone(), name: name.clone(), since_ms: *since, used_ms });
        }
        Ok(lines)
    }

    /// Asks for any passkey for this node.
    pub fn ask_passkey(&self, origin: &Origin) -> Result<Challenge, Outcome> {
        let asked = self.relying()?.ask()?;
        let ticket =
            self.0.challenges.known.add(asked.state, &origin.address, self.now(), self.now() + CHALLENGE_MS);
        Ok(Challenge { options: asked.options, ticket })
    }

    /// Begins a whole session for whoever has the passkey. Failures are counted and noted like those of passwords.
    pub async fn sign_in_with_passkey(
        &self,
        ticket: &str,
        answer: &str,
        device: Option<Token>,
        origin: &Origin,
    ) -> Result<CameIn, Outcome> {
        let answer = Answer::parse(answer);
        let found = match &answer {
            Ok(answer) => self.account_of_passkey(&answer.passkey()).await?,
            Err(_) => None,
        };
        let account = found.as_ref().map(|(account, _)| account.clone());
        let login = account.as_ref().map_or(NOBODY, |account| account.login.as_str());
        let known = self.known(account.as_deref(), device.as_ref()).await?;
        let counter = match known {
            Some(device) => Counter::of_device(login, &device.hash()),
            None => Counter::of_source(login, &origin.address),
        };
        let refuse = |refused: Outcome| {
            let ctx = match &account {
                Some(account) => Ctx::unproven(&account.id, "gate"),
                None => Ctx::stranger("gate"),
            };
            self.note(&ctx, "passkey", origin, true).err().unwrap_or(refused)
        };
        self.count(&counter).await.map_err(refuse)?;
        let state = self.0.challenges.known.take(ticket, self.now()).map_err(refuse)?;
        let answer = answer.map_err(refuse)?;
        let Some((account, passkey)) = &found else { return Err(refuse(wrong("nobody has this passkey"))) };
        let shown = self.relying()?.judge(state, &answer, account, passkey).map_err(refuse)?;
        self.use_passkey(&passkey.id, i64::from(shown)).await.map_err(refuse)?;
        self.admit(account).await.map_err(refuse)?;
        self.0.tables.succeeded(&counter).await?;
        self.begin(account, true, device, origin, "passkey").await
    }

    /// Notes the counter of a passkey. One that does not grow is of a copy; authenticators that do not count say nothing.
    async fn use_passkey(&self, id: &str, shown: i64) -> Result<(), Outcome> {
        let _alone = self.0.turnstile.lock().await;
        let last = self.0.tables.passkey(id).await?.map_or(0, |(counter, _)| counter);
        if (shown != 0 || last != 0) && shown <= last {
            return Err(wrong("the counter of the passkey did not grow: it may have been copied"));
        }
        self.0.tables.use_passkey(id, shown).await
    }

    async fn account_of_passkey(&self, id: &str) -> Result<Option<(Arc<Account>, Passkey)>, Outcome> {
        let found = self.all().await?.into_iter().find_map(|account| {
            let passkey = account.passkeys.iter().find(|one| one.id == id)?.clone();
            Some((account, passkey))
        });
        Ok(found)
    }
}

fn purpose(here: &Here) -> String {
    format!("{} {}", here.account.id, here.session.hash)
}

fn called(typed: &str) -> Result<String, Outcome> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        1..=NAME_MAX if !name.chars().any(char::is_control) => Ok(name),
        _ => {
            let text = format!("Đặt tên cho khóa, không quá {NAME_MAX} ký tự, ví dụ «Điện thoại của tôi».");
            Err(Outcome::new(Kind::Unprocessable, "passkey-name", text, "a passkey needs a name").at("name"))
        }
    }
}

fn too_many() -> Outcome {
    let text = format!("Mỗi tài khoản có tối đa {PASSKEYS_MAX} khóa. Hãy bỏ bớt khóa không dùng.");
    Outcome::new(Kind::Conflict, "passkeys-many", text, "too many passkeys")
}
