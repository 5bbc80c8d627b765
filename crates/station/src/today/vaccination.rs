//! What vaccination asks of a day: days of vaccination to come, who is under watch, serious reactions to be told, and the fridge.

use crate::Station;
use crate::fridge::{self, FRIDGE};
use crate::notify::model::clock;
use crate::reactions::{self, REACTIONS};
use crate::sessions::{self, SESSIONS};
use crate::watch::{self, WATCH};
use maud::{Markup, html};
use yba_care::reaction::Reaction;
use yba_care::session::Session;
use yba_content::Day;
use yba_fhir::Outcome;
use yba_records::{Action, Ctx};
use yba_ui::card::{self, Card};
use yba_ui::format;
use yba_ui::status::{Status, status};

/// What there is to do.
pub(super) struct Vaccination {
    sessions: Vec<Session>,
    /// Serious reactions that were not told, with names.
    reactions: Vec<(Reaction, String)>,
    fridge: Option<fridge::Wanted>,
    /// Children under watch, and of them those who may go.
    watched: (usize, usize),
    now_ms: i64,
}

impl Vaccination {
    /// As far as the caller may see it.
    pub async fn of(station: &Station, ctx: &Ctx) -> Result<Vaccination, Outcome> {
        let now_ms = station.records.store().clock().now_ms();
        let may = ctx.may(Action::Search, "Task") && crate::own_facility().is_some();
        let sessions = if may { sessions::of_today(station, ctx).await? } else { Vec::new() };
        let watched = if may { watch::of_today(station, ctx).await? } else { Vec::new() };
        let open = watched.iter().filter(|one| one.end.is_none());
        let over = open.clone().filter(|one| one.is_over(now_ms)).count();
        Ok(Vaccination {
            sessions,
            reactions: reactions::pressing(station, ctx).await?,
            fridge: if may { fridge::wanted(station, ctx).await? } else { None },
            watched: (open.count(), over),
            now_ms,
        })
    }

    fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.reactions.is_empty() && self.fridge.is_none() && self.watched.0 == 0
    }

    /// Nothing when there is nothing to do.
    pub fn card(&self, today: Day) -> Markup {
        if self.is_empty() {
            return html! {};
        }
        Card::new("ngay-tiem", "Tiêm chủng hôm nay").flush(html! {
            (card::rows(self.reactions.iter().map(|(one, name)| {
                let due = one.report.as_ref().map_or(0, |report| report.due_ms);
                html! {
                    a href={ (REACTIONS) "/" (one.patient) } { "Báo tai biến nặng sau tiêm: " (one.title) ", " (name) }
                    span .sub { (status(Status::Danger, &clock(due, self.now_ms).words)) }
                }
            }).chain(self.fridge.iter().map(fridge_line)).chain(self.watched_line()).chain(self.sessions.iter().map(|one| session_line(one, today)))))
        })
    }

    fn watched_line(&self) -> Option<Markup> {
        let (open, over) = self.watched;
        (open > 0).then(|| {
            html! {
                a href=(WATCH) { (open) " trẻ đang theo dõi sau tiêm" }
                span .sub { @if over > 0 { (status(Status::Attention, &format!("{over} trẻ đủ giờ, cho về được"))) } @else { (status(Status::Running, "chưa trẻ nào đủ giờ")) } }
            }
        })
    }
}

fn fridge_line(one: &fridge::Wanted) -> Markup {
    let step = one.steps.first().map_or("", String::as_str);
    html! {
        @if let Some(wrong) = &one.wrong {
            a href=(FRIDGE) { "Tủ lạnh vắc xin: " (fridge::celsius(wrong)) }
            span .sub { (status(Status::Danger, "ra ngoài khoảng cho phép")) " · " (step) }
        } @else {
            a href=(FRIDGE) { "Tủ lạnh vắc xin: chưa ghi lần đọc " (one.missing.join(", ")) }
            span .sub { (status(Status::Attention, "thiếu nhiệt độ")) " · " (step) }
        }
    }
}

fn session_line(one: &Session, today: Day) -> Markup {
    html! {
        a href={ (SESSIONS) "/" (one.id) } { "Buổi tiêm " (one.place) }
        span .sub { @if one.day == today { "hôm nay" } @else { (format::date(&one.day.to_string())) } @if !one.villages.is_empty() { " · " (one.villages.join(", ")) } }
    }
}
