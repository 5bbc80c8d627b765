//! «Tiêm chủng»: whom to call, what a child is given today, what was given.
//!
//! `/tiem-chung` lists the children of the caller's station for whom a dose is due, village by village. `/tiem-chung/{patient}` is one
//! child: the doses that are due stand chosen, with the vial that was used last; one button writes them. Addresses hold ids and
//! villages, no names.

pub(crate) mod model;
mod page;
mod screen;

use crate::person::Person;
use crate::reminders;
use crate::roll::{self, PAGE, Roll};
use crate::{Station, answered, names, own_facility};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use model::Places;
use screen::Quick;
use std::collections::{BTreeMap, BTreeSet};
use yba_care::advise::{self, Act, Reasons, Told};
use yba_care::immunise::{self, Draft, Known};
use yba_care::reaction::{self, Reaction, StoppedLot};
use yba_care::screening::{self, Screened};
use yba_care::session::{self, Session};
use yba_care::{Finding, Severity};
use yba_content::{Content, Day};
use yba_fhir::json::{Value, str_at};
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome, Resource};
use yba_recall::list::{self, Called, List};
use yba_recall::{CHILDREN, follower};
use yba_records::{Action, Change, Ctx, Query, Version};
use yba_rules::{Case, Moment, Verdict};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, RequestId, error};

/// The list.
pub const VACCINATE: &str = "/tiem-chung";
/// Doses given last at this station that are looked at for what is in the fridge.
const FRIDGE: usize = 100;
/// Doses of one child of which it is asked why they were given.
const TOLD: usize = 50;
/// A vial that was not used for so many days is not offered again.
const FRIDGE_DAYS: i64 = 45;

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(VACCINATE, get(listed))
        .route("/tiem-chung/{patient}", get(child).post(give))
        .route("/tiem-chung/{patient}/sang-loc", get(screen::open).post(screen::conclude))
        .route("/tiem-chung/{patient}/sang-loc/rut", post(screen::take_back))
        .route("/tiem-chung/{patient}/hoan", post(put_off))
        .route("/tiem-chung/{patient}/rut", post(take_back))
}

/// What an address says beside the path; what is not understood is left out.
struct Asked {
    until: Day,
    village: Option<String>,
    first: usize,
    /// Whose list, for who sees several: `Organization/…`.
    place: Option<String>,
    /// Id of the day of vaccination to which the page belongs.
    session: Option<String>,
    /// What was just done.
    done: Option<&'static str>,
}

fn asked(query: Option<&str>, today: Day) -> Asked {
    let mut asked = Asked { until: today, village: None, first: 0, place: None, session: None, done: None };
    for (name, value) in decode_pairs(query.unwrap_or_default()) {
        match name.as_str() {
            "den" => asked.until = typed_day(&value).unwrap_or(today),
            "thon" => asked.village = Some(value),
            "noi" if is_id(&value) => asked.place = Some(format!("Organization/{value}")),
            "buoi" if is_id(&value) => asked.session = Some(value),
            "tu" => asked.first = value.parse().unwrap_or(0),
            "xong" => asked.done = done_words(&value),
            _ => {}
        }
    }
    asked
}

fn done_words(code: &str) -> Option<&'static str> {
    match code {
        "tiem" => Some("Đã ghi mũi tiêm."),
        "hoan" => Some("Đã ghi tạm hoãn."),
        "sang-loc" => Some("Đã ghi sàng lọc: đủ điều kiện tiêm."),
        "khong-tiem" => Some("Đã ghi sàng lọc: hôm nay không tiêm."),
        "rut" => Some("Đã rút mũi ghi nhầm."),
        "rut-sang-loc" => Some("Đã rút lần sàng lọc ghi nhầm."),
        _ => None,
    }
}

/// `22/11/2026` as people write it, or `2026-11-22`.
pub(crate) fn typed_day(text: &str) -> Option<Day> {
    let text = text.trim();
    if let Some(day) = Day::parse(text) {
        return Some(day);
    }
    let parts: Vec<&str> = text.split(['/', '-', '.', ' ']).filter(|part| !part.is_empty()).collect();
    let [day, month, year] = parts.as_slice() else { return None };
    Day::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

async fn listed(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    answered(&station, &id, drawn_list(&station, &ctx, query.as_deref())).await
}

async fn drawn_list(station: &Station, ctx: &Ctx, query: Option<&str>) -> Result<Response, Outcome> {
    let today = station.today();
    let asked = asked(query, today);
    let Some(schedule) = station.content.schedule(CHILDREN, today) else {
        return Err(Outcome::new(Kind::NotFound, "schedule", "Chưa có lịch tiêm chủng nào.", "no schedule"));
    };
    let own = list::own_places(&station.records, ctx, List::Vaccines);
    let place = asked.place.clone().map(|place| BTreeSet::from([place]));
    if own.is_none() && place.is_none() {
        return choose(station, ctx, today).await;
    }
    // Asked before the list: what the tables learn meanwhile is not on it.
    let is_behind = follower::lag(&station.records).await? > 0;
    let called = list::called(&station.records, ctx, List::Vaccines, place.as_ref(), asked.until).await?;
    let villages = roll::villages(called.iter(), today);
    let of_village = |one: &&Called| asked.village.as_ref().is_none_or(|village| *village == one.village);
    let mut shown: Vec<&Called> = called.iter().filter(of_village).collect();
    shown.sort_by_key(|one| !one.is_late(today));
    let first = if asked.first < shown.len() { asked.first } else { 0 };
    let part: Vec<&Called> = shown.iter().copied().skip(first).take(PAGE).collect();
    let people = roll::people(station, ctx, part.iter().map(|one| one.patient.as_str())).await?;
    let lines: Vec<_> =
        part.iter().map(|one| model::line(one, people.get(&one.patient), schedule, today)).collect();
    let place = asked.place.as_deref().and_then(|place| place.strip_prefix("Organization/"));
    let mut base = format!("{VACCINATE}?den={}", asked.until);
    if let Some(place) = place {
        base += &format!("&noi={place}");
    }
    let content = page::list(&page::Listed {
        lines: &lines,
        roll: Roll {
            base,
            villages: &villages,
            village: asked.village.as_deref(),
            count: shown.len(),
            first,
        },
        place,
        until: &asked.until.to_string(),
        is_today: asked.until == today,
        late: shown.iter().filter(|one| one.is_late(today)).count(),
        is_behind,
    });
    Ok(station.site.page(&Page::new("Tiêm chủng", content).here(VACCINATE)))
}

/// For who sees the whole province: of which station.
async fn choose(station: &Station, ctx: &Ctx, today: Day) -> Result<Response, Outcome> {
    let found = list::facilities(&station.records, ctx, List::Vaccines, today).await?;
    let lines = roll::stations(station, ctx, &found).await;
    Ok(station.site.page(&Page::new("Tiêm chủng", page::choose(&lines)).here(VACCINATE)))
}

async fn child(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let today = station.today();
    let drawn = async {
        let asked = asked(query.as_deref(), today);
        let open = counter.open(&patient, asked.session.as_deref()).await?;
        let draft = open.fresh(today, station.records.fresh_id());
        let reminded = counter.reminded(&open, &open.offered(&draft, today), &[]).await?;
        Ok(counter.drawn(&open, &draft, &[], &reminded, asked.done, None))
    };
    answered(&station, &id, drawn).await
}

/// Where the handlers of one child's page work.
struct Counter<'s> {
    station: &'s Station,
    ctx: &'s Ctx,
    id: &'s RequestId,
}

/// A child with all that the page needs.
struct Open<'c> {
    person: Person,
    known: Known<'c>,
    immunizations: Vec<Value>,
    fridge: BTreeMap<String, (String, String)>,
    places: Places,
    /// Why doses were given although a rule stopped them.
    told: Vec<Told>,
    /// The day of vaccination to which the page belongs.
    session: Option<Session>,
    /// What was concluded before vaccines today.
    screened: Option<Screened>,
    /// Lots that some station stopped.
    stopped: Vec<StoppedLot>,
    /// Reactions that were written down for this child.
    reactions: Vec<Reaction>,
    /// What was sent of a screening.
    typed: Typed,
}

/// A screening in one tick, as it was sent.
#[derive(Default)]
struct Typed {
    is_ticked: bool,
    temperature: String,
    weight: String,
}

impl Typed {
    fn of(pairs: &[(String, String)]) -> Typed {
        let value = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let [temperature, weight] = screen::MEASURES.map(value);
        Typed { is_ticked: !value(screen::NOTHING).is_empty(), temperature, weight }
    }
}

/// What the rules say of a form.
#[derive(Default)]
struct Reminded {
    verdict: Verdict,
    reasons: Reasons,
    /// Whether the form was sent.
    asks: bool,
}

impl Open<'_> {
    /// What can be given today; on a day of vaccination only what that day gives stands chosen.
    fn offers(&self, today: Day) -> Vec<model::Offer> {
        let mut offers = model::offers(&self.known, &self.fridge, today);
        if let Some(session) = &self.session {
            offers.iter_mut().for_each(|one| one.is_chosen = session.vaccines.contains(&one.vaccine));
        }
        offers
    }

    /// What stands chosen on a form that nobody has touched.
    fn offered(&self, fresh: &Draft, today: Day) -> Draft {
        let doses = self.offers(today).into_iter();
        let doses = doses.filter(|one| one.is_chosen).map(|one| immunise::Drawn {
            series: one.series,
            vaccine: one.vaccine,
            lot: one.lot,
            expiry: one.expiry,
        });
        Draft { doses: doses.collect(), ..fresh.clone() }
    }

    /// A form that nobody has sent yet.
    fn fresh(&self, today: Day, form: String) -> Draft {
        let session = self.session.as_ref().map(|one| one.id.clone());
        Draft { patient: self.person.id.clone(), day: today.to_string(), form, session, ..Draft::default() }
    }
}

impl<'s> Counter<'s> {
    async fn open(&self, patient: &str, session: Option<&str>) -> Result<Open<'s>, Outcome> {
        let (records, content): (_, &'s Content) = (&self.station.records, &self.station.content);
        let person = Person::open(self.station, self.ctx, patient, "Immunization", UNSEEN).await?;
        let immunizations = immunise::immunizations(records, self.ctx, patient).await?;
        let today = self.station.today();
        let known = Known::of(content, &person.tree, &immunizations, today)?;
        let session = self.session(session).await?;
        let (mut fridge, places) = (self.fridge(content).await?, self.places(&immunizations).await);
        let stopped = match self.ctx.may(Action::Search, "Task") {
            true => reaction::stopped(records, self.ctx, own_facility().as_deref()).await?,
            false => Vec::new(),
        };
        for lot in session.iter().flat_map(|one| &one.lots) {
            fridge.insert(lot.vaccine.clone(), (lot.lot.clone(), lot.expiry.clone()));
        }
        // What must not be given is not offered.
        let own = own_facility();
        let is_stopped = |cvx: &String, lot: &str| {
            let of = |one: &StoppedLot| one.is_of(cvx, lot) && own.as_ref().is_none_or(|own| *own == one.by);
            stopped.iter().any(of)
        };
        fridge.retain(|cvx, (lot, _)| !is_stopped(cvx, lot));
        let ids = immunizations.iter().filter_map(|one| str_at(one, &["id"]));
        let about: Vec<String> = ids.take(TOLD).map(|id| format!("Immunization/{id}")).collect();
        let told = advise::told(records, self.ctx, &about).await?;
        let screened = match self.ctx.may(Action::Search, "Observation") {
            true => screening::of_day(records, self.ctx, patient, today).await?,
            false => None,
        };
        let reactions = match (self.ctx.may(Action::Search, "AdverseEvent"), content.vaccination_day(today)) {
            (true, Some(day)) => reaction::all(records, self.ctx, day, Some(patient)).await?,
            _ => Vec::new(),
        };
        Ok(Open {
            person,
            known,
            immunizations,
            fridge,
            places,
            told,
            session,
            screened,
            stopped,
            reactions,
            typed: Typed::default(),
        })
    }

    /// The day of vaccination that an address names; of none, that of today at the caller's station when there is just one.
    async fn session(&self, named: Option<&str>) -> Result<Option<Session>, Outcome> {
        let (records, today) = (&self.station.records, self.station.today());
        if !self.ctx.may(Action::Search, "Task") {
            return Ok(None);
        }
        if let Some(id) = named {
            return match session::one(records, self.ctx, id).await {
                Ok(one) => Ok(Some(one).filter(|one| own_facility().is_none_or(|own| own == one.owner))),
                Err(outcome) if matches!(outcome.kind, Kind::NotFound | Kind::Gone | Kind::Forbidden) => {
                    Ok(None)
                }
                Err(outcome) => Err(outcome),
            };
        }
        let own = own_facility();
        let mut all = session::all(records, self.ctx, own.as_deref(), today, today).await?;
        all.retain(Session::is_open);
        Ok(if all.len() == 1 { all.pop() } else { None })
    }

    /// What the rules say of the doses of a form, and the reasons that came with it.
    async fn reminded(
        &self,
        open: &Open<'_>,
        draft: &Draft,
        fields: &[(String, String)],
    ) -> Result<Reminded, Outcome> {
        let now_ms = self.station.records.store().clock().now_ms();
        let entered = immunise::drafted(&open.known, draft, &[], now_ms);
        let patient = &open.person.tree;
        let case = Case { moment: Moment::Vaccination, now_ms, patient, entered: &entered, beside: &[] };
        let verdict = advise::advise(&self.station.records, self.ctx, &self.station.rules, &case).await?;
        Ok(Reminded { verdict, reasons: reminders::reasons(fields), asks: false })
    }

    /// The records of a draft that nothing stops any more, with the reasons for what a rule stopped.
    fn plan(
        &self,
        open: &Open<'_>,
        draft: &Draft,
        found: &[Finding],
        reminded: &Reminded,
    ) -> Result<Vec<Change>, Outcome> {
        let now_ms = self.station.records.store().clock().now_ms();
        let trees = immunise::drafted(&open.known, draft, found, now_ms);
        let ids: Vec<&str> = trees.iter().filter_map(|tree| str_at(tree, &["id"])).collect();
        let about: Vec<String> = ids.iter().map(|id| format!("Immunization/{id}")).collect();
        let by = yba_web::visit::name();
        let mut changes = immunise::plan(&open.known, draft, found, now_ms)?;
        if let Some(id) = ids.first() {
            let patient = open.person.id.as_str();
            let act = Act { patient, about: &about, id, by: by.as_deref(), now_ms };
            changes.extend(advise::kept(&reminded.verdict, &reminded.reasons, &act)?);
        }
        Ok(changes)
    }

    /// Names of those who gave doses.
    async fn places(&self, immunizations: &[Value]) -> Places {
        let givers = immunizations.iter().map(model::giver).filter(|giver| !giver.is_empty());
        let names = names(self.station, self.ctx, givers).await;
        Places { names, own: own_facility() }
    }

    /// For how long children stay under watch.
    fn watch_ms(&self) -> i64 {
        let day = self.station.content.vaccination_day(self.station.today());
        day.map_or(0, |day| i64::from(day.watch_minutes) * 60_000)
    }

    /// What was drawn last at this station of each vaccine: those vials stand open in the fridge.
    async fn fridge(&self, content: &Content) -> Result<BTreeMap<String, (String, String)>, Outcome> {
        let Some(facility) = own_facility() else { return Ok(BTreeMap::new()) };
        let since = self.station.today().plus_days(-FRIDGE_DAYS);
        let query = format!(
            "performer=Organization/{facility}&status=completed&date=ge{since}&_sort=-date&_count={FRIDGE}"
        );
        let query = Query::parse_string("Immunization", &query)?;
        let found = self.station.records.search(self.ctx, &query, None).await?;
        let last: Vec<Value> = found.matches.iter().map(Version::tree).collect();
        let Some(schedule) = content.schedule(CHILDREN, self.station.today()) else {
            return Ok(BTreeMap::new());
        };
        let vial = |cvx: &str| immunise::last_vial(&last, cvx);
        Ok(schedule.vaccines.iter().filter_map(|one| Some((one.cvx.clone(), vial(&one.cvx)?))).collect())
    }

    fn drawn(
        &self,
        open: &Open<'_>,
        draft: &Draft,
        found: &[Finding],
        reminded: &Reminded,
        done: Option<&str>,
        wrong: Option<&Outcome>,
    ) -> Response {
        let today = self.station.today();
        let now_ms = self.station.records.store().clock().now_ms();
        let mut offers = open.offers(today);
        if !found.is_empty() || (wrong.is_some() || reminded.asks) && !draft.doses.is_empty() {
            offers = model::as_typed(offers, draft);
        }
        let content = page::child(&page::Shown {
            person: &open.person,
            today: &today.to_string(),
            series: &model::series(&open.known, today),
            offers: &offers,
            written: &model::written(&open.immunizations, &open.places, self.watch_ms(), now_ms),
            draft,
            found,
            reminded,
            told: &open.told,
            done,
            note: wrong.map(|outcome| error::note(outcome, self.id)),
            session: open.session.as_ref(),
            screened: open.screened.as_ref(),
            stopped: &open.stopped,
            reactions: &open.reactions,
            day: self.station.content.vaccination_day(today),
            typed: &open.typed,
        });
        let mut response = self.station.site.page(&Page::new("Tiêm chủng", content).here(VACCINATE));
        if let Some(outcome) = wrong {
            *response.status_mut() = error::status(outcome.kind);
        } else if !found.is_empty() || reminded.asks {
            *response.status_mut() = error::status(Kind::Unprocessable);
        }
        response
    }
}

/// Of whom nothing else is seen, a schedule would say that all is missing.
const UNSEEN: &str = "Bạn chưa được xem các mũi đã tiêm của trẻ này nên không tính được lịch. Hãy tiếp đón trẻ ở trạm của bạn trước.";

/// The doses of a form, with its days as the records have them.
fn sent(pairs: &[(String, String)], patient: &str) -> Draft {
    let mut draft = model::draft(pairs, patient);
    let iso = |text: &str| typed_day(text).map_or_else(|| text.to_owned(), |day| day.to_string());
    draft.day = iso(&draft.day);
    draft.doses.iter_mut().for_each(|dose| dose.expiry = iso(&dose.expiry));
    draft.facility = own_facility();
    draft
}

async fn give(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let given = async {
        let session = named_session(&pairs);
        let mut open = counter.open(&patient, session.as_deref()).await?;
        open.typed = Typed::of(&pairs);
        let (mut draft, today) = (sent(&pairs, &patient), station.today());
        let to = |done: &str| back_to(&patient, session.as_deref(), done);
        if immunise::is_written(&draft, &open.immunizations) {
            return Ok(to("tiem"));
        }
        let mut found = immunise::check(&open.known, &draft, today);
        found.extend(reaction::check_lots(&open.stopped, &draft.doses, draft.facility.as_deref()));
        if open.session.as_ref().is_some_and(|one| !one.is_open()) {
            let text = "Buổi tiêm này đã kết thúc. Hãy mở lại buổi, hoặc ghi mũi tiêm ngoài buổi.";
            found.push(Finding { severity: Severity::Stop, field: "doses".into(), text: text.into() });
        }
        draft.session = session.clone().filter(|_| open.session.is_some());
        let mut beside = Vec::new();
        // A dose of an earlier day is written down, not given.
        if draft.day == today.to_string() {
            match screen::quick(
                &station,
                &open.person.tree,
                &patient,
                &draft.form,
                open.screened.as_ref(),
                &pairs,
            )? {
                Quick::Known(screened) => draft.screening = Some(screened.id),
                Quick::Now(screened, trees) => {
                    draft.screening = Some(screened.id);
                    beside = trees;
                }
                Quick::Not(finding) => found.push(finding),
            }
        }
        let mut reminded = counter.reminded(&open, &draft, &pairs).await?;
        let unanswered = !advise::unanswered(&reminded.verdict, &reminded.reasons).is_empty();
        if immunise::blocking(&found, &draft) || unanswered {
            reminded.asks = true;
            return Ok(counter.drawn(&open, &draft, &found, &reminded, None, None));
        }
        let mut changes = counter.plan(&open, &draft, &found, &reminded)?;
        for tree in beside {
            changes.push(Change::create(Resource::from_value(tree)?));
        }
        match station.records.transact(&ctx, changes).await {
            Ok(_) => Ok(to("tiem")),
            Err(outcome) => match immunise::immunizations(&station.records, &ctx, &patient).await {
                // The same form, sent twice at once.
                Ok(now) if immunise::is_written(&draft, &now) => Ok(to("tiem")),
                _ => {
                    // What it is in conflict with was taken back, or is another part of it: sent again, it is another form.
                    let draft = Draft { form: station.records.fresh_id(), ..draft };
                    Ok(counter.drawn(&open, &draft, &found, &reminded, None, Some(&outcome)))
                }
            },
        }
    };
    answered(&station, &id, given).await
}

/// The day of vaccination that a posted form names.
fn named_session(pairs: &[(String, String)]) -> Option<String> {
    let named = pairs.iter().find(|(name, _)| name == "buoi").map(|(_, value)| value.trim());
    named.filter(|id| is_id(id)).map(str::to_owned)
}

/// To the list of the day of vaccination, where the next child stands, or to the child's page; it says what was done.
fn back_to(patient: &str, session: Option<&str>, done: &str) -> Response {
    match session {
        Some(session) => {
            let to = format!("{}/{session}?xong={done}&tre={patient}", crate::sessions::SESSIONS);
            Redirect::to(&to).into_response()
        }
        None => back(patient, done),
    }
}

/// To the child's page, which says what was done.
fn back(patient: &str, done: &str) -> Response {
    Redirect::to(&format!("{VACCINATE}/{patient}?xong={done}")).into_response()
}

async fn put_off(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let put_off = async {
        let session = named_session(&pairs);
        let open = counter.open(&patient, session.as_deref()).await?;
        let mut draft = sent(&pairs, &patient);
        draft.session = session.clone().filter(|_| open.session.is_some());
        let reason = pairs.iter().find(|(name, _)| name == "hoan-ly-do");
        draft.reason = reason.map(|(_, value)| value.trim().to_owned()).unwrap_or_default();
        match immunise::put_off(&station.records, &ctx, open.known.schedule, &draft).await {
            Ok(()) => Ok(back_to(&patient, session.as_deref(), "hoan")),
            Err(outcome) => {
                // The other form stands as nobody has touched it.
                draft.doses.clear();
                let reminded = counter.reminded(&open, &open.offered(&draft, station.today()), &[]).await?;
                Ok(counter.drawn(&open, &draft, &[], &reminded, None, Some(&outcome)))
            }
        }
    };
    answered(&station, &id, put_off).await
}

#[derive(serde::Deserialize)]
struct Taken {
    #[serde(default)]
    mui: String,
}

async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(taken): Form<Taken>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let taken = async {
        let open = counter.open(&patient, None).await?;
        // Of this child, not of whoever a form may name.
        let named = open.immunizations.iter().find(|one| str_at(one, &["id"]) == Some(&taken.mui));
        let dose = named.ok_or_else(error::not_found)?;
        if !open.places.is_own(dose) {
            let text = "Mũi này do cơ sở khác ghi; chỉ cơ sở đó rút được.";
            return Err(Outcome::new(Kind::Forbidden, "dose-owner", text, "another facility's dose"));
        }
        immunise::take_back(&station.records, &ctx, &open.immunizations, &taken.mui).await?;
        Ok(back(&patient, "rut"))
    };
    answered(&station, &id, taken).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        for (text, day) in [
            ("22/11/2026", "2026-11-22"),
            (" 2-1-2027 ", "2027-01-02"),
            ("05.09.2026", "2026-09-05"),
            ("2026-11-22", "2026-11-22"),
        ] {
            assert_eq!(typed_day(text).map(|day| day.to_string()).as_deref(), Some(day), "{text}");
        }
        for wrong in ["", "11/2026", "31/2/2026", "32/1/2026", "mai", "1/1/99999"] {
            assert_eq!(typed_day(wrong), None, "{wrong}");
        }
    }
}
