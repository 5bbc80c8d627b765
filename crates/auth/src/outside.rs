//! Coming in through an outside OpenID provider (a province's single sign-on, VNeID): where to send somebody, and who the provider
//! says came back. By code with PKCE, state and nonce; what it signs is judged by the `openidconnect` crate.
//! <https://openid.net/specs/openid-connect-core-1_0.html>

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm as Signing, CoreProviderMetadata,
};
pub use openidconnect::http::Response;
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, TokenResponse,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use subtle::ConstantTimeEq;
use yba_fhir::{Kind, Outcome};

/// How long somebody may be away at the provider.
pub const AWAY_MS: i64 = 10 * 60_000;
/// How long it is believed what a provider said of itself, its keys among it.
const KNOWN_MS: i64 = 10 * 60_000;
/// Most outside names of an account.
pub const OUTSIDE_MAX: usize = 5;
/// The longest code, state or subject that is looked at.
const TEXT_MAX: usize = 2000;
/// By what a provider may sign; never by nothing, and never by a secret that we hold too.
const SIGNED_BY: [Signing; 5] = [
    Signing::RsaSsaPkcs1V15Sha256,
    Signing::RsaSsaPssSha256,
    Signing::EcdsaP256Sha256,
    Signing::EcdsaP384Sha384,
    Signing::EdDsa,
];

/// Somebody as an outside provider knows them; what ties them to an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    pub issuer: String,
    /// The provider's own name for them, which never changes.
    pub subject: String,
    /// In ms since 1970 UTC.
    pub since: i64,
}

impl fmt::Debug for Outside {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Outside({})", self.issuer)
    }
}

/// The provider as the node's settings name it. It has no `Debug`: it holds a secret.
#[derive(Clone)]
pub struct Settings {
    pub issuer: String,
    pub client: String,
    pub secret: String,
    /// What people call it: «Đăng nhập bằng {name}».
    pub name: String,
    /// Where the provider sends people back to.
    pub back: String,
}

/// The provider was not reached, in few English words.
#[derive(Debug)]
pub struct Unreached(pub String);

impl fmt::Display for Unreached {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Unreached {}

/// One request over the network: ours to make, within bounds, without redirects.
pub type Fetch = Arc<
    dyn Fn(HttpRequest) -> Pin<Box<dyn Future<Output = Result<HttpResponse, Unreached>> + Send>>
        + Send
        + Sync,
>;

/// The network as `openidconnect` asks it.
struct Network(Fetch);

impl<'c> AsyncHttpClient<'c> for Network {
    type Error = Unreached;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unreached>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        (self.0)(request)
    }
}

/// An outside provider.
pub struct Provider {
    pub settings: Settings,
    network: Network,
    known: RwLock<Option<(i64, CoreProviderMetadata)>>,
}

/// Somebody who is away at the provider: what must come back with them.
pub struct Away {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

impl Provider {
    pub fn new(settings: Settings, fetch: Fetch) -> Provider {
        Provider { settings, network: Network(fetch), known: RwLock::default() }
    }

    /// What the provider says of itself, its keys among it.
    async fn metadata(&self, now_ms: i64) -> Result<CoreProviderMetadata, Outcome> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, known)) = known.filter(|(at, _)| (0..KNOWN_MS).contains(&(now_ms - at))) {
            return Ok(known);
        }
        let issuer =
            IssuerUrl::new(self.settings.issuer.clone()).map_err(|error| away(&error.to_string()))?;
        let found = CoreProviderMetadata::discover_async(issuer, &self.network).await;
        let found = found.map_err(|error| away(&format!("discovery: {error}")))?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some((now_ms, found.clone()));
        Ok(found)
    }

    /// Where to send somebody, and what must come back with them.
    pub async fn way(&self, now_ms: i64) -> Result<(String, Away), Outcome> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = CoreClient::from_provider_metadata(
            self.metadata(now_ms).await?,
            ClientId::new(self.settings.client.clone()),
            Some(ClientSecret::new(self.settings.secret.clone())),
        );
        let client = client.set_redirect_uri(self.back()?);
        let asked = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        let (url, state, nonce) = asked.set_pkce_challenge(challenge).url();
        Ok((url.to_string(), Away { state, nonce, verifier }))
    }

    /// The subject that the provider names for whoever came back. Refuses another state, a code that is used or another's,
    /// and a token of another issuer, for another client, with another nonce, over, or not signed by the provider.
    pub async fn subject(&self, away: Away, state: &str, code: &str, now_ms: i64) -> Result<String, Outcome> {
        if !bool::from(away.state.secret().as_bytes().ct_eq(state.as_bytes())) {
            return Err(wrong("the state is another"));
        }
        if code.is_empty() || code.len() > TEXT_MAX {
            return Err(wrong("no code, or too long a one"));
        }
        let client = CoreClient::from_provider_metadata(
            self.metadata(now_ms).await?,
            ClientId::new(self.settings.client.clone()),
            Some(ClientSecret::new(self.settings.secret.clone())),
        );
        let client = client.set_redirect_uri(self.back()?);
        let asked = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let asked = asked.map_err(|error| self::away(&error.to_string()))?.set_pkce_verifier(away.verifier);
        let given = asked.request_async(&self.network).await;
        let given = given.map_err(|error| wrong(&format!("the code was not taken: {error}")))?;
        let token = given.id_token().ok_or_else(|| wrong("no ID token"))?;
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNED_BY);
        let claims = token.claims(&verifier, &away.nonce);
        let claims = claims.map_err(|error| {
            // The keys may be new: they are asked for again the next time.
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = None;
            wrong(&format!("the ID token was refused: {error}"))
        })?;
        subject(claims.subject().as_str())
    }

    fn back(&self) -> Result<RedirectUrl, Outcome> {
        RedirectUrl::new(self.settings.back.clone()).map_err(|error| Outcome::fault(error.to_string()))
    }
}

/// A provider's name for somebody as it is kept. Refuses nothing and too much.
pub fn subject(text: &str) -> Result<String, Outcome> {
    // OpenID Connect Core 1.0, section 2: at most 255 ASCII characters.
    match (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
    {
        true => Ok(text.to_owned()),
        false => {
            let text = "Mã ở nơi ngoài dài không quá 255 ký tự, chỉ gồm chữ không dấu, chữ số và dấu.";
            Err(Outcome::new(Kind::Unprocessable, "subject-format", text, "malformed subject").at("subject"))
        }
    }
}

fn away(detail: &str) -> Outcome {
    let text = "Chưa liên lạc được với nơi đăng nhập ngoài. Thử lại sau, hoặc đăng nhập bằng mật khẩu.";
    Outcome::new(Kind::Unavailable, "outside-away", text, format!("the OpenID provider: {detail}"))
}

/// What all refusals of what a provider sent say.
pub fn wrong(detail: &str) -> Outcome {
    let text =
        "Lần đăng nhập qua nơi ngoài này không hợp lệ. Hãy bấm lại từ đầu, hoặc đăng nhập bằng mật khẩu.";
    Outcome::new(Kind::Unauthenticated, "outside-wrong", text, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(answers: fn(&str) -> Option<&'static str>) -> Provider {
        let settings = Settings {
            issuer: "https://id.tinh.vn".into(),
            client: "yba".into(),
            secret: "bí mật".into(),
            name: "Tỉnh".into(),
            back: "https://hoso.tinh.vn/dang-nhap/ngoai/ve".into(),
        };
        let fetch: Fetch = Arc::new(move |request| {
            let answer = answers(request.uri().path());
            Box::pin(async move {
                let body = answer.ok_or_else(|| Unreached("refused".into()))?;
                let response = Response::builder().header("content-type", "application/json");
                response.body(body.as_bytes().to_vec()).map_err(|error| Unreached(error.to_string()))
            })
        });
        Provider::new(settings, fetch)
    }

    const SAID: &str = r#"{"issuer":"https://id.tinh.vn","authorization_endpoint":"https://id.tinh.vn/auth","token_endpoint":"https://id.tinh.vn/token","jwks_uri":"https://id.tinh.vn/jwks","response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}"#;

    fn sound(path: &str) -> Option<&'static str> {
        match path {
            "/.well-known/openid-configuration" => Some(SAID),
            "/jwks" => Some(r#"{"keys":[]}"#),
            _ => None,
        }
    }

    #[tokio::test]
    async fn the_way_out_has_pkce_state_and_nonce_and_no_secret() {
        let (url, _) = provider(sound).way(0).await.unwrap();
        for part in [
            "https://id.tinh.vn/auth?",
            "code_challenge_method=S256",
            "state=",
            "nonce=",
            "client_id=yba",
            "scope=openid",
        ] {
            assert!(url.contains(part), "{part}: {url}");
        }
        assert!(!url.contains("secret") && provider(sound).way(0).await.unwrap().0 != url);
    }

    #[tokio::test]
    async fn another_issuer_is_none_and_an_unreachable_one_says_so() {
        let other = |path: &str| match path {
            "/.well-known/openid-configuration" => Some(
                r#"{"issuer":"https://khac.vn","authorization_endpoint":"https://id.tinh.vn/auth","token_endpoint":"https://id.tinh.vn/token","jwks_uri":"https://id.tinh.vn/jwks","response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}"#,
            ),
            _ => sound(path),
        };
        assert_eq!(provider(other).way(0).await.err().unwrap().issues[0].key, "outside-away");
        assert_eq!(provider(|_| None).way(0).await.err().unwrap().issues[0].key, "outside-away");
    }

    #[tokio::test]
    async fn another_state_is_refused_before_the_code_is_shown_to_anybody() {
        let provider = provider(sound);
        let (_, away) = provider.way(0).await.unwrap();
        assert_eq!(
            provider.subject(away, "khác", "code", 0).await.unwrap_err().issues[0].key,
            "outside-wrong"
        );
        let (_, away) = provider.way(0).await.unwrap();
        let state = away.state.secret().clone();
        let refused = provider.subject(away, &state, "", 0).await.unwrap_err();
        assert!(refused.issues[0].diagnostics.contains("no code"), "{refused}");
    }

    #[test]
    fn subjects_are_as_the_standard_says() {
        assert_eq!(subject("a|1-X").unwrap(), "a|1-X");
        for wrong in ["", "đ", "a\nb", &"x".repeat(256)] {
            assert!(subject(wrong).is_err());
        }
    }
}
