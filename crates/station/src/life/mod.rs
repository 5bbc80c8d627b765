//! «Sinh và tử»: who was born and who died in a month, a birth written on the mother's record, a death with its chain of causes.
//!
//! `/sinh-tu` is the month of the caller's station, out of the registers of births and of deaths; `/sinh-tu/nguoi/{patient}` what is written of
//! one person; `/sinh-tu/sinh/{mother}` and `/sinh-tu/tu/{patient}` the forms `birth` and `death-cause` of content.

mod model;
mod page;

use crate::paper::{Deed, Paper, Sent, refused_if};
use crate::person::Person;
use crate::{Station, answered, own_facility};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use std::time::Duration;
use yba_care::{birth, death};
use yba_content::Day;
use yba_content::reports::Every;
use yba_fhir::json::{Value, str_at};
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};
use yba_mpi::counting::{self, FreeCode};
use yba_mpi::temporary::Reason;
use yba_records::Ctx;
use yba_report::Period;
use yba_report::listing::{self, Window};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, RequestId, error};

/// The list.
pub const LIFE: &str = "/sinh-tu";
/// A person's page; their id is added after `/`.
pub const PERSON: &str = "/sinh-tu/nguoi";
/// Births and deaths of one month on the page, of each.
const LISTED: usize = 200;
const UNSEEN: &str = "Bạn chưa được xem hồ sơ của người này. Hãy tiếp đón họ ở trạm của bạn trước.";
/// How long a page waits until a child just written can be opened.
const LINKING_STEPS: u32 = 60;
const LINKING_STEP: Duration = Duration::from_millis(50);

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(LIFE, get(listed))
        .route("/sinh-tu/nguoi/{patient}", get(person))
        .route("/sinh-tu/nguoi/{patient}/rut-sinh", post(take_back_birth))
        .route("/sinh-tu/nguoi/{patient}/rut-tu", post(take_back_death))
        .route("/sinh-tu/{act}/{patient}", get(open).post(write))
        .route("/sinh-tu/{act}/{patient}/nhap", post(draft))
        .route("/sinh-tu/{act}/{patient}/bo-nhap", post(drop_draft))
        .route("/sinh-tu/{act}/{patient}/goi-y/{*field}", post(offer))
}

/// What is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Birth,
    Death,
}

impl Act {
    /// By its part of the address. Refuses others with `not-found`.
    fn of(part: &str) -> Result<Act, Outcome> {
        match part {
            "sinh" => Ok(Act::Birth),
            "tu" => Ok(Act::Death),
            _ => Err(error::not_found()),
        }
    }

    fn part(self) -> &'static str {
        if self == Act::Birth { "sinh" } else { "tu" }
    }

    /// The form of content.
    fn form(self) -> &'static str {
        if self == Act::Birth { "birth" } else { "death-cause" }
    }

    fn title(self) -> &'static str {
        if self == Act::Birth { "Ghi sinh" } else { "Ghi tử vong" }
    }
}

/// The month that an address asks for, the present one without, and the station.
fn asked(station: &Station, query: Option<&str>) -> Result<(Period, Option<String>), Outcome> {
    let (mut period, mut place) = (Period::of(Every::Month, station.today()), None);
    for (name, value) in decode_pairs(query.unwrap_or_default()) {
        match name.as_str() {
            "ky" => period = Period::asked(&value, Every::Month)?,
            "noi" if is_id(&value) => place = Some(value),
            _ => {}
        }
    }
    Ok((period, own_facility().or(place)))
}

/// The rows of a register in a month, as far as the caller reaches them.
async fn rows(
    station: &Station,
    ctx: &Ctx,
    slug: &str,
    (period, place): (Period, Option<&str>),
) -> Result<(Vec<model::Line>, bool), Outcome> {
    let register = station.registers.register(slug, period.first());
    let register = register.ok_or_else(|| Outcome::fault(format!("no register {slug}")))?;
    let days = Some((period.first(), period.last()));
    let window = Window { count: LISTED, after: None };
    let found = listing::list(&station.records, ctx, register, place, days, &window).await?;
    Ok((found.rows.iter().map(|row| model::line(register, row)).collect(), found.next.is_some()))
}

async fn listed(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let (period, place) = asked(&station, query.as_deref())?;
        let of = (period, place.as_deref());
        let (births, more_births) = rows(&station, &ctx, "births", of).await?;
        let (deaths, more_deaths) = rows(&station, &ctx, "deaths", of).await?;
        let content = page::list(&page::Month {
            period,
            today: station.today(),
            place: own_facility().is_none().then_some(place.as_deref()).flatten(),
            births: &births,
            deaths: &deaths,
            more: more_births || more_deaths,
        });
        Ok(station.site.page(&Page::new("Sinh và tử", content).here(LIFE)))
    };
    answered(&station, &id, drawn).await
}

/// What every handler of one person needs.
struct Desk<'h> {
    station: &'h Station,
    ctx: &'h Ctx,
    id: &'h RequestId,
}

/// A person with what is written of them.
struct Open {
    person: Person,
    births: Vec<Value>,
    death: Vec<Value>,
}

impl Desk<'_> {
    async fn open(&self, patient: &str) -> Result<Open, Outcome> {
        let Desk { station, ctx, .. } = self;
        let person = Person::open(station, ctx, patient, "Observation", UNSEEN).await?;
        let births = birth::of(&station.records, ctx, patient).await?;
        let death = death::of(&station.records, ctx, patient).await?;
        Ok(Open { person, births, death })
    }

    fn paper<'p>(&'p self, act: Act, patient: &'p str) -> Result<Paper<'p>, Outcome> {
        let Desk { station, ctx, .. } = self;
        let edition = station.forms.edition(act.form(), station.today());
        let edition = edition.ok_or_else(|| Outcome::fault(format!("no form {}", act.form())))?;
        let action = format!("{LIFE}/{}/{patient}", act.part());
        Ok(Paper {
            station,
            ctx,
            edition,
            patient,
            about: act.form(),
            action,
            verb: act.title(),
            reminds: false,
            with: Vec::new(),
        })
    }

    /// The page of a form.
    fn drawn(&self, act: Act, person: &Person, form: Markup, wrong: Option<&Outcome>) -> Response {
        let note = wrong.map(|outcome| error::note(outcome, self.id));
        let content = page::form(act.title(), person, &self.station.today().to_string(), form, note);
        let mut response = self.station.site.page(&Page::new(act.title(), content).here(LIFE));
        if let Some(outcome) = wrong {
            *response.status_mut() = error::status(outcome.kind);
        }
        response
    }

    /// The page of a person, with what is written of them.
    async fn shown(&self, open: &Open, done: Option<&str>, wrong: Option<&Outcome>) -> Response {
        let children = open.births.iter().filter_map(birth::child);
        let children = crate::roll::people(self.station, self.ctx, children).await.unwrap_or_default();
        let births: Vec<model::Birth> =
            open.births.iter().filter_map(|line| model::birth(line, &children)).collect();
        let content = page::person(&page::Shown {
            person: &open.person,
            today: self.station.today(),
            births: &births,
            death: model::death(&open.death),
            done,
            note: wrong.map(|outcome| error::note(outcome, self.id)),
        });
        let mut response = self.station.site.page(&Page::new("Sinh và tử", content).here(LIFE));
        if let Some(outcome) = wrong {
            *response.status_mut() = error::status(outcome.kind);
        }
        response
    }

    /// The station whose register a birth stands in: the caller's own, otherwise the one that keeps the mother's file.
    fn facility(&self, mother: &Value) -> Option<String> {
        let kept = || {
            let kept = str_at(mother, &["managingOrganization", "reference"])?;
            kept.strip_prefix("Organization/").map(str::to_owned)
        };
        own_facility().or_else(kept)
    }

    /// A code for a child without papers; none where the facility has no MA_CSKCB.
    async fn code(&self, facility: Option<&str>) -> Result<Option<FreeCode>, Outcome> {
        let Some(code) = facility.and_then(|one| one.strip_prefix("cskcb-")) else { return Ok(None) };
        let (records, today) = (&self.station.records, self.station.today());
        match counting::free_code(records, self.ctx, Reason::Newborn, code, today).await {
            Ok(free) => Ok(Some(free)),
            // A facility of another kind of code: its newborns have no temporary one.
            Err(outcome) if outcome.kind == Kind::Unprocessable => Ok(None),
            Err(outcome) => Err(outcome),
        }
    }

    /// Writes a form down.
    async fn write(&self, act: Act, open: &Open, fields: &[(String, String)]) -> Result<Sent, Outcome> {
        let (tree, patient) = (&open.person.tree, open.person.id.as_str());
        let paper = self.paper(act, patient)?;
        if act == Act::Death {
            let expected = death::expected(&self.station.records, self.ctx, patient).await?;
            let deed = Deed::Death { expected: &expected, standing: &open.death };
            return paper.done(tree, fields, &deed).await;
        }
        let facility = self.facility(tree);
        // Held until the child is written, so that nobody else is given the same code.
        let free = self.code(facility.as_deref()).await?;
        let code = free.as_ref().map(|free| free.code.to_string());
        let deed = Deed::Birth { earlier: &open.births, facility: facility.as_deref(), code };
        paper.done(tree, fields, &deed).await
    }

    /// Waits a moment until the follower of the log knows a child: their page is drawn from its tables.
    async fn linked(&self) -> Result<(), Outcome> {
        for _ in 0..LINKING_STEPS {
            if yba_mpi::follower::lag(&self.station.records).await? <= 0 {
                break;
            }
            tokio::time::sleep(LINKING_STEP).await;
        }
        Ok(())
    }
}

fn back(patient: &str, done: &str) -> Response {
    Redirect::to(&format!("{PERSON}/{patient}?xong={done}")).into_response()
}

async fn person(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let open = desk.open(&patient).await?;
        let pairs = decode_pairs(query.as_deref().unwrap_or_default());
        let done = pairs.iter().find(|(name, _)| name == "xong").map(|(_, value)| value.as_str());
        let done = match done {
            Some("sinh") => Some("Đã ghi sinh."),
            Some("tu") => Some("Đã ghi tử vong."),
            Some("rut-sinh") => Some("Đã rút lần sinh ghi nhầm."),
            Some("rut-tu") => Some("Đã rút lần ghi tử vong."),
            _ => None,
        };
        Ok(desk.shown(&open, done, None).await)
    };
    answered(&station, &id, drawn).await
}

async fn open(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((act, patient)): Path<(String, String)>,
) -> Response {
    let drawn = async {
        let act = Act::of(&act)?;
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let person = Person::open(&station, &ctx, &patient, "Observation", UNSEEN).await?;
        if act == Act::Death && !death::of(&station.records, &ctx, &patient).await?.is_empty() {
            return Ok(Redirect::to(&format!("{PERSON}/{patient}")).into_response());
        }
        let form = desk.paper(act, &patient)?.opened(&person.tree).await?;
        Ok(desk.drawn(act, &person, form, None))
    };
    answered(&station, &id, drawn).await
}

async fn write(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((act, patient)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let act = Act::of(&act)?;
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let open = desk.open(&patient).await?;
        Ok(match desk.write(act, &open, &fields).await? {
            Sent::Written => {
                desk.linked().await?;
                back(&patient, act.part())
            }
            Sent::Again { sheet, is_refused } => {
                refused_if(is_refused, desk.drawn(act, &open.person, sheet, None))
            }
            Sent::Refused { sheet, why } => desk.drawn(act, &open.person, sheet, Some(&why)),
        })
    };
    answered(&station, &id, written).await
}

/// Keeps what is being typed, and answers what it moves on the page.
async fn draft(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((act, patient)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let kept = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let person = Person::open(&station, &ctx, &patient, "Observation", UNSEEN).await?;
        let paper = desk.paper(Act::of(&act)?, &patient)?;
        Ok(station.site.fragment(&paper.keep(&person.tree, &fields).await?))
    };
    kept.await.unwrap_or_else(|outcome: Outcome| error::fragment(&station.site, &outcome, &id))
}

/// Begins the form anew.
async fn drop_draft(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((act, patient)): Path<(String, String)>,
) -> Response {
    let dropped = async {
        let act = Act::of(&act)?;
        Desk { station: &station, ctx: &ctx, id: &id }.paper(act, &patient)?.forget().await?;
        Ok(Redirect::to(&format!("{LIFE}/{}/{patient}", act.part())).into_response())
    };
    answered(&station, &id, dropped).await
}

/// What fits into a field while somebody types.
async fn offer(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((act, patient, field)): Path<(String, String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let offered = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        Ok(station.site.fragment(&desk.paper(Act::of(&act)?, &patient)?.offered(&field, &fields)))
    };
    answered(&station, &id, offered).await
}

#[derive(serde::Deserialize)]
struct Taken {
    /// Id of what is taken back.
    #[serde(default)]
    ghi: String,
}

async fn take_back_birth(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(taken): Form<Taken>,
) -> Response {
    let done = async {
        let desk = Desk { station: &station, ctx: &ctx, id: &id };
        let open = desk.open(&patient).await?;
        match birth::take_back(&station.records, &ctx, &patient, &taken.ghi).await {
            Ok(()) => Ok(back(&patient, "rut-sinh")),
            Err(why) if why.kind == Kind::Conflict => Ok(desk.shown(&open, None, Some(&why)).await),
            Err(why) => Err(why),
        }
    };
    answered(&station, &id, done).await
}

async fn take_back_death(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(taken): Form<Taken>,
) -> Response {
    let done = async {
        let person = Person::open(&station, &ctx, &patient, "Observation", UNSEEN).await?;
        death::take_back(&station.records, &ctx, &person.id, &taken.ghi).await?;
        Ok(back(&patient, "rut-tu"))
    };
    answered(&station, &id, done).await
}

/// The months before and after, where the latter has begun.
fn around(period: Period, today: Day) -> (Period, Option<Period>) {
    let before = Period::of(Every::Month, period.first().plus_days(-1));
    let after = Period::of(Every::Month, period.last().plus_days(1));
    (before, (after.first() <= today).then_some(after))
}
