//! The terminology as it is now: what the program and content carry, and over it the CodeSystems, ValueSets and
//! ConceptMaps that were written into the store.

use crate::door::Records;
use crate::overlay::Overlay;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use yba_fhir::{Issue, Outcome, Severity};
use yba_terminology::Terminology;
use yba_validate::Codes;

/// What the door keeps of it.
pub(crate) struct Terms {
    /// What is always there; the program's own when nobody said otherwise.
    base: OnceLock<Arc<Terminology>>,
    now: RwLock<Option<Arc<Terminology>>>,
    overlay: Overlay,
}

impl Default for Terms {
    fn default() -> Terms {
        let overlay = Overlay::of(&["CodeSystem", "ConceptMap", "ValueSet"]);
        Terms { base: OnceLock::new(), now: RwLock::default(), overlay }
    }
}

impl Terms {
    fn base(&self) -> Arc<Terminology> {
        self.base.get_or_init(|| Codes::built_in().terminology().clone()).clone()
    }
}

impl Records {
    /// What the terminology is built on: of this node's content. To be said before anybody asks; later it changes
    /// nothing.
    pub fn speak_by(&self, terminology: Arc<Terminology>) {
        let _ = self.terms.base.set(terminology);
    }

    /// The terminology with every resource that the log holds by now. Resources that are malformed are left out.
    pub async fn terminology(&self) -> Result<Arc<Terminology>, Outcome> {
        let make = |resources: Vec<_>| {
            let (terminology, issues) = self.terms.base().with_sound_resources(resources.iter());
            tell(&issues);
            *self.terms.now.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(terminology));
        };
        self.terms.overlay.refresh(&self.store, make).await?;
        Ok(self.terminology_now())
    }

    /// The terminology as it was made last, at once: for judging a write.
    pub fn terminology_now(&self) -> Arc<Terminology> {
        let now = self.terms.now.read().unwrap_or_else(PoisonError::into_inner).clone();
        now.unwrap_or_else(|| self.terms.base())
    }
}

fn tell(issues: &[Issue]) {
    const TOLD_MAX: usize = 20;
    for issue in issues.iter().filter(|issue| issue.severity == Severity::Error).take(TOLD_MAX) {
        eprintln!("terminology: left out: {}", issue.diagnostics);
    }
}
