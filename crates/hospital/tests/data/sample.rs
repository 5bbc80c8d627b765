//! Invented people as the claim importer writes them: two facilities, labs in both, a stay, an emergency.
//! Shared by the feature's tests and by the example server that shows the pages.

use yba_fhir::json::{Value, json};

/// The day the pure models are asked about; records have their own clock.
#[allow(dead_code)]
pub const TODAY: &str = "2026-11-21";
pub const HOSPITAL: &str = "Bệnh viện đa khoa tỉnh Lai Châu";
pub const CENTRE: &str = "Trung tâm Y tế huyện Tam Đường";
pub const STATION: &str = "Trạm y tế xã Bản Bo";

pub fn organizations() -> Vec<Value> {
    [("o1", HOSPITAL), ("o2", CENTRE), ("o3", STATION)]
        .into_iter()
        .map(|(id, name)| json!({"resourceType": "Organization", "id": id, "name": name}))
        .collect()
}

pub fn patient(id: &str, organization: &str, name: &str, birth: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id,
        "managingOrganization": {"reference": format!("Organization/{organization}")},
        "name": [{"text": name}], "gender": "female", "birthDate": birth,
        "identifier": [
            {"system": "https://yba.vn/fhir/sid/cccd", "value": "012168004821"},
            {"system": "https://yba.vn/fhir/sid/bhyt", "value": "DT2121234567890"},
            {"system": format!("https://yba.vn/fhir/sid/mrn/{organization}"), "value": format!("BN-{id}")}
        ],
        "telecom": [{"system": "phone", "value": "0912345678"}],
        "address": [{"text": "Bản Nà Khương, xã Bản Bo, tỉnh Lai Châu"}]
    })
}

pub fn coverage(patient: &str, end: &str) -> Value {
    json!({
        "resourceType": "Coverage", "id": format!("cov-{patient}"), "status": "active", "subscriberId": "DT2121234567890",
        "payor": [{"display": "Bảo hiểm xã hội Việt Nam"}], "beneficiary": {"reference": format!("Patient/{patient}")}, "period": {"start": "2026-01-01", "end": end}
    })
}

pub struct Visit<'a> {
    pub id: String,
    pub patient: &'a str,
    pub organization: &'a str,
    pub date: String,
    pub end: String,
    pub class: &'a str,
    pub icd: &'a str,
    pub words: &'a str,
}

/// An encounter with its diagnosis, prescriptions, results, service, claim.
pub fn visit(v: &Visit, drugs: &[(&str, &str, u32)], labs: &[Lab]) -> Vec<Value> {
    let encounter = format!("Encounter/{}", v.id);
    let subject = format!("Patient/{}", v.patient);
    let source = format!("HS_{}.xml#{}", v.date, v.id);
    let start = format!("{}T08:05:00+07:00", v.date);
    let mut all = vec![
        json!({
            "resourceType": "Encounter", "id": v.id.as_str(), "status": "finished", "class": {"code": v.class},
            "identifier": [{"system": format!("https://yba.vn/fhir/sid/visit/{}", v.organization), "value": format!("LK{}", v.id)}],
            "type": [{"text": if v.class == "AMB" { "Khám bệnh" } else { "Điều trị nội trú" }}],
            "subject": {"reference": subject.as_str()}, "serviceProvider": {"reference": format!("Organization/{}", v.organization)},
            "period": {"start": start.as_str(), "end": format!("{}T16:30:00+07:00", v.end)}, "meta": {"source": source.as_str()},
            "diagnosis": [{"condition": {"reference": format!("Condition/c{}", v.id)}, "rank": 1}],
            "hospitalization": {"dischargeDisposition": {"text": "Ra viện"}}
        }),
        json!({
            "resourceType": "Condition", "id": format!("c{}", v.id), "subject": {"reference": subject.as_str()},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": v.icd}], "text": v.words},
            "encounter": {"reference": encounter.as_str()}, "recordedDate": v.date.as_str(), "meta": {"source": source.as_str()}
        }),
        json!({
            "resourceType": "Procedure", "id": format!("p{}", v.id), "status": "completed", "code": {"text": "Khám Nội"},
            "subject": {"reference": subject.as_str()}, "encounter": {"reference": encounter.as_str()}, "performedDateTime": start.as_str()
        }),
        json!({
            "resourceType": "Claim", "id": format!("cl{}", v.id), "status": "active", "created": v.end.as_str(),
            "type": {"text": "Khám chữa bệnh"}, "use": "claim", "priority": {"text": "thường"},
            "provider": {"reference": format!("Organization/{}", v.organization)},
            "insurance": [{"sequence": 1, "focal": true, "coverage": {"reference": format!("Coverage/cov-{}", v.patient)}}],
            "patient": {"reference": subject.as_str()}, "total": {"value": 487500, "currency": "VND"},
            "item": [
                {"sequence": 1, "productOrService": {"text": "Khám Nội"}, "quantity": {"value": 1}, "unitPrice": {"value": 37500}, "net": {"value": 37500},
                 "encounter": [{"reference": encounter.as_str()}]},
                {"sequence": 2, "productOrService": {"text": "Metformin 1000 mg"}, "quantity": {"value": 60}, "unitPrice": {"value": 7500}, "net": {"value": 450000}}
            ]
        }),
    ];
    for (at, (name, dose, days)) in drugs.iter().enumerate() {
        all.push(json!({
            "resourceType": "MedicationRequest", "id": format!("m{}-{at}", v.id), "status": "active", "intent": "order",
            "medicationCodeableConcept": {"text": *name}, "subject": {"reference": subject.as_str()},
            "encounter": {"reference": encounter.as_str()}, "authoredOn": start.as_str(),
            "dosageInstruction": [{"text": *dose}],
            "dispenseRequest": {"quantity": {"value": days * 2, "unit": "Viên"}, "expectedSupplyDuration": {"value": *days, "unit": "d"}}
        }));
        all.push(dispense(&format!("d{}-{at}", v.id), v, &start, name, Some(&format!("m{}-{at}", v.id))));
    }
    for (at, lab) in labs.iter().enumerate() {
        all.push(observation(&format!("l{}-{at}", v.id), v, &start, lab));
    }
    all
}

/// A drug handed over, for a prescription or without one.
pub fn dispense(id: &str, v: &Visit, when: &str, drug: &str, prescription: Option<&str>) -> Value {
    use yba_fhir::json::JsonValueMutTrait;
    let mut one = json!({
        "resourceType": "MedicationDispense", "id": id, "status": "completed",
        "medicationCodeableConcept": {"text": drug}, "subject": {"reference": format!("Patient/{}", v.patient)},
        "context": {"reference": format!("Encounter/{}", v.id)}, "whenHandedOver": when,
        "quantity": {"value": 60, "unit": "Viên"}
    });
    if let (Some(object), Some(id)) = (one.as_object_mut(), prescription) {
        object.insert("authorizingPrescription", json!([{"reference": format!("MedicationRequest/{id}")}]));
    }
    one
}

/// Name, LOINC, value token, unit, low, high.
pub type Lab<'a> = (&'a str, &'a str, &'a str, &'a str, Option<f64>, Option<f64>);

fn observation(id: &str, v: &Visit, start: &str, (name, loinc, value, unit, low, high): &Lab) -> Value {
    let number: Value = yba_fhir::json::from_str(value).unwrap_or_else(|_| json!(null));
    let mut one = json!({
        "resourceType": "Observation", "id": id, "status": "final", "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": *loinc}], "text": *name},
        "subject": {"reference": format!("Patient/{}", v.patient)}, "encounter": {"reference": format!("Encounter/{}", v.id)},
        "effectiveDateTime": start, "performer": [{"reference": format!("Organization/{}", v.organization)}]
    });
    use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, JsonValueTrait};
    let object = one.as_object_mut().expect("an object was just built");
    if number.is_number() {
        object.insert("valueQuantity", json!({"value": number, "unit": *unit}));
    } else {
        object.insert("valueString", json!(*value));
    }
    let mut range = json!({});
    for (key, limit) in [("low", low), ("high", high)] {
        if let (Some(limit), Some(range)) = (limit, range.as_object_mut()) {
            range.insert(key, json!({"value": *limit}));
        }
    }
    if range.as_object().is_some_and(|range| !range.is_empty()) {
        object.insert("referenceRange", json!([range]));
    }
    one
}

const METFORMIN: (&str, &str, u32) = ("Metformin 1000 mg", "Sáng 1 viên, chiều 1 viên, sau ăn", 30);
const AMLODIPIN: (&str, &str, u32) = ("Amlodipin 5 mg", "Tối 1 viên", 30);

/// A woman with diabetes known at two facilities and a station; the last visit eleven days ago.
pub fn person() -> Vec<Value> {
    let mut all = organizations();
    all.push(patient("p1", "o1", "Nguyễn Thị Thanh Hương", "1968-03-14"));
    all.push(patient("p2", "o2", "NGUYEN THI THANH HUONG", "1968-03-14"));
    all.push(patient("p3", "o3", "Nguyễn Thị Thanh Hường", "1968"));
    all.push(coverage("p1", "2026-12-31"));
    all.push(json!({
        "resourceType": "AllergyIntolerance", "id": "a1",
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}, "patient": {"reference": "Patient/p1"}, "recordedDate": "2019-05-02",
        "code": {"text": "Penicillin"}, "reaction": [{"manifestation": [{"text": "phản vệ"}]}]
    }));
    all.push(json!({
        "resourceType": "Observation", "id": "v1", "status": "final", "category": [{"coding": [{"code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}, "effectiveDateTime": "2026-11-10T08:00:00+07:00",
        "subject": {"reference": "Patient/p1"},
        "component": [
            {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueQuantity": {"value": 152, "unit": "mmHg"}, "interpretation": [{"coding": [{"code": "H"}]}]},
            {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]}, "valueQuantity": {"value": 94, "unit": "mmHg"}}
        ]
    }));
    all.push(json!({
        "resourceType": "Observation", "id": "v2", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "effectiveDateTime": "2026-11-10T08:00:00+07:00", "subject": {"reference": "Patient/p1"}, "valueQuantity": {"value": 61.5, "unit": "kg"}
    }));
    for (at, (date, name)) in
        [("2025-10-20", "Cúm mùa (Vaxigrip Tetra)"), ("2024-10-11", "Cúm mùa (Vaxigrip Tetra)")]
            .into_iter()
            .enumerate()
    {
        all.push(json!({
            "resourceType": "Immunization", "id": format!("i{at}"), "status": "completed", "patient": {"reference": "Patient/p3"},
            "vaccineCode": {"text": name}, "occurrenceDateTime": date, "protocolApplied": [{"doseNumberPositiveInt": 1}]
        }));
    }
    let diabetes = |id: &str, organization, patient, date: &str, hba1c: &str, glucose: &str| {
        visit(
            &Visit {
                id: id.into(),
                patient,
                organization,
                date: date.into(),
                end: date.into(),
                class: "AMB",
                icd: "E11.9",
                words: "Đái tháo đường không phụ thuộc insulin, không biến chứng",
            },
            &[METFORMIN, AMLODIPIN],
            &[
                ("HbA1c", "4548-4", hba1c, "%", None, Some(7.0)),
                ("Glucose huyết tương đói", "1558-6", glucose, "mmol/L", Some(3.9), Some(6.4)),
                ("Kali", "2823-3", "3.4", "mmol/L", Some(3.5), Some(5.1)),
                ("Protein niệu", "20454-5", "Âm tính", "", None, None),
            ],
        )
    };
    all.extend(diabetes("e1", "o1", "p1", "2026-11-10", "8.1", "9.2"));
    all.extend(diabetes("e2", "o2", "p2", "2026-08-12", "7.60", "8.8"));
    all.extend(diabetes("e3", "o1", "p1", "2026-02-11", "7.2", "7.1"));
    all.extend(diabetes("e4", "o2", "p2", "2025-08-02", "6.9", "6.6"));
    all.extend(visit(
        &Visit {
            id: "e5".into(),
            patient: "p1",
            organization: "o1",
            date: "2026-05-03".into(),
            end: "2026-05-03".into(),
            class: "EMER",
            icd: "E16.2",
            words: "Hạ đường huyết không đặc hiệu",
        },
        &[],
        &[("Glucose huyết tương", "2345-7", "2.6", "mmol/L", Some(3.9), Some(6.4))],
    ));
    all.extend(visit(
        &Visit {
            id: "e6".into(),
            patient: "p1",
            organization: "o1",
            date: "2025-02-11".into(),
            end: "2025-02-16".into(),
            class: "IMP",
            icd: "J18.9",
            words: "Viêm phổi không xác định tác nhân gây bệnh",
        },
        &[("Ceftriaxon 1 g", "Tiêm tĩnh mạch ngày 2 lần", 5)],
        &[],
    ));
    all.extend(visit(
        &Visit {
            id: "e7".into(),
            patient: "p3",
            organization: "o3",
            date: "2024-03-11".into(),
            end: "2024-03-11".into(),
            class: "AMB",
            icd: "I10",
            words: "Bệnh lý tăng huyết áp",
        },
        &[AMLODIPIN],
        &[],
    ));
    all
}

/// Someone with as many visits as asked, over three facilities and many tests.
pub fn frequent(visits: usize) -> Vec<Value> {
    frequent_with(visits, 6)
}

/// The same with as many tests at each visit as asked.
pub fn frequent_with(visits: usize, tests: usize) -> Vec<Value> {
    let mut all = organizations();
    let facilities = [("p1", "o1"), ("p2", "o2"), ("p3", "o3")];
    for (patient_id, organization) in facilities {
        all.push(patient(patient_id, organization, "Hồ Sín Chứ Phùng Lò Mé Xá Pờ Sào Mỉn", "1951-07-01"));
    }
    for at in 0..visits {
        let (patient, organization) = facilities[at % 3];
        let date = yba_ui::format::iso_day(20_770 - at as i64 * 9);
        let value = format!("{}.{}", 6 + at % 3, at % 10);
        let class = ["AMB", "AMB", "AMB", "IMP", "AMB", "EMER"][at % 6];
        let names: Vec<String> =
            (0..tests).map(|n| format!("Xét nghiệm số {}", (at + n * 5) % 30.max(tests))).collect();
        let labs: Vec<Lab> = names
            .iter()
            .map(|name| (name.as_str(), name.as_str(), value.as_str(), "mmol/L", Some(3.9), Some(7.5)))
            .collect();
        let icd = ["E11.9", "I10", "J18.9", "M54.5", "K29.7"][at % 5];
        let words =
            ["Đái tháo đường típ 2", "Bệnh lý tăng huyết áp", "Viêm phổi", "Đau lưng dưới", "Viêm dạ dày"]
                [at % 5];
        let visit_of = Visit {
            id: format!("e{at}"),
            patient,
            organization,
            date: date.clone(),
            end: date,
            class,
            icd,
            words,
        };
        all.extend(visit(&visit_of, &[METFORMIN, AMLODIPIN], &labs));
    }
    all
}
