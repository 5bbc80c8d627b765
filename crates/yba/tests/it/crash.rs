//! The power goes at any moment: nothing that was acknowledged is lost, nothing is there in part, and nobody has to
//! repair anything.
//!
//! Each round works on the folder the rounds before left behind; `YBA_TEST_DEEP=1` makes it 200 rounds. The program is
//! killed with SIGKILL at a moment drawn by chance; the seed is printed, and `YBA_TEST_SEED` sets it. Then `yba check`
//! and `yba audit verify` must find everything sound on the folder as it lies there, and a restarted node must have
//! every acknowledged write.

use crate::claims;
use crate::house::{Home, House, JSON, deep, signal};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use yba_fhir::json::{items, str_at};
use yba_records::{Ids, Records};
use yba_store::db::Connection;
use yba_store::{Clock, Options, Store};

const WRITERS: usize = 3;
const BUNDLE: usize = 20;
/// Visits that an import is given; more than it can take in before it is killed.
const VISITS: u32 = 300;

/// Rounds on one folder; the long run takes twenty folders.
const ROUNDS: usize = 10;
const ROUNDS_ON_POSTGRES: usize = 3;

fn folders() -> usize {
    if deep() { 20 } else { 1 }
}

fn chance() -> StdRng {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
    let seed = std::env::var("YBA_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(now);
    eprintln!("YBA_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

#[test]
fn killed_at_random_moments_on_sqlite() {
    let mut rng = chance();
    for _ in 0..folders() {
        let (home, mut told) = (Home::new(), Told::default());
        for round in 0..ROUNDS {
            match round % 3 {
                0 | 1 => writers_round(&home, round, &mut rng, &mut told, |_| {}),
                _ => import_round(&home, round, &mut rng, round % 2 == 1),
            }
        }
        told.report();
    }
}

#[test]
fn killed_at_random_moments_on_postgresql() {
    let _alone = crate::house::cluster_alone();
    let mut rng = chance();
    for _ in 0..folders() {
        let (Some(home), mut told) = (Home::on_postgres(), Told::default()) else { return };
        for round in 0..ROUNDS_ON_POSTGRES {
            writers_round(&home, round, &mut rng, &mut told, |house| {
                if deep() && round % 2 == 1 {
                    kill_a_backend(&home, house);
                }
            });
        }
        told.report();
    }
}

/// What the clients were told over all rounds.
#[derive(Default)]
struct Told {
    acknowledged: Vec<Write>,
    rounds: usize,
    unsure: usize,
    unsure_done: usize,
}

impl Told {
    fn report(&self) {
        let Told { acknowledged, rounds, unsure, unsure_done } = self;
        eprintln!(
            "{rounds} rounds of writing: {} acknowledged writes, all there; {unsure} under way at the end, \
             {unsure_done} of them done, none in part",
            acknowledged.len()
        );
        assert!(acknowledged.len() > *rounds, "the rounds wrote something");
    }
}

/// A create under a known id, or a transaction of several.
#[derive(Clone, Debug)]
struct Write {
    ids: Vec<String>,
}

impl Write {
    fn send(&self, line: &mut crate::http::Line) -> std::io::Result<u16> {
        if let [id] = self.ids.as_slice() {
            let body = resource(id);
            return Ok(line.send("PUT", &format!("/fhir/Basic/{id}"), &[JSON], body.as_bytes())?.status);
        }
        let entry = |id: &String| {
            format!(
                "{{\"resource\":{},\"request\":{{\"method\":\"PUT\",\"url\":\"Basic/{id}\"}}}}",
                resource(id)
            )
        };
        let entries: Vec<String> = self.ids.iter().map(entry).collect();
        let body = format!(
            "{{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{}]}}",
            entries.join(",")
        );
        Ok(line.send("POST", "/fhir", &[JSON], body.as_bytes())?.status)
    }

    /// How many of its records are there, each with its own content.
    fn found(&self, line: &mut crate::http::Line) -> usize {
        let there = |id: &&String| {
            let answer = line.send("GET", &format!("/fhir/Basic/{id}"), &[], b"").unwrap();
            assert!(matches!(answer.status, 200 | 404), "{}", answer.text());
            let sound = answer.status == 200;
            assert!(
                !sound || str_at(&answer.json(), &["code", "text"]) == Some(id),
                "{id} holds something else"
            );
            sound
        };
        self.ids.iter().filter(there).count()
    }
}

fn resource(id: &str) -> String {
    format!("{{\"resourceType\":\"Basic\",\"id\":\"{id}\",\"code\":{{\"text\":\"{id}\"}}}}")
}

/// Writers write until the node dies.
fn writers_round(home: &Home, round: usize, rng: &mut StdRng, told: &mut Told, meanwhile: impl Fn(&House)) {
    let house = home.serve_open();
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let unsure = Arc::new(Mutex::new(Vec::new()));
    let start = |writer: usize| {
        let (address, acknowledged, unsure) = (house.address, acknowledged.clone(), unsure.clone());
        std::thread::spawn(move || write(address, round, writer, &acknowledged, &unsure))
    };
    let writers: Vec<_> = (0..WRITERS).map(start).collect();
    std::thread::sleep(Duration::from_millis(rng.gen_range(20..700)));
    meanwhile(&house);
    std::thread::sleep(Duration::from_millis(rng.gen_range(0..300)));
    house.kill();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    sound(home);

    let house = home.serve_open();
    let mut line = house.line();
    let acknowledged = acknowledged.lock().unwrap();
    for one in acknowledged.iter() {
        assert_eq!(one.found(&mut line), one.ids.len(), "acknowledged in round {round}: {one:?}");
    }
    let unsure = unsure.lock().unwrap();
    for one in unsure.iter() {
        let found = one.found(&mut line);
        assert!(found == 0 || found == one.ids.len(), "{found} of {one:?}, in part");
        told.unsure_done += usize::from(found > 0);
    }
    // What earlier rounds were told still holds: a few of them, by chance.
    for _ in 0..told.acknowledged.len().min(20) {
        let one = &told.acknowledged[rng.gen_range(0..told.acknowledged.len())];
        assert_eq!(one.found(&mut line), one.ids.len(), "acknowledged before round {round}: {one:?}");
    }
    told.unsure += unsure.len();
    told.rounds += 1;
    told.acknowledged.extend(acknowledged.iter().cloned());
    house.kill();
}

fn write(
    address: std::net::SocketAddr,
    round: usize,
    writer: usize,
    acknowledged: &Mutex<Vec<Write>>,
    unsure: &Mutex<Vec<Write>>,
) {
    let Ok(mut line) = crate::http::Line::open(address) else { return };
    for number in 0.. {
        let count = if number % 3 == 2 { BUNDLE } else { 1 };
        let ids = (0..count).map(|part| format!("r{round}-w{writer}-n{number}-{part}")).collect();
        let one = Write { ids };
        match one.send(&mut line) {
            Ok(200 | 201) => acknowledged.lock().unwrap().push(one),
            // The database was lost for a moment: the node says so and lives on.
            Ok(status) => {
                assert!(status >= 500, "{status} for {one:?}");
                unsure.lock().unwrap().push(one);
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(_) => return unsure.lock().unwrap().push(one),
        }
    }
}

/// The folder as it lies there, without repair.
fn sound(home: &Home) {
    if let Some(database) = &home.database {
        // A database whose process was killed first recovers from its own log.
        let began = Instant::now();
        while let Err(error) =
            Connection::writer(&database.place()).and_then(|mut link| link.migrate("SELECT 1"))
        {
            assert!(began.elapsed() < Duration::from_secs(60), "the database does not come back: {error}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    home.run(&["check"]).expect(0);
    home.run(&["audit", "verify"]).expect(0);
}

/// An import is killed, alone or with the running node that does it; run again, it comes to its end.
fn import_round(home: &Home, round: usize, rng: &mut StdRng, beside: bool) {
    let folder = home.beside(&format!("files-{round}"));
    std::fs::create_dir_all(&folder).unwrap();
    let first = round as u32 * 10_000;
    for start in (first..first + VISITS).step_by(20) {
        let hosos: Vec<String> =
            (start..start + 20).map(|number| claims::hoso(&claims::visit(number))).collect();
        std::fs::write(folder.join(format!("{start:07}.xml")), claims::file("20260303", &hosos)).unwrap();
    }
    let words = ["import", "bhyt", folder.to_str().unwrap()];
    let house = beside.then(|| home.serve_open());
    let mut command = home.node_command(&words);
    let mut import =
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(rng.gen_range(300..2500)));
    match house {
        Some(house) => house.kill(),
        None => signal(import.id(), "KILL"),
    }
    import.wait().unwrap();
    sound(home);
    let there = whole_visits(home, first);
    let began = Instant::now();
    let ran = home.run(&words).expect(0);
    assert!(
        ran.out.contains(&format!("{} mới, 0 cập nhật, {there} không đổi", VISITS as usize - there)),
        "{}",
        ran.out
    );
    assert_eq!(whole_visits(home, first), VISITS as usize, "the second run brings the rest");
    eprintln!("import killed after {there} of {VISITS} visits; the rest came in in {:?}", began.elapsed());
}

/// The visits from this number on, each whole: all that its Provenance names is there.
fn whole_visits(home: &Home, first: u32) -> usize {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = Options { folder: home.data(), place: None, clock: Clock::system() };
        let records = Records::open(Store::open(options).unwrap(), Ids::Random).unwrap();
        let (mut t, mut named, mut all, mut visits) = (0, Vec::new(), BTreeSet::new(), BTreeSet::new());
        loop {
            let changes = records.store().changes_after(t, 2000).await.unwrap();
            let Some(last) = changes.last() else { break };
            t = last.t;
            for version in &changes {
                all.insert(format!("{}/{}", version.kind, version.id));
                let tree = version.tree();
                match version.kind.as_str() {
                    "Provenance" => named.extend(
                        items(&tree, "target")
                            .filter_map(|one| str_at(one, &["reference"]))
                            .map(str::to_owned),
                    ),
                    "Encounter" => visits.extend(
                        items(&tree, "identifier")
                            .filter_map(|one| str_at(one, &["value"]))
                            .map(str::to_owned),
                    ),
                    _ => {}
                }
            }
        }
        let lacking: Vec<_> = named.iter().filter(|one| !all.contains(*one)).collect();
        assert!(lacking.is_empty(), "visits are there in part: {lacking:?}");
        let encounters = all.iter().filter(|one| one.starts_with("Encounter/")).count();
        let provenances = all.iter().filter(|one| one.starts_with("Provenance/")).count();
        assert_eq!(encounters, provenances, "each visit has its origin");
        records.store().close().await;
        (first..first + VISITS).filter(|number| visits.contains(&claims::key(*number))).count()
    })
}

/// Kills one process of the database as the system would when memory runs out: the whole cluster then recovers from
/// its log, under the feet of the running node.
fn kill_a_backend(home: &Home, house: &House) {
    let url = home.database.as_ref().unwrap().url();
    let (_, name) = url.rsplit_once('/').unwrap();
    let port = url.rsplit_once(':').and_then(|(_, rest)| rest.split('/').next()).unwrap().to_owned();
    let command = |pid: u32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let pids: Vec<u32> = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|one| one.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    let ours = |pid: &&u32| {
        let words = command(**pid);
        let words: Vec<&[u8]> = words.split(|byte| *byte == 0).collect();
        words.windows(2).any(|pair| pair[0] == b"-p" && pair[1] == port.as_bytes())
    };
    let server = *pids.iter().find(ours).expect("our own cluster runs");
    let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
    let backend = children
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .find(|pid| String::from_utf8_lossy(&command(*pid)).contains(&format!("yba {name} ")));
    let backend = backend.unwrap_or_else(|| panic!("the node has a connection:\n{}", house.said()));
    eprintln!("killing the database's process {backend}");
    signal(backend, "KILL");
}
