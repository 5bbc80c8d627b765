//! Somebody with two lists of people asks which rows are the same person.

use crate::house::Home;
use std::process::Command;

/// The exit code, standard output and standard error of `yba mpi link` in the folder of this home.
fn link(home: &Home, words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yba"));
    let ran = command.args(["mpi", "link"]).args(words).current_dir(home.folder.path()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (ran.status.code().unwrap(), text(ran.stdout), text(ran.stderr))
}

const FIRST: &str = "\u{feff}ma;ho;ten;gioi;ngay;so;dt\n\
    a1;Lò Thị;Mai;Nữ;02/01/1990;012190001234;0912345678\n\
    a2;Giàng A;Sử;Nam;5/6/1985;;0987654321\n\
    a3;Nguyễn Văn;An;Nam;1970;001070000001;\n\
    a4;Vàng Thị;Dở;Nữ;1/2/2001;;\n";
const SECOND: &str = "id,hoten,gioi,ngay,so,dt\n\
    b1,LO THI MAI,F,1990-01-02,12190001234,\n\
    b2,Dàng A Xử,M,1985-06-05,,+84987654321\n\
    b3,Trần Thị Hoa,F,1999-09-09,,0911111111\n\
    b4,Lò Thị Mai,F,2015-01-02,,\n";
const COLUMNS: &str = "id = 'ma'\nname = ['ho', 'ten']\nsex = 'gioi'\nbirth = 'ngay'\nidentity = 'so'\nphone = 'dt'\n\
    [second]\nid = 'id'\nname = 'hoten'\n";

fn files(home: &Home) {
    for (name, text) in [("a.csv", FIRST), ("b.csv", SECOND), ("cot.toml", COLUMNS)] {
        std::fs::write(home.folder.path().join(name), text).unwrap();
    }
}

#[test]
fn two_lists_of_other_shapes_are_linked_with_weights_and_reasons() {
    let home = Home::new();
    files(&home);
    let (code, out, err) = link(&home, &["a.csv", "b.csv", "--columns", "cot.toml", "--out", "cap.csv"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("8 rows, "), "{out}");
    let pairs = std::fs::read_to_string(home.folder.path().join("cap.csv")).unwrap();
    let mut lines = pairs.lines();
    assert_eq!(lines.next(), Some("a,b,band,weight,probability,reasons"));
    let found: Vec<&str> = lines.map(|line| line.split(',').next().unwrap()).collect();
    assert!(pairs.contains("\na1,b1,link,") && pairs.contains("cccd-same +"), "{pairs}");
    assert!(pairs.contains("\na2,b2,"), "names that sound alike, the date and the phone: {pairs}");
    assert_eq!(found, ["a1", "a2"], "{pairs}");
    let (code, out, err) = link(&home, &["a.csv", "b.csv", "--columns", "cot.toml", "--out", "-"]);
    assert_eq!((code, out.as_str()), (0, pairs.as_str()));
    assert!(err.starts_with("8 rows, "), "figures do not stand among the pairs: {err}");
}

#[test]
fn registrations_of_the_invented_province_are_linked_and_measured() {
    let home = Home::new();
    let plan = ["--people", "600", "--years", "1", "--until", "2026-03-01"];
    let out = ["--registrations", "--out", "gia-dinh"];
    let made = Command::new(env!("CARGO_BIN_EXE_yba"))
        .arg("synth")
        .args(plan)
        .args(out)
        .current_dir(home.folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for file in ["gia-dinh/registrations.csv", "gia-dinh/registrations-without-numbers.csv"] {
        let words = [file, "--columns", "gia-dinh/registrations.toml", "--out", "cap.csv", "--weights"];
        let (code, told, err) = link(&home, &words);
        assert_eq!(code, 0, "{err}");
        let figure = |what: &str| -> f64 {
            let line =
                told.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_else(|| panic!("{told}"));
            line.split([' ', ',']).next().unwrap().parse().unwrap()
        };
        assert!(figure("precision ") >= 0.99 && figure("recall with doubts ") >= 0.9, "{told}");
        assert!(figure("doubts for each hundred rows ") <= 1.0, "{told}");
        assert!(told.contains("name-marks\t+"), "{told}");
    }
}

#[test]
fn what_is_wrong_with_files_and_usage_is_said() {
    let home = Home::new();
    files(&home);
    std::fs::write(home.folder.path().join("odd.toml"), "name = 'x'\nbirth = 'y'\n").unwrap();
    std::fs::write(home.folder.path().join("typo.toml"), "nmae = 'ho'\n").unwrap();
    std::fs::write(home.folder.path().join("bytes.csv"), b"ma;ho;ten;gioi;ngay;so;dt\na;\xff\xfe;x;;;;\n")
        .unwrap();
    std::fs::write(home.folder.path().join("empty.csv"), "").unwrap();
    std::fs::write(
        home.folder.path().join("long.csv"),
        format!("ma;ho;ten;gioi;ngay;so;dt\n{};\n", "x".repeat(2 << 20)),
    )
    .unwrap();
    let cases = [
        (["a.csv", "odd.toml"], 1, "no column x, y; there are: "),
        (["a.csv", "typo.toml"], 1, "nmae"),
        (["bytes.csv", "cot.toml"], 1, "bytes.csv"),
        (["empty.csv", "cot.toml"], 1, "no column"),
        (["long.csv", "cot.toml"], 1, "row 1"),
        (["none.csv", "cot.toml"], 3, "none.csv"),
        (["a.csv", "none.toml"], 3, "none.toml"),
    ];
    for ([file, map], expected, said) in cases {
        let (code, out, err) = link(&home, &[file, "--columns", map, "--out", "cap.csv"]);
        assert_eq!((code, out.as_str()), (expected, ""), "{file} {map}: {err}");
        assert!(err.contains(said), "{said:?} in {err}");
    }
    assert_eq!(link(&home, &["a.csv", "--out", "cap.csv"]).0, 2);
    assert_eq!(link(&home, &["a.csv", "b.csv", "a.csv", "--columns", "cot.toml", "--out", "cap.csv"]).0, 2);
}
