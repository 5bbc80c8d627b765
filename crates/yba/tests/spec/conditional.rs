//! Conditional create, update, patch and delete. <https://hl7.org/fhir/R4/http.html#ccreate>, `#cond-update`, `#3.1.0.7.1`

use crate::check::{Check, may, must, should};
use crate::world::{JSON_PATCH, World, patient, patient_with_id, same};
use yba_fhir::json::json;

const ACTIVE: &[u8] = br#"[{"op":"add","path":"/active","value":true}]"#;

pub const CHECKS: &[Check] = &[
    must("http.html#ccreate", "If-None-Exist that finds none creates with 201", |w| {
        let word = w.word();
        create_unless(w, &word)?.is(201)?.says("location", "/fhir/Patient/").map(drop)
    }),
    must("http.html#ccreate", "If-None-Exist that finds one answers 200 and stores nothing", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let got = create_unless(w, &word)?.is(200)?;
        same(got.text("id")?, id.clone(), "the id")?;
        w.get(&format!("Patient?identifier=urn:{word}|1"))?.is(200)?.matches_are(&[&id])
    }),
    must("http.html#ccreate", "If-None-Exist that finds several is refused with 412", |w| {
        let word = w.word();
        w.patient(&word)?;
        w.patient(&word)?;
        create_unless(w, &word)?.refused(412).map(drop)
    }),
    should("http.html#ccreate", "If-None-Exist that finds one says where it is", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        create_unless(w, &word)?.is(200)?.says("location", &format!("/fhir/Patient/{id}")).map(drop)
    }),
    must("http.html#ccreate", "If-None-Exist does not find what was deleted", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.delete(&format!("Patient/{id}"))?;
        create_unless(w, &word)?.is(201).map(drop)
    }),
    must("http.html#ccreate", "If-None-Exist with a parameter that is not known is refused", |w| {
        let word = w.word();
        let got = w.write("POST", "Patient", &[("if-none-exist", "mau=do")], &patient(&word))?;
        got.refused(400)?;
        w.get(&format!("Patient?identifier=urn:{word}|1"))?.is(200)?.matches_are(&[])
    }),
    must("http.html#ccreate", "an empty If-None-Exist is refused rather than taken for any record", |w| {
        let word = w.word();
        w.write("POST", "Patient", &[("if-none-exist", "")], &patient(&word))?.refused(400).map(drop)
    }),
    must("http.html#cond-update", "a conditional update that finds none creates with 201", |w| {
        let word = w.word();
        w.put(&found(&word), &patient(&word))?.is(201)?.says("location", "/_history/").map(drop)
    }),
    must(
        "http.html#cond-update",
        "a conditional update that finds none creates under the id of its body",
        |w| {
            let word = w.word();
            w.put(&found(&word), &patient_with_id(&word))?.is(201)?.has("id", &word).map(drop)
        },
    ),
    must("http.html#cond-update", "a conditional update that finds one updates it with 200", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let mut one = patient(&word);
        one["gender"] = json!("male");
        w.put(&found(&word), &one)?.is(200)?.has("id", &id)?.has("gender", "male").map(drop)
    }),
    must("http.html#cond-update", "a conditional update takes the id of the record it finds", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let mut one = patient_with_id(&id);
        one["identifier"] = patient(&word)["identifier"].clone();
        one["gender"] = json!("male");
        w.put(&found(&word), &one)?.is(200)?.has("id", &id).map(drop)
    }),
    must(
        "http.html#cond-update",
        "a conditional update with another id than the one found is refused with 400",
        |w| {
            let word = w.word();
            w.patient(&word)?;
            let mut one = patient(&word);
            one["id"] = json!("khac-han");
            w.put(&found(&word), &one)?.refused(400).map(drop)
        },
    ),
    must("http.html#cond-update", "a conditional update that finds several is refused with 412", |w| {
        let word = w.word();
        w.patient(&word)?;
        w.patient(&word)?;
        w.put(&found(&word), &patient(&word))?.refused(412).map(drop)
    }),
    must("http.html#cond-update", "a conditional update without a condition is refused", |w| {
        w.put("Patient", &patient("khong"))?.refused_one_of(&[400, 405, 412]).map(drop)
    }),
    must(
        "http.html#cond-update",
        "a conditional update with a parameter that is not known is refused",
        |w| w.put("Patient?mau=do", &patient("khong"))?.refused(400).map(drop),
    ),
    must("http.html#patch", "a conditional patch that finds one changes it", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let got = w.send("PATCH", &found(&word), &[JSON_PATCH], ACTIVE)?.is(200)?;
        got.has("id", &id)?.has("active", "true").map(drop)
    }),
    must("http.html#patch", "a conditional patch that finds none answers 404", |w| {
        let word = w.word();
        w.send("PATCH", &found(&word), &[JSON_PATCH], ACTIVE)?.refused(404).map(drop)
    }),
    must("http.html#patch", "a conditional patch that finds several is refused with 412", |w| {
        let word = w.word();
        w.patient(&word)?;
        w.patient(&word)?;
        w.send("PATCH", &found(&word), &[JSON_PATCH], ACTIVE)?.refused(412).map(drop)
    }),
    must("http.html#delete", "a conditional delete that finds one deletes it", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.delete(&found(&word))?.deleted()?;
        w.get(&format!("Patient/{id}"))?.refused(410).map(drop)
    }),
    must("http.html#delete", "a conditional delete that finds none is no error", |w| {
        let word = w.word();
        w.delete(&found(&word))?.deleted()
    }),
    may(
        "http.html#delete",
        "a conditional delete that finds several is refused with 412 and deletes none",
        |w| {
            let word = w.word();
            let (one, two) = (w.patient(&word)?, w.patient(&word)?);
            w.delete(&found(&word))?.refused(412)?;
            w.get(&found(&word))?.is(200)?.matches_are(&[&one, &two])
        },
    ),
    must(
        "http.html#delete",
        "a conditional delete with a parameter that is not known deletes nothing",
        |w| {
            let word = w.word();
            let id = w.patient(&word)?;
            w.delete(&format!("{}&mau=do", found(&word)))?.refused(400)?;
            w.get(&format!("Patient/{id}"))?.is(200).map(drop)
        },
    ),
    must("http.html#cond-update", "a condition is a search like any other, chains among them", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let subject = format!("Patient/{id}");
        let made = w.create(&crate::world::observation(&subject, "2345-7"))?;
        let mut other = crate::world::observation(&subject, "2345-7");
        other["status"] = json!("amended");
        let got = w.put(&format!("Observation?patient.identifier=urn:{word}|1&code=2345-7"), &other)?;
        got.is(200)?.has("id", &made)?.has("status", "amended").map(drop)
    }),
    must("RFC 7232 3.1", "a condition that a write does not serve is not passed over", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let stale = [("if-unmodified-since", "Mon, 01 Jan 2024 00:00:00 GMT")];
        let mut one = patient_with_id(&id);
        one["gender"] = json!("male");
        w.write("PUT", &format!("Patient/{id}"), &stale, &one)?.refused_one_of(&[400, 412])?;
        w.get(&format!("Patient/{id}"))?.is(200)?.has("gender", "female").map(drop)
    }),
];

fn found(word: &str) -> String {
    format!("Patient?identifier=urn:{word}|1")
}

fn create_unless(w: &mut World, word: &str) -> Result<crate::world::Got, String> {
    let condition = format!("identifier=urn:{word}%7C1");
    w.write("POST", "Patient", &[("if-none-exist", &condition)], &patient(word))
}
