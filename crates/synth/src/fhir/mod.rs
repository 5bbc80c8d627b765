//! The truth as FHIR R4: one Patient for each person, whatever the facilities wrote.
//!
//! Every resource has a fixed id, so a second load changes nothing. <https://hl7.org/fhir/R4/>

mod follow_up;
mod station;
mod visit;

use crate::Province;
use crate::calendar::Day;
use crate::making::record;
use crate::names::ethnic_groups;
use crate::person::Person;
use crate::places::{Facility, Kind, places};
use crate::staff::{Worker, staff};
use crate::visit::Visit;
use yba_fhir::json::ordered;
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, json};

/// Entries in one transaction, at most.
pub const ENTRIES_MAX: usize = 400;

const BASE: &str = "https://yba.vn/fhir";
const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";
const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";
const TERMINOLOGY: &str = "http://terminology.hl7.org/CodeSystem";

impl Province {
    /// All resources: organizations and practitioners first, then person by person, each before what refers to it.
    pub fn fhir(&self) -> impl Iterator<Item = Value> + '_ {
        let visits = self.visits_by_person();
        let people =
            self.people.iter().zip(visits).flat_map(|(person, visits)| self.fhir_of(person, &visits));
        foundation().chain(people).map(|resource| ordered(&resource))
    }

    /// Transactions that put the same resources: the foundation in portions, then each person in one bundle, or
    /// in several of at most [`ENTRIES_MAX`] entries.
    pub fn fhir_bundles(&self) -> impl Iterator<Item = Value> + '_ {
        let ground: Vec<Value> = foundation().collect();
        let ground: Vec<Value> = ground.chunks(ENTRIES_MAX).map(transaction).collect();
        let visits = self.visits_by_person();
        ground.into_iter().chain(self.people.iter().zip(visits).flat_map(|(person, visits)| {
            self.fhir_of(person, &visits).chunks(ENTRIES_MAX).map(transaction).collect::<Vec<_>>()
        }))
    }

    fn visits_by_person(&self) -> Vec<Vec<u32>> {
        let mut all = vec![Vec::new(); self.people.len()];
        for visit in &self.visits {
            all[visit.person as usize].push(visit.index);
        }
        all
    }

    /// Everything about one person.
    fn fhir_of(&self, person: &Person, visits: &[u32]) -> Vec<Value> {
        let mut all = vec![patient(person, self.window.until)];
        all.extend(coverages(person, self.window.from, self.window.until));
        all.extend(allergy(person));
        all.extend(lasting(person));
        for (n, dose) in self.immunizations(person).iter().enumerate() {
            all.push(json!({
                "resourceType": "Immunization",
                "id": format!("i{}-{n}", person.index),
                "status": "completed",
                "vaccineCode": {
                    "coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": dose.vaccine.cvx}],
                    "text": dose.vaccine.name
                },
                "patient": to_patient(person),
                "occurrenceDateTime": dose.day.to_string(),
                "primarySource": true,
                "lotNumber": dose.lot.as_str(),
                "performer": [{"actor": to_facility(dose.facility)}],
                "protocolApplied": [{"doseNumberPositiveInt": dose.vaccine.dose}]
            }));
        }
        for index in visits {
            let visit = &self.visits[*index as usize];
            let workers = staff()[usize::from(visit.facility)].len();
            let card = person.card_on(visit.start.day());
            let record = record(visit, person, card, &self.seed, workers);
            visit::visit_resources(&mut all, visit, person, &record);
        }
        all
    }
}

fn transaction(resources: &[Value]) -> Value {
    let mut bundle = json!({"resourceType": "Bundle", "type": "transaction"});
    let entries: Vec<Value> = resources
        .iter()
        .map(|resource| {
            let part = |key: &str| resource.get(key).as_str().unwrap_or_default().to_owned();
            let url = format!("{}/{}", part("resourceType"), part("id"));
            json!({
                "fullUrl": format!("{BASE}/{url}"),
                "resource": resource.clone(),
                "request": {"method": "PUT", "url": url}
            })
        })
        .collect();
    set(&mut bundle, "entry", Value::from(entries));
    ordered(&bundle)
}

fn set(resource: &mut Value, key: &str, value: Value) {
    resource.as_object_mut().expect("resources are objects").insert(key, value);
}

fn foundation() -> impl Iterator<Item = Value> {
    let all = &places().facilities;
    let organizations = all.iter().map(organization);
    let workers = all.iter().zip(staff()).flat_map(|(facility, workers)| {
        let each = workers.iter().enumerate();
        each.flat_map(move |(n, worker)| [practitioner(facility, n, worker), role(facility, n)])
    });
    organizations.chain(workers)
}

fn organization(facility: &Facility) -> Value {
    json!({
        "resourceType": "Organization",
        "id": format!("cskcb-{}", facility.code.to_ascii_lowercase()),
        "identifier": [{"system": format!("{BASE}/sid/facility"), "value": facility.code.as_str()}],
        "active": true,
        "type": [{"coding": [{"system": format!("{TERMINOLOGY}/organization-type"), "code": "prov"}],
                  "text": kind(facility.kind)}],
        "name": facility.name.as_str(),
        "address": [{"text": format!("{}, tỉnh Lai Châu", places().communes[usize::from(facility.commune)].name)}]
    })
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Provincial => "Bệnh viện đa khoa tỉnh",
        Kind::Traditional | Kind::Lung => "Bệnh viện chuyên khoa tỉnh",
        Kind::Cdc => "Trung tâm Kiểm soát bệnh tật",
        Kind::Regional => "Trung tâm y tế khu vực",
        Kind::Clinic => "Phòng khám đa khoa",
        Kind::Station => "Trạm y tế",
    }
}

fn practitioner(facility: &Facility, n: usize, worker: &Worker) -> Value {
    json!({
        "resourceType": "Practitioner",
        "id": format!("w{}-{n}", facility.code),
        "identifier": [{"system": format!("{BASE}/sid/cchn"), "value": worker.licence.as_str()}],
        "active": true,
        "name": [{"text": worker.name.as_str()}],
        "gender": gender(worker.female)
    })
}

/// That the worker works there.
fn role(facility: &Facility, n: usize) -> Value {
    let organization = format!("cskcb-{}", facility.code.to_ascii_lowercase());
    json!({
        "resourceType": "PractitionerRole",
        "id": format!("w{}-{n}", facility.code),
        "active": true,
        "practitioner": {"reference": format!("Practitioner/w{}-{n}", facility.code)},
        "organization": {"reference": format!("Organization/{organization}")}
    })
}

fn gender(female: bool) -> &'static str {
    if female { "female" } else { "male" }
}

fn to_patient(person: &Person) -> Value {
    json!({"reference": format!("Patient/p{}", person.index)})
}

fn to_facility(facility: u16) -> Value {
    let facility = &places().facilities[usize::from(facility)];
    json!({"reference": format!("Organization/cskcb-{}", facility.code.to_ascii_lowercase()), "display": facility.name.as_str()})
}

fn to_worker(visit: &Visit, n: usize) -> Value {
    let facility = &places().facilities[usize::from(visit.facility)];
    let worker = &staff()[usize::from(visit.facility)][n];
    json!({"reference": format!("Practitioner/w{}-{n}", facility.code), "display": worker.name.as_str()})
}

fn patient(person: &Person, until: Day) -> Value {
    let home = person.home_on(until);
    let ethnic = &ethnic_groups()[usize::from(person.ethnic)];
    let mut patient = json!({
        "resourceType": "Patient",
        "id": format!("p{}", person.index),
        "extension": [{
            "url": format!("{BASE}/StructureDefinition/dan-toc"),
            "valueCodeableConcept": {
                "coding": [{"system": format!("{BASE}/CodeSystem/dan-toc"), "code": ethnic.code, "display": ethnic.name}]
            }
        }],
        "active": true,
        "name": [{"use": "official", "text": person.name.as_str()}],
        "telecom": [{"system": "phone", "value": format!("0{}", person.phone)}],
        "gender": gender(person.female),
        "birthDate": person.birth.to_string(),
        "address": [{
            "use": "home",
            "text": format!("{}, {}, tỉnh Lai Châu", home.village(), home.commune().name),
            "line": [home.village()],
            "city": home.commune().name,
            "state": "Lai Châu",
            "country": "VN"
        }],
        // The record is kept where the person is registered, mostly the station of the commune.
        "managingOrganization": to_facility(person.registered)
    });
    household(&mut patient, person, until);
    // The newest have no number yet.
    let identifiers = identifiers(person, until);
    if !identifiers.is_empty() {
        set(&mut patient, "identifier", Value::from(identifiers));
    }
    if let Some(death) = person.death {
        set(&mut patient, "deceasedDateTime", Value::from(death.to_string().as_str()));
    }
    patient
}

/// Household and occupation, as far as somebody wrote them down: of a few nobody did.
fn household(patient: &mut Value, person: &Person, until: Day) {
    let mut more = Vec::new();
    let mut add = |slug: &str, name: &str, value: Value| {
        let mut one = json!({"url": format!("{BASE}/StructureDefinition/{slug}")});
        set(&mut one, name, value);
        more.push(one);
    };
    if person.household % 12 != 5 {
        add("ma-ho-gia-dinh", "valueString", Value::from(format!("H{:06}", person.household).as_str()));
        add("quan-he-chu-ho", "valueString", Value::from(person.relation));
    }
    if person.index % 7 != 3 {
        let system = format!("{BASE}/CodeSystem/nghe-nghiep");
        add("nghe-nghiep", "valueCoding", json!({"system": system, "code": person.job(until)}));
    }
    let own = patient["extension"].clone();
    let own = own.as_array().into_iter().flatten().cloned();
    set(patient, "extension", Value::from(own.chain(more).collect::<Vec<_>>()));
}

fn identifiers(person: &Person, until: Day) -> Vec<Value> {
    let of = |slug: &str, kind: &str, value: String| json!({"use": kind, "system": format!("{BASE}/sid/{slug}"), "value": value});
    let mut all = Vec::new();
    if person.cccd != 0 && person.cccd_from <= until {
        all.push(of("cccd", "official", format!("{:012}", person.cccd)));
    }
    if let Some(old) = person.cmnd {
        all.push(of("cmnd", "old", format!("{old:09}")));
    }
    if person.card_from <= until {
        all.push(of("bhxh", "secondary", format!("{:010}", person.bhxh)));
    }
    all
}

/// One Coverage for each card that was in force during the window.
fn coverages(person: &Person, from: Day, until: Day) -> Vec<Value> {
    let mut all = Vec::new();
    let mut day = from.max(person.card_from);
    let last = person.death.unwrap_or(until).min(until);
    while day <= last {
        let Some(card) = person.card_on(day) else {
            day = Day::ymd(day.year() + 1, 1, 1);
            continue;
        };
        all.push(json!({
            "resourceType": "Coverage",
            "id": format!("c{}-{}", person.index, card.from.number()),
            "identifier": [{"system": format!("{BASE}/sid/bhyt"), "value": card.number.as_str()}],
            "status": "active",
            "type": {"coding": [{"system": format!("{TERMINOLOGY}/v3-ActCode"), "code": "PUBLICPOL"}]},
            "subscriberId": format!("{:010}", person.bhxh),
            "beneficiary": to_patient(person),
            "period": {"start": card.from.to_string(), "end": card.to.to_string()},
            "payor": [{"display": "Bảo hiểm xã hội Việt Nam"}]
        }));
        day = card.to.plus(1);
    }
    all
}

fn status(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("{TERMINOLOGY}/{system}"), "code": code}]})
}

fn allergy(person: &Person) -> Option<Value> {
    let allergy = person.allergy()?;
    Some(json!({
        "resourceType": "AllergyIntolerance",
        "id": format!("a{}", person.index),
        "clinicalStatus": status("allergyintolerance-clinical", "active"),
        "verificationStatus": status("allergyintolerance-verification", "confirmed"),
        "type": "allergy",
        "category": ["medication"],
        "criticality": "high",
        "code": {
            "coding": [{"system": "http://www.whocc.no/atc", "code": allergy.atc}],
            "text": allergy.name
        },
        "patient": to_patient(person),
        "reaction": [{"manifestation": [{"text": allergy.reaction}]}]
    }))
}

fn concept(icd: &str, name: &str) -> Value {
    json!({"coding": [{"system": ICD10, "code": icd, "display": name}], "text": name})
}

/// Lasting diseases, on the problem list.
fn lasting(person: &Person) -> Vec<Value> {
    let of = |(n, burden): (usize, &crate::person::Burden)| {
        let disease = &crate::catalog::catalog().chronic[usize::from(burden.disease)];
        json!({
            "resourceType": "Condition",
            "id": format!("k{}-{n}", person.index),
            "clinicalStatus": status("condition-clinical", "active"),
            "category": [status("condition-category", "problem-list-item")],
            "code": concept(disease.icd, disease.name),
            "subject": to_patient(person),
            "onsetDateTime": burden.onset.to_string()
        })
    };
    person.chronic.iter().enumerate().map(of).collect()
}
