use super::*;
use crate::visit::put;
use yba_fhir::Resource;
use yba_fhir::json::json;
use yba_fhir::{Day, Kind};
use yba_records::{Change, Query};
use yba_testkit::{Kit, each_engine};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub(crate) fn paracetamol() -> Product {
    Product {
        system: "s".into(),
        code: "paracetamol-500".into(),
        name: "Paracetamol 500 mg".into(),
        unit: "viên".into(),
        also: Vec::new(),
    }
}

fn act(form: &str) -> Act<'_> {
    Act { facility: "o", day: day("2026-03-02"), by: "Lò Thị Mai", form }
}

fn receipt(number: &str, expiry: &str, units: &str) -> Receipt {
    Receipt { number: number.into(), expiry: expiry.into(), units: units.into(), source: "TTYT".into() }
}

async fn came(kit: &Kit, form: &str, receipt: &Receipt) -> Result<String, Vec<crate::Finding>> {
    receive(&kit.records, &kit.ctx(), &act(form), &paracetamol(), receipt).await.unwrap()
}

async fn lots(kit: &Kit) -> Vec<Lot> {
    in_store(&kit.records, &kit.ctx(), "o").await.unwrap()
}

async fn there(kit: &Kit) -> Vec<(String, u32)> {
    lots(kit).await.into_iter().map(|lot| (lot.number, lot.units)).collect()
}

#[test]
fn numbers_are_read_as_people_write_them() {
    for (text, value) in [("120", 120), (" 1.200 ", 1200), ("1 200", 1200), ("1.000.000", 1_000_000)] {
        assert_eq!(units(text), Some(value), "{text}");
    }
    for wrong in ["", "0", "-1", "1,5", "1.5", "12.00", ".100", "1.000.001", "nhiều", "99999999999"] {
        assert_eq!(units(wrong), None, "{wrong}");
    }
    assert_eq!(units_or_none("0"), Some(0));
}

#[test]
fn what_expires_first_goes_out_first_and_what_is_over_stays() {
    let lot = |id: &str, expiry: &str, units| Lot {
        id: id.into(),
        system: "s".into(),
        code: "c".into(),
        name: "Thuốc".into(),
        unit: "viên".into(),
        number: id.into(),
        expiry: day(expiry),
        units,
    };
    let lots =
        [lot("over", "2026-03-01", 50), lot("soon", "2026-03-02", 10), lot("later", "2027-01-01", 100)];
    let taken = |units| {
        let shares = propose(&lots, "c", units, day("2026-03-02"));
        shares.into_iter().map(|one| (one.lot, one.units)).collect::<Vec<_>>()
    };
    assert_eq!(taken(8), [("soon".into(), 8)]);
    assert_eq!(taken(30), [("soon".into(), 10), ("later".into(), 20)]);
    assert_eq!(taken(500), [("soon".into(), 10), ("later".into(), 100)], "what there is");
    assert!(propose(&lots, "other", 5, day("2026-03-02")).is_empty());
}

#[tokio::test]
async fn what_comes_in_stands_by_lot_once_and_what_is_wrong_stands_beside_its_field() {
    each_engine(async |kit| {
        came(&kit, "f1", &receipt("a12", "2027-12-31", "1.000")).await.unwrap();
        came(&kit, "f1", &receipt("a12", "2027-12-31", "1.000")).await.unwrap();
        assert_eq!(there(&kit).await, [("a12".to_owned(), 1000)], "sent twice it came once");
        came(&kit, "f2", &receipt("A12", "2027-12-31", "200")).await.unwrap();
        came(&kit, "f3", &receipt("B7", "2026-06-30", "50")).await.unwrap();
        assert_eq!(there(&kit).await, [("B7".to_owned(), 50), ("a12".to_owned(), 1200)]);

        let wrong = came(&kit, "f4", &receipt("A12", "2028-12-31", "5")).await.unwrap_err();
        assert_eq!((wrong.len(), wrong[0].field.as_str()), (1, "expiry"));
        assert!(wrong[0].text.contains("đã nhập với hạn dùng 31/12/2027"), "{}", wrong[0].text);
        let wrong = came(&kit, "f5", &receipt("", "31/2/2027", "1,5")).await.unwrap_err();
        assert_eq!(
            wrong.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(),
            ["lot", "expiry", "units"]
        );
        let wrong = came(&kit, "f6", &receipt("C", "2026-03-01", "5")).await.unwrap_err();
        assert!(wrong[0].text.contains("hết hạn"), "{}", wrong[0].text);
        assert_eq!(there(&kit).await.len(), 2);
        assert!(in_store(&kit.records, &kit.ctx(), "p").await.unwrap().is_empty(), "another station's store");
    })
    .await;
}

#[tokio::test]
async fn two_hands_at_the_last_box_and_nothing_goes_below_nothing() {
    each_engine(async |kit| {
        came(&kit, "f1", &receipt("A", "2027-12-31", "10")).await.unwrap();
        let lot = lots(&kit).await.remove(0);
        let (records, ctx) = (&kit.records, kit.ctx());
        let (a7, a8) = (act("h1"), act("h2"));
        let (one, other) = tokio::join!(
            discard(records, &ctx, &a7, &lot, ("7", "vỡ")),
            discard(records, &ctx, &a8, &lot, ("8", "vỡ"))
        );
        let refused = [one, other].into_iter().filter_map(Result::err).collect::<Vec<_>>();
        assert_eq!(refused.len(), 1, "one of them was second");
        assert!(
            refused[0].kind == Kind::Unprocessable && refused[0].issues[0].key == "stock-short",
            "{refused:?}"
        );
        let left = there(&kit).await[0].1;
        assert!(left == 3 || left == 2, "{left}");
        let wrong = discard(records, &ctx, &act("h3"), &lot, ("1", " ")).await.unwrap_err();
        assert_eq!(wrong.issues[0].path.as_deref(), Some("reason"));
        discard(records, &ctx, &act("h4"), &lot, ("1", "vỡ")).await.unwrap();
        discard(records, &ctx, &act("h4"), &lot, ("1", "vỡ")).await.unwrap();
        assert_eq!(there(&kit).await[0].1, left - 1, "sent twice it went once");
    })
    .await;
}

#[tokio::test]
async fn what_was_written_by_mistake_is_taken_back_once_unless_it_went_out() {
    each_engine(async |kit| {
        let (records, ctx) = (&kit.records, kit.ctx());
        came(&kit, "f1", &receipt("A", "2027-12-31", "10")).await.unwrap();
        came(&kit, "f2", &receipt("A", "2027-12-31", "5")).await.unwrap();
        let moved = movements(records, &ctx, "o", (day("2026-03-02"), day("2026-03-02"))).await.unwrap();
        let second = moved.iter().find(|one| one.units == 5).unwrap();
        moving::take_back(records, &ctx, "o", &second.id).await.unwrap();
        assert_eq!(there(&kit).await[0].1, 10);
        let again = moving::take_back(records, &ctx, "o", &second.id).await.unwrap_err();
        assert_eq!(again.kind, Kind::NotFound);
        let first = moved.iter().find(|one| one.units == 10).unwrap();
        let other = moving::take_back(records, &ctx, "p", &first.id).await.unwrap_err();
        assert_eq!(other.kind, Kind::NotFound, "another station's");
        let lot = lots(&kit).await.remove(0);
        discard(records, &ctx, &act("h1"), &lot, ("4", "vỡ")).await.unwrap();
        let gone = moving::take_back(records, &ctx, "o", &first.id).await.unwrap_err();
        assert_eq!(gone.issues[0].key, "stock-short");
        assert_eq!(there(&kit).await[0].1, 6);
    })
    .await;
}

#[tokio::test]
async fn a_stocktake_makes_the_book_true_and_sees_what_moved_meanwhile() {
    each_engine(async |kit| {
        let (records, ctx) = (&kit.records, kit.ctx());
        came(&kit, "f1", &receipt("A", "2027-12-31", "10")).await.unwrap();
        came(&kit, "f2", &receipt("B", "2028-12-31", "20")).await.unwrap();
        let lots = lots(&kit).await;
        let counted = |at: usize, there, reason: &str| Counted {
            lot: lots[at].id.clone(),
            book: lots[at].units,
            there,
            reason: reason.into(),
        };
        let sheet = [counted(0, 10, ""), counted(1, 17, "")];
        let why = count(records, &ctx, &act("k1"), &lots, &sheet).await.unwrap_err();
        assert_eq!(why.issues[0].path.as_deref(), Some(lots[1].id.as_str()), "a reason is asked at its lot");
        let sheet = [counted(0, 12, "phát nhầm sổ"), counted(1, 17, "vỡ 3")];
        assert_eq!(count(records, &ctx, &act("k1"), &lots, &sheet).await.unwrap(), 2);
        count(records, &ctx, &act("k1"), &lots, &sheet).await.unwrap();
        assert_eq!(there(&kit).await, [("A".to_owned(), 12), ("B".to_owned(), 17)]);
        let late = count(records, &ctx, &act("k2"), &lots, &[counted(0, 9, "thiếu")]).await.unwrap_err();
        assert_eq!(
            (late.issues[0].key, late.issues[0].path.as_deref()),
            ("book-moved", Some(lots[0].id.as_str()))
        );
    })
    .await;
}

#[tokio::test]
async fn a_month_is_what_was_there_came_and_went_and_older_months_stay_true() {
    each_engine(async |kit| {
        let (records, ctx) = (&kit.records, kit.ctx());
        let on = |form: &'static str, day_of: &str| Act { day: day(day_of), ..act(form) };
        let (january, february, march) =
            (on("f1", "2026-01-10"), on("f2", "2026-02-10"), on("f3", "2026-03-01"));
        let old = receipt("A", "2027-12-31", "100");
        receive(records, &ctx, &january, &paracetamol(), &old).await.unwrap().unwrap();
        let lot = lots(&kit).await.remove(0);
        discard(records, &ctx, &february, &lot, ("30", "trả kho")).await.unwrap();
        discard(records, &ctx, &march, &lot, ("70", "hết dùng")).await.unwrap();
        assert!(there(&kit).await.is_empty(), "used up");
        let today = day("2026-03-02");
        let month = async |first: &str, last: &str| {
            let all = turnover(records, &ctx, "o", (day(first), day(last)), today).await.unwrap();
            all.into_iter()
                .map(|one| (one.opening, one.received, one.discarded, one.closing))
                .collect::<Vec<_>>()
        };
        assert_eq!(month("2026-01-01", "2026-01-31").await, [(0, 100, 0, 100)]);
        assert_eq!(month("2026-02-01", "2026-02-28").await, [(100, 0, 30, 70)]);
        assert_eq!(month("2026-03-01", "2026-03-31").await, [(70, 0, 70, 0)]);
        assert!(month("2025-12-01", "2025-12-31").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_request_is_written_once_and_taken_back() {
    each_engine(async |kit| {
        let (records, ctx) = (&kit.records, kit.ctx());
        let wanted = [counting::Wanted { product: paracetamol(), units: 500 }];
        for _ in 0..2 {
            request(records, &ctx, &act("r1"), &wanted, kit.now_ms()).await.unwrap();
        }
        let all = counting::requests(records, &ctx, "o").await.unwrap();
        assert_eq!((all.len(), all[0].units, all[0].name.as_str()), (1, 500, "Paracetamol 500 mg"));
        assert!(request(records, &ctx, &act("r2"), &[], 0).await.is_err());
        assert!(counting::take_request_back(records, &ctx, "p", &all[0].id).await.is_err());
        counting::take_request_back(records, &ctx, "o", &all[0].id).await.unwrap();
        assert!(counting::requests(records, &ctx, "o").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_wrong_expiry_is_corrected_when_its_receipt_was_taken_back() {
    each_engine(async |kit| {
        let (records, ctx) = (&kit.records, kit.ctx());
        came(&kit, "f1", &receipt("A", "2027-12-31", "10")).await.unwrap();
        let today = (day("2026-03-02"), day("2026-03-02"));
        let moved = movements(records, &ctx, "o", today).await.unwrap();
        came(&kit, "f2", &receipt("A", "2026-12-31", "10")).await.unwrap_err();
        moving::take_back(records, &ctx, "o", &moved[0].id).await.unwrap();
        came(&kit, "f3", &receipt("A", "2026-12-31", "10")).await.unwrap();
        let all = lots(&kit).await;
        let [lot] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((lot.number.as_str(), lot.expiry, lot.units), ("A", day("2026-12-31"), 10));
        came(&kit, "f3", &receipt("A", "2026-12-31", "10")).await.unwrap();
        assert_eq!(there(&kit).await, [("A".to_owned(), 10)], "sent twice it came once");
    })
    .await;
}

#[tokio::test]
async fn a_lot_that_was_emptied_while_it_was_counted_is_told_and_a_blank_sheet_is_refused() {
    each_engine(async |kit| {
        let (records, ctx) = (&kit.records, kit.ctx());
        came(&kit, "f1", &receipt("A", "2027-12-31", "10")).await.unwrap();
        let lot = lots(&kit).await.remove(0);
        discard(records, &ctx, &act("h1"), &lot, ("10", "hết hạn")).await.unwrap();
        let sheet = [Counted { lot: lot.id.clone(), book: 10, there: 8, reason: "vỡ 2".into() }];
        let lost = count(records, &ctx, &act("k1"), &lots(&kit).await, &sheet).await.unwrap_err();
        assert_eq!((lost.issues[0].key, lost.issues[0].path.as_deref()), ("lot", Some(lot.id.as_str())));
        let now = lot::read(records, &ctx, "o", &lot.id).await.unwrap();
        let moved = count(records, &ctx, &act("k1"), &[now], &sheet).await.unwrap_err();
        assert_eq!(moved.issues[0].key, "book-moved");
        let blank = count(records, &ctx, &act("k2"), &lots(&kit).await, &[]).await.unwrap_err();
        assert_eq!((blank.kind, blank.issues[0].key), (Kind::Unprocessable, "nothing"));
    })
    .await;
}

#[tokio::test]
async fn a_lot_tells_its_own_movements_whatever_else_moved_and_however_long_ago() {
    each_engine(async |kit| {
        let (records, ctx) = (&kit.records, kit.ctx());
        let long_ago = Act { day: day("2022-01-10"), ..act("f1") };
        let old = receipt("A", "2027-12-31", "100");
        receive(records, &ctx, &long_ago, &paracetamol(), &old).await.unwrap().unwrap();
        came(&kit, "f2", &receipt("B", "2027-12-31", "50")).await.unwrap();
        let lot = lots(&kit).await.into_iter().find(|lot| lot.number == "A").unwrap();
        discard(records, &ctx, &act("h1"), &lot, ("30", "vỡ")).await.unwrap();
        let mut units: Vec<u32> = movements_of(records, &ctx, act("").facility, &lot.id)
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.units)
            .collect();
        units.sort_unstable();
        assert_eq!(units, [30, 100]);
        // What somebody else says of the lot is no movement of it.
        let mut strange = records
            .search(&ctx, &Query::parse_string("SupplyDelivery", "status=completed").unwrap(), None)
            .await
            .unwrap()
            .matches[0]
            .tree();
        put(&mut strange, "id", json!("la"));
        put(
            &mut strange,
            "meta",
            json!({"tag": [{"system": MONTH, "code": "tram-la.2026-03"},
            {"system": crate::stock::STORE_LOT, "code": lot.id.as_str()}]}),
        );
        records.transact(&ctx, vec![Change::create(Resource::from_value(strange).unwrap())]).await.unwrap();
        assert_eq!(movements_of(records, &ctx, act("").facility, &lot.id).await.unwrap().len(), 2);
        assert_eq!(
            moving::take_back(records, &ctx, act("").facility, "la").await.unwrap_err().kind,
            Kind::NotFound
        );
    })
    .await;
}
