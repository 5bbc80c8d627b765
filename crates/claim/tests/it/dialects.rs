//! Every way of packing the same visit gives the same visit.

use crate::example::{
    Example, base64, content, counted, escape, file, judged, key, mapped, outpatient, read,
};
use std::collections::BTreeMap;
use yba_claim::envelope::{self, FileReading};
use yba_claim::visit::Form;
use yba_claim::{Bounds, Shapes, VisitFile};

fn keys(problems: &[yba_claim::Problem]) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.key).collect()
}

fn packed(pack: impl Fn(&str) -> String) -> Vec<u8> {
    file("12001", "20261203", &[outpatient().hoso(pack)])
}

#[test]
fn four_ways_of_packing_a_part_are_one_content() {
    let lines = |text: &str| {
        let encoded = base64(text);
        encoded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line) + "\r\n").collect::<String>()
    };
    let ways: Vec<(Form, Vec<u8>)> = vec![
        (Form::Base64, packed(base64)),
        (Form::Base64, packed(lines)),
        (Form::Base64, packed(|text| base64(text).trim_end_matches('=').to_owned())),
        (
            Form::Base64,
            packed(|text| base64(&format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>{text}"))),
        ),
        (Form::Base64, packed(|text| format!("<![CDATA[{}]]>", base64(text)))),
        (Form::Elements, packed(str::to_owned)),
        (Form::Escaped, packed(escape)),
        (Form::Cdata, packed(|text| format!("<![CDATA[{text}]]>"))),
    ];
    let first = mapped(&ways[0].1);
    for (form, bytes) in &ways {
        let (reading, visits) = read(bytes);
        assert_eq!(reading.forms, BTreeMap::from([(*form, 4)]));
        assert!(reading.problems.is_empty(), "{:?}", reading.problems);
        assert_eq!(visits.len(), 1);
        assert_eq!(mapped(bytes).digest, first.digest, "{form:?}");
    }
}

#[test]
fn marks_and_utf16_change_nothing() {
    let plain = outpatient().file();
    let text = String::from_utf8(plain.clone()).unwrap();
    let marked = [b"\xEF\xBB\xBF", plain.as_slice()].concat();
    let wide: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [marked, wide] {
        assert_eq!(mapped(&bytes).digest, mapped(&plain).digest);
    }
}

#[test]
fn every_hoso_of_a_file_is_read_whatever_it_declares() {
    let hosos: Vec<String> = (1..=3).map(|number| outpatient().other(number).hoso(base64)).collect();
    let (reading, visits) = read(&counted("12001", "20261203", "1", &hosos));
    assert_eq!((reading.visits, visits.len()), (3, 3));
    assert_eq!(keys(&reading.problems), ["count-differs"]);
    assert!(reading.problems[0].text.contains("3 hồ sơ"));
    let seen: Vec<_> = visits.iter().filter_map(VisitFile::key).collect();
    assert_eq!(seen, ["12001.2026.0000001", "12001.2026.0000002", "12001.2026.0000003"]);
    let (reading, _) = read(&counted("12001", "20261203", "3", &hosos));
    assert!(reading.problems.is_empty());
}

#[test]
fn one_hoso_with_several_visits_is_parted() {
    let (one, two) = (outpatient().other(1).hoso(base64), outpatient().other(2).hoso(base64));
    let both = format!("{}{}", one.trim_end_matches("</HOSO>"), two.trim_start_matches("<HOSO>"));
    let (_, visits) = read(&file("12001", "20261203", &[both]));
    assert_eq!(visits.len(), 2);
    let content = content();
    for (visit, number) in visits.iter().zip(1..) {
        let judged = yba_claim::judge(visit, &content);
        assert!(!judged.refused, "{:?}", judged.problems);
        assert_eq!(judged.visit.key, format!("12001.2026.{number:07}"));
    }
}

#[test]
fn older_wrappers_and_row_names_are_read_and_told() {
    let pack = |text: &str| {
        let text = text.replace("CHI_TIET_", "CHITIET_");
        match text.strip_prefix("<TONG_HOP>") {
            Some(_) => format!("<CHITIEUTONGHOPKCBBHYT>\r\n{text}\r\n</CHITIEUTONGHOPKCBBHYT>"),
            None => text,
        }
    };
    let bytes = packed(pack);
    assert_eq!(mapped(&bytes).digest, mapped(&outpatient().file()).digest);
    judged(&bytes, |judged| {
        let told: Vec<_> = judged
            .problems
            .iter()
            .filter(|problem| problem.key == "row-name")
            .filter_map(|problem| problem.part.as_deref())
            .collect();
        assert_eq!(told, ["XML2", "XML3", "XML4"]);
    });
}

fn bare(files: &[(&str, Vec<u8>)]) -> Vec<VisitFile> {
    let content = content();
    let shapes = Shapes::of(content.claims());
    let read = |(name, bytes): &(&str, Vec<u8>)| -> FileReading {
        envelope::read(name, bytes, &shapes, Bounds::default(), &mut |_| panic!("no envelope here"))
    };
    envelope::join(files.iter().map(read).map(|reading| reading.bare.expect("a bare file")))
}

#[test]
fn bare_files_are_joined_by_visit() {
    let (one, two) = (outpatient().other(1), outpatient().other(2));
    let table = |part: &str, row: &str| {
        let rows = |example: &Example| {
            let xml = example.xml(part);
            let start = xml.find(&format!("<{row}>")).unwrap();
            let end = xml.rfind(&format!("</{row}>")).unwrap() + row.len() + 3;
            xml[start..end].to_owned()
        };
        format!("<?xml version='1.0'?><DSACH_{row}>{}{}</DSACH_{row}>", rows(&two), rows(&one)).into_bytes()
    };
    let visits = bare(&[
        ("thuoc.xml", table("XML2", "CHI_TIET_THUOC")),
        ("tonghop-1.xml", one.xml("XML1").into_bytes()),
        ("dvkt.xml", table("XML3", "CHI_TIET_DVKT")),
        ("cls.xml", table("XML4", "CHI_TIET_CLS")),
        ("tonghop-2.xml", two.xml("XML1").into_bytes()),
    ]);
    assert_eq!(visits.len(), 2);
    let content = content();
    for visit in &visits {
        let judged = yba_claim::judge(visit, &content);
        assert!(!judged.refused, "{:#?}", judged.problems);
        let example = if judged.visit.key.ends_with('1') { &one } else { &two };
        let whole = mapped(&example.file());
        let joined = yba_claim::map(&judged.visit, &content, &key()).unwrap();
        assert_eq!(joined.digest, whole.digest);
        assert!(visit.origin.file.starts_with("tonghop-"), "the summary's file is the one to look for");
    }
}

#[test]
fn the_edition_follows_the_day_the_visit_ended() {
    let at = |day: &str| {
        let example = outpatient().set("XML1", 0, "NGAY_VAO", &format!("{day}0730")).set(
            "XML1",
            0,
            "NGAY_RA",
            &format!("{day}1015"),
        );
        judged(&example.file(), |judged| judged.visit.edition.slug.clone())
    };
    assert_eq!(at("20240630"), "4210");
    assert_eq!(at("20240701"), "4750");
    assert_eq!(at("20250101"), "3176");
    assert_eq!(at("20260701"), "1931");
}

#[test]
fn columns_of_another_edition_are_read_and_told() {
    let referral: &[(&str, &str)] = &[
        ("MA_LK", "12001.2026.0000123"),
        ("SO_HOSO", "HS1"),
        ("GIAY_CHUYEN_TUYEN", "CT1"),
        ("MA_NOI_DEN", "01001"),
        ("HO_TEN", "Lò Thị Mẫu"),
        ("QT_BENHLY", "Ho ba ngày"),
        ("MA_LYDO_CT", "1"),
    ];
    let bytes = outpatient().with_part("XML13", &[referral]).file();
    judged(&bytes, |judged| {
        let told: Vec<_> = judged
            .problems
            .iter()
            .filter(|problem| problem.key == "column-other-edition")
            .filter_map(|problem| problem.column.as_deref())
            .collect();
        assert_eq!(told, ["MA_NOI_DEN"]);
    });
    let request = mapped(&bytes)
        .own
        .iter()
        .map(|one| one.to_string())
        .find(|text| text.contains("chuyen-co-so"))
        .unwrap();
    assert!(request.contains("01001"), "{request}");
}

#[test]
fn unknown_columns_and_parts_are_kept_word_for_word_and_told() {
    let odd: &[(&str, &str)] = &[("MA_LK", "12001.2026.0000123"), ("BI_MAT", "x < y")];
    let bytes = outpatient()
        .set("XML2", 0, "COT_LA", "giá trị lạ")
        .set("XML1", 0, "DU_PHONG", "dự phòng")
        .with_part("XML6", &[odd])
        .with_part("XML99", &[odd])
        .file();
    judged(&bytes, |judged| {
        assert!(!judged.refused);
        for (key, part) in [("column-unknown", "XML2"), ("part-raw", "XML6"), ("part-unknown", "XML99")] {
            assert!(
                judged
                    .problems
                    .iter()
                    .any(|problem| problem.key == key && problem.part.as_deref() == Some(part)),
                "{key}"
            );
        }
    });
    let mapped = mapped(&bytes);
    let raw = mapped.own.iter().find(|one| one.to_string().contains("DocumentReference")).unwrap();
    let text = crate::mapping::attachments(raw).join("\n");
    for kept in ["giá trị lạ", "dự phòng", "<BI_MAT>x &lt; y</BI_MAT>"] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert_eq!(text.matches("BI_MAT>x").count(), 2, "both parts");
}
