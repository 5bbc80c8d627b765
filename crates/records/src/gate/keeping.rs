//! What those do who keep accounts: new ones, blocking, setting back; and the first of all.

use super::{CameIn, Gate, Origin};
use crate::audit::Seen;
use crate::ctx::{Agent, Ctx};
use crate::door::not_found;
use std::sync::Arc;
use yba_auth::account::{login, name};
use yba_auth::password;
use yba_auth::token::{Token, random_password};
use yba_auth::{Account, Action, Grant, KIND, Link, Ruling};
use yba_fhir::{Kind, Outcome};
use yba_store::Expect;

/// How long the links last: the first run's a day, one for a password three.
const FIRST_RUN_MS: i64 = 24 * 3_600_000;
const PASSWORD_LINK_MS: i64 = 3 * 24 * 3_600_000;
/// How long a reason is, in letters.
const REASON_MIN: usize = 10;
const REASON_MAX: usize = 500;
/// The role of who sets a node up.
pub const KEEPER: &str = "it-officer";

/// An account to be made.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    pub login: String,
    pub name: String,
    pub practitioner: Option<String>,
    /// A Practitioner of this name is written with it; `practitioner` is none then.
    pub new_practitioner: bool,
    pub roles: Vec<Grant>,
    /// The ids of the Patients that it is for.
    pub patients: Vec<String>,
}

/// Where somebody works, and for whom their account is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seat {
    /// The id of an Organization.
    pub organization: Option<String>,
    /// An administrative unit, as `system|code`.
    pub commune: Option<String>,
    pub department: Option<String>,
    /// Ids of Patients.
    pub patients: Vec<String>,
}

/// A role as people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleName {
    pub slug: String,
    pub title: String,
}

impl Gate {
    /// Whether there is no account yet.
    pub async fn is_empty(&self) -> Result<bool, Outcome> {
        Ok(self.all().await?.is_empty())
    }

    /// A link for setting the node up, good for a day and once; one given before is good no more. None when there are
    /// accounts.
    pub async fn first_run(&self) -> Result<Option<Token>, Outcome> {
        match self.is_empty().await? {
            true => self.0.tables.link(&Link::FirstRun, FIRST_RUN_MS).await.map(Some),
            false => Ok(None),
        }
    }

    /// The first account, for who has the link: a keeper of accounts, who is let in.
    pub async fn set_up(
        &self,
        token: &str,
        typed: &NewAccount,
        password: &str,
        device: Option<Token>,
        origin: &Origin,
    ) -> Result<CameIn, Outcome> {
        let (Link::FirstRun, Some(used)) = (self.link(token, origin).await?.0, Token::of(token)) else {
            return Err(Outcome::new(
                Kind::Invalid,
                "link-other",
                "Liên kết này dùng cho việc khác. Hãy mở đúng liên kết đã nhận.",
                "the link is for another purpose",
            ));
        };
        let typed = NewAccount { roles: vec![Grant::new(KEEPER, self.today())], ..typed.clone() };
        let mut account = self.checked(&typed, Some(password))?;
        let alone = self.0.turnstile.lock().await;
        self.link(token, origin).await?;
        let ctx = Ctx::system("first-run").with_request_id(origin.request_id.as_str());
        password::set(&self.0.hasher, &mut account, password, self.now()).await?;
        self.write(&ctx, &account, Expect::Absent, "account-create", Vec::new()).await?;
        self.0.tables.use_link(&used).await?;
        drop(alone);
        self.begin(&Arc::new(account), true, device, origin, "first-run").await
    }

    /// All accounts, by the name to sign in with.
    pub async fn accounts(&self, ctx: &Ctx) -> Result<Vec<Arc<Account>>, Outcome> {
        self.keeper(ctx, Action::Read, "accounts")?;
        let seen = Seen { action: "accounts", kind: KIND, patients: &[], refused: false };
        self.0.records.trail().note(ctx, &seen)?;
        self.all().await
    }

    /// One account.
    pub async fn account_for(&self, ctx: &Ctx, id: &str) -> Result<Arc<Account>, Outcome> {
        self.keeper(ctx, Action::Read, "accounts")?;
        self.account(id).await?.ok_or_else(|| not_found(KIND, id))
    }

    /// Makes an account without a password; the link, shown this once, sets it.
    pub async fn create(&self, ctx: &Ctx, typed: &NewAccount) -> Result<(Arc<Account>, Token), Outcome> {
        self.keeper(ctx, Action::Create, "account-create")?;
        let mut account = self.checked(typed, None)?;
        self.check_practitioner(account.practitioner.as_deref()).await?;
        let _alone = self.0.turnstile.lock().await;
        if self.account_of_login(&account.login).await?.is_some() {
            let text = format!("Tên đăng nhập {} đã có người dùng. Hãy chọn tên khác.", account.login);
            let taken = Outcome::new(Kind::Conflict, "login-taken", text, "the login is taken");
            return Err(taken.at("login"));
        }
        let mut changes = Vec::new();
        if typed.new_practitioner && account.practitioner.is_none() {
            let (id, change) = self.new_practitioner(&account.name)?;
            account.practitioner = Some(id);
            changes.push(change);
        }
        let before = Account { practitioner: account.practitioner.clone(), ..Account::default() };
        changes.extend(self.posts_between(&before, &mut account).await?);
        self.write(ctx, &account, Expect::Absent, "account-create", changes).await?;
        let link = self.0.tables.link(&Link::Password(account.id.clone()), PASSWORD_LINK_MS).await?;
        Ok((Arc::new(account), link))
    }

    /// Blocks an account: all its sessions end.
    pub async fn block(&self, ctx: &Ctx, id: &str) -> Result<(), Outcome> {
        self.keeper(ctx, Action::Update, "account-block")?;
        if is_own(ctx, id) {
            return Err(own());
        }
        let _alone = self.0.turnstile.lock().await;
        self.change(ctx, id, "account-block", async |account| {
            account.blocked = true;
            Ok(())
        })
        .await?;
        self.0.tables.end_all(id, None).await
    }

    /// Lets an account in again that was blocked, by somebody or because nobody used it. Refuses without a reason.
    pub async fn unblock(&self, ctx: &Ctx, id: &str, typed: &str) -> Result<(), Outcome> {
        self.keeper(ctx, Action::Update, "account-unblock")?;
        if is_own(ctx, id) {
            return Err(own());
        }
        let ruling = Ruling { at: self.now(), by: ctx.agent.name(), keeps: true, reason: reason(typed)? };
        let _alone = self.0.turnstile.lock().await;
        self.change(ctx, id, "account-unblock", async |account| {
            (account.blocked, account.reopened) = (false, Some(ruling));
            Ok(())
        })
        .await
    }

    /// Takes password, second factor, passkeys, outside names and sessions of an account away. The link, shown this once, sets a new password.
    pub async fn set_back(&self, ctx: &Ctx, id: &str) -> Result<Token, Outcome> {
        self.keeper(ctx, Action::Update, "account-set-back")?;
        if is_own(ctx, id) {
            return Err(own());
        }
        let _alone = self.0.turnstile.lock().await;
        self.change(ctx, id, "account-set-back", async |account| {
            (account.password, account.totp, account.recovery) = (None, None, Vec::new());
            (account.passkeys, account.outside) = (Vec::new(), Vec::new());
            Ok(())
        })
        .await?;
        self.0.tables.end_all(id, None).await?;
        self.0.tables.link(&Link::Password(id.to_owned()), PASSWORD_LINK_MS).await
    }

    /// One account for each role, for a demonstration, each with a new random password, shown this once; granted for no place.
    pub async fn demonstration(&self) -> Result<Vec<(RoleName, String, String)>, Outcome> {
        self.demonstration_at(|_| Seat::default()).await
    }

    /// The same, each granted for where people with its role work.
    pub async fn demonstration_at(
        &self,
        seat: impl Fn(&str) -> Seat,
    ) -> Result<Vec<(RoleName, String, String)>, Outcome> {
        let mut made = Vec::new();
        for role in self.roles() {
            let (login, name) = (role.slug.clone(), role.title.clone());
            let password = self.invented(&login, &name, &role.slug, seat(&role.slug)).await?;
            made.push((role, login, password));
        }
        Ok(made)
    }

    /// Accounts of a station's staff for those who learn in an invented village: `y-ta`, `y-ta-2`, …, each with a new random password, shown
    /// this once.
    pub async fn learners(&self, count: usize, seat: &Seat) -> Result<Vec<(String, String)>, Outcome> {
        let mut made = Vec::new();
        for number in 1..=count {
            let (login, name) = match number {
                1 => ("y-ta".to_owned(), "Y tá tập việc".to_owned()),
                _ => (format!("y-ta-{number}"), format!("Y tá tập việc {number}")),
            };
            let password = self.invented(&login, &name, "station-staff", seat.clone()).await?;
            made.push((login, password));
        }
        Ok(made)
    }

    /// Makes an account of a demonstration, or gives it a new password, which is answered; its sessions end.
    async fn invented(&self, login: &str, name: &str, role: &str, seat: Seat) -> Result<String, Outcome> {
        let password = random_password(login);
        let Seat { organization, commune, department, patients } = seat;
        let grant = Grant { organization, commune, department, ..Grant::new(role, self.today()) };
        let typed = NewAccount {
            login: login.to_owned(),
            name: name.to_owned(),
            roles: vec![grant],
            patients,
            ..NewAccount::default()
        };
        let mut fresh = self.checked(&typed, None)?;
        let _alone = self.0.turnstile.lock().await;
        let there = self.account_of_login(login).await?;
        if let Some(account) = &there {
            fresh.id.clone_from(&account.id);
        }
        password::set(&self.0.hasher, &mut fresh, &password, self.now()).await?;
        let expect = if there.is_some() { Expect::Present } else { Expect::Absent };
        self.write(&Ctx::system("demo"), &fresh, expect, "account-create", Vec::new()).await?;
        self.0.tables.end_all(&fresh.id, None).await?;
        Ok(password)
    }

    /// The roles of content that are in force, by their names.
    pub fn roles(&self) -> Vec<RoleName> {
        let day = self.today();
        let role = |slug: &str| {
            let edition = self.0.content.role(slug, day)?;
            Some(RoleName { slug: slug.to_owned(), title: edition.title.clone() })
        };
        let mut roles: Vec<RoleName> = self.0.content.roles().filter_map(role).collect();
        roles.sort_by(|one, other| one.title.cmp(&other.title));
        roles
    }

    /// Refuses whoever keeps no accounts, and notes who looks at the node itself.
    pub fn may_keep(&self, ctx: &Ctx, word: &str) -> Result<(), Outcome> {
        self.keeper(ctx, Action::Read, word)?;
        self.0.records.trail().note(ctx, &Seen { action: word, kind: KIND, patients: &[], refused: false })
    }

    /// Refuses, and notes, whoever may not do this with accounts.
    pub(super) fn keeper(&self, ctx: &Ctx, action: Action, word: &str) -> Result<(), Outcome> {
        let refused = ctx.may_look().and_then(|()| ctx.must(action, KIND)).err();
        match refused {
            None => Ok(()),
            Some(refused) => {
                let seen = Seen { action: word, kind: KIND, patients: &[], refused: true };
                self.0.records.trail().note(ctx, &seen)?;
                Err(refused)
            }
        }
    }

    /// An account of what was typed; all that is wrong at once.
    fn checked(&self, typed: &NewAccount, password: Option<&str>) -> Result<Account, Outcome> {
        let mut issues = Vec::new();
        let mut take = |checked: Result<String, Outcome>| {
            checked.unwrap_or_else(|refused| {
                issues.extend(refused.issues);
                String::new()
            })
        };
        let (login, name) = (take(login(&typed.login)), take(name(&typed.name)));
        issues.extend(self.check_roles(&typed.roles).err().into_iter().flat_map(|refused| refused.issues));
        let practitioner = typed.practitioner.clone();
        let id = self.0.records.ids.next();
        let roles = typed.roles.clone();
        let patients = typed.patients.clone();
        let made = Some(self.now());
        let account = Account { id, login, name, practitioner, roles, patients, made, ..Account::default() };
        // An empty name is in every password, and was complained of already.
        let wrong = password.filter(|_| !account.login.is_empty());
        let wrong = wrong.and_then(|password| password::problem(&account, password));
        issues.extend(wrong.into_iter().flat_map(|refused| refused.issues));
        match issues.is_empty() {
            true => Ok(account),
            false => Err(Outcome { kind: Kind::Unprocessable, issues }),
        }
    }
}

/// Why something was done, in a sentence.
pub(super) fn reason(typed: &str) -> Result<String, Outcome> {
    let reason = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    match (REASON_MIN..=REASON_MAX).contains(&reason.chars().count()) {
        true => Ok(reason),
        false => {
            let text = format!("Ghi lý do, {REASON_MIN} đến {REASON_MAX} ký tự.");
            Err(Outcome::new(Kind::Unprocessable, "reason", text, "no reason").at("reason"))
        }
    }
}

pub(super) fn is_own(ctx: &Ctx, id: &str) -> bool {
    matches!(&ctx.agent, Agent::Person(person) if person.account() == id)
}

pub(super) fn own() -> Outcome {
    let text =
        "Không tự khóa, tự đặt lại hay tự bỏ quyền quản trị của mình được. Hãy nhờ người quản trị khác.";
    Outcome::new(Kind::Conflict, "own-account", text, "nobody keeps their own account")
}
