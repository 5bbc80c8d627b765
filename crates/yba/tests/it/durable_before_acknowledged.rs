//! An answer that says "written" leaves only after the disk has it: seen from outside, in the program's system calls.
//!
//! Each record carries a word of its own. In the trace the word is met when the log of the database is written, and
//! again when the answer leaves; between the two there must be a finished fdatasync of that log, begun after the
//! write. The same for what is read: the audit line leaves before the answer does.

use crate::claims::{file, hoso, key, visit};
use crate::house::{Home, House, JSON, tool};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// One moment of a system call.
#[derive(Debug)]
struct Moment {
    entered: bool,
    left: bool,
    name: String,
    /// Everything the trace says of it.
    text: String,
}

/// The moments in the order in which they happened: a call that others interrupt has two, else one.
fn read_trace(path: &Path) -> Vec<Moment> {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let mut open: HashMap<String, String> = HashMap::new();
    let mut moments = Vec::new();
    for line in text.lines() {
        // Numbers of threads are padded to five places.
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((_time, call)) = rest.trim_start().split_once(' ') else { continue };
        let call = call.trim_start();
        if let Some(resumed) = call.strip_prefix("<... ") {
            let name = resumed.split(' ').next().unwrap_or_default().to_owned();
            let begun = open.remove(thread).unwrap_or_default();
            moments.push(Moment { entered: false, left: true, name, text: format!("{begun} {resumed}") });
            continue;
        }
        let Some((name, _)) = call.split_once('(') else { continue };
        let unfinished = call.ends_with("<unfinished ...>");
        if unfinished {
            open.insert(thread.to_owned(), call.to_owned());
        }
        moments.push(Moment {
            entered: true,
            left: !unfinished,
            name: name.to_owned(),
            text: call.to_owned(),
        });
    }
    moments
}

impl Moment {
    fn writes_log_of_database(&self) -> bool {
        self.name == "pwrite64" && self.on("-wal>")
    }

    /// The path of the descriptor, as strace shows it after the number.
    fn on(&self, end: &str) -> bool {
        self.text.split(['(', ',', ')']).nth(1).is_some_and(|descriptor| descriptor.contains(end))
    }

    fn syncs_log_of_database(&self) -> bool {
        matches!(self.name.as_str(), "fdatasync" | "fsync") && self.on("-wal>")
    }

    fn sends(&self, status: &str) -> bool {
        self.entered && self.on("<TCP:") && self.text.contains(&format!("HTTP/1.1 {status}"))
    }
}

/// Whether the word is in the database's log and on the disk before this moment.
fn durable_before(moments: &[Moment], word: &str, end: usize) -> Result<(), String> {
    let before = &moments[..end];
    // The first write counts: the next group may write the same page again, with this word in it, before the answer.
    let written =
        before.iter().position(|one| one.left && one.writes_log_of_database() && one.text.contains(word));
    let Some(written) = written else {
        return Err(format!("{word} was never written before it was acknowledged"));
    };
    let after = &before[written + 1..];
    let begun = after.iter().position(|one| one.entered && one.syncs_log_of_database());
    let done = begun.map(|begun| &after[begun..]).and_then(|rest| {
        rest.iter().find(|one| one.left && one.syncs_log_of_database() && one.text.ends_with("= 0"))
    });
    done.map(|_| ()).ok_or_else(|| format!("{word} was acknowledged before the disk had it"))
}

/// `yba …` under strace, with long strings and descriptors by name.
fn traced(home: &Home, trace: &Path, words: &[&str]) -> Command {
    let plain = home.node_command(words);
    let mut command = Command::new(tool("strace", "strace"));
    command.args(["-f", "--seccomp-bpf", "-ttt", "-yy", "-s", "6000", "-e"]);
    command.arg("trace=fdatasync,fsync,write,writev,sendto,sendmsg,pwrite64").arg("-o").arg(trace);
    command.arg("--").arg(plain.get_program()).args(plain.get_args()).current_dir(home.folder.path());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

#[test]
fn every_created_leaves_after_the_disk_has_the_record() {
    let (home, trace) = (Home::new(), Home::new());
    let path = trace.beside("trace");
    let words = ["serve", "--open", "--port", "0"];
    let house = House::start(traced(&home, &path, &words), home.beside("serve.log"));
    let mut ids: Vec<String> = (0..20).map(|number| format!("mot-{number:04}-durable")).collect();
    let mut line = house.line();
    ids.iter().for_each(|id| create(&mut line, id));
    let crowd: Vec<_> = (0..6)
        .map(|writer| {
            let ids: Vec<String> =
                (0..8).map(|number| format!("nhieu-{writer}-{number:04}-durable")).collect();
            let (mut line, own) = (house.line(), ids.clone());
            (ids, std::thread::spawn(move || own.iter().for_each(|id| create(&mut line, id))))
        })
        .collect();
    for (own, writer) in crowd {
        writer.join().unwrap();
        ids.extend(own);
    }
    let read = line.send("GET", "/fhir/Patient/mot-0003-durable", &[], b"").unwrap();
    assert_eq!(read.status, 200);
    house.end();

    let moments = read_trace(&path);
    for id in &ids {
        let answer = moments.iter().position(|one| one.sends("201") && one.text.contains(id.as_str()));
        let answer = answer.unwrap_or_else(|| panic!("the answer about {id} is in the trace"));
        durable_before(&moments, id, answer).unwrap_or_else(|reason| panic!("{reason}"));
    }
    let answer = moments.iter().rposition(|one| one.sends("200") && one.text.contains("mot-0003-durable"));
    let noted = moments.iter().position(|one| {
        one.left && one.name == "write" && one.on("/reads-") && one.text.contains("mot-0003-durable")
    });
    let (noted, answer) = (noted.expect("the read is noted"), answer.expect("the read is answered"));
    assert!(noted < answer, "the read was answered at {answer} and noted at {noted}");
    eprintln!("{} answers checked among {} moments", ids.len(), moments.len());
}

fn create(line: &mut crate::http::Line, id: &str) {
    let body = format!("{{\"resourceType\":\"Patient\",\"id\":\"{id}\",\"active\":true}}");
    let answer = line.send("PUT", &format!("/fhir/Patient/{id}"), &[JSON], body.as_bytes()).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[test]
fn an_import_says_done_after_the_disk_has_the_visits() {
    let (home, trace) = (Home::new(), Home::new());
    let hosos: Vec<String> = (1..=5).map(|number| hoso(&visit(number))).collect();
    let (files, path) = (home.beside("nam-luot.xml"), trace.beside("trace"));
    std::fs::write(&files, file("20260303", &hosos)).unwrap();
    let ran = traced(&home, &path, &["import", "bhyt", files.to_str().unwrap()]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let moments = read_trace(&path);
    let said = escaped("Lượt khám: 5 mới");
    let end = moments.iter().position(|one| one.entered && one.name == "write" && one.text.contains(&said));
    let end = end.expect("the report is in the trace");
    for number in 1..=5 {
        durable_before(&moments, &key(number), end).unwrap_or_else(|reason| panic!("{reason}"));
    }
}

/// Text as strace writes it: bytes beyond ASCII in octal.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| if byte.is_ascii() { char::from(byte).to_string() } else { format!("\\{byte:o}") };
    text.bytes().map(byte).collect()
}

#[test]
fn an_answer_before_the_disk_would_be_found() {
    let trace = |order: [&str; 3]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        std::fs::write(&path, order.join("\n")).unwrap();
        let moments = read_trace(&path);
        let answer = moments.iter().position(|one| one.sends("201")).unwrap();
        durable_before(&moments, "word-1", answer)
    };
    let write = "7 1.0 pwrite64(9</d/yba.db-wal>, \"..word-1..\", 4096, 32) = 4096";
    let sync = "7 1.1 fdatasync(9</d/yba.db-wal>) = 0";
    let answer = "8 1.2 writev(12<TCP:[127.0.0.1:1->127.0.0.1:2]>, [{iov_base=\"HTTP/1.1 201 Created word-1\"}], 1) = 9";
    assert_eq!(trace([write, sync, answer]), Ok(()));
    assert!(trace([write, answer, sync]).unwrap_err().contains("before the disk"));
    assert!(trace([sync, write, answer]).unwrap_err().contains("before the disk"));
    assert!(trace([answer, write, sync]).unwrap_err().contains("never written"));
    let failed = sync.replace("= 0", "= -1 EIO (Input/output error)");
    assert!(trace([write, &failed, answer]).is_err());
}
