//! What the pages of referrals show, made of ServiceRequests.

use yba_fhir::json::{Value, items, str_at};

/// How far a referral has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Received,
}

/// One referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Referral {
    pub id: String,
    /// Id of the Patient.
    pub patient: String,
    /// ISO instant.
    pub at: String,
    /// Ids and names of the facilities.
    pub from: String,
    pub from_name: String,
    pub to: String,
    pub to_name: String,
    /// `Đột quỵ (I64)`
    pub diagnosis: String,
    pub is_urgent: bool,
    pub state: State,
    /// What its form says, question and answers; empty when it came without one.
    pub said: Vec<(String, String)>,
}

impl Referral {
    /// What a ServiceRequest says; `None` of one that was taken back or names no facility.
    pub fn of(tree: &Value) -> Option<Referral> {
        let text = |path: &[&str]| str_at(tree, path).unwrap_or_default().to_owned();
        let organization =
            |one: &Value| Some(str_at(one, &["reference"])?.strip_prefix("Organization/")?.to_owned());
        let performer = items(tree, "performer").find(|one| organization(one).is_some())?;
        let reason = items(tree, "reasonCode").next();
        let code =
            reason.into_iter().flat_map(|one| items(one, "coding")).find_map(|one| str_at(one, &["code"]));
        let words = reason.and_then(|one| str_at(one, &["text"])).unwrap_or_default();
        Some(Referral {
            id: text(&["id"]),
            patient: str_at(tree, &["subject", "reference"])?.strip_prefix("Patient/")?.to_owned(),
            at: text(&["authoredOn"]),
            from: text(&["requester", "reference"]).trim_start_matches("Organization/").to_owned(),
            from_name: text(&["requester", "display"]),
            to: organization(performer)?,
            to_name: str_at(performer, &["display"]).unwrap_or_default().to_owned(),
            diagnosis: code.map_or_else(|| words.to_owned(), |code| format!("{words} ({code})")),
            is_urgent: matches!(str_at(tree, &["priority"]), Some("stat" | "asap" | "urgent")),
            state: match str_at(tree, &["status"])? {
                "active" => State::Waiting,
                "completed" => State::Received,
                _ => return None,
            },
            said: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::json;

    #[test]
    fn a_referral_is_read_as_it_stands_and_what_was_taken_back_is_none() {
        let mut tree = json!({"resourceType": "ServiceRequest", "id": "lk-1", "status": "active", "priority": "stat",
            "subject": {"reference": "Patient/p"}, "authoredOn": "2026-03-02T09:00:00+07:00",
            "requester": {"reference": "Organization/a", "display": "Trạm"},
            "performer": [{"reference": "Practitioner/x"}, {"reference": "Organization/b", "display": "Viện"}],
            "reasonCode": [{"coding": [{"code": "I64"}], "text": "Đột quỵ"}]});
        let read = Referral::of(&tree).unwrap();
        assert_eq!(
            (read.from.as_str(), read.to.as_str(), read.diagnosis.as_str()),
            ("a", "b", "Đột quỵ (I64)")
        );
        assert!(read.is_urgent && read.state == State::Waiting);
        tree["status"] = json!("entered-in-error");
        assert_eq!(Referral::of(&tree), None);
    }
}
