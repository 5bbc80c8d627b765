//! The process in which a sheet is set: reads a job from standard input, writes pages to standard output, and ends.

use crate::typeset::{self, Job};
use std::io::{Read, Write};

/// The word by which the program is asked to be that process.
pub const COMMAND: &str = "set-sheet";

/// Most bytes of a job: data, and some templates.
pub const JOB_BYTES_MAX: u64 = 2 * typeset::DATA_BYTES_MAX as u64;

/// What the program's command for it does; answers the exit code: 0 with pages, 1 with a sentence on standard error.
pub fn run() -> u8 {
    match work() {
        Ok(()) => 0,
        Err(text) => {
            eprintln!("{text}");
            1
        }
    }
}

fn work() -> Result<(), String> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().take(JOB_BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(|error| format!("không đọc được việc in: {error}"))?;
    let job: Job =
        sonic_rs::from_slice(&bytes).map_err(|error| format!("việc in không đúng dạng: {error}"))?;
    drop(bytes);
    let pages =
        typeset::set(&job).map_err(|wrong| format!("{}:{}: {}", wrong.file, wrong.line, wrong.text))?;
    let mut out = std::io::stdout();
    out.write_all(&pages.pdf).and_then(|()| out.flush()).map_err(|error| error.to_string())
}
