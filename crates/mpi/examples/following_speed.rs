//! How fast the follower links a bulk load, how good it is where the truth is known, and what it holds in memory:
//! `cargo run --release -p yba-mpi --example following_speed -- 100000 [pieces]`. With pieces the follower runs after each
//! piece of the load, as beside a running import.

use std::collections::HashMap;
use std::time::Instant;
use yba_fhir::Resource;
use yba_fhir::json::{Value, json};
use yba_mpi::follower::{Report, catch_up, rebuild};
use yba_records::{Change, Ctx};
use yba_synth::{Dirt, Plan, Registration, Spoiling, registrations};

/// Registrations of one person, on average.
const EACH: f64 = 2.15;

fn main() {
    let mut asked = std::env::args().skip(1).map(|text| text.parse::<usize>().expect("a number"));
    let (records, pieces) = (asked.next().unwrap_or(100_000), asked.next().unwrap_or(1));
    let people = (records as f64 / EACH) as u32;
    let plan = Plan { people, seed: 1, years: 5, until: jiff::civil::date(2026, 10, 31) };
    let all: Vec<Registration> =
        registrations(&plan, Dirt::default().doubled(), Spoiling::default().doubled(), true).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let kit = yba_testkit::records();
        let (mut storing, mut following, mut report) = (0.0, 0.0, Report::default());
        let before = memory_mb();
        for (piece, part) in all.chunks(all.len().div_ceil(pieces)).enumerate() {
            let begun = Instant::now();
            for (at, some) in part.chunks(500).enumerate() {
                let first = piece * all.len().div_ceil(pieces) + at * 500;
                let changes = some.iter().zip(first..).map(|(one, number)| Change::put(patient(number, one)));
                kit.records.transact(&Ctx::system("import"), changes.collect()).await.expect("stored");
            }
            storing += begun.elapsed().as_secs_f64();
            let begun = Instant::now();
            let done = catch_up(&kit.records).await.expect("followed");
            following += begun.elapsed().as_secs_f64();
            report.decisions += done.decisions;
            report.oversized += done.oversized;
        }
        println!(
            "{} Patients: stored in {storing:.1} s, followed in {following:.1} s; {report:?}",
            all.len()
        );
        println!("memory {:.0} MB more than before", memory_mb() - before);
        figures(&kit, &all).await;
        let begun = Instant::now();
        let again = rebuild(&kit.records).await.expect("rebuilt");
        println!("rebuilt in {:.1} s: {again:?}", begun.elapsed().as_secs_f64());
    });
}

/// Pairs linked, right and true, and doubts, by the person table.
async fn figures(kit: &yba_testkit::Kit, all: &[Registration]) {
    let rows = kit.store().query("SELECT patient, person FROM mpi_patient", Vec::new()).await.expect("read");
    let (mut linked, mut right, mut truly) = (HashMap::new(), HashMap::new(), HashMap::new());
    for row in &rows {
        let own = &all[row.text(0)[1..].parse::<usize>().expect("our own id")];
        *linked.entry(row.text(1).to_owned()).or_insert(0u64) += 1;
        *right.entry((row.text(1).to_owned(), own.person)).or_insert(0u64) += 1;
        *truly.entry(own.person).or_insert(0u64) += 1;
    }
    let pairs = |counts: Vec<&u64>| counts.into_iter().map(|n| n * (n - 1) / 2).sum::<u64>() as f64;
    let (linked, right, truly) =
        (pairs(linked.values().collect()), pairs(right.values().collect()), pairs(truly.values().collect()));
    let sql = "SELECT COUNT(*) FROM mpi_link l JOIN mpi_patient a ON a.patient = l.first \
               JOIN mpi_patient b ON b.patient = l.second WHERE l.verdict = 'doubt' AND a.person <> b.person";
    let doubts = kit.store().query(sql, Vec::new()).await.expect("read")[0].int(0) as f64;
    println!(
        "precision {:.5}, recall {:.4}, doubts for each hundred records {:.2}",
        right / linked,
        right / truly,
        doubts * 100.0 / all.len() as f64
    );
}

fn patient(number: usize, one: &Registration) -> Resource {
    let sid = |slug: &str, value: &str| json!({"system": format!("https://yba.vn/fhir/sid/{slug}"), "value": value});
    let numbers = [("cccd", one.identity.as_str()), ("bhyt", one.card.as_str())];
    let identifiers: Vec<Value> = numbers
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(slug, value)| sid(slug, value))
        .collect();
    let gender = if one.female { "female" } else { "male" };
    let mut tree = json!({"resourceType": "Patient", "id": format!("p{number}"), "gender": gender});
    use yba_fhir::json::JsonValueMutTrait;
    let object = tree.as_object_mut().expect("an object");
    if !one.name.is_empty() {
        object.insert("name", json!([{"text": one.name.as_str()}]));
    }
    if !one.address.is_empty() {
        object.insert("address", json!([{"text": one.address.as_str()}]));
    }
    if let (Some(address), false) = (object.get_mut(&"address"), one.commune.is_empty()) {
        let unit = "https://yba.vn/fhir/StructureDefinition/admin-unit";
        *address = json!([{"text": one.address.as_str(), "extension": [{"url": unit, "valueCoding": {"code": one.commune}}]}]);
    }
    if !one.birth.is_empty() {
        object.insert("birthDate", json!(one.birth.as_str()));
    }
    if !identifiers.is_empty() {
        object.insert("identifier", Value::from(identifiers));
    }
    if !one.phone.is_empty() {
        object.insert("telecom", json!([{"system": "phone", "value": one.phone.as_str()}]));
    }
    if !one.mother.is_empty() {
        let role = json!([{"coding": [{"code": "MTH"}]}]);
        object.insert("contact", json!([{"relationship": role, "name": {"text": one.mother.as_str()}}]));
    }
    Resource::from_value(tree).expect("a Patient")
}

/// What this process holds, without what the file system holds for it.
fn memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
