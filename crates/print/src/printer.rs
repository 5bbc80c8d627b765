//! Where sheets are set: in a process of its own, so that a template which never ends is ended, and the memory of a long
//! register is given back when it is done. One at a time; few wait.

use crate::child::JOB_BYTES_MAX;
use crate::typeset::{self, Job};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use yba_fhir::{Kind, Outcome};

/// How long one sheet may take.
const TIME_MAX: Duration = Duration::from_secs(60);
/// Most that wait or are set.
const WAITING_MAX: usize = 8;
/// Most bytes of a PDF.
const PDF_BYTES_MAX: u64 = 32 << 20;
/// Most memory that a process may take, in pages of 4 KiB: 512 MiB.
const RESIDENT_PAGES_MAX: u64 = (512 << 20) / 4096;
/// How often its memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Sets sheets, one after the other.
#[derive(Debug, Clone)]
pub struct Printer {
    how: How,
    time: Duration,
    queue: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

#[derive(Debug, Clone)]
enum How {
    /// In this process: for tests, whose program is another.
    Here,
    /// By this program with these words.
    Apart(Arc<(PathBuf, Vec<String>)>),
}

impl Printer {
    /// Sets in this process.
    pub fn here() -> Printer {
        Printer::new(How::Here)
    }

    /// Sets in processes of this program, called with these words, which does what [`crate::child::run`] does.
    pub fn apart(program: PathBuf, words: &[&str]) -> Printer {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Printer::new(How::Apart(Arc::new((program, words))))
    }

    fn new(how: How) -> Printer {
        Printer {
            how,
            time: TIME_MAX,
            queue: Arc::new(Semaphore::new(WAITING_MAX)),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// The same with another time that one sheet may take.
    pub fn within(self, time: Duration) -> Printer {
        Printer { time, ..self }
    }

    /// The PDF of a job. Refuses when too many wait; a template that breaks, or takes too long or too much, is our fault.
    pub async fn print(&self, job: Job) -> Result<Vec<u8>, Outcome> {
        let _place = self.queue.try_acquire().map_err(|_| busy())?;
        let _turn = self.turn.acquire().await.map_err(|_| busy())?;
        match &self.how {
            How::Here => {
                let set = tokio::task::spawn_blocking(move || typeset::set(&job)).await;
                let set = set.map_err(|error| Outcome::fault(format!("printing stopped: {error}")))?;
                set.map(|pages| pages.pdf).map_err(|wrong| broken(&wrong.text))
            }
            How::Apart(called) => apart(&called.0, &called.1, &job, self.time).await,
        }
    }
}

async fn apart(program: &Path, words: &[String], job: &Job, time: Duration) -> Result<Vec<u8>, Outcome> {
    let bytes = sonic_rs::to_vec(job).map_err(|error| Outcome::fault(error.to_string()))?;
    if bytes.len() as u64 >= JOB_BYTES_MAX {
        return Err(too_large());
    }
    let mut command = Command::new(program);
    command.args(words).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().map_err(|error| broken(&error.to_string()))?;
    let id = child.id();
    let done = tokio::select! {
        done = tokio::time::timeout(time, talk(&mut child, bytes)) => done,
        () = grown(id) => return Err(broken("it took too much memory")),
    };
    // What is not done ends here: the child is killed when it is dropped.
    let (pdf, said) =
        done.map_err(|_| broken("it took too long"))?.map_err(|error| broken(&error.to_string()))?;
    let ended = child.wait().await.map_err(|error| broken(&error.to_string()))?;
    match ended.success() {
        true if pdf.len() as u64 >= PDF_BYTES_MAX => Err(too_large()),
        true => Ok(pdf),
        false => Err(broken(&said)),
    }
}

/// Gives a child its job, and takes what it says.
async fn talk(child: &mut Child, job: Vec<u8>) -> std::io::Result<(Vec<u8>, String)> {
    let piped = || std::io::Error::other("a child without its pipes");
    let mut stdin = child.stdin.take().ok_or_else(piped)?;
    let stdout = child.stdout.take().ok_or_else(piped)?;
    let stderr = child.stderr.take().ok_or_else(piped)?;
    let (mut pdf, mut said) = (Vec::new(), Vec::new());
    let give = async {
        // A child that ended before it read everything says why.
        let _ = stdin.write_all(&job).await;
        drop(stdin);
    };
    let (mut out, mut err) = (stdout.take(PDF_BYTES_MAX), stderr.take(4096));
    let ((), read, heard) = tokio::join!(give, out.read_to_end(&mut pdf), err.read_to_end(&mut said));
    read.and(heard)?;
    Ok((pdf, String::from_utf8_lossy(&said).into_owned()))
}

/// Ends when a process has taken more memory than it may.
async fn grown(id: Option<u32>) {
    let Some(id) = id else { return std::future::pending().await };
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let said = tokio::fs::read_to_string(format!("/proc/{id}/statm")).await.unwrap_or_default();
        let resident = said.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
        if resident.is_some_and(|pages| pages > RESIDENT_PAGES_MAX) {
            return;
        }
    }
}

fn busy() -> Outcome {
    let text = "Đang có nhiều bản in chờ. Hãy thử lại sau ít phút.";
    Outcome::new(Kind::TooMany, "print-busy", text, "too many sheets wait to be set")
}

fn broken(text: &str) -> Outcome {
    Outcome::fault(format!("a sheet could not be set: {text}"))
}

fn too_large() -> Outcome {
    let text = "Bản in lớn quá. Hãy chọn khoảng ngày ngắn hơn.";
    Outcome::new(Kind::Unprocessable, "print-large", text, "a sheet beyond the bounds")
}
