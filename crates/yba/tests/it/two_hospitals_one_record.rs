//! Two hospitals write their claim files in two dialects; one province reads them, and every person has one record.
//!
//! 2,000 invented people. One year of life, so that the story ends in minutes on two cores; it spans the change from
//! QĐ 3176 to QĐ 1931 (2026-07-01). Older editions are read in `yba-claim`'s own tests. The first import runs in
//! process, where everything can be seen; the second through the command line, on the same folder.

use crate::claims;
use crate::house::Home;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use yba_claim::{ProvinceKey, Report};
use yba_content::{Content, Day};
use yba_fhir::json::{Value, at, items, number_text, str_at};
use yba_records::{Ids, Records};
use yba_store::{Clock, Options, Store, Version};
use yba_synth::{Edition, Money, TruthVisit};
use yba_validate::{Codes, Validator};

const KEY: [u8; 32] = [26; 32];
const SID: &str = "https://yba.vn/fhir/sid/";
const EXTENSION: &str = "https://yba.vn/fhir/StructureDefinition/";
/// Of the true pairs that share a trusted number, at least this share must be found, in parts of a hundred.
const RECALL_MIN: usize = 95;

#[tokio::test(flavor = "multi_thread")]
async fn two_hospitals_files_become_one_record_for_each_person() {
    let home = Home::new();
    let folder = home.beside("files");
    let truth = claims::write(&claims::province(2000, 1, (2026, 10, 31)), &folder);
    let (records, report) = first_import(&home, &folder).await;
    yba_mpi::follower::catch_up(&records).await.unwrap();
    let told = Told::of(&truth);
    let seen = Seen::read(&records).await;

    counts_agree(&told, &report);
    every_visit_is_there_once(&told, &seen);
    money_is_equal_to_the_dong(&told, &seen);
    rows_are_all_there(&told, &seen);
    corrections_are_second_versions(&told, &seen);
    nobody_is_linked_to_somebody_else(&truth, &records).await;
    let head = records.store().head_t();
    records.store().close().await;
    drop(records);

    let began = std::time::Instant::now();
    let again = home.run(&["import", "bhyt", folder.to_str().unwrap()]).expect(0);
    eprintln!("second run through the command line: {:?}\n{}", began.elapsed(), again.out);
    let records = open(&home);
    assert_eq!(records.store().head_t(), head, "a second run changes nothing");
    records.store().close().await;
    drop(records);
    home.run(&["check"]).expect(0);
    home.run(&["audit", "verify"]).expect(0);
}

fn open(home: &Home) -> Records {
    let options = Options { folder: home.data(), place: None, clock: Clock::system() };
    let records = Records::open(Store::open(options).unwrap(), Ids::Random).unwrap();
    // As a node does: whatever names a profile of content, or an extension of ours, must keep it.
    let content = Content::built_in();
    let codes = Codes::of_content(&content, Day::of_instant(Clock::system().now_ms()));
    let validator = Validator::of_content(&content, codes, &[]).0;
    records.judge_by(move |_, _| validator.clone());
    records
}

async fn first_import(home: &Home, folder: &Path) -> (Records, Report) {
    std::fs::create_dir_all(home.data()).unwrap();
    // The command line later finds the same key in the node's folder.
    let key: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(home.data().join("province.key"), key).unwrap();
    let records = open(home);
    let began = std::time::Instant::now();
    let content = Arc::new(Content::built_in());
    let options =
        yba_claim::Options { rejects: Some(home.beside("rejects")), ..yba_claim::Options::default() };
    let report =
        yba_claim::import(&records, &content, &ProvinceKey::new(KEY), &[folder.to_owned()], options, |_| {})
            .await
            .unwrap();
    let rate = report.visits.total() as f64 / began.elapsed().as_secs_f64();
    eprintln!("first import: {:?} in {:?}, {rate:.0} visits/s", report.visits, began.elapsed());
    (records, report)
}

/// The truth by visit: facility and `MA_LK`.
type VisitKey = (String, String);

/// What is true, by visit.
struct Told<'a> {
    /// The content that holds in the end: the correction's where there is one.
    last: BTreeMap<VisitKey, &'a TruthVisit>,
    corrected: BTreeMap<VisitKey, &'a TruthVisit>,
    duplicates: usize,
    /// Rows of XML2 to XML5 over first files and corrections.
    rows: [usize; 4],
}

impl<'a> Told<'a> {
    fn of(truth: &'a [TruthVisit]) -> Told<'a> {
        let (mut last, mut corrected, mut duplicates, mut rows) =
            (BTreeMap::new(), BTreeMap::new(), 0, [0; 4]);
        for visit in truth {
            if visit.duplicate {
                duplicates += 1;
                continue;
            }
            (0..4).for_each(|part| rows[part] += visit.rows[part]);
            let key = (visit.facility.to_owned(), visit.ma_lk.clone());
            if let Some(before) = last.insert(key.clone(), visit) {
                assert_eq!(
                    (before.version, visit.version),
                    (1, 2),
                    "corrections come after what they correct"
                );
                corrected.insert(key, before);
            }
        }
        assert!(corrected.len() > 20 && duplicates > 10, "the province has its dirt");
        Told { last, corrected, duplicates, rows }
    }
}

/// What the log says about visits.
#[derive(Default)]
struct Seen {
    encounters: BTreeMap<VisitKey, BTreeSet<String>>,
    /// The versions of each visit's Claim, oldest first.
    claims: HashMap<String, Vec<Value>>,
    provenances: HashMap<String, Vec<Value>>,
    /// Encounter reference to the live prescriptions.
    prescriptions: HashMap<String, BTreeSet<String>>,
}

impl Seen {
    async fn read(records: &Records) -> Seen {
        let (mut seen, mut t) = (Seen::default(), 0);
        loop {
            let changes = records.store().changes_after(t, 2000).await.unwrap();
            let Some(last) = changes.last() else { return seen };
            t = last.t;
            changes.iter().for_each(|version| seen.take(version));
        }
    }

    fn take(&mut self, version: &Version) {
        match version.kind.as_str() {
            "Encounter" => {
                let tree = version.tree();
                let key = items(&tree, "identifier").find_map(|one| {
                    let facility = str_at(one, &["system"])?.strip_prefix(SID)?.strip_prefix("visit/")?;
                    Some((facility.to_owned(), str_at(one, &["value"])?.to_owned()))
                });
                let key = key.expect("every imported Encounter names its visit");
                self.encounters.entry(key).or_default().insert(version.id.clone());
            }
            "Claim" => self.claims.entry(version.id.clone()).or_default().push(version.tree()),
            "Provenance" => self.provenances.entry(version.id.clone()).or_default().push(version.tree()),
            "MedicationRequest" => {
                let tree = version.tree();
                let visit = str_at(&tree, &["encounter", "reference"]).unwrap().to_owned();
                let of_visit = self.prescriptions.entry(visit).or_default();
                match str_at(&tree, &["status"]) {
                    Some("entered-in-error") => of_visit.remove(&version.id),
                    _ => of_visit.insert(version.id.clone()),
                };
            }
            _ => {}
        }
    }

    /// The versions of the Claim of a visit.
    fn claim(&self, visit: &VisitKey) -> &[Value] {
        &self.claims[&id_of(visit, &["claim", ""])]
    }
}

fn id_of(visit: &VisitKey, what: &[&str]) -> String {
    let fields: Vec<&str> = ["visit", visit.1.as_str()].into_iter().chain(what.iter().copied()).collect();
    yba_claim::id::id(&ProvinceKey::new(KEY), &visit.0, &fields)
}

fn counts_agree(told: &Told, report: &Report) {
    let visits = report.visits;
    let refused: Vec<_> =
        report.problems.iter().filter(|(_, tally)| tally.severity == yba_claim::Severity::Error).collect();
    assert_eq!(visits.refused, 0, "{refused:#?}");
    assert_eq!(visits.new as usize, told.last.len());
    assert_eq!(visits.updated as usize, told.corrected.len());
    assert_eq!(visits.unchanged as usize, told.duplicates);
    assert_eq!(visits.older, 0);
    for (part, expected) in ["XML2", "XML3", "XML4", "XML5"].iter().zip(told.rows) {
        assert_eq!(report.rows.get(*part).copied().unwrap_or_default() as usize, expected, "rows of {part}");
    }
}

fn every_visit_is_there_once(told: &Told, seen: &Seen) {
    for visit in told.last.keys() {
        let found = seen.encounters.get(visit).map_or(0, BTreeSet::len);
        assert_eq!(found, 1, "{visit:?}");
    }
    assert_eq!(seen.encounters.len(), told.last.len(), "and no other");
    assert_eq!(seen.claims.len(), told.last.len());
}

/// Hundredths of a đồng.
fn hundredths(tree: &Value) -> Money {
    let text = number_text(tree).expect("an amount is a number");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    assert!(part.trim_end_matches('0').len() <= 2, "{text}");
    Money(format!("{whole}{:0<2}", part.trim_end_matches('0')).parse().unwrap())
}

fn extension(claim: &Value, slug: &str) -> Option<Money> {
    let url = format!("{EXTENSION}{slug}");
    let found = items(claim, "extension").find(|one| str_at(one, &["url"]) == Some(&url))?;
    at(found, &["valueMoney", "value"]).map(hundredths)
}

fn money_is_equal_to_the_dong(told: &Told, seen: &Seen) {
    let (mut sum, mut stated) = (Money(0), Money(0));
    for (visit, truth) in &told.last {
        let claim = seen.claim(visit).last().unwrap();
        let totals = &truth.totals;
        let total = at(claim, &["total", "value"]).map(hundredths);
        assert_eq!(total, Some(totals.total), "{visit:?}");
        let lines: Money =
            items(claim, "item").map(|item| hundredths(at(item, &["net", "value"]).unwrap())).sum();
        assert_eq!(lines, totals.total, "the lines of {visit:?}");
        let old = truth.edition == Edition::Q4210;
        for (slug, expected, always) in [
            ("t-thuoc", totals.drugs, true),
            ("t-vtyt", totals.materials, true),
            ("t-tongchi-bh", totals.in_scope, !old),
            ("t-bntt", totals.patient, true),
            ("t-bncct", totals.copay, true),
            ("t-bhtt", totals.fund, true),
            ("t-nguonkhac", totals.others, true),
            ("t-bhtt-gdv", totals.fund_by_service, !old),
        ] {
            match extension(claim, slug) {
                Some(found) => assert_eq!(found, expected, "{slug} of {visit:?}"),
                None => assert!(!always, "{slug} is missing in {visit:?}"),
            }
        }
        (sum, stated) = (sum + totals.total, stated + total.unwrap());
    }
    assert_eq!(sum, stated);
    eprintln!("money: {stated} đ in {} visits", told.last.len());
}

fn rows_are_all_there(told: &Told, seen: &Seen) {
    for (visit, truth) in &told.last {
        let [drugs, services, ..] = truth.rows;
        assert_eq!(items(seen.claim(visit).last().unwrap(), "item").count(), drugs + services, "{visit:?}");
        let encounter = format!("Encounter/{}", id_of(visit, &["encounter"]));
        let prescribed = seen.prescriptions.get(&encounter).map_or(0, BTreeSet::len);
        assert_eq!(prescribed, drugs, "prescriptions in force of {visit:?}");
    }
}

/// Corrected visits have a second version, with the first in history; everybody else has one, also who was sent twice.
fn corrections_are_second_versions(told: &Told, seen: &Seen) {
    for visit in told.last.keys() {
        let versions = seen.provenances[&id_of(visit, &["provenance", ""])].len();
        assert_eq!(versions, 1 + usize::from(told.corrected.contains_key(visit)), "{visit:?}");
    }
    let mut changed = 0;
    for (visit, before) in &told.corrected {
        let after = told.last[visit];
        let claims = seen.claim(visit);
        let total = |claim: &Value| at(claim, &["total", "value"]).map(hundredths);
        assert_eq!(total(&claims[0]), Some(before.totals.total), "history keeps the old of {visit:?}");
        if before.totals != after.totals {
            assert_eq!(claims.len(), 2, "{visit:?}");
            changed += 1;
        }
    }
    assert!(changed > 10, "{changed} corrections change money");
}

/// A facility's Patient.
type Held = (&'static str, String);

/// No person of the index holds two people of the truth; and how many of the true pairs were found.
async fn nobody_is_linked_to_somebody_else(truth: &[TruthVisit], records: &Records) {
    let mut who: BTreeMap<Held, u32> = BTreeMap::new();
    let mut numbers: HashMap<Held, BTreeSet<String>> = HashMap::new();
    let mut borrowed: BTreeSet<Held> = BTreeSet::new();
    for visit in truth {
        let held: Held = (visit.facility, visit.ma_bn.clone());
        assert_eq!(*who.entry(held.clone()).or_insert(visit.person), visit.person);
        let own = numbers.entry(held.clone()).or_default();
        own.extend(visit.identity.iter().map(|number| format!("identity {number}")));
        let bhxh = visit.cards.iter().filter(|card| card.len() == 15 && !card.starts_with("TE112"));
        own.extend(bhxh.map(|card| format!("insurance {}", &card[5..])));
        if visit.borrowed {
            borrowed.insert(held);
        }
    }
    let rows = records.store().query("SELECT patient, person FROM mpi_patient", Vec::new()).await.unwrap();
    let persons: HashMap<String, String> =
        rows.iter().map(|row| (row.text(0).to_owned(), row.text(1).to_owned())).collect();
    let key = ProvinceKey::new(KEY);
    let cluster = |held: &Held| &persons[&yba_claim::id::id(&key, held.0, &["patient", &held.1])];
    let mut owners: HashMap<&String, u32> = HashMap::new();
    for (held, person) in &who {
        let owner = *owners.entry(cluster(held)).or_insert(*person);
        assert_eq!(owner, *person, "{held:?} is linked to somebody else");
    }
    let mut of_person: BTreeMap<u32, Vec<&Held>> = BTreeMap::new();
    who.iter().for_each(|(held, person)| of_person.entry(*person).or_default().push(held));
    let (mut all, mut sharing, mut linked, mut linked_sharing) = (0, 0, 0, 0);
    for held in of_person.values() {
        for (place, first) in held.iter().enumerate() {
            for second in &held[place + 1..] {
                let shares = [first, second].iter().all(|one| !borrowed.contains(**one))
                    && !numbers[*first].is_disjoint(&numbers[*second]);
                let found = cluster(first) == cluster(second);
                (all, sharing) = (all + 1, sharing + usize::from(shares));
                (linked, linked_sharing) =
                    (linked + usize::from(found), linked_sharing + usize::from(found && shares));
            }
        }
    }
    eprintln!(
        "links: {} Patients of {} people, {} with a borrowed number, 0 false links; recall {linked_sharing}/{sharing} \
         of the true pairs that share a trusted number, {linked}/{all} of all true pairs",
        who.len(),
        of_person.len(),
        borrowed.len()
    );
    assert!(!borrowed.is_empty() && sharing > 100, "the province has what this is about");
    assert!(linked_sharing * 100 >= sharing * RECALL_MIN, "{linked_sharing} of {sharing}");
}
