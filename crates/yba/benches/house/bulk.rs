//! A bulk export as a client sees it: `$export` is asked for, its files are fetched one after the other over plain
//! sockets, their lines are counted.

use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use yba_fhir::json::{self, Value, items, str_at};

/// How long preparing it and each wait for bytes may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came over the wire.
pub struct Exported {
    pub resources: u64,
    pub bytes: u64,
    /// From the first request to the last byte.
    pub seconds: f64,
}

/// Exports everything that the server has.
pub fn export(address: SocketAddr) -> Result<Exported> {
    let begun = Instant::now();
    let manifest = prepared(address)?;
    let mut exported = Exported { resources: 0, bytes: 0, seconds: 0.0 };
    let mut promised = 0;
    for file in items(&manifest, "output") {
        let url = str_at(file, &["url"]).context("a file without an address")?;
        promised += file_count(file);
        fetch(address, &path_of(url)?, &mut exported)?;
    }
    exported.seconds = begun.elapsed().as_secs_f64();
    ensure!(exported.resources == promised, "{} lines of {promised}", exported.resources);
    Ok(exported)
}

fn file_count(file: &Value) -> u64 {
    use json::JsonValueTrait;
    file.get("count").and_then(|count| count.as_u64()).unwrap_or(0)
}

/// Asks for it and waits for the list of its files.
fn prepared(address: SocketAddr) -> Result<Value> {
    let begun = Instant::now();
    let (head, _) =
        ask(address, "/fhir/$export", "Prefer: respond-async\r\nAccept: application/fhir+json\r\n")?;
    let place = head
        .lines()
        .find_map(|line| {
            line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-location"))
        })
        .with_context(|| format!("no Content-Location: {head}"))?;
    let place = path_of(place.1.trim())?;
    loop {
        let (head, body) = ask(address, &place, "")?;
        match head.split(' ').nth(1) {
            Some("200") => return Ok(json::from_slice(&body)?),
            Some("202") if begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(20)),
            _ => bail!("the export was answered with {head}"),
        }
    }
}

/// The path of an address at this server.
fn path_of(url: &str) -> Result<String> {
    let at = url.find("/fhir").with_context(|| format!("not at this server: {url}"))?;
    Ok(url[at..].to_owned())
}

/// A request in the older HTTP, whose answer ends with its connection: the head.
fn open(address: SocketAddr, path: &str, more: &str) -> Result<(TcpStream, String, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n{more}\r\n").as_bytes())?;
    let (mut head, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut part)?;
        ensure!(read > 0 && head.len() < 64 << 10, "an answer without an end of its head");
        head.extend_from_slice(&part[..read]);
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = head.split_off(end + 4);
            return Ok((stream, String::from_utf8_lossy(&head).into_owned(), body));
        }
    }
}

fn ask(address: SocketAddr, path: &str, more: &str) -> Result<(String, Vec<u8>)> {
    let (mut stream, head, mut body) = open(address, path, more)?;
    stream.read_to_end(&mut body)?;
    Ok((head, body))
}

/// Counts the lines of a file without keeping it.
fn fetch(address: SocketAddr, path: &str, exported: &mut Exported) -> Result<()> {
    let (mut stream, head, first) = open(address, path, "")?;
    ensure!(head.split(' ').nth(1) == Some("200"), "{path} was answered with {head}");
    let mut part = vec![0; 256 << 10];
    let mut count = |bytes: &[u8]| {
        exported.bytes += bytes.len() as u64;
        exported.resources += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    };
    count(&first);
    loop {
        match stream.read(&mut part)? {
            0 => return Ok(()),
            read => count(&part[..read]),
        }
    }
}
