//! The one search box over real stores.

use crate::people::{arrive, on_each};
use yba_fhir::Kind;
use yba_mpi::find::{Hits, Matched, find};
use yba_records::{Ctx, Scope};
use yba_testkit::Kit;

const PEOPLE: [&str; 9] = [
    "12001 F 1986-03-02 Nguyễn Thị Lành | cccd 012186001234 | bhyt GD4121234560897 | phone 0912345678",
    "12002 F 1986-02-03 NGUYEN THI LANH | cccd 012186001234",
    "12001 F 1990-05-05 Nguyễn Thị Lanh | cmnd 091234560",
    "12001 F 1986-11-20 Lành Thị Nguyên | phone 0912345678",
    "12001 M 1986-03-02 Nguyễn Văn Lanh | ho-chieu C1234567",
    "12001 F 1971 Lò Thị Mẩy | ~cccd 012171000009 | cccd 012171000777",
    "12003 M 2001-12-12 Sùng A Dờ-Pó",
    "12003 M 1968-01-01 Đặng Văn Hướng",
    "12003 F 1986-07-07 Giàng Thị Lan",
];

async fn village(kit: &Kit) {
    arrive(kit, 0, &PEOPLE).await;
}

async fn ask(kit: &Kit, text: &str) -> Hits {
    find(&kit.records, &kit.ctx(), text, 10).await.unwrap()
}

async fn found(kit: &Kit, text: &str) -> Vec<String> {
    ask(kit, text).await.hits.into_iter().map(|hit| hit.person).collect()
}

#[test]
fn anything_a_person_types_finds_the_right_one_first() {
    on_each(|kit| async move {
        village(&kit).await;
        let rows = [
            ("nguyen thi lanh 1986", "p0"),
            ("Nguyễn Thị Lành", "p0"),
            ("lành", "p0"),
            ("lanh 1990", "p2"),
            ("lanh nguyen thi 1990", "p2"),
            ("nguyen lanh", "p0"),
            ("lanh 2/3/1986", "p4"),
            ("lành 2/3/1986", "p0"),
            ("nguyn thi lanh 02/03/1986", "p0"),
            ("thi lahn nguyen 2.3.1986", "p0"),
            ("sumg a do po 12/12/2001", "p6"),
            ("lanh1990", "p2"),
            ("lanh 90", "p2"),
            ("nguyen van l", "p4"),
            ("may", "p5"),
            ("mẩy sn 1971", "p5"),
            ("sung a do po", "p6"),
            ("dờ pó", "p6"),
            ("huong 1968", "p7"),
            ("dang van huong", "p7"),
            ("012186001234", "p0"),
            ("012 186 001 234", "p0"),
            ("GD4 12 1234560897", "p0"),
            ("1234560897", "p0"),
            ("091 234 560", "p2"),
            ("c1234567", "p4"),
            ("012171000009", "p5"),
            ("26-p6", "p6"),
            ("lành 0912345678", "p0"),
            ("nguyên 0912345678", "p3"),
            ("12/12/2001", "p6"),
            ("012186001234||Nguyễn Thị Lành|02031986|Nữ|Than Uyên|15052022", "p0"),
            ("012168009999||Đặng Văn Hướng|01011968|Nam|Than Uyên|15052022", "p7"),
        ];
        for (text, expected) in rows {
            let people = found(&kit, text).await;
            assert_eq!(people.first().map(String::as_str), Some(expected), "{text}: {people:?}");
        }
    });
}

#[test]
fn two_files_of_one_person_are_one_hit() {
    on_each(|kit| async move {
        village(&kit).await;
        let hits = ask(&kit, "nguyen thi lanh 1986").await;
        let people: Vec<&str> = hits.hits.iter().map(|hit| hit.person.as_str()).collect();
        assert_eq!(people, ["p0", "p3"], "the other one has the same words in another order");
        let hit = &hits.hits[0];
        assert_eq!(hit.patients, [("p0".into(), "12001".into()), ("p1".into(), "12002".into())]);
        assert_eq!((hit.name.as_str(), hit.commune.as_str()), ("Nguyễn Thị Lành", "Xã Than Uyên, Lai Châu"));
        assert_eq!(hit.numbers[0], ("Số định danh", "••••••••1234".into()));
        assert!(!hits.more);
    });
}

#[test]
fn hits_say_what_fits() {
    on_each(|kit| async move {
        village(&kit).await;
        let matched = |hits: Hits| hits.hits[0].matched.clone();
        assert_eq!(matched(ask(&kit, "lành").await), Matched::NameWithMarks);
        assert_eq!(matched(ask(&kit, "mây").await), Matched::Name);
        assert_eq!(matched(ask(&kit, "nguyen van la").await), Matched::NameBegins);
        assert_eq!(matched(ask(&kit, "2/3/1986").await), Matched::BirthDate);
        let old = matched(ask(&kit, "012171000009").await);
        assert!(matches!(old, Matched::Number { current: false, .. }));
        assert!(matches!(matched(ask(&kit, "012171000777").await), Matched::Number { current: true, .. }));
    });
}

#[test]
fn nobody_is_found_for_nothing_or_a_stranger_to_the_village() {
    on_each(|kit| async move {
        village(&kit).await;
        for text in [
            "",
            "  ",
            "???",
            "zzz",
            "999999999999",
            "nguyen thi xyz",
            "1850",
            "%",
            "_",
            "'; DROP TABLE mpi_word; --",
        ] {
            assert!(found(&kit, text).await.is_empty(), "{text}");
        }
        // A wrong year still shows people of that name, and says so.
        let hits = ask(&kit, "sung a do po 1999").await;
        assert_eq!(hits.hits[0].person, "p6");
        assert!(hits.note.is_some());
    });
}

#[test]
fn a_changed_name_is_found_anew_and_no_longer_by_the_old() {
    on_each(|kit| async move {
        village(&kit).await;
        arrive(&kit, 6, &["12003 M 2001-12-12 Sùng A Páo"]).await;
        assert_eq!(found(&kit, "sung a pao").await, ["p6"]);
        assert!(found(&kit, "sung a do po").await.is_empty());
    });
}

#[test]
fn a_common_name_says_that_there_are_more() {
    on_each(|kit| async move {
        let people: Vec<String> = (0..900)
            .map(|at| {
                format!(
                    "12001 F {}-01-02 Nguyễn Thị {}",
                    1930 + at % 90,
                    if at == 899 { "Lành" } else { "Lanh" }
                )
            })
            .collect();
        let people: Vec<&str> = people.iter().map(String::as_str).collect();
        arrive(&kit, 0, &people).await;
        let hits = ask(&kit, "nguyen thi").await;
        assert_eq!((hits.hits.len(), hits.more), (10, true));
        // The one with the typed marks is among them, however many there are.
        assert_eq!(ask(&kit, "Nguyễn Thị Lành").await.hits[0].person, "p899");
        let year = ask(&kit, "lanh 1930 ").await;
        assert_eq!((year.hits.len(), year.more), (10, false));
    });
}

#[test]
fn search_shows_only_what_the_scope_allows_and_refuses_strangers() {
    on_each(|kit| async move {
        village(&kit).await;
        let refused = find(&kit.records, &Ctx::stranger("page"), "lanh", 10).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Unauthenticated);
        let narrow = kit.ctx().with_scope(Scope::Patients(vec!["p1".into(), "p6".into()]));
        for (text, expected) in
            [("lanh", vec!["p1"]), ("012186001234", vec!["p1"]), ("sung", vec!["p6"]), ("mẩy", vec![])]
        {
            let hits = find(&kit.records, &narrow, text, 10).await.unwrap();
            let people: Vec<&str> = hits.hits.iter().map(|hit| hit.person.as_str()).collect();
            assert_eq!(people, expected, "{text}");
            assert!(hits.hits.iter().all(|hit| hit.patients.len() == 1 && !hits.more));
        }
        let nothing = kit.ctx().with_scope(Scope::Nothing);
        assert!(find(&kit.records, &nothing, "lanh", 10).await.unwrap().hits.is_empty());
    });
}
