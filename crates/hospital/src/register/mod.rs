//! «Đăng ký người bệnh»: a card is scanned or somebody typed in; who is known is opened, who is new is written through the
//! door as a Patient (and their kin as a RelatedPerson). The same form edits a facility's record, and `past` shows what was
//! changed.
//!
//! `typed` is what the form says, `check` judges it, `write` makes resources, `page` draws. Nothing of a person ever stands in
//! an address: scanning, looking for duplicates and saving are POST.

mod check;
mod desk;
mod edit;
mod lists;
mod page;
mod past;
mod typed;
mod write;

#[cfg(test)]
mod tests;

use crate::Hospital;
use crate::people::{self, People};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::Desk;
use typed::Typed;
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx};
use yba_terminology::communes as places;
use yba_web::{RequestId, error};

/// The empty form.
pub const REGISTER: &str = "/dang-ky";
const FORM_BYTES_MAX: usize = 64 << 10;
/// People offered beside the form.
const OFFERED: usize = 5;

pub(crate) fn routes() -> Router<Hospital> {
    Router::new()
        .route(REGISTER, get(empty).post(register))
        .route("/dang-ky/quet", post(scanned))
        .route("/dang-ky/trung", post(alike))
        .route("/dang-ky/xa", post(communes))
        .route("/nguoi/{person}/sua", get(edit::edit_page).post(edit::edit))
        .route("/nguoi/{person}/lich-su", get(past::past))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
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
