//! The door, on a real store.

mod transact;
