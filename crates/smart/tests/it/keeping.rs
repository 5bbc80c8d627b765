//! Who keeps accounts registers apps; nobody else comes near them.

use crate::house::House;
use yba_auth::token::Token;
use yba_records::gate::{Origin, Visitor};
use yba_testkit::app_code;

async fn keeper(house: &House) -> Token {
    let (_, session) = house.account("cntt", "it-officer", None).await;
    let from = Origin::default();
    if let Visitor::Halfway(here, _) = house.gate.visitor(&session.0, &from).await.unwrap() {
        let setup = house.gate.set_up_app(&here).unwrap();
        let code = app_code(&setup.text, house.kit.now_ms());
        house.gate.keep_app(&here, &setup.sealed, &code, &from).await.unwrap();
    }
    session
}

const APP: [(&str, &str); 4] = [
    ("name", "Ứng dụng <b>mới</b>"),
    ("sort", "confidential"),
    ("redirects", "https://a.test/ve https://b.test/ve"),
    ("scopes", "launch/patient patient/Observation.rs"),
];

#[tokio::test]
async fn an_app_is_registered_switched_off_and_given_another_secret() {
    let house = House::open(yba_testkit::records()).await;
    let keeper = keeper(&house).await;
    let said = house.send(&keeper, "/quan-tri/ung-dung", &APP).await;
    assert_eq!(said.status, 200, "{}", said.text);
    let inside = |text: &str, id: &str| {
        text.split(&format!("id=\"{id}\">"))
            .nth(1)
            .and_then(|rest| rest.split('<').next())
            .unwrap_or_default()
            .to_owned()
    };
    let (id, secret) = (inside(&said.text, "ma-ung-dung"), inside(&said.text, "ma-bi-mat"));
    assert!(house.gate.client(&id).await.unwrap().unwrap().has_secret(&secret), "{id} {secret}");
    let list = house.page(&keeper, "/quan-tri/ung-dung").await;
    assert!(list.text.contains("Ứng dụng &lt;b&gt;mới") && !list.text.contains(&secret));
    let one = house.page(&keeper, &format!("/quan-tri/ung-dung/{id}")).await;
    assert!(one.text.contains(&id) && one.text.contains("Xem, tìm kết quả") && !one.text.contains(&secret));
    let again = house.send(&keeper, &format!("/quan-tri/ung-dung/{id}/ma-bi-mat"), &[]).await;
    let fresh = inside(&again.text, "ma-bi-mat");
    let client = house.gate.client(&id).await.unwrap().unwrap();
    assert!(client.has_secret(&fresh) && !client.has_secret(&secret));
    assert_eq!(
        house.send(&keeper, &format!("/quan-tri/ung-dung/{id}/tat"), &[("off", "true")]).await.status,
        303
    );
    assert_eq!(house.gate.client(&id).await.unwrap(), None);
    assert_eq!(
        house.send(&keeper, &format!("/quan-tri/ung-dung/{id}/tat"), &[("off", "false")]).await.status,
        303
    );
    assert!(house.gate.client(&id).await.unwrap().is_some());
}

#[tokio::test]
async fn what_was_typed_wrongly_is_kept_and_said_beside_its_field() {
    let house = House::open(yba_testkit::records()).await;
    let keeper = keeper(&house).await;
    let mut typed = APP;
    typed[2].1 = "http://khong-an-toan.test/";
    let said = house.send(&keeper, "/quan-tri/ung-dung", &typed).await;
    assert_eq!(said.status, 422);
    assert!(
        said.text.contains("http://khong-an-toan.test/")
            && said.text.contains("Ghi từ 1 đến 10 địa chỉ quay về")
    );
    assert!(house.gate.clients(&house.kit.ctx()).await.unwrap().is_empty());
}

#[tokio::test]
async fn nobody_else_comes_near_apps() {
    let house = House::open(yba_testkit::records()).await;
    let (doctor, app) = (house.doctor().await, house.app("user/*.rs").await);
    let one = format!("/quan-tri/ung-dung/{}", app.id);
    for path in ["/quan-tri/ung-dung", &one] {
        assert_eq!(house.page(&doctor, path).await.status, 403, "{path}");
        assert_eq!(house.get(path).await.status, 401, "{path}");
    }
    for path in ["/quan-tri/ung-dung", &*format!("{one}/tat"), &*format!("{one}/ma-bi-mat")] {
        assert_eq!(house.send(&doctor, path, &APP).await.status, 403, "{path}");
    }
    for (kind, status) in [("YbaClient", 404), ("YbaAccount", 404)] {
        let path = format!("/fhir/{kind}/{}", app.id);
        let cookie = format!("yba={}", doctor.0);
        assert_eq!(house.ask("GET", &path, &[("cookie", &cookie)], "").await.status, status);
    }
    assert!(house.noted("apps").await && house.noted("app-register").await);
}
