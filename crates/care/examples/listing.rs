//! How long it takes to find the cases that must be notified, for a station and for the whole province:
//! `cargo run --release -p yba-care --example listing [people] [years]`, on SQLite in a temporary folder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;
use yba_care::notify;
use yba_content::Content;
use yba_fhir::{Outcome, Resource};
use yba_records::{Change, Ctx, Ids, Query, Records, Scope};
use yba_store::{Narrow, Options, Store};
use yba_synth::{Plan, province};

#[tokio::main]
async fn main() -> Result<(), Outcome> {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse::<u32>().ok());
    let (people, years) = (numbers.next().unwrap_or(8000), numbers.next().unwrap_or(4));
    let folder = std::env::temp_dir().join(format!("yba-care-listing-{}", std::process::id()));
    let records = Records::open(Store::open(Options::folder(&folder))?, Ids::Random)?;
    let written = fill(&records, people, years).await?;
    println!("{written} resources of {people} people in {years} years");
    let content = Content::built_in();
    let all = Ctx::system("timing");
    let visits = Query::parse_string("Encounter", "_sort=-date&_count=1000")?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for visit in records.search(&all, &visits, None).await?.matches {
        let place =
            yba_fhir::json::str_at(&visit.tree(), &["serviceProvider", "reference"]).map(str::to_owned);
        place.into_iter().for_each(|place| *counts.entry(place).or_default() += 1);
    }
    let busiest =
        counts.iter().max_by_key(|(_, count)| **count).map(|(place, _)| place.clone()).unwrap_or_default();
    let mut narrow = Narrow::new(records.store().knowledge());
    narrow.whole.insert("Patient".into());
    for kind in ["Condition", "Communication"] {
        narrow.tied.insert(kind.into(), BTreeSet::from([busiest.clone()]));
    }
    let station = Ctx::system("timing").with_scope(Scope::Narrow(Arc::new(narrow)));
    for (name, ctx) in [(busiest.as_str(), &station), ("the province", &all)] {
        for _ in 0..5 {
            let begun = Instant::now();
            let found = notify::listed(&records, ctx, &content).await?;
            let ms = begun.elapsed().as_secs_f64() * 1000.0;
            println!("{name}: {} cases, cut: {}, {ms:.1} ms", found.cases.len(), found.is_cut);
        }
    }
    records.store().close().await;
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}

async fn fill(records: &Records, people: u32, years: u32) -> Result<usize, Outcome> {
    let today = yba_fhir::Day::of_instant(records.store().clock().now_ms());
    let until = jiff::civil::date(today.year(), today.month(), today.day());
    let (ctx, mut changes, mut count) = (Ctx::system("timing"), Vec::new(), 0);
    for tree in province(&Plan { people, seed: 5, years, until }).fhir() {
        changes.push(Change::put(Resource::from_value(tree)?));
        count += 1;
        if changes.len() == 400 {
            records.transact(&ctx, std::mem::take(&mut changes)).await?;
        }
    }
    if !changes.is_empty() {
        records.transact(&ctx, changes).await?;
    }
    Ok(count)
}
