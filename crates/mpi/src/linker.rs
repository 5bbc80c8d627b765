//! Everybody in memory, ready to be compared: the index that the follower and `$match` ask. It is made again from the person
//! table at each start, beside the work, and follows the table from then on. A record's place in it is its Patient's short
//! number less one.

use crate::linking::{Crowd, Edition, Gazetteer, Index, Known};
use crate::patient::Summary;
use crate::table::{self, PATIENT_COLUMNS, PatientRow};
use crate::weights;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use yba_fhir::{Kind, Outcome};
use yba_records::Records;
use yba_store::{Store, Value};

/// Rows read at once while the index is made.
const PAGE: i64 = 2_000;

/// The index of one house; empty until it was made.
#[derive(Default)]
pub(crate) struct Linker(Mutex<Option<Held>>);

/// What is held in memory.
pub(crate) struct Held {
    pub index: Index,
    pub edition: Edition,
}

/// The place of the Patient of this short number.
pub(crate) fn place_of(n: i64) -> u32 {
    u32::try_from(n - 1).expect("short numbers count Patients from one, and memory ends long before 32 bits")
}

impl Linker {
    pub fn of(records: &Records) -> Arc<Linker> {
        records.beside()
    }

    /// Makes the index if there is none. Only the follower calls this, one at a time.
    pub async fn make(self: &Arc<Linker>, store: &Store) -> Result<(), Outcome> {
        if self.lock().is_some() {
            return Ok(());
        }
        let edition = weights::kept(store).await?;
        let mut crowd = Crowd::new(Gazetteer::built_in());
        let (sql, mut last) =
            (format!("SELECT {PATIENT_COLUMNS} FROM mpi_patient WHERE n > ?1 ORDER BY n LIMIT ?2"), 0);
        loop {
            let rows = store.query(&sql, vec![Value::Int(last), Value::Int(PAGE)]).await?;
            let rows: Vec<PatientRow> = rows.iter().map(PatientRow::read).collect();
            let Some(end) = rows.last().map(|row| row.n) else { break };
            last = end;
            crowd = off_the_threads(move || {
                for row in rows {
                    while (crowd.len() as u32) < place_of(row.n) {
                        crowd.add(&Known::default());
                    }
                    row.summary.known(|known| crowd.add(known));
                }
                crowd
            })
            .await?;
        }
        let model = edition.model.clone();
        let index = off_the_threads(move || Index::new(crowd, model)).await?;
        *self.lock() = Some(Held { index, edition });
        Ok(())
    }

    /// Takes in Patients that changed, as the table has them now; `None` for one that is gone.
    pub async fn put(self: &Arc<Linker>, rows: Vec<(i64, Option<Summary>)>) -> Result<(), Outcome> {
        if rows.is_empty() {
            return Ok(());
        }
        let own = self.clone();
        // Now and then everything is sorted anew, which takes a moment.
        off_the_threads(move || {
            let mut held = own.lock();
            let Some(held) = held.as_mut() else { return };
            for (n, summary) in rows {
                match summary {
                    Some(summary) => summary.known(|known| held.index.put(place_of(n), known)),
                    None => held.index.put(place_of(n), &Known::default()),
                }
            }
        })
        .await
    }

    /// Weighs by this edition from now on.
    pub fn set(&self, edition: Edition) {
        if let Some(held) = self.lock().as_mut() {
            held.index.set_model(edition.model.clone());
            held.edition = edition;
        }
    }

    /// Lets go of the index; it is made again when it is needed.
    pub fn forget(&self) {
        *self.lock() = None;
    }

    /// Asks the index, off the async threads. Refuses with `unavailable` while it is being made.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Linker>,
        question: impl FnOnce(&mut Held) -> T + Send + 'static,
    ) -> Result<T, Outcome> {
        let own = self.clone();
        let answer = off_the_threads(move || own.lock().as_mut().map(question)).await?;
        answer.ok_or_else(|| {
            let text = "Máy chủ vừa khởi động và đang chuẩn bị danh sách để so. Hãy thử lại sau ít phút.";
            Outcome::new(Kind::Unavailable, "linking-not-ready", text, "the index of people is being made")
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn off_the_threads<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Outcome> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Outcome::fault(format!("comparing people ended: {error}")))
}

/// The rows of Patients by their places in the index.
pub(crate) async fn rows_at(store: &Store, places: &[u32]) -> Result<Vec<PatientRow>, Outcome> {
    let numbers: Vec<i64> = places.iter().map(|place| i64::from(*place) + 1).collect();
    table::of_numbers(store, &numbers).await
}
