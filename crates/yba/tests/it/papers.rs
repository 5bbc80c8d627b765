//! The end of a month on paper and as files, in a real browser: what stands on the pages is what stands in the PDF, the workbook,
//! the XML and the FHIR of the closed month; and who gets none of it.

use crate::browser::{pictures, play};
use crate::files::words_of_pdf;
use crate::house::{Home, House, JSON};
use calamine::{Data, Reader, Xlsx};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;
use yba_fhir::Day;
use yba_fhir::json::{Value, from_slice, items, json, str_at, to_vec};

const REPORTS: [&str; 3] = ["monthly-visits", "monthly-immunisations", "monthly-deaths"];
const REGISTERS: [&str; 3] = ["outpatient-visits", "child-immunisations", "deaths"];
/// The row of titles in a workbook, and the first of cells.
const HEAD: usize = 6;
/// What a spreadsheet would compute.
const FORMULA: &str = "=HYPERLINK(\"http://example.org\",\"Lò Thị Thử\")";
const PEOPLE: usize = 45;

fn keep(house: &House, tree: &Value) {
    let id = |name: &str| str_at(tree, &[name]).unwrap();
    let path = format!("/fhir/{}/{}", id("resourceType"), id("id"));
    let answer = house.ask("PUT", &path, &[JSON], &to_vec(tree).unwrap());
    assert_eq!(answer.status, 201, "{}", answer.text());
}

/// A month of work of one station, whose last day this is; one death of which the day is not known.
fn month(house: &House, last: Day) {
    keep(house, &json!({"resourceType": "Organization", "id": "so-y-te", "name": "Sở Y tế tỉnh Lai Châu"}));
    keep(
        house,
        &json!({"resourceType": "Organization", "id": "cskcb-12090", "name": "Trạm Y tế xã Bản Bo",
        "partOf": {"reference": "Organization/so-y-te"}, "address": [{"text": "xã Bản Bo, tỉnh Lai Châu"}]}),
    );
    keep(house, &json!({"resourceType": "Organization", "id": "cskcb-12101", "name": "Trạm Y tế xã Pắc Ta"}));
    let station = json!({"reference": "Organization/cskcb-12090"});
    let surnames =
        ["Lò Thị", "Vàng A", "Giàng Thị", "Tẩn Mẩy", "Sùng A", "Hồ Sín Chứ Phùng", "Quàng Văn", "Đặng Ngọc"];
    let diseases = [
        ("J20.9", "Viêm phế quản cấp"),
        ("I10", "Tăng huyết áp vô căn (nguyên phát)"),
        ("A09", "Ỉa chảy và viêm dạ dày - ruột do nhiễm khuẩn"),
    ];
    for at in 0..PEOPLE {
        let (id, day) = (format!("nguoi-{at}"), last.plus_days(-(at as i64 % 26)));
        let name = match at {
            7 => FORMULA.to_owned(),
            _ => format!("{} {}", surnames[at % 8], ["Ẩn", "Mỷ", "Dế", "Ưởng", "Ngọc Ẵm"][at % 5]),
        };
        let mut person = json!({"resourceType": "Patient", "id": id.as_str(), "gender": if at % 2 == 0 { "female" } else { "male" },
            "name": [{"text": name.as_str()}], "birthDate": format!("{}-0{}-1{}", 1950 + at, at % 9 + 1, at % 9).as_str(),
            "address": [{"use": "home", "text": "Bản Nà Khương, xã Bản Bo, tỉnh Lai Châu"}], "managingOrganization": station});
        match at {
            40 => person["deceasedDateTime"] = Value::from(format!("{day}T03:15:00+07:00").as_str()),
            41 => person["deceasedBoolean"] = Value::from(true),
            42.. => person["birthDate"] = Value::from(day.plus_days(-70).to_string().as_str()),
            _ => {}
        }
        keep(house, &person);
        let patient = json!({"reference": format!("Patient/{id}").as_str()});
        if at < 40 {
            let (code, words) = diseases[at % 3];
            keep(
                house,
                &json!({"resourceType": "Encounter", "id": format!("k-{at}").as_str(), "status": "finished", "class": {"code": "AMB"},
                "subject": patient, "serviceProvider": station, "reasonCode": [{"text": "Ho, sốt"}],
                "period": {"start": format!("{day}T0{}:30:00+07:00", at % 9 + 1).as_str()},
                "participant": [{"individual": {"display": "Y sĩ Giàng Thị Dế"}}]}),
            );
            keep(
                house,
                &json!({"resourceType": "Condition", "id": format!("c-{at}").as_str(), "subject": patient,
                "encounter": {"reference": format!("Encounter/k-{at}").as_str()},
                "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}], "text": words}}),
            );
        } else if at > 41 {
            keep(
                house,
                &json!({"resourceType": "Immunization", "id": format!("t-{at}").as_str(), "status": "completed", "patient": patient,
                "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "102"}], "text": "DPT-VGB-Hib"},
                "occurrenceDateTime": day.to_string().as_str(), "lotNumber": "L-01", "performer": [{"actor": station}],
                "protocolApplied": [{"doseNumberPositiveInt": 1}]}),
            );
        }
    }
}

/// What the page of a paper said, row by row.
fn said(files: &Path, name: &str) -> Vec<Vec<String>> {
    let page: Value = from_slice(&std::fs::read(files.join(format!("{name}.json"))).unwrap()).unwrap();
    let text = |cell: &Value| yba_fhir::json::JsonValueTrait::as_str(cell).unwrap().to_owned();
    let rows = yba_fhir::json::JsonContainerTrait::as_array(&page).unwrap();
    rows.iter()
        .map(|row| yba_fhir::json::JsonContainerTrait::as_array(row).unwrap().iter().map(text).collect())
        .collect()
}

/// The words of a PDF.
fn words(pdf: &Path) -> String {
    words_of_pdf(&std::fs::read(pdf).unwrap())
}

/// The cells of a workbook below its titles, as the pages write them.
fn rows(bytes: Vec<u8>) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let name = book.sheet_names()[0].clone();
    assert!(book.worksheet_formula(&name).unwrap().used_cells().next().is_none(), "no formula");
    let sheet = book.worksheet_range(&name).unwrap();
    let cell = |one: &Data| match one {
        Data::Empty => String::new(),
        Data::Float(number) => yba_ui::format::number(&number.to_string()),
        Data::DateTime(at) => {
            let (y, m, d, hour, minute, ..) = at.to_ymd_hms_milli();
            let day = format!("{d:02}/{m:02}/{y}");
            if at.as_f64().fract() == 0.0 { day } else { format!("{day} {hour:02}:{minute:02}") }
        }
        other => other.to_string(),
    };
    sheet.rows().skip(HEAD + 1).map(|row| row.iter().map(cell).collect()).collect()
}

/// The cells of an XML: name of the row and of the column, and the text.
fn cells(bytes: &[u8]) -> BTreeMap<(String, String), String> {
    let mut reader = quick_xml::NsReader::from_reader(bytes);
    let (mut found, mut row, mut column) = (BTreeMap::new(), String::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(start) => {
                let name =
                    |wanted: &str| start.try_get_attribute(wanted).unwrap().map(|one| one.value.to_string());
                match start.local_name().as_ref() {
                    "row" => row = name("name").unwrap(),
                    "cell" => column = name("column").unwrap(),
                    _ => column.clear(),
                }
            }
            quick_xml::events::Event::Text(text) if !column.is_empty() => {
                found.entry((row.clone(), column.clone())).or_insert_with(String::new).push_str(&text);
            }
            quick_xml::events::Event::End(_) => column.clear(),
            quick_xml::events::Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn a_month_ends_by_one_action_and_its_papers_say_what_the_pages_say() {
    let home = Home::new();
    let open = home.serve_open();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let today = Day::of_instant(now.as_millis() as i64);
    let last = Day::new(today.year(), today.month(), 1).unwrap().plus_days(-1);
    month(&open, last);
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    while house.measure("yba_follower_lag{follower=\"report\"}") > 0 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let files = home.folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    let ky = format!("{:04}-{:02}", last.year(), last.month());
    let out = play("papers_story.mjs", &[&house], &[&link, &ky, files.to_str().unwrap()]);
    assert!(out.contains("the nurse ends the month: ") && out.contains("the file: 0"), "{out}");
    assert_eq!(house.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);

    // To be looked at, beside the pictures of the pages.
    for name in REPORTS.iter().chain(&REGISTERS).chain(&["phieu"]) {
        std::fs::copy(files.join(format!("{name}.pdf")), pictures().join(format!("{name}.pdf"))).unwrap();
    }
    reports_agree(&files);
    registers_agree(&files);
    the_file_of_the_month_holds_the_same(&files, &ky);
    let text = words(&files.join("phieu.pdf"));
    for wanted in ["VÀNG A MỶ", "TRẠM Y TẾ XÃ BẢN BO", "Ho, sốt ba ngày", "Giàng Thị Dế"] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    // The neighbour's own papers name nobody of this station.
    assert_eq!(rows(std::fs::read(files.join("neighbour.xlsx")).unwrap()).len(), 0);
    let neighbour = std::fs::read(files.join("neighbour.xml")).unwrap();
    assert!(String::from_utf8_lossy(&neighbour).contains("Pắc Ta"));
    assert_eq!(cells(&neighbour)[&("visits".to_owned(), "total".to_owned())], "0");
}

fn reports_agree(files: &Path) {
    for name in REPORTS {
        let (page, text) = (said(files, name), words(&files.join(format!("{name}.pdf"))));
        assert!(!page.is_empty() && text.contains("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), "{name}");
        assert!(
            text.contains("SỞ Y TẾ TỈNH LAI CHÂU") && text.contains("TRẠM Y TẾ XÃ BẢN BO"),
            "{name}: {text}"
        );
        for row in &page {
            // The row's title, then its numbers.
            let line: Vec<&str> = row.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
            assert!(text.contains(&line.join(" ")), "{name}: {line:?} in {text}");
        }
        let book = rows(std::fs::read(files.join(format!("{name}.xlsx"))).unwrap());
        assert_eq!(book, page, "{name}.xlsx");
        let found = cells(&std::fs::read(files.join(format!("{name}.xml"))).unwrap());
        let numbers = page.iter().flat_map(|row| &row[1..]).filter(|cell| !cell.is_empty()).count();
        assert_eq!(found.keys().filter(|(_, column)| column != "title").count(), numbers, "{name}.xml");
    }
    let closed: Value = from_slice(&std::fs::read(files.join("closed.json")).unwrap()).unwrap();
    let found = cells(&std::fs::read(files.join("monthly-visits.xml")).unwrap());
    let code = |one: &Value| str_at(&one["code"]["coding"][0], &["code"]).unwrap().to_owned();
    for group in items(&closed, "group") {
        for cell in items(group, "population").filter(|cell| yba_fhir::json::at(cell, &["count"]).is_some()) {
            let written = yba_fhir::json::number_text(&cell["count"]).unwrap();
            assert_eq!(found[&(code(group), code(cell))], written);
        }
    }
    assert_eq!(found[&("visits".to_owned(), "total".to_owned())], "40");
}

fn registers_agree(files: &Path) {
    for name in REGISTERS {
        let page = said(files, name);
        let book = rows(std::fs::read(files.join(format!("{name}.xlsx"))).unwrap());
        let (numbers, book): (Vec<String>, Vec<Vec<String>>) =
            book.into_iter().map(|mut row| (row.remove(0), row)).unzip();
        assert_eq!(book, page, "{name}.xlsx");
        assert_eq!(numbers, (1..=page.len()).map(|at| at.to_string()).collect::<Vec<_>>());
        let text = words(&files.join(format!("{name}.pdf")));
        let found = cells(&std::fs::read(files.join(format!("{name}.xml"))).unwrap());
        let people = found.iter().filter(|((_, column), _)| column == "name");
        assert_eq!(people.count(), page.len(), "{name}.xml");
        // Cells break over lines: each word of a name is there.
        for word in page.iter().flat_map(|row| row[1..3].iter()).flat_map(|cell| cell.split(' ')) {
            let plain = word.chars().all(char::is_alphabetic);
            assert!(!plain || text.contains(word), "{name}: {word} in {text}");
        }
    }
    let visits = said(files, "outpatient-visits");
    assert_eq!(visits.len(), 40);
    assert!(visits.iter().flatten().any(|cell| cell == FORMULA), "the name is kept as it was typed");
}

fn the_file_of_the_month_holds_the_same(files: &Path, ky: &str) {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(files.join("thang.zip")).unwrap()).unwrap();
    let all: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    for (folder, slugs) in [("bao-cao", REPORTS), ("so", REGISTERS)] {
        for slug in slugs {
            for ending in ["pdf", "xlsx", "xml"] {
                let name = format!("{folder}/{slug}-{ky}.{ending}");
                assert!(all.contains(&name), "{name} in {all:?}");
                let mut bytes = Vec::new();
                zip.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
                if ending == "xml" && slug != "monthly-deaths" {
                    let alone = std::fs::read(files.join(format!("{slug}.xml"))).unwrap();
                    assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&alone), "{name}");
                }
            }
        }
    }
}
