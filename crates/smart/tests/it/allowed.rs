//! What somebody let apps do, shown to them and taken back by them.

use crate::house::each;

const LET_IN: &str = "/tai-khoan/ung-dung-cho-phep";
const ASKED: &str = "patient/Observation.rs offline_access";

#[tokio::test]
async fn somebody_sees_and_takes_back_what_they_let_apps_do() {
    each(async |house| {
        let app = house.app("launch/patient patient/*.rs user/*.rs offline_access").await;
        let doctor = house.doctor().await;
        let (_, other) = house.account("bac.si.khac", "doctor", None).await;
        let page = house.page(&doctor, LET_IN).await;
        assert!(page.status == 200 && page.text.contains("Chưa có"), "{}", page.text);
        let given = house.fetch(&app, &house.code(&doctor, &app, ASKED, "p1").await).await;
        let (access, refresh) = (given.word("access_token"), given.word("refresh_token"));
        let by_other = house.token(&other, &app, "user/Observation.rs", "").await;

        let page = house.page(&doctor, LET_IN).await;
        let (_, after) = page.text.split_once("name=\"quyen\" value=\"").expect("one to take back");
        let grant = after.split('"').next().unwrap().to_owned();
        assert!(page.text.contains(&app.name) && page.text.contains("1 quyền"), "{}", page.text);
        assert!(
            page.text.contains("Xem, tìm kết quả, dấu hiệu sinh tồn của người bệnh này"),
            "{}",
            page.text
        );

        // Somebody else's form, and one of nothing, change nothing.
        for (session, grant) in [(&other, grant.as_str()), (&doctor, "nothing"), (&doctor, "")] {
            assert_eq!(house.send(session, LET_IN, &[("quyen", grant)]).await.status, 303);
        }
        assert_eq!(house.read(&access, "/fhir/Observation").await.status, 200);
        assert_eq!(house.send(&doctor, LET_IN, &[("quyen", &grant)]).await.status, 303);
        assert_eq!(house.read(&access, "/fhir/Observation").await.status, 401, "at once");
        assert_eq!(house.renew(&app, &refresh).await.status, 400);
        assert_eq!(house.read(&by_other, "/fhir/Observation").await.status, 200, "theirs stays");
        assert!(house.page(&doctor, LET_IN).await.text.contains("Chưa có"));
        assert!(house.trail().await.contains(&("app-take-back".to_owned(), false)));
        // Whoever is not here is shown nothing.
        assert_ne!(house.get(LET_IN).await.status, 200);
    })
    .await;
}
