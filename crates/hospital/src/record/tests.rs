use super::labs::Lab;
use super::model::{Basis, LinkReason, Record, build};
use super::older::{Older, newest};
use super::ranges::Ranges;
use super::timeline::{Kind, PAGE, View};
use super::visit::VisitPage;
use super::{page, read, visit, visit_page};
use expect_test::expect;
use std::sync::LazyLock;
use yba_content::Content;
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, Value, json};
use yba_ui::banner::Allergy;

#[path = "../../tests/data/sample.rs"]
mod sample;

static CONTENT: LazyLock<Content> = LazyLock::new(Content::built_in);

fn record(resources: &[Value]) -> Record {
    record_in(resources, View::default())
}

fn record_in(resources: &[Value], view: View) -> Record {
    record_by(resources, view, &Older::default())
}

fn record_by(resources: &[Value], view: View, older: &Older) -> Record {
    let link = LinkReason {
        patient: "p2".into(),
        words: "Cùng số định danh, cùng giới tính và ngày sinh".into(),
    };
    let basis = Basis { person: "p1", today: sample::TODAY, links: &[link], content: &CONTENT, view, older };
    build(&basis, resources)
}

fn visit_of(encounter: &str, resources: &[Value]) -> Option<VisitPage> {
    let patients: Vec<&Value> = resources.iter().filter(|one| read::kind(one) == "Patient").collect();
    visit::build(encounter, resources, &Ranges::of(&CONTENT, &patients))
}

fn lab<'a>(record: &'a Record, name: &str) -> &'a Lab {
    record.labs.iter().find(|lab| lab.name == name).unwrap()
}

#[test]
fn one_person_is_told_from_what_three_facilities_wrote() {
    let record = record(&sample::person());
    assert_eq!(record.who.name, "Nguyễn Thị Thanh Hương", "the name with marks wins over capitals without");
    assert_eq!(record.who.birth, "1968-03-14", "a whole date wins over a bare year");
    assert_eq!(record.who.insurance.as_ref().unwrap().words(), "BHYT mức 2 · còn hạn đến 31/12/2026");
    let members: Vec<String> = record
        .members
        .iter()
        .map(|m| format!("{} | {} | {:?} | {}", m.facility, m.name, m.differs, m.reason))
        .collect();
    expect![[r#"
        Bệnh viện đa khoa tỉnh Lai Châu | Nguyễn Thị Thanh Hương | [] | 
        Trung tâm Y tế huyện Tam Đường | NGUYEN THI THANH HUONG | [] | Cùng số định danh, cùng giới tính và ngày sinh
        Trạm y tế xã Bản Bo | Nguyễn Thị Thanh Hường | ["ngày sinh"] | "#]]
    .assert_eq(&members.join("\n"));
    assert_eq!(record.papers.len(), 2);
    assert_eq!((record.papers[0].masked.as_str(), record.papers[0].records), ("••••4821", 3));
}

#[test]
fn diagnoses_meet_over_facilities_and_repeated_ones_stand_first() {
    let record = record(&sample::person());
    let lines: Vec<String> = record
        .problems
        .iter()
        .map(|p| format!("{} {} {} {}..{} {}", p.code, p.words, p.visits, p.first, p.last, p.origins.len()))
        .collect();
    expect![[r#"
        E11.9 Đái tháo đường không phụ thuộc insulin, không biến chứng 4 2025-08-02..2026-11-10 2
        E16.2 Hạ đường huyết không đặc hiệu 1 2026-05-03..2026-05-03 1
        J18.9 Viêm phổi không xác định tác nhân gây bệnh 1 2025-02-11..2025-02-11 1
        I10 Bệnh lý tăng huyết áp 1 2024-03-11..2024-03-11 1"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_test_is_one_series_over_both_facilities_with_its_digits_kept() {
    let record = record(&sample::person());
    let hba1c = lab(&record, "HbA1c");
    let values: Vec<(&str, &str)> =
        hba1c.values.iter().map(|v| (v.date.get(..10).unwrap(), v.value.as_str())).collect();
    assert_eq!(
        values,
        [("2026-11-10", "8.1"), ("2026-08-12", "7.60"), ("2026-02-11", "7.2"), ("2025-08-02", "6.9")]
    );
    assert_eq!(record.lab_places, [sample::HOSPITAL, sample::CENTRE]);
    let sources: Vec<usize> = hba1c.points.iter().map(|point| point.source).collect();
    assert_eq!(sources, [1, 0, 1, 0], "oldest first, each from its facility");
    let high: Vec<bool> = hba1c.values.iter().map(|v| v.flag.is_abnormal()).collect();
    assert_eq!(high, [true, true, true, false], "7,0 is the limit");
    assert!(lab(&record, "Protein niệu").points.is_empty(), "text is listed, not drawn");
}

#[test]
fn values_in_another_unit_are_not_drawn_on_the_same_line() {
    let glucose = |id: &str, date: &str, value: f64, unit: &str| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "effectiveDateTime": date,
            "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}], "text": "Glucose"},
            "valueQuantity": {"value": value, "unit": unit}})
    };
    let all = [
        glucose("a", "2026-01-01", 5.1, "mmol/L"),
        glucose("b", "2025-01-01", 92.0, "mg/dL"),
        glucose("c", "2024-01-01", 5.5, "mmol/l"),
    ];
    let record = record(&all);
    assert_eq!(record.labs[0].values.len(), 3);
    assert_eq!(record.labs[0].points.len(), 2);
}

#[test]
fn what_was_entered_in_error_is_not_shown() {
    let all = [
        json!({"resourceType": "Observation", "id": "a", "status": "entered-in-error", "code": {"text": "Kali"}, "valueString": "9"}),
        json!({"resourceType": "Condition", "id": "b", "code": {"text": "Sai"}, "verificationStatus": {"coding": [{"code": "entered-in-error"}]}}),
        json!({"resourceType": "Encounter", "id": "c", "status": "entered-in-error", "period": {"start": "2026-01-01"}}),
        json!({"resourceType": "AllergyIntolerance", "id": "d", "code": {"text": "Sai"}, "verificationStatus": {"coding": [{"code": "refuted"}]}}),
    ];
    let record = record(&all);
    assert!(record.labs.is_empty() && record.problems.is_empty() && record.history.total() == 0);
    assert_eq!(record.allergy, Allergy::NotAsked);
}

#[test]
fn allergies_have_three_states() {
    let known = record(&sample::person());
    assert_eq!(known.allergy, Allergy::Known(vec!["Penicillin – phản vệ 2019".into()]));
    let none =
        json!({"resourceType": "AllergyIntolerance", "id": "a", "code": {"coding": [{"code": "716186003"}]}});
    assert_eq!(record(&[none]).allergy, Allergy::None);
    assert_eq!(record(&[]).allergy, Allergy::NotAsked);
}

#[test]
fn drugs_are_running_until_their_supply_ends_and_old_ones_leave() {
    let record = record(&sample::person());
    let lines: Vec<String> = record
        .drugs
        .iter()
        .map(|d| {
            format!(
                "{} | {} | {} | {} | running {} | {}",
                d.name, d.dose, d.quantity, d.until, d.running, d.times
            )
        })
        .collect();
    expect![[r#"
        Amlodipin 5 mg | Tối 1 viên | 60 viên | 2026-12-10 | running true | 3
        Metformin 1000 mg | Sáng 1 viên, chiều 1 viên, sau ăn | 60 viên | 2026-12-10 | running true | 3"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn the_timeline_tells_kind_and_origin_and_can_be_filtered() {
    let record = record(&sample::person());
    let lines: Vec<String> = record
        .history
        .events
        .iter()
        .map(|v| format!("{} {} | {} | {} | {}", &v.date[..10], v.kind, v.title, v.line, v.origin))
        .collect();
    expect![[r#"
        2026-11-10 Khám bệnh | Đái tháo đường không phụ thuộc insulin, không biến chứng | 2 thuốc · 4 kết quả | BVĐK tỉnh Lai Châu
        2026-08-12 Khám bệnh | Đái tháo đường không phụ thuộc insulin, không biến chứng | 2 thuốc · 4 kết quả | TTYT huyện Tam Đường
        2026-05-03 Cấp cứu | Hạ đường huyết không đặc hiệu | 1 kết quả | BVĐK tỉnh Lai Châu
        2026-02-11 Khám bệnh | Đái tháo đường không phụ thuộc insulin, không biến chứng | 2 thuốc · 4 kết quả | BVĐK tỉnh Lai Châu
        2025-10-20 Tiêm chủng | Cúm mùa (Vaxigrip Tetra) | mũi 1 | TYT xã Bản Bo
        2025-08-02 Khám bệnh | Đái tháo đường không phụ thuộc insulin, không biến chứng | 2 thuốc · 4 kết quả | TTYT huyện Tam Đường
        2025-02-11 Nội trú | Viêm phổi không xác định tác nhân gây bệnh | 6 ngày · 1 thuốc | BVĐK tỉnh Lai Châu
        2024-10-11 Tiêm chủng | Cúm mùa (Vaxigrip Tetra) | mũi 1 | TYT xã Bản Bo
        2024-03-11 Khám bệnh | Bệnh lý tăng huyết áp | 1 thuốc | TYT xã Bản Bo"#]]
    .assert_eq(&lines.join("\n"));
    let view = View { kind: Some(Kind::Emergency), ..View::default() };
    let emergencies = record_in(&sample::person(), view).history;
    assert_eq!((emergencies.events.len(), emergencies.older), (1, 0));
    assert_eq!(emergencies.filters.iter().filter(|filter| filter.current).count(), 1);
}

#[test]
fn pages_of_the_timeline_cover_everything_once() {
    let all = sample::frequent(500);
    let mut seen = Vec::new();
    let mut view = View::default();
    loop {
        let page = record_in(&all, view).history;
        assert!(page.events.len() <= PAGE);
        seen.extend(page.events.iter().filter_map(|event| event.href.clone()));
        if page.older == 0 {
            break;
        }
        view.skip += page.events.len();
    }
    assert_eq!(seen.len(), 500);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 500);
    assert!(
        record_in(&all, View { skip: 9999, ..View::default() }).history.events.is_empty(),
        "beyond the end is empty, not a fault"
    );
}

#[test]
fn the_page_shows_origin_masks_numbers_and_needs_no_script() {
    let markup = page::page(&record(&sample::person())).0;
    for words in [
        "NGUYỄN THỊ THANH HƯƠNG",
        "Dị ứng Penicillin",
        "BVĐK tỉnh Lai Châu",
        "TTYT huyện Tam Đường",
        "role=\"img\"",
        "khác ngày sinh",
    ] {
        assert!(markup.contains(words), "{words}");
    }
    for secret in ["012168004821", "DT2121234567890", "0912345678"] {
        assert!(!markup.contains(secret), "{secret}");
    }
    assert_eq!(markup.matches("<h1").count(), 1);
    assert!(!markup.contains("<script") && !markup.contains(" style="));
}

#[test]
fn what_is_marked_as_sensitive_is_told_from_the_rest() {
    let of = |code: &str| json!({"resourceType": "Condition", "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": code}]}});
    for (code, sensitive) in [("N", false), ("R", true), ("V", true), ("HIV", true), ("L", false)] {
        assert_eq!(read::is_sensitive(&of(code)), sensitive, "{code}");
    }
    assert!(!read::is_sensitive(&json!({"resourceType": "Condition"})));
}

#[test]
fn an_empty_record_still_draws() {
    let markup = page::page(&record(&[])).0;
    assert!(markup.contains("Hồ sơ trống") && markup.contains("Chưa hỏi dị ứng"));
}

#[test]
fn a_visit_tells_what_was_found_given_paid_and_where_it_came_from() {
    let resources = sample::person();
    let page = visit_of("e1", &resources).unwrap();
    assert_eq!(page.title, "Đái tháo đường không phụ thuộc insulin, không biến chứng");
    assert_eq!(
        (page.drugs.len(), page.results.len(), page.services.len(), page.diagnoses.len()),
        (2, 4, 1, 1)
    );
    assert!(page.diagnoses[0].main);
    assert_eq!(page.number, "LKe1");
    let costs = page.costs.as_ref().unwrap();
    assert_eq!((costs.total.as_str(), costs.lines.len()), ("487500", 2));
    assert_eq!(page.sources, ["HS_2026-11-10.xml"]);
    let markup = visit_page::page(&record(&resources), &page).0;
    assert!(markup.contains("487.500\u{202f}₫") && markup.contains("bệnh chính"));
    assert!(visit_of("nowhere", &resources).is_none());
}

#[test]
fn sources_of_claim_files_are_said_in_words() {
    assert_eq!(
        visit::source_words("urn:yba:bhyt:12001:3f2a91c07b5d4410#LK1/XML2/3"),
        "Tệp BHYT của cơ sở 12001, dấu vân 3f2a91c07b5d, bảng XML2"
    );
    assert_eq!(visit::source_words("HS_1.xml#LK1"), "HS_1.xml");
}

#[test]
fn foreign_narrative_is_shown_as_text_only() {
    let all = [
        json!({"resourceType": "Encounter", "id": "e", "class": {"code": "IMP"}, "period": {"start": "2026-01-01"}}),
        json!({"resourceType": "Composition", "id": "c", "encounter": {"reference": "Encounter/e"},
            "section": [{"title": "Tóm tắt", "text": {"div": "<div>Sốt &lt;39&gt;<script>alert(1)</script></div>"}}]}),
    ];
    let page = visit_of("e", &all).unwrap();
    let markup = visit_page::page(&record(&all), &page).0;
    assert!(markup.contains("Sốt &lt;39&gt;") && !markup.contains("<script"), "{markup}");
}

/// A sodium value (the catalogue's range is 135–145 mmol/L) as claim files bring it: without a range.
fn sodium(id: &str, date: &str, value: f64, unit: &str) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final", "effectiveDateTime": date,
        "code": {"coding": [{"system": "http://loinc.org", "code": "2951-2"}], "text": "Natri"},
        "encounter": {"reference": "Encounter/e"}, "subject": {"reference": "Patient/p1"},
        "valueQuantity": {"value": value, "unit": unit}})
}

#[test]
fn a_value_without_range_is_read_against_the_catalogue_and_that_is_said() {
    let all = [
        sample::patient("p1", "o1", "Lò Thị Lả", "1968-03-14"),
        json!({"resourceType": "Encounter", "id": "e", "status": "finished", "period": {"start": "2026-01-01"}}),
        sodium("a", "2025-01-01T08:00:00+07:00", 150.0, "mmol/L"),
        sodium("b", "2026-01-01T08:00:00+07:00", 131.0, "mmol/l"),
    ];
    let record = record(&all);
    let natri = lab(&record, "Natri");
    let read: Vec<(&str, &str, bool)> =
        natri.values.iter().map(|v| (v.range.as_str(), v.flag.word(), v.general)).collect();
    assert_eq!(read, [("135–145", "thấp", true), ("135–145", "cao", true)]);
    assert_eq!((natri.low, natri.high), (Some(135.0), Some(145.0)), "the band is drawn");
    assert!(natri.points.iter().all(|point| point.abnormal));
    let markup = page::page(&record).0;
    assert!(
        markup.contains("tham chiếu chung 135–145") && markup.contains("Khoảng tham chiếu chung"),
        "{markup}"
    );
    let markup = visit_page::page(&record, &visit_of("e", &all).unwrap()).0;
    assert!(markup.contains("135–145 (chung)") && markup.contains("▼"), "{markup}");
}

#[test]
fn the_general_range_is_not_lent_to_children_other_units_or_over_the_laboratorys_own() {
    let ranges_of = |patients: &[Value], one: &Value| {
        let patients: Vec<&Value> = patients.iter().collect();
        Ranges::of(&CONTENT, &patients).general(one).is_some()
    };
    let born = |birth: &str| [sample::patient("p1", "o1", "Lò Thị Lả", birth)];
    for (birth, lent) in [
        ("2008-01-01", true),
        ("2008-01-02", false),
        ("2008-01", false),
        ("2007-12", true),
        ("2008", false),
        ("2007", true),
        ("", false),
        ("2020-05-05", false),
    ] {
        let one = sodium("a", "2026-01-01T08:00:00+07:00", 150.0, "mmol/L");
        assert_eq!(ranges_of(&born(birth), &one), lent, "born {birth}");
    }
    // At the time of the test she was a child.
    assert!(!ranges_of(&born("1990-01-01"), &sodium("a", "2007-12-31", 150.0, "mmol/L")));
    // One facility wrote a child's birth date: then nothing is sure.
    let two =
        [sample::patient("p1", "o1", "Lả", "1980-01-01"), sample::patient("p2", "o2", "Lả", "2015-01-01")];
    assert!(!ranges_of(&two, &sodium("a", "2026-01-01", 150.0, "mmol/L")));
    for unit in ["mg/dL", "", "mEq"] {
        assert!(!ranges_of(&born("1980-01-01"), &sodium("a", "2026-01-01", 150.0, unit)), "{unit}");
    }
    let all = [sample::patient("p1", "o1", "Lò Thị Lả", "1968-03-14"), {
        use yba_fhir::json::JsonValueMutTrait;
        let mut own = sodium("a", "2026-01-01", 150.0, "mmol/L");
        own.as_object_mut().unwrap().insert("referenceRange", json!([{"high": {"value": 155}}]));
        own
    }];
    let value = &record(&all).labs[0].values[0];
    assert!(!value.general && !value.flag.is_abnormal() && value.range.contains("155"));
}

#[test]
fn where_the_sexes_differ_the_sex_must_be_sure() {
    // Haemoglobin: 130–170 g/L, women 120–150.
    let one = json!({"resourceType": "Observation", "id": "a", "status": "final", "effectiveDateTime": "2026-01-01",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "valueQuantity": {"value": 125, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}});
    let patient = |gender: &str| json!({"resourceType": "Patient", "id": gender, "gender": gender, "birthDate": "1980-01-01"});
    let low = |genders: &[&str]| {
        let patients: Vec<Value> = genders.iter().map(|gender| patient(gender)).collect();
        let patients: Vec<&Value> = patients.iter().collect();
        Ranges::of(&CONTENT, &patients).general(&one).and_then(|range| range.low)
    };
    assert_eq!(low(&["female"]), Some("120"));
    assert_eq!(low(&["male", "male"]), Some("130"));
    assert_eq!(low(&["male", "female"]), None);
    assert_eq!(low(&["unknown"]), None);
}

#[test]
fn the_best_spelling_of_name_and_newest_address_is_shown() {
    let with = |id: &str, name: &str, address: &str, updated: &str| {
        json!({"resourceType": "Patient", "id": id, "name": [{"text": name}], "address": [{"text": address}],
            "meta": {"lastUpdated": updated}})
    };
    let all = [
        with("a", "LÒ THỊ LẢ", "BAN NA KHUONG, XA BAN BO", "2026-02-02T00:00:00Z"),
        with("b", "Lò Thị Lả", "Bản Nà Khương, xã Bản Bo", "2025-02-02T00:00:00Z"),
        with("c", "LO THI LA", "Phường Đoàn Kết, thành phố Lai Châu", "2024-02-02T00:00:00Z"),
    ];
    let who = record(&all).who;
    assert_eq!((who.name.as_str(), who.address.as_str()), ("Lò Thị Lả", "Bản Nà Khương, xã Bản Bo"));
}

#[test]
fn a_drug_given_without_prescription_is_among_the_drugs_and_on_the_visit() {
    let visit = sample::Visit {
        id: "e1".into(),
        patient: "p1",
        organization: "o1",
        date: "2026-11-10".into(),
        end: "2026-11-10".into(),
        class: "AMB",
        icd: "J00",
        words: "Cảm",
    };
    let mut all = sample::person();
    let given =
        |id: &str, drug: &str, of| sample::dispense(id, &visit, "2026-11-10T09:00:00+07:00", drug, of);
    all.push(given("x1", "Paracetamol 500 mg", None));
    // The same drug as prescribed in the visit, in capitals and without naming the prescription.
    all.push(given("x2", "METFORMIN 1000 MG", None));
    // Its prescription is not among the records.
    all.push(given("x3", "Vitamin C 500 mg", Some("nowhere")));
    let record = record(&all);
    let times = |name: &str| record.drugs.iter().find(|drug| drug.name == name).map(|drug| drug.times);
    assert_eq!(
        (times("Paracetamol 500 mg"), times("Metformin 1000 mg"), times("Vitamin C 500 mg")),
        (Some(1), Some(3), Some(1))
    );
    assert!(record.history.events[0].line.starts_with("4 thuốc"), "{}", record.history.events[0].line);
    let page = visit_of("e1", &all).unwrap();
    let alone: Vec<&str> =
        page.drugs.iter().filter(|drug| drug.unprescribed).map(|drug| drug.name.as_str()).collect();
    assert_eq!((alone, page.drugs.len()), (vec!["Paracetamol 500 mg", "Vitamin C 500 mg"], 4));
    assert!(visit_page::page(&record, &page).0.contains("phát không có đơn"));
}

#[test]
fn a_blood_pressure_is_among_the_results_of_its_visit() {
    use yba_fhir::json::JsonValueMutTrait;
    let mut all = sample::person();
    let pressure = all.iter_mut().find(|one| read::id(one) == "v1").unwrap();
    pressure.as_object_mut().unwrap().insert("encounter", json!({"reference": "Encounter/e1"}));
    let page = visit_of("e1", &all).unwrap();
    let found: Vec<&str> = page.results.iter().map(|one| one.value.value.as_str()).collect();
    assert!(found.contains(&"152/94"), "{found:?}");
}

#[test]
fn papers_of_a_visit_are_listed_with_what_they_hold() {
    let all = [
        json!({"resourceType": "Encounter", "id": "e", "class": {"code": "AMB"}, "period": {"start": "2026-01-01"}}),
        json!({"resourceType": "DocumentReference", "id": "d", "status": "current", "type": {"text": "Phần giữ nguyên văn"},
            "context": {"encounter": [{"reference": "Encounter/e"}]},
            "content": [{"attachment": {"title": "XML6: giữ nguyên văn", "data": "QUJDREU="}}, {"attachment": {"contentType": "application/pdf", "size": 4096}}]}),
    ];
    let page = visit_of("e", &all).unwrap();
    assert_eq!(
        page.documents[0].parts,
        [("XML6: giữ nguyên văn".to_string(), 5), ("application/pdf".to_string(), 4096)]
    );
    let markup = visit_page::page(&record(&all), &page).0;
    assert!(
        markup.contains("Tài liệu gốc")
            && markup.contains("Phần giữ nguyên văn")
            && markup.contains("2 phần")
    );
}

#[test]
fn an_insurance_card_is_in_force_until_its_last_day() {
    let patient = |end: &str, usage: &str| {
        json!({"resourceType": "Patient", "identifier": [{
            "use": usage, "system": "https://yba.vn/fhir/sid/bhyt", "value": "DN4120000000123", "period": {"end": end}
        }]})
    };
    let current = |patients: &[Value]| {
        let papers = super::who::papers(patients.iter(), "2026-11-22");
        assert_eq!(papers.len(), 1);
        papers[0].current
    };
    assert!(current(&[patient("2026-12-31", "official")]));
    assert!(current(&[patient("2026-11-22", "official")]), "the last day counts");
    assert!(!current(&[patient("2026-11-21", "official")]));
    assert!(!current(&[patient("2026-12-31", "old")]));
    assert!(
        current(&[patient("2025-12-31", "official"), patient("2026-12-31", "official")]),
        "one facility knows better"
    );
}

#[test]
fn a_long_record_shows_the_same_though_only_its_newest_results_are_read_whole() {
    let mut all = sample::frequent_with(200, 20);
    // A void result, a labelled one and one dated by a period are read whole wherever they stand.
    for (at, change) in [
        json!({"status": "entered-in-error"}),
        json!({"meta": {"security": [{"code": "HIV"}]}}),
        json!({"effectivePeriod": {"start": "2001-01-01"}}),
    ]
    .into_iter()
    .enumerate()
    {
        let one = all.iter_mut().filter(|one| read::kind(one) == "Observation").nth(100 * at + 7).unwrap();
        let one = one.as_object_mut().unwrap();
        if at == 2 {
            one.remove(&"effectiveDateTime");
        }
        change.as_object().unwrap().iter().for_each(|(name, value)| drop(one.insert(name, value.clone())));
    }
    let (measured, others): (Vec<Value>, Vec<Value>) =
        all.iter().cloned().partition(|one| read::kind(one) == "Observation");
    let texts: Vec<Vec<u8>> = measured.iter().map(|one| yba_fhir::json::to_vec(one).unwrap()).collect();
    let bodies: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let (newest, older) = newest(&bodies);
    assert!(newest.len() < 1300 && measured.len() >= 4000, "{} of {}", newest.len(), measured.len());
    let labelled = |one: &&Value| read::is_sensitive(one);
    assert_eq!(newest.iter().filter(labelled).count(), 1);
    let whole: Vec<Value> = others.iter().chain(&measured).cloned().collect();
    let some: Vec<Value> = others.iter().chain(&newest).cloned().collect();
    for view in [View::default(), View { skip: 150, ..View::default() }] {
        let (all, short) = (record_by(&whole, view, &Older::default()), record_by(&some, view, &older));
        assert_eq!(all.labs, short.labs);
        assert_eq!((all.vitals, all.vitals_when), (short.vitals, short.vitals_when));
        assert_eq!(format!("{:?}", all.history), format!("{:?}", short.history));
    }
    let (few, none) = super::older::newest(&bodies[..500]);
    assert_eq!((few.len(), none.tests.len()), (500, 0), "a short record is read whole");
}
