//! The page of a person's links: markup only.

use super::Links;
use crate::doubts::model::{birth, name, sex};
use crate::facilities::called;
use maud::{Markup, html};
use yba_mpi::evidence::{Reason, Verdict};
use yba_mpi::patient::Summary;
use yba_mpi::story::Chapter;
use yba_ui::card::{self, Card};
use yba_ui::form::hidden;
use yba_ui::{format, state};

/// The whole content; `note` says why something was not done.
pub fn page(links: &Links, note: Option<Markup>) -> Markup {
    let record = &links.record;
    let count = format!("{} hồ sơ", format::count(record.patients.len()));
    html! {
        (card::back(&format!("/nguoi/{}", links.id), "Về hồ sơ"))
        (card::page_title("Các hồ sơ đã gộp", html! { (count) }, html! {}))
        @if let Some(note) = note { (note) }
        (card::column(html! {
            (Card::new("ho-so", "Hồ sơ của từng cơ sở").flush(html! {
                (card::rows(record.patients.iter().map(|one| member(links, one))))
                @if record.patients.len() == 1 {
                    (state::empty_line("Người này chỉ có một hồ sơ, không có gì để tách."))
                }
            }))
            (Card::new("lich-su", "Ai đã nối, ai đã tách").aside(html! { "mới nhất lên trước" }).flush(html! {
                @if links.story.is_empty() { (state::empty_line("Chưa có quyết định nào.")) }
                (card::rows(links.story.iter().map(|one| chapter(links, one))))
            }))
        }))
    }
}

fn member(links: &Links, one: &Summary) -> Markup {
    let naming = links.record.links.iter().filter(|link| link.first == one.id || link.second == one.id);
    let strongest = naming.max_by_key(|link| (link.by_person, link.weight));
    let address = format!("/nguoi/{}/ho-so/tach", links.id);
    html! {
        span { b { (name(one)) } " " span .muted .nowrap { (format::date(&birth(one))) " · " (sex(one)) } }
        @if links.record.patients.len() > 1 {
            form method="post" action=(address) {
                (hidden("patient", &one.id))
                button .btn type="submit" { "Tách hồ sơ này" }
            }
        }
        span .sub-ink { (called(&one.facility, &links.facilities)) }
        @if let Some(link) = strongest {
            span .sub { (by(&link.by, link.by_person)) ": " (words(&link.reasons)) }
        }
    }
}

fn chapter(links: &Links, one: &Chapter) -> Markup {
    let verb = match one.verdict {
        Verdict::Link => "Nối",
        Verdict::Apart => "Xác định là hai người",
        Verdict::Doubt => "Ngờ là một người",
        Verdict::Withdrawn => "Bỏ quyết định trước",
    };
    let call = |id: &String| links.called.get(id).cloned().unwrap_or_else(|| "một hồ sơ khác".to_owned());
    let address = format!("/nguoi/{}/ho-so/hoan-tac", links.id);
    html! {
        span { b { (verb) } ": " (call(&one.first)) " – " (call(&one.second)) }
        @if let Some(act) = &one.undo {
            form method="post" action=(address) { (hidden("act", act)) button .btn type="submit" { "Hoàn tác" } }
        }
        span .sub { (format::date_time(&one.at)) " · " (by(&one.by, one.by_person)) @if !one.reasons.is_empty() { " · " (words(&one.reasons)) } }
    }
}

/// Who said so.
fn by(signed: &str, by_person: bool) -> String {
    match signed.split_once(' ') {
        _ if by_person => match signed.strip_prefix("account/") {
            Some(account) => format!("Tài khoản {account}"),
            None if signed == "test-administrator" => "Quản trị viên thử nghiệm".to_owned(),
            None => signed.to_owned(),
        },
        Some((_, "usual")) => "Máy (trọng số chung)".to_owned(),
        Some((_, edition)) => format!("Máy (trọng số {edition})"),
        None => "Máy".to_owned(),
    }
}

fn words(reasons: &[Reason]) -> String {
    // That somebody said so stands before it.
    reasons
        .iter()
        .filter(|reason| **reason != Reason::by_hand())
        .map(|reason| reason.text())
        .collect::<Vec<_>>()
        .join("; ")
}
