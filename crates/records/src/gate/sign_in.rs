//! Coming in and going: password, second factor, session.

use super::{Gate, Here, Origin, Visitor};
use crate::ctx::Ctx;
use std::sync::Arc;
use yba_auth::account::login;
use yba_auth::password::Line;
use yba_auth::throttle::Counter;
use yba_auth::token::{Token, recovery_hash};
use yba_auth::totp::Secret;
use yba_auth::{Account, Session};
use yba_fhir::{Kind, Outcome};

/// Somebody at the door with a name and a password. It has no `Debug`: it holds a secret.
pub struct Attempt {
    pub login: String,
    pub password: String,
    /// The mark of the browser, if it has one.
    pub device: Option<Token>,
    pub origin: Origin,
}

/// Somebody who came in, whole or halfway.
pub struct CameIn {
    /// For the session cookie.
    pub session: Token,
    /// The mark by which the browser is known the next time; none while somebody is halfway.
    pub device: Option<Token>,
}

impl Gate {
    /// Begins a session for whoever has the password. With a second factor it is halfway until the code comes.
    ///
    /// Refuses with `too-many` while a wait lasts (also the right password, unlooked at), and with `unauthenticated` a wrong
    /// name or password, a blocked account, one whose roles are over. Every attempt is noted.
    pub async fn sign_in(&self, attempt: Attempt) -> Result<CameIn, Outcome> {
        let Attempt { login: typed, password, device, origin } = attempt;
        // What cannot be a name is nobody's, and counted like any other name that nobody has.
        let name = login(&typed).unwrap_or_else(|_| "?".into());
        let account = self.account_of_login(&name).await?;
        let known = self.known(account.as_deref(), device.as_ref()).await?;
        let (counter, line) = match known {
            Some(device) => (Counter::of_device(&name, &device.hash()), Line::Known),
            None => (Counter::of_source(&name, &origin.address), Line::Stranger),
        };
        let claimed = account.as_ref().map(|account| account.id.clone());
        let refuse = |refused: Outcome| {
            let ctx = claimed.as_ref().map_or(Ctx::stranger("gate"), |id| Ctx::unproven(id, "gate"));
            self.note(&ctx, "sign-in", &origin, true).err().unwrap_or(refused)
        };
        self.count(&counter).await.map_err(refuse)?;
        let hash =
            account.as_ref().and_then(|account| account.password.as_ref()).map(|kept| kept.hash.as_str());
        let right = self.0.hasher.verify(line, &password, hash.as_slice()).await.map_err(refuse)?;
        let Some(account) = account.filter(|_| right) else { return Err(refuse(wrong())) };
        self.admit(&account).await.map_err(refuse)?;
        self.0.tables.succeeded(&counter).await?;
        let whole = account.totp.is_none();
        self.begin(&account, whole, device, &origin, "sign-in").await
    }

    /// The second step: the code of the app, or a recovery code, which is used up.
    pub async fn show_code(
        &self,
        visitor: &Visitor,
        typed: &str,
        device: Option<Token>,
        origin: &Origin,
    ) -> Result<CameIn, Outcome> {
        let Visitor::Halfway(Here { account, session }, _) = visitor else { return Err(over()) };
        let known = self.known(Some(account), device.as_ref()).await?;
        let counter = match known {
            Some(device) => Counter::of_device(&account.id, &device.hash()),
            None => Counter::of_code(&account.id),
        };
        let refuse = |refused: Outcome| {
            let noted = self.note(&Ctx::unproven(&account.id, "gate"), "second-factor", origin, true);
            noted.err().unwrap_or(refused)
        };
        self.count(&counter).await.map_err(refuse)?;
        self.use_code(account, typed).await.map_err(refuse)?;
        self.0.tables.succeeded(&counter).await?;
        // Another token from here on: whoever had the one of halfway has nothing.
        self.0.tables.end(&session.hash).await?;
        self.begin(account, true, device, origin, "second-factor").await
    }

    /// Takes a code of the app once, or a recovery code away.
    pub(super) async fn use_code(&self, account: &Account, typed: &str) -> Result<(), Outcome> {
        let _alone = self.0.turnstile.lock().await;
        if let Some(kept) = &account.totp {
            let secret = Secret(self.0.seal.open(&account.id, &kept.sealed)?);
            let last = self.0.tables.last_step(&account.id).await?;
            if let Some(step) = secret.accepted(typed, self.now(), last) {
                return self.0.tables.use_step(&account.id, step).await;
            }
        }
        let Some(hash) = recovery_hash(typed) else { return Err(wrong_code()) };
        let ctx = Ctx::unproven(&account.id, "gate");
        self.change(&ctx, &account.id, "recovery-code", async |account| {
            let place = account.recovery.iter().position(|kept| *kept == hash).ok_or_else(wrong_code)?;
            account.recovery.remove(place);
            Ok(())
        })
        .await
    }

    /// Ends a session.
    pub async fn sign_out(&self, here: &Here, origin: &Origin) -> Result<(), Outcome> {
        self.note(&Ctx::unproven(&here.account.id, "gate"), "sign-out", origin, false)?;
        self.0.tables.end(&here.session.hash).await
    }

    /// The sessions of an account that last, newest first.
    pub async fn sessions(&self, here: &Here) -> Result<Vec<Session>, Outcome> {
        self.0.tables.sessions(&here.account.id).await
    }

    /// Begins a session; whole, it makes the browser a known one.
    pub(super) async fn begin(
        &self,
        account: &Arc<Account>,
        whole: bool,
        device: Option<Token>,
        origin: &Origin,
        action: &str,
    ) -> Result<CameIn, Outcome> {
        self.note(&Ctx::unproven(&account.id, "gate"), action, origin, false)?;
        let session = self.0.tables.begin(&account.id, whole, &origin.address).await?;
        let device = match whole {
            true => {
                let device = device.unwrap_or_else(Token::random);
                self.0.tables.remember(&account.id, &device).await?;
                Some(device)
            }
            false => None,
        };
        Ok(CameIn { session, device })
    }

    pub(super) async fn known<'d>(
        &self,
        account: Option<&Account>,
        device: Option<&'d Token>,
    ) -> Result<Option<&'d Token>, Outcome> {
        let (Some(account), Some(device)) = (account, device) else { return Ok(None) };
        Ok(self.0.tables.knows(&account.id, device).await?.then_some(device))
    }

    /// Counts an attempt as failed until it succeeds, so that many at once count too. Refuses while a wait lasts.
    pub(super) async fn count(&self, counter: &Counter) -> Result<(), Outcome> {
        let _alone = self.0.turnstile.lock().await;
        match self.0.tables.wait(counter).await? {
            0 => self.0.tables.failed(counter).await,
            wait => Err(slow(wait)),
        }
    }
}

fn wrong() -> Outcome {
    let text = "Tên đăng nhập hoặc mật khẩu chưa đúng. Kiểm tra bộ gõ và phím Caps Lock rồi gõ lại.";
    Outcome::new(Kind::Unauthenticated, "sign-in-wrong", text, "wrong login or password").at("password")
}

fn wrong_code() -> Outcome {
    let text = "Mã chưa đúng hoặc đã dùng rồi. Chờ ứng dụng hiện mã mới rồi gõ lại.";
    Outcome::new(Kind::Unauthenticated, "code-wrong", text, "wrong or used code").at("code")
}

fn over() -> Outcome {
    let text = "Lần đăng nhập này đã hết hạn. Hãy đăng nhập lại.";
    Outcome::new(Kind::Unauthenticated, "session-over", text, "no session waits for a code")
}

fn slow(wait_ms: i64) -> Outcome {
    let seconds = (wait_ms + 999) / 1000;
    let wait =
        if seconds < 90 { format!("{seconds} giây") } else { format!("{} phút", (seconds + 59) / 60) };
    let text = format!("Đã thử sai nhiều lần. Chờ {wait} rồi thử lại.");
    let detail = format!("too many failures from here, {seconds} s to wait");
    Outcome::new(Kind::TooMany, "sign-in-slow", text, detail)
}
