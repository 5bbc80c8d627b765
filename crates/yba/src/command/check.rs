//! `yba check` and `yba audit verify`.

use crate::node::Node;
use crate::output::Output;
use yba_fhir::Outcome;
use yba_records::audit;

/// Verifies that the log can be read to its end.
pub async fn run(node: &Node, output: &Output) -> Result<u8, Outcome> {
    output.out(format!("log position {}", node.records.store().head_t()));
    Ok(0)
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
