//! A laboratory asks to be told of results; the node is killed and started again meanwhile; nothing is missed.

use crate::house::{Home, House, JSON, cluster_alone};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use yba_fhir::json::{items, str_at};

const PATIENCE: Duration = Duration::from_secs(30);

/// What the laboratory's server is told: request line and body. It answers 503 to the first two.
fn laboratory() -> (SocketAddr, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, heard) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut first, mut length) = (String::new(), 0);
            stream.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let status = if number < 2 { "503 Busy" } else { "200 OK" };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            if number >= 2 && told.send((first, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
        }
    });
    (address, heard)
}

fn result(house: &House, id: &str) {
    let body = format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"2345-7"}}]}}}}"#
    );
    let said = house.ask("PUT", &format!("/fhir/Observation/{id}"), &[JSON], body.as_bytes());
    assert_eq!(said.status, 201, "{}", said.text());
}

fn subscribe(house: &House, id: &str, endpoint: &str) {
    let body = format!(
        r#"{{"resourceType":"Subscription","id":"{id}","status":"requested","reason":"thử",
            "criteria":"Observation?code=http://loinc.org|2345-7",
            "channel":{{"type":"rest-hook","endpoint":"{endpoint}","payload":"application/fhir+json"}}}}"#
    );
    let said = house.ask("PUT", &format!("/fhir/Subscription/{id}"), &[JSON], body.as_bytes());
    assert_eq!(said.status, 201, "{}", said.text());
}

/// The subscription, once it has this status.
fn becomes(house: &House, id: &str, status: &str) -> String {
    let begun = Instant::now();
    loop {
        let said = house.get(&format!("/fhir/Subscription/{id}"));
        if str_at(&said.json(), &["status"]) == Some(status) {
            return said.text();
        }
        assert!(begun.elapsed() < PATIENCE, "{}", said.text());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn the_laboratory_hears_of_every_result(home: &Home) {
    let (address, heard) = laboratory();
    let house = home.serve_open();
    subscribe(&house, "lab", &format!("http://{address}/fhir"));
    becomes(&house, "lab", "active");
    // Nobody may be notified who is not listed.
    subscribe(&house, "elsewhere", "https://hook.example.vn");
    assert!(becomes(&house, "elsewhere", "error").contains("subscription-hosts"));

    for n in 0..10 {
        result(&house, &format!("first{n}"));
    }
    house.kill();
    let house = home.serve_open();
    for n in 0..10 {
        result(&house, &format!("second{n}"));
    }
    let mut told = Vec::new();
    while told.iter().collect::<BTreeSet<_>>().len() < 20 {
        let (first, body) = heard.recv_timeout(PATIENCE).unwrap();
        let id = first.strip_prefix("PUT /fhir/Observation/").unwrap().split(' ').next().unwrap().to_owned();
        assert!(body.contains(&format!("\"id\":\"{id}\"")), "{body}");
        told.push(id);
    }
    // In the order in which they came to be; what was on its way when the node died may have come twice.
    let mut order: Vec<String> = told.iter().rev().cloned().collect();
    let mut seen = BTreeSet::new();
    order.retain(|id| seen.insert(id.clone()));
    order.reverse();
    let expected: Vec<String> =
        ["first", "second"].iter().flat_map(|word| (0..10).map(move |n| format!("{word}{n}"))).collect();
    assert_eq!(order, expected);

    let letters = house.get("/fhir/Subscription/lab/$dead-letters");
    assert_eq!(items(&letters.json(), "parameter").count(), 2, "{}", letters.text());
    house.end();
}

#[test]
fn the_laboratory_hears_of_every_result_on_sqlite() {
    the_laboratory_hears_of_every_result(&Home::new());
}

#[test]
fn the_laboratory_hears_of_every_result_on_postgres() {
    let _alone = cluster_alone();
    if let Some(home) = Home::on_postgres() {
        the_laboratory_hears_of_every_result(&home);
    }
}
