//! What a command says while it works: results to stdout, remarks to stderr, progress as a bar. The same lines
//! travel through the control socket when a running node does the work.

use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Pieces of a long result that are on their way at once.
const CHUNKS: usize = 8;

/// One thing said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Line {
    /// A result, for stdout.
    Out(String),
    /// A piece of a long result, for stdout, as it is.
    Chunk(String),
    /// A remark, for stderr.
    Note(String),
    /// How far the work has come; `total` 0 when it is not known.
    Progress { what: String, done: u64, total: u64 },
    /// The end, with the exit code.
    End(u8),
}

/// Where a command says things. Lines are dropped when nobody listens any more.
#[derive(Clone)]
pub struct Output(mpsc::UnboundedSender<Line>, Arc<Semaphore>);

/// The other end, where the lines come out.
pub struct Lines(mpsc::UnboundedReceiver<Line>, Arc<Semaphore>);

impl Lines {
    /// The next line; `None` when nobody says anything any more.
    pub async fn recv(&mut self) -> Option<Line> {
        let line = self.0.recv().await;
        if let Some(Line::Chunk(_)) = line {
            self.1.add_permits(1);
        }
        line
    }
}

impl Drop for Lines {
    /// Nobody listens any more: whoever has pieces to say need not wait.
    fn drop(&mut self) {
        self.1.close();
    }
}

impl Output {
    pub fn channel() -> (Output, Lines) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(CHUNKS));
        (Output(sender, room.clone()), Lines(receiver, room))
    }

    /// Says a piece of a long result; waits while too many pieces are on their way.
    pub async fn chunk(&self, text: String) {
        if let Ok(permit) = self.1.acquire().await {
            permit.forget();
        }
        let _ = self.0.send(Line::Chunk(text));
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
pub async fn show(mut lines: Lines) -> u8 {
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
            Line::Chunk(text) => self.aside(|| {
                let mut out = std::io::stdout().lock();
                // Whoever reads may have had enough.
                let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }),
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
