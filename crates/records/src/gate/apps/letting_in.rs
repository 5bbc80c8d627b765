//! Somebody lets an app in, for what they themselves may do; and opens one from a person's record.

use super::{Names, refusal};
use crate::gate::{Gate, Here, Origin};
use yba_auth::smart::Scopes;
use yba_auth::smart::client::Client;
use yba_auth::smart::scope::Whose;
use yba_auth::smart::tables::{Code, Grant, Launch};
use yba_auth::token::Token;
use yba_fhir::Outcome;

/// What an app asks of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asking {
    pub client: String,
    pub redirect: String,
    /// As it came.
    pub scope: String,
    /// Where the records are that it means.
    pub aud: String,
    pub challenge: String,
    pub method: String,
    pub nonce: String,
    /// The token of a launch from a record.
    pub launch: String,
    pub response: String,
}

/// Longest nonce.
const NONCE_MAX: usize = 500;

impl Gate {
    /// The client that asks, when it may send people back to where it says. Refuses with `redirect` whatever must not be
    /// answered by sending somebody anywhere.
    pub async fn asking_client(&self, asking: &Asking, origin: &Origin) -> Result<Client, Outcome> {
        let client =
            self.client(&asking.client).await?.filter(|one| one.redirects.contains(&asking.redirect));
        if let Some(client) = client {
            return Ok(client);
        }
        self.note_app("?", "", "app-ask", origin, true)?;
        let text = "Ứng dụng này chưa được đăng ký ở đây, đã bị tắt, hoặc muốn đưa bạn tới một địa chỉ lạ. Đừng mở tiếp; báo bộ phận CNTT.";
        Err(Outcome::invalid("redirect", text, "unknown client or redirect_uri"))
    }

    /// What an app that asks somebody would be granted: what it asks, is registered for, and they may do themselves. Refuses
    /// by the words of OAuth, and notes that, what is wrong with the question.
    pub async fn asked(
        &self,
        here: &Here,
        client: &Client,
        asking: &Asking,
        names: &Names,
        origin: &Origin,
    ) -> Result<(Scopes, Option<Launch>), Outcome> {
        match self.judged(here, client, asking, names).await {
            Err(refused) => {
                self.note_app(&client.id, &here.account.id, "app-ask", origin, true)?;
                Err(refused)
            }
            granted => granted,
        }
    }

    async fn judged(
        &self,
        here: &Here,
        client: &Client,
        asking: &Asking,
        names: &Names,
    ) -> Result<(Scopes, Option<Launch>), Outcome> {
        if asking.response != "code" {
            return Err(refusal("unsupported_response_type", "response_type must be code"));
        }
        if asking.method != "S256" || !is_challenge(&asking.challenge) {
            return Err(refusal("invalid_request", "PKCE with code_challenge_method S256 is required"));
        }
        if asking.aud.trim_end_matches('/') != names.fhir() {
            return Err(refusal("invalid_request", "aud is not this server"));
        }
        if asking.nonce.len() > NONCE_MAX {
            return Err(refusal("invalid_request", "the nonce is too long"));
        }
        let asked =
            Scopes::parse(&asking.scope).ok_or_else(|| refusal("invalid_scope", "too many scopes"))?;
        let launch = match asking.launch.as_str() {
            "" => None,
            token => Some(self.launched(token, client, here).await?),
        };
        let permits = self.permits(&here.account);
        let granted = asked
            .and(&client.registered())
            .only(&[Whose::Patient, Whose::User])
            .within(|action, kind| permits.may(action, kind));
        let granted = if launch.is_some() { granted } else { granted.without("launch") };
        match granted.is_empty() {
            true => Err(refusal("invalid_scope", "nothing of what is asked can be granted")),
            false => Ok((granted, launch)),
        }
    }

    async fn launched(&self, token: &str, client: &Client, here: &Here) -> Result<Launch, Outcome> {
        let found = self.0.apps.tables.launch_of(token).await?;
        found.filter(|launch| launch.client == client.id && launch.account == here.account.id).ok_or_else(
            || refusal("invalid_request", "the launch is over, was used, or is of another app or account"),
        )
    }

    /// Lets an app in: a code, for it to fetch its tokens with. What it may do is judged again, and so is whether its
    /// patient is within reach.
    pub async fn let_in(
        &self,
        here: &Here,
        client: &Client,
        asking: &Asking,
        chosen: Option<&str>,
        names: &Names,
        origin: &Origin,
    ) -> Result<Token, Outcome> {
        let (scopes, launch) = self.asked(here, client, asking, names, origin).await?;
        let patient = match &launch {
            Some(launch) => Some(launch.patient.as_str()),
            None => chosen.filter(|_| needs_patient(&scopes)),
        };
        if needs_patient(&scopes) && patient.is_none() {
            return Err(refusal("invalid_request", "no patient was chosen"));
        }
        if let Some(patient) = patient {
            let ctx = self.ctx_of(here, "gate").with_request_id(origin.request_id.as_str());
            self.0.records.read(&ctx, "Patient", patient).await?;
        }
        let _alone = self.0.turnstile.lock().await;
        if !asking.launch.is_empty() {
            self.launched(&asking.launch, client, here).await?;
            self.0.apps.tables.use_launch(&asking.launch).await?;
        }
        self.note_app(&client.id, &here.account.id, "app-let-in", origin, false)?;
        let code = Code {
            client: client.id.clone(),
            account: here.account.id.clone(),
            session: here.session.hash.clone(),
            scopes: scopes.to_string(),
            patient: patient.unwrap_or_default().to_owned(),
            redirect: asking.redirect.clone(),
            challenge: asking.challenge.clone(),
            nonce: asking.nonce.clone(),
            ..Code::default()
        };
        self.0.apps.tables.code(&code).await
    }

    /// Notes that somebody did not let an app in.
    pub fn turned_away(&self, here: &Here, client: &Client, origin: &Origin) -> Result<(), Outcome> {
        self.note_app(&client.id, &here.account.id, "app-turn-away", origin, false)
    }

    /// The apps that somebody has let in and that may still come, newest first, each with what it may do; whether they were
    /// switched off since.
    pub async fn let_in_by(&self, here: &Here) -> Result<Vec<(Client, Grant)>, Outcome> {
        let mut found = Vec::new();
        for grant in self.0.apps.tables.grants_of(&here.account.id).await? {
            if let Some((client, _)) = self.registered(&grant.client).await? {
                found.push((client, grant));
            }
        }
        Ok(found)
    }

    /// Takes back what one's own account let an app do; its tokens are good no more.
    pub async fn take_back(&self, here: &Here, grant: &str, origin: &Origin) -> Result<(), Outcome> {
        let own = self.0.apps.tables.grants_of(&here.account.id).await?;
        let Some(grant) = own.into_iter().find(|one| one.id == grant) else {
            // It is over already, or was never theirs.
            return Ok(());
        };
        self.note_app(&grant.client, &here.account.id, "app-take-back", origin, false)?;
        self.0.apps.tables.end(&grant.id).await
    }

    /// The apps that can be opened from a record.
    pub async fn openable(&self) -> Result<Vec<Client>, Outcome> {
        let all = self.all_clients().await?;
        Ok(all.into_iter().filter(|client| !client.off && client.launch.is_some()).collect())
    }

    /// Opens an app from a person's record: where the browser goes, with a token that is good once and for this account,
    /// app and patient.
    pub async fn open_app(
        &self,
        here: &Here,
        client: &str,
        patient: &str,
        names: &Names,
        origin: &Origin,
    ) -> Result<String, Outcome> {
        let client = self.client(client).await?;
        let Some((client, address)) = client.and_then(|one| Some((one.clone(), one.launch?))) else {
            return Err(crate::door::not_found("YbaClient", "?"));
        };
        let ctx = self.ctx_of(here, "gate").with_request_id(origin.request_id.as_str());
        self.0.records.read(&ctx, "Patient", patient).await?;
        self.note_app(&client.id, &here.account.id, "app-open", origin, false)?;
        let launch =
            Launch { client: client.id, account: here.account.id.clone(), patient: patient.to_owned() };
        let token = self.0.apps.tables.launch(&launch).await?;
        let between = if address.contains('?') { '&' } else { '?' };
        let iss: String = names
            .fhir()
            .bytes()
            .map(|byte| match byte {
                byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02X}"),
            })
            .collect();
        Ok(format!("{address}{between}iss={iss}&launch={}", token.0))
    }
}

/// Whether one patient must be known.
pub fn needs_patient(scopes: &Scopes) -> bool {
    scopes.has("launch/patient") || scopes.is_of_patient()
}

/// SHA-256 in base64url. <https://www.rfc-editor.org/rfc/rfc7636#section-4.2>
fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
