//! A client shows that it is itself: by a secret, by an assertion that it signed, or, when it can keep neither, not at all.

use super::{Names, refusal};
use crate::gate::{Gate, Origin};
use yba_auth::smart::assertion;
use yba_auth::smart::client::{Client, Sort};
use yba_auth::throttle::Counter;
use yba_fhir::Outcome;

/// What a client shows. It has no `Debug`: it holds secrets.
#[derive(Default, Clone)]
pub struct Shown {
    pub client: String,
    pub secret: String,
    pub assertion_type: String,
    pub assertion: String,
}

impl Gate {
    /// The client that shows this. Every try of one that has something to prove counts as failed until what it is for succeeds ([`Gate::proved_well`]); refuses
    /// with `too-many` while a wait lasts, and with `invalid_client`, noting it, whoever does not prove it.
    pub async fn proved(&self, shown: &Shown, names: &Names, origin: &Origin) -> Result<Client, Outcome> {
        let claimed = match shown.assertion.as_str() {
            "" => shown.client.clone(),
            assertion => assertion::claimed(assertion).unwrap_or_default(),
        };
        let client = self.client(&claimed).await?;
        // Names that nobody has count as one, or they would push out the counters of others; a public client has no secret
        // that could be guessed, and anybody may use its name.
        let counted = client.as_ref().map_or("?", |client| client.id.as_str());
        if client.as_ref().is_none_or(|client| client.sort != Sort::Public) {
            self.count(&counter(counted, origin))
                .await
                .map_err(|refused| self.noted(&claimed, origin, refused))?;
        }
        let proven = match client {
            None => Err("unknown client, or one that is switched off"),
            Some(_) if !shown.client.is_empty() && shown.client != claimed => {
                Err("client_id and assertion differ")
            }
            Some(client) => self.shows_itself(&client, shown, names).await?.map(|()| client),
        };
        proven.map_err(|detail| self.noted(&claimed, origin, refusal("invalid_client", detail)))
    }

    /// The client of a refresh token that comes without a name, as some libraries of browser apps send it: a public one, whose
    /// name is no secret. Whoever can prove itself must.
    pub async fn public_client_of(&self, refresh: &str) -> Result<Option<String>, Outcome> {
        let Some(known) = self.0.apps.tables.known(refresh).await? else { return Ok(None) };
        let client = self.client(&known.grant.client).await?;
        Ok(client.filter(|client| client.sort == Sort::Public).map(|client| client.id))
    }

    /// What a client came for has succeeded: its tries are forgotten.
    pub(super) async fn proved_well(&self, client: &Client, origin: &Origin) -> Result<(), Outcome> {
        self.0.tables.succeeded(&counter(&client.id, origin)).await
    }

    /// Notes a refusal and gives it, or the fault that it cannot be noted.
    fn noted(&self, claimed: &str, origin: &Origin, refused: Outcome) -> Outcome {
        let known = if yba_fhir::resource::is_id(claimed) { claimed } else { "?" };
        self.note_app(known, "", "app-prove", origin, true).err().unwrap_or(refused)
    }

    async fn shows_itself(
        &self,
        client: &Client,
        shown: &Shown,
        names: &Names,
    ) -> Result<Result<(), &'static str>, Outcome> {
        if !shown.assertion.is_empty() {
            return match (&client.jwks, shown.secret.is_empty(), shown.assertion_type == assertion::SORT) {
                (Some(jwks), true, true) => self.asserts(client, shown, jwks, names).await,
                (None, ..) => Ok(Err("the client has no keys")),
                (_, false, _) => Ok(Err("one proof at a time")),
                (_, _, false) => Ok(Err("client_assertion_type is not known")),
            };
        }
        Ok(match (client.sort, &client.secret) {
            // Whoever sends a secret that is none of its own is not what it says.
            (Sort::Public, _) if shown.secret.is_empty() => Ok(()),
            (Sort::Confidential, Some(_)) if client.has_secret(&shown.secret) => Ok(()),
            _ => Err("the secret is not the client's, or it must assert"),
        })
    }

    async fn asserts(
        &self,
        client: &Client,
        shown: &Shown,
        jwks: &str,
        names: &Names,
    ) -> Result<Result<(), &'static str>, Outcome> {
        let proven = match assertion::judge(&shown.assertion, &client.id, jwks, &names.token(), self.now()) {
            Ok(proven) => proven,
            Err(detail) => return Ok(Err(detail)),
        };
        let _alone = self.0.turnstile.lock().await;
        Ok(match self.0.apps.tables.came(&client.id, &proven.jti, proven.until_ms).await? {
            Some(true) => Ok(()),
            Some(false) => Err("the assertion came before"),
            None => Err("too many assertions within five minutes"),
        })
    }
}

fn counter(client: &str, origin: &Origin) -> Counter {
    Counter::of_source(&format!("app {client}"), &origin.address)
}
