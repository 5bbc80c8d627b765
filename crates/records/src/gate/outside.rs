//! Coming in through an outside OpenID provider. Its name for somebody is tied to an account by that account's owner while they
//! are here, or by who keeps accounts; never because a name or an address of mail is the same.

use super::keeping::{is_own, own};
use super::waiting::Waiting;
use super::{CameIn, Gate, Here, Origin};
use crate::ctx::Ctx;
use std::sync::Arc;
use yba_auth::outside::{AWAY_MS, Away, OUTSIDE_MAX, Provider, subject, wrong};
use yba_auth::throttle::Counter;
use yba_auth::token::Token;
use yba_auth::{Account, Action, Outside};
use yba_fhir::{Kind, Outcome};

/// Under whose name failures are counted while nobody is named.
const NOBODY: &str = "?outside";

/// Somebody who is away, and for what.
struct Gone {
    away: Away,
    errand: Errand,
}

/// For what somebody went to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// To come in, and then to this page.
    SignIn(String),
    /// To be tied to the account that is here, in this session.
    Tie(String),
}

/// Those who are away.
#[derive(Default)]
pub(super) struct Travellers(Waiting<Gone>);

/// Where to send somebody.
pub struct WayOut {
    pub url: String,
    /// Stays in the browser: who comes back without it went from another.
    pub ticket: Token,
}

/// What a provider sent back with somebody.
pub struct Returned<'a> {
    pub ticket: &'a str,
    pub state: &'a str,
    pub code: &'a str,
    /// The issuer it names itself (RFC 9207); empty when it does not.
    pub issuer: &'a str,
}

/// What became of somebody who came back.
pub enum Back {
    /// They are in, and go to this page.
    In(CameIn, String),
    /// The account that is here is tied.
    Tied,
}

impl Gate {
    /// Lets people in through this provider from here on; said once, at the start.
    pub fn take_outside(&self, provider: Provider) {
        let _ = self.0.provider.set(provider);
    }

    /// What people call the outside provider, when there is one.
    pub fn outside_name(&self) -> Option<&str> {
        self.0.provider.get().map(|provider| provider.settings.name.as_str())
    }

    fn provider(&self) -> Result<&Provider, Outcome> {
        self.0.provider.get().ok_or_else(|| {
            let text = "Máy chủ này không nối với nơi đăng nhập ngoài nào.";
            Outcome::new(Kind::NotFound, "no-outside", text, "no OpenID provider is configured")
        })
    }

    /// Sends somebody to the provider, to come in.
    pub async fn go_outside(&self, then: &str, origin: &Origin) -> Result<WayOut, Outcome> {
        self.send(Errand::SignIn(then.to_owned()), &origin.address).await
    }

    /// Sends whoever is here to the provider, to be tied, once they have shown the present password.
    pub async fn go_to_be_tied(
        &self,
        here: &Here,
        present: &str,
        origin: &Origin,
    ) -> Result<WayOut, Outcome> {
        let ctx = Ctx::unproven(&here.account.id, "gate");
        let refuse = |refused: Outcome| self.note(&ctx, "outside-add", origin, true).err().unwrap_or(refused);
        self.prove_password(here, present).await.map_err(refuse)?;
        self.send(Errand::Tie(tie_of(here)), &here.account.id).await
    }

    async fn send(&self, errand: Errand, source: &str) -> Result<WayOut, Outcome> {
        let (url, away) = self.provider()?.way(self.now()).await?;
        let ticket = self.0.travellers.0.add(Gone { away, errand }, source, self.now(), self.now() + AWAY_MS);
        Ok(WayOut { url, ticket })
    }

    /// Somebody came back: they are let in, or tied, by what the provider says. Every refusal is counted by source and
    /// noted.
    pub async fn come_back(
        &self,
        returned: &Returned<'_>,
        here: Option<&Here>,
        device: Option<Token>,
        origin: &Origin,
    ) -> Result<Back, Outcome> {
        let counter = Counter::of_source(NOBODY, &origin.address);
        let refuse = |refused: Outcome| {
            self.note(&Ctx::stranger("gate"), "outside", origin, true).err().unwrap_or(refused)
        };
        // A ticket cannot be guessed, and who has none must not make others wait.
        let gone = self.0.travellers.0.take(returned.ticket, self.now()).map_err(refuse)?;
        self.count(&counter).await.map_err(refuse)?;
        let provider = self.provider()?;
        if !returned.issuer.is_empty() && returned.issuer != provider.settings.issuer {
            return Err(refuse(wrong("another issuer answered")));
        }
        let subject = provider.subject(gone.away, returned.state, returned.code, self.now()).await;
        let subject = subject.map_err(refuse)?;
        match gone.errand {
            Errand::SignIn(then) => {
                let found = self.account_outside(&provider.settings.issuer, &subject).await?;
                let account = found.ok_or_else(unknown).map_err(refuse)?;
                self.admit(&account).await.map_err(|refused| {
                    let ctx = Ctx::unproven(&account.id, "gate");
                    self.note(&ctx, "outside", origin, true).err().unwrap_or(refused)
                })?;
                self.0.tables.succeeded(&counter).await?;
                // The provider stands for the password; who has a second factor here shows it here.
                let whole = account.totp.is_none();
                let came = self.begin(&account, whole, device, origin, "outside").await?;
                Ok(Back::In(came, then))
            }
            Errand::Tie(tie) => {
                let here =
                    here.filter(|here| tie_of(here) == tie).ok_or_else(|| wrong("another session came back"));
                let here = here.map_err(refuse)?;
                let ctx = Ctx::unproven(&here.account.id, "gate").with_request_id(origin.request_id.as_str());
                self.tie(&ctx, &here.account.id, &subject).await.map_err(refuse)?;
                self.0.tables.succeeded(&counter).await?;
                Ok(Back::Tied)
            }
        }
    }

    /// Ties the provider's name for somebody to an account, by who keeps accounts.
    pub async fn tie_outside(&self, ctx: &Ctx, id: &str, typed: &str) -> Result<(), Outcome> {
        self.keeper(ctx, Action::Update, "outside-add")?;
        if is_own(ctx, id) {
            return Err(own());
        }
        let subject = subject(typed.trim())?;
        self.tie(ctx, id, &subject).await
    }

    /// Takes an outside name of an account away, by who keeps accounts.
    pub async fn untie_outside(&self, ctx: &Ctx, id: &str, subject: &str) -> Result<(), Outcome> {
        self.keeper(ctx, Action::Update, "outside-remove")?;
        self.untie(ctx, id, subject).await
    }

    /// Takes one of somebody's own outside names away.
    pub async fn untie_own(&self, here: &Here, subject: &str, origin: &Origin) -> Result<(), Outcome> {
        let ctx = Ctx::unproven(&here.account.id, "gate").with_request_id(origin.request_id.as_str());
        self.untie(&ctx, &here.account.id, subject).await
    }

    async fn untie(&self, ctx: &Ctx, id: &str, subject: &str) -> Result<(), Outcome> {
        let _alone = self.0.turnstile.lock().await;
        self.change(ctx, id, "outside-remove", async |account| {
            account.outside.retain(|one| one.subject != subject);
            Ok(())
        })
        .await
    }

    async fn tie(&self, ctx: &Ctx, id: &str, subject: &str) -> Result<(), Outcome> {
        let issuer = self.provider()?.settings.issuer.clone();
        let _alone = self.0.turnstile.lock().await;
        if let Some(owner) = self.account_outside(&issuer, subject).await?
            && owner.id != id
        {
            return Err(taken());
        }
        let one = Outside { issuer, subject: subject.to_owned(), since: self.now() };
        self.change(ctx, id, "outside-add", async |account| {
            account.outside.retain(|other| (&other.issuer, &other.subject) != (&one.issuer, &one.subject));
            if account.outside.len() >= OUTSIDE_MAX {
                return Err(too_many());
            }
            account.outside.push(one);
            Ok(())
        })
        .await
    }

    async fn account_outside(&self, issuer: &str, subject: &str) -> Result<Option<Arc<Account>>, Outcome> {
        let is = |one: &Outside| one.issuer == issuer && one.subject == subject;
        Ok(self.all().await?.into_iter().find(|account| account.outside.iter().any(is)))
    }
}

/// An errand is of one account in one session.
fn tie_of(here: &Here) -> String {
    format!("{} {}", here.account.id, here.session.hash)
}

fn unknown() -> Outcome {
    let text = "Tài khoản ngoài này chưa gắn với ai ở đây. Đăng nhập bằng mật khẩu rồi gắn ở trang Tài khoản của tôi, hoặc nhờ bộ phận CNTT gắn giúp.";
    Outcome::new(Kind::Unauthenticated, "outside-unknown", text, "no account is tied to this subject")
}

fn taken() -> Outcome {
    let text = "Tài khoản ngoài này đã gắn với người khác. Hãy nhờ bộ phận CNTT xem lại.";
    Outcome::new(Kind::Conflict, "outside-taken", text, "the subject is tied to another account")
        .at("subject")
}

fn too_many() -> Outcome {
    let text = format!("Mỗi tài khoản gắn tối đa {OUTSIDE_MAX} tài khoản ngoài.");
    Outcome::new(Kind::Conflict, "outside-many", text, "too many outside names").at("subject")
}
