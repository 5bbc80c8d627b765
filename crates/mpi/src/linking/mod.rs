//! Linking by evidence: whether two records are one person, weighed by Fellegi and Sunter's rule (1969) with weights
//! estimated from the records themselves. Pure: records in, bands out; no store and no clock.
//!
//! Start reading at [`Crowd`] (records in compact form), then [`compare`] (what two records say about each other),
//! [`Model`] (what that weighs), [`band`] (what follows), [`link_all`] (everybody at once) and [`Index`] (one record
//! among many). docs/decisions/2026-11-22-linking-people.md says why.

mod band;
mod batch;
mod birth;
mod blocking;
mod compare;
mod crowd;
mod edition;
mod estimate;
mod figures;
mod hash;
mod index;
mod model;
mod names;
mod numbers;
mod place;
mod settle;
mod word;

pub use band::{Band, Judgement};
pub use batch::{Linked, LinkedPair, Options, link_all};
pub use compare::{Levels, compare};
pub use crowd::{Crowd, Known};
pub use edition::Edition;
pub use figures::{Figures, figures};
pub use index::{Found, Index, Ruled, Verdicts, Weighty};
pub use model::{Model, Weighed};
pub use place::Gazetteer;
pub(crate) use word::{one_slip, slipped};
