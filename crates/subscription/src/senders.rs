//! The tasks that send, one for each subscription for which something waits.

use crate::follower::REST;
use crate::sending::{self, Desk, Ended};
use crate::table;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use yba_fhir::Outcome;

pub(crate) struct Senders {
    desk: Desk,
    shutdown: watch::Receiver<bool>,
    tasks: JoinSet<Ended>,
    /// Whose task is which.
    names: HashMap<Id, String>,
    busy: BTreeSet<String>,
    /// Those for which more was queued while they were busy.
    again: BTreeSet<String>,
    /// Those for which something is about to be queued.
    pub told: Vec<String>,
    /// Something was put into the queues by others.
    pub recount: bool,
}

impl Senders {
    pub fn new(desk: Desk, shutdown: watch::Receiver<bool>) -> Senders {
        Senders {
            desk,
            shutdown,
            tasks: JoinSet::new(),
            names: HashMap::new(),
            busy: BTreeSet::new(),
            again: BTreeSet::new(),
            told: Vec::new(),
            recount: true,
        }
    }

    /// Wakes everybody for whom something waits.
    pub async fn wake_all(&mut self) -> Result<(), Outcome> {
        let pending = table::pending(self.desk.records.store()).await?;
        self.desk.count(pending.iter().cloned());
        self.wake(pending.into_iter().map(|(id, _)| id));
        self.recount = false;
        Ok(())
    }

    pub fn wake(&mut self, ids: impl IntoIterator<Item = String>) {
        for id in ids {
            match self.busy.insert(id.clone()) {
                true => self.start(id, Duration::ZERO),
                false => drop(self.again.insert(id)),
            }
        }
    }

    fn start(&mut self, id: String, rest: Duration) {
        let (desk, mut shutdown, name) = (self.desk.clone(), self.shutdown.clone(), id.clone());
        let task = self.tasks.spawn(async move {
            if !rest.is_zero() {
                tokio::select! {
                    () = tokio::time::sleep(rest) => {}
                    _ = shutdown.changed() => return Ended::Paused,
                }
            }
            sending::send_all(&desk, &id, shutdown).await
        });
        self.names.insert(task.id(), name);
    }

    /// Waits until one of them has ended, and starts it again if there is reason to; never, when there is none.
    pub async fn ended(&mut self) {
        let (task, ended) = match self.tasks.join_next_with_id().await {
            None => return std::future::pending().await,
            Some(Ok((task, ended))) => (task, ended),
            Some(Err(error)) => {
                (error.id(), Ended::Failed(Outcome::fault(format!("a sender ended: {error}"))))
            }
        };
        let Some(id) = self.names.remove(&task) else { return };
        let again = self.again.remove(&id);
        match ended {
            Ended::Failed(outcome) => {
                eprintln!("yba: Subscription/{id}: {outcome}; trying again in {} s", REST.as_secs());
                self.start(id, REST);
            }
            Ended::Empty | Ended::Paused if again => self.start(id, Duration::ZERO),
            Ended::Empty | Ended::Paused => drop(self.busy.remove(&id)),
        }
    }

    /// Waits until all have put down what they have sent.
    pub async fn finish(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}
