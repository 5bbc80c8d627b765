//! Linking and finding over real stores.

// Helpers of tests are tests too: what cannot fail may say so by failing.
#![allow(clippy::unwrap_used)]

mod by_hand;
mod finding;
mod following;
mod matching;
mod people;
mod weights;
