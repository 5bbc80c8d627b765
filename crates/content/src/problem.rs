//! What is wrong with a piece of content, said to the person who wrote it: file, line, and what to do.
//!
//! The texts are Vietnamese: authors of content are people of the health department, not developers.

use std::fmt;

/// One thing to mend in one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path inside the content folder, with `/` between its parts.
    pub file: String,
    /// Line of the file counted from 1; 0 when it concerns the file as a whole.
    pub line: u32,
    /// The sentence for the author.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.text),
            line => write!(f, "{}:{line}: {}", self.file, self.text),
        }
    }
}

/// At most this many problems are kept; a folder with more is not content at all.
const PROBLEMS_MAX: usize = 1000;

/// Collects all problems of one loading, so that people get them at once.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Problem>);

impl Report {
    pub(crate) fn add(&mut self, file: &str, line: u32, text: impl Into<String>) {
        if self.0.len() < PROBLEMS_MAX {
            self.0.push(Problem { file: file.to_string(), line, text: text.into() });
        }
    }

    /// The problems in the order of files and lines, each once.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}
