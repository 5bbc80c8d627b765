//! Follows the change log: Subscriptions come into force at the position at which they say `active`, and whatever meets their
//! criteria after it goes into their queues together with the cursor. Starts whoever sends from the queues.
//!
//! It may be stopped at any moment. Where these tables are new (a first start, a restored node) it begins at the end of
//! the log: nobody is told again of what is long past.

use crate::Settings;
use crate::definition::Definition;
use crate::matching::{matching, shown_at};
use crate::senders::Senders;
use crate::sending::Desk;
use crate::status::{reason, say};
use crate::table::{self, derive};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use yba_fhir::json::str_at;
use yba_fhir::{Kind, Outcome};
use yba_records::{Records, Version};
use yba_store::{Logged, Query, Scope, Statement, Store};

/// The follower's name: its cursor in the store.
pub const FOLLOWER: &str = "subscription";

/// Most positions of the log taken in at once, and most notifications written in one transaction.
const BATCH: i64 = 2000;
const QUEUED_AT_ONCE: usize = 5000;
/// How long the follower or a sender rests after a failure of our own before it tries again.
pub(crate) const REST: Duration = Duration::from_secs(5);
/// How often it looks whether a subscription has come to its end, and puts down a cursor that alone has changed.
const LOOK: Duration = Duration::from_secs(1);

/// Creates the derived tables if they are not there. To be called before anybody asks for dead letters; safe at each start.
pub async fn prepare(records: &Records) -> Result<(), Outcome> {
    table::prepare(records.store()).await
}

/// How many positions of the log it is behind.
pub async fn lag(records: &Records) -> Result<i64, Outcome> {
    Ok(records.store().head_t() - records.store().cursor(FOLLOWER).await?)
}

/// Follows and sends until `shutdown` turns true (or its sender is gone). A failure is written to standard error and tried
/// again.
pub async fn run(records: Records, settings: Settings, mut shutdown: watch::Receiver<bool>) {
    let mut commits = records.store().watch();
    let put_back = settings.put_back.clone();
    let desk = Desk::new(records.clone(), Arc::new(settings));
    let mut senders = Senders::new(desk.clone(), shutdown.clone());
    let mut follower: Option<Follower> = None;
    while !*shutdown.borrow() {
        commits.borrow_and_update();
        let done = tokio::select! {
            done = turn(&mut follower, &desk, &mut senders) => done,
            _ = shutdown.changed() => break,
        };
        let rest = match &done {
            Ok(next) => next.unwrap_or(Duration::MAX),
            Err(outcome) => {
                eprintln!("yba: subscriptions: {outcome}; trying again in {} s", REST.as_secs());
                // What is in memory may be ahead of the tables.
                follower = None;
                REST
            }
        };
        tokio::select! {
            changed = commits.changed(), if done.is_ok() => if changed.is_err() { break },
            () = put_back.notified() => senders.recount = true,
            () = senders.ended() => {}
            () = tokio::time::sleep(rest.min(Duration::from_secs(3600))) => {}
            _ = shutdown.changed() => break,
        }
    }
    senders.finish().await;
}

/// One turn: everything that the log says by now. Answers after how long to look again without being told.
async fn turn(
    follower: &mut Option<Follower>,
    desk: &Desk,
    senders: &mut Senders,
) -> Result<Option<Duration>, Outcome> {
    let follower = match follower {
        Some(follower) => follower,
        None => follower.insert(Follower::load(desk, senders).await?),
    };
    if senders.recount {
        senders.wake_all().await?;
    }
    follower.read_log(senders).await?;
    follower.keep_cursor().await?;
    follower.end_those_that_are_over().await?;
    let look = follower.kept != follower.at || follower.active.values().any(|one| one.ends.is_some());
    Ok(look.then_some(LOOK))
}

struct Follower {
    desk: Desk,
    /// How far it has come, and what of that stands in the store. Between the two nothing was queued and no Subscription
    /// changed, so that reading it again after a crash is harmless.
    at: i64,
    kept: i64,
    kept_at: Instant,
    active: BTreeMap<String, Arc<Definition>>,
}

impl Follower {
    /// The state of the tables, as it was at the cursor.
    async fn load(desk: &Desk, senders: &mut Senders) -> Result<Follower, Outcome> {
        let store = desk.records.store();
        table::prepare(store).await?;
        let (active, kept_at) = (BTreeMap::new(), Instant::now());
        let mut follower = Follower { desk: desk.clone(), at: 0, kept: 0, kept_at, active };
        desk.pause_all();
        if !table::has_begun(store).await? {
            follower.begin().await?;
        }
        follower.at = store.cursor(FOLLOWER).await?;
        follower.kept = follower.at;
        for id in table::active(store).await? {
            let version = shown_at(store, "Subscription", &id, follower.at).await?;
            let judged = version.as_ref().map(|version| (version, desk.judge(version)));
            match judged {
                Some((_, Ok(definition))) => follower.activate(definition),
                // The setting of allowed hosts may be another one since.
                Some((version, Err(refused))) => {
                    let error = Some(reason(&refused));
                    say(&desk.records, &id, Some(&version.version_id), "error", error).await?;
                }
                None => {}
            }
        }
        senders.wake_all().await?;
        Ok(follower)
    }

    /// Looks at the Subscriptions that were there before these tables were.
    async fn begin(&mut self) -> Result<(), Outcome> {
        let store = self.desk.records.store().clone();
        let t = store.head_t();
        let query = Query::parse_string("Subscription", "status=requested,active&_count=500")?;
        let mut statements = vec![table::begin(t)];
        let mut cursor: Option<String> = None;
        loop {
            let found = match &cursor {
                None => store.search_at(&query, &Scope::All, t).await?,
                Some(cursor) => store.search(&query, &Scope::All, Some(cursor)).await?,
            };
            for version in &found.matches {
                statements.extend(self.apply(&version.id, Some(version)).await?);
            }
            cursor = found.next;
            if cursor.is_none() {
                break;
            }
        }
        self.active.clear();
        derive(&store, t, statements).await
    }

    /// Takes in everything after the cursor.
    async fn read_log(&mut self, senders: &mut Senders) -> Result<(), Outcome> {
        let store = self.desk.records.store().clone();
        while self.at < store.head_t() {
            let mut last = store.head_t().min(self.at + BATCH);
            let kinds: BTreeSet<&str> =
                self.active.values().map(|one| one.query.kind.as_str()).chain(["Subscription"]).collect();
            let kinds: Vec<&str> = kinds.into_iter().collect();
            let changes = store.logged(&kinds, self.at, last).await?;
            // Criteria hold up to the position at which a Subscription changes, and what that one says from there on.
            let changed = changes.iter().find(|one| one.kind == "Subscription");
            if let Some(changed) = changed {
                last = changed.t;
            }
            let before: Vec<&Logged> = changes.iter().filter(|one| one.t <= last).collect();
            let mut statements = self.queue(&before, last, senders).await?;
            if let Some(changed) = changed {
                let shown = shown_at(&store, "Subscription", &changed.id, changed.t).await?;
                // Something older that arrived from another node changes nothing.
                let is_shown = shown.as_ref().is_none_or(|one| one.t == changed.t);
                if is_shown {
                    statements.extend(self.apply(&changed.id, shown.as_ref()).await?);
                }
            }
            if changed.is_some() || !statements.is_empty() {
                derive(&store, last, statements).await?;
                (self.kept, self.kept_at) = (last, Instant::now());
            }
            let told = std::mem::take(&mut senders.told);
            senders.wake(told);
            if let Some(changed) = changed.filter(|one| self.active.contains_key(&one.id)) {
                senders.wake([changed.id.clone()]);
            }
            self.at = last;
        }
        Ok(())
    }

    /// Puts the cursor down when that was long ago: not each time, for that would be a transaction for every one of others.
    async fn keep_cursor(&mut self) -> Result<(), Outcome> {
        if self.kept != self.at && self.kept_at.elapsed() >= LOOK {
            derive(self.desk.records.store(), self.at, Vec::new()).await?;
            (self.kept, self.kept_at) = (self.at, Instant::now());
        }
        Ok(())
    }

    /// What is to be queued for whom because of these changes. Most is written at once, the rest is answered, to go in
    /// with the cursor.
    async fn queue(
        &mut self,
        changes: &[&Logged],
        last: i64,
        senders: &mut Senders,
    ) -> Result<Vec<Statement>, Outcome> {
        let store = self.desk.records.store().clone();
        let mut by_kind: HashMap<&str, Vec<&Logged>> = HashMap::new();
        for one in changes {
            by_kind.entry(&one.kind).or_default().push(one);
        }
        let now = store.clock().now_ms();
        let mut queued: Vec<(String, &Logged)> = Vec::new();
        let definitions: Vec<Arc<Definition>> = self.active.values().cloned().collect();
        for definition in definitions.iter().filter(|one| !one.has_ended(now)) {
            let Some(changes) = by_kind.get(definition.query.kind.as_str()) else { continue };
            let matched = match matching(&store, definition, changes, last).await {
                Ok(matched) => matched,
                Err(outcome) if matches!(outcome.kind, Kind::Fault | Kind::Unavailable) => {
                    return Err(outcome);
                }
                // A search that cannot be done, such as one that would cost too much.
                Err(outcome) => {
                    self.fail(&store, definition, reason(&outcome)).await?;
                    continue;
                }
            };
            if matched.is_empty() {
                continue;
            }
            if !self.desk.has_room(&definition.id, matched.len()) {
                let most = self.desk.settings.queue_max;
                let error = format!(
                    "Hàng chờ đã đầy ({most} thông báo) nên các thay đổi mới không được báo nữa. \
                     (more than {most} notifications wait; newer changes are not told of)"
                );
                self.fail(&store, definition, error).await?;
                continue;
            }
            let met = changes.iter().filter(|one| matched.contains(&one.t));
            queued.extend(met.map(|one| (definition.id.clone(), *one)));
            senders.told.push(definition.id.clone());
            if queued.len() >= QUEUED_AT_ONCE {
                // The cursor stays: after a crash these are found again, and wait already.
                derive(&store, self.at, table::enqueue(&std::mem::take(&mut queued))).await?;
            }
        }
        Ok(table::enqueue(&queued))
    }

    /// Stops telling a subscription of anything, and says why.
    async fn fail(&mut self, store: &Store, definition: &Definition, error: String) -> Result<(), Outcome> {
        say(&self.desk.records, &definition.id, None, "error", Some(error)).await?;
        self.pause(&definition.id);
        derive(store, self.at, table::paused(&definition.id)).await
    }

    /// What follows for the tables from what a Subscription says; answers it to the client where it asks for one.
    async fn apply(&mut self, id: &str, version: Option<&Version>) -> Result<Vec<Statement>, Outcome> {
        let Some(version) = version.filter(|version| !version.deleted) else {
            self.pause(id);
            return Ok(table::forgotten(id));
        };
        let tree = version.tree();
        let status = str_at(&tree, &["status"]).unwrap_or_default();
        if !matches!(status, "requested" | "active") {
            self.pause(id);
            return Ok(if status == "error" { table::paused(id) } else { table::stopped(id) });
        }
        let now = self.desk.records.store().clock().now_ms();
        let (answer, error) = match self.judge(id, version) {
            Ok(definition) if definition.has_ended(now) => ("off", None),
            Ok(definition) if status == "active" => {
                self.activate(definition);
                return Ok(table::activated(id));
            }
            Ok(_) => ("active", None),
            Err(refused) => ("error", Some(reason(&refused))),
        };
        say(&self.desk.records, id, Some(&version.version_id), answer, error).await?;
        self.pause(id);
        Ok(table::paused(id))
    }

    fn judge(&self, id: &str, version: &Version) -> Result<Definition, Outcome> {
        let definition = self.desk.judge(version)?;
        let most = self.desk.settings.active_max;
        if self.active.len() >= most && !self.active.contains_key(id) {
            let text = format!("Máy chủ đã có {most} đăng ký đang hoạt động, là số tối đa. Hãy tắt bớt.");
            let detail = format!("there are {most} active subscriptions, the most there may be");
            return Err(Outcome::new(Kind::TooMany, "subscription-too-many", text, detail));
        }
        Ok(definition)
    }

    fn activate(&mut self, definition: Definition) {
        let definition = Arc::new(definition);
        self.desk.serve(definition.clone());
        self.active.insert(definition.id.clone(), definition);
    }

    fn pause(&mut self, id: &str) {
        self.active.remove(id);
        self.desk.pause(id);
    }

    /// `Subscription.end`. It goes on being known until the log says `off`, so that a failure is tried again.
    async fn end_those_that_are_over(&mut self) -> Result<(), Outcome> {
        let now = self.desk.records.store().clock().now_ms();
        for one in self.active.values().filter(|one| one.has_ended(now)) {
            say(&self.desk.records, &one.id, Some(&one.version_id), "off", None).await?;
        }
        Ok(())
    }
}
