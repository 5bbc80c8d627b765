//! What a search gives back, how much of it and in which order. <https://hl7.org/fhir/R4/search.html#return>

use crate::check::{Check, Scene, finds, finds_in_order, may, must, refuses, should};
use crate::world::{Got, World, holds, patient, same};
use yba_fhir::json::{self, json};

/// Seven people; b and e are twins in everything but their id.
static QUEUE: Scene = Scene {
    name: "queue",
    records: |mine| {
        let one = |family: &str, given: &str, birth: &str, gender: &str| {
            let mut one = json!({
                "resourceType": "Patient", "identifier": [{"system": format!("urn:{mine}").as_str(), "value": given}],
                "name": [{"family": family, "given": [given]}], "gender": gender,
                "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},
                "telecom": [{"system": "phone", "value": "0912"}], "photo": [{"title": "x"}],
            });
            if !birth.is_empty() {
                one["birthDate"] = json!(birth);
            }
            one
        };
        vec![
            ("a", one("Đào", "1", "1990-01-01", "female")),
            ("b", one("Bùi", "2", "1980-05-05", "male")),
            ("c", one("An", "3", "2000-12-31", "female")),
            ("d", one("Ân", "4", "1970", "male")),
            ("e", one("Bùi", "2", "1980-05-05", "male")),
            ("f", one("Vũ", "5", "", "female")),
            ("g", one("Em", "6", "1990-06", "female")),
        ]
    },
};

static NUMBERS: Scene = Scene {
    name: "numbers",
    records: |mine| {
        let of = |value: &str, day: &str, code: &str| {
            let value: json::Value = json::from_str(value).unwrap();
            json!({
                "resourceType": "Observation", "status": "final", "effectiveDateTime": day,
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "identifier": [{"system": format!("urn:{mine}").as_str(), "value": "1"}],
                "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "g", "unit": "g"},
            })
        };
        vec![
            ("a", of("9", "2026-01-03", "718-7")),
            ("b", of("10", "2026-01-01T10:00:00+07:00", "2345-7")),
            ("c", of("-1", "2026-01-01T04:00:00Z", "718-7")),
            ("d", of("0.5", "2025", "2345-7")),
        ]
    },
};

const S: &str = "search.html#sort";

pub const CHECKS: &[Check] = &[
    finds_in_order(
        S,
        "_sort by a date, the earliest first",
        &QUEUE,
        "Patient?{only}&birthdate:missing=false&_sort=birthdate&gender=female",
        "a g c",
    ),
    finds_in_order(
        S,
        "_sort with a minus, the latest first",
        &QUEUE,
        "Patient?{only}&birthdate:missing=false&_sort=-birthdate&gender=female",
        "c g a",
    ),
    finds_in_order(S, "_sort by a string", &QUEUE, "Patient?{only}&gender=female&_sort=family", "c a g f"),
    finds_in_order(
        S,
        "_sort by two parameters: ties of the first go by the second",
        &QUEUE,
        "Patient?{only}&_sort=gender,-birthdate&birthdate:missing=false",
        "c g a b e d",
    ),
    finds_in_order(
        S,
        "_sort by a number of a quantity, not by its digits",
        &NUMBERS,
        "Observation?{only}&_sort=value-quantity",
        "c d a b",
    ),
    finds_in_order(
        S,
        "_sort by a quantity backwards",
        &NUMBERS,
        "Observation?{only}&_sort=-value-quantity",
        "b a d c",
    ),
    finds_in_order(
        S,
        "_sort by a date-time goes by the moment, whatever its zone",
        &NUMBERS,
        "Observation?{only}&_sort=date",
        "d b c a",
    ),
    finds_in_order(
        S,
        "_sort by a date backwards",
        &NUMBERS,
        "Observation?{only}&_sort=-date&date=sa2025",
        "a c b",
    ),
    finds_in_order(
        S,
        "_sort by a token goes by its code",
        &NUMBERS,
        "Observation?{only}&_sort=code,-date&date=sa2025",
        "b a c",
    ),
    finds_in_order(S, "_sort by _id", &QUEUE, "Patient?{only}&_sort=_id", "a b c d e f g"),
    finds_in_order(S, "_sort by _id backwards", &QUEUE, "Patient?{only}&_sort=-_id", "g f e d c b a"),
    finds(
        S,
        "_sort drops nothing: what has no value comes too",
        &QUEUE,
        "Patient?{only}&_sort=birthdate",
        "a b c d e f g",
    ),
    must(S, "_sort by _lastUpdated goes by the time of change", |w| {
        let word = w.word();
        let first = w.patient(&word)?;
        std::thread::sleep(std::time::Duration::from_millis(5));
        let second = w.patient(&word)?;
        let got = w.get(&format!("Patient?identifier=urn:{word}|1&_sort=-_lastUpdated"))?.is(200)?;
        same(got.matches(), vec![second, first], "the order")
    }),
    must(S, "pages of a sorted search have everything once, ties and missing values too", |w| {
        let mine = w.scene(&QUEUE)?;
        for sort in ["family", "-family", "birthdate", "-birthdate", "gender", "-gender,family"] {
            for count in [1, 2, 3] {
                let ids = walked(w, &format!("Patient?identifier=urn:{mine}|&_sort={sort}&_count={count}"))?;
                same(ids.len(), 7, &format!("the records on all pages of _sort={sort}&_count={count}"))?;
            }
        }
        Ok(())
    }),
    must(S, "pages show the order that one page shows", |w| {
        let mine = w.scene(&QUEUE)?;
        let whole = w.get(&format!("Patient?identifier=urn:{mine}|&_sort=gender,family"))?.is(200)?.matches();
        let pages = walked(w, &format!("Patient?identifier=urn:{mine}|&_sort=gender,family&_count=2"))?;
        same(pages, whole, "the order")
    }),
    refuses(S, "_sort by a parameter that is not known is refused", &QUEUE, "Patient?{only}&_sort=mau", 400),
    must("search.html#count", "_count bounds the matches of a page", |w| {
        let mine = w.scene(&QUEUE)?;
        let got = w.get(&format!("Patient?identifier=urn:{mine}|&_count=3"))?.is(200)?.counts("entry", 3)?;
        got.needs_link("next").map(drop)
    }),
    must("search.html#count", "the last page has no next link", |w| {
        let mine = w.scene(&QUEUE)?;
        let got = w.get(&format!("Patient?identifier=urn:{mine}|&_count=7"))?.is(200)?.counts("entry", 7)?;
        holds(got.link("next").is_none(), "there is no next page")
    }),
    must("search.html#count", "_count=0 counts and shows nothing", |w| {
        let mine = w.scene(&QUEUE)?;
        w.get(&format!("Patient?identifier=urn:{mine}|&_count=0"))?
            .is(200)?
            .has("total", "7")?
            .lacks("entry")
            .map(drop)
    }),
    must("search.html#count", "a _count that is no number is refused", |w| {
        w.get("Patient?_count=nhieu")?.refused(400)?;
        w.get("Patient?_count=-1")?.refused(400).map(drop)
    }),
    may("search.html#count", "a _count above the server's most gives a page of the server's most", |w| {
        let mine = w.scene(&QUEUE)?;
        w.get(&format!("Patient?identifier=urn:{mine}|&_count=100000"))?.is(200)?.counts("entry", 7).map(drop)
    }),
    must("http.html#paging", "the next links lead through everything, nothing twice", |w| {
        let mine = w.scene(&QUEUE)?;
        let ids = walked(w, &format!("Patient?identifier=urn:{mine}|&_count=2"))?;
        same(ids.len(), 7, "the records on all pages")
    }),
    must("http.html#paging", "every page has the search's parameters in its self link", |w| {
        let mine = w.scene(&QUEUE)?;
        let first = w.get(&format!("Patient?identifier=urn:{mine}|&_count=4"))?.is(200)?;
        let second = w.get(&first.needs_link("next")?)?.is(200)?;
        holds(second.needs_link("self")?.contains("_count=4"), "self should say _count")
    }),
    should("http.html#paging", "a next link shows the moment of its first page", |w| {
        let word = w.word();
        for _ in 0..4 {
            w.patient(&word)?;
        }
        let first = w.get(&format!("Patient?identifier=urn:{word}|1&_count=2"))?.is(200)?;
        let next = first.needs_link("next")?;
        w.patient(&word)?;
        for id in first.matches() {
            w.delete(&format!("Patient/{id}"))?;
        }
        let second = w.get(&next)?.is(200)?;
        same(second.matches().len(), 2, "the matches of the second page")?;
        holds(second.link("next").is_none(), "there was no third page")
    }),
    must("http.html#paging", "a page by POST is gone through by its next links", |w| {
        let mine = w.scene(&QUEUE)?;
        let first = w.form("Patient/_search", &format!("identifier=urn%3A{mine}%7C&_count=5"))?.is(200)?;
        let second = w.get(&first.needs_link("next")?)?.is(200)?;
        same(second.matches().len(), 2, "the matches of the second page")
    }),
    may("http.html#paging", "a page token of another making is refused", |w| {
        w.get("Patient?_page=khong-phai")?.refused_one_of(&[400, 410]).map(drop)
    }),
    must("search.html#total", "_total=accurate counts all matches, on each page", |w| {
        let mine = w.scene(&QUEUE)?;
        let got = w.get(&format!("Patient?identifier=urn:{mine}|&_count=2&_total=accurate"))?.is(200)?;
        got.has("total", "7")?.counts("entry", 2).map(drop)
    }),
    must("search.html#total", "_total=none gives no total", |w| {
        let mine = w.scene(&QUEUE)?;
        w.get(&format!("Patient?identifier=urn:{mine}|&_total=none"))?.is(200)?.lacks("total").map(drop)
    }),
    must("search.html#total", "_total=estimate is taken", |w| {
        let mine = w.scene(&QUEUE)?;
        w.get(&format!("Patient?identifier=urn:{mine}|&_total=estimate"))?
            .is(200)?
            .counts("entry", 7)
            .map(drop)
    }),
    must("search.html#total", "a _total of another kind is refused", |w| {
        w.get("Patient?_total=nhieu")?.refused(400).map(drop)
    }),
    must("bundle.html#Bundle.total", "total counts matches, not what is included", |w| {
        let word = w.word();
        let id = w.patient(&word)?;
        w.create(&crate::world::observation(&format!("Patient/{id}"), "718-7"))?;
        let got = w.get(&format!("Observation?patient={id}&_include=Observation:patient"))?.is(200)?;
        got.counts("entry", 2)?.has("total", "1").map(drop)
    }),
    must("search.html#summary", "_summary=count gives the number alone", |w| {
        let mine = w.scene(&QUEUE)?;
        w.get(&format!("Patient?identifier=urn:{mine}|&_summary=count"))?
            .is(200)?
            .has("total", "7")?
            .lacks("entry")
            .map(drop)
    }),
    must("search.html#summary", "_summary=true gives the elements of the summary", |w| {
        let got = one_of(w, "_summary=true")?;
        let got = got.has("entry.0.resource.gender", "female")?.lacks("entry.0.resource.text")?;
        got.lacks("entry.0.resource.photo").map(drop)
    }),
    must("search.html#summary", "_summary=text gives text, id, meta and what is mandatory", |w| {
        let got = one_of(w, "_summary=text")?;
        let got = got.has("entry.0.resource.text.status", "generated")?.lacks("entry.0.resource.gender")?;
        got.at("entry.0.resource.meta").map(drop)
    }),
    must("search.html#summary", "_summary=data takes the text away", |w| {
        let got = one_of(w, "_summary=data")?;
        got.lacks("entry.0.resource.text")?.has("entry.0.resource.photo.0.title", "x").map(drop)
    }),
    must("search.html#summary", "_summary=false gives everything", |w| {
        let got = one_of(w, "_summary=false")?;
        let got = got
            .has("entry.0.resource.text.status", "generated")?
            .has("entry.0.resource.photo.0.title", "x")?;
        got.lacks("entry.0.resource.meta.tag").map(drop)
    }),
    should("search.html#summary", "a part of a record is tagged SUBSETTED", |w| {
        for search in ["_summary=true", "_summary=text", "_summary=data", "_elements=gender"] {
            let got = one_of(w, search)?;
            same(got.each("entry.0.resource.meta.tag", "code"), vec!["SUBSETTED".to_owned()], search)?;
        }
        Ok(())
    }),
    must("search.html#summary", "a _summary of another kind is refused", |w| {
        w.get("Patient?_summary=ngan")?.refused(400).map(drop)
    }),
    must("search.html#summary", "_summary=text cannot be mixed with an include", |w| {
        let mine = w.scene(&QUEUE)?;
        for include in ["_include=Patient:organization", "_revinclude=Observation:patient"] {
            let search = format!("Patient?identifier=urn:{mine}|1&_summary=text&{include}");
            w.get(&search)?.refused(400)?;
        }
        Ok(())
    }),
    must("search.html#elements", "_elements gives these elements", |w| {
        let got = one_of(w, "_elements=gender,birthDate")?;
        let got =
            got.has("entry.0.resource.gender", "female")?.has("entry.0.resource.birthDate", "1990-01-01")?;
        got.lacks("entry.0.resource.name")?.lacks("entry.0.resource.text").map(drop)
    }),
    must("search.html#elements", "_elements keeps id, resourceType and what is mandatory", |w| {
        let word = w.word();
        let id = w.create(&crate::world::observation(&format!("Patient/{word}"), "718-7"))?;
        let got = w.get(&format!("Observation?_id={id}&_elements=subject"))?.is(200)?;
        let got = got.has("entry.0.resource.id", &id)?.has("entry.0.resource.status", "final")?;
        got.has("entry.0.resource.code.coding.0.code", "718-7").map(drop)
    }),
    must("search.html#contained", "_contained=false is taken as the default", |w| {
        let mine = w.scene(&QUEUE)?;
        w.get(&format!("Patient?identifier=urn:{mine}|&_contained=false"))?
            .is(200)?
            .counts("entry", 7)
            .map(drop)
    }),
    may("search.html#contained", "_contained=true, which is not offered, is refused", |w| {
        w.get("Patient?_contained=true")?.refused_one_of(&[400, 501]).map(drop)
    }),
    may("search.html#filter", "_filter, which is not offered, is refused", |w| {
        w.get("Patient?_filter=name eq a")?.refused(400).map(drop)
    }),
    may("search.html#query", "_query, which is not offered, is refused", |w| {
        w.get("Patient?_query=mau")?.refused(400).map(drop)
    }),
    may("search.html#list", "_list, which is not offered, is refused", |w| {
        w.get("Patient?_list=42")?.refused(400).map(drop)
    }),
    may("search.html#special", "near, which is not offered, is refused", |w| {
        w.get("Location?near=22.4|103.4|10|km")?.refused(400).map(drop)
    }),
    must("search.html#score", "a score, where one is given, lies between 0 and 1", |w| {
        let mine = w.scene(&QUEUE)?;
        let got = w.get(&format!("Patient?identifier=urn:{mine}|"))?.is(200)?;
        let scores = got.each("entry", "search.score");
        let fine = |score: &String| {
            score == "(none)" || score.parse::<f64>().is_ok_and(|one| (0.0..=1.0).contains(&one))
        };
        holds(got.count("entry") == 7 && scores.iter().all(fine), "a score should lie between 0 and 1")
    }),
    must("bundle.html#bdl-7", "no record stands twice in a searchset", |w| {
        let word = w.word();
        let mut one = patient(&word);
        one["name"] = json!([{"family": "Lò"}, {"family": "Lo"}, {"given": ["Lò", "Lọ"]}]);
        let id = w.create(&one)?;
        let got = w.get(&format!("Patient?identifier=urn:{word}|1&name=lo"))?.is(200)?;
        same(got.matches(), vec![id], "the matches")
    }),
];

/// The ids on all pages in their order; an id that comes twice is an error.
fn walked(w: &mut World, from: &str) -> Result<Vec<String>, String> {
    let mut ids: Vec<String> = Vec::new();
    let mut next = Some(from.to_owned());
    for _ in 0..20 {
        let Some(here) = next else { return Ok(ids) };
        let got: Got = w.get(&here)?.is(200)?;
        for id in got.matches() {
            holds(!ids.contains(&id), &format!("{id} stands on two pages of {from}"))?;
            ids.push(id);
        }
        next = got.link("next");
    }
    Err("the pages do not come to an end".into())
}

/// The first of the queue, as a further parameter shows it.
fn one_of(w: &mut World, further: &str) -> Result<Got, String> {
    let mine = w.scene(&QUEUE)?;
    w.get(&format!("Patient?identifier=urn:{mine}|1&{further}"))?.is(200)?.counts("entry", 1)
}
