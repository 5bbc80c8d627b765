//! Connections that read: who may have one, on which thread it is used, how long it may take there.

use crate::db::{Connection, Patience, Place};
use crate::open::{Store, run_blocking};
use crate::search::plan;
use std::sync::Mutex;
use tokio::sync::Semaphore;
use yba_fhir::{Kind, Outcome};

/// Most longer reads at once.
const SCANS_MAX: usize = 8;
/// Most short reads at once that need a thread for blocking work.
const POINTS_MAX: usize = 32;
/// Most idle connections kept of a sort.
const IDLE_MAX: usize = SCANS_MAX + POINTS_MAX;

/// The connections that are not in use, by their patience.
pub(crate) struct Readers {
    place: Place,
    is_near: bool,
    brief: Mutex<Vec<Connection>>,
    answer: Mutex<Vec<Connection>>,
    long: Mutex<Vec<Connection>>,
    scans: Semaphore,
    points: Semaphore,
}

impl Readers {
    pub fn of(place: &Place) -> Readers {
        Readers {
            place: place.clone(),
            is_near: place.is_near(),
            brief: Mutex::default(),
            answer: Mutex::default(),
            long: Mutex::default(),
            scans: Semaphore::new(SCANS_MAX),
            points: Semaphore::new(POINTS_MAX),
        }
    }

    fn idle(&self, patience: Patience) -> &Mutex<Vec<Connection>> {
        match patience {
            // SQLite's connections are all alike.
            _ if matches!(self.place, Place::File(_)) => &self.long,
            Patience::Brief => &self.brief,
            Patience::Answer => &self.answer,
            Patience::Long => &self.long,
        }
    }

    fn lend(&self, patience: Patience) -> Result<Connection, Outcome> {
        let idle = self.idle(patience).lock().ok().and_then(|mut idle| idle.pop());
        match idle {
            Some(connection) => Ok(connection),
            None => Ok(Connection::patient_reader(&self.place, patience)?),
        }
    }

    fn take_back(&self, connection: Connection, patience: Patience) {
        if let Ok(mut idle) = self.idle(patience).lock()
            && idle.len() < IDLE_MAX
        {
            idle.push(connection);
        }
    }

    /// Runs a read on the thread that asks, if the engine is near; nothing when it is not, or when it took too long.
    fn here<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Outcome>,
    ) -> Option<Result<T, Outcome>> {
        if !self.is_near {
            return None;
        }
        self.with(Patience::Brief, work)
    }

    /// Lends a connection for a read; nothing when it took longer than the patience.
    fn with<T>(
        &self,
        patience: Patience,
        work: impl FnOnce(&mut Connection) -> Result<T, Outcome>,
    ) -> Option<Result<T, Outcome>> {
        let mut connection = match self.lend(patience) {
            Ok(connection) => connection,
            Err(error) => return Some(Err(error)),
        };
        connection.begin_read(patience);
        let value = work(&mut connection);
        let was_too_long = connection.was_too_long();
        if was_too_long || is_sound(&value) {
            self.take_back(connection, patience);
        }
        (!was_too_long).then_some(value)
    }
}

/// Whether the connection may be lent again: one whose work failed is closed instead.
fn is_sound<T>(value: &Result<T, Outcome>) -> bool {
    value.as_ref().err().is_none_or(|error| error.kind != Kind::Fault)
}

impl Store {
    /// Runs a short read where it is asked if the engine is near, else on a thread for blocking work.
    pub(crate) async fn point<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T, Outcome> + Send + 'static,
    ) -> Result<T, Outcome> {
        match self.0.readers.here(&work) {
            Some(value) => value,
            None => self.borrow(&self.0.readers.points, Patience::Long, work).await,
        }
    }

    /// Runs a read that is mostly short where it is asked, if the engine is near, for as long as a change of threads
    /// would cost some dozen times; what takes longer begins again on a thread for blocking work, for as long as a person
    /// waits. Refuses with `search-too-costly` what takes longer still.
    pub(crate) async fn brief<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T, Outcome> + Send + 'static,
    ) -> Result<T, Outcome> {
        match self.0.readers.here(&work) {
            Some(value) => value,
            None => self.answer(work).await,
        }
    }

    /// Runs a search for as long as a person waits; refuses with `search-too-costly` what takes longer.
    pub(crate) async fn answer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Outcome> + Send + 'static,
    ) -> Result<T, Outcome> {
        self.borrow(&self.0.readers.scans, Patience::Answer, work).await
    }

    /// Runs a longer read on a thread for blocking work, a bounded number at once.
    pub(crate) async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Outcome> + Send + 'static,
    ) -> Result<T, Outcome> {
        self.borrow(&self.0.readers.scans, Patience::Long, work).await
    }

    async fn borrow<T: Send + 'static>(
        &self,
        places: &Semaphore,
        patience: Patience,
        work: impl FnOnce(&mut Connection) -> Result<T, Outcome> + Send + 'static,
    ) -> Result<T, Outcome> {
        let _permit = places.acquire().await.map_err(|error| Outcome::fault(error.to_string()))?;
        let inner = self.0.clone();
        run_blocking(move || inner.readers.with(patience, work).unwrap_or_else(|| Err(plan::too_slow())))
            .await
    }
}
