//! An app opened from a person's record: for that person, that account, that app, once and soon.

use crate::app::{asking, with};
use crate::house::{BASE, FHIR, House, each};
use yba_auth::smart::tables::LAUNCH_MS;

const SCOPES: &str = "launch patient/*.rs user/*.rs openid";

fn launch(location: &str) -> String {
    location.split("launch=").nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_app_is_opened_from_a_record_and_sees_that_person() {
    each(async |house| {
        let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
        let page = house.page(&doctor, "/ung-dung/mo/p2").await;
        assert!(page.status == 200 && page.text.contains("Biểu đồ"), "{}", page.text);
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("https://app.test"));
        let opened = house.send(&doctor, "/ung-dung/mo/p2", &[("ung-dung", &app.id)]).await;
        assert_eq!((opened.status.as_u16(), opened.back("iss").as_str()), (303, FHIR));
        assert!(opened.location().starts_with("https://app.test/mo?iss="), "{}", opened.location());
        let token = launch(&opened.location());
        let asked = with(asking(&app.id, "launch patient/Observation.rs"), "launch", &token);
        let page = house.asked(&doctor, &asked).await;
        assert!(page.text.contains("Giàng A Hai") && !page.text.contains("Lò Thị Một"), "{}", page.text);
        // Whoever is chosen in the form is of no account: the record was.
        let said = house.let_in(&doctor, &asked, "p1").await;
        let given = house.fetch(&app, &said.back("code")).await;
        assert_eq!(
            (given.word("patient").as_str(), given.word("scope").as_str()),
            ("p2", "launch patient/Observation.rs")
        );
        let access = given.word("access_token");
        assert_eq!(
            house.read(&access, "/fhir/Observation").await.ids(),
            ["o-laboratory-p2", "o-vital-signs-p2"]
        );
        assert_eq!(
            house.let_in(&doctor, &asked, "p2").await.back("error"),
            "invalid_request",
            "a launch is good once"
        );
    })
    .await;
}

#[tokio::test]
async fn a_launch_is_of_one_account_one_app_and_five_minutes() {
    let house = House::open(yba_testkit::records()).await;
    let (doctor, app) = (house.doctor().await, house.app(SCOPES).await);
    let (other, (_, nurse)) = (house.app(SCOPES).await, house.account("y.ta", "nurse", None).await);
    let open =
        async || launch(&house.send(&doctor, "/ung-dung/mo/p1", &[("ung-dung", &app.id)]).await.location());
    let token = open().await;
    let refused = async |session, client: &str, token: &str| {
        let said = house
            .let_in(session, &with(asking(client, "launch patient/Observation.rs"), "launch", token), "p1")
            .await;
        (said.back("error"), said.back("iss"))
    };
    let invalid = ("invalid_request".to_owned(), BASE.to_owned());
    assert_eq!(refused(&nurse, &app.id, &token).await, invalid, "another account");
    assert_eq!(refused(&doctor, &other.id, &token).await, invalid, "another app");
    house.kit.advance_ms(LAUNCH_MS);
    assert_eq!(refused(&doctor, &app.id, &token).await, invalid, "too late");
    let token = open().await;
    let said = house
        .let_in(&doctor, &with(asking(&app.id, "launch patient/Observation.rs"), "launch", &token), "")
        .await;
    assert!(!said.back("code").is_empty(), "{}", said.location());
    assert_eq!(house.send(&doctor, "/ung-dung/mo/khong-co", &[("ung-dung", &app.id)]).await.status, 404);
    assert_eq!(house.send(&doctor, "/ung-dung/mo/p1", &[("ung-dung", "khong-co")]).await.status, 404);
    assert_eq!(house.page(&doctor, "/ung-dung/mo/khong-co").await.status, 404);
    house.gate.switch_client(&house.kit.ctx(), &app.id, true).await.unwrap();
    assert_eq!(house.send(&doctor, "/ung-dung/mo/p1", &[("ung-dung", &app.id)]).await.status, 404);
}
