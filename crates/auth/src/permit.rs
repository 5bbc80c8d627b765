//! What someone may do: the interactions that the roles of content permit, by type. Deny by default.

use crate::account::Grant;
use crate::smart::Narrowing;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use yba_content::Content;
use yba_content::roles::Reach;
use yba_fhir::Day;
use yba_store::{Knowledge, Narrow, Scope};

/// What can be done with records of a type; the words of role files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Read,
    History,
    Search,
    /// Which profiles, labels and tags are in use.
    Meta,
    /// All of a person or an encounter at once.
    Everything,
    Export,
    /// How a search would be found; it counts everybody's records.
    Explain,
    Create,
    Update,
    Delete,
}

impl Action {
    pub const ALL: [Action; 10] = [
        Action::Read,
        Action::History,
        Action::Search,
        Action::Meta,
        Action::Everything,
        Action::Export,
        Action::Explain,
        Action::Create,
        Action::Update,
        Action::Delete,
    ];

    /// As role files write it.
    pub fn word(self) -> &'static str {
        yba_content::roles::INTERACTIONS[self as usize]
    }

    /// Whether it changes records.
    pub fn changes(self) -> bool {
        matches!(self, Action::Create | Action::Update | Action::Delete)
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// What the roles of someone permit together on a day, and whose records that reaches.
#[derive(Debug, Default)]
pub struct Permits {
    /// The actions that are permitted by type.
    bits: HashMap<String, u16>,
    grants: Vec<Granted>,
    /// The patients that the account is for.
    own: BTreeSet<String>,
    /// Patients whose records were opened in an emergency.
    opened: BTreeSet<String>,
    /// Sensitive labels that no role names.
    hidden: BTreeSet<String>,
    /// What an app that somebody let in may do of all this; `None` when they are here themselves.
    narrowing: Option<Narrowing>,
    scopes: [OnceLock<Scope>; Action::ALL.len()],
}

/// What one role permits where it was granted.
#[derive(Debug, PartialEq, Eq)]
struct Granted {
    /// Everywhere when empty.
    places: BTreeSet<String>,
    reaches: BTreeMap<(&'static str, String), Reach>,
}

impl PartialEq for Permits {
    fn eq(&self, other: &Permits) -> bool {
        (&self.grants, &self.own, &self.opened, &self.hidden, &self.narrowing)
            == (&other.grants, &other.own, &other.opened, &other.hidden, &other.narrowing)
    }
}

impl Eq for Permits {}

impl Permits {
    /// What these roles permit on a day. A role that content does not know permits nothing.
    pub fn of<'a>(content: &Content, grants: impl IntoIterator<Item = &'a Grant>, on: Day) -> Permits {
        let mut permits = Permits { hidden: content.sensitive_labels().clone(), ..Permits::default() };
        for grant in grants {
            let Some(edition) = content.role(&grant.role, on) else { continue };
            for (word, kind) in edition.permitted.keys() {
                if let Some(action) = Action::ALL.into_iter().find(|action| action.word() == *word) {
                    *permits.bits.entry(kind.clone()).or_default() |= action.bit();
                }
            }
            permits.hidden.retain(|label| !edition.sensitive.contains(label));
            permits.grants.push(Granted { places: grant.places(), reaches: edition.permitted.clone() });
        }
        permits
    }

    /// The same for an account that is for these patients.
    pub fn for_patients(mut self, own: impl IntoIterator<Item = String>) -> Permits {
        self.own.extend(own);
        self
    }

    /// The same with the records of these patients opened for looking.
    pub fn with_opened(mut self, opened: impl IntoIterator<Item = String>) -> Permits {
        self.opened.extend(opened);
        self
    }

    /// The same for an app: what both these permits and its scopes say.
    pub fn narrowed(mut self, narrowing: Narrowing) -> Permits {
        self.narrowing = Some(narrowing);
        self
    }

    pub fn may(&self, action: Action, kind: &str) -> bool {
        self.bits.get(kind).is_some_and(|bits| bits & action.bit() != 0)
            && self.narrowing.as_ref().is_none_or(|narrowing| narrowing.may(action, kind))
    }

    /// Whether a role that was granted at this facility (its Organization's id), or everywhere, permits it.
    pub fn may_at(&self, action: Action, kind: &str, facility: &str) -> bool {
        let place = format!("Organization/{facility}");
        let permits = |granted: &Granted| {
            (granted.places.is_empty() || granted.places.contains(&place))
                && granted.reaches.keys().any(|(word, of)| *word == action.word() && of == kind)
        };
        self.may(action, kind) && self.grants.iter().any(permits)
    }

    /// Whether records of a type are seen by what they are now, so that nothing older of them may be shown.
    pub fn is_of_now(&self, kind: &str) -> bool {
        self.narrowing.as_ref().is_some_and(|narrowing| narrowing.is_of_now(kind))
    }

    /// Of these types, those for which it is permitted.
    pub fn those<'k>(&self, action: Action, kinds: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
        kinds.into_iter().filter(|kind| self.may(action, kind)).collect()
    }

    /// Whose records an action reaches, type by type. Made once for each action.
    pub fn scope(&self, action: Action, knowledge: &Knowledge) -> Scope {
        self.scopes[action as usize].get_or_init(|| self.make_scope(action, knowledge)).clone()
    }

    fn make_scope(&self, action: Action, knowledge: &Knowledge) -> Scope {
        let mut narrow = Narrow::new(knowledge.clone());
        narrow.hidden = self.hidden.clone();
        narrow.opened = self.own.clone();
        if !action.changes() {
            narrow.opened.extend(self.opened.iter().cloned());
        }
        for Granted { places, reaches } in &self.grants {
            for ((_, kind), reach) in reaches.iter().filter(|((word, _), _)| *word == action.word()) {
                let everywhere = *reach == Reach::Province || (*reach == Reach::Tied && places.is_empty());
                if everywhere {
                    narrow.whole.insert(kind.clone());
                } else {
                    let known = narrow.tied.entry(kind.clone()).or_default();
                    known.extend(places.iter().filter(|_| *reach == Reach::Tied).cloned());
                }
            }
        }
        narrow.tied.retain(|kind, _| !narrow.whole.contains(kind));
        if let Some(narrowing) = &self.narrowing {
            narrow.whole.retain(|kind| narrowing.may(action, kind));
            narrow.tied.retain(|kind, _| narrowing.may(action, kind));
            let kinds = narrow.whole.iter().chain(narrow.tied.keys());
            let limits = kinds.filter_map(|kind| Some((kind.clone(), narrowing.limits(action, kind)?)));
            narrow.limits = limits.collect();
        }
        Scope::Narrow(Arc::new(narrow))
    }
}

/// Whether one of these roles asks for a second factor.
pub fn second_factor<'a>(content: &Content, roles: impl IntoIterator<Item = &'a str>, on: Day) -> bool {
    roles.into_iter().any(|slug| content.role(slug, on).is_some_and(|role| role.second_factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> Day {
        Day::new(2026, 3, 2).unwrap()
    }

    #[test]
    fn the_words_of_actions_are_those_of_content() {
        let words = [
            "read",
            "history",
            "search",
            "meta",
            "everything",
            "export",
            "explain",
            "create",
            "update",
            "delete",
        ];
        assert_eq!(Action::ALL.map(Action::word), words);
    }

    #[test]
    fn what_no_role_says_is_denied_and_roles_add_up() {
        let content = Content::built_in();
        let of = |roles: &[&str], on: Day| {
            let grants: Vec<Grant> = roles.iter().map(|role| Grant::new(role, on)).collect();
            Permits::of(&content, &grants, on)
        };
        let lab = of(&["lab-technician"], day());
        assert!(lab.may(Action::Create, "DiagnosticReport") && lab.may(Action::Read, "Patient"));
        assert!(!lab.may(Action::Update, "Patient") && !lab.may(Action::Read, "MedicationRequest"));
        let both = of(&["lab-technician", "reception"], day());
        assert!(both.may(Action::Create, "DiagnosticReport") && both.may(Action::Update, "Patient"));
        for nobody in
            [of(&[], day()), of(&["khong-co"], day()), of(&["doctor"], Day::new(2025, 12, 31).unwrap())]
        {
            assert!(nobody.bits.is_empty() && nobody.grants.is_empty());
            let scope = nobody.scope(Action::Read, &Knowledge::default());
            assert!(!scope.reaches("Patient") && !scope.reaches("Organization"));
        }
        assert_eq!(both.those(Action::Update, ["Patient", "Claim"]), ["Patient"]);
    }

    #[test]
    fn a_role_reaches_as_far_as_the_place_for_which_it_was_granted() {
        let content = Content::built_in();
        let at = |role: &str, place: Option<&str>| Grant {
            organization: place.map(str::to_owned),
            ..Grant::new(role, day())
        };
        let narrow = |permits: &Permits, action| match permits.scope(action, &Knowledge::default()) {
            Scope::Narrow(narrow) => narrow,
            other => panic!("{other:?}"),
        };
        let two = Permits::of(&content, [&at("doctor", Some("a")), &at("lab-technician", Some("b"))], day());
        let read = narrow(&two, Action::Read);
        let places = |kind: &str| read.tied[kind].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(places("Observation"), ["Organization/a", "Organization/b"]);
        assert_eq!(places("Condition"), ["Organization/a"]);
        assert!(read.whole.contains("Patient") && !narrow(&two, Action::History).whole.contains("Patient"));
        assert!(read.hidden.is_empty());
        let supplies = |place| two.may_at(Action::Update, "SupplyRequest", place);
        assert!(
            !supplies("a") && supplies("b") && !supplies("c"),
            "only the laboratory's role says it, at b"
        );
        let everywhere = Permits::of(&content, [&at("nurse", None)], day()).with_opened(["p".to_owned()]);
        assert!(narrow(&everywhere, Action::Read).whole.contains("Condition"));
        assert!(narrow(&everywhere, Action::Read).hidden.contains("HIV"));
        assert!(narrow(&everywhere, Action::Read).opened.contains("p"));
        assert!(narrow(&everywhere, Action::Update).opened.is_empty(), "an emergency is for looking");
        let citizen = Permits::of(&content, [&at("citizen", None)], day()).for_patients(["me".to_owned()]);
        let own = narrow(&citizen, Action::Read);
        assert!(
            !own.whole.contains("Patient") && own.tied["Patient"].is_empty() && own.opened.contains("me")
        );
    }

    #[test]
    fn only_those_who_keep_the_node_come_near_accounts_and_they_see_no_person() {
        let content = Content::built_in();
        for slug in content.roles() {
            let permits = Permits::of(&content, [&Grant::new(slug, day())], day());
            assert_eq!(permits.may(Action::Update, "YbaAccount"), slug == "it-officer", "{slug}");
            if slug == "it-officer" {
                assert!(!Action::ALL.iter().any(|action| permits.may(*action, "Patient")));
                assert!(second_factor(&content, [slug], day()));
            }
        }
    }
}
