//! What a server says when it cannot do what it was asked. <https://hl7.org/fhir/R4/http.html#Status-Codes>,
//! <https://hl7.org/fhir/R4/operationoutcome.html>

use crate::check::{Check, must, should};
use crate::world::{JSON, JSON_PATCH, World, holds, patient, patient_with_id, same};
use std::time::{Duration, Instant};
use yba_fhir::json::json;

const E: &str = "http.html#Status-Codes";
const O: &str = "operationoutcome.html#scope";
/// How long a profile may take until records are judged by it.
const PROFILE: Duration = Duration::from_secs(10);

pub const CHECKS: &[Check] = &[
    should(O, "400 has an OperationOutcome with a place in FHIRPath", |w| {
        let got = w.post("Patient", &json!({"resourceType": "Patient", "gender": "nữ"}))?.refused(400)?;
        same(got.text("issue.0.expression.0")?, "Patient.gender".to_owned(), "the place")
    }),
    should(O, "everything that is wrong is told at once", |w| {
        let bad =
            json!({"resourceType": "Patient", "gender": "nữ", "birthDate": "30/02/1986", "colour": "red"});
        let got = w.post("Patient", &bad)?.refused(400)?;
        holds(got.count("issue") >= 3, "there are three faults")
    }),
    should(O, "every unknown parameter of a search is named", |w| {
        let got = w.get("Patient?mau=do&so=42")?.refused(400)?;
        let said = got.each("issue", "expression.0").join(" ");
        holds(said.contains("mau") && said.contains("so"), "both parameters should be named")
    }),
    must(O, "a refusal is sent as FHIR's own media type", |w| {
        w.get("Patient/khong-co-bao-gio")?
            .refused(404)?
            .says("content-type", "application/fhir+json")
            .map(drop)
    }),
    should(O, "404 has the issue code not-found", |w| {
        w.get("Patient/khong-co-bao-gio")?.refused(404)?.has("issue.0.code", "not-found").map(drop)
    }),
    should(O, "a method that is not taken has the issue code not-supported", |w| {
        w.send("DELETE", "metadata", &[], b"")?.refused(405)?.has("issue.0.code", "not-supported").map(drop)
    }),
    must("operationoutcome.html#codes", "412 of several matches is an OperationOutcome", |w| {
        let word = w.word();
        w.patient(&word)?;
        w.patient(&word)?;
        w.delete(&format!("Patient?identifier=urn:{word}|1"))?.refused(412).map(drop)
    }),
    must(E, "a method that an address does not take answers 405", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.send("POST", &format!("Patient/{id}"), &[JSON], b"{}")?.refused(405)?;
        w.send("PUT", "metadata", &[JSON], b"{}")?.refused(405)?;
        w.send("PATCH", "", &[JSON_PATCH], b"[]")?.refused(405).map(drop)
    }),
    must("RFC 7231 6.5.5", "405 says in Allow which methods the address takes", |w| {
        let got = w.send("DELETE", "metadata", &[], b"")?.refused(405)?;
        got.says("allow", "GET").map(drop)
    }),
    must(E, "a method that HTTP does not have is refused", |w| {
        let got = w.send("BREW", "Patient", &[], b"")?;
        holds(matches!(got.status, 400 | 405 | 501), "it should be refused")
    }),
    must(E, "an address that means nothing answers 404", |w| {
        w.get("Patient/1/2/3/4")?.refused(404)?;
        w.get("khong-co-gi")?.refused(404)?;
        w.get("Patient/1/_history/1/2")?.refused(404).map(drop)
    }),
    must(E, "a body in a media type that is not offered answers 415", |w| {
        for kind in
            ["application/fhir+xml", "text/plain", "application/octet-stream", "application/fhir+turtle"]
        {
            let got = w.send("POST", "Patient", &[("content-type", kind)], b"<Patient/>")?;
            got.refused(415)?;
        }
        Ok(())
    }),
    must(E, "a body without a media type is refused", |w| {
        w.send("POST", "Patient", &[], b"{\"resourceType\":\"Patient\"}")?
            .refused_one_of(&[400, 415])
            .map(drop)
    }),
    must(E, "an answer in a media type that is not offered is refused with 406", |w| {
        for kind in ["application/fhir+xml", "application/xml", "text/turtle", "image/png"] {
            w.get_with("Patient?_count=1", &[("accept", kind)])?.refused(406)?;
        }
        Ok(())
    }),
    must(E, "a body that is larger than the server takes answers 413", |w| {
        let length = (65u64 << 20).to_string();
        let address = w.address();
        let mut line = crate::http::Line::open(address).map_err(|error| error.to_string())?;
        let headers = [JSON, ("content-length", length.as_str())];
        line.ask_unfinished("POST", "/fhir/Patient", &headers, b"{").map_err(|error| error.to_string())?;
        let answer = line.answer().map_err(|error| error.to_string())?;
        same(answer.status, 413, "the status")?;
        holds(answer.text().contains("OperationOutcome"), "an OperationOutcome should say so")
    }),
    must(E, "JSON that is nested too deeply is refused", |w| {
        let deep = format!(
            "{{\"resourceType\":\"Patient\",\"extension\":{}{}}}",
            "[".repeat(2000),
            "]".repeat(2000)
        );
        w.send("POST", "Patient", &[JSON], deep.as_bytes())?.refused(400).map(drop)
    }),
    must("json.html#json", "a member that stands twice is refused", |w| {
        let body = br#"{"resourceType":"Patient","gender":"male","gender":"female"}"#;
        w.send("POST", "Patient", &[JSON], body)?.refused(400).map(drop)
    }),
    must("json.html#json", "a body that is not UTF-8 is refused", |w| {
        let body = b"{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"L\xf2\"}]}";
        w.send("POST", "Patient", &[JSON], body)?.refused(400).map(drop)
    }),
    must("datatypes.html#string", "U+0000 in a text is refused", |w| {
        let body = br#"{"resourceType":"Patient","name":[{"text":"a\u0000b"}]}"#;
        w.send("POST", "Patient", &[JSON], body)?.refused(400).map(drop)
    }),
    must(E, "a record that breaks a profile it claims answers 422", |w| {
        let word = w.word();
        let mut one = patient(&word);
        one["meta"] = json!({"profile": [profile(w, &word)?.as_str()]});
        // A server may take a while to judge by a profile that came a moment ago.
        let begun = Instant::now();
        while w.post("Patient", &one)?.status == 201 && begun.elapsed() < PROFILE {
            std::thread::sleep(Duration::from_millis(50));
        }
        let got = w.post("Patient", &one)?.refused(422)?;
        holds(got.each("issue", "expression.0").join(" ").contains("telecom"), "the place should be named")?;
        one["telecom"] = json!([{"system": "phone", "value": "0901"}]);
        w.post("Patient", &one)?.is(201)?.has("telecom.0.value", "0901").map(drop)
    }),
    must(E, "a record whose invariant does not hold is refused and the rule is named", |w| {
        let mut one = patient("x");
        one["contact"] = json!([{"gender": "male"}]);
        let got = w.post("Patient", &one)?.refused(400)?;
        holds(String::from_utf8_lossy(&got.body).contains("pat-1"), "the invariant should be named")
    }),
    must(E, "an id in an address with a slash packed away is refused", |w| {
        let got = w.get("Patient/..%2F..%2Fetc")?;
        got.refused_one_of(&[400, 404]).map(drop)
    }),
    must(E, "many odd requests are all refused as the caller's and none is called the server's fault", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let long = "x".repeat(5000);
        let paths = [
            "Patient?_sort=".to_owned(),
            "Patient?_include=".to_owned(),
            "Patient?_include=:".to_owned(),
            "Patient?_has:=".to_owned(),
            "Patient?:=a".to_owned(),
            "Patient?=a".to_owned(),
            "Patient?birthdate=".to_owned(),
            "Patient?birthdate=0000".to_owned(),
            "Patient?birthdate=99999".to_owned(),
            "Patient?_lastUpdated=ge".to_owned(),
            "Observation?value-quantity=|".to_owned(),
            "Observation?value-quantity=||".to_owned(),
            "Observation?value-quantity=1e999|".to_owned(),
            "Observation?value-quantity=1e-999".to_owned(),
            "Observation?code-value-quantity=$".to_owned(),
            "Observation?code-value-quantity=$$$".to_owned(),
            "Patient?identifier=,".to_owned(),
            "Patient?_elements=".to_owned(),
            "Patient?_count=99999999999999999999".to_owned(),
            "Patient?_page=0".to_owned(),
            format!("Patient?{long}=1"),
            format!("Patient/{id}/_history/{long}"),
            format!("Patient/{id}/_history?_page=x"),
            format!("Patient/{id}?_elements=%00"),
            "Patient?patient.patient.patient=1".to_owned(),
            "Patient?a.b.c.d.e.f.g.h=1".to_owned(),
            "Patient/%FF".to_owned(),
            "Patient/$".to_owned(),
            "$".to_owned(),
            "_search".to_owned(),
            "_history/1".to_owned(),
        ];
        for path in paths {
            let got = w.get(&path)?;
            got.refused_one_of(&[400, 404, 405]).map_err(|why| {
                let shown: String = path.chars().take(80).collect();
                format!("{shown}: {why}")
            })?;
        }
        Ok(())
    }),
    must(E, "odd values that mean something are looked for", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let long = "x".repeat(5000);
        let asked =
            ["organization=/", "organization=Organization/", "family=%FF%FE", "name=%", "identifier=||"];
        for asked in asked.map(str::to_owned).into_iter().chain([format!("family={long}")]) {
            let got = w.get(&format!("Patient?_id={id}&{asked}"))?.is(200)?;
            let shown: String = asked.chars().take(80).collect();
            got.matches_are(&[]).map_err(|why| format!("{shown}: {why}"))?;
        }
        Ok(())
    }),
    must(E, "many odd bodies are all refused as the caller's and none is called the server's fault", |w| {
        let bodies = [
            "null",
            "1",
            "\"Patient\"",
            "{}",
            "[{}]",
            "{\"resourceType\":1}",
            "{\"resourceType\":\"\"}",
            "{\"resourceType\":[\"Patient\"]}",
            "{\"resourceType\":\"Patient\",\"id\":1}",
            "{\"resourceType\":\"Patient\",\"meta\":[]}",
            "{\"resourceType\":\"Patient\",\"meta\":\"x\"}",
            "{\"resourceType\":\"Patient\",\"name\":{}}",
            "{\"resourceType\":\"Patient\",\"name\":[null]}",
            "{\"resourceType\":\"Patient\",\"contained\":[{}]}",
            "{\"resourceType\":\"Patient\",\"contained\":[1]}",
            "{\"resourceType\":\"Patient\",\"multipleBirthInteger\":1e99}",
            "{\"resourceType\":\"Patient\",\"_gender\":{}}",
            "{\"resourceType\":\"Patient\",\"extension\":[{}]}",
            "{\"resourceType\":\"Patient\",\"active\":\"true\"}",
            "{\"resourceType\":\"Patient\",\"birthDate\":19860412}",
            "{\"resourceType\":\"Patient\"}x",
            "\u{feff}",
            "{\"resourceType\":\"Patient\",}",
            "{'resourceType':'Patient'}",
            "{\"resourceType\":\"Patient\",\"deceasedBoolean\":true,\"deceasedDateTime\":\"2026\"}",
            "{\"resourceType\":\"Patient\",\"managingOrganization\":{\"reference\":\"Patient/1\"}}",
        ];
        for body in bodies {
            let got = w.send("POST", "Patient", &[JSON], body.as_bytes())?;
            got.refused(400).map_err(|why| format!("{body}: {why}"))?;
        }
        Ok(())
    }),
    must(E, "odd bundles are all refused as the caller's and none is called the server's fault", |w| {
        let entries = [
            "null",
            "{}",
            "[null]",
            "[1]",
            "[{}]",
            "[{\"request\":{}}]",
            "[{\"request\":{\"method\":\"GET\"}}]",
            "[{\"request\":{\"method\":\"GET\",\"url\":\"\"}}]",
            "[{\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}]",
            "[{\"request\":{\"method\":\"PUT\",\"url\":\"Patient/1\"}}]",
            "[{\"request\":{\"method\":\"POST\",\"url\":\"Patient/1\"},\"resource\":{\"resourceType\":\"Patient\"}}]",
            "[{\"request\":{\"method\":\"GET\",\"url\":\"https://bv.example/Patient/1\"}}]",
            "[{\"fullUrl\":1,\"request\":{\"method\":\"POST\",\"url\":\"Patient\"},\"resource\":{}}]",
            "[{\"request\":{\"method\":\"PUT\",\"url\":\"Patient?\"},\"resource\":{\"resourceType\":\"Patient\"}}]",
        ];
        for entry in entries {
            let body = format!("{{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":{entry}}}");
            let got = w.send("POST", "", &[JSON], body.as_bytes())?;
            got.refused_one_of(&[400, 404, 422]).map_err(|why| format!("{entry}: {why}"))?;
        }
        Ok(())
    }),
    must("http.html#concurrency", "If-Match with a version that never was is refused with 412", |w| {
        let word = w.word();
        w.put(&format!("Patient/{word}"), &patient_with_id(&word))?;
        let got =
            w.write("PUT", &format!("Patient/{word}"), &[("if-match", "W/\"0\"")], &patient_with_id(&word))?;
        got.refused(412).map(drop)
    }),
    must("security.html#http", "an answer about a person may not be kept on the way", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.get(&format!("Patient/{id}"))?.is(200)?.says("cache-control", "no-store").map(drop)
    }),
    should("security.html#http", "an answer may not be taken for another media type", |w| {
        w.get("Patient?_count=1")?.is(200)?.says("x-content-type-options", "nosniff").map(drop)
    }),
    must("security.html#cors", "pages of other sites are not let in unless the node is set so", |w| {
        let got = w.get_with("metadata", &[("origin", "https://khac.example")])?.is(200)?;
        got.lacks_header("access-control-allow-origin").map(drop)
    }),
];

/// Stores a profile of Patient that asks for a telecom; answers its address.
fn profile(w: &mut World, word: &str) -> Result<String, String> {
    let url = format!("https://mau.example/fhir/StructureDefinition/{word}");
    w.create(&json!({
        "resourceType": "StructureDefinition", "url": url.as_str(), "name": "Mau", "status": "active",
        "kind": "resource", "abstract": false, "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": {"element": [{"id": "Patient.telecom", "path": "Patient.telecom", "min": 1}]},
    }))?;
    Ok(url)
}
