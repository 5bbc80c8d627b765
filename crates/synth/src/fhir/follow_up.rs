//! A visit for high blood pressure as the station's form for it writes it down (`content/forms/hypertension-visit`, the verb
//! `care::follow_up`): a test there holds these records against what the verb writes from the same answers.

use super::{BASE, LOINC, TERMINOLOGY, UCUM, set, status, to_patient};
use crate::calendar::Stamp;
use crate::follow_up::{Adherence, FollowUp, Followed, Smoking};
use crate::person::Person;
use crate::places::places;
use crate::staff::staff;
use yba_fhir::json::{Value, from_str, json};

const ICD10: (&str, &str) = ("I10", "Bệnh tăng huyết áp vô căn (nguyên phát)");
/// The form and its edition.
const FORM: &str = "https://yba.vn/fhir/Questionnaire/hypertension-visit|2026-01-01";

/// That somebody is in the programme, and their visits.
pub fn followed(person: &Person, followed: &Followed) -> Vec<Value> {
    let mut all = vec![json!({
        "resourceType": "Condition",
        "id": format!("lk-{}", person.index),
        "clinicalStatus": status("condition-clinical", "active"),
        "verificationStatus": status("condition-ver-status", "confirmed"),
        "category": [status("condition-category", "problem-list-item")],
        "code": diagnosis(),
        "subject": to_patient(person),
        "recordedDate": instant(followed.joined.at(9, 0))
    })];
    let next = followed.visits.iter().skip(1).map(|visit| Some(visit.at)).chain([None]);
    for ((n, visit), came) in followed.visits.iter().enumerate().zip(next) {
        let written =
            Written { person, visit, id: format!("lk-{}-{n}", person.index), at: instant(visit.at) };
        written.all(came, &mut all);
    }
    all
}

/// As `yba_fhir::date` writes an instant.
fn instant(at: Stamp) -> String {
    at.to_string().replace(":00+07:00", ":00.000+07:00")
}

fn diagnosis() -> Value {
    json!({"coding": [{"system": super::ICD10, "code": ICD10.0}], "text": ICD10.1})
}

fn coding(system: &str, (code, display): (&str, &str)) -> Value {
    json!({"system": format!("{BASE}/CodeSystem/{system}"), "code": code, "display": display})
}

struct Written<'w> {
    person: &'w Person,
    visit: &'w FollowUp,
    id: String,
    at: String,
}

impl Written<'_> {
    /// `came` is when the appointment made here was kept.
    fn all(&self, came: Option<Stamp>, all: &mut Vec<Value>) {
        all.extend([self.encounter(), self.diagnosed(), self.response()]);
        all.extend(self.observations());
        all.push(self.appointment(came));
    }

    fn encounter(&self) -> Value {
        let facility = &places().facilities[usize::from(self.visit.facility)];
        let worker = &staff()[usize::from(self.visit.facility)][self.visit.worker];
        json!({
            "resourceType": "Encounter",
            "id": self.id.as_str(),
            "status": "finished",
            "class": {"system": format!("{TERMINOLOGY}/v3-ActCode"), "code": "AMB", "display": "ambulatory"},
            "subject": to_patient(self.person),
            "participant": [{"individual": {"display": worker.name.as_str()}}],
            "period": {"start": self.at.as_str(), "end": self.at.as_str()},
            "reasonCode": [{"text": "Khám định kỳ: tăng huyết áp"}],
            "diagnosis": [{"condition": {"reference": format!("Condition/{}", self.id)}}],
            "serviceProvider": {"reference": format!("Organization/cskcb-{}", facility.code)}
        })
    }

    fn diagnosed(&self) -> Value {
        json!({
            "resourceType": "Condition",
            "id": self.id.as_str(),
            "clinicalStatus": status("condition-clinical", "active"),
            "verificationStatus": status("condition-ver-status", "confirmed"),
            "category": [status("condition-category", "encounter-diagnosis")],
            "code": diagnosis(),
            "subject": to_patient(self.person),
            "encounter": {"reference": format!("Encounter/{}", self.id)},
            "recordedDate": self.at.as_str()
        })
    }

    fn response(&self) -> Value {
        let visit = self.visit;
        let [first, second] = visit.readings;
        let (systolic, diastolic) = visit.mean();
        let mut habits =
            vec![answer("smoking", "Hút thuốc lá, thuốc lào", json!({"valueCoding": self.smoking()}))];
        if let Smoking::Current(cigarettes) = visit.smoking {
            habits.push(answer("cigarettes", "Số điếu mỗi ngày", whole(cigarettes)));
        }
        habits.push(answer(
            "alcohol",
            "Uống rượu, bia trong tháng qua",
            json!({"valueCoding": self.alcohol()}),
        ));
        let pressure = vec![
            answer("systolic-1", "Huyết áp tâm thu, lần 1", whole(first.0)),
            answer("diastolic-1", "Huyết áp tâm trương, lần 1", whole(first.1)),
            answer("systolic-2", "Huyết áp tâm thu, lần 2", whole(second.0)),
            answer("diastolic-2", "Huyết áp tâm trương, lần 2", whole(second.1)),
            answer("pulse", "Mạch", whole(visit.pulse)),
            answer(
                "mean",
                "Huyết áp trung bình",
                json!({"valueString": format!("{systolic}/{diastolic} mmHg")}),
            ),
            answer("grade", "Phân độ", json!({"valueCoding": self.grade()})),
            answer("controlled", CONTROLLED, json!({"valueBoolean": visit.controlled()})),
        ];
        let next = json!({"valueDate": visit.next.to_string()});
        json!({
            "resourceType": "QuestionnaireResponse",
            "id": self.id.as_str(),
            "questionnaire": FORM,
            "status": "completed",
            "subject": to_patient(self.person),
            "encounter": {"reference": format!("Encounter/{}", self.id)},
            "authored": self.at.as_str(),
            "item": [
                group("pressure", "Huyết áp và mạch", pressure),
                group("body", "Thể trạng", vec![answer("weight", "Cân nặng", json!({"valueDecimal": self.kilograms()}))]),
                group("habits", "Thói quen", habits),
                group("treatment", "Thuốc đang uống", vec![
                    answer("adherence", "Uống thuốc trong 7 ngày qua", json!({"valueCoding": self.adherence()})),
                    answer("side-effects", "Tác dụng phụ", json!({"valueCoding": self.side_effect()}))
                ]),
                group("next", "Hẹn khám", vec![answer("next-date", "Ngày hẹn khám lần sau", next)])
            ]
        })
    }

    /// In the order of the form; the first has the visit's own id.
    fn observations(&self) -> Vec<Value> {
        let visit = self.visit;
        let own = |code: (&str, &str)| json!([coding("observation", code)]);
        let loinc = |code: &str| json!([{"system": LOINC, "code": code}]);
        let chosen =
            |coding: Value, text: &str| ("valueCodeableConcept", json!({"coding": [coding], "text": text}));
        let of = |coding: Value| {
            let text = yba_fhir::json::str_at(&coding, &["display"]).unwrap_or_default().to_owned();
            chosen(coding, &text)
        };
        let quantity = |value: Value, unit: &str, code: &str| {
            ("valueQuantity", json!({"value": value, "unit": unit, "system": UCUM, "code": code}))
        };
        let mut told = vec![
            (
                Some("vital-signs"),
                loinc("8867-4"),
                "Mạch",
                quantity(Value::from(visit.pulse), "lần/phút", "/min"),
            ),
            (None, own(("blood-pressure-grade", "Phân độ tăng huyết áp")), "Phân độ", of(self.grade())),
            (
                None,
                own(("blood-pressure-controlled", "Đạt huyết áp mục tiêu")),
                CONTROLLED,
                ("valueBoolean", Value::from(visit.controlled())),
            ),
            (Some("vital-signs"), loinc("29463-7"), "Cân nặng", quantity(self.kilograms(), "kg", "kg")),
            (Some("social-history"), loinc("72166-2"), "Hút thuốc lá, thuốc lào", of(self.smoking())),
        ];
        if let Smoking::Current(cigarettes) = visit.smoking {
            told.push((
                None,
                loinc("64218-1"),
                "Số điếu mỗi ngày",
                ("valueInteger", Value::from(cigarettes)),
            ));
        }
        told.push((
            Some("social-history"),
            own(("alcohol", "Uống rượu, bia")),
            "Uống rượu, bia trong tháng qua",
            of(self.alcohol()),
        ));
        told.push((
            None,
            own(("adherence", "Tuân thủ điều trị")),
            "Uống thuốc trong 7 ngày qua",
            of(self.adherence()),
        ));
        let mut all = Vec::with_capacity(told.len() + 1);
        for (category, codings, text, (name, value)) in told {
            let mut observation = self.observation(all.len(), category, codings, text);
            set(&mut observation, name, value);
            all.push(observation);
        }
        let mut pressure = self.observation(all.len(), Some("vital-signs"), loinc("85354-9"), "Huyết áp");
        let (systolic, diastolic) = visit.mean();
        let part = |code: &str, text: &str, value: i64| {
            json!({
                "code": {"coding": [{"system": LOINC, "code": code}], "text": text},
                "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}
            })
        };
        let parts = vec![
            part("8480-6", "Huyết áp tâm thu", systolic),
            part("8462-4", "Huyết áp tâm trương", diastolic),
        ];
        set(&mut pressure, "component", Value::from(parts));
        all.push(pressure);
        all
    }

    fn observation(&self, before: usize, category: Option<&str>, codings: Value, text: &str) -> Value {
        let id = if before == 0 { self.id.clone() } else { format!("{}-{}", self.id, before + 1) };
        let mut observation = json!({
            "resourceType": "Observation",
            "id": id,
            "status": "final",
            "code": {"coding": codings, "text": text},
            "subject": to_patient(self.person),
            "encounter": {"reference": format!("Encounter/{}", self.id)},
            "effectiveDateTime": self.at.as_str(),
            "derivedFrom": [{"reference": format!("QuestionnaireResponse/{}", self.id)}]
        });
        if let Some(category) = category {
            set(&mut observation, "category", json!([status("observation-category", category)]));
        }
        observation
    }

    /// The next one: kept by the visit after this, or still to come.
    fn appointment(&self, came: Option<Stamp>) -> Value {
        let day = self.visit.next.to_string();
        let mut appointment = json!({
            "resourceType": "Appointment",
            "id": self.id.as_str(),
            "status": if came.is_some() { "fulfilled" } else { "proposed" },
            "serviceType": [{
                "coding": [{"system": format!("{BASE}/CodeSystem/programme"), "code": "hypertension"}],
                "text": "Tăng huyết áp"
            }],
            "created": self.at.as_str(),
            "participant": [{"actor": to_patient(self.person), "status": "accepted"}],
            "requestedPeriod": [{"start": day.as_str(), "end": day.as_str()}]
        });
        if let Some(came) = came.map(instant) {
            set(&mut appointment, "start", Value::from(came.as_str()));
            set(&mut appointment, "end", Value::from(came.as_str()));
        }
        appointment
    }

    fn kilograms(&self) -> Value {
        let weight = self.visit.weight;
        from_str(&format!("{}.{}", weight / 10, weight % 10)).expect("digits and a point are a number")
    }

    fn grade(&self) -> Value {
        let (systolic, diastolic) = self.visit.mean();
        let grade = match (systolic, diastolic) {
            (180.., _) | (_, 110..) => ("grade-3", "Tăng huyết áp độ 3"),
            (160.., _) | (_, 100..) => ("grade-2", "Tăng huyết áp độ 2"),
            (140.., ..90) => ("isolated-systolic", "Tăng huyết áp tâm thu đơn độc"),
            (140.., _) | (_, 90..) => ("grade-1", "Tăng huyết áp độ 1"),
            (130.., _) | (_, 85..) => ("high-normal", "Bình thường cao"),
            _ => ("normal", "Bình thường"),
        };
        coding("blood-pressure-grade", grade)
    }

    fn smoking(&self) -> Value {
        let smoking = match self.visit.smoking {
            Smoking::Never => ("never", "Chưa bao giờ"),
            Smoking::Former => ("former", "Đã bỏ"),
            Smoking::Current(_) => ("current", "Đang hút"),
        };
        coding("smoking", smoking)
    }

    fn alcohol(&self) -> Value {
        let some = ("some", "Có, không quá 2 cốc chuẩn mỗi ngày");
        coding("alcohol", if self.visit.drinks { some } else { ("none", "Không") })
    }

    fn adherence(&self) -> Value {
        let adherence = match self.visit.adherence {
            Adherence::Full => ("full", "Đủ các ngày"),
            Adherence::Partial => ("partial", "Quên 1–2 ngày"),
            Adherence::Poor => ("poor", "Quên từ 3 ngày hoặc tự bỏ thuốc"),
        };
        coding("adherence", adherence)
    }

    fn side_effect(&self) -> Value {
        let side_effect = match self.visit.side_effect {
            "cough" => ("cough", "Ho khan"),
            "oedema" => ("oedema", "Phù chân"),
            "dizziness" => ("dizziness", "Chóng mặt khi đứng dậy"),
            "headache" => ("headache", "Đau đầu"),
            _ => ("none", "Không có"),
        };
        coding("side-effect", side_effect)
    }
}

const CONTROLLED: &str = "Đạt huyết áp mục tiêu (dưới 140/90)";

fn answer(link: &str, text: &str, value: Value) -> Value {
    json!({"linkId": link, "text": text, "answer": [value]})
}

fn whole(number: i64) -> Value {
    json!({"valueInteger": number})
}

fn group(link: &str, text: &str, items: Vec<Value>) -> Value {
    json!({"linkId": link, "text": text, "item": items})
}
