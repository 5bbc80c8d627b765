//! The demonstration: an invented province, its claim files imported as two hospital systems would send them, its
//! stations' records beside them, served in test mode. A demonstration folder is marked and never meets a real one.

use super::synth::write_claims;
use super::{file_trouble, import_bhyt};
use crate::config::Config;
use crate::node::Node;
use crate::output::{self, Output};
use crate::serve;
use std::path::Path;
use yba_fhir::json::str_at;
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Ctx};
use yba_synth::{Dialect, Plan, Province};

/// The commune of `yba serve --demo`.
pub const COMMUNE: Commune = Commune { people: 300, seed: 1, years: 2 };

/// A small plan that ends today.
#[derive(Debug, Clone, Copy)]
pub struct Commune {
    pub people: u32,
    pub seed: u64,
    pub years: u32,
}

/// Marks a demonstration folder; it holds how far the filling has come.
const MARK: &str = "demo";
/// What the stations keep, beside the visits that come with the claim files.
const STATION_KINDS: [&str; 4] = ["Organization", "Patient", "Immunization", "AllergyIntolerance"];
/// Records sent in one transaction.
const BATCH: usize = 500;

/// `yba demo`: fills a new folder and serves it; a folder that is filled is served as it is.
pub async fn run(config: Config, plan: Plan, then_serve: bool) -> anyhow::Result<u8> {
    let node = Node::open(config.clone())?;
    let (output, lines) = Output::channel();
    let shown = tokio::spawn(output::show(lines));
    let filled = fill(&node, plan, &output).await;
    output.end(0);
    shown.await?;
    filled?;
    if then_serve {
        return serve::serve_node(node).await;
    }
    node.records.store().close().await;
    Ok(0)
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
    let province = yba_synth::province(&plan);
    stations(node, &province, output).await?;
    let files = node.config.data.join("demo-files");
    for (dialect, folder) in [(Dialect::A, "he-thong-a"), (Dialect::B, "he-thong-b")] {
        let folder = files.join(folder);
        write_claims(&province, dialect, &folder)
            .map_err(|error| Outcome::fault(format!("writing {}: {error}", folder.display())))?;
    }
    let rejects = node.config.data.join("demo-rejects");
    // A refusal among the invented files would be a fault of ours; it is reported, and the rest is shown.
    import_bhyt::run(node, &[files], &rejects, output).await?;
    settle(node).await?;
    std::fs::write(&mark, "filled").map_err(|error| file_trouble(&mark, &error))
}

/// The stations' own records: the people of their communes, vaccinations, allergies.
async fn stations(node: &Node, province: &Province, output: &Output) -> Result<(), Outcome> {
    let ctx = Ctx::system("demo");
    let (mut batch, mut done) = (Vec::with_capacity(BATCH), 0);
    let kept = province
        .fhir()
        .filter(|one| str_at(one, &["resourceType"]).is_some_and(|kind| STATION_KINDS.contains(&kind)));
    for resource in kept {
        batch.push(Change::put(Resource::from_value(resource)?));
        if batch.len() == BATCH {
            done += send(node, &ctx, &mut batch).await?;
            output.progress("Hồ sơ trạm y tế", done, 0);
        }
    }
    done += send(node, &ctx, &mut batch).await?;
    output.progress("Hồ sơ trạm y tế", done, done);
    Ok(())
}

async fn send(node: &Node, ctx: &Ctx, batch: &mut Vec<Change>) -> Result<u64, Outcome> {
    let changes = std::mem::take(batch);
    let sent = changes.len() as u64;
    node.records.transact(ctx, changes).await?;
    Ok(sent)
}

/// Lets the followers come to the end of the log, so that the first page already shows linked people.
async fn settle(node: &Node) -> Result<(), Outcome> {
    yba_mpi::follower::catch_up(&node.records).await.map(drop)
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
