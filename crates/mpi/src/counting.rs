//! Giving temporary codes: the first of the day that nobody has, held back until its bearer is written.

use crate::identifier::SID;
use crate::temporary::{Reason, TemporaryCode};
use tokio::sync::{Mutex, MutexGuard};
use yba_fhir::{Day, Kind, Outcome};
use yba_records::{Ctx, Query, Records};

/// Codes looked at together, and how often.
const CODES_AT_ONCE: u32 = 50;
const CODES_LOOKS_MAX: u32 = 40;

/// Held while a temporary code is looked for and given. A facility works on one node and a node is one process, so nobody
/// else gives the same one meanwhile; a conditional create would need all Patients within the clerk's reach.
static COUNTING: Mutex<()> = Mutex::const_new(());

/// A free code. Nobody else is given one until this goes: keep it until its bearer is written.
pub struct FreeCode {
    pub code: TemporaryCode,
    _alone: MutexGuard<'static, ()>,
}

/// The first code of a day that nobody has, for a facility by its MA_CSKCB. Refuses with `unprocessable` without a facility's code,
/// `too-many` when there is none left.
pub async fn free_code(
    records: &Records,
    ctx: &Ctx,
    reason: Reason,
    facility: &str,
    today: Day,
) -> Result<FreeCode, Outcome> {
    let alone = COUNTING.lock().await;
    for look in 0..CODES_LOOKS_MAX {
        let numbers = look * CODES_AT_ONCE + 1..=(look + 1) * CODES_AT_ONCE;
        let codes: Option<Vec<TemporaryCode>> =
            numbers.map(|number| TemporaryCode::new(reason, facility, today, number)).collect();
        let codes = codes.ok_or_else(no_facility)?;
        let asked: Vec<String> = codes.iter().map(token).collect();
        let query = format!("identifier={}&_count={CODES_AT_ONCE}", asked.join(","));
        let found = records.search(ctx, &Query::parse_string("Patient", &query)?, None).await?;
        let taken: Vec<String> =
            found.matches.iter().map(|one| String::from_utf8_lossy(&one.body).into_owned()).collect();
        let free =
            codes.into_iter().find(|code| !taken.iter().any(|body| body.contains(&format!("\"{code}\""))));
        if let Some(code) = free {
            return Ok(FreeCode { code, _alone: alone });
        }
    }
    Err(no_code())
}

fn token(code: &TemporaryCode) -> String {
    format!("{SID}ma-tam|{code}")
}

fn no_facility() -> Outcome {
    let text = "Mã tạm cần mã cơ sở (5 ký tự, như 12001).";
    Outcome::new(Kind::Unprocessable, "facility", text, "no facility for a temporary code").at("facility")
}

fn no_code() -> Outcome {
    let text = "Hết mã tạm cho hôm nay tại cơ sở này.";
    Outcome::new(Kind::TooMany, "codes", text, "no temporary code is free")
}
