//! A day of vaccination at its end: what a template reads.

use crate::paper::Place;
use crate::person;
use yba_fhir::json::{Value, json};
use yba_ui::format;

/// A day of vaccination.
pub struct Session<'s> {
    pub title: &'s str,
    pub place: Place,
    /// ISO day, and where it was held.
    pub day: String,
    pub site: &'s str,
    pub villages: &'s [String],
    pub is_closed: bool,
    pub lots: Vec<Lot<'s>>,
    /// In the order in which they stand.
    pub children: Vec<Child<'s>>,
    /// Words and how many children: `Đã tiêm`, 39.
    pub counts: Vec<(&'s str, usize)>,
    /// Numbers of laws.
    pub basis: Vec<String>,
    pub uncertain: &'s str,
}

/// A lot of the day.
pub struct Lot<'l> {
    pub vaccine: &'l str,
    pub lot: &'l str,
    /// ISO day.
    pub expiry: &'l str,
    /// Doses in one vial.
    pub doses_of_vial: u32,
    /// Vials that were opened; doses that were given, and thrown away.
    pub opened: u32,
    pub given: u32,
    pub thrown: u32,
}

/// Somebody of the list.
pub struct Child<'c> {
    /// The Patient; nothing when whoever prints does not see them.
    pub patient: &'c Value,
    pub village: &'c str,
    /// What is due, or what was given with its lot.
    pub doses: Vec<String>,
    pub state: &'c str,
    pub is_given: bool,
    /// Why it was put off.
    pub reason: &'c str,
}

/// What a template reads, as docs/vi/noi-dung.md describes it.
pub fn data(session: &Session) -> Value {
    let lots: Vec<Value> = session.lots.iter().map(lot).collect();
    let children = session.children.iter().map(|one| {
        json!({"person": (person::data(one.patient, &session.day)), "village": one.village, "doses": one.doses,
            "state": one.state, "given": one.is_given, "reason": one.reason})
    });
    let children: Vec<Value> = children.collect();
    let counts: Vec<Value> =
        session.counts.iter().map(|(words, count)| json!({"words": *words, "count": *count})).collect();
    json!({
        "title": session.title, "place": session.place.data(), "day": (format::date(&session.day)),
        "site": session.site, "villages": session.villages, "closed": session.is_closed, "lots": lots,
        "children": children, "counts": counts, "basis": session.basis, "uncertain": session.uncertain,
    })
}

fn lot(one: &Lot) -> Value {
    let held = one.opened * one.doses_of_vial;
    let wasted = (held > 0).then(|| 100.0 * f64::from(one.thrown) / f64::from(held));
    let wasted = wasted.map_or("–".to_owned(), |of| format::number(&format!("{of:.1}")));
    json!({"vaccine": one.vaccine, "lot": one.lot, "expiry": (format::date(one.expiry)), "doses_of_vial": one.doses_of_vial,
        "opened": one.opened, "given": one.given, "thrown": one.thrown, "wasted": wasted.as_str()})
}

/// An invented day, for examples: of so many children.
pub(crate) fn example(place: Place, patient: &Value, children: usize) -> Value {
    let villages = ["Bản Nà Khương".to_owned(), "Bản Cốc Phung".to_owned()];
    let trees: Vec<Value> = (0..children)
        .map(|at| {
            let name = format!("{} {}", ["Lò Thị", "Vàng A", "Giàng Thị", "Tẩn Mý"][at % 4], ["Mai", "Páo", "Sính", "Chu", "Ưởng"][at % 5]);
            json!({"resourceType": "Patient", "id": patient["id"].clone(), "gender": if at % 2 == 0 { "female" } else { "male" },
                "name": [{"text": name}], "birthDate": (format!("2025-12-{:02}", at % 28 + 1)), "telecom": [{"system": "phone", "value": "0912345678"}],
                "contact": [{"name": {"text": "Lò Thị Mẹ"}, "relationship": [{"text": "mẹ"}]}]})
        })
        .collect();
    let all = trees.iter().enumerate().map(|(at, tree)| {
        let is_given = at % 9 != 8;
        Child {
            patient: tree,
            village: villages[at % 2].as_str(),
            doses: if is_given {
                vec!["DPT-VGB-Hib (5 trong 1) 1, lô LO-102-1".into(), "Bại liệt uống 1, lô LO-178-1".into()]
            } else {
                vec!["DPT 1".into()]
            },
            state: if is_given { "Đã tiêm" } else { "Tạm hoãn" },
            is_given,
            reason: if is_given { "" } else { "Sốt 38,5 °C" },
        }
    });
    let count = |vials: u32, of: u32| Lot {
        vaccine: if of == 1 { "DPT-VGB-Hib (5 trong 1)" } else { "Bại liệt uống bOPV (2 giọt)" },
        lot: if of == 1 { "LO-102-1" } else { "LO-178-1" },
        expiry: "2027-12-31",
        doses_of_vial: of,
        opened: vials,
        given: (children - children / 9) as u32,
        thrown: (vials * of).saturating_sub((children - children / 9) as u32),
    };
    let given = children - children / 9;
    data(&Session {
        title: if children > 0 {
            "Báo cáo kết thúc buổi tiêm chủng"
        } else {
            "Danh sách buổi tiêm chủng"
        },
        place,
        day: "2026-03-02".into(),
        site: "Nhà văn hóa bản Nà Khương",
        villages: &villages,
        is_closed: children > 0,
        lots: if children == 0 {
            Vec::new()
        } else {
            vec![count(given as u32, 1), count(given.div_ceil(20) as u32, 20)]
        },
        children: all.collect(),
        counts: vec![
            ("Trẻ trong danh sách", children),
            ("Đã tiêm", given),
            ("Tạm hoãn", children - given),
            ("Không gặp", 0),
        ],
        basis: vec!["13/2026/TT-BYT".into()],
        uncertain: "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::JsonValueTrait;

    #[test]
    fn wastage_is_of_the_doses_in_opened_vials() {
        let told = |opened, given, thrown| {
            let one =
                Lot { vaccine: "", lot: "", expiry: "2027-12-31", doses_of_vial: 20, opened, given, thrown };
            lot(&one)["wasted"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!([told(3, 39, 21), told(1, 20, 0), told(0, 0, 0)], ["35,0", "0,0", "–"]);
    }
}
