//! What a visit becomes: golden values for the worked example, and the rules that are easy to break.

use crate::example::{mapped, outpatient};
use crate::r4::faults;
use base64::Engine;
use expect_test::expect_file;
use yba_claim::Mapped;
use yba_content::Content;
use yba_fhir::Severity;
use yba_fhir::json::{JsonValueTrait, Value, at, items, number_text, str_at};
use yba_validate::{Codes, Validator};

/// The decoded attachments of a DocumentReference.
pub fn attachments(document: &Value) -> Vec<String> {
    items(document, "content")
        .filter_map(|one| str_at(one, &["attachment", "data"]))
        .map(|data| {
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(data).unwrap()).unwrap()
        })
        .collect()
}

fn of<'a>(mapped: &'a Mapped, kind: &str) -> Vec<&'a Value> {
    mapped.all().filter(|one| str_at(one, &["resourceType"]) == Some(kind)).collect()
}

fn extension<'a>(resource: &'a Value, slug: &str) -> Option<&'a Value> {
    let url = format!("https://yba.vn/fhir/StructureDefinition/{slug}");
    items(resource, "extension").find(|one| str_at(one, &["url"]) == Some(&url))
}

fn amount(resource: &Value, slug: &str) -> String {
    extension(resource, slug)
        .and_then(|one| at(one, &["valueMoney", "value"]))
        .and_then(number_text)
        .unwrap_or_default()
}

/// One line for each resource, elements in order: small enough to read in review.
fn listing(mapped: &Mapped) -> String {
    let mut lines: Vec<String> = mapped.all().map(|one| one.to_string()).collect();
    lines.push(String::new());
    lines.join("\n")
}

#[test]
fn the_worked_example_becomes_these_resources() {
    expect_file!["../golden/outpatient.ndjson"].assert_eq(&listing(&mapped(&outpatient().file())));
}

#[test]
fn the_inpatient_example_becomes_these_resources() {
    expect_file!["../golden/inpatient.ndjson"].assert_eq(&listing(&mapped(&inpatient().file())));
}

/// Our own profiles are written for what our own importer makes.
#[test]
fn what_visits_become_keeps_our_profiles() {
    let codes = Codes::built_in().clone();
    let (validator, problems) = Validator::of_content(&Content::built_in(), codes, &[]);
    assert_eq!(problems, []);
    let (mut judged, mut wrong) = (0, Vec::new());
    for mapped in [mapped(&outpatient().file()), mapped(&inpatient().file())] {
        for one in mapped.all() {
            let slug = match str_at(one, &["resourceType"]).unwrap() {
                "Patient" => "vn-patient",
                "Coverage" => "bhyt-coverage",
                "Encounter" => "vn-encounter",
                "MedicationRequest" => "vn-prescription",
                _ => continue,
            };
            let profile = format!("https://yba.vn/fhir/StructureDefinition/{slug}");
            let findings = validator.check_against(one, &[profile]);
            judged += 1;
            let errors = findings.issues.iter().filter(|issue| issue.severity == Severity::Error);
            wrong.extend(errors.map(|issue| format!("{slug} {:?}: {}", issue.path, issue.diagnostics)));
        }
    }
    assert!(judged >= 8, "{judged}");
    assert_eq!(wrong, Vec::<String>::new());
}

/// A stay with every mapped part: progress with vital signs, discharge paper, summary, referral, appointment.
pub fn inpatient() -> crate::example::Example {
    let key = ("MA_LK", "12001.2026.0000123");
    outpatient()
        .set("XML1", 0, "MA_LOAI_KCB", "03")
        .set("XML1", 0, "NGAY_RA", "202611181015")
        .set("XML1", 0, "NGAY_VAO_NOI_TRU", "202611160800")
        .set("XML1", 0, "SO_NGAY_DTRI", "3")
        .set("XML1", 0, "MA_LOAI_RV", "2")
        .set("XML1", 0, "MA_NOI_DEN", "01001")
        .set("XML1", 0, "NHOM_MAU", "O+")
        .set("XML1", 0, "MA_KHOA", "K01;K02")
        .set("XML3", 3, "MA_NHOM", "18")
        .set("XML3", 4, "MA_NHOM", "15")
        .set("XML3", 4, "MA_GIUONG", "H001")
        .with_part(
            "XML5",
            &[
                &[
                    key,
                    ("STT", "1"),
                    ("DIEN_BIEN_LS", "Tỉnh, ho <ít>\r\nCSST<M75_T37.5_HA120/70_NT18_SP98>"),
                    ("THOI_DIEM_DBLS", "202611160830"),
                    ("NGUOI_THUC_HIEN", "000123/LCH-CCHN"),
                ],
                &[
                    key,
                    ("STT", "2"),
                    ("DIEN_BIEN_LS", "Đỡ sốt"),
                    ("HOI_CHAN", "Không"),
                    ("THOI_DIEM_DBLS", "202611170830"),
                ],
            ],
        )
        .with_part(
            "XML7",
            &[&[
                key,
                ("SO_LUU_TRU", "LT01"),
                ("MA_YTE", "26000123"),
                ("MA_KHOA_RV", "K02"),
                ("CHAN_DOAN_RV", "Viêm phế quản cấp"),
                ("PP_DIEUTRI", "Kháng sinh"),
                ("MA_BS", "000123/LCH-CCHN"),
                ("TEN_BS", "Vàng A Chứ"),
                ("NGAY_CT", "20261118"),
                ("HO_TEN_ME", "Lò Thị Mẹ"),
                ("SO_NGAY_NGHI", "3"),
            ]],
        )
        .with_part(
            "XML8",
            &[&[
                key,
                ("MA_LOAI_KCB", "03"),
                ("QT_BENHLY", "Ho, sốt ba ngày"),
                ("TOMTAT_KQ", "Bạch cầu tăng"),
                ("NGAY_CT", "20261118"),
            ]],
        )
        .with_part(
            "XML13",
            &[&[
                key,
                ("SO_HOSO", "HS1"),
                ("GIAY_CHUYEN_TUYEN", "CT1"),
                ("MA_CSKCB_DEN", "01001"),
                ("HO_TEN", "Lò Thị Mẫu"),
                ("DAU_HIEU_LS", "Khó thở"),
                ("TINH_TRANG_CT", "Tỉnh"),
                ("MA_LYDO_CT", "1"),
                ("HUONG_DIEU_TRI", "Tiếp tục kháng sinh"),
                ("PHUONGTIEN_VC", "Xe cứu thương"),
                ("MA_BAC_SI", "000123/LCH-CCHN"),
            ]],
        )
        .with_part(
            "XML14",
            &[&[
                key,
                ("SO_GIAYHEN_KL", "H1"),
                ("MA_CSKCB", "12001"),
                ("NGAY_HEN_KL", "202611250730"),
                ("MA_BAC_SI", "000123/LCH-CCHN"),
                ("NGAY_CT", "20261118"),
            ]],
        )
}

#[test]
fn every_resource_is_shaped_as_r4_says() {
    for example in
        [outpatient(), inpatient(), outpatient().unset("XML1", 0, "MA_THE_BHYT").unset("XML1", 0, "MA_BN")]
    {
        let mapped = mapped(&example.file());
        let found: Vec<String> = mapped.all().flat_map(faults).collect();
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn a_note_without_a_time_or_words_is_still_a_section() {
    let time = inpatient().set("XML5", 0, "THOI_DIEM_DBLS", "");
    let words = ["DIEN_BIEN_LS", "GIAI_DOAN_BENH", "HOI_CHAN", "PHAU_THUAT"]
        .into_iter()
        .fold(inpatient(), |example, column| example.set("XML5", 0, column, ""));
    for (example, title) in [(time, None), (words, Some("16/11/2026 08:30"))] {
        let mapped = mapped(&example.file());
        let note = of(&mapped, "Composition")
            .into_iter()
            .find(|note| str_at(note, &["title"]) == Some("Diễn biến lâm sàng"))
            .expect("the paper of XML5");
        assert_eq!(faults(note), [] as [String; 0]);
        let section = items(note, "section").next().expect("its note");
        assert_eq!(str_at(section, &["title"]), title);
        assert!(str_at(section, &["text", "div"]).is_some_and(|div| div.contains("<p>")), "{section}");
    }
}

#[test]
fn money_is_kept_to_the_dong_with_its_digits() {
    let mapped = mapped(&outpatient().file());
    let claim = of(&mapped, "Claim")[0];
    assert_eq!(at(claim, &["total", "value"]).and_then(number_text).as_deref(), Some("603274.00"));
    assert_eq!(str_at(claim, &["total", "currency"]), Some("VND"));
    let totals =
        ["t-tongchi-bh", "t-bntt", "t-bncct", "t-bhtt", "t-nguonkhac"].map(|slug| amount(claim, slug));
    assert_eq!(totals, ["430437.00", "172837.00", "86087.40", "344349.60", "0"]);
    let lines: Vec<_> = items(claim, "item").collect();
    assert_eq!(lines.len(), 7);
    assert_eq!(at(lines[1], &["unitPrice", "value"]).and_then(number_text).as_deref(), Some("12345.5"));
    assert_eq!(amount(lines[1], "t-bncct"), "34567.40");
    assert_eq!(at(lines[3], &["factor"]).and_then(number_text).as_deref(), Some("0.30"));
}

#[test]
fn numbers_of_people_stand_under_their_systems() {
    let mapped = mapped(&outpatient().file());
    let numbers: Vec<_> = items(&mapped.patient, "identifier")
        .map(|one| {
            format!(
                "{}={}",
                str_at(one, &["system"]).unwrap().trim_start_matches("https://yba.vn/fhir/sid/"),
                str_at(one, &["value"]).unwrap()
            )
        })
        .collect();
    assert_eq!(
        numbers,
        ["mrn/12001=26000123", "cccd=012190001234", "bhyt=GD4121234567890", "bhxh=1234567890"]
    );
}

#[test]
fn a_temporary_child_card_is_nobodys_insurance_number() {
    let example = outpatient()
        .set("XML1", 0, "MA_THE_BHYT", "TE1121234567890")
        .set("XML1", 0, "MA_DKBD", "12000")
        .set("XML1", 0, "NGAY_SINH", "202611100515")
        .unset("XML1", 0, "SO_CCCD");
    let mapped = mapped(&example.file());
    let systems: Vec<_> =
        items(&mapped.patient, "identifier").filter_map(|one| str_at(one, &["system"])).collect();
    assert!(!systems.iter().any(|system| system.ends_with("/bhxh")), "{systems:?}");
    assert_eq!(str_at(&mapped.patient, &["birthDate"]), Some("2026-11-10"));
    assert!(
        mapped.patient.to_string().contains("2026-11-10T05:15:00+07:00"),
        "the hour of birth of a newborn is kept"
    );
}

#[test]
fn cards_of_one_visit_are_parallel_lists() {
    let example = outpatient()
        .set("XML1", 0, "MA_THE_BHYT", "GD4121234567890;HN2121234567890")
        .set("XML1", 0, "MA_DKBD", "12001;12002")
        .set("XML1", 0, "GT_THE_TU", "20260101;20261117")
        .set("XML1", 0, "GT_THE_DEN", "20261116;20271231");
    let mapped = mapped(&example.file());
    let periods: Vec<_> = mapped
        .coverages
        .iter()
        .map(|one| {
            (
                items(one, "identifier").find_map(|one| str_at(one, &["value"])).unwrap(),
                str_at(one, &["period", "start"]).unwrap(),
                str_at(one, &["period", "end"]).unwrap(),
            )
        })
        .collect();
    assert_eq!(
        periods,
        [("GD4121234567890", "2026-01-01", "2026-11-16"), ("HN2121234567890", "2026-11-17", "2027-12-31")]
    );
    let claim = of(&mapped, "Claim")[0];
    assert_eq!(items(claim, "insurance").count(), 2);
}

#[test]
fn commune_codes_are_read_by_the_list_of_their_day() {
    let systems = |example: crate::example::Example| {
        let mapped = mapped(&example.file());
        let address = items(&mapped.patient, "address").next().unwrap().clone();
        let units: Vec<String> = items(&address, "extension")
            .filter_map(|one| at(one, &["valueCoding"]))
            .map(|coding| {
                format!(
                    "{} {}",
                    str_at(coding, &["system"]).unwrap().rsplit('/').next().unwrap(),
                    str_at(coding, &["display"]).unwrap_or_default()
                )
            })
            .collect();
        units
    };
    let code = |code: &str, text: &str| {
        outpatient().set("XML1", 0, "MAXA_CU_TRU", code).set("XML1", 0, "DIA_CHI", text)
    };
    assert_eq!(systems(code("03595", "Xã Than Uyên, tỉnh Lai Châu")), ["2025-07-01 Xã Than Uyên"]);
    let old = code("03390", "Bản Mới, Thị trấn Tam Đường, Huyện Tam Đường, Tỉnh Lai Châu");
    let found = systems(old.clone().set("XML1", 0, "MAHUYEN_CU_TRU", "106"));
    assert!(found[0].starts_with("2021 ") && found[0].contains("Tam Đường"), "{found:?}");
    assert_eq!(systems(old)[0], found[0], "the old name in the address tells as well");
}

#[test]
fn results_carry_loinc_and_the_laboratorys_own_code() {
    let mapped = mapped(&outpatient().file());
    let values: Vec<String> = of(&mapped, "Observation")
        .into_iter()
        .filter(|one| one.to_string().contains("bhyt-chi-so"))
        .map(|one| {
            let codings: Vec<_> = items(one.get("code").unwrap(), "coding")
                .filter_map(|coding| str_at(coding, &["code"]))
                .collect();
            let value = at(one, &["valueQuantity", "value"]).and_then(number_text).unwrap_or_default();
            format!(
                "{} {value} {}",
                codings.join("+"),
                str_at(one, &["valueQuantity", "code"]).unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(values, ["6690-2+HH.WBC 11.20 10*9/L", "718-7+HH.HGB 128 g/L"]);
    let converted =
        of(&mapped, "Observation").into_iter().find(|one| one.to_string().contains("HH.HGB")).unwrap();
    assert_eq!(
        extension(converted, "gia-tri-goc").and_then(|one| str_at(one, &["valueString"])),
        Some("12.8 g/dL")
    );
}

#[test]
fn ids_survive_corrections_of_values_and_part_equal_rows() {
    let before = mapped(&outpatient().file());
    let after = mapped(
        &outpatient().set("XML2", 0, "DON_GIA", "1251").set("XML1", 0, "GHI_CHU", "Uống nhiều nước").file(),
    );
    let ids = |mapped: &Mapped| {
        mapped.own.iter().filter_map(|one| str_at(one, &["id"])).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ids(&before), ids(&after));
    assert_ne!(before.digest, after.digest);
    let mut unique = ids(&before);
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), before.own.len());
    let other = mapped(&outpatient().other(5).file());
    assert!(ids(&other).iter().all(|id| !ids(&before).contains(id)), "another visit shares nothing");
}

#[test]
fn no_id_tells_whose_it_is() {
    let mapped = mapped(&inpatient().file());
    for one in mapped.all() {
        let id = str_at(one, &["id"]).unwrap();
        assert!(!id.contains("26000123") && !id.contains("012190001234"), "{id}");
    }
}

/// Nothing of a file is lost: every value is in some resource, or kept word for word.
#[test]
fn every_value_of_a_file_is_somewhere_in_the_record() {
    let example = inpatient();
    let mapped = mapped(&example.file());
    let mut text: String = mapped.all().map(|one| one.to_string()).collect();
    text.push_str(&mapped.own.iter().flat_map(attachments).collect::<String>());
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    for (part, rows) in &example.0 {
        let cells = rows.iter().flatten();
        // Values of a list become several elements.
        let values = cells.flat_map(|(name, value)| value.split(';').map(move |one| (name, one.to_owned())));
        for (name, value) in values {
            let plain = value.replace("\r\n", "\n");
            let first = plain.lines().next().unwrap_or_default().replace('<', "&lt;").replace('>', "&gt;");
            // A day stands in a record as 2026-11-16, and in text for people as 16/11/2026.
            let day = yba_claim::value::Moment::parse(&value)
                .map(|moment| moment.day().to_string().replace('-', ""));
            let date = day.is_some_and(|day| {
                let turned = format!("{}{}{}", &day[6..8], &day[4..6], &day[..4]);
                digits.contains(&day) || digits.contains(&turned)
            });
            let number = value.split('.').next().unwrap_or_default();
            let found =
                text.contains(value.as_str()) || text.contains(&first) || date || text.contains(number);
            let translated = ["GIOI_TINH", "THANG_QT", "STT"].contains(&name.as_str());
            assert!(found || translated, "{part}.{name} = {value}");
        }
    }
}
