//! The line to PostgreSQL, driven by the thread that asks: it writes, waits for the socket and reads by itself, so that
//! no answer passes through another thread. That is what a query by key costs least.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::sockopt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Config, Connection, NoTls};

/// How long a host is waited for that does not answer, unless the URL says otherwise.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// A line on which nothing comes for so long is probed by the system, so often and so many times, before it is given up.
const PROBE_AFTER: Duration = Duration::from_secs(60);
const PROBE_PAUSE: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;

/// Both ends of a connection: what asks, and what moves bytes.
pub struct Line {
    pub client: Client,
    /// Absent once the line is over; without it, whatever the client is asked fails at once.
    connection: Option<Connection<Socket, NoTlsStream>>,
    /// Why the line is over, until somebody was told.
    ended: Option<tokio_postgres::Error>,
    waiting: Waiting,
}

impl Line {
    /// Connects to the first host of the URL that answers.
    pub fn open(config: &Config) -> Result<Line, Trouble> {
        let mut trouble = Trouble::Io(io::Error::new(ErrorKind::InvalidInput, "the URL names no host"));
        for (at, host) in config.get_hosts().iter().enumerate() {
            let port = config.get_ports().get(at).or(config.get_ports().first()).copied().unwrap_or(5432);
            match stream(host, port, config)
                .map_err(Trouble::Io)
                .and_then(|stream| Line::over(stream, config))
            {
                Ok(line) => return Ok(line),
                Err(other) => trouble = other,
            }
        }
        Err(trouble)
    }

    fn over(stream: Stream, config: &Config) -> Result<Line, Trouble> {
        let waiting = Waiting::of(&stream).map_err(Trouble::Io)?;
        let socket = Socket { stream, wants: waiting.wants.clone() };
        let opening = pin!(config.connect_raw(socket, NoTls));
        let (client, connection) = waiting.drive(opening, |_| Poll::Pending).map_err(Trouble::Io)??;
        Ok(Line { client, connection: Some(connection), ended: None, waiting })
    }

    /// Runs one piece of work with the client until it is done, whatever moves meanwhile.
    pub fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Trouble> {
        let Line { client, connection, ended, waiting } = self;
        let work = pin!(work(client));
        let moving = |context: &mut Context<'_>| {
            let Some(open) = connection else { return Poll::Ready(()) };
            let Poll::Ready(end) = Pin::new(open).poll(context) else { return Poll::Pending };
            (*connection, *ended) = (None, end.err());
            Poll::Ready(())
        };
        let value = waiting.drive(work, moving).map_err(Trouble::Io)?;
        value.map_err(|error| self.ended.take().unwrap_or(error).into())
    }
}

impl Drop for Line {
    /// Says goodbye, as far as that goes at once.
    fn drop(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            self.client.__private_api_close();
            let _ = Pin::new(&mut connection).poll(&mut Context::from_waker(&self.waiting.waker));
        }
    }
}

/// What a line can fail by: the socket, or what the database says.
#[derive(Debug)]
pub enum Trouble {
    Io(io::Error),
    Postgres(tokio_postgres::Error),
}

impl Trouble {
    /// What the database calls it.
    pub fn code(&self) -> Option<&SqlState> {
        match self {
            Trouble::Postgres(error) => error.code(),
            Trouble::Io(_) => None,
        }
    }
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Trouble {
        Trouble::Postgres(error)
    }
}

/// What the socket was found unready for, since it was last waited for.
#[derive(Default)]
struct Wants {
    read: AtomicBool,
    write: AtomicBool,
}

/// Tells that one of the two ends has something for the other.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// Waits for the socket on behalf of both ends. All of it happens on one thread at a time, so the marks need no order.
struct Waiting {
    /// The same socket, to wait for.
    socket: Stream,
    wants: Arc<Wants>,
    woken: Arc<Woken>,
    waker: Waker,
}

impl Waiting {
    fn of(stream: &Stream) -> io::Result<Waiting> {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        Ok(Waiting { socket: stream.again()?, wants: Arc::default(), woken, waker })
    }

    /// Polls work and line in turn until the work is done.
    fn drive<F: Future>(
        &self,
        mut work: Pin<&mut F>,
        mut line: impl FnMut(&mut Context<'_>) -> Poll<()>,
    ) -> io::Result<F::Output> {
        let mut context = Context::from_waker(&self.waker);
        let mut is_open = true;
        loop {
            self.woken.0.store(false, Relaxed);
            if let Poll::Ready(value) = work.as_mut().poll(&mut context) {
                return Ok(value);
            }
            if is_open {
                is_open = line(&mut context).is_pending();
            }
            let has_more = self.woken.0.load(Relaxed) || !is_open;
            if !has_more {
                self.wait()?;
            }
        }
    }

    /// Waits until the socket is ready for what it was found unready for.
    fn wait(&self) -> io::Result<()> {
        let mut flags = PollFlags::IN;
        if self.wants.write.load(Relaxed) {
            flags |= PollFlags::OUT;
        }
        let mut sockets = [PollFd::new(&self.socket, flags)];
        loop {
            match poll(&mut sockets, None) {
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.wants.read.store(false, Relaxed);
        self.wants.write.store(false, Relaxed);
        Ok(())
    }
}

/// A connected socket that never blocks.
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

fn stream(host: &Host, port: u16, config: &Config) -> io::Result<Stream> {
    match host {
        Host::Unix(folder) => {
            let stream = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}")))?;
            stream.set_nonblocking(true)?;
            Ok(Stream::Unix(stream))
        }
        Host::Tcp(name) => {
            let patience = config.get_connect_timeout().copied().unwrap_or(CONNECT_MAX);
            let mut trouble = io::Error::new(ErrorKind::NotFound, format!("{name} has no address"));
            for address in (name.as_str(), port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, patience) {
                    Ok(stream) => {
                        stream.set_nodelay(true)?;
                        sockopt::set_socket_keepalive(&stream, true)?;
                        sockopt::set_tcp_keepidle(&stream, PROBE_AFTER)?;
                        sockopt::set_tcp_keepintvl(&stream, PROBE_PAUSE)?;
                        sockopt::set_tcp_keepcnt(&stream, PROBES)?;
                        stream.set_nonblocking(true)?;
                        return Ok(Stream::Tcp(stream));
                    }
                    Err(other) => trouble = other,
                }
            }
            Err(trouble)
        }
    }
}

impl Stream {
    /// The same socket once more.
    fn again(&self) -> io::Result<Stream> {
        Ok(match self {
            Stream::Tcp(stream) => Stream::Tcp(stream.try_clone()?),
            Stream::Unix(stream) => Stream::Unix(stream.try_clone()?),
        })
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(into),
            Stream::Unix(stream) => stream.read(into),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.write(bytes),
            Stream::Unix(stream) => stream.write(bytes),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Tcp(stream) => stream.as_fd(),
            Stream::Unix(stream) => stream.as_fd(),
        }
    }
}

/// The socket as the line's client reads and writes it.
struct Socket {
    stream: Stream,
    wants: Arc<Wants>,
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.wants.read.load(Relaxed) {
            return Poll::Pending;
        }
        let room = into.initialize_unfilled();
        let asked = room.len();
        match unless_interrupted(|| this.stream.read(room)) {
            Ok(count) => {
                // What comes short was all there is: to ask again before it was waited for is for nothing.
                this.wants.read.store(count < asked && count > 0, Relaxed);
                into.advance(count);
                Poll::Ready(Ok(()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                this.wants.read.store(true, Relaxed);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match unless_interrupted(|| this.stream.write(bytes)) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                this.wants.write.store(true, Relaxed);
                Poll::Pending
            }
            done => Poll::Ready(done),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn unless_interrupted<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match work() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
