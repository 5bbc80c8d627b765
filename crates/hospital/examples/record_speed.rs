//! How fast the page of one person with 500 visits (or as many as the first argument says, each with as many tests as the
//! second says) is: in process and over HTTP, p50 and p95 of 200 requests (or as many as the third says), and
//! the processor time of one, which a busy machine changes little.
//!
//! `cargo run --release -p yba-hospital --example record_speed -- 1000 20`

#[path = "../tests/data/sample.rs"]
#[allow(dead_code)]
mod sample;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use yba_fhir::Resource;
use yba_hospital::{Hospital, menu, routes};
use yba_records::Change;
use yba_testkit::Kit;
use yba_web::{Site, SiteSettings, shell};

/// Visits, tests at each, and requests.
fn wanted() -> (usize, usize, usize) {
    let mut said = std::env::args().skip(1).map(|text| text.parse().expect("a number"));
    (said.next().unwrap_or(500), said.next().unwrap_or(6), said.next().unwrap_or(200))
}

#[tokio::main]
async fn main() {
    let kit = filled().await;
    let house = house(&kit);
    for path in ["/nguoi/p1", "/nguoi/p1?tu=450", "/nguoi/p1/luot/e100"] {
        let before = processor_ms();
        let (times, bytes) = in_process(&house, path).await;
        let spent = (processor_ms() - before) / wanted().2 as f64;
        println!("{path:<22} in process  {}  processor {spent:.1} ms  {bytes} bytes", said(times));
        let (times, bytes) = over_http(&house, path).await;
        println!("{path:<22} over HTTP   {}  {bytes} bytes", said(times));
    }
}

async fn filled() -> Kit {
    let kit = yba_testkit::records();
    let (visits, tests, _) = wanted();
    let all = sample::frequent_with(visits, tests);
    println!("{} resources, {visits} visits", all.len());
    for part in all.chunks(200) {
        let changes: Vec<Change> = part
            .iter()
            .map(|value| Change::put(Resource::from_value(value.clone()).expect("the sample is sound")))
            .collect();
        kit.records.transact(&kit.ctx(), changes).await.expect("the sample goes in");
    }
    yba_mpi::follower::catch_up(&kit.records).await.expect("people are linked");
    kit
}

fn house(kit: &Kit) -> Router {
    let settings = SiteSettings {
        open: true,
        node: "Nút thử".into(),
        source_url: "https://example.org".into(),
        version: "0".into(),
        who: None,
        run: "t".into(),
        gallery: false,
    };
    let site = Site::new(settings, vec![menu()]);
    let content = Arc::new(yba_content::Content::built_in());
    shell(site.clone(), routes(Hospital { site, records: kit.records.clone(), content }))
}

async fn in_process(house: &Router, path: &str) -> (Vec<Duration>, usize) {
    let (mut times, mut size) = (Vec::new(), 0);
    for _ in 0..wanted().2 {
        let started = Instant::now();
        let request = Request::get(path).body(Body::empty()).expect("a plain request");
        let answer = house.clone().oneshot(request).await.expect("the router answers");
        assert!(answer.status().is_success());
        size = axum::body::to_bytes(answer.into_body(), 16 << 20).await.expect("a whole body").len();
        times.push(started.elapsed());
    }
    (times, size)
}

/// One connection that stays open, as a browser's does.
async fn over_http(house: &Router, path: &str) -> (Vec<Duration>, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound port");
    let server = tokio::spawn(axum::serve(listener, house.clone()).into_future());
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let (mut times, mut size) = (Vec::new(), 0);
    for _ in 0..wanted().2 {
        let started = Instant::now();
        stream.write_all(asked.as_bytes()).await.expect("the request is sent");
        size = answer_size(&mut stream).await;
        times.push(started.elapsed());
    }
    server.abort();
    (times, size)
}

/// Reads one answer with a `content-length` and gives the size of its body.
async fn answer_size(stream: &mut TcpStream) -> usize {
    let mut read = Vec::new();
    let mut part = vec![0; 64 << 10];
    loop {
        let n = stream.read(&mut part).await.expect("the answer comes");
        assert!(n > 0, "the server closed the connection");
        read.extend_from_slice(&part[..n]);
        let Some(head) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let words = String::from_utf8_lossy(&read[..head]).to_lowercase();
        assert!(words.starts_with("http/1.1 200"), "{words}");
        let length = words.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|text| text.trim().parse().ok()).expect("a length");
        if read.len() >= head + 4 + length {
            return length;
        }
    }
}

/// User and system time of this process so far: fields 14 and 15 of `/proc/self/stat`, in hundredths of a second.
fn processor_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() * 10.0
}

fn said(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
    format!("least {:.1} ms  p50 {:.1} ms  p95 {:.1} ms  max {:.1} ms", at(0.0), at(0.5), at(0.95), at(1.0))
}
