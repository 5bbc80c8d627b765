//! Search: from parameters as people write them to a plan, from a plan to SQL, from rows to a page.
//!
//! Start at [`query`] (what is asked; its parts in [`clause`] and [`value`]); [`plan`] shows how a page is found,
//! [`filter`] what is tried on bodies, [`include`] what a page brings along. The search types themselves live in
//! [`crate::index`].

mod clause;
pub mod clause_sql;
pub mod condition;
pub mod cursor;
pub mod driver;
pub mod filter;
pub mod include;
pub mod limit;
mod page;
pub mod plan;
pub mod query;
pub mod scope;
mod value;
mod whose;

pub use query::{Clause, NoWorld, Query, Sort, World};
pub use scope::Scope;

use crate::version::Version;
use std::collections::BTreeSet;

/// One page of a search.
#[derive(Debug)]
pub struct Found {
    pub matches: Vec<Version>,
    /// What `_include` and `_revinclude` brought along.
    pub included: Vec<Version>,
    /// In whose compartments all that is now.
    pub patients: BTreeSet<String>,
    /// The cursor of the next page; absent on the last.
    pub next: Option<String>,
    /// How many match in all, when it was asked.
    pub total: Option<u64>,
    /// The log position at which all pages of this search answer.
    pub t: i64,
}
