//! Finding a person: the home page with the one search box.

pub mod model;
pub mod page;
pub mod scan;

#[cfg(test)]
mod tests;
