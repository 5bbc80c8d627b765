//! What of a call the roles permit: each look and each change by its type, a search also by what it asks of other types.

use crate::audit::Seen;
use crate::change::{Action as Asked, Change, Which};
use crate::ctx::Ctx;
use crate::door::{Records, unknown_type};
use std::borrow::Cow;
use yba_auth::Action;
use yba_fhir::defs::r4;
use yba_fhir::{Kind, Outcome};
use yba_store::Query;
use yba_store::search::query::Clause;

/// What a look of the door needs, by the word that the trail has for it. `None`: being known is enough, for what is shown
/// was permitted before or is permitted after.
pub(crate) fn needed(word: &str) -> Option<Action> {
    match word {
        "rest" => None,
        "history" => Some(Action::History),
        "search" | "lastn" | "find" | "register" | "register-export" | "report" => Some(Action::Search),
        "meta" => Some(Action::Meta),
        "everything" => Some(Action::Everything),
        "export" => Some(Action::Export),
        "explain" => Some(Action::Explain),
        "redeliver" => Some(Action::Update),
        _ => Some(Action::Read),
    }
}

impl Records {
    /// Lets in whom the roles let do this with records of a type, or, of an empty one, of every type. Refuses, and notes
    /// that, strangers and what no role permits; refuses unknown types.
    pub(crate) fn admit(&self, ctx: &Ctx, word: &str, kind: &str) -> Result<(), Outcome> {
        let noted = |refused: Outcome| -> Result<(), Outcome> {
            self.trail.note(ctx, &Seen { action: word, kind, patients: &[], refused: true })?;
            Err(refused)
        };
        if let Err(refused) = ctx.may_look() {
            return noted(refused);
        }
        if !kind.is_empty() && !r4().is_resource(kind) {
            return Err(unknown_type(kind));
        }
        if word == "vread" && ctx.is_of_now(kind) {
            return noted(of_now(kind));
        }
        match needed(word).map_or(Ok(()), |action| ctx.must(action, kind)) {
            Ok(()) => Ok(()),
            Err(refused) => noted(refused),
        }
    }

    /// The same of several searches, each of its type, and of what their conditions ask of other types: of a chain, only
    /// types remain that may be searched.
    pub(crate) fn admit_searches<'q>(
        &self,
        ctx: &Ctx,
        word: &str,
        queries: &'q [Query],
    ) -> Result<Cow<'q, [Query]>, Outcome> {
        for query in queries {
            self.admit(ctx, word, &query.kind)?;
        }
        if queries.is_empty() {
            self.admit(ctx, word, "")?;
        }
        if !queries.iter().any(asks_others) {
            return Ok(Cow::Borrowed(queries));
        }
        let narrowed: Result<Vec<Query>, Outcome> =
            queries.iter().map(|query| narrowed(ctx, query)).collect();
        match narrowed {
            Ok(narrowed) => Ok(Cow::Owned(narrowed)),
            Err(refused) => {
                let kind = if let [only] = queries { only.kind.as_str() } else { "" };
                self.trail.note(ctx, &Seen { action: word, kind, patients: &[], refused: true })?;
                Err(refused)
            }
        }
    }
}

/// An app that sees records by their codes sees them as they are now: an older version might say what it is not to know.
fn of_now(kind: &str) -> Outcome {
    let text = format!("Ứng dụng này chỉ được xem bản hiện tại của {kind}, không được xem bản cũ.");
    let detail = format!("the scope of {kind} has search parameters, which hold for what a record is now");
    Outcome::new(Kind::Forbidden, "scope-of-now", text, detail)
}

/// Whether a condition is about records of another type.
fn asks_others(query: &Query) -> bool {
    query.clauses.iter().any(|clause| matches!(clause, Clause::Chain { .. } | Clause::Has { .. }))
}

/// The search with only those types in its chains that the caller may search. Refuses when none remains.
pub(crate) fn narrowed(ctx: &Ctx, query: &Query) -> Result<Query, Outcome> {
    ctx.must(Action::Search, &query.kind)?;
    let mut query = query.clone();
    for clause in &mut query.clauses {
        match clause {
            Clause::Chain { targets, .. } => {
                let permitted: Vec<Query> =
                    targets.iter().filter_map(|target| narrowed(ctx, target).ok()).collect();
                if let (true, Some(first)) = (permitted.is_empty(), targets.first()) {
                    ctx.must(Action::Search, &first.kind)?;
                    narrowed(ctx, first)?;
                }
                *targets = permitted;
            }
            Clause::Has { of, .. } => **of = narrowed(ctx, of)?,
            _ => {}
        }
    }
    Ok(query)
}

/// Refuses a change that the roles do not permit. What a change finds by a search needs the search as well; a put may
/// create and may replace, so it needs both.
pub(crate) fn may_change(ctx: &Ctx, change: &Change) -> Result<(), Outcome> {
    let kind = change.action.kind();
    let needed: &[Action] = match &change.action {
        Asked::Create { unless: None, .. } => &[Action::Create],
        Asked::Create { unless: Some(_), .. } => &[Action::Create, Action::Search, Action::Read],
        Asked::Put { .. } => &[Action::Create, Action::Update],
        Asked::PutWhere { .. } => &[Action::Create, Action::Update, Action::Search],
        Asked::Edit { which: Which::Id(_), .. } => &[Action::Read, Action::Update],
        Asked::Edit { which: Which::Where(_), .. } => &[Action::Read, Action::Update, Action::Search],
        Asked::Delete { .. } => &[Action::Delete],
        Asked::DeleteWhere { .. } => &[Action::Delete, Action::Search],
    };
    // An unknown type is said to be one by whoever plans the change.
    if !r4().is_resource(kind) {
        return Ok(());
    }
    needed.iter().try_for_each(|action| ctx.must(*action, kind))
}
