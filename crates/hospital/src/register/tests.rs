use super::check::{Basis, check};
use super::typed::Typed;
use super::write;
use std::sync::LazyLock;
use yba_content::Content;
use yba_fhir::Day;
use yba_fhir::json::{Value, items, json, str_at};
use yba_terminology::Terminology;
use yba_terminology::communes::{meant, of_text};

static CONTENT: LazyLock<Content> = LazyLock::new(Content::built_in);
static TERMS: LazyLock<Terminology> = LazyLock::new(|| Terminology::built_in(&CONTENT));

fn basis() -> Basis<'static> {
    let today = Day::new(2026, 3, 2).unwrap();
    Basis { terminology: &TERMS, content: &CONTENT, today, is_known: false }
}

fn typed() -> Typed {
    Typed {
        number: "012186004321".into(),
        name: "Giàng  Thị Mẫu".into(),
        birth: "12/4/1986".into(),
        sex: "female".into(),
        ethnic: "08".into(),
        commune: "ban bo, lai chau".into(),
        line: "Bản Nà Khương".into(),
        card: "gd4121234560897".into(),
        phone: "+84 912 345 678".into(),
        ..Typed::default()
    }
}

/// The fields that are said to be wrong.
fn wrong(typed: &Typed) -> Vec<String> {
    match check(&basis(), typed) {
        Ok(_) => Vec::new(),
        Err(outcome) => outcome.issues.into_iter().filter_map(|issue| issue.path).collect(),
    }
}

fn patient(typed: &Typed) -> Value {
    let Ok(draft) = check(&basis(), typed) else { panic!("{:?}", wrong(typed)) };
    write::patient(typed, &draft, &CONTENT, None, None)
}

#[test]
fn a_right_form_becomes_a_patient_and_comes_back_the_same() {
    let patient = patient(&typed());
    let number = |slug: &str| {
        let system = format!("https://yba.vn/fhir/sid/{slug}");
        let one = items(&patient, "identifier").find(|one| str_at(one, &["system"]) == Some(&system));
        one.and_then(|one| str_at(one, &["value"])).unwrap_or_default().to_owned()
    };
    assert_eq!(
        (number("cccd"), number("bhyt"), number("bhxh")),
        ("012186004321".into(), "GD4121234560897".into(), "1234560897".into())
    );
    assert_eq!(str_at(&patient, &["birthDate"]), Some("1986-04-12"));
    let address = items(&patient, "address").next().unwrap();
    assert_eq!(str_at(address, &["text"]), Some("Bản Nà Khương, Xã Bản Bo, Tỉnh Lai Châu"));
    let back = Typed::of_patient(&CONTENT, &patient, None);
    assert_eq!((back.commune.as_str(), back.line.as_str()), ("Xã Bản Bo, Tỉnh Lai Châu", "Bản Nà Khương"));
    assert_eq!(
        (back.birth.as_str(), back.ethnic.as_str(), back.phone.as_str()),
        ("12/04/1986", "08", "0912345678")
    );
    assert!(wrong(&back).is_empty(), "{:?}", wrong(&back));
}

#[test]
fn everything_wrong_is_said_at_once_beside_its_field() {
    let all = Typed {
        number: "01218600432".into(),
        name: "Giàng 2".into(),
        birth: "31/02/1986".into(),
        ethnic: "77".into(),
        commune: "Xã Không Có".into(),
        card: "GD41212".into(),
        phone: "09".into(),
        email: "khong".into(),
        issued: "1986".into(),
        card_from: "01/01/2026".into(),
        card_to: "01/01/2025".into(),
        kin_phone: "0912345678".into(),
        kin_relation: "BOSS".into(),
        household: "x".repeat(256),
        ..Typed::default()
    };
    let mut fields = wrong(&all);
    fields.sort();
    let expected = [
        "birth",
        "card",
        "card_to",
        "commune",
        "email",
        "ethnic",
        "household",
        "issued",
        "kin_name",
        "kin_relation",
        "name",
        "number",
        "phone",
        "sex",
    ];
    assert_eq!(fields, expected);
    for (change, field) in [
        (
            Typed {
                birth: "03/03/2026".into(),
                number: String::new(),
                passport: "C1234567".into(),
                ..typed()
            },
            "birth",
        ),
        (Typed { commune: "Xã Tân Lập".into(), ..typed() }, "commune"),
        (Typed { number: String::new(), ..typed() }, "number"),
        (
            Typed { sex: "female".into(), number: "000000000000".into(), seen: "1".into(), ..typed() },
            "number",
        ),
    ] {
        assert!(wrong(&change).contains(&field.to_owned()), "{field}: {:?}", wrong(&change));
    }
}

#[test]
fn a_number_of_another_sex_is_asked_about_once() {
    // The fourth digit says a man of the twentieth century was registered.
    let odd = Typed { number: "012086004321".into(), sex: "female".into(), ..typed() };
    assert_eq!(wrong(&odd), ["number"]);
    assert!(wrong(&Typed { seen: "1".into(), ..odd }).is_empty());
}

#[test]
fn who_has_no_number_gets_a_temporary_code_and_may_be_unknown() {
    use yba_mpi::temporary::Reason;
    let none = Typed { number: String::new(), ..typed() };
    for (without, reason) in
        [("newborn", Reason::Newborn), ("unknown", Reason::Unknown), ("foreigner", Reason::Foreigner)]
    {
        let draft = check(&basis(), &Typed { without: without.into(), ..none.clone() }).ok().unwrap();
        assert_eq!(draft.temporary, Some(reason), "{without}");
    }
    let nobody = check(&basis(), &Typed { without: "unknown".into(), ..Typed::default() }).ok().unwrap();
    assert_eq!((nobody.name.as_str(), nobody.sex.as_str(), nobody.birth), ("Chưa rõ tên", "unknown", None));
    let baby = Typed {
        without: "newborn".into(),
        birth: "01/03/2026".into(),
        sex: "male".into(),
        ..Typed::default()
    };
    assert_eq!(wrong(&baby), ["name", "kin_name"], "somebody answers for a child");
    let baby = Typed { kin_name: "Lò Thị Mai".into(), kin_relation: "MTH".into(), ..baby };
    assert_eq!(check(&basis(), &baby).ok().unwrap().name, "Con bà Lò Thị Mai");
    let kin = write::kin(None, "Patient/1", &baby, &check(&basis(), &baby).ok().unwrap()).unwrap();
    assert_eq!(str_at(&kin, &["patient", "reference"]), Some("Patient/1"));
}

#[test]
fn what_the_form_does_not_show_or_change_stays() {
    let base = json!({"resourceType": "Patient", "id": "p1", "maritalStatus": {"text": "Đã kết hôn"},
        "identifier": [{"system": "https://yba.vn/fhir/sid/mrn/12001", "value": "7"}, {"system": "https://yba.vn/fhir/sid/cccd", "value": "012186004321"}],
        "name": [{"family": "Giàng", "given": ["Thị", "Mẫu"]}], "gender": "female", "birthDate": "1986-04-12",
        "address": [{"use": "home", "text": "Bản Nà Khương, xã Bản Bo"}]});
    let before = Typed::of_patient(&CONTENT, &base, None);
    let after = Typed { number: "012186009999".into(), phone: "0912345678".into(), ..before.clone() };
    let draft = check(&Basis { is_known: true, ..basis() }, &after).ok().unwrap();
    let changed = write::changed(base.clone(), &before, &after, &draft, &CONTENT);
    assert_eq!(changed.to_string().matches("012186004321").count(), 1, "the old number stays as an old one");
    let numbers: Vec<_> = items(&changed, "identifier")
        .map(|one| (str_at(one, &["value"]).unwrap(), str_at(one, &["use"])))
        .collect();
    assert_eq!(numbers, [("012186009999", Some("official")), ("7", None), ("012186004321", Some("old"))]);
    let member = |resource: &Value, key: &str| yba_fhir::json::at(resource, &[key]).map(Value::to_string);
    for key in ["maritalStatus", "name", "address", "gender"] {
        assert_eq!(member(&changed, key), member(&base, key), "{key}");
    }
    let same = check(&Basis { is_known: true, ..basis() }, &before).ok().unwrap();
    assert_eq!(write::changed(base.clone(), &before, &before, &same, &CONTENT).to_string(), base.to_string());
}

#[test]
fn communes_are_found_as_people_say_them_in_both_lists() {
    let today = Day::new(2026, 3, 2).unwrap();
    let label = |typed: &str| {
        meant(&TERMS, &CONTENT, typed, today)
            .map(|one| one.label())
            .unwrap_or_else(|several| format!("{} nơi", several.len()))
    };
    assert_eq!(label("ban bo, lai chau"), "Xã Bản Bo, Tỉnh Lai Châu");
    assert_eq!(label("Xã Bản Bo, Tỉnh Lai Châu"), "Xã Bản Bo, Tỉnh Lai Châu");
    assert_eq!(
        label("Xã Bản Bo, Huyện Tam Đường, Tỉnh Lai Châu (cũ)"),
        "Xã Bản Bo, Huyện Tam Đường, Tỉnh Lai Châu (cũ)"
    );
    assert_eq!(label("xã tân lập"), "6 nơi", "as many as can be shown");
    assert_eq!(label("không có xã này"), "0 nơi");
    assert_eq!(
        of_text(&CONTENT, "Bản Nà Khương, Bản Bo, Lai Châu"),
        ("Xã Bản Bo, Tỉnh Lai Châu".into(), "Bản Nà Khương".into())
    );
    assert_eq!(
        of_text(&CONTENT, "Thân Thuộc, Tân Uyên, Nơi Khác"),
        (String::new(), "Thân Thuộc, Tân Uyên, Nơi Khác".into())
    );
}
