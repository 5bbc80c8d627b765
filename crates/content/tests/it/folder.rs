//! A folder of an operator laid over the built-in content.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use yba_content::{Content, Indicator, Problem};

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

#[test]
fn every_kind_of_content_reports_its_own_faults() {
    let dir = folder(&[
        ("codes/mau-moi/2026-01-01.csv", "code,title\n1,Một\n"),
        ("codes/ma-nhom/2027-01-01.csv", "code,title\n1,Một\n1,Hai\n,Ba\n"),
        ("codes/ma-nhom/hom-nay.csv", "code,title\n1,Một\n"),
        (
            "codes/gioi-tinh/codes.toml",
            "url = \"gioi-tinh\"\ntitle = \"Giới\"\nbasis = [\"khong-co\"]\nsure = \"press\"\n",
        ),
        (
            "codes/identifier-systems/2030-01-01.csv",
            "slug,uri,title,kind,pattern\na,https://a,A,person,.*\na,https://a,A,thing,\nb,urn:b,B,paper,\n",
        ),
        (
            "labs/2027-01-01.csv",
            "slug,loinc,name,short,group,specimen,value,ucum,unit,low,high\n\
             Đường,14749-7,Glucose,G,sinh hóa,máu,number,mmol/lít,,6,4\n\
             glucose,14749-6,Glucose,G,chemistry,máu,chữ,,,,x\n",
        ),
        (
            "labs/ranges.csv",
            "test,sex,state,from,to,low,high,note\n\
             natri,,,0d,1d,1,2,\n\
             hbsag,,,0d,1d,1,2,\n\
             sodium,nam,,1 năm,2y,,,\n\
             sodium,,pregnant,,,3,2,\n\
             sodium,,mang thai,,,1,2,\n\
             potassium,,,6m,1y,1,2,\n\
             potassium,male,,11m,2y,1,2,\n\
             potassium,,,2y,1y,1,2,\n",
        ),
        (
            "drugs/2027-01-01.csv",
            "slug,inn,name,atc,group,forms,strengths,routes,commune,control,sure\n\
             Thuốc,,Một,J1CA04,Nhóm,tablet;vien,1 mg;1 mg,1.01;1.99,có,ma túy,chắc\n\
             a,a,Một,J01CA04,Nhóm,,1 mg,1.01,yes,,\n\
             a,a,Hai,,Nhóm,tablet,1 mg,1.01,no,,\n",
        ),
        (
            "maps/lab-indicators/ours.csv",
            "facility,code,name,unit,test\n12001,,,,glucose\nab*,X,,lạng,natri\n12001,Y,,,glucose\n12001,Y,,,glucose\n",
        ),
        (
            "parameters/base-salary.toml",
            "title = \"Lương\"\nunit = \"đồng\"\n[[value]]\nfrom = 2026-07-01\nvalue = \"2.530.000\"\nbasis = \"nd-0\"\nsure = \"press\"\n\
             [[value]]\nfrom = 2026-07-01\nvalue = \"1\"\nbasis = \"nd-73-2024\"\nsure = \"press\"\n",
        ),
        ("codess/ma-nhom/2026-01-01.csv", "code,title\n"),
        ("ghi-chu.md", "Ghi chú thì được.\n"),
    ]);
    let lines: Vec<String> = problems(dir.path()).iter().map(Problem::to_string).collect();
    expect_test::expect![[r#"
        codes/gioi-tinh/codes.toml:1: url phải bắt đầu bằng http:// hoặc https://
        codes/gioi-tinh/codes.toml:3: văn bản khong-co chưa có trong thư mục law/
        codes/identifier-systems/2030-01-01.csv:2: mẫu ".*" có ký tự '.' không dùng được
        codes/identifier-systems/2030-01-01.csv:3: hệ mã a có hai lần
        codes/identifier-systems/2030-01-01.csv:3: không biết loại định danh "thing"
        codes/identifier-systems/2030-01-01.csv:3: địa chỉ https://a đã dùng cho hệ mã khác
        codes/identifier-systems/2030-01-01.csv:4: uri phải bắt đầu bằng http:// hoặc https://
        codes/ma-nhom/2027-01-01.csv:3: mã 1 có hai lần
        codes/ma-nhom/2027-01-01.csv:4: cột code không được để trống
        codes/ma-nhom/hom-nay.csv: tên tệp phải là ngày bắt đầu áp dụng, ví dụ 2026-01-01.csv
        codes/mau-moi/: thư mục thiếu tệp codes.toml
        codess/ma-nhom/2026-01-01.csv: không biết tệp này dùng vào việc gì; hãy xem tên thư mục và phần mở rộng
        drugs/2027-01-01.csv:2: commune phải là yes hoặc no, không phải "có"
        drugs/2027-01-01.csv:2: control phải là narcotic, psychotropic, precursor hoặc để trống, không phải "ma túy"
        drugs/2027-01-01.csv:2: cột forms: mã "vien" không có trong danh mục codes/dang-bao-che
        drugs/2027-01-01.csv:2: cột inn không được để trống
        drugs/2027-01-01.csv:2: cột routes: mã "1.99" không có trong danh mục codes/duong-dung
        drugs/2027-01-01.csv:2: cột strengths có "1 mg" hai lần
        drugs/2027-01-01.csv:2: mã ATC "J1CA04" sai dạng; mã đủ 7 ký tự như J01CA04
        drugs/2027-01-01.csv:2: slug "Thuốc" chỉ dùng chữ thường không dấu, số và dấu gạch nối
        drugs/2027-01-01.csv:2: sure phải là verified, press hoặc recalled, không phải "chắc"
        drugs/2027-01-01.csv:3: cột forms không được để trống
        drugs/2027-01-01.csv:3: tên "Một" có hai lần
        drugs/2027-01-01.csv:4: thuốc a có hai lần
        labs/2027-01-01.csv:2: giới hạn dưới lớn hơn giới hạn trên
        labs/2027-01-01.csv:2: không có nhóm "sinh hóa"; các nhóm là blood-gas, blood-group, chemistry, coagulation, drug-level, fluid, hematology, hormone, microbiology, molecular, newborn-screening, serology, stool, tumor-marker, urine
        labs/2027-01-01.csv:2: mã LOINC "14749-7" sai dạng hoặc sai số kiểm tra
        labs/2027-01-01.csv:2: slug "Đường" chỉ dùng chữ thường không dấu, số và dấu gạch nối
        labs/2027-01-01.csv:2: đơn vị "mmol/lít" không có trong các đơn vị UCUM đang dùng
        labs/2027-01-01.csv:3: giới hạn "x" không phải số thập phân
        labs/2027-01-01.csv:3: value phải là number hoặc text, không phải "chữ"
        labs/ranges.csv:2: không có xét nghiệm natri trong danh mục
        labs/ranges.csv:3: hbsag trả lời bằng chữ, không có khoảng tham chiếu
        labs/ranges.csv:4: cần ít nhất một trong hai giới hạn
        labs/ranges.csv:4: sex phải là male, female hoặc để trống, không phải "nam"
        labs/ranges.csv:4: tuổi "1 năm" phải viết như 28d (ngày), 6m (tháng) hoặc 18y (năm)
        labs/ranges.csv:5: giới hạn dưới lớn hơn giới hạn trên
        labs/ranges.csv:5: khoảng cho thai kỳ thì sex phải là female
        labs/ranges.csv:6: cần tuổi hoặc thai kỳ; giới hạn chung của người lớn ghi trong danh mục
        labs/ranges.csv:6: state phải là pregnant, pregnant-1 đến pregnant-3 hoặc để trống, không phải "mang thai"
        labs/ranges.csv:6: trùng tuổi và giới với dòng 4
        labs/ranges.csv:8: trùng tuổi và giới với dòng 7
        labs/ranges.csv:9: tuổi from phải nhỏ hơn tuổi to
        maps/lab-indicators/ours.csv:2: cần ít nhất mã hoặc tên chỉ số
        maps/lab-indicators/ours.csv:3: facility "ab*" phải là mã cơ sở, phần đầu kèm * hoặc *
        maps/lab-indicators/ours.csv:3: không có xét nghiệm natri trong danh mục
        maps/lab-indicators/ours.csv:3: đơn vị "lạng" chưa có trong labs/units.csv
        maps/lab-indicators/ours.csv:5: trùng với maps/lab-indicators/ours.csv:4
        maps/lab-indicators/vendor-a.csv:16: không quy đổi được mmol/L cho glucose
        maps/lab-indicators/vendor-b.csv:16: không quy đổi được mmol/L cho glucose
        parameters/base-salary.toml:5: "2.530.000" không phải số thập phân
        parameters/base-salary.toml:6: văn bản nd-0 chưa có trong thư mục law/
        parameters/base-salary.toml:9: các giá trị phải xếp theo ngày tăng dần, không trùng ngày
    "#]].assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn a_facility_of_its_own_wins_over_the_general_map() {
    let rows = "facility,code,name,unit,test\n12001,SH.GLU,,mg/dL,urea\n12*,SH.GLU,,,creatinine\n";
    let dir = folder(&[("maps/lab-indicators/our-hospital.csv", rows)]);
    let content = Content::with_folder(dir.path()).expect("sound");
    let on = yba_content::Day::new(2026, 3, 2).expect("a day");
    let found = |facility: &str| {
        let indicator = Indicator {
            facility,
            code: "SH.GLU",
            name: "Định lượng Glucose máu",
            unit: "mmol/L",
            ..Default::default()
        };
        content.lab_match(&indicator, on).map(|found| found.test.slug.clone())
    };
    assert_eq!(found("12001").as_deref(), Some("urea"));
    assert_eq!(found("12002").as_deref(), Some("creatinine"));
    assert_eq!(found("40001").as_deref(), Some("glucose"));
}

#[test]
fn examples_are_found_with_what_is_expected_beside_them() {
    let dir = folder(&[
        ("claims/1931/examples/outpatient.xml", "<TONG_HOP/>"),
        ("claims/1931/examples/outpatient.expected.json", "{}"),
        ("claims/1931/examples/bare.xml", "<TONG_HOP/>"),
    ]);
    let content = Content::with_folder(dir.path()).expect("sound");
    let found: Vec<_> = content.examples().filter(|example| example.edition == "claims/1931").collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].path, "claims/1931/examples/bare.xml");
    assert!(found[0].expected.is_none());
    assert_eq!(found[1].expected.as_ref().map(|(_, text)| text.as_str()), Some("{}"));
}

#[test]
fn a_province_lays_the_official_disease_table_over_ours() {
    let dir = folder(&[(
        "codes/icd-10-vn/2026-07-01.csv",
        "code,title,english\nI10,Tăng huyết áp vô căn,Hypertension\n",
    )]);
    let content = Content::with_folder(dir.path()).expect("sound");
    assert_eq!(content.icd10("I10").expect("there").vi, "Tăng huyết áp vô căn");
    assert!(content.icd10("J20.9").is_some(), "what the table lacks still comes from the assets");
}

#[test]
fn claim_layers_in_a_circle_or_without_a_base_are_refused() {
    let on = |base: &str| {
        EDITION.replace("title = \"Bản thử\"", &format!("title = \"Bản thử\"\nbase = \"{base}\""))
    };
    for base in ["1931", "khong-co"] {
        let dir = folder(&[("claims/1931/edition.toml", &on(base)), ("claims/1931/XML1.csv", TABLE)]);
        let found = problems(dir.path());
        assert!(
            found.iter().any(|problem| problem.line == 3 && problem.text.contains("vòng tròn")),
            "{found:?}"
        );
    }
}

#[test]
fn a_new_edition_is_added_without_touching_the_one_before() {
    let on = |from: &str| {
        let text = EDITION.replace("\"1931\"", "\"2000\"").replace("2026-07-01", from);
        folder(&[("claims/2000/edition.toml", &text), ("claims/2000/XML1.csv", TABLE)])
    };
    let content = Content::with_folder(on("2027-03-01").path()).expect("sound");
    let day = |text: &str| yba_content::Day::parse(text).expect("a day");
    assert_eq!(content.claims().on(day("2027-02-28")).slug, "1931");
    assert_eq!(content.claims().on(day("2027-03-01")).slug, "2000");
    assert_eq!(content.claims().get("1931").expect("there").to, Some(day("2027-02-28")));

    let found = problems(on("2026-07-01").path());
    assert!(found.len() == 1 && found[0].text.contains("cùng ngày"), "{found:?}");
    let found = problems(on("2025-06-01").path());
    assert!(found.len() == 1 && found[0].text.contains("chồng lên"), "{found:?}");
}

/// Deterministic damage: bytes dropped, doubled or replaced by what hurts parsers.
fn damaged(text: &str, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=next(8) {
        let at = next(bytes.len());
        match next(4) {
            0 => drop(bytes.drain(at..(at + next(40)).min(bytes.len()))),
            1 => bytes.insert(at, b"\"',;\n\0[]=*{-"[next(12)]),
            2 => bytes.truncate(at),
            _ => bytes.splice(at..at, *b"\xc4\x90\xff").for_each(drop),
        }
    }
    bytes
}

#[test]
fn damaged_files_are_refused_or_read_and_never_a_panic() {
    let files = [
        ("claims/4750/edition.toml", include_str!("../../../../content/claims/4750/edition.toml")),
        ("claims/4750/XML1.csv", include_str!("../../../../content/claims/4750/XML1.csv")),
        ("claims/1931/patch.csv", include_str!("../../../../content/claims/1931/patch.csv")),
        ("codes/ma-nhom/codes.toml", include_str!("../../../../content/codes/ma-nhom/codes.toml")),
        ("labs/2026-01-01.csv", include_str!("../../../../content/labs/2026-01-01.csv")),
        ("labs/conversions.csv", include_str!("../../../../content/labs/conversions.csv")),
        ("labs/ranges.csv", include_str!("../../../../content/labs/ranges.csv")),
        ("drugs/2026-01-01.csv", include_str!("../../../../content/drugs/2026-01-01.csv")),
        (
            "maps/lab-indicators/vendor-a.csv",
            include_str!("../../../../content/maps/lab-indicators/vendor-a.csv"),
        ),
        ("parameters/base-salary.toml", include_str!("../../../../content/parameters/base-salary.toml")),
        ("law/qd-4750-2023-byt.toml", include_str!("../../../../content/law/qd-4750-2023-byt.toml")),
    ];
    let mut refused = 0;
    for seed in 0..110 {
        let (path, text) = files[seed as usize % files.len()];
        let dir = folder(&[(path, "")]);
        fs::write(dir.path().join(path), damaged(text, seed + 1)).expect("written");
        if let Err(found) = Content::with_folder(dir.path()) {
            assert!(!found.is_empty());
            refused += 1;
        }
    }
    assert!(refused > 55, "damage is mostly noticed: {refused} of 110");
}

#[test]
fn a_spreadsheet_map_that_contradicts_itself_is_told_with_its_line() {
    let map = "title = \"Bảng thử\"\nlist = \"khong-co\"\ncode_pattern = \"[A\"\n\n[columns]\n\
               code = [\"Mã\", \"MA\"]\ntitle = [\"Tên\", \"--\"]\nnote = [\"tên\"]\n";
    let found = problems(folder(&[("maps/spreadsheets/thu.toml", map)]).path());
    let told: Vec<(u32, bool)> =
        [(2, "khong-co"), (3, "mẫu"), (6, "hai lần"), (7, "trống"), (8, "hai cột khác nhau")]
            .iter()
            .map(|(line, text)| (*line, found.iter().any(|one| one.line == *line && one.text.contains(text))))
            .collect();
    assert!(told.iter().all(|(_, told)| *told) && found.len() == told.len(), "{told:?} {found:?}");
    let bare = "title = \"Bảng thử\"\nlist = \"dvkt-vn\"\n[columns]\ntitle = [\"Tên\"]\n";
    let found = problems(folder(&[("maps/spreadsheets/thu.toml", bare)]).path());
    assert!(found.len() == 1 && found[0].text.contains("code"), "{found:?}");
    let wrong = bare.replace("title = [", "gia = [");
    assert_eq!(problems(folder(&[("maps/spreadsheets/thu.toml", &wrong)]).path()).len(), 1);
}

#[test]
fn a_list_may_have_prices_of_plain_digits() {
    let of = |price: &str| {
        let text = format!("code,title,price,unit\nA,Khám,{price},Lần\n");
        folder(&[("codes/dvkt-vn/2026-07-01.csv", &text)])
    };
    let content = Content::with_folder(of("45900.5").path()).expect("sound");
    let day = yba_content::Day::parse("2026-07-01").expect("a day");
    let list = content.code_list("dvkt-vn", day).expect("there");
    assert_eq!((list.codes[0].price.as_str(), list.codes[0].unit.as_str()), ("45900.5", "Lần"));
    assert_eq!(content.list_head("dvkt-vn").expect("there").url, list.url);
    for wrong in ["45.900 đ", "-1", "1e3"] {
        assert!(problems(of(wrong).path())[0].text.contains("price"), "{wrong}");
    }
}

#[test]
fn two_editions_of_one_day_are_told_and_others_end_where_the_next_begins() {
    let form =
        "title = \"Thử\"\nbasis = [\"một câu\"]\n[[item]]\nlinkId = \"a\"\ntype = \"string\"\ntext = \"A\"\n";
    let json = r#"{"resourceType":"Questionnaire","title":"Thử","basis":"một câu","item":[{"linkId":"a","type":"string"}]}"#;
    let set = "title = \"Thử\"\nbasis = [\"qd-4210-2017-byt\"]\n";
    let dir = folder(&[
        ("forms/thu/2026-01-01.toml", form),
        ("forms/thu/2026-01-01.json", json),
        ("valuesets/thu/2026-02-01.toml", set),
        ("valuesets/thu/2026-02-01.json", r#"{"title":"Thử","basis":["qd-4210-2017-byt"]}"#),
    ]);
    let told: Vec<String> = problems(dir.path()).iter().map(ToString::to_string).collect();
    let twice: Vec<&String> = told.iter().filter(|line| line.contains("hai bản cùng ngày bắt đầu")).collect();
    assert_eq!(twice.len(), 2, "{told:?}");
    let dir = folder(&[("forms/thu/2026-01-01.toml", form), ("forms/thu/2026-03-01.toml", form)]);
    let content = Content::with_folder(dir.path()).expect("sound");
    let days =
        content.forms().filter(|form| form.slug == "thu").map(|form| form.to.map(|day| day.to_string()));
    assert_eq!(days.collect::<Vec<_>>(), [Some("2026-02-28".to_owned()), None]);
}

#[test]
fn a_campaign_names_its_places_so_that_somebody_is_called() {
    let path = "campaigns/mr-thu/2026-11-01.toml";
    let campaign = |places: &str| {
        format!(
            "title = \"Bổ sung sởi\"\nshort = \"Bổ sung\"\nbasis = [\"yba\"]\nsure = \"recalled\"\nuncertain = \"thử\"\nschedule = \"epi-child\"\n\
             last = 2026-12-31\nborn_from = 2021-12-01\nborn_until = 2025-12-01\nplaces = {places}\n\
             vaccines = [\"04\"]\nafter = [\"04\"]\ninterval = \"28 ngày\"\ngive = \"04\"\n"
        )
    };
    let unit = "[\"https://yba.vn/fhir/sid/admin-unit/2025-07-01|03549\", \"Organization/tram-1\"]";
    for sound in ["[]", unit] {
        Content::with_folder(folder(&[(path, &campaign(sound))]).path()).expect("sound");
    }
    for wrong in ["[\"tram-1\"]", "[\"03549\", \"Organization/tram-1\"]"] {
        let found = problems(folder(&[(path, &campaign(wrong))]).path());
        assert!(found.len() == 1 && found[0].text.contains("phải là Organization/"), "{wrong}: {found:?}");
    }
}
