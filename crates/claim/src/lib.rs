//! Insurance claims.
pub mod bounds;
mod decode;
pub mod envelope;
pub mod problem;
mod rows;
pub mod shapes;
pub mod value;
pub mod visit;
mod xml;
