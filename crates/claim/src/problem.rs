//! What is wrong with a claim file, said to the person who has to mend it: where, what, and what to do.

use std::fmt;

/// How much a problem weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing: a dialect that was understood, a part that is kept raw.
    Note,
    /// Taken in, but somebody should look.
    Warning,
    /// The visit (or the file, when no visit is named) is not taken in.
    Error,
}

/// One finding, with its place as exactly as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, with the path inside an archive after `!`.
    pub file: String,
    /// `MA_LK`.
    pub visit: Option<String>,
    /// `XML2`.
    pub part: Option<String>,
    /// Row inside the part, from 1.
    pub row: Option<u32>,
    /// Column as the file names it.
    pub column: Option<String>,
    pub severity: Severity,
    /// Stable code, to count by.
    pub key: &'static str,
    /// Vietnamese: what is wrong and what to do.
    pub text: String,
    /// English, for logs; holds no names of people.
    pub diagnostics: String,
}

impl Problem {
    pub(crate) fn new(
        severity: Severity,
        key: &'static str,
        text: impl Into<String>,
        diagnostics: impl Into<String>,
    ) -> Problem {
        Problem {
            file: String::new(),
            visit: None,
            part: None,
            row: None,
            column: None,
            severity,
            key,
            text: text.into(),
            diagnostics: diagnostics.into(),
        }
    }

    pub(crate) fn error(
        key: &'static str,
        text: impl Into<String>,
        diagnostics: impl Into<String>,
    ) -> Problem {
        Problem::new(Severity::Error, key, text, diagnostics)
    }

    pub(crate) fn warning(
        key: &'static str,
        text: impl Into<String>,
        diagnostics: impl Into<String>,
    ) -> Problem {
        Problem::new(Severity::Warning, key, text, diagnostics)
    }

    pub(crate) fn note(
        key: &'static str,
        text: impl Into<String>,
        diagnostics: impl Into<String>,
    ) -> Problem {
        Problem::new(Severity::Note, key, text, diagnostics)
    }

    pub(crate) fn file(mut self, file: &str) -> Problem {
        self.file = file.to_owned();
        self
    }

    pub(crate) fn part(mut self, part: &str) -> Problem {
        self.part = Some(part.to_owned());
        self
    }

    pub(crate) fn row(mut self, row: u32) -> Problem {
        self.row = Some(row);
        self
    }

    pub(crate) fn column(mut self, column: &str) -> Problem {
        self.column = Some(column.to_owned());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(visit) = &self.visit {
            write!(f, " · {visit}")?;
        }
        if let Some(part) = &self.part {
            write!(f, " · {part}")?;
        }
        if let Some(row) = self.row {
            write!(f, " dòng {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, " cột {column}")?;
        }
        write!(f, ": {}", self.text)
    }
}

/// At most this many findings are kept for one visit or one file; more say nothing new.
const KEPT_MAX: usize = 200;

/// A bounded list of findings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    /// Keeps a finding; an error is kept even when the list is full, so that a refusal always has its reason.
    pub(crate) fn add(&mut self, problem: Problem) {
        let refuses = problem.severity == Severity::Error;
        if self.0.len() < KEPT_MAX || (refuses && !self.refuse()) {
            self.0.push(problem);
        }
    }

    /// Whether any finding is an error.
    pub(crate) fn refuse(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// The findings, with file and visit filled in.
    pub(crate) fn finish(mut self, file: &str, visit: Option<&str>) -> Vec<Problem> {
        for problem in &mut self.0 {
            if problem.file.is_empty() {
                problem.file = file.to_owned();
            }
            if problem.visit.is_none() {
                problem.visit = visit.map(str::to_owned);
            }
        }
        self.0
    }

    pub(crate) fn extend(&mut self, more: impl IntoIterator<Item = Problem>) {
        more.into_iter().for_each(|problem| self.add(problem));
    }
}
