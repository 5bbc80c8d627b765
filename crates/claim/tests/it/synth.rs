//! The invented province's claim files, both dialects, through the real door. The two crates were written from the same
//! rules by different hands, so each checks the other.

use crate::example::{content, key};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use yba_claim::{Options, Report, Severity, import};
use yba_fhir::json::{Value, at, items, number_text, str_at};
use yba_records::Query;
use yba_synth::{Dialect, Plan, TruthVisit, province};
use yba_testkit::Kit;

const PEOPLE: u32 = 80;

/// Writes both dialects' files below a folder; answers the truth in order of arrival.
fn write_files(folder: &Path) -> Vec<TruthVisit> {
    let plan = Plan { people: PEOPLE, seed: 7, years: 3, until: jiff::civil::date(2026, 3, 1) };
    let province = province(&plan);
    let mut truth = Vec::new();
    for (dialect, name) in [(Dialect::A, "a"), (Dialect::B, "b")] {
        for file in province.claims(dialect, |_| true) {
            let path = folder.join(name).join(&file.name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &file.bytes).unwrap();
            truth.extend(file.truth);
        }
    }
    truth
}

async fn run(kit: &Kit, folder: &Path, again: bool) -> Report {
    let rejects: Option<PathBuf> = Some(kit.folder.path().join("rejects"));
    let options = Options { rejects, again, ..Options::default() };
    import(&kit.records, &content(), &key(), &[folder.to_owned()], options, |_| {}).await.unwrap()
}

async fn all(kit: &Kit, kind: &str) -> Vec<Value> {
    let mut query = Query::all(kind);
    query.count = 500;
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = kit.records.search(&kit.ctx(), &query, cursor.as_deref()).await.unwrap();
        found.extend(page.matches.iter().map(|version| version.tree()));
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

/// Money as whole hundredths of a đồng, whatever zeros it was written with.
fn hundredths(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<2}").parse().unwrap()
}

fn extension_money(claim: &Value, slug: &str) -> Option<i64> {
    let url = format!("https://yba.vn/fhir/StructureDefinition/{slug}");
    let found = items(claim, "extension").find(|one| str_at(one, &["url"]) == Some(&url))?;
    at(found, &["valueMoney", "value"]).and_then(number_text).map(|text| hundredths(&text))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_visit_is_here_once_with_its_money_and_a_second_run_changes_nothing() {
    let kit = yba_testkit::records();
    let files = tempfile::tempdir().unwrap();
    let truth = write_files(files.path());
    let report = run(&kit, files.path(), false).await;
    let told: Vec<_> = report.problems.values().filter(|tally| tally.severity == Severity::Error).collect();
    assert!(report.visits.refused == 0 && told.is_empty(), "{told:#?}");

    let mut last: BTreeMap<(&str, &str), &TruthVisit> = BTreeMap::new();
    for one in &truth {
        let known = last.entry((one.facility, one.ma_lk.as_str())).or_insert(one);
        if one.version >= known.version {
            *known = one;
        }
    }
    let corrected = last.values().filter(|one| one.version > 1).count() as u64;
    assert_eq!((report.visits.new, report.visits.updated), (last.len() as u64, corrected));

    let encounters = all(&kit, "Encounter").await;
    assert_eq!(encounters.len(), last.len());
    let mut claims: HashMap<String, Value> = HashMap::new();
    for claim in all(&kit, "Claim").await {
        let encounter =
            items(&claim, "item").next().and_then(|item| items(item, "encounter").next().cloned());
        let encounter =
            encounter.and_then(|one| str_at(&one, &["reference"]).map(str::to_owned)).unwrap_or_default();
        claims.insert(encounter, claim);
    }
    for encounter in &encounters {
        let facility =
            str_at(encounter, &["serviceProvider", "reference"]).unwrap().rsplit('-').next().unwrap();
        let key = items(encounter, "identifier").next().and_then(|one| str_at(one, &["value"])).unwrap();
        let told = last[&(facility, key)];
        let Some(claim) = claims.get(&format!("Encounter/{}", str_at(encounter, &["id"]).unwrap())) else {
            assert_eq!(told.rows[0] + told.rows[1], 0, "{key}: a visit with lines has a claim");
            continue;
        };
        let total = at(claim, &["total", "value"]).and_then(number_text).unwrap();
        assert_eq!(hundredths(&total), told.totals.total.0, "{key}");
        assert_eq!(extension_money(claim, "t-bhtt"), Some(told.totals.fund.0), "{key}");
        assert_eq!(items(claim, "item").count(), told.rows[0] + told.rows[1], "{key}");
    }

    let head = kit.store().head_t();
    let again = run(&kit, files.path(), false).await;
    assert_eq!(kit.store().head_t(), head, "{again:#?}");
    assert_eq!(again.visits.new + again.visits.updated + again.visits.refused, 0);

    // Mapping everything anew gives the same bytes: nothing depends on chance, order or the clock.
    let remapped = run(&kit, files.path(), true).await;
    let without_trail: u64 =
        remapped.written.iter().filter(|(kind, _)| *kind != "Provenance").map(|(_, count)| count).sum();
    assert_eq!(without_trail, 0, "{:?}", remapped.written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_written_is_shaped_as_r4_says() {
    let kit = yba_testkit::records();
    let files = tempfile::tempdir().unwrap();
    write_files(files.path());
    let report = run(&kit, files.path(), false).await;
    let mut seen = 0;
    for kind in report.written.keys().chain([&"Organization".to_owned(), &"Practitioner".to_owned()]) {
        for tree in all(&kit, kind).await {
            let faults = crate::r4::faults(&tree);
            assert!(faults.is_empty(), "{faults:#?}");
            seen += 1;
        }
    }
    assert!(seen > 3000, "{seen}");
}
