//! What apps find out before they ask. <https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html>

use crate::{Smart, answer};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use yba_auth::smart::assertion::ALGORITHMS;
use yba_records::gate::apps::Names;

/// What is served here, and nothing that is not.
const CAPABILITIES: [&str; 15] = [
    "launch-ehr",
    "launch-standalone",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-ehr-patient",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
    "context-banner",
];
const SCOPES: [&str; 9] = [
    "openid",
    "fhirUser",
    "launch",
    "launch/patient",
    "offline_access",
    "online_access",
    "patient/*.cruds",
    "user/*.cruds",
    "system/*.cruds",
];
const PROOFS: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

#[derive(Serialize)]
struct Configuration<'a> {
    issuer: &'a str,
    jwks_uri: String,
    authorization_endpoint: String,
    token_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    grant_types_supported: [&'a str; 3],
    response_types_supported: [&'a str; 1],
    scopes_supported: [&'a str; 9],
    code_challenge_methods_supported: [&'a str; 1],
    token_endpoint_auth_methods_supported: [&'a str; 4],
    token_endpoint_auth_signing_alg_values_supported: [&'a str; 2],
    introspection_endpoint_auth_methods_supported: [&'a str; 3],
    revocation_endpoint_auth_methods_supported: [&'a str; 4],
    authorization_response_iss_parameter_supported: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    capabilities: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    subject_types_supported: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    id_token_signing_alg_values_supported: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    claims_supported: &'a [&'a str],
}

fn configuration(names: &Names) -> Configuration<'_> {
    let at = |path: &str| format!("{}/oauth/{path}", names.base);
    let [basic, post, key] = PROOFS;
    Configuration {
        issuer: names.issuer(),
        jwks_uri: at("jwks"),
        authorization_endpoint: at("authorize"),
        token_endpoint: names.token(),
        introspection_endpoint: at("introspect"),
        revocation_endpoint: at("revoke"),
        grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
        response_types_supported: ["code"],
        scopes_supported: SCOPES,
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none", basic, post, key],
        token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
        introspection_endpoint_auth_methods_supported: PROOFS,
        revocation_endpoint_auth_methods_supported: ["none", basic, post, key],
        authorization_response_iss_parameter_supported: true,
        capabilities: &[],
        subject_types_supported: &[],
        id_token_signing_alg_values_supported: &[],
        claims_supported: &[],
    }
}

fn said(configuration: &Configuration<'_>) -> Response {
    let text = sonic_rs::to_string(configuration).unwrap_or_default();
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, text).into_response()
}

/// `/.well-known/smart-configuration`, of the house and of its FHIR base.
pub(crate) async fn smart(State(smart): State<Smart>, headers: HeaderMap) -> Response {
    match smart.names(&headers) {
        Ok(names) => said(&Configuration { capabilities: &CAPABILITIES, ..configuration(&names) }),
        Err(outcome) => answer::refused(&outcome, false),
    }
}

/// `/.well-known/openid-configuration`: for whoever verifies an `id_token`.
/// <https://openid.net/specs/openid-connect-discovery-1_0.html>
pub(crate) async fn openid(State(smart): State<Smart>, headers: HeaderMap) -> Response {
    match smart.names(&headers) {
        Ok(names) => said(&Configuration {
            subject_types_supported: &["public"],
            id_token_signing_alg_values_supported: &["RS256"],
            claims_supported: &["iss", "sub", "aud", "iat", "exp", "nonce", "fhirUser"],
            ..configuration(&names)
        }),
        Err(outcome) => answer::refused(&outcome, false),
    }
}
