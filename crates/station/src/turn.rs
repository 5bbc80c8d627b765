//! One at a time for one person. Whatever is written here was judged by what the record said a moment before; two people at work
//! for the same person, each in time by what they saw, must not both be right: the same dose given twice, a prescription handed
//! out and replaced at once.
//!
//! It deliberately does not know other nodes: what two of them write apart meets when they do.

use axum::extract::{RawPathParams, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// The name of a route's part that is the id of a Patient.
const PATIENT: &str = "patient";
/// Two people may share one of so many lanes; then one of them waits for nothing, for as long as a page takes.
const LANES: usize = 256;

/// Whose turn it is.
#[derive(Clone)]
pub struct Turns(Arc<Vec<Mutex<()>>>);

impl Default for Turns {
    fn default() -> Turns {
        Turns(Arc::new((0..LANES).map(|_| Mutex::default()).collect()))
    }
}

impl Turns {
    /// Waits for the turn of a Patient (id), and has it as long as the guard is kept. Nobody takes two.
    pub async fn of(&self, patient: &str) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        patient.hash(&mut hasher);
        self.0[hasher.finish() as usize % LANES].lock().await
    }
}

/// Around every route: what is sent to an address of a person has that person's turn until it is answered.
pub(crate) async fn in_turn(
    State(turns): State<Turns>,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    let patient = params.iter().find(|(name, _)| *name == PATIENT).map(|(_, id)| id);
    match patient.filter(|_| request.method() == Method::POST) {
        Some(patient) => {
            let _turn = turns.of(patient).await;
            next.run(request).await
        }
        None => next.run(request).await,
    }
}
