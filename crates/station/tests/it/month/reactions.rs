//! Reactions after the vaccines of the day, the watch, and the lots that are stopped.

use super::{day, papers};
use crate::house::{House, main, rows, table};
use crate::truth::{Person, Reaction, Stopped, Truth, typed};
use yba_fhir::Day;

/// A reaction by its code and its words.
type Kind = (&'static str, &'static str);
const FEVER: Kind = ("fever", "Sốt từ 38 °C");
const SWELLING: Kind = ("local", "Sưng, đau, đỏ chỗ tiêm");
const SEIZURE: Kind = ("seizure", "Co giật");
const ANAPHYLAXIS: Kind = ("anaphylaxis", "Phản vệ");
const GRAVITY: [Kind; 3] = [("mild", "Nhẹ"), ("moderate", "Vừa"), ("severe", "Nặng")];
const FIVE_IN_ONE: (&str, &str) = ("DPT-VGB-Hib (5 trong 1)", "LO-102");
const ENDS: [Kind; 2] = [("resolved", "Đã khỏi"), ("recovering", "Đang đỡ")];

/// What is written of a reaction beside whose it is.
struct Told {
    kind: Kind,
    began: &'static str,
    gravity: Kind,
    end: Kind,
    handled: &'static str,
    /// Vaccine and lot of the doses that are suspected.
    lots: &'static [(&'static str, &'static str)],
}

/// The ids of the doses of a page that are of these lots.
fn of_lots(page: &str, lots: &[(&str, &str)]) -> Vec<String> {
    let offered = page.split("name=\"mui\" value=\"").skip(1);
    let offered = offered.filter_map(|part| {
        let (id, rest) = part.split_once('"')?;
        let (_, words) = rest.split_once("· lô ")?;
        let lot = words.split_once("</label>").map_or("", |(lot, _)| lot.trim());
        lots.iter().any(|(_, known)| *known == lot).then(|| id.to_owned())
    });
    offered.collect()
}

/// Writes down what happened to a child who was vaccinated today.
async fn written(house: &House, truth: &mut Truth, child: &Person, today: Day, told: &Told) {
    let page = format!("/phan-ung-tiem/{}", child.id);
    let suspects = of_lots(&house.get(&page).await.text, told.lots);
    assert_eq!(suspects.len(), told.lots.len(), "the doses of {:?}", told.lots);
    let mut form = house.form(&page, &page).await;
    form.fields.retain(|(name, _)| name != "mui");
    form.fields.extend(suspects.into_iter().map(|id| ("mui".to_owned(), id)));
    for (name, value) in [
        ("loai", told.kind.0),
        ("luc", told.began),
        ("muc-do", told.gravity.0),
        ("dien-bien", told.end.0),
        ("xu-tri", told.handled),
    ] {
        form.set(name, value);
    }
    house.send(&form).await;
    house.send(&form).await;
    truth.reactions.push(Reaction {
        child: child.clone(),
        day: today,
        began: told.began,
        title: told.kind.1,
        gravity: told.gravity.1,
        end: told.end.1,
        handled: told.handled,
        lots: told.lots.to_vec(),
        told: None,
        is_mistaken: false,
    });
}

/// The last reaction is serious: it is told by telephone at once, and this lot, its only one, is given no more from this minute.
async fn told_on(house: &House, truth: &mut Truth, minute: &str) {
    let one = truth.reactions.last_mut().unwrap();
    let page = format!("/phan-ung-tiem/{}", one.child.id);
    let said = main(&house.get(&page).await.text);
    assert!(said.contains("Phải báo Sở Y tế và CDC trước"), "{said}");
    let mut form = house.form(&page, &format!("{page}/bao-len")).await;
    form.set("cach", "PHONE");
    house.send(&form).await;
    let at = format!("{} {minute}", typed(one.day));
    one.told = Some(at.clone());
    let (words, lot) = one.lots[0];
    truth.stopped.push(Stopped { words, lot, since: at });
}

/// A child has an anaphylaxis ten minutes into the day: the lot of the five in one is stopped.
pub async fn anaphylaxis(house: &mut House, truth: &mut Truth, child: &Person, today: Day) {
    house.later(10).await;
    let told = Told {
        kind: ANAPHYLAXIS,
        began: "08:05",
        gravity: GRAVITY[2],
        end: ENDS[0],
        handled: "Adrenalin 0,15 mg tiêm bắp, chuyển nằm theo dõi",
        lots: &[FIVE_IN_ONE],
    };
    written(house, truth, child, today, &told).await;
    told_on(house, truth, "08:10").await;
}

/// What else happens until all may go: a fever, a swelling that was another child's, a seizure of a newborn.
pub async fn afterwards(
    house: &mut House,
    truth: &mut Truth,
    [feverish, mistaken, newborn]: [&Person; 3],
    today: Day,
) {
    house.later(40).await;
    let fever = Told {
        kind: FEVER,
        began: "08:40",
        gravity: GRAVITY[0],
        end: ENDS[1],
        handled: "",
        lots: &[FIVE_IN_ONE, ("Phế cầu PCV13", "LO-133")],
    };
    written(house, truth, feverish, today, &fever).await;
    let swelling =
        Told {
            kind: SWELLING, gravity: GRAVITY[1], end: ENDS[0], lots: &[("Sởi đơn", "LO-05")], ..fever
        };
    written(house, truth, mistaken, today, &swelling).await;
    let page = format!("/phan-ung-tiem/{}", mistaken.id);
    house.send(&house.form(&page, &format!("{page}/rut")).await).await;
    truth.reactions.last_mut().unwrap().is_mistaken = true;
    let seizure = Told {
        kind: SEIZURE,
        began: "08:30",
        gravity: GRAVITY[2],
        end: ENDS[0],
        handled: "Chuyển viện",
        lots: &[("Viêm gan B sơ sinh", "LO-08")],
    };
    written(house, truth, newborn, today, &seizure).await;
    told_on(house, truth, "08:50").await;
    gone_home(house, truth, today).await;
}

/// All whose time is over go home; who had a reaction was off the list before.
async fn gone_home(house: &House, truth: &Truth, today: Day) {
    house.send(&house.form("/theo-doi-tiem", "/theo-doi-tiem").await).await;
    let page = house.get("/theo-doi-tiem").await.text;
    let line = |cells: Vec<String>| {
        let end = cells[3].split(" Ghi nhầm?").next().unwrap_or_default();
        vec![cells[0].split(" tiêm lúc ").next().unwrap_or_default().to_owned(), end.to_owned()]
    };
    let said = table(&page, "Trẻ sau tiêm").into_iter().map(line).collect();
    papers::same(said, truth.watched(today), &format!("who was watched: {}", main(&page)));
}

/// The lot that the seizure stopped was not its cause.
pub async fn released(house: &mut House, truth: &mut Truth, on: &str) {
    house.morning(day(on)).await;
    let page = house.get("/phan-ung-tiem").await.text;
    let lot = truth.stopped.pop().unwrap();
    let row = page.split("<li>").find(|row| row.contains(&format!("lô {}<", lot.lot)));
    let action = row.and_then(|row| row.split("action=\"").nth(1)?.split('"').next());
    let mut form = house.form("/phan-ung-tiem", action.unwrap_or_else(|| panic!("{}", main(&page)))).await;
    form.set("ly-do", "CDC kết luận không do vắc xin, văn bản số 12");
    house.send(&form).await;
}

/// The list of reactions, the lots that are stopped, and the register of the month.
pub async fn listed(house: &House, truth: &Truth) {
    let page = house.get("/phan-ung-tiem").await.text;
    let alone = |said: Vec<String>| said.into_iter().map(|one| vec![one]).collect::<Vec<_>>();
    papers::same(alone(rows(&page, "phan-ung")), truth.reaction_lines(), "the list of reactions");
    let said = main(&page);
    assert!(said.contains(&format!(" {} phản ứng ", truth.reaction_count())), "{said}");
    let plain = |row: String| row.split(" Cho dùng lại ").next().unwrap_or_default().to_owned();
    let stopped = rows(&page, "lo-dung").into_iter().map(plain).collect();
    papers::same(alone(stopped), truth.stopped_lines(), "the lots that are stopped");
    let rows = papers::register(house, &papers::of_month("vaccination-reactions")).await;
    let line = |row: Vec<String>| {
        let mut line = papers::of(&row, &[0, 2, 4, 6, 7, 8, 9, 10, 11]);
        // The doses of a child stand in no order.
        let mut suspects: Vec<&str> = line[7].split("; ").collect();
        suspects.sort_unstable();
        line[7] = suspects.join("; ");
        line
    };
    let rows = rows.into_iter().map(line).collect();
    papers::same(rows, truth.reaction_register(), "the register of reactions");
}
