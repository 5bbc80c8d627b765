//! What each operation of the FHIR API costs the whole server in processor time, and how many a second there are, over
//! HTTP on both engines: among 200 invented people, and (`--deep`) how that grows when there are many more.
//!
//! Processor time is counted by the kernel over the whole tree: the program, and of PostgreSQL every process. Raw: the
//! same rows by SQL written by hand, over one connection of the same engine, in this process; its processor time is
//! counted in the same way.

use crate::bench::{Bench, Engine};
use crate::bulk::export;
use crate::client::{Load, Pressure, get, post, press};
use crate::report::{Line, Section, rounded};
use crate::server::Server;
use crate::timing::{Pair, median, percentile};
use anyhow::{Context, Result};
use std::sync::Arc;
use std::time::{Duration, Instant};
use yba_store::db::{Connection, Place, Value};
use yba_testkit::postgres::Database;

const ROUNDS: usize = 5;
pub const PEOPLE: usize = 200;
/// The facility that everybody has been at.
pub const PLACE: &str = "tram-mau";
/// Resources of a person: 1 Patient, 8 encounters, 10 diagnoses, 64 observations.
const PER_PERSON: usize = 83;
const ENCOUNTERS: usize = 8;
const CONDITIONS: usize = 10;
const OBSERVATIONS: usize = 64;
/// Encounters of a day, and people who share a diagnosis.
const OF_A_DAY: usize = 20;
const OF_A_CODE: usize = 19;
const ROUND: Duration = Duration::from_millis(1500);

/// Least resources a second of a bulk export.
const EXPORTED: f64 = 30_000.0;

/// How many resources there are before and after growth.
const GROWTH: [usize; 2] = [100_000, 1_500_000];

/// One operation: requests that differ, the same by hand, and what the issue asks of it.
pub struct Asked {
    what: &'static str,
    requests: Vec<Vec<u8>>,
    sql: String,
    params: Vec<Vec<Value>>,
    /// Most CPU ms on SQLite and PostgreSQL, and least a second on SQLite.
    most: [f64; 2],
    rate: Option<f64>,
}

pub fn run(bench: &Bench) -> Result<Section> {
    let mut section = Section::new(
        "Operations",
        format!(
            "Over HTTP among {} resources of {PEOPLE} people; validation and audit on. Processor ms of the whole server per \
             operation (PostgreSQL: all its processes too), median of {ROUNDS} rounds; rates with 8 connections and the client \
             on the same two cores. Raw: the same index rows and bodies by SQL written by hand, one connection, nothing \
             checked, audited, bundled or sent; for writes one row of the log a resource.",
            PEOPLE * PER_PERSON
        ),
    );
    for engine in Engine::BOTH {
        let Some(house) = House::start(bench, engine)? else { continue };
        let mut figures = vec![house.bundles(0)?, house.creates(PEOPLE + 5)?];
        for asked in house.questions(PEOPLE)? {
            figures.push(house.one(&asked)?);
        }
        section.lines.extend(figures.iter().map(Figure::told));
    }
    Ok(section)
}

/// The same questions among few and among many resources, on SQLite: p50 of one connection, memory, time to the first
/// answer.
pub fn growth(bench: &Bench) -> Result<Section> {
    let mut section = Section::new(
        "Growth",
        format!(
            "SQLite, one connection over HTTP, p50 of each question among {} resources, beside the same among {}; memory \
             after all of them.",
            GROWTH[1], GROWTH[0]
        ),
    );
    let (mut found, mut bulk): (Vec<Size>, _) = (Vec::new(), None);
    for resources in GROWTH {
        let people = resources / PER_PERSON;
        let mut house = House::start(bench, Engine::Sqlite)?.context("SQLite is always there")?;
        house.load(0..people)?;
        house.close();
        house.reopen(None)?;
        let ready = house.server()?.ready_seconds;
        let mut waits = Vec::new();
        for asked in house.questions(people)? {
            let pressure = |time, answers| Pressure { connections: 1, time, answers };
            house.press(&asked.requests, pressure(ROUND, 200))?;
            let load = house.press(&asked.requests, pressure(ROUND * 2, 2000))?;
            waits.push((asked.what, percentile(&load.waits_ms, 0.5)));
        }
        println!("  {resources} resources: ready in {ready:.2} s, {waits:?}");
        found.push(Size { waits, memory_mb: house.server()?.memory_mb("RssAnon"), ready });
        if resources == GROWTH[1] {
            bulk = Some(house.bulk()?);
        }
    }
    let [few, many] = &found[..] else { anyhow::bail!("two sizes") };
    let (few_mb, many_mb, ready) = (few.memory_mb, many.memory_mb, many.ready);
    for ((what, few), (_, many)) in few.waits.iter().zip(&many.waits) {
        let line = Line::new(*what, format!("{} ms", rounded(*many))).beside(format!("{} ms", rounded(*few)));
        section.lines.push(Line { ratio: Some(few / many), ..line }.target("≤ 1.5 times", many / few <= 1.5));
    }
    let line = Line::new("anonymous memory", format!("{many_mb:.0} MB")).beside(format!("{few_mb:.0} MB"));
    section
        .lines
        .push(Line { ratio: Some(few_mb / many_mb), ..line }.target("≤ 1.3 times", many_mb / few_mb <= 1.3));
    section.lines.push(Line::new("ready", format!("{ready:.2} s")).target("≤ 1 s", ready <= 1.0));
    section.lines.extend(bulk);
    Ok(section)
}

/// What one size gave.
struct Size {
    waits: Vec<(&'static str, f64)>,
    memory_mb: f64,
    ready: f64,
}

/// One line of the table.
pub struct Figure {
    pub what: String,
    /// Processor ms of one.
    pub cpu: f64,
    /// How many a second.
    pub rate: f64,
    raw: f64,
    /// Most CPU ms and, of some, least a second.
    most: f64,
    least: Option<f64>,
}

impl Figure {
    fn told(&self) -> Line {
        let Figure { what, cpu, rate, raw, most, least } = self;
        let line =
            Line::new(what, format!("{cpu:.3} ms, {}/s", rounded(*rate))).beside(format!("{raw:.3} ms"));
        let met = cpu <= most && least.is_none_or(|least| *rate >= least);
        let target = match least {
            Some(least) => format!("≤ {most} ms, ≥ {}/s", rounded(*least)),
            None => format!("≤ {most} ms"),
        };
        println!("  {what}: {} / {}", line.ours, line.raw);
        Line { ratio: Some(raw / cpu), ..line }.target(target, met)
    }
}

/// A house with its records in a folder and perhaps a database of their own.
pub struct House {
    server: Option<Server>,
    /// The session of who asks, where the house is not open.
    session: Option<String>,
    pub folder: tempfile::TempDir,
    pub place: Place,
    database: Option<Database>,
}

impl House {
    pub fn start(bench: &Bench, engine: Engine) -> Result<Option<House>> {
        let folder = bench.subfolder()?;
        let (place, database) = match engine {
            Engine::Sqlite => (Place::File(folder.path().join("yba.db")), None),
            Engine::Postgres => match Database::fresh() {
                Some(database) => (database.place(), Some(database)),
                None => return Ok(None),
            },
        };
        let mut house = House { server: None, session: None, folder, place, database };
        house.reopen(None)?;
        Ok(Some(house))
    }

    /// Ends the program; the records stay.
    pub fn close(&mut self) {
        self.server = None;
    }

    /// Starts it again: open, or for who has this session.
    pub fn reopen(&mut self, session: Option<String>) -> Result<()> {
        let url = self.database.as_ref().map(Database::url);
        let how: &[&str] = if session.is_some() { &[] } else { &["--open"] };
        self.server = Some(Server::start_as(self.folder.path(), url.as_deref(), how)?);
        self.session = session;
        Ok(())
    }

    fn server(&self) -> Result<&Server> {
        self.server.as_ref().context("the house is closed")
    }

    /// Puts these requests on the server as who asks here.
    fn press(&self, requests: &[Vec<u8>], pressure: Pressure) -> Result<Load> {
        let requests = requests.iter().map(|request| self.signed(request)).collect();
        press(self.server()?.address, &Arc::new(requests), pressure)
    }

    /// A request with the session of who asks, as our own pages send it.
    fn signed(&self, request: &[u8]) -> Vec<u8> {
        let Some(session) = &self.session else { return request.to_vec() };
        let line = request.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let more = format!("Cookie: yba={session}\r\nOrigin: http://localhost\r\n");
        [&request[..line], more.as_bytes(), &request[line..]].concat()
    }

    /// Waits until its followers have nothing more to do.
    pub fn rest(&self) -> Result<()> {
        self.server()?.wait_for_followers().map(drop)
    }

    fn engine(&self) -> &'static str {
        if self.database.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    /// Processor seconds of the server and all of PostgreSQL so far.
    fn cpu(&self, cluster: Option<u32>) -> f64 {
        self.server.as_ref().map_or(0.0, Server::cpu_seconds) + cluster.map_or(0.0, tree_seconds)
    }

    /// The process that all of PostgreSQL belongs to.
    fn cluster(&self) -> Result<Option<u32>> {
        if self.database.is_none() {
            return Ok(None);
        }
        // Its backend goes with the connection.
        let mut connection = Connection::reader(&self.place)?;
        let rows = connection.query("SELECT pg_backend_pid()::bigint", &[])?;
        let backend = rows.first().map_or(0, |row| row.int(0)) as u32;
        Ok(Some(stat(backend).context("the backend is there")?[1] as u32))
    }

    /// Writes these people; answers the seconds.
    pub fn load(&self, people: std::ops::Range<usize>) -> Result<f64> {
        let begun = Instant::now();
        let mut people = people.peekable();
        while people.peek().is_some() {
            let bundles: Vec<Vec<u8>> = people.by_ref().take(200).map(bundle).collect();
            let answers = bundles.len();
            let pressure = Pressure { connections: 4, time: Duration::from_secs(600), answers };
            self.press(&bundles, pressure)?;
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Writes as many people as there are, from this number on, in rounds.
    pub fn bundles(&self, first: usize) -> Result<Figure> {
        let cluster = self.cluster()?;
        let (mut cpu, mut rates) = (Vec::new(), Vec::new());
        // The first bundle meets a cold program.
        self.load(first + PEOPLE..first + PEOPLE + 5)?;
        for round in 0..ROUNDS {
            let part = PEOPLE / ROUNDS;
            let before = self.cpu(cluster);
            let seconds = self.load(first + round * part..first + (round + 1) * part)?;
            let resources = (part * PER_PERSON) as f64;
            cpu.push((self.cpu(cluster) - before) * 1e3 / resources);
            rates.push(resources / seconds);
        }
        let most = if self.database.is_some() { 0.6 } else { 0.25 };
        let what = format!("{}, transaction bundle, per resource of 1.1 KB", self.engine());
        let (cpu, rate, raw) = (median(&cpu), median(&rates), self.raw_writes()?);
        let least = self.database.is_none().then_some(4000.0);
        Ok(Figure { what, cpu, rate, raw, most, least })
    }

    /// Creates observations of as many people as there are, from this number on.
    pub fn creates(&self, first: usize) -> Result<Figure> {
        let cluster = self.cluster()?;
        let (mut cpu, mut rates) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS + 1 {
            // Of people who are asked for nowhere else: a record must not grow between questions.
            let number = |n: usize| observation(first + n % PEOPLE, 0, false);
            let requests = (0..2000).map(|n| post("/fhir/Observation", "application/fhir+json", &number(n)));
            let requests: Vec<Vec<u8>> = requests.collect();
            let before = self.cpu(cluster);
            let pressure =
                Pressure { connections: 32, time: Duration::from_secs(60), answers: requests.len() };
            let load = self.press(&requests, pressure)?;
            // The first round meets a cold program.
            if round > 0 {
                cpu.push((self.cpu(cluster) - before) * 1e3 / load.waits_ms.len() as f64);
                rates.push(load.rate());
            }
        }
        let most = if self.database.is_some() { 1.2 } else { 0.35 };
        let what = format!("{}, single create, 32 connections", self.engine());
        let least = self.database.is_none().then_some(2500.0);
        let (cpu, rate, raw) = (median(&cpu), median(&rates), self.raw_writes()?);
        Ok(Figure { what, cpu, rate, raw, most, least })
    }

    /// Processor ms of adding one body to a table of one index, hundred to a transaction.
    fn raw_writes(&self) -> Result<f64> {
        let cluster = self.cluster()?;
        let scratch = self.folder.path().join("raw.db");
        let place = if self.database.is_some() { self.place.clone() } else { Place::File(scratch) };
        let mut connection = Connection::writer(&place)?;
        connection
            .migrate("CREATE TABLE IF NOT EXISTS raw_log (t BIGINT PRIMARY KEY, body BLOB NOT NULL);")?;
        connection.execute("DELETE FROM raw_log", &[])?;
        let body = bytes::Bytes::from(observation(0, 0, false));
        let before = own_seconds() + cluster.map_or(0.0, tree_seconds);
        for group in 0..50 {
            connection.begin()?;
            for number in 0..100 {
                let row = [Value::Int(group * 100 + number), Value::Blob(body.clone())];
                connection.execute("INSERT INTO raw_log (t, body) VALUES (?1, ?2)", &row)?;
            }
            connection.commit()?;
        }
        let spent = own_seconds() + cluster.map_or(0.0, tree_seconds) - before;
        Ok(spent * 1e3 / 5000.0)
    }

    /// One question: processor time under one connection's load in rounds, the rate under eight, the same by hand.
    pub fn one(&self, asked: &Asked) -> Result<Figure> {
        let cluster = self.cluster()?;
        let (mut cpu, mut rates, mut raws) = (Vec::new(), Vec::new(), Vec::new());
        self.press(&asked.requests, Pressure { connections: 8, time: ROUND / 3, answers: 3000 })?;
        let mut plain = Connection::reader(&self.place)?;
        for _ in 0..ROUNDS {
            let before = self.cpu(cluster);
            let pressure = Pressure { connections: 8, time: ROUND, answers: usize::MAX };
            let load = self.press(&asked.requests, pressure)?;
            cpu.push((self.cpu(cluster) - before) * 1e3 / load.waits_ms.len() as f64);
            rates.push(load.rate());
            raws.push(by_hand(&mut plain, asked, cluster)?);
        }
        let at = usize::from(self.database.is_some());
        Ok(Figure {
            what: format!("{}, {}", self.engine(), asked.what),
            cpu: median(&cpu),
            rate: median(&rates),
            raw: median(&raws),
            most: asked.most[at],
            least: asked.rate.filter(|_| at == 0),
        })
    }

    /// Everything by `$export`, in turns with all bodies by one statement; a smaller round would end before it began.
    fn bulk(&self) -> Result<Line> {
        let (mut rates, mut raws) = (Vec::new(), Vec::new());
        let mut plain = Connection::reader(&self.place)?;
        for _ in 0..ROUNDS {
            let exported = export(self.server()?.address)?;
            rates.push(exported.resources as f64 / exported.seconds);
            let (begun, mut count, mut last) = (Instant::now(), 0_u64, Value::Int(0));
            loop {
                let along = plain.along_log();
                let sql = format!(
                    "SELECT t, body FROM version{along} WHERE shard = 0 AND t > ?1 ORDER BY t LIMIT 1000"
                );
                let rows = plain.query(&sql, &[last])?;
                let Some(end) = rows.last() else { break };
                last = Value::Int(end.int(0));
                count += std::hint::black_box(&rows).len() as u64;
            }
            raws.push(count as f64 / begun.elapsed().as_secs_f64());
        }
        let pair = Pair { ours: rates, raw: raws };
        let met = pair.ours() >= EXPORTED;
        Ok(Line::rates("$export of all of them", "resources", &pair)
            .target(format!("≥ {}/s", rounded(EXPORTED)), met))
    }

    fn number(&self, name: &str) -> Result<i64> {
        let sql = "SELECT number FROM search_key WHERE shard = 0 AND name = ?1";
        let rows = Connection::reader(&self.place)?.query(sql, &[Value::from(name)])?;
        Ok(rows.first().with_context(|| format!("no search parameter {name}"))?.int(0))
    }

    pub fn questions(&self, people: usize) -> Result<Vec<Asked>> {
        let few: Vec<usize> = (0..people).step_by((people / 500).max(1)).collect();
        let text = |text: String| Value::from(text);
        let [identifier, subject, code] =
            ["Patient.identifier", "Observation.subject", "Observation.code"].map(|name| self.number(name));
        let (identifier, subject, code) = (identifier?, subject?, code?);
        let (dx, date) = (self.number("Condition.code")?, self.number("Encounter.date")?);
        let open = "t_to = 9223372036854775807";
        let plain = Connection::reader(&self.place)?;
        let (join, by_target, by_date) =
            (plain.first_table_join(), plain.by_value("ix_reference"), plain.by_value("ix_date"));
        let body = |rows: &str| {
            format!("SELECT v.body FROM {rows} {join} version v ON v.shard = 0 AND v.t = x.t_from")
        };
        let days = (people * ENCOUNTERS / OF_A_DAY).max(1);
        let codes = (people * CONDITIONS / OF_A_CODE).max(1);
        let some = |most: usize| (0..most).step_by((most / 500).max(1)).collect::<Vec<_>>();
        Ok(vec![
            Asked {
                what: "read by id",
                requests: few.iter().map(|n| get(&format!("/fhir/Observation/o{n}-7"))).collect(),
                sql: "SELECT v.body FROM head h JOIN version v ON v.shard = 0 AND v.t = h.t \
                      WHERE h.shard = 0 AND h.kind = 'Observation' AND h.id = ?1"
                    .to_owned(),
                params: few.iter().map(|n| vec![text(format!("o{n}-7"))]).collect(),
                most: [0.04, 0.15],
                rate: Some(20_000.0),
            },
            Asked {
                what: "Patient by identifier",
                requests: few
                    .iter()
                    .map(|n| get(&format!("/fhir/Patient?identifier=urn:bench%7C{}", number(*n))))
                    .collect(),
                sql: body(&format!(
                    "(SELECT t_from FROM ix_token WHERE shard = 0 AND p = {identifier} AND code = ?1 AND system = 'urn:bench' AND {open}) x"
                )),
                params: few.iter().map(|n| vec![text(number(*n))]).collect(),
                most: [0.08, 0.3],
                rate: Some(10_000.0),
            },
            Asked {
                what: "Observation by patient and code, _sort=-date&_count=20",
                requests: few
                    .iter()
                    .map(|n| {
                        get(&format!(
                            "/fhir/Observation?patient=p{n}&code=urn:loinc%7Cc{}&_sort=-date&_count=20",
                            n % 3
                        ))
                    })
                    .collect(),
                sql: body(&format!(
                    "(SELECT r.t_from FROM ix_reference r{by_target} {join} ix_token c ON c.shard = 0 AND c.rid = r.rid AND c.p = {code} \
                     AND c.code = ?2 AND c.system = 'urn:loinc' {join} ix_date d ON d.shard = 0 AND d.rid = r.rid AND d.p = {} \
                     WHERE r.shard = 0 AND r.p = {subject} AND r.target = ?1 AND r.{open} ORDER BY d.start_ms DESC LIMIT 20) x",
                    self.number("Observation.date")?
                )),
                params: few
                    .iter()
                    .map(|n| vec![text(format!("Patient/p{n}")), text(format!("c{}", n % 3))])
                    .collect(),
                most: [0.15, 0.5],
                rate: Some(6_000.0),
            },
            Asked {
                what: "Condition by code, 19 hits",
                requests: some(codes)
                    .iter()
                    .map(|n| get(&format!("/fhir/Condition?code=urn:dx%7Cd{n}")))
                    .collect(),
                sql: body(&format!(
                    "(SELECT t_from FROM ix_token WHERE shard = 0 AND p = {dx} AND code = ?1 AND system = 'urn:dx' AND {open}) x"
                )),
                params: some(codes).iter().map(|n| vec![text(format!("d{n}"))]).collect(),
                most: [0.2, 0.6],
                rate: None,
            },
            Asked {
                what: "Encounter by date with _include patient, 39 entries",
                requests: some(days)
                    .iter()
                    .map(|n| get(&format!("/fhir/Encounter?date={}&_include=Encounter:patient", day(*n))))
                    .collect(),
                sql: body(&format!(
                    "(SELECT t_from FROM ix_date{by_date} WHERE shard = 0 AND p = {date} AND start_ms >= ?1 AND start_ms < ?2 AND {open}) x"
                )),
                params: some(days)
                    .iter()
                    .map(|n| {
                        let range = yba_fhir::DateRange::parse(&day(*n))
                            .map_or((0, 0), |range| (range.start, range.end));
                        vec![Value::Int(range.0), Value::Int(range.1)]
                    })
                    .collect(),
                most: [0.6, 1.8],
                rate: None,
            },
            Asked {
                what: "chained Observation?patient.identifier=",
                requests: few
                    .iter()
                    .map(|n| {
                        get(&format!(
                            "/fhir/Observation?patient.identifier=urn:bench%7C{}&_count=20",
                            number(*n)
                        ))
                    })
                    .collect(),
                sql: body(&format!(
                    "(SELECT t_from FROM ix_reference WHERE shard = 0 AND p = {subject} AND target = ?1 AND {open} LIMIT 20) x"
                )),
                params: few.iter().map(|n| vec![text(format!("Patient/p{n}"))]).collect(),
                most: [0.3, 0.9],
                rate: None,
            },
            Asked {
                what: "Patient/$everything, 83 entries",
                requests: few.iter().map(|n| get(&format!("/fhir/Patient/p{n}/$everything"))).collect(),
                sql: body(&format!(
                    "(SELECT t_from FROM ix_patient WHERE shard = 0 AND patient = ?1 AND {open}) x"
                )),
                params: few.iter().map(|n| vec![text(format!("p{n}"))]).collect(),
                most: [1.0, 3.0],
                rate: None,
            },
        ])
    }
}

/// Processor ms of the same by hand.
fn by_hand(connection: &mut Connection, asked: &Asked, cluster: Option<u32>) -> Result<f64> {
    let (begun, mut count) = (Instant::now(), 0_u64);
    let before = own_seconds() + cluster.map_or(0.0, tree_seconds);
    'all: loop {
        for params in &asked.params {
            std::hint::black_box(connection.query(&asked.sql, params)?);
            count += 1;
            if begun.elapsed() > ROUND / 2 {
                break 'all;
            }
        }
    }
    let spent = own_seconds() + cluster.map_or(0.0, tree_seconds) - before;
    Ok(spent * 1e3 / count as f64)
}

/// The fields after the name of `/proc/[pid]/stat`, as numbers: state (0), parent, …
fn stat(pid: u32) -> Option<Vec<f64>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = text.rsplit_once(')')?;
    Some(after.split_whitespace().map(|one| one.parse().unwrap_or(0.0)).collect())
}

/// Processor seconds of a process, its children, and those that have ended.
fn tree_seconds(root: u32) -> f64 {
    let spent = |stat: &[f64]| stat[11..13].iter().sum::<f64>() / 100.0;
    let ended = |stat: &[f64]| stat[13..15].iter().sum::<f64>() / 100.0;
    let mut sum = stat(root).map_or(0.0, |stat| spent(&stat) + ended(&stat));
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        sum += stat(pid).filter(|stat| stat[1] as u32 == root).map_or(0.0, |stat| spent(&stat));
    }
    sum
}

fn own_seconds() -> f64 {
    stat(std::process::id()).map_or(0.0, |stat| stat[11..13].iter().sum::<f64>() / 100.0)
}

/// The identity number of a person.
fn number(person: usize) -> String {
    format!("{:012}", 17_000_000_000 + person)
}

fn day(number: usize) -> String {
    yba_fhir::Day::new(1990, 1, 1).map(|first| first.plus_days(number as i64).to_string()).unwrap_or_default()
}

/// Everything of one person as a transaction of updates.
fn bundle(person: usize) -> Vec<u8> {
    let put = |kind: &str, id: &str, body: String| {
        format!(r#"{{"resource":{body},"request":{{"method":"PUT","url":"{kind}/{id}"}}}}"#)
    };
    let mut entries = vec![put("Patient", &format!("p{person}"), patient(person))];
    for n in 0..ENCOUNTERS {
        entries.push(put("Encounter", &format!("e{person}-{n}"), encounter(person, n)));
    }
    for n in 0..CONDITIONS {
        entries.push(put("Condition", &format!("c{person}-{n}"), condition(person, n)));
    }
    for n in 0..OBSERVATIONS {
        entries.push(put("Observation", &format!("o{person}-{n}"), observation(person, n, true)));
    }
    debug_assert_eq!(entries.len(), PER_PERSON);
    let body = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","));
    post("/fhir", "application/fhir+json", &body)
}

/// Words that make a resource as long as they are in practice.
fn narrative(long: usize) -> String {
    let words = "Kết quả ghi tại trạm y tế xã trong đợt khám định kỳ. ";
    words.chars().cycle().take(long).collect()
}

fn patient(n: usize) -> String {
    let words = narrative(420);
    format!(
        r#"{{"resourceType":"Patient","id":"p{n}","text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{words}</div>"}},"identifier":[{{"system":"urn:bench","value":"{}"}}],"name":[{{"text":"Lò Thị Mẫu {n}","family":"Lò","given":["Thị","Mẫu {n}"]}}],"gender":"female","birthDate":"{}","address":[{{"text":"Bản Mẫu {}","city":"Lai Châu"}}]}}"#,
        number(n),
        day(n % 9000),
        n % 50
    )
}

fn encounter(person: usize, n: usize) -> String {
    let (at, words) = ((person * ENCOUNTERS + n) / OF_A_DAY, narrative(520));
    format!(
        r#"{{"resourceType":"Encounter","id":"e{person}-{n}","text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{words}</div>"}},"status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"}},"subject":{{"reference":"Patient/p{person}"}},"serviceProvider":{{"reference":"Organization/{PLACE}"}},"period":{{"start":"{0}T08:00:00+07:00","end":"{0}T08:30:00+07:00"}}}}"#,
        day(at)
    )
}

fn condition(person: usize, n: usize) -> String {
    let (code, words) = ((person * CONDITIONS + n) / OF_A_CODE, narrative(480));
    format!(
        r#"{{"resourceType":"Condition","id":"c{person}-{n}","text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{words}</div>"}},"clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}}]}},"code":{{"coding":[{{"system":"urn:dx","code":"d{code}","display":"Chẩn đoán {code}"}}]}},"subject":{{"reference":"Patient/p{person}"}},"recordedDate":"{}"}}"#,
        day(n * 30)
    )
}

fn observation(person: usize, n: usize, with_id: bool) -> String {
    let id = if with_id { format!(r#""id":"o{person}-{n}","#) } else { String::new() };
    let words = narrative(380);
    format!(
        r#"{{"resourceType":"Observation",{id}"text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{words}</div>"}},"status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}}]}}],"code":{{"coding":[{{"system":"urn:loinc","code":"c{}","display":"Xét nghiệm {}"}}]}},"subject":{{"reference":"Patient/p{person}"}},"effectiveDateTime":"{}T07:30:00+07:00","valueQuantity":{{"value":{}.{},"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}}}"#,
        n % 3,
        n % 3,
        day(person % 1000 + n * 7),
        n % 9 + 1,
        n % 10
    )
}
