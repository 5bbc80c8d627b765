//! The audit trail (DESIGN 19): two chains of hashes with common heads.
//!
//! Writes are chained in the write's own transaction (table `audit`); reads, refusals and exports in segment files,
//! appended before the answer leaves and on disk within a second. Every minute the ends of both are signed together.
//! An entry names the agent, the place, the purpose and every patient shown, and nothing of what was shown.

mod heads;
mod trail;
mod verify;

pub use heads::{Head, Signer};
pub use trail::ReadTrail;
pub use verify::{Verdict, verify};

use crate::ctx::Ctx;
use yba_fhir::json;

/// What an entry says happened.
#[derive(Debug)]
pub struct Seen<'a> {
    pub action: &'a str,
    pub kind: &'a str,
    /// Ids of the Patient records shown or touched.
    pub patients: &'a [String],
    pub refused: bool,
}

/// The bytes of an entry: one line of JSON. Written as text, because every read writes one.
pub fn entry(ctx: &Ctx, seen: &Seen<'_>) -> Vec<u8> {
    let quoted = |text: &str| json::to_string(text).expect("a string always serialises");
    let patients: Vec<String> = seen.patients.iter().map(|id| quoted(id)).collect();
    let line = format!(
        r#"{{"action":{},"agent":{},"kind":{},"patients":[{}],"purpose":"{}","refused":{},"request":{},"source":{}}}"#,
        quoted(seen.action),
        quoted(&ctx.agent.name()),
        quoted(seen.kind),
        patients.join(","),
        ctx.purpose.code(),
        seen.refused,
        quoted(&ctx.request_id),
        quoted(&ctx.source),
    );
    line.into_bytes()
}

impl crate::door::Records {
    /// Signs the ends of both chains together; called every minute and at the end.
    pub async fn sign_heads(&self, signer: &Signer) -> Result<(), yba_fhir::Outcome> {
        let sql = "SELECT seq, hash FROM audit WHERE shard = 0 ORDER BY seq DESC LIMIT 1";
        let rows = self.store().query(sql, Vec::new()).await?;
        let (read_seq, read_hash) = self.trail().end();
        let head = Head {
            at: self.store().clock().now_ms(),
            write_seq: rows.first().map_or(0, |row| row.int(0)),
            write_hash: rows.first().map(|row| row.blob(1).to_vec()).unwrap_or_default(),
            read_seq,
            read_hash: if read_seq == 0 { Vec::new() } else { read_hash.to_vec() },
        };
        self.trail().sync();
        let folder = self.trail().folder().to_owned();
        signer
            .sign(&folder, &head)
            .map_err(|error| yba_fhir::Outcome::fault(format!("signing heads: {error}")))
    }
}
