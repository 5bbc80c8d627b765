//! What is kept of practising: which lessons the caller began, when, about whom, and what they ticked. It is a draft of the caller's
//! account (`Records::keep_draft`) and no record.

use super::lesson::Begun;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yba_fhir::Outcome;
use yba_records::{Ctx, Records};

/// Under which words the draft stands.
const ABOUT: &str = "tap";

/// How far somebody has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Slug of the lesson that was begun last; empty when none is under way.
    pub current: String,
    /// By slug.
    pub lessons: BTreeMap<String, Begun>,
}

impl Progress {
    pub async fn read(records: &Records, ctx: &Ctx) -> Result<Progress, Outcome> {
        let draft = records.draft(ctx, ABOUT).await?;
        Ok(draft.map(|draft| Progress::parse(&draft.text)).unwrap_or_default())
    }

    pub async fn keep(&self, records: &Records, ctx: &Ctx) -> Result<(), Outcome> {
        let text = sonic_rs::to_string(self).map_err(|error| Outcome::fault(error.to_string()))?;
        records.keep_draft(ctx, ABOUT, &text).await.map(|_| ())
    }

    /// What is not understood is as if it had not been begun.
    fn parse(text: &str) -> Progress {
        sonic_rs::from_str(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_comes_back_as_it_was_kept_and_nonsense_is_none() {
        let ticked = BTreeMap::from([("read".to_owned(), 7)]);
        let begun = Begun { ms: 5, who: "p-1".into(), ticked };
        let lessons =
            BTreeMap::from([("visit".to_owned(), begun), ("month-end".to_owned(), Begun::default())]);
        let kept = Progress { current: "visit".into(), lessons };
        assert_eq!(Progress::parse(&sonic_rs::to_string(&kept).unwrap()), kept);
        for text in ["", "{", "[]", r#"{"current": 3, "lessons": {"visit": {"ms": "x"}}}"#] {
            assert_eq!(Progress::parse(text), Progress::default(), "{text}");
        }
    }
}
