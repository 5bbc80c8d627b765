//! The two large tables that come with the assets.

use yba_content::Content;

#[test]
fn lai_chau_has_its_38_communes_after_the_merger() {
    let content = Content::built_in();
    assert_eq!(content.units().filter(|unit| unit.province_code == "12").count(), 38);
    let unit = content.unit("03595").expect("Than Uyên");
    assert_eq!((unit.name.as_str(), unit.province_name.as_str()), ("Xã Than Uyên", "Tỉnh Lai Châu"));
    assert!(
        unit.place
            .is_some_and(|(north, east)| (21.0..23.0).contains(&north) && (102.0..105.0).contains(&east))
    );
}

#[test]
fn one_code_means_two_places_in_the_two_lists() {
    let content = Content::built_in();
    assert_eq!(content.unit("03390").expect("new").name, "Xã Bình Lư");
    let old = content.old_unit("03390").expect("old");
    assert_eq!(old.name, "Thị trấn Tam Đường");
    assert!(old.new.iter().all(|code| content.unit(code).is_some()));
    assert!(content.unit("03604").is_none() && content.old_unit("03604").is_some(), "this code was given up");
    assert!(content.unit("99999").is_none() && content.old_unit("").is_none());
}

#[test]
fn a_split_ward_has_several_candidates() {
    let content = Content::built_in();
    assert_eq!(content.old_unit("00007").expect("a ward of Hà Nội").new, ["00008", "00025"]);
}

#[test]
fn disease_codes_have_vietnamese_titles_however_they_are_written() {
    let content = Content::built_in();
    let rows = [
        ("J20.9", "Viêm phế quản cấp"),
        ("j209", "Viêm phế quản cấp"),
        ("I10", "tăng huyết áp"),
        ("E11.9", "đái tháo đường"),
    ];
    for (code, part) in rows {
        let title = content.icd10(code).expect(code);
        assert!(title.vi.to_lowercase().contains(&part.to_lowercase()), "{code}: {}", title.vi);
    }
    assert_eq!(content.icd10("J20.9").expect("there").parent, "J20");
    assert!(content.icd10("X").is_none() && content.icd10("").is_none());
}
