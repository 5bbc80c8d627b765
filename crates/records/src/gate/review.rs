//! Accounts that nobody uses are out, and every one is looked at again from time to time (NĐ 331/2026/NĐ-CP, level 3; the
//! numbers are parameters of content). Use is what this node remembers: whoever works at another node is judged there.

use super::keeping::{is_own, own, reason};
use super::{Gate, KEEPER};
use crate::audit::Seen;
use crate::ctx::Ctx;
use crate::door::not_found;
use std::collections::HashMap;
use std::sync::Arc;
use yba_auth::{Account, Action, KIND, Ruling};
use yba_fhir::{Kind, Outcome};
use yba_store::Past;

const DAY_MS: i64 = 24 * 3_600_000;
/// When content says nothing.
const IDLE_DAYS: i64 = 45;
const REVIEW_DAYS: i64 = 180;
/// Most rulings of one account that are shown.
const PAST_MAX: usize = 50;
/// How many versions are read for each of them: passwords and roles make versions too.
const VERSIONS_EACH: usize = 4;

/// What a review of accounts looks at, and no secret of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    pub login: String,
    pub blocked: bool,
    /// Slugs of the roles that hold today.
    pub roles: Vec<String>,
    /// Whether its owner may come in today.
    pub in_force: bool,
    /// Nobody used it for longer than content permits: its owner is turned away.
    pub is_idle: bool,
    /// It was not looked at for longer than content permits.
    pub is_due: bool,
    pub has_password: bool,
    pub has_second_factor: bool,
    /// When it was made, if that is known.
    pub made_ms: Option<i64>,
    /// When its owner was last seen here, if ever.
    pub last_ms: Option<i64>,
    /// Since when nobody used it: it was used, made, let in again, or its password set; in ms since 1970 UTC.
    pub since_ms: i64,
    /// Sessions that last.
    pub sessions: usize,
}

/// Since when accounts were used.
pub(super) struct Usage {
    seen: HashMap<String, i64>,
    /// Since when this node remembers: what was restored or is new has forgotten nobody before that.
    remembers: i64,
}

impl Usage {
    fn last(&self, account: &Account) -> i64 {
        let known = [
            self.seen.get(&account.id).copied(),
            account.password.as_ref().map(|kept| kept.since),
            account.reopened.as_ref().map(|ruling| ruling.at),
            account.made,
        ];
        known.into_iter().flatten().fold(self.remembers, i64::max)
    }
}

impl Gate {
    /// After how many days without use an account is out, and after how many it is to be looked at again.
    pub fn limits(&self) -> (i64, i64) {
        let number = |slug: &str, otherwise: i64| {
            let value = self.0.content.parameter(slug, self.today());
            value.and_then(|value| value.value.parse().ok()).unwrap_or(otherwise)
        };
        (number("account-idle-days", IDLE_DAYS), number("account-review-days", REVIEW_DAYS))
    }

    async fn usage(&self) -> Result<Usage, Outcome> {
        let (seen, remembers) = self.0.tables.last_seen().await?;
        Ok(Usage { seen, remembers })
    }

    /// Whether nobody used an account for too long. The last of those who keep accounts is never out: nobody could let them
    /// in again.
    fn is_idle(&self, account: &Account, usage: &Usage, all: &[Arc<Account>]) -> bool {
        let limit = self.now() - self.limits().0 * DAY_MS;
        let rests = |account: &Account| usage.last(account) < limit;
        let keeps = |account: &Account| {
            account.roles_on(self.today()).any(|role| role == KEEPER) && account.password.is_some()
        };
        let another = || all.iter().any(|one| one.id != account.id && keeps(one) && !rests(one));
        rests(account) && (!keeps(account) || another())
    }

    /// Refuses an account that may not come in: blocked, without a role in force, or not used for too long.
    pub(super) async fn admit(&self, account: &Account) -> Result<(), Outcome> {
        if !self.has_role(account) {
            return Err(no_entry(account));
        }
        match self.is_idle(account, &self.usage().await?, &self.all().await?) {
            true => Err(idle(self.limits().0)),
            false => Ok(()),
        }
    }

    /// All accounts as a review looks at them. For the node's own keepers at its console: it asks for no permission.
    pub async fn review(&self) -> Result<Vec<Review>, Outcome> {
        Ok(self.reviews().await?.into_iter().map(|(_, review)| review).collect())
    }

    /// The same with the accounts, for whoever keeps them: those first that are due, then by the name to sign in with.
    pub async fn accounts_to_review(&self, ctx: &Ctx) -> Result<Vec<(Arc<Account>, Review)>, Outcome> {
        self.keeper(ctx, Action::Read, "account-review")?;
        let seen = Seen { action: "accounts", kind: KIND, patients: &[], refused: false };
        self.0.records.trail().note(ctx, &seen)?;
        let mut all = self.reviews().await?;
        all.sort_by_key(|(_, review)| !review.is_due);
        Ok(all)
    }

    /// One account as a review looks at it.
    pub async fn account_to_review(&self, ctx: &Ctx, id: &str) -> Result<(Arc<Account>, Review), Outcome> {
        self.keeper(ctx, Action::Read, "account-review")?;
        let found = self.reviews().await?.into_iter().find(|(account, _)| account.id == id);
        found.ok_or_else(|| not_found(KIND, id))
    }

    async fn reviews(&self) -> Result<Vec<(Arc<Account>, Review)>, Outcome> {
        let (all, usage, (_, review_days)) = (self.all().await?, self.usage().await?, self.limits());
        let sessions = self.0.tables.sessions_by_account().await?;
        let mut reviews = Vec::with_capacity(all.len());
        for account in &all {
            let looked_at = account.reviewed.as_ref().map(|ruling| ruling.at).or(account.made);
            let review = Review {
                login: account.login.clone(),
                blocked: account.blocked,
                roles: account.roles_on(self.today()).map(str::to_owned).collect(),
                in_force: self.has_role(account),
                is_idle: self.is_idle(account, &usage, &all),
                is_due: !account.blocked
                    && looked_at.unwrap_or(usage.remembers) < self.now() - review_days * DAY_MS,
                has_password: account.password.is_some(),
                has_second_factor: account.totp.is_some(),
                made_ms: account.made,
                last_ms: usage.seen.get(&account.id).copied(),
                since_ms: usage.last(account),
                sessions: sessions.get(&account.id).copied().unwrap_or_default(),
            };
            reviews.push((account.clone(), review));
        }
        Ok(reviews)
    }

    /// What somebody ruled who looked whether an account is still needed: it stays, or is blocked, with a reason. Nobody
    /// rules of their own.
    pub async fn rule(&self, ctx: &Ctx, id: &str, keeps: bool, typed: &str) -> Result<(), Outcome> {
        self.keeper(ctx, Action::Update, "account-review")?;
        if is_own(ctx, id) {
            return Err(own());
        }
        let reason = if keeps && typed.trim().is_empty() { String::new() } else { reason(typed)? };
        let ruling = Ruling { at: self.now(), by: ctx.agent.name(), keeps, reason };
        let alone = self.0.turnstile.lock().await;
        self.change(ctx, id, "account-review", async |account| {
            account.blocked |= !keeps;
            account.reviewed = Some(ruling);
            Ok(())
        })
        .await?;
        drop(alone);
        if keeps { Ok(()) } else { self.0.tables.end_all(id, None).await }
    }

    /// The rulings of an account, newest first, as its versions have them.
    pub async fn rulings(&self, ctx: &Ctx, id: &str) -> Result<Vec<Ruling>, Outcome> {
        self.keeper(ctx, Action::Read, "account-review")?;
        let past = Past::of_record(KIND, id, PAST_MAX * VERSIONS_EACH);
        let events = self.0.records.store().history(&past, &yba_store::Scope::All).await?;
        let mut rulings: Vec<Ruling> = Vec::new();
        for event in events {
            let ruling = Account::of_version(&event.version).and_then(|account| account.reviewed);
            rulings.extend(ruling.filter(|ruling| rulings.last() != Some(ruling)));
        }
        rulings.truncate(PAST_MAX);
        Ok(rulings)
    }
}

fn no_entry(account: &Account) -> Outcome {
    let text = match account.blocked {
        true => "Tài khoản này đã bị khóa. Liên hệ bộ phận CNTT của đơn vị.",
        false => "Tài khoản này chưa có vai trò nào còn hạn. Liên hệ bộ phận CNTT của đơn vị.",
    };
    Outcome::new(Kind::Unauthenticated, "no-entry", text, "the account is blocked or has no role in force")
}

fn idle(days: i64) -> Outcome {
    let text = format!(
        "Tài khoản này không dùng quá {days} ngày nên đã tạm khóa. Liên hệ bộ phận CNTT của đơn vị để được mở lại."
    );
    Outcome::new(Kind::Unauthenticated, "account-idle", text, format!("not used for more than {days} days"))
}
