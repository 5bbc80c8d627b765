//! Invented people, and what their records look like after following.

use std::future::Future;
use yba_fhir::Resource;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, json};
use yba_mpi::person::{PersonRecord, person};
use yba_records::{Change, Ctx};
use yba_testkit::Kit;

/// Runs a case on a new node of each engine.
pub fn on_each<F: Future<Output = ()>>(case: impl Fn(Kit) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(yba_testkit::each_engine(case));
}

/// `"12001 F 1990-01-02 Lò Thị Mai | cccd 012190001234 | phone 0912345678"` as a Patient.
pub fn patient(id: &str, text: &str) -> Resource {
    let mut parts = text.split('|').map(str::trim);
    let head: Vec<&str> = parts.next().unwrap().splitn(4, ' ').collect();
    let (facility, gender) = (head[0], if head[1] == "M" { "male" } else { "female" });
    let mut identifiers = vec![
        json!({"system": format!("https://yba.vn/fhir/sid/mrn/{facility}"), "value": format!("26-{id}")}),
    ];
    let mut telecom: Vec<Value> = Vec::new();
    for part in parts {
        let (slug, value) = part.trim_start_matches('~').split_once(' ').unwrap();
        let system = format!("https://yba.vn/fhir/sid/{slug}");
        match part.starts_with('~') {
            _ if slug == "phone" => telecom.push(json!({"system": "phone", "value": value})),
            true => identifiers.push(json!({"system": system, "value": value, "use": "old"})),
            false => identifiers.push(json!({"system": system, "value": value})),
        }
    }
    let tree = json!({
        "resourceType": "Patient", "id": id, "identifier": identifiers, "telecom": telecom,
        "name": [{"use": "official", "text": head[3]}], "gender": gender, "birthDate": head[2],
        "address": [{"use": "home", "text": "Xã Than Uyên, Lai Châu"}]
    });
    // Members of a built tree have no fixed order, and another order is another content: the text fixes it.
    let members = ["resourceType", "id", "identifier", "telecom", "name", "gender", "birthDate", "address"];
    let members = members.iter().map(|key| (key, tree.get(*key).unwrap()));
    let filled = members.filter(|(_, value)| value.as_array().is_none_or(|array| !array.is_empty()));
    let members: Vec<String> = filled.map(|(key, value)| format!("\"{key}\":{}", ordered(value))).collect();
    Resource::parse(format!("{{{}}}", members.join(",")).as_bytes()).unwrap()
}

/// JSON text with the members of objects in alphabetical order.
fn ordered(value: &Value) -> String {
    if let Some(array) = value.as_array() {
        return format!("[{}]", array.iter().map(ordered).collect::<Vec<_>>().join(","));
    }
    let Some(object) = value.as_object() else { return yba_fhir::json::to_string(value).unwrap() };
    let mut members: Vec<String> =
        object.iter().map(|(key, value)| format!("\"{key}\":{}", ordered(value))).collect();
    members.sort();
    format!("{{{}}}", members.join(","))
}

/// Stores Patients, named in order `p0`, `p1`, … from `first`.
pub async fn store(kit: &Kit, first: usize, texts: &[&str]) {
    let changes = texts
        .iter()
        .enumerate()
        .map(|(place, text)| Change::put(patient(&format!("p{}", first + place), text)));
    kit.records.transact(&Ctx::system("import-bhyt"), changes.collect()).await.unwrap();
}

/// Stores Patients and follows the log.
pub async fn arrive(kit: &Kit, first: usize, texts: &[&str]) -> yba_mpi::follower::Report {
    store(kit, first, texts).await;
    yba_mpi::follower::catch_up(&kit.records).await.unwrap()
}

pub async fn record(kit: &Kit, id: &str) -> PersonRecord {
    person(&kit.records, &kit.ctx(), id).await.unwrap()
}

/// The ids of the person's Patients, in order.
pub async fn together(kit: &Kit, id: &str) -> Vec<String> {
    let mut ids: Vec<String> = record(kit, id).await.patients.into_iter().map(|patient| patient.id).collect();
    ids.sort();
    ids
}
