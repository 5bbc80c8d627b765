//! Looking at everything of one type at once: the bodies of all records that `ctx` may see, page by page. The trail says
//! it once, with the scope, before the first page leaves (DESIGN 19).

use crate::audit::Seen;
use crate::ctx::Ctx;
use crate::door::{Records, not_found, within};
use bytes::Bytes;
use yba_fhir::Outcome;
use yba_store::{Scope, Store, Walk};

/// What is to be exported.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'w> {
    pub kind: &'w str,
    /// Only what belongs to these patients (ids), when any is named.
    pub patients: &'w [String],
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
    /// Begins an export of a type, as its records are now. Refuses strangers, unknown types, and patients beyond the
    /// scope.
    pub async fn export(&self, ctx: &Ctx, wanted: Wanted<'_>) -> Result<Export, Outcome> {
        let Wanted { kind, patients, since_ms } = wanted;
        self.admit(ctx, "export", kind)?;
        if !patients.is_empty() && !within(&ctx.scope, patients) {
            self.trail().note(ctx, &Seen { action: "export", kind, patients, refused: true })?;
            return Err(not_found("Patient", &patients[0]));
        }
        let shown = match &ctx.scope {
            _ if !patients.is_empty() => patients,
            Scope::Patients(allowed) => allowed,
            Scope::All | Scope::Nothing => &[],
        };
        self.trail().note(ctx, &Seen { action: "export", kind, patients: shown, refused: false })?;
        let store = self.store().clone();
        let after_t = match since_ms {
            Some(ms) => store.arrived_before(ms).await?,
            None => 0,
        };
        let walk = store.walk(kind, &ctx.scope).of_patients(patients.to_vec()).arrived_after(after_t);
        Ok(Export { store, walk })
    }
}
