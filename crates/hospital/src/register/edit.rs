//! Editing a facility's record of somebody, on the form of registering.

use super::check::Draft;
use super::desk::{Desk, facility_codes};
use super::typed::Typed;
use super::{answer, check, is_theirs, may, write};
use crate::Hospital;
use crate::people::People;
use axum::extract::{Extension, Form, Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use yba_fhir::json::Value;
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Action, Change, Ctx, Query, Version};
use yba_web::{RequestId, error};

/// A facility's record of somebody, and the first of their kin.
struct Kept {
    patient: Version,
    kin: Option<Version>,
}

/// Which of the person's records is edited: the one asked for, else that of one's own facility, else the best known.
async fn kept(desk: &Desk<'_>, person: &str, asked: Option<&str>) -> Result<Kept, Outcome> {
    let records = &desk.hospital.records;
    let person = yba_mpi::person::person(records, desk.ctx, person).await?;
    let own = facility_codes();
    let chosen = asked
        .and_then(|asked| person.patients.iter().find(|one| one.id == asked))
        .or_else(|| person.patients.iter().find(|one| own.contains(&one.facility)))
        .or_else(|| person.patients.first())
        .ok_or_else(error::not_found)?;
    let patient = records.read(desk.ctx, "Patient", &chosen.id).await?;
    let query = Query::parse_string(
        "RelatedPerson",
        &format!("patient=Patient/{}&_sort=_lastUpdated&_count=1", chosen.id),
    )?;
    let kin = records.search(desk.ctx, &query, None).await?.matches.into_iter().next();
    Ok(Kept { patient, kin })
}

impl Kept {
    fn typed(&self, desk: &Desk) -> Typed {
        let kin = self.kin.as_ref().map(Version::tree);
        let typed = Typed::of_patient(&desk.hospital.content, &self.patient.tree(), kin.as_ref());
        Typed { version: self.patient.version_id.clone(), ..typed }
    }
}

/// `ho-so=` of a query: the id of a Patient.
pub(super) fn asked(query: Option<&str>) -> Option<&str> {
    query?.split('&').find_map(|pair| pair.strip_prefix("ho-so="))
}

pub(super) async fn edit_page(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Path(person): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&hospital, &id, async {
        may(&ctx, Action::Update)?;
        let desk = Desk::of(&hospital, &ctx).await?;
        let kept = kept(&desk, &person, asked(query.as_deref())).await?;
        Ok(desk.drawn(&kept.typed(&desk), None, &People::default(), Some(&kept.patient.id)))
    })
    .await
}

pub(super) async fn edit(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Path(person): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    answer(&hospital, &id, async {
        may(&ctx, Action::Update)?;
        let desk = Desk::of(&hospital, &ctx).await?;
        // The form posts to the record it was drawn from.
        let kept = kept(&desk, &person, Some(&person)).await?;
        let patient = kept.patient.id.clone();
        let written = async {
            let draft = check::check(&desk.basis(true), &typed)?;
            desk.rewrite(&kept, &typed, &draft).await
        };
        match written.await {
            Ok(()) => {
                desk.linked().await?;
                Ok(Redirect::to(&format!("/nguoi/{patient}")).into_response())
            }
            Err(wrong) if is_theirs(&wrong) => {
                Ok(desk.drawn(&typed, Some(&wrong), &People::default(), Some(&patient)))
            }
            Err(fault) => Err(fault),
        }
    })
    .await
}

impl Desk<'_> {
    /// Changes what was changed on the form; refused when somebody else changed the record meanwhile.
    async fn rewrite(&self, kept: &Kept, typed: &Typed, draft: &Draft) -> Result<(), Outcome> {
        if kept.patient.version_id != typed.version {
            let text = "Hồ sơ vừa được người khác sửa. Mở lại trang này để thấy bản mới rồi sửa tiếp; những gì bạn gõ vẫn còn bên dưới.";
            return Err(Outcome::new(Kind::Precondition, "changed", text, "another version stands"));
        }
        let (before, content) = (kept.typed(self), &self.hospital.content);
        let patient = write::changed(kept.patient.tree(), &before, typed, draft, content);
        let change = |value: Value| Ok::<_, Outcome>(Change::put(Resource::from_value(value)?));
        let mut changes = vec![change(patient)?.if_match(typed.version.as_str())];
        let kin_changed =
            (&before.kin_name, &before.kin_relation, &before.kin_phone, &before.kin_number, &before.guardian)
                != (
                    &typed.kin_name,
                    &typed.kin_relation,
                    &typed.kin_phone,
                    &typed.kin_number,
                    &typed.guardian,
                );
        let base = kept.kin.as_ref().map(Version::tree);
        if kin_changed {
            let reference = format!("Patient/{}", kept.patient.id);
            let is_new = base.is_none();
            match write::kin(base, &reference, typed, draft) {
                Some(kin) if is_new => changes.push(Change::create(Resource::from_value(kin)?)),
                Some(kin) => changes.push(change(kin)?),
                None => {}
            }
        }
        self.hospital.records.transact(self.ctx, changes).await.map(drop)
    }
}
