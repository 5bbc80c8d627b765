//! Births and deaths.

use crate::house::House;
use crate::truth::{Birth, Death, Truth, typed};

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
    truth.births.push(born);
}

/// A death with its chain of causes.
pub async fn death(house: &mut House, truth: &mut Truth, died: Death) {
    house.morning(died.day).await;
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
