//! A commune station at work: every page its nurse opens, on the data of eight thousand people, by a node that has one core and
//! two gigabytes; the registers of its months derived from nothing, and after one change.

use crate::bench::{Bench, open};
use crate::client::{ask, get};
use crate::report::{Line, Section, rounded};
use crate::scoped::signed_in;
use crate::server::{Server, command};
use crate::timing::percentile;
use anyhow::{Context, Result, ensure};
use rusqlite::OpenFlags;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;
use yba_content::Content;
use yba_fhir::Resource;
use yba_fhir::json::json;
use yba_records::{Change, Ctx};

const PEOPLE: u32 = 8000;
/// So many years of life give about half a million resources.
const YEARS: u32 = 2;
const PAGE_P95_MS: f64 = 60.0;
const REGISTERS_SECONDS: f64 = 10.0;
const CHANGE_SECONDS: f64 = 1.0;
const MEMORY_MB: f64 = 150.0;
/// What the node may have: one core, and this much of anonymous memory.
const LIMIT_BYTES: u64 = 2 << 30;
/// Asked of each page; pages of one sort that are opened from a room; pages in all.
const TIMES: usize = 30;
const OF_A_SORT: usize = 3;
const PAGES_MAX: usize = 120;
/// Slowest pages that stand in the table.
const SHOWN: usize = 5;
/// Changes of which the registers are told, one after the other.
const CHANGES: usize = 20;

pub fn run(bench: &Bench) -> Result<Section> {
    let folder = bench.subfolder()?;
    println!("  making a demonstration of {PEOPLE} people over {YEARS} years …");
    let people = PEOPLE.to_string();
    let arguments = ["demo", "--no-serve", "--people", &people, "--years", &YEARS.to_string(), "--data"];
    let status =
        command().args(arguments).arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    ensure!(status.success(), "yba demo ended with {status}");
    let (resources, facility) = about(folder.path())?;
    let mut section = Section::new(
        "A commune station",
        format!(
            "A demonstration of {PEOPLE} people over {YEARS} years, {resources} resources, most of them of one station. Pages: all \
             that the menu of a nurse of that station leads to and up to {OF_A_SORT} of each sort that those lead to, each asked \
             {TIMES} times, whole, by one connection, signed in; the node has one core (`taskset`) and {} GB (`prlimit`). Registers: \
             all of content, all months and facilities, derived from nothing; and from the commit of a visit until they know it.",
            LIMIT_BYTES >> 30
        ),
    );
    section.lines.extend(registers(bench, folder.path(), &facility)?);
    let session = signed_in(bench, folder.path(), None, &facility)?;
    let server = Server::start_limited(folder.path(), 0, LIMIT_BYTES)?;
    section.lines.extend(pages(&server, &session)?);
    let memory = server.memory_mb("RssAnon");
    section.lines.push(
        Line::new("anonymous memory of the node then", format!("{} MB", rounded(memory)))
            .target(format!("≤ {MEMORY_MB} MB"), memory <= MEMORY_MB),
    );
    Ok(section)
}

/// How many resources there are, and at which facility most people are kept.
fn about(folder: &Path) -> Result<(u64, String)> {
    let plain =
        rusqlite::Connection::open_with_flags(folder.join("yba.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let resources =
        plain.query_row("SELECT COUNT(*) FROM head WHERE deleted = 0", [], |row| row.get::<_, i64>(0))?;
    let sql = "SELECT facility FROM mpi_patient GROUP BY facility ORDER BY COUNT(*) DESC LIMIT 1";
    let facility: String = plain.query_row(sql, [], |row| row.get(0))?;
    Ok((resources as u64, facility.trim_start_matches("Organization/").to_owned()))
}

fn registers(bench: &Bench, folder: &Path, facility: &str) -> Result<Vec<Line>> {
    let records = open(folder, None)?;
    let library =
        yba_report::Library::load(&Content::built_in()).map_err(|all| anyhow::anyhow!("{all:?}"))?;
    let library = Arc::new(library);
    let (begun, mut waits) = (Instant::now(), Vec::new());
    bench.runtime.block_on(async {
        yba_report::follower::prepare(&records, library).await?;
        yba_report::follower::rebuild(&records).await
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let patient = bench.runtime.block_on(
        records.store().query("SELECT patient FROM mpi_patient ORDER BY patient LIMIT 1", Vec::new()),
    )?;
    let patient = patient.first().context("nobody is there")?.text(0).to_owned();
    let today = yba_fhir::Day::of_instant(records.store().clock().now_ms()).to_string();
    for _ in 0..CHANGES {
        let visit = json!({"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
            "subject": {"reference": format!("Patient/{patient}").as_str()},
            "serviceProvider": {"reference": format!("Organization/{facility}").as_str()},
            "period": {"start": today.as_str(), "end": today.as_str()}});
        let changes = vec![Change::create(Resource::from_value(visit)?)];
        let begun = Instant::now();
        bench.runtime.block_on(async {
            records.transact(&Ctx::system("bench"), changes).await?;
            yba_report::follower::catch_up(&records).await
        })?;
        waits.push(begun.elapsed().as_secs_f64());
    }
    bench.runtime.block_on(records.store().close());
    let slowest = waits.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        Line::new("all registers and reports from nothing", format!("{} s", rounded(seconds)))
            .target(format!("≤ {REGISTERS_SECONDS} s"), seconds <= REGISTERS_SECONDS),
        Line::new(
            format!("… after one visit ({CHANGES} of them)"),
            format!("p50 {} s, worst {} s", rounded(percentile(&waits, 0.5)), rounded(slowest)),
        )
        .target(format!("≤ {CHANGE_SECONDS} s"), slowest <= CHANGE_SECONDS),
    ])
}

fn pages(server: &Server, session: &str) -> Result<Vec<Line>> {
    let paths = found(server, session)?;
    let (mut all, mut by_page) = (Vec::new(), Vec::new());
    for path in &paths {
        let mut waits = Vec::new();
        for _ in 0..TIMES {
            let begun = Instant::now();
            let (status, _) = ask(server.address, &signed(path, session))?;
            ensure!(status == 200, "{path} was answered with {status}");
            waits.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        by_page.push((percentile(&waits, 0.95), path));
        all.extend(waits);
    }
    by_page.sort_by(|one, other| other.0.total_cmp(&one.0));
    let worst = by_page.first().context("no page was found")?.0;
    let p50 = rounded(percentile(&all, 0.5));
    let mut lines = vec![
        Line::new(
            format!("{} pages, one core, two gigabytes", paths.len()),
            format!("p50 {p50} ms, p95 {} ms", rounded(percentile(&all, 0.95))),
        ),
        Line::new("… p95 of the slowest", format!("{} ms", rounded(worst)))
            .target(format!("≤ {PAGE_P95_MS} ms"), worst <= PAGE_P95_MS),
    ];
    lines.extend(
        by_page.iter().take(SHOWN).map(|(p95, path)| {
            Line::new(format!("… {}", sort_of(path)), format!("p95 {} ms", rounded(*p95)))
        }),
    );
    Ok(lines)
}

/// The pages that the menu leads to, and of each sort that those lead to some.
fn found(server: &Server, session: &str) -> Result<Vec<String>> {
    let rooms = links(server, session, "/hom-nay")?;
    let mut paths: Vec<String> = rooms.clone();
    let mut sorts: Vec<String> = Vec::new();
    for room in &rooms {
        for path in links(server, session, room)? {
            let sort = sort_of(&path);
            let known = sorts.iter().filter(|one| **one == sort).count();
            if paths.len() < PAGES_MAX && known < OF_A_SORT && !paths.contains(&path) {
                sorts.push(sort);
                paths.push(path);
            }
        }
    }
    println!("  {} pages from {} rooms", paths.len(), rooms.len());
    Ok(paths)
}

/// Where a page leads to, files and sheets of paper left out: they are no pages.
fn links(server: &Server, session: &str, path: &str) -> Result<Vec<String>> {
    let (status, body) = ask(server.address, &signed(path, session))?;
    ensure!(status == 200, "{path} was answered with {status}");
    let text = String::from_utf8_lossy(&body).into_owned();
    let mut all = BTreeSet::new();
    for part in text.split("href=\"/").skip(1) {
        let link = part.split(['"', '#']).next().unwrap_or_default().replace("&amp;", "&");
        let is_file = ["assets/", "fhir", "dang-xuat", "_"].iter().any(|one| link.starts_with(one))
            || ["/in", "/tep", ".csv", ".xlsx", ".xml", ".pdf", ".zip"].iter().any(|one| link.contains(one));
        if !is_file && all.len() < PAGES_MAX {
            all.insert(format!("/{link}"));
        }
    }
    let is_page = |path: &String| matches!(kind_of(server, session, path), Ok(true));
    Ok(all.into_iter().filter(is_page).collect())
}

/// Whether it is a page for this person: links of others are not shown, but those to outside files are.
fn kind_of(server: &Server, session: &str, path: &str) -> Result<bool> {
    let (status, body) = ask(server.address, &signed(path, session))?;
    Ok(status == 200 && body.starts_with(b"<!DOCTYPE html>"))
}

/// The path without ids, so that pages of one sort are told by it.
fn sort_of(path: &str) -> String {
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let part = |part: &str| {
        let is_id = part.len() > 20 || part.bytes().any(|byte| byte.is_ascii_digit());
        if is_id { "…".to_owned() } else { part.to_owned() }
    };
    let place: Vec<String> = place.split('/').map(part).collect();
    let names: Vec<&str> = query.split('&').filter_map(|one| one.split('=').next()).collect();
    let names = names.join("&");
    if names.is_empty() { place.join("/") } else { format!("{}?{names}", place.join("/")) }
}

fn signed(path: &str, session: &str) -> Vec<u8> {
    let plain = get(path);
    let end = plain.len() - 2;
    [&plain[..end], format!("Cookie: yba={session}\r\n\r\n").as_bytes()].concat()
}
