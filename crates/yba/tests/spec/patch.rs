//! JSON Patch. <https://hl7.org/fhir/R4/http.html#patch>, <https://www.rfc-editor.org/rfc/rfc6902>

use crate::check::{Check, must, should};
use crate::world::{JSON, World, patient_with_id};
use yba_fhir::json::{Value, json};

pub const CHECKS: &[Check] = &[
    must("http.html#patch", "a patch answers 200 with the new version", |w| {
        let word = stored(w)?;
        let got = w.patch(&at(&word), &json!([{"op": "replace", "path": "/gender", "value": "male"}]))?;
        got.is(200)?.has("gender", "male")?.says("etag", "W/").map(drop)
    }),
    must("http.html#patch", "a patch makes a version in the history", |w| {
        let word = stored(w)?;
        w.patch(&at(&word), &json!([{"op": "add", "path": "/active", "value": true}]))?.is(200)?;
        w.get(&format!("{}/_history", at(&word)))?.is(200)?.counts("entry", 2).map(drop)
    }),
    must("http.html#patch", "a patch of what is not there answers 404", |w| {
        w.patch("Patient/khong-co-bao-gio", &json!([{"op": "add", "path": "/active", "value": true}]))?
            .refused(404)
            .map(drop)
    }),
    must("http.html#patch", "a patch of what was deleted is refused", |w| {
        let word = stored(w)?;
        w.delete(&at(&word))?;
        let got = w.patch(&at(&word), &json!([{"op": "add", "path": "/active", "value": true}]))?;
        got.refused_one_of(&[404, 410]).map(drop)
    }),
    must("http.html#patch", "a patch sent as another media type answers 415", |w| {
        let word = stored(w)?;
        w.send("PATCH", &at(&word), &[JSON], b"[]")?.refused(415).map(drop)
    }),
    must("http.html#patch", "a FHIRPath Patch, which is not offered, is refused as a media type", |w| {
        let word = stored(w)?;
        let body = json!({"resourceType": "Parameters", "parameter": []});
        w.write("PATCH", &at(&word), &[], &body)?.refused(415).map(drop)
    }),
    must("http.html#patch", "If-Match with the current version lets a patch through", |w| {
        let word = stored(w)?;
        let tag = w.get(&at(&word))?.needs("etag")?;
        patched(w, &word, &[("if-match", &tag)])?.is(200).map(drop)
    }),
    must("http.html#patch", "If-Match with an overtaken version refuses a patch with 412", |w| {
        let word = stored(w)?;
        let tag = w.get(&at(&word))?.needs("etag")?;
        patched(w, &word, &[])?.is(200)?;
        patched(w, &word, &[("if-match", &tag)])?.refused(412).map(drop)
    }),
    must(
        "http.html#patch",
        "a patch whose result is no valid resource is refused and changes nothing",
        |w| {
            let word = stored(w)?;
            let bad = json!([{"op": "replace", "path": "/gender", "value": "nữ"}]);
            w.patch(&at(&word), &bad)?.refused_one_of(&[400, 422])?;
            w.get(&at(&word))?.is(200)?.has("gender", "female").map(drop)
        },
    ),
    must("http.html#patch", "a patch cannot change the id or the type", |w| {
        let word = stored(w)?;
        w.patch(&at(&word), &json!([{"op": "replace", "path": "/id", "value": "khac"}]))?
            .refused_one_of(&[400, 422])?;
        let kind = json!([{"op": "replace", "path": "/resourceType", "value": "Person"}]);
        w.patch(&at(&word), &kind)?.refused_one_of(&[400, 422])?;
        w.get(&at(&word))?.is(200)?.has("id", &word).map(drop)
    }),
    should("http.html#patch", "Prefer: return=minimal holds for a patch", |w| {
        let word = stored(w)?;
        patched(w, &word, &[("prefer", "return=minimal")])?.is(200)?.no_body().map(drop)
    }),
    must("http.html#patch", "the digits of decimals stay through a patch", |w| {
        let word = w.word();
        let body = format!(
            r#"{{"resourceType":"Observation","id":"{word}","status":"final","code":{{"text":"x"}},"valueQuantity":{{"value":7.00}}}}"#
        );
        w.send("PUT", &format!("Observation/{word}"), &[JSON], body.as_bytes())?.is(201)?;
        let path = format!("Observation/{word}");
        w.patch(&path, &json!([{"op": "replace", "path": "/status", "value": "amended"}]))?.is(200)?;
        w.get(&path)?.is(200)?.has("valueQuantity.value", "7.00")?.has("status", "amended").map(drop)
    }),
    must("RFC 6902 4.1", "add puts a member where there was none", |w| {
        gives(w, json!([{"op": "add", "path": "/active", "value": true}]), "active", "true")
    }),
    must("RFC 6902 4.1", "add replaces a member that is there", |w| {
        gives(w, json!([{"op": "add", "path": "/gender", "value": "other"}]), "gender", "other")
    }),
    must("RFC 6902 4.1", "add puts an item into a list before the position it names", |w| {
        gives(w, json!([{"op": "add", "path": "/name/0/given/0", "value": "A"}]), "name.0.given.0", "A")?;
        gives(w, json!([{"op": "add", "path": "/name/0/given/1", "value": "A"}]), "name.0.given.2", "Mẫu")
    }),
    must("RFC 6902 4.1", "add with - puts an item at the end of a list", |w| {
        gives(w, json!([{"op": "add", "path": "/name/0/given/-", "value": "Z"}]), "name.0.given.2", "Z")
    }),
    must("RFC 6902 4.1", "add beyond the end of a list is refused with 422", |w| {
        refuses(w, json!([{"op": "add", "path": "/name/0/given/9", "value": "Z"}]))
    }),
    must("RFC 6902 4.1", "add below what is not there is refused", |w| {
        refuses(w, json!([{"op": "add", "path": "/contact/0/gender", "value": "male"}]))
    }),
    must("RFC 6902 4.2", "remove takes a member away", |w| {
        let word = stored(w)?;
        w.patch(&at(&word), &json!([{"op": "remove", "path": "/gender"}]))?.is(200)?.lacks("gender").map(drop)
    }),
    must("RFC 6902 4.2", "remove of what is not there is refused", |w| {
        refuses(w, json!([{"op": "remove", "path": "/telecom"}]))
    }),
    must("RFC 6902 4.3", "replace of what is not there is refused", |w| {
        refuses(w, json!([{"op": "replace", "path": "/telecom", "value": []}]))
    }),
    must("RFC 6902 4.4", "move takes a value to another place", |w| {
        gives(
            w,
            json!([{"op": "move", "from": "/name/0/given/1", "path": "/name/0/given/0"}]),
            "name.0.given.0",
            "Mẫu",
        )
    }),
    must("RFC 6902 4.4", "move of a place into itself is refused", |w| {
        refuses(w, json!([{"op": "move", "from": "/name", "path": "/name/0"}]))
    }),
    must("RFC 6902 4.5", "copy puts the same value in another place", |w| {
        gives(w, json!([{"op": "copy", "from": "/name/0", "path": "/name/-"}]), "name.1.family", "Lò")
    }),
    must("RFC 6902 4.6", "test that holds lets the patch through", |w| {
        let patch = json!([
            {"op": "test", "path": "/gender", "value": "female"},
            {"op": "replace", "path": "/gender", "value": "male"},
        ]);
        gives(w, patch, "gender", "male")
    }),
    must("RFC 6902 5", "test that does not hold undoes the whole patch", |w| {
        let word = stored(w)?;
        let patch = json!([
            {"op": "replace", "path": "/birthDate", "value": "2000-01-01"},
            {"op": "test", "path": "/gender", "value": "male"},
        ]);
        w.patch(&at(&word), &patch)?.refused(422)?;
        w.get(&at(&word))?.is(200)?.has("birthDate", "1986-04-12").map(drop)
    }),
    must("RFC 6902 4.6", "test compares objects without the order of their members", |w| {
        let word = stored(w)?;
        let system = format!("urn:{word}");
        let body = format!(
            r#"[{{"op":"test","path":"/identifier/0","value":{{"value":"1","system":"{system}"}}}},{{"op":"add","path":"/active","value":true}}]"#
        );
        let sent = w.send("PATCH", &at(&word), &[crate::world::JSON_PATCH], body.as_bytes())?;
        sent.is(200)?.has("active", "true").map(drop)
    }),
    must("RFC 6902 4", "an op that is not known is refused", |w| {
        let word = stored(w)?;
        let patch = json!([{"op": "merge", "path": "/gender", "value": "male"}]);
        w.patch(&at(&word), &patch)?.refused(400).map(drop)
    }),
    must("RFC 6902 3", "a patch that is no list is refused", |w| {
        let word = stored(w)?;
        w.patch(&at(&word), &json!({"op": "remove", "path": "/gender"}))?.refused(400).map(drop)
    }),
    must("RFC 6902 4", "a member of an operation that means nothing is passed over", |w| {
        let patch = json!([{"op": "add", "path": "/active", "value": true, "colour": "red"}]);
        gives(w, patch, "active", "true")
    }),
    must("RFC 6902 3", "~1 and ~0 in a path mean / and ~", |w| {
        // There is no such member; the path must be understood, and then not be found.
        refuses(w, json!([{"op": "remove", "path": "/a~1b~0c"}]))
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

fn patched(w: &mut World, word: &str, headers: &[(&str, &str)]) -> Result<crate::world::Got, String> {
    let mut all = vec![crate::world::JSON_PATCH];
    all.extend(headers);
    w.send("PATCH", &at(word), &all, br#"[{"op":"replace","path":"/gender","value":"male"}]"#)
}

fn gives(w: &mut World, patch: Value, path: &str, wanted: &str) -> Result<(), String> {
    let word = stored(w)?;
    w.patch(&at(&word), &patch)?.is(200)?;
    w.get(&at(&word))?.is(200)?.has(path, wanted).map(drop)
}

fn refuses(w: &mut World, patch: Value) -> Result<(), String> {
    let word = stored(w)?;
    let before = w.get(&at(&word))?.needs("etag")?;
    w.patch(&at(&word), &patch)?.refused(422)?;
    w.get(&at(&word))?.is(200)?.says("etag", &before).map(drop)
}
