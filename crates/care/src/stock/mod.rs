//! A store of things that have lots: drugs now, vaccines and whatever else is kept by lot and expiry.
//!
//! A lot at a facility is a Medication with its batch, and the number of units that are there: the book. Every change of the book is one
//! transaction with a movement (a SupplyDelivery that names no patient), so the book is what the movements say. Two hands that take
//! the last box at once: the second is refused, since a lot is changed as it is, and never goes below nothing.
//!
//! It deliberately does not know: who is given what ([`crate::dispense`]), what a product is good for.
//!
//! Start at [`lot`] (what is there, what goes out first), [`moving`] (in, out, back), [`counting`] (stocktake, month, request).

pub mod counting;
pub mod lot;
pub mod moving;

pub use counting::{Counted, Turnover, count, movements, movements_of, request, turnover};
pub use lot::{Lot, Product, Share, in_store, propose, shares};
pub use moving::{Act, Cause, Receipt, discard, receive, taken_out};

pub(crate) use yba_records::keeping::{STORE, STORE_LOT, STORE_MONTH as MONTH};

/// Greatest number of units that are moved at once.
pub const UNITS_MAX: u32 = 1_000_000;
/// Most characters of a lot number, and of a reason or a source.
pub const LOT_MAX: usize = 20;
pub const WORDS_MAX: usize = 200;

/// A number of units as people type it: `120`, `1.200`. None when it is no whole number from 1 to [`UNITS_MAX`].
pub fn units(text: &str) -> Option<u32> {
    units_or_none(text).filter(|units| *units > 0)
}

/// The same, and nothing is a number too: what was counted.
pub fn units_or_none(text: &str) -> Option<u32> {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let parts: Vec<&str> = text.split('.').collect();
    let is_grouped = parts.len() == 1 || parts[0].len() <= 3 && parts[1..].iter().all(|part| part.len() == 3);
    let digits = parts.concat();
    let is_plain =
        !digits.is_empty() && digits.len() <= 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_grouped && !parts[0].is_empty() && is_plain)
        .then(|| digits.parse().ok())?
        .filter(|units| *units <= UNITS_MAX)
}

#[cfg(test)]
mod tests;
