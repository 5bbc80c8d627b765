//! Laboratory values that fit the person, the day and the disease.
//!
//! A value is a steady level of the person, moved by chronic disease (which treatment slowly improves), by the
//! illness of the visit, and by the noise of a day. Whole numbers only. No claim to physiology beyond
//! "a doctor reading the trend nods".

use crate::calendar::Day;
use crate::catalog::Lab;
use crate::person::Person;
use crate::rng::Rng;
use crate::table::rows;
use std::collections::HashMap;
use std::sync::OnceLock;

/// A result: as printed, and whether outside the reference range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabValue {
    pub text: String,
    pub abnormal: bool,
}

struct Range {
    decimals: u32,
    /// Typical for men and for women.
    typical: [i64; 2],
    between: i64,
    within: i64,
    low: i64,
    high: i64,
    min: i64,
    max: i64,
}

fn ranges() -> &'static HashMap<&'static str, Range> {
    static ALL: OnceLock<HashMap<&'static str, Range>> = OnceLock::new();
    ALL.get_or_init(|| {
        rows(include_str!("../data/lab-values.tsv"))
            .map(|row| {
                let n = |column| row.number(column);
                let (typical, [between, within]) = ([n(2), n(3)], [n(4), n(5)]);
                let [low, high, min, max] = [n(6), n(7), n(8), n(9)];
                (row.text(0), Range { decimals: n(1) as u32, typical, between, within, low, high, min, max })
            })
            .collect()
    })
}

/// The result of one test for a person on a day with the main disease `icd`. `seed` is the province's.
pub fn lab_value(lab: &Lab, person: &Person, day: Day, icd: &str, seed: &Rng) -> LabValue {
    let mut noise = seed.fork(lab.loinc, u64::from(person.index) << 20 | u64::from(day.0 as u32 & 0xf_ffff));
    if !lab.numeric {
        return qualitative(lab.loinc, person, day, icd, &mut noise);
    }
    let value = match lab.loinc {
        "62238-1" => egfr(person, day, icd, seed),
        loinc => number(loinc, person, day, icd, seed, &mut noise),
    };
    match ranges().get(lab.loinc) {
        Some(range) => LabValue {
            text: decimal(value, range.decimals),
            abnormal: value < range.low || value > range.high,
        },
        None => LabValue { text: value.to_string(), abnormal: value < 60 },
    }
}

fn decimal(value: i64, decimals: u32) -> String {
    let unit = 10i64.pow(decimals);
    match decimals {
        0 => value.to_string(),
        _ => format!("{}.{:0width$}", value / unit, value % unit, width = decimals as usize),
    }
}

fn number(loinc: &'static str, person: &Person, day: Day, icd: &str, seed: &Rng, noise: &mut Rng) -> i64 {
    let range = &ranges()[loinc];
    let mut own = seed.fork(loinc, u64::from(person.index) << 20 | 0xf_ffff); // a number no day has
    let steady = own.bell(range.typical[usize::from(person.female)], range.between);
    let steady = steady + chronic_shift(loinc, person, day, steady, &mut own);
    let now = steady + acute_shift(loinc, icd, steady, noise);
    noise.bell(now, range.within).clamp(range.min, range.max)
}

/// What lasting disease adds. Diabetes and lipids come down over the first year of treatment.
fn chronic_shift(loinc: &str, person: &Person, day: Day, steady: i64, own: &mut Rng) -> i64 {
    let since = |key: &str| {
        let catalog = &crate::catalog::catalog().chronic;
        let mut all = person.burdens(day);
        all.find(|b| catalog[usize::from(b.disease)].key == key).map(|b| i64::from(day.0 - b.onset.0))
    };
    // From `start` down to `end` in the first 400 days.
    let eases = |days: i64, start: i64, end: i64| end + (start - end) * (400 - days.min(400)) / 400;
    match loinc {
        "4548-4" => since("dm2").map_or(0, |d| eases(d, own.bell(38, 10), own.bell(17, 9)).max(4)),
        "14749-6" => since("dm2").map_or(0, |d| eases(d, own.bell(60, 15), own.bell(26, 14)).max(6)),
        "14959-1" => since("dm2").map_or(0, |d| own.bell(250, 120).max(0) * d.min(4000) / 1500),
        "14682-9" => since("ckd").map_or(0, |d| own.bell(75, 18) + d / 60),
        "22664-7" => since("ckd").map_or(0, |d| own.bell(50, 12) + d / 100),
        "718-7" => since("ckd").map_or(0, |_| -own.bell(25, 8)),
        "2823-3" => since("ckd").map_or(0, |_| 6),
        "14647-2" => since("lipid").map_or(0, |d| eases(d, 210, 40)),
        "22748-8" => since("lipid").map_or(0, |d| eases(d, 150, 0)),
        "14927-8" => since("lipid").map_or(0, |d| eases(d, 170, 60)),
        "14933-6" => since("gout").map_or(0, |d| eases(d, 220, 60)),
        "1742-6" | "1920-8" => since("hepb").map_or(0, |d| eases(d, 70, 12)),
        "3016-3" => since("thyroid").map_or(0, |d| eases(d, 5 - steady, 0)),
        "14920-3" => since("thyroid").map_or(0, |d| eases(d, 260, 20)),
        "713-8" => since("asthma").map_or(0, |_| 35),
        _ => 0,
    }
}

/// What today's illness adds.
fn acute_shift(loinc: &str, icd: &str, steady: i64, rng: &mut Rng) -> i64 {
    let bacterial =
        matches!(icd, "J18" | "K35" | "N39.0" | "L02" | "A09" | "J20" | "H66" | "J03" | "P36" | "A15");
    match (loinc, icd) {
        ("6690-2", "A90") => -rng.between(20, 40),
        ("6690-2", "A01") => -rng.between(5, 25),
        ("6690-2", _) if bacterial => rng.between(20, 95),
        ("770-8", _) if bacterial => rng.between(60, 220),
        ("736-9", _) if bacterial => -rng.between(60, 180),
        ("1988-5", _) if bacterial => rng.between(120, 1300),
        ("1988-5", "J10" | "A90" | "M13") => rng.between(20, 250),
        ("777-3", "A90") => -rng.between(90, 200),
        ("4544-3", "A90") => rng.between(10, 70),
        ("718-7", "D50") => -rng.between(35, 65),
        ("718-7", "B50") => -rng.between(20, 50),
        ("787-2", "D50") => -rng.between(130, 240),
        ("789-8", "D50") => -rng.between(40, 110),
        ("2276-4", "D50") => -steady * 9 / 10,
        ("1742-6", "A90" | "F10" | "A01") => rng.between(30, 190),
        ("1920-8", "A90" | "F10") => rng.between(60, 260),
        ("2324-2", "F10") => rng.between(150, 700),
        ("2951-2", "A09" | "T62") => -rng.between(0, 9),
        ("2823-3", "A09" | "T62") => -rng.between(0, 9),
        ("67151-1", "I21") => rng.between(900, 12_000),
        ("67151-1", "I50") => rng.between(50, 300),
        ("14749-6", "E16") => -rng.between(22, 32),
        ("14749-6", "I63" | "I21") => rng.between(0, 35),
        ("14631-6", "P59") => rng.between(1600, 2700),
        ("14933-6", "M13") => rng.between(0, 120),
        ("713-8", "B77") => rng.between(40, 180),
        _ => 0,
    }
}

/// A rough filtration rate from the same day's creatinine: falls with age and creatinine. Not CKD-EPI, which
/// needs powers that differ between machines.
fn egfr(person: &Person, day: Day, icd: &str, seed: &Rng) -> i64 {
    let mut noise = seed.fork("14682-9", u64::from(person.index) << 20 | u64::from(day.0 as u32 & 0xf_ffff));
    let creatinine = number("14682-9", person, day, icd, seed, &mut noise);
    let factor = if person.female { 64 } else { 78 };
    ((150 - i64::from(person.age_on(day))) * factor / creatinine.max(1)).clamp(5, 125)
}

fn qualitative(loinc: &str, person: &Person, day: Day, icd: &str, rng: &mut Rng) -> LabValue {
    let flag = |positive: bool| LabValue {
        text: if positive { "Dương tính" } else { "Âm tính" }.to_owned(),
        abnormal: positive,
    };
    let normal = |text: &str| LabValue { text: text.to_owned(), abnormal: false };
    match loinc {
        "883-9" => normal(person.blood.trim_end_matches(['+', '-'])),
        "10331-7" => normal(if person.blood.ends_with('+') { "Dương tính" } else { "Âm tính" }),
        "75377-2" => flag(icd == "A90" && rng.chance(8500)),
        "80382-5" => flag(icd == "J10" && !person.bhxh.is_multiple_of(3)),
        "80383-3" => flag(icd == "J10" && person.bhxh.is_multiple_of(3)),
        "32700-7" => match icd {
            "B50" => LabValue { text: "P. falciparum (++)".to_owned(), abnormal: true },
            _ => normal("Không thấy KSTSR"),
        },
        "5195-3" => flag(person.has("hepb", day) || icd == "B18.1"),
        "11545-1" => match (icd, rng.chance(6000)) {
            ("A15", true) => LabValue { text: "AFB (1+)".to_owned(), abnormal: true },
            _ => normal("Âm tính"),
        },
        "38379-4" => match icd {
            "A15" => LabValue { text: "MTB có, RMP nhạy cảm".to_owned(), abnormal: true },
            _ => normal("Không thấy MTB"),
        },
        "2106-3" => flag(icd.starts_with('Z')),
        "5799-2" | "5802-4" => flag(icd == "N39.0" && rng.chance(8000)),
        "5794-3" => flag(matches!(icd, "N20" | "N39.0") && rng.chance(7000)),
        "25428-4" => flag(person.has("dm2", day) && rng.chance(3000)),
        "20454-5" => flag(person.has("ckd", day) && rng.chance(7000)),
        _ => flag(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::catalog;
    use crate::people::{Window, people};

    const UNTIL: Day = Day::ymd(2026, 10, 31);

    fn mean(loinc: &str, of: impl Fn(&Person) -> bool, icd: &str, day: Day) -> f64 {
        let seed = Rng::new(3);
        let all = people(30_000, &seed, Window { from: UNTIL.plus(-1095), until: UNTIL }, None);
        let values: Vec<f64> = all
            .iter()
            .filter(|p| of(p))
            .map(|p| lab_value(catalog().lab(loinc), p, day, icd, &seed).text.parse().unwrap())
            .collect();
        assert!(values.len() >= 10, "{}", values.len());
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn diabetes_shows_in_hba1c_and_improves_with_treatment() {
        let day = UNTIL.plus(-10);
        let ill = |p: &Person| p.has("dm2", day);
        let well = mean("4548-4", |p| !ill(p) && p.age_on(day) > 30, "I10", day);
        assert!((5.0..5.8).contains(&well), "{well}");
        let treated = mean("4548-4", |p| p.has("dm2", day.plus(-700)), "E11", day);
        let fresh = mean("4548-4", |p| p.has("dm2", day) && !p.has("dm2", day.plus(-150)), "E11", day);
        assert!((6.3..8.2).contains(&treated) && fresh > treated + 0.8, "{treated} {fresh}");
    }

    #[test]
    fn kidneys_infection_and_iron_show_where_a_doctor_looks() {
        let day = UNTIL;
        assert!(mean("14682-9", |p| p.has("ckd", day), "N18.3", day) > 130.0);
        assert!(mean("62238-1", |p| p.has("ckd", day), "N18.3", day) < 60.0);
        assert!(mean("1988-5", |p| p.age_on(day) < 5, "J18", day) > 30.0);
        assert!(mean("718-7", |p| p.age_on(day) > 20, "D50", day) < 105.0);
        assert!(mean("777-3", |p| p.age_on(day) > 20, "A90", day) < 150.0);
    }

    #[test]
    fn a_blood_group_is_for_life() {
        let seed = Rng::new(3);
        let all = people(50, &seed, Window { from: UNTIL.plus(-1095), until: UNTIL }, None);
        for person in &all {
            let group = |day| lab_value(catalog().lab("883-9"), person, day, "O80", &seed).text;
            assert_eq!(group(UNTIL), group(UNTIL.plus(-300)));
        }
    }

    #[test]
    fn every_number_test_has_a_range() {
        for lab in catalog().labs.iter().filter(|l| l.numeric && l.loinc != "62238-1") {
            assert!(ranges().contains_key(lab.loinc), "{}", lab.loinc);
        }
    }
}
