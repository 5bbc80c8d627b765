//! A folder of an operator laid over the built-in content.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use yba_content::{Content, Problem};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("folders can be made");
        fs::write(path, text).expect("a file can be written");
    }
    dir
}

fn problems(dir: &Path) -> Vec<Problem> {
    Content::with_folder(dir).expect_err("this folder is broken")
}

#[test]
fn an_empty_folder_changes_nothing() {
    let dir = folder(&[]);
    let content = Content::with_folder(dir.path()).expect("sound");
    assert_eq!(content.laws().count(), Content::built_in().laws().count());
}

#[test]
fn a_missing_folder_is_reported_and_does_not_panic() {
    let found = problems(Path::new("/nowhere/at/all"));
    assert_eq!(found.len(), 1);
    assert!(found[0].text.contains("không đọc được thư mục"), "{}", found[0]);
}

const LAW: &str = "number = \"9/QĐ-BYT\"\ntitle = \"Thử\"\nissuer = \"Bộ Y tế\"\nsure = \"press\"\n";

#[test]
fn a_file_of_the_folder_wins_over_the_built_in_one() {
    let dir = folder(&[("law/qd-4210-2017-byt.toml", LAW), ("law/qd-9-2030-byt.toml", LAW)]);
    let content = Content::with_folder(dir.path()).expect("sound");
    assert_eq!(content.law("qd-4210-2017-byt").expect("overridden").number, "9/QĐ-BYT");
    assert_eq!(content.law("qd-9-2030-byt").expect("added").title, "Thử");
    assert_eq!(Content::built_in().law("qd-4210-2017-byt").expect("built in").number, "4210/QĐ-BYT");
}

const EDITION: &str = "slug = \"1931\"\ntitle = \"Bản thử\"\nbasis = [\"qd-1931-2026-byt\"]\nvalid_from = 2026-07-01\n\
date_of = \"NGAY_RA\"\nsure = \"press\"\n\n[[table]]\nloai = \"XML1\"\ntitle = \"Tổng hợp\"\nmapped = true\nroot = \"TONG_HOP\"\n";
const TABLE: &str = "name,type,max,required,format,concept,target,meaning\n\
MA_LK,S,100,R,text,MA_LK,Encounter.identifier,Mã lượt\n\
NGAY_RA,S,12,R,time,NGAY_RA,Encounter.period.end,Ngày ra\n";

#[test]
fn an_edition_of_the_folder_replaces_the_built_in_edition_whole() {
    let dir = folder(&[("claims/1931/edition.toml", EDITION), ("claims/1931/XML1.csv", TABLE)]);
    let content = Content::with_folder(dir.path()).expect("sound");
    let edition = content.claims().get("1931").expect("there");
    assert_eq!(edition.tables().count(), 1, "neither the built-in base nor the built-in patch remain");
    assert_eq!(edition.table("XML1").expect("given").columns.len(), 2);
    assert_eq!(content.claims().get("3176").expect("untouched").tables().count(), 16);
}

#[test]
fn a_broken_folder_reports_every_problem_with_file_and_line() {
    let table = "name,type,max,required,format,concept,target,meaning\n\
MA_LK,S,100,R,text,MA_LK,Encounter.identifier,Mã lượt\n\
MA_LK,S,100,R,text,MA_LK_2,Encounter.identifier,Mã lượt\n\
NGAY_RA,X,dài,R,time,NGAY_RA,Encounter.period.end,Ngày ra\n\
T_THUOC,N,15,M,tiền,T_THUOC,Money.value,\n\
ngắn,S\n";
    let edition =
        EDITION.replace("qd-1931-2026-byt", "qd-khong-co").replace("2026-07-01", "2026-07-01T00:00:00");
    let dir = folder(&[
        ("claims/1931/edition.toml", EDITION),
        ("claims/1931/XML1.csv", table),
        ("claims/1931/XML9.csv", TABLE),
        ("claims/3176/edition.toml", &edition),
        ("law/qd-0.toml", "number = \"0\"\ntitle = \n"),
        ("law/qd-1.toml", &LAW.replace("press", "press\"\nchanges = [\"qd-2\"]\nnote = \"")),
    ]);
    let lines: Vec<String> = problems(dir.path()).iter().map(Problem::to_string).collect();
    expect_test::expect![[r#"
        claims/1931/XML1.csv:3: cột MA_LK có hai lần
        claims/1931/XML1.csv:4: type phải là S hoặc N, không phải "X"
        claims/1931/XML1.csv:4: độ dài tối đa phải là số nguyên dương, không phải "dài"
        claims/1931/XML1.csv:5: cột meaning không được để trống
        claims/1931/XML1.csv:5: không biết dạng dữ liệu "tiền"
        claims/1931/XML1.csv:5: required phải là R, O hoặc C, không phải "M"
        claims/1931/XML1.csv:5: đích "Money.value": không biết loại tài nguyên Money
        claims/1931/XML1.csv:6: dòng có 2 ô, tiêu đề có 8 cột
        claims/1931/XML9.csv: edition.toml không có bảng XML9
        claims/3176/edition.toml:1: slug phải trùng tên thư mục
        claims/3176/edition.toml:3: văn bản qd-khong-co chưa có trong thư mục law/
        claims/3176/edition.toml:4: cần một ngày dạng 2025-01-31
        claims/4750/edition.toml: hết hiệu lực 2024-12-31, bản 1931 chỉ bắt đầu 2026-07-01
        law/qd-0.toml:2: không đọc được: string values must be quoted, expected literal string
        law/qd-1.toml:5: văn bản qd-2 chưa có trong thư mục law/
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn a_table_with_strange_bytes_is_refused_by_name() {
    let dir = folder(&[]);
    fs::create_dir(dir.path().join("law")).expect("made");
    fs::write(dir.path().join("law/qd-7.toml"), [0x6e, 0xff, 0xfe]).expect("written");
    let found = problems(dir.path());
    assert_eq!((found.len(), found[0].file.as_str()), (1, "law/qd-7.toml"));
}
