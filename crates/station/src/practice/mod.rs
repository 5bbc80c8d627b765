//! «Tập làm»: lessons in an invented village, whose steps the house sees by what whoever learns did since they began.
//!
//! These routes exist on a node whose folder is marked as a demonstration and on no other (`yba`). `/tap` are the lessons, `/tap/{lesson}`
//! the steps of one, `/tap/thanh` what the bar at the foot of every page says. See decisions/2026-11-23-practice.md.

pub mod example;
mod lesson;
mod page;
mod progress;

use crate::{Station, answered, own_facility};
use axum::Router;
use axum::extract::{Form, Path};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lesson::{Begun, Deeds, Lesson, Look, Written};
use progress::Progress;
use std::sync::Arc;
use yba_content::lessons::StepSeen;
use yba_fhir::json::{JsonValueTrait, Value};
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx, Query, Version};
use yba_web::{Asking, Entry, Page, error};

/// The lessons.
pub const PRACTICE: &str = "/tap";
/// What the bar says.
pub const BAR: &str = "/tap/thanh";
/// Most people among whom the one of a lesson is chosen.
const FOUND_MAX: usize = 50;

/// This room on a node for practice.
#[derive(Clone)]
struct Room {
    station: Station,
    lessons: Arc<[Lesson]>,
}

/// The pages, for a node whose folder is a demonstration. The lessons are those of the day on which it began.
pub fn routes(station: Station) -> Router {
    let lessons = lesson::on(&station.content, station.today()).into();
    Router::new()
        .route(PRACTICE, get(listed))
        .route(BAR, get(bar))
        .route("/tap/{lesson}", get(one))
        .route("/tap/{lesson}/bat-dau", post(begin))
        .route("/tap/{lesson}/danh-dau", post(tick))
        .route("/tap/{lesson}/bo", post(leave))
        .with_state(Room { station, lessons })
}

/// The entry of the menu.
pub fn entry() -> Entry {
    let entry = Entry::new(PRACTICE, "circle-help", "Tập làm").letter('l');
    NEEDS.iter().fold(entry, |entry, (action, kind)| entry.needs(*action, kind))
}

/// Lessons are for whoever does the work of a station.
const NEEDS: [(Action, &str); 2] = [(Action::Create, "Immunization"), (Action::Create, "Encounter")];

fn admit(ctx: &Ctx) -> Result<(), Outcome> {
    match NEEDS.iter().all(|(action, kind)| ctx.may(*action, kind)) {
        true => Ok(()),
        false => {
            let text = "Bài tập dành cho nhân viên trạm y tế. Hãy đăng nhập bằng tài khoản station-staff.";
            Err(Outcome::new(Kind::Forbidden, "practice", text, "no role of a station"))
        }
    }
}

/// A lesson with how far the caller has come.
struct Standing<'l> {
    lesson: &'l Lesson,
    begun: Option<Begun>,
    /// When each step was done.
    done: Vec<Option<i64>>,
}

impl Standing<'_> {
    fn count(&self) -> usize {
        self.done.iter().flatten().count()
    }

    fn is_done(&self) -> bool {
        self.done.iter().all(Option::is_some)
    }

    /// The place of the first step that is not done.
    fn next(&self) -> Option<usize> {
        self.done.iter().position(Option::is_none)
    }
}

impl Room {
    fn lesson(&self, slug: &str) -> Result<&Lesson, Outcome> {
        self.lessons.iter().find(|one| one.about.slug == slug).ok_or_else(error::not_found)
    }

    /// What the caller did since the first of these lessons was begun.
    async fn deeds(&self, ctx: &Ctx, of: &[(&Lesson, &Begun)]) -> Result<Deeds, Outcome> {
        let records = &self.station.records;
        let Some(since) = of.iter().map(|(_, begun)| begun.ms).min() else { return Ok(Deeds::default()) };
        let written = |one: Version| Written { ms: one.last_updated_ms(), tree: one.tree() };
        let writes = records.own_writes(ctx, since).await?.into_iter().map(written).collect();
        let looks = match of.iter().any(|(lesson, _)| lesson.asks_looks()) {
            true => records.own_looks(ctx, since).await?,
            false => Vec::new(),
        };
        let look =
            |one: yba_records::audit::Entry| Look { ms: one.at, word: one.action, patients: one.patients };
        Ok(Deeds { writes, looks: looks.into_iter().map(look).collect() })
    }

    /// How far the caller has come with these lessons.
    async fn standings<'l>(
        &self,
        ctx: &Ctx,
        lessons: impl Iterator<Item = &'l Lesson>,
        progress: &Progress,
    ) -> Result<Vec<Standing<'l>>, Outcome> {
        let all: Vec<(&Lesson, Option<&Begun>)> =
            lessons.map(|one| (one, progress.lessons.get(&one.about.slug))).collect();
        let begun: Vec<(&Lesson, &Begun)> =
            all.iter().filter_map(|(one, begun)| Some((*one, (*begun)?))).collect();
        let deeds = self.deeds(ctx, &begun).await?;
        let standing = |(lesson, begun): (&'l Lesson, Option<&Begun>)| Standing {
            lesson,
            done: match begun {
                Some(begun) => lesson.standing(begun, &deeds),
                None => vec![None; lesson.about.steps.len()],
            },
            begun: begun.cloned(),
        };
        Ok(all.into_iter().map(standing).collect())
    }

    /// Somebody whom a lesson can be about: alive, in use, within the caller's reach; another at each beginning. Empty for a lesson that is
    /// about nobody. Refuses with `not-found` when the village has no such person.
    async fn person(&self, ctx: &Ctx, lesson: &Lesson) -> Result<String, Outcome> {
        let (records, facility) = (&self.station.records, own_facility());
        let Some((kind, query)) = lesson.who(facility.as_deref()) else { return Ok(String::new()) };
        let query = Query::parse_string(kind, &format!("{query}&_count={FOUND_MAX}"))?;
        let found: Vec<Value> =
            records.search(ctx, &query, None).await?.matches.iter().map(Version::tree).collect();
        let mut ids: Vec<String> =
            found.iter().filter_map(|one| lesson.person(one)).map(str::to_owned).collect();
        ids.sort_unstable();
        ids.dedup();
        let reached = records.patients_reached(ctx, Action::Everything, &ids).await?;
        let keys: Vec<(String, String)> = reached.into_iter().map(|id| ("Patient".to_owned(), id)).collect();
        let is_there = |tree: &Value| {
            !yba_care::death::is_dead(tree) && tree.get("active").and_then(|one| one.as_bool()) != Some(false)
        };
        let people = records.read_many(ctx, &keys).await?;
        let people: Vec<&Version> = people.iter().filter(|one| is_there(&one.tree())).collect();
        let lot: usize = records.fresh_id().bytes().map(usize::from).sum();
        let chosen = people.get(lot % people.len().max(1)).map(|one| one.id.clone());
        chosen.ok_or_else(|| {
            let text = "Làng này chưa có người hợp với bài. Hãy tạo làng mới bằng lệnh yba practice.";
            Outcome::new(Kind::NotFound, "practice-person", text, "nobody fits the lesson")
        })
    }

    /// The name and year of birth of whom a lesson is about.
    async fn named(&self, ctx: &Ctx, begun: Option<&Begun>) -> String {
        let Some(who) = begun.map(|begun| begun.who.as_str()).filter(|who| !who.is_empty()) else {
            return "người trong bài".to_owned();
        };
        let found = self.station.records.read(ctx, "Patient", who).await;
        found.map(|version| page::person(&version.tree())).unwrap_or_else(|_| "người trong bài".to_owned())
    }

    fn drawn(&self, title: &str, content: maud::Markup) -> Response {
        self.station.site.page(&Page::new(title, content).here(PRACTICE))
    }
}

fn to_lesson(slug: &str) -> Response {
    Redirect::to(&format!("{PRACTICE}/{slug}")).into_response()
}

async fn listed(Asking { room, ctx, id }: Asking<Room>) -> Response {
    let drawn = async {
        admit(&ctx)?;
        let progress = Progress::read(&room.station.records, &ctx).await?;
        let all = room.standings(&ctx, room.lessons.iter(), &progress).await?;
        Ok(room.drawn("Tập làm", page::list(&all, &progress.current)))
    };
    answered(&room.station, &id, drawn).await
}

async fn one(Asking { room, ctx, id }: Asking<Room>, Path(slug): Path<String>) -> Response {
    let drawn = async {
        admit(&ctx)?;
        let lesson = room.lesson(&slug)?;
        let progress = Progress::read(&room.station.records, &ctx).await?;
        let all = room.standings(&ctx, std::iter::once(lesson), &progress).await?;
        let standing = all.first().ok_or_else(error::not_found)?;
        let name = room.named(&ctx, standing.begun.as_ref()).await;
        let after = room.lessons.iter().find(|one| one.about.order > lesson.about.order);
        Ok(room.drawn(&lesson.about.title, page::lesson(standing, &name, after)))
    };
    answered(&room.station, &id, drawn).await
}

/// What the bar says: the next step of the lesson under way, or nothing.
async fn bar(Asking { room, ctx, .. }: Asking<Room>) -> Response {
    let said = async {
        admit(&ctx)?;
        let progress = Progress::read(&room.station.records, &ctx).await?;
        let lesson = room.lesson(&progress.current)?;
        let all = room.standings(&ctx, std::iter::once(lesson), &progress).await?;
        let standing = all.first().ok_or_else(error::not_found)?;
        let name = room.named(&ctx, standing.begun.as_ref()).await;
        let after = room.lessons.iter().find(|one| one.about.order > lesson.about.order);
        Ok::<_, Outcome>(page::bar(standing, &name, after))
    };
    // A page is whole without its bar.
    room.station.site.fragment(&said.await.unwrap_or_default())
}

async fn begin(Asking { room, ctx, id }: Asking<Room>, Path(slug): Path<String>) -> Response {
    let begun = async {
        admit(&ctx)?;
        let (records, lesson) = (&room.station.records, room.lesson(&slug)?);
        let mut progress = Progress::read(records, &ctx).await?;
        let who = room.person(&ctx, lesson).await?;
        // Later than anything that was done before.
        let begun = Begun { ms: records.store().clock().now_ms() + 1, who, ..Begun::default() };
        progress.lessons.insert(slug.clone(), begun);
        progress.current.clone_from(&slug);
        progress.keep(records, &ctx).await?;
        Ok(to_lesson(&slug))
    };
    answered(&room.station, &id, begun).await
}

#[derive(serde::Deserialize)]
struct Ticked {
    #[serde(default)]
    buoc: String,
}

/// Ticks a step that leaves nothing the house can see; again: takes the tick away.
async fn tick(
    Asking { room, ctx, id }: Asking<Room>,
    Path(slug): Path<String>,
    Form(Ticked { buoc }): Form<Ticked>,
) -> Response {
    let ticked = async {
        admit(&ctx)?;
        let (records, lesson) = (&room.station.records, room.lesson(&slug)?);
        let steps = &lesson.about.steps;
        if !steps.iter().any(|step| step.name == buoc && matches!(step.seen, StepSeen::Ticked)) {
            return Err(error::not_found());
        }
        let mut progress = Progress::read(records, &ctx).await?;
        if let Some(begun) = progress.lessons.get_mut(&slug) {
            if begun.ticked.remove(&buoc).is_none() {
                begun.ticked.insert(buoc, records.store().clock().now_ms());
            }
            progress.keep(records, &ctx).await?;
        }
        Ok(to_lesson(&slug))
    };
    answered(&room.station, &id, ticked).await
}

/// Forgets that a lesson was begun. No record is touched.
async fn leave(Asking { room, ctx, id }: Asking<Room>, Path(slug): Path<String>) -> Response {
    let left = async {
        admit(&ctx)?;
        let records = &room.station.records;
        let mut progress = Progress::read(records, &ctx).await?;
        progress.lessons.remove(&slug);
        if progress.current == slug {
            progress.current.clear();
        }
        progress.keep(records, &ctx).await?;
        Ok(Redirect::to(PRACTICE).into_response())
    };
    answered(&room.station, &id, left).await
}
