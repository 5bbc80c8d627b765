//! The whole walk with the records in PostgreSQL: import, search page, API, check, audit, and a backup that is brought
//! back on SQLite.

use crate::claims::{file, hoso, key, visit};
use crate::house::{Home, House, Ran};
use std::path::Path;
use yba_fhir::json::{JsonValueTrait, items, str_at};

const VISITS: u32 = 12;

#[test]
fn a_province_lives_on_postgresql_and_its_backup_comes_back_on_sqlite() {
    let _alone = crate::house::cluster_alone();
    let Some(home) = Home::on_postgres() else { return };
    let path = home.beside("ho-so.xml");
    let hosos: Vec<String> = (1..=VISITS).map(|number| hoso(&visit(number))).collect();
    std::fs::write(&path, file("20260303", &hosos)).unwrap();
    let house = home.serve_open();
    let words = ["import", "bhyt", path.to_str().unwrap()];
    let ran = home.run(&words).expect(0);
    assert!(ran.out.contains(&format!("{VISITS} mới")), "{}", ran.out);
    let head = house.measure("yba_log_position");
    home.run(&words).expect(0);
    assert_eq!(house.measure("yba_log_position"), head, "a second run changes nothing");
    house.wait_for_links();
    the_record_is_there(&house);
    let version = stored_version(&house);
    home.run(&["check"]).expect(0);
    home.run(&["audit", "verify"]).expect(0);

    let saved = home.beside("luu.bak");
    home.run(&["backup", "--to", saved.to_str().unwrap()]).expect(0);
    assert_eq!(house.end().0.code(), Some(0));
    home.run(&["check"]).expect(0);

    let new = Home::new();
    restored(&new, &home, &saved).expect(0);
    new.run(&["check"]).expect(0);
    new.run(&["audit", "verify"]).expect(0);
    let house = new.serve_open();
    house.wait_for_links();
    the_record_is_there(&house);
    assert_eq!(stored_version(&house), version, "the same version, wherever it is");
    let ran = new.run(&words).expect(0);
    assert!(ran.out.contains("0 mới, 0 cập nhật"), "the province's key came along: {}", ran.out);
    drop(house);
    what_must_not_be_restored_is_refused(&new, &home, &saved);
}

/// Over records that are there, from a damaged file, with another node's key: refused, and nothing is changed.
fn what_must_not_be_restored_is_refused(new: &Home, old: &Home, saved: &Path) {
    assert_eq!(restored(new, old, saved).code, 1, "the folder holds records already");
    new.run(&["check"]).expect(0);
    let mut bytes = std::fs::read(saved).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = new.beside("hong.bak");
    std::fs::write(&damaged, &bytes).unwrap();
    assert_eq!(restored(&Home::new(), old, &damaged).code, 1, "one bit is another");
    std::fs::write(&damaged, &bytes[..middle]).unwrap();
    assert_eq!(restored(&Home::new(), old, &damaged).code, 1, "half of it is missing");
    let stranger = Home::new();
    stranger.serve_open().end();
    stranger.run(&["backup", "--to", stranger.beside("luu.bak").to_str().unwrap()]).expect(0);
    assert_eq!(restored(&Home::new(), &stranger, saved).code, 1, "another node's key");
}

fn the_record_is_there(house: &House) {
    let found = house.get(&format!("/fhir/Encounter?identifier={}&_include=Encounter:patient", key(3)));
    assert_eq!(found.status, 200, "{}", found.text());
    let bundle = found.json();
    let kinds: Vec<&str> =
        items(&bundle, "entry").filter_map(|entry| str_at(entry, &["resource", "resourceType"])).collect();
    assert_eq!(kinds, ["Encounter", "Patient"]);
    let all = house.get("/fhir/Patient?_count=5&_total=accurate&_sort=birthdate").json();
    assert_eq!(all.get("total").and_then(|total| total.as_u64()), Some(u64::from(VISITS)));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let page = house.ask("POST", "/tim", &form, "q=lo thi mau 3 1990".replace(' ', "+").as_bytes());
    assert_eq!(page.status, 200);
    assert!(page.text().to_lowercase().contains("mẫu"), "the search page finds the person:\n{}", page.text());
}

/// Version id and body of one record.
fn stored_version(house: &House) -> String {
    let found = house.get(&format!("/fhir/Encounter?identifier={}", key(3))).json();
    let id = items(&found, "entry").find_map(|entry| str_at(entry, &["resource", "id"])).unwrap().to_owned();
    let read = house.get(&format!("/fhir/Encounter/{id}"));
    format!("{} {}", read.header("etag").unwrap(), read.text())
}

/// Brings a backup into a home with the key of the node `old`.
fn restored(new: &Home, old: &Home, saved: &Path) -> Ran {
    let key = old.data().join("backup.key");
    new.run(&["restore", "--from", saved.to_str().unwrap(), "--key", key.to_str().unwrap()])
}
