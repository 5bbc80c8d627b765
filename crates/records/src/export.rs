//! Looking at everything of one type at once: the bodies of all records that `ctx` may see, page by page. The trail says
//! it once, with the scope, before the first page leaves (DESIGN 19).

use crate::audit::Seen;
use crate::ctx::Ctx;
use crate::door::{Records, not_found};
use bytes::Bytes;
use yba_auth::Action;
use yba_fhir::Outcome;
use yba_fhir::defs::r4;
use yba_store::{Scope, Store, Walk};

/// What is to be exported.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'w> {
    pub kind: &'w str,
    /// Only what belongs to these patients (ids), when any is named.
    pub patients: &'w [String],
    /// Only what belongs to some patient, whoever it is.
    pub of_anyone: bool,
    /// As the records were at this log position, when one is named; now otherwise.
    pub t: Option<i64>,
    /// Only versions that arrived at this node at this moment or later, in ms since 1970 UTC.
    pub since_ms: Option<i64>,
}

/// An export under way.
pub struct Export {
    store: Store,
    walk: Walk,
}

impl Export {
    /// The bodies of the next page, none at the end.
    pub async fn next(&mut self) -> Result<Vec<Bytes>, Outcome> {
        self.store.bodies(&mut self.walk).await
    }
}

impl Records {
    /// Begins an export of a type, as its records are now or were at a moment. Refuses strangers, unknown types, and
    /// patients beyond the scope.
    pub async fn export(&self, ctx: &Ctx, wanted: Wanted<'_>) -> Result<Export, Outcome> {
        self.note_export(ctx, wanted.kind, wanted.patients).await?;
        let walk = self.walk(ctx, wanted).await?;
        Ok(Export { store: self.store().clone(), walk })
    }

    /// How many records an export would give.
    pub async fn export_count(&self, ctx: &Ctx, wanted: Wanted<'_>) -> Result<u64, Outcome> {
        self.may_export(ctx, wanted.kind, wanted.patients).await?;
        let walk = self.walk(ctx, wanted).await?;
        self.store().left(&walk).await
    }

    /// Notes that an export of several types is asked for, and gives its moment: the log position, and the ms since
    /// 1970 UTC from which on everything later arrives. Refuses like [`Records::export`].
    pub async fn export_moment(&self, ctx: &Ctx, patients: &[String]) -> Result<(i64, i64), Outcome> {
        self.note_export(ctx, "", patients).await?;
        self.store().last_arrival().await
    }

    /// An id for a thing that is no record, such as an export that is prepared.
    pub fn new_id(&self) -> String {
        self.ids.next()
    }

    async fn may_export(&self, ctx: &Ctx, kind: &str, patients: &[String]) -> Result<(), Outcome> {
        // Of several types each is admitted when its turn comes; here it must be one at least.
        let any = kind.is_empty() && r4().resource_types().any(|kind| ctx.may(Action::Export, kind));
        match any {
            true => ctx.may_look()?,
            false => self.admit(ctx, "export", kind)?,
        }
        let reached = self.patients_reached(ctx, Action::Export, patients).await?;
        if reached.len() < patients.len() {
            self.trail().note(ctx, &Seen { action: "export", kind, patients, refused: true })?;
            return Err(not_found("Patient", &patients[0]));
        }
        Ok(())
    }

    async fn note_export(&self, ctx: &Ctx, kind: &str, patients: &[String]) -> Result<(), Outcome> {
        self.may_export(ctx, kind, patients).await?;
        let shown = match &ctx.scope {
            _ if !patients.is_empty() => patients,
            Scope::Patients(allowed) => allowed,
            Scope::All | Scope::Nothing | Scope::Narrow(_) => &[],
        };
        self.trail().note(ctx, &Seen { action: "export", kind, patients: shown, refused: false })
    }

    async fn walk(&self, ctx: &Ctx, wanted: Wanted<'_>) -> Result<Walk, Outcome> {
        let Wanted { kind, patients, of_anyone, t, since_ms } = wanted;
        let store = self.store();
        let after_t = match since_ms {
            Some(ms) => store.arrived_before(ms).await?,
            None => 0,
        };
        let walk = store
            .walk(kind, &self.scope(ctx, Action::Export))
            .of_patients(patients.to_vec())
            .of_anyone(of_anyone);
        Ok(walk.arrived_after(after_t).at(t.unwrap_or(i64::MAX)))
    }
}
