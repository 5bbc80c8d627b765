//! Deletions. <https://hl7.org/fhir/R4/http.html#delete>

use crate::check::{Check, may, must, should};
use crate::world::{World, observation, patient_with_id};

pub const CHECKS: &[Check] = &[
    must("http.html#delete", "a deletion answers 204 without a body, or 200 with an OperationOutcome", |w| {
        let word = stored(w)?;
        w.delete(&at(&word))?.deleted()
    }),
    must("http.html#delete", "a deletion of what was deleted already is no error", |w| {
        let word = stored(w)?;
        w.delete(&at(&word))?.deleted()?;
        w.delete(&at(&word))?.deleted()
    }),
    may("http.html#delete", "a deletion of what never was is no error", |w| {
        w.delete("Patient/khong-co-bao-gio")?.deleted()
    }),
    must("http.html#delete", "a deleted record is not found by a search", |w| {
        let word = stored(w)?;
        w.delete(&at(&word))?;
        w.get(&format!("Patient?identifier=urn:{word}|1"))?.is(200)?.matches_are(&[])?;
        w.get(&format!("Patient?_id={word}"))?.is(200)?.matches_are(&[])
    }),
    must("http.html#delete", "a deletion stands in the history, without a resource", |w| {
        let word = stored(w)?;
        w.delete(&at(&word))?;
        let got = w.get(&format!("{}/_history", at(&word)))?.is(200)?.counts("entry", 2)?;
        got.has("entry.0.request.method", "DELETE")?.lacks("entry.0.resource").map(drop)
    }),
    must("http.html#delete", "a repeated deletion makes no further version", |w| {
        let word = stored(w)?;
        w.delete(&at(&word))?;
        w.delete(&at(&word))?;
        w.get(&format!("{}/_history", at(&word)))?.is(200)?.counts("entry", 2).map(drop)
    }),
    must("http.html#delete", "If-Match with the current version lets a deletion through", |w| {
        let word = stored(w)?;
        let tag = w.get(&at(&word))?.needs("etag")?;
        w.send("DELETE", &at(&word), &[("if-match", &tag)], b"")?.is(204).map(drop)
    }),
    must("http.html#delete", "If-Match with an overtaken version refuses a deletion with 412", |w| {
        let word = stored(w)?;
        w.send("DELETE", &at(&word), &[("if-match", "W/\"khac-1\"")], b"")?.refused(412)?;
        w.get(&at(&word))?.is(200).map(drop)
    }),
    may("http.html#delete", "Prefer: return=OperationOutcome makes a deletion answer 200 with one", |w| {
        let word = stored(w)?;
        let got = w.send("DELETE", &at(&word), &[("prefer", "return=OperationOutcome")], b"")?;
        got.is(200)?.has("resourceType", "OperationOutcome").map(drop)
    }),
    must("http.html#delete", "a deletion of a type that FHIR does not have answers 404", |w| {
        w.delete("BenhNhan/1")?.refused(404).map(drop)
    }),
    may("http.html#delete", "what points at a deleted record stays, and can still be read", |w| {
        let word = stored(w)?;
        let id = w.create(&observation(&at(&word), "718-7"))?;
        w.delete(&at(&word))?.deleted()?;
        w.get(&format!("Observation/{id}"))?.is(200)?.has("subject.reference", &at(&word)).map(drop)
    }),
    should("http.html#delete", "410 says that it was deleted, in an OperationOutcome", |w| {
        let word = stored(w)?;
        w.delete(&at(&word))?;
        w.get(&at(&word))?.refused(410)?.has("issue.0.code", "deleted").map(drop)
    }),
    must("http.html#delete", "a deletion without an id and without a condition is refused", |w| {
        w.delete("Patient")?.refused_one_of(&[400, 405, 412]).map(drop)
    }),
    may("http.html#delete", "history cannot be deleted", |w| {
        let word = stored(w)?;
        w.delete(&format!("{}/_history", at(&word)))?.refused(405)?;
        w.get(&at(&word))?.is(200).map(drop)
    }),
];

fn at(word: &str) -> String {
    format!("Patient/{word}")
}

fn stored(w: &mut World) -> Result<String, String> {
    let word = w.word();
    w.put(&at(&word), &patient_with_id(&word))?.is(201)?;
    Ok(word)
}
