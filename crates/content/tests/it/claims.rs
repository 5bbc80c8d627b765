//! The claim editions built in.

use yba_content::claims::{Element, Required, Shape, Target};
use yba_content::{Content, Day};

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

#[test]
fn the_edition_changes_on_its_first_day_and_not_before() {
    let content = Content::built_in();
    let rows = [
        ("2010-01-01", "4210"),
        ("2018-01-01", "4210"),
        ("2024-06-30", "4210"),
        ("2024-07-01", "4750"),
        ("2024-12-31", "4750"),
        ("2025-01-01", "3176"),
        ("2026-06-30", "3176"),
        ("2026-07-01", "1931"),
        ("2031-01-01", "1931"),
    ];
    for (on, slug) in rows {
        assert_eq!(content.claims().on(day(on)).slug, slug, "{on}");
    }
    assert_eq!(content.claims().all().count(), 4);
    assert!(content.claims().get("130").is_none());
}

#[test]
fn every_table_of_the_current_edition_has_the_columns_of_the_decision() {
    let content = Content::built_in();
    let edition = content.claims().get("3176").expect("built in");
    let rows = [
        ("XML1", 66),
        ("XML2", 39),
        ("XML3", 47),
        ("XML4", 12),
        ("XML5", 9),
        ("XML7", 26),
        ("XML8", 22),
        ("XML13", 37),
        ("XML14", 22),
    ];
    for (loai, columns) in rows {
        let table = edition.table(loai).expect(loai);
        assert!(table.mapped);
        assert_eq!(table.columns.len(), columns, "{loai}");
    }
    for loai in ["XML0", "XML6", "XML9", "XML10", "XML11", "XML12", "XML15"] {
        let table = edition.table(loai).expect(loai);
        assert!(!table.mapped && table.columns.is_empty() && !table.title.is_empty(), "{loai}");
    }
    assert!(edition.table("XML16").is_none());
    assert_eq!(
        edition.tables().map(|table| table.loai.as_str()).collect::<Vec<_>>()[..3],
        ["XML0", "XML1", "XML2"]
    );
}

#[test]
fn the_amendment_of_2026_changes_two_columns_and_nothing_else() {
    let content = Content::built_in();
    let (before, after) = (content.claims().get("3176").unwrap(), content.claims().get("1931").unwrap());
    let mut changed = Vec::new();
    for table in before.tables() {
        let other = after.table(&table.loai).expect("the patch removes no table");
        assert_eq!(table.columns.len(), other.columns.len());
        for (old, new) in table.columns.iter().zip(&other.columns) {
            if old.max != new.max {
                changed.push((table.loai.clone(), old.name.clone(), old.max, new.max));
            }
            assert_eq!((&old.name, &old.target, &old.format), (&new.name, &new.target, &new.format));
        }
    }
    let expected = ["XML2", "XML3"].map(|loai| (loai.to_string(), "MUC_HUONG".to_string(), Some(3), Some(4)));
    assert_eq!(changed, expected);
}

#[test]
fn the_referral_paper_changed_its_columns_between_4750_and_3176() {
    let content = Content::built_in();
    let table = |slug: &str| content.claims().get(slug).unwrap().table("XML13").unwrap();
    assert!(table("4750").column("MA_NOI_DI").is_some() && table("3176").column("MA_NOI_DI").is_none());
    assert!(
        table("4750").column("TINH_TRANG_CT").is_none() && table("3176").column("TINH_TRANG_CT").is_some()
    );
    let (old, new) =
        (table("4750").concept("MA_CSKCB_DI").unwrap(), table("3176").concept("MA_CSKCB_DI").unwrap());
    assert_eq!((old.name.as_str(), new.name.as_str()), ("MA_NOI_DI", "MA_CSKCB_DI"));
    assert_eq!(old.target, new.target);
}

#[test]
fn code_asks_the_old_edition_by_the_names_of_today() {
    let content = Content::built_in();
    let old = content.claims().get("4210").unwrap();
    let rows = [
        ("XML1", "MA_THE_BHYT", "MA_THE"),
        ("XML1", "MA_BENH_CHINH", "MA_BENH"),
        ("XML1", "MA_BENH_KT", "MA_BENHKHAC"),
        ("XML1", "CHAN_DOAN_RV", "TEN_BENH"),
        ("XML1", "MA_LOAI_RV", "TINH_TRANG_RV"),
        ("XML1", "T_TONGCHI_BV", "T_TONGCHI"),
        ("XML1", "MA_DOITUONG_KCB", "MA_LYDO_VVIEN"),
        ("XML1", "MA_NOI_DI", "MA_NOI_CHUYEN"),
        ("XML2", "THANH_TIEN_BV", "THANH_TIEN"),
        ("XML2", "T_NGUONKHAC", "T_NGUON_KHAC"),
        ("XML3", "DON_GIA_BV", "DON_GIA"),
        ("XML5", "DIEN_BIEN_LS", "DIEN_BIEN"),
        ("XML5", "THOI_DIEM_DBLS", "NGAY_YL"),
    ];
    for (loai, concept, name) in rows {
        assert_eq!(
            old.table(loai).unwrap().concept(concept).map(|column| column.name.as_str()),
            Some(name),
            "{concept}"
        );
    }
    assert!(old.table("XML7").is_none(), "QĐ 4210 has XML1 to XML5 only");
    let reason = old.table("XML1").unwrap().column("MA_LYDO_VVIEN").unwrap();
    assert_eq!(reason.format.shape, Shape::Code("ma-ly-do-vvien".into()), "another list than today's");
}

#[test]
fn columns_say_their_form_duty_and_target() {
    let content = Content::built_in();
    let edition = content.claims().on(day("2026-11-16"));
    let first = edition.table("XML1").unwrap();
    let card = first.column("MA_THE_BHYT").unwrap();
    assert!(card.format.list && card.max.is_none());
    assert_eq!(
        card.target,
        Target::Elements(vec!["Coverage.identifier".into(), "Patient.identifier".into()])
    );
    assert_eq!(first.column("HO_TEN").unwrap().required, Required::Yes);
    assert_eq!(first.column("NGAY_RA").unwrap().format.shape, Shape::Time);
    let blood = first.column("NHOM_MAU").unwrap();
    assert_eq!((blood.max, blood.max_portal, blood.max_read()), (Some(5), Some(10), Some(10)));
    let performer = edition.table("XML3").unwrap().column("NGUOI_THUC_HIEN").unwrap();
    assert_eq!(performer.required, Required::When("khi MA_NHOM thuộc 1,2,3,8,18".into()));
    assert_eq!(edition.table("XML13").unwrap().column("HO_TEN").unwrap().target, Target::Same);
    assert!(performer.line > 1);
}

#[test]
fn the_dialects_of_element_names_are_known_for_what_they_are() {
    let content = Content::built_in();
    let edition = content.claims().get("3176").unwrap();
    let drugs = edition.table("XML2").unwrap();
    assert_eq!(drugs.element("CHI_TIET_THUOC"), Element::Row { usual: true });
    assert_eq!(drugs.element("CHITIET_THUOC"), Element::Row { usual: false });
    assert_eq!(drugs.element("DSACH_CHI_TIET_THUOC"), Element::Around { usual: true });
    assert_eq!(drugs.element("MA_THUOC"), Element::Other);
    let first = edition.table("XML1").unwrap();
    assert_eq!(first.element("TONG_HOP"), Element::Row { usual: true });
    assert_eq!(first.element("CHITIEUTONGHOPKCBBHYT"), Element::Around { usual: false });
}
