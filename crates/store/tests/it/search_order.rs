//! Orders and costs: a page along an index of dates is the page that sorting everything gives, and what would look at too
//! much is refused with advice.

use crate::kit::*;
use yba_fhir::Kind;
use yba_store::search::driver::Way;
use yba_store::{Expect, Query, Scope, Store};
use yba_testkit::each_engine;

/// How many encounters make a clause "many".
const MANY: usize = 10_050;

/// An encounter that was in some places, each from a day on; on that day of 2026 itself when `date` is given.
fn encounter(n: usize, days: &[usize]) -> yba_fhir::Resource {
    let day = |day: &usize| format!("2026-{:02}-{:02}", day / 28 + 1, day % 28 + 1);
    let place =
        |one: &usize| format!(r#"{{"location":{{"display":"Phòng"}},"period":{{"start":"{}"}}}}"#, day(one));
    let places: Vec<String> = days.iter().map(place).collect();
    let places =
        if days.is_empty() { String::new() } else { format!(r#","location":[{}]"#, places.join(",")) };
    resource(&format!(
        r#"{{"resourceType":"Encounter","id":"e{n}","status":"finished","class":{{"code":"AMB"}},"subject":{{"reference":"Patient/p"}}{places}}}"#
    ))
}

/// Every third encounter was nowhere, others in up to three places; many share a day.
fn days(n: usize) -> Vec<usize> {
    (0..n % 3).map(|place| (n * 7 + place * 13) % 40).chain((n % 9 == 1).then_some(n % 40)).collect()
}

async fn all(store: &Store, count: usize) {
    let numbers: Vec<usize> = (0..count).collect();
    for some in numbers.chunks(500) {
        let writes = some.iter().map(|n| put(store, &encounter(*n, &days(*n)), Expect::Absent)).collect();
        commit(store, writes).await.unwrap();
    }
}

/// The ids as sorting gives them: by the least date or the greatest, without one last, ties as they came.
fn sorted(count: usize, descending: bool) -> Vec<String> {
    let mut order: Vec<(Option<usize>, usize)> = (0..count)
        .map(|n| (if descending { days(n).into_iter().max() } else { days(n).into_iter().min() }, n))
        .collect();
    order.sort_by_key(|(day, n)| match (day, descending) {
        (None, _) => (i64::MAX, *n),
        (Some(day), false) => (*day as i64, *n),
        (Some(day), true) => (-(*day as i64), *n),
    });
    order.into_iter().map(|(_, n)| format!("e{n}")).collect()
}

/// Page after page of a search.
async fn pages(store: &Store, text: &str) -> Vec<String> {
    let query = Query::parse_string("Encounter", text).unwrap();
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let found = store.search(&query, &Scope::All, cursor.as_deref()).await.unwrap();
        all.extend(found.matches.into_iter().map(|version| version.id));
        cursor = found.next;
        if cursor.is_none() {
            return all;
        }
    }
}

async fn ways(store: &Store, text: &str) -> Vec<Way> {
    let query = Query::parse_string("Encounter", text).unwrap();
    let plan = store.explain(&[query], &Scope::All).await.unwrap();
    assert!(!plan.engine.is_empty(), "the engine says how");
    plan.steps.iter().map(|step| step.way).collect()
}

#[tokio::test]
async fn pages_along_dates_are_those_that_sorting_gives() {
    each_engine(|kit| async move {
        let (store, count) = (kit.store(), 100);
        all(store, count).await;
        for (sort, descending) in [("location-period", false), ("-location-period", true)] {
            let expected = sorted(count, descending);
            for size in [1, 7, 33, 34, 35, 100] {
                let text = format!("_sort={sort}&_count={size}");
                assert_eq!(pages(store, &text).await, expected, "{text}");
                let by_sorting = format!("status=finished&class:not=IMP&{text}");
                assert_eq!(pages(store, &by_sorting).await, expected, "{by_sorting}");
                let tested = format!("class:not=IMP&{text}");
                assert_eq!(pages(store, &tested).await, expected, "{tested}");
            }
            assert_eq!(ways(store, &format!("_sort={sort}")).await, [Way::Dates]);
            assert_eq!(ways(store, &format!("status=finished&_sort={sort}")).await, [Way::Clause(0)]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_would_cost_too_much_is_refused_with_advice_and_a_broad_order_is_served() {
    each_engine(|kit| async move {
        let store = kit.store();
        all(store, MANY).await;
        // So many match that the dates are gone along.
        let text = "status=finished&_sort=-location-period&_count=1000";
        assert_eq!(ways(store, text).await, [Way::Dates]);
        assert!(pages(store, text).await == sorted(MANY, true), "{text}: not the order or not all");
        // The same of a chain: the search within it takes nothing from those that have no date.
        save(store, &patient("p", "Lò Thị Mẫu")).await;
        let text = "patient.name=mau&_sort=-location-period&_count=1000";
        assert_eq!(ways(store, text).await[0], Way::Dates);
        assert!(pages(store, text).await == sorted(MANY, true), "{text}: not the order or not all");
        // The same by several keys has to be sorted as a whole; tested by thirty parameters, that is too much.
        let sort = "_sort=class,-location-period,status,_id";
        assert_eq!(ids(store, "Encounter", &format!("status=finished&{sort}&_count=3")).await.len(), 3);
        let text = format!("{}&{sort}", ["status=finished"; 30].join("&"));
        let query = [Query::parse_string("Encounter", &text).unwrap()];
        let refused = store.search(&query[0], &Scope::All, None).await.unwrap_err();
        assert_eq!((refused.kind, refused.issues[0].key), (Kind::TooMany, "search-too-costly"));
        let plan = store.explain(&query, &Scope::All).await.unwrap();
        assert!(plan.is_refused && plan.cost > 1_000_000, "{plan:?}");
        assert_eq!(plan.steps[0].tested.len(), 29);
        let few = Query::parse_string("Encounter", "status=planned&_sort=class").unwrap();
        let plan = store.explain(&[few], &Scope::All).await.unwrap();
        assert!(!plan.is_refused && plan.cost < 10, "{plan:?}");
    })
    .await;
}
