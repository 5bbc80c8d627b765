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
use yba_fhir::{Day, Outcome, Resource};
use yba_mpi::counting;
use yba_mpi::temporary::TemporaryCode;
use yba_records::{Change, Ctx};
use yba_terminology::Terminology;
use yba_web::{Page, error, visit};

/// How long a page waits until a person just written can be opened.
const LINKING_STEPS: u32 = 60;
const LINKING_STEP: Duration = Duration::from_millis(50);

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
        let free = counting::free_code(&self.hospital.records, self.ctx, reason, code, self.today).await?;
        self.create(typed, draft, facility.as_ref(), Some(&free.code)).await
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
