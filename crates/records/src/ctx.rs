//! Who asks, from where, and to what end. Every call of the door carries it.

use yba_fhir::{Kind, Outcome};
use yba_store::Scope;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// Nobody we know: may do nothing here.
    Stranger,
    /// Everyone in `--open` mode, by name.
    TestAdministrator,
    /// A part of the program itself, such as an import or a follower.
    System(&'static str),
}

impl Agent {
    /// How the agent stands in the audit trail.
    pub fn name(&self) -> String {
        match self {
            Agent::Stranger => "stranger".into(),
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
    /// What the agent may see at all.
    pub scope: Scope,
}

impl Ctx {
    /// Everyone in `--open` mode.
    pub fn test_administrator(source: impl Into<String>) -> Ctx {
        Ctx {
            agent: Agent::TestAdministrator,
            source: source.into(),
            purpose: Purpose::Treatment,
            request_id: String::new(),
            scope: Scope::All,
        }
    }

    /// A part of the program itself.
    pub fn system(part: &'static str) -> Ctx {
        Ctx {
            agent: Agent::System(part),
            source: part.into(),
            purpose: Purpose::Operations,
            request_id: String::new(),
            scope: Scope::All,
        }
    }

    /// Somebody who has not signed in.
    pub fn stranger(source: impl Into<String>) -> Ctx {
        Ctx {
            agent: Agent::Stranger,
            source: source.into(),
            purpose: Purpose::Treatment,
            request_id: String::new(),
            scope: Scope::Nothing,
        }
    }

    pub fn with_request_id(mut self, id: impl Into<String>) -> Ctx {
        self.request_id = id.into();
        self
    }

    /// Narrows what may be seen.
    pub fn with_scope(mut self, scope: Scope) -> Ctx {
        self.scope = scope;
        self
    }

    /// Refuses strangers: the one place where reading is permitted at all.
    pub(crate) fn may_look(&self) -> Result<(), Outcome> {
        if self.agent == Agent::Stranger {
            let text = "Cần đăng nhập để xem hoặc ghi dữ liệu.";
            return Err(Outcome::new(Kind::Unauthenticated, "login", text, "authentication is required"));
        }
        Ok(())
    }

    /// Refuses strangers and narrowed scopes: the one place where writing is permitted at all.
    pub(crate) fn may_write(&self) -> Result<(), Outcome> {
        self.may_look()?;
        if self.scope != Scope::All {
            let text = "Tài khoản này chỉ được xem, không được ghi.";
            return Err(Outcome::new(Kind::Forbidden, "read-only", text, "a narrowed scope may not write"));
        }
        Ok(())
    }
}
