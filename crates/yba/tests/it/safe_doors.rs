//! The doors to the network: TLS with a certificate that is renewed, clear text to nobody afar, and bounds that a hostile
//! caller meets. Asked by curl and openssl, as the world asks.

use crate::house::{Home, House, JSON, signal, tool};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// Makes a certificate for this machine, under these names; `name` is whom it names.
    fn make(home: &Home, name: &str) -> Certificate {
        let (certificate, key) = (home.beside("tls.pem"), home.beside("tls.key"));
        let made = Command::new(tool("openssl", "openssl"))
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ])
            .args(["-subj", &format!("/CN={name}"), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Certificate { certificate, key }
    }

    fn words(&self) -> [&str; 4] {
        let [certificate, key] = [&self.certificate, &self.key].map(|path| path.to_str().unwrap());
        ["--tls-cert", certificate, "--tls-key", key]
    }
}

/// What curl got: the exit code, and headers and body as they came.
fn curl(house: &House, certificate: &Path, path: &str, more: &[&str]) -> (i32, String) {
    let ran = Command::new(tool("curl", "curl"))
        .args(["-s", "-i", "--max-time", "20", "--cacert"])
        .arg(certificate)
        .args(more)
        .arg(format!("https://{}{path}", house.address))
        .output()
        .unwrap();
    (ran.status.code().unwrap_or(-1), String::from_utf8_lossy(&ran.stdout).to_lowercase())
}

/// Whom the certificate names that the node shows now.
fn shown(house: &House) -> String {
    let ran = Command::new(tool("openssl", "openssl"))
        .args(["s_client", "-connect", &house.address.to_string()])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    let subject = text.lines().find_map(|line| line.trim().strip_prefix("subject=")).unwrap_or_default();
    subject.replace(' ', "")
}

#[test]
fn a_node_with_a_certificate_speaks_tls_and_nothing_else() {
    let home = Home::new();
    let made = Certificate::make(&home, "tram-mot");
    let house = home.serve(&made.words());
    let (code, answer) = curl(&house, &made.certificate, "/fhir/metadata", &[]);
    assert!(code == 0 && answer.starts_with("http/1.1 200"), "{code} {answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    for version in ["1.2", "1.3"] {
        let only = ["--tlsv1.2", "--tls-max", version];
        assert_eq!(curl(&house, &made.certificate, "/healthz", &only).0, 0, "TLS {version}");
    }
    let old = ["--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"];
    assert_ne!(curl(&house, &made.certificate, "/healthz", &old).0, 0, "TLS 1.1 is not spoken");
    // Somebody who speaks clear text gets no page; and whoever trusts others does not trust this certificate.
    let mut plain = TcpStream::connect(house.address).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!String::from_utf8_lossy(&said).contains("200 OK"));
    let (code, answer) = curl(&house, Path::new("/etc/ssl/certs/ca-certificates.crt"), "/healthz", &[]);
    assert!(code != 0 && answer.is_empty(), "{code} {answer}");
    assert_eq!(house.end().0.code(), Some(0));
}

#[test]
fn cookies_of_a_node_with_tls_are_secure_and_its_link_is_https() {
    let home = Home::new();
    let made = Certificate::make(&home, "tram-mot");
    let mut house = home.serve(&made.words());
    let link = house.told("/thiet-lap/");
    assert!(link.starts_with("https://"), "{link}");
    let path = format!("/thiet-lap/{}", link.rsplit('/').next().unwrap());
    let form = [
        "--data-urlencode",
        "login=quan.tri",
        "--data-urlencode",
        "name=Vàng A Páo",
        "--data-urlencode",
        "password=bốn bức tường trắng",
        "--data-urlencode",
        "repeat=bốn bức tường trắng",
        "-H",
        "sec-fetch-site: same-origin",
    ];
    let (code, answer) = curl(&house, &made.certificate, &path, &form);
    assert_eq!(code, 0);
    let cookie = answer
        .lines()
        .find(|line| line.starts_with("set-cookie: __host-yba="))
        .unwrap_or_else(|| panic!("{answer}"));
    for word in ["secure", "httponly", "samesite=lax"] {
        assert!(cookie.contains(word), "{cookie}");
    }
}

#[test]
fn a_renewed_certificate_is_taken_at_a_signal_and_a_bad_one_is_not() {
    let home = Home::new();
    let made = Certificate::make(&home, "tram-mot");
    let house = home.serve(&made.words());
    assert_eq!(shown(&house), "CN=tram-mot");
    let until = |wanted: &str| {
        let begun = Instant::now();
        while !house.said().contains(wanted) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{wanted}: {}", house.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    std::fs::write(&made.key, "no key").unwrap();
    signal(house.pid(), "HUP");
    until("the new certificate is not taken");
    assert_eq!(shown(&house), "CN=tram-mot", "the old one goes on");
    let made = Certificate::make(&home, "tram-hai");
    signal(house.pid(), "HUP");
    until("the certificate was read again");
    assert_eq!(shown(&house), "CN=tram-hai");
    assert_eq!(curl(&house, &made.certificate, "/healthz", &[]).0, 0);
}

#[test]
fn clear_text_is_served_to_nobody_afar() {
    let home = Home::new();
    for address in ["0.0.0.0", "::", "192.0.2.1"] {
        let ran = home.run(&["serve", "--port", "0", "--listen", address]).expect(3);
        assert!(ran.err.contains("needs TLS") && ran.err.contains("proxies"), "{}", ran.err);
    }
    assert!(!home.data().join("yba.db").exists(), "it is refused before anything is made");
    let made = Certificate::make(&home, "tram-mot");
    let other = Home::new();
    let elsewhere = Certificate::make(&other, "tram-khac");
    let (certificate, key) = (made.certificate.to_str().unwrap(), elsewhere.key.to_str().unwrap());
    let ran = home.run(&["serve", "--port", "0", "--tls-cert", certificate, "--tls-key", key]).expect(3);
    assert!(ran.err.contains("does not fit"), "{}", ran.err);
    home.run(&["serve", "--port", "0", "--tls-cert", certificate]).expect(2);
    let ran = home.run(&["serve", "--port", "0", "--tls-cert", "khong-co.pem", "--tls-key", key]).expect(3);
    assert!(ran.err.contains("khong-co.pem"), "{}", ran.err);
}

/// Starts a node with these settings in its environment.
fn with_settings(home: &Home, settings: &[(&str, &str)]) -> House {
    let mut command = home.node_command(&["serve", "--port", "0"]);
    command.envs(settings.iter().copied());
    House::start(command, home.beside("serve.log"))
}

#[test]
fn whoever_sends_a_request_drop_by_drop_is_cut_off() {
    let home = Home::new();
    let house = with_settings(&home, &[("YBA_REQUEST_TIMEOUT", "1")]);
    let beginnings: [&[u8]; 3] = [
        b"",
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
        b"POST /dang-nhap HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\nlogin=",
    ];
    for beginning in beginnings {
        let mut line = TcpStream::connect(house.address).unwrap();
        line.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        line.write_all(beginning).unwrap();
        let mut said = Vec::new();
        // The read ends because the node ends it, not because we lose patience.
        line.read_to_end(&mut said).unwrap();
        assert!(!String::from_utf8_lossy(&said).contains(" 200 "), "{}", String::from_utf8_lossy(&said));
    }
    assert_eq!(house.get("/healthz").status, 200, "others are served meanwhile");
}

#[test]
fn a_head_beyond_bounds_is_refused() {
    let home = Home::new();
    let house = home.serve(&[]);
    let many: Vec<(String, &str)> = (0..200).map(|number| (format!("x-{number}"), "1")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(house.ask("GET", "/healthz", &many, b"").status, 431);
    let long = "x".repeat(200_000);
    let refused = house.try_ask("GET", "/healthz", &[("x-long", &long)], b"");
    assert!(
        refused.map_or(true, |answer| answer.status == 431),
        "refused, or cut off while it was still sent"
    );
    assert_eq!(house.get("/healthz").status, 200);
}

#[test]
fn a_source_that_asks_too_fast_is_slowed_and_others_are_not() {
    let home = Home::new();
    let settings = [("YBA_REQUESTS_PER_SECOND", "1"), ("YBA_PROXIES", "127.0.0.1")];
    let house = with_settings(&home, &settings);
    let from = |source: &str, path: &str| house.ask("GET", path, &[("x-forwarded-for", source)], b"");
    let answers: Vec<u16> = (0..30).map(|_| from("203.0.113.7", "/fhir/metadata").status).collect();
    assert_eq!(answers[0], 200);
    assert!(answers.contains(&429), "{answers:?}");
    let refused = loop {
        let answer = from("1.1.1.1, 203.0.113.7", "/fhir/metadata");
        if answer.status == 429 {
            break answer;
        }
    };
    assert!(
        refused.header("retry-after").is_some_and(|wait| wait.parse::<u64>().is_ok_and(|wait| wait >= 1))
    );
    let outcome = refused.json();
    assert_eq!(
        yba_fhir::json::str_at(&outcome, &["resourceType"]),
        Some("OperationOutcome"),
        "{}",
        refused.text()
    );
    assert_eq!(from("203.0.113.8", "/fhir/metadata").status, 200, "another source");
}

#[test]
fn an_open_node_has_no_rate_limit() {
    let home = Home::new();
    let mut command = home.node_command(&["serve", "--open", "--port", "0"]);
    command.env("YBA_REQUESTS_PER_SECOND", "1");
    let house = House::start(command, home.beside("serve.log"));
    let mut line = house.line();
    for _ in 0..200 {
        assert_eq!(line.send("GET", "/fhir/Patient?_count=1", &[JSON], b"").unwrap().status, 200);
    }
}
