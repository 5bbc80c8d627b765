//! What writes are judged by as it is now: R4, the profiles of content on this day, and the StructureDefinitions that
//! were written into the store.

use crate::door::Records;
use crate::overlay::Overlay;
use std::sync::{Arc, PoisonError, RwLock};
use yba_fhir::json::Value;
use yba_fhir::{Day, Outcome};
use yba_validate::{Codes, Validator};

/// Makes a validator of the definitions of the store, as it is on a day.
type Make = dyn Fn(&[Value], Day) -> Validator + Send + Sync;

/// What the door keeps of it.
pub(crate) struct Rules {
    now: RwLock<Now>,
    overlay: Overlay,
}

struct Now {
    make: Arc<Make>,
    /// The definitions of the store.
    definitions: Arc<Vec<Value>>,
    /// The day for which the validator was made, and it.
    made: Option<(Day, Validator)>,
}

impl Default for Rules {
    fn default() -> Rules {
        let make = Arc::new(|_: &[Value], _| Validator::r4().clone());
        let now = Now { make, definitions: Arc::default(), made: None };
        Rules { now: RwLock::new(now), overlay: Overlay::of(&["StructureDefinition"]) }
    }
}

impl Rules {
    fn change(&self, change: impl FnOnce(&mut Now)) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut now);
        now.made = None;
    }

    /// The validator of a day: profiles of content begin and end with days.
    fn on(&self, day: Day) -> Validator {
        let (make, definitions) = {
            let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((made_on, validator)) = &now.made
                && *made_on == day
            {
                return validator.clone();
            }
            (now.make.clone(), now.definitions.clone())
        };
        let validator = make(&definitions, day);
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        // What was changed meanwhile is made by whoever asks next.
        if Arc::ptr_eq(&now.definitions, &definitions) && Arc::ptr_eq(&now.make, &make) {
            now.made = Some((day, validator.clone()));
        }
        validator
    }
}

impl Records {
    /// From now on writes are judged by what this makes of the StructureDefinitions in the store and of the day; R4 alone
    /// until it is said.
    pub fn judge_by(&self, make: impl Fn(&[Value], Day) -> Validator + Send + Sync + 'static) {
        self.rules.change(|now| now.make = Arc::new(make));
    }

    /// What writes are judged by at this moment, with the terminology and the profiles as they were read last.
    pub fn validator(&self) -> Validator {
        let today = Day::of_instant(self.store.clock().now_ms());
        self.rules.on(today).speaking(Codes::new(self.terminology_now(), today))
    }

    /// The same, with every code list and profile that the log holds by now.
    pub async fn rules(&self) -> Result<Validator, Outcome> {
        self.terminology().await?;
        let make = |definitions: Vec<Value>| self.rules.change(|now| now.definitions = Arc::new(definitions));
        self.rules.overlay.refresh(&self.store, make).await?;
        Ok(self.validator())
    }
}
