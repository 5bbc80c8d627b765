//! For whoever writes content: the forms that this node knows, and each as its examples play it: what it opens with, what is typed, what is
//! wrong, which records come of it. One may type something else and look again; nothing is ever written.

mod page;

use crate::Admin;
use axum::Router;
use axum::extract::{Form, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use page::Shown;
use yba_content::Example;
use yba_fhir::{Kind, Outcome};
use yba_forms::OfTerminology;
use yba_records::Ctx;
use yba_web::{Asking, Page, RequestId, error};

/// The list of forms.
pub const FORMS: &str = "/quan-tri/bieu-mau";
/// What the trail calls looking at content.
const WORD: &str = "content";

pub(crate) fn routes() -> Router<Admin> {
    Router::new().route(FORMS, get(list)).route("/quan-tri/bieu-mau/{form}", get(one).post(tried))
}

async fn list(Asking { room: admin, ctx, id }: Asking<Admin>) -> Response {
    match admin.gate.may_keep(&ctx, WORD) {
        Ok(()) => admin.site.page(&Page::new("Biểu mẫu", page::list(&admin)).here(FORMS)),
        Err(outcome) => error::page(&admin.site, &outcome, &id),
    }
}

/// Which example is looked at.
#[derive(serde::Deserialize)]
struct Asked {
    #[serde(default, rename = "vi-du")]
    example: String,
}

async fn one(
    Asking { room: admin, ctx, id }: Asking<Admin>,
    Path(form): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    shown(&admin, &ctx, &id, &form, &asked.example, None).await
}

async fn tried(
    Asking { room: admin, ctx, id }: Asking<Admin>,
    Path(form): Path<String>,
    Query(asked): Query<Asked>,
    Form(typed): Form<Vec<(String, String)>>,
) -> Response {
    shown(&admin, &ctx, &id, &form, &asked.example, Some(&typed)).await
}

async fn shown(
    admin: &Admin,
    ctx: &Ctx,
    id: &RequestId,
    form: &str,
    wanted: &str,
    typed: Option<&[(String, String)]>,
) -> Response {
    let drawn = async {
        admin.gate.may_keep(ctx, WORD)?;
        if admin.forms.editions(form).is_empty() {
            return Err(error::not_found());
        }
        let examples = examples(admin, form);
        let example = examples.iter().find(|one| name(one) == wanted).or(examples.first()).copied();
        let terminology = admin.records.terminology().await?;
        let choices = OfTerminology { terminology: &terminology, on: admin.gate.today() };
        let played = match example {
            Some(example) => admin.forms.play(example, typed, &choices, &|_| Vec::new()),
            None => Err(vec![(0, "biểu mẫu này chưa có ví dụ nào; hãy thêm examples/<tên>.toml".to_owned())]),
        };
        let is_refused = typed.is_some() && played.as_ref().is_ok_and(|played| !played.taken.is_sound());
        let shown = Shown { form, examples: &examples, example, played, choices: &choices };
        let content = page::one(admin, &shown);
        let mut response = admin.site.page(&Page::new("Biểu mẫu", content).here(FORMS)).into_response();
        if is_refused {
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        }
        Ok(response)
    };
    drawn.await.unwrap_or_else(|outcome: Outcome| match outcome.kind {
        Kind::NotFound => error::page(&admin.site, &error_of(form), id),
        _ => error::page(&admin.site, &outcome, id),
    })
}

fn error_of(form: &str) -> Outcome {
    let text = format!("Không có biểu mẫu «{form}» trong nội dung đang dùng.");
    Outcome::new(Kind::NotFound, "unknown-form", &text, "no such form")
}

/// The examples of a form, in the order of their files.
fn examples<'a>(admin: &'a Admin, form: &str) -> Vec<&'a Example> {
    let folder = format!("forms/{form}");
    admin.content.examples().filter(|example| example.edition == folder).collect()
}

/// The name of an example's file, without its ending.
fn name(example: &Example) -> &str {
    let file = example.path.rsplit('/').next().unwrap_or_default();
    file.split('.').next().unwrap_or_default()
}
