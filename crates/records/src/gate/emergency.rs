//! Opening the record of somebody beyond reach in an emergency (decision of 2026-11-22, who may see whom): with a reason,
//! for some hours, for looking, seen by the patient.

use super::{Gate, Here, Origin};
use crate::audit::{Seen, entry};
use crate::door::not_found;
use std::collections::HashMap;
use std::sync::RwLock;
use yba_auth::Action;
use yba_auth::tables::OPENED_MAX;
use yba_fhir::json::json;
use yba_fhir::{Kind, Outcome, Resource, date};
use yba_store::{Expect, Request, Write};

/// How long a record stays open.
pub const OPEN_MS: i64 = 4 * 3_600_000;
/// How long a reason is, in letters.
const REASON_MIN: usize = 10;
const REASON_MAX: usize = 500;

/// What is open now: patients and until when, by account. The tables have the same.
#[derive(Debug, Default)]
pub(super) struct Opened(RwLock<HashMap<String, Vec<(String, i64)>>>);

impl Opened {
    pub fn add(&self, account: &str, patients: &[String], until_ms: i64) -> Result<(), Outcome> {
        let mut opened =
            self.0.write().map_err(|_| Outcome::fault("the lock of open records is poisoned"))?;
        let of_account = opened.entry(account.to_owned()).or_default();
        of_account.retain(|(patient, _)| !patients.contains(patient));
        of_account.extend(patients.iter().map(|patient| (patient.clone(), until_ms)));
        Ok(())
    }

    /// The patients that an account has open at a moment.
    pub fn of(&self, account: &str, now: i64) -> Vec<String> {
        self.until(account, now).into_iter().map(|(patient, _)| patient).collect()
    }

    /// The same, and until when.
    fn until(&self, account: &str, now: i64) -> Vec<(String, i64)> {
        let opened = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let lasts = |one: &&(String, i64)| one.1 > now;
        opened.get(account).map_or(Vec::new(), |all| all.iter().filter(lasts).cloned().collect())
    }
}

impl Gate {
    /// Patients (ids) whose records somebody has open in an emergency, and until when (ms since 1970 UTC).
    pub fn opened(&self, here: &Here) -> Vec<(String, i64)> {
        self.0.opened.until(&here.account.id, self.now())
    }

    /// Opens the record of a patient, and of all Patients that are the same person, to somebody who may see whole records
    /// of others. The trail and the patient are told before anything is shown. Refuses a reason that is too short, and
    /// more than twenty at a time.
    pub async fn open_in_emergency(
        &self,
        here: &Here,
        patient: &str,
        reason: &str,
        origin: &Origin,
    ) -> Result<(), Outcome> {
        let ctx = self.ctx_of(here, "gate").with_request_id(origin.request_id.as_str());
        let records = &self.0.records;
        let refused = |refused: Outcome, patients: &[String]| {
            let seen = Seen { action: "break-glass", kind: "Patient", patients, refused: true };
            records.trail().note(&ctx, &seen).err().unwrap_or(refused)
        };
        ctx.must(Action::Everything, "Patient").map_err(|outcome| refused(outcome, &[]))?;
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if !(REASON_MIN..=REASON_MAX).contains(&reason.chars().count()) {
            let text = format!("Ghi lý do mở khẩn cấp, {REASON_MIN} đến {REASON_MAX} ký tự.");
            let outcome =
                Outcome::new(Kind::Unprocessable, "emergency-reason", text, "no reason").at("reason");
            return Err(refused(outcome, &[]));
        }
        let store = records.store();
        let found = store.read("Patient", patient).await?.filter(|version| !version.deleted);
        if found.is_none() {
            return Err(refused(not_found("Patient", patient), &[]));
        }
        let patients = store.kin_of(patient).await?;
        let (now, account) = (self.now(), &here.account);
        if self.0.opened.of(&account.id, now).len() + patients.len() > OPENED_MAX {
            let text = "Bạn đang mở khẩn cấp quá nhiều hồ sơ. Chờ các lần trước hết hạn, hoặc báo quản trị.";
            let outcome = Outcome::new(Kind::Forbidden, "emergency-many", text, "too many records are open");
            return Err(refused(outcome, &patients));
        }
        let until = now + OPEN_MS;
        let notice = json!({
            "resourceType": "Communication", "id": records.new_id(), "status": "completed",
            "category": [{"coding": [{"system": "https://yba.vn/fhir/CodeSystem/notice", "code": "break-glass"}]}],
            "subject": {"reference": format!("Patient/{patient}")},
            "recipient": [{"reference": format!("Patient/{patient}")}],
            "sender": {"display": account.name},
            "sent": date::instant(now),
            "payload": [{"contentString": format!(
                "{} đã mở hồ sơ của bạn trong trường hợp khẩn cấp. Lý do: {reason}", account.name
            )}]
        });
        let write = Write::put(&Resource::from_value(notice)?, Expect::Absent, store.numbers())?;
        let seen = Seen { action: "break-glass", kind: "Patient", patients: &patients, refused: false };
        let request = Request { writes: vec![write], audit: entry(&ctx, &seen) };
        let kept = store.commit(request).await;
        kept.map_err(|refusal| Outcome::fault(format!("a notice cannot be written: {refusal:?}")))?;
        self.0.tables.open_records(&account.id, &patients, until).await?;
        self.0.opened.add(&account.id, &patients, until)
    }
}
