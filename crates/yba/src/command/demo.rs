//! The demonstration: an invented province most of whose people live around one station. Stations work in the house itself:
//! their records are put in as they stand. Hospitals have systems of their own: their claim files are imported as two such
//! systems would send them. A demonstration folder is marked and never meets a real one.

use super::synth::write_claims;
use super::{file_trouble, import_bhyt};
use crate::config::Config;
use crate::node::Node;
use crate::output::{self, Output};
use crate::serve;
use std::path::Path;
use yba_care::stock::{self, Act, Receipt};
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Ctx};
use yba_synth::{Dialect, Plan, Province};

/// The commune of `yba serve --demo`.
pub const COMMUNE: Commune = Commune { people: 600, seed: 1, years: 1 };

/// The village of `yba practice`: small, so that it is made in seconds.
pub const VILLAGE: Commune = Commune { people: 300, seed: 1, years: 1 };

/// A small plan that ends today.
#[derive(Debug, Clone, Copy)]
pub struct Commune {
    pub people: u32,
    pub seed: u64,
    pub years: u32,
}

/// Marks a demonstration folder; it holds how far the filling has come.
const MARK: &str = "demo";
/// Records sent in one transaction; those of one person are not parted.
const BATCH: usize = 500;

/// `yba demo`: fills a new folder and serves it; a folder that is filled is served as it is.
pub async fn run(config: Config, plan: Plan, then_serve: bool) -> anyhow::Result<u8> {
    let node = Node::open(config)?;
    let (output, lines) = Output::channel();
    let shown = tokio::spawn(output::show(lines));
    let filled = fill(&node, plan, &output).await;
    output.end(0);
    shown.await?;
    filled?;
    if then_serve {
        return serve::serve_node(node, None).await;
    }
    node.records.store().close().await;
    Ok(0)
}

/// `yba practice`: the same with a village, closed, for people who learn.
pub async fn practise(config: Config, learners: usize) -> anyhow::Result<u8> {
    println!("Đang mở làng giả định ở {} (lần đầu mất vài giây) …", config.data.display());
    let node = Node::open(config)?;
    // What is told of files and rejects is nothing to whoever learns; a refusal is.
    let (output, _) = Output::channel();
    fill(&node, commune_plan(VILLAGE, &node), &output).await?;
    serve::serve_node(node, Some(learners)).await
}

/// Fills the node once. Refuses a folder that holds records of another origin.
pub async fn fill(node: &Node, plan: Plan, output: &Output) -> Result<(), Outcome> {
    let mark = node.config.data.join(MARK);
    let state = std::fs::read_to_string(&mark).unwrap_or_default();
    if state == "filled" {
        return Ok(());
    }
    if state.is_empty() && node.records.store().head_t() > 0 {
        let text = "Thư mục này đã có dữ liệu thật; không đổ dữ liệu giả định vào. Hãy chọn thư mục mới.";
        return Err(Outcome::new(
            Kind::Conflict,
            "not-a-demo",
            text,
            "the data folder holds records that are no demonstration",
        ));
    }
    std::fs::write(&mark, "filling").map_err(|error| file_trouble(&mark, &error))?;
    let province = yba_synth::gathered(&plan);
    stations(node, &province, output).await?;
    shelves(node, &province).await?;
    let files = node.config.data.join("demo-files");
    for (dialect, folder) in [(Dialect::A, "he-thong-a"), (Dialect::B, "he-thong-b")] {
        let folder = files.join(folder);
        write_claims(&province, dialect, &folder, super::synth::is_hospital)
            .map_err(|error| Outcome::fault(format!("writing {}: {error}", folder.display())))?;
    }
    let rejects = node.config.data.join("demo-rejects");
    // A refusal among the invented files would be a fault of ours; it is reported, and the rest is shown.
    import_bhyt::run(node, &[files], &rejects, output).await?;
    settle(node).await?;
    std::fs::write(&mark, "filled").map_err(|error| file_trouble(&mark, &error))
}

/// The stations' own records: their people, vaccination books, those they follow, visits, the dead.
async fn stations(node: &Node, province: &Province, output: &Output) -> Result<(), Outcome> {
    let ctx = Ctx::system("demo");
    let (mut batch, mut done) = (Vec::with_capacity(2 * BATCH), 0);
    for resource in province.station_life() {
        let resource = Resource::from_value(resource)?;
        if batch.len() >= BATCH && resource.kind() == "Patient" {
            done += send(node, &ctx, &mut batch).await?;
            output.progress("Hồ sơ trạm y tế", done, 0);
        }
        batch.push(Change::put(resource));
    }
    done += send(node, &ctx, &mut batch).await?;
    output.progress("Hồ sơ trạm y tế", done, done);
    Ok(())
}

/// What stands on the shelves of the station where most people live: taken in by the verb that a nurse's form uses, every third drug in two
/// lots, and some of it soon past its day.
async fn shelves(node: &Node, province: &Province) -> Result<(), Outcome> {
    /// Days until the last day of use, and units, of one drug after the other.
    const LOTS: [(i64, u32); 5] = [(420, 300), (75, 60), (610, 500), (25, 20), (240, 150)];
    let Some(station) = province.main_station() else { return Ok(()) };
    let facility =
        format!("cskcb-{}", yba_synth::places().facilities[usize::from(station)].code.to_ascii_lowercase());
    let today = yba_fhir::Day::of_instant(node.records.store().clock().now_ms());
    let ctx = Ctx::system("demo");
    for (at, drug) in node.content.essential(today).drugs().iter().enumerate() {
        for lot in 0..=usize::from(at % 3 == 0) {
            let (days, units) = LOTS[(at + 2 * lot) % LOTS.len()];
            let form = format!("demo-{at}-{lot}");
            let act = Act { facility: &facility, day: today, by: "Kho trạm", form: &form };
            let receipt = Receipt {
                number: format!("L{:02}{:02}", at + 1, lot + 1),
                expiry: today.plus_days(days).to_string(),
                units: units.to_string(),
                source: "Trung tâm y tế khu vực".to_owned(),
            };
            let done =
                stock::receive(&node.records, &ctx, &act, &yba_care::prescribe::product(drug), &receipt)
                    .await?;
            done.map_err(|found| Outcome::fault(format!("an invented lot is wrong: {found:?}")))?;
        }
    }
    Ok(())
}

async fn send(node: &Node, ctx: &Ctx, batch: &mut Vec<Change>) -> Result<u64, Outcome> {
    let changes = std::mem::take(batch);
    let sent = changes.len() as u64;
    node.records.transact(ctx, changes).await?;
    Ok(sent)
}

/// Lets the followers come to the end of the log, so that the first page already shows linked people, full lists and registers.
async fn settle(node: &Node) -> Result<(), Outcome> {
    let Node { records, content, registers, .. } = node;
    yba_mpi::follower::catch_up(records).await?;
    yba_recall::follower::catch_up(records, content).await?;
    yba_report::follower::prepare(records, registers.clone()).await?;
    yba_report::follower::catch_up(records).await?;
    Ok(())
}

/// Whether a folder is a demonstration.
pub fn is_demo(folder: &Path) -> bool {
    folder.join(MARK).exists()
}

/// A small plan up to today.
pub fn commune_plan(commune: Commune, node: &Node) -> Plan {
    let today = yba_fhir::Day::of_instant(node.records.store().clock().now_ms());
    let until = jiff::civil::date(today.year(), today.month(), today.day());
    Plan { people: commune.people, seed: commune.seed, years: commune.years, until }
}

#[cfg(test)]
#[path = "demo_tests.rs"]
mod tests;
