//! What the station asks of the level above: the sheet that is filled in already, sent as it stands.

use super::medicines::DRUGS;
use super::{day, papers};
use crate::house::{Form, House, main, rows, table};
use crate::truth::{Requested, Truth, thousands};

const PAGE: &str = "/thuoc/du-tru";

/// The sheet is what was used and what is there; it is sent without a key, and one line of it is taken back.
pub async fn sent(house: &mut House, truth: &mut Truth, on: &str) {
    let today = day(on);
    house.morning(today).await;
    let page = house.get(PAGE).await.text;
    let form = Form::of(&page, PAGE).unwrap();
    let mut said = table(&page, "Dự trù");
    let filled: Vec<&str> =
        form.fields.iter().filter(|(name, _)| name.starts_with("can-")).map(|(_, value)| &**value).collect();
    assert_eq!(said.len(), filled.len(), "{}", main(&page));
    said.iter_mut().zip(filled).for_each(|(line, units)| line[3] = units.to_owned());
    let wanted = truth.store.wanted(&DRUGS, today);
    let expected = wanted.iter().map(|(drug, [good, monthly, wanted])| {
        let there = format!("{} {}", thousands(*good), drug.unit);
        let asked = if *wanted == 0 { String::new() } else { wanted.to_string() };
        vec![drug.name.to_owned(), there, thousands(*monthly), asked]
    });
    papers::same(said, expected.collect(), "what is to be asked for");
    house.send(&form).await;
    house.send(&form).await;
    let asked = wanted.iter().filter(|(_, [.., units])| *units > 0);
    truth.store.requested.extend(asked.map(|(drug, [.., units])| Requested {
        drug: *drug,
        day: today,
        units: *units,
    }));
    let first = rows(&house.get(PAGE).await.text, "da-xin").remove(0);
    house.send(&house.form(PAGE, "/thuoc/du-tru/rut").await).await;
    truth.store.requested.retain(|one| !first.contains(one.drug.name));
}

/// What was asked for.
pub async fn listed(house: &House, truth: &Truth) {
    let alone = |said: Vec<String>| said.into_iter().map(|one| vec![one]).collect::<Vec<_>>();
    let plain = |row: String| row.split(" Ghi nhầm?").next().unwrap_or_default().to_owned();
    let said = rows(&house.get(PAGE).await.text, "da-xin").into_iter().map(plain).collect();
    papers::same(alone(said), alone(truth.store.requests()), "what was asked for");
}
