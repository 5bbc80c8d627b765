//! «Lịch sử sửa»: what each version of a facility's record says otherwise than the one before it.

use super::edit::asked;
use super::typed::Typed;
use super::{answer, lists};
use crate::Hospital;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::response::Response;
use maud::{Markup, html};
use yba_fhir::{Day, Outcome};
use yba_records::{Ctx, Past, Version};
use yba_terminology::Terminology;
use yba_ui::card::{self, Card};
use yba_ui::{format, state};
use yba_web::{Page, RequestId, error};

/// Versions shown.
const VERSIONS_MAX: usize = 50;

/// A version, and what it says otherwise: word, before, after.
struct Step {
    when: String,
    deleted: bool,
    changes: Vec<(&'static str, String, String)>,
}

pub(super) async fn past(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Path(person): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&hospital, &id, async {
        let found = yba_mpi::person::person(&hospital.records, &ctx, &person).await?;
        let patient = asked(query.as_deref()).unwrap_or(&person);
        let chosen = found.patients.iter().find(|one| one.id == patient).or_else(|| found.patients.first());
        let chosen = chosen.ok_or_else(error::not_found)?;
        let steps = steps(&hospital, &ctx, &chosen.id).await?;
        let others: Vec<(String, String)> =
            found.patients.iter().map(|one| (one.id.clone(), one.facility.clone())).collect();
        let content = page(&person, chosen.name(), &chosen.id, &others, &steps);
        Ok(hospital.site.page(&Page::new(format!("Lịch sử sửa – {}", chosen.name()), content)))
    })
    .await
}

async fn steps(hospital: &Hospital, ctx: &Ctx, patient: &str) -> Result<Vec<Step>, Outcome> {
    let events = hospital.records.history(ctx, &Past::of_record("Patient", patient, VERSIONS_MAX)).await?;
    let terminology = hospital.records.terminology().await?;
    let today = Day::of_instant(hospital.records.store().clock().now_ms());
    let typed = |version: &Version| match version.deleted {
        true => Typed::default(),
        false => Typed::of_patient(&hospital.content, &version.tree(), None),
    };
    let versions: Vec<Typed> = events.iter().map(|event| typed(&event.version)).collect();
    let is_whole = events.len() < VERSIONS_MAX;
    let step = |(at, version): (usize, &Typed)| {
        let before = versions.get(at + 1).cloned();
        // The oldest that is shown says what it began with, unless there are older ones.
        let before = before.or_else(|| is_whole.then(Typed::default))?;
        let event = &events[at].version;
        Some(Step {
            when: event.last_updated(),
            deleted: event.deleted,
            changes: changes(&terminology, today, &before, version),
        })
    };
    Ok(versions.iter().enumerate().filter_map(step).collect())
}

fn changes(
    terminology: &Terminology,
    today: Day,
    before: &Typed,
    after: &Typed,
) -> Vec<(&'static str, String, String)> {
    let code = |slug: &str, code: &str| {
        lists::display(terminology, slug, code, today).unwrap_or_else(|| code.to_owned())
    };
    let sex = |code: &str| if code.is_empty() { String::new() } else { format::sex(code).to_owned() };
    let of = |one: &Typed| {
        [
            ("Họ và tên", one.name.clone()),
            ("Ngày sinh", one.birth.clone()),
            ("Giới tính", sex(&one.sex)),
            ("Số định danh", format::masked(&one.number)),
            ("Ngày cấp", one.issued.clone()),
            ("Nơi cấp", one.issuer.clone()),
            ("CMND cũ", format::masked(&one.cmnd)),
            ("Hộ chiếu", format::masked(&one.passport)),
            ("Thẻ BHYT", format::masked(&one.card)),
            ("Thẻ có hạn từ", one.card_from.clone()),
            ("Thẻ có hạn đến", one.card_to.clone()),
            ("Dân tộc", code("dan-toc", &one.ethnic)),
            ("Quốc tịch", one.nation.clone()),
            ("Nghề nghiệp", code("nghe-nghiep", &one.job)),
            ("Điện thoại", one.phone.clone()),
            ("Thư điện tử", one.email.clone()),
            ("Thường trú", joined(&one.line, &one.commune)),
            ("Nơi ở hiện tại", joined(&one.stay_line, &one.stay_commune)),
            ("Mã hộ gia đình", one.household.clone()),
            ("Quan hệ với chủ hộ", one.householder.clone()),
        ]
    };
    let pairs = of(before).into_iter().zip(of(after));
    pairs.filter(|(was, is)| was.1 != is.1).map(|(was, is)| (was.0, was.1, is.1)).collect()
}

fn joined(line: &str, commune: &str) -> String {
    [line, commune].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn page(person: &str, name: &str, patient: &str, others: &[(String, String)], steps: &[Step]) -> Markup {
    html! {
        (card::back(&format!("/nguoi/{person}"), "Hồ sơ"))
        (card::page_title("Lịch sử sửa", html! { (name) }, html! {}))
        (card::column(html! {
            @if others.len() > 1 {
                p { "Hồ sơ tại cơ sở: " @for (id, facility) in others {
                    @if id == patient { b { (facility) } " " } @else { a href={ "/nguoi/" (person) "/lich-su?ho-so=" (id) } { (facility) } " " }
                } }
            }
            @for (at, step) in steps.iter().enumerate() { (drawn(at, step)) }
            @if steps.is_empty() { (state::empty_line("Chưa có thay đổi nào.")) }
        }))
    }
}

fn drawn(at: usize, step: &Step) -> Markup {
    let when = format::date_time(&step.when);
    Card::new(&format!("ban-{at}"), &when).flush(html! {
        @if step.deleted { (state::empty_line("Hồ sơ bị xóa.")) }
        @else if step.changes.is_empty() { (state::empty_line("Không đổi mục hành chính nào.")) }
        @else {
            (card::rows(step.changes.iter().map(|(word, was, is)| html! {
                span { span .muted { (word) ": " } @if !was.is_empty() { del { (was) } " → " } @if is.is_empty() { "(để trống)" } @else { b { (is) } } }
            })))
        }
    })
}
