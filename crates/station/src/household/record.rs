//! One person's health record by the sections of the law: what is there, what is wanting, and the forms that ask for it.

use super::{BOOK, PERSON, since, standard};
use crate::paper::{About, Deed, Paper, Sent, refused_if};
use crate::person::Person;
use crate::{Station, answered, own_facility};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use yba_care::{interview, visit};
use yba_content::Day;
use yba_content::health_records::RecordSection;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::{DateRange, Kind, Outcome};
use yba_recall::standard::Standard;
use yba_records::{Action, Ctx, Query, Version};
use yba_store::search::query::decode_pairs;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, hidden};
use yba_ui::status::{Status, status};
use yba_ui::table::{Table, number};
use yba_ui::{format, state};
use yba_web::{Asking, Page, RequestId, encoded, error};

/// Records of one section that are counted.
const COUNTED: usize = 200;
/// Forms filled in that are shown.
const FILLED_MAX: usize = 10;
pub(super) const UNSEEN: &str =
    "Bạn chưa được xem hồ sơ của người này. Hãy tiếp đón họ ở trạm của bạn trước.";

pub(super) fn routes() -> Router<Station> {
    Router::new()
        .route("/so-ho/nguoi/{patient}", get(person))
        .route("/so-ho/nguoi/{patient}/rut", post(take_back))
        .route("/so-ho/nguoi/{patient}/in", get(super::sheet::printed))
        .route("/so-ho/nguoi/{patient}/{form}", get(opened).post(write))
        .route("/so-ho/nguoi/{patient}/{form}/nhap", post(draft))
        .route("/so-ho/nguoi/{patient}/{form}/bo-nhap", post(drop_draft))
        .route("/so-ho/nguoi/{patient}/{form}/goi-y/{*field}", post(offer))
}

/// A section of somebody's record.
struct Section<'s> {
    about: &'s RecordSection,
    /// How many records belong to it, at most [`COUNTED`]; none when the reader may not see any.
    count: Option<usize>,
    /// Its form and what that is called, when there is one.
    form: Option<(&'s str, String)>,
}

/// A form of the record that was filled in.
pub(super) struct Filled {
    pub id: String,
    /// Of its form.
    pub slug: String,
    /// It is a check that was made within the time that the law allows between two.
    is_check_now: bool,
    title: String,
    pub at: String,
    is_visit: bool,
    /// It was written today: it may be taken back.
    is_today: bool,
}

async fn sections<'s>(
    station: &Station,
    ctx: &Ctx,
    person: &Person,
    standard: &'s Standard,
) -> Result<Vec<Section<'s>>, Outcome> {
    let kin = station.records.store().kin_of(&person.id).await?.join(",");
    let mut all = Vec::new();
    for about in standard.sections(&person.tree, station.today()) {
        let mut count = None;
        for ask in &about.asks {
            let (kind, rest) = ask.text.split_once('?').unwrap_or((&ask.text, ""));
            if !ctx.may(Action::Search, kind) {
                continue;
            }
            let query = Query::parse_string(kind, &format!("patient={kin}&{rest}&_count={COUNTED}"))?;
            let found = station.records.search(ctx, &query, None).await?;
            let stands = found.matches.iter().filter(|one| is_said(&one.tree()));
            count = Some(count.unwrap_or(0) + stands.count());
        }
        let form = about.form.as_ref().and_then(|form| {
            let edition = station.forms.edition(&form.text, station.today())?;
            Some((form.text.as_str(), edition.form.title().to_owned()))
        });
        all.push(Section { about, count, form });
    }
    Ok(all)
}

/// Whether a record was not written by mistake.
pub(super) fn is_said(tree: &Value) -> bool {
    let verification = tree.get("verificationStatus");
    let mut codes = verification.into_iter().flat_map(|one| items(one, "coding"));
    str_at(tree, &["status"]) != Some("entered-in-error")
        && !codes.any(|one| str_at(one, &["code"]) == Some("entered-in-error"))
}

/// The forms of the record that were filled in here, the newest first.
pub(super) async fn filled(
    station: &Station,
    ctx: &Ctx,
    person: &Person,
    standard: &Standard,
) -> Result<Vec<Filled>, Outcome> {
    if !ctx.may(Action::Search, "QuestionnaireResponse") {
        return Ok(Vec::new());
    }
    let kin = station.records.store().kin_of(&person.id).await?.join(",");
    let query = format!("patient={kin}&status=completed,amended&_sort=-authored&_count={COUNTED}");
    let found =
        station.records.search(ctx, &Query::parse_string("QuestionnaireResponse", &query)?, None).await?;
    let (forms, today, since) = (forms(standard), station.today(), since(station, standard));
    let one = |tree: Value| {
        let canonical = str_at(&tree, &["questionnaire"])?;
        let at = str_at(&tree, &["authored"])?.to_owned();
        let day = DateRange::parse(&at).map(|range| Day::of_instant(range.start))?;
        let edition = station.forms.named(canonical, day)?;
        let url = yba_fhir::text::unversioned(canonical);
        let slug = forms.iter().find(|slug| url.ends_with(&format!("/{slug}")))?;
        Some(Filled {
            id: str_at(&tree, &["id"])?.to_owned(),
            slug: (*slug).to_owned(),
            is_check_now: *slug == standard.about.check_up.form.text && day >= since,
            title: edition.form.title().to_owned(),
            at,
            is_visit: tree.get("encounter").is_some(),
            is_today: day == today,
        })
    };
    Ok(found.matches.iter().map(Version::tree).filter_map(one).take(FILLED_MAX).collect())
}

/// The slugs of the record's forms.
fn forms(standard: &Standard) -> Vec<&str> {
    let of_sections = standard.about.sections.iter().filter_map(|one| one.form.as_ref());
    let mut all: Vec<&str> = of_sections.map(|form| form.text.as_str()).collect();
    all.push(&standard.about.check_up.form.text);
    all.sort_unstable();
    all.dedup();
    all
}

/// Where the handlers of one form work.
struct Desk<'s> {
    station: &'s Station,
    ctx: &'s Ctx,
    id: &'s RequestId,
    slug: String,
    /// It is a check: somebody is examined.
    is_check: bool,
}

impl<'s> Desk<'s> {
    fn new(station: &'s Station, ctx: &'s Ctx, id: &'s RequestId, slug: String) -> Result<Desk<'s>, Outcome> {
        let standard = standard(station)?;
        if !forms(&standard).contains(&slug.as_str()) {
            return Err(error::not_found());
        }
        let is_check = standard.about.check_up.form.text == slug;
        Ok(Desk { station, ctx, id, slug, is_check })
    }

    async fn open(&self, patient: &str) -> Result<Person, Outcome> {
        Person::open(self.station, self.ctx, patient, "Condition", UNSEEN).await
    }

    fn paper<'p>(&'p self, patient: &'p str) -> Result<Paper<'p>, Outcome> {
        let Desk { station, ctx, slug, .. } = self;
        let edition = station.forms.edition(slug, station.today());
        let edition = edition.ok_or_else(|| Outcome::fault(format!("no form {slug}")))?;
        let verb = if self.is_check { "Ghi lần khám" } else { "Ghi vào hồ sơ" };
        let action = format!("{PERSON}/{patient}/{slug}");
        let reminds = self.is_check;
        Ok(Paper { station, ctx, edition, patient, about: slug, action, verb, reminds, with: Vec::new() })
    }

    fn drawn(&self, person: &Person, sheet: &Markup, wrong: Option<&Outcome>) -> Response {
        let title = self.station.forms.edition(&self.slug, self.station.today()).map(|one| one.form.title());
        let title = title.unwrap_or_default();
        let content = html! {
            (card::back(&format!("{PERSON}/{}", person.id), "Hồ sơ sức khỏe"))
            (person.banner(&self.station.today().to_string(), card::link_button(&format!("/nguoi/{}", person.id), html! { "Mở hồ sơ" })))
            @if let Some(outcome) = wrong { (error::note(outcome, self.id)) }
            (Card::new("phieu-ho-so", title).padded(html! { (sheet) }))
        };
        let mut response = self.station.site.page(&Page::new(title, content).here(BOOK));
        if let Some(outcome) = wrong {
            *response.status_mut() = error::status(outcome.kind);
        }
        response
    }
}

async fn person(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let drawn = async {
        let standard = standard(&station)?;
        let person = Person::open(&station, &ctx, &patient, "Condition", UNSEEN).await?;
        let done = decode_pairs(query.as_deref().unwrap_or_default());
        let done = done.iter().find(|(name, _)| name == "xong").and_then(|(_, code)| match code.as_str() {
            "ghi" => Some("Đã ghi vào hồ sơ."),
            "rut" => Some("Đã rút phiếu ghi nhầm."),
            _ => None,
        });
        let shown = Shown {
            missing: standard.missing(&person.tree),
            sections: sections(&station, &ctx, &person, &standard).await?,
            filled: filled(&station, &ctx, &person, &standard).await?,
            may_fill: ctx.may(Action::Create, "QuestionnaireResponse") && person.dead().is_none(),
            may_edit: ctx.may(Action::Update, "Patient"),
            today: station.today(),
            standard: &standard,
            person: &person,
            done,
        };
        Ok(station.site.page(&Page::new("Hồ sơ sức khỏe", page(&shown)).here(BOOK)))
    };
    answered(&station, &id, drawn).await
}

async fn opened(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, slug)): Path<(String, String)>,
) -> Response {
    let drawn = async {
        let desk = Desk::new(&station, &ctx, &id, slug)?;
        let person = desk.open(&patient).await?;
        let sheet = desk.paper(&patient)?.opened(&person.tree).await?;
        Ok(desk.drawn(&person, &sheet, None))
    };
    answered(&station, &id, drawn).await
}

async fn write(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, slug)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let desk = Desk::new(&station, &ctx, &id, slug)?;
        let person = desk.open(&patient).await?;
        if person.dead().is_some() {
            let text = "Người này đã mất; hồ sơ không ghi thêm lần khám.";
            return Err(Outcome::new(Kind::Conflict, "dead", text, "the person is dead"));
        }
        let paper = desk.paper(&patient)?;
        let about = About { reason: "Khám sức khỏe định kỳ", diagnosis: None, expected: &[] };
        let deed = if desk.is_check { Deed::Visit(&about) } else { Deed::Answers(&[]) };
        Ok(match paper.done(&person.tree, &fields, &deed).await? {
            Sent::Written => Redirect::to(&format!("{PERSON}/{patient}?xong=ghi")).into_response(),
            Sent::Again { sheet, is_refused } => refused_if(is_refused, desk.drawn(&person, &sheet, None)),
            Sent::Refused { sheet, why } => desk.drawn(&person, &sheet, Some(&why)),
        })
    };
    answered(&station, &id, written).await
}

/// Keeps what is being typed, and answers what it moves on the page.
async fn draft(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, slug)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let kept = async {
        let desk = Desk::new(&station, &ctx, &id, slug)?;
        let person = desk.open(&patient).await?;
        Ok(station.site.fragment(&desk.paper(&patient)?.keep(&person.tree, &fields).await?))
    };
    kept.await.unwrap_or_else(|outcome: Outcome| error::fragment(&station.site, &outcome, &id))
}

/// Begins the form anew.
async fn drop_draft(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, slug)): Path<(String, String)>,
) -> Response {
    let dropped = async {
        let desk = Desk::new(&station, &ctx, &id, slug)?;
        desk.paper(&patient)?.forget().await?;
        Ok(Redirect::to(&format!("{PERSON}/{patient}/{}", desk.slug)).into_response())
    };
    answered(&station, &id, dropped).await
}

/// What fits into a field while somebody types.
async fn offer(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((patient, slug, field)): Path<(String, String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let offered = async {
        let desk = Desk::new(&station, &ctx, &id, slug)?;
        Ok(station.site.fragment(&desk.paper(&patient)?.offered(&field, &fields)))
    };
    answered(&station, &id, offered).await
}

#[derive(serde::Deserialize)]
struct Taken {
    #[serde(default)]
    kham: String,
}

async fn take_back(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(patient): Path<String>,
    Form(taken): Form<Taken>,
) -> Response {
    let taken = async {
        let standard = standard(&station)?;
        let person = Person::open(&station, &ctx, &patient, "Condition", UNSEEN).await?;
        let filled = filled(&station, &ctx, &person, &standard).await?;
        // Of this person and day, not of whatever a form may name.
        let one =
            filled.iter().find(|one| one.is_today && one.id == taken.kham).ok_or_else(error::not_found)?;
        match one.is_visit {
            true => {
                match visit::take_back(&station.records, &ctx, own_facility().as_deref(), &patient, &one.id)
                    .await
                {
                    Ok(()) => {}
                    Err(outcome) => return crate::prescribe::handed_out(&station, &id, &patient, outcome),
                }
            }
            false => interview::take_back(&station.records, &ctx, &patient, &one.id).await?,
        }
        Ok(Redirect::to(&format!("{PERSON}/{patient}?xong=rut")).into_response())
    };
    answered(&station, &id, taken).await
}

/// What the page shows.
struct Shown<'a> {
    standard: &'a Standard,
    person: &'a Person,
    missing: Vec<&'a str>,
    sections: Vec<Section<'a>>,
    filled: Vec<Filled>,
    may_fill: bool,
    may_edit: bool,
    today: Day,
    done: Option<&'a str>,
}

fn page(shown: &Shown) -> Markup {
    let id = &shown.person.id;
    html! {
        (card::back(BOOK, "Sổ hộ"))
        (shown.person.banner(&shown.today.to_string(), html! {
            (card::link_button(&format!("/nguoi/{id}"), html! { "Mở hồ sơ" })) " "
            (card::printed(&format!("{PERSON}/{id}/in"), "In hồ sơ"))
        }))
        @if let Some(done) = shown.done { (form::toast(done)) }
        div .cols.two.even {
            div .col { (items_card(shown)) (filled_card(shown)) }
            div .col { (sections_card(shown)) }
        }
        (card::prose(html! { p .sub { (shown.standard.about.title) ". " (shown.standard.about.uncertain) } }))
    }
}

fn items_card(shown: &Shown) -> Markup {
    let aside = html! {
        @if shown.missing.is_empty() { (status(Status::Done, "đã lập hồ sơ")) }
        @else {
            (status(Status::Attention, &format!("còn thiếu {} mục", shown.missing.len())))
            @if shown.may_edit { " " (card::link_button(&format!("/nguoi/{}/sua", shown.person.id), html! { "Bổ sung" })) }
        }
    };
    let household = household_of(&shown.person.tree);
    Card::new("hanh-chinh", "A. Phần hành chính").aside(aside).flush(html! {
        (card::rows(shown.standard.about.items.iter().map(|item| {
            let is_missing = shown.missing.contains(&item.name.as_str());
            html! {
                span { (item.title) }
                @if is_missing { (status(Status::Attention, "chưa có")) }
                @else if item.name == "household" && !household.is_empty() { a href={ (BOOK) "/ho/" (encoded(household)) } { "Hộ " (household) } }
                @else { (status(Status::Done, "có")) }
            }
        })))
    })
}

fn household_of(patient: &Value) -> &str {
    let own = items(patient, "extension")
        .find(|one| str_at(one, &["url"]).is_some_and(|url| url.ends_with("/ma-ho-gia-dinh")));
    own.and_then(|one| str_at(one, &["valueString"])).unwrap_or_default()
}

fn sections_card(shown: &Shown) -> Markup {
    let heads = [("Mục", false), ("Trong hồ sơ", true)];
    let mut forms: Vec<&(&str, String)> = shown.sections.iter().filter_map(|one| one.form.as_ref()).collect();
    forms.dedup();
    let fill = html! {
        @if shown.may_fill {
            span .no-print {
                @for (slug, title) in forms {
                    " " (card::link_button(&format!("{PERSON}/{}/{slug}", shown.person.id), html! { (title) }))
                }
            }
        }
    };
    Card::new("phan", "B, C. Tiền sử, khám").aside(fill).flush(html! {
        (Table { caption: "Các phần của hồ sơ", heads: &heads, stack: true }.draw(html! {
            @for one in &shown.sections {
                tr {
                    td { (one.about.name) ". " (one.about.title) }
                    (number("Trong hồ sơ", counted(one.count)))
                }
            }
        }, html! {}))
    })
}

fn counted(count: Option<usize>) -> Markup {
    html! {
        @match count {
            None => "bạn không được xem",
            Some(0) => (status(Status::Attention, "chưa có")),
            Some(count) => { (format::count(count)) @if count >= COUNTED { "+" } " mục" },
        }
    }
}

fn filled_card(shown: &Shown) -> Markup {
    let is_checked = shown.filled.iter().any(|one| one.is_check_now);
    let aside = html! {
        @if is_checked { (status(Status::Done, "đã khám định kỳ")) } @else { (status(Status::Attention, "chưa khám định kỳ")) }
    };
    Card::new("phieu", "Phiếu đã ghi").aside(aside).flush(html! {
        @if shown.filled.is_empty() { (state::empty_line("Chưa ghi phiếu nào.")) }
        @else {
            (card::rows(shown.filled.iter().map(|one| html! {
                span { (one.title) span .sub { (format::date_time(&one.at)) } }
                span .no-print {
                    (card::printed(&crate::print::sheet::address(&one.id), "In"))
                    @if one.is_today {
                        form .inline method="post" action={ (PERSON) "/" (shown.person.id) "/rut" } {
                            (hidden("kham", &one.id))
                            button .btn.danger type="submit" { "Rút" }
                        }
                    }
                }
            })))
        }
    })
}
