//! Content as an author and a caller meet it.

mod claims;
mod drugs;
mod folder;
mod labs;
mod lists;
mod roles;
mod tables;
mod weight;
