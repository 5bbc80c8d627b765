//! What a command says while it works: results to stdout, remarks to stderr, progress as a bar. The same lines
//! travel through the control socket when a running node does the work.

use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// One thing said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Line {
    /// A result, for stdout.
    Out(String),
    /// A remark, for stderr.
    Note(String),
    /// How far the work has come; `total` 0 when it is not known.
    Progress { what: String, done: u64, total: u64 },
    /// The end, with the exit code.
    End(u8),
}

/// Where a command says things. Lines are dropped when nobody listens any more.
#[derive(Clone)]
pub struct Output(mpsc::UnboundedSender<Line>);

impl Output {
    pub fn channel() -> (Output, mpsc::UnboundedReceiver<Line>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Output(sender), receiver)
    }

    pub fn out(&self, text: impl Into<String>) {
        let _ = self.0.send(Line::Out(text.into()));
    }

    pub fn note(&self, text: impl Into<String>) {
        let _ = self.0.send(Line::Note(text.into()));
    }

    pub fn progress(&self, what: &str, done: u64, total: u64) {
        let _ = self.0.send(Line::Progress { what: what.to_owned(), done, total });
    }

    pub fn end(&self, code: u8) {
        let _ = self.0.send(Line::End(code));
    }
}

/// Shows lines in the terminal until the end; answers the exit code.
pub async fn show(mut lines: mpsc::UnboundedReceiver<Line>) -> u8 {
    let mut terminal = Terminal::default();
    while let Some(line) = lines.recv().await {
        if let Some(code) = terminal.show(line) {
            return code;
        }
    }
    3
}

/// The terminal with its bar.
#[derive(Default)]
pub struct Terminal {
    bar: Option<(String, ProgressBar)>,
}

impl Terminal {
    /// Shows a line; the exit code when it was the last.
    pub fn show(&mut self, line: Line) -> Option<u8> {
        match line {
            Line::Out(text) => self.aside(|| println!("{text}")),
            Line::Note(text) => self.aside(|| eprintln!("{text}")),
            Line::Progress { what, done, total } => self.progress(&what, done, total),
            Line::End(code) => {
                self.finish();
                return Some(code);
            }
        }
        None
    }

    fn aside(&self, print: impl FnOnce()) {
        match &self.bar {
            Some((_, bar)) => bar.suspend(print),
            None => print(),
        }
    }

    fn progress(&mut self, what: &str, done: u64, total: u64) {
        if self.bar.as_ref().is_none_or(|(shown, _)| shown != what) {
            self.finish();
            let bar = ProgressBar::new(total);
            let template = "{msg:28} {bar:30} {pos}/{len}  {per_sec}  còn {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(what.to_owned());
            self.bar = Some((what.to_owned(), bar));
        }
        if let Some((_, bar)) = &self.bar {
            bar.set_length(total.max(done));
            bar.set_position(done);
        }
    }

    fn finish(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish();
        }
    }
}
