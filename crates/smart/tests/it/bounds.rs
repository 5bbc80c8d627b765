//! Everything that can grow has a bound, and these tests reach it.

use crate::house::House;
use yba_auth::Tables;
use yba_auth::smart::tables::{
    ASSERTIONS_MAX, AppTables, Code, GRANTS_MAX, Grant, Launch, RENEWALS_MAX, Sort, TOKENS_MAX, WAITING_MAX,
};
use yba_store::{Statement, Value};

async fn tables(house: &House) -> AppTables {
    Tables::open(house.kit.store().clone()).await.unwrap().apps()
}

async fn count(house: &House, table: &str) -> i64 {
    house.kit.store().query(&format!("SELECT count(*) FROM {table}"), Vec::new()).await.unwrap()[0].int(0)
}

fn grant(id: &str, begun_ms: i64) -> Grant {
    Grant {
        id: id.into(),
        client: "c".into(),
        account: "a".into(),
        begun_ms,
        until_ms: i64::MAX,
        ..Grant::default()
    }
}

#[tokio::test]
async fn codes_and_launches_that_wait_are_bounded_and_the_oldest_goes() {
    let house = House::open(yba_testkit::records()).await;
    let tables = tables(&house).await;
    let launch = Launch { client: "c".into(), account: "a".into(), patient: "p1".into() };
    let (first, code) = (tables.launch(&launch).await.unwrap(), tables.code(&Code::default()).await.unwrap());
    for _ in 0..WAITING_MAX {
        house.kit.advance_ms(1);
        tables.launch(&launch).await.unwrap();
        tables.code(&Code::default()).await.unwrap();
    }
    assert_eq!(
        (count(&house, "app_launch").await, count(&house, "app_code").await),
        (WAITING_MAX as i64, WAITING_MAX as i64)
    );
    assert_eq!(tables.launch_of(&first.0).await.unwrap(), None);
    assert_eq!(tables.code_of(&code.0).await.unwrap(), None);
}

#[tokio::test]
async fn grants_and_their_tokens_are_bounded() {
    let house = House::open(yba_testkit::records()).await;
    let tables = tables(&house).await;
    let now = house.kit.now_ms();
    for at in 0..=GRANTS_MAX as i64 {
        tables.begin(&grant(&format!("g{at}"), now + at)).await.unwrap();
    }
    assert_eq!(count(&house, "app_grant").await, GRANTS_MAX as i64);
    let oldest = tables.token("g0", Sort::Access, i64::MAX, None).await.unwrap();
    assert_eq!(tables.known(&oldest.0).await.unwrap(), None, "its grant is over");
    let first = tables.token("g5", Sort::Access, i64::MAX, None).await.unwrap();
    assert!(tables.known(&first.0).await.unwrap().is_some());
    for _ in 0..TOKENS_MAX {
        house.kit.advance_ms(1);
        tables.token("g5", Sort::Access, i64::MAX, None).await.unwrap();
    }
    assert_eq!(tables.known(&first.0).await.unwrap(), None);
    assert_eq!(count(&house, "app_token").await, TOKENS_MAX as i64 + 1);
    tables.tidy().await.unwrap();
    assert_eq!(count(&house, "app_token").await, TOKENS_MAX as i64, "tokens without a grant are gone");
}

#[tokio::test]
async fn a_used_refresh_token_is_not_pushed_out_by_those_after_it() {
    let house = House::open(yba_testkit::records()).await;
    let tables = tables(&house).await;
    tables.begin(&grant("g", house.kit.now_ms())).await.unwrap();
    let first = tables.token("g", Sort::Refresh, i64::MAX, None).await.unwrap();
    let mut last = first.0.clone();
    for _ in 0..TOKENS_MAX + 5 {
        house.kit.advance_ms(1);
        last = tables.token("g", Sort::Refresh, i64::MAX, Some(&last)).await.unwrap().0;
        tables.token("g", Sort::Access, i64::MAX, None).await.unwrap();
    }
    assert!(tables.known(&first.0).await.unwrap().is_some_and(|known| known.is_used));
    assert!(tables.known(&last).await.unwrap().is_some_and(|known| !known.is_used));
}

#[tokio::test]
async fn refresh_tokens_of_a_grant_are_bounded_and_the_oldest_goes() {
    let house = House::open(yba_testkit::records()).await;
    let tables = tables(&house).await;
    let now = house.kit.now_ms();
    tables.begin(&grant("g", now)).await.unwrap();
    let first = tables.token("g", Sort::Refresh, i64::MAX, None).await.unwrap();
    let used = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) INSERT INTO app_token (hash, \
                grant_id, sort, begun_ms, until_ms, used_ms) SELECT 'h' || i, 'g', ?2, ?3 + i, ?4, 1 FROM n";
    let kept = i64::try_from(RENEWALS_MAX).unwrap() - 2;
    let values = vec![Value::Int(kept), Value::Text("refresh".into()), Value::Int(now), Value::Int(i64::MAX)];
    house.kit.store().keep(vec![Statement::new(used, values)]).await.unwrap();
    house.kit.advance_ms(kept + 1);
    tables.token("g", Sort::Refresh, i64::MAX, None).await.unwrap();
    assert_eq!(count(&house, "app_token").await, RENEWALS_MAX as i64);
    assert!(tables.known(&first.0).await.unwrap().is_some(), "there was room");
    house.kit.advance_ms(1);
    let last = tables.token("g", Sort::Refresh, i64::MAX, None).await.unwrap();
    assert_eq!(count(&house, "app_token").await, RENEWALS_MAX as i64);
    assert_eq!(tables.known(&first.0).await.unwrap(), None, "the oldest made room");
    assert!(tables.known(&last.0).await.unwrap().is_some_and(|known| !known.is_used));
}

#[tokio::test]
async fn assertions_are_not_forgotten_to_make_room() {
    let house = House::open(yba_testkit::records()).await;
    let tables = tables(&house).await;
    let until = house.kit.now_ms() + 1000;
    for at in 0..ASSERTIONS_MAX {
        assert_eq!(tables.came("c", &at.to_string(), until).await.unwrap(), Some(true));
    }
    assert_eq!(tables.came("c", "0", until).await.unwrap(), Some(false), "it came before");
    assert_eq!(tables.came("c", "one more", until).await.unwrap(), None, "no more, rather than one again");
    assert_eq!(tables.came("d", "0", until).await.unwrap(), Some(true), "another client has its own");
    house.kit.advance_ms(1000);
    assert_eq!(tables.came("c", "one more", until + 1000).await.unwrap(), Some(true));
    assert_eq!(count(&house, "app_assertion").await, 2, "what is over is forgotten");
}

#[tokio::test]
async fn what_is_over_is_tidied_away() {
    let house = House::open(yba_testkit::records()).await;
    let tables = tables(&house).await;
    let now = house.kit.now_ms();
    tables.launch(&Launch { client: "c".into(), account: "a".into(), patient: "p".into() }).await.unwrap();
    tables.code(&Code::default()).await.unwrap();
    tables.begin(&Grant { until_ms: now + 1000, ..grant("g", now) }).await.unwrap();
    tables.token("g", Sort::Refresh, now + 1000, None).await.unwrap();
    house.kit.advance_ms(24 * 3_600_000);
    house.gate.tidy().await.unwrap();
    for table in ["app_launch", "app_code", "app_grant", "app_token"] {
        assert_eq!(count(&house, table).await, 0, "{table}");
    }
}
