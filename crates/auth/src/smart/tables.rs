//! What this node remembers of apps: launches, codes, grants and their tokens, assertions that came, signing keys. It is of
//! this node only and travels nowhere. Tokens stand here as SHA-256.

use super::keys::{Key, SHOWN_MS};
use crate::tables::{ABSOLUTE_MS, Tables};
use crate::token::{Token, hash};
use yba_fhir::Outcome;
use yba_store::{Row, Statement, Store, Value};

/// How long each lasts, in ms.
pub const LAUNCH_MS: i64 = 5 * 60_000;
pub const CODE_MS: i64 = 60_000;
pub const ACCESS_MS: i64 = 10 * 60_000;
/// A grant without the session, however often it is renewed.
pub const OFFLINE_MS: i64 = 90 * 24 * 3_600_000;
/// Bounds: codes and launches that wait, grants of one client to one account and of all, tokens of a grant, assertions that
/// are remembered of a client, signing keys.
pub const WAITING_MAX: usize = 1000;
pub const GRANTS_MAX: usize = 20;
pub const GRANTS_ALL_MAX: usize = 50_000;
pub const TOKENS_MAX: usize = 100;
/// Most refresh tokens of a grant, used ones too: one every ten minutes for ninety days, and some.
pub const RENEWALS_MAX: usize = 15_000;
pub const ASSERTIONS_MAX: usize = 2000;
/// Most grants that somebody is shown of their own.
pub const SHOWN_MAX: i64 = 200;
pub const KEYS_MAX: usize = 8;

pub(crate) const DDL: [&str; 9] = [
    "CREATE TABLE IF NOT EXISTS app_launch (hash TEXT NOT NULL PRIMARY KEY, client TEXT NOT NULL, account TEXT NOT NULL, \
     patient TEXT NOT NULL, until_ms BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS app_code (hash TEXT NOT NULL PRIMARY KEY, client TEXT NOT NULL, account TEXT NOT NULL, \
     session TEXT NOT NULL, scopes TEXT NOT NULL, patient TEXT NOT NULL, redirect TEXT NOT NULL, challenge TEXT NOT NULL, \
     nonce TEXT NOT NULL, until_ms BIGINT NOT NULL, grant_id TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS app_grant (id TEXT NOT NULL PRIMARY KEY, client TEXT NOT NULL, account TEXT NOT NULL, \
     session TEXT NOT NULL, scopes TEXT NOT NULL, patient TEXT NOT NULL, begun_ms BIGINT NOT NULL, until_ms BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS app_grant_of ON app_grant (account, client, begun_ms)",
    "CREATE TABLE IF NOT EXISTS app_token (hash TEXT NOT NULL PRIMARY KEY, grant_id TEXT NOT NULL, sort TEXT NOT NULL, \
     begun_ms BIGINT NOT NULL, until_ms BIGINT NOT NULL, used_ms BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS app_token_of ON app_token (grant_id, begun_ms)",
    "CREATE TABLE IF NOT EXISTS app_assertion (client TEXT NOT NULL, hash TEXT NOT NULL, until_ms BIGINT NOT NULL, \
     PRIMARY KEY (client, hash))",
    "CREATE INDEX IF NOT EXISTS app_grant_begun ON app_grant (begun_ms)",
    "CREATE TABLE IF NOT EXISTS app_key (id TEXT NOT NULL PRIMARY KEY, sealed TEXT NOT NULL, jwk TEXT NOT NULL, \
     begun_ms BIGINT NOT NULL)",
];

/// A person's record from which an app is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    pub client: String,
    pub account: String,
    pub patient: String,
}

/// What somebody has let an app do, for the app to fetch once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Code {
    pub client: String,
    pub account: String,
    /// The session in which it was let in.
    pub session: String,
    pub scopes: String,
    /// Empty when it is of no one patient.
    pub patient: String,
    pub redirect: String,
    /// SHA-256 of the verifier, as PKCE writes it.
    pub challenge: String,
    pub nonce: String,
    pub until_ms: i64,
    /// The grant that was fetched with it; empty until then.
    pub grant: String,
}

/// What an app may do, and until when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    pub id: String,
    pub client: String,
    /// Empty for a backend service.
    pub account: String,
    /// The session without which it is over; empty when it lasts by itself.
    pub session: String,
    pub scopes: String,
    pub patient: String,
    pub begun_ms: i64,
    pub until_ms: i64,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Access,
    Refresh,
}

impl Sort {
    fn word(self) -> &'static str {
        if self == Sort::Access { "access" } else { "refresh" }
    }
}

/// A token that is known, with its grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub grant: Grant,
    pub sort: Sort,
    pub until_ms: i64,
    /// A refresh token was used already.
    pub is_used: bool,
}

/// The tables of a node.
#[derive(Clone)]
pub struct AppTables {
    store: Store,
    sessions: Tables,
}

fn text(value: &str) -> Value {
    Value::from(value)
}

impl AppTables {
    /// Those beside the tables of sessions, which made them.
    pub(crate) fn new(store: Store, sessions: Tables) -> AppTables {
        AppTables { store, sessions }
    }

    fn now(&self) -> i64 {
        self.store.clock().now_ms()
    }

    /// A token by which a client is opened from a record.
    pub async fn launch(&self, launch: &Launch) -> Result<Token, Outcome> {
        let token = Token::random();
        let sql =
            "INSERT INTO app_launch (hash, client, account, patient, until_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
        let Launch { client, account, patient } = launch;
        let values = vec![
            text(&token.hash()),
            text(client),
            text(account),
            text(patient),
            Value::Int(self.now() + LAUNCH_MS),
        ];
        self.store.keep(vec![Statement::new(sql, values), newest("app_launch")]).await?;
        Ok(token)
    }

    /// What a launch is for, while it is good.
    pub async fn launch_of(&self, token: &str) -> Result<Option<Launch>, Outcome> {
        let Some(token) = Token::of(token) else { return Ok(None) };
        let sql = "SELECT client, account, patient FROM app_launch WHERE hash = ?1 AND until_ms > ?2";
        let rows = self.store.query(sql, vec![text(&token.hash()), Value::Int(self.now())]).await?;
        Ok(rows.into_iter().next().map(|mut row| Launch {
            client: row.take_text(0),
            account: row.take_text(1),
            patient: row.take_text(2),
        }))
    }

    /// A launch was used: it is good no more.
    pub async fn use_launch(&self, token: &str) -> Result<(), Outcome> {
        let sql = "DELETE FROM app_launch WHERE hash = ?1";
        self.store.keep(vec![Statement::new(sql, vec![text(&hash(token))])]).await
    }

    /// A code for what somebody lets an app do.
    pub async fn code(&self, code: &Code) -> Result<Token, Outcome> {
        let token = Token::random();
        let sql = "INSERT INTO app_code (hash, client, account, session, scopes, patient, redirect, challenge, nonce, until_ms, \
                   grant_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '')";
        let texts = [
            &token.hash(),
            &code.client,
            &code.account,
            &code.session,
            &code.scopes,
            &code.patient,
            &code.redirect,
            &code.challenge,
            &code.nonce,
        ];
        let mut values: Vec<Value> = texts.into_iter().map(|one| text(one)).collect();
        values.push(Value::Int(self.now() + CODE_MS));
        self.store.keep(vec![Statement::new(sql, values), newest("app_code")]).await?;
        Ok(token)
    }

    /// What a code is for, also when it is over or was used.
    pub async fn code_of(&self, token: &str) -> Result<Option<Code>, Outcome> {
        let Some(token) = Token::of(token) else { return Ok(None) };
        let sql = "SELECT client, account, session, scopes, patient, redirect, challenge, nonce, until_ms, grant_id \
                   FROM app_code WHERE hash = ?1";
        let rows = self.store.query(sql, vec![text(&token.hash())]).await?;
        Ok(rows.into_iter().next().map(|mut row| Code {
            client: row.take_text(0),
            account: row.take_text(1),
            session: row.take_text(2),
            scopes: row.take_text(3),
            patient: row.take_text(4),
            redirect: row.take_text(5),
            challenge: row.take_text(6),
            nonce: row.take_text(7),
            until_ms: row.int(8),
            grant: row.take_text(9),
        }))
    }

    /// A code was tried and is good no more, for a grant or for none.
    pub async fn spend(&self, code: &str, grant: &str) -> Result<(), Outcome> {
        let sql = "UPDATE app_code SET grant_id = ?2 WHERE hash = ?1";
        self.store.keep(vec![Statement::new(sql, vec![text(&hash(code)), text(grant)])]).await
    }

    /// Begins a grant. The oldest of the same app and account ends when there are too many.
    pub async fn begin(&self, grant: &Grant) -> Result<(), Outcome> {
        let sql = "INSERT INTO app_grant (id, client, account, session, scopes, patient, begun_ms, until_ms) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let texts = [&grant.id, &grant.client, &grant.account, &grant.session, &grant.scopes, &grant.patient];
        let mut values: Vec<Value> = texts.into_iter().map(|one| text(one)).collect();
        values.extend([grant.begun_ms, grant.until_ms].map(Value::Int));
        let over = "DELETE FROM app_grant WHERE account = ?1 AND client = ?2 AND id NOT IN (SELECT id FROM app_grant \
                    WHERE account = ?1 AND client = ?2 ORDER BY begun_ms DESC, id LIMIT ?3)";
        let bound = vec![text(&grant.account), text(&grant.client), Value::Int(GRANTS_MAX as i64)];
        let all = "DELETE FROM app_grant WHERE id IN (SELECT id FROM app_grant ORDER BY begun_ms DESC, id LIMIT 100 OFFSET ?1)";
        self.store
            .keep(vec![
                Statement::new(sql, values),
                Statement::new(over, bound),
                Statement::new(all, vec![Value::Int(GRANTS_ALL_MAX as i64)]),
            ])
            .await
    }

    /// A new token of a grant; a refresh token that it comes of is used by that.
    pub async fn token(
        &self,
        grant: &str,
        sort: Sort,
        until_ms: i64,
        of: Option<&str>,
    ) -> Result<Token, Outcome> {
        let (token, now) = (Token::random(), self.now());
        let sql = "INSERT INTO app_token (hash, grant_id, sort, begun_ms, until_ms, used_ms) VALUES (?1, ?2, ?3, ?4, ?5, 0)";
        let values =
            vec![text(&token.hash()), text(grant), text(sort.word()), Value::Int(now), Value::Int(until_ms)];
        // A used refresh token stays known for as long as it can: shown again, it ends the grant.
        let over = "DELETE FROM app_token WHERE grant_id = ?1 AND sort = ?3 AND hash NOT IN (SELECT hash FROM app_token \
                    WHERE grant_id = ?1 AND sort = ?3 ORDER BY begun_ms DESC, used_ms, hash LIMIT ?2)";
        let most = if sort == Sort::Refresh { RENEWALS_MAX } else { TOKENS_MAX };
        let bound = vec![text(grant), Value::Int(most as i64), text(sort.word())];
        let mut statements = Vec::new();
        if let Some(of) = of {
            let sql = "UPDATE app_token SET used_ms = ?2 WHERE hash = ?1";
            statements.push(Statement::new(sql, vec![text(&hash(of)), Value::Int(now.max(1))]));
        }
        statements.extend([Statement::new(sql, values), Statement::new(over, bound)]);
        self.store.keep(statements).await?;
        Ok(token)
    }

    /// A token that was given and whose grant lasts: neither over nor ended with its session. Whether the token itself is
    /// over or used, its caller looks.
    pub async fn known(&self, token: &str) -> Result<Option<Known>, Outcome> {
        let Some(token) = Token::of(token) else { return Ok(None) };
        let sql = "SELECT g.id, g.client, g.account, g.session, g.scopes, g.patient, g.begun_ms, g.until_ms, \
                   t.sort, t.until_ms, t.used_ms FROM app_token t JOIN app_grant g ON g.id = t.grant_id WHERE t.hash = ?1";
        let rows = self.store.query(sql, vec![text(&token.hash())]).await?;
        let Some(known) = rows.into_iter().next().map(known) else { return Ok(None) };
        let lasts = known.grant.until_ms > self.now()
            && (known.grant.session.is_empty() || self.sessions.session_lasts(&known.grant.session).await?);
        Ok(lasts.then_some(known))
    }

    /// The grants of an account that last, newest first: at most [`SHOWN_MAX`].
    pub async fn grants_of(&self, account: &str) -> Result<Vec<Grant>, Outcome> {
        let sql = "SELECT id, client, account, session, scopes, patient, begun_ms, until_ms FROM app_grant \
                   WHERE account = ?1 AND until_ms > ?2 ORDER BY begun_ms DESC, id LIMIT ?3";
        let values = vec![text(account), Value::Int(self.now()), Value::Int(SHOWN_MAX)];
        let mut lasting = Vec::new();
        for grant in self.store.query(sql, values).await?.iter_mut().map(grant) {
            if grant.session.is_empty() || self.sessions.session_lasts(&grant.session).await? {
                lasting.push(grant);
            }
        }
        Ok(lasting)
    }

    /// Ends a grant and all its tokens.
    pub async fn end(&self, grant: &str) -> Result<(), Outcome> {
        let each = ["DELETE FROM app_token WHERE grant_id = ?1", "DELETE FROM app_grant WHERE id = ?1"];
        self.store.keep(each.map(|sql| Statement::new(sql, vec![text(grant)])).to_vec()).await
    }

    /// Ends one token.
    pub async fn end_token(&self, token: &str) -> Result<(), Outcome> {
        let sql = "DELETE FROM app_token WHERE hash = ?1";
        self.store.keep(vec![Statement::new(sql, vec![text(&hash(token))])]).await
    }

    /// Remembers that an assertion of a client came. False when it came before; refuses when the client sends more than are
    /// remembered, for to forget one would let it come again.
    pub async fn came(&self, client: &str, jti: &str, until_ms: i64) -> Result<Option<bool>, Outcome> {
        let sql = "SELECT hash FROM app_assertion WHERE client = ?1 AND until_ms > ?2";
        let rows = self.store.query(sql, vec![text(client), Value::Int(self.now())]).await?;
        let hash = hash(jti);
        if rows.iter().any(|row| row.text(0) == hash) {
            return Ok(Some(false));
        }
        if rows.len() >= ASSERTIONS_MAX {
            return Ok(None);
        }
        let forget = "DELETE FROM app_assertion WHERE client = ?1 AND until_ms <= ?2";
        let sql = "INSERT INTO app_assertion (client, hash, until_ms) VALUES (?1, ?2, ?3)";
        let values = vec![text(client), text(&hash), Value::Int(until_ms)];
        let over = vec![text(client), Value::Int(self.now())];
        self.store.keep(vec![Statement::new(forget, over), Statement::new(sql, values)]).await?;
        Ok(Some(true))
    }

    /// The keys that are shown, newest first.
    pub async fn keys(&self) -> Result<Vec<Key>, Outcome> {
        let sql = "SELECT id, sealed, jwk, begun_ms FROM app_key WHERE begun_ms > ?1 ORDER BY begun_ms DESC, id LIMIT ?2";
        let values = vec![Value::Int(self.now() - SHOWN_MS), Value::Int(KEYS_MAX as i64)];
        let key = |mut row: Row| Key {
            id: row.take_text(0),
            sealed: row.take_text(1),
            jwk: row.take_text(2),
            begun_ms: row.int(3),
        };
        Ok(self.store.query(sql, values).await?.into_iter().map(key).collect())
    }

    pub async fn keep_key(&self, key: &Key) -> Result<(), Outcome> {
        let sql = "INSERT INTO app_key (id, sealed, jwk, begun_ms) VALUES (?1, ?2, ?3, ?4)";
        let values = vec![text(&key.id), text(&key.sealed), text(&key.jwk), Value::Int(key.begun_ms)];
        let over = "DELETE FROM app_key WHERE id NOT IN (SELECT id FROM app_key ORDER BY begun_ms DESC, id LIMIT ?1)";
        let bound = vec![Value::Int(KEYS_MAX as i64)];
        self.store.keep(vec![Statement::new(sql, values), Statement::new(over, bound)]).await
    }

    /// Housekeeping: what is over is deleted. Codes stay as long as their grant could be misused by a second try.
    pub async fn tidy(&self) -> Result<(), Outcome> {
        let now = self.now();
        let before = |sql: &str, ms: i64| Statement::new(sql, vec![Value::Int(ms)]);
        self.store
            .keep(vec![
                before("DELETE FROM app_launch WHERE until_ms <= ?1", now),
                before("DELETE FROM app_code WHERE until_ms <= ?1", now - ABSOLUTE_MS),
                before("DELETE FROM app_grant WHERE until_ms <= ?1", now),
                before("DELETE FROM app_assertion WHERE until_ms <= ?1", now),
                before("DELETE FROM app_key WHERE begun_ms <= ?1", now - SHOWN_MS),
                before("DELETE FROM app_token WHERE until_ms <= ?1 AND sort = 'access'", now),
                Statement::new(
                    "DELETE FROM app_token WHERE grant_id NOT IN (SELECT id FROM app_grant)",
                    Vec::new(),
                ),
            ])
            .await
    }
}

/// Keeps as many of a table of waiting things as may wait.
fn newest(table: &str) -> Statement {
    let sql = format!(
        "DELETE FROM {table} WHERE hash NOT IN (SELECT hash FROM {table} ORDER BY until_ms DESC, hash LIMIT ?1)"
    );
    Statement::new(sql, vec![Value::Int(WAITING_MAX as i64)])
}

/// The grant that the first eight columns are.
fn grant(row: &mut Row) -> Grant {
    Grant {
        id: row.take_text(0),
        client: row.take_text(1),
        account: row.take_text(2),
        session: row.take_text(3),
        scopes: row.take_text(4),
        patient: row.take_text(5),
        begun_ms: row.int(6),
        until_ms: row.int(7),
    }
}

fn known(mut row: Row) -> Known {
    let grant = grant(&mut row);
    let sort = if row.text(8) == "access" { Sort::Access } else { Sort::Refresh };
    Known { grant, sort, until_ms: row.int(9), is_used: row.int(10) != 0 }
}
