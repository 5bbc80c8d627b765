//! What someone may do: the interactions that the roles of content permit, by type. Deny by default.

use std::collections::HashMap;
use yba_content::Content;
use yba_fhir::Day;

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

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// What the roles of someone permit together on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permits(HashMap<String, u16>);

impl Permits {
    /// What these roles permit on a day. A role that content does not know permits nothing.
    pub fn of<'a>(content: &Content, roles: impl IntoIterator<Item = &'a str>, on: Day) -> Permits {
        let mut permits = Permits::default();
        for edition in roles.into_iter().filter_map(|slug| content.role(slug, on)) {
            for (word, kind) in &edition.permitted {
                if let Some(action) = Action::ALL.into_iter().find(|action| action.word() == *word) {
                    *permits.0.entry(kind.clone()).or_default() |= action.bit();
                }
            }
        }
        permits
    }

    pub fn may(&self, action: Action, kind: &str) -> bool {
        self.0.get(kind).is_some_and(|bits| bits & action.bit() != 0)
    }

    /// Of these types, those for which it is permitted.
    pub fn those<'k>(&self, action: Action, kinds: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
        kinds.into_iter().filter(|kind| self.may(action, kind)).collect()
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
        let of = |roles: &[&str], on: Day| Permits::of(&content, roles.iter().copied(), on);
        let lab = of(&["lab-technician"], day());
        assert!(lab.may(Action::Create, "DiagnosticReport") && lab.may(Action::Read, "Patient"));
        assert!(!lab.may(Action::Update, "Patient") && !lab.may(Action::Read, "MedicationRequest"));
        let both = of(&["lab-technician", "reception"], day());
        assert!(both.may(Action::Create, "DiagnosticReport") && both.may(Action::Update, "Patient"));
        for nobody in
            [of(&[], day()), of(&["khong-co"], day()), of(&["doctor"], Day::new(2025, 12, 31).unwrap())]
        {
            assert_eq!(nobody, Permits::default());
        }
        assert_eq!(both.those(Action::Update, ["Patient", "Claim"]), ["Patient"]);
    }

    #[test]
    fn only_those_who_keep_the_node_come_near_accounts_and_they_see_no_person() {
        let content = Content::built_in();
        for slug in content.roles() {
            let permits = Permits::of(&content, [slug], day());
            assert_eq!(permits.may(Action::Update, "YbaAccount"), slug == "it-officer", "{slug}");
            if slug == "it-officer" {
                assert!(!Action::ALL.iter().any(|action| permits.may(*action, "Patient")));
                assert!(second_factor(&content, [slug], day()));
            }
        }
    }
}
