//! Linking people: how good it is where the truth is known, how long a million records take, one record among a million.

use crate::bench::Bench;
use crate::machine::own_memory_mb;
use crate::report::{Line, Section, rounded};
use crate::server::command;
use crate::timing::percentile;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use yba_mpi::birth::Birth;
use yba_mpi::identifier::{Key, SID, Sex, keys_of, phones};
use yba_mpi::linking::{Band, Crowd, Gazetteer, Index, Known, Model};
use yba_synth::{Dirt, Plan, Registration, Spoiling, registrations};

/// How this program is started again to measure one record among a million in a memory of its own.
pub const ROUND: &str = "--one-round-of-linking";
const SAMPLE: u32 = 100_000;
const MILLION: u32 = 1_000_000;
/// Registrations of one person, on average.
const EACH: f64 = 2.15;
const SEEDS: [u64; 3] = [1, 2, 3];
/// One record in so many is asked for instead of kept.
const ASKED_ONE_IN: usize = 250;
const PRECISION: f64 = 0.999;
const RECALL: [f64; 2] = [0.97, 0.93];
const DOUBTS: f64 = 1.0;
const BATCH_SECONDS: f64 = 60.0;
const BATCH_MB: f64 = 2048.0;
const MATCH_P99_MS: f64 = 10.0;
const INDEX_MB: f64 = 250.0;
const COLUMNS: &str = "name = 'ho_ten'\nsex = 'gioi_tinh'\nbirth = 'ngay_sinh'\nidentity = 'so_cccd'\ninsurance = 'ma_the'\n\
                       phone = 'dien_thoai'\naddress = 'dia_chi'\ncommune = 'ma_xa'\nmother = 'ho_ten_me'\ntruth = 'nguoi'\n";

pub fn run(bench: &Bench) -> Result<Section> {
    let folder = bench.subfolder()?;
    let mut section = Section::new(
        "Linking people",
        "Invented people of Lai Châu, each registered at one to four desks, with the dirt of claim files doubled and \
         further ways of spoiling (`yba_synth::Spoiling`, doubled). The command `yba mpi link` reads such a file and tells \
         figures from the column of truth; recall counts all pairs of records of one person. The worst of three provinces \
         is shown. Raw of a million: the file is read and nothing done.",
    );
    for (with_numbers, recall) in [(true, RECALL[0]), (false, RECALL[1])] {
        let rounds: Vec<Round> = SEEDS
            .iter()
            .map(|seed| round(folder.path(), SAMPLE, *seed, with_numbers))
            .collect::<Result<_>>()?;
        section.lines.extend(quality(&format!("{SAMPLE} records"), with_numbers, recall, &rounds));
    }
    for (with_numbers, recall) in [(true, RECALL[0]), (false, RECALL[1])] {
        println!("  linking {MILLION} records …");
        let one = round(folder.path(), MILLION, SEEDS[0], with_numbers)?;
        section.lines.extend(quality(
            &format!("{MILLION} records"),
            with_numbers,
            recall,
            std::slice::from_ref(&one),
        ));
        section.lines.extend(effort(&one));
    }
    section.lines.extend(one_among_many()?);
    Ok(section)
}

/// What one run of the command told.
struct Round {
    precision: f64,
    recall: f64,
    with_doubts: f64,
    doubts: f64,
    seconds: f64,
    read_seconds: f64,
    peak_mb: f64,
}

fn plan(records: u32, seed: u64) -> Plan {
    let people = (f64::from(records) / EACH) as u32;
    Plan { people, seed, years: 5, until: jiff::civil::date(2026, 10, 31) }
}

fn all(records: u32, seed: u64, with_numbers: bool) -> impl Iterator<Item = Registration> {
    registrations(
        &plan(records, seed),
        Dirt::default().doubled(),
        Spoiling::default().doubled(),
        with_numbers,
    )
}

fn round(folder: &Path, records: u32, seed: u64, with_numbers: bool) -> Result<Round> {
    let (file, map) = (folder.join("people.csv"), folder.join("columns.toml"));
    std::fs::write(&map, COLUMNS)?;
    let mut csv = csv::Writer::from_path(&file)?;
    csv.write_record(Registration::COLUMNS)?;
    all(records, seed, with_numbers).try_for_each(|one| csv.write_record(one.fields()))?;
    csv.flush()?;
    let begun = Instant::now();
    let mut reader = csv::Reader::from_path(&file)?;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {}
    let read_seconds = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let mut child = command()
        .args(["mpi", "link"])
        .arg(&file)
        .arg("--columns")
        .arg(&map)
        .arg("--out")
        .arg(folder.join("links.csv"))
        .stdout(Stdio::piped())
        .spawn()?;
    let mut peak_mb = 0.0f64;
    while child.try_wait()?.is_none() {
        peak_mb = peak_mb.max(high_water_mb(child.id()));
        std::thread::sleep(Duration::from_millis(20));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let told = child.wait_with_output()?;
    ensure!(told.status.success(), "yba mpi link ended with {}", told.status);
    let told = String::from_utf8(told.stdout)?;
    let figure = |what: &str| -> Result<f64> {
        let line = told
            .lines()
            .find_map(|line| line.strip_prefix(what))
            .context(format!("no {what:?} in {told}"))?;
        let number = line.trim().split([' ', ',']).next().unwrap_or_default();
        number.parse().with_context(|| format!("odd {what:?} in {told}"))
    };
    Ok(Round {
        precision: figure("precision ")?,
        recall: figure("recall ")?,
        with_doubts: figure("recall with doubts ")?,
        doubts: figure("doubts for each hundred rows ")?,
        seconds,
        read_seconds,
        peak_mb,
    })
}

/// The most memory that a process has had.
fn high_water_mb(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The worst of the rounds.
fn quality(of: &str, with_numbers: bool, recall: f64, rounds: &[Round]) -> Vec<Line> {
    let least = |figure: fn(&Round) -> f64| rounds.iter().map(figure).fold(f64::INFINITY, f64::min);
    let most = |figure: fn(&Round) -> f64| rounds.iter().map(figure).fold(0.0, f64::max);
    let (precision, found, doubts) =
        (least(|one| one.precision), least(|one| one.with_doubts), most(|one| one.doubts));
    let what = if with_numbers { "with numbers" } else { "without any number" };
    let alone = least(|one| one.recall);
    vec![
        Line::new(format!("{of} {what}: precision of links"), format!("{precision:.5}"))
            .target(format!("≥ {PRECISION}"), precision >= PRECISION),
        Line::new("… recall of links alone", format!("{alone:.4}")),
        Line::new("… recall with doubts", format!("{found:.4}"))
            .target(format!("≥ {recall}"), found >= recall),
        Line::new("… doubts for each hundred records", format!("{doubts:.2}"))
            .target(format!("≤ {DOUBTS}"), doubts <= DOUBTS),
    ]
}

fn effort(one: &Round) -> Vec<Line> {
    let line = Line::new("… the whole command", format!("{} s", rounded(one.seconds)));
    let line = Line { ratio: Some(one.read_seconds / one.seconds), ..line };
    vec![
        line.beside(format!("{} s", rounded(one.read_seconds)))
            .target(format!("≤ {BATCH_SECONDS} s"), one.seconds <= BATCH_SECONDS),
        Line::new("… most memory", format!("{} MB", rounded(one.peak_mb)))
            .target(format!("≤ {BATCH_MB} MB"), one.peak_mb <= BATCH_MB),
    ]
}

fn one_among_many() -> Result<Vec<Line>> {
    println!("  one record among {MILLION} …");
    let told = Command::new(std::env::current_exe()?).arg(ROUND).arg(MILLION.to_string()).output()?;
    ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let text = String::from_utf8(told.stdout)?;
    let figures: Vec<f64> =
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().context("no figures")?;
    let [memory_mb, p50, p99, worst, found, linked_wrong] = figures[..] else {
        anyhow::bail!("odd figures: {text}")
    };
    let waits = format!("p50 {} ms, p99 {} ms, worst {} ms", rounded(p50), rounded(p99), rounded(worst));
    Ok(vec![
        Line::new(format!("one record among {MILLION}, in process"), waits)
            .target(format!("p99 ≤ {MATCH_P99_MS} ms"), p99 <= MATCH_P99_MS),
        Line::new("… its person is among the first five", format!("{:.2} %", found * 100.0)),
        Line::new("… somebody else would be linked", format!("{:.3} %", linked_wrong * 100.0)),
        Line::new("… memory of that index", format!("{} MB", rounded(memory_mb)))
            .target(format!("≤ {INDEX_MB} MB"), memory_mb <= INDEX_MB),
    ])
}

/// Fills an index, asks for records that were left out, and prints what it took.
pub fn one_round(records: &str) -> Result<()> {
    let records: u32 = records.parse()?;
    let before = own_memory_mb();
    let mut crowd = Crowd::new(Gazetteer::built_in());
    let (mut asked, mut people) = (Vec::new(), Vec::new());
    for (at, one) in all(records, SEEDS[0], true).enumerate() {
        if at % ASKED_ONE_IN == 0 {
            asked.push(one);
        } else {
            with(&one, |known| crowd.add(known));
            people.push(one.person);
        }
    }
    let model = Model::estimate(&crowd);
    let mut index = Index::new(crowd, model);
    // What making the people took goes back to the system first.
    std::thread::sleep(Duration::from_millis(500));
    let memory_mb = own_memory_mb() - before - (people.capacity() * 4) as f64 / (1 << 20) as f64;
    let known: std::collections::HashSet<u32> = people.iter().copied().collect();
    let (mut waits, mut findable, mut found_right, mut wrong) = (Vec::new(), 0, 0, 0);
    for one in &asked {
        let begun = Instant::now();
        let found = with(one, |known| index.find(known, 5));
        waits.push(begun.elapsed().as_secs_f64() * 1e3);
        let is_theirs = |id: u32| people[id as usize] == one.person;
        findable += usize::from(known.contains(&one.person));
        found_right += usize::from(found.iter().any(|found| is_theirs(found.id)));
        wrong += usize::from(
            found.first().is_some_and(|first| first.judgement.band == Band::Link && !is_theirs(first.id)),
        );
    }
    println!(
        "{memory_mb} {} {} {} {} {}",
        percentile(&waits, 0.5),
        percentile(&waits, 0.99),
        percentile(&waits, 1.0),
        found_right as f64 / findable.max(1) as f64,
        wrong as f64 / asked.len().max(1) as f64
    );
    Ok(())
}

fn with<T>(one: &Registration, use_it: impl FnOnce(&Known) -> T) -> T {
    let of = |slug: &str, value: &str| keys_of(&format!("{SID}{slug}"), value);
    let keys: Vec<(Key, bool)> =
        of("cccd", &one.identity).into_iter().chain(of("bhyt", &one.card)).map(|key| (key, true)).collect();
    use_it(&Known {
        names: &[&one.name],
        sex: Some(if one.female { Sex::Female } else { Sex::Male }),
        birth: Birth::parse(&one.birth),
        phones: &phones(&one.phone),
        address: &one.address,
        commune: one.commune,
        mother: &one.mother,
        keys: &keys,
    })
}
