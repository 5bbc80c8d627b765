//! FHIR search: `GET [base]/[type]?…` and `POST [base]/[type]/_search`. <https://hl7.org/fhir/R4/search.html>
//!
//! All pages of one search show one moment: the `_page` of a link carries the log position (DESIGN 9).

use crate::address;
use crate::answer::{Answer, Reply, outcome_bytes};
use crate::api::Api;
use crate::asked::{Asked, query_pairs};
use crate::body::Body;
use crate::bundle::Writer;
use crate::subset::Subset;
use crate::target::Target;
use axum::extract::State;
use yba_fhir::{Kind, Outcome, Severity};
use yba_records::{Ctx, Found, Query};

/// Parameters in the address.
pub async fn by_address(State(api): State<Api>, asked: Asked, target: Target) -> Reply {
    asked.only_conditions(&["If-None-Match"])?;
    let search = Search::parse(&target.kind, asked.pairs, asked.lenient)?;
    Ok(search.run(&api, &asked.ctx, &asked.base).await?)
}

/// Parameters in a form, so that nothing about a person stands in an address.
pub async fn by_form(State(api): State<Api>, asked: Asked, target: Target, body: Body) -> Reply {
    asked.only_conditions(&[])?;
    let mut pairs = asked.pairs;
    pairs.extend(query_pairs(body.form()?)?);
    let search = Search::parse(&target.kind, pairs, asked.lenient)?;
    Ok(search.run(&api, &asked.ctx, &asked.base).await?)
}

/// A search that was understood.
#[derive(Debug)]
pub struct Search {
    query: Query,
    /// The parameters as understood, without the page.
    pairs: Vec<(String, String)>,
    page: Option<String>,
    /// What was passed over, under `Prefer: handling=lenient`.
    dropped: Option<Outcome>,
    /// The part of the matches that is wanted.
    subset: Option<Subset>,
    /// `_total=none`.
    no_total: bool,
}

impl Search {
    /// Unknown parameters are refused by name, all at once; or passed over with a warning, when `lenient`.
    pub fn parse(kind: &str, pairs: Vec<(String, String)>, lenient: bool) -> Result<Search, Outcome> {
        let mut page = None;
        let mut kept = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            match name.as_str() {
                "_page" if page.is_some() => {
                    let text = "Chỉ được có một _page.";
                    return Err(Outcome::invalid("search-cursor", text, "_page occurs twice").at("_page"));
                }
                "_page" => page = Some(value),
                // A habit of Aidbox clients such as fhirpy, beside `_count=0`; it asks what FHIR's `_total` asks.
                "_totalMethod" if value == "count" => {}
                _ => kept.push((name, value)),
            }
        }
        let mut dropped: Option<Outcome> = None;
        if lenient {
            kept.retain(|pair| match understood(kind, pair) {
                Ok(()) => true,
                Err(problem) => {
                    let issues = dropped.get_or_insert(Outcome { kind: Kind::Invalid, issues: Vec::new() });
                    issues.issues.extend(problem.issues);
                    false
                }
            });
        }
        if let Some(dropped) = &mut dropped {
            dropped.issues.iter_mut().for_each(|issue| issue.severity = Severity::Warning);
        }
        let subset = Subset::of_search(&kept)?;
        let is_asked = |(name, value): &&(String, String)| !Subset::is_about(name, value);
        let asked: Vec<(String, String)> = kept.iter().filter(is_asked).cloned().collect();
        let query = Query::parse(kind, &asked)?;
        let no_total = kept.iter().any(|(name, value)| name == "_total" && value == "none");
        Ok(Search { query, pairs: kept, page, dropped, subset, no_total })
    }

    /// One page of the search as a Bundle.
    pub async fn run(self, api: &Api, ctx: &Ctx, base: &str) -> Result<Answer, Outcome> {
        let here = format!("{base}/{}", self.query.kind);
        let found = api.records().search(ctx, &self.query, self.page.as_deref()).await;
        let found = found.map_err(|refused| self.with_restart(refused, &here))?;
        let links = self.links(&here, &found);
        let all_on_this_page = found.next.is_none() && self.page.is_none() && !self.query.count_only;
        let total = match (found.total, self.no_total) {
            (Some(total), _) => Some(total),
            (None, false) if all_on_this_page => Some(found.matches.len() as u64),
            _ => None,
        };
        let shown = found.matches.iter().chain(&found.included);
        let bytes = shown.map(|version| version.body.len() + 200).sum();
        let mut bundle = Writer::new("searchset", total, &links, None, bytes);
        for version in &found.matches {
            match &self.subset {
                None => bundle.found(base, version, &version.body, "match"),
                Some(subset) => {
                    bundle.found(base, version, &subset.part(&version.kind, &version.body), "match");
                }
            }
        }
        for version in &found.included {
            bundle.found(base, version, &version.body, "include");
        }
        if let Some(dropped) = &self.dropped {
            bundle.remark(&outcome_bytes(dropped));
        }
        Ok(Answer::json(bundle.finish()))
    }

    fn links(&self, here: &str, found: &Found) -> Vec<(&'static str, String)> {
        let with_page = |page: &str| {
            let mut pairs = self.pairs.clone();
            pairs.push(("_page".to_owned(), page.to_owned()));
            address::with_query(here, &pairs)
        };
        let this = match &self.page {
            Some(page) => with_page(page),
            None => address::with_query(here, &self.pairs),
        };
        let mut links = vec![("self", this)];
        if let Some(next) = &found.next {
            links.push(("next", with_page(next)));
        }
        links
    }

    /// An expired page says where to begin again.
    fn with_restart(&self, mut refused: Outcome, here: &str) -> Outcome {
        if refused.kind == Kind::Gone
            && let Some(issue) = refused.issues.first_mut()
        {
            issue.diagnostics = format!("{}: {}", issue.diagnostics, address::with_query(here, &self.pairs));
        }
        refused
    }
}

/// Whether the server knows this parameter at all; a bad value of a known one is refused in any case, later.
fn understood(kind: &str, pair: &(String, String)) -> Result<(), Outcome> {
    if Subset::is_about(&pair.0, &pair.1) {
        return Ok(());
    }
    match Query::parse(kind, std::slice::from_ref(pair)) {
        Err(problem)
            if problem.issues.iter().any(|issue| {
                matches!(issue.key, "search-unknown" | "search-unsupported" | "search-modifier")
            }) =>
        {
            Err(problem)
        }
        _ => Ok(()),
    }
}
