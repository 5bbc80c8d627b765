//! Editions are written as content reads them, and what they change is told.

use crate::kit::*;
use yba_content::Content;
use yba_sheets::difference::What;
use yba_sheets::{Difference, Edition};

fn services(rows: &[[&'static str; 5]]) -> Book {
    let header = texts(&["Mã dịch vụ", "Tên dịch vụ", "Đơn giá", "Từ ngày", "Đến ngày"]);
    book(vec![("DM", std::iter::once(header).chain(rows.iter().map(|row| texts(row))).collect())])
}

#[test]
fn an_edition_comes_back_out_of_content_as_it_went_in_and_tells_what_it_changed() {
    let out = tempfile::tempdir().unwrap();
    let first = services(&[
        ["A", "Khám, tư vấn \"nhanh\"", "30000", "", ""],
        ["B", "Giường", "1", "", ""],
        ["C", "Mổ", "9", "01/01/2026", ""],
    ]);
    let found = import(&first, "dvkt-vn", None).unwrap();
    let built_in = Content::built_in();
    let edition = Edition::of(&built_in, "dvkt-vn", day("2026-01-01"), &found.rows, None).unwrap();
    assert_eq!(edition.files.len(), 1, "the list is built in");
    edition.write(out.path(), false).unwrap();
    let content = Content::with_folder(out.path()).unwrap();
    let list = content.code_list("dvkt-vn", day("2026-06-30")).unwrap();
    assert_eq!((list.codes.len(), list.title("A")), (3, Some("Khám, tư vấn \"nhanh\"")));
    assert_eq!((list.codes[2].price.as_str(), list.codes[2].from), ("9", Some(day("2026-01-01"))));

    let second = services(&[
        ["A", "Khám bệnh", "45000", "", ""],
        ["C", "Mổ", "9", "01/01/2026", "31/12/2026"],
        ["D", "Chụp", "7", "", ""],
    ]);
    let found = import(&second, "dvkt-vn", None).unwrap();
    let difference = Difference::of(Some(list), &found.rows);
    let told: Vec<_> = difference
        .changes
        .iter()
        .map(|one| (one.what, one.code.as_str(), one.before.as_str(), one.after.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (What::Title, "A", "Khám, tư vấn \"nhanh\"", "Khám bệnh"),
            (What::Price, "A", "30000", "45000"),
            (What::Period, "C", "2026-01-01..", "2026-01-01..2026-12-31"),
            (What::Added, "D", "", "Chụp"),
            (What::Removed, "B", "Giường", ""),
        ]
    );
    assert_eq!(difference.csv().lines().nth(1), Some(r#"đổi tên,A,"Khám, tư vấn ""nhanh""",Khám bệnh"#));
    let edition = Edition::of(&content, "dvkt-vn", day("2026-07-01"), &found.rows, None).unwrap();
    edition.write(out.path(), false).unwrap();
    let content = Content::with_folder(out.path()).unwrap();
    assert_eq!(content.code_list("dvkt-vn", day("2026-07-01")).unwrap().codes.len(), 3);
    assert_eq!(
        content.code_list("dvkt-vn", day("2026-06-30")).unwrap().title("B"),
        Some("Giường"),
        "the old one stays"
    );
    assert_eq!(
        Difference::of(content.code_list("dvkt-vn", day("2026-07-01")), &found.rows),
        Difference::default()
    );
}

#[test]
fn a_law_is_named_among_the_lists_and_must_be_there() {
    let out = tempfile::tempdir().unwrap();
    let found = import(&services(&[["A", "Khám", "1", "", ""]]), "dvkt-vn", None).unwrap();
    let content = Content::built_in();
    let of = |law| Edition::of(&content, "dvkt-vn", day("2026-07-01"), &found.rows, Some(law));
    assert_eq!(of("khong-co").unwrap_err().issues[0].key, "sheet-no-law");
    assert_eq!(of("qd-2010-2025-byt").unwrap().files.len(), 1, "it is named there already");
    of("qd-1804-2026-byt").unwrap().write(out.path(), false).unwrap();
    let with = Content::with_folder(out.path()).unwrap();
    let (before, after) = (content.list_head("dvkt-vn").unwrap(), with.list_head("dvkt-vn").unwrap());
    assert_eq!(after.basis, ["qd-2010-2025-byt", "qd-1804-2026-byt"]);
    assert_eq!(
        (&after.url, &after.title, &after.note, after.complete),
        (&before.url, &before.title, &before.note, before.complete)
    );
    assert_eq!(
        Edition::of(&content, "khong-co", day("2026-07-01"), &[], None).unwrap_err().issues[0].key,
        "sheet-no-list"
    );
}

#[test]
fn another_edition_of_the_day_stays_unless_told() {
    let out = tempfile::tempdir().unwrap();
    let content = Content::built_in();
    let edition = |title: &'static str| {
        let found = import(&services(&[["A", title, "1", "", ""]]), "dvkt-vn", None).unwrap();
        Edition::of(&content, "dvkt-vn", day("2026-07-01"), &found.rows, None).unwrap()
    };
    let title = || {
        let content = Content::with_folder(out.path()).unwrap();
        content.code_list("dvkt-vn", day("2026-07-01")).unwrap().codes[0].title.clone()
    };
    edition("Khám").write(out.path(), false).unwrap();
    edition("Khám").write(out.path(), false).unwrap();
    assert_eq!(edition("Mổ").write(out.path(), false).unwrap_err().issues[0].key, "sheet-edition-exists");
    assert_eq!(title(), "Khám");
    edition("Mổ").write(out.path(), true).unwrap();
    assert_eq!(title(), "Mổ");
}

#[test]
fn what_would_break_the_folder_is_taken_back() {
    let out = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(out.path().join("codes/x")).unwrap();
    std::fs::write(out.path().join("codes/x/2026-01-01.csv"), "code,title\nA,B\n").unwrap();
    let found = import(&services(&[["A", "Khám", "1", "", ""]]), "dvkt-vn", None).unwrap();
    let edition = Edition::of(&Content::built_in(), "dvkt-vn", day("2026-07-01"), &found.rows, None).unwrap();
    assert_eq!(edition.write(out.path(), false).unwrap_err().issues[0].key, "sheet-content");
    assert!(!out.path().join("codes/dvkt-vn/2026-07-01.csv").exists());
}
