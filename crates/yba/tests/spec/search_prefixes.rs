//! Prefixes of dates, numbers and quantities, at every precision. <https://hl7.org/fhir/R4/search.html#prefix>

use crate::check::{Check, Scene, finds, refuses};
use yba_fhir::json::{self, Value, json};

/// Observations of one day after another: `y` is a year, `m` a month, `d` a day, `s` a second, `z` the same second in another zone,
/// `p` a period within a day, `q` a period without an end, `n` nothing.
static DATES: Scene = Scene {
    name: "dates",
    records: |mine| {
        let base = || {
            json!({
                "resourceType": "Observation", "status": "final", "code": {"text": "x"},
                "identifier": [{"system": format!("urn:{mine}").as_str(), "value": "1"}],
            })
        };
        let at = |moment: &str| with(base(), "effectiveDateTime", json!(moment));
        vec![
            ("y", at("2025")),
            ("m", at("2025-03")),
            ("d", at("2025-03-10")),
            ("s", at("2025-03-10T08:30:00+07:00")),
            ("z", at("2025-03-10T01:30:00Z")),
            ("l", at("2026-01-01")),
            (
                "p",
                with(
                    base(),
                    "effectivePeriod",
                    json!({"start": "2025-03-10T10:00:00+07:00", "end": "2025-03-10T11:00:00+07:00"}),
                ),
            ),
            ("q", with(base(), "effectivePeriod", json!({"start": "2025-06-01"}))),
            ("r", with(base(), "effectivePeriod", json!({"end": "2024-12-31"}))),
            ("n", base()),
        ]
    },
};

/// Blood sugars: in mmol/L, in mg/dL, without a unit, with a comparator.
static SUGARS: Scene = Scene {
    name: "sugars",
    records: |mine| {
        let of = |value: &str, unit: &str| {
            let value: Value = json::from_str(value).unwrap();
            let mut quantity = json!({"value": value});
            if !unit.is_empty() {
                quantity = with(
                    with(with(quantity, "unit", json!(unit)), "code", json!(unit)),
                    "system",
                    json!("http://unitsofmeasure.org"),
                );
            }
            json!({
                "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": quantity,
                "identifier": [{"system": format!("urn:{mine}").as_str(), "value": "1"}],
            })
        };
        vec![
            ("a", of("5.40", "mmol/L")),
            ("b", of("5.4", "mmol/L")),
            ("c", of("5.44", "mmol/L")),
            ("d", of("5.46", "mmol/L")),
            ("e", of("7.0", "mmol/L")),
            ("f", of("0.0054", "mol/L")),
            ("g", of("5400", "umol/L")),
            ("h", of("5.4", "g/L")),
            ("i", of("5.4", "")),
            ("j", of("-1.5", "mmol/L")),
        ]
    },
};

/// Masses that are one in other units.
static MASSES: Scene = Scene {
    name: "masses",
    records: |mine| {
        let of = |value: i64, unit: &str, code: &str| {
            json!({
                "resourceType": "Observation", "status": "final", "code": {"text": "x"},
                "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": code},
                "identifier": [{"system": format!("urn:{mine}").as_str(), "value": "1"}],
            })
        };
        vec![
            ("kg", of(3, "kí lô", "kg")),
            ("g", of(3000, "gam", "g")),
            ("mg", of(3_000_000, "mg", "mg")),
            ("cm", of(3, "cm", "cm")),
        ]
    },
};

static RISKS: Scene = Scene {
    name: "risks",
    records: |mine| {
        let of = |value: &str| {
            let value: Value = json::from_str(value).unwrap();
            json!({
                "resourceType": "RiskAssessment", "status": "final", "subject": {"reference": "Patient/x"},
                "identifier": [{"system": format!("urn:{mine}").as_str(), "value": "1"}],
                "prediction": [{"probabilityDecimal": value}],
            })
        };
        vec![("a", of("0.1")), ("b", of("0.2")), ("c", of("0.25")), ("d", of("0.3")), ("e", of("1"))]
    },
};

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

const D: &str = "search.html#date";
const P: &str = "search.html#prefix";
const N: &str = "search.html#number";
const Q: &str = "search.html#quantity";

pub const CHECKS: &[Check] = &[
    finds(
        D,
        "a date without a prefix finds what lies within it wholly: a year",
        &DATES,
        "Observation?{only}&date=2025",
        "y m d s z p",
    ),
    finds(
        D,
        "eq finds what lies within a month wholly",
        &DATES,
        "Observation?{only}&date=eq2025-03",
        "m d s z p",
    ),
    finds(
        D,
        "eq finds what lies within a day wholly",
        &DATES,
        "Observation?{only}&date=2025-03-10",
        "d s z p",
    ),
    finds(
        D,
        "eq finds a second whatever its zone",
        &DATES,
        "Observation?{only}&date=2025-03-10T08:30:00%2B07:00",
        "s z",
    ),
    finds(D, "eq finds a minute", &DATES, "Observation?{only}&date=2025-03-10T01:30Z", "s z"),
    finds(D, "eq finds nothing in a day beside", &DATES, "Observation?{only}&date=2025-03-11", ""),
    finds(
        P,
        "ne finds what lies not wholly within the date",
        &DATES,
        "Observation?{only}&date=ne2025",
        "l q r",
    ),
    finds(
        P,
        "ne of a day finds what is wider than it",
        &DATES,
        "Observation?{only}&date=ne2025-03-10",
        "y m l q r",
    ),
    finds(
        P,
        "gt finds what reaches beyond the end of the date",
        &DATES,
        "Observation?{only}&date=gt2025-03-10",
        "y m l q",
    ),
    finds(
        P,
        "gt of a second finds what reaches beyond it",
        &DATES,
        "Observation?{only}&date=gt2025-03-10T10:30:00%2B07:00",
        "y m d l p q",
    ),
    finds(P, "lt finds what begins before the date", &DATES, "Observation?{only}&date=lt2025-03-10", "y m r"),
    finds(P, "lt of a year finds what begins before it", &DATES, "Observation?{only}&date=lt2025", "r"),
    finds(
        P,
        "ge finds what gt and eq find",
        &DATES,
        "Observation?{only}&date=ge2025-03-10",
        "y m d s z p l q",
    ),
    finds(P, "le finds what lt and eq find", &DATES, "Observation?{only}&date=le2025-03-10", "y m d s z p r"),
    finds(
        P,
        "sa finds what begins after the end of the date",
        &DATES,
        "Observation?{only}&date=sa2025-03-10",
        "l q",
    ),
    finds(P, "sa of a year finds what begins after it", &DATES, "Observation?{only}&date=sa2025", "l"),
    finds(P, "eb finds what ends before the date", &DATES, "Observation?{only}&date=eb2025-03-10", "r"),
    finds(
        P,
        "eb of a later date finds what ended before it",
        &DATES,
        "Observation?{only}&date=eb2026",
        "y m d s z p r",
    ),
    finds(
        P,
        "ap finds what overlaps the date's surroundings",
        &DATES,
        "Observation?{only}&date=ap2026-01-01&date=sa2025-12",
        "l",
    )
    .recommended(),
    finds(
        D,
        "two prefixes bound a time from both sides",
        &DATES,
        "Observation?{only}&date=ge2025-03-10&date=lt2025-03-11",
        "y m d s z p",
    ),
    finds(D, "a period without an end goes on", &DATES, "Observation?{only}&date=gt2090", "q"),
    finds(D, "a period without a beginning was always there", &DATES, "Observation?{only}&date=lt1900", "r"),
    finds(
        D,
        "a fraction of a second is understood",
        &DATES,
        "Observation?{only}&date=gt2025-03-10T08:29:59.999%2B07:00&date=lt2025-03-10T08:30:00.001%2B07:00",
        "y m d s z",
    ),
    finds(
        D,
        "several dates are joined by or",
        &DATES,
        "Observation?{only}&date=2025-03-10,2026-01-01",
        "d s z p l",
    ),
    refuses(D, "an hour without minutes is refused", &DATES, "Observation?{only}&date=2025-03-10T08", 400),
    refuses(
        D,
        "a month that is not in the calendar is refused",
        &DATES,
        "Observation?{only}&date=2025-13",
        400,
    ),
    refuses(P, "a prefix that is not known is refused", &DATES, "Observation?{only}&date=xx2025", 400),
    refuses(P, "a prefix without a value is refused", &DATES, "Observation?{only}&date=gt", 400),
    finds(
        P,
        "a prefix before a value that is no ordered type is part of the value",
        &DATES,
        "Observation?{only}&status=final",
        "y m d s z l p q r n",
    ),
    finds(N, "gt finds greater numbers", &RISKS, "RiskAssessment?{only}&probability=gt0.2", "c d e"),
    finds(
        N,
        "gt of a number is exact: its digits mean no range",
        &RISKS,
        "RiskAssessment?{only}&probability=gt0.25",
        "d e",
    ),
    finds(N, "lt finds smaller numbers", &RISKS, "RiskAssessment?{only}&probability=lt0.25", "a b"),
    finds(
        N,
        "ge finds greater and equal numbers",
        &RISKS,
        "RiskAssessment?{only}&probability=ge0.25",
        "c d e",
    ),
    finds(N, "le finds smaller and equal numbers", &RISKS, "RiskAssessment?{only}&probability=le0.2", "a b"),
    finds(
        N,
        "eq of a number is within half of its last digit",
        &RISKS,
        "RiskAssessment?{only}&probability=0.2",
        "b",
    ),
    finds(
        N,
        "ne of a number is outside half of its last digit",
        &RISKS,
        "RiskAssessment?{only}&probability=ne0.2",
        "a c d e",
    ),
    finds(N, "sa of a number finds what lies above", &RISKS, "RiskAssessment?{only}&probability=sa0.3", "e"),
    finds(N, "eb of a number finds what lies below", &RISKS, "RiskAssessment?{only}&probability=eb0.2", "a"),
    finds(
        P,
        "ap of a number is within a tenth of it",
        &RISKS,
        "RiskAssessment?{only}&probability=ap0.21",
        "b",
    )
    .recommended(),
    finds(
        Q,
        "a quantity with system and unit finds its like, in any unit that measures the same",
        &SUGARS,
        "Observation?{only}&value-quantity=5.4|http://unitsofmeasure.org|mmol/L",
        "a b c f g",
    ),
    finds(
        Q,
        "more digits of a quantity mean a narrower range",
        &SUGARS,
        "Observation?{only}&value-quantity=5.40|http://unitsofmeasure.org|mmol/L",
        "a g",
    ),
    finds(
        Q,
        "a quantity without a unit finds the number in any unit",
        &SUGARS,
        "Observation?{only}&value-quantity=5.4",
        "a b c h i",
    ),
    finds(
        Q,
        "a quantity with a code alone finds that unit",
        &SUGARS,
        "Observation?{only}&value-quantity=5.4||mmol/L",
        "a b c",
    ),
    finds(
        Q,
        "gt of a quantity",
        &SUGARS,
        "Observation?{only}&value-quantity=gt5.44|http://unitsofmeasure.org|mmol/L",
        "d e",
    ),
    finds(
        Q,
        "ge of a quantity",
        &SUGARS,
        "Observation?{only}&value-quantity=ge5.44|http://unitsofmeasure.org|mmol/L",
        "c d e",
    ),
    finds(
        Q,
        "lt of a quantity",
        &SUGARS,
        "Observation?{only}&value-quantity=lt5.4|http://unitsofmeasure.org|mmol/L",
        "j",
    ),
    finds(
        Q,
        "le of a quantity",
        &SUGARS,
        "Observation?{only}&value-quantity=le5.4|http://unitsofmeasure.org|mmol/L",
        "a b f g j",
    ),
    finds(
        Q,
        "ne of a quantity",
        &SUGARS,
        "Observation?{only}&value-quantity=ne5.4|http://unitsofmeasure.org|mmol/L",
        "d e j",
    ),
    finds(
        Q,
        "gt of a quantity in another unit is converted",
        &SUGARS,
        "Observation?{only}&value-quantity=gt6|http://unitsofmeasure.org|mmol/L",
        "e",
    ),
    finds(
        Q,
        "a quantity in mol/L finds what was written in mmol/L",
        &SUGARS,
        "Observation?{only}&value-quantity=ge0.007|http://unitsofmeasure.org|mol/L",
        "e",
    ),
    finds(Q, "a negative quantity is found", &SUGARS, "Observation?{only}&value-quantity=-1.5", "j"),
    finds(
        Q,
        "a quantity of another dimension is not found",
        &SUGARS,
        "Observation?{only}&value-quantity=5.4|http://unitsofmeasure.org|g/L",
        "h",
    ),
    finds(
        Q,
        "ap of a quantity is within a tenth of it",
        &SUGARS,
        "Observation?{only}&value-quantity=ap7.5|http://unitsofmeasure.org|mmol/L",
        "e",
    )
    .recommended(),
    finds(
        Q,
        "a quantity may be written with an exponent",
        &SUGARS,
        "Observation?{only}&value-quantity=5.40e-3|http://unitsofmeasure.org|mol/L",
        "a g",
    ),
    finds(
        Q,
        "kilograms find grams and milligrams",
        &MASSES,
        "Observation?{only}&value-quantity=3|http://unitsofmeasure.org|kg",
        "kg g mg",
    ),
    finds(
        Q,
        "grams find kilograms by gt",
        &MASSES,
        "Observation?{only}&value-quantity=gt2999|http://unitsofmeasure.org|g",
        "kg g mg",
    ),
    finds(
        Q,
        "several quantities are joined by or",
        &SUGARS,
        "Observation?{only}&value-quantity=7.0|http://unitsofmeasure.org|mmol/L,-1.5",
        "e j",
    ),
    finds(
        P,
        "a composite takes a prefix in its second part",
        &SUGARS,
        "Observation?{only}&status=final&value-quantity=gt6",
        "e g",
    ),
];
