//! A prescription as a slip for the pharmacy: what a template reads.

use crate::paper::Place;
use crate::person;
use yba_fhir::json::{Value, json};
use yba_ui::format;

/// A prescription.
pub struct Slip<'s> {
    pub title: &'s str,
    /// The national code, and its last letter.
    pub code: &'s str,
    pub kind: char,
    /// The Patient.
    pub patient: &'s Value,
    /// ISO instant, and the last ISO day on which it is good.
    pub at: &'s str,
    pub until: String,
    pub by: &'s str,
    pub diagnoses: &'s [String],
    pub advice: &'s str,
    /// In kg, of a small child; who comes with them.
    pub weight: &'s str,
    pub companion: &'s str,
    pub place: Place,
    /// Numbers of laws.
    pub basis: Vec<String>,
    pub lines: Vec<SlipLine<'s>>,
}

/// One drug.
pub struct SlipLine<'s> {
    pub name: &'s str,
    pub dose: &'s str,
    pub units: u32,
    pub unit: &'s str,
}

/// What a template reads, as docs/vi/noi-dung.md describes it.
pub fn data(slip: &Slip) -> Value {
    let lines = slip.lines.iter().map(|line| {
        // Below ten a nought stands before it, so that nobody adds a digit (TT 26/2025/TT-BYT).
        let units =
            if line.units < 10 { format!("0{}", line.units) } else { format::count(line.units as usize) };
        json!({"name": line.name, "dose": line.dose, "units": units.as_str(), "unit": line.unit})
    });
    let lines: Vec<Value> = lines.collect();
    json!({
        "title": slip.title, "code": slip.code, "kind": slip.kind.to_string().as_str(),
        "patient": person::data(slip.patient, slip.at), "day": format::date(slip.at), "at": format::date_time(slip.at),
        "until": format::date(&slip.until), "by": slip.by, "diagnoses": slip.diagnoses, "advice": slip.advice,
        "weight": slip.weight, "companion": slip.companion, "place": slip.place.data(), "basis": slip.basis,
        "lines": lines, "uncertain": ""
    })
}

/// An invented prescription, for examples: so many drugs.
pub(crate) fn example(place: Place, patient: &Value, many: usize) -> Value {
    let lines = (0..many).map(|at| SlipLine {
        name: if at % 2 == 0 { "Amlodipin 5 mg" } else { "Paracetamol 500 mg" },
        dose: "Uống mỗi lần 1 viên, ngày 1 lần, buổi sáng",
        units: if at % 2 == 0 { 30 } else { 6 },
        unit: "viên",
    });
    data(&Slip {
        title: "Đơn thuốc",
        code: "12090a7k9x2m-C",
        kind: 'C',
        patient,
        at: "2026-03-02T08:00:00+07:00",
        until: "2026-03-06".into(),
        by: "Y sĩ Giàng Thị Mẫu",
        diagnoses: &["Bệnh tăng huyết áp vô căn (nguyên phát) (I10)".to_owned()],
        advice: "Ăn nhạt, tái khám sau 30 ngày.",
        weight: "",
        companion: "",
        place,
        basis: vec!["26/2025/TT-BYT".into()],
        lines: lines.collect(),
    })
}
