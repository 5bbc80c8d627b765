//! FHIR search: of a type, of everything, within a compartment; by address (`GET`) or by form (`POST …/_search`).
//! <https://hl7.org/fhir/R4/search.html>
//!
//! All pages of one search show one moment: the `_page` of a link carries the log position (DESIGN 9).

use crate::address;
use crate::answer::{Answer, Reply, outcome_bytes};
use crate::api::Api;
use crate::asked::{Asked, query_pairs};
use crate::body::Body;
use crate::bundle::Writer;
use crate::operation;
use crate::subset::Subset;
use crate::target::{Target, known_type};
use axum::extract::State;
use yba_fhir::defs::r4;
use yba_fhir::json::json;
use yba_fhir::{Kind, Outcome, Severity};
use yba_records::{Ctx, Found, Knowledge, Plan, Query};

/// Parameters in the address.
pub async fn by_address(State(api): State<Api>, asked: Asked, target: Target) -> Reply {
    asked.only_conditions(&["If-None-Match"])?;
    answer(&api, &asked, &target, asked.pairs.clone()).await
}

/// Parameters in a form, so that nothing about a person stands in an address.
pub async fn by_form(State(api): State<Api>, asked: Asked, target: Target, body: Body) -> Reply {
    asked.only_conditions(&[])?;
    let mut pairs = asked.pairs.clone();
    pairs.extend(query_pairs(body.form()?)?);
    answer(&api, &asked, &target, pairs).await
}

async fn answer(api: &Api, asked: &Asked, target: &Target, pairs: Vec<(String, String)>) -> Reply {
    let place = Place::of(target)?;
    let world = api.records().world(&asked.base, &pairs).await?;
    let search = Search::parse(place, pairs, asked.lenient, &world)?;
    Ok(search.run(api, &asked.ctx, &asked.base).await?)
}

/// Where is searched.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The type; none when several are searched.
    kind: Option<String>,
    /// Type and id of the record whose compartment it is.
    compartment: Option<(String, String)>,
}

impl Place {
    /// By the parts of an address: a type, or within a compartment a type or `*`; everything when there is neither.
    pub fn of(target: &Target) -> Result<Place, Outcome> {
        let Target { kind, id, within, .. } = target;
        let some = |kind: &str| (!kind.is_empty()).then(|| kind.to_owned());
        if id.is_empty() {
            return Ok(Place { kind: some(kind), compartment: None });
        }
        let within = if within == "*" { "" } else { known_type(within)? };
        Ok(Place { kind: some(within), compartment: Some((kind.clone(), id.clone())) })
    }

    /// The address below the base.
    fn path(&self) -> String {
        match (&self.compartment, &self.kind) {
            (None, kind) => kind.clone().unwrap_or_default(),
            (Some((of, id)), kind) => format!("{of}/{id}/{}", kind.as_deref().unwrap_or("*")),
        }
    }

    /// The types that are searched: the one, or those that `_type` names, or all that there may be.
    fn kinds<'k>(&'k self, types: Option<&'k str>) -> Result<Vec<&'k str>, Outcome> {
        if let Some(kind) = &self.kind {
            return Ok(vec![kind]);
        }
        let of = self.compartment.as_ref().map(|(of, _)| of.as_str());
        let all: Vec<&str> = match of {
            Some(of) => Query::kinds_of_compartment(of),
            None => r4().resource_types().collect(),
        };
        let Some(types) = types else { return Ok(all) };
        let mut kinds: Vec<&str> = Vec::new();
        for kind in types.split(',').filter(|kind| !kind.is_empty()) {
            if !all.contains(&known_type(kind).map_err(|refused| bad_type(refused.to_string()))?) {
                return Err(bad_type(format!(
                    "{kind} is not in the compartment of {}",
                    of.unwrap_or_default()
                )));
            }
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        if kinds.is_empty() { Err(bad_type("_type names no type".to_owned())) } else { Ok(kinds) }
    }
}

fn bad_type(detail: String) -> Outcome {
    let text =
        "“_type” cần tên các loại tài nguyên FHIR R4, cách nhau bằng dấu phẩy, ví dụ Patient,Observation.";
    Outcome::invalid("search-value", text, detail).at("_type")
}

/// A search that was understood.
#[derive(Debug)]
pub struct Search {
    place: Place,
    /// One for each type.
    queries: Vec<Query>,
    /// The parameters as understood, without the page.
    pairs: Vec<(String, String)>,
    page: Option<String>,
    /// What was passed over, under `Prefer: handling=lenient`.
    dropped: Option<Outcome>,
    /// The part of the matches that is wanted.
    subset: Option<Subset>,
    /// `_total=none`.
    no_total: bool,
    /// `_explain=true`: not what is found is asked, but how it would be.
    explains: bool,
}

impl Search {
    /// Unknown parameters are refused by name, all at once; or passed over with a warning, when `lenient`.
    pub fn parse(
        place: Place,
        pairs: Vec<(String, String)>,
        lenient: bool,
        world: &Knowledge,
    ) -> Result<Search, Outcome> {
        let (mut page, mut types, mut explain) = (None, None, None);
        let mut kept = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let once = match name.as_str() {
                "_page" => &mut page,
                "_explain" => &mut explain,
                "_type" if place.kind.is_none() => &mut types,
                // A habit of Aidbox clients such as fhirpy, beside `_count=0`; it asks what FHIR's `_total` asks.
                "_totalMethod" if value == "count" => continue,
                // What contained resources hold is never found by itself: the default.
                "_contained" if value == "false" => continue,
                _ => {
                    kept.push((name, value));
                    continue;
                }
            };
            if once.replace(value).is_some() {
                let text = format!("Chỉ được có một {name}.");
                return Err(Outcome::invalid("search-cursor", text, format!("{name} occurs twice")).at(name));
            }
        }
        let explains = match explain.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                let text = "“_explain” cần true hoặc false.";
                return Err(
                    Outcome::invalid("search-value", text, "_explain is true or false").at("_explain")
                );
            }
        };
        let kinds = place.kinds(types.as_deref())?;
        let mut dropped: Option<Outcome> = None;
        if lenient {
            kept.retain(|pair| match understood(&kinds, pair, world) {
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
        let mut queries = Query::parse_each(&kinds, &asked, world)?;
        if let Some((of, id)) = &place.compartment {
            let each = queries.into_iter().map(|query| query.in_compartment(of, id));
            queries = each.collect::<Result<_, _>>()?;
        }
        let no_total = kept.iter().any(|(name, value)| name == "_total" && value == "none");
        kept.extend(types.map(|types| ("_type".to_owned(), types)));
        Ok(Search { place, queries, pairs: kept, page, dropped, subset, no_total, explains })
    }

    /// One page of the search as a Bundle.
    pub async fn run(self, api: &Api, ctx: &Ctx, base: &str) -> Result<Answer, Outcome> {
        self.run_at(api, ctx, base, None).await
    }

    /// The same; its first page as it stood at a moment, when one is named.
    pub async fn run_at(
        self,
        api: &Api,
        ctx: &Ctx,
        base: &str,
        moment: Option<i64>,
    ) -> Result<Answer, Outcome> {
        if self.explains {
            return answer_parameters(&api.records().explain(ctx, &self.queries).await?);
        }
        let path = self.place.path();
        let here = if path.is_empty() { base.to_owned() } else { format!("{base}/{path}") };
        let found = match (moment, &self.page) {
            (Some(moment), None) => api.records().search_each_at(ctx, &self.queries, moment).await,
            (_, page) => api.records().search_each(ctx, &self.queries, page.as_deref()).await,
        };
        let found = found.map_err(|refused| self.with_restart(refused, &here))?;
        let links = self.links(&here, &found);
        let count_only = self.queries.iter().any(|query| query.count_only);
        let all_on_this_page = found.next.is_none() && self.page.is_none() && !count_only;
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

/// The plan of a search as Parameters: what it costs in looks at a row, step by step, and the engine's own words.
fn answer_parameters(plan: &Plan) -> Result<Answer, Outcome> {
    let steps = plan.steps.iter().map(|step| {
        let mut part = vec![
            json!({"name": "type", "valueCode": (&step.kind)}),
            json!({"name": "from", "valueString": (step.from.as_deref().unwrap_or("*"))}),
            json!({"name": "endsEarly", "valueBoolean": (step.ends_early)}),
            json!({"name": "cost", "valueInteger": (step.cost)}),
        ];
        part.extend(step.rows.map(|rows| json!({"name": "rows", "valueInteger": rows})));
        part.extend(step.tested.iter().map(|one| json!({"name": "tested", "valueString": one})));
        json!({"name": "step", "part": part})
    });
    let mut parts = vec![
        json!({"name": "cost", "valueInteger": (plan.cost)}),
        json!({"name": "refused", "valueBoolean": (plan.is_refused)}),
    ];
    parts.extend(steps);
    parts.extend(plan.engine.iter().map(|line| json!({"name": "engine", "valueString": line})));
    operation::answer(&json!({"resourceType": "Parameters", "parameter": parts}))
}

/// Whether the server knows this parameter at all; a bad value of a known one is refused in any case, later.
fn understood(kinds: &[&str], pair: &(String, String), world: &Knowledge) -> Result<(), Outcome> {
    if Subset::is_about(&pair.0, &pair.1) {
        return Ok(());
    }
    match Query::parse_each(kinds, std::slice::from_ref(pair), world) {
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
