//! The one door: every change to a record and every look at one, from a page, the FHIR API, an import or a
//! follower, passes here. Permission, preconditions, versions, index and audit happen here, once.
//!
//! It deliberately does not know: HTTP, pages, file formats, what a visit is.
//!
//! Start reading at [`Records`], then [`ctx`] (who asks), [`gate`] (how they came in), [`change`] (what is asked), [`audit`]
//! (what is kept of it).

pub mod audit;
pub mod change;
pub mod ctx;
mod derived;
mod door;
mod drafts;
mod everything;
mod export;
pub mod gate;
pub mod keeping;
pub mod overlay;
mod permission;
mod reach;
mod references;
mod rules;
mod targets;
mod terms;
mod transact;
mod world;

pub use change::{Change, Done, DoneAs};
pub use ctx::{Agent, Ctx, Person, Purpose};
pub use derived::CLOSED;
pub use door::{Ids, Records};
pub use drafts::{DRAFT_MAX, DRAFT_MS, DRAFTS_MAX, Draft};
pub use export::{Export, Wanted};
pub use gate::Gate;
pub use world::Knowledge;
pub use yba_auth::Action;
pub use yba_store::search::plan::Plan;
pub use yba_store::{Event, Everything, Found, Page, Past, Query, Scope, Version};
