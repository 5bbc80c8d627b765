//! `/ma/{list}/{code}`: what a code means, what it is in, what is below it.

mod page;

use crate::Hospital;
use crate::find::palette::LISTS;
use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use axum::routing::get;
use yba_fhir::{Day, Kind, Outcome};
use yba_terminology::table::Table;
use yba_web::{Page, RequestId, error};

/// Most codes below that are listed.
const BELOW_MAX: usize = 200;

pub(crate) fn routes() -> Router<Hospital> {
    Router::new().route("/ma/{list}/{code}", get(code))
}

/// A code with its neighbours.
struct Shown {
    list: &'static str,
    word: &'static str,
    edition: String,
    code: String,
    title: String,
    english: String,
    /// From the top down: code and title.
    above: Vec<(String, String)>,
    below: Vec<(String, String)>,
    more: bool,
}

async fn code(
    State(hospital): State<Hospital>,
    Extension(id): Extension<RequestId>,
    Path((list, code)): Path<(String, String)>,
) -> Response {
    match shown(&hospital, &list, &code).await {
        Ok(shown) => {
            let title = format!("{} {}", shown.code, shown.title);
            hospital.site.page(&Page::new(title, page::page(&shown)))
        }
        Err(outcome) => error::page(&hospital.site, &outcome, &id),
    }
}

async fn shown(hospital: &Hospital, slug: &str, code: &str) -> Result<Shown, Outcome> {
    let list = LISTS.iter().find(|list| list.slug == slug).ok_or_else(error::not_found)?;
    let terminology = hospital.records.terminology().await?;
    let day = Day::of_instant(hospital.records.store().clock().now_ms());
    // A list that is over still tells what its codes meant.
    let newest = || {
        terminology
            .code_systems()
            .filter(|one| one.head.url == list.system)
            .max_by_key(|one| one.head.version.clone())
    };
    let edition = terminology.code_system(list.system, None, day).or_else(newest);
    let found = edition.and_then(|edition| Some((edition, edition.table().find(code)?)));
    let (edition, at) = found.ok_or_else(|| {
        let text = format!("Danh mục {} không có mã này.", list.word);
        Outcome::new(Kind::NotFound, "no-code", text, "no such code")
    })?;
    let table = edition.table();
    let pair = |at: u32| (table.code(at).to_owned(), table.display(at).to_owned());
    Ok(Shown {
        list: list.slug,
        word: list.word,
        edition: edition.head.version.clone(),
        code: table.code(at).to_owned(),
        title: table.display(at).to_owned(),
        english: english(table, at),
        above: chain(table, at).into_iter().map(pair).collect(),
        below: table.children(at).take(BELOW_MAX).map(pair).collect(),
        more: table.children(at).nth(BELOW_MAX).is_some(),
    })
}

fn english(table: &Table, at: u32) -> String {
    let found = table.designations(at).find(|one| one.language == "en").map(|one| one.text.to_owned());
    found.unwrap_or_default()
}

/// What a concept is in, from the top down; a circle ends it.
fn chain(table: &Table, at: u32) -> Vec<u32> {
    let mut chain = Vec::new();
    let mut here = at;
    while let Some(parent) = table.parents(here).next().filter(|parent| !chain.contains(parent)) {
        chain.insert(0, parent);
        here = parent;
    }
    chain
}
