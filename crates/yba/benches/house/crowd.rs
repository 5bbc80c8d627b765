//! A hundred thousand invented people, a few hundred of them with all their records, one with 500 visits: made once
//! a run, for the topics that ask among many.

use crate::bench::{Bench, province, timed};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;
use yba_fhir::Resource;
use yba_fhir::json::{JsonValueTrait, Value, from_str, items, str_at, to_string};

pub const PEOPLE: u32 = 100_000;
/// People with all records, beside the Patients of everybody.
const WITH_RECORDS: u32 = 300;
/// What is kept of people and results to ask for.
const SAMPLES: usize = 500;
/// The person with many visits.
pub const BUSY: &str = "nhieu-luot-kham";
const BUSY_VISITS: usize = 500;

/// Somebody to ask for.
#[derive(Debug, Clone)]
pub struct Somebody {
    pub name: String,
    pub birth: String,
    pub number: Option<String>,
    pub phone: String,
}

/// A filled data folder.
pub struct Crowd {
    pub folder: TempDir,
    pub people: Vec<Somebody>,
    /// Pairs of Patient id and LOINC code that have results.
    pub results: Vec<(String, String)>,
    pub resources: u64,
    /// Resources that belong to the person with many visits.
    pub busy_resources: usize,
}

impl Crowd {
    pub fn make(bench: &Bench) -> Result<Crowd> {
        println!("  making {PEOPLE} people …");
        let folder = bench.subfolder()?;
        let mut people = Vec::new();
        let everybody = province(PEOPLE, 0);
        let step = everybody.people.len() / SAMPLES;
        let patients = everybody.fhir().filter(|one| str_at(one, &["resourceType"]) == Some("Patient"));
        let patients = patients.enumerate().map(|(at, patient)| {
            if at % step == 0 {
                people.extend(somebody(&patient));
            }
            patient
        });
        let some = province(WITH_RECORDS, 3);
        let records: Vec<Value> =
            some.fhir().filter(|one| str_at(one, &["resourceType"]) != Some("Patient")).collect();
        let busy = busy(&records)?;
        let (results, busy_resources) = (results(&records), busy.len());
        let all =
            patients.chain(records).chain(busy).map(|one| Resource::from_value(one).expect("ours is valid"));
        let (seconds, resources) = timed(|| bench.fill(folder.path(), all))?;
        println!("  {resources} resources written and linked in {seconds:.0} s");
        Ok(Crowd { folder, people, results, resources, busy_resources })
    }
}

fn somebody(patient: &Value) -> Option<Somebody> {
    let number = items(patient, "identifier")
        .find(|one| str_at(one, &["system"]).is_some_and(|system| system.ends_with("/cccd")))
        .and_then(|one| str_at(one, &["value"]));
    Some(Somebody {
        name: str_at(items(patient, "name").next()?, &["text"])?.to_owned(),
        birth: str_at(patient, &["birthDate"])?.to_owned(),
        number: number.map(str::to_owned),
        phone: str_at(items(patient, "telecom").next()?, &["value"])?.to_owned(),
    })
}

fn results(records: &[Value]) -> Vec<(String, String)> {
    let mut found = BTreeSet::new();
    for one in records.iter().filter(|one| str_at(one, &["resourceType"]) == Some("Observation")) {
        let code = one.get("code").and_then(|code| items(code, "coding").next());
        if let (Some(patient), Some(code)) =
            (str_at(one, &["subject", "reference"]), code.and_then(|code| str_at(code, &["code"])))
        {
            found.insert((patient.trim_start_matches("Patient/").to_owned(), code.to_owned()));
        }
    }
    let step = (found.len() / SAMPLES).max(1);
    found.into_iter().step_by(step).collect()
}

/// One person's record made of many people's: everything of the busiest is copied under one Patient.
fn busy(records: &[Value]) -> Result<Vec<Value>> {
    let mut by_patient: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for one in records {
        let patient = ["subject", "patient"].iter().find_map(|name| str_at(one, &[name, "reference"]));
        if let Some(patient) = patient {
            by_patient.entry(patient).or_default().push(one);
        }
    }
    let mut made = vec![from_str::<Value>(&format!(
        r#"{{"resourceType":"Patient","id":"{BUSY}","name":[{{"text":"Lò Thị Nhiều Lượt"}}],"gender":"female","birthDate":"1950-05-20","identifier":[{{"system":"https://yba.vn/fhir/sid/cccd","value":"012150999999"}}]}}"#
    ))?];
    let mut visits = 0;
    for (patient, theirs) in by_patient {
        for one in theirs {
            let text = to_string(one)?.replace(&format!("\"{patient}\""), &format!("\"Patient/{BUSY}\""));
            // Ids and references among the copies get a mark of their own.
            let text = text.replace("\"id\":\"", "\"id\":\"x-").replace("\"Encounter/", "\"Encounter/x-");
            made.push(from_str(&text)?);
            visits += usize::from(str_at(one, &["resourceType"]) == Some("Encounter"));
        }
        if visits >= BUSY_VISITS {
            return Ok(made);
        }
    }
    Err(anyhow::anyhow!("only {visits} visits among {WITH_RECORDS} people"))
        .context("the person with many visits")
}
