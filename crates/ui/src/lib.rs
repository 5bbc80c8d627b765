//! The visual language of Y Bạ: components as functions, values in, markup out; one stylesheet; a few plain
//! modules of script; and the one module that formats values for people.
//!
//! It deliberately does not know records, FHIR, HTTP or who is logged in: a component gets strings and
//! numbers. It draws no inline style and no inline script, so that the strictest content security policy
//! holds. The direction is "paper": hairlines, one accent, colour kept for clinical meaning.
//!
//! Start at [`gallery`], which shows every component; then [`frame`] for the page around them, [`format`]
//! for dates, numbers and names, `tokens.css` for colours and sizes.

pub mod account;
pub mod alert;
pub mod asset;
pub mod banner;
pub mod card;
pub mod chart;
mod civil;
pub mod compare;
pub mod form;
pub mod format;
pub mod frame;
pub mod gallery;
pub mod hx;
pub mod icon;
mod keys;
pub mod paper;
pub mod qr;
pub mod question;
pub mod result;
pub mod search;
pub mod state;
pub mod status;
pub mod table;
pub mod timeline;
pub mod trend;
pub mod vitals;
pub mod worklist;
