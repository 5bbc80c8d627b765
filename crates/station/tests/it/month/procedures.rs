//! Small procedures at visits, and their register.

use super::papers;
use crate::house::{House, NURSE};
use crate::truth::{Procedure, Truth, Visit, typed};

/// A procedure by its code in the station's list and its words.
type Kind = (&'static str, &'static str);
const WOUND: Kind = ("rua-vet-thuong", "Rửa vết thương, băng bó");
const INJECTION: Kind = ("tiem-theo-don", "Tiêm theo đơn (bắp, dưới da, tĩnh mạch)");
const INHALED: Kind = ("khi-dung", "Khí dung");
const OTHER: Kind = ("khac", "Thủ thuật khác (ghi rõ)");

/// What is done for a diagnosis, with its note.
fn wanted(icd: &str) -> &'static [(Kind, &'static str)] {
    match icd {
        "L20.9" => &[(WOUND, "cẳng tay")],
        "M54.5" => &[(INJECTION, "bắp"), (OTHER, "chườm nóng thắt lưng")],
        "J06.9" => &[(INHALED, "")],
        _ => &[],
    }
}

/// Writes a procedure down at the visit that was just written.
async fn done(house: &House, truth: &mut Truth, (code, title): Kind, note: &'static str) {
    let Visit { person, day, icd, .. } = truth.visits.last().unwrap();
    let page = format!("/kham/{}", person.id);
    let mut form = house.form(&page, &format!("{page}/thu-thuat")).await;
    let visit = form.all("kham")[0].to_owned();
    form.set(&format!("ma-{visit}"), code).set(&format!("ghi-chu-{visit}"), note);
    house.send(&form).await;
    house.send(&form).await;
    truth.procedures.push(Procedure { person: person.clone(), day: *day, icd: icd[0], title, note });
}

/// Whoever was just seen is treated by hand.
pub async fn treated(house: &House, truth: &mut Truth) {
    for (kind, note) in wanted(truth.visits.last().unwrap().icd[0]) {
        done(house, truth, *kind, note).await;
    }
}

/// A procedure that is written down and taken back: it was not done.
pub async fn mistaken(house: &House, truth: &mut Truth) {
    done(house, truth, INHALED, "ghi nhầm").await;
    let gone = truth.procedures.pop().unwrap();
    let page = format!("/kham/{}", gone.person.id);
    house.send(&house.form(&page, &format!("{page}/rut-thu-thuat")).await).await;
}

/// A procedure at a visit that will be taken back.
pub async fn mistaken_with_visit(house: &House, truth: &mut Truth) {
    done(house, truth, WOUND, "ghi nhầm người").await;
    truth.procedures.pop();
}

/// The register of the month.
pub async fn register(house: &House, truth: &Truth) {
    let rows = papers::register(house, &papers::of_month("procedures")).await;
    let rows = rows.into_iter().map(|row| papers::of(&row, &[0, 2, 3, 4, 7, 8, 9, 10])).collect();
    let expected = truth.procedures.iter().map(|one| {
        let Procedure { person, day, icd, title, note } = one;
        let sex = if person.is_female { "Nữ" } else { "Nam" };
        let (day, birth) = (typed(*day), typed(person.birth));
        [day.as_str(), &person.name, sex, &birth, icd, title, NURSE, note].map(str::to_owned).to_vec()
    });
    papers::same(rows, expected.collect(), "the register of procedures");
}
