//! Two people at work for the same person at once.

use crate::house::{Answer, Form, House, STATION, main};
use axum::http::StatusCode;
use yba_fhir::Day;
use yba_fhir::json::json;

async fn both(house: &House, one: &Form, other: &Form) -> [Answer; 2] {
    tokio::join!(house.post(&one.action, &one.fields), house.post(&other.action, &other.fields)).into()
}

/// Just one of two was taken; what the other was told.
fn refused(answers: &[Answer; 2]) -> String {
    let not_taken: Vec<&Answer> = answers.iter().filter(|one| one.status != StatusCode::SEE_OTHER).collect();
    let [only] = not_taken[..] else {
        let said: Vec<String> =
            answers.iter().map(|one| format!("{} {}", one.status, main(&one.text))).collect();
        panic!("not just one was taken: {said:?}")
    };
    assert_eq!(only.status.as_u16() / 100, 4, "{}", main(&only.text));
    main(&only.text)
}

#[tokio::test]
async fn a_dose_that_two_nurses_write_at_once_is_written_once() {
    let house = House::open(Day::parse("2026-09-15").unwrap()).await;
    house
        .keep(json!({"resourceType": "Patient", "id": "be", "gender": "female", "birthDate": "2026-09-14",
            "name": [{"text": "Lò Thị Bé"}], "managingOrganization": {"reference": (format!("Organization/{STATION}"))}}))
        .await;
    house.follow().await;
    let page = "/tiem-chung/be";
    let mut forms = [house.form(page, page).await, house.form(page, page).await];
    for form in &mut forms {
        let offered: Vec<String> = form.all("mui").iter().map(|one| (*one).to_owned()).collect();
        assert!(!offered.is_empty(), "a newborn is due for something");
        for series in offered {
            form.set(&format!("lo-{series}"), "LO-1").set(&format!("han-{series}"), "30/06/2028");
        }
        form.set("sl-khong", "1");
    }
    assert_ne!(forms[0].all("phieu"), forms[1].all("phieu"), "two forms, no form sent twice");
    let answers = both(&house, &forms[0], &forms[1]).await;
    let said = refused(&answers);
    assert!(said.contains("đã ghi cho ngày này rồi"), "{said}");
}
