//! The invented province's claim files, both dialects, through the real door.

use crate::example::{content, key};
use std::collections::BTreeMap;
use std::path::PathBuf;
use yba_claim::{Options, Report, import};
use yba_synth::{Dialect, Plan, TruthVisit, province};

fn plan(people: u32) -> Plan {
    Plan { people, seed: 7, years: 3, until: jiff::civil::date(2026, 3, 1) }
}

/// Writes both dialects' files below a folder; answers the truth in order of arrival.
fn write_files(folder: &std::path::Path, people: u32) -> Vec<TruthVisit> {
    let province = province(&plan(people));
    let mut truth = Vec::new();
    for (dialect, name) in [(Dialect::A, "a"), (Dialect::B, "b")] {
        for file in province.claims(dialect, |_| true) {
            let path = folder.join(name).join(&file.name);
            std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
            std::fs::write(path, &file.bytes).expect("files can be written");
            truth.extend(file.truth);
        }
    }
    truth
}

async fn run(kit: &yba_testkit::Kit, folder: PathBuf) -> Report {
    let rejects = Some(kit.folder.path().join("rejects"));
    let options = Options { rejects, ..Options::default() };
    import(&kit.records, &content(), &key(), &[folder], options, |_| {}).await.expect("the store can write")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_dialects_go_in_whole_once_and_again_without_change() {
    let kit = yba_testkit::records();
    let files = tempfile::tempdir().unwrap();
    let truth = write_files(files.path(), 60);
    let started = std::time::Instant::now();
    let report = run(&kit, files.path().to_owned()).await;
    eprintln!("{} visits in {:?}: {report:#?}", report.visits.total(), started.elapsed());
    let mut visits: BTreeMap<(&str, &str), u8> = BTreeMap::new();
    for one in &truth {
        let version = visits.entry((one.facility, one.ma_lk.as_str())).or_default();
        *version = (*version).max(one.version);
    }
    let _ = visits;
}
