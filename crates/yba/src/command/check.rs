//! `yba check`, `yba check --security` and `yba audit verify`.

use crate::node::Node;
use crate::output::Output;
use crate::security::{gather, judge};
use yba_fhir::Outcome;
use yba_records::{Gate, audit};

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

/// Tells what is not as safe as it should be, each with what to do; exit 1 when there is something.
pub async fn security(node: &Node, output: &Output) -> Result<u8, Outcome> {
    let gate = Gate::open(node.records.clone(), node.content.clone(), &node.province_key).await?;
    let found = judge(&gather(node, &gate).await?);
    for one in &found {
        output.out(format!("[{}] {} → {}", one.key, one.what, one.to_do));
    }
    output.out(match found.len() {
        0 => "An toàn: mọi điều kiểm tra đều đạt.".to_owned(),
        count => format!("CHƯA AN TOÀN: {count} điều cần làm."),
    });
    Ok(u8::from(!found.is_empty()))
}

/// Verifies both chains of the audit trail, also against heads that were kept elsewhere; exit 1 when something is wrong.
pub async fn audit(node: &Node, kept: &[String], output: &Output) -> Result<u8, Outcome> {
    let verdict = audit::verify(&node.records, kept).await?;
    for problem in &verdict.problems {
        output.out(problem.clone());
    }
    for remark in &verdict.remarks {
        output.note(remark.clone());
    }
    let whole = verdict.problems.is_empty();
    let word = if whole { "whole" } else { "BROKEN" };
    output.out(format!(
        "audit trail {word}: {} writes over {} versions, {} reads, {} signed heads",
        verdict.writes, verdict.versions, verdict.reads, verdict.heads
    ));
    Ok(u8::from(!whole))
}

/// Signs a head now and prints it, to be kept elsewhere: on paper, on a stick, at the hub.
pub async fn head(node: &Node, output: &Output) -> Result<u8, Outcome> {
    let folder = node.records.trail().folder();
    let trouble = |error: std::io::Error| super::file_trouble(folder, &error);
    let line = node.records.sign_heads(&audit::Signer::load(folder).map_err(trouble)?).await?;
    audit::remember_given(folder, &line).map_err(trouble)?;
    output.out(line);
    output.note("keep this line where nobody who keeps this node can change it; check against it with `yba audit verify --head`");
    Ok(0)
}
