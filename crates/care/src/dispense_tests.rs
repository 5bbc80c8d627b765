use super::*;
use crate::prescribe::tests::{Desk, put_all, usual, village};
use crate::prescribe::{self, open};
use crate::stock::{Receipt, in_store, receive};
use yba_content::Content;
use yba_testkit::{Kit, each_engine};

fn act(form: &str) -> Act<'_> {
    Act { facility: "cskcb-12090", day: Day::parse("2026-03-02").unwrap(), by: "Lò Thị Mai", form }
}

async fn filled(kit: &Kit, content: &Content, lots: &[(&str, &str, &str)]) {
    let drug = content.essential(act("").day).drug("amlodipine-5").unwrap();
    for (number, expiry, units) in lots {
        let receipt = Receipt {
            number: (*number).into(),
            expiry: (*expiry).into(),
            units: (*units).into(),
            source: String::new(),
        };
        let product = prescribe::product(drug);
        receive(&kit.records, &kit.ctx(), &act(number), &product, &receipt).await.unwrap().unwrap();
    }
}

async fn lots(kit: &Kit) -> Vec<Lot> {
    in_store(&kit.records, &kit.ctx(), "cskcb-12090").await.unwrap()
}

async fn waiting(kit: &Kit) -> Vec<Prescription> {
    open(&kit.records, &kit.ctx(), "cskcb-12090", (act("").day, 5)).await.unwrap()
}

/// Hands out what the store proposes, or these takes.
async fn hand(kit: &Kit, form: &str, takes: Option<Vec<Take>>, reason: &str) -> Result<(), Outcome> {
    let (all, lots) = (waiting(kit).await, lots(kit).await);
    let given = given(&kit.records, &kit.ctx(), &all).await?;
    let takes = takes.unwrap_or_else(|| proposed(&all[0], &given, &lots, act("").day));
    let handing = Handing {
        prescription: &all[0],
        given: &given,
        lots: &lots,
        takes: &takes,
        reason,
        now_ms: kit.now_ms(),
    };
    hand_out(&kit.records, &kit.ctx(), &act(form), &handing).await
}

async fn there(kit: &Kit) -> Vec<(String, u32)> {
    lots(kit).await.into_iter().map(|lot| (lot.number, lot.units)).collect()
}

#[tokio::test]
async fn first_expired_goes_first_once_and_comes_back() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        filled(&kit, &content, &[("B", "2027-12-31", "100"), ("A", "2026-05-31", "10")]).await;
        let desk = Desk::open(&kit, &content, "ba").await;
        let code = desk.place(&usual(&content, &["amlodipine-5"])).await.unwrap().code;
        let (records, ctx) = (&kit.records, kit.ctx());
        hand(&kit, "h1", None, "").await.unwrap();
        hand(&kit, "h1", None, "").await.unwrap();
        assert_eq!(there(&kit).await, [("B".to_owned(), 80)], "ten of A, twenty of B, once");
        let it = waiting(&kit).await.remove(0);
        let all = given(records, &ctx, std::slice::from_ref(&it)).await.unwrap();
        assert_eq!((all.len(), left(&it.lines[0], &all)), (2, 0));
        assert_eq!(hand(&kit, "h2", None, "").await.unwrap_err().issues[0].key, "nothing");
        let stuck = prescribe::take_back(records, &ctx, None, "ba", &code).await.unwrap_err();
        assert_eq!(stuck.issues[0].key, "handed-out");
        take_back(records, &ctx, "cskcb-12090", &it, "h1").await.unwrap();
        assert_eq!(there(&kit).await, [("A".to_owned(), 10), ("B".to_owned(), 100)]);
        let again = take_back(records, &ctx, "cskcb-12090", &it, "h1").await.unwrap_err();
        assert_eq!(again.kind, Kind::NotFound);
        hand(&kit, "h3", None, "").await.unwrap();
        assert_eq!(there(&kit).await, [("B".to_owned(), 80)], "and goes out again");
        let query = Query::parse_string("SupplyDelivery", "_count=50").unwrap();
        for one in records.search(&ctx, &query, None).await.unwrap().matches {
            let body = String::from_utf8_lossy(&one.body).into_owned();
            assert!(!body.contains("Patient/") && !body.contains(&code), "a movement names nobody: {body}");
        }
    })
    .await;
}

#[tokio::test]
async fn another_lot_needs_a_reason_and_an_expired_one_is_never_given() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        filled(&kit, &content, &[("B", "2027-12-31", "100"), ("A", "2026-05-31", "100")]).await;
        Desk::open(&kit, &content, "ba").await.place(&usual(&content, &["amlodipine-5"])).await.unwrap();
        let request = waiting(&kit).await[0].lines[0].request.clone();
        let all = lots(&kit).await;
        let take =
            |lot: &Lot, units| Take { request: request.clone(), share: Share { lot: lot.id.clone(), units } };
        let later = all.iter().find(|lot| lot.number == "B").unwrap();
        let why = hand(&kit, "h1", Some(vec![take(later, 30)]), "").await.unwrap_err();
        assert_eq!((why.issues[0].key, why.issues[0].path.as_deref()), ("reason", Some("reason")));
        let much = hand(&kit, "h1", Some(vec![take(later, 31)]), "hộp mở").await.unwrap_err();
        assert_eq!(much.issues[0].key, "too-many");
        hand(&kit, "h1", Some(vec![take(later, 12)]), "hộp đã mở").await.unwrap();
        hand(&kit, "h1", Some(vec![take(later, 12)]), "hộp đã mở").await.unwrap();
        assert_eq!(there(&kit).await, [("A".to_owned(), 100), ("B".to_owned(), 88)], "the same form once");
        hand(&kit, "h2", None, "").await.unwrap();
        assert_eq!(there(&kit).await, [("A".to_owned(), 82), ("B".to_owned(), 88)], "the rest");
    })
    .await;
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        filled(&kit, &content, &[("A", "2026-03-03", "100")]).await;
        Desk::open(&kit, &content, "ba").await.place(&usual(&content, &["amlodipine-5"])).await.unwrap();
        let it = waiting(&kit).await.remove(0);
        let (all, late) = (lots(&kit).await, Day::parse("2026-03-04").unwrap());
        assert!(proposed(&it, &[], &all, late).is_empty());
        let takes = [Take {
            request: it.lines[0].request.clone(),
            share: Share { lot: all[0].id.clone(), units: 5 },
        }];
        let handing = Handing {
            prescription: &it,
            given: &[],
            lots: &all,
            takes: &takes,
            reason: "x",
            now_ms: kit.now_ms(),
        };
        let over =
            hand_out(&kit.records, &kit.ctx(), &Act { day: late, ..act("h") }, &handing).await.unwrap_err();
        assert_eq!(over.issues[0].key, "expired");
    })
    .await;
}

#[tokio::test]
async fn two_prescriptions_at_the_last_box_and_two_hands_at_one_prescription() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        filled(&kit, &content, &[("A", "2027-12-31", "40")]).await;
        let desk = Desk::open(&kit, &content, "ba").await;
        desk.place(&usual(&content, &["amlodipine-5"])).await.unwrap();
        let (one, other) = tokio::join!(hand(&kit, "h1", None, ""), hand(&kit, "h2", None, ""));
        assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|done| **done).count(), 1, "one hand gives it");
        assert_eq!(there(&kit).await[0].1, 10);

        let second = prescribe::Draft { form: "f-2".into(), ..usual(&content, &["amlodipine-5"]) };
        desk.place(&second).await.unwrap();
        let all = waiting(&kit).await;
        let (lots, now_ms) = (lots(&kit).await, kit.now_ms());
        // Both looked before the other took the last ones.
        let takes = proposed(&all[1], &[], &lots, act("").day);
        let handing =
            Handing { prescription: &all[1], given: &[], lots: &lots, takes: &takes, reason: "", now_ms };
        crate::stock::discard(&kit.records, &kit.ctx(), &act("d"), &lots[0], ("3", "vỡ")).await.unwrap();
        let short = hand_out(&kit.records, &kit.ctx(), &act("h3"), &handing).await.unwrap_err();
        assert_eq!(short.issues[0].key, "stock-short", "{short:?}");
        assert!(short.issues[0].text.contains("chỉ còn 7 viên"), "{short:?}");
        assert_eq!(there(&kit).await[0].1, 7, "nothing of it was written");
    })
    .await;
}

#[tokio::test]
async fn a_dispense_is_sealed_as_its_prescription_is() {
    each_engine(async |kit| {
        village(&kit).await;
        let label = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]});
        let mut ill = kit.records.read(&kit.ctx(), "Condition", "v-ba").await.unwrap().tree();
        crate::visit::put(&mut ill, "meta", label);
        put_all(&kit, vec![ill]).await;
        let content = Content::built_in();
        filled(&kit, &content, &[("A", "2027-12-31", "40")]).await;
        Desk::open(&kit, &content, "ba").await.place(&usual(&content, &["amlodipine-5"])).await.unwrap();
        hand(&kit, "h1", None, "").await.unwrap();
        for kind in ["MedicationRequest", "MedicationDispense"] {
            let query = Query::parse_string(kind, "_security=PSY").unwrap();
            let found = kit.records.search(&kit.ctx(), &query, None).await.unwrap();
            assert_eq!(found.matches.len(), 1, "{kind} tells what the diagnosis tells");
        }
    })
    .await;
}

#[tokio::test]
async fn one_handing_is_taken_back_by_the_store_it_came_from_and_the_other_stands() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        filled(&kit, &content, &[("A", "2027-12-31", "100")]).await;
        Desk::open(&kit, &content, "ba").await.place(&usual(&content, &["amlodipine-5"])).await.unwrap();
        let (it, lot) = (waiting(&kit).await.remove(0), lots(&kit).await.remove(0).id);
        let some = |units| {
            let share = Share { lot: lot.clone(), units };
            Some(vec![Take { request: it.lines[0].request.clone(), share }])
        };
        hand(&kit, "h1", some(12), "").await.unwrap();
        hand(&kit, "h2", some(18), "").await.unwrap();
        let (records, ctx) = (&kit.records, kit.ctx());
        let other = take_back(records, &ctx, "cskcb-12101", &it, "h1").await.unwrap_err();
        assert_eq!((other.kind, other.issues[0].key), (Kind::NotFound, "handed-elsewhere"));
        take_back(records, &ctx, "cskcb-12090", &it, "h1").await.unwrap();
        let all = given(records, &ctx, std::slice::from_ref(&it)).await.unwrap();
        let standing: Vec<_> =
            all.iter().filter(|one| one.stands).map(|one| (one.form.as_str(), one.units)).collect();
        assert_eq!((standing, there(&kit).await[0].1), (vec![("h2", 18)], 82));
    })
    .await;
}

#[tokio::test]
async fn a_form_whose_handing_was_taken_back_hands_out_when_it_is_sent_again() {
    each_engine(async |kit| {
        village(&kit).await;
        let content = Content::built_in();
        filled(&kit, &content, &[("A", "2027-12-31", "100")]).await;
        Desk::open(&kit, &content, "ba").await.place(&usual(&content, &["amlodipine-5"])).await.unwrap();
        let it = waiting(&kit).await.remove(0);
        hand(&kit, "h1", None, "").await.unwrap();
        take_back(&kit.records, &kit.ctx(), "cskcb-12090", &it, "h1").await.unwrap();
        assert_eq!(there(&kit).await[0].1, 100);
        hand(&kit, "h1", None, "").await.unwrap();
        assert_eq!(there(&kit).await[0].1, 70, "what is said to be handed out left the store");
    })
    .await;
}
