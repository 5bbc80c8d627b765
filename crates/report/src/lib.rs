//! Registers (sổ) and reports (biểu): views over the record, declared in content, kept current by a follower of the log.
//!
//! A register's rows are pieces: one view gives the cells of its own record, others those of the person and of records
//! that are looked up. Each piece stands in a derived table by itself and is put together when it is read, so a changed
//! Patient changes one piece and not every row it stands in. A report counts assembled rows; each number gives its rows
//! again; a month is closed as a MeasureReport, and what is said later stands beside it.
//!
//! It deliberately does not know: pages, forms, where a report is sent, and any particular register or report.
//!
//! Start reading at [`register`] and [`report`] (what content says, compiled), [`piece`] (a record becomes pieces: pure),
//! [`tally`] (rows become numbers: pure), then [`follower`] (the tables follow the log), [`listing`] (rows for a
//! person), [`running`] (numbers and who is behind them) and [`closing`] (a month is closed and re-stated).

pub mod closing;
pub mod csv;
pub mod follower;
pub mod library;
pub mod listing;
pub mod period;
pub mod register;
pub mod report;
pub mod row;
pub mod running;
pub mod statement;

mod condition;
mod examples;
mod grid;
mod piece;
mod reading;
mod table;
mod tally;

pub use library::Library;
pub use period::Period;
pub use register::Register;
pub use report::Report;
pub use row::Row;
pub use running::Run;
