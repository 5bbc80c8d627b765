//! Updates under a known id, and the versions they make. <https://hl7.org/fhir/R4/http.html#update>

use crate::check::{Check, may, must, should};
use crate::world::{JSON, World, holds, patient, patient_with_id, same};
use yba_fhir::json::json;

pub const CHECKS: &[Check] = &[
    must("http.html#update", "an update of what is there answers 200 with the new version", |w| {
        let word = stored(w)?;
        let got = male(w, &word, &[])?.is(200)?;
        got.has("gender", "male").map(drop)
    }),
    must("http.html#update", "an update makes a version with another version id", |w| {
        let word = stored(w)?;
        let first = w.get(&format!("Patient/{word}"))?.text("meta.versionId")?;
        let second = male(w, &word, &[])?.is(200)?.text("meta.versionId")?;
        holds(first != second, "the version id should change")
    }),
    must("http.html#upsert", "an update of an id that is not there creates with 201 and Location", |w| {
        let word = w.word();
        let got = w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.is(201)?;
        got.has("id", &word)?.says("location", &format!("/fhir/Patient/{word}/_history/")).map(drop)
    }),
    should("http.html#update", "an update says ETag and Last-Modified", |w| {
        let word = stored(w)?;
        let got = male(w, &word, &[])?.is(200)?;
        let tag = format!("W/\"{}\"", got.text("meta.versionId")?);
        got.says("etag", &tag)?.says("last-modified", " GMT").map(drop)
    }),
    must("http.html#update", "an update whose body has another id is refused with 400", |w| {
        let word = stored(w)?;
        let got = w.put(&format!("Patient/{word}"), &patient_with_id("khac"))?.refused(400)?;
        holds(got.count("issue") > 0, "an issue is needed")?;
        w.get("Patient/khac")?.refused(404).map(drop)
    }),
    must("http.html#update", "an update whose body has no id is refused with 400", |w| {
        let word = stored(w)?;
        w.put(&format!("Patient/{word}"), &patient(&word))?.refused(400).map(drop)
    }),
    must("http.html#update", "an update of another type than its address says is refused with 400", |w| {
        let word = stored(w)?;
        w.put(&format!("Observation/{word}"), &patient_with_id(&word))?.refused(400).map(drop)
    }),
    must("http.html#update", "an update of a type that FHIR does not have answers 404", |w| {
        w.put("BenhNhan/1", &json!({"resourceType": "BenhNhan", "id": "1"}))?.refused(404).map(drop)
    }),
    must(
        "http.html#update",
        "meta.versionId and meta.lastUpdated of the body of an update are replaced",
        |w| {
            let word = stored(w)?;
            let mut one = patient_with_id(&word);
            one["gender"] = json!("male");
            one["meta"] = json!({"versionId": "999", "lastUpdated": "1999-01-01T00:00:00Z"});
            let got = w.put(&format!("Patient/{word}"), &one)?.is(200)?;
            holds(got.text("meta.versionId")? != "999", "versionId should be the server's")?;
            holds(got.text("meta.lastUpdated")?.as_str() > "2020", "lastUpdated should be the server's")
        },
    ),
    must("http.html#update", "what an update leaves out is gone", |w| {
        let word = stored(w)?;
        w.put(&format!("Patient/{word}"), &json!({"resourceType": "Patient", "id": word.as_str()}))?
            .is(200)?;
        let got = w.get(&format!("Patient/{word}"))?.is(200)?;
        got.lacks("gender")?.lacks("name").map(drop)
    }),
    may("http.html#update", "an update with equal content makes no version", |w| {
        let word = stored(w)?;
        let first = w.get(&format!("Patient/{word}"))?.text("meta.versionId")?;
        let got = w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.is(200)?;
        same(got.text("meta.versionId")?, first, "the version id")
    }),
    must("http.html#update", "an update is seen by the searches that follow it", |w| {
        let word = stored(w)?;
        male(w, &word, &[])?.is(200)?;
        w.get(&format!("Patient?identifier=urn:{word}|1&gender=male"))?.is(200)?.matches_are(&[&word])?;
        w.get(&format!("Patient?identifier=urn:{word}|1&gender=female"))?.is(200)?.matches_are(&[])
    }),
    must("http.html#concurrency", "If-Match with the current version lets an update through", |w| {
        let word = stored(w)?;
        let tag = w.get(&format!("Patient/{word}"))?.needs("etag")?;
        male(w, &word, &[("if-match", &tag)])?.is(200).map(drop)
    }),
    must("http.html#concurrency", "If-Match with an overtaken version is refused with 412", |w| {
        let word = stored(w)?;
        let tag = w.get(&format!("Patient/{word}"))?.needs("etag")?;
        male(w, &word, &[])?.is(200)?;
        let mut one = patient_with_id(&word);
        one["gender"] = json!("other");
        w.write("PUT", &format!("Patient/{word}"), &[("if-match", &tag)], &one)?.refused(412)?;
        w.get(&format!("Patient/{word}"))?.is(200)?.has("gender", "male").map(drop)
    }),
    must(
        "http.html#concurrency",
        "If-Match for a record that is not there is refused and creates nothing",
        |w| {
            let word = w.word();
            let got = w.write(
                "PUT",
                &format!("Patient/{word}"),
                &[("if-match", "W/\"1\"")],
                &patient_with_id(&word),
            )?;
            got.refused(412)?;
            w.get(&format!("Patient/{word}"))?.refused(404).map(drop)
        },
    ),
    must(
        "http.html#concurrency",
        "If-Match with the same content but an old version is refused all the same",
        |w| {
            let word = stored(w)?;
            let tag = w.get(&format!("Patient/{word}"))?.needs("etag")?;
            male(w, &word, &[])?.is(200)?;
            male(w, &word, &[("if-match", &tag)])?.refused(412).map(drop)
        },
    ),
    must("RFC 7232 3.1", "If-Match that is no tag is refused", |w| {
        let word = stored(w)?;
        male(w, &word, &[("if-match", "")])?.refused_one_of(&[400, 412]).map(drop)
    }),
    must("http.html#update", "an update with a broken body changes nothing", |w| {
        let word = stored(w)?;
        let before = w.get(&format!("Patient/{word}"))?.text("meta.versionId")?;
        w.send("PUT", &format!("Patient/{word}"), &[JSON], b"{\"resourceType\":")?.refused(400)?;
        let mut bad = patient_with_id(&word);
        bad["birthDate"] = json!("1986-02-30");
        w.put(&format!("Patient/{word}"), &bad)?.refused(400)?;
        w.get(&format!("Patient/{word}"))?.is(200)?.has("meta.versionId", &before).map(drop)
    }),
    must("http.html#update", "an update brings a deleted record back under its id", |w| {
        let word = stored(w)?;
        w.delete(&format!("Patient/{word}"))?;
        w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.one_of(&[200, 201])?;
        w.get(&format!("Patient/{word}"))?.is(200).map(drop)
    }),
    must("http.html#versioning", "version ids of one record never come again after a deletion", |w| {
        let word = stored(w)?;
        let first = w.get(&format!("Patient/{word}"))?.text("meta.versionId")?;
        w.delete(&format!("Patient/{word}"))?;
        let again = w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.text("meta.versionId")?;
        holds(first != again, "a version id should never be used twice")
    }),
    must("http.html#update", "what is wrong with an id in the address is said with 400", |w| {
        w.put("Patient/a_b", &patient_with_id("a_b"))?.refused(400).map(drop)
    }),
    must("search.html#summary", "a part of a record is not taken back as the whole", |w| {
        let word = stored(w)?;
        let part = w.get(&format!("Patient/{word}?_elements=gender"))?.is(200)?;
        w.put(&format!("Patient/{word}"), part.tree()?)?.refused_one_of(&[400, 409, 422])?;
        w.get(&format!("Patient/{word}"))?.is(200)?.has("birthDate", "1986-04-12").map(drop)
    }),
];

fn stored(w: &mut World) -> Result<String, String> {
    let word = w.word();
    w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.is(201)?;
    Ok(word)
}

fn male(w: &mut World, word: &str, headers: &[(&str, &str)]) -> Result<crate::world::Got, String> {
    let mut one = patient_with_id(word);
    one["gender"] = json!("male");
    w.write("PUT", &format!("Patient/{word}"), headers, &one)
}
