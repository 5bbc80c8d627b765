//! The gate: how somebody comes in, and the only place where a [`Ctx`] of a person is made. It asks `yba-auth` who someone
//! is, writes accounts through the log, and leaves an audit entry for every coming, going and refusal.
//!
//! Start at [`Gate::sign_in`] (`sign_in.rs`), then [`Gate::visitor`] (who a request is from), `own.rs` (what someone does
//! with their own account), `keeping.rs` (what those do who keep accounts), `posts.rs` (roles and PractitionerRoles), `passkeys.rs`, `outside.rs`, `roster.rs` (accounts as the log has them).

pub mod apps;
mod emergency;
mod keeping;
mod outside;
mod own;
mod passkeys;
mod posts;
mod review;
mod roster;
mod sign_in;
mod waiting;

pub use emergency::OPEN_MS;
pub use keeping::{KEEPER, NewAccount, RoleName, Seat};
pub use outside::{Back, Returned, WayOut};
pub use own::Setup;
pub use passkeys::{Challenge, NewPasskey, PasskeyLine};
pub use posts::ROLE_SYSTEM;
pub use review::Review;
pub use sign_in::{Attempt, CameIn};

use crate::audit::{Seen, entry};
use crate::change::Change;
use crate::ctx::{Ctx, Person};
use crate::door::{Records, not_found};
use crate::transact::Along;
use roster::Roster;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use yba_auth::outside::Provider;
use yba_auth::passkey::Relying;
use yba_auth::permit::second_factor;
use yba_auth::seal::Seal;
use yba_auth::token::Token;
use yba_auth::{Account, Hasher, KIND, Permits, Session, Tables, password};
use yba_content::Content;
use yba_fhir::{Day, Kind, Outcome};
use yba_store::{Expect, Refusal, Request, Write};

/// The gate of a node; clones share it.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    records: Records,
    content: Arc<Content>,
    tables: Tables,
    apps: apps::Apps,
    hasher: Hasher,
    seal: Seal,
    roster: RwLock<Roster>,
    opened: emergency::Opened,
    /// For whom authenticators sign; nobody until it is said.
    relying: OnceLock<Relying>,
    challenges: passkeys::Challenges,
    /// Through whom people come in besides; nobody until it is said.
    provider: OnceLock<Provider>,
    travellers: outside::Travellers,
    permits: RwLock<HashMap<String, Known>>,
    /// Held while something is looked at and then used up or changed: a count, a code, a link, an account.
    turnstile: tokio::sync::Mutex<()>,
}

/// What an account may do, as it was made last: good for the same version of it, day and open records.
struct Known {
    account: Arc<Account>,
    day: Day,
    opened: Vec<String>,
    permits: Arc<Permits>,
}

/// Where a request came from, for counters and the trail.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The caller's address.
    pub address: String,
    pub request_id: String,
}

/// Who a request is from.
#[derive(Debug, Clone)]
pub enum Visitor {
    Stranger,
    /// Has shown a password, and has something to do before anything else.
    Halfway(Here, Step),
    Person(Here),
}

/// What somebody still has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Show the second factor.
    Code,
    /// Set a new password: the old one is too old.
    Password,
    /// Set up a second factor, which a role asks for.
    SecondFactor,
}

/// An account and the session in which it is here.
#[derive(Debug, Clone)]
pub struct Here {
    pub account: Arc<Account>,
    pub session: Session,
}

impl Gate {
    /// The gate of these records. The province's key seals second factors.
    pub async fn open(
        records: Records,
        content: Arc<Content>,
        province_key: &[u8; 32],
    ) -> Result<Gate, Outcome> {
        let tables = Tables::open(records.store().clone()).await?;
        let gate = Gate(Arc::new(Inner {
            records,
            content,
            apps: apps::Apps::new(&tables),
            tables,
            hasher: Hasher::default(),
            seal: Seal::new(province_key),
            roster: RwLock::default(),
            opened: emergency::Opened::default(),
            relying: OnceLock::new(),
            challenges: passkeys::Challenges::default(),
            provider: OnceLock::new(),
            travellers: outside::Travellers::default(),
            permits: RwLock::default(),
            turnstile: tokio::sync::Mutex::new(()),
        }));
        gate.follow().await?;
        for (account, patient, until_ms) in gate.0.tables.opened().await? {
            gate.0.opened.add(&account, &[patient], until_ms)?;
        }
        Ok(gate)
    }

    /// Who a request with this token is from. A token that is forged, over, or of an account that may not come in any more
    /// is a stranger's, and noted as refused.
    pub async fn visitor(&self, token: &str, origin: &Origin) -> Result<Visitor, Outcome> {
        let session = match Token::of(token) {
            Some(token) => self.0.tables.session(&token).await?,
            None => None,
        };
        let Some(session) = session else {
            self.note(&Ctx::stranger("gate"), "session", origin, true)?;
            return Ok(Visitor::Stranger);
        };
        let account = self.account(&session.account).await?;
        let Some(account) = account.filter(|account| self.has_role(account)) else {
            self.note(&Ctx::unproven(&session.account, "gate"), "session", origin, true)?;
            self.0.tables.end_all(&session.account, None).await?;
            return Ok(Visitor::Stranger);
        };
        let step = self.step(&account, session.whole);
        let here = Here { account, session };
        Ok(match step {
            Some(step) => Visitor::Halfway(here, step),
            None => Visitor::Person(here),
        })
    }

    /// The circumstances of a call by this visitor: what their roles permit today, and nothing of one who is halfway.
    pub fn ctx(&self, visitor: &Visitor, source: &str, request_id: &str) -> Ctx {
        let ctx = match visitor {
            Visitor::Stranger => Ctx::stranger(source),
            Visitor::Halfway(here, _) => Ctx::unproven(&here.account.id, source),
            Visitor::Person(here) => self.ctx_of(here, source),
        };
        ctx.with_request_id(request_id)
    }

    /// The circumstances of a call by somebody who is wholly here.
    fn ctx_of(&self, here: &Here, source: &str) -> Ctx {
        let permits = self.permits(&here.account);
        let person = Person::new(here.account.id.clone(), permits);
        Ctx::person(person, source).with_posts(posts(&here.account, self.today()))
    }

    fn permits(&self, account: &Arc<Account>) -> Arc<Permits> {
        let (day, opened) = (self.today(), self.0.opened.of(&account.id, self.now()));
        let all = self.0.permits.read().unwrap_or_else(PoisonError::into_inner);
        let is_good = |known: &&Known| {
            Arc::ptr_eq(&known.account, account) && known.day == day && known.opened == opened
        };
        if let Some(known) = all.get(&account.id).filter(is_good) {
            return known.permits.clone();
        }
        drop(all);
        let permits = Permits::of(&self.0.content, account.grants_on(day), day)
            .for_patients(account.patients.iter().cloned())
            .with_opened(opened.iter().cloned());
        let permits = Arc::new(permits);
        let known = Known { account: account.clone(), day, opened, permits: permits.clone() };
        self.0.permits.write().unwrap_or_else(PoisonError::into_inner).insert(account.id.clone(), known);
        permits
    }

    /// What the account still has to do.
    fn step(&self, account: &Account, whole: bool) -> Option<Step> {
        let day = self.today();
        let strict = second_factor(&self.0.content, account.roles_on(day), day);
        let age = |since: i64| self.now() - since;
        match (&account.totp, &account.password) {
            (Some(_), _) if !whole => Some(Step::Code),
            (_, None) => Some(Step::Password),
            (_, Some(kept)) if strict && age(kept.since) > password::AGE_MAX_MS => Some(Step::Password),
            (None, _) if strict => Some(Step::SecondFactor),
            _ => None,
        }
    }

    fn has_role(&self, account: &Account) -> bool {
        let day = self.today();
        account.roles_on(day).any(|role| self.0.content.role(role, day).is_some())
    }

    /// Today in Vietnam, by the store's clock.
    pub fn today(&self) -> Day {
        Day::of_instant(self.now())
    }

    fn now(&self) -> i64 {
        self.0.records.store().clock().now_ms()
    }

    /// Housekeeping, to be called about every minute.
    pub async fn tidy(&self) -> Result<(), Outcome> {
        self.0.apps.tables.tidy().await?;
        self.0.tables.tidy().await
    }

    fn note(&self, ctx: &Ctx, action: &str, origin: &Origin, refused: bool) -> Result<(), Outcome> {
        let ctx =
            ctx.clone().with_request_id(origin.request_id.as_str()).with_address(origin.address.as_str());
        self.0.records.trail().note(&ctx, &Seen { action, kind: KIND, patients: &[], refused })
    }

    /// Writes an account: a version in the log, with its audit entry; and what goes with it, in one transaction.
    async fn write(
        &self,
        ctx: &Ctx,
        account: &Account,
        expect: Expect,
        action: &str,
        changes: Vec<Change>,
    ) -> Result<(), Outcome> {
        let (store, kept) = (self.0.records.store(), account.resource()?);
        if !changes.is_empty() {
            let place = changes.len();
            let along = Along { resource: &kept, expect, action };
            let done = self.0.records.transact_along(ctx, changes, Some(&along)).await;
            let own = |refused: &Outcome| refused.issues.iter().any(|issue| issue.position == Some(place));
            done.map_err(|refused| if own(&refused) { changed_meanwhile() } else { refused })?;
            return self.follow().await;
        }
        let write = Write::put(&kept, expect, store.numbers())?;
        let seen = Seen { action, kind: KIND, patients: &[], refused: false };
        let request = Request { writes: vec![write], audit: entry(ctx, &seen) };
        match store.commit(request).await {
            Ok(_) => self.follow().await,
            Err(Refusal::Head { .. }) => Err(changed_meanwhile()),
            Err(refusal) => Err(Outcome::fault(format!("an account cannot be written: {refusal:?}"))),
        }
    }

    /// Makes something else of an account as the log has it, and of the PractitionerRoles that say what its roles do. The
    /// turnstile is held by the caller.
    async fn change<T>(
        &self,
        ctx: &Ctx,
        id: &str,
        action: &str,
        change: impl AsyncFnOnce(&mut Account) -> Result<T, Outcome>,
    ) -> Result<T, Outcome> {
        let version = self.0.records.store().read(KIND, id).await?;
        let found = version.and_then(|version| Some((Account::of_version(&version)?, version.version_id)));
        let (before, version_id) = found.ok_or_else(|| not_found(KIND, id))?;
        let mut account = before.clone();
        let done = change(&mut account).await?;
        let is_same = (&before.roles, &before.name, &before.practitioner)
            == (&account.roles, &account.name, &account.practitioner);
        let changes = match is_same {
            true => Vec::new(),
            false => self.posts_between(&before, &mut account).await?,
        };
        self.write(ctx, &account, Expect::Version(version_id), action, changes).await?;
        Ok(done)
    }
}

/// The roles that an account has on a day, each with its facility when it has one.
fn posts(account: &Account, day: Day) -> String {
    let held = account.roles.iter().filter(|grant| grant.holds(day));
    let words = held.map(|grant| match &grant.organization {
        Some(facility) => format!("{}@{facility}", grant.role),
        None => grant.role.clone(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn changed_meanwhile() -> Outcome {
    let text = "Tài khoản vừa được người khác sửa. Hãy mở lại rồi sửa tiếp.";
    Outcome::new(Kind::Conflict, "account-changed", text, "the account has another version by now")
}
