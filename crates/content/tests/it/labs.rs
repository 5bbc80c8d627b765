//! Laboratory tests and what laboratories call them.

use std::collections::HashSet;

use yba_content::labs::ValueKind;
use yba_content::{Content, Day, Indicator, LabSubject, Pregnancy, Sure, UnitFit};

fn today() -> Day {
    Day::new(2026, 3, 2).expect("a day")
}

/// The two invented hospital systems of the synthetic province: their indicator codes are the map's test.
const VENDORS: [&str; 2] =
    [include_str!("../../../synth/data/lab-a.tsv"), include_str!("../../../synth/data/lab-b.tsv")];

#[test]
fn every_indicator_of_both_hospital_systems_is_understood() {
    let content = Content::built_in();
    let mut seen = 0;
    for line in VENDORS.iter().flat_map(|table| table.lines().skip(1)) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (code, name, loinc, unit, ucum) = (cells[0], cells[1], cells[2], cells[3], cells[4]);
        let found = content
            .lab_match(&Indicator { facility: "12001", code, name, unit, ..Default::default() }, today())
            .unwrap_or_else(|| panic!("{line}"));
        assert_eq!((found.test.loinc.as_str(), found.test.ucum.as_str()), (loinc, ucum), "{line}");
        assert!(matches!(found.unit, UnitFit::Same), "{line}: {:?}", found.unit);
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn a_file_without_units_uses_what_the_map_knows_of_the_sender() {
    let content = Content::built_in();
    let old =
        Indicator { facility: "12001", code: "SH.GLU", name: "Dinh luong Glucose mau", ..Default::default() };
    let found =
        content.lab_match(&old, Day::new(2023, 5, 1).expect("a day")).expect("known by code and name");
    assert!(matches!(found.unit, UnitFit::Assumed), "{:?}", found.unit);
    let stranger = Indicator { code: "", ..old };
    assert!(content.lab_match(&stranger, today()).is_none(), "a name and a bare number are not enough");
}

#[test]
fn a_name_alone_needs_a_unit_that_fits() {
    let content = Content::built_in();
    let find = |name: &'static str, service: &'static str, unit: &'static str| {
        let indicator = Indicator { facility: "01234", code: "X9", name, service, unit };
        content.lab_match(&indicator, today()).map(|found| found.test.slug.clone())
    };
    let rows = [
        ("Glucose", "", "mmol/L", Some("glucose")),
        ("GLUCOSE", "", "mg/dL", Some("glucose")),
        ("Glucose", "", "g/24h", None),
        ("Glucose", "", "", None),
        ("Glucose", "23.0206.1596", "", Some("urine-glucose")),
        ("AST (GOT)", "", "U/L", Some("ast")),
        ("SGPT", "", "UI/L", Some("alt")),
        ("Creatinin", "", "µmol/l", Some("creatinine")),
        ("HbA1c", "", "%", Some("hba1c")),
        ("INR", "", "", Some("inr")),
        ("HBsAg", "", "", Some("hbsag")),
        ("Chỉ số lạ", "", "mmol/L", None),
        ("", "", "mmol/L", None),
    ];
    for (name, service, unit, slug) in rows {
        assert_eq!(find(name, service, unit).as_deref(), slug, "{name} {service} {unit}");
    }
}

#[test]
fn another_unit_is_converted_exactly() {
    let content = Content::built_in();
    let rows = [
        ("Glucose", "mg/dL", "126", "6.99"),
        ("Creatinin", "mg/dL", "1.2", "106"),
        ("Hb", "g/dL", "13.5", "135"),
    ];
    for (name, unit, value, expected) in rows {
        let indicator = Indicator { name, unit, ..Default::default() };
        let found = content.lab_match(&indicator, today()).expect(name);
        let UnitFit::Convert(conversion) = found.unit else { panic!("{name}: {:?}", found.unit) };
        assert_eq!(conversion.apply(value).as_deref(), Some(expected), "{name}");
        assert_eq!(conversion.apply("<5"), None, "a limit is not a number");
    }
}

#[test]
fn giga_and_gram_are_parted_by_their_case() {
    let content = Content::built_in();
    let rows =
        [("G/L", "10*9/L"), ("g/L", "g/L"), ("g/l", "g/L"), ("MMOL/L", "mmol/L"), ("10^9/l", "10*9/L")];
    for (unit, ucum) in rows {
        assert_eq!(content.ucum(unit), Some(ucum), "{unit}");
    }
    assert_eq!(content.ucum("con/vi trường"), None);
}

#[test]
fn reference_ranges_differ_between_the_sexes_where_they_do() {
    let content = Content::built_in();
    let hemoglobin = content.lab_test("hemoglobin").expect("there");
    assert_eq!(hemoglobin.range(false).low.as_deref(), Some("130"));
    assert_eq!(hemoglobin.range(true).low.as_deref(), Some("120"));
    let glucose = content.lab_test("glucose").expect("there");
    assert_eq!(glucose.range(true), glucose.range(false));
    assert!(content.lab_test("urine-protein").expect("there").range(true).is_empty());
}

#[test]
fn the_catalogue_covers_every_part_of_a_provincial_laboratory() {
    let content = Content::built_in();
    let tests = content.labs(today()).tests();
    assert!(tests.len() >= 300, "{}", tests.len());
    let groups: HashSet<&str> = tests.iter().map(|test| test.group.as_str()).collect();
    assert_eq!(groups.len(), 15, "{groups:?}");
    let coded = tests.iter().filter(|test| !test.loinc.is_empty());
    let verified = coded.clone().filter(|test| test.sure == Sure::Verified).count();
    assert!(coded.count() >= 350 && verified >= 350, "{verified}");
    let unsure = tests.iter().find(|test| test.loinc.is_empty()).expect("some have no code");
    assert_eq!(unsure.sure, Sure::Recalled, "no code, no oath");
    assert!(content.labs(today()).by_loinc("").is_none(), "an empty code finds nothing");
}

#[test]
fn every_printed_unit_is_understood_as_the_unit_of_its_test() {
    let content = Content::built_in();
    for test in content.labs(today()).tests().iter().filter(|test| !test.unit.is_empty()) {
        let indicator = Indicator { name: "x", unit: &test.unit, ..Default::default() };
        let ucum = content.ucum(indicator.unit).unwrap_or_else(|| panic!("{} {}", test.slug, test.unit));
        // IU/L is written for enzymes and for hormones: the first is U/L, the second converts by one.
        assert!(
            ucum == test.ucum || ucum == "U/L" && test.ucum == "[IU]/L",
            "{} {} {ucum}",
            test.slug,
            test.unit
        );
    }
}

/// Mass in one unit to amount in another, by molar mass in g/mol: `mg/dL` to `mmol/L` is `10 / mass`.
const MOLAR: &[(&str, &str, f64, f64)] = &[
    ("glucose", "mg/dL", 180.156, 10.0),
    ("urea", "mg/dL", 60.056, 10.0),
    ("creatinine", "mg/dL", 113.12, 10_000.0),
    ("uric-acid", "mg/dL", 168.11, 10_000.0),
    ("cholesterol", "mg/dL", 386.65, 10.0),
    ("bilirubin-total", "mg/dL", 584.66, 10_000.0),
    ("calcium", "mg/dL", 40.078, 10.0),
    ("phosphate", "mg/dL", 30.974, 10.0),
    ("magnesium", "mg/dL", 24.305, 10.0),
    ("iron", "ug/dL", 55.845, 10.0),
    ("zinc", "ug/dL", 65.38, 10.0),
    ("copper", "ug/dL", 63.546, 10.0),
    ("lead-blood", "ug/dL", 207.2, 10.0),
    ("ammonia", "ug/dL", 17.031, 10.0),
    ("lactate", "mg/dL", 90.08, 10.0),
    ("cortisol", "ug/dL", 362.46, 10_000.0),
    ("testosterone", "ng/mL", 288.42, 1_000.0),
    ("estradiol", "pg/mL", 272.38, 1_000.0),
    ("progesterone", "ng/mL", 314.46, 1_000.0),
    ("17-ohp", "ng/mL", 330.46, 1_000.0),
    ("t3-total", "ng/mL", 650.97, 1_000.0),
    ("t4-total", "ug/dL", 776.87, 10_000.0),
    ("vitamin-b12", "pg/mL", 1355.37, 1_000.0),
    ("folate", "ng/mL", 441.40, 1_000.0),
    ("newborn-phenylalanine", "mg/dL", 165.19, 10_000.0),
];

#[test]
fn factors_agree_with_molar_masses_to_one_in_two_hundred() {
    let table = include_str!("../../../../content/labs/conversions.csv");
    for (test, ucum, mass, scale) in MOLAR {
        let start = format!("{test},{ucum},");
        let row = table.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{start}"));
        let factor: f64 = row[start.len()..].split(',').next().expect("a cell").parse().expect("a number");
        let expected = scale / mass;
        assert!((factor / expected - 1.0).abs() < 0.005, "{start} {factor}, by mass {expected}");
    }
}

/// The range of a test for someone born on a day, on 2 March 2026.
fn lent(slug: &str, female: Option<bool>, born: &str, pregnancy: Pregnancy) -> Option<(String, String)> {
    let content = Content::built_in();
    let subject = LabSubject { female, born: Day::parse(born), pregnancy };
    let found = content.lab_range(content.lab_test(slug).expect(slug), &subject, today())?;
    Some((found.range.low.clone().unwrap_or_default(), found.range.high.clone().unwrap_or_default()))
}

#[test]
fn a_range_follows_age_and_sex() {
    let rows = [
        ("hemoglobin", Some(true), "2026-03-02", Some(("145", "225"))),
        ("hemoglobin", None, "2026-02-24", Some(("145", "225"))),
        ("hemoglobin", None, "2026-02-23", Some(("135", "215"))),
        ("hemoglobin", Some(false), "2025-09-03", Some(("95", "135"))),
        ("hemoglobin", Some(false), "2025-09-02", Some(("105", "135"))),
        ("hemoglobin", Some(false), "2010-01-01", Some(("130", "160"))),
        ("hemoglobin", Some(true), "2010-01-01", Some(("120", "160"))),
        ("hemoglobin", None, "2010-01-01", None),
        ("hemoglobin", Some(true), "1990-01-01", Some(("120", "150"))),
        ("hemoglobin", None, "1990-01-01", None),
        ("glucose", None, "1990-01-01", Some(("3.9", "6.4"))),
        ("hba1c", None, "2020-01-01", None),
        ("psa", Some(false), "1970-01-01", Some(("", "3.5"))),
        ("psa", Some(false), "1940-01-01", Some(("", "6.5"))),
        ("blood-gas-base-excess", None, "1980-01-01", Some(("-2", "2"))),
        ("hbsag", None, "1980-01-01", None),
        ("glucose", None, "", None),
    ];
    for (slug, female, born, expected) in rows {
        let expected = expected.map(|(low, high)| (low.to_string(), high.to_string()));
        assert_eq!(lent(slug, female, born, Pregnancy::No), expected, "{slug} {female:?} {born}");
    }
}

#[test]
fn a_range_in_pregnancy_goes_before_that_of_age_and_is_never_guessed() {
    let rows = [
        ("hemoglobin", Pregnancy::Trimester(2), Some(("105", "140"))),
        ("hemoglobin", Pregnancy::Yes, None),
        ("hemoglobin", Pregnancy::Trimester(9), None),
        ("glucose", Pregnancy::Yes, Some(("", "5.1"))),
        ("glucose", Pregnancy::Trimester(3), Some(("", "5.1"))),
        ("sodium", Pregnancy::Trimester(1), Some(("135", "145"))),
    ];
    for (slug, pregnancy, expected) in rows {
        let expected = expected.map(|(low, high)| (low.to_string(), high.to_string()));
        assert_eq!(lent(slug, Some(true), "1995-05-05", pregnancy), expected, "{slug} {pregnancy:?}");
    }
}

#[test]
fn every_number_of_the_catalogue_has_a_unit_and_no_text_has_one() {
    let content = Content::built_in();
    for test in content.labs(today()).tests() {
        assert_eq!(test.value == ValueKind::Number, !test.ucum.is_empty(), "{}", test.slug);
    }
}
