//! What somebody was typing and has not sent: kept on this node for whoever typed it and for nobody else, for some days. It is no
//! record: it stands in no log, travels nowhere, and whoever opens it again must be permitted what the page asks.

use crate::ctx::{Agent, Ctx};
use crate::door::Records;
use tokio::sync::OnceCell;
use yba_fhir::{Kind, Outcome};
use yba_store::{Statement, Value};

/// Longest draft, bytes: as much as a form of content may post.
pub const DRAFT_MAX: usize = 512 * 1024;
/// Drafts of one account; the oldest give way.
pub const DRAFTS_MAX: i64 = 100;
/// So long they are kept.
pub const DRAFT_MS: i64 = 7 * 86_400_000;

const DDL: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS draft (who TEXT NOT NULL, about TEXT NOT NULL, ms BIGINT NOT NULL, body TEXT NOT NULL, \
     PRIMARY KEY (who, about))",
    "CREATE INDEX IF NOT EXISTS draft_ms ON draft (ms)",
];

/// What was typed, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub text: String,
    /// Milliseconds since 1970 UTC.
    pub ms: i64,
}

#[derive(Default)]
struct Ready(OnceCell<()>);

impl Records {
    async fn drafts_ready(&self) -> Result<(), Outcome> {
        let ready = self.beside::<Ready>();
        ready.0.get_or_try_init(|| self.store().migrate(DDL)).await.map(|_| ())
    }

    /// What the caller was typing about something; the caller says about what in words of their own (`form/patient`).
    pub async fn draft(&self, ctx: &Ctx, about: &str) -> Result<Option<Draft>, Outcome> {
        let who = whose(ctx)?;
        self.drafts_ready().await?;
        let since = self.store().clock().now_ms() - DRAFT_MS;
        let sql = "SELECT body, ms FROM draft WHERE who = ?1 AND about = ?2 AND ms >= ?3";
        let rows = self.store().query(sql, vec![who.into(), about.into(), Value::Int(since)]).await?;
        Ok(rows.into_iter().next().map(|mut row| Draft { text: row.take_text(0), ms: row.int(1) }))
    }

    /// Keeps what the caller is typing in place of what was kept before. Refuses with `too-large` past [`DRAFT_MAX`].
    pub async fn keep_draft(&self, ctx: &Ctx, about: &str, text: &str) -> Result<i64, Outcome> {
        let who = whose(ctx)?;
        if text.len() > DRAFT_MAX {
            let told = format!("a draft of {} bytes", text.len());
            return Err(Outcome::new(Kind::TooLarge, "draft", "Phiếu dài quá mức để lưu nháp.", told));
        }
        self.drafts_ready().await?;
        let now = self.store().clock().now_ms();
        let (who, about) = (Value::from(who), Value::from(about));
        let put = "INSERT INTO draft (who, about, ms, body) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (who, about) DO UPDATE SET ms = ?3, body = ?4";
        let many = "DELETE FROM draft WHERE who = ?1 AND ms < \
                    (SELECT ms FROM draft WHERE who = ?1 ORDER BY ms DESC LIMIT 1 OFFSET ?2)";
        let statements = vec![
            Statement::new("DELETE FROM draft WHERE ms < ?1", vec![Value::Int(now - DRAFT_MS)]),
            Statement::new(put, vec![who.clone(), about, Value::Int(now), text.into()]),
            Statement::new(many, vec![who, Value::Int(DRAFTS_MAX - 1)]),
        ];
        self.store().keep(statements).await.map(|()| now)
    }

    /// Forgets what the caller was typing: it was sent, or is not wanted.
    pub async fn drop_draft(&self, ctx: &Ctx, about: &str) -> Result<(), Outcome> {
        let who = whose(ctx)?;
        self.drafts_ready().await?;
        let sql = "DELETE FROM draft WHERE who = ?1 AND about = ?2";
        self.store().keep(vec![Statement::new(sql, vec![who.into(), about.into()])]).await
    }
}

/// The name under which drafts stand. Who is not known has none.
fn whose(ctx: &Ctx) -> Result<String, Outcome> {
    match &ctx.agent {
        Agent::Person(_) | Agent::TestAdministrator => Ok(ctx.agent.name()),
        _ => {
            let text = "Hãy đăng nhập trước.";
            Err(Outcome::new(Kind::Unauthenticated, "draft", text, "nobody to keep a draft for"))
        }
    }
}
