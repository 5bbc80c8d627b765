//! Who someone is and what they may do: accounts, passwords, codes of an authenticator app, the tokens and sessions of this
//! node, and what roles permit.
//!
//! It deliberately does not know: HTTP, pages, the audit trail. It permits nothing and writes no account:
//! `yba-records` does (its `gate`), and leaves a trace of it.
//!
//! Start reading at [`account`] (who), [`post`] (on what a role may hang), [`permit`] (what they may), [`password`], [`totp`], [`passkey`] and [`token`] (how
//! they prove it), [`tables`] (what this node remembers of it).

pub mod account;
pub mod browser;
mod known;
pub mod outside;
pub mod passkey;
pub mod password;
pub mod permit;
pub mod post;
pub mod seal;
pub mod smart;
pub mod tables;
pub mod throttle;
pub mod token;
pub mod totp;

pub use account::{Account, Grant, KIND, Ruling};
pub use browser::{Cookies, Said};
pub use outside::Outside;
pub use passkey::Passkey;
pub use password::Hasher;
pub use permit::{Action, Permits};
pub use post::{POST, Post};
pub use tables::{Link, Session, Tables};
