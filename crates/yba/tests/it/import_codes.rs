//! Someone of the health department brings the Ministry's table of a code list into the node's content.

use crate::house::Home;
use std::process::Command;

/// The exit code, and what was said to both outputs.
fn import(home: &Home, words: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yba"));
    let ran = command.args(["import", "codes"]).args(words).current_dir(home.folder.path()).output().unwrap();
    let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (ran.status.code().unwrap(), said)
}

const FIRST: &str = "Danh mục\nMã dịch vụ;Tên dịch vụ;Đơn giá\nA1;Khám;30.000\nB2;Giường;1\n";
const SECOND: &str = "Mã dịch vụ;Tên dịch vụ;Đơn giá\nA1;Khám;45.000\nC3;Mổ;miễn phí\nD4;Chụp;7\n";

#[test]
fn a_table_is_tried_mended_and_taken_in() {
    let home = Home::new();
    std::fs::write(home.folder.path().join("mot.csv"), FIRST).unwrap();
    std::fs::write(home.folder.path().join("hai.csv"), SECOND).unwrap();
    let first = ["dvkt-vn", "mot.csv", "--from", "2026-01-01", "--out", "noi-dung"];
    let (code, said) = import(&home, &[&first[..], &["--dry-run"]].concat());
    assert_eq!((code, home.folder.path().join("noi-dung").exists()), (0, false), "{said}");
    let (code, said) = import(&home, &first);
    assert!(code == 0 && said.contains("2 mã") && said.contains("2026-01-01.csv"), "{said}");

    let second = ["dvkt-vn", "hai.csv", "--from", "2026-07-01", "--out", "noi-dung", "--report", "doi.csv"];
    let edition = home.folder.path().join("noi-dung/codes/dvkt-vn/2026-07-01.csv");
    let (code, said) = import(&home, &second);
    assert!(code == 1 && said.contains("ô C3: “miễn phí”") && !edition.exists(), "{said}");
    let (code, said) = import(&home, &[&second[..], &["--skip"]].concat());
    assert!(code == 1 && edition.exists(), "{said}");
    for told in ["So với bản 2026-01-01", "A1: \"30000\" → \"45000\"", "D4 Chụp", "B2 Giường", "đổi giá: 1"]
    {
        assert!(said.contains(told), "{told} in {said}");
    }
    let report = std::fs::read_to_string(home.folder.path().join("doi.csv")).unwrap();
    assert!(
        report.starts_with("\u{feff}thay đổi,mã,trước,sau\n") && report.contains("bỏ,B2,Giường,"),
        "{report}"
    );
}

#[test]
fn wrong_usage_and_wrong_files_have_their_exit_codes() {
    let home = Home::new();
    std::fs::write(home.folder.path().join("a.xlsx"), b"PK nothing").unwrap();
    let of = |words: &[&str]| import(&home, words);
    assert_eq!(of(&["dvkt-vn", "a.xlsx", "--from", "2026-07-01", "--out", "o"]).0, 1);
    assert_eq!(of(&["dvkt-vn", "a.xlsx", "--from", "01/07/2026", "--out", "o"]).0, 2);
    let (code, said) = of(&["dvkt-vn", "a.xlsx", "--from", "2026-07-01"]);
    assert!(code == 2 && said.contains("--out"), "{said}");
}
