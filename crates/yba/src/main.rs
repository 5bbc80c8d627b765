//! `yba`: the health record system of a province in one program. This crate wires the house together: settings,
//! the command line, the listening socket, the followers.
//!
//! It deliberately does not know how anything works inside; a command here is a few calls of lower floors.
//!
//! Start reading at [`cli`] (what can be asked), [`node`] (what is open), [`serve`] (what runs).

mod cli;
mod command;
mod config;
mod control;
mod health;
mod listening;
mod node;
mod output;
mod outside;
mod security;
mod serve;

use std::process::ExitCode;

/// Records are trees of many small pieces, made on one thread and freed on another (docs/decisions/).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Threads for work that blocks: reads of the store, drawing, an import's reading. Each keeps some megabytes of its own in
/// the allocator, so that a hundred would take more memory than the records they serve.
const BLOCKING_THREADS: usize = 16;

/// Exit codes: 0 success, 1 the answer is "no", 2 wrong usage, 3 could not run.
fn main() -> ExitCode {
    // The process in which a sheet of paper is set: no runtime, no settings, nothing but its standard input.
    if std::env::args_os().nth(1).is_some_and(|word| word == yba_print::child::COMMAND) {
        return ExitCode::from(yba_print::child::run());
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.max_blocking_threads(BLOCKING_THREADS).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("yba: cannot start: {error}");
            return ExitCode::from(3);
        }
    };
    let code = runtime.block_on(cli::run());
    // Blocking reads that are still under way do not hold the program up.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    ExitCode::from(code)
}
