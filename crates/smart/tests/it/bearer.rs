//! A token at the API: whose it is, and everything that ends it with the next request.

use crate::house::{House, each};
use yba_auth::Grant;
use yba_auth::smart::tables::ACCESS_MS;

const SCOPES: &str = "launch/patient patient/*.rs user/*.rs offline_access";
const ASKED: &str = "user/Observation.rs offline_access";

#[tokio::test]
async fn what_is_no_token_of_ours_opens_nothing() {
    let house = House::open(yba_testkit::records()).await;
    let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
    let code = house.code(&doctor, &app, ASKED, "").await;
    let given = house.fetch(&app, &code).await;
    let (access, refresh) = (given.word("access_token"), given.word("refresh_token"));
    assert_eq!(house.read(&access, "/fhir/Observation").await.status, 200);
    for forged in [
        "",
        "x",
        &refresh,
        &code,
        &doctor.0,
        &access.to_lowercase(),
        &access[1..],
        &"A".repeat(52),
        "' OR 1=1 --",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
    ] {
        let said = house.read(forged, "/fhir/Observation").await;
        assert_eq!(said.status, 401, "{forged}");
        let told = said.headers["www-authenticate"].to_str().unwrap();
        assert!(told.contains("error=\"invalid_token\"") && !said.text.contains("o-laboratory"), "{told}");
    }
    // A token is shown in its header, and a cookie beside it counts for nothing.
    assert_eq!(house.get(&format!("/fhir/Observation?access_token={access}")).await.status, 401);
    let cookie = format!("yba={}", doctor.0);
    let both =
        [("authorization", "Bearer x"), ("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(house.ask("GET", "/fhir/Observation", &both, "").await.status, 401);
    let as_session = [("cookie", &*format!("yba={access}"))];
    assert_eq!(
        house.ask("GET", "/oauth/authorize", &as_session, "").await.status,
        401,
        "no token is a session"
    );
    assert!(house.noted("app-use").await);
}

#[tokio::test]
async fn a_token_ends_with_whatever_made_it() {
    each(async |house| {
        let app = house.app(SCOPES).await;
        let (id, session) = house.account("bac.si", "doctor", None).await;
        let ctx = house.kit.ctx();
        let fresh = async |scope: &str| house.token(&session, &app, scope, "").await;
        let works = async |token: &str| house.read(token, "/fhir/Observation").await.status.as_u16();

        let token = fresh(ASKED).await;
        house.kit.advance_ms(ACCESS_MS - 1000);
        assert_eq!(works(&token).await, 200);
        house.kit.advance_ms(1000);
        assert_eq!(works(&token).await, 401, "ten minutes");

        let token = fresh(ASKED).await;
        house.gate.switch_client(&ctx, &app.id, true).await.unwrap();
        assert_eq!(works(&token).await, 401, "the app is switched off");
        house.gate.switch_client(&ctx, &app.id, false).await.unwrap();
        assert_eq!(works(&token).await, 200);

        house.gate.set_roles(&ctx, &id, vec![Grant::new("it-officer", house.gate.today())]).await.unwrap();
        let other = works(&token).await;
        assert!(other == 403 || other == 401, "the role is another: {other}");
        house.gate.set_roles(&ctx, &id, vec![Grant::new("doctor", house.gate.today())]).await.unwrap();
        assert_eq!(works(&token).await, 200);
        house.gate.set_roles(&ctx, &id, Vec::new()).await.unwrap();
        assert_eq!(works(&token).await, 401, "no role is left");
        house.gate.set_roles(&ctx, &id, vec![Grant::new("doctor", house.gate.today())]).await.unwrap();

        let (token, online) = (fresh(ASKED).await, fresh("user/Observation.rs").await);
        assert_eq!((works(&token).await, works(&online).await), (200, 200));
        house.gate.block(&ctx, &id).await.unwrap();
        assert_eq!((works(&token).await, works(&online).await), (401, 401), "the account is blocked");
        house.gate.unblock(&ctx, &id, "đã đi làm lại").await.unwrap();
        assert_eq!(
            (works(&token).await, works(&online).await),
            (401, 401),
            "and what it let in does not come back"
        );
    })
    .await;
}

#[tokio::test]
async fn what_the_app_did_stands_in_the_trail_under_its_person_and_its_name() {
    let house = House::open(yba_testkit::records()).await;
    let (id, session) = house.account("bac.si", "doctor", None).await;
    let app = house.app(SCOPES).await;
    let token = house.token(&session, &app, "launch/patient patient/*.rs", "p1").await;
    assert_eq!(house.read(&token, "/fhir/Patient/p1").await.status, 200);
    let wanted = yba_records::audit::Wanted { agent: format!("account/{id}"), ..Default::default() };
    let found = house.kit.records.audit_search(&house.kit.ctx(), &wanted, None, 5).await.unwrap();
    let read = found.entries.iter().find(|one| one.action == "read" && one.source == "rest").unwrap();
    assert_eq!(read.patients, ["p1"]);
    assert!(read.posts.split(' ').any(|one| one == format!("app/{}", app.id)), "{}", read.posts);
}
