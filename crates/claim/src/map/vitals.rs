//! Vital signs: the weight and blood group of XML1, and the signs that XML5 carries inside its text in the form
//! `CSST<M75_T37_HA120/70_NT18_SP98>` (pulse, temperature, blood pressure, breaths, oxygen).

use super::Scene;
use super::build::{LOINC, Tree, coding, concept, number, quantity};
use crate::id::Ordinals;
use crate::value::{Decimal, Moment};
use yba_fhir::json::{Value, json};

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

pub(crate) fn map(scene: &Scene<'_, '_>, own: &mut Vec<Value>) {
    let row = scene.summary;
    let arrived = row.moment("NGAY_VAO").unwrap_or(scene.ended);
    let weight = row.decimal("CAN_NANG").filter(|weight| weight.compare(Decimal::ZERO).is_gt());
    if let Some(weight) = weight {
        let mut sign =
            head(scene, "weight", ("XML1", row.number), arrived, ("29463-7", "Cân nặng"), "vital-signs");
        sign.put("valueQuantity", quantity(number(weight), "kg", "kg").finish());
        own.push(sign.finish());
    }
    if let Some(group) = row.text("NHOM_MAU") {
        let mut sign = head(
            scene,
            "blood-group",
            ("XML1", row.number),
            arrived,
            ("882-1", "Nhóm máu ABO và Rh"),
            "laboratory",
        );
        sign.put("valueString", group);
        own.push(sign.finish());
    }
    let mut ordinals = Ordinals::default();
    for row in scene.visit.rows("XML5") {
        let Some(text) = row.text("DIEN_BIEN_LS") else { continue };
        let at = row.moment("THOI_DIEM_DBLS").unwrap_or(scene.ended);
        let key = ordinals.key(&[row.text("THOI_DIEM_DBLS")]);
        signs(scene, text, (row.number, at, &key), own);
    }
}

fn head(
    scene: &Scene<'_, '_>,
    key: &str,
    place: (&str, u32),
    at: Moment,
    (loinc, words): (&str, &str),
    category: &str,
) -> Tree {
    let mut sign =
        Tree::resource("Observation", &scene.id("vital-sign", key), &scene.source(place.0, place.1));
    sign.put("status", "final");
    sign.put("category", json!([concept(vec![coding(CATEGORY, category, None)], None)]));
    sign.put("code", concept(vec![coding(LOINC, loinc, Some(words))], Some(words)));
    sign.put("subject", scene.subject());
    sign.put("encounter", scene.encounter());
    sign.put("effectiveDateTime", at.date_time().as_str());
    sign.put("performer", json!([scene.facility()]));
    sign
}

/// Mark, LOINC, words, unit, UCUM.
const SIGNS: &[(&str, &str, &str, &str, &str)] = &[
    ("M", "8867-4", "Mạch", "lần/phút", "/min"),
    ("T", "8310-5", "Thân nhiệt", "°C", "Cel"),
    ("NT", "9279-1", "Nhịp thở", "lần/phút", "/min"),
    ("SP", "2708-6", "SpO₂", "%", "%"),
];

fn signs(scene: &Scene<'_, '_>, text: &str, (row, at, key): (u32, Moment, &str), own: &mut Vec<Value>) {
    for sign in parse(text) {
        let (mark, first, second) = sign;
        let own_key = format!("{key}|{mark}");
        if let Some(second) = second {
            let mut pressure =
                head(scene, &own_key, ("XML5", row), at, ("85354-9", "Huyết áp"), "vital-signs");
            let part = |loinc: &str, words: &str, value: Decimal| {
                let code = concept(vec![coding(LOINC, loinc, Some(words))], Some(words));
                json!({"code": code, "valueQuantity": quantity(number(value), "mmHg", "mm[Hg]").finish()})
            };
            pressure.put(
                "component",
                json!([
                    part("8480-6", "Huyết áp tâm thu", first),
                    part("8462-4", "Huyết áp tâm trương", second)
                ]),
            );
            own.push(pressure.finish());
        } else if let Some((_, loinc, words, unit, ucum)) = SIGNS.iter().find(|(known, ..)| *known == mark) {
            let mut one = head(scene, &own_key, ("XML5", row), at, (loinc, words), "vital-signs");
            one.put("valueQuantity", quantity(number(first), unit, ucum).finish());
            own.push(one.finish());
        }
    }
}

/// The signs of the first `CSST<…>` of a text: mark, value, and the second value of a blood pressure.
fn parse(text: &str) -> Vec<(&str, Decimal, Option<Decimal>)> {
    let Some((_, rest)) = text.split_once("CSST<") else { return Vec::new() };
    let Some((inside, _)) = rest.split_once('>') else { return Vec::new() };
    inside
        .split('_')
        .filter_map(|item| {
            let digits = item.find(|letter: char| letter.is_ascii_digit())?;
            let (mark, value) = item.trim().split_at_checked(digits)?;
            match value.split_once('/') {
                Some((high, low)) if mark == "HA" => {
                    Some((mark, Decimal::parse(high)?, Some(Decimal::parse(low)?)))
                }
                Some(_) => None,
                None if mark == "HA" => None,
                None => Some((mark, Decimal::parse(&value.replace(',', "."))?, None)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let show = |(mark, first, second): (&str, Decimal, Option<Decimal>)| match second {
            Some(second) => format!("{mark} {first}/{second}"),
            None => format!("{mark} {first}"),
        };
        parse(text).into_iter().map(show).collect()
    }

    #[test]
    fn vital_signs_are_found_inside_the_text() {
        assert_eq!(
            read("Tỉnh, CSST<M75_T37,5_HA120/70_NT18_SP98_HL2> tim đều"),
            ["M 75", "T 37.5", "HA 120/70", "NT 18", "SP 98", "HL 2"]
        );
        assert_eq!(read("CSST<M75_Tx_HA120_/_>"), ["M 75"]);
        assert!(read("CSST<M75").is_empty() && read("mạch 75").is_empty());
    }
}
