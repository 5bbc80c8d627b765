//! What this node remembers of signing in: sessions, failures, one-time links, known browsers, used codes. It is of this
//! node only and travels nowhere. Tokens stand here as SHA-256.

use crate::known::Known;
use crate::smart;
use crate::throttle::{Counter, FORGET_MS, wait_ms};
use crate::token::Token;
use std::collections::HashMap;
use std::sync::Arc;
use yba_fhir::Outcome;
use yba_store::{Row, Statement, Store, Value};

/// A session ends after so long without a request, and after so long in any case.
pub const IDLE_MS: i64 = 30 * 60_000;
pub const ABSOLUTE_MS: i64 = 12 * 3_600_000;
/// How exactly it is known when a session was last used: so often is it written.
const SEEN_EVERY_MS: i64 = 60_000;
/// Most sessions and known browsers of an account; the oldest goes when another comes.
pub const SESSIONS_MAX: usize = 20;
pub const DEVICES_MAX: usize = 50;
/// How long a browser stays known without being used.
pub const DEVICE_MS: i64 = 180 * 24 * 3_600_000;
/// Most failure counters. Whoever would push out their own with made-up names pays a hash for each, which is dearer than
/// waiting.
pub const FAILURES_MAX: usize = 2000;
/// Most links that wait to be used.
pub const LINKS_MAX: usize = 1000;

/// Most records that an account has open in an emergency at a time.
pub const OPENED_MAX: usize = 20;

const DDL: [&str; 11] = [
    "CREATE TABLE IF NOT EXISTS auth_session (hash TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, \
     whole BIGINT NOT NULL, begun_ms BIGINT NOT NULL, seen_ms BIGINT NOT NULL, source TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS auth_session_account ON auth_session (account, begun_ms)",
    "CREATE TABLE IF NOT EXISTS auth_failure (counter TEXT NOT NULL PRIMARY KEY, failures BIGINT NOT NULL, \
     at_ms BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS auth_failure_at ON auth_failure (at_ms)",
    "CREATE TABLE IF NOT EXISTS auth_link (hash TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, \
     until_ms BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS auth_device (hash TEXT NOT NULL, account TEXT NOT NULL, seen_ms BIGINT NOT NULL, \
     PRIMARY KEY (hash, account))",
    "CREATE INDEX IF NOT EXISTS auth_device_account ON auth_device (account, seen_ms)",
    "CREATE TABLE IF NOT EXISTS auth_opened (account TEXT NOT NULL, patient TEXT NOT NULL, until_ms BIGINT NOT NULL, \
     PRIMARY KEY (account, patient))",
    "CREATE TABLE IF NOT EXISTS auth_used (account TEXT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS auth_passkey (id TEXT NOT NULL PRIMARY KEY, counter BIGINT NOT NULL, used_ms BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS auth_step (account TEXT NOT NULL PRIMARY KEY, step BIGINT NOT NULL)",
];
const SESSION_COLUMNS: &str = "hash, account, whole, begun_ms, seen_ms, source";

/// A session of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of its token; also what names it in a list, for it lets nobody in.
    pub hash: String,
    pub account: String,
    /// The second factor was shown too, or there is none.
    pub whole: bool,
    pub begun_ms: i64,
    pub seen_ms: i64,
    /// Where it began, as an address.
    pub source: String,
}

/// A link that was good: what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Setting the node up.
    FirstRun,
    /// Setting the password of this account.
    Password(String),
}

/// The account of a link for the first run: none has an empty id.
const FIRST_RUN: &str = "";
/// The account under which it stands since when this node remembers.
const NODE: &str = "";

/// The tables of a node.
#[derive(Clone)]
pub struct Tables {
    store: Store,
    known: Arc<Known>,
}

impl Tables {
    /// Opens the tables, making them at first.
    pub async fn open(store: Store) -> Result<Tables, Outcome> {
        store.migrate(&DDL).await?;
        store.migrate(&smart::tables::DDL).await?;
        let tables = Tables { store, known: Arc::default() };
        let begun = "INSERT INTO auth_used (account, at_ms) VALUES (?1, ?2) ON CONFLICT (account) DO NOTHING";
        let values = vec![Value::from(NODE), Value::Int(tables.now())];
        tables.store.keep(vec![Statement::new(begun, values)]).await?;
        Ok(tables)
    }

    fn now(&self) -> i64 {
        self.store.clock().now_ms()
    }

    /// Begins a session; the oldest of the account ends when there are too many.
    pub async fn begin(&self, account: &str, whole: bool, source: &str) -> Result<Token, Outcome> {
        let (token, now) = (Token::random(), self.now());
        let values = vec![
            Value::from(token.hash().as_str()),
            Value::from(account),
            Value::Int(whole.into()),
            Value::Int(now),
            Value::Int(now),
            Value::from(source),
        ];
        let sql = format!("INSERT INTO auth_session ({SESSION_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        let oldest = "DELETE FROM auth_session WHERE account = ?1 AND hash NOT IN (SELECT hash FROM auth_session \
                      WHERE account = ?1 ORDER BY begun_ms DESC, hash LIMIT ?2)";
        let bound = vec![Value::from(account), Value::Int(SESSIONS_MAX as i64)];
        let used = "INSERT INTO auth_used (account, at_ms) VALUES (?1, ?2) \
                    ON CONFLICT (account) DO UPDATE SET at_ms = excluded.at_ms";
        let use_now = vec![Value::from(account), Value::Int(now)];
        let statements =
            vec![Statement::new(sql, values), Statement::new(oldest, bound), Statement::new(used, use_now)];
        self.store.keep(statements).await?;
        self.known.end(|session| session.account == account);
        Ok(token)
    }

    /// The session of a token, if it still lasts; it counts as used.
    pub async fn session(&self, token: &Token) -> Result<Option<Session>, Outcome> {
        let hash = token.hash();
        // Before the look: what ends after it is not remembered.
        let before = self.known.before();
        let known = self.known.get(&hash);
        let is_known = known.is_some();
        let mut session = match known {
            Some(session) => session,
            None => match self.read_session(&hash).await? {
                Some(session) => session,
                None => return Ok(None),
            },
        };
        let now = self.now();
        if !lasts(&session, now) {
            self.end(&session.hash).await?;
            return Ok(None);
        }
        let is_due = now - session.seen_ms >= SEEN_EVERY_MS;
        if is_due {
            let sql = "UPDATE auth_session SET seen_ms = ?2 WHERE hash = ?1";
            let values = vec![Value::from(session.hash.as_str()), Value::Int(now)];
            self.store.keep(vec![Statement::new(sql, values)]).await?;
            session.seen_ms = now;
        }
        if is_due || !is_known {
            self.known.keep(&before, &session);
        }
        Ok(Some(session))
    }

    async fn read_session(&self, hash: &str) -> Result<Option<Session>, Outcome> {
        let sql = format!("SELECT {SESSION_COLUMNS} FROM auth_session WHERE hash = ?1");
        let rows = self.store.query(&sql, vec![Value::from(hash)]).await?;
        Ok(rows.into_iter().next().map(session_of))
    }

    /// Whether a session lasts; asking is no use of it.
    pub async fn session_lasts(&self, hash: &str) -> Result<bool, Outcome> {
        let session = self.read_session(hash).await?;
        Ok(session.is_some_and(|session| lasts(&session, self.now())))
    }

    /// The sessions of an account that last, newest first.
    pub async fn sessions(&self, account: &str) -> Result<Vec<Session>, Outcome> {
        let sql = format!(
            "SELECT {SESSION_COLUMNS} FROM auth_session WHERE account = ?1 ORDER BY begun_ms DESC, hash"
        );
        let rows = self.store.query(&sql, vec![Value::from(account)]).await?;
        let now = self.now();
        Ok(rows.into_iter().map(session_of).filter(|session| lasts(session, now)).collect())
    }

    /// How many sessions of each account last.
    pub async fn sessions_by_account(&self) -> Result<HashMap<String, usize>, Outcome> {
        let sql = "SELECT account, COUNT(*) FROM auth_session WHERE begun_ms > ?1 AND seen_ms > ?2 GROUP BY account";
        let now = self.now();
        let rows =
            self.store.query(sql, vec![Value::Int(now - ABSOLUTE_MS), Value::Int(now - IDLE_MS)]).await?;
        Ok(rows.into_iter().map(|mut row| (row.take_text(0), row.int(1) as usize)).collect())
    }

    /// When accounts were last seen here, in ms since 1970 UTC, and since when this node remembers.
    pub async fn last_seen(&self) -> Result<(HashMap<String, i64>, i64), Outcome> {
        let sql = "SELECT account, MAX(at_ms) FROM (SELECT account, seen_ms AS at_ms FROM auth_session UNION ALL \
                   SELECT account, at_ms FROM auth_used) AS seen GROUP BY account";
        let rows = self.store.query(sql, Vec::new()).await?;
        let mut seen: HashMap<String, i64> =
            rows.into_iter().map(|mut row| (row.take_text(0), row.int(1))).collect();
        let since = seen.remove(NODE).unwrap_or_else(|| self.now());
        Ok((seen, since))
    }

    /// Ends a session by its hash.
    pub async fn end(&self, hash: &str) -> Result<(), Outcome> {
        let sql = "DELETE FROM auth_session WHERE hash = ?1";
        self.store.keep(vec![Statement::new(sql, vec![Value::from(hash)])]).await?;
        self.known.end(|session| session.hash == hash);
        Ok(())
    }

    /// The tables of apps, beside these.
    pub fn apps(&self) -> smart::AppTables {
        smart::AppTables::new(self.store.clone(), self.clone())
    }

    /// Ends all sessions of an account but one, with what apps were let do in any other, and makes strangers of all its
    /// browsers but that one's when none stays.
    pub async fn end_all(&self, account: &str, but: Option<&str>) -> Result<(), Outcome> {
        let values = || vec![Value::from(account), Value::from(but.unwrap_or("-"))];
        let mut statements = vec![
            Statement::new("DELETE FROM auth_session WHERE account = ?1 AND hash <> ?2", values()),
            Statement::new("DELETE FROM app_grant WHERE account = ?1 AND session <> ?2", values()),
        ];
        if but.is_none() {
            let sql = "DELETE FROM auth_device WHERE account = ?1";
            statements.push(Statement::new(sql, vec![Value::from(account)]));
        }
        self.store.keep(statements).await?;
        self.known.end(|session| session.account == account && Some(session.hash.as_str()) != but);
        Ok(())
    }

    /// How long a counter has still to wait, in ms.
    pub async fn wait(&self, counter: &Counter) -> Result<i64, Outcome> {
        let (failures, at) = self.failures(counter).await?;
        Ok((at + wait_ms(failures) - self.now()).max(0))
    }

    async fn failures(&self, counter: &Counter) -> Result<(i64, i64), Outcome> {
        let sql = "SELECT failures, at_ms FROM auth_failure WHERE counter = ?1 AND at_ms > ?2";
        let values = vec![Value::from(counter.0.as_str()), Value::Int(self.now() - FORGET_MS)];
        let rows = self.store.query(sql, values).await?;
        Ok(rows.first().map_or((0, 0), |row| (row.int(0), row.int(1))))
    }

    /// Counts a failure; the counters that rest longest go when there are too many.
    pub async fn failed(&self, counter: &Counter) -> Result<(), Outcome> {
        let sql = "INSERT INTO auth_failure (counter, failures, at_ms) VALUES (?1, 1, ?2) ON CONFLICT (counter) \
                   DO UPDATE SET failures = CASE WHEN auth_failure.at_ms > ?3 THEN auth_failure.failures + 1 ELSE 1 END, \
                   at_ms = excluded.at_ms";
        let now = self.now();
        let values = vec![Value::from(counter.0.as_str()), Value::Int(now), Value::Int(now - FORGET_MS)];
        let over = "DELETE FROM auth_failure WHERE counter IN (SELECT counter FROM auth_failure \
                    ORDER BY at_ms DESC, counter LIMIT 1000 OFFSET ?1)";
        let bound = vec![Value::Int(FAILURES_MAX as i64)];
        self.store.keep(vec![Statement::new(sql, values), Statement::new(over, bound)]).await
    }

    /// Forgets the failures of a counter: its owner came in.
    pub async fn succeeded(&self, counter: &Counter) -> Result<(), Outcome> {
        let sql = "DELETE FROM auth_failure WHERE counter = ?1";
        self.store.keep(vec![Statement::new(sql, vec![Value::from(counter.0.as_str())])]).await
    }

    /// Whether an account has come in whole in this browser.
    pub async fn knows(&self, account: &str, device: &Token) -> Result<bool, Outcome> {
        let sql = "SELECT 1 FROM auth_device WHERE hash = ?1 AND account = ?2 AND seen_ms > ?3";
        let values = vec![
            Value::from(device.hash().as_str()),
            Value::from(account),
            Value::Int(self.now() - DEVICE_MS),
        ];
        Ok(!self.store.query(sql, values).await?.is_empty())
    }

    /// Remembers that an account came in whole in this browser.
    pub async fn remember(&self, account: &str, device: &Token) -> Result<(), Outcome> {
        let sql = "INSERT INTO auth_device (hash, account, seen_ms) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (hash, account) DO UPDATE SET seen_ms = excluded.seen_ms";
        let values = vec![Value::from(device.hash().as_str()), Value::from(account), Value::Int(self.now())];
        let over = "DELETE FROM auth_device WHERE account = ?1 AND hash NOT IN (SELECT hash FROM auth_device \
                    WHERE account = ?1 ORDER BY seen_ms DESC, hash LIMIT ?2)";
        let bound = vec![Value::from(account), Value::Int(DEVICES_MAX as i64)];
        self.store.keep(vec![Statement::new(sql, values), Statement::new(over, bound)]).await
    }

    /// The last step whose code an account has used.
    pub async fn last_step(&self, account: &str) -> Result<i64, Outcome> {
        let rows = self
            .store
            .query("SELECT step FROM auth_step WHERE account = ?1", vec![Value::from(account)])
            .await?;
        Ok(rows.first().map_or(0, |row| row.int(0)))
    }

    pub async fn use_step(&self, account: &str, step: i64) -> Result<(), Outcome> {
        let sql = "INSERT INTO auth_step (account, step) VALUES (?1, ?2) \
                   ON CONFLICT (account) DO UPDATE SET step = excluded.step";
        self.store.keep(vec![Statement::new(sql, vec![Value::from(account), Value::Int(step)])]).await
    }

    /// The counter that a passkey last showed here, and when it was last used; nothing of one that never was.
    pub async fn passkey(&self, id: &str) -> Result<Option<(i64, i64)>, Outcome> {
        let sql = "SELECT counter, used_ms FROM auth_passkey WHERE id = ?1";
        let rows = self.store.query(sql, vec![Value::from(id)]).await?;
        Ok(rows.first().map(|row| (row.int(0), row.int(1))))
    }

    pub async fn use_passkey(&self, id: &str, counter: i64) -> Result<(), Outcome> {
        let sql = "INSERT INTO auth_passkey (id, counter, used_ms) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (id) DO UPDATE SET counter = excluded.counter, used_ms = excluded.used_ms";
        let values = vec![Value::from(id), Value::Int(counter), Value::Int(self.now())];
        self.store.keep(vec![Statement::new(sql, values)]).await
    }

    /// Forgets a passkey that was taken away.
    pub async fn forget_passkey(&self, id: &str) -> Result<(), Outcome> {
        let sql = "DELETE FROM auth_passkey WHERE id = ?1";
        self.store.keep(vec![Statement::new(sql, vec![Value::from(id)])]).await
    }

    /// A new link; another for the same purpose ends.
    pub async fn link(&self, link: &Link, lasts_ms: i64) -> Result<Token, Outcome> {
        let token = Token::random();
        let account = if let Link::Password(account) = link { account } else { FIRST_RUN };
        let values =
            vec![Value::from(token.hash().as_str()), Value::from(account), Value::Int(self.now() + lasts_ms)];
        let over = "DELETE FROM auth_link WHERE hash NOT IN (SELECT hash FROM auth_link \
                    ORDER BY until_ms DESC, hash LIMIT ?1)";
        self.store
            .keep(vec![
                Statement::new("DELETE FROM auth_link WHERE account = ?1", vec![Value::from(account)]),
                Statement::new("INSERT INTO auth_link (hash, account, until_ms) VALUES (?1, ?2, ?3)", values),
                Statement::new(over, vec![Value::Int(LINKS_MAX as i64)]),
            ])
            .await?;
        Ok(token)
    }

    /// What a link is for, while it is good.
    pub async fn link_of(&self, token: &Token) -> Result<Option<Link>, Outcome> {
        let sql = "SELECT account FROM auth_link WHERE hash = ?1 AND until_ms > ?2";
        let rows =
            self.store.query(sql, vec![Value::from(token.hash().as_str()), Value::Int(self.now())]).await?;
        Ok(rows.into_iter().next().map(|mut row| match row.take_text(0) {
            account if account == FIRST_RUN => Link::FirstRun,
            account => Link::Password(account),
        }))
    }

    /// A link was used: it is good no more.
    pub async fn use_link(&self, token: &Token) -> Result<(), Outcome> {
        let sql = "DELETE FROM auth_link WHERE hash = ?1";
        self.store.keep(vec![Statement::new(sql, vec![Value::from(token.hash().as_str())])]).await
    }

    /// Notes that an account has these patients' records open until a moment.
    pub async fn open_records(
        &self,
        account: &str,
        patients: &[String],
        until_ms: i64,
    ) -> Result<(), Outcome> {
        let row = |patient: &String| {
            let sql = "INSERT INTO auth_opened (account, patient, until_ms) VALUES (?1, ?2, ?3) \
                       ON CONFLICT (account, patient) DO UPDATE SET until_ms = excluded.until_ms";
            Statement::new(sql, vec![account.into(), patient.as_str().into(), Value::Int(until_ms)])
        };
        self.store.keep(patients.iter().map(row).collect()).await
    }

    /// The records that are open: account, patient, until when.
    pub async fn opened(&self) -> Result<Vec<(String, String, i64)>, Outcome> {
        let sql = "SELECT account, patient, until_ms FROM auth_opened WHERE until_ms > ?1";
        let rows = self.store.query(sql, vec![Value::Int(self.now())]).await?;
        Ok(rows.into_iter().map(|mut row| (row.take_text(0), row.take_text(1), row.int(2))).collect())
    }

    /// Housekeeping: what is over is deleted.
    pub async fn tidy(&self) -> Result<(), Outcome> {
        let now = self.now();
        let before = |sql: &str, ms: i64| Statement::new(sql, vec![Value::Int(ms)]);
        self.store
            .keep(vec![
                before("DELETE FROM auth_session WHERE seen_ms <= ?1", now - IDLE_MS),
                before("DELETE FROM auth_session WHERE begun_ms <= ?1", now - ABSOLUTE_MS),
                before("DELETE FROM auth_failure WHERE at_ms <= ?1", now - FORGET_MS),
                before("DELETE FROM auth_link WHERE until_ms <= ?1", now),
                before("DELETE FROM auth_opened WHERE until_ms <= ?1", now),
                before("DELETE FROM auth_device WHERE seen_ms <= ?1", now - DEVICE_MS),
            ])
            .await
    }
}

/// Whether a session lasts at a moment. One from the future (a clock was set back) does not.
fn lasts(session: &Session, now: i64) -> bool {
    (0..ABSOLUTE_MS).contains(&(now - session.begun_ms)) && now - session.seen_ms < IDLE_MS
}

fn session_of(mut row: Row) -> Session {
    Session {
        hash: row.take_text(0),
        account: row.take_text(1),
        whole: row.int(2) != 0,
        begun_ms: row.int(3),
        seen_ms: row.int(4),
        source: row.take_text(5),
    }
}
