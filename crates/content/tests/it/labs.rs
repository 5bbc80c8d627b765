//! Laboratory tests and what laboratories call them.

use yba_content::{Content, Day, Indicator, UnitFit};

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
    assert!(content.labs(today()).tests().len() >= 60);
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
