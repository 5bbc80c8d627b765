use super::*;
use std::collections::BTreeMap;
use yba_care::notify::case::cases;
use yba_care::notify::{Doses, Notified, check};
use yba_care::outbreak::clusters;
use yba_fhir::Day;
use yba_fhir::json::json;

const UNIT: &str = "https://yba.vn/fhir/StructureDefinition/admin-unit";

fn condition(id: &str, patient: &str, recorded: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}").as_str()},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B05.9"}], "text": "Sởi"}, "recordedDate": recorded})
}

fn person(units: &[(&str, &str)], line: &str) -> Value {
    let units: Vec<Value> = units
        .iter()
        .map(|(system, code)| {
            let system = format!("https://yba.vn/fhir/sid/admin-unit/{system}");
            json!({"url": UNIT, "valueCoding": {"system": system.as_str(), "code": *code}})
        })
        .collect();
    json!({"resourceType": "Patient", "name": [{"text": "Giàng Thị Mỷ"}], "gender": "female", "birthDate": "2023-04-02",
        "address": [{"use": "home", "line": [line], "extension": units}],
        "telecom": [{"system": "phone", "value": "0912345678"}],
        "contact": [
            {"name": {"text": "Lò Thị Mai"}, "relationship": [{"coding": [{"code": "MTH", "display": "mẹ"}]}], "telecom": [{"value": "0988776655"}]},
            {"relationship": [{"text": "không tên"}]},
            {"name": {"family": "Giàng", "given": ["A", "Sò"]}}],
        "managingOrganization": {"reference": "Organization/tram"}})
}

fn notified(about: &str, status: &str, sent: &str) -> Notified {
    Notified {
        id: "n".into(),
        version: "1".into(),
        status: status.into(),
        about: vec![about.into()],
        sender: "tram".into(),
        written: "2026-11-22T09:00:00+07:00".into(),
        sent: sent.into(),
        way: String::new(),
        due: String::new(),
        doses: Doses::default(),
        draft: Draft::default(),
    }
}

#[test]
fn time_left_is_said_as_people_say_it() {
    let minute = 60_000;
    for (minutes, words, is_over, is_near) in [
        (180, "còn 3 giờ", false, true),
        (179, "còn 2 giờ", false, true),
        (59, "còn 59 phút", false, true),
        (361, "còn 6 giờ", false, false),
        (47 * 60, "còn 47 giờ", false, false),
        (49 * 60, "còn 2 ngày", false, false),
        (0, "quá hạn 1 phút", true, false),
        (-1, "quá hạn 1 phút", true, false),
        (-125, "quá hạn 2 giờ", true, false),
        (-72 * 60, "quá hạn 3 ngày", true, false),
    ] {
        let said = clock(1_000_000_000 + minutes * minute, 1_000_000_000);
        assert_eq!(said, Clock { words: words.into(), is_over, is_near }, "{minutes}");
    }
    assert_eq!(clock(1_000_030, 1_000_000).words, "còn 1 phút", "never none");
}

#[test]
fn a_case_stands_in_one_part_of_the_list() {
    let content = Content::built_in();
    let tree = || vec![condition("a", "p", "2026-11-22T08:00:00+07:00")];
    for (told, part) in [
        (vec![], Part::Waiting),
        (vec![notified("a", "preparation", "")], Part::Written),
        (vec![notified("a", "completed", "2026-11-22T10:00:00+07:00")], Part::Sent),
        (vec![notified("a", "preparation", "2026-11-22T08:30:00+07:00")], Part::Written),
        (vec![notified("a", "entered-in-error", "")], Part::Waiting),
    ] {
        let all = cases(&content, tree(), &told, &BTreeMap::new());
        assert_eq!(Part::ALL.into_iter().filter(|one| one.has(&all[0])).collect::<Vec<_>>(), [part]);
    }
    assert_eq!(Part::ALL.map(|part| Part::of(part.key())), Part::ALL);
    assert_eq!(Part::of("gì đó"), Part::Waiting);
}

#[test]
fn a_line_says_who_what_where_and_how_long() {
    let content = Content::built_in();
    let all = cases(&content, vec![condition("a", "p", "2026-11-22T08:00:00+07:00")], &[], &BTreeMap::new());
    let now_ms = all[0].due_ms - 3 * HOUR_MS;
    let who = person(&[("2025-07-01", "03595")], "Bản Nà Khương");
    let said = line(&all[0], Some(&who), &content, now_ms);
    assert_eq!(
        (said.case.as_str(), said.name.as_str(), said.disease.as_str(), said.phone.as_str()),
        ("a", "Giàng Thị Mỷ", "Sởi", "0912345678")
    );
    assert_eq!(
        (said.address.as_str(), said.clock.words.as_str()),
        ("Bản Nà Khương, xã Than Uyên", "còn 3 giờ")
    );
    let unseen = line(&all[0], None, &content, now_ms);
    assert_eq!((unseen.name.as_str(), unseen.address.as_str()), ("chưa rõ tên", ""));
    let page = shown(&all[0], &who, &content, now_ms);
    assert_eq!(page.diagnoses, ["Sởi (B05.9)"]);
    assert_eq!((page.due.as_str(), page.dead), ("2026-11-23T08:00:00.000+07:00", None));
}

#[test]
fn cases_are_put_together_by_the_commune_of_now() {
    let content = Content::built_in();
    let of = |units: &[(&str, &str)], own: Option<&str>| place(&person(units, "Bản X"), &content, own);
    let than_uyen = of(&[("2025-07-01", "03595")], None);
    assert_eq!((than_uyen.words.as_str(), than_uyen.key.ends_with("|03595")), ("xã Than Uyên", true));
    assert_eq!(of(&[("2021", "03619")], None), than_uyen, "Mường Than became a part of it");
    assert_eq!(of(&[("2021", "03619"), ("2025-07-01", "03595")], None), than_uyen);
    assert_eq!(of(&[("2025-07-01", "99999")], None), Place::default());
    assert_eq!(of(&[], None), Place::default());
    assert_eq!(of(&[], Some("tram")).key, "Organization/tram");
    assert_eq!(
        of(&[], Some("khac")),
        Place::default(),
        "whoever keeps the file elsewhere says nothing of where"
    );
}

#[test]
fn near_cases_are_hinted_at_with_what_can_be_done() {
    let content = Content::built_in();
    let trees = vec![condition("a", "p", "2026-11-18"), condition("b", "q", "2026-11-20")];
    let all = cases(&content, trees, &[], &BTreeMap::new());
    let here = |_: &Case<'_>| Place { key: "x".into(), words: "xã Bản Bo".into() };
    let found = clusters(&all, here, &[]);
    let said = hint(&found[0], true);
    assert_eq!(
        (said.count, said.missing, said.first.as_str(), said.last.as_str()),
        (2, 2, "2026-11-18", "2026-11-20")
    );
    assert!(said.outbreak.is_none() && said.may_write);

    let outbreak = Outbreak {
        id: "od".into(),
        version: "1".into(),
        name: "Ổ dịch Sởi".into(),
        disease: "measles".into(),
        place: here(&all[0]),
        is_active: true,
        keeper: "tram".into(),
        first: "2026-11-18".into(),
        last: String::new(),
        members: vec![("z".into(), "2026-11-17".into()), ("p".into(), "2026-11-18".into())],
    };
    let known = std::slice::from_ref(&outbreak);
    let found = clusters(&all, here, known);
    assert_eq!(hint(&found[0], true).missing, 1);
    let people = BTreeMap::from([("p".to_owned(), person(&[], "x"))]);
    let seen = members(&outbreak, &all, &people);
    let seen: Vec<(&str, Option<&str>)> =
        seen.iter().map(|one| (one.name.as_str(), one.case.as_deref())).collect();
    assert_eq!(seen, [("người ngoài phạm vi được xem", None), ("Giàng Thị Mỷ", Some("a"))]);
}

#[test]
fn a_form_is_read_with_its_contacts_and_nothing_is_typed_that_the_record_names() {
    let known = near(&person(&[], "x"));
    let words: Vec<&str> = known.iter().map(|one| one.words.as_str()).collect();
    assert_eq!(words, ["Lò Thị Mai (mẹ), 0988776655", "Giàng A Sò"]);
    let pairs: Vec<(String, String)> = [
        ("khoi-phat", "20/11/2026"),
        ("phan-loai", "probable"),
        ("mau", "taken"),
        ("ngay-lay-mau", "hôm qua"),
        ("tinh-trang", "inpatient"),
        ("phieu", "f"),
        ("nha", "0"),
        ("nha", "0"),
        ("nha", "77"),
        ("nha", "x"),
        ("tx-ten-1", " Lý A Dơ "),
        ("tx-dt-3", "0987654321"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let read = draft(&pairs, &known);
    assert_eq!(
        (read.onset.as_str(), read.sample_day.as_str(), read.form.as_str()),
        ("2026-11-20", "hôm qua", "f")
    );
    let contacts: Vec<(&str, &str)> =
        read.contacts.iter().map(|one| (one.name.as_str(), one.phone.as_str())).collect();
    assert_eq!(contacts, [("Lý A Dơ", ""), ("", "0987654321"), ("Lò Thị Mai", "0988776655")]);
    // Too many are told, not cut.
    let many: Vec<(String, String)> = (0..60).map(|at| (format!("tx-ten-{at}"), "x".to_owned())).collect();
    let content = Content::built_in();
    let all = cases(&content, vec![condition("a", "p", "2026-11-22")], &[], &BTreeMap::new());
    let found = check(&all[0], None, &draft(&many, &[]), Day::parse("2026-11-23").unwrap());
    assert!(beside(&found, "contacts").is_some() && !asks_reason(&found));
}
