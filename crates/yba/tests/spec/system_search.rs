//! Searches over several types and within compartments. <https://hl7.org/fhir/R4/http.html#search>,
//! <https://hl7.org/fhir/R4/compartmentdefinition.html>

use crate::check::{Check, Scene, finds, finds_in_order, must, refuses};
use crate::world::{World, holds, same};
use yba_fhir::json::json;

static WARD: Scene = Scene {
    name: "ward",
    records: |mine| {
        let number = json!([{"system": format!("urn:{mine}").as_str(), "value": "1"}]);
        let tag = json!({"tag": [{"system": "urn:the", "code": mine}]});
        let at = |kind: &str, label: &str| json!({"reference": format!("{kind}/{mine}-{label}").as_str()});
        let seen = |who: &str, code: &str| {
            json!({
                "resourceType": "Observation", "identifier": number.clone(), "meta": tag.clone(), "status": "final",
                "subject": at("Patient", who), "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "encounter": at("Encounter", "v"),
            })
        };
        vec![
            (
                "p",
                json!({"resourceType": "Patient", "identifier": number.clone(), "meta": tag.clone(), "name": [{"family": "Lò"}]}),
            ),
            (
                "q",
                json!({"resourceType": "Patient", "identifier": number.clone(), "meta": tag.clone(), "name": [{"family": "Vàng"}]}),
            ),
            (
                "v",
                json!({
                    "resourceType": "Encounter", "identifier": number.clone(), "meta": tag.clone(), "status": "finished",
                    "class": {"code": "AMB"}, "subject": at("Patient", "p"),
                }),
            ),
            ("o1", seen("p", "718-7")),
            ("o2", seen("p", "2345-7")),
            ("o3", seen("q", "718-7")),
            (
                "c",
                json!({
                    "resourceType": "Condition", "identifier": number.clone(), "meta": tag.clone(), "subject": at("Patient", "p"),
                    "encounter": at("Encounter", "v"),
                }),
            ),
            ("d", json!({"resourceType": "Practitioner", "identifier": number.clone(), "meta": tag.clone()})),
            (
                "g",
                json!({
                    "resourceType": "Appointment", "identifier": number.clone(), "meta": tag.clone(), "status": "proposed",
                    "participant": [{"status": "accepted", "actor": at("Patient", "p")}, {"status": "accepted", "actor": at("Practitioner", "d")}],
                }),
            ),
        ]
    },
};

const Y: &str = "search.html#type";
const K: &str = "compartmentdefinition.html#compartment";

pub const CHECKS: &[Check] = &[
    finds(
        Y,
        "a search of the system with _type finds records of these types",
        &WARD,
        "?_type=Patient,Practitioner&_tag=urn:the|{mine}",
        "p q d",
    ),
    finds(
        Y,
        "_type with one type finds that type",
        &WARD,
        "?_type=Observation&_tag=urn:the|{mine}",
        "o1 o2 o3",
    ),
    finds(
        Y,
        "a search of the system without _type finds records of every type",
        &WARD,
        "?_tag=urn:the|{mine}",
        "p q v o1 o2 o3 c d g",
    ),
    finds(Y, "a search of the system takes _id", &WARD, "?_id={mine}-p,{mine}-v", "p v"),
    finds(
        Y,
        "a search of the system takes _lastUpdated",
        &WARD,
        "?_type=Patient&_lastUpdated=lt2001-01-01",
        "",
    ),
    finds(
        Y,
        "types that share a parameter are searched by it together",
        &WARD,
        "?_type=Observation,Condition&patient={mine}-p",
        "o1 o2 c",
    )
    .recommended(),
    finds_in_order(
        Y,
        "a search of the system is sorted by what all types have",
        &WARD,
        "?_type=Patient,Practitioner&_tag=urn:the|{mine}&_sort=-_id",
        "q p d",
    ),
    finds(
        Y,
        "a search of the system includes",
        &WARD,
        "?_type=Encounter&_tag=urn:the|{mine}&_include=Encounter:patient",
        "v +p",
    )
    .recommended(),
    refuses(Y, "_type with a type that FHIR does not have is refused", &WARD, "?_type=BenhNhan", 400),
    refuses(
        Y,
        "a parameter that not all of the types have is refused by name",
        &WARD,
        "?_type=Patient,Observation&family=lo",
        400,
    ),
    refuses(
        Y,
        "a parameter that is not known is refused in a search of the system",
        &WARD,
        "?_type=Patient&mau=do",
        400,
    ),
    must("http.html#search", "a search of the system by POST with a form finds the same", |w| {
        let mine = w.scene(&WARD)?;
        w.form("_search", &format!("_type=Patient&_tag=urn%3Athe%7C{mine}"))?.finds(&mine, "p q", false)
    }),
    must("http.html#paging", "a search of the system is read page by page, everything once", |w| {
        let mine = w.scene(&WARD)?;
        same(walked(w, &format!("?_tag=urn:the|{mine}&_count=2"))?.len(), 9, "the records on all pages")
    }),
    must("search.html#total", "a search of the system counts with _summary=count", |w| {
        let mine = w.scene(&WARD)?;
        w.get(&format!("?_type=Patient,Observation&_tag=urn:the|{mine}&_summary=count"))?
            .is(200)?
            .has("total", "5")
            .map(drop)
    }),
    must("bundle.html#searchset", "a search of the system says fullUrl with each record's own type", |w| {
        let mine = w.scene(&WARD)?;
        let got = w.get(&format!("?_id={mine}-v"))?.is(200)?;
        holds(
            got.text("entry.0.fullUrl")?.ends_with(&format!("/fhir/Encounter/{mine}-v")),
            "fullUrl should be the record's",
        )
    }),
    finds(
        K,
        "a compartment of a patient holds the records of a type that are about the patient",
        &WARD,
        "Patient/{mine}-p/Observation",
        "o1 o2",
    ),
    finds(
        K,
        "a search within a compartment takes the parameters of its type",
        &WARD,
        "Patient/{mine}-p/Observation?code=718-7",
        "o1",
    ),
    must(
        K,
        "a compartment with * holds every type, and whether the patient's own record is left to the server",
        |w| {
            let mine = w.scene(&WARD)?;
            let got = w.get(&format!("Patient/{mine}-p/*"))?.is(200)?;
            let mut found = got.matches();
            found.retain(|id| *id != format!("{mine}-p"));
            found.sort();
            same(
                found,
                ["c", "g", "o1", "o2", "v"].map(|label| format!("{mine}-{label}")).to_vec(),
                "what is in it",
            )
        },
    ),
    finds(
        K,
        "a compartment reaches through lists of participants",
        &WARD,
        "Patient/{mine}-p/Appointment",
        "g",
    ),
    finds(K, "a compartment of an encounter", &WARD, "Encounter/{mine}-v/Observation", "o1 o2 o3"),
    finds(K, "a compartment of a practitioner", &WARD, "Practitioner/{mine}-d/Appointment", "g"),
    finds(
        K,
        "a compartment keeps others' records out",
        &WARD,
        "Patient/{mine}-q/Observation?code=2345-7",
        "",
    ),
    finds(
        K,
        "a search within a compartment includes",
        &WARD,
        "Patient/{mine}-q/Observation?_include=Observation:patient",
        "o3 +q",
    )
    .recommended(),
    finds(
        K,
        "a search within a compartment takes chains",
        &WARD,
        "Patient/{mine}-p/Observation?encounter.status=finished",
        "o1 o2",
    ),
    finds(
        K,
        "a compartment with * is narrowed by _type",
        &WARD,
        "Patient/{mine}-p/*?_type=Encounter,Condition",
        "v c",
    )
    .recommended(),
    must(K, "a search within a compartment by POST with a form finds the same", |w| {
        let mine = w.scene(&WARD)?;
        w.form(&format!("Patient/{mine}-p/Observation/_search"), "code=718-7")?.finds(&mine, "o1", false)
    }),
    must(K, "a compartment is read page by page", |w| {
        let mine = w.scene(&WARD)?;
        let pages = walked(w, &format!("Patient/{mine}-p/*?_count=2"))?;
        let whole = w.get(&format!("Patient/{mine}-p/*"))?.is(200)?.matches();
        holds(whole.len() >= 5, "there are five records or, with the patient's own, six")?;
        same(pages, whole, "the records on all pages")
    }),
    must(K, "a compartment of a type that has none is refused", |w| {
        w.get("Organization/1/Observation")?.refused_one_of(&[400, 404]).map(drop)
    }),
    must(K, "a type that FHIR does not have is refused within a compartment", |w| {
        let mine = w.scene(&WARD)?;
        w.get(&format!("Patient/{mine}-p/QuanSat"))?.refused_one_of(&[400, 404]).map(drop)
    }),
    must(K, "a parameter that is not known is refused within a compartment", |w| {
        let mine = w.scene(&WARD)?;
        w.get(&format!("Patient/{mine}-p/Observation?mau=do"))?.refused(400).map(drop)
    }),
];

fn walked(w: &mut World, from: &str) -> Result<Vec<String>, String> {
    let mut ids: Vec<String> = Vec::new();
    let mut next = Some(from.to_owned());
    for _ in 0..20 {
        let Some(here) = next else { return Ok(ids) };
        let got = w.get(&here)?.is(200)?;
        for id in got.matches() {
            holds(!ids.contains(&id), "a record stands on two pages")?;
            ids.push(id);
        }
        next = got.link("next");
    }
    Err("the pages do not come to an end".into())
}
