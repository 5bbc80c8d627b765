//! Reads of one record and of one of its versions. <https://hl7.org/fhir/R4/http.html#read>

use crate::check::{Check, may, must, should};
use crate::world::{World, holds, patient, patient_with_id, same};
use yba_fhir::json::json;

pub const CHECKS: &[Check] = &[
    must("http.html#read", "a read answers 200 with the resource under its id", |w| {
        let id = stored(w)?;
        w.get(&format!("Patient/{id}"))?.is(200)?.has("resourceType", "Patient")?.has("id", &id).map(drop)
    }),
    should("http.html#read", "a read says the version in ETag, as a weak tag", |w| {
        let id = stored(w)?;
        let got = w.get(&format!("Patient/{id}"))?.is(200)?;
        let version = got.text("meta.versionId")?;
        got.says("etag", &format!("W/\"{version}\"")).map(drop)
    }),
    should("http.html#read", "a read says when the record changed in Last-Modified", |w| {
        let id = stored(w)?;
        let got = w.get(&format!("Patient/{id}"))?.is(200)?;
        let modified = got.needs("last-modified")?;
        holds(modified.ends_with(" GMT") && modified.len() == 29, "Last-Modified should be an HTTP date")
    }),
    must("http.html#read", "a read of an id that never was answers 404", |w| {
        w.get("Patient/khong-co-bao-gio")?.refused(404).map(drop)
    }),
    must("http.html#read", "a read of a deleted record answers 410", |w| {
        let id = stored(w)?;
        w.delete(&format!("Patient/{id}"))?.deleted()?;
        w.get(&format!("Patient/{id}"))?.refused(410).map(drop)
    }),
    must("http.html#read", "a read of a type that FHIR does not have answers 404", |w| {
        w.get("BenhNhan/1")?.refused(404).map(drop)
    }),
    must("http.html#read", "a record of one type is not read under another", |w| {
        let id = stored(w)?;
        w.get(&format!("Observation/{id}"))?.refused(404).map(drop)
    }),
    must("http.html#read", "types and ids are case-sensitive", |w| {
        let mut word = w.word();
        word.push('q');
        w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.is(201)?;
        w.get(&format!("patient/{word}"))?.refused(404)?;
        w.get(&format!("Patient/{}", word.to_uppercase()))?.refused(404).map(drop)
    }),
    must("http.html#read", "an id that is longer than 64 characters is refused", |w| {
        w.get(&format!("Patient/{}", "a".repeat(65)))?.refused_one_of(&[400, 404]).map(drop)
    }),
    must("http.html#read", "an id with a character that ids may not have is refused", |w| {
        w.get("Patient/a_b")?.refused_one_of(&[400, 404])?;
        w.get("Patient/a%20b")?.refused_one_of(&[400, 404])?;
        w.get("Patient/a%00b")?.refused_one_of(&[400, 404]).map(drop)
    }),
    must("http.html#read", "a read gives the elements and digits that were sent", |w| {
        let subject = stored(w)?;
        let word = w.word();
        let body = format!(
            r#"{{"resourceType":"Observation","id":"{word}","status":"final","code":{{"text":"đường huyết"}},"subject":{{"reference":"Patient/{subject}"}},"valueQuantity":{{"value":5.60,"unit":"mmol/L"}},"effectiveDateTime":"2026-03"}}"#
        );
        w.send("PUT", &format!("Observation/{word}"), &[crate::world::JSON], body.as_bytes())?.is(201)?;
        let got = w.get(&format!("Observation/{word}"))?.is(200)?;
        got.has("valueQuantity.value", "5.60")?
            .has("effectiveDateTime", "2026-03")?
            .has("code.text", "đường huyết")
            .map(drop)
    }),
    may("http.html#read", "HEAD answers like GET, without a body", |w| {
        let id = stored(w)?;
        let whole = w.get(&format!("Patient/{id}"))?.is(200)?;
        let head = w.send("HEAD", &format!("Patient/{id}"), &[], b"")?.is(200)?.no_body()?;
        same(head.header("etag"), whole.header("etag"), "ETag")?;
        same(head.header("last-modified"), whole.header("last-modified"), "Last-Modified")?;
        same(head.header("content-type"), whole.header("content-type"), "Content-Type")
    }),
    may("http.html#read", "HEAD of what is not there answers 404 and of what was deleted 410", |w| {
        let id = stored(w)?;
        w.delete(&format!("Patient/{id}"))?;
        w.send("HEAD", &format!("Patient/{id}"), &[], b"")?.is(410)?;
        w.send("HEAD", "Patient/khong-co-bao-gio", &[], b"")?.is(404).map(drop)
    }),
    must("http.html#cread", "If-None-Match with the current version answers 304 without a body", |w| {
        let id = stored(w)?;
        let tag = w.get(&format!("Patient/{id}"))?.needs("etag")?;
        w.get_with(&format!("Patient/{id}"), &[("if-none-match", &tag)])?.is(304)?.no_body().map(drop)
    }),
    must("http.html#cread", "If-None-Match with an older version answers 200 with the record", |w| {
        let id = stored(w)?;
        let tag = w.get(&format!("Patient/{id}"))?.needs("etag")?;
        changed(w, &id)?;
        w.get_with(&format!("Patient/{id}"), &[("if-none-match", &tag)])?.is(200)?.has("id", &id).map(drop)
    }),
    must("http.html#cread", "If-Modified-Since with a moment after the last change answers 304", |w| {
        let id = stored(w)?;
        let since = [("if-modified-since", "Tue, 01 Jan 2097 00:00:00 GMT")];
        let modified = w.get(&format!("Patient/{id}"))?.needs("last-modified")?;
        w.get_with(&format!("Patient/{id}"), &since)?.is(304)?.no_body()?;
        // So has the moment of the change itself (RFC 7232, 3.3: earlier or equal).
        w.get_with(&format!("Patient/{id}"), &[("if-modified-since", &modified)])?
            .is(304)?
            .no_body()
            .map(drop)
    }),
    must("http.html#cread", "If-Modified-Since with a moment before the last change answers 200", |w| {
        let id = stored(w)?;
        let since = [("if-modified-since", "Mon, 01 Jan 2024 00:00:00 GMT")];
        w.get_with(&format!("Patient/{id}"), &since)?.is(200)?.has("id", &id).map(drop)
    }),
    must("RFC 7232 3.3", "If-Modified-Since that is no date is passed over", |w| {
        let id = stored(w)?;
        w.get_with(&format!("Patient/{id}"), &[("if-modified-since", "hôm qua")])?.is(200).map(drop)
    }),
    must("RFC 7232 3.3", "If-Modified-Since is passed over when If-None-Match is there", |w| {
        let id = stored(w)?;
        let modified = w.get(&format!("Patient/{id}"))?.needs("last-modified")?;
        let headers = [("if-modified-since", modified.as_str()), ("if-none-match", "W/\"khac-1\"")];
        w.get_with(&format!("Patient/{id}"), &headers)?.is(200).map(drop)
    }),
    must("RFC 7232 3.2", "If-None-Match takes a list of tags", |w| {
        let id = stored(w)?;
        let tag = w.get(&format!("Patient/{id}"))?.needs("etag")?;
        let list = format!("W/\"khac-1\", {tag}");
        w.get_with(&format!("Patient/{id}"), &[("if-none-match", &list)])?.is(304).map(drop)
    }),
    must("RFC 7232 3.2", "If-None-Match: * answers 304 when the record is there", |w| {
        let id = stored(w)?;
        w.get_with(&format!("Patient/{id}"), &[("if-none-match", "*")])?.is(304).map(drop)
    }),
    must("RFC 7232 3.2", "If-None-Match compares weakly: a strong tag of the same version holds", |w| {
        let id = stored(w)?;
        let tag = w.get(&format!("Patient/{id}"))?.needs("etag")?;
        let strong = tag.trim_start_matches("W/").to_owned();
        w.get_with(&format!("Patient/{id}"), &[("if-none-match", &strong)])?.is(304).map(drop)
    }),
    must("RFC 7232 4.1", "304 says ETag again", |w| {
        let id = stored(w)?;
        let tag = w.get(&format!("Patient/{id}"))?.needs("etag")?;
        w.get_with(&format!("Patient/{id}"), &[("if-none-match", &tag)])?
            .is(304)?
            .says("etag", &tag)
            .map(drop)
    }),
    must("http.html#vread", "a version is read under its id and version id", |w| {
        let id = stored(w)?;
        let version = w.get(&format!("Patient/{id}"))?.text("meta.versionId")?;
        let got = w.get(&format!("Patient/{id}/_history/{version}"))?.is(200)?;
        got.has("id", &id)?.has("meta.versionId", &version).map(drop)
    }),
    must("http.html#vread", "an old version stays as it was after an update", |w| {
        let id = stored(w)?;
        let first = w.get(&format!("Patient/{id}"))?.text("meta.versionId")?;
        changed(w, &id)?;
        let got = w.get(&format!("Patient/{id}/_history/{first}"))?.is(200)?;
        got.has("gender", "female")?.has("meta.versionId", &first).map(drop)
    }),
    should("http.html#vread", "a version says its own ETag and Last-Modified", |w| {
        let id = stored(w)?;
        let first = w.get(&format!("Patient/{id}"))?.text("meta.versionId")?;
        changed(w, &id)?;
        let got = w.get(&format!("Patient/{id}/_history/{first}"))?.is(200)?;
        got.says("etag", &format!("W/\"{first}\""))?.says("last-modified", "GMT").map(drop)
    }),
    must("http.html#vread", "a version that never was answers 404", |w| {
        let id = stored(w)?;
        w.get(&format!("Patient/{id}/_history/khong-co"))?.refused(404).map(drop)
    }),
    must("http.html#vread", "the version that is a deletion answers 410", |w| {
        let id = stored(w)?;
        w.delete(&format!("Patient/{id}"))?.deleted()?;
        let history = w.get(&format!("Patient/{id}/_history"))?.is(200)?;
        let tag = history.text("entry.0.response.etag")?;
        let version = tag.trim_start_matches("W/").trim_matches('"').to_owned();
        w.get(&format!("Patient/{id}/_history/{version}"))?.refused(410).map(drop)
    }),
    must("http.html#vread", "a version from before a deletion can still be read", |w| {
        let id = stored(w)?;
        let first = w.get(&format!("Patient/{id}"))?.text("meta.versionId")?;
        w.delete(&format!("Patient/{id}"))?;
        w.get(&format!("Patient/{id}/_history/{first}"))?.is(200)?.has("gender", "female").map(drop)
    }),
    must("http.html#vread", "a version of another record is not found under this one", |w| {
        let (one, other) = (stored(w)?, stored(w)?);
        let version = w.get(&format!("Patient/{one}"))?.text("meta.versionId")?;
        w.get(&format!("Patient/{other}/_history/{version}"))?.refused(404).map(drop)
    }),
    must("search.html#summary", "a read with _summary=true gives a part and says so", |w| {
        let id = with_text(w)?;
        let got = w.get(&format!("Patient/{id}?_summary=true"))?.is(200)?;
        let got = got.lacks("text")?.has("gender", "female")?;
        same(got.each("meta.tag", "code"), vec!["SUBSETTED".to_owned()], "the tag")
    }),
    must("search.html#summary", "a read with _summary=text gives the text and what is mandatory", |w| {
        let id = with_text(w)?;
        w.get(&format!("Patient/{id}?_summary=text"))?
            .is(200)?
            .has("text.status", "generated")?
            .lacks("gender")
            .map(drop)
    }),
    must("search.html#summary", "a read with _summary=data gives all but the text", |w| {
        let id = with_text(w)?;
        w.get(&format!("Patient/{id}?_summary=data"))?
            .is(200)?
            .lacks("text")?
            .has("gender", "female")
            .map(drop)
    }),
    must("search.html#elements", "a read with _elements gives these elements", |w| {
        let id = with_text(w)?;
        let got = w.get(&format!("Patient/{id}?_elements=gender"))?.is(200)?;
        got.has("gender", "female")?.has("id", &id)?.lacks("name")?.lacks("text").map(drop)
    }),
    must("search.html#summary", "_summary=false gives the whole record", |w| {
        let id = with_text(w)?;
        let got = w.get(&format!("Patient/{id}?_summary=false"))?.is(200)?;
        got.has("text.status", "generated")?.has("gender", "female")?.lacks("meta.tag").map(drop)
    }),
    may("http.html#read", "a query parameter that a read does not know is refused", |w| {
        let id = stored(w)?;
        w.get(&format!("Patient/{id}?mau=do"))?.refused(400).map(drop)
    }),
    must("resource.html#id", "an id of 64 characters of every allowed kind can be used", |w| {
        let mut id = format!("{}-A.z0-", w.word());
        while id.len() < 64 {
            id.push('9');
        }
        w.put(&format!("Patient/{id}"), &patient_with_id(&id))?.is(201)?;
        w.get(&format!("Patient/{id}"))?.is(200)?.has("id", &id).map(drop)
    }),
    must("resource.html#Meta", "meta.lastUpdated is an instant with a time zone", |w| {
        let id = stored(w)?;
        let instant = w.get(&format!("Patient/{id}"))?.text("meta.lastUpdated")?;
        let zoned =
            instant.ends_with('Z') || instant.rsplit(['+', '-']).next().is_some_and(|zone| zone.len() == 5);
        holds(instant.len() >= 20 && instant.contains('T') && zoned, "meta.lastUpdated should be an instant")
    }),
];

/// A new Patient's id.
fn stored(w: &mut World) -> Result<String, String> {
    let word = w.word();
    w.patient(&word)
}

/// Makes the patient male.
fn changed(w: &mut World, id: &str) -> Result<(), String> {
    let mut other = patient("khac");
    other["id"] = json!(id);
    other["gender"] = json!("male");
    w.put(&format!("Patient/{id}"), &other)?.is(200).map(drop)
}

/// A new Patient with a narrative.
fn with_text(w: &mut World) -> Result<String, String> {
    let mut one = patient("chu");
    one["text"] =
        json!({"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Lò Thị Mẫu</div>"});
    w.create(&one)
}
