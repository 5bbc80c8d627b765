//! Laws, code lists, identifier systems, amounts and disease titles.

use yba_content::{Content, Day, IdentifierKind, Sure};

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

#[test]
fn the_built_in_content_is_sound_and_rests_on_laws() {
    let content = Content::built_in();
    let law = content.law("qd-4750-2023-byt").expect("in the index");
    assert_eq!((law.number.as_str(), law.from), ("4750/QĐ-BYT", Some(day("2024-07-01"))));
    assert_eq!(law.changes, ["qd-130-2023-byt"]);
    assert_eq!(content.law("qd-1931-2026-byt").map(|law| law.sure), Some(Sure::Press));
    assert!(content.law("qd-1-1900").is_none());
}

#[test]
fn a_code_list_is_read_in_the_edition_of_the_day() {
    let content = Content::built_in();
    let rows = [
        ("ma-loai-kcb", "2024-06-30", "1", Some("Khám bệnh")),
        ("ma-loai-kcb", "2024-06-30", "01", None),
        ("ma-loai-kcb", "2024-07-01", "01", Some("Khám bệnh")),
        ("ma-loai-kcb", "2026-07-31", "14", None),
        ("ma-loai-kcb", "2026-08-01", "14", Some("Khám bệnh, chữa bệnh từ xa")),
        ("ma-doi-tuong-kcb", "2025-10-16", "1.8", Some("Người bệnh lao")),
        ("ma-doi-tuong-kcb", "2025-10-17", "1.8", None),
        ("ma-nhom", "2024-06-30", "19", None),
        ("ma-nhom", "2024-07-01", "19", Some("Dịch vụ khác")),
        ("ma-loai-rv", "2026-01-01", "5", Some("Chuyển cơ sở theo yêu cầu người bệnh")),
        ("ket-qua-dtri", "2026-01-01", "8", Some("Tử vong ngoại viện")),
        ("dan-toc", "2026-01-01", "41", Some("La Hủ")),
        ("gioi-tinh", "2026-01-01", "3", Some("Chưa xác định")),
        ("duong-dung", "2026-01-01", "6.01", Some("Nhỏ mắt")),
        ("duong-dung", "2026-01-01", "9.11", Some("Dung dịch thẩm phân")),
        ("ma-khoa", "2026-07-31", "K99", Some("Khoa khác")),
        ("ma-khoa", "2026-08-01", "K99", Some("Khoa điều trị bệnh truyền nhiễm nhóm A")),
        ("nhom-mau", "2026-01-01", "AB-", Some("Nhóm máu AB Rh âm")),
        ("quoc-tich", "2026-01-01", "000", Some("Việt Nam")),
        ("loai-don-thuoc", "2026-01-01", "N", Some("Đơn thuốc N (thuốc gây nghiện)")),
        ("dang-bao-che", "2026-01-01", "eye-drops", Some("Thuốc nhỏ mắt")),
    ];
    for (slug, on, code, title) in rows {
        assert_eq!(content.code_list(slug, day(on)).expect(slug).title(code), title, "{slug} {code} on {on}");
    }
    assert!(content.code_list("ma-loai-kcb", day("2017-12-31")).is_none(), "before the first edition");
    assert!(content.code_list("khong-co", day("2026-01-01")).is_none());
    let ethnic = content.code_list("dan-toc", day("2026-01-01")).expect("there");
    assert_eq!(ethnic.url, "https://yba.vn/fhir/CodeSystem/dan-toc");
    assert!(ethnic.complete && !content.code_list("ma-khoa", day("2026-01-01")).expect("there").complete);
}

#[test]
fn identifier_systems_have_their_address_and_form() {
    let content = Content::built_in();
    let rows = [
        ("cccd", "012190001234", true),
        ("cccd", "12190001234", false),
        ("cmnd", "091234567", true),
        ("bhyt", "GD4121234567890", true),
        ("bhyt", "gd4121234567890", false),
        ("bhxh", "1234567890", true),
        ("ho-chieu", "B1234567", true),
        ("facility", "01C54", true),
        ("facility", "1C54", false),
        ("cchn", "001234/LCH-CCHN", true),
    ];
    for (slug, value, fits) in rows {
        assert_eq!(content.identifier_system(slug).expect(slug).matches(value), fits, "{slug} {value}");
    }
    let record = content.identifier_system("mrn").expect("there");
    assert_eq!(record.kind, IdentifierKind::Record);
    assert_eq!(record.uri_for("12001"), "https://yba.vn/fhir/sid/mrn/12001");
    assert_eq!(
        content.identifier_system("cccd").expect("there").uri_for("12001"),
        "https://yba.vn/fhir/sid/cccd"
    );
}

#[test]
fn the_base_salary_changes_on_its_day() {
    let content = Content::built_in();
    let value = |on: &str| content.parameter("base-salary", day(on)).map(|value| value.value.clone());
    assert_eq!(value("2026-06-30").as_deref(), Some("2340000"));
    assert_eq!(value("2026-07-01").as_deref(), Some("2530000"));
    assert_eq!(value("2019-06-30"), None);
}

#[test]
fn every_column_of_a_closed_list_points_at_a_list_in_force() {
    let content = Content::built_in();
    for edition in content.claims().all() {
        for column in edition.tables().flat_map(|table| &table.columns) {
            if let yba_content::claims::Shape::Code(slug) = &column.format.shape {
                assert!(
                    content.code_list(slug, edition.from).is_some(),
                    "{slug} for {} {}",
                    edition.slug,
                    column.name
                );
            }
        }
    }
}
