//! What the commune stations keep themselves: the files of their people, the vaccination books, the people they follow, the
//! visits at the station, the dead. Hospitals tell theirs by claim files.
//!
//! It is another stream than [`Province::fhir`], with ids of the same form: a person is in it as their station has them.
//! Whoever wants a house with stations at work loads this one and the claim files of the hospitals.

use super::visit::visit_resources;
use super::{
    BASE, ENTRIES_MAX, ICD10, LOINC, TERMINOLOGY, UCUM, allergy, concept, coverages, follow_up, lasting,
    organization, patient, practitioner, role, set, status, to_facility, to_patient, transaction,
};
use crate::Province;
use crate::catalog::catalog;
use crate::doses::{Dose, Outcome};
use crate::making::record;
use crate::measles::{Case, MEASLES};
use crate::person::{Burden, Person};
use crate::places::{Kind, places};
use crate::staff::staff;
use crate::visit::{Reason, Visit};
use yba_fhir::json::{Value, from_str, json, ordered};

/// Until this age a child's file names the mother.
const CHILD: i32 = 16;
/// What whoever gives a dose says of the child before it.
const SCREENED: &str = "Đã khám sàng lọc, đủ điều kiện tiêm.";
/// For how long visits for high blood pressure are those that the station's book tells.
const FOLLOWED_DAYS: i32 = 365;

impl Province {
    /// All that stations keep until the day before the last, which has only begun: facilities and the stations' staff first,
    /// then person by person, each before what refers to it. Made while it is read, like [`Province::fhir`].
    pub fn station_life(&self) -> impl Iterator<Item = Value> + '_ {
        let (visits, cases) = (self.visits_by_person(), self.measles());
        let people = self.people.iter().zip(visits);
        let people = people.flat_map(move |(person, visits)| self.kept(person, &visits, &cases));
        ground().chain(people).map(|resource| ordered(&resource))
    }

    /// Transactions that put the same resources, as [`Province::fhir_bundles`] cuts them.
    pub fn station_bundles(&self) -> impl Iterator<Item = Value> + '_ {
        let (visits, cases) = (self.visits_by_person(), self.measles());
        let ground: Vec<Value> = ground().collect();
        let ground: Vec<Value> = ground.chunks(ENTRIES_MAX).map(transaction).collect();
        let people = self.people.iter().zip(visits);
        ground.into_iter().chain(people.flat_map(move |(person, visits)| {
            let kept = self.kept(person, &visits, &cases);
            kept.chunks(ENTRIES_MAX).map(transaction).collect::<Vec<_>>()
        }))
    }

    /// Everything about one person.
    fn kept(&self, person: &Person, visits: &[u32], cases: &[Case]) -> Vec<Value> {
        let until = self.window.until;
        let mut all = vec![self.file(person)];
        all.extend(coverages(person, until, until));
        all.extend(allergy(person));
        all.extend(self.doses(person).iter().enumerate().map(|(n, dose)| immunization(person, n, dose)));
        // Who has high blood pressure is told by the book below.
        let is_pressure = |burden: &Burden| catalog().chronic[usize::from(burden.disease)].key == "htn";
        let lasting = person.chronic.iter().zip(lasting(person));
        all.extend(lasting.filter(|(burden, _)| !is_pressure(burden)).map(|(_, tree)| tree));
        if let Some(followed) = self.follow_ups(person) {
            all.extend(follow_up::followed(person, &followed));
        }
        for index in visits {
            let visit = &self.visits[*index as usize];
            if self.is_of_a_station(visit, person) {
                let workers = staff()[usize::from(visit.facility)].len();
                let card = person.card_on(visit.start.day());
                visit_resources(&mut all, visit, person, &record(visit, person, card, &self.seed, workers));
            }
        }
        for case in cases.iter().filter(|case| case.person == person.index) {
            all.extend(measles(person, case));
        }
        all.extend(self.death(person));
        all
    }

    /// Visits at stations, but those which the book of high blood pressure tells instead.
    fn is_of_a_station(&self, visit: &Visit, person: &Person) -> bool {
        let (day, until) = (visit.start.day(), self.window.until);
        let is_followed =
            visit.reason == Reason::Chronic && day > until.plus(-FOLLOWED_DAYS) && person.has("htn", day);
        self.facilities[usize::from(visit.facility)].kind == Kind::Station
            && visit.end.day() < until
            && !is_followed
    }

    /// The file of a person at the station where they live: with the codes of the commune now and before, and with whom to call
    /// about a child.
    fn file(&self, person: &Person) -> Value {
        let until = self.window.until;
        let home = person.home_on(until);
        let mut tree = patient(person, until);
        let unit = |system: &str, code: &str| {
            json!({
                "url": format!("{BASE}/StructureDefinition/admin-unit"),
                "valueCoding": {"system": format!("{BASE}/sid/admin-unit/{system}"), "code": code}
            })
        };
        let (new, old) = (unit("2025-07-01", home.commune().code), unit("2021", home.old().code));
        let mut address = json!({
            "use": "home",
            "text": format!("{}, {}, tỉnh Lai Châu", home.village(), home.commune().name),
            "line": [home.village()],
            "city": home.commune().name,
            "state": "Lai Châu",
            "country": "VN"
        });
        set(&mut address, "extension", Value::from(vec![old, new]));
        set(&mut tree, "address", Value::from(vec![address]));
        set(&mut tree, "managingOrganization", to_facility(home.old().station));
        let mother = person.mother.filter(|_| person.age_on(until) < CHILD);
        if let Some(mother) =
            mother.map(|index| &self.people[index as usize]).filter(|one| one.death.is_none())
        {
            let relationship = json!([{
                "coding": [{"system": format!("{TERMINOLOGY}/v3-RoleCode"), "code": "MTH", "display": "Mẹ"}],
                "text": "Mẹ"
            }]);
            let contact = json!([{
                "relationship": relationship,
                "name": {"text": mother.name.as_str()},
                "telecom": [{"system": "phone", "value": format!("0{}", mother.phone)}]
            }]);
            set(&mut tree, "contact", contact);
        }
        tree
    }

    /// What the register of deaths asks beside the file: cause and place, and for women whether they were with child.
    fn death(&self, person: &Person) -> Vec<Value> {
        let (Some(day), Some(cause)) = (person.death, self.cause(person)) else { return Vec::new() };
        let observation = |key: &str, code: &str, text: &str, name: &str, value: Value| {
            let mut tree = json!({
                "resourceType": "Observation",
                "id": format!("t{}-{key}", person.index),
                "status": "final",
                "code": {"coding": [{"system": LOINC, "code": code}], "text": text},
                "subject": to_patient(person),
                "effectiveDateTime": day.to_string()
            });
            set(&mut tree, name, value);
            tree
        };
        let place = if cause.in_hospital { "Bệnh viện" } else { "Tại nhà" };
        let place = json!({"text": place});
        let mut all = vec![observation("place", "58332-8", "Nơi chết", "valueCodeableConcept", place)];
        if let Some((icd, words)) = cause.disease {
            let value = concept(icd, words);
            all.push(observation("cause", "69453-9", "Nguyên nhân chính", "valueCodeableConcept", value));
        }
        if person.female && (15..50).contains(&person.age_on(day)) {
            let no = Value::from(false);
            all.push(observation("pregnancy", "69442-2", "Liên quan thai sản", "valueBoolean", no));
        }
        all
    }
}

/// Facilities, and the people who work at stations.
fn ground() -> impl Iterator<Item = Value> {
    let all = &places().facilities;
    let stations = all.iter().zip(staff()).filter(|(facility, _)| facility.kind == Kind::Station);
    let workers = stations.flat_map(|(facility, workers)| {
        let each = workers.iter().enumerate();
        each.flat_map(move |(n, worker)| [practitioner(facility, n, worker), role(facility, n)])
    });
    all.iter().map(organization).chain(workers)
}

/// As `care::immunise` writes a dose that was given or put off.
fn immunization(person: &Person, n: usize, dose: &Dose) -> Value {
    let facility = to_facility(dose.facility);
    let mut tree = json!({
        "resourceType": "Immunization",
        "id": format!("im-{}-{n}", person.index),
        "vaccineCode": {
            "coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": dose.cvx}],
            "text": dose.name
        },
        "patient": to_patient(person),
        "occurrenceDateTime": dose.day.to_string(),
        "performer": [{"actor": facility}]
    });
    let mut put = |name: &str, value: Value| set(&mut tree, name, value);
    if let Outcome::PutOff(reason) = dose.outcome {
        put("status", Value::from("not-done"));
        let mut why = status("v3-ActReason", "MEDPREC");
        set(&mut why, "text", Value::from(reason));
        put("statusReason", why);
        return tree;
    }
    let ml: Value = from_str(dose.ml).expect("data/schedule.tsv holds decimals");
    put("status", Value::from("completed"));
    put("recorded", Value::from(dose.day.at(9, 0).to_string().as_str()));
    put("primarySource", Value::from(true));
    put("lotNumber", Value::from(dose.lot.as_str()));
    put("expirationDate", Value::from(dose.expiry.to_string().as_str()));
    put("route", status("v3-RouteOfAdministration", dose.route));
    put("doseQuantity", json!({"value": ml, "unit": "mL", "system": UCUM, "code": "mL"}));
    put("protocolApplied", json!([{"series": dose.series, "doseNumberPositiveInt": dose.number}]));
    put("note", json!([{"text": SCREENED}]));
    tree
}

fn measles(person: &Person, case: &Case) -> [Value; 3] {
    let (id, at) = (format!("soi-{}", person.index), case.at.to_string());
    let encounter = json!({"reference": format!("Encounter/{id}")});
    let worker = &staff()[usize::from(case.facility)][0];
    let diagnosis = json!({
        "resourceType": "Condition",
        "id": id.as_str(),
        "clinicalStatus": status("condition-clinical", "active"),
        "verificationStatus": status("condition-ver-status", "provisional"),
        "category": [status("condition-category", "encounter-diagnosis")],
        "code": {"coding": [{"system": ICD10, "code": MEASLES.0, "display": MEASLES.1}], "text": MEASLES.1},
        "subject": to_patient(person),
        "encounter": encounter.clone(),
        "onsetDateTime": case.onset.to_string(),
        "recordedDate": at.as_str()
    });
    let visit = json!({
        "resourceType": "Encounter",
        "id": id.as_str(),
        "status": "finished",
        "class": {"system": format!("{TERMINOLOGY}/v3-ActCode"), "code": "AMB", "display": "ambulatory"},
        "subject": to_patient(person),
        "participant": [{"individual": {"display": worker.name.as_str()}}],
        "period": {"start": at.as_str(), "end": case.at.plus(25).to_string()},
        "reasonCode": [{"text": "Sốt, phát ban, mắt đỏ"}],
        "diagnosis": [{"condition": {"reference": format!("Condition/{id}")}}],
        "serviceProvider": to_facility(case.facility)
    });
    let degrees: Value = from_str(&format!("{}.{}", case.temperature / 10, case.temperature % 10))
        .expect("digits and a point are a number");
    let fever = json!({
        "resourceType": "Observation",
        "id": id.as_str(),
        "status": "final",
        "category": [status("observation-category", "vital-signs")],
        "code": {"coding": [{"system": LOINC, "code": "8310-5"}], "text": "Nhiệt độ"},
        "subject": to_patient(person),
        "encounter": encounter,
        "effectiveDateTime": at.as_str(),
        "valueQuantity": {"value": degrees, "unit": "°C", "system": UCUM, "code": "Cel"}
    });
    [diagnosis, visit, fever]
}
