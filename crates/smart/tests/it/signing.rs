//! Who somebody is, for an app: signed by a key of ours that is shown, and changed in time.

use crate::app::{asking, with};
use crate::house::{BASE, FHIR, each};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use yba_auth::smart::keys::{SHOWN_MS, SIGNS_MS};

const SCOPES: &str = "openid fhirUser offline_access";

fn verified(token: &str, keys: &str, client: &str) -> Option<serde_json::Value> {
    let set: JwkSet = serde_json::from_str(keys).unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!(header.alg, Algorithm::RS256);
    let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap())?).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[client]);
    validation.set_issuer(&[BASE]);
    validation.validate_exp = false;
    Some(decode::<serde_json::Value>(token, &key, &validation).unwrap().claims)
}

#[tokio::test]
async fn an_app_learns_who_somebody_is_from_a_key_that_is_shown() {
    each(async |house| {
        let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
        let fetch = async || {
            let said = house.let_in(&doctor, &with(asking(&app.id, SCOPES), "nonce", "n-1"), "").await;
            house.fetch(&app, &said.back("code")).await.word("id_token")
        };
        let first = fetch().await;
        let keys = async || house.get("/oauth/jwks").await.text;
        let shown = keys().await;
        assert!(!shown.contains("\"d\"") && !shown.contains("PRIVATE"), "{shown}");
        let claims = verified(&first, &shown, &app.id).unwrap();
        for (name, value) in [("nonce", "n-1"), ("fhirUser", &*format!("{FHIR}/Practitioner/bs1"))] {
            assert_eq!(claims[name], value);
        }
        assert_eq!(keys().await, shown, "the same key goes on");
        house.kit.advance_ms(SIGNS_MS);
        let again = house.account("khac", "doctor", None).await.1;
        let said = house.let_in(&again, &asking(&app.id, SCOPES), "").await;
        let second = house.fetch(&app, &said.back("code")).await.word("id_token");
        let both = keys().await;
        assert!(verified(&first, &both, &app.id).is_some() && verified(&second, &both, &app.id).is_some());
        assert!(verified(&second, &shown, &app.id).is_none(), "a new key");
        house.kit.advance_ms(SHOWN_MS - SIGNS_MS);
        assert!(
            verified(&first, &keys().await, &app.id).is_none()
                && verified(&second, &keys().await, &app.id).is_some()
        );
    })
    .await;
}
