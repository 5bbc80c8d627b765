//! Who asks, from where, and to what end. Every call of the door carries it.

use std::sync::Arc;
use yba_auth::{Action, Permits};
use yba_fhir::defs::r4;
use yba_fhir::{Kind, Outcome};
use yba_store::Scope;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// Nobody we know: may do nothing here.
    Stranger,
    /// Somebody who names an account (its id) and has not proven to be its owner: may do nothing either.
    Unproven(String),
    /// Somebody who has signed in. Only the gate makes one.
    Person(Person),
    /// Everyone in `--open` mode, by name.
    TestAdministrator,
    /// A part of the program itself, such as an import or a follower.
    System(&'static str),
}

/// A person at work: their account, and what its roles permit today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    account: String,
    permits: Arc<Permits>,
    /// The app that acts for them (its client id), or by itself when there is no account.
    app: Option<String>,
}

impl Person {
    pub(crate) fn new(account: String, permits: Arc<Permits>) -> Person {
        Person { account, permits, app: None }
    }

    /// An app, for somebody or, without an account, by itself. Its permits are narrowed to its scopes.
    pub(crate) fn app(client: String, account: String, permits: Arc<Permits>) -> Person {
        Person { account, permits, app: Some(client) }
    }

    pub(crate) fn permits(&self) -> &Permits {
        &self.permits
    }

    /// The id of the account.
    pub fn account(&self) -> &str {
        &self.account
    }
}

impl Agent {
    /// How the agent stands in the audit trail.
    pub fn name(&self) -> String {
        match self {
            Agent::Stranger => "stranger".into(),
            Agent::Unproven(account) => format!("unproven/{account}"),
            Agent::Person(Person { account, app: Some(app), .. }) if account.is_empty() => {
                format!("app/{app}")
            }
            Agent::Person(person) => format!("account/{}", person.account),
            Agent::TestAdministrator => "test-administrator".into(),
            Agent::System(part) => format!("system/{part}"),
        }
    }
}

/// Why it is asked. <https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Treatment,
    /// Running the system: imports, followers, backup.
    Operations,
}

impl Purpose {
    pub fn code(self) -> &'static str {
        match self {
            Purpose::Treatment => "TREAT",
            Purpose::Operations => "HOPERAT",
        }
    }
}

/// The circumstances of a call.
#[derive(Debug, Clone)]
pub struct Ctx {
    pub agent: Agent,
    /// Where the call came from: `rest`, `page`, `import-bhyt`, …
    pub source: String,
    pub purpose: Purpose,
    /// Ties the audit entry to the request's log line.
    pub request_id: String,
    /// The caller's address, when it is known.
    pub address: String,
    /// As what a person asks: roles with their facilities, such as `doctor@bv-lai-chau`, between spaces.
    pub posts: Arc<str>,
    /// What the call is narrowed to, besides what roles say (see [`crate::Records::scope`]).
    pub scope: Scope,
    /// The closed report (id) that the door itself lets this call write, of nobody's compartment.
    pub(crate) vouched: Option<String>,
}

impl Ctx {
    /// Everyone in `--open` mode.
    pub fn test_administrator(source: impl Into<String>) -> Ctx {
        Ctx {
            agent: Agent::TestAdministrator,
            source: source.into(),
            purpose: Purpose::Treatment,
            request_id: String::new(),
            address: String::new(),
            posts: Arc::default(),
            scope: Scope::All,
            vouched: None,
        }
    }

    /// A part of the program itself.
    pub fn system(part: &'static str) -> Ctx {
        Ctx {
            agent: Agent::System(part),
            source: part.into(),
            purpose: Purpose::Operations,
            request_id: String::new(),
            address: String::new(),
            posts: Arc::default(),
            scope: Scope::All,
            vouched: None,
        }
    }

    /// Somebody who has not signed in.
    pub fn stranger(source: impl Into<String>) -> Ctx {
        Ctx {
            agent: Agent::Stranger,
            source: source.into(),
            purpose: Purpose::Treatment,
            request_id: String::new(),
            address: String::new(),
            posts: Arc::default(),
            scope: Scope::Nothing,
            vouched: None,
        }
    }

    pub fn with_request_id(mut self, id: impl Into<String>) -> Ctx {
        self.request_id = id.into();
        self
    }

    /// Says from which address the call came.
    pub fn with_address(mut self, address: impl Into<String>) -> Ctx {
        self.address = address.into();
        self
    }

    /// Says as what a person asks.
    pub(crate) fn with_posts(mut self, posts: impl Into<Arc<str>>) -> Ctx {
        self.posts = posts.into();
        self
    }

    /// Narrows what may be seen.
    pub fn with_scope(mut self, scope: Scope) -> Ctx {
        self.scope = scope;
        self
    }

    /// Somebody who has signed in. The gate alone calls this, with what the account's roles permit.
    pub(crate) fn person(person: Person, source: impl Into<String>) -> Ctx {
        Ctx { agent: Agent::Person(person), scope: Scope::All, ..Ctx::stranger(source) }
    }

    /// Somebody who names an account and has not proven to be its owner.
    pub(crate) fn unproven(account: &str, source: impl Into<String>) -> Ctx {
        Ctx { agent: Agent::Unproven(account.to_owned()), ..Ctx::stranger(source) }
    }

    /// Whether the agent may do this with records of a type (or, of an empty one, of every type of FHIR): what the roles
    /// say, by content. Deny by default.
    pub fn may(&self, action: Action, kind: &str) -> bool {
        match &self.agent {
            Agent::Stranger | Agent::Unproven(_) => false,
            Agent::TestAdministrator | Agent::System(_) => true,
            Agent::Person(person) if kind.is_empty() => {
                r4().resource_types().all(|kind| person.permits.may(action, kind))
            }
            Agent::Person(person) => person.permits.may(action, kind),
        }
    }

    /// Whether records of a type are seen by what they are now, so that nothing older of them may be shown.
    pub(crate) fn is_of_now(&self, kind: &str) -> bool {
        matches!(&self.agent, Agent::Person(person) if person.permits.is_of_now(kind))
    }

    /// Of these types those with which the agent may do this.
    pub fn those_permitted<'k>(
        &self,
        action: Action,
        kinds: impl IntoIterator<Item = &'k str>,
    ) -> Vec<&'k str> {
        kinds.into_iter().filter(|kind| self.may(action, kind)).collect()
    }

    /// Refuses what the roles do not permit.
    pub(crate) fn must(&self, action: Action, kind: &str) -> Result<(), Outcome> {
        match self.may(action, kind) {
            true => Ok(()),
            false => {
                let what = if kind.is_empty() { "mọi loại" } else { kind };
                let text =
                    format!("Vai trò của bạn không cho làm việc này ({}) với {what}.", in_words(action));
                let detail = format!("no role permits {} of {what}", action.word());
                Err(Outcome::new(Kind::Forbidden, "role", text, detail))
            }
        }
    }

    /// Refuses strangers: the one place where anything is permitted at all; what, [`Ctx::must`] says.
    pub(crate) fn may_look(&self) -> Result<(), Outcome> {
        if matches!(self.agent, Agent::Stranger | Agent::Unproven(_)) {
            let text = "Cần đăng nhập để xem hoặc ghi dữ liệu.";
            return Err(Outcome::new(Kind::Unauthenticated, "login", text, "authentication is required"));
        }
        Ok(())
    }

    /// Refuses strangers and calls that are narrowed besides their agent's roles, before it is looked at what is written.
    pub(crate) fn may_write(&self) -> Result<(), Outcome> {
        self.may_look()?;
        if self.scope != Scope::All {
            let text = "Tài khoản này chỉ được xem, không được ghi.";
            return Err(Outcome::new(Kind::Forbidden, "read-only", text, "a narrowed scope may not write"));
        }
        Ok(())
    }
}

fn in_words(action: Action) -> &'static str {
    match action {
        Action::Read => "xem",
        Action::History => "xem lịch sử",
        Action::Search => "tìm",
        Action::Meta => "xem nhãn",
        Action::Everything => "xem cả hồ sơ",
        Action::Export => "xuất",
        Action::Explain => "xem cách tìm",
        Action::Create => "thêm",
        Action::Update => "sửa",
        Action::Delete => "xóa",
    }
}
