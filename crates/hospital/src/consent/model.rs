//! What a person has said about who may see their record, read out of their Consents. What each one means is asked of the
//! same reading that makes the bars ([`rules`]), so that the page says what the door does.

use crate::record::read;
use std::collections::BTreeMap;
use yba_fhir::date::{BEGINNING, FOREVER};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::{DateRange, Day};
use yba_store::index::tie::{EVERYWHERE, rules};

/// The system of the identifier that holds the Consents of one statement together: one for each facility's file of the person.
pub const STATEMENT: &str = "https://yba.vn/fhir/sid/loi-dong-y";

/// Sensitive parts of a record, by their security label.
pub const PARTS: [(&str, &str); 5] = [
    ("HIV", "phần về HIV/AIDS"),
    ("PSY", "phần về sức khỏe tâm thần"),
    ("SUD", "phần về nghiện rượu, ma túy"),
    ("SEX", "phần về sức khỏe sinh sản, tình dục"),
    ("STD", "phần về bệnh lây qua đường tình dục"),
];

/// The words for the person as the one who agrees.
pub const PATIENT: &str = "Người bệnh";

/// How a statement stands today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    InForce,
    /// Written down, and without effect until the paper is signed.
    Unsigned,
    /// From a later day on.
    Later,
    /// Its last day is over.
    Over,
    /// Taken back, at this moment.
    Withdrawn(String),
    /// Refused, entered in error, a draft.
    Void,
}

/// One thing a statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Says {
    pub is_bar: bool,
    /// Organizations by id; none: whichever it is.
    pub places: Vec<String>,
    /// Security labels; none: the whole record.
    pub labels: Vec<String>,
    /// First and last day, where there are such.
    pub first: Option<Day>,
    pub last: Option<Day>,
}

/// What a person said once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub key: String,
    /// The Consents it stands in.
    pub ids: Vec<String>,
    pub says: Vec<Says>,
    pub state: State,
    /// When it was written down.
    pub made: String,
    /// Who agreed, in words.
    pub signer: String,
    /// When the signed paper was seen.
    pub signed: Option<String>,
    /// The Organization that wrote it down, by id.
    pub kept_by: Option<String>,
}

impl Statement {
    pub fn can_be_signed(&self) -> bool {
        self.signed.is_none() && !matches!(self.state, State::Withdrawn(_) | State::Void)
    }

    pub fn can_be_withdrawn(&self) -> bool {
        matches!(self.state, State::InForce | State::Unsigned | State::Later)
    }
}

/// The statements of these Consents, the newest first. `now_ms` decides what is in force.
pub fn statements(consents: &[Value], now_ms: i64) -> Vec<Statement> {
    let mut by_key: BTreeMap<String, Statement> = BTreeMap::new();
    for consent in consents.iter().filter(|one| read::kind(one) == "Consent") {
        let one = statement(consent, now_ms);
        match by_key.get_mut(&one.key) {
            None => {
                by_key.insert(one.key.clone(), one);
            }
            Some(known) => {
                known.ids.extend(one.ids);
                // As long as one of its Consents holds, it holds.
                if one.state == State::InForce {
                    known.state = State::InForce;
                }
                one.says.into_iter().for_each(|says| {
                    if !known.says.contains(&says) {
                        known.says.push(says);
                    }
                });
            }
        }
    }
    let mut all: Vec<Statement> = by_key.into_values().collect();
    all.sort_by(|one, other| (&other.made, &other.key).cmp(&(&one.made, &one.key)));
    all
}

fn statement(consent: &Value, now_ms: i64) -> Statement {
    let id = read::id(consent).to_owned();
    let key = items(consent, "identifier")
        .find(|one| str_at(one, &["system"]) == Some(STATEMENT))
        .and_then(|one| str_at(one, &["value"]));
    let found = rules(consent);
    let text = |path: &[&str]| str_at(consent, path).unwrap_or_default().to_owned();
    Statement {
        key: key.unwrap_or(&id).to_owned(),
        ids: vec![id.clone()],
        state: state(consent, found.iter().map(|rule| rule.span), now_ms),
        says: found
            .iter()
            .map(|rule| Says {
                is_bar: rule.is_bar,
                places: rule.places.iter().filter_map(|place| organization(place)).collect(),
                labels: rule.labels.iter().map(|label| (*label).to_owned()).collect(),
                first: rule
                    .span
                    .filter(|span| span.start > BEGINNING)
                    .map(|span| Day::of_instant(span.start)),
                last: rule.span.filter(|span| span.end < FOREVER).map(|span| Day::of_instant(span.end - 1)),
            })
            .collect(),
        made: text(&["dateTime"]),
        signer: signer(consent),
        signed: items(consent, "verification")
            .find(|one| one.get("verified").is_some_and(|verified| verified.is_true()))
            .and_then(|one| str_at(one, &["verificationDate"]))
            .map(str::to_owned),
        kept_by: items(consent, "organization")
            .find_map(|one| read::target(one, &["reference"]))
            .map(str::to_owned),
    }
}

fn organization(place: &str) -> Option<String> {
    (place != EVERYWHERE).then(|| place.strip_prefix("Organization/").unwrap_or(place).to_owned())
}

/// «Người bệnh», or the words for somebody else.
fn signer(consent: &Value) -> String {
    let words = items(consent, "performer").map(|one| match str_at(one, &["display"]) {
        Some(display) => display.to_owned(),
        None => PATIENT.to_owned(),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn state(consent: &Value, spans: impl Iterator<Item = Option<DateRange>>, now_ms: i64) -> State {
    let moment = || str_at(consent, &["meta", "lastUpdated"]).unwrap_or_default().to_owned();
    match str_at(consent, &["status"]) {
        Some("proposed") => State::Unsigned,
        Some("inactive") => State::Withdrawn(moment()),
        Some("active") => {
            let spans: Vec<DateRange> = spans.flatten().collect();
            match (spans.iter().all(|span| span.end <= now_ms), spans.iter().all(|span| span.start > now_ms))
            {
                _ if spans.is_empty() => State::InForce,
                (true, _) => State::Over,
                (_, true) => State::Later,
                _ => State::InForce,
            }
        }
        _ => State::Void,
    }
}
