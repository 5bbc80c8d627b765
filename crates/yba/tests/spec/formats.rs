//! Formats, packing, ids of requests. <https://hl7.org/fhir/R4/http.html#mime-type>

use crate::check::{Check, may, must, should};
use crate::world::{JSON, World, holds, patient, same};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const M: &str = "http.html#mime-type";
const P: &str = "http.html#parameters";

pub const CHECKS: &[Check] = &[
    must(M, "an answer says application/fhir+json", |w| {
        let id = stored(w)?;
        w.get(&id)?.is(200)?.says("content-type", "application/fhir+json").map(drop)
    }),
    must(M, "an answer says that it is UTF-8", |w| {
        let id = stored(w)?;
        let kind = w.get(&id)?.is(200)?.needs("content-type")?;
        holds(kind.to_lowercase().contains("charset=utf-8"), "the charset should be said")
    }),
    must(M, "Accept: application/fhir+json is taken", |w| takes(w, "application/fhir+json")),
    must(M, "Accept: application/json is taken", |w| takes(w, "application/json")),
    must(M, "Accept: */* is taken", |w| takes(w, "*/*")),
    must(M, "Accept with several media types takes the one that is offered", |w| {
        takes(w, "application/fhir+xml;q=0.9, application/fhir+json;q=0.8")
    }),
    must(M, "Accept of a browser is taken", |w| {
        takes(w, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    }),
    must("http.html#version-parameter", "Accept with fhirVersion=4.0 is taken", |w| {
        takes(w, "application/fhir+json; fhirVersion=4.0")
    }),
    must("http.html#version-parameter", "Accept with another fhirVersion is refused with 406", |w| {
        let id = stored(w)?;
        w.get_with(&id, &[("accept", "application/fhir+json; fhirVersion=3.0")])?.refused(406).map(drop)
    }),
    must("http.html#version-parameter", "a body of another fhirVersion is refused with 415", |w| {
        let headers = [("content-type", "application/fhir+json; fhirVersion=5.0")];
        w.send("POST", "Patient", &headers, b"{\"resourceType\":\"Patient\"}")?.refused(415).map(drop)
    }),
    must("RFC 7231 5.3.2", "Accept that refuses JSON by q=0 is refused with 406", |w| {
        let id = stored(w)?;
        w.get_with(&id, &[("accept", "application/fhir+json;q=0")])?.refused(406).map(drop)
    }),
    must("RFC 7231 5.3.2", "what a caller refuses by q=0 it is not given for */*", |w| {
        let id = stored(w)?;
        let got =
            w.get_with(&id, &[("accept", "application/fhir+json;q=0, application/json;q=0, */*;q=0")])?;
        got.refused(406).map(drop)
    }),
    must(M, "a body as application/json is taken", |w| {
        let got = w.send(
            "POST",
            "Patient",
            &[("content-type", "application/json")],
            b"{\"resourceType\":\"Patient\"}",
        )?;
        got.is(201).map(drop)
    }),
    must(M, "a body with a charset is taken", |w| {
        let headers = [("content-type", "application/fhir+json; charset=UTF-8")];
        w.send("POST", "Patient", &headers, b"{\"resourceType\":\"Patient\"}")?.is(201).map(drop)
    }),
    must(M, "a body in another charset is refused", |w| {
        let headers = [("content-type", "application/fhir+json; charset=utf-16")];
        w.send("POST", "Patient", &headers, b"{\"resourceType\":\"Patient\"}")?.refused(415).map(drop)
    }),
    must(P, "_format=json is taken", |w| formats(w, "json")),
    must(P, "_format=application/json is taken", |w| formats(w, "application/json")),
    must(P, "_format=application/fhir+json is taken, the plus packed or not", |w| {
        formats(w, "application/fhir%2Bjson")?;
        formats(w, "application/fhir+json")
    }),
    must(P, "_format goes before Accept", |w| {
        let id = stored(w)?;
        w.get_with(&format!("{id}?_format=json"), &[("accept", "application/fhir+xml")])?.is(200)?;
        w.get_with(&format!("{id}?_format=xml"), &[("accept", "application/fhir+json")])?
            .refused(406)
            .map(drop)
    }),
    must(P, "_format of what is not offered is refused with 406", |w| {
        let id = stored(w)?;
        for format in ["xml", "application/fhir+xml", "text/turtle", "ttl", "html"] {
            w.get(&format!("{id}?_format={format}"))?.refused(406)?;
        }
        Ok(())
    }),
    must(P, "_format is taken by every interaction", |w| {
        let id = stored(w)?;
        w.get("Patient?_format=json&_count=1")?.is(200)?;
        w.get(&format!("{id}/_history?_format=json"))?.is(200)?;
        w.get("metadata?_format=json")?.is(200)?;
        w.post("Patient?_format=json", &patient("x"))?.is(201)?;
        w.form("Patient/_search?_format=json", "_count=1")?.is(200)?;
        w.delete(&format!("{id}?_format=json"))?.is(204).map(drop)
    }),
    must("http.html#pretty", "_pretty=true is taken by reads and searches", |w| {
        let id = stored(w)?;
        w.get(&format!("{id}?_pretty=true"))?.is(200)?.has("gender", "female")?;
        w.get("Patient?_count=1&_pretty=true")?.is(200).map(drop)
    }),
    should("http.html#pretty", "_pretty=true gives lines that a person can read", |w| {
        let id = stored(w)?;
        let plain = w.get(&id)?.is(200)?;
        let pretty = w.get(&format!("{id}?_pretty=true"))?.is(200)?;
        let lines = |body: &[u8]| body.iter().filter(|byte| **byte == b'\n').count();
        holds(lines(&pretty.body) > 5 && lines(&plain.body) < 2, "there should be many lines")
    }),
    must("RFC 1952 2", "an answer is packed with gzip when the caller takes it", |w| {
        let mine = many(w)?;
        let got = w
            .get_with(&format!("Patient?identifier=urn:{mine}|1"), &[("accept-encoding", "gzip")])?
            .is(200)?;
        got.says("content-encoding", "gzip")?.counts("entry", 12).map(drop)
    }),
    must("RFC 7231 5.3.4", "an answer is not packed when the caller does not take it", |w| {
        let mine = many(w)?;
        for takes in ["identity", "gzip;q=0", "br"] {
            let got = w
                .get_with(&format!("Patient?identifier=urn:{mine}|1"), &[("accept-encoding", takes)])?
                .is(200)?;
            got.lacks_header("content-encoding")?;
        }
        Ok(())
    }),
    must("RFC 7231 7.1.4", "an answer that depends on Accept-Encoding says so in Vary", |w| {
        let mine = many(w)?;
        let got = w.get_with(&format!("Patient?identifier=urn:{mine}|1"), &[("accept-encoding", "gzip")])?;
        holds(
            got.needs("vary")?.to_lowercase().contains("accept-encoding"),
            "Vary should name Accept-Encoding",
        )
    }),
    must("RFC 1952 2", "a body that is packed with gzip is taken", |w| {
        let word = w.word();
        let plain = format!(
            "{{\"resourceType\":\"Patient\",\"identifier\":[{{\"system\":\"urn:{word}\",\"value\":\"1\"}}]}}"
        );
        let got =
            w.send("POST", "Patient", &[JSON, ("content-encoding", "gzip")], &packed(plain.as_bytes()))?;
        got.is(201)?.has("identifier.0.system", &format!("urn:{word}")).map(drop)
    }),
    must("RFC 1952 2", "a body whose gzip is damaged is refused", |w| {
        let mut body = packed(b"{\"resourceType\":\"Patient\"}");
        body.truncate(body.len() - 9);
        w.send("POST", "Patient", &[JSON, ("content-encoding", "gzip")], &body)?.refused(400).map(drop)
    }),
    must("RFC 7231 3.1.2.2", "a body that is packed otherwise is refused with 415", |w| {
        w.send("POST", "Patient", &[JSON, ("content-encoding", "br")], b"xx")?.refused(415).map(drop)
    }),
    must(
        "http.html#mime-type",
        "a body that unpacks to more than the server takes is refused with 413",
        |w| {
            let bomb = packed(&vec![b' '; 65 << 20]);
            w.send("POST", "Patient", &[JSON, ("content-encoding", "gzip")], &bomb)?.refused(413).map(drop)
        },
    ),
    should("http.html#custom", "an answer says an id of the request", |w| {
        let first = w.get("metadata")?.needs("x-request-id")?;
        let second = w.get("metadata")?.needs("x-request-id")?;
        holds(!first.is_empty() && first != second, "each request has an id of its own")
    }),
    should("http.html#custom", "the caller's own id of the request comes back", |w| {
        let got = w.get_with("Patient/khong-co-bao-gio", &[("x-request-id", "cua-toi-7")])?.refused(404)?;
        got.says("x-request-id", "cua-toi-7").map(drop)
    }),
    may("http.html#custom", "an id of a request that may not stand in a log is replaced", |w| {
        let got = w.get_with("metadata", &[("x-request-id", "a b;c")])?.is(200)?;
        holds(got.needs("x-request-id")? != "a b;c", "it should be replaced")
    }),
    must("json.html#resources", "names and texts keep every letter of Vietnamese", |w| {
        let words = "Ẩn ẫ ậ ắ ằ ẳ ẵ ặ đ Đ ơ ư ỷ ỹ ỵ — “…” 𠀀 👩‍⚕️";
        let body = format!("{{\"resourceType\":\"Patient\",\"name\":[{{\"text\":\"{words}\"}}]}}");
        let id = w.send("POST", "Patient", &[JSON], body.as_bytes())?.is(201)?.text("id")?;
        w.get(&format!("Patient/{id}"))?.has("name.0.text", words).map(drop)
    }),
    must("json.html#resources", "escapes in JSON are read as what they mean", |w| {
        let body = br#"{"resourceType":"Patient","name":[{"text":"L\u00f2 \ud83d\ude00 \"x\" \\ \/ \t"}]}"#;
        let got = w.send("POST", "Patient", &[JSON], body)?.is(201)?;
        got.has("name.0.text", "Lò 😀 \"x\" \\ / \t").map(drop)
    }),
    must("datatypes.html#decimal", "a decimal keeps more digits than a double has", |w| {
        let body = br#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":0.12345678901234567890}}"#;
        let id = w.send("POST", "Observation", &[JSON], body)?.is(201)?.text("id")?;
        w.get(&format!("Observation/{id}"))?.has("valueQuantity.value", "0.12345678901234567890").map(drop)
    }),
    must("http.html#custom", "several requests go over one connection, one after another", |w| {
        let mut line = crate::http::Line::open(w.address()).map_err(|error| error.to_string())?;
        for _ in 0..3 {
            line.ask("GET", "/fhir/metadata", &[], b"").map_err(|error| error.to_string())?;
        }
        for _ in 0..3 {
            same(line.answer().map_err(|error| error.to_string())?.status, 200, "the status")?;
        }
        Ok(())
    }),
];

/// A new Patient's address.
fn stored(w: &mut World) -> Result<String, String> {
    let word = w.word();
    Ok(format!("Patient/{}", w.patient(&word)?))
}

/// Twelve patients of one identifier: more than is too little to pack.
fn many(w: &mut World) -> Result<String, String> {
    let word = w.word();
    for _ in 0..12 {
        w.patient(&word)?;
    }
    Ok(word)
}

fn takes(w: &mut World, accept: &str) -> Result<(), String> {
    let id = stored(w)?;
    let got = w.get_with(&id, &[("accept", accept)])?.is(200)?;
    got.says("content-type", "json")?.has("gender", "female").map(drop)
}

fn formats(w: &mut World, format: &str) -> Result<(), String> {
    let id = stored(w)?;
    w.get(&format!("{id}?_format={format}"))?.is(200)?.has("gender", "female").map(drop)
}

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}
