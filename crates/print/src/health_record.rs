//! The health record of one person: what a template reads. What nobody wrote down is empty, so that a pen fills it in.

use crate::paper::Place;
use crate::person;
use yba_fhir::json::{JsonValueTrait, Value, at, items, json, number_text, str_at};
use yba_ui::format;

/// The record of a person.
pub struct Record<'r> {
    pub title: &'r str,
    /// The Patient.
    pub patient: &'r Value,
    pub place: Place,
    /// ISO day on which it is printed.
    pub on: String,
    /// Blood groups.
    pub blood: Vec<Row>,
    pub sections: Vec<Section>,
    /// What children are given by the schedule.
    pub series: Vec<Series>,
    /// Doses that are none of these.
    pub doses: Vec<Shot>,
    /// Whether whoever prints may see doses.
    pub sees_doses: bool,
    pub check: Option<Check>,
    /// The newest first.
    pub visits: Vec<Visit>,
    pub tests: Vec<Row>,
    /// Numbers of laws.
    pub basis: Vec<String>,
    pub uncertain: &'r str,
}

/// A section, as content of health records names it: `B2`.
pub struct Section {
    pub name: String,
    /// Whether whoever prints may see what it holds.
    pub is_seen: bool,
    pub rows: Vec<Row>,
}

/// One record of a section, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Its type in FHIR.
    pub kind: String,
    /// The first code of what it is, and what it is called.
    pub code: String,
    pub words: String,
    /// Of an allergy: `food`, `medication`, `environment`.
    pub category: String,
    /// Of an Observation: the code of its value, and the value in words.
    pub value_code: String,
    pub value: String,
    /// As it was written (ISO).
    pub day: String,
}

/// A series of vaccines, and the ISO days of its doses; empty of those that were not given.
pub struct Series {
    pub title: String,
    pub days: Vec<String>,
}

/// A dose.
pub struct Shot {
    pub words: String,
    pub number: String,
    pub lot: String,
    /// As it was written (ISO).
    pub day: String,
}

/// A check as a form of content says it: linkIds and answers.
pub struct Check {
    /// ISO instant, and by whom.
    pub at: String,
    pub by: String,
    pub answers: Vec<(String, String)>,
}

/// A visit.
pub struct Visit {
    /// ISO instant, the facility, why, what was found, by whom.
    pub at: String,
    pub place: String,
    pub reason: String,
    pub diagnoses: String,
    pub by: String,
}

impl Row {
    /// What a resource says of itself.
    pub fn of(tree: &Value) -> Row {
        let text = |path: &[&str]| str_at(tree, path).unwrap_or_default().to_owned();
        let kind = text(&["resourceType"]);
        let concept = match kind.as_str() {
            "FamilyMemberHistory" => items(tree, "condition").next().and_then(|one| one.get("code")),
            _ => tree.get("code"),
        };
        let mut words = concept.map(words).unwrap_or_default();
        let whose = at(tree, &["relationship", "text"]).and_then(|one| one.as_str());
        if let Some(whose) = whose.filter(|whose| !whose.is_empty() && *whose != "Người thân") {
            words = format!("{whose}: {words}");
        }
        let days = ["effectiveDateTime", "recordedDate", "performedDateTime", "date"];
        Row {
            code: concept.and_then(code).unwrap_or_default().to_owned(),
            words,
            category: items(tree, "category").find_map(|one| one.as_str()).unwrap_or_default().to_owned(),
            value_code: tree.get("valueCodeableConcept").and_then(code).unwrap_or_default().to_owned(),
            value: value(tree),
            day: days.iter().map(|name| text(&[*name])).find(|day| !day.is_empty()).unwrap_or_default(),
            kind,
        }
    }

    fn data(&self) -> Value {
        json!({"kind": self.kind.as_str(), "code": self.code.as_str(), "words": self.words.as_str(),
            "category": self.category.as_str(), "value_code": self.value_code.as_str(),
            "value": self.value.as_str(), "day": day(&self.day)})
    }
}

fn code(concept: &Value) -> Option<&str> {
    items(concept, "coding").find_map(|one| str_at(one, &["code"]))
}

fn words(concept: &Value) -> String {
    let display = || items(concept, "coding").find_map(|one| str_at(one, &["display"]));
    str_at(concept, &["text"]).or_else(display).unwrap_or_default().to_owned()
}

/// What an Observation found: a number with its unit, a choice, a count, a text.
fn value(tree: &Value) -> String {
    if let Some(quantity) = tree.get("valueQuantity") {
        let digits = quantity.get("value").and_then(number_text).unwrap_or_default();
        return format::quantity(&digits, str_at(quantity, &["unit"]).unwrap_or_default());
    }
    if let Some(concept) = tree.get("valueCodeableConcept") {
        return words(concept);
    }
    let whole = tree.get("valueInteger").and_then(number_text);
    whole.or_else(|| str_at(tree, &["valueString"]).map(str::to_owned)).unwrap_or_default()
}

/// `02/03/2026` of a day or an instant.
fn day(iso: &str) -> String {
    format::date(iso)
}

/// What a template reads, as docs/vi/noi-dung.md describes it.
pub fn data(record: &Record) -> Value {
    let rows = |all: &[Row]| -> Vec<Value> { all.iter().map(Row::data).collect() };
    let sections = record
        .sections
        .iter()
        .map(|one| json!({"name": one.name.as_str(), "seen": one.is_seen, "rows": (rows(&one.rows))}));
    let sections: Vec<Value> = sections.collect();
    let series = record.series.iter().map(|one| {
        let days: Vec<String> = one.days.iter().map(|iso| day(iso)).collect();
        json!({"title": one.title.as_str(), "days": days})
    });
    let series: Vec<Value> = series.collect();
    let doses = record.doses.iter().map(|one| {
        json!({"words": one.words.as_str(), "number": one.number.as_str(), "lot": one.lot.as_str(), "day": (day(&one.day))})
    });
    let doses: Vec<Value> = doses.collect();
    let visits = record.visits.iter().map(|one| {
        json!({"at": (format::date_time(&one.at)), "place": one.place.as_str(), "reason": one.reason.as_str(),
            "diagnoses": one.diagnoses.as_str(), "by": one.by.as_str()})
    });
    let visits: Vec<Value> = visits.collect();
    let answers = record.check.iter().flat_map(|check| &check.answers);
    let answers: Vec<Value> =
        answers.map(|(name, words)| json!({"name": name.as_str(), "words": words.as_str()})).collect();
    let (at, by) = record.check.as_ref().map_or(("", ""), |check| (&check.at, &check.by));
    json!({
        "title": record.title, "patient": person::data(record.patient, &record.on), "place": record.place.data(),
        "blood": (rows(&record.blood)), "sections": sections, "series": series, "doses": doses,
        "sees_doses": record.sees_doses, "check": {"at": (format::date_time(at)), "by": by, "answers": answers},
        "visits": visits, "tests": (rows(&record.tests)), "basis": record.basis, "uncertain": record.uncertain,
    })
}

/// An invented record, for examples: with so many visits; without any, of somebody of whom nothing is known but the name.
pub(crate) fn example(place: Place, patient: &Value, visits: usize) -> Value {
    let is_empty = visits == 0;
    let titles = [
        ("Lao (BCG)", 1),
        ("Viêm gan B sơ sinh", 1),
        ("DPT-VGB-Hib", 4),
        ("Bại liệt uống", 3),
        ("Sởi", 2),
        ("Viêm não Nhật Bản", 3),
    ];
    let series = titles.iter().enumerate().map(|(at, (title, count))| Series {
        title: (*title).to_owned(),
        days: (0..*count)
            .map(|dose| {
                if !is_empty && at < 3 && dose < 2 { format!("1968-0{}-14", dose + 4) } else { String::new() }
            })
            .collect(),
    });
    let row = |tree: Value| Row::of(&tree);
    let section = |name: &str, rows: Vec<Row>| Section {
        name: name.into(),
        is_seen: true,
        rows: if is_empty { Vec::new() } else { rows },
    };
    let coded = |code: &str, text: &str| json!({"coding": [{"code": code, "display": text}], "text": text});
    let observed = |loinc: &str, code: &str, text: &str| {
        row(
            json!({"resourceType": "Observation", "code": (coded(loinc, "")), "valueCodeableConcept": (coded(code, text)), "effectiveDateTime": "2026-02-01"}),
        )
    };
    let counted = |loinc: &str, count: i64| {
        row(
            json!({"resourceType": "Observation", "code": (coded(loinc, "")), "valueInteger": count, "effectiveDateTime": "2026-02-01"}),
        )
    };
    let ill = |code: &str, text: &str| {
        row(json!({"resourceType": "Condition", "code": (coded(code, text)), "recordedDate": "2020-05-04"}))
    };
    let answers = [
        ("weight", "52,5 kg"),
        ("height", "151 cm"),
        ("bmi", "23,0"),
        ("waist", "78 cm"),
        ("pulse", "76 lần/phút"),
        ("systolic", "138 mmHg"),
        ("diastolic", "84 mmHg"),
        ("internal", "Tim đều, phổi trong, bụng mềm"),
        ("surgical", "Bình thường"),
        ("eyes", "Mộng thịt mắt trái độ I"),
        ("ent", "Sâu răng 36"),
        ("class", "Loại III"),
        ("disease", "Bệnh tăng huyết áp vô căn (nguyên phát)"),
        ("advice", "Ăn nhạt, đo huyết áp mỗi tuần, khám răng"),
    ];
    data(&Record {
        title: "Hồ sơ sức khỏe cá nhân",
        patient,
        place,
        on: "2026-03-02".into(),
        blood: if is_empty {
            Vec::new()
        } else {
            vec![observed("883-9", "O", "O"), observed("10331-7", "pos", "Dương tính (+)")]
        },
        sections: vec![
            section("B1", vec![]),
            section(
                "B2",
                vec![
                    observed("72166-2", "never", "Chưa bao giờ"),
                    observed("11331-6", "some", "Có, không thường xuyên"),
                    observed("89555-7", "often", "Thường xuyên, lao động chân tay"),
                ],
            ),
            section(
                "B3",
                vec![
                    row(
                        json!({"resourceType": "AllergyIntolerance", "code": {"text": "Penicilin: nổi mẩn"}, "category": ["medication"]}),
                    ),
                    row(
                        json!({"resourceType": "AllergyIntolerance", "code": {"text": "Tôm"}, "category": ["food"]}),
                    ),
                    ill("I10", "Bệnh tăng huyết áp vô căn (nguyên phát)"),
                    ill("M54.5", "Đau lưng dưới"),
                    row(
                        json!({"resourceType": "FamilyMemberHistory", "relationship": {"text": "Người thân"}, "condition": [{"code": {"text": "mẹ: đái tháo đường"}}]}),
                    ),
                ],
            ),
            section(
                "B5",
                vec![row(json!({"resourceType": "Procedure", "code": {"text": "Cắt ruột thừa, năm 1999"}}))],
            ),
            section(
                "B6",
                vec![
                    counted("11996-6", 4),
                    counted("11640-0", 3),
                    observed("8659-5", "iud", "Dụng cụ tử cung"),
                ],
            ),
        ],
        series: series.collect(),
        doses: if is_empty {
            Vec::new()
        } else {
            vec![Shot {
                words: "Cúm mùa bất hoạt".into(),
                number: "1".into(),
                lot: "CUM-09".into(),
                day: "2025-10-12".into(),
            }]
        },
        sees_doses: true,
        check: (!is_empty).then(|| Check {
            at: "2026-02-01T08:30:00+07:00".into(),
            by: "Y sĩ Giàng Thị Mẫu".into(),
            answers: answers.iter().map(|(name, words)| ((*name).to_owned(), (*words).to_owned())).collect(),
        }),
        visits: (0..visits)
            .map(|at| Visit {
                at: format!("2026-0{}-{:02}T08:15:00+07:00", 2 - at / 28 % 2, 28 - at % 28),
                place: "Trạm Y tế xã Mẫu".into(),
                reason: "Tái khám tăng huyết áp, lĩnh thuốc".into(),
                diagnoses: "Bệnh tăng huyết áp vô căn (nguyên phát) (I10)".into(),
                by: "Y sĩ Giàng Thị Mẫu".into(),
            })
            .collect(),
        tests: if is_empty {
            Vec::new()
        } else {
            vec![row(
                json!({"resourceType": "Observation", "code": {"text": "Đường huyết lúc đói"}, "effectiveDateTime": "2026-02-01T07:30:00+07:00", "valueQuantity": {"value": 5.4, "unit": "mmol/L"}}),
            )]
        },
        basis: vec!["831/QĐ-BYT".into()],
        uncertain: "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_say_what_they_are_in_words() {
        let of = |tree: Value| {
            let row = Row::of(&tree);
            (row.code, row.words, row.value, row.day)
        };
        let words = |code: &str, words: &str, value: &str, day: &str| {
            (code.to_owned(), words.to_owned(), value.to_owned(), day.to_owned())
        };
        let weight = json!({"resourceType": "Observation", "code": {"coding": [{"code": "8339-4", "display": "Cân nặng lúc sinh"}]},
            "effectiveDateTime": "2026-02-01T08:00:00+07:00", "valueQuantity": {"value": 3200, "unit": "gam"}});
        assert_eq!(
            of(weight),
            words("8339-4", "Cân nặng lúc sinh", "3.200\u{202f}gam", "2026-02-01T08:00:00+07:00")
        );
        let births =
            json!({"resourceType": "Observation", "code": {"text": "Số lần sinh"}, "valueInteger": 0});
        assert_eq!(of(births), words("", "Số lần sinh", "0", ""));
        let family = json!({"resourceType": "FamilyMemberHistory", "date": "2026", "relationship": {"text": "Mẹ"},
            "condition": [{"code": {"text": "hen"}}]});
        assert_eq!(of(family), words("", "Mẹ: hen", "", "2026"));
        assert_eq!(Row::of(&Value::default()), Row::default());
    }
}
