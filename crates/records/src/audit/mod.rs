//! The audit trail (DESIGN 19): two chains of hashes with common heads.
//!
//! Writes are chained in the write's own transaction (table `audit`); reads, refusals and exports in segment files,
//! appended before the answer leaves and on disk within a second. Every minute the ends of both are signed together.
//! An entry names the agent, the place, the purpose and every patient shown, and nothing of what was shown.

mod heads;
mod own;
mod reads;
mod search;
mod tally;
mod trail;
mod verify;
mod writes;

pub use heads::{Head, Signer, given_at, remember_given};
pub use search::{Chain, Entry, Found, Wanted};
pub use tally::{Looker, Report, Shown};
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
    let mut line = format!(
        r#"{{"action":{},"agent":{},"kind":{},"patients":[{}],"purpose":"{}","refused":{},"request":{},"source":{}"#,
        quoted(seen.action),
        quoted(&ctx.agent.name()),
        quoted(seen.kind),
        patients.join(","),
        ctx.purpose.code(),
        seen.refused,
        quoted(&ctx.request_id),
        quoted(&ctx.source),
    );
    for (name, text) in [("as", &*ctx.posts), ("address", &*ctx.address)] {
        if !text.is_empty() {
            line += &format!(r#","{name}":{}"#, quoted(text));
        }
    }
    line.push('}');
    line.into_bytes()
}

impl crate::door::Records {
    /// Signs the ends of both chains together; called every minute and at the end. Answers the signed line.
    pub async fn sign_heads(&self, signer: &Signer) -> Result<String, yba_fhir::Outcome> {
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
