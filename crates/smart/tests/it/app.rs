//! An app of the tests: it asks, fetches and reads as a real one does.

use crate::house::{BACK, FHIR, House, Said, pairs};
use yba_auth::smart::client::Client;
use yba_auth::token::Token;

/// The verifier of PKCE and its challenge (RFC 7636, appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const STATE: &str = "trạng thái &1";

/// What an app asks; a case changes what it wants to be wrong.
pub fn asking<'a>(client: &'a str, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", BACK),
        ("scope", scope),
        ("state", STATE),
        ("aud", FHIR),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

/// The same with one thing changed; an empty value leaves it out.
pub fn with<'a>(
    mut asking: Vec<(&'a str, &'a str)>,
    name: &'a str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    asking.retain(|(one, _)| *one != name);
    if !value.is_empty() {
        asking.push((name, value));
    }
    asking
}

impl House {
    /// The page on which somebody is asked.
    pub async fn asked(&self, session: &Token, asking: &[(&str, &str)]) -> Said {
        self.page(session, &format!("/oauth/authorize?{}", pairs(asking))).await
    }

    /// Somebody says yes.
    pub async fn let_in(&self, session: &Token, asking: &[(&str, &str)], patient: &str) -> Said {
        let mut fields = asking.to_vec();
        fields.extend([("quyet-dinh", "cho"), ("nguoi", patient)]);
        self.send(session, "/oauth/authorize", &fields).await
    }

    /// The code for what somebody lets a client do.
    pub async fn code(&self, session: &Token, client: &Client, scope: &str, patient: &str) -> String {
        let said = self.let_in(session, &asking(&client.id, scope), patient).await;
        let code = said.back("code");
        assert!(said.status == 303 && !code.is_empty(), "{} {} {}", said.status, said.location(), said.text);
        code
    }

    /// Tries a code as a public client does.
    pub async fn fetch(&self, client: &Client, code: &str) -> Said {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", &client.id),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        self.post("/oauth/token", &[], &fields).await
    }

    /// The whole way of a public client: its access token.
    pub async fn token(&self, session: &Token, client: &Client, scope: &str, patient: &str) -> String {
        let code = self.code(session, client, scope, patient).await;
        let said = self.fetch(client, &code).await;
        assert_eq!(said.status, 200, "{}", said.text);
        said.word("access_token")
    }

    pub async fn renew(&self, client: &Client, refresh: &str) -> Said {
        let fields = [("grant_type", "refresh_token"), ("client_id", &client.id), ("refresh_token", refresh)];
        self.post("/oauth/token", &[], &fields).await
    }
}
