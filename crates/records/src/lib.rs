//! The one door: every change to a record and every look at one, from a page, the FHIR API, an import or a
//! follower, passes here. Permission, preconditions, versions, index and audit happen here, once.
//!
//! It deliberately does not know: HTTP, pages, file formats, what a visit is.
//!
//! Start reading at [`Records`], then [`ctx`] (who asks), [`change`] (what is asked), [`audit`] (what is kept of it).

pub mod audit;
pub mod change;
pub mod ctx;
mod door;
mod everything;
mod export;
pub mod overlay;
mod rules;
mod targets;
mod terms;
mod transact;

pub use change::{Change, Done, DoneAs};
pub use ctx::{Agent, Ctx, Purpose};
pub use door::{Ids, Records};
pub use export::{Export, Wanted};
pub use yba_store::{Everything, Found, Page, Query, Scope, Version};
