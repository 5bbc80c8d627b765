//! History of a record, a type and the system. <https://hl7.org/fhir/R4/http.html#history>

use crate::check::{Check, must, should};
use crate::world::{Got, World, holds, same};
use yba_fhir::json::json;

pub const CHECKS: &[Check] = &[
    must("http.html#history", "history is a Bundle of type history", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}/_history"))?
            .is(200)?
            .has("resourceType", "Bundle")?
            .has("type", "history")
            .map(drop)
    }),
    must("http.html#history", "history has every version, the newest first", |w| {
        let word = lived(w)?;
        let got = w.get(&format!("Patient/{word}/_history"))?.is(200)?;
        same(got.each("entry", "resource.gender"), texts(&["(none)", "male", "female"]), "the versions")
    }),
    must("bundle.html#history", "each entry of a history says request and response", |w| {
        let word = lived(w)?;
        let got = w.get(&format!("Patient/{word}/_history"))?.is(200)?;
        same(got.each("entry", "request.method")[0].clone(), "DELETE".to_owned(), "the newest method")?;
        holds(
            got.each("entry", "request.url").iter().all(|url| url != "(none)"),
            "each entry needs request.url",
        )?;
        holds(
            got.each("entry", "response.status").iter().all(|status| status.starts_with('2')),
            "each entry needs response.status",
        )
    }),
    must("bundle.html#history", "an entry whose request is a PUT names the record in its url", |w| {
        let word = lived(w)?;
        let got = w.get(&format!("Patient/{word}/_history"))?.is(200)?;
        got.has("entry.1.request.method", "PUT")?
            .has("entry.1.request.url", &format!("Patient/{word}"))
            .map(drop)
    }),
    must("bundle.html#history", "the first version says 201, a later one 200, a deletion 204", |w| {
        let word = lived(w)?;
        let got = w.get(&format!("Patient/{word}/_history"))?.is(200)?;
        let statuses: Vec<String> =
            got.each("entry", "response.status").iter().map(|line| line.chars().take(3).collect()).collect();
        same(statuses, texts(&["204", "200", "201"]), "the statuses")
    }),
    should("bundle.html#history", "each entry says lastModified and etag of its version", |w| {
        let word = lived(w)?;
        let got = w.get(&format!("Patient/{word}/_history"))?.is(200)?;
        holds(
            got.each("entry", "response.lastModified").iter().all(|one| one.contains('T')),
            "lastModified is needed",
        )?;
        let version = got.text("entry.1.resource.meta.versionId")?;
        got.has("entry.1.response.etag", &format!("W/\"{version}\"")).map(drop)
    }),
    must(
        "bundle.html#bundle-unique",
        "each entry says fullUrl, the same for all versions of a record",
        |w| {
            let word = lived(w)?;
            let got = w.get(&format!("Patient/{word}/_history"))?.is(200)?;
            let urls = got.each("entry", "fullUrl");
            holds(
                urls.iter().all(|url| url.ends_with(&format!("/fhir/Patient/{word}"))),
                "fullUrl should be the record's",
            )
        },
    ),
    must("bundle.html#Bundle.total", "total counts all versions", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}/_history"))?.is(200)?.has("total", "3").map(drop)
    }),
    must("http.html#history", "history of what never was answers 404", |w| {
        w.get("Patient/khong-co-bao-gio/_history")?.refused(404).map(drop)
    }),
    must("http.html#history", "history of a deleted record is still there", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}"))?.refused(410)?;
        w.get(&format!("Patient/{word}/_history"))?.is(200).map(drop)
    }),
    must("http.html#paging", "_count bounds a page of history, and next leads through all of it", |w| {
        let word = lived(w)?;
        let statuses = walked(w, &format!("Patient/{word}/_history?_count=1"), 3)?;
        same(statuses.len(), 3, "the versions on all pages")
    }),
    must("http.html#paging", "the last page of a history has no next link", |w| {
        let word = lived(w)?;
        let got = w.get(&format!("Patient/{word}/_history?_count=3"))?.is(200)?;
        holds(got.link("next").is_none(), "there is no next page")?;
        got.needs_link("self").map(drop)
    }),
    must("http.html#history", "_count=0 is answered with a count or refused, never with a 500", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}/_history?_count=0"))?.one_of(&[200, 400]).map(drop)
    }),
    must("http.html#history", "a bad _count of a history is refused", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}/_history?_count=nhieu"))?.refused(400)?;
        w.get(&format!("Patient/{word}/_history?_count=-1"))?.refused(400).map(drop)
    }),
    must("http.html#history", "_since leaves out what came before it", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}/_history?_since=2001-01-01T00:00:00Z"))?
            .is(200)?
            .counts("entry", 3)?;
        w.get(&format!("Patient/{word}/_history?_since=2097-01-01T00:00:00Z"))?
            .is(200)?
            .counts("entry", 0)
            .map(drop)
    }),
    must("http.html#history", "_since takes an instant with any zone", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}/_history?_since=2001-01-01T00:00:00.000%2B07:00"))?
            .is(200)?
            .counts("entry", 3)
            .map(drop)
    }),
    must("http.html#history", "a _since that is no instant is refused", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}/_history?_since=hom-qua"))?.refused(400).map(drop)
    }),
    must("http.html#history", "_at gives what was current at some moment of a time", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}/_history?_at=2001"))?.is(200)?.counts("entry", 0)?;
        let year = year(w, &word)?;
        let got = w.get(&format!("Patient/{word}/_history?_at={year}"))?.is(200)?;
        holds(got.count("entry") >= 2, "every version of this year was current in it")
    }),
    must("http.html#history", "an _at that is no date is refused", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}/_history?_at=hom-qua"))?.refused(400).map(drop)
    }),
    must("http.html#history", "history of a type has the versions of that type alone", |w| {
        lived(w)?;
        let got = w.get("Patient/_history?_count=20")?.is(200)?.has("type", "history")?;
        holds(got.count("entry") > 2, "there are versions")?;
        holds(got.each("entry", "request.url").iter().all(|url| url.starts_with("Patient")), "only Patients")
    }),
    must("http.html#history", "history of a type has the newest version first", |w| {
        let word = lived(w)?;
        let got = w.get("Patient/_history?_count=3")?.is(200)?;
        let got = got.counts("entry", 3)?.has("entry.0.request.method", "DELETE")?;
        got.has("entry.1.resource.id", &word)?.has("entry.2.resource.id", &word).map(drop)
    }),
    must("http.html#history", "history of a type is read page by page, nothing twice", |w| {
        let moment = moment(w)?;
        lived(w)?;
        lived(w)?;
        let tags = walked(w, &format!("Patient/_history?_count=2&_since={moment}"), 10)?;
        same(tags.len(), 6, "the versions since then")
    }),
    must(
        "http.html#history",
        "a page of a type's history shows its moment, whatever is written meanwhile",
        |w| {
            let moment = moment(w)?;
            lived(w)?;
            lived(w)?;
            let first =
                w.get(&format!("Patient/_history?_count=4&_since={moment}"))?.is(200)?.counts("entry", 4)?;
            lived(w)?;
            let rest = w.get(&first.needs_link("next")?)?.is(200)?;
            same(rest.count("entry"), 2, "the versions of the second page")
        },
    ),
    must("http.html#history", "history of the system has the versions of every type", |w| {
        let word = lived(w)?;
        let subject = format!("Patient/{word}");
        w.create(&crate::world::observation(&subject, "718-7"))?;
        // The node links people beside, which may come between.
        let got = w.get("_history?_count=1000")?.is(200)?.has("type", "history")?;
        let urls = got.each("entry", "request.url");
        holds(urls.iter().any(|url| url.starts_with("Patient")), "Patients are there")?;
        holds(urls.iter().any(|url| url.starts_with("Observation")), "Observations are there")
    }),
    must("http.html#history", "_since holds for the history of the system", |w| {
        let moment = moment(w)?;
        let word = lived(w)?;
        let got = w.get(&format!("_history?_since={moment}&_count=1000"))?.is(200)?;
        // The node links people beside, and the history of everything tells that too.
        let urls = got.each("entry", "fullUrl");
        let patients = urls.iter().filter(|url| url.contains("/Patient/"));
        same(patients.clone().count(), 3, "the versions of Patients since then")?;
        holds(patients.clone().all(|url| url.ends_with(&format!("/{word}"))), "they are all of this one")
    }),
    must("http.html#history", "history of the system is read page by page", |w| {
        let moment = moment(w)?;
        lived(w)?;
        lived(w)?;
        let tags = walked_of(w, &format!("_history?_count=4&_since={moment}"), 250, "/Patient/")?;
        same(tags.len(), 6, "the versions of Patients since then")
    }),
    must("http.html#history", "a parameter that history does not know is refused", |w| {
        let word = lived(w)?;
        w.get(&format!("Patient/{word}/_history?mau=do"))?.refused(400).map(drop)
    }),
    must("http.html#history", "history of a type that FHIR does not have answers 404", |w| {
        w.get("BenhNhan/_history")?.refused(404).map(drop)
    }),
];

/// A patient that was created, updated and deleted. It says nothing by which the node could think it is somebody else's.
fn lived(w: &mut World) -> Result<String, String> {
    let word = w.word();
    let (path, mut one) =
        (format!("Patient/{word}"), json!({"resourceType": "Patient", "id": word, "gender": "female"}));
    w.put(&path, &one)?.is(201)?;
    one["gender"] = json!("male");
    w.put(&path, &one)?.is(200)?;
    w.delete(&path)?.deleted()?;
    Ok(word)
}

/// A moment after everything before and before everything after, as the server's own clock tells it.
fn moment(w: &mut World) -> Result<String, String> {
    let word = w.word();
    let id = w.patient(&word)?;
    std::thread::sleep(std::time::Duration::from_millis(3));
    // One more, so that what comes next is later than this whatever the clock's grain.
    let last = w.get(&format!("Patient/{id}"))?.text("meta.lastUpdated")?;
    let (clock, zone) = last.split_at(23);
    let next = clock[20..23].parse::<u32>().map_err(|_| format!("{last} has no milliseconds"))? + 1;
    // A second that is nearly over leaves no room for one millisecond more.
    if next > 999 {
        return moment(w);
    }
    Ok(format!("{}{next:03}{}", &clock[..20], zone.replace('+', "%2B")))
}

fn year(w: &mut World, word: &str) -> Result<String, String> {
    let got = w.get(&format!("Patient/{word}/_history"))?;
    Ok(got.text("entry.0.response.lastModified")?.chars().take(4).collect())
}

/// The version tags on all pages; a tag that comes twice, or more pages than `most`, is an error.
fn walked(w: &mut World, from: &str, most: usize) -> Result<Vec<String>, String> {
    walked_of(w, from, most, "")
}

/// The same of those whose address holds a text.
fn walked_of(w: &mut World, from: &str, most: usize, of: &str) -> Result<Vec<String>, String> {
    let mut tags: Vec<String> = Vec::new();
    let mut next = Some(from.to_owned());
    for _ in 0..most {
        let Some(here) = next else { return Ok(tags) };
        let got: Got = w.get(&here)?.is(200)?;
        let urls = got.each("entry", "fullUrl");
        let all = got.each("entry", "response.etag");
        same(urls.len(), all.len(), "each entry has an address and an ETag")?;
        for (_, tag) in urls.into_iter().zip(all).filter(|(url, _)| url.contains(of)) {
            holds(!tags.contains(&tag), "a version stands on two pages")?;
            tags.push(tag);
        }
        next = got.link("next");
    }
    match next {
        None => Ok(tags),
        Some(_) => Err("the pages do not come to an end".into()),
    }
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}
