//! Scopes: `patient/Observation.rs?category=laboratory`, `launch/patient`, `openid`.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>

use crate::permit::Action;
use std::fmt;
use yba_fhir::defs::{SearchType, r4};
use yba_store::index;
use yba_store::search::query::decode_pairs;
use yba_store::{Codes, Limit};

/// Bounds: letters of the whole text, scopes, conditions of one, values of one condition.
pub const TEXT_MAX: usize = 4000;
pub const SCOPES_MAX: usize = 100;
const CONDITIONS_MAX: usize = 4;
const VALUES_MAX: usize = 20;

/// What only people write, never an app of theirs.
const PEOPLE_ALONE: [&str; 3] = ["Subscription", "Consent", "Linkage"];

/// Words that stand alone.
const WORDS: [&str; 6] =
    ["launch", "launch/patient", "openid", "fhirUser", "offline_access", "online_access"];
/// The letters of interactions, in the order in which they are written.
const LETTERS: &str = "cruds";
/// What `patient/` scopes may look at besides the patient's compartment: who and where.
const AROUND: [&str; 6] =
    ["HealthcareService", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole"];

/// Whose data a scope is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    Patient,
    User,
    System,
}

impl Whose {
    const ALL: [(&'static str, Whose); 3] =
        [("patient", Whose::Patient), ("user", Whose::User), ("system", Whose::System)];

    fn word(self) -> &'static str {
        Whose::ALL[self as usize].0
    }
}

/// A scope of records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Records {
    pub whose: Whose,
    /// A type, or `*`.
    pub kind: String,
    /// Some of `cruds`, in that order.
    pub letters: String,
    /// Search parameters of the sort token, and their values.
    pub codes: Vec<Codes>,
}

/// What is asked or granted together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes {
    /// Those of [`WORDS`].
    words: Vec<&'static str>,
    records: Vec<Records>,
}

impl Scopes {
    /// Of a text with spaces between. What is no scope that can be granted is left out, as OAuth means it; `None` when
    /// there is more than anybody needs.
    pub fn parse(text: &str) -> Option<Scopes> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let mut scopes = Scopes::default();
        for (position, word) in text.split_ascii_whitespace().enumerate() {
            if position == SCOPES_MAX {
                return None;
            }
            match WORDS.iter().find(|one| **one == word) {
                Some(word) if !scopes.words.contains(word) => scopes.words.push(word),
                Some(_) => {}
                None => scopes.records.extend(records(word)),
            }
        }
        scopes.gather();
        Some(scopes)
    }

    /// One scope for the same records, however many said so.
    fn gather(&mut self) {
        let mut gathered: Vec<Records> = Vec::new();
        for one in std::mem::take(&mut self.records) {
            let same = |other: &&mut Records| {
                (other.whose, &other.kind, &other.codes) == (one.whose, &one.kind, &one.codes)
            };
            match gathered.iter_mut().find(same) {
                Some(other) => other.letters = either(&other.letters, &one.letters),
                None => gathered.push(one),
            }
        }
        gathered.retain(|one| !one.letters.is_empty());
        gathered.sort();
        gathered.truncate(SCOPES_MAX);
        self.records = gathered;
    }

    pub fn has(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.records.is_empty()
    }

    pub fn records(&self) -> &[Records] {
        &self.records
    }

    /// Whether something is about one patient.
    pub fn is_of_patient(&self) -> bool {
        self.records.iter().any(|one| one.whose == Whose::Patient)
    }

    /// The same without a word.
    pub fn without(mut self, word: &str) -> Scopes {
        self.words.retain(|one| *one != word);
        self
    }

    /// Only scopes about these.
    pub fn only(mut self, whose: &[Whose]) -> Scopes {
        self.records.retain(|one| whose.contains(&one.whose));
        self
    }

    /// What both say: never more than either.
    pub fn and(&self, other: &Scopes) -> Scopes {
        let words = self.words.iter().copied().filter(|word| other.has(word)).collect();
        let pairs = self.records.iter().flat_map(|one| other.records.iter().map(move |two| (one, two)));
        let mut both = Scopes { words, records: pairs.filter_map(|(one, two)| common(one, two)).collect() };
        both.gather();
        both
    }

    /// Only what somebody may do at all: `may` says it of a letter's action and a type. Of all types a letter stays when
    /// it is of use for one.
    pub fn within(mut self, may: impl Fn(Action, &str) -> bool) -> Scopes {
        for one in &mut self.records {
            let is_of_use = |letter: &char| {
                let action = action(*letter);
                match one.kind.as_str() {
                    "*" => r4().resource_types().any(|kind| may(action, kind)),
                    kind => may(action, kind),
                }
            };
            one.letters = one.letters.chars().filter(is_of_use).collect();
        }
        self.gather();
        self
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = self.records.iter().map(Records::to_string);
        let all: Vec<String> = self.words.iter().map(|word| (*word).to_owned()).chain(records).collect();
        out.write_str(&all.join(" "))
    }
}

impl fmt::Display for Records {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}.{}", self.whose.word(), self.kind, self.letters)?;
        for (position, codes) in self.codes.iter().enumerate() {
            let between = if position == 0 { '?' } else { '&' };
            let values: Vec<String> = codes.values.iter().map(|value| encoded(value)).collect();
            write!(out, "{between}{}={}", codes.parameter, values.join(","))?;
        }
        Ok(())
    }
}

/// For the value of a scope, in which no space may stand.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/|\\".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

fn action(letter: char) -> Action {
    match letter {
        'c' => Action::Create,
        'r' => Action::Read,
        'u' => Action::Update,
        'd' => Action::Delete,
        _ => Action::Search,
    }
}

fn either(one: &str, two: &str) -> String {
    LETTERS.chars().filter(|letter| one.contains(*letter) || two.contains(*letter)).collect()
}

fn common(one: &Records, two: &Records) -> Option<Records> {
    let kind = match (one.kind.as_str(), two.kind.as_str()) {
        (kind, "*") | ("*", kind) => kind,
        (kind, other) if kind == other => kind,
        _ => return None,
    };
    let letters: String = one.letters.chars().filter(|letter| two.letters.contains(*letter)).collect();
    let mut codes: Vec<Codes> = one.codes.iter().chain(&two.codes).cloned().collect();
    codes.sort();
    codes.dedup();
    let fits = one.whose == two.whose && !letters.is_empty() && codes.len() <= 2 * CONDITIONS_MAX;
    // What all types share is no parameter of each: a narrower type must know it.
    (fits && codes.iter().all(|codes| is_known(kind, &codes.parameter))).then(|| Records {
        whose: one.whose,
        kind: kind.to_owned(),
        letters,
        codes,
    })
}

/// One scope of records; `None` of what is none, or cannot be held to.
fn records(text: &str) -> Option<Records> {
    let (of, asked) = text.split_once('?').map_or((text, None), |(of, asked)| (of, Some(asked)));
    let (whose, rest) = of.split_once('/')?;
    let (_, whose) = Whose::ALL.into_iter().find(|(word, _)| *word == whose)?;
    let (kind, letters) = rest.split_once('.')?;
    let letters = match letters {
        "read" => "rs",
        "write" => "cud",
        "*" => LETTERS,
        // The letters come in their order, each once.
        letters if !letters.is_empty() && either(letters, "") == letters => letters,
        _ => return None,
    };
    if kind != "*" && !r4().is_resource(kind) {
        return None;
    }
    let codes = match asked {
        None => Vec::new(),
        Some(asked) => codes(kind, asked)?,
    };
    Some(Records { whose, kind: kind.to_owned(), letters: letters.to_owned(), codes })
}

fn codes(kind: &str, asked: &str) -> Option<Vec<Codes>> {
    let pairs = decode_pairs(asked);
    if pairs.is_empty() || pairs.len() > CONDITIONS_MAX {
        return None;
    }
    let mut all = Vec::with_capacity(pairs.len());
    for (parameter, values) in pairs {
        let mut values: Vec<String> = values.split(',').map(str::to_owned).collect();
        let fits = is_known(kind, &parameter)
            && values.len() <= VALUES_MAX
            && values.iter().all(|value| !value.is_empty() && !value.chars().any(char::is_control));
        if !fits {
            return None;
        }
        values.sort();
        all.push(Codes { parameter, values });
    }
    all.sort();
    Some(all)
}

/// Whether a type, or every type, has this parameter and it is of the sort token, without a modifier.
fn is_known(kind: &str, parameter: &str) -> bool {
    match kind {
        "*" => matches!(parameter, "_tag" | "_security"),
        kind => index::kinds()
            .get(kind)
            .and_then(|index| index.parameter(parameter))
            .is_some_and(|(_, one)| one.search_type == SearchType::Token && parameter != "_id"),
    }
}

/// What somebody's permits are narrowed to: the scopes that were granted, of one patient where they are a patient's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowing {
    rules: Vec<Records>,
    patient: Option<String>,
}

impl Narrowing {
    pub fn new(scopes: &Scopes, patient: Option<&str>) -> Narrowing {
        Narrowing { rules: scopes.records.clone(), patient: patient.map(str::to_owned) }
    }

    /// Whether some scope lets this be done with some records of a type.
    pub fn may(&self, action: Action, kind: &str) -> bool {
        self.rules.iter().any(|rule| self.limit(rule, action, kind).is_some())
    }

    /// Of a permitted action, what its records are limited to: one of these; `None` when they are not limited.
    pub fn limits(&self, action: Action, kind: &str) -> Option<Vec<Limit>> {
        let mut limits: Vec<Limit> =
            self.rules.iter().filter_map(|rule| self.limit(rule, action, kind)).collect();
        limits.sort();
        limits.dedup();
        let whole = Limit { patient: None, tokens: Vec::new() };
        (!limits.contains(&whole)).then_some(limits)
    }

    /// Whether records of a type are seen by what they are now, so that nothing older may be shown.
    pub fn is_of_now(&self, kind: &str) -> bool {
        let limits = self.limits(Action::Read, kind);
        limits.is_some_and(|limits| limits.iter().any(|limit| !limit.tokens.is_empty()))
    }

    /// What a scope limits this action to with this type; `None` when it does not let it be done.
    fn limit(&self, rule: &Records, action: Action, kind: &str) -> Option<Limit> {
        if (rule.kind != "*" && rule.kind != kind) || !r4().is_resource(kind) {
            return None;
        }
        let has = |letters: &str| letters.chars().all(|letter| rule.letters.contains(letter));
        let permitted = match action {
            Action::Read => has("r"),
            Action::Search | Action::Meta => has("s"),
            Action::History => has("rs") && rule.codes.is_empty(),
            Action::Everything | Action::Export => has("rs"),
            // It tells of everybody's records.
            Action::Explain => false,
            // A subscription would outlast the token; a consent or a link would widen what its person sees.
            Action::Create | Action::Update | Action::Delete if PEOPLE_ALONE.contains(&kind) => false,
            Action::Create => has("c"),
            Action::Update => has("u"),
            Action::Delete => has("d"),
        };
        if !permitted {
            return None;
        }
        let tokens = rule.codes.clone();
        if rule.whose != Whose::Patient {
            return Some(Limit { patient: None, tokens });
        }
        let is_theirs = kind == "Patient" || !r4().patient_compartment(kind).is_empty();
        match is_theirs {
            true => Some(Limit { patient: Some(self.patient.clone()?), tokens }),
            false if AROUND.contains(&kind) && !action.changes() => Some(Limit { patient: None, tokens }),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(text: &str) -> String {
        Scopes::parse(text).unwrap().to_string()
    }

    #[test]
    fn scopes_of_both_editions_are_read_and_said_in_the_second() {
        for (text, kept) in [
            ("patient/Observation.read", "patient/Observation.rs"),
            ("user/*.*", "user/*.cruds"),
            ("user/Patient.write", "user/Patient.cud"),
            ("patient/Patient.r patient/Patient.s", "patient/Patient.rs"),
            ("openid  fhirUser openid", "openid fhirUser"),
            ("patient/Observation.rs?category=a|b,c", "patient/Observation.rs?category=a|b,c"),
            ("patient/Observation.rs?code=x&category=y", "patient/Observation.rs?category=y&code=x"),
            ("patient/Observation.rs?category=x%20y%26z", "patient/Observation.rs?category=x%20y%26z"),
            ("system/*.rs?_security=N", "system/*.rs?_security=N"),
        ] {
            assert_eq!(said(text), kept, "{text}");
            assert_eq!(said(&said(text)), kept, "{text} again");
        }
    }

    #[test]
    fn what_cannot_be_held_to_is_no_scope() {
        for text in [
            "patient/Observation",
            "patient/Observation.sr",
            "patient/Observation.rr",
            "patient/Observation.x",
            "patient/Observation.",
            "patient/YbaAccount.rs",
            "patient/Nothing.rs",
            "nurse/Observation.rs",
            "patient/Observation.rs?",
            "patient/Observation.rs?date=gt2020",
            "patient/Observation.rs?code:in=x",
            "patient/Observation.rs?subject:Patient.name=x",
            "patient/Observation.rs?_id=x",
            "patient/Observation.rs?_text=x",
            "patient/Observation.rs?category=",
            "patient/*.rs?category=x",
            "launch/encounter",
            "profile",
            "/.",
        ] {
            assert_eq!(said(text), "", "{text}");
        }
        assert_eq!(Scopes::parse(&"openid ".repeat(SCOPES_MAX + 1)), None);
        assert_eq!(Scopes::parse(&"x".repeat(TEXT_MAX + 1)), None);
        let many = format!("patient/Observation.rs?code={}", "a,".repeat(VALUES_MAX) + "a");
        assert_eq!(said(&many), "");
    }

    #[test]
    fn what_is_granted_is_in_both() {
        let and =
            |one: &str, two: &str| Scopes::parse(one).unwrap().and(&Scopes::parse(two).unwrap()).to_string();
        for (asked, registered, granted) in [
            ("patient/*.cruds", "patient/Observation.rs", "patient/Observation.rs"),
            ("patient/Observation.rs", "patient/*.r", "patient/Observation.r"),
            ("patient/Observation.rs", "user/Observation.rs", ""),
            ("openid launch", "openid", "openid"),
            (
                "patient/Observation.rs",
                "patient/Observation.rs?category=a",
                "patient/Observation.rs?category=a",
            ),
            (
                "patient/Observation.rs?category=b",
                "patient/Observation.rs?category=a",
                "patient/Observation.rs?category=a&category=b",
            ),
            ("patient/Observation.r", "patient/Observation.s", ""),
            ("user/Binary.r", "user/*.r?_tag=x", "user/Binary.r?_tag=x"),
        ] {
            assert_eq!(and(asked, registered), granted, "{asked} of {registered}");
            assert_eq!(and(registered, asked), granted, "{registered} of {asked}");
        }
    }

    #[test]
    fn roles_take_letters_away() {
        let only_reads = |action: Action, kind: &str| action == Action::Read && kind == "Patient";
        let within = |text: &str| Scopes::parse(text).unwrap().within(only_reads).to_string();
        assert_eq!(within("user/Patient.cruds user/Claim.rs launch"), "launch user/Patient.r");
        assert_eq!(within("user/*.rs"), "user/*.r");
    }

    #[test]
    fn a_patients_scope_is_of_one_patient_and_who_is_around() {
        let scopes = Scopes::parse("patient/*.cruds").unwrap();
        let of_one = Narrowing::new(&scopes, Some("p1"));
        let limit = Limit { patient: Some("p1".into()), tokens: Vec::new() };
        assert_eq!(of_one.limits(Action::Read, "Observation"), Some(vec![limit]));
        assert_eq!(of_one.limits(Action::Read, "Practitioner"), None, "not limited");
        assert!(of_one.may(Action::Search, "Organization") && !of_one.may(Action::Update, "Organization"));
        for kind in ["Binary", "Subscription", "StructureDefinition", "YbaAccount", "Bundle"] {
            assert!(!Action::ALL.iter().any(|action| of_one.may(*action, kind)), "{kind}");
        }
        let of_none = Narrowing::new(&scopes, None);
        assert!(!of_none.may(Action::Read, "Patient") && of_none.may(Action::Read, "Location"));
    }

    #[test]
    fn scopes_with_codes_give_nothing_older() {
        let scopes = Scopes::parse("user/Observation.rs?category=a user/Condition.r user/Claim.rs").unwrap();
        let narrowing = Narrowing::new(&scopes, None);
        assert!(narrowing.is_of_now("Observation") && !narrowing.is_of_now("Claim"));
        assert!(!narrowing.may(Action::History, "Observation") && narrowing.may(Action::History, "Claim"));
        assert!(!narrowing.may(Action::History, "Condition") && !narrowing.may(Action::Explain, "Claim"));
        assert!(narrowing.may(Action::Export, "Claim") && !narrowing.may(Action::Export, "Condition"));
    }

    #[test]
    fn no_app_writes_what_people_alone_decide() {
        let all = Narrowing::new(&Scopes::parse("system/*.cruds").unwrap(), None);
        assert!(all.may(Action::Create, "Observation"));
        for kind in ["Subscription", "Consent", "Linkage"] {
            assert!(all.may(Action::Read, kind), "{kind}");
            for action in [Action::Create, Action::Update, Action::Delete] {
                assert!(!all.may(action, kind), "{action:?} of {kind}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_said_again(text in "\\PC{0,200}", more in "(patient|user|system)/(\\*|Observation|Patient|X)\\.[cruds]{0,6}(\\?(code|category|date)=[a-z|,% ]{0,9})?") {
            let scopes = Scopes::parse(&format!("{text} {more}"));
            if let Some(scopes) = scopes {
                let again = Scopes::parse(&scopes.to_string());
                prop_assert_eq!(again.map(|one| one.to_string()), Some(scopes.to_string()));
                prop_assert_eq!(scopes.and(&scopes).to_string().is_empty(), scopes.is_empty());
            }
        }
    }
}
