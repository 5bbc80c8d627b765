//! Connections that read: who may have one, on which thread it is used, how long it may take there.

use crate::db::{Connection, Place};
use crate::open::{Store, run_blocking};
use std::sync::Mutex;
use tokio::sync::Semaphore;
use yba_fhir::{Kind, Outcome};

/// Most longer reads at once.
const SCANS_MAX: usize = 8;
/// Most short reads at once that need a thread for blocking work.
const POINTS_MAX: usize = 32;
/// Most idle connections kept of a sort.
const IDLE_MAX: usize = SCANS_MAX + POINTS_MAX;

/// How long whoever borrows a connection may use it.
#[derive(Clone, Copy)]
enum Patience {
    /// As long as a thread that serves many may wait.
    Brief,
    Long,
}

/// The connections that are not in use, by their patience.
pub(crate) struct Readers {
    place: Place,
    is_near: bool,
    brief: Mutex<Vec<Connection>>,
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
            long: Mutex::default(),
            scans: Semaphore::new(SCANS_MAX),
            points: Semaphore::new(POINTS_MAX),
        }
    }

    fn idle(&self, patience: Patience) -> &Mutex<Vec<Connection>> {
        match patience {
            Patience::Brief => &self.brief,
            Patience::Long => &self.long,
        }
    }

    fn lend(&self, patience: Patience) -> Result<Connection, Outcome> {
        let idle = self.idle(patience).lock().ok().and_then(|mut idle| idle.pop());
        match idle {
            Some(connection) => Ok(connection),
            None => Ok(match patience {
                Patience::Brief => Connection::brief_reader(&self.place)?,
                Patience::Long => Connection::reader(&self.place)?,
            }),
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
        let mut connection = match self.lend(Patience::Brief) {
            Ok(connection) => connection,
            Err(error) => return Some(Err(error)),
        };
        connection.begin_brief();
        let value = work(&mut connection);
        let was_too_long = connection.was_too_long();
        if was_too_long || is_sound(&value) {
            self.take_back(connection, Patience::Brief);
        }
        (!was_too_long).then_some(value)
    }

    /// Runs a read for as long as it takes.
    fn there<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, Outcome>) -> Result<T, Outcome> {
        let mut connection = self.lend(Patience::Long)?;
        let value = work(&mut connection);
        if is_sound(&value) {
            self.take_back(connection, Patience::Long);
        }
        value
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
            None => self.borrow(&self.0.readers.points, work).await,
        }
    }

    /// Runs a read that is mostly short where it is asked, if the engine is near, for as long as a change of threads
    /// would cost some dozen times; what takes longer begins again as [`Store::scan`].
    pub(crate) async fn brief<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T, Outcome> + Send + 'static,
    ) -> Result<T, Outcome> {
        match self.0.readers.here(&work) {
            Some(value) => value,
            None => self.scan(work).await,
        }
    }

    /// Runs a longer read on a thread for blocking work, a bounded number at once.
    pub(crate) async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Outcome> + Send + 'static,
    ) -> Result<T, Outcome> {
        self.borrow(&self.0.readers.scans, work).await
    }

    async fn borrow<T: Send + 'static>(
        &self,
        places: &Semaphore,
        work: impl FnOnce(&mut Connection) -> Result<T, Outcome> + Send + 'static,
    ) -> Result<T, Outcome> {
        let _permit = places.acquire().await.map_err(|error| Outcome::fault(error.to_string()))?;
        let inner = self.0.clone();
        run_blocking(move || inner.readers.there(work)).await
    }
}
