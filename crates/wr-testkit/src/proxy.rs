//! A proxy between a client and a server, which loses what a test tells it to.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::Error;
use crate::server::address;

/// Which way a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the server to the client: `MSG` and `HMSG`.
    ToClient,
    /// From the client to the server: `PUB` and `HPUB`.
    ToServer,
}

/// A message on its way, as the NATS protocol frames it.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// `MSG`, `HMSG`, `PUB` or `HPUB`.
    pub verb: &'a str,
    /// Where it goes.
    pub subject: &'a str,
    /// Where an answer would go.
    pub reply: Option<&'a str>,
    /// The headers with their first line, or nothing.
    pub headers: &'a [u8],
    /// The body.
    pub payload: &'a [u8],
}

impl Frame<'_> {
    /// Whether JetStream says with this that it has kept a message (or had it already).
    pub fn is_publish_ack(&self) -> bool {
        let word = b"\"seq\":";
        self.reply.is_none()
            && self.payload.starts_with(b"{\"stream\":\"")
            && self.payload.windows(word.len()).any(|window| window == word)
    }

    /// Whether a consumer answers a delivery with this: an ack, a nak, progress or a term.
    pub fn is_delivery_ack(&self) -> bool {
        self.subject.starts_with("$JS.ACK.")
    }
}

/// Stands between clients and a server that speak the NATS protocol without TLS.
///
/// It passes everything on until it is told otherwise; a dropped frame leaves the stream whole.
/// Filters see messages alone, so a connection's greeting and pings always pass.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

type Filter = Box<dyn FnMut(&Frame<'_>) -> bool + Send>;

/// What one direction loses.
#[derive(Default)]
struct Lane {
    filter: Mutex<Option<Filter>>,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Shared {
    to_client: Lane,
    to_server: Lane,
    gate: Mutex<Gate>,
}

#[derive(Default)]
struct Gate {
    refusing: bool,
    closed: bool,
    next: u64,
    open: Vec<(u64, [TcpStream; 2])>,
}

impl Proxy {
    /// Listens on a free port and passes what it gets on to this port of this machine.
    ///
    /// # Errors
    /// There is no port to listen on.
    pub fn start(target_port: u16) -> Result<Proxy, Error> {
        let listen = || {
            let listener = TcpListener::bind(address(0))?;
            Ok((listener.local_addr()?.port(), listener))
        };
        let (port, listener) = listen().map_err(Error::io("listen on a free port"))?;
        let shared = Arc::new(Shared::default());
        let kept = Arc::clone(&shared);
        let accept = move || {
            for client in listener.incoming() {
                if shared.gate().closed {
                    return;
                }
                // A client whose server is away finds its connection closed.
                if let (Ok(client), Ok(server)) = (client, TcpStream::connect(address(target_port)))
                {
                    let _ = join(&shared, client, server);
                }
            }
        };
        Ok(Proxy { port, shared: kept, listener: Some(thread::spawn(accept)) })
    }

    /// The port that clients connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where clients connect: `nats://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("nats://{}", address(self.port))
    }

    /// From now on, loses the messages in one direction for which the filter says `true`.
    ///
    /// It takes the place of that direction's filter.
    pub fn drop_frames(
        &self,
        direction: Direction,
        filter: impl FnMut(&Frame<'_>) -> bool + Send + 'static,
    ) {
        *locked(&self.shared.lane(direction).filter) = Some(Box::new(filter));
    }

    /// From now on, loses nothing and refuses nobody.
    pub fn pass_all(&self) {
        *locked(&self.shared.to_client.filter) = None;
        *locked(&self.shared.to_server.filter) = None;
        self.shared.gate().refusing = false;
    }

    /// How many messages were lost in one direction since the start.
    pub fn dropped(&self, direction: Direction) -> u64 {
        self.shared.lane(direction).dropped.load(Ordering::SeqCst)
    }

    /// Cuts all connections, in the middle of a message if need be; new ones are let in.
    pub fn cut(&self) {
        self.shared.gate().cut();
    }

    /// Cuts all connections and closes new ones at once, until [`Proxy::pass_all`].
    pub fn refuse(&self) {
        let mut gate = self.shared.gate();
        gate.refusing = true;
        gate.cut();
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.gate().open.len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        {
            let mut gate = self.shared.gate();
            gate.closed = true;
            gate.cut();
        }
        // The listener looks up when someone comes.
        if TcpStream::connect(address(self.port)).is_ok()
            && let Some(listener) = self.listener.take()
        {
            let _ = listener.join();
        }
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Shared {
    fn lane(&self, direction: Direction) -> &Lane {
        match direction {
            Direction::ToClient => &self.to_client,
            Direction::ToServer => &self.to_server,
        }
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        locked(&self.gate)
    }
}

impl Gate {
    fn cut(&mut self) {
        for (_, streams) in self.open.drain(..) {
            for stream in streams {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

/// What a filter that panicked left behind is as good as before.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the two threads of a connection.
fn join(shared: &Arc<Shared>, client: TcpStream, server: TcpStream) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let streams = [client.try_clone()?, server.try_clone()?];
    let pumps = [
        (Direction::ToServer, client.try_clone()?, server.try_clone()?),
        (Direction::ToClient, server, client),
    ];
    // One lock for the question and the entry, so that no connection slips past a cut.
    let mut gate = shared.gate();
    if gate.refusing || gate.closed {
        return Ok(());
    }
    let number = gate.next;
    gate.next += 1;
    gate.open.push((number, streams));
    drop(gate);
    for (direction, from, to) in pumps {
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            let _ = pump(shared.lane(direction), &from, &to);
            // One end is gone, so the other goes too.
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
            shared.gate().open.retain(|(other, _)| *other != number);
        });
    }
    Ok(())
}

/// Passes frames on until one side closes.
fn pump(lane: &Lane, from: &TcpStream, to: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, from);
    let mut writer = BufWriter::with_capacity(1 << 16, to);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        if reader.read_until(b'\n', &mut buffer)? == 0 {
            return writer.flush();
        }
        let line = String::from_utf8_lossy(&buffer).into_owned();
        let mut dropped = false;
        if let Some(head) = Head::parse(&line) {
            let start = buffer.len();
            let size = head.total + 2;
            if reader.by_ref().take(size as u64).read_to_end(&mut buffer)? == size
                && let Some(message) = buffer.get(start..start + head.total)
                && let Some((headers, payload)) = message.split_at_checked(head.headers)
            {
                let Head { verb, subject, reply, .. } = head;
                let frame = Frame { verb, subject, reply, headers, payload };
                dropped = locked(&lane.filter).as_mut().is_some_and(|filter| filter(&frame));
            }
        }
        if dropped {
            lane.dropped.fetch_add(1, Ordering::SeqCst);
        } else {
            writer.write_all(&buffer)?;
        }
        // What came together goes together.
        if reader.buffer().is_empty() {
            writer.flush()?;
        }
    }
}

/// The line before a message.
#[derive(Debug, PartialEq)]
struct Head<'a> {
    verb: &'a str,
    subject: &'a str,
    reply: Option<&'a str>,
    headers: usize,
    total: usize,
}

impl Head<'_> {
    /// Reads `PUB subject [reply] total`, `HPUB subject [reply] headers total`, and `MSG` and
    /// `HMSG` with a subscription after the subject; any other line has no message behind it.
    fn parse(line: &str) -> Option<Head<'_>> {
        let mut words: Vec<&str> = line.split_ascii_whitespace().collect();
        let verb = *words.first()?;
        let with_headers = match verb {
            "PUB" | "MSG" => false,
            "HPUB" | "HMSG" => true,
            _ => return None,
        };
        if verb.ends_with("MSG") && words.len() > 2 {
            words.remove(2);
        }
        let total: usize = words.pop()?.parse().ok()?;
        let headers = if with_headers { words.pop()?.parse().ok()? } else { 0 };
        Some(Head { verb, subject: words.get(1)?, reply: words.get(2).copied(), headers, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<(&str, Option<&str>, usize, usize)>) {
        let parts = |head: Head<'_>| {
            (head.subject.to_owned(), head.reply.map(str::to_owned), head.headers, head.total)
        };
        let expected = expected.map(|(subject, reply, headers, total)| {
            (subject.to_owned(), reply.map(str::to_owned), headers, total)
        });
        assert_eq!(Head::parse(line).map(parts), expected, "{line:?}");
    }

    #[test]
    fn lines_are_read() {
        check("PUB a.b 0\r\n", Some(("a.b", None, 0, 0)));
        check("PUB a.b r 12\r\n", Some(("a.b", Some("r"), 0, 12)));
        check("HPUB a.b 12 20\r\n", Some(("a.b", None, 12, 20)));
        check("HPUB a.b r 12 20\r\n", Some(("a.b", Some("r"), 12, 20)));
        check("MSG a.b 7 5\r\n", Some(("a.b", None, 0, 5)));
        check("MSG a.b 7 r 5\r\n", Some(("a.b", Some("r"), 0, 5)));
        check("HMSG a.b 7 4 5\r\n", Some(("a.b", None, 4, 5)));
        check("HMSG a.b 7 r 4 5\r\n", Some(("a.b", Some("r"), 4, 5)));
        for other in ["PING\r\n", "SUB a 1\r\n", "INFO {}\r\n", "+OK\r\n", "PUB\r\n", "\r\n", ""] {
            check(other, None);
        }
    }
}
