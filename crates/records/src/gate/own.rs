//! What someone does with their own account: password, second factor, sessions; and with a one-time link.

use super::{CameIn, Gate, Here, Origin};
use crate::ctx::Ctx;
use std::sync::Arc;
use yba_auth::account::Totp;
use yba_auth::password::{self, Line};
use yba_auth::throttle::Counter;
use yba_auth::token::{Token, hash, recovery_codes};
use yba_auth::totp::Secret;
use yba_auth::{Account, Link};
use yba_fhir::{Kind, Outcome};

/// What the app calls us.
const ISSUER: &str = "Y Bạ";

/// The setting up of an authenticator app, between its page and its form.
pub struct Setup {
    /// What the square holds.
    pub uri: String,
    /// The secret for typing.
    pub text: String,
    /// The secret, sealed to the session: the form brings it back.
    pub sealed: String,
}

impl Gate {
    /// Sets another password; the present one is asked for. All other sessions end.
    pub async fn change_password(
        &self,
        here: &Here,
        present: &str,
        fresh: &str,
        origin: &Origin,
    ) -> Result<(), Outcome> {
        let ctx = Ctx::unproven(&here.account.id, "gate").with_request_id(origin.request_id.as_str());
        let refuse = |refused: Outcome| self.note(&ctx, "password", origin, true).err().unwrap_or(refused);
        self.prove_password(here, present).await.map_err(refuse)?;
        let _alone = self.0.turnstile.lock().await;
        self.set_password(&ctx, &here.account.id, fresh).await?;
        self.0.tables.end_all(&here.account.id, Some(&here.session.hash)).await
    }

    /// Refuses whoever is here and does not know the present password. Counted like a sign-in.
    pub(super) async fn prove_password(&self, here: &Here, present: &str) -> Result<(), Outcome> {
        let counter = Counter::of_device(&here.account.id, &here.session.hash);
        self.count(&counter).await?;
        let kept = here.account.password.as_ref().map(|kept| kept.hash.as_str());
        if !self.0.hasher.verify(Line::Known, present, kept.as_slice()).await? {
            let (text, detail) = ("Mật khẩu hiện tại chưa đúng.", "wrong present password");
            return Err(Outcome::new(Kind::Unprocessable, "password-wrong", text, detail).at("present"));
        }
        self.0.tables.succeeded(&counter).await
    }

    pub(super) async fn set_password(&self, ctx: &Ctx, id: &str, fresh: &str) -> Result<(), Outcome> {
        let (hasher, now) = (self.0.hasher.clone(), self.now());
        self.change(ctx, id, "password", async |account| password::set(&hasher, account, fresh, now).await)
            .await
    }

    /// A new secret for an app, to be shown; nothing is kept yet.
    pub fn set_up_app(&self, here: &Here) -> Result<Setup, Outcome> {
        let secret = Secret::random();
        self.shown(here, &secret)
    }

    /// The same secret again, after a slip in its form. Refuses what was sealed for another session.
    pub fn set_up_app_again(&self, here: &Here, sealed: &str) -> Result<Setup, Outcome> {
        self.shown(here, &self.proposed(here, sealed)?)
    }

    fn shown(&self, here: &Here, secret: &Secret) -> Result<Setup, Outcome> {
        Ok(Setup {
            uri: secret.uri(ISSUER, &here.account.login),
            text: secret.text(),
            sealed: self.0.seal.close(&purpose(here), &secret.0)?,
        })
    }

    fn proposed(&self, here: &Here, sealed: &str) -> Result<Secret, Outcome> {
        let refused = |_| {
            let text = "Trang này đã cũ. Hãy mở lại trang cài ứng dụng và quét mã mới.";
            Outcome::new(Kind::Invalid, "setup-over", text, "the secret was sealed for another session")
        };
        self.0.seal.open(&purpose(here), sealed).map(Secret).map_err(refused)
    }

    /// Keeps the app's secret once a code of it was shown. Answers the recovery codes, which are shown this once.
    pub async fn keep_app(
        &self,
        here: &Here,
        sealed: &str,
        code: &str,
        origin: &Origin,
    ) -> Result<Vec<String>, Outcome> {
        let secret = self.proposed(here, sealed)?;
        let ctx = Ctx::unproven(&here.account.id, "gate").with_request_id(origin.request_id.as_str());
        let _alone = self.0.turnstile.lock().await;
        let Some(step) = secret.accepted(code, self.now(), 0) else {
            let text = "Mã chưa khớp. Kiểm tra giờ của điện thoại, chờ mã mới rồi gõ lại.";
            let detail = "the code is not of the secret shown";
            return Err(Outcome::new(Kind::Unprocessable, "code-wrong", text, detail).at("code"));
        };
        let sealed = self.0.seal.close(&here.account.id, &secret.0)?;
        let (codes, since) = (recovery_codes(), self.now());
        let hashes = codes.iter().map(|code| hash(&code.replace('-', ""))).collect();
        self.change(&ctx, &here.account.id, "second-factor", async |account| {
            if account.totp.is_some() {
                return Err(has_app());
            }
            account.totp = Some(Totp { sealed, since });
            account.recovery = hashes;
            Ok(())
        })
        .await?;
        self.0.tables.use_step(&here.account.id, step).await?;
        // Whoever else was in with the password alone is out.
        self.0.tables.end_all(&here.account.id, Some(&here.session.hash)).await?;
        Ok(codes)
    }

    /// Ends one of somebody's sessions.
    pub async fn end_session(&self, here: &Here, session: &str, origin: &Origin) -> Result<(), Outcome> {
        let own = self.sessions(here).await?.iter().any(|one| one.hash == session);
        self.note(&Ctx::unproven(&here.account.id, "gate"), "end-session", origin, !own)?;
        if own { self.0.tables.end(session).await } else { Ok(()) }
    }

    /// Ends all of somebody's sessions but this one.
    pub async fn end_other_sessions(&self, here: &Here, origin: &Origin) -> Result<(), Outcome> {
        self.note(&Ctx::unproven(&here.account.id, "gate"), "end-sessions", origin, false)?;
        self.0.tables.end_all(&here.account.id, Some(&here.session.hash)).await
    }

    /// What a link is for: the first run, or the account whose password it sets. Refuses, and notes, one that is used, over
    /// or was never given.
    pub async fn link(&self, token: &str, origin: &Origin) -> Result<(Link, Option<Arc<Account>>), Outcome> {
        let found = match Token::of(token) {
            Some(token) => self.0.tables.link_of(&token).await?,
            None => None,
        };
        let account = match &found {
            Some(Link::Password(id)) => self.account(id).await?.filter(|account| !account.blocked),
            _ => None,
        };
        match found {
            Some(Link::FirstRun) if self.is_empty().await? => Ok((Link::FirstRun, None)),
            Some(link @ Link::Password(_)) if account.is_some() => Ok((link, account)),
            _ => {
                self.note(&Ctx::stranger("gate"), "link", origin, true)?;
                let text = "Liên kết này đã dùng rồi hoặc đã hết hạn. Hãy xin liên kết mới ở bộ phận CNTT.";
                Err(Outcome::new(Kind::Gone, "link-over", text, "the link is used, over or unknown"))
            }
        }
    }

    /// Sets the password of the account that a link is for, and lets its owner in. The link is used up.
    pub async fn set_password_by_link(
        &self,
        token: &str,
        fresh: &str,
        device: Option<Token>,
        origin: &Origin,
    ) -> Result<CameIn, Outcome> {
        let (Some(used), (Link::Password(id), Some(account))) =
            (Token::of(token), self.link(token, origin).await?)
        else {
            return Err(not_for_this());
        };
        let ctx = Ctx::unproven(&id, "gate").with_request_id(origin.request_id.as_str());
        let alone = self.0.turnstile.lock().await;
        // Looked at again now that nobody else can use it.
        self.link(token, origin).await?;
        self.set_password(&ctx, &id, fresh).await?;
        self.0.tables.use_link(&used).await?;
        self.0.tables.end_all(&id, None).await?;
        drop(alone);
        let whole = account.totp.is_none();
        self.begin(&account, whole, device, origin, "link").await
    }
}

fn purpose(here: &Here) -> String {
    format!("setup {} {}", here.account.id, here.session.hash)
}

fn has_app() -> Outcome {
    let text = "Tài khoản đã có ứng dụng xác thực. Muốn đổi điện thoại, nhờ bộ phận CNTT đặt lại.";
    Outcome::new(Kind::Conflict, "has-app", text, "the account has a second factor already")
}

fn not_for_this() -> Outcome {
    let text = "Liên kết này dùng cho việc khác. Hãy mở đúng liên kết đã nhận.";
    Outcome::new(Kind::Invalid, "link-other", text, "the link is for another purpose")
}
