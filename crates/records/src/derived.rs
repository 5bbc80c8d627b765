//! What may be shown of tables that a follower derives from records, such as registers: the same rules as for the records
//! themselves, asked here because permission stands nowhere else.

use crate::audit::Seen;
use crate::change::{Change, Done};
use crate::ctx::Ctx;
use crate::door::Records;
use std::collections::HashSet;
use yba_auth::Action;
use yba_fhir::{Kind, Outcome};
use yba_store::Scope;

/// How the ids of closed reports begin: MeasureReports that people write by [`Records::keep_closed`] alone, so that nobody
/// signs for another facility, or other numbers than were counted.
pub const CLOSED: &str = "bc-";

impl Records {
    /// Writes a closed report of a place, or of all places, whose numbers the caller may know ([`Records::admit_counts`]) and
    /// whose roles let them write such reports.
    pub async fn keep_closed(
        &self,
        ctx: &Ctx,
        kinds: &[&str],
        place: Option<&str>,
        change: Change,
    ) -> Result<Vec<Done>, Outcome> {
        self.admit_counts(ctx, kinds, place)?;
        let vouched = change.action.resource().and_then(|resource| resource.id()).map(str::to_owned);
        self.transact(&Ctx { vouched, ..ctx.clone() }, vec![change]).await
    }

    /// Lets in whom the roles let search every one of these types; refuses others, and notes that. `word` is the trail's.
    pub fn admit_rows(&self, ctx: &Ctx, word: &str, kinds: &[&str]) -> Result<(), Outcome> {
        kinds.iter().try_for_each(|kind| self.admit(ctx, word, kind))
    }

    /// Of these records of a type (ids) those that a search by the caller could find now. Whom they are about is noted by
    /// [`Records::audit_view`], when it is known what is shown.
    pub async fn those_shown(
        &self,
        ctx: &Ctx,
        word: &str,
        kind: &str,
        ids: Vec<String>,
    ) -> Result<HashSet<String>, Outcome> {
        self.admit(ctx, word, kind)?;
        match self.scope(ctx, Action::Search) {
            Scope::Nothing => Ok(HashSet::new()),
            scope => self.store.shown(kind, ids, &scope).await,
        }
    }

    /// Lets in who may know how many records of these types a place (the id of an Organization) has, or all places
    /// together, and notes it: whoever searches all of each type, and, of one place, whoever has a role there that does.
    ///
    /// What is hidden of single persons (bars, sensitive labels) does not stand against a number, which names nobody. An app
    /// that sees a part of what its person sees gets no numbers.
    pub fn admit_counts(&self, ctx: &Ctx, kinds: &[&str], place: Option<&str>) -> Result<(), Outcome> {
        self.admit_rows(ctx, "report", kinds)?;
        let scope = self.scope(ctx, Action::Search);
        let of_place = place.map(|id| format!("Organization/{id}"));
        let counts = |kind: &&&str| match &scope {
            Scope::All => true,
            Scope::Narrow(narrow) => {
                let is_there = |places: &std::collections::BTreeSet<String>| {
                    of_place.as_ref().is_some_and(|place| places.contains(place))
                };
                !narrow.limits.contains_key(**kind)
                    && (narrow.whole.contains(**kind) || narrow.tied.get(**kind).is_some_and(is_there))
            }
            Scope::Patients(_) | Scope::Nothing => false,
        };
        let refused = !kinds.iter().all(|kind| counts(&kind));
        let kind = kinds.first().copied().unwrap_or_default();
        self.trail().note(ctx, &Seen { action: "report", kind, patients: &[], refused })?;
        if refused {
            let text =
                "Chỉ người làm ở cơ sở này hoặc người được xem toàn tỉnh mới xem được số liệu của cơ sở.";
            let detail = format!("numbers of {} need all of its {kind}", place.unwrap_or("the province"));
            return Err(Outcome::new(Kind::Forbidden, "counts-scope", text, detail));
        }
        Ok(())
    }
}
