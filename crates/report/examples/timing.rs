//! How long it takes to derive all registers from nothing, to run the month's reports, and to have one change in them:
//! `cargo run --release -p yba-report --example timing [people] [years]`, on SQLite in a temporary folder.

use std::sync::Arc;
use std::time::Instant;
use yba_content::Content;
use yba_fhir::json::{Value, json};
use yba_fhir::{Day, Outcome, Resource};
use yba_records::{Change, Ctx, Ids, Records};
use yba_report::{Library, Period, follower, running};
use yba_store::{Options, Store};
use yba_synth::{Plan, province};

#[tokio::main]
async fn main() -> Result<(), Outcome> {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse::<u32>().ok());
    let (people, years) = (numbers.next().unwrap_or(8000), numbers.next().unwrap_or(10));
    let folder = std::env::temp_dir().join(format!("yba-report-timing-{}", std::process::id()));
    let records = Records::open(Store::open(Options::folder(&folder))?, Ids::Random)?;
    let library = Arc::new(Library::load(&Content::built_in()).expect("content is tested to be sound"));
    let written = fill(&records, people, years).await?;
    println!("{written} resources of {people} people in {years} years");
    follower::prepare(&records, library.clone()).await?;
    for _ in 0..3 {
        let begun = Instant::now();
        let done = follower::rebuild(&records).await?;
        println!("derived from nothing: {:.2} s, {done:?}", begun.elapsed().as_secs_f64());
    }
    let rows = records
        .store()
        .query("SELECT count(*), (SELECT count(*) FROM report_part) FROM report_row", Vec::new())
        .await?;
    println!("{} rows, {} parts", rows[0].int(0), rows[0].int(1));
    reports(&records, &library).await?;
    one_change(&records, &library).await?;
    records.store().close().await;
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}

async fn fill(records: &Records, people: u32, years: u32) -> Result<usize, Outcome> {
    let plan = Plan { people, seed: 5, years, until: jiff::civil::date(2026, 10, 31) };
    let (ctx, mut changes, mut count) = (Ctx::system("timing"), Vec::new(), 0);
    for tree in province(&plan).fhir() {
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

/// The facility with most visits in a month, and the whole of them.
async fn reports(records: &Records, library: &Library) -> Result<(), Outcome> {
    let sql = "SELECT facility, count(*) FROM report_row WHERE day >= 20260901 AND day <= 20260930 GROUP BY facility \
               ORDER BY count(*) DESC LIMIT 1";
    let busiest = records.store().query(sql, Vec::new()).await?;
    let busiest = busiest.first().map(|row| row.text(0).to_owned()).unwrap_or_default();
    for (text, facility) in [("2026-09", Some(busiest.as_str())), ("2026-09", None)] {
        let period = Period::parse(text).expect("a period");
        for report in library.reports() {
            let begun = Instant::now();
            let run = running::run(records, &Ctx::system("timing"), report, period, facility).await?;
            let seconds = begun.elapsed().as_secs_f64();
            println!(
                "{} {text} {}: {} rows, {:.3} s",
                report.slug,
                facility.unwrap_or("all"),
                run.rows,
                seconds
            );
        }
    }
    Ok(())
}

/// From the write to the number, with the follower at the end of the log before.
async fn one_change(records: &Records, library: &Library) -> Result<(), Outcome> {
    let (ctx, period) = (Ctx::system("timing"), Period::parse("2026-09").expect("a period"));
    let report = library.report("monthly-visits", Day::of_instant(1_790_000_000_000)).expect("it is there");
    for turn in 0..5 {
        let tree: Value = json!({"resourceType": "Encounter", "id": format!("timing-{turn}"), "status": "finished",
            "class": {"code": "AMB"}, "subject": {"reference": "Patient/p1"}, "period": {"start": "2026-09-09"},
            "serviceProvider": {"reference": "Organization/cskcb-12001"}});
        records.transact(&ctx, vec![Change::put(Resource::from_value(tree)?)]).await?;
        let begun = Instant::now();
        running::run(records, &ctx, report, period, Some("cskcb-12001")).await?;
        println!("one change and the report: {:.3} s", begun.elapsed().as_secs_f64());
    }
    Ok(())
}
