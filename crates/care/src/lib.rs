//! The verbs of care: what people at work do for somebody, each in three steps: *validate* (everything that is wrong at once, by
//! severity), *plan* (pure: the resources), *transact* (through the door).
//!
//! It deliberately does not know pages, or who may do what: the door says that.
//!
//! For now [`advise`], [`immunise`], [`session`], [`screening`], [`watch`], [`reaction`], [`fridge`], [`visit`], [`interview`], [`birth`],
//! [`death`], [`prescribe`], [`procedure`], [`dispense`], [`stock`], [`follow_up`], [`notify`] and [`outbreak`]; others come with their rooms.

pub mod advise;
pub mod birth;
pub mod death;
pub mod dispense;
pub mod follow_up;
pub mod fridge;
pub mod immunise;
pub mod interview;
pub mod notify;
pub mod outbreak;
pub mod prescribe;
pub mod procedure;
pub mod reaction;
pub mod screening;
pub mod session;
pub mod stock;
pub mod visit;
pub mod watch;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot be right, or must not be done.
    Stop,
    /// It may be right: whoever does it gives a reason, which is kept.
    Ask,
}

/// One thing that is wrong with what somebody is about to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// The field it stands beside, as the caller named it.
    pub field: String,
    /// What is wrong and what to do, in Vietnamese.
    pub text: String,
}
