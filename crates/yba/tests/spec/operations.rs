//! Operations. <https://hl7.org/fhir/R4/operations.html>, and the page of each.

use crate::check::{Check, must, should};
use crate::world::{Got, World, holds, observation, patient, patient_with_id, same};
use std::time::{Duration, Instant};
use yba_fhir::json::{self, JsonValueTrait, Value, json};

/// How long an export of what this suite wrote may take.
const EXPORT: Duration = Duration::from_secs(30);

pub const CHECKS: &[Check] = &[
    must(
        "resource-operation-validate.html#validate",
        "$validate of a sound resource answers 200 with an OperationOutcome without errors",
        |w| {
            let got = w.post("Patient/$validate", &patient("x"))?.is(200)?;
            got.outcome()?;
            holds(!got.each("issue", "severity").iter().any(|one| one == "error"), "there is nothing wrong")
        },
    ),
    must(
        "resource-operation-validate.html#validate",
        "$validate of a broken resource answers with its errors and their places",
        |w| {
            let got =
                w.post("Patient/$validate", &json!({"resourceType": "Patient", "gender": "nữ"}))?.is(200)?;
            got.outcome()?;
            holds(got.each("issue", "severity").iter().any(|one| one == "error"), "there is an error")?;
            holds(
                got.each("issue", "expression.0").iter().any(|one| one.contains("gender")),
                "its place is said",
            )
        },
    ),
    must(
        "resource-operation-validate.html#validate",
        "$validate takes the resource in a Parameters too",
        |w| {
            let body = json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient("x")}]});
            w.post("Patient/$validate", &body)?.is(200)?.outcome()
        },
    ),
    must("resource-operation-validate.html#validate", "$validate stores nothing", |w| {
        let word = w.word();
        w.post("Patient/$validate", &patient(&word))?.is(200)?;
        w.get(&format!("Patient?identifier=urn:{word}|1"))?.is(200)?.matches_are(&[])
    }),
    must("resource-operation-validate.html#validate", "$validate of a stored record by its id", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.get(&format!("Patient/{id}/$validate"))?.is(200)?.outcome()
    }),
    must("operations.html#executing", "an operation is asked by GET when its parameters are simple", |w| {
        let got =
            w.get("ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender")?.is(200)?;
        got.has("resourceType", "ValueSet")?.counts("expansion.contains", 4).map(drop)
    }),
    must("operations.html#executing", "an operation is asked by POST with a Parameters", |w| {
        let body = json!({"resourceType": "Parameters", "parameter": [
            {"name": "url", "valueUri": "http://hl7.org/fhir/ValueSet/administrative-gender"},
            {"name": "filter", "valueString": "fem"},
        ]});
        let got = w.post("ValueSet/$expand", &body)?.is(200)?;
        got.counts("expansion.contains", 1)?.has("expansion.contains.0.code", "female").map(drop)
    }),
    must("operations.html#executing", "an operation that is not known is refused", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        for path in
            ["$khong-co".to_owned(), "Patient/$khong-co".to_owned(), format!("Patient/{id}/$khong-co")]
        {
            w.get(&path)?.refused_one_of(&[400, 404, 501])?;
            w.post(&path, &json!({"resourceType": "Parameters"}))?.refused_one_of(&[400, 404, 405, 501])?;
        }
        Ok(())
    }),
    must("operations.html#executing", "a parameter that an operation does not know is refused", |w| {
        w.get("ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&mau=do")?
            .refused(400)
            .map(drop)
    }),
    must(
        "valueset-operation-validate-code.html#validate-code",
        "$validate-code tells whether a code is in a value set",
        |w| {
            let set = "url=http://hl7.org/fhir/ValueSet/administrative-gender";
            let system = "system=http://hl7.org/fhir/administrative-gender";
            let yes = w.get(&format!("ValueSet/$validate-code?{set}&{system}&code=female"))?.is(200)?;
            same(parameter(&yes, "result")?.as_bool(), Some(true), "the result")?;
            let no = w.get(&format!("ValueSet/$validate-code?{set}&{system}&code=nu"))?.is(200)?;
            same(parameter(&no, "result")?.as_bool(), Some(false), "the result")
        },
    ),
    must(
        "valueset-operation-expand.html#expand",
        "$expand of a value set that nobody knows is refused",
        |w| w.get("ValueSet/$expand?url=http://mau.example/khong-co")?.refused_one_of(&[404, 422]).map(drop),
    ),
    must("codesystem-operation-lookup.html#lookup", "$lookup tells what a code means", |w| {
        let got = w
            .get("CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=female")?
            .is(200)?;
        same(parameter(&got, "display")?.as_str().map(str::to_owned), Some("Female".to_owned()), "display")
    }),
    must(
        "codesystem-operation-lookup.html#lookup",
        "$lookup of a code that is not in its system is refused",
        |w| {
            w.get("CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=nu")?
                .refused_one_of(&[404, 422])
                .map(drop)
        },
    ),
    must(
        "codesystem-operation-subsumes.html#subsumes",
        "$subsumes tells which of two codes holds the other",
        |w| {
            let system = "system=http://hl7.org/fhir/sid/icd-10";
            for (one, two, wanted) in [
                ("J20", "J20.9", "subsumes"),
                ("J20.9", "J20", "subsumed-by"),
                ("J20", "J20", "equivalent"),
                ("J20", "I10", "not-subsumed"),
            ] {
                let got =
                    w.get(&format!("CodeSystem/$subsumes?{system}&codeA={one}&codeB={two}"))?.is(200)?;
                same(
                    parameter(&got, "outcome")?.as_str().map(str::to_owned),
                    Some(wanted.to_owned()),
                    "the outcome",
                )?;
            }
            Ok(())
        },
    ),
    must(
        "patient-operation-everything.html#everything",
        "$everything of a patient gives the patient and what is about the patient",
        |w| {
            let (one, ids) = with_record(w)?;
            let got = w.get(&format!("Patient/{one}/$everything"))?.is(200)?;
            let got = got.has("resourceType", "Bundle")?.has("type", "searchset")?;
            let found = got.each("entry", "resource.id");
            for id in ids.iter().chain([&one]) {
                holds(found.contains(id), &format!("{id} should be there"))?;
            }
            Ok(())
        },
    ),
    must(
        "patient-operation-everything.html#everything",
        "$everything of a patient gives nothing about others",
        |w| {
            let (one, _) = with_record(w)?;
            let (other, others) = with_record(w)?;
            let found = w.get(&format!("Patient/{one}/$everything"))?.is(200)?.each("entry", "resource.id");
            holds(
                !others.iter().chain([&other]).any(|id| found.contains(id)),
                "others' records should not be there",
            )
        },
    ),
    must("patient-operation-everything.html#everything", "$everything with _type gives these types", |w| {
        let (one, _) = with_record(w)?;
        let kinds = w
            .get(&format!("Patient/{one}/$everything?_type=Observation"))?
            .is(200)?
            .each("entry", "resource.resourceType");
        holds(kinds.iter().any(|kind| kind == "Observation"), "Observations are there")?;
        holds(!kinds.iter().any(|kind| kind == "Condition"), "Conditions are not")
    }),
    must(
        "patient-operation-everything.html#everything",
        "$everything with start and end gives what was done between",
        |w| {
            let (one, _) = with_record(w)?;
            let codes = |got: &Got| got.each("entry", "resource.code.coding.0.code");
            let got = w.get(&format!("Patient/{one}/$everything?start=2026-01-01"))?.is(200)?;
            holds(
                codes(&got).contains(&"2345-7".to_owned()) && !codes(&got).contains(&"718-7".to_owned()),
                "after start",
            )?;
            let got = w.get(&format!("Patient/{one}/$everything?end=2025-12-31"))?.is(200)?;
            holds(
                codes(&got).contains(&"718-7".to_owned()) && !codes(&got).contains(&"2345-7".to_owned()),
                "before end",
            )
        },
    ),
    must(
        "patient-operation-everything.html#everything",
        "$everything with _since gives what was changed since",
        |w| {
            let (one, ids) = with_record(w)?;
            let found = w
                .get(&format!("Patient/{one}/$everything?_since=2097-01-01T00:00:00Z"))?
                .is(200)?
                .each("entry", "resource.id");
            holds(!ids.iter().any(|id| found.contains(id)), "nothing was changed since then")
        },
    ),
    must(
        "patient-operation-everything.html#everything",
        "$everything with _count is read page by page",
        |w| {
            let (one, ids) = with_record(w)?;
            let mut found = Vec::new();
            let mut next = Some(format!("Patient/{one}/$everything?_count=1"));
            for _ in 0..20 {
                let Some(here) = next else { break };
                let got = w.get(&here)?.is(200)?;
                found.extend(got.each("entry", "resource.id"));
                next = got.link("next");
            }
            holds(ids.iter().chain([&one]).all(|id| found.contains(id)), "everything is on some page")
        },
    ),
    must(
        "patient-operation-everything.html#everything",
        "$everything of a patient that is not there answers 404",
        |w| w.get("Patient/khong-co-bao-gio/$everything")?.refused(404).map(drop),
    ),
    must(
        "encounter-operation-everything.html#everything",
        "$everything of an encounter gives what belongs to it",
        |w| {
            let word = w.word();
            let one = w.patient(&word)?;
            let visit = w.create(&json!({
                "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
                "subject": {"reference": format!("Patient/{one}").as_str()},
            }))?;
            let mut seen = observation(&format!("Patient/{one}"), "718-7");
            seen["encounter"] = json!({"reference": format!("Encounter/{visit}").as_str()});
            let seen = w.create(&seen)?;
            let found =
                w.get(&format!("Encounter/{visit}/$everything"))?.is(200)?.each("entry", "resource.id");
            holds(
                found.contains(&visit) && found.contains(&seen),
                "the encounter and its observation are there",
            )
        },
    ),
    must("resource-operation-meta.html#meta", "$meta of a record gives its meta", |w| {
        let word = tagged(w, "urn:the", "cu")?;
        let got = w.get(&format!("Patient/{word}/$meta"))?.is(200)?.has("resourceType", "Parameters")?;
        holds(meta_text(&got)?.contains("\"cu\""), "the tag is there")
    }),
    must("resource-operation-meta.html#meta", "$meta of a type gives the tags that are used in it", |w| {
        let word = w.word();
        tagged(w, "urn:the", &word)?;
        let got = w.get("Patient/$meta")?.is(200)?;
        holds(meta_text(&got)?.contains(&word), "the tag is there")
    }),
    must("resource-operation-meta.html#meta", "$meta of a record that is not there answers 404", |w| {
        w.get("Patient/khong-co-bao-gio/$meta")?.refused(404).map(drop)
    }),
    must(
        "resource-operation-meta-add.html#meta-add",
        "$meta-add adds a tag and keeps those that are there",
        |w| {
            let word = tagged(w, "urn:the", "cu")?;
            let got = w
                .post(
                    &format!("Patient/{word}/$meta-add"),
                    &meta(json!({"tag": [{"system": "urn:the", "code": "moi"}]})),
                )?
                .is(200)?;
            holds(meta_text(&got)?.contains("\"moi\""), "the answer has the tag")?;
            let codes = w.get(&format!("Patient/{word}"))?.is(200)?.each("meta.tag", "code");
            holds(
                codes.contains(&"cu".to_owned()) && codes.contains(&"moi".to_owned()),
                "both tags are there",
            )
        },
    ),
    must("resource-operation-meta-add.html#meta-add", "$meta-add of a tag that is there adds none", |w| {
        let word = tagged(w, "urn:the", "cu")?;
        w.post(
            &format!("Patient/{word}/$meta-add"),
            &meta(json!({"tag": [{"system": "urn:the", "code": "cu"}]})),
        )?
        .is(200)?;
        w.get(&format!("Patient/{word}"))?.is(200)?.counts("meta.tag", 1).map(drop)
    }),
    must("resource-operation-meta-add.html#meta-add", "what $meta-add added can be searched for", |w| {
        let word = tagged(w, "urn:the", "cu")?;
        w.post(
            &format!("Patient/{word}/$meta-add"),
            &meta(json!({"tag": [{"system": "urn:the", "code": word.as_str()}]})),
        )?
        .is(200)?;
        w.get(&format!("Patient?_tag=urn:the|{word}"))?.is(200)?.matches_are(&[&word])
    }),
    must(
        "resource-operation-meta-add.html#meta-add",
        "$meta-add leaves the content of the record alone",
        |w| {
            let word = tagged(w, "urn:the", "cu")?;
            w.post(
                &format!("Patient/{word}/$meta-add"),
                &meta(json!({"security": [{"system": "urn:mat", "code": "R"}]})),
            )?
            .is(200)?;
            let got = w.get(&format!("Patient/{word}"))?.is(200)?;
            got.has("meta.security.0.code", "R")?.has("birthDate", "1986-04-12").map(drop)
        },
    ),
    must("resource-operation-meta-add.html#meta-add", "$meta-add without a meta is refused", |w| {
        let word = tagged(w, "urn:the", "cu")?;
        w.post(&format!("Patient/{word}/$meta-add"), &json!({"resourceType": "Parameters"}))?
            .refused_one_of(&[400, 422])
            .map(drop)
    }),
    must("resource-operation-meta-delete.html#meta-delete", "$meta-delete takes a tag away", |w| {
        let word = tagged(w, "urn:the", "cu")?;
        w.post(
            &format!("Patient/{word}/$meta-delete"),
            &meta(json!({"tag": [{"system": "urn:the", "code": "cu"}]})),
        )?
        .is(200)?;
        w.get(&format!("Patient/{word}"))?
            .is(200)?
            .lacks("meta.tag")?
            .has("birthDate", "1986-04-12")
            .map(drop)
    }),
    must(
        "resource-operation-meta-delete.html#meta-delete",
        "$meta-delete of a tag that is not there is no error",
        |w| {
            let word = tagged(w, "urn:the", "cu")?;
            w.post(
                &format!("Patient/{word}/$meta-delete"),
                &meta(json!({"tag": [{"system": "urn:the", "code": "khong"}]})),
            )?
            .is(200)?;
            w.get(&format!("Patient/{word}"))?.is(200)?.counts("meta.tag", 1).map(drop)
        },
    ),
    must("observation-operation-lastn.html#lastn", "$lastn gives the newest observation of each code", |w| {
        let one = measured(w)?;
        let got = w.get(&format!("Observation/$lastn?patient=Patient/{one}&category=laboratory"))?.is(200)?;
        let got = got.has("type", "searchset")?;
        let mut found = got.each("entry", "resource.effectiveDateTime");
        found.sort();
        same(found, vec!["2026-01-03".to_owned(), "2026-02-01".to_owned()], "the days")
    }),
    must("observation-operation-lastn.html#lastn", "$lastn with max gives so many of each code", |w| {
        let one = measured(w)?;
        let got =
            w.get(&format!("Observation/$lastn?patient=Patient/{one}&category=laboratory&max=2"))?.is(200)?;
        got.counts("entry", 3).map(drop)
    }),
    must("observation-operation-lastn.html#lastn", "$lastn takes the parameters of a search", |w| {
        let one = measured(w)?;
        let got = w
            .get(&format!("Observation/$lastn?patient=Patient/{one}&category=laboratory&code=718-7"))?
            .is(200)?;
        got.counts("entry", 1)?.has("entry.0.resource.effectiveDateTime", "2026-01-03").map(drop)
    }),
    should(
        "observation-operation-lastn.html#lastn",
        "$lastn of a patient without observations is empty",
        |w| {
            let word = w.word();
            let one = w.patient(&word)?;
            w.get(&format!("Observation/$lastn?patient=Patient/{one}&category=laboratory"))?
                .is(200)?
                .counts("entry", 0)
                .map(drop)
        },
    ),
    must("async.html#3.1.6.1", "an export that is not asked asynchronously is refused", |w| {
        w.get("$export")?.refused_one_of(&[400, 405]).map(drop)
    }),
    must("async.html#3.1.6.1", "an export is begun with 202 and says in Content-Location where it is", |w| {
        let got = begin(w, "$export")?;
        holds(got.needs("content-location")?.starts_with("http://"), "Content-Location should be absolute")
            .map(drop)
    }),
    must("async.html#3.1.6.4", "an export that is done lists its files as JSON", |w| {
        let word = w.word();
        w.patient(&word)?;
        let got = exported(w, "$export")?;
        got.text("transactionTime")?;
        holds(got.text("request")?.contains("$export"), "request should be the address that was asked")?;
        got.at("requiresAccessToken")?;
        got.at("error")?;
        let kinds = got.each("output", "type");
        holds(kinds.contains(&"Patient".to_owned()), "Patients are there")
    }),
    must("bulk data #file", "a file of an export is NDJSON, a record a line", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let (kind, lines) = lines_of(w, "$export?_type=Patient", "Patient")?;
        holds(
            kind.starts_with("application/fhir+ndjson"),
            "the media type should be application/fhir+ndjson",
        )?;
        holds(lines.iter().any(|line| json::str_at(line, &["id"]) == Some(&id)), "the record is there")
    }),
    must("bulk data #type", "an export with _type has these types alone", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.create(&observation(&format!("Patient/{id}"), "718-7"))?;
        let mut kinds = exported(w, "$export?_type=Observation,Patient")?.each("output", "type");
        kinds.sort();
        kinds.dedup();
        same(kinds, vec!["Observation".to_owned(), "Patient".to_owned()], "the types")
    }),
    must("bulk data #since", "an export with _since has what was changed since", |w| {
        let got = exported(w, "$export?_type=Patient&_since=2097-01-01T00:00:00Z")?;
        holds(got.count("output") == 0, "nothing was changed since then")
    }),
    must("bulk data #patient", "an export of all patients has their records", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        let seen = w.create(&observation(&format!("Patient/{id}"), "718-7"))?;
        let (_, lines) = lines_of(w, "Patient/$export?_type=Observation", "Observation")?;
        holds(lines.iter().any(|line| json::str_at(line, &["id"]) == Some(&seen)), "the record is there")
    }),
    must("bulk data #group", "an export of a group has its members' records and no others", |w| {
        let (one, two) = (w.word(), w.word());
        let (inside, outside) = (w.patient(&one)?, w.patient(&two)?);
        let group = w.create(&json!({
            "resourceType": "Group", "type": "person", "actual": true,
            "member": [{"entity": {"reference": format!("Patient/{inside}").as_str()}}],
        }))?;
        let (_, lines) = lines_of(w, &format!("Group/{group}/$export?_type=Patient"), "Patient")?;
        let has = |id: &str| lines.iter().any(|line| json::str_at(line, &["id"]) == Some(id));
        holds(has(&inside) && !has(&outside), "the members and nobody else")
    }),
    must("async.html#3.1.6.5", "an export that is given up is gone", |w| {
        let place = begin(w, "$export?_type=Patient")?.needs("content-location")?;
        w.delete(&place)?.is(202)?;
        w.get(&place)?.refused(404).map(drop)
    }),
    must("bulk data #output-format", "an export in a format that is not offered is refused", |w| {
        let got = asked(w, "$export?_outputFormat=text/csv")?;
        got.refused_one_of(&[400, 406]).map(drop)
    }),
];

/// The value of a Parameters' parameter, whatever its type.
fn parameter(got: &Got, name: &str) -> Result<Value, String> {
    let list = json::items(got.tree()?, "parameter");
    let found = list.into_iter().find(|one| json::str_at(one, &["name"]) == Some(name));
    let found = found.ok_or_else(|| format!("the parameter {name} is missing"))?;
    let value = ["valueBoolean", "valueString", "valueCode", "valueMeta", "valueUri"]
        .iter()
        .find_map(|key| found.get(*key));
    value.cloned().ok_or_else(|| format!("the parameter {name} has no value"))
}

fn meta(meta: Value) -> Value {
    json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]})
}

fn meta_text(got: &Got) -> Result<String, String> {
    json::to_string(&parameter(got, "return")?).map_err(|error| error.to_string())
}

fn tagged(w: &mut World, system: &str, code: &str) -> Result<String, String> {
    let word = w.word();
    let mut one = patient_with_id(&word);
    one["meta"] = json!({"tag": [{"system": system, "code": code}]});
    w.put(&format!("Patient/{word}"), &one)?.is(201)?;
    Ok(word)
}

/// A patient with an old and a new observation and a condition: the ids.
fn with_record(w: &mut World) -> Result<(String, Vec<String>), String> {
    let word = w.word();
    let one = w.patient(&word)?;
    let subject = format!("Patient/{one}");
    let dated = |code: &str, day: &str| {
        let mut seen = observation(&subject, code);
        seen["effectiveDateTime"] = json!(day);
        seen
    };
    let ids = vec![
        w.create(&dated("718-7", "2025-03-01"))?,
        w.create(&dated("2345-7", "2026-03-01"))?,
        w.create(&json!({"resourceType": "Condition", "subject": {"reference": subject.as_str()}}))?,
    ];
    Ok((one, ids))
}

/// A patient with three laboratory observations of one code and one of another.
fn measured(w: &mut World) -> Result<String, String> {
    let word = w.word();
    let one = w.patient(&word)?;
    for (code, day) in
        [("718-7", "2026-01-01"), ("718-7", "2026-01-03"), ("718-7", "2026-01-02"), ("2345-7", "2026-02-01")]
    {
        let mut seen = observation(&format!("Patient/{one}"), code);
        seen["effectiveDateTime"] = json!(day);
        seen["category"] = json!([{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory",
        }]}]);
        w.create(&seen)?;
    }
    Ok(one)
}

fn asked(w: &mut World, path: &str) -> Result<Got, String> {
    w.get_with(path, &[("accept", "application/fhir+json"), ("prefer", "respond-async")])
}

fn begin(w: &mut World, path: &str) -> Result<Got, String> {
    asked(w, path)?.is(202)
}

/// Waits until an export is done.
fn exported(w: &mut World, path: &str) -> Result<Got, String> {
    let place = begin(w, path)?.needs("content-location")?;
    let begun = Instant::now();
    while begun.elapsed() < EXPORT {
        let got = w.get(&place)?.one_of(&[200, 202, 429])?;
        if got.status == 200 {
            return Ok(got);
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    Err("the export does not come to its end".into())
}

/// The media type and the lines of an export's files of a type.
fn lines_of(w: &mut World, path: &str, kind: &str) -> Result<(String, Vec<Value>), String> {
    let done = exported(w, path)?;
    let (kinds, urls) = (done.each("output", "type"), done.each("output", "url"));
    let (mut media_type, mut lines) = (String::new(), Vec::new());
    for (_, url) in kinds.iter().zip(urls).filter(|(one, _)| *one == kind) {
        let got = w.get_with(&url, &[("accept", "application/fhir+ndjson")])?.is(200)?;
        media_type = got.needs("content-type")?;
        for line in String::from_utf8_lossy(&got.body).lines().filter(|line| !line.is_empty()) {
            lines.push(json::from_str(line).map_err(|error| format!("a line is no JSON: {error}"))?);
        }
    }
    Ok((media_type, lines))
}
