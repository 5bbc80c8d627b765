//! A post: what a PractitionerRole says, as far as a role of an account hangs on it. Whoever ends it (the personnel office by
//! the API, an import, a page) ends the role with it. <https://hl7.org/fhir/R4/practitionerrole.html>

use crate::account::Grant;
use yba_fhir::json::{JsonValueTrait, Value, at, str_at};
use yba_fhir::{DateRange, Day};
use yba_store::Version;

/// The type of FHIR that says who works where, as what, and for how long.
pub const POST: &str = "PractitionerRole";

/// A PractitionerRole as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The id of its Practitioner.
    practitioner: Option<String>,
    /// The id of its Organization.
    organization: Option<String>,
    active: bool,
    /// From and to, in ms; none when it is without end on both sides.
    span: Option<DateRange>,
}

impl Post {
    /// What a version says; `None` of a deleted one, and of one whose period cannot be read.
    pub fn of_version(version: &Version) -> Option<Post> {
        if version.deleted {
            return None;
        }
        Post::of(&version.tree())
    }

    fn of(tree: &Value) -> Option<Post> {
        let id = |field: &str, kind: &str| {
            let reference = str_at(tree, &[field, "reference"])?;
            Some(reference.strip_prefix(kind)?.strip_prefix('/')?.split('/').next()?.to_owned())
        };
        let ends = ["start", "end"].map(|end| str_at(tree, &["period", end]));
        let span = match ends {
            [None, None] => None,
            [start, end] => Some(DateRange::period(start, end)?),
        };
        Some(Post {
            practitioner: id("practitioner", "Practitioner"),
            organization: id("organization", "Organization"),
            active: at(tree, &["active"]).and_then(|active| active.as_bool()) != Some(false),
            span,
        })
    }

    /// Whether a role of the account of this Practitioner may hang on it: theirs, and for the same facility.
    pub fn is_of(&self, practitioner: Option<&str>, grant: &Grant) -> bool {
        practitioner.is_some()
            && self.practitioner.as_deref() == practitioner
            && self.organization == grant.organization
    }

    /// Whether it lasts on a day.
    pub fn lasts(&self, on: Day) -> bool {
        // A day of which it covers an hour is its day: `2026-03-31T17:00` ends with the 31st.
        let reaches = |span: &DateRange| span.start < on.plus_days(1).start_ms() && on.start_ms() < span.end;
        self.active && self.span.as_ref().is_none_or(reaches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(more: &str) -> Option<Post> {
        let text = format!(
            r#"{{"resourceType":"PractitionerRole","practitioner":{{"reference":"Practitioner/mai"}},"organization":{{"reference":"Organization/bv"}}{more}}}"#
        );
        Post::of(&sonic_rs::from_str(&text).unwrap())
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_post_is_of_one_person_at_one_place() {
        let grant = Grant { organization: Some("bv".into()), ..Grant::new("nurse", day("2026-01-01")) };
        let here = post("").unwrap();
        assert!(here.is_of(Some("mai"), &grant));
        assert!(!here.is_of(Some("lan"), &grant) && !here.is_of(None, &grant));
        assert!(!here.is_of(Some("mai"), &Grant { organization: Some("tyt".into()), ..grant.clone() }));
        assert!(!here.is_of(Some("mai"), &Grant { organization: None, ..grant }));
    }

    #[test]
    fn a_post_lasts_while_it_is_active_and_its_period_says_so() {
        let on = |more: &str, text: &str| post(more).is_some_and(|post| post.lasts(day(text)));
        assert!(on("", "2026-03-02") && on(r#","active":true"#, "2026-03-02"));
        assert!(!on(r#","active":false"#, "2026-03-02"));
        let spring = r#","period":{"start":"2026-03-02","end":"2026-03-31"}"#;
        assert!(!on(spring, "2026-03-01") && on(spring, "2026-03-02"));
        assert!(on(spring, "2026-03-31") && !on(spring, "2026-04-01"));
        let by_hour = r#","period":{"end":"2026-03-31T09:00:00+07:00"}"#;
        assert!(on(by_hour, "2026-03-31") && !on(by_hour, "2026-04-01"));
        assert!(on(r#","period":{"end":"2026"}"#, "2026-12-31"));
        assert!(!on(r#","period":{"end":"31/03/2026"}"#, "2026-03-02"), "what cannot be read never lasts");
    }
}
