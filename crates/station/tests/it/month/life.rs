//! Births and deaths.

use super::day;
use crate::house::House;
use crate::truth::{Birth, Death, Person, Truth, typed};

/// The three births of the month: at the station, at a hospital, at home.
pub fn births(people: &[Person]) -> [Birth; 3] {
    let mother = |number: usize| people[number].clone();
    let first = Birth {
        mother: mother(2),
        day: day("2026-09-09"),
        is_girl: true,
        grams: 3100,
        weeks: 39,
        parity: 1,
        place: "station",
        attendant: "midwife",
        mode: "vaginal",
        is_breastfed: true,
        had_vitamin_k: true,
    };
    let second = Birth {
        mother: mother(12),
        day: day("2026-09-11"),
        is_girl: false,
        grams: 2300,
        weeks: 36,
        parity: 3,
        place: "hospital",
        attendant: "doctor",
        mode: "caesarean",
        is_breastfed: false,
        ..first.clone()
    };
    let third = Birth {
        mother: mother(22),
        day: day("2026-09-21"),
        grams: 2900,
        weeks: 40,
        parity: 2,
        place: "home",
        attendant: "village",
        had_vitamin_k: false,
        ..first.clone()
    };
    [first, second, third]
}

/// A birth as it is written down on the mother's record.
pub async fn birth(house: &mut House, truth: &mut Truth, born: Birth) {
    house.morning(born.day).await;
    let page = format!("/sinh-tu/sinh/{}", born.mother.id);
    let mut form = house.form(&page, &page).await;
    let yes = |is: bool| if is { "true" } else { "false" };
    for (name, value) in [
        ("born", format!("{} 5h30", typed(born.day))),
        ("place", born.place.to_owned()),
        ("attendant", born.attendant.to_owned()),
        ("mode", born.mode.to_owned()),
        ("weeks", born.weeks.to_string()),
        ("parity", born.parity.to_string()),
        ("sex", if born.is_girl { "female" } else { "male" }.to_owned()),
        ("weight", born.grams.to_string()),
        ("breastfed", yes(born.is_breastfed).to_owned()),
        ("vitamin-k", yes(born.had_vitamin_k).to_owned()),
    ] {
        form.set(name, &value);
    }
    house.send(&form).await;
    house.send(&form).await;
    truth.born(&born.mother, born.is_girl, born.day);
    truth.births.push(born);
}

/// A death on its day.
pub async fn death(house: &mut House, truth: &mut Truth, died: Death) {
    house.morning(died.day).await;
    told(house, truth, died).await;
}

/// A death with its chain of causes, whenever it is told.
pub async fn told(house: &House, truth: &mut Truth, died: Death) {
    let page = format!("/sinh-tu/tu/{}", died.person.id);
    let mut form = house.form(&page, &page).await;
    form.set("day", &typed(died.day)).set("place", "home").set("cared", "true").set("determined", "doctor");
    form.set("pregnancy", "false");
    for (line, code) in ["ia", "ib", "ic", "id"].into_iter().zip(died.chain) {
        form.set(line, code);
    }
    house.send(&form).await;
    house.send(&form).await;
    truth.deaths.push(died);
}
