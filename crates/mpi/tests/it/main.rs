//! Linking and finding over real stores.

mod finding;
mod following;
mod people;
