//! The counter at which the handlers work: it looks for people, draws the form and writes what was typed.

use super::check::{Basis, Draft};
use super::page::{self, Shown};
use super::typed::Typed;
use super::write::{self, Facility};
use super::{OFFERED, REGISTER, lists};
use crate::Hospital;
use crate::people::{self, People};
use axum::response::Response;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use yba_fhir::{Day, Kind, Outcome, Resource};
use yba_mpi::temporary::{Reason, TemporaryCode};
use yba_records::{Change, Ctx, Query};
use yba_terminology::Terminology;
use yba_web::{Page, error, visit};

/// Temporary codes looked at together, and how often.
const CODES_AT_ONCE: u32 = 50;
const CODES_LOOKS_MAX: u32 = 40;
/// How long a page waits until a person just written can be opened.
const LINKING_STEPS: u32 = 60;
const LINKING_STEP: Duration = Duration::from_millis(50);

/// Held while a temporary code is looked for and given. A facility works on one node and a node is one process, so nobody
/// else gives the same one meanwhile; a conditional create would need all Patients within the clerk's reach.
static COUNTING: Mutex<()> = Mutex::const_new(());

/// What every handler here needs of the house.
pub(super) struct Desk<'h> {
    pub hospital: &'h Hospital,
    pub ctx: &'h Ctx,
    pub terminology: Arc<Terminology>,
    pub today: Day,
}

impl<'h> Desk<'h> {
    pub async fn of(hospital: &'h Hospital, ctx: &'h Ctx) -> Result<Desk<'h>, Outcome> {
        let today = Day::of_instant(hospital.records.store().clock().now_ms());
        Ok(Desk { hospital, ctx, terminology: hospital.records.terminology().await?, today })
    }

    pub fn basis(&self, is_known: bool) -> Basis<'_> {
        Basis { terminology: &self.terminology, content: &self.hospital.content, today: self.today, is_known }
    }

    /// People who may be whoever is typed, by the first question that finds anybody.
    /// True beside them when a number found them.
    pub async fn alike(&self, typed: &Typed) -> Result<(People, bool), Outcome> {
        for (question, is_number) in typed.questions() {
            let found = people::find(&self.hospital.records, self.ctx, &question, OFFERED).await?;
            if !found.people.is_empty() {
                return Ok((found, is_number));
            }
        }
        Ok((People::default(), false))
    }

    /// The form; `people` are offered beside it.
    pub fn drawn(
        &self,
        typed: &Typed,
        wrong: Option<&Outcome>,
        people: &People,
        editing: Option<&str>,
    ) -> Response {
        let ethnic = lists::choices(&self.terminology, "dan-toc", self.today);
        let jobs = lists::choices(&self.terminology, "nghe-nghiep", self.today);
        let (today, asks_facility) = (self.hospital.today(), facility_codes().is_empty());
        let shown = Shown {
            typed,
            wrong,
            people,
            today: &today,
            ethnic: &ethnic,
            jobs: &jobs,
            asks_facility,
            editing,
        };
        let title =
            if editing.is_some() { "Sửa thông tin hành chính" } else { "Đăng ký người bệnh" };
        let mut response = self.hospital.site.page(&Page::new(title, page::page(&shown)).here(REGISTER));
        if let Some(wrong) = wrong {
            *response.status_mut() = error::status(wrong.kind);
        }
        response
    }
}

/// Codes of the facilities at which somebody's roles were given.
pub(super) fn facility_codes() -> Vec<String> {
    let code = |one: String| {
        let id = one.strip_prefix("Organization/").unwrap_or(&one);
        id.strip_prefix("cskcb-").unwrap_or(id).to_owned()
    };
    visit::facilities().into_iter().map(code).collect()
}

impl Desk<'_> {
    async fn facility(&self, typed: &Typed) -> Option<Facility> {
        let code = facility_codes().into_iter().next().or_else(|| Some(typed.facility.trim().to_owned()))?;
        if code.is_empty() {
            return None;
        }
        let id = format!("cskcb-{code}");
        let known = self.hospital.records.read(self.ctx, "Organization", &id).await.is_ok();
        Some(Facility { code, organization: known.then_some(id) })
    }

    /// Writes Patient and RelatedPerson; answers the Patient's id.
    pub async fn write(&self, typed: &Typed, draft: &Draft) -> Result<String, Outcome> {
        let facility = self.facility(typed).await;
        let Some(reason) = draft.temporary else {
            return self.create(typed, draft, facility.as_ref(), None).await;
        };
        let code = facility.as_ref().map(|one| one.code.as_str()).unwrap_or_default();
        let _alone = COUNTING.lock().await;
        let free = self.free_code(reason, code).await?;
        self.create(typed, draft, facility.as_ref(), Some(&free)).await
    }

    async fn create(
        &self,
        typed: &Typed,
        draft: &Draft,
        facility: Option<&Facility>,
        temporary: Option<&TemporaryCode>,
    ) -> Result<String, Outcome> {
        let patient = write::patient(typed, draft, &self.hospital.content, facility, temporary);
        let done = self
            .hospital
            .records
            .transact(self.ctx, vec![Change::create(Resource::from_value(patient)?)])
            .await?;
        let version = done.into_iter().next().and_then(|done| done.version);
        let id =
            version.map(|version| version.id).ok_or_else(|| Outcome::fault("a create gave no version"))?;
        // A second act: the clerk reaches the kin of those who are registered at their facility, and only now this one is.
        if let Some(kin) = write::kin(None, &format!("Patient/{id}"), typed, draft) {
            self.hospital
                .records
                .transact(self.ctx, vec![Change::create(Resource::from_value(kin)?)])
                .await?;
        }
        Ok(id)
    }

    /// The first code of today that nobody has.
    async fn free_code(&self, reason: Reason, facility: &str) -> Result<TemporaryCode, Outcome> {
        for look in 0..CODES_LOOKS_MAX {
            let numbers = look * CODES_AT_ONCE + 1..=(look + 1) * CODES_AT_ONCE;
            let codes: Option<Vec<TemporaryCode>> =
                numbers.map(|number| TemporaryCode::new(reason, facility, self.today, number)).collect();
            let codes = codes.ok_or_else(no_facility)?;
            let asked: Vec<String> = codes.iter().map(token).collect();
            let query = format!("identifier={}&_count={CODES_AT_ONCE}", asked.join(","));
            let found = self
                .hospital
                .records
                .search(self.ctx, &Query::parse_string("Patient", &query)?, None)
                .await?;
            let taken: Vec<String> =
                found.matches.iter().map(|one| String::from_utf8_lossy(&one.body).into_owned()).collect();
            let free = codes
                .into_iter()
                .find(|code| !taken.iter().any(|body| body.contains(&format!("\"{code}\""))));
            if let Some(free) = free {
                return Ok(free);
            }
        }
        Err(no_code())
    }

    /// Waits a moment until the follower of the log knows the person: their page is drawn from its tables.
    pub async fn linked(&self) -> Result<(), Outcome> {
        for _ in 0..LINKING_STEPS {
            if yba_mpi::follower::lag(&self.hospital.records).await? <= 0 {
                break;
            }
            tokio::time::sleep(LINKING_STEP).await;
        }
        Ok(())
    }
}

fn token(code: &TemporaryCode) -> String {
    format!("{}ma-tam|{code}", yba_mpi::identifier::SID)
}

fn no_facility() -> Outcome {
    let text = "Mã tạm cần mã cơ sở (5 ký tự, như 12001).";
    Outcome::new(Kind::Unprocessable, "facility", text, "no facility for a temporary code").at("facility")
}

fn no_code() -> Outcome {
    let text = "Hết mã tạm cho hôm nay tại cơ sở này.";
    Outcome::new(Kind::TooMany, "codes", text, "no temporary code is free")
}
