//! The socket in the data folder through which commands reach a running node: one JSON line asks, JSON lines answer.
//! Who may write in the folder may ask; nobody else can.

use crate::command::Work;
use crate::config::Config;
use crate::node::Node;
use crate::output::{Line, Output, Terminal};
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// Longest question.
const QUESTION_MAX: u64 = 1 << 20;

fn path(folder: &Path) -> PathBuf {
    folder.join("yba.sock")
}

/// Listens for commands until the program ends. The folder's lock is held, so an old socket file is nobody's.
pub fn listen(node: Node) -> std::io::Result<()> {
    let path = path(&node.config.data);
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, node.clone()));
        }
    });
    Ok(())
}

async fn answer(stream: UnixStream, node: Node) {
    let (reader, mut writer) = stream.into_split();
    let mut question = String::new();
    let read = BufReader::new(reader.take(QUESTION_MAX)).read_line(&mut question).await;
    let work: Option<Work> = read.ok().and_then(|_| sonic_rs::from_str(&question).ok());
    let (output, mut lines) = Output::channel();
    match work {
        Some(work) => {
            tokio::spawn(async move {
                let code = work.run(&node, &output).await;
                output.end(code);
            });
        }
        None => {
            output.note("the running node does not know this command; is it of another version?");
            output.end(3);
        }
    }
    while let Some(line) = lines.recv().await {
        let Ok(mut text) = sonic_rs::to_string(&line) else { break };
        text.push('\n');
        // Whoever asked may go; the work goes on to its end.
        let _ = writer.write_all(text.as_bytes()).await;
        if matches!(line, Line::End(_)) {
            break;
        }
    }
}

/// Has the running node do the work, if there is one; its exit code then.
pub async fn ask(config: &Config, work: &Work) -> Option<u8> {
    let stream = UnixStream::connect(path(&config.data)).await.ok()?;
    let (reader, mut writer) = stream.into_split();
    let mut question = sonic_rs::to_string(work).ok()?;
    question.push('\n');
    writer.write_all(question.as_bytes()).await.ok()?;
    let mut lines = BufReader::new(reader).lines();
    let mut terminal = Terminal::default();
    while let Ok(Some(text)) = lines.next_line().await {
        if let Some(code) = sonic_rs::from_str::<Line>(&text).ok().and_then(|line| terminal.show(line)) {
            return Some(code);
        }
    }
    eprintln!("yba: the running node ended before the work was done");
    Some(3)
}
