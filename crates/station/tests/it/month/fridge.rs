//! The fridge of vaccines, read on some days.

use super::{MONTH, month};
use crate::house::{House, lines, main};
use crate::truth::{Reading, Truth, typed};
use yba_fhir::Day;

/// A reading of today: its time of the day and what the thermometer shows.
pub async fn read(house: &House, truth: &mut Truth, today: Day, slot: &'static str, celsius: &'static str) {
    let mut form = house.form("/tu-lanh", "/tu-lanh").await;
    form.set("lan", slot).set("do", celsius);
    assert_eq!(form.all("ngay"), [typed(today)]);
    house.send(&form).await;
    house.send(&form).await;
    truth.readings.push(Reading { day: today, slot, celsius });
}

/// A reading that was mistyped, taken back and written as it was.
pub async fn mistyped(
    house: &House,
    truth: &mut Truth,
    today: Day,
    slot: &'static str,
    celsius: &'static str,
) {
    read(house, truth, today, slot, "45").await;
    truth.readings.pop();
    house.send(&house.form("/tu-lanh", "/tu-lanh/rut").await).await;
    read(house, truth, today, slot, celsius).await;
}

/// The month's sheet.
pub async fn sheet(house: &House, truth: &Truth) {
    let page = house.get(&format!("/tu-lanh?thang={MONTH}")).await.text;
    // Beside what was read stands who wrote it when.
    let plain = |(at, cell): (usize, String), day: &str| match at {
        0 => cell,
        _ => cell.split(day).next().unwrap_or_default().trim().to_owned(),
    };
    let line = |cells: Vec<String>| {
        let day = cells[0].clone();
        cells.into_iter().enumerate().map(|cell| plain(cell, &day)).collect()
    };
    let said: Vec<Vec<String>> = lines(&page).into_iter().map(line).collect();
    assert_eq!(said, truth.fridge(month()), "{}", main(&page));
}
