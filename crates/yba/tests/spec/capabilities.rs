//! The CapabilityStatement, and that it is true. <https://hl7.org/fhir/R4/capabilitystatement.html>

use crate::check::{Check, may, must, should};
use crate::world::{FORM, Got, JSON, JSON_PATCH, World, holds, patient_with_id, same};
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value};

const C: &str = "capabilitystatement.html#truth";
const H: &str = "http.html#capabilities";

/// What a check of a declared interaction may be answered: whatever it is, it is served.
const SERVED: &[u16] = &[200, 201, 202, 204, 304];

pub const CHECKS: &[Check] = &[
    must(H, "metadata is a CapabilityStatement of FHIR 4.0.1", |w| {
        w.get("metadata")?
            .is(200)?
            .has("resourceType", "CapabilityStatement")?
            .has("fhirVersion", "4.0.1")
            .map(drop)
    }),
    must(H, "metadata with mode=full is the same", |w| {
        w.get("metadata?mode=full")?.is(200)?.has("resourceType", "CapabilityStatement").map(drop)
    }),
    may(H, "metadata with a mode that is not offered is refused", |w| {
        w.get("metadata?mode=khac")?.refused(400).map(drop)
    }),
    must("capabilitystatement.html#cpb", "the statement is a sound resource", |w| {
        let statement = w.get("metadata")?.is(200)?;
        let got = w.post("CapabilityStatement/$validate", statement.tree()?)?.is(200)?;
        let bad = got
            .each("issue", "severity")
            .into_iter()
            .filter(|one| matches!(one.as_str(), "error" | "fatal"))
            .count();
        same(bad, 0, "the number of errors in the statement")
    }),
    must("capabilitystatement.html#cpb", "the statement says status, date, kind and formats", |w| {
        let got = w.get("metadata")?.is(200)?.has("status", "active")?.has("kind", "instance")?;
        let got = got.has("rest.0.mode", "server")?;
        got.text("date")?;
        holds(got.text("format")?.contains("application/fhir+json"), "the format should be there")
    }),
    must("capabilitystatement.html#cpb-14", "the statement says software and address", |w| {
        let got = w.get("metadata")?.is(200)?;
        got.text("software.name")?;
        holds(got.text("implementation.url")?.ends_with("/fhir"), "the address should be the base")
    }),
    must("capabilitystatement.html#cpb-9", "each type stands in the statement once", |w| {
        let kinds = w.get("metadata")?.is(200)?.each("rest.0.resource", "type");
        let mut once = kinds.clone();
        once.sort();
        once.dedup();
        holds(once.len() == kinds.len() && kinds.len() > 100, "every type of R4, once")
    }),
    must("capabilitystatement.html#cpb-12", "each search parameter of a type stands there once", |w| {
        let got = w.get("metadata")?.is(200)?;
        for resource in resources(&got)? {
            let mut names: Vec<&str> =
                json::items(resource, "searchParam").filter_map(|one| json::str_at(one, &["name"])).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            same(names.len(), all, &format!("the parameters of {}", kind(resource)))?;
        }
        Ok(())
    }),
    should(H, "the statement can be had by HEAD", |w| {
        w.send("HEAD", "metadata", &[], b"")?.is(200)?.no_body().map(drop)
    }),
    must(C, "every search parameter that is declared is understood", |w| {
        let got = w.get("metadata")?.is(200)?;
        for resource in resources(&got)? {
            for one in json::items(resource, "searchParam") {
                let (name, type_) = (
                    json::str_at(one, &["name"]).unwrap_or_default(),
                    json::str_at(one, &["type"]).unwrap_or_default(),
                );
                let value = match type_ {
                    "date" => "2026-01-01",
                    "number" => "1",
                    "quantity" => "1|http://unitsofmeasure.org|g",
                    "composite" | "special" => continue,
                    "reference" => "khong-co",
                    "uri" => "urn:khong-co",
                    _ => "khongco",
                };
                let search = format!("{}?{name}={value}&_count=1", kind(resource));
                w.get(&search)?.is(200).map_err(|why| format!("{search}: {why}"))?;
            }
        }
        Ok(())
    }),
    must(C, "every search parameter that R4 has for a type is declared", |w| {
        // The ones that HL7 registers for a type, by example: of many kinds, composites among them.
        let got = w.get("metadata")?.is(200)?;
        for (type_, wanted) in [
            (
                "Patient",
                "active address address-city address-country address-postalcode address-state address-use birthdate death-date deceased email family gender general-practitioner given identifier language link name organization phone phonetic telecom",
            ),
            (
                "Observation",
                "based-on category code code-value-concept code-value-date code-value-quantity code-value-string combo-code combo-code-value-concept combo-code-value-quantity combo-data-absent-reason combo-value-concept combo-value-quantity component-code component-code-value-concept component-code-value-quantity component-data-absent-reason component-value-concept component-value-quantity data-absent-reason date derived-from device encounter focus has-member identifier method part-of patient performer specimen status subject value-concept value-date value-quantity value-string",
            ),
            (
                "Encounter",
                "account appointment based-on class date diagnosis episode-of-care identifier length location location-period part-of participant participant-type patient practitioner reason-code reason-reference service-provider special-arrangement status subject type",
            ),
            (
                "Immunization",
                "date identifier location lot-number manufacturer patient performer reaction reaction-date reason-code reason-reference series status status-reason target-disease vaccine-code",
            ),
            (
                "MedicationRequest",
                "authoredon category code date encounter identifier intended-dispenser intended-performer intended-performertype intent medication patient priority requester status subject",
            ),
            (
                "Coverage",
                "beneficiary class-type class-value dependent identifier patient payor policy-holder status subscriber type",
            ),
            (
                "ValueSet",
                "context context-quantity context-type context-type-quantity context-type-value date description expansion identifier jurisdiction name publisher reference status title url version code",
            ),
        ] {
            let resource = resources(&got)?.into_iter().find(|one| kind(one) == type_);
            let resource = resource.ok_or_else(|| format!("{type_} is not declared"))?;
            let names: Vec<&str> =
                json::items(resource, "searchParam").filter_map(|one| json::str_at(one, &["name"])).collect();
            for name in wanted.split(' ') {
                holds(names.contains(&name), &format!("{type_}.{name} should be declared"))?;
            }
        }
        Ok(())
    }),
    must(
        C,
        "the parameters of every type are declared: _id, _lastUpdated, _tag, _profile, _security, _source, _text, _content",
        |w| {
            let got = w.get("metadata")?.is(200)?;
            let resource = resources(&got)?
                .into_iter()
                .find(|one| kind(one) == "Patient")
                .ok_or("Patient is not declared")?;
            let names: Vec<&str> =
                json::items(resource, "searchParam").filter_map(|one| json::str_at(one, &["name"])).collect();
            for name in
                ["_id", "_lastUpdated", "_tag", "_profile", "_security", "_source", "_text", "_content"]
            {
                holds(names.contains(&name), &format!("{name} should be declared"))?;
            }
            Ok(())
        },
    ),
    must(C, "every include that is declared is understood", |w| includes(w, "searchInclude", "_include")),
    must(C, "every reverse include that is declared is understood", |w| {
        let got = w.get("metadata")?.is(200)?;
        let declared = resources(&got)?.iter().filter(|one| one.get("searchRevInclude").is_some()).count();
        holds(declared > 0, "reverse includes should be declared")?;
        includes(w, "searchRevInclude", "_revinclude")
    }),
    must(C, "every interaction that is declared for a type is served", |w| {
        let got = w.get("metadata")?.is(200)?;
        let resource = resources(&got)?
            .into_iter()
            .find(|one| kind(one) == "Patient")
            .ok_or("Patient is not declared")?;
        let codes: Vec<String> = json::items(resource, "interaction")
            .filter_map(|one| json::str_at(one, &["code"]))
            .map(str::to_owned)
            .collect();
        holds(codes.len() >= 8, "the interactions should be declared")?;
        for code in codes {
            interaction(w, &code)?;
        }
        Ok(())
    }),
    must(C, "every type has the same interactions, as no type is treated apart", |w| {
        let got = w.get("metadata")?.is(200)?;
        let codes = |one: &Value| {
            json::items(one, "interaction")
                .filter_map(|one| json::str_at(one, &["code"]))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let all = resources(&got)?;
        let patient = all.iter().find(|one| kind(one) == "Patient").map(|one| codes(one));
        holds(all.iter().all(|one| Some(codes(one)) == patient), "the interactions should be the same")
    }),
    must(C, "the interactions that the issue's REST asks for are declared", |w| {
        let got = w.get("metadata")?.is(200)?;
        let resource = resources(&got)?
            .into_iter()
            .find(|one| kind(one) == "Patient")
            .ok_or("Patient is not declared")?;
        let codes: Vec<&str> =
            json::items(resource, "interaction").filter_map(|one| json::str_at(one, &["code"])).collect();
        for code in [
            "read",
            "vread",
            "update",
            "patch",
            "delete",
            "history-instance",
            "history-type",
            "create",
            "search-type",
        ] {
            holds(codes.contains(&code), &format!("{code} should be declared"))?;
        }
        let system = got.each("rest.0.interaction", "code");
        for code in ["transaction", "batch", "search-system", "history-system"] {
            holds(system.iter().any(|one| one == code), &format!("{code} should be declared"))?;
        }
        Ok(())
    }),
    must(C, "what is not declared of the system is refused", |w| {
        let got = w.get("metadata")?.is(200)?;
        let system = got.each("rest.0.interaction", "code");
        let declared = |code: &str| system.iter().any(|one| one == code);
        let search = w.get("?_type=Patient&_count=1")?.status;
        same(search == 200, declared("search-system"), "whether search-system is served")?;
        let history = w.get("_history?_count=1")?.status;
        same(history == 200, declared("history-system"), "whether history-system is served")
    }),
    must(C, "every operation that is declared is there", |w| {
        let got = w.get("metadata")?.is(200)?;
        for resource in resources(&got)? {
            for one in json::items(resource, "operation") {
                let name = json::str_at(one, &["name"]).unwrap_or_default();
                there(
                    w,
                    &format!("{}/${name}", kind(resource)),
                    &format!("{}/khong-co-bao-gio/${name}", kind(resource)),
                )?;
            }
        }
        for name in got.each("rest.0.operation", "name") {
            // ViewDefinition is no type of R4 and has a place of its own.
            let path = format!("${name}");
            there(w, &path, &format!("ViewDefinition/{path}"))?;
        }
        Ok(())
    }),
    must("capabilitystatement.html#operation", "every operation says its definition", |w| {
        let got = w.get("metadata")?.is(200)?;
        for resource in resources(&got)? {
            for one in json::items(resource, "operation") {
                holds(
                    json::str_at(one, &["definition"]).is_some_and(|url| url.starts_with("http")),
                    "definition is needed",
                )?;
            }
        }
        Ok(())
    }),
    must(C, "an operation that is not declared for a type is refused there", |w| {
        w.get("Patient/$expand")?.refused_one_of(&[400, 404, 405])?;
        w.get("Observation/1/$everything")?.refused_one_of(&[400, 404, 405]).map(drop)
    }),
    must(C, "versioning, conditions and the creation by update are declared as they are", |w| {
        let got = w.get("metadata")?.is(200)?;
        for (name, wanted) in [
            ("versioning", "versioned"),
            ("readHistory", "true"),
            ("updateCreate", "true"),
            ("conditionalCreate", "true"),
            ("conditionalUpdate", "true"),
            ("conditionalDelete", "single"),
        ] {
            let all = got.each("rest.0.resource", name);
            holds(all.iter().all(|one| one == wanted), &format!("{name} should be {wanted}"))?;
        }
        Ok(())
    }),
    must(C, "conditional reads are declared as they are served", |w| {
        let word = w.word();
        w.put(&format!("Patient/{word}"), &patient_with_id(&word))?.is(201)?;
        let read = w.get(&format!("Patient/{word}"))?.is(200)?;
        let since = w
            .get_with(&format!("Patient/{word}"), &[("if-modified-since", &read.needs("last-modified")?)])?
            .status
            == 304;
        let tag =
            w.get_with(&format!("Patient/{word}"), &[("if-none-match", &read.needs("etag")?)])?.status == 304;
        let wanted = match (since, tag) {
            (true, true) => "full-support",
            (true, false) => "modified-since",
            (false, true) => "not-match",
            (false, false) => "not-supported",
        };
        same(
            w.get("metadata")?.each("rest.0.resource", "conditionalRead")[0].clone(),
            wanted.to_owned(),
            "conditionalRead",
        )
    }),
    must("http.html#patch", "the formats of a patch are declared", |w| {
        let got = w.get("metadata")?.is(200)?;
        holds(
            got.text("patchFormat")?.contains("application/json-patch+json"),
            "patchFormat should name JSON Patch",
        )
    }),
    must("security.html#cors", "whether other sites' pages are let in is declared", |w| {
        w.get("metadata")?.is(200)?.has("rest.0.security.cors", "false").map(drop)
    }),
    may("http.html#options", "OPTIONS of the base, which is not offered, is refused by name", |w| {
        w.send("OPTIONS", "", &[], b"")?.refused(405).map(drop)
    }),
    may(C, "an OpenAPI description is there and tells of the same types and operations", |w| {
        let (got, statement) = (w.get("openapi.json")?.is(200)?, w.get("metadata")?.is(200)?);
        holds(got.text("openapi")?.starts_with("3."), "it should be OpenAPI 3")?;
        let mut kinds: Vec<&str> = json::items(got.at("components.parameters.kind.schema")?, "enum")
            .filter_map(|kind| kind.as_str())
            .collect();
        kinds.sort_unstable();
        let mut declared = statement.each("rest.0.resource", "type");
        declared.sort_unstable();
        same(kinds, declared.iter().map(String::as_str).collect(), "the types")?;
        let paths = got.at("paths")?.as_object().ok_or("paths should be an object")?;
        for resource in resources(&statement)? {
            for name in json::items(resource, "operation").filter_map(|one| json::str_at(one, &["name"])) {
                let fits = |path: &str| {
                    (path.starts_with("/{kind}/") || path.starts_with(&format!("/{}/", kind(resource))))
                        && path.ends_with(&format!("/${name}"))
                };
                let told = paths.iter().any(|(path, _)| fits(path));
                holds(told, &format!("${name} of {} should be there", kind(resource)))?;
            }
        }
        Ok(())
    }),
];

fn resources(got: &Got) -> Result<Vec<&Value>, String> {
    let list = got.at("rest.0.resource")?.as_array().ok_or("rest.resource should be a list")?;
    Ok(list.iter().collect())
}

fn kind(resource: &Value) -> &str {
    json::str_at(resource, &["type"]).unwrap_or_default()
}

/// Asks for every include of these that are declared.
fn includes(w: &mut World, member: &str, parameter: &str) -> Result<(), String> {
    let got = w.get("metadata")?.is(200)?;
    for resource in resources(&got)? {
        for value in json::items(resource, member).filter_map(|one| one.as_str()) {
            let search = format!("{}?_id=khong-co&{parameter}={value}", kind(resource));
            w.get(&search)?.is(200).map_err(|why| format!("{search}: {why}"))?;
        }
    }
    Ok(())
}

/// One interaction of a type, done.
fn interaction(w: &mut World, code: &str) -> Result<(), String> {
    let word = w.word();
    let path = format!("Patient/{word}");
    let version = w.put(&path, &patient_with_id(&word))?.is(201)?.text("meta.versionId")?;
    let got = match code {
        "read" => w.get(&path)?,
        "vread" => w.get(&format!("{path}/_history/{version}"))?,
        "update" => w.put(&path, &patient_with_id(&word))?,
        "patch" => {
            w.send("PATCH", &path, &[JSON_PATCH], br#"[{"op":"add","path":"/active","value":true}]"#)?
        }
        "delete" => w.delete(&path)?,
        "history-instance" => w.get(&format!("{path}/_history"))?,
        "history-type" => w.get("Patient/_history?_count=1")?,
        "create" => w.send("POST", "Patient", &[JSON], br#"{"resourceType":"Patient"}"#)?,
        "search-type" => w.send("POST", "Patient/_search", &[FORM], b"_count=1")?,
        other => return Err(format!("{other} is declared, and is no interaction of R4")),
    };
    got.one_of(SERVED).map(drop).map_err(|why| format!("{code}: {why}"))
}

/// One of two addresses of an operation must know it: whatever it says, it is not that there is no such operation.
fn there(w: &mut World, one: &str, other: &str) -> Result<(), String> {
    for path in [one, other] {
        let got = w.get(path)?;
        let body = String::from_utf8_lossy(&got.body).into_owned();
        if !body.contains("unsupported-operation") && !body.contains("unknown-address") && got.status != 405 {
            return Ok(());
        }
        if got.status == 405 && got.header("allow").is_some_and(|methods| methods.contains("POST")) {
            return Ok(());
        }
    }
    Err(format!("nobody knows {one}"))
}
