//! Finding a person: the home page with the one search box.

pub mod model;
pub mod page;

#[cfg(test)]
mod tests;
