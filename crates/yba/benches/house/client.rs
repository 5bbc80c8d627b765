//! A small HTTP/1.1 client that costs little beside the server it measures: one thread, plain sockets, requests made
//! beforehand, no pipelining. Each connection sends the next request when it has read the whole answer.

use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest answer that is read.
const ANSWER_MAX: usize = 32 << 20;

/// How a load is put on.
#[derive(Clone, Copy)]
pub struct Pressure {
    pub connections: usize,
    /// Ends at this time or after this many answers, whichever is first.
    pub time: Duration,
    pub answers: usize,
}

/// What came back.
#[derive(Debug, Default)]
pub struct Load {
    pub seconds: f64,
    /// Milliseconds of each answer.
    pub waits_ms: Vec<f64>,
    /// Bytes of all bodies.
    pub bytes: u64,
}

impl Load {
    pub fn rate(&self) -> f64 {
        self.waits_ms.len() as f64 / self.seconds
    }
}

/// The bytes of a GET.
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n").into_bytes()
}

/// The bytes of a POST.
pub fn post(path: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Puts these requests on the server, in turn, over and over. Every answer must be a 200 or 201.
pub fn press(address: SocketAddr, requests: &Arc<Vec<Vec<u8>>>, pressure: Pressure) -> Result<Load> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (next, begun) = (Arc::new(AtomicUsize::new(0)), Instant::now());
        let connections: Vec<_> = (0..pressure.connections)
            .map(|_| tokio::spawn(connection(address, requests.clone(), pressure, next.clone())))
            .collect();
        let mut load = Load::default();
        for connection in connections {
            let one = connection.await??;
            load.bytes += one.bytes;
            load.waits_ms.extend(one.waits_ms);
        }
        load.seconds = begun.elapsed().as_secs_f64();
        Ok(load)
    })
}

/// One request, its status and body; for looking before measuring.
pub fn ask(address: SocketAddr, request: &[u8]) -> Result<(u16, Vec<u8>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut wire = Wire::open(address).await?;
        let (status, body) = wire.exchange(request).await?;
        Ok((status, wire.buffer[body].to_vec()))
    })
}

async fn connection(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    pressure: Pressure,
    next: Arc<AtomicUsize>,
) -> Result<Load> {
    let mut wire = Wire::open(address).await?;
    let (mut load, begun) = (Load::default(), Instant::now());
    while begun.elapsed() < pressure.time {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= pressure.answers {
            break;
        }
        let request = &requests[number % requests.len()];
        let sent = Instant::now();
        let (status, body) = wire.exchange(request).await?;
        load.waits_ms.push(sent.elapsed().as_secs_f64() * 1e3);
        if !matches!(status, 200 | 201) {
            let line = String::from_utf8_lossy(request).lines().next().unwrap_or_default().to_owned();
            bail!("{line} was answered with {status}: {}", String::from_utf8_lossy(&wire.buffer[body]));
        }
        load.bytes += body.len() as u64;
    }
    Ok(load)
}

/// A connection that is kept open.
struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    async fn open(address: SocketAddr) -> Result<Wire> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Wire { stream, buffer: vec![0; 64 << 10] })
    }

    /// Sends a request and reads its answer: the status, and where in the buffer the body is.
    async fn exchange(&mut self, request: &[u8]) -> Result<(u16, std::ops::Range<usize>)> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let (status, head, length) = loop {
            filled += self.more(filled).await?;
            if let Some(end) = self.buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
                let (status, length) = parse_head(&self.buffer[..end])?;
                break (status, end + 4, length);
            }
        };
        while filled < head + length {
            filled += self.more(filled).await?;
        }
        Ok((status, head..head + length))
    }

    /// Reads what there is behind the first `filled` bytes; answers how much it was.
    async fn more(&mut self, filled: usize) -> Result<usize> {
        if filled == self.buffer.len() {
            if filled >= ANSWER_MAX {
                bail!("an answer is longer than {ANSWER_MAX} bytes");
            }
            self.buffer.resize(filled * 2, 0);
        }
        match self.stream.read(&mut self.buffer[filled..]).await? {
            0 => bail!("the server closed the connection"),
            read => Ok(read),
        }
    }
}

/// The status and the length of the body. The server's bodies are whole in memory, so it always says a length.
fn parse_head(head: &[u8]) -> Result<(u16, usize)> {
    let text = std::str::from_utf8(head)?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Ok((status.context("an answer without a status")?, length.context("an answer without a length")?))
}
