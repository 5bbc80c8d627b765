//! Creates, and what a write gives back. <https://hl7.org/fhir/R4/http.html#create>

use crate::check::{Check, may, must, should};
use crate::world::{JSON, holds, patient, patient_with_id, same};
use yba_fhir::json::json;

pub const CHECKS: &[Check] = &[
    must("http.html#create", "a create answers 201", |w| {
        let word = w.word();
        w.post("Patient", &patient(&word))?.is(201).map(drop)
    }),
    must("http.html#create", "a create says in Location the address of the version it made", |w| {
        let word = w.word();
        let got = w.post("Patient", &patient(&word))?.is(201)?;
        let wanted = format!("/fhir/Patient/{}/_history/{}", got.text("id")?, got.text("meta.versionId")?);
        let location = got.needs("location")?;
        holds(location.ends_with(&wanted), "Location should be [base]/Patient/[id]/_history/[vid]")?;
        holds(location.starts_with("http://"), "Location should be absolute")?;
        w.get(&location)?.is(200)?.has("identifier.0.system", &format!("urn:{word}")).map(drop)
    }),
    should("http.html#create", "a create says ETag and Last-Modified", |w| {
        let word = w.word();
        let got = w.post("Patient", &patient(&word))?.is(201)?;
        let tag = format!("W/\"{}\"", got.text("meta.versionId")?);
        got.says("etag", &tag)?.says("last-modified", " GMT").map(drop)
    }),
    must("http.html#create", "the id in the body of a create is passed over", |w| {
        let word = w.word();
        let got = w.post("Patient", &patient_with_id(&word))?.is(201)?;
        holds(got.text("id")? != word, "the server should give an id of its own")?;
        w.get(&format!("Patient/{word}"))?.refused(404).map(drop)
    }),
    must(
        "http.html#create",
        "meta.versionId and meta.lastUpdated of the body of a create are replaced",
        |w| {
            let word = w.word();
            let mut one = patient(&word);
            one["meta"] = json!({"versionId": "999", "lastUpdated": "1999-01-01T00:00:00Z"});
            let got = w.post("Patient", &one)?.is(201)?;
            holds(got.text("meta.versionId")? != "999", "versionId should be the server's")?;
            holds(got.text("meta.lastUpdated")?.as_str() > "2020", "lastUpdated should be the server's")
        },
    ),
    must("http.html#create", "the other parts of meta stay as they were sent", |w| {
        let word = w.word();
        let mut one = patient(&word);
        one["meta"] = json!({
            "tag": [{"system": "urn:the", "code": "thu"}],
            "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
            "source": "https://bv.example/he-thong",
        });
        let id = w.create(&one)?;
        let got = w.get(&format!("Patient/{id}"))?.is(200)?;
        let got = got.has("meta.tag.0.code", "thu")?.has("meta.security.0.code", "R")?;
        got.has("meta.source", "https://bv.example/he-thong").map(drop)
    }),
    must("http.html#create", "a created record can be read at once", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.get(&format!("Patient/{id}"))?.is(200).map(drop)
    }),
    must("http.html#create", "a created record can be found at once", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.get(&format!("Patient?identifier=urn:{word}|1"))?.is(200)?.matches_are(&[&id])
    }),
    must("http.html#create", "two equal creates make two records", |w| {
        let word = w.word();
        let (one, two) = (w.patient(&word)?, w.patient(&word)?);
        holds(one != two, "the ids should differ")
    }),
    must("http.html#create", "a create of another type than its address says is refused", |w| {
        let word = w.word();
        w.post("Observation", &patient(&word))?.refused(400).map(drop)
    }),
    must("http.html#create", "a create of a type that FHIR does not have answers 404", |w| {
        w.post("BenhNhan", &json!({"resourceType": "BenhNhan"}))?.refused(404).map(drop)
    }),
    must("http.html#create", "a create of what is no JSON answers 400", |w| {
        w.send("POST", "Patient", &[JSON], b"{\"resourceType\": \"Patient\"")?.refused(400)?;
        w.send("POST", "Patient", &[JSON], b"")?.refused(400)?;
        w.send("POST", "Patient", &[JSON], b"[]")?.refused(400).map(drop)
    }),
    must("http.html#create", "a create without resourceType answers 400", |w| {
        w.post("Patient", &json!({"gender": "female"}))?.refused(400).map(drop)
    }),
    must(
        "http.html#create",
        "a create with an element that R4 does not have is refused, with its place",
        |w| {
            let got = w.post("Patient", &json!({"resourceType": "Patient", "colour": "red"}))?;
            let got = got.refused(400)?;
            holds(got.text("issue.0.expression.0")?.contains("colour"), "the place should name the element")
        },
    ),
    must("http.html#create", "a create without a mandatory element is refused", |w| {
        w.post("Observation", &json!({"resourceType": "Observation"}))?.refused(400).map(drop)
    }),
    must("http.html#create", "a create with a code outside a required list is refused", |w| {
        let one = json!({"resourceType": "Patient", "gender": "nữ"});
        w.post("Patient", &one)?.refused(400).map(drop)
    }),
    must("http.html#create", "a refused create stores nothing", |w| {
        let word = w.word();
        let mut one = patient(&word);
        one["birthDate"] = json!("30/02/1986");
        w.post("Patient", &one)?.refused(400)?;
        w.get(&format!("Patient?identifier=urn:{word}|1"))?.is(200)?.matches_are(&[])
    }),
    must("json.html#primitive", "an empty string and an empty list are refused", |w| {
        w.post("Patient", &json!({"resourceType": "Patient", "language": ""}))?.refused(400)?;
        w.post("Patient", &json!({"resourceType": "Patient", "name": []}))?.refused(400).map(drop)
    }),
    must("json.html#null", "a member that is null is refused", |w| {
        let body = br#"{"resourceType":"Patient","gender":null}"#;
        w.send("POST", "Patient", &[JSON], body)?.refused(400).map(drop)
    }),
    must("json.html#primitive", "an extension of a primitive value is kept", |w| {
        let mut one = patient("them");
        one["_birthDate"] = json!({"extension": [{
            "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
            "valueDateTime": "1986-04-12T06:30:00+07:00",
        }]});
        let id = w.create(&one)?;
        let got = w.get(&format!("Patient/{id}"))?.is(200)?;
        got.has("_birthDate.extension.0.valueDateTime", "1986-04-12T06:30:00+07:00").map(drop)
    }),
    must("http.html#ops", "Prefer: return=minimal gives no body", |w| {
        let word = w.word();
        let got = w.write("POST", "Patient", &[("prefer", "return=minimal")], &patient(&word))?;
        got.is(201)?.no_body()?.says("location", "/_history/")?.says("etag", "W/").map(drop)
    }),
    must("http.html#ops", "Prefer: return=representation gives the record", |w| {
        let word = w.word();
        let got = w.write("POST", "Patient", &[("prefer", "return=representation")], &patient(&word))?;
        got.is(201)?.has("resourceType", "Patient").map(drop)
    }),
    must("http.html#ops", "Prefer: return=OperationOutcome gives an OperationOutcome", |w| {
        let word = w.word();
        let got = w.write("POST", "Patient", &[("prefer", "return=OperationOutcome")], &patient(&word))?;
        let got = got.is(201)?.has("resourceType", "OperationOutcome")?;
        holds(got.count("issue") > 0, "an OperationOutcome needs an issue")
    }),
    should("http.html#ops", "the three forms of Prefer: return hold for an update too", |w| {
        let word = w.word();
        let (path, mut one) = (format!("Patient/{word}"), patient_with_id(&word));
        w.write("PUT", &path, &[("prefer", "return=minimal")], &one)?.is(201)?.no_body()?;
        one["gender"] = json!("male");
        w.write("PUT", &path, &[("prefer", "return=OperationOutcome")], &one)?
            .is(200)?
            .has("resourceType", "OperationOutcome")?;
        one["gender"] = json!("other");
        w.write("PUT", &path, &[("prefer", "return=representation")], &one)?
            .is(200)?
            .has("gender", "other")
            .map(drop)
    }),
    must("RFC 7240 2", "a preference that is not known is passed over", |w| {
        let word = w.word();
        let got = w.write("POST", "Patient", &[("prefer", "wait=10, mau=do; x=y")], &patient(&word))?;
        got.is(201).map(drop)
    }),
    must("RFC 7240 2", "several preferences stand in one header", |w| {
        let word = w.word();
        let got =
            w.write("POST", "Patient", &[("prefer", "handling=strict, return=minimal")], &patient(&word))?;
        got.is(201)?.no_body().map(drop)
    }),
    may("RFC 7240 2", "preferences are told apart whatever their case and quotes", |w| {
        let word = w.word();
        let got = w.write("POST", "Patient", &[("prefer", "Return=\"minimal\"")], &patient(&word))?;
        got.is(201)?.no_body().map(drop)
    }),
    must("http.html#versioning", "two records do not share a version's tag by mistake of form", |w| {
        let word = w.word();
        let one = w.post("Patient", &patient(&word))?.is(201)?;
        let tag = one.needs("etag")?;
        same(tag, format!("W/\"{}\"", one.text("meta.versionId")?), "ETag")
    }),
    must("resource.html#Binary", "a Binary is created and read as a resource", |w| {
        let id =
            w.create(&json!({"resourceType": "Binary", "contentType": "text/plain", "data": "WSBC4bqh"}))?;
        let got = w.get_with(&format!("Binary/{id}"), &[("accept", "application/fhir+json")])?.is(200)?;
        got.has("data", "WSBC4bqh").map(drop)
    }),
    must("references.html#literal", "a reference is kept as it was sent, relative or absolute", |w| {
        let (one, other) = ("Patient/benh-nhan-xa", "https://bv.example/fhir/Patient/12");
        let first = w.create(&crate::world::observation(one, "718-7"))?;
        let second = w.create(&crate::world::observation(other, "718-7"))?;
        w.get(&format!("Observation/{first}"))?.is(200)?.has("subject.reference", one)?;
        w.get(&format!("Observation/{second}"))?.is(200)?.has("subject.reference", other).map(drop)
    }),
    must("references.html#contained", "a contained resource is kept with its parent", |w| {
        let mut one = crate::world::observation("#p", "718-7");
        one["contained"] = json!([{"resourceType": "Patient", "id": "p", "gender": "male"}]);
        let id = w.create(&one)?;
        w.get(&format!("Observation/{id}"))?.is(200)?.has("contained.0.gender", "male").map(drop)
    }),
];
