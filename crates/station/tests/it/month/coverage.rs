//! How many children have which dose, as the page counts them.

use super::{day, papers};
use crate::house::{House, lines, main, table};
use crate::truth::{How, Truth, typed};
use yba_fhir::Day;

/// The children of the vaccination day and those who were born in the month; those who turned two years; nobody.
const COHORTS: [(&str, &str); 3] =
    [("2025-12-01", "2026-09-30"), ("2022-01-01", "2023-12-31"), ("2019-01-01", "2019-12-31")];

fn address(born: (Day, Day)) -> String {
    format!("/bao-phu?tu-ngay={}&den-ngay={}", typed(born.0), typed(born.1))
}

/// The table of each cohort, of all villages and of each; the children behind every number of it.
pub async fn compared(house: &House, truth: &Truth, today: Day) {
    for (from, until) in COHORTS {
        let born = (day(from), day(until));
        of_cohort(house, truth, born, today).await;
    }
}

async fn of_cohort(house: &House, truth: &Truth, born: (Day, Day), today: Day) {
    let page = house.get(&address(born)).await.text;
    let by_village = truth.full_by_village(born, today);
    let all = truth.coverage(born, None, today);
    if by_village.is_empty() {
        assert!(main(&page).contains("Không có trẻ nào sinh trong khoảng này."), "{}", main(&page));
        return;
    }
    let expected: Vec<_> = all.iter().map(|one| one.line()).collect();
    assert_eq!(table(&page, "Bao phủ theo mũi"), expected, "{}", main(&page));
    // One village alone has no table of villages.
    let expected = if by_village.len() > 1 { by_village.clone() } else { Vec::new() };
    papers::same(table(&page, "Tiêm chủng đầy đủ theo thôn"), expected, "the full set by village");
    for village in by_village.iter().map(|line| &line[0]) {
        let page = house.get(&format!("{}&thon={}", address(born), encoded(village))).await.text;
        let of = truth.coverage(born, Some(village), today);
        let expected: Vec<_> = of.iter().map(|one| one.line()).collect();
        assert_eq!(table(&page, "Bao phủ theo mũi"), expected, "{village}: {}", main(&page));
    }
    for one in &all {
        for how in [How::InTime, How::Late, How::Missing, How::Waiting] {
            let behind = format!("{}&mui={}&tt={}", address(born), one.code, how.code());
            // On the page a number that is not none leads there.
            let href = format!("&amp;mui={}&amp;tt={}\"", one.code, how.code());
            assert_eq!(page.contains(&href), !one.people(how).is_empty(), "{behind}");
            if page.contains(&href) {
                let said = lines(&house.get(&behind).await.text);
                let said = said.into_iter().map(|row| papers::of(&row, &[0, 1])).collect();
                papers::same(said, one.people(how), &behind);
            }
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
