use super::model::{PairLine, line, pair};
use super::page::{self, Before, Choice, Shown};
use super::{asked, place};
use std::collections::HashMap;
use yba_fhir::json::{Value, json};
use yba_mpi::doubts::Doubt;
use yba_mpi::evidence::Reason;
use yba_mpi::patient::Summary;
use yba_ui::compare::{Likeness, Pieces};

fn summary(id: &str, name: &str, birth: &str, cccd: &str) -> Summary {
    let mut tree: Value = json!({"resourceType": "Patient", "id": id, "name": [{"text": name}], "gender": "female", "birthDate": birth,
        "address": [{"text": "Bản Pắc Ta, xã Pắc Ta"}]});
    if !cccd.is_empty() {
        let (system, mrn) = ("https://yba.vn/fhir/sid/cccd", "https://yba.vn/fhir/sid/mrn/12001");
        tree["identifier"] = json!([{"system": system, "value": cccd}, {"system": mrn, "value": "26-1"}]);
    }
    Summary::of(&tree)
}

fn doubt() -> Doubt {
    let reason = |code: &str, bits: f64| Reason::of_code(code, bits).unwrap();
    Doubt {
        linkage: "lk-1".into(),
        weight: 31,
        reasons: vec![reason("name-plain", 10.7), reason("birth-swapped", 8.0), reason("cccd-differs", -6.0)],
        first: summary("p1", "Lò Thị Mai", "1990-01-02", "012190001234"),
        second: summary("p2", "LO THI MAI HOA", "1990-02-01", "012190001274"),
    }
}

fn shown(pieces: &Pieces) -> String {
    pieces.iter().map(|(marked, text)| if *marked { format!("[{text}]") } else { text.clone() }).collect()
}

#[test]
fn what_differs_is_marked_and_nothing_else() {
    let pair = pair(&doubt(), &HashMap::new(), "2026-11-22");
    let lines: Vec<String> = pair
        .lines
        .iter()
        .map(|line| {
            format!("{} {:?}: {} | {}", line.word, line.likeness, shown(&line.one), shown(&line.other))
        })
        .collect();
    let expected = [
        "Họ tên Differs: Lò Thị Mai | LO THI MAI [HOA]",
        "Ngày sinh Differs: 0[2]/0[1]/1990 (36 tuổi) | 0[1]/0[2]/1990 (36 tuổi)",
        "Giới tính Same: Nữ | Nữ",
        "Số định danh (CCCD) Differs: 0121900012[3]4 | 0121900012[7]4",
        "Nơi ở Same: Bản Pắc Ta, xã Pắc Ta | Bản Pắc Ta, xã Pắc Ta",
    ];
    assert_eq!(lines, expected);
    assert_eq!(pair.signs_for, ["Trùng họ tên, không kể dấu", "Ngày và tháng sinh bị đảo"]);
    assert_eq!(pair.signs_against, ["Hai số định danh cá nhân khác nhau"]);
    assert_eq!((pair.heads[0].facility.as_str(), pair.heads[0].number.as_str()), ("Cơ sở 12001", "261"));
}

#[test]
fn marks_alone_are_no_difference_and_what_one_side_lacks_is_no_quarrel() {
    let mut doubt = doubt();
    doubt.second = summary("p2", "lo thi mai", "1990", "");
    let pair = pair(&doubt, &HashMap::new(), "2026-11-22");
    let of = |word: &str| pair.lines.iter().find(|line| line.word == word).unwrap();
    assert_eq!(of("Họ tên").likeness, Likeness::Same);
    assert_eq!(of("Số định danh (CCCD)").likeness, Likeness::Missing);
    assert!(of("Số định danh (CCCD)").one.iter().all(|(marked, _)| !marked));
}

#[test]
fn the_list_says_why_and_leads_to_the_first_pair() {
    let names = HashMap::from([("12001".to_owned(), "Trạm y tế Bản Bo".to_owned())]);
    let line: PairLine = line(&doubt(), &names);
    assert_eq!(line.signs, "Trùng họ tên, không kể dấu, ngày và tháng sinh bị đảo");
    assert_eq!(line.facilities[0], "Trạm y tế Bản Bo");
    let markup = page::list(&[line], None, None, false).0;
    assert!(markup.contains("href=\"/nghi-trung/lk-1\" data-key=\"1\""), "{markup}");
    let empty = page::list(&[], None, None, true).0;
    assert!(empty.contains("Không còn cặp nào chờ xem") && !empty.contains("Đã xem hết"), "{empty}");
}

#[test]
fn every_choice_is_a_form_or_a_link_and_what_was_done_can_be_undone() {
    let pair = pair(&doubt(), &HashMap::new(), "2026-11-22");
    let before = Before { act: "a-1".into(), choice: Choice::Two, linkage: "lk-0".into() };
    let markup = page::pair(&Shown { pair: &pair, before: Some(&before), note: None }).0;
    for part in [
        "name=\"quyet\" value=\"mot\" data-key=\"1\"",
        "name=\"quyet\" value=\"hai\" data-key=\"2\"",
        "href=\"/nghi-trung/tiep?sau=31.lk-1\" data-key=\"3\"",
        "Đã ghi: hai người khác nhau.",
        "name=\"act\" value=\"a-1\"",
        "name=\"truoc\" value=\"lk-0\"",
    ] {
        assert!(markup.contains(part), "{part}: {markup}");
    }
}

#[test]
fn names_cannot_become_markup() {
    let mut doubt = doubt();
    doubt.first = summary("p1", "<img src=x onerror=alert(1)>", "1990-01-02", "<b>");
    let pair = pair(&doubt, &HashMap::new(), "2026-11-22");
    let markup = page::pair(&Shown { pair: &pair, before: None, note: None }).0;
    assert!(!markup.contains("<img") && !markup.contains("<b>"), "{markup}");
}

#[test]
fn odd_addresses_are_read_as_little() {
    assert_eq!(place("31.lk-1").map(|place| (place.weight, place.linkage)), Some((31, "lk-1".to_owned())));
    for odd in ["", "31", "x.lk-1", "31.", "31.<b>", "99999999999.lk-1"] {
        assert_eq!(place(odd), None, "{odd}");
    }
    assert!(asked(Some("xong=a&la=ba&truoc=b")).before.is_none());
    assert!(asked(Some("xong=a&la=mot&truoc=b&x&het=1")).before.is_some());
}
