//! A client that speaks just enough of the protocol.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Longer than anything takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

const LOOK_AGAIN: Duration = Duration::from_millis(5);

pub(crate) struct Client {
    pub(crate) info: String,
    reader: BufReader<TcpStream>,
    requests: u32,
}

impl Client {
    /// Connects and waits until the server has taken it in.
    pub(crate) fn connect(port: u16) -> Client {
        let mut client = Client::greeted(port).unwrap();
        client.send("CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n");
        assert_eq!(client.until_pong(), "");
        client
    }

    /// Reads the greeting, if there is one.
    pub(crate) fn greeted(port: u16) -> Option<Client> {
        let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut client =
            Client { info: String::new(), reader: BufReader::new(stream), requests: 0 };
        client.info = client.line();
        client.info.starts_with("INFO ").then_some(client)
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.reader.get_mut().write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn publish(&mut self, subject: &str, payload: &str) {
        self.send(&format!("PUB {subject} {}\r\n{payload}\r\n", payload.len()));
    }

    /// The next line but the server's own pings, or nothing at the end of the connection.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(_) if line == "PING\r\n" => {
                self.send("PONG\r\n");
                self.line()
            }
            Ok(_) => line,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => String::new(),
            Err(error) => panic!("no line: {error}"),
        }
    }

    /// All that comes before the answer to a ping: the server has seen what was sent till now.
    pub(crate) fn until_pong(&mut self) -> String {
        self.send("PING\r\n");
        let mut text = String::new();
        loop {
            match self.line().as_str() {
                "PONG\r\n" => return text,
                "" => panic!("the connection ended after {text:?}"),
                line => text.push_str(line),
            }
        }
    }

    /// Whether a ping gets no answer in that time.
    pub(crate) fn hears_nothing_for(&mut self, time: Duration) -> bool {
        self.send("PING\r\n");
        self.reader.get_mut().set_read_timeout(Some(time)).unwrap();
        let mut line = String::new();
        let heard = self.reader.read_line(&mut line).is_ok() && line != "PING\r\n";
        self.reader.get_mut().set_read_timeout(Some(PATIENCE)).unwrap();
        !heard
    }

    /// Publishes with a reply subject, and gives that subject.
    pub(crate) fn ask(&mut self, subject: &str, payload: &str) -> String {
        self.requests += 1;
        let inbox = format!("_INBOX.{}", self.requests);
        let (size, number) = (payload.len(), self.requests);
        self.send(&format!(
            "SUB {inbox} {number}\r\nPUB {subject} {inbox} {size}\r\n{payload}\r\n"
        ));
        inbox
    }

    /// The line and the payload of the next message.
    pub(crate) fn message(&mut self) -> (String, String) {
        let line = self.line();
        assert!(line.starts_with("MSG ") || line.starts_with("HMSG "), "{line:?}");
        let size: usize = line.split_whitespace().last().unwrap().parse().unwrap();
        let mut payload = vec![0; size + 2];
        self.reader.read_exact(&mut payload).unwrap();
        payload.truncate(size);
        (line, String::from_utf8(payload).unwrap())
    }

    /// Asks until someone answers: around an election a request may meet nobody, or be lost.
    pub(crate) fn request(&mut self, subject: &str, payload: &str) -> String {
        let deadline = Instant::now() + 2 * PATIENCE;
        while Instant::now() < deadline {
            let inbox = self.ask(subject, payload);
            // An answer to an earlier question may still come.
            while self.hears(Duration::from_secs(3)) {
                let (line, answer) = self.message();
                if line.split(' ').nth(1) != Some(&inbox) {
                    continue;
                }
                if answer.starts_with("NATS/1.0 503") {
                    std::thread::sleep(LOOK_AGAIN);
                    break;
                }
                return answer;
            }
        }
        panic!("nobody answers `{subject}`");
    }

    /// Whether a message comes within that time, pings of the server apart.
    fn hears(&mut self, time: Duration) -> bool {
        self.reader.get_mut().set_read_timeout(Some(time)).unwrap();
        let ping = b"PING\r\n";
        while self.reader.fill_buf().is_ok_and(|bytes| bytes.starts_with(ping)) {
            self.reader.consume(ping.len());
            self.send("PONG\r\n");
        }
        let heard = self.reader.fill_buf().is_ok();
        self.reader.get_mut().set_read_timeout(Some(PATIENCE)).unwrap();
        heard
    }

    /// A stream `S` on the subject `s`.
    pub(crate) fn create_stream(&mut self, replicas: u32) {
        let config = format!(
            "{{\"name\":\"S\",\"subjects\":[\"s\"],\"storage\":\"file\",\"num_replicas\":{replicas}}}"
        );
        let answer = self.request("$JS.API.STREAM.CREATE.S", &config);
        assert!(!answer.contains("\"error\""), "{answer}");
    }

    /// How many messages that stream holds.
    pub(crate) fn stored(&mut self) -> u32 {
        let answer = self.request("$JS.API.STREAM.INFO.S", "");
        let (_, messages) = answer.split_once("\"messages\":").unwrap();
        messages.split_once(',').unwrap().0.parse().unwrap()
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + 2 * PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(LOOK_AGAIN);
    }
}
