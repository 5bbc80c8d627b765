//! Every patient whose data an answer shows is in the trail under that request, and no other: thousands of mixed requests,
//! each answer compared with its entries.

use crate::house::{House, Said, each};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use yba_fhir::json::{self, JsonValueTrait, Value, items, json, str_at};
use yba_store::Value as Cell;

/// Requests on each engine.
const REQUESTS: usize = 5000;
const PATIENTS: u64 = 12;

/// Chance that is the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        // Knuth's constants; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn of<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.below(words.len() as u64) as usize]
    }

    fn patient(&mut self) -> String {
        format!("p{}", self.below(PATIENTS))
    }
}

/// The elements by which a resource belongs to patients, as R4's patient compartment names them:
/// <https://hl7.org/fhir/R4/compartmentdefinition-patient.html>
fn owners(kind: &str) -> &'static [&'static str] {
    match kind {
        "Observation" => &["subject", "performer"],
        "Condition" => &["subject", "asserter"],
        "AllergyIntolerance" => &["patient", "recorder", "asserter"],
        "Encounter" | "DiagnosticReport" => &["subject"],
        "RelatedPerson" => &["patient"],
        _ => &[],
    }
}

/// The patients whose data a resource shows, or those of the resources within it.
fn patients_in(resource: &Value, found: &mut BTreeSet<String>) {
    let kind = str_at(resource, &["resourceType"]).unwrap_or_default();
    if kind == "Bundle" {
        items(resource, "entry")
            .filter_map(|entry| entry.get("resource"))
            .for_each(|one| patients_in(one, found));
    }
    if kind == "Patient" {
        found.extend(str_at(resource, &["id"]).map(str::to_owned));
    }
    for element in owners(kind) {
        let one = str_at(resource, &[element, "reference"]).into_iter();
        let many = items(resource, element).filter_map(|item| str_at(item, &["reference"]));
        let ids = one.chain(many).filter_map(|reference| reference.strip_prefix("Patient/"));
        found.extend(ids.map(str::to_owned));
    }
}

fn resource(chance: &mut Chance, number: u64) -> Value {
    let (one, other) = (format!("Patient/{}", chance.patient()), format!("Patient/{}", chance.patient()));
    let id = format!("r{number}");
    let ours = json!({"reference": "Organization/o1"});
    match number % 6 {
        0 | 1 => {
            json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": chance.of(&["8867-4", "8480-6"])}]}, "subject": {"reference": one}, "performer": [{"reference": other}, ours], "effectiveDateTime": format!("2026-02-{:02}", 1 + number % 28), "valueQuantity": {"value": number % 90}})
        }
        2 => {
            json!({"resourceType": "Condition", "id": id, "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}, "code": {"text": "Tăng huyết áp"}, "subject": {"reference": one}, "asserter": {"reference": other}})
        }
        3 => {
            json!({"resourceType": "AllergyIntolerance", "id": id, "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}, "patient": {"reference": one}, "recorder": {"reference": other}})
        }
        4 => {
            json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": one}, "serviceProvider": ours})
        }
        _ => json!({"resourceType": "RelatedPerson", "id": id, "patient": {"reference": one}}),
    }
}

fn kind_of(number: u64) -> &'static str {
    ["Observation", "Observation", "Condition", "AllergyIntolerance", "Encounter", "RelatedPerson"]
        [(number % 6) as usize]
}

const RECORDS: u64 = 90;

async fn fill(house: &House, chance: &mut Chance) {
    house
        .put(
            "/fhir/Organization/o1",
            &json!({"resourceType": "Organization", "id": "o1", "name": "Trạm Y tế Mường Khoa"}),
        )
        .await;
    for number in 0..PATIENTS {
        let id = format!("p{number}");
        let tree = json!({"resourceType": "Patient", "id": id, "name": [{"text": format!("Lò Thị {number}")}], "gender": if number % 2 == 0 { "female" } else { "male" }, "generalPractitioner": [{"reference": "Organization/o1"}]});
        assert!(house.put(&format!("/fhir/Patient/{id}"), &tree).await.status.is_success());
    }
    for number in 0..RECORDS {
        let tree = resource(chance, number);
        let said = house.put(&format!("/fhir/{}/r{number}", kind_of(number)), &tree).await;
        assert!(said.status.is_success(), "{said:?}");
    }
}

/// A request by chance: method, path, body.
fn request(chance: &mut Chance) -> (&'static str, String, Option<Value>) {
    let number = chance.below(RECORDS);
    let (kind, patient) = (kind_of(number), chance.patient());
    let count = 1 + chance.below(8);
    let get = |path: String| ("GET", format!("/fhir/{path}"), None);
    match chance.below(30) {
        0 => get(format!("Patient/{patient}")),
        1 => get(format!("{kind}/r{number}")),
        2 => get(format!("{kind}/r{number}/_history?_count={count}")),
        3 => get(format!("{kind}/_history?_count={count}")),
        4 => get(format!("_history?_count={count}")),
        5 => get(format!("Observation?_count={count}&_sort=-date")),
        6 => get(format!(
            "Observation?subject=Patient/{patient}&_include=Observation:performer&_count={count}"
        )),
        7 => get(format!(
            "Patient?_id={patient}&_revinclude=Observation:subject&_revinclude=Condition:asserter"
        )),
        8 => get(format!("Patient?_has:Observation:subject:code=8867-4&_count={count}")),
        9 => get(format!("Observation?subject:Patient.gender=female&_count={count}&_total=accurate")),
        10 => get(format!("Condition?_summary=count&subject=Patient/{patient}")),
        11 => get(format!("Observation?_count=0&performer=Patient/{patient}")),
        12 => get(format!("Patient/{patient}/$everything?_count={count}")),
        13 => get(format!("Observation/$lastn?subject=Patient/{patient}&max=1")),
        14 => get(format!("Patient/{patient}/Observation?_count={count}")),
        15 => get(format!("?_type=Condition,Encounter,Patient&_count={count}")),
        16 => get(format!("Encounter/r{}/$everything", number - number % 6 + 4)),
        17 => get(format!("Organization?_revinclude=Patient:general-practitioner&_count={count}")),
        18 => get(format!(
            "Encounter?_include=Encounter:patient&_include=Encounter:service-provider&_count={count}"
        )),
        19 => get(format!("AllergyIntolerance?patient.name=lo&_count={count}&_include=*")),
        20 => get(format!("{kind}/khong-co")),
        21 => get("Organization/o1".into()),
        22 => (
            "POST",
            "/fhir".into(),
            Some(json!({"resourceType": "Bundle", "type": "batch", "entry": [
            {"request": {"method": "GET", "url": format!("Patient/{patient}")}},
            {"request": {"method": "GET", "url": format!("Observation?subject=Patient/{}&_count=2", chance.patient())}},
            {"request": {"method": "GET", "url": "Patient/khong-co"}}]})),
        ),
        // The record may belong to somebody else from then on; its past still shows whose it was.
        23 => ("PUT", format!("/fhir/{kind}/r{number}"), Some(resource(chance, number))),
        24 => {
            let tree = resource(chance, number);
            let url = format!("{kind}/r{number}");
            (
                "POST",
                "/fhir".into(),
                Some(json!({"resourceType": "Bundle", "type": "transaction", "entry": [
                {"resource": tree, "request": {"method": "PUT", "url": url}},
                {"request": {"method": "GET", "url": format!("Condition?subject=Patient/{patient}&_count=2")}}]})),
            )
        }
        25 => ("DELETE", format!("/fhir/{kind}/r{number}"), None),
        26 => ("PUT", format!("/fhir/{kind}/r{number}"), Some(resource(chance, number))),
        27 => get(format!("{kind}/r{number}/$meta")),
        28 => get(format!("Observation?_filter_khong_co=1&subject=Patient/{patient}")),
        _ => get(format!(
            "Condition?asserter:Patient.name=lo&_revinclude=Observation:performer&_count={count}&_elements=subject,asserter"
        )),
    }
}

/// What the trail says of each request: the patients of its entries that are no refusals.
struct Trail<'h> {
    house: &'h House,
    read_bytes: u64,
    writes: i64,
}

impl Trail<'_> {
    async fn of(&mut self, request: &str) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        let path = self.house.kit.records.trail().folder().join("reads-000000000001.log");
        let mut file = std::fs::File::open(path).unwrap();
        file.seek(SeekFrom::Start(self.read_bytes)).unwrap();
        for line in BufReader::new(file).split(b'\n') {
            let line = line.unwrap();
            self.read_bytes += line.len() as u64 + 1;
            let entry = line.splitn(4, |byte| *byte == b' ').nth(3).unwrap();
            take(entry, request, &mut named);
        }
        let sql = "SELECT seq, entry FROM audit WHERE shard = 0 AND seq > ?1 ORDER BY seq";
        for row in self.house.kit.store().query(sql, vec![Cell::Int(self.writes)]).await.unwrap() {
            self.writes = row.int(0);
            take(&row.blob(1), request, &mut named);
        }
        named
    }
}

fn take(entry: &[u8], request: &str, named: &mut BTreeSet<String>) {
    let tree: Value = json::from_slice(entry).unwrap();
    let is_refused = tree.get("refused").and_then(|refused| refused.as_bool()).unwrap();
    if str_at(&tree, &["request"]) == Some(request) && !is_refused {
        named.extend(items(&tree, "patients").filter_map(|id| id.as_str()).map(str::to_owned));
    }
}

#[tokio::test]
async fn every_patient_shown_is_in_the_trail_and_no_other() {
    each(async |house| {
        let mut chance = Chance(20260302);
        fill(&house, &mut chance).await;
        let mut trail = Trail { house: &house, read_bytes: 0, writes: 0 };
        trail.of("").await;
        let mut next: Vec<String> = Vec::new();
        let mut wrong: BTreeMap<String, String> = BTreeMap::new();
        let mut answers_with_people = 0;
        for number in 0..REQUESTS {
            // Now and then the next page of an earlier answer.
            let page = if chance.below(4) == 0 { next.pop() } else { None };
            let (method, path, body) = match page {
                Some(page) => ("GET", page, None),
                None => request(&mut chance),
            };
            let id = format!("q{number}");
            let body = body.as_ref().map(crate::house::bytes).unwrap_or_default();
            let headers = [("x-request-id", id.as_str()), ("prefer", "return=representation")];
            let said = house.ask(method, &path, &headers, body).await;
            let named = trail.of(&id).await;
            let shown = shown(&said);
            answers_with_people += usize::from(!shown.is_empty());
            // Somebody who asks for everything of a patient asked for that patient, whatever the page holds.
            let asked: BTreeSet<String> = path
                .strip_prefix("/fhir/Patient/")
                .and_then(|rest| rest.split_once("/$everything"))
                .map(|(id, _)| id.to_owned())
                .filter(|_| said.status.is_success())
                .into_iter()
                .collect();
            // Whose record was deleted is in the trail, though the answer shows nothing.
            // The labels of a record are a look at it, though its owner does not stand among them.
            let is_named_apart = method == "DELETE" || path.ends_with("/$meta");
            let is_exact = is_named_apart || named.is_subset(&shown.union(&asked).cloned().collect());
            if !shown.is_subset(&named) || !is_exact {
                let shape = path.split(['?', '=']).next().unwrap_or_default().to_owned();
                let text = format!("{method} {path}: shown {shown:?}, in the trail {named:?}");
                wrong.entry(format!("{method} {shape}")).or_insert(text);
            }
            if said.status == 200 && said.body.starts_with(b"{\"resourceType\":\"Bundle\"") && method == "GET"
            {
                next.extend(said.link("next"));
                next.truncate(50);
            }
        }
        let told: Vec<&String> = wrong.values().take(20).collect();
        assert!(wrong.is_empty(), "{} shapes: {told:#?}", wrong.len());
        assert!(answers_with_people > REQUESTS / 3, "{answers_with_people}");
    })
    .await;
}

fn shown(said: &Said) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Ok(tree) = json::from_slice::<Value>(&said.body) {
        patients_in(&tree, &mut found);
    }
    found
}
