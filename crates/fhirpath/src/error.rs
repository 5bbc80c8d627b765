//! What is wrong with an expression or its evaluation, and where.

use yba_fhir::Outcome;

/// A located error: Vietnamese text for people, English diagnostics for logs, a stable key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    pub key: &'static str,
    /// Counted from 1.
    pub line: u32,
    /// Counted in characters from 1.
    pub column: u32,
    pub text: String,
    pub diagnostics: String,
}

/// An error that knows only its byte offset; boxed, because results with it travel through every step.
#[derive(Debug, Clone)]
pub(crate) struct Fault(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    key: &'static str,
    at: u32,
    text: String,
    diagnostics: String,
}

impl Fault {
    pub fn new(key: &'static str, at: u32, text: impl Into<String>, diagnostics: impl Into<String>) -> Fault {
        Fault(Box::new(Inner { key, at, text: text.into(), diagnostics: diagnostics.into() }))
    }

    /// The same error with its place in the text of the expression.
    pub fn located(self, source: &str) -> PathError {
        let Inner { key, at, text, diagnostics } = *self.0;
        let mut end = (at as usize).min(source.len());
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let before = &source[..end];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
        PathError { key, line, column, text, diagnostics }
    }
}

impl std::fmt::Display for PathError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.diagnostics)
    }
}

impl std::error::Error for PathError {}

impl From<PathError> for Outcome {
    fn from(error: PathError) -> Outcome {
        let place = format!("dòng {}, cột {}", error.line, error.column);
        let text = format!("Biểu thức FHIRPath có lỗi ở {place}: {}", error.text);
        Outcome::invalid(error.key, text, format!("FHIRPath {error}"))
    }
}
