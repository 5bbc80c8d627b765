//! «Đăng ký người bệnh»: a card is scanned or somebody typed in; who is known is opened, who is new is written through the
//! door as a Patient (and their kin as a RelatedPerson). The same form edits a facility's record, and `past` shows what was
//! changed.
//!
//! `typed` is what the form says, `check` judges it, `write` makes resources, `page` draws. Nothing of a person ever stands in
//! an address: scanning, looking for duplicates and saving are POST.

mod check;
mod lists;
mod page;
mod past;
mod places;
mod typed;
mod write;

#[cfg(test)]
mod tests;

use crate::people::{self, People};
use crate::Hospital;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Form, Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use check::{Basis, Draft};
use page::Shown;
use std::sync::Arc;
use std::time::Duration;
use typed::Typed;
use write::Facility;
use yba_fhir::json::Value;
use yba_fhir::{Day, Kind, Outcome, Resource};
use yba_mpi::temporary::{Reason, TemporaryCode};
use yba_records::{Action, Change, Ctx, DoneAs, Query, Version};
use yba_terminology::Terminology;
use yba_web::{Page, RequestId, error, visit};

/// The empty form.
pub const REGISTER: &str = "/dang-ky";
const FORM_BYTES_MAX: usize = 64 << 10;
/// People offered beside the form.
const OFFERED: usize = 5;
/// Temporary codes looked at together, and how often.
const CODES_AT_ONCE: u32 = 50;
const CODES_LOOKS_MAX: u32 = 40;
/// How long a page waits until a person just written can be opened.
const LINKING_STEPS: u32 = 60;
const LINKING_STEP: Duration = Duration::from_millis(50);

pub(crate) fn routes() -> Router<Hospital> {
    Router::new()
        .route(REGISTER, get(empty).post(register))
        .route("/dang-ky/quet", post(scanned))
        .route("/dang-ky/trung", post(alike))
        .route("/dang-ky/xa", post(communes))
        .route("/nguoi/{person}/sua", get(edit_page).post(edit))
        .route("/nguoi/{person}/lich-su", get(past::past))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// What every handler here needs of the house.
struct Desk<'h> {
    hospital: &'h Hospital,
    ctx: &'h Ctx,
    terminology: Arc<Terminology>,
    today: Day,
}

impl<'h> Desk<'h> {
    async fn of(hospital: &'h Hospital, ctx: &'h Ctx) -> Result<Desk<'h>, Outcome> {
        let today = Day::of_instant(hospital.records.store().clock().now_ms());
        Ok(Desk { hospital, ctx, terminology: hospital.records.terminology().await?, today })
    }

    fn basis(&self, is_known: bool) -> Basis<'_> {
        Basis { terminology: &self.terminology, content: &self.hospital.content, today: self.today, is_known }
    }

    /// People who may be whoever is typed, by the first question that finds anybody.
    /// True beside them when a number found them.
    async fn alike(&self, typed: &Typed) -> Result<(People, bool), Outcome> {
        for (question, is_number) in typed.questions() {
            let found = people::find(&self.hospital.records, self.ctx, &question, OFFERED).await?;
            if !found.people.is_empty() {
                return Ok((found, is_number));
            }
        }
        Ok((People::default(), false))
    }

    /// The form; `people` are offered beside it.
    fn drawn(&self, typed: &Typed, wrong: Option<&Outcome>, people: &People, editing: Option<&str>) -> Response {
        let ethnic = lists::choices(&self.terminology, "dan-toc", self.today);
        let jobs = lists::choices(&self.terminology, "nghe-nghiep", self.today);
        let (today, asks_facility) = (self.hospital.today(), facility_codes().is_empty());
        let shown = Shown { typed, wrong, people, today: &today, ethnic: &ethnic, jobs: &jobs, asks_facility, editing };
        let title = if editing.is_some() { "Sửa thông tin hành chính" } else { "Đăng ký người bệnh" };
        let mut response = self.hospital.site.page(&Page::new(title, page::page(&shown)).here(REGISTER));
        if let Some(wrong) = wrong {
            *response.status_mut() = error::status(wrong.kind);
        }
        response
    }
}

/// Codes of the facilities at which somebody's roles were given.
fn facility_codes() -> Vec<String> {
    let code = |one: String| {
        let id = one.strip_prefix("Organization/").unwrap_or(&one);
        id.strip_prefix("cskcb-").unwrap_or(id).to_owned()
    };
    visit::facilities().into_iter().map(code).collect()
}

async fn empty(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
) -> Response {
    answer(&hospital, &id, async {
        may(&ctx, Action::Create)?;
        Ok(Desk::of(&hospital, &ctx).await?.drawn(&Typed::default(), None, &People::default(), None))
    })
    .await
}

/// Said before somebody types a whole form; the door says it again when it is sent.
fn may(ctx: &Ctx, action: Action) -> Result<(), Outcome> {
    match ctx.may(action, "Patient") {
        true => Ok(()),
        false => {
            let text = "Đăng ký và sửa thông tin hành chính là việc của nhân viên tiếp đón và trạm y tế xã.";
            Err(Outcome::new(Kind::Forbidden, "role", text, "no role permits it"))
        }
    }
}

async fn answer(
    hospital: &Hospital,
    id: &RequestId,
    work: impl Future<Output = Result<Response, Outcome>>,
) -> Response {
    work.await.unwrap_or_else(|outcome| error::page(&hospital.site, &outcome, id))
}

#[derive(serde::Deserialize)]
struct Scan {
    #[serde(default)]
    q: String,
}

/// A scanned card: who is known is opened, else the form is filled in.
async fn scanned(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Form(scan): Form<Scan>,
) -> Response {
    answer(&hospital, &id, async {
        may(&ctx, Action::Create)?;
        let desk = Desk::of(&hospital, &ctx).await?;
        let found = people::find(&hospital.records, &ctx, &scan.q, OFFERED).await?;
        if let ([one], true) = (found.people.as_slice(), found.scanned) {
            return Ok(Redirect::to(&format!("/nguoi/{}", one.id)).into_response());
        }
        let asked = yba_mpi::understand(&scan.q);
        let named = || Typed { name: yba_fhir::text::tidy(&scan.q), ..Typed::default() };
        let named = (!scan.q.contains(|letter: char| letter.is_ascii_digit() || letter == '|')).then(named);
        let typed = Typed::of_scan(&hospital.content, &asked.query).or(named).unwrap_or_default();
        Ok(desk.drawn(&typed, None, &found, None))
    })
    .await
}

/// Who may be the same, while somebody types.
async fn alike(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Form(typed): Form<Typed>,
) -> Response {
    let found = async { Desk::of(&hospital, &ctx).await?.alike(&typed).await };
    match found.await {
        Ok((people, _)) => hospital.site.fragment(&page::alike(&people, &typed, &hospital.today())),
        Err(outcome) => error::fragment(&hospital.site, &outcome, &id),
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Place {
    commune: String,
    stay_commune: String,
}

/// Communes for what is typed into either address.
async fn communes(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Form(place): Form<Place>,
) -> Response {
    let typed = if place.commune.is_empty() { place.stay_commune } else { place.commune };
    match Desk::of(&hospital, &ctx).await {
        Ok(desk) => {
            let found = places::offered(&desk.terminology, &hospital.content, &typed, desk.today);
            hospital.site.fragment(&page::communes(&found))
        }
        Err(outcome) => error::fragment(&hospital.site, &outcome, &id),
    }
}

/// Writes a new person, unless somebody is known who may be the same and was not looked at.
async fn register(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Form(typed): Form<Typed>,
) -> Response {
    answer(&hospital, &id, async {
        may(&ctx, Action::Create)?;
        let desk = Desk::of(&hospital, &ctx).await?;
        let draft = match check::check(&desk.basis(false), &typed) {
            Ok(draft) => draft,
            Err(wrong) => return Ok(desk.drawn(&typed, Some(&wrong), &desk.alike(&typed).await?.0, None)),
        };
        let (people, by_number) = desk.alike(&typed).await?;
        if typed.seen != "1" && people.people.iter().any(|one| page::is_the_same(one, by_number, &draft)) {
            let text = "Đã có hồ sơ của người giống hệt. Mở hồ sơ đó, hoặc đánh dấu bên dưới rồi lưu nếu là người khác.";
            let wrong = Outcome::new(Kind::Conflict, "known", text, "the person seems to be known");
            return Ok(desk.drawn(&typed, Some(&wrong), &people, None));
        }
        match desk.write(&typed, &draft).await {
            Ok(patient) => {
                desk.linked().await?;
                Ok(Redirect::to(&format!("/nguoi/{patient}")).into_response())
            }
            Err(wrong) if is_theirs(&wrong) => Ok(desk.drawn(&typed, Some(&wrong), &people, None)),
            Err(fault) => Err(fault),
        }
    })
    .await
}

/// Refused by what was typed, so the form comes back with it.
fn is_theirs(wrong: &Outcome) -> bool {
    matches!(wrong.kind, Kind::Invalid | Kind::Unprocessable | Kind::Conflict | Kind::Precondition)
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
    async fn write(&self, typed: &Typed, draft: &Draft) -> Result<String, Outcome> {
        let facility = self.facility(typed).await;
        let Some(reason) = draft.temporary else {
            let (outcome, id) = self.create(typed, draft, facility.as_ref(), None).await?;
            debug_assert_eq!(outcome, DoneAs::Created, "nothing stands against it");
            return Ok(id);
        };
        let code = facility.as_ref().map(|one| one.code.as_str()).unwrap_or_default();
        // Two desks may take the same free code; the second is told so by the door and takes the next.
        for _ in 0..CODES_AT_ONCE {
            let free = self.free_code(reason, code).await?;
            let (outcome, id) = self.create(typed, draft, facility.as_ref(), Some(&free)).await?;
            if outcome == DoneAs::Created {
                return Ok(id);
            }
        }
        Err(no_code())
    }

    async fn create(
        &self,
        typed: &Typed,
        draft: &Draft,
        facility: Option<&Facility>,
        temporary: Option<&TemporaryCode>,
    ) -> Result<(DoneAs, String), Outcome> {
        const NAME: &str = "urn:uuid:5b1d2c36-6a44-4a0e-9b52-0c9d2f6a7e01";
        let patient = write::patient(typed, draft, &self.hospital.content, facility, temporary);
        let mut create = Change::create(Resource::from_value(patient)?).known_as(NAME);
        if let Some(code) = temporary {
            create = create.unless(format!("identifier={}", token(code)));
        }
        let mut changes = vec![create];
        if let Some(kin) = write::kin(None, NAME, typed, draft) {
            changes.push(Change::create(Resource::from_value(kin)?));
        }
        let done = self.hospital.records.transact(self.ctx, changes).await?;
        let first = done.into_iter().next().and_then(|done| Some((done.outcome, done.version?.id)));
        first.ok_or_else(|| Outcome::fault("a create gave no version"))
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
            let found = self.hospital.records.search(self.ctx, &Query::parse_string("Patient", &query)?, None).await?;
            let taken: Vec<String> =
                found.matches.iter().map(|one| String::from_utf8_lossy(&one.body).into_owned()).collect();
            let free = codes.into_iter().find(|code| !taken.iter().any(|body| body.contains(&format!("\"{code}\""))));
            if let Some(free) = free {
                return Ok(free);
            }
        }
        Err(no_code())
    }

    /// Waits a moment until the follower of the log knows the person: their page is drawn from its tables.
    async fn linked(&self) -> Result<(), Outcome> {
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
    let query = Query::parse_string("RelatedPerson", &format!("patient=Patient/{}&_sort=_lastUpdated&_count=1", chosen.id))?;
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

async fn edit_page(
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

async fn edit(
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
            Err(wrong) if is_theirs(&wrong) => Ok(desk.drawn(&typed, Some(&wrong), &People::default(), Some(&patient))),
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
        let kin_changed = (&before.kin_name, &before.kin_relation, &before.kin_phone, &before.kin_number, &before.guardian)
            != (&typed.kin_name, &typed.kin_relation, &typed.kin_phone, &typed.kin_number, &typed.guardian);
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
