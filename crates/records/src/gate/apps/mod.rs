//! Apps of others at the gate: what they are let do, and the `Ctx` of a call that comes with a token (decision of 2026-11-22,
//! SMART). A token says who let an app in and for what; what that is worth is asked anew with every call.
//!
//! Start at [`Gate::bearer`]; then `letting_in.rs` (somebody lets an app in), `tokens.rs` (it fetches, renews, gives up), `proving.rs`
//! (it shows that it is itself), `keeping.rs` (who registers it).

mod keeping;
mod letting_in;
mod proving;
mod tokens;

pub use letting_in::{Asking, needs_patient};
pub use proving::Shown;
pub use tokens::{Given, Told};

use super::{Gate, Origin, posts};
use crate::ctx::{Ctx, Person};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use yba_auth::smart::client::{Client, KIND};
use yba_auth::smart::tables::{Grant, Known, Sort};
use yba_auth::smart::{AppTables, Narrowing, Scopes};
use yba_auth::{Account, Permits, Tables};
use yba_fhir::{Day, Kind, Outcome};

/// Most tokens whose permits are kept in memory.
const KEPT_MAX: usize = 1000;

/// What the gate keeps of apps.
pub(super) struct Apps {
    pub tables: AppTables,
    permits: RwLock<HashMap<String, Kept>>,
    /// Held while a signing key is looked for and made.
    pub forge: tokio::sync::Mutex<()>,
}

impl Apps {
    pub fn new(tables: &Tables) -> Apps {
        Apps { tables: tables.apps(), permits: RwLock::default(), forge: tokio::sync::Mutex::new(()) }
    }
}

/// What a grant permits, as it was made last: good for the same account or client, day and open records.
struct Kept {
    client: Client,
    account: Option<Arc<Account>>,
    day: Day,
    permits: Arc<Permits>,
}

/// The names by which this node is known to apps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Such as `https://hoso.laichau.gov.vn`, without a slash at its end.
    pub base: String,
}

impl Names {
    /// Who signs and answers (`iss`).
    pub fn issuer(&self) -> &str {
        &self.base
    }

    /// Where records are (`aud` of a launch).
    pub fn fhir(&self) -> String {
        format!("{}/fhir", self.base)
    }

    /// Where tokens are fetched (`aud` of an assertion).
    pub fn token(&self) -> String {
        format!("{}/oauth/token", self.base)
    }
}

/// A refusal by its word in OAuth, which is its key. The detail goes to logs and to the app's maker; it holds no secret.
pub(super) fn refusal(word: &'static str, detail: &str) -> Outcome {
    let kind = if word == "invalid_client" { Kind::Unauthenticated } else { Kind::Invalid };
    Outcome::new(kind, word, "Ứng dụng không được cấp quyền.", detail)
}

impl Gate {
    /// The circumstances of a call with a token: what the account's roles (or the service's own) permit today, narrowed to
    /// what was granted. Refuses, and notes that, tokens that are forged, over, of another use, of an ended session, of an
    /// account that may not come in, of a client that was switched off.
    pub async fn bearer(&self, token: &str, source: &str, origin: &Origin) -> Result<Ctx, Outcome> {
        let (known, client, account) = match self.holder(token, Sort::Access).await? {
            Ok(holder) => holder,
            Err(detail) => return Err(self.refuse_token(detail, origin)?),
        };
        let permits = self.app_permits(&known.grant, &client, account.as_ref());
        let as_what = match &account {
            Some(account) => format!("{} app/{}", posts(account, self.today()), client.id),
            None => client
                .roles
                .iter()
                .filter(|one| one.holds(self.today()))
                .map(|one| one.role.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        };
        let person = Person::app(client.id, known.grant.account, permits);
        let ctx = Ctx::person(person, source).with_posts(as_what.trim());
        Ok(ctx.with_request_id(origin.request_id.as_str()).with_address(origin.address.as_str()))
    }

    fn refuse_token(&self, detail: &'static str, origin: &Origin) -> Result<Outcome, Outcome> {
        self.note(&Ctx::stranger("gate"), "app-use", origin, true)?;
        let text = "Quyền của ứng dụng đã hết hạn hoặc bị thu hồi. Hãy mở lại ứng dụng.";
        Ok(Outcome::new(Kind::Unauthenticated, "invalid_token", text, detail))
    }

    /// A token of this sort that is good now, with its client and account; else why it is not.
    async fn holder(
        &self,
        token: &str,
        sort: Sort,
    ) -> Result<Result<(Known, Client, Option<Arc<Account>>), &'static str>, Outcome> {
        let Some(known) = self.0.apps.tables.known(token).await?.filter(|known| known.sort == sort) else {
            return Ok(Err("unknown token, or its grant is over"));
        };
        if known.until_ms <= self.now() {
            return Ok(Err("the token is over"));
        }
        let Some(client) = self.client(&known.grant.client).await? else {
            return Ok(Err("the client is switched off"));
        };
        match self.granter(&known.grant.account).await? {
            Ok(account) => Ok(Ok((known, client, account))),
            Err(detail) => Ok(Err(detail)),
        }
    }

    /// The account that let an app in, if it may still come in itself and has nothing to do before; none of a service.
    async fn granter(&self, id: &str) -> Result<Result<Option<Arc<Account>>, &'static str>, Outcome> {
        if id.is_empty() {
            return Ok(Ok(None));
        }
        let account = self.account(id).await?.filter(|account| self.has_role(account));
        Ok(match account {
            Some(account) if self.step(&account, true).is_none() => Ok(Some(account)),
            _ => Err("the account may not come in"),
        })
    }

    fn app_permits(&self, grant: &Grant, client: &Client, account: Option<&Arc<Account>>) -> Arc<Permits> {
        let day = self.today();
        let kept = self.0.apps.permits.read().unwrap_or_else(PoisonError::into_inner);
        let is_good = |kept: &&Kept| {
            let same = match (&kept.account, account) {
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                (one, other) => one.is_none() && other.is_none(),
            };
            same && kept.client == *client && kept.day == day
        };
        if let Some(found) = kept.get(&grant.id).filter(is_good) {
            return found.permits.clone();
        }
        drop(kept);
        let all = match account {
            // What somebody opened in an emergency is for their own eyes: the patient was told of nobody else.
            Some(account) => Permits::of(&self.0.content, account.grants_on(day), day)
                .for_patients(account.patients.iter().cloned()),
            None => Permits::of(&self.0.content, client.roles.iter().filter(|one| one.holds(day)), day),
        };
        // What the client was registered for may be less by now than when it was let in.
        let scopes = Scopes::parse(&grant.scopes).unwrap_or_default().and(&client.registered());
        let patient = Some(grant.patient.as_str()).filter(|patient| !patient.is_empty());
        let permits = Arc::new(all.narrowed(Narrowing::new(&scopes, patient)));
        let fresh = Kept { client: client.clone(), account: account.cloned(), day, permits: permits.clone() };
        let mut kept = self.0.apps.permits.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(grant.id.clone(), fresh);
        permits
    }

    /// A registered client that is not switched off.
    pub async fn client(&self, id: &str) -> Result<Option<Client>, Outcome> {
        Ok(self.registered(id).await?.map(|(client, _)| client).filter(|client| !client.off))
    }

    /// A registered client and its version, also when it is switched off.
    async fn registered(&self, id: &str) -> Result<Option<(Client, String)>, Outcome> {
        if !yba_fhir::resource::is_id(id) {
            return Ok(None);
        }
        let version = self.0.records.store().read(KIND, id).await?;
        Ok(version.and_then(|version| Some((Client::of_version(&version)?, version.version_id))))
    }

    /// Notes what an app did or was refused, in the name of an account if there is one.
    fn note_app(
        &self,
        client: &str,
        account: &str,
        action: &str,
        origin: &Origin,
        refused: bool,
    ) -> Result<(), Outcome> {
        let ctx = if account.is_empty() { Ctx::stranger("gate") } else { Ctx::unproven(account, "gate") };
        self.note(&ctx.with_posts(format!("app/{client}")), action, origin, refused)
    }
}
