//! Transactions and batches. <https://hl7.org/fhir/R4/http.html#transaction>, <https://hl7.org/fhir/R4/bundle.html>

use crate::check::{Check, may, must, should};
use crate::world::{Got, World, holds, observation, patient, patient_with_id, same};
use yba_fhir::json::{Value, json};

const NAME: &str = "urn:uuid:0190a7c2-0000-7000-8000-0000000000a1";
const OTHER: &str = "urn:uuid:0190a7c2-0000-7000-8000-0000000000a2";

pub const CHECKS: &[Check] = &[
    must("http.html#transaction-response", "a transaction is answered with a transaction-response", |w| {
        let word = w.word();
        let got = w.bundle("transaction", json!([post(&patient(&word))]))?.is(200)?;
        got.has("resourceType", "Bundle")?.has("type", "transaction-response")?.counts("entry", 1).map(drop)
    }),
    must("http.html#transaction-response", "a batch is answered with a batch-response", |w| {
        let word = w.word();
        let got = w.bundle("batch", json!([post(&patient(&word))]))?.is(200)?;
        got.has("type", "batch-response")?.counts("entry", 1).map(drop)
    }),
    must(
        "http.html#transaction-response",
        "the entries of the answer stand in the order of the request",
        |w| {
            let word = w.word();
            let id = w.patient(&w_word(&word))?;
            let got = w
                .bundle(
                    "transaction",
                    json!([
                        get(&format!("Patient/{id}")),
                        put(&patient_with_id(&word)),
                        delete(&format!("Patient/{id}x")),
                        post(&patient(&word)),
                    ]),
                )?
                .is(200)?;
            let statuses: Vec<String> = got
                .each("entry", "response.status")
                .iter()
                .map(|line| line.chars().take(3).collect())
                .collect();
            same(statuses, ["200", "201", "204", "201"].map(String::from).to_vec(), "the statuses")
        },
    ),
    must(
        "bundle.html#transaction-response",
        "an entry that created says status, location, etag and lastModified",
        |w| {
            let word = w.word();
            let got = w.bundle("transaction", json!([post(&patient(&word))]))?.is(200)?;
            holds(got.text("entry.0.response.status")?.starts_with("201"), "the status should be 201")?;
            holds(
                got.text("entry.0.response.location")?.contains("Patient/"),
                "the location should name the record",
            )?;
            holds(
                got.text("entry.0.response.location")?.contains("/_history/"),
                "the location should name the version",
            )?;
            holds(got.text("entry.0.response.etag")?.starts_with("W/\""), "the etag should be weak")?;
            holds(
                got.text("entry.0.response.lastModified")?.contains('T'),
                "lastModified should be an instant",
            )
        },
    ),
    must("http.html#trules", "a transaction goes in whole", |w| {
        let (one, two) = (w.word(), w.word());
        w.bundle("transaction", json!([post(&patient(&one)), put(&patient_with_id(&two))]))?.is(200)?;
        holds(count(w, &one)? == 1, "the first is there")?;
        w.get(&format!("Patient/{two}"))?.is(200).map(drop)
    }),
    must("http.html#trules", "one bad entry undoes the whole transaction", |w| {
        let word = w.word();
        let bad = json!({"resourceType": "Patient", "gender": "nữ"});
        w.bundle("transaction", json!([post(&patient(&word)), post(&bad)]))?.refused_one_of(&[400, 422])?;
        same(count(w, &word)?, 0, "the records that stayed")
    }),
    must("http.html#trules", "a failed If-Match undoes the whole transaction", |w| {
        let (word, other) = (w.word(), w.word());
        w.put(&format!("Patient/{other}"), &patient_with_id(&other))?.is(201)?;
        let mut stale = put(&patient_with_id(&other));
        stale["request"]["ifMatch"] = json!("W/\"khac-1\"");
        w.bundle("transaction", json!([post(&patient(&word)), stale]))?.refused(412)?;
        same(count(w, &word)?, 0, "the records that stayed")
    }),
    should("http.html#transaction-response", "a failed transaction names the entry that failed", |w| {
        let word = w.word();
        let bad = json!({"resourceType": "Patient", "gender": "nữ"});
        let got = w
            .bundle("transaction", json!([post(&patient(&word)), post(&bad)]))?
            .refused_one_of(&[400, 422])?;
        holds(
            got.each("issue", "expression.0").iter().any(|place| place.contains("entry[1]")),
            "the entry should be named",
        )
    }),
    must("http.html#trules", "a deletion is done before a create, wherever it stands", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let mut create = post(&patient(&word));
        create["request"]["ifNoneExist"] = json!(format!("identifier=urn:{word}|1").as_str());
        let got = w.bundle("transaction", json!([create, delete(&format!("Patient/{id}"))]))?.is(200)?;
        holds(got.text("entry.0.response.status")?.starts_with("201"), "the record was deleted before")
    }),
    must("http.html#trules", "a read is done after the writes, wherever it stands", |w| {
        let word = w.word();
        let got = w
            .bundle(
                "transaction",
                json!([
                    get(&format!("Patient/{word}")),
                    get(&format!("Patient?identifier=urn:{word}|1")),
                    put(&patient_with_id(&word)),
                ]),
            )?
            .is(200)?;
        got.has("entry.0.resource.id", &word)?.has("entry.1.resource.entry.0.resource.id", &word).map(drop)
    }),
    must("http.html#trules", "an update is done after a deletion", |w| {
        let (gone, word) = (w.word(), w.word());
        w.put(&format!("Patient/{gone}"), &patient_with_id(&gone))?;
        let got = w
            .bundle("transaction", json!([put(&patient_with_id(&word)), delete(&format!("Patient/{gone}"))]))?
            .is(200)?;
        got.counts("entry", 2)?;
        w.get(&format!("Patient/{gone}"))?.refused(410).map(drop)
    }),
    must("bundle.html#references", "a reference by urn:uuid becomes the id that its entry was given", |w| {
        let word = w.word();
        let got = w
            .bundle(
                "transaction",
                json!([named(NAME, post(&patient(&word))), post(&observation(NAME, "718-7")),]),
            )?
            .is(200)?;
        let id = made(&got, 0)?;
        let observation = w.get(&format!("Observation/{}", made(&got, 1)?))?.is(200)?;
        observation.has("subject.reference", &format!("Patient/{id}")).map(drop)
    }),
    must("bundle.html#references", "a reference by urn:uuid may come before the entry it names", |w| {
        let word = w.word();
        let got = w
            .bundle(
                "transaction",
                json!([post(&observation(NAME, "718-7")), named(NAME, post(&patient(&word))),]),
            )?
            .is(200)?;
        let id = made(&got, 1)?;
        let observation = w.get(&format!("Observation/{}", made(&got, 0)?))?.is(200)?;
        observation.has("subject.reference", &format!("Patient/{id}")).map(drop)
    }),
    must("bundle.html#references", "two entries may refer to each other", |w| {
        let (one, two) = (w.word(), w.word());
        let link = |other: &str| json!([{"other": {"reference": other}, "type": "seealso"}]);
        let (mut first, mut second) = (patient(&one), patient(&two));
        first["link"] = link(OTHER);
        second["link"] = link(NAME);
        let got = w
            .bundle("transaction", json!([named(NAME, post(&first)), named(OTHER, post(&second))]))?
            .is(200)?;
        let (first, second) = (made(&got, 0)?, made(&got, 1)?);
        w.get(&format!("Patient/{first}"))?.has("link.0.other.reference", &format!("Patient/{second}"))?;
        w.get(&format!("Patient/{second}"))?
            .has("link.0.other.reference", &format!("Patient/{first}"))
            .map(drop)
    }),
    must("http.html#trules", "a reference by urn:uuid takes the record that If-None-Exist finds", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let mut create = named(NAME, post(&patient(&word)));
        create["request"]["ifNoneExist"] = json!(format!("identifier=urn:{word}|1").as_str());
        let got = w.bundle("transaction", json!([create, post(&observation(NAME, "718-7"))]))?.is(200)?;
        holds(got.text("entry.0.response.status")?.starts_with("200"), "the record was there")?;
        let observation = w.get(&format!("Observation/{}", made(&got, 1)?))?;
        observation.has("subject.reference", &format!("Patient/{id}"))?;
        same(count(w, &word)?, 1, "the records")
    }),
    must(
        "http.html#trules",
        "a reference by urn:uuid takes the record that a conditional update finds",
        |w| {
            let word = w.word();
            let id = w.patient(&word)?;
            let update = json!({
                "fullUrl": NAME, "resource": patient(&word),
                "request": {"method": "PUT", "url": format!("Patient?identifier=urn:{word}|1").as_str()},
            });
            let got = w.bundle("transaction", json!([post(&observation(NAME, "718-7")), update]))?.is(200)?;
            let observation = w.get(&format!("Observation/{}", made(&got, 0)?))?;
            observation.has("subject.reference", &format!("Patient/{id}")).map(drop)
        },
    ),
    must("http.html#trules", "a reference by urn:uuid that names no entry is refused", |w| {
        let word = w.word();
        let got =
            w.bundle("transaction", json!([post(&patient(&word)), post(&observation(NAME, "718-7"))]))?;
        got.refused_one_of(&[400, 422])?;
        same(count(w, &word)?, 0, "the records that stayed")
    }),
    must("http.html#trules", "a urn:uuid inside other values of a resource is replaced too", |w| {
        let word = w.word();
        let mut about = json!({
            "resourceType": "Provenance", "recorded": "2026-03-02T08:00:00+07:00",
            "target": [{"reference": NAME}], "agent": [{"who": {"reference": NAME}}],
        });
        about["agent"][0]["extension"] = json!([{"url": "urn:x", "valueReference": {"reference": NAME}}]);
        let got =
            w.bundle("transaction", json!([named(NAME, post(&patient(&word))), post(&about)]))?.is(200)?;
        let id = format!("Patient/{}", made(&got, 0)?);
        let provenance = w.get(&format!("Provenance/{}", made(&got, 1)?))?;
        let provenance = provenance.has("target.0.reference", &id)?.has("agent.0.who.reference", &id)?;
        provenance.has("agent.0.extension.0.valueReference.reference", &id).map(drop)
    }),
    must("http.html#trules", "a conditional reference becomes the one record it finds", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let about = observation(&format!("Patient?identifier=urn:{word}|1"), "718-7");
        let got = w.bundle("transaction", json!([post(&about)]))?.is(200)?;
        let observation = w.get(&format!("Observation/{}", made(&got, 0)?))?;
        observation.has("subject.reference", &format!("Patient/{id}")).map(drop)
    }),
    must("http.html#trules", "a conditional reference that finds none fails the transaction", |w| {
        let word = w.word();
        let about = observation(&format!("Patient?identifier=urn:{word}|khong"), "718-7");
        w.bundle("transaction", json!([post(&patient(&word)), post(&about)]))?
            .refused_one_of(&[400, 404, 412, 422])?;
        same(count(w, &word)?, 0, "the records that stayed")
    }),
    must("http.html#trules", "a conditional reference that finds several fails the transaction", |w| {
        let word = w.word();
        w.patient(&word)?;
        w.patient(&word)?;
        let about = observation(&format!("Patient?identifier=urn:{word}|1"), "718-7");
        w.bundle("transaction", json!([post(&about)]))?.refused_one_of(&[400, 409, 412, 422]).map(drop)
    }),
    must("http.html#trules", "a record that two entries change fails the transaction", |w| {
        let word = w.word();
        let one = put(&patient_with_id(&word));
        w.bundle("transaction", json!([one, delete(&format!("Patient/{word}"))]))?.refused(400)?;
        w.get(&format!("Patient/{word}"))?.refused(404).map(drop)
    }),
    must(
        "http.html#trules",
        "a record that a condition and another entry change fails the transaction",
        |w| {
            let word = w.word();
            let id = w.patient(&word)?;
            let by_condition = json!({
                "resource": patient(&word),
                "request": {"method": "PUT", "url": format!("Patient?identifier=urn:{word}|1").as_str()},
            });
            let mut by_id = patient(&word);
            by_id["id"] = json!(id.as_str());
            by_id["gender"] = json!("male");
            w.bundle("transaction", json!([by_condition, put(&by_id)]))?.refused_one_of(&[400, 409, 412])?;
            w.get(&format!("Patient/{id}"))?.has("gender", "female").map(drop)
        },
    ),
    must("http.html#trules", "If-None-Exist works in an entry", |w| {
        let word = w.word();
        w.patient(&word)?;
        let mut create = post(&patient(&word));
        create["request"]["ifNoneExist"] = json!(format!("identifier=urn:{word}|1").as_str());
        let got = w.bundle("transaction", json!([create]))?.is(200)?;
        holds(got.text("entry.0.response.status")?.starts_with("200"), "nothing is created")?;
        same(count(w, &word)?, 1, "the records")
    }),
    must("http.html#trules", "ifMatch works in an entry", |w| {
        let word = w.word();
        let tag = w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.needs("etag")?;
        let mut one = patient_with_id(&word);
        one["gender"] = json!("male");
        let mut update = put(&one);
        update["request"]["ifMatch"] = json!(tag.as_str());
        w.bundle("transaction", json!([update]))?.is(200)?;
        w.get(&format!("Patient/{word}"))?.has("gender", "male").map(drop)
    }),
    must("http.html#trules", "ifNoneMatch works in an entry that reads", |w| {
        let word = w.word();
        let tag = w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.needs("etag")?;
        let mut read = get(&format!("Patient/{word}"));
        read["request"]["ifNoneMatch"] = json!(tag.as_str());
        let got = w.bundle("transaction", json!([read]))?.is(200)?;
        holds(got.text("entry.0.response.status")?.starts_with("304"), "the status should be 304")?;
        got.lacks("entry.0.resource").map(drop)
    }),
    must("http.html#trules", "a conditional delete works in an entry", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.bundle("transaction", json!([delete(&format!("Patient?identifier=urn:{word}|1"))]))?.is(200)?;
        w.get(&format!("Patient/{id}"))?.refused(410).map(drop)
    }),
    must("http.html#transaction", "a JSON Patch comes as a Binary", |w| {
        let word = w.word();
        w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.is(201)?;
        let got = w.bundle("transaction", json!([patch(&format!("Patient/{word}"))]))?.is(200)?;
        holds(got.text("entry.0.response.status")?.starts_with("200"), "the status should be 200")?;
        w.get(&format!("Patient/{word}"))?.has("active", "true").map(drop)
    }),
    must("http.html#transaction", "a JSON Patch in a transaction that does not fit undoes all of it", |w| {
        let word = w.word();
        w.bundle("transaction", json!([post(&patient(&word)), patch("Patient/khong-co-bao-gio")]))?
            .refused_one_of(&[404, 422])?;
        same(count(w, &word)?, 0, "the records that stayed")
    }),
    must("http.html#transaction", "a JSON Patch by condition works in an entry", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.bundle("transaction", json!([patch(&format!("Patient?identifier=urn:{word}|1"))]))?.is(200)?;
        w.get(&format!("Patient/{id}"))?.has("active", "true").map(drop)
    }),
    must("http.html#transaction", "a JSON Patch works in a batch", |w| {
        let word = w.word();
        w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.is(201)?;
        let got = w.bundle("batch", json!([patch(&format!("Patient/{word}"))]))?.is(200)?;
        holds(got.text("entry.0.response.status")?.starts_with("200"), "the status should be 200")?;
        w.get(&format!("Patient/{word}"))?.has("active", "true").map(drop)
    }),
    must("http.html#brules", "an entry of a batch that fails leaves the others alone", |w| {
        let word = w.word();
        let bad = json!({"resourceType": "Patient", "gender": "nữ"});
        let got = w
            .bundle("batch", json!([post(&bad), post(&patient(&word)), get("Patient/khong-co-bao-gio")]))?
            .is(200)?;
        holds(got.text("entry.0.response.status")?.starts_with('4'), "the first should fail")?;
        holds(got.text("entry.1.response.status")?.starts_with("201"), "the second should be created")?;
        holds(got.text("entry.2.response.status")?.starts_with("404"), "the third should find nothing")?;
        same(count(w, &word)?, 1, "the records")
    }),
    should(
        "bundle.html#transaction-response",
        "an entry of a batch that fails has an OperationOutcome",
        |w| {
            let got = w.bundle("batch", json!([get("Patient/khong-co-bao-gio")]))?.is(200)?;
            got.has("entry.0.response.outcome.resourceType", "OperationOutcome").map(drop)
        },
    ),
    must("http.html#brules", "a batch reads, searches and gives history", |w| {
        let word = w.word();
        w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.is(201)?;
        let got = w
            .bundle(
                "batch",
                json!([
                    get(&format!("Patient/{word}")),
                    get(&format!("Patient?identifier=urn:{word}%7C1")),
                    get(&format!("Patient/{word}/_history")),
                ]),
            )?
            .is(200)?;
        let got = got.has("entry.0.resource.id", &word)?.has("entry.1.resource.type", "searchset")?;
        got.has("entry.1.resource.total", "1")?.has("entry.2.resource.type", "history").map(drop)
    }),
    should("http.html#transaction", "Prefer: return=representation gives the records in the entries", |w| {
        let word = w.word();
        let body = json!({"resourceType": "Bundle", "type": "transaction", "entry": [post(&patient(&word))]});
        let got = w.write("POST", "", &[("prefer", "return=representation")], &body)?.is(200)?;
        got.has("entry.0.resource.identifier.0.system", &format!("urn:{word}")).map(drop)
    }),
    should("http.html#transaction", "Prefer: return=minimal gives no record in the entries", |w| {
        let word = w.word();
        let body = json!({"resourceType": "Bundle", "type": "transaction", "entry": [post(&patient(&word))]});
        let got = w.write("POST", "", &[("prefer", "return=minimal")], &body)?.is(200)?;
        got.lacks("entry.0.resource").map(drop)
    }),
    must("http.html#transaction", "an empty transaction is done", |w| {
        let got = w.post("", &json!({"resourceType": "Bundle", "type": "transaction"}))?.is(200)?;
        got.has("type", "transaction-response").map(drop)
    }),
    must("http.html#transaction", "a bundle of another type is refused", |w| {
        w.post("", &json!({"resourceType": "Bundle", "type": "collection"}))?.refused_one_of(&[400, 422])?;
        w.post("", &json!({"resourceType": "Bundle"}))?.refused_one_of(&[400, 422])?;
        w.post("", &patient("x"))?.refused_one_of(&[400, 422]).map(drop)
    }),
    must("bundle.html#bdl-3", "an entry without a request is refused", |w| {
        w.bundle("transaction", json!([{"resource": patient("x")}]))?.refused_one_of(&[400, 422]).map(drop)
    }),
    must("http.html#trules", "an entry with a method that is not known is refused", |w| {
        let mut one = post(&patient("x"));
        one["request"]["method"] = json!("MERGE");
        w.bundle("transaction", json!([one]))?.refused_one_of(&[400, 405, 422]).map(drop)
    }),
    must("http.html#trules", "an entry of another type than its url says is refused", |w| {
        let one = json!({"resource": patient("x"), "request": {"method": "POST", "url": "Observation"}});
        w.bundle("transaction", json!([one]))?.refused_one_of(&[400, 422]).map(drop)
    }),
    must("bundle.html#bdl-7", "a fullUrl that stands twice is refused", |w| {
        let word = w.word();
        let twice = json!([named(NAME, post(&patient(&word))), named(NAME, post(&patient(&word)))]);
        w.bundle("transaction", twice)?.refused_one_of(&[400, 422])?;
        same(count(w, &word)?, 0, "the records that stayed")
    }),
    may("http.html#trules", "an entry may name its address with the whole base", |w| {
        let word = w.word();
        let base = "http://localhost/fhir/";
        let one = json!({"resource": patient(&word), "request": {"method": "POST", "url": format!("{base}Patient").as_str()}});
        w.bundle("transaction", json!([one]))?.is(200)?;
        same(count(w, &word)?, 1, "the records")
    }),
    must("bundle.html#bundle-unique", "an update may come with the fullUrl of its record", |w| {
        let word = w.word();
        let url = format!("http://localhost/fhir/Patient/{word}");
        w.bundle("transaction", json!([named(&url, put(&patient_with_id(&word)))]))?.is(200)?;
        w.get(&format!("Patient/{word}"))?.is(200).map(drop)
    }),
    must("http.html#transaction", "a transaction with all its methods at once is done as each says", |w| {
        let (gone, changed, new) = (w.word(), w.word(), w.word());
        w.put(&format!("Patient/{gone}"), &patient_with_id(&gone))?;
        w.put(&format!("Patient/{changed}"), &patient_with_id(&changed))?;
        let mut male = patient_with_id(&changed);
        male["gender"] = json!("male");
        w.bundle(
            "transaction",
            json!([
                get(&format!("Patient/{changed}")),
                put(&male),
                post(&patient(&new)),
                delete(&format!("Patient/{gone}")),
            ]),
        )?
        .is(200)?
        .has("entry.0.resource.gender", "male")?;
        w.get(&format!("Patient/{gone}"))?.refused(410)?;
        same(count(w, &new)?, 1, "the records created")
    }),
    must("http.html#transaction", "a thousand entries are done at once", |w| {
        let word = w.word();
        let entries: Vec<Value> = (0..1000).map(|_| post(&patient(&word))).collect();
        w.bundle("transaction", json!(entries))?.is(200)?.counts("entry", 1000)?;
        w.get(&format!("Patient?identifier=urn:{word}|1&_summary=count"))?
            .is(200)?
            .has("total", "1000")
            .map(drop)
    }),
    may("http.html#transaction", "more entries than the server takes are refused with 413", |w| {
        let entries: Vec<Value> = (0..5001).map(|_| get("Patient/x")).collect();
        w.bundle("transaction", json!(entries))?.refused(413).map(drop)
    }),
    may("http.html#trules", "HEAD in an entry reads without a body or is refused by name", |w| {
        let word = w.word();
        w.put(&format!("Patient/{word}"), &patient_with_id(&word))?;
        let one = json!({"request": {"method": "HEAD", "url": format!("Patient/{word}").as_str()}});
        let got = w.bundle("batch", json!([one]))?.is(200)?.lacks("entry.0.resource")?;
        holds(
            matches!(got.text("entry.0.response.status")?.get(..3), Some("200" | "400" | "405" | "501")),
            "the status",
        )
    }),
    must("http.html#transaction", "an operation in a batch is done or refused by name", |w| {
        let got = w.bundle(
            "batch",
            json!([get("CodeSystem/$lookup?system=http://loinc.org&code=718-7"), get("Patient/$khong-co")]),
        )?;
        let got = got.is(200)?;
        holds(got.text("entry.1.response.status")?.starts_with('4'), "an unknown operation is refused")
    }),
];

/// A word made from another, for a record beside.
fn w_word(word: &str) -> String {
    format!("{word}b")
}

fn post(resource: &Value) -> Value {
    let kind = yba_fhir::json::str_at(resource, &["resourceType"]).unwrap_or_default();
    json!({"resource": resource, "request": {"method": "POST", "url": kind}})
}

fn put(resource: &Value) -> Value {
    let at = |name| yba_fhir::json::str_at(resource, &[name]).unwrap_or_default();
    let url = format!("{}/{}", at("resourceType"), at("id"));
    json!({"resource": resource, "request": {"method": "PUT", "url": url.as_str()}})
}

fn get(url: &str) -> Value {
    json!({"request": {"method": "GET", "url": url}})
}

fn delete(url: &str) -> Value {
    json!({"request": {"method": "DELETE", "url": url}})
}

/// `[{"op":"add","path":"/active","value":true}]`
fn patch(url: &str) -> Value {
    json!({
        "resource": {
            "resourceType": "Binary", "contentType": "application/json-patch+json",
            "data": "W3sib3AiOiJhZGQiLCJwYXRoIjoiL2FjdGl2ZSIsInZhbHVlIjp0cnVlfV0=",
        },
        "request": {"method": "PATCH", "url": url},
    })
}

fn named(name: &str, mut entry: Value) -> Value {
    entry["fullUrl"] = json!(name);
    entry
}

/// The id of the record that an entry of the answer is about.
fn made(got: &Got, position: usize) -> Result<String, String> {
    let location = got.text(&format!("entry.{position}.response.location"))?;
    let path = location.split("/_history").next().unwrap_or_default();
    Ok(path.rsplit('/').next().unwrap_or_default().to_owned())
}

fn count(w: &mut World, word: &str) -> Result<usize, String> {
    Ok(w.get(&format!("Patient?identifier=urn:{word}|1"))?.is(200)?.matches().len())
}
