//! What the forms of accounts send, and what it means: all that is wrong at once, each beside its field.

use super::pick::{FACILITIES, PRACTITIONERS};
use crate::Admin;
use yba_auth::{Account, Grant};
use yba_fhir::{Day, Issue, Kind, Outcome};
use yba_records::Ctx;
use yba_records::gate::NewAccount;
use yba_terminology::communes;
use yba_ui::format;

/// What the forms send.
#[derive(Default, Clone, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    pub login: String,
    pub name: String,
    pub practitioner: String,
    /// Ticked: a Practitioner is made of the name.
    pub new_practitioner: String,
    pub role: String,
    pub organization: String,
    pub commune: String,
    pub department: String,
    pub from: String,
    pub to: String,
    /// Which role of the account is edited, by its place; adds one when empty.
    pub at: String,
    /// Which role of the account to take away, by its place; or which outside name.
    pub away: String,
    /// The owner's name at the outside provider.
    pub subject: String,
    pub blocked: String,
    pub reason: String,
}

pub(super) fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `5/9/2026` as `2026-09-05`; what is no day stays as it was typed, and the gate says so.
pub(super) fn iso(typed: &str) -> String {
    let parts: Vec<&str> = typed.split(['/', '-', '.']).map(str::trim).collect();
    let short = |part: &str| part.parse::<i8>().ok().filter(|_| part.len() <= 2);
    let day = match parts[..] {
        [day, month, year] if year.len() == 4 => year
            .parse()
            .ok()
            .zip(short(month))
            .zip(short(day))
            .and_then(|((year, month), day)| Day::new(year, month, day)),
        _ => None,
    };
    day.map_or_else(|| typed.to_owned(), |day| day.to_string())
}

impl Typed {
    /// The form of a role that an account has.
    pub fn of_grant(at: usize, grant: &Grant, facility: &str, commune: &str) -> Typed {
        Typed {
            at: at.to_string(),
            role: grant.role.clone(),
            organization: facility.to_owned(),
            commune: commune.to_owned(),
            department: grant.department.clone().unwrap_or_default(),
            from: format::date(&grant.from),
            to: grant.to.as_deref().map(format::date).unwrap_or_default(),
            ..Typed::default()
        }
    }

    /// The role that was meant. Its place among the PractitionerRoles is the gate's to give.
    pub async fn grant(&self, admin: &Admin, ctx: &Ctx) -> Result<Grant, Outcome> {
        let mut wrong = Vec::new();
        let organization = take(FACILITIES.meant(admin, ctx, &self.organization).await, &mut wrong)?;
        let commune = take(self.commune(admin).await, &mut wrong)?;
        match wrong.is_empty() {
            true => Ok(Grant {
                organization: organization.flatten(),
                department: some(&self.department),
                commune: commune.flatten(),
                from: some(&self.from).map_or_else(|| admin.gate.today().to_string(), |typed| iso(&typed)),
                to: some(&self.to).map(|typed| iso(&typed)),
                ..Grant::new(&self.role, admin.gate.today())
            }),
            false => Err(Outcome { kind: Kind::Unprocessable, issues: wrong }),
        }
    }

    /// The account that was meant.
    pub async fn account(&self, admin: &Admin, ctx: &Ctx) -> Result<NewAccount, Outcome> {
        let mut wrong = Vec::new();
        take(yba_auth::account::login(&self.login), &mut wrong)?;
        take(yba_auth::account::name(&self.name), &mut wrong)?;
        let practitioner = take(PRACTITIONERS.meant(admin, ctx, &self.practitioner).await, &mut wrong)?;
        let grant = take(self.grant(admin, ctx).await, &mut wrong)?;
        match (wrong.is_empty(), grant) {
            (true, Some(grant)) => Ok(NewAccount {
                login: self.login.clone(),
                name: self.name.clone(),
                practitioner: practitioner.flatten(),
                new_practitioner: !self.new_practitioner.is_empty(),
                roles: vec![grant],
                ..NewAccount::default()
            }),
            _ => Err(Outcome { kind: Kind::Unprocessable, issues: wrong }),
        }
    }

    /// The roles of an account with this form's among them.
    pub async fn roles(&self, admin: &Admin, ctx: &Ctx, account: &Account) -> Result<Vec<Grant>, Outcome> {
        let mut roles = account.roles.clone();
        let place = |typed: &str| typed.parse::<usize>().ok().filter(|at| *at < account.roles.len());
        if let Some(away) = place(&self.away) {
            roles.remove(away);
            return Ok(roles);
        }
        let grant = self.grant(admin, ctx).await?;
        match place(&self.at) {
            Some(at) => {
                let practitioner_role = roles[at].practitioner_role.take();
                roles[at] = Grant { practitioner_role, ..grant };
            }
            None => roles.push(grant),
        }
        Ok(roles)
    }

    async fn commune(&self, admin: &Admin) -> Result<Option<String>, Outcome> {
        if self.commune.trim().is_empty() {
            return Ok(None);
        }
        let terminology = admin.records.terminology().await?;
        let wrong = |text: String| {
            Outcome::new(Kind::Unprocessable, "commune", text, "what was typed names no single commune")
                .at("commune")
        };
        match communes::meant(&terminology, &admin.content, &self.commune, admin.gate.today()) {
            Ok(one) => Ok(Some(one.place())),
            Err(several) if several.is_empty() => {
                let text =
                    "Không có xã, phường nào như vậy. Gõ tên xã, dấu phẩy, tên tỉnh: «Bản Bo, Lai Châu».";
                Err(wrong(text.into()))
            }
            Err(several) => {
                let named: Vec<String> =
                    several.iter().take(3).map(|one| format!("«{}»", one.label())).collect();
                Err(wrong(format!("Nhiều nơi có tên này, như {}. Gõ thêm tên tỉnh.", named.join("; "))))
            }
        }
    }
}

/// What was read, or what is wrong with it beside what is wrong already. A fault goes through.
fn take<T>(read: Result<T, Outcome>, wrong: &mut Vec<Issue>) -> Result<Option<T>, Outcome> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(refused) if refused.issues.iter().all(|issue| issue.path.is_some()) => {
            wrong.extend(refused.issues);
            Ok(None)
        }
        Err(refused) => Err(refused),
    }
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn days_are_read_as_people_here_write_them() {
        for (typed, read) in
            [("5/9/2026", "2026-09-05"), ("31-12-2026", "2026-12-31"), ("31/2/2026", "31/2/2026")]
        {
            assert_eq!(iso(typed), read);
        }
    }
}
