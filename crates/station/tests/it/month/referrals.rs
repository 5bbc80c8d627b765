//! Who is sent to the hospital, and who came there.

use crate::house::{House, lines, main};
use crate::truth::{Referral, Truth, Visit, typed};
use yba_fhir::json::json;

/// Where people are sent, and somebody who works there.
const HOSPITAL: (&str, &str) = ("bv-tinh", "Bệnh viện Đa khoa tỉnh Lai Châu");
const DOCTOR: &str = "bs.hai";

/// The hospital, with somebody who receives people.
pub async fn hospital(house: &House) {
    let (id, name) = HOSPITAL;
    house.keep(json!({"resourceType": "Organization", "id": id, "active": true, "name": name})).await;
    house.hire(DOCTOR, "Phạm Văn Hải", "doctor", id).await;
}

/// Whoever was just seen is sent there.
pub async fn written(house: &House, truth: &mut Truth, is_urgent: bool) {
    let Visit { person, day, icd, .. } = truth.visits.last().unwrap();
    let page = format!("/chuyen-tuyen/{}/{}", person.id, HOSPITAL.0);
    let mut form = house.form(&page, &page).await;
    // What the visit said stands there.
    assert!(form.all("main")[0].contains(icd[0]), "{:?}", form.fields);
    assert!(form.all("findings")[0].contains("37,2 °C"), "{:?}", form.fields);
    form.set("why", if is_urgent { "emergency" } else { "beyond" }).set("transport", "ambulance");
    house.send(&form).await;
    house.send(&form).await;
    let (person, day, icd) = (person.clone(), *day, icd[0]);
    truth.referrals.push(Referral { person, day, icd, to: HOSPITAL.1, is_urgent, is_received: false });
}

/// The last who was sent goes home after all.
pub async fn taken_back(house: &House, truth: &mut Truth) {
    let gone = truth.referrals.pop().unwrap();
    let page = format!("/chuyen-tuyen/{}", gone.person.id);
    house.send(&house.form(&page, &format!("{page}/rut")).await).await;
}

/// The hospital receives the first of those who were sent: it sees them all.
pub async fn received(house: &mut House, truth: &mut Truth) {
    house.come_in(DOCTOR).await;
    listed(house, truth).await;
    let first = &mut truth.referrals[0];
    let page = format!("/chuyen-tuyen/{}", first.person.id);
    house.send(&house.form(&page, &format!("{page}/nhan")).await).await;
    first.is_received = true;
}

/// The list, on either side.
pub async fn listed(house: &House, truth: &Truth) {
    let page = house.get("/chuyen-tuyen").await.text;
    let line = |cells: Vec<String>| {
        let icd = cells[1].rsplit_once('(').map_or("", |(_, code)| code.trim_end_matches(')'));
        let day = cells[3].split(' ').next().unwrap_or_default();
        [cells[0].as_str(), icd, &cells[2], day, &cells[4]].map(str::to_owned).to_vec()
    };
    let said = lines(&page).into_iter().map(line).collect();
    let expected = truth.referrals.iter().map(|one| {
        let way = format!("Trạm Y tế xã Bản Bo → {}", one.to);
        [one.person.name.as_str(), one.icd, &way, &typed(one.day), one.standing()].map(str::to_owned).to_vec()
    });
    super::papers::same(said, expected.collect(), &format!("who was sent: {}", main(&page)));
}
