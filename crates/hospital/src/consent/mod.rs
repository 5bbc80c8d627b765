//! «Quyền xem hồ sơ»: what a person has said about who may see their record; saying something, signing it, taking it back,
//! and the sheet for the signature.
//!
//! `model` reads the Consents, `check` judges what was typed, `write` makes Consents, `page` draws. Bars and permissions are
//! made of Consents by the store with the commit (decision of 2026-11-22, who may see whom), so nothing here enforces them.

mod check;
pub mod model;
mod page;
mod write;

use crate::Hospital;
use crate::record::model::Record;
use crate::record::timeline::View;
use crate::record::{beyond, fetch, read};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use check::Typed;
use model::{Statement, statements};
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::json::{Value, str_at};
use yba_fhir::resource::is_id;
use yba_fhir::text::fold;
use yba_fhir::{Day, Kind, Outcome, Resource, date};
use yba_records::{Action, Change, Ctx, Query};
use yba_ui::form;
use yba_web::{Asking, Page, RequestId, error, visit};

/// Facilities for what is typed.
const FACILITIES: &str = "/quyen-xem/co-so";
const FORM_BYTES_MAX: usize = 16 << 10;
/// Statements that are shown.
const STATEMENTS_MAX: usize = 200;
/// Facilities offered.
const OFFERED: usize = 10;
const TITLE: &str = "Quyền xem hồ sơ";

pub(crate) fn routes() -> Router<Hospital> {
    Router::new()
        .route("/nguoi/{person}/quyen-xem", get(shown).post(given))
        .route("/nguoi/{person}/quyen-xem/{key}/phieu", get(sheet))
        .route("/nguoi/{person}/quyen-xem/{key}/da-ky", post(signed))
        .route("/nguoi/{person}/quyen-xem/{key}/rut", post(withdrawn))
        .route(FACILITIES, post(facilities))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// What is known of who may see a record.
pub struct Book {
    pub record: Record,
    /// The person's Patients (ids).
    pub patients: Vec<String>,
    pub statements: Vec<Statement>,
    /// There are more than are shown.
    pub is_cut: bool,
    /// Organizations by id.
    pub names: BTreeMap<String, String>,
    /// Facilities that know the person, and one's own: id and name, by name.
    pub known: Vec<(String, String)>,
    /// Facilities (ids) at which the roles of whoever is at work were given.
    pub own: Vec<String>,
    pub may_give: bool,
    pub may_change: bool,
}

impl Book {
    async fn read(hospital: &Hospital, ctx: &Ctx, person: &str) -> Result<Book, Outcome> {
        if !ctx.may(Action::Read, "Consent") || !ctx.may(Action::Search, "Consent") {
            let text = "Vai trò của bạn không xem phần này của hồ sơ.";
            return Err(Outcome::new(Kind::Forbidden, "role", text, "no role permits to read consents"));
        }
        let person = yba_mpi::person::person(&hospital.records, ctx, person).await?;
        let view = View { reveal: true, ..View::default() };
        let (record, own) = fetch::part(hospital, ctx, &person, &["Consent", "Encounter"], view).await?;
        let now_ms = hospital.records.store().clock().now_ms();
        let mut statements = statements(&own, now_ms);
        let is_cut = statements.len() > STATEMENTS_MAX;
        statements.truncate(STATEMENTS_MAX);
        let mut book = Book {
            record,
            patients: person.patients.iter().map(|one| one.id.clone()).collect(),
            statements,
            is_cut,
            names: own.iter().filter_map(named).collect(),
            known: Vec::new(),
            own: own_organizations(),
            may_give: ctx.may(Action::Create, "Consent"),
            may_change: ctx.may(Action::Update, "Consent"),
        };
        let knowing: BTreeSet<String> = book.names.keys().chain(&book.own).cloned().collect();
        book.name_the_rest(hospital, ctx).await?;
        book.known = knowing.into_iter().map(|id| (id.clone(), book.called(&id))).collect();
        book.known.sort_by(|one, other| one.1.cmp(&other.1));
        Ok(book)
    }

    /// Names of the facilities that statements speak of, and of one's own.
    async fn name_the_rest(&mut self, hospital: &Hospital, ctx: &Ctx) -> Result<(), Outcome> {
        let said = self
            .statements
            .iter()
            .flat_map(|one| one.says.iter().flat_map(|says| &says.places).chain(one.kept_by.as_ref()));
        let missing: BTreeSet<&String> =
            said.chain(&self.own).filter(|id| is_id(id) && !self.names.contains_key(*id)).collect();
        let keys: Vec<(String, String)> = missing
            .into_iter()
            .take(STATEMENTS_MAX)
            .map(|id| ("Organization".to_owned(), id.clone()))
            .collect();
        if keys.is_empty() || !ctx.may(Action::Read, "Organization") {
            return Ok(());
        }
        let found = hospital.records.read_many(ctx, &keys).await?;
        self.names.extend(found.iter().filter_map(|version| named(&version.tree())));
        Ok(())
    }

    /// The name of an Organization, else its code.
    pub fn called(&self, id: &str) -> String {
        let code = || format!("cơ sở {}", id.strip_prefix("cskcb-").unwrap_or(id));
        self.names.get(id).cloned().unwrap_or_else(code)
    }

    fn statement(&self, key: &str) -> Result<&Statement, Outcome> {
        self.statements.iter().find(|one| one.key == key).ok_or_else(|| {
            let text = "Không có lời nào như vậy. Mở lại trang quyền xem của hồ sơ này.";
            Outcome::new(Kind::NotFound, "no-statement", text, "no consent with this key")
        })
    }
}

fn named(organization: &Value) -> Option<(String, String)> {
    let is_one = read::kind(organization) == "Organization";
    is_one.then(|| Some((read::id(organization).to_owned(), str_at(organization, &["name"])?.to_owned())))?
}

/// Facilities of the account's roles, by id.
fn own_organizations() -> Vec<String> {
    let id = |one: String| one.strip_prefix("Organization/").map(str::to_owned).unwrap_or(one);
    visit::facilities().into_iter().map(id).collect()
}

async fn shown(Asking { room: hospital, ctx, id }: Asking<Hospital>, Path(person): Path<String>) -> Response {
    let typed = Typed { signer: "patient".into(), ..Typed::default() };
    match Book::read(&hospital, &ctx, &person).await {
        Ok(book) => drawn(&hospital, &book, &typed, None),
        Err(outcome) => refused(&hospital, &ctx, &id, &person, &outcome),
    }
}

fn drawn(hospital: &Hospital, book: &Book, typed: &Typed, wrong: Option<&Outcome>) -> Response {
    let title = format!("{TITLE} – {}", book.record.who.name);
    let mut response = hospital.site.page(&Page::new(title, page::page(book, typed, wrong)));
    if let Some(wrong) = wrong {
        *response.status_mut() = error::status(wrong.kind);
    }
    response
}

/// Whoever may not see the record is asked, as on its first page, whether it is an emergency.
fn refused(hospital: &Hospital, ctx: &Ctx, id: &RequestId, person: &str, outcome: &Outcome) -> Response {
    beyond(ctx, person, outcome).unwrap_or_else(|| error::page(&hospital.site, outcome, id))
}

/// Writes down what a person says: one Consent for each facility's file of theirs.
async fn given(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path(person): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let book = match Book::read(&hospital, &ctx, &person).await {
        Ok(book) => book,
        Err(outcome) => return refused(&hospital, &ctx, &id, &person, &outcome),
    };
    match give(&hospital, &ctx, &id, &book, &typed).await {
        Ok(Some(last)) => last,
        Ok(None) => to(&book.record.person),
        Err(wrong) if wrong.kind == Kind::Fault => error::page(&hospital.site, &wrong, &id),
        Err(wrong) => drawn(&hospital, &book, &typed, Some(&wrong)),
    }
}

fn to(person: &str) -> Response {
    Redirect::to(&format!("/nguoi/{person}/quyen-xem")).into_response()
}

/// The sheet is answered at once when nobody at this facility can open the record any more.
async fn give(
    hospital: &Hospital,
    ctx: &Ctx,
    id: &RequestId,
    book: &Book,
    typed: &Typed,
) -> Result<Option<Response>, Outcome> {
    let now_ms = hospital.records.store().clock().now_ms();
    let facilities = check::Facilities { known: &book.known, other: facility(hospital, ctx, typed).await? };
    let draft = check::check(typed, &facilities, Day::of_instant(now_ms))?;
    let (key, now) = (format!("{now_ms:x}-{}", id.0), date::instant(now_ms));
    let kept_by = book.own.first().map(String::as_str);
    let consents: Vec<Value> = book
        .patients
        .iter()
        .map(|patient| write::consent(&draft, &write::Frame { key: &key, patient, now: &now, kept_by }))
        .collect();
    let changes = consents.iter().map(|one| Ok(Change::create(Resource::from_value(one.clone())?)));
    let changes = changes.collect::<Result<Vec<Change>, Outcome>>()?;
    hospital.records.transact(ctx, changes).await?;
    let reached = hospital.records.patients_reached(ctx, Action::Everything, &book.patients).await?;
    let said = statements(&consents, now_ms);
    let last = said.first().filter(|_| reached.is_empty());
    Ok(last.map(|one| hospital.site.page(&Page::new(TITLE, page::sheet(book, one, true)))))
}

/// The Organization (id) that a typed code or name means.
async fn facility(hospital: &Hospital, ctx: &Ctx, typed: &Typed) -> Result<Option<String>, Outcome> {
    let text = typed.other.trim();
    if typed.place != check::OTHER || text.is_empty() {
        return Ok(None);
    }
    // What was offered ends with its code.
    let code = text.rsplit_once('(').map_or(text, |(_, code)| code.trim_end_matches(')')).trim();
    for id in [format!("cskcb-{code}"), code.to_owned()].into_iter().filter(|id| is_id(id)) {
        if hospital.records.read(ctx, "Organization", &id).await.is_ok() {
            return Ok(Some(id));
        }
    }
    let found = found(hospital, ctx, text).await?;
    Ok(match found.as_slice() {
        [(id, _)] => Some(id.clone()),
        _ => None,
    })
}

/// Organizations whose names begin so.
async fn found(hospital: &Hospital, ctx: &Ctx, text: &str) -> Result<Vec<(String, String)>, Outcome> {
    let pairs = [("name:contains", text.to_owned()), ("_count", OFFERED.to_string())];
    let query = Query::parse("Organization", &pairs.map(|(name, value)| (name.to_owned(), value)))?;
    let found = hospital.records.search(ctx, &query, None).await?;
    Ok(found.matches.iter().filter_map(|version| named(&version.tree())).collect())
}

#[derive(serde::Deserialize)]
struct Wanted {
    #[serde(default)]
    other: String,
}

/// Facilities for what is being typed.
async fn facilities(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Form(wanted): Form<Wanted>,
) -> Response {
    let text = wanted.other.trim();
    let found = match text.chars().count() < 2 {
        true => Ok(Vec::new()),
        false => found(&hospital, &ctx, text).await,
    };
    match found {
        Ok(found) => {
            let code = |id: &str| id.strip_prefix("cskcb-").unwrap_or(id).to_owned();
            let label = |(id, name): &(String, String)| format!("{name} ({})", code(id));
            let labels: Vec<(String, String)> =
                found.iter().map(|one| (label(one), fold(&label(one)))).collect();
            hospital.site.fragment(&form::offers(&labels))
        }
        Err(outcome) => error::fragment(&hospital.site, &outcome, &id),
    }
}

async fn sheet(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path((person, key)): Path<(String, String)>,
) -> Response {
    let read = async {
        let book = Book::read(&hospital, &ctx, &person).await?;
        let content = page::sheet(&book, book.statement(&key)?, false);
        Ok(hospital.site.page(&Page::new(TITLE, content)))
    };
    read.await.unwrap_or_else(|outcome: Outcome| refused(&hospital, &ctx, &id, &person, &outcome))
}

async fn signed(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path((person, key)): Path<(String, String)>,
) -> Response {
    let now = date::instant(hospital.records.store().clock().now_ms());
    let can = |one: &Statement| one.can_be_signed();
    changed(&hospital, &ctx, &id, (&person, &key), can, |one| write::signed(one, now.clone())).await
}

async fn withdrawn(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path((person, key)): Path<(String, String)>,
) -> Response {
    let can = |one: &Statement| one.can_be_withdrawn();
    changed(&hospital, &ctx, &id, (&person, &key), can, write::withdrawn).await
}

/// Changes every Consent of a statement; one that is past that already stays as it is.
async fn changed(
    hospital: &Hospital,
    ctx: &Ctx,
    id: &RequestId,
    (person, key): (&str, &str),
    can: impl Fn(&Statement) -> bool,
    change: impl Fn(&str) -> Change,
) -> Response {
    let done = async {
        let book = Book::read(hospital, ctx, person).await?;
        let one = book.statement(key)?;
        if can(one) {
            hospital.records.transact(ctx, one.ids.iter().map(|id| change(id)).collect()).await?;
        }
        Ok(to(&book.record.person))
    };
    done.await.unwrap_or_else(|outcome: Outcome| refused(hospital, ctx, id, person, &outcome))
}
