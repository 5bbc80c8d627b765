//! An account: a central record in the log under a type that is no FHIR (decision of 2026-11-22).

use crate::outside::Outside;
use crate::passkey::Passkey;
use crate::post::Post;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use yba_fhir::{Day, Kind, Outcome, Resource};
use yba_store::Version;

/// The type name under which accounts stand in the log.
pub const KIND: &str = "YbaAccount";
/// Bounds on what is typed.
pub const LOGIN_MAX: usize = 40;
const LOGIN_MIN: usize = 3;
pub const NAME_MAX: usize = 100;
pub const GRANTS_MAX: usize = 20;

/// One account. Its `Debug` shows the id alone: the rest names a person or is a secret.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub id: String,
    /// What is typed to sign in, as [`login`] makes it.
    pub login: String,
    /// What people call its owner.
    pub name: String,
    /// The id of the owner's Practitioner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practitioner: Option<String>,
    #[serde(default)]
    pub blocked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<Totp>,
    /// SHA-256 (hex) of the recovery codes that are left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passkeys: Vec<Passkey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<Outside>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Grant>,
    /// The ids of the Patients that the account is for: its owner, or those for whom they care.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<String>,
    /// When it was made, in ms since 1970 UTC; unknown of the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<i64>,
    /// When somebody who keeps accounts last let it in again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<Ruling>,
    /// When somebody last looked whether it is still needed. Those before are in the versions before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<Ruling>,
}

/// What somebody who keeps accounts ruled of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// In ms since 1970 UTC.
    pub at: i64,
    /// The id of their account; a part of the program, when it was none.
    pub by: String,
    /// Whether it stays.
    pub keeps: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What is kept of a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password {
    /// A PHC string of argon2id.
    pub hash: String,
    /// When it was set, in ms since 1970 UTC.
    pub since: i64,
    /// The hashes of those before, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
}

/// The authenticator app of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    /// The secret, sealed with the province's key ([`crate::seal`]).
    pub sealed: String,
    pub since: i64,
}

/// A role that an account has, where, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Slug in `content/roles/`.
    pub role: String,
    /// The id of the facility's Organization; everywhere when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// An administrative unit whose people the role is for, as `system|code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commune: Option<String>,
    /// The id of the PractitionerRole that says the same to other systems, and on which the role hangs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practitioner_role: Option<String>,
    /// What that PractitionerRole says now, if it is this person's and for this facility: never kept, filled in by whoever
    /// follows the log.
    #[serde(skip)]
    pub post: Option<Post>,
    /// First day.
    pub from: String,
    /// Last day; without end when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Account({})", self.id)
    }
}

impl Grant {
    /// A role everywhere from a day on.
    pub fn new(role: &str, from: Day) -> Grant {
        Grant {
            role: role.to_owned(),
            organization: None,
            department: None,
            commune: None,
            practitioner_role: None,
            post: None,
            from: from.to_string(),
            to: None,
        }
    }

    /// The places for which it is granted, as ties name them; none when it holds everywhere.
    pub fn places(&self) -> BTreeSet<String> {
        let facility = self.organization.iter().map(|id| format!("Organization/{id}"));
        facility.chain(self.commune.clone()).collect()
    }

    /// Whether it holds on a day: by its own period, and by the PractitionerRole on which it hangs, if any.
    pub fn holds(&self, on: Day) -> bool {
        self.is_within(on)
            && (self.practitioner_role.is_none() || self.post.as_ref().is_some_and(|post| post.lasts(on)))
    }

    /// Whether its own period says so. One that cannot be read never does.
    pub fn is_within(&self, on: Day) -> bool {
        let begun = Day::parse(&self.from).is_some_and(|from| from <= on);
        let ended = self.to.as_deref().is_some_and(|to| Day::parse(to).is_none_or(|to| to < on));
        begun && !ended
    }
}

impl Account {
    /// The roles that hold on a day; none of a blocked account.
    pub fn roles_on(&self, day: Day) -> impl Iterator<Item = &str> {
        self.grants_on(day).map(|grant| grant.role.as_str())
    }

    /// The same with where they were granted.
    pub fn grants_on(&self, day: Day) -> impl Iterator<Item = &Grant> {
        let grants = if self.blocked { &[][..] } else { &self.roles };
        grants.iter().filter(move |grant| grant.holds(day))
    }

    /// What goes into the log.
    pub fn resource(&self) -> Result<Resource, Outcome> {
        let fault = |error: sonic_rs::Error| Outcome::fault(format!("an account cannot be written: {error}"));
        let body = sonic_rs::to_string(self).map_err(fault)?;
        let body = format!("{{\"resourceType\":\"{KIND}\",{}", body.trim_start_matches('{'));
        Resource::parse(body.as_bytes())
    }

    /// The account of a version; `None` of a deleted one or one that cannot be read (from a newer program).
    pub fn of_version(version: &Version) -> Option<Account> {
        match version.deleted {
            true => None,
            false => sonic_rs::from_slice(&version.body).ok(),
        }
    }
}

/// The name to sign in with as it is kept: lower case, without spaces around. Refuses what is too short, too long, or has
/// other signs than letters of ASCII, digits, dot, dash, underscore.
pub fn login(typed: &str) -> Result<String, Outcome> {
    let login = typed.trim().to_ascii_lowercase();
    let sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    if (LOGIN_MIN..=LOGIN_MAX).contains(&login.len()) && login.bytes().all(sign) {
        return Ok(login);
    }
    let text = format!(
        "Tên đăng nhập dài {LOGIN_MIN} đến {LOGIN_MAX} ký tự, chỉ gồm chữ không dấu, chữ số, dấu chấm, gạch ngang, gạch dưới."
    );
    Err(Outcome::new(Kind::Unprocessable, "login-format", text, "malformed login name").at("login"))
}

/// What people call someone. Refuses nothing and too much.
pub fn name(typed: &str) -> Result<String, Outcome> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        1..=NAME_MAX if !name.chars().any(char::is_control) => Ok(name),
        _ => {
            let text = format!("Ghi họ và tên, không quá {NAME_MAX} ký tự.");
            Err(Outcome::new(Kind::Unprocessable, "name-format", text, "name is empty or too long")
                .at("name"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_role_holds_from_its_first_day_to_its_last() {
        let grant = Grant { to: Some("2026-03-31".into()), ..Grant::new("nurse", day("2026-03-02")) };
        let on = |text| grant.holds(day(text));
        assert!(!on("2026-03-01") && on("2026-03-02") && on("2026-03-31") && !on("2026-04-01"));
        for unreadable in ["", "31/03/2026", "2026-13-01"] {
            assert!(!Grant { to: Some(unreadable.into()), ..grant.clone() }.holds(day("2026-03-02")));
            assert!(!Grant { from: unreadable.into(), ..grant.clone() }.holds(day("2026-03-02")));
        }
    }

    #[test]
    fn a_role_that_hangs_on_a_post_holds_only_while_the_post_is_known() {
        let grant = Grant { practitioner_role: Some("pr".into()), ..Grant::new("nurse", day("2026-01-01")) };
        assert!(grant.is_within(day("2026-03-02")) && !grant.holds(day("2026-03-02")));
    }

    #[test]
    fn a_blocked_account_has_no_role() {
        let mut account =
            Account { roles: vec![Grant::new("nurse", day("2026-01-01"))], ..Account::default() };
        assert_eq!(account.roles_on(day("2026-03-02")).collect::<Vec<_>>(), ["nurse"]);
        account.blocked = true;
        assert_eq!(account.roles_on(day("2026-03-02")).count(), 0);
    }

    #[test]
    fn names_to_sign_in_with_are_plain() {
        for (typed, kept) in [(" Mai.Lo ", "mai.lo"), ("a-1", "a-1"), ("BV_01", "bv_01")] {
            assert_eq!(login(typed).unwrap(), kept);
        }
        for wrong in ["", "ab", "mai lo", "mại", "a@b.vn", &"x".repeat(LOGIN_MAX + 1), "mai\u{212a}"] {
            assert!(login(wrong).is_err(), "{wrong}");
        }
        assert_eq!(name("  Lò  Thị   Mai ").unwrap(), "Lò Thị Mai");
        for wrong in ["", "  ", "a\u{0}b", &"x".repeat(NAME_MAX + 1)] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_words_of_an_account_show_no_secret() {
        let password = Password { hash: "$argon2id$x".into(), since: 0, before: Vec::new() };
        let account =
            Account { id: "a1".into(), name: "Mai".into(), password: Some(password), ..Account::default() };
        assert_eq!(format!("{account:?}"), "Account(a1)");
    }

    proptest! {
        #[test]
        fn an_account_comes_back_from_its_bytes(name in "\\PC{1,40}", sealed in "[A-Z2-7]{4,80}", blocked: bool, to in proptest::option::of("2027-0[1-9]-1[0-9]")) {
            let grant = Grant { to, department: Some(name.clone()), ..Grant::new("doctor", day("2026-01-01")) };
            let account = Account {
                id: "a1".into(), login: "mai".into(), name, blocked,
                totp: Some(Totp { sealed, since: 5 }), recovery: vec!["ab".into()], roles: vec![grant],
                ..Account::default()
            };
            let kept = account.resource().unwrap();
            prop_assert_eq!((kept.kind(), kept.id()), (KIND, Some("a1")));
            let read: Account = sonic_rs::from_str(&yba_fhir::json::to_string(kept.tree()).unwrap()).unwrap();
            prop_assert!(read == account);
        }
    }
}
