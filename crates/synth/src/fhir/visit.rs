//! One visit as FHIR.

use super::{BASE, LOINC, TERMINOLOGY, UCUM, concept, set, status, to_facility, to_patient, to_worker};
use crate::person::Person;
use crate::record::{DrugLine, Record};
use crate::visit::{Stay, Visit};
use yba_fhir::json::{Value, from_str, json};

/// Adds a visit: diagnosis, encounter, results, vital signs, prescriptions, procedures.
pub fn visit_resources(all: &mut Vec<Value>, visit: &Visit, person: &Person, record: &Record) {
    all.push(diagnosis(visit, person, record));
    all.push(encounter(visit, person, record));
    let context = Context { visit, person };
    for (n, result) in record.results.iter().enumerate() {
        let mut observation =
            context.observation(&format!("o{}-{n}", visit.index), "laboratory", result.at.to_string());
        let code = json!({"coding": [{"system": LOINC, "code": result.lab.loinc}], "text": result.lab.local[0].name});
        set(&mut observation, "code", code);
        if result.lab.numeric {
            set(
                &mut observation,
                "valueQuantity",
                quantity(&result.value.text, result.lab.local[0].unit, result.lab.ucum),
            );
        } else {
            set(&mut observation, "valueString", Value::from(result.value.text.as_str()));
        }
        if result.value.abnormal {
            set(
                &mut observation,
                "interpretation",
                Value::from(vec![status("v3-ObservationInterpretation", "A")]),
            );
        }
        all.push(observation);
    }
    all.extend(context.vitals(record));
    for (n, line) in record.drugs.iter().enumerate() {
        all.push(context.medication(n, line));
    }
    for (n, line) in
        record.services.iter().enumerate().filter(|(_, l)| matches!(l.service.group, 2 | 3 | 8 | 18))
    {
        all.push(json!({
            "resourceType": "Procedure",
            "id": format!("r{}-{n}", visit.index),
            "status": "completed",
            "category": {"coding": [{
                "system": format!("{BASE}/CodeSystem/ma-nhom"),
                "code": line.service.group.to_string()
            }]},
            "code": {
                "coding": [{"system": format!("{BASE}/CodeSystem/bhyt-dvkt"), "code": line.service.code}],
                "text": line.service.name
            },
            "subject": to_patient(person),
            "encounter": context.encounter(),
            "performedPeriod": {"start": line.done.to_string(), "end": line.result.to_string()},
            "performer": [{"actor": to_worker(visit, line.performer)}]
        }));
    }
}

fn quantity(value: &str, unit: &str, ucum: &str) -> Value {
    // The digits stay as printed: 7.20 is not 7.2.
    let value: Value = from_str(value).expect("numeric tests print decimals");
    let mut quantity = json!({"value": value, "system": UCUM, "code": ucum});
    // A ratio such as INR is printed without a unit.
    if !unit.is_empty() {
        set(&mut quantity, "unit", Value::from(unit));
    }
    quantity
}

fn diagnosis(visit: &Visit, person: &Person, record: &Record) -> Value {
    json!({
        "resourceType": "Condition",
        "id": format!("d{}", visit.index),
        "clinicalStatus": status("condition-clinical", if record.outcome == 1 { "resolved" } else { "active" }),
        "category": [status("condition-category", "encounter-diagnosis")],
        "code": concept(record.main.icd, record.main.name),
        "subject": to_patient(person),
        "encounter": {"reference": format!("Encounter/e{}", visit.index)},
        "recordedDate": visit.end.to_string()
    })
}

fn encounter(visit: &Visit, person: &Person, record: &Record) -> Value {
    let class = match (visit.emergency, visit.stay) {
        (true, _) => "EMER",
        (_, Stay::Inpatient | Stay::Station) => "IMP",
        _ => "AMB",
    };
    json!({
        "resourceType": "Encounter",
        "id": format!("e{}", visit.index),
        "status": "finished",
        "class": {"system": format!("{TERMINOLOGY}/v3-ActCode"), "code": class},
        "type": [{"coding": [{"system": format!("{BASE}/CodeSystem/ma-loai-kcb"), "code": visit.stay.code()}]}],
        "subject": to_patient(person),
        "participant": [{"individual": to_worker(visit, record.doctor)}],
        "period": {"start": visit.start.to_string(), "end": visit.end.to_string()},
        "reasonCode": [{"text": record.complaint}],
        "diagnosis": [{"condition": {"reference": format!("Condition/d{}", visit.index)}}],
        "serviceProvider": to_facility(visit.facility)
    })
}

struct Context<'a> {
    visit: &'a Visit,
    person: &'a Person,
}

impl Context<'_> {
    fn encounter(&self) -> Value {
        json!({"reference": format!("Encounter/e{}", self.visit.index)})
    }

    fn observation(&self, id: &str, category: &str, at: String) -> Value {
        json!({
            "resourceType": "Observation",
            "id": id,
            "status": "final",
            "category": [status("observation-category", category)],
            "code": {},
            "subject": to_patient(self.person),
            "encounter": self.encounter(),
            "effectiveDateTime": at,
            "performer": [to_facility(self.visit.facility)]
        })
    }

    /// Weight and the first blood pressure of the visit.
    fn vitals(&self, record: &Record) -> Vec<Value> {
        let index = self.visit.index;
        let mut weight =
            self.observation(&format!("o{index}-w"), "vital-signs", self.visit.start.to_string());
        set(
            &mut weight,
            "code",
            json!({"coding": [{"system": LOINC, "code": "29463-7"}], "text": "Cân nặng"}),
        );
        let kilograms = format!("{}.{}", record.weight / 10, record.weight % 10);
        set(&mut weight, "valueQuantity", quantity(&kilograms, "kg", "kg"));
        let mut all = vec![weight];
        if let Some(note) = record.notes.first() {
            let mut pressure = self.observation(&format!("o{index}-p"), "vital-signs", note.at.to_string());
            set(
                &mut pressure,
                "code",
                json!({"coding": [{"system": LOINC, "code": "85354-9"}], "text": "Huyết áp"}),
            );
            let part = |code: &str, value: i64| {
                json!({
                    "code": {"coding": [{"system": LOINC, "code": code}]},
                    "valueQuantity": quantity(&value.to_string(), "mmHg", "mm[Hg]")
                })
            };
            let parts = vec![part("8480-6", note.vitals.systolic), part("8462-4", note.vitals.diastolic)];
            set(&mut pressure, "component", Value::from(parts));
            all.push(pressure);
        }
        all
    }

    fn medication(&self, n: usize, line: &DrugLine) -> Value {
        let drug = line.drug;
        let each = line.quantity.0 / 1000 / drug.times.max(1) / line.days.max(1);
        json!({
            "resourceType": "MedicationRequest",
            "id": format!("m{}-{n}", self.visit.index),
            "status": "completed",
            "intent": "order",
            "medicationCodeableConcept": {
                "coding": [
                    {"system": format!("{BASE}/CodeSystem/bhyt-thuoc"), "code": drug.code},
                    {"system": "http://www.whocc.no/atc", "code": drug.atc, "display": drug.ingredient}
                ],
                "text": format!("{} {}", drug.name, drug.strength)
            },
            "subject": to_patient(self.person),
            "encounter": self.encounter(),
            "authoredOn": line.at.to_string(),
            "requester": to_worker(self.visit, line.doctor),
            "dosageInstruction": [{
                "text": format!("Mỗi lần {} {}, ngày {} lần, trong {} ngày", each.max(1), drug.unit.to_lowercase(), drug.times, line.days),
                "timing": {"repeat": {"frequency": drug.times, "period": 1, "periodUnit": "d"}}
            }],
            "dispenseRequest": {
                "quantity": {"value": line.quantity.0 / 1000, "unit": drug.unit},
                "expectedSupplyDuration": {"value": line.days, "unit": "ngày", "system": UCUM, "code": "d"}
            }
        })
    }
}
