//! Headers are found wherever they stand, and rows mean what they say.

use crate::kit::*;

#[test]
fn a_ministry_table_with_letterhead_and_numbered_columns_is_read() {
    let book = book(vec![
        ("Bìa", vec![texts(&["BỘ Y TẾ"]), texts(&["Danh mục mã bệnh"])]),
        (
            "Phụ lục I",
            vec![
                texts(&["BỘ Y TẾ", "", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"]),
                texts(&["(Kèm theo Thông tư)"]),
                vec![],
                texts(&["STT", "MÃ  BỆNH", "TÊN BỆNH", "DISEASE NAME", "Ghi chú"]),
                texts(&["(1)", "(2)", "(3)", "(4)", "(5)"]),
                texts(&["", "", "Chương I: Bệnh nhiễm trùng"]),
                vec![
                    Put::Number(1.0),
                    "A09".into(),
                    "Tiêu chảy  và viêm dạ dày - ruột".into(),
                    "Diarrhoea".into(),
                ],
                vec![
                    Put::Number(2.0),
                    "A17.0†".into(),
                    "Viêm màng não do lao".into(),
                    "".into(),
                    "chú ý".into(),
                ],
                vec![],
                texts(&["3", "I10", "Tăng huyết áp vô căn (nguyên phát)"]),
            ],
        ),
    ]);
    let found = import(&book, "icd-10-vn", None).unwrap();
    assert_eq!(found.troubles, []);
    assert_eq!(
        shown(&found),
        [
            "A09|Tiêu chảy và viêm dạ dày - ruột||||",
            "A17.0|Viêm màng não do lao||||",
            "I10|Tăng huyết áp vô căn (nguyên phát)||||",
        ]
    );
    assert_eq!((found.rows[0].english.as_str(), found.rows[1].note.as_str()), ("Diarrhoea", "chú ý"));
    assert_eq!((found.headings, found.rows[0].line), (2, 7));
}

#[test]
fn services_have_prices_units_and_days_in_every_spelling() {
    let book = book(vec![(
        "DM",
        vec![
            texts(&["ma_dich_vu", "ten_dich_vu", "DON_GIA", "ĐVT", "TU_NGAY", "DEN_NGAY"]),
            vec![
                "02.0085.1778".into(),
                "Điện tim thường".into(),
                Put::Number(39900.0),
                "Lần".into(),
                "20260701".into(),
            ],
            vec![
                "18.0001.0001".into(),
                "Siêu âm tuyến giáp".into(),
                "58.600 đ".into(),
                "Lần".into(),
                "01/07/2026".into(),
                "31/12/2026".into(),
            ],
            vec![
                "22.0120.1370".into(),
                "Tổng phân tích tế bào máu".into(),
                Put::Number(49700.5),
                "".into(),
                Put::Date(2026, 7, 1),
            ],
        ],
    )]);
    let found = import(&book, "dvkt-vn", None).unwrap();
    assert_eq!(
        (found.troubles.len(), shown(&found)),
        (
            0,
            vec![
                "02.0085.1778|Điện tim thường|2026-07-01||39900|Lần".to_owned(),
                "18.0001.0001|Siêu âm tuyến giáp|2026-07-01|2026-12-31|58600|Lần".to_owned(),
                "22.0120.1370|Tổng phân tích tế bào máu|2026-07-01||49700.5|".to_owned(),
            ]
        )
    );
}

#[test]
fn titles_of_two_rows_and_a_named_sheet_are_found() {
    let rows = || {
        vec![
            texts(&["STT", "Vật tư", "", "Giá"]),
            texts(&["", "Mã vật tư", "Tên vật tư", ""]),
            texts(&["1", "N01.01.010", "Bông thấm nước", "120000"]),
        ]
    };
    let other = vec![texts(&["Mã vật tư", "Tên vật tư", "Giá", "ĐVT"]), texts(&["N99", "Khác", "1", "Cái"])];
    let book = book(vec![("Cũ", rows()), ("Mới", other)]);
    assert_eq!(
        shown(&import(&book, "vtyt-vn", Some("Cũ")).unwrap()),
        ["N01.01.010|Bông thấm nước|||120000|"]
    );
    assert_eq!(
        shown(&import(&book, "vtyt-vn", None).unwrap()),
        ["N99|Khác|||1|Cái"],
        "more columns fit there"
    );
    let refused = import(&book, "vtyt-vn", Some("Moi")).unwrap_err();
    assert!(refused.issues[0].text.contains("Cũ, Mới"), "{refused}");
}

#[test]
fn every_map_finds_its_usual_titles() {
    for (list, code, title) in [
        ("icd-10-vn", "A09", "Tiêu chảy"),
        ("dvkt-vn", "02.0085.1778", "Điện tim"),
        ("thuoc-vn", "40.17", "Oxy dược dụng"),
        ("vtyt-vn", "N01.01.010", "Bông"),
        ("nhan-vien", "000123/LCH-CCHN", "Lò Văn Mẫu"),
    ] {
        let content = yba_content::Content::built_in();
        let layout = content.spreadsheets().find(|layout| layout.list == list).unwrap();
        let usual = |field| layout.columns[&field][0].clone();
        let csv = format!(
            "{},{}\n{code},{title}\n",
            usual(yba_content::Field::Code),
            usual(yba_content::Field::Title)
        );
        let folder = tempfile::tempdir().unwrap();
        let book = Book { path: folder.path().join("bang.csv"), folder };
        std::fs::write(&book.path, csv).unwrap();
        assert_eq!(shown(&import(&book, list, None).unwrap()), [format!("{code}|{title}||||")]);
    }
}

#[test]
fn what_cannot_be_used_is_told_with_its_cell_and_what_to_do() {
    let book = book(vec![(
        "DM",
        vec![
            texts(&["Mã thuốc", "Hoạt chất", "Đơn giá", "Từ ngày", "Đến ngày", "Hàm lượng"]),
            texts(&["40.17", "Oxy dược dụng", "x", "", "", ""]),
            texts(&["", "Paracetamol", "100", "", "", "500 mg"]),
            texts(&["40.30", "", "100", "", "", "10 mg"]),
            vec![Put::Number(40.1), "Amoxicilin".into()],
            texts(&["40.31", "Thuốc A", "1", "31/02/2026"]),
            texts(&["40.32", "Thuốc B", "1", "01/07/2026", "30/06/2026"]),
            texts(&["40.33", "Thuốc C"]),
            texts(&["40.33", "Thuốc D"]),
            texts(&["40.34", "Thuốc E"]),
        ],
    )]);
    let found = import(&book, "thuoc-vn", None).unwrap();
    let told: Vec<String> =
        found.troubles.iter().map(|one| format!("{}{} {}", one.column, one.row, one.text)).collect();
    let begins = [
        "C2 “x” không phải",
        "A3 thiếu mã",
        "B4 thiếu tên",
        "A5 mã 40.1 là ô kiểu số",
        "D6 “31/02/2026”",
        "E7 ngày hết",
        "A9 mã 40.33 có nhiều dòng",
    ];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    for (one, begin) in told.iter().zip(begins) {
        assert!(one.starts_with(begin), "{one}");
    }
    assert_eq!(found.refused, 7);
    assert_eq!(shown(&found).last().unwrap(), "40.34|Thuốc E||||");
    assert!(found.troubles[0].to_string().starts_with("trang “DM”, ô C2: "));
}

#[test]
fn of_two_periods_of_a_code_the_one_in_force_counts() {
    let book = book(vec![(
        "DM",
        vec![
            texts(&["Mã dịch vụ", "Tên dịch vụ", "Đơn giá", "Từ ngày", "Đến ngày"]),
            texts(&["A", "Khám", "30000", "01/01/2025", "30/06/2026"]),
            texts(&["A", "Khám", "45000", "01/07/2026", ""]),
            texts(&["B", "Giường", "1", "01/01/2025", "30/06/2026"]),
            texts(&["C", "Mổ", "9", "", ""]),
            texts(&["C", "Mổ", "9", "", ""]),
        ],
    )]);
    let found = import(&book, "dvkt-vn", None).unwrap();
    assert_eq!((found.troubles.len(), found.outdated), (0, 1));
    assert_eq!(
        shown(&found),
        ["A|Khám|2026-07-01||45000|", "B|Giường|2025-01-01|2026-06-30|1|", "C|Mổ|||9|",]
    );
}

#[test]
fn a_sheet_without_known_titles_says_what_is_looked_for() {
    let book = book(vec![("DM", vec![texts(&["Cột 1", "Cột 2"]), texts(&["A", "B"])])]);
    let refused = import(&book, "dvkt-vn", None).unwrap_err();
    assert_eq!(refused.issues[0].key, "sheet-no-header");
    assert!(refused.issues[0].text.contains("“ma dich vu”"), "{refused}");
    assert_eq!(import(&book, "khong-co", None).unwrap_err().issues[0].key, "sheet-no-map");
}
