//! FHIR searches over HTTP among a hundred thousand Patients, beside the same rows fetched with SQL written by hand.

use crate::bench::Bench;
use crate::client::{Pressure, get, press};
use crate::crowd::{Crowd, PEOPLE, Somebody};
use crate::report::{Line, Section, rounded};
use crate::server::Server;
use crate::timing::percentile;
use anyhow::{Context, Result};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use yba_fhir::text::fold;
use yba_fhir::{DateRange, Day};

const PRESSURE: Pressure = Pressure { connections: 1, time: Duration::from_secs(3), answers: 500 };
/// The index rows that still hold.
const OPEN: &str = "t_to = 9223372036854775807";
const CCCD: &str = "https://yba.vn/fhir/sid/cccd";
const LOINC: &str = "http://loinc.org";

/// One kind of search: questions over HTTP, and the same by hand.
struct Search {
    what: &'static str,
    paths: Vec<String>,
    sql: String,
    params: Vec<Vec<Value>>,
}

pub fn run(bench: &Bench) -> Result<Section> {
    let crowd = bench.crowd()?;
    let plain =
        Connection::open_with_flags(crowd.folder.path().join("yba.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    plain.execute_batch("PRAGMA cache_size=-4000;")?;
    let mut section = Section::new(
        "Search",
        format!(
            "Pages of at most 50 among {} resources, {PEOPLE} of them Patients, by one connection over HTTP; each \
             question is another. Raw: the same index rows and bodies by SQL written by hand for this question, in \
             process, with nothing checked, audited, bundled or sent.",
            crowd.resources
        ),
    );
    let server = Server::start(crowd.folder.path())?;
    for search in [
        identifier(&plain, crowd)?,
        name(&plain, crowd)?,
        birth(&plain, crowd)?,
        result(&plain, crowd)?,
        chained(&plain, crowd)?,
    ] {
        section.lines.extend(one(&server, &plain, search)?);
    }
    Ok(section)
}

/// Both in turns, five rounds.
fn one(server: &Server, plain: &Connection, search: Search) -> Result<Vec<Line>> {
    let requests = Arc::new(search.paths.iter().map(|path| get(path)).collect::<Vec<_>>());
    let (mut ours, mut raw, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..5 {
        let pressure = Pressure { time: PRESSURE.time / 5, ..PRESSURE };
        let load = press(server.address, &requests, pressure)?;
        bytes = bytes.max(load.bytes / load.waits_ms.len().max(1) as u64);
        ours.extend(load.waits_ms);
        raw.extend(by_hand(plain, &search, PRESSURE.time / 10)?);
    }
    let line = |part: f64| {
        let (ours, raw) = (percentile(&ours, part), percentile(&raw, part));
        let what = format!("{}, p{:.0}", search.what, part * 100.0);
        let line = Line::new(what, format!("{} ms", rounded(ours))).beside(format!("{} ms", rounded(raw)));
        Line { ratio: Some(raw / ours), ..line }
    };
    let mut first = line(0.5);
    first.what = format!("{} ({} kB)", first.what, bytes / 1024);
    Ok(vec![first, line(0.99)])
}

fn by_hand(plain: &Connection, search: &Search, time: Duration) -> Result<Vec<f64>> {
    let mut statement = plain.prepare(&search.sql)?;
    let (begun, mut waits) = (Instant::now(), Vec::new());
    for params in search.params.iter().cycle() {
        if begun.elapsed() > time {
            break;
        }
        let asked = Instant::now();
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            black_box(row.get_ref(0)?.as_blob()?.len());
        }
        waits.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    Ok(waits)
}

/// The bodies of the first 50 records that these index rows name.
fn bodies_of(rows: &str) -> String {
    format!(
        "SELECT v.body FROM (SELECT DISTINCT rid, t_from FROM {rows} AND {OPEN} ORDER BY rid LIMIT 50) x \
         JOIN version v ON v.t = x.t_from"
    )
}

/// The number that stands for a search parameter in this database.
fn number(plain: &Connection, name: &str) -> Result<i64> {
    let sql = "SELECT number FROM search_key WHERE name = ?1";
    plain.query_row(sql, [name], |row| row.get(0)).with_context(|| format!("no search parameter {name}"))
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn identifier(plain: &Connection, crowd: &Crowd) -> Result<Search> {
    let p = number(plain, "Patient.identifier")?;
    let numbers: Vec<&String> = crowd.people.iter().filter_map(|one| one.number.as_ref()).collect();
    let path = |number: &&String| {
        format!("/fhir/Patient?identifier={}&_count=50", encoded(&format!("{CCCD}|{number}")))
    };
    Ok(Search {
        what: "Patient by identifier",
        paths: numbers.iter().map(path).collect(),
        sql: bodies_of("ix_token WHERE shard = 0 AND p = ?1 AND code = ?2 AND system = ?3"),
        params: numbers.iter().map(|number| vec![Value::Integer(p), text(number), text(CCCD)]).collect(),
    })
}

fn name(plain: &Connection, crowd: &Crowd) -> Result<Search> {
    let p = number(plain, "Patient.name")?;
    let typed: Vec<String> = crowd.people.iter().map(|one| fold(&one.name)).collect();
    Ok(Search {
        what: "Patient by name",
        paths: typed.iter().map(|name| format!("/fhir/Patient?name={}&_count=50", encoded(name))).collect(),
        sql: bodies_of("ix_string WHERE shard = 0 AND p = ?1 AND folded >= ?2 AND folded < ?3"),
        params: typed
            .iter()
            .map(|name| vec![Value::Integer(p), text(name), text(&format!("{name}\u{10ffff}"))])
            .collect(),
    })
}

/// Everybody born in a month.
fn birth(plain: &Connection, crowd: &Crowd) -> Result<Search> {
    let p = number(plain, "Patient.birthdate")?;
    let months: Vec<(&str, DateRange)> = crowd
        .people
        .iter()
        .filter_map(|Somebody { birth, .. }| Some((birth.get(..7)?, DateRange::parse(birth.get(..7)?)?)))
        .collect();
    let path = |(month, range): &(&str, DateRange)| {
        let last = Day::of_instant(range.end - 1);
        format!("/fhir/Patient?birthdate=ge{month}-01&birthdate=le{last}&_count=50")
    };
    Ok(Search {
        what: "Patient by birth date, one month",
        paths: months.iter().map(path).collect(),
        sql: bodies_of("ix_date WHERE shard = 0 AND p = ?1 AND start_ms >= ?2 AND start_ms < ?3"),
        params: months
            .iter()
            .map(|(_, range)| [p, range.start, range.end].map(Value::Integer).to_vec())
            .collect(),
    })
}

fn result(plain: &Connection, crowd: &Crowd) -> Result<Search> {
    // The rows of `patient` are those of `subject`.
    let (patient, code) = (number(plain, "Observation.subject")?, number(plain, "Observation.code")?);
    let path = |(id, loinc): &(String, String)| {
        format!("/fhir/Observation?patient={id}&code={}&_count=50", encoded(&format!("{LOINC}|{loinc}")))
    };
    let rows = "ix_reference WHERE shard = 0 AND p = ?1 AND target = ?2 AND EXISTS (SELECT 1 FROM ix_token c \
                WHERE c.shard = 0 AND c.rid = ix_reference.rid AND c.p = ?3 AND c.code = ?4 AND c.system = ?5)";
    let params = |(id, loinc): &(String, String)| {
        vec![
            Value::Integer(patient),
            text(&format!("Patient/{id}")),
            Value::Integer(code),
            text(loinc),
            text(LOINC),
        ]
    };
    Ok(Search {
        what: "Observation by patient and code",
        paths: crowd.results.iter().map(path).collect(),
        sql: bodies_of(rows),
        params: crowd.results.iter().map(params).collect(),
    })
}

/// Results of the patient with a number.
fn chained(plain: &Connection, crowd: &Crowd) -> Result<Search> {
    let (token, subject) = (number(plain, "Patient.identifier")?, number(plain, "Observation.subject")?);
    let mut of_patient = plain.prepare(
        "SELECT i.code FROM head h JOIN ix_token i ON i.shard = 0 AND i.rid = h.rid AND i.p = ?1 AND i.system = ?2 \
         WHERE h.shard = 0 AND h.kind = 'Patient' AND h.id = ?3",
    )?;
    let mut numbers: Vec<String> = Vec::new();
    for (id, _) in &crowd.results {
        numbers.extend(of_patient.query_row((token, CCCD, id), |row| row.get(0)).ok());
    }
    anyhow::ensure!(!numbers.is_empty(), "no patient with results has a number");
    let path = |number: &String| {
        let value = encoded(&format!("{CCCD}|{number}"));
        format!("/fhir/Observation?patient.identifier={value}&_count=50")
    };
    let sql = format!(
        "SELECT v.body FROM ix_token i CROSS JOIN ix_life l ON l.shard = 0 AND l.rid = i.rid AND l.{OPEN} \
         CROSS JOIN version p ON p.t = l.t_from CROSS JOIN ix_reference r INDEXED BY ix_reference_find \
         ON r.shard = 0 AND r.p = ?4 AND r.target = 'Patient/' || p.id AND r.{OPEN} \
         CROSS JOIN version v ON v.t = r.t_from \
         WHERE i.shard = 0 AND i.p = ?1 AND i.code = ?2 AND i.system = ?3 AND i.{OPEN} LIMIT 50"
    );
    let params =
        |number: &String| vec![Value::Integer(token), text(number), text(CCCD), Value::Integer(subject)];
    Ok(Search {
        what: "Observation by the patient's identifier (chained)",
        paths: numbers.iter().map(path).collect(),
        sql,
        params: numbers.iter().map(params).collect(),
    })
}
