//! What an account is granted, and the PractitionerRoles that say the same to other systems: written together, in one
//! transaction, through the door. A role that hangs on a PractitionerRole ends when that does, whoever ends it.

use super::keeping::{is_own, own};
use super::{Gate, KEEPER};
use crate::change::Change;
use crate::ctx::Ctx;
use yba_auth::account::{GRANTS_MAX, name};
use yba_auth::{Account, Action, Grant, POST};
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, Value, json, str_at};
use yba_fhir::{Day, Kind, Outcome, Resource, resource};
use yba_store::Version;

/// The system of our roles' slugs.
pub const ROLE_SYSTEM: &str = "https://yba.vn/fhir/CodeSystem/role";
const DEPARTMENT_MAX: usize = 100;
const PRACTITIONER: &str = "Practitioner";

impl Gate {
    /// Gives an account other roles. Of somebody who is a Practitioner, each role at a facility comes with a
    /// PractitionerRole; that of a role that is taken away is made inactive.
    pub async fn set_roles(&self, ctx: &Ctx, id: &str, roles: Vec<Grant>) -> Result<(), Outcome> {
        self.keeper(ctx, Action::Update, "account-roles")?;
        self.check_roles(&roles)?;
        let keeps = roles.iter().any(|grant| grant.role == KEEPER && grant.is_within(self.today()));
        if is_own(ctx, id) && !keeps {
            return Err(own());
        }
        let _alone = self.0.turnstile.lock().await;
        self.change(ctx, id, "account-roles", async |account| {
            account.roles = roles;
            Ok(())
        })
        .await
    }

    /// Says who the owner of an account is: their name, and their Practitioner. The PractitionerRoles of another
    /// Practitioner before end, and those of this one begin.
    pub async fn set_person(
        &self,
        ctx: &Ctx,
        id: &str,
        typed: &str,
        practitioner: Option<String>,
    ) -> Result<(), Outcome> {
        self.keeper(ctx, Action::Update, "account-person")?;
        let name = name(typed)?;
        self.check_practitioner(practitioner.as_deref()).await?;
        let _alone = self.0.turnstile.lock().await;
        self.change(ctx, id, "account-person", async |account| {
            (account.name, account.practitioner) = (name, practitioner);
            Ok(())
        })
        .await
    }

    /// Refuses a Practitioner that is not there.
    pub(super) async fn check_practitioner(&self, id: Option<&str>) -> Result<(), Outcome> {
        let Some(id) = id else { return Ok(()) };
        if !resource::is_id(id) {
            return Err(bad_reference("practitioner"));
        }
        let found = self.0.records.store().read(PRACTITIONER, id).await?;
        match found.is_some_and(|found| !found.deleted) {
            true => Ok(()),
            false => {
                let text = "Không có nhân viên nào mang mã này. Tìm theo tên, hoặc để trống.";
                let detail = format!("no Practitioner/{id}");
                Err(Outcome::new(Kind::Unprocessable, "practitioner", text, detail).at("practitioner"))
            }
        }
    }

    /// A new Practitioner of this name.
    pub(super) fn new_practitioner(&self, name: &str) -> Result<(String, Change), Outcome> {
        let id = self.0.records.ids.next();
        let tree = json!({"resourceType": PRACTITIONER, "id": id, "active": true, "name": [{"text": name}]});
        Ok((id, Change::create(Resource::from_value(tree)?)))
    }

    /// The PractitionerRoles to be written so that they say what the roles do, from what an account was to what it becomes.
    /// A role that needs a new one is given its id here.
    pub(super) async fn posts_between(
        &self,
        before: &Account,
        after: &mut Account,
    ) -> Result<Vec<Change>, Outcome> {
        let is_same_person = before.practitioner == after.practitioner;
        let mut changes = Vec::new();
        for at in 0..after.roles.len() {
            let has_post = after.practitioner.is_some() && after.roles[at].organization.is_some();
            let id = after.roles[at].practitioner_role.take().filter(|_| has_post && is_same_person);
            let known = before.roles.iter().find(|one| id.is_some() && one.practitioner_role == id);
            let moved = known.is_some_and(|known| known.organization != after.roles[at].organization);
            let there = match id.filter(|_| !moved) {
                Some(id) => self.post(&id).await?.map(|_| id),
                None => None,
            };
            let title = self.role_title(&after.roles[at].role);
            match there {
                // One that the personnel office wrote is theirs; one that says the same already stays as it is.
                Some(id) => {
                    let differs = known.is_some_and(|known| !says_the_same(known, &after.roles[at]));
                    after.roles[at].practitioner_role = Some(id.clone());
                    if differs || (known.is_some() && before.name != after.name) {
                        let said = said(after, &after.roles[at], &title);
                        changes.push(Change::edit(POST, id, move |version| becomes(version, &said)));
                    }
                }
                None if has_post => {
                    let id = self.0.records.ids.next();
                    let mut tree = said(after, &after.roles[at], &title);
                    put(&mut tree, "resourceType", json!(POST));
                    put(&mut tree, "id", json!(id.as_str()));
                    after.roles[at].practitioner_role = Some(id);
                    changes.push(Change::create(Resource::from_value(tree)?));
                }
                None => {}
            }
        }
        changes.extend(self.endings(before, after).await?);
        Ok(changes)
    }

    /// The PractitionerRoles on which nothing hangs any more are made inactive.
    async fn endings(&self, before: &Account, after: &Account) -> Result<Vec<Change>, Outcome> {
        let stays =
            |id: &String| after.roles.iter().any(|grant| grant.practitioner_role.as_ref() == Some(id));
        let mut changes = Vec::new();
        for id in before.roles.iter().filter_map(|grant| grant.practitioner_role.as_ref()) {
            if !stays(id) && self.post(id).await?.is_some() {
                let today = self.today();
                changes.push(Change::edit(POST, id.clone(), move |version| ended(version, today)));
            }
        }
        Ok(changes)
    }

    async fn post(&self, id: &str) -> Result<Option<Version>, Outcome> {
        Ok(self.0.records.store().read(POST, id).await?.filter(|version| !version.deleted))
    }

    fn role_title(&self, slug: &str) -> String {
        self.0.content.role(slug, self.today()).map_or(slug.to_owned(), |role| role.title.clone())
    }

    pub(super) fn check_roles(&self, roles: &[Grant]) -> Result<(), Outcome> {
        let refuse = |text: &str, detail: &str, at: &str| {
            Err(Outcome::new(Kind::Unprocessable, "role-format", text, detail).at(at))
        };
        if roles.len() > GRANTS_MAX {
            return refuse("Một tài khoản có quá nhiều vai trò.", "too many roles", "role");
        }
        let day = |text: &str| Day::parse(text).is_some();
        for grant in roles {
            if !self.0.content.roles().any(|slug| slug == grant.role) {
                return refuse("Chọn một vai trò trong danh sách.", "unknown role", "role");
            }
            if !day(&grant.from) {
                return refuse("Ghi ngày đầy đủ, ví dụ 31/3/2026.", "malformed first day of a role", "from");
            }
            if !grant.to.as_deref().is_none_or(day) {
                return refuse("Ghi ngày đầy đủ, ví dụ 31/3/2026.", "malformed last day of a role", "to");
            }
            if grant.to.as_deref().is_some_and(|to| Day::parse(to) < Day::parse(&grant.from)) {
                return refuse("Ngày cuối đứng trước ngày đầu.", "a period ends before it begins", "to");
            }
            let ids = [&grant.organization, &grant.practitioner_role];
            if ids.into_iter().flatten().any(|id| !resource::is_id(id)) {
                return Err(bad_reference("organization"));
            }
            if grant.department.as_deref().is_some_and(|text| text.chars().count() > DEPARTMENT_MAX) {
                return refuse("Tên khoa, phòng quá dài.", "department too long", "department");
            }
        }
        Ok(())
    }
}

pub(super) fn bad_reference(at: &str) -> Outcome {
    let text = "Mã này gồm chữ, số, gạch ngang, dấu chấm, dài không quá 64 ký tự.";
    Outcome::new(Kind::Unprocessable, "reference-format", text, "malformed id of a record").at(at)
}

fn says_the_same(one: &Grant, other: &Grant) -> bool {
    (&one.role, &one.department, &one.from, &one.to)
        == (&other.role, &other.department, &other.from, &other.to)
}

/// What a PractitionerRole says of a role.
fn said(account: &Account, grant: &Grant, title: &str) -> Value {
    let [practitioner, organization] =
        [(PRACTITIONER, &account.practitioner), ("Organization", &grant.organization)]
            .map(|(kind, id)| format!("{kind}/{}", id.as_deref().unwrap_or_default()));
    let mut period = json!({"start": grant.from.as_str()});
    if let Some(to) = &grant.to {
        put(&mut period, "end", json!(to.as_str()));
    }
    let mut said = json!({
        "active": true,
        "period": period,
        "practitioner": {"reference": practitioner.as_str(), "display": account.name.as_str()},
        "organization": {"reference": organization.as_str()},
        "code": [{"coding": [{"system": ROLE_SYSTEM, "code": grant.role.as_str(), "display": title}], "text": title}],
    });
    if let Some(department) = &grant.department {
        put(&mut said, "specialty", json!([{"text": department.as_str()}]));
    }
    said
}

/// The record with what is said now; what others wrote beside it stays.
fn becomes(version: &Version, said: &Value) -> Result<Resource, Outcome> {
    let mut tree = version.tree();
    if let (Some(members), Some(said)) = (tree.as_object_mut(), said.as_object()) {
        members.remove(&"specialty");
        for (key, value) in said.iter() {
            members.insert(&key, value.clone());
        }
    }
    Resource::from_value(tree)
}

fn ended(version: &Version, today: Day) -> Result<Resource, Outcome> {
    let mut tree = version.tree();
    let today = today.to_string();
    let ends = str_at(&tree, &["period", "end"]).is_some_and(|end| end <= today.as_str());
    // One that had not begun has no day on which it ended.
    let begun = str_at(&tree, &["period", "start"]).is_none_or(|start| start <= today.as_str());
    put(&mut tree, "active", json!(false));
    if !ends && begun {
        let mut period =
            str_at(&tree, &["period", "start"]).map_or_else(|| json!({}), |start| json!({"start": start}));
        put(&mut period, "end", json!(today.as_str()));
        put(&mut tree, "period", period);
    }
    Resource::from_value(tree)
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(&key, value);
    }
}
