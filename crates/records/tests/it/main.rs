//! The door, on a real store.

mod audit;
mod transact;
