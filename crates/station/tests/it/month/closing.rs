//! The month is closed; what is told late changes nothing that was signed, until somebody re-states it with a reason.

use super::medicines::DRUGS;
use super::{MONTH, day, life, month, papers, vaccination};
use crate::house::{Form, House, STATION, main, table};
use crate::truth::{Death, End, Person, Truth, Visit};
use axum::http::StatusCode;
use yba_fhir::json::json;

/// Titles and cells, as a CSV gives them.
type Lines = Vec<(String, Vec<String>)>;
/// With how many rows of registers stand behind them.
type Report = (Lines, usize);

/// The reports with the titles of their columns.
const REPORTS: [(&str, &[&str]); 5] = [
    ("monthly-visits", &["Tổng số", "Nữ", "Trẻ em dưới 6 tuổi", "Trẻ em dưới 15 tuổi", "Từ 60 tuổi"]),
    ("monthly-immunisations", &["Tổng số mũi", "Trẻ dưới 1 tuổi", "Trẻ gái"]),
    ("monthly-births", &["Tổng số", "Trẻ trai", "Trẻ gái", "Chưa xác định"]),
    ("monthly-deaths", &["Tổng số", "Nam", "Nữ", "Giới khác hoặc chưa rõ"]),
    ("monthly-drugs", &["Tồn đầu", "Nhập", "Phát", "Hủy, xuất khác", "Kiểm kê", "Tồn cuối"]),
];
const WHY: &str = "Bổ sung lượt khám, mũi tiêm và ca tử vong ghi muộn";

/// What the script says of every report, and how many rows of registers stand behind it.
fn all(truth: &Truth) -> [Report; 5] {
    let plain = |lines: Vec<(&'static str, Vec<String>)>| {
        lines.into_iter().map(|(title, cells)| (title.to_owned(), cells)).collect()
    };
    let moved = truth.store.moved.iter().filter(|one| one.day <= month().1).count();
    [
        (plain(truth.visits()), truth.visits.len()),
        (plain(truth.doses()), truth.doses.len() + truth.reaction_count()),
        (plain(truth.births()), truth.births.len()),
        (plain(truth.deaths()), truth.deaths.len()),
        (truth.store.report(month(), &DRUGS), moved),
    ]
}

/// The lines of a report as its XML gives them, how many rows it says stand behind it, and whether it says that it was closed.
async fn as_xml(house: &House, slug: &str) -> (Lines, String, bool) {
    let text = house.get(&format!("/bao-cao/{slug}/xml?ky={MONTH}")).await.text;
    let named = |part: &str| part.split('"').next().unwrap_or_default().to_owned();
    let columns: Vec<String> = text.split("<column name=\"").skip(1).map(named).collect();
    let cell = |row: &str, column: &str| {
        let rest = row.split_once(&format!("<cell column=\"{column}\"")).map_or("", |(_, rest)| rest);
        let (_, said) = rest.split_once('>').unwrap_or_default();
        said.split("</cell>").next().unwrap_or_default().to_owned()
    };
    let line = |row: &str| {
        let row = row.split("</row>").next().unwrap_or_default();
        (cell(row, &columns[0]), columns[1..].iter().map(|column| cell(row, column)).collect())
    };
    let behind = text.split(" rows=\"").nth(1).map(named).unwrap_or_default();
    (text.split("<row name=").skip(1).map(line).collect(), behind, text.contains("<closed at="))
}

/// The files of a report say these lines.
async fn files(house: &House, slug: &str, (lines, rows): &Report, is_closed: bool) {
    // Of the drugs the script says only those of which there is something to say.
    let says = |cells: &[String]| slug != "monthly-drugs" || cells.iter().any(|cell| cell != "0");
    let mut csv = papers::report(house, slug).await;
    csv.retain(|(_, cells)| says(cells));
    assert_eq!(csv, *lines, "{slug}");
    let unquoted: Lines =
        lines.iter().map(|(title, cells)| (title.trim_matches('"').to_owned(), cells.clone())).collect();
    let mut xml = as_xml(house, slug).await;
    xml.0.retain(|(_, cells)| says(cells));
    assert_eq!(xml, (unquoted, rows.to_string(), is_closed), "{slug}");
}

/// What the page of the month's end says of its reports: rows and standing.
async fn month_end(house: &House) -> Vec<Vec<String>> {
    let page = house.get(&format!("/ket-thuc-thang?ky={MONTH}")).await.text;
    table(&page, "Các biểu của tháng").into_iter().map(|row| papers::of(&row, &[1, 2])).collect()
}

/// The cells in which two states of a report differ, as its page names them.
fn differences(slug: &str, before: &Lines, after: &Lines) -> Vec<Vec<String>> {
    let (_, columns) = REPORTS.iter().find(|(known, _)| *known == slug).unwrap();
    let words = |cell: &str| if cell.is_empty() { "–".to_owned() } else { cell.replace('.', ",") };
    let mut all = Vec::new();
    for ((title, before), (other, after)) in before.iter().zip(after) {
        assert_eq!(title, other, "{slug}");
        for ((column, before), after) in
            columns.iter().zip(before).zip(after).filter(|((_, one), other)| one != other)
        {
            let title = title.trim_matches('"');
            all.push(vec![format!("{title}, {}", column.to_lowercase()), words(before), words(after)]);
        }
    }
    all
}

/// Every report is closed as it stands.
async fn closed(house: &House, signed: &[Report; 5]) {
    let standing =
        |words: &str| signed.iter().map(|(_, rows)| vec![rows.to_string(), words.to_owned()]).collect();
    papers::same(month_end(house).await, standing("Sẵn sàng khóa"), "before it is closed");
    for ((slug, _), signed) in REPORTS.iter().zip(signed) {
        files(house, slug, signed, false).await;
        let page = format!("/bao-cao/{slug}?ky={MONTH}");
        house.send(&house.form(&page, &format!("/bao-cao/{slug}/khoa?ky={MONTH}")).await).await;
        files(house, slug, signed, true).await;
    }
    papers::same(month_end(house).await, standing("Đã khóa 01/10/2026 08:00"), "when it is closed");
}

/// What is told two days after the month was closed: a visit that a tablet kept, a dose, a death.
async fn told_late(house: &mut House, truth: &mut Truth, villagers: &[Person]) {
    house.morning(day("2026-10-03")).await;
    let (seen, at) = (&villagers[10], "2026-09-30T15:00:00+07:00");
    let (subject, encounter) = (format!("Patient/{}", seen.id), "Encounter/muon-1");
    house
        .keep(json!({"resourceType": "Encounter", "id": "muon-1", "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": (subject.as_str())}, "period": {"start": at, "end": at},
            "reasonCode": [{"text": "Ho, sốt"}], "hospitalization": {"dischargeDisposition": {"text": "Về nhà"}},
            "serviceProvider": {"reference": (format!("Organization/{STATION}"))}}))
        .await;
    house
        .keep(json!({"resourceType": "Condition", "id": "muon-1", "subject": {"reference": subject}, "recordedDate": at,
            "encounter": {"reference": encounter},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "J06.9"}]}}))
        .await;
    let (person, day_of) = (seen.clone(), day("2026-09-30"));
    truth.visits.push(Visit { person, day: day_of, reason: "Ho, sốt", icd: vec!["J06.9"], end: End::Home });
    vaccination::told_late(house, truth, day("2026-09-29")).await;
    let person = villagers[40].clone();
    life::told(house, truth, Death { person, day: day_of, chain: &["J18.9"] }).await;
    house.follow().await;
}

/// What was signed stays; the page says what differs; re-stated with a reason, the report says what happened.
async fn restated(house: &House, slug: &str, before: &Report, after: &Report) -> Vec<Vec<String>> {
    files(house, slug, before, true).await;
    let (address, action) =
        (format!("/bao-cao/{slug}?ky={MONTH}"), format!("/bao-cao/{slug}/sua?ky={MONTH}"));
    let page = house.get(&address).await.text;
    let differ = differences(slug, &before.0, &after.0);
    assert_eq!(table(&page, "Chỗ khác bản đã khóa"), differ, "{slug}");
    let form = Form::of(&page, &action);
    assert_eq!(form.is_some(), !differ.is_empty(), "{slug} may be re-stated when something differs");
    if let Some(mut form) = form {
        let silent = house.post(&form.action, &form.fields).await;
        assert_eq!(silent.status, StatusCode::BAD_REQUEST, "{slug} without a reason: {}", main(&silent.text));
        files(house, slug, before, true).await;
        form.set("giai-thich", WHY);
        house.send(&form).await;
        let said = main(&house.get(&address).await.text);
        assert!(said.contains(&format!("Sửa lúc 03/10/2026 08:00: {WHY}")), "{said}");
    }
    files(house, slug, after, true).await;
    differ
}

/// The month from its closing to its re-statement.
pub async fn played(house: &mut House, truth: &mut Truth, villagers: &[Person]) {
    let signed = all(truth);
    closed(house, &signed).await;
    told_late(house, truth, villagers).await;
    let now = all(truth);
    let expected =
        signed.iter().zip(&now).zip(REPORTS).map(|((before, after), (slug, _))| {
            match differences(slug, &before.0, &after.0).len() {
                0 => vec![after.1.to_string(), "Đã khóa 01/10/2026 08:00".to_owned()],
                cells => {
                    let more = "Mở biểu để sửa bản đã khóa và ghi lý do.";
                    vec![String::new(), format!("Đã khóa 01/10/2026 08:00, nay {cells} số khác {more}")]
                }
            }
        });
    papers::same(month_end(house).await, expected.collect(), "what moved since it was closed");
    let mut moved = 0;
    for (((slug, _), before), after) in REPORTS.iter().zip(&signed).zip(&now) {
        moved += usize::from(!restated(house, slug, before, after).await.is_empty());
    }
    assert_eq!(moved, 3, "reports that the late visit, dose and death change");
    papers::registers(house, truth).await;
}
