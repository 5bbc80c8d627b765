//! An app fetches its tokens, renews them, asks about them, gives them up.

use super::{Names, refusal};
use crate::ctx::Ctx;
use crate::gate::{Gate, Origin};
use yba_auth::Account;
use yba_auth::smart::Scopes;
use yba_auth::smart::client::{Client, Sort as Proof};
use yba_auth::smart::keys::{Identity, Key, SIGNS_MS, make, sign};
use yba_auth::smart::scope::Whose;
use yba_auth::smart::tables::{ACCESS_MS, Code, Grant, OFFLINE_MS, Sort};
use yba_auth::tables::ABSOLUTE_MS;
use yba_auth::token::{Token, challenge_of};
use yba_fhir::Outcome;

/// What an app is given. It has no `Debug`: it holds tokens.
pub struct Given {
    pub access: Token,
    pub expires_s: i64,
    pub refresh: Option<Token>,
    pub scopes: String,
    pub patient: Option<String>,
    /// Who somebody is, signed.
    pub identity: Option<String>,
}

/// What an app is told of one of its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub scopes: String,
    pub client: String,
    pub account: Option<String>,
    pub patient: Option<String>,
    pub until_ms: i64,
    pub begun_ms: i64,
}

/// What stands in a code that was tried and is good for no grant.
const SPENT: &str = "-";

impl Gate {
    /// Tokens for a code. Once: a second try ends what the first one got. Refuses with `invalid_grant`, and notes it.
    pub async fn fetch(
        &self,
        client: &Client,
        code: &str,
        redirect: &str,
        verifier: &str,
        names: &Names,
        origin: &Origin,
    ) -> Result<Given, Outcome> {
        let alone = self.0.turnstile.lock().await;
        let found = self.0.apps.tables.code_of(code).await?;
        let found = self.good_code(client, code, found, redirect, verifier).await?;
        let (kept, account) = match found {
            Ok(good) => good,
            Err(detail) => {
                return self.refuse_app(client, "app-fetch", origin, refusal("invalid_grant", detail));
            }
        };
        let scopes = Scopes::parse(&kept.scopes).unwrap_or_default();
        let now = self.now();
        let (session, lasts) = match (scopes.has("offline_access"), scopes.has("online_access")) {
            (true, _) => (String::new(), OFFLINE_MS),
            (false, true) => (kept.session.clone(), ABSOLUTE_MS),
            (false, false) => (kept.session.clone(), ACCESS_MS),
        };
        let grant = Grant {
            id: self.0.records.ids.next(),
            client: client.id.clone(),
            account: kept.account.clone(),
            session,
            scopes: kept.scopes.clone(),
            patient: kept.patient.clone(),
            begun_ms: now,
            until_ms: now + lasts,
        };
        self.0.apps.tables.spend(code, &grant.id).await?;
        let mut given = self.give(&grant, None).await?;
        drop(alone);
        if scopes.has("openid") {
            given.identity = Some(self.identity(&account, client, &kept, &scopes, names).await?);
        }
        self.gave(client, &grant.account, "app-fetch", origin).await?;
        Ok(given)
    }

    /// A code that may be exchanged now, with its account; else why not. One that comes again ends its grant, and one that
    /// is shown by its client without its verifier or address is good no more.
    async fn good_code(
        &self,
        client: &Client,
        code: &str,
        found: Option<Code>,
        redirect: &str,
        verifier: &str,
    ) -> Result<Result<(Code, std::sync::Arc<Account>), &'static str>, Outcome> {
        let Some(found) = found.filter(|found| found.client == client.id) else {
            return Ok(Err("unknown code, or one of another client"));
        };
        if !found.grant.is_empty() {
            self.0.apps.tables.end(&found.grant).await?;
            return Ok(Err("the code was used before; what came of it is ended"));
        }
        self.0.apps.tables.spend(code, SPENT).await?;
        if found.until_ms <= self.now() {
            return Ok(Err("the code is over"));
        }
        if found.redirect != redirect {
            return Ok(Err("redirect_uri is not that of the request"));
        }
        if challenge_of(verifier).is_none_or(|made| made != found.challenge) {
            return Ok(Err("code_verifier is not that of the request"));
        }
        if !self.0.tables.session_lasts(&found.session).await? {
            return Ok(Err("the session in which it was let in is over"));
        }
        Ok(match self.granter(&found.account).await? {
            Ok(Some(account)) if self.admit(&account).await.is_ok() => Ok((found, account)),
            _ => Err("the account may not come in"),
        })
    }

    /// New tokens for a refresh token, which is used by that; one that comes again ends the grant.
    pub async fn renew(
        &self,
        client: &Client,
        token: &str,
        scope: &str,
        origin: &Origin,
    ) -> Result<Given, Outcome> {
        let refuse = |word, detail| self.refuse_app(client, "app-renew", origin, refusal(word, detail));
        let alone = self.0.turnstile.lock().await;
        let known = match self.holder(token, Sort::Refresh).await? {
            // An app does not keep an account in use that its owner has left.
            Ok((_, of, Some(account))) if of.id == client.id && self.admit(&account).await.is_err() => {
                return refuse("invalid_grant", "the account may not come in");
            }
            Ok((known, of, _)) if of.id == client.id => known,
            Ok(_) => return refuse("invalid_grant", "the token is of another client"),
            Err(detail) => return refuse("invalid_grant", detail),
        };
        if known.is_used {
            self.0.apps.tables.end(&known.grant.id).await?;
            return refuse("invalid_grant", "the token was used before; its grant is ended");
        }
        let granted = Scopes::parse(&known.grant.scopes).unwrap_or_default();
        let asked = if scope.is_empty() { Some(granted.clone()) } else { Scopes::parse(scope) };
        // The whole grant is renewed, whatever part is asked for; what is given is said.
        if asked.is_none_or(|asked| asked.is_empty() || asked.and(&granted) != asked) {
            return refuse("invalid_scope", "more than was granted is asked");
        }
        let given = self.give(&known.grant, Some(token)).await?;
        drop(alone);
        self.gave(client, &known.grant.account, "app-renew", origin).await?;
        Ok(given)
    }

    /// A token for a service that comes by itself, for what it asks, is registered for and its roles permit.
    pub async fn come_by_itself(
        &self,
        client: &Client,
        scope: &str,
        origin: &Origin,
    ) -> Result<Given, Outcome> {
        let refuse = |word, detail| self.refuse_app(client, "app-itself", origin, refusal(word, detail));
        if client.sort != Proof::Backend {
            return refuse("unauthorized_client", "only backend services come by themselves");
        }
        let Some(asked) = Scopes::parse(scope) else { return refuse("invalid_scope", "too many scopes") };
        let day = self.today();
        let roles = client.roles.iter().filter(|one| one.holds(day));
        let permits = yba_auth::Permits::of(&self.0.content, roles, day);
        let scopes = asked
            .and(&client.registered())
            .only(&[Whose::System])
            .within(|action, kind| permits.may(action, kind));
        if scopes.records().is_empty() {
            return refuse("invalid_scope", "nothing of what is asked can be granted");
        }
        let now = self.now();
        let grant = Grant {
            id: self.0.records.ids.next(),
            client: client.id.clone(),
            scopes: scopes.to_string(),
            begun_ms: now,
            until_ms: now + ACCESS_MS,
            ..Grant::default()
        };
        let given = self.give(&grant, None).await?;
        self.gave(client, "", "app-itself", origin).await?;
        Ok(given)
    }

    /// The tokens of a grant: of a new one, or in the place of a refresh token.
    async fn give(&self, grant: &Grant, renewed: Option<&str>) -> Result<Given, Outcome> {
        let tables = &self.0.apps.tables;
        if renewed.is_none() {
            tables.begin(grant).await?;
        }
        let scopes = Scopes::parse(&grant.scopes).unwrap_or_default();
        let until = (self.now() + ACCESS_MS).min(grant.until_ms);
        let lasting = scopes.has("offline_access") || scopes.has("online_access");
        let refresh = match lasting {
            true => Some(tables.token(&grant.id, Sort::Refresh, grant.until_ms, renewed).await?),
            false => None,
        };
        Ok(Given {
            access: tables.token(&grant.id, Sort::Access, until, None).await?,
            expires_s: (until - self.now()) / 1000,
            refresh,
            scopes: grant.scopes.clone(),
            patient: Some(grant.patient.clone()).filter(|patient| !patient.is_empty()),
            identity: None,
        })
    }

    async fn gave(
        &self,
        client: &Client,
        account: &str,
        action: &str,
        origin: &Origin,
    ) -> Result<(), Outcome> {
        self.note_app(&client.id, account, action, origin, false)?;
        self.proved_well(client, origin).await
    }

    fn refuse_app<T>(
        &self,
        client: &Client,
        action: &str,
        origin: &Origin,
        refused: Outcome,
    ) -> Result<T, Outcome> {
        self.note_app(&client.id, "", action, origin, true)?;
        Err(refused)
    }

    /// What a client is told of a token of its own that is good now; nothing of any other.
    pub async fn told(&self, client: &Client, token: &str, origin: &Origin) -> Result<Option<Told>, Outcome> {
        self.gave(client, "", "app-ask-token", origin).await?;
        for sort in [Sort::Access, Sort::Refresh] {
            let Ok((known, of, _)) = self.holder(token, sort).await? else { continue };
            if of.id != client.id || known.is_used {
                continue;
            }
            let some = |text: String| Some(text).filter(|text| !text.is_empty());
            return Ok(Some(Told {
                scopes: known.grant.scopes,
                client: of.id,
                account: some(known.grant.account),
                patient: some(known.grant.patient),
                until_ms: known.until_ms,
                begun_ms: known.grant.begun_ms,
            }));
        }
        Ok(None)
    }

    /// A client gives up a token of its own: an access token alone, a refresh token with all that came with it. Of others
    /// nothing happens, and nothing is said.
    pub async fn give_up(&self, client: &Client, token: &str, origin: &Origin) -> Result<(), Outcome> {
        self.gave(client, "", "app-give-up", origin).await?;
        let tables = &self.0.apps.tables;
        match tables.known(token).await?.filter(|known| known.grant.client == client.id) {
            Some(known) if known.sort == Sort::Refresh => tables.end(&known.grant.id).await,
            Some(_) => tables.end_token(token).await,
            None => Ok(()),
        }
    }

    async fn identity(
        &self,
        account: &Account,
        client: &Client,
        code: &Code,
        scopes: &Scopes,
        names: &Names,
    ) -> Result<String, Outcome> {
        let own = match (&account.practitioner, account.patients.as_slice()) {
            (Some(id), _) => Some(format!("Practitioner/{id}")),
            (None, [only]) => Some(format!("Patient/{only}")),
            _ => None,
        };
        let now = self.now();
        let identity = Identity {
            iss: names.issuer(),
            sub: &account.id,
            aud: &client.id,
            iat: now / 1000,
            exp: (now + ACCESS_MS) / 1000,
            nonce: Some(code.nonce.as_str()).filter(|nonce| !nonce.is_empty()),
            fhir_user: own.filter(|_| scopes.has("fhirUser")).map(|own| format!("{}/{own}", names.fhir())),
        };
        sign(&self.0.seal, &self.signing_key().await?, &identity)
    }

    /// Our key of these days; made when there is none yet.
    async fn signing_key(&self) -> Result<Key, Outcome> {
        let _alone = self.0.apps.forge.lock().await;
        let newest = self.0.apps.tables.keys().await?.into_iter().next();
        if let Some(key) = newest.filter(|key| self.now() - key.begun_ms < SIGNS_MS) {
            return Ok(key);
        }
        let (seal, now) = (self.0.seal.clone(), self.now());
        let made = tokio::task::spawn_blocking(move || make(&seal, now)).await;
        let key = made.map_err(|_| Outcome::fault("a signing key cannot be made"))??;
        self.note(&Ctx::system("app-key"), "app-key", &Origin::default(), false)?;
        self.0.apps.tables.keep_key(&key).await?;
        Ok(key)
    }

    /// The public halves of our keys, newest first, each a JWK.
    pub async fn public_keys(&self) -> Result<Vec<String>, Outcome> {
        self.signing_key().await?;
        Ok(self.0.apps.tables.keys().await?.into_iter().map(|key| key.jwk).collect())
    }
}
