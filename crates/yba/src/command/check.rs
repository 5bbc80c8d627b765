//! `yba check` and `yba audit verify`.

use crate::node::Node;
use crate::output::Output;
use yba_fhir::Outcome;
use yba_records::audit;

/// Verifies bodies, heads, index and blobs against each other; exit 1 when something is not sound.
pub async fn run(node: &Node, output: &Output) -> Result<u8, Outcome> {
    let progress = output.clone();
    let report = yba_store::check::check(node.records.store(), move |step| {
        progress.progress(step.part, step.done, step.total);
    })
    .await?;
    for problem in &report.problems {
        output.out(problem.clone());
    }
    let sound = report.problems.is_empty();
    let word = if sound { "sound" } else { "NOT SOUND" };
    output.out(format!(
        "{word}: {} records in {} versions, {} problems",
        report.records,
        report.versions,
        report.problems.len()
    ));
    Ok(u8::from(!sound))
}

/// Verifies both chains of the audit trail; exit 1 when one is broken.
pub async fn audit(node: &Node, output: &Output) -> Result<u8, Outcome> {
    let verdict = audit::verify(&node.records).await?;
    for problem in &verdict.problems {
        output.out(problem.clone());
    }
    for remark in &verdict.remarks {
        output.note(remark.clone());
    }
    let whole = verdict.problems.is_empty();
    let word = if whole { "whole" } else { "BROKEN" };
    output.out(format!(
        "audit trail {word}: {} writes, {} reads, {} signed heads",
        verdict.writes, verdict.reads, verdict.heads
    ));
    Ok(u8::from(!whole))
}
