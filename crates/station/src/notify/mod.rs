//! «Dịch bệnh»: which cases of infectious disease must be notified by when, the notification of one, and outbreaks.
//!
//! `/dich-benh` lists the cases within reach: they are made of diagnoses as they stand in the record, nobody keeps the list.
//! `/dich-benh/{condition}` is one case; what the record knows stands there already, one button writes the notification.
//! `/dich-benh/o-dich/{group}` is an outbreak. Addresses hold ids and codes of diseases, no names.

pub(crate) mod model;
mod page;

use crate::person::known_allergy;
use crate::roll;
use crate::{Station, answered, names, own_facility};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use model::{Near, Part};
use std::collections::BTreeMap;
use yba_care::immunise;
use yba_care::notify::case::Case;
use yba_care::notify::{self, Doses, Draft};
use yba_care::outbreak::{self, Outbreak};
use yba_care::{Finding, Severity};
use yba_content::Content;
use yba_fhir::json::{Value, str_at};
use yba_fhir::view::{Patient, reference_target};
use yba_fhir::{Day, Kind, Outcome};
use yba_records::{Action, Ctx};
use yba_store::search::query::decode_pairs;
use yba_ui::banner::Allergy;
use yba_web::{Asking, Page, RequestId, error};

/// The list.
pub const NOTIFY: &str = "/dich-benh";
/// Cases of one page of the list.
const PAGE: usize = 50;

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(NOTIFY, get(listed))
        .route("/dich-benh/o-dich", post(write_outbreak))
        .route("/dich-benh/o-dich/{group}", get(outbreak_page))
        .route("/dich-benh/o-dich/{group}/ket-thuc", post(end_outbreak))
        .route("/dich-benh/{condition}", get(case_page).post(write))
        .route("/dich-benh/{condition}/in", get(sheet))
        .route("/dich-benh/{condition}/bao-len", post(send))
        .route("/dich-benh/{condition}/rut", post(take_back))
}

/// What an address says beside the path; what is not understood is left out.
#[derive(Default)]
struct Asked {
    part: Part,
    first: usize,
    /// What was just done.
    done: Option<&'static str>,
}

fn asked(query: Option<&str>) -> Asked {
    let mut asked = Asked::default();
    for (name, value) in decode_pairs(query.unwrap_or_default()) {
        match name.as_str() {
            "loc" => asked.part = Part::of(&value),
            "tu" => asked.first = value.parse().unwrap_or(0),
            "xong" => asked.done = done_words(&value),
            _ => {}
        }
    }
    asked
}

fn done_words(code: &str) -> Option<&'static str> {
    match code {
        "ghi" => Some("Đã ghi thông báo ca bệnh."),
        "bao-len" => Some("Đã ghi là đã báo lên."),
        "rut" => Some("Đã rút thông báo ghi nhầm."),
        "o-dich" => Some("Đã ghi ổ dịch."),
        "ket-thuc" => Some("Đã ghi kết thúc ổ dịch."),
        _ => None,
    }
}

/// All cases that the caller may see, with whom they are of.
struct Board<'c> {
    cases: Vec<Case<'c>>,
    is_cut: bool,
    people: BTreeMap<String, Value>,
    outbreaks: Vec<Outbreak>,
}

impl<'c> Board<'c> {
    async fn of(station: &'c Station, ctx: &Ctx) -> Result<Board<'c>, Outcome> {
        let content: &'c Content = &station.content;
        let found = notify::listed(&station.records, ctx, content).await?;
        let of: std::collections::BTreeSet<&str> =
            found.cases.iter().map(|case| case.patient.as_str()).collect();
        let people = roll::people(station, ctx, of.into_iter()).await?;
        // Who notifies single cases need not see outbreaks.
        let outbreaks = match ctx.may(Action::Search, "Group") {
            true => outbreak::all(&station.records, ctx).await?,
            false => Vec::new(),
        };
        Ok(Board { cases: found.cases, is_cut: found.is_cut, people, outbreaks })
    }

    fn clusters(&self, content: &Content) -> Vec<outbreak::Cluster<'_, 'c>> {
        let own = own_facility();
        let place = |case: &Case<'c>| match self.people.get(&case.patient) {
            Some(tree) => model::place(tree, content, own.as_deref()),
            None => outbreak::Place::default(),
        };
        outbreak::clusters(&self.cases, place, &self.outbreaks)
    }
}

async fn listed(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let (board, asked) = (Board::of(&station, &ctx).await?, asked(query.as_deref()));
        let now_ms = station.records.store().clock().now_ms();
        let counts = Part::ALL.map(|part| board.cases.iter().filter(|case| part.has(case)).count());
        let shown: Vec<&Case<'_>> = board.cases.iter().filter(|case| asked.part.has(case)).collect();
        let first = if asked.first < shown.len() { asked.first } else { 0 };
        let part = shown.iter().skip(first).take(PAGE);
        let lines: Vec<_> = part
            .map(|case| model::line(case, board.people.get(&case.patient), &station.content, now_ms))
            .collect();
        let clusters = board.clusters(&station.content);
        let may_write = ctx.may(Action::Create, "Group");
        let hints: Vec<_> = clusters.iter().map(|one| model::hint(one, may_write)).collect();
        let content = page::list(&page::Listed {
            edition: station.content.notifiable(station.today()),
            lines: &lines,
            hints: &hints,
            part: asked.part,
            counts,
            late: board.cases.iter().filter(|case| Part::Waiting.has(case) && case.due_ms <= now_ms).count(),
            first,
            page: PAGE,
            is_cut: board.is_cut,
            done: asked.done,
        });
        Ok(station.site.page(&Page::new("Dịch bệnh", content).here(NOTIFY)))
    };
    answered(&station, &id, drawn).await
}

/// The cases that must still be notified or sent on, the most pressing first, for the page of the day. Of who may not see them
/// nothing is said.
pub(crate) async fn pressing(station: &Station, ctx: &Ctx) -> Result<Vec<model::Line>, Outcome> {
    if !ctx.may(Action::Search, "Condition") || !ctx.may(Action::Create, "Communication") {
        return Ok(Vec::new());
    }
    let (board, now_ms) = (Board::of(station, ctx).await?, station.records.store().clock().now_ms());
    let open = board.cases.iter().filter(|case| !Part::Sent.has(case));
    let line = |case: &Case<'_>| model::line(case, board.people.get(&case.patient), &station.content, now_ms);
    Ok(open.map(line).collect())
}

/// Where the handlers of one case work.
struct Counter<'s> {
    station: &'s Station,
    ctx: &'s Ctx,
    id: &'s RequestId,
}

/// A case with all that its page needs.
struct Open<'c> {
    case: Case<'c>,
    person: Value,
    doses: Doses,
    allergy: Allergy,
    /// Where it was diagnosed, and who notified it, in words.
    place: String,
    sender: String,
    outbreak: Option<Outbreak>,
}

impl Open<'_> {
    /// A form that nobody has sent yet.
    fn fresh(&self, form: String) -> Draft {
        notify::fresh(&self.case, form)
    }

    fn near(&self) -> Vec<Near> {
        model::near(&self.person)
    }

    fn birth(&self) -> Option<Day> {
        Patient(&self.person).birth_date().and_then(Day::parse)
    }
}

impl<'s> Counter<'s> {
    async fn open(&self, condition: &str) -> Result<Open<'s>, Outcome> {
        let (records, content): (_, &'s Content) = (&self.station.records, &self.station.content);
        let case = notify::case_of(records, self.ctx, content, condition).await?;
        let person = records.read(self.ctx, "Patient", &case.patient).await?.tree();
        let doses = match self.ctx.may(Action::Search, "Immunization") {
            true => {
                let given = immunise::immunizations(records, self.ctx, &case.patient).await?;
                notify::doses(case.disease, &given)
            }
            false => Doses::default(),
        };
        let allergy = known_allergy(self.station, self.ctx, &case.patient).await?;
        let (place, sender) = (self.diagnosed_at(&case).await, self.sender(&case).await);
        let outbreak = self.outbreak(&case).await?;
        Ok(Open { case, person, doses, allergy, place, sender, outbreak })
    }

    /// The facility of the visit of the first diagnosis that tells one; empty when none does.
    async fn diagnosed_at(&self, case: &Case<'_>) -> String {
        let visits = case.conditions.iter().filter_map(|one| str_at(one, &["encounter", "reference"]));
        let visits = visits.filter_map(reference_target).map(|(kind, id)| (kind.to_owned(), id.to_owned()));
        let keys: Vec<(String, String)> = visits.filter(|(kind, _)| kind == "Encounter").collect();
        let found = self.station.records.read_many(self.ctx, &keys).await.unwrap_or_default();
        let place = found.iter().find_map(|visit| {
            let tree = visit.tree();
            let (_, id) = reference_target(str_at(&tree, &["serviceProvider", "reference"])?)?;
            Some(id.to_owned())
        });
        self.name(place.as_deref().unwrap_or_default()).await
    }

    async fn sender(&self, case: &Case<'_>) -> String {
        self.name(case.notified.as_ref().map_or("", |one| &one.sender)).await
    }

    /// The name of an Organization, as far as it is seen.
    async fn name(&self, id: &str) -> String {
        let known = names(self.station, self.ctx, std::iter::once(id).filter(|id| !id.is_empty())).await;
        known.get(id).cloned().unwrap_or_default()
    }

    /// The outbreak that goes on and has this person.
    async fn outbreak(&self, case: &Case<'_>) -> Result<Option<Outbreak>, Outcome> {
        if !self.ctx.may(Action::Search, "Group") {
            return Ok(None);
        }
        let all = outbreak::all(&self.station.records, self.ctx).await?;
        let is_of = |one: &Outbreak| {
            one.is_active
                && one.disease == case.disease.slug
                && one.members.iter().any(|(id, _)| *id == case.patient)
        };
        Ok(all.into_iter().find(is_of))
    }

    /// `found` and `wrong` say why what was sent was not kept; `rows` is how many lines for contacts are drawn.
    fn drawn(&self, open: &Open<'_>, draft: &Draft, how: &How<'_>) -> Response {
        let now_ms = self.station.records.store().clock().now_ms();
        let shown = model::shown(&open.case, &open.person, &self.station.content, now_ms);
        let content = page::case(&page::Shown {
            case: &open.case,
            shown: &shown,
            today: &self.station.today().to_string(),
            allergy: &open.allergy,
            doses: &open.doses,
            sees_doses: self.ctx.may(Action::Search, "Immunization"),
            place: &open.place,
            sender: &open.sender,
            is_own: self.is_own(&open.case),
            outbreak: open.outbreak.as_ref(),
            near: &open.near(),
            draft,
            rows: how.rows,
            found: how.found,
            is_open: how.is_open,
            may_write: self.ctx.may(Action::Create, "Communication"),
            done: how.done,
            note: how.wrong.map(|outcome| error::note(outcome, self.id)),
        });
        let mut response = self.station.site.page(&Page::new("Ca bệnh", content).here(NOTIFY));
        if let Some(outcome) = how.wrong {
            *response.status_mut() = error::status(outcome.kind);
        } else if !how.found.is_empty() {
            *response.status_mut() = error::status(Kind::Unprocessable);
        }
        response
    }

    /// Whether the notification was written at the caller's own facility: they may take it back.
    fn is_own(&self, case: &Case<'_>) -> bool {
        let own = own_facility();
        case.notified.as_ref().is_some_and(|one| own.as_ref().is_none_or(|own| *own == one.sender))
    }
}

/// How a case is drawn.
#[derive(Default)]
struct How<'a> {
    found: &'a [Finding],
    wrong: Option<&'a Outcome>,
    done: Option<&'static str>,
    /// Lines for contacts beyond those that are filled in.
    rows: usize,
    /// Whether the form of a case that is notified stands open.
    is_open: bool,
}

async fn case_page(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(condition): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let drawn = async {
        let open = counter.open(&condition).await?;
        let draft = open.fresh(station.records.fresh_id());
        let how = How { done: asked(query.as_deref()).done, rows: 2, ..How::default() };
        Ok(counter.drawn(&open, &draft, &how))
    };
    answered(&station, &id, drawn).await
}

async fn write(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(condition): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let written = async {
        let open = counter.open(&condition).await?;
        let draft = model::draft(&pairs, &open.near());
        if notify::is_written(&open.case, &draft) {
            return Ok(back(&condition, "ghi"));
        }
        let how = How { rows: 2, is_open: true, ..How::default() };
        if pairs.iter().any(|(name, _)| name == "them") {
            return Ok(counter.drawn(&open, &draft, &How { rows: 4, ..how }));
        }
        let found = notify::check(&open.case, open.birth(), &draft, station.today());
        let is_answered = !draft.reason.is_empty();
        if found.iter().any(|one| one.severity == Severity::Stop || !is_answered) {
            return Ok(counter.drawn(&open, &draft, &How { found: &found, ..how }));
        }
        let own = own_facility();
        // Whoever notified first stays the one who did.
        let sender =
            open.case.notified.as_ref().map(|one| one.sender.clone()).filter(|one| !one.is_empty()).or(own);
        match notify::write(&station.records, &ctx, &open.case, &draft, &open.doses, sender.as_deref()).await
        {
            Ok(()) => Ok(back(&condition, "ghi")),
            Err(outcome) => Ok(counter.drawn(&open, &draft, &How { wrong: Some(&outcome), ..how })),
        }
    };
    answered(&station, &id, written).await
}

/// To the case's page, which says what was done.
fn back(condition: &str, done: &str) -> Response {
    Redirect::to(&format!("{NOTIFY}/{condition}?xong={done}")).into_response()
}

#[derive(serde::Deserialize)]
struct Way {
    #[serde(default)]
    cach: String,
}

async fn send(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(condition): Path<String>,
    Form(way): Form<Way>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let sent = async {
        let open = counter.open(&condition).await?;
        let notified = open.case.notified.as_ref().ok_or_else(error::not_found)?;
        match notify::send(&station.records, &ctx, &notified.id, &way.cach).await {
            Ok(()) => Ok(back(&condition, "bao-len")),
            Err(outcome) => {
                let draft = open.fresh(station.records.fresh_id());
                Ok(counter.drawn(&open, &draft, &How { wrong: Some(&outcome), rows: 2, ..How::default() }))
            }
        }
    };
    answered(&station, &id, sent).await
}

async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(condition): Path<String>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let taken = async {
        let open = counter.open(&condition).await?;
        // What another facility notified, that facility takes back.
        let notified = open.case.notified.as_ref().filter(|_| counter.is_own(&open.case));
        let notified = notified.ok_or_else(error::not_found)?;
        notify::take_back(&station.records, &ctx, &notified.id).await?;
        Ok(back(&condition, "rut"))
    };
    answered(&station, &id, taken).await
}

/// The sheet of a notification, to be printed.
async fn sheet(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(condition): Path<String>,
) -> Response {
    let counter = Counter { station: &station, ctx: &ctx, id: &id };
    let drawn = async {
        let open = counter.open(&condition).await?;
        let notified = open.case.notified.as_ref().ok_or_else(error::not_found)?;
        let now_ms = station.records.store().clock().now_ms();
        let shown = model::shown(&open.case, &open.person, &station.content, now_ms);
        let content = page::sheet(&page::Sheet {
            case: &open.case,
            notified,
            shown: &shown,
            today: &station.today().to_string(),
            place: &open.place,
            sender: &open.sender,
        });
        Ok(station.site.page(&Page::new("Phiếu thông báo ca bệnh", content).here(NOTIFY)))
    };
    answered(&station, &id, drawn).await
}

#[derive(serde::Deserialize)]
struct Which {
    /// Slug of the disease and key of the place.
    #[serde(default)]
    benh: String,
    #[serde(default)]
    noi: String,
}

async fn write_outbreak(
    Asking { room: station, ctx, id }: Asking<Station>,
    Form(which): Form<Which>,
) -> Response {
    let written = async {
        let board = Board::of(&station, &ctx).await?;
        let clusters = board.clusters(&station.content);
        // What is written is what the record says now, not what a page said then.
        let wanted = clusters.iter().find(|one| one.disease.slug == which.benh && one.place.key == which.noi);
        let cluster = wanted.ok_or_else(|| {
            let text = "Các ca này không còn đủ để lập ổ dịch. Hãy xem lại danh sách.";
            Outcome::new(Kind::Unprocessable, "no-cluster", text, "the cluster is gone")
        })?;
        let group = outbreak::write(&station.records, &ctx, cluster, own_facility().as_deref()).await?;
        Ok(Redirect::to(&format!("{NOTIFY}/o-dich/{group}?xong=o-dich")).into_response())
    };
    answered(&station, &id, written).await
}

async fn outbreak_page(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(group): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let one = outbreak::one(&station.records, &ctx, &group).await?;
        let board = Board::of(&station, &ctx).await?;
        let more = one.members.iter().map(|(id, _)| id.as_str()).filter(|id| !board.people.contains_key(*id));
        let more = roll::people(&station, &ctx, more).await?;
        let people: BTreeMap<String, Value> = board.people.clone().into_iter().chain(more).collect();
        let members = model::members(&one, &board.cases, &people);
        let clusters = board.clusters(&station.content);
        let same =
            clusters.iter().find(|cluster| cluster.outbreak.as_ref().is_some_and(|it| it.id == one.id));
        let hint = same.map(|cluster| model::hint(cluster, ctx.may(Action::Update, "Group")));
        let content = page::outbreak(&page::OutbreakShown {
            outbreak: &one,
            members: &members,
            hint: hint.as_ref().filter(|hint| hint.missing > 0),
            may_write: ctx.may(Action::Update, "Group"),
            done: asked(query.as_deref()).done,
        });
        Ok(station.site.page(&Page::new("Ổ dịch", content).here(NOTIFY)))
    };
    answered(&station, &id, drawn).await
}

async fn end_outbreak(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(group): Path<String>,
) -> Response {
    let ended = async {
        let one = outbreak::one(&station.records, &ctx, &group).await?;
        outbreak::end(&station.records, &ctx, &one.id, station.today()).await?;
        Ok(Redirect::to(&format!("{NOTIFY}/o-dich/{group}?xong=ket-thuc")).into_response())
    };
    answered(&station, &id, ended).await
}
