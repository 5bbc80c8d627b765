//! Who keeps accounts registers apps: what each is, where it sends people back to, what it may ever be granted.

use crate::audit::{Seen, entry};
use crate::ctx::Ctx;
use crate::door::not_found;
use crate::gate::Gate;
use yba_auth::Action;
use yba_auth::smart::client::{Client, KIND, Sort};
use yba_auth::token::Token;
use yba_fhir::{Kind, Outcome};
use yba_store::{Expect, Refusal, Request, Write};

/// Most clients of a node.
const CLIENTS_MAX: usize = 500;

impl Gate {
    /// All clients, by name.
    pub(super) async fn all_clients(&self) -> Result<Vec<Client>, Outcome> {
        let store = self.0.records.store();
        let keys = store.changed(&[KIND], 0, store.head_t()).await?;
        let versions = if keys.is_empty() { Vec::new() } else { store.read_many(keys).await? };
        let mut all: Vec<Client> = versions.iter().filter_map(Client::of_version).collect();
        all.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        Ok(all)
    }

    /// All clients, for who keeps them.
    pub async fn clients(&self, ctx: &Ctx) -> Result<Vec<Client>, Outcome> {
        self.may_keep(ctx, "apps")?;
        self.all_clients().await
    }

    /// One client, for who keeps them.
    pub async fn client_for(&self, ctx: &Ctx, id: &str) -> Result<Client, Outcome> {
        self.may_keep(ctx, "apps")?;
        Ok(self.registered(id).await?.ok_or_else(|| not_found(KIND, id))?.0)
    }

    /// Registers a client. A confidential one without keys gets a secret, shown this once.
    pub async fn register(&self, ctx: &Ctx, typed: Client) -> Result<(Client, Option<Token>), Outcome> {
        self.keeper(ctx, Action::Create, "app-register")?;
        let mut client = Client { id: self.0.records.ids.next(), secret: None, off: false, ..typed };
        client.check()?;
        self.check_roles(&client.roles)?;
        let secret =
            (client.sort == Sort::Confidential && client.jwks.is_none()).then(|| client.new_secret());
        let _alone = self.0.turnstile.lock().await;
        if self.all_clients().await?.len() >= CLIENTS_MAX {
            let text = format!("Đã có {CLIENTS_MAX} ứng dụng. Hãy bỏ bớt.");
            return Err(Outcome::new(Kind::Unprocessable, "clients-many", text, "too many clients"));
        }
        self.write_client(ctx, &client, Expect::Absent, "app-register").await?;
        Ok((client, secret))
    }

    /// Switches a client off, or on again. Off, its tokens are good no more.
    pub async fn switch_client(&self, ctx: &Ctx, id: &str, off: bool) -> Result<(), Outcome> {
        let word = if off { "app-off" } else { "app-on" };
        self.keeper(ctx, Action::Update, word)?;
        let _alone = self.0.turnstile.lock().await;
        let (mut client, version) = self.registered(id).await?.ok_or_else(|| not_found(KIND, id))?;
        client.off = off;
        self.write_client(ctx, &client, Expect::Version(version), word).await
    }

    /// Gives a client another secret, shown this once; the old one is good no more.
    pub async fn renew_secret(&self, ctx: &Ctx, id: &str) -> Result<(Client, Token), Outcome> {
        self.keeper(ctx, Action::Update, "app-secret")?;
        let _alone = self.0.turnstile.lock().await;
        let (mut client, version) = self.registered(id).await?.ok_or_else(|| not_found(KIND, id))?;
        if client.sort != Sort::Confidential || client.secret.is_none() {
            let text = "Ứng dụng này không dùng mã bí mật.";
            return Err(Outcome::new(Kind::Conflict, "no-secret", text, "the client has no secret"));
        }
        let secret = client.new_secret();
        self.write_client(ctx, &client, Expect::Version(version), "app-secret").await?;
        Ok((client, secret))
    }

    async fn write_client(
        &self,
        ctx: &Ctx,
        client: &Client,
        expect: Expect,
        action: &str,
    ) -> Result<(), Outcome> {
        let store = self.0.records.store();
        let write = Write::put(&client.resource()?, expect, store.numbers())?;
        let seen = Seen { action, kind: KIND, patients: &[], refused: false };
        match store.commit(Request { writes: vec![write], audit: entry(ctx, &seen) }).await {
            Ok(_) => Ok(()),
            Err(Refusal::Head { .. }) => {
                let text = "Ứng dụng vừa được người khác sửa. Hãy mở lại rồi sửa tiếp.";
                Err(Outcome::new(
                    Kind::Conflict,
                    "client-changed",
                    text,
                    "the client has another version by now",
                ))
            }
            Err(refusal) => Err(Outcome::fault(format!("a client cannot be written: {refusal:?}"))),
        }
    }
}
