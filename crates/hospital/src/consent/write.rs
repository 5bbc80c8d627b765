//! A statement as FHIR Consents, one for each facility's file of the person.
//! <https://hl7.org/fhir/R4/consent.html>

use super::check::{Draft, Signer};
use super::model::STATEMENT;
use yba_fhir::json::{Value, json};
use yba_fhir::{Outcome, Resource};
use yba_records::{Change, Version};

const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// What of a Consent does not come from the form.
pub(super) struct Frame<'a> {
    /// Holds the Consents of one statement together.
    pub key: &'a str,
    pub patient: &'a str,
    /// The moment it is written down.
    pub now: &'a str,
    /// The Organization (id) at which it is.
    pub kept_by: Option<&'a str>,
}

/// A Consent of one Patient. A permission counts when its paper is signed, a refusal at once.
pub(super) fn consent(draft: &Draft, frame: &Frame) -> Value {
    let is_active = draft.is_bar || draft.signed;
    let patient = format!("Patient/{}", frame.patient);
    let mut consent = json!({
        "resourceType": "Consent",
        "identifier": [{"system": STATEMENT, "value": frame.key}],
        "status": if is_active { "active" } else { "proposed" },
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": patient},
        "dateTime": frame.now,
        "performer": [performer(&draft.signer, frame.patient)],
        "policyRule": {"coding": [{"system": ACT_CODE, "code": if draft.is_bar { "OPTOUT" } else { "OPTIN" }}]},
        "provision": provision(draft)
    });
    if let Some(organization) = frame.kept_by {
        consent["organization"] = json!([{"reference": format!("Organization/{organization}")}]);
    }
    if draft.signed {
        consent["verification"] = json!([verification(frame.now)]);
    }
    consent
}

fn performer(signer: &Signer, patient: &str) -> Value {
    match signer {
        Signer::Patient => json!({"reference": format!("Patient/{patient}")}),
        Signer::Other { role, name } => json!({"display": format!("{name} ({role})")}),
    }
}

fn verification(now: &str) -> Value {
    json!({"verified": true, "verificationDate": now})
}

fn provision(draft: &Draft) -> Value {
    let mut provision = json!({"type": if draft.is_bar { "deny" } else { "permit" }});
    if draft.from.is_some() || draft.to.is_some() {
        let mut period = json!({});
        let ends = [("start", &draft.from), ("end", &draft.to)];
        for (name, day) in ends.into_iter().filter_map(|(name, day)| Some((name, day.as_ref()?))) {
            period[name] = json!(day);
        }
        provision["period"] = period;
    }
    if let Some(place) = &draft.place {
        let receiver = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]});
        provision["actor"] =
            json!([{"role": receiver, "reference": {"reference": format!("Organization/{place}")}}]);
    }
    if let Some(label) = draft.label {
        provision["securityLabel"] = json!([{"system": ACT_CODE, "code": label}]);
    }
    provision
}

/// Takes a Consent back, as it is then.
pub(super) fn withdrawn(id: &str) -> Change {
    Change::edit("Consent", id, |version| changed(version, |consent| consent["status"] = json!("inactive")))
}

/// Notes that its paper was signed; from then on it counts.
pub(super) fn signed(id: &str, now: String) -> Change {
    Change::edit("Consent", id, move |version| {
        changed(version, |consent| {
            if consent["status"] == json!("proposed") {
                consent["status"] = json!("active");
            }
            consent["verification"] = json!([verification(&now)]);
        })
    })
}

fn changed(version: &Version, change: impl Fn(&mut Value)) -> Result<Resource, Outcome> {
    let mut tree = version.tree();
    change(&mut tree);
    Resource::from_value(tree)
}
