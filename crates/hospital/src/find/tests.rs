use super::model::{Person, hit, marked};
use super::page::{Answer, found, page};
use crate::people::People;

fn person(name: &str) -> Person {
    Person {
        id: "p1".into(),
        name: name.into(),
        birth: "1986-03-08".into(),
        sex: "female".into(),
        commune: "Xã Bản Bo".into(),
        numbers: vec![("Số định danh".into(), "012186004821".into())],
        insured_until: Some("2026-12-31".into()),
        facilities: 2,
        ..Person::default()
    }
}

fn people(people: Vec<Person>) -> People {
    People { people, ..People::default() }
}

fn show(pieces: &[(bool, String)]) -> String {
    pieces.iter().map(|(matched, text)| if *matched { format!("[{text}]") } else { text.clone() }).collect()
}

#[test]
fn the_matched_part_of_a_name_is_marked_whatever_its_marks() {
    for (name, query, expected) in [
        ("Huỳnh Ngọc Ẩn", "ngoc", "Huỳnh [Ngọc] Ẩn"),
        ("Huỳnh Ngọc Ẩn", "ng", "Huỳnh [Ng]ọc Ẩn"),
        ("Đặng Quỳnh Như", "dang nhu 1986", "[Đặng] Quỳnh [Như]"),
        ("Nguyễn Thị Lành", "012186004821", "Nguyễn Thị Lành"),
        ("Lò Thị Lả", "la lo", "[Lò] Thị [Lả]"),
        ("Vàng A Dờ", "VÀNG", "[Vàng] A Dờ"),
        ("", "x", ""),
    ] {
        assert_eq!(show(&marked(name, query)), expected, "{name} / {query}");
    }
    // A name in decomposed form keeps its marks inside the marked part.
    assert_eq!(show(&marked("Lo\u{300} A", "lo")), "[Lo\u{300}] A");
}

#[test]
fn a_line_masks_numbers_and_tells_the_insurance() {
    let line = hit(&person("Nguyễn Thị Lành"), "lanh", "2026-11-26");
    assert_eq!(line.about, ["1986", "Nữ", "Xã Bản Bo"]);
    assert_eq!(line.papers, ["Số định danh ••••4821", "BHYT còn hạn"]);
    let late = hit(&person("Nguyễn Thị Lành"), "lanh", "2027-01-01");
    assert_eq!(late.papers[1], "BHYT hết hạn");
    let markup = found(&Answer::People("lanh", people(vec![person("Nguyễn Thị Lành")])), "2026-11-26").0;
    assert!(!markup.contains("012186004821"), "{markup}");
}

#[test]
fn the_first_result_is_preselected_and_too_many_says_so() {
    let many = People { more: true, ..people((0..20).map(|_| person("Lò Thị Lả")).collect()) };
    let markup = found(&Answer::People("lo", many), "2026-11-26").0;
    assert_eq!(markup.matches("aria-selected=\"true\"").count(), 1);
    assert_eq!(markup.matches("role=\"option\"").count(), 20);
    assert!(markup.contains("Hơn 20 người"));
    assert!(found(&Answer::People("xyz", people(vec![])), "2026-11-26").0.contains("Không tìm thấy ai"));
    assert!(found(&Answer::TooShort("l"), "2026-11-26").0.contains("ít nhất 2 ký tự"));
}

#[test]
fn what_someone_typed_cannot_become_markup() {
    let nasty = "<img src=x onerror=alert(1)>\"'";
    let markup = page(&Answer::People(nasty, people(vec![person(nasty)])), "2026-11-26").0;
    assert!(!markup.contains("<img"), "{markup}");
}
