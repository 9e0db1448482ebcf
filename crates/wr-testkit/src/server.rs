//! One nats-server: on a free port, with a store of its own, gone when it is dropped.

use std::collections::hash_map::RandomState;
use std::env;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Binary, Error};

/// How long a server may take to start, to end, or to get its port back.
///
/// A start takes some 15 ms, and on a machine that compiles a hundred times that.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait before one looks again; no test waits for less than a server takes to start.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(3);

/// How a server is to be started.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    binary: Option<Binary>,
    name: Option<String>,
    port: Option<u16>,
    without_jetstream: bool,
    config: Vec<String>,
}

impl ServerOptions {
    /// JetStream on, no authorization, the server that [`Binary::find`] finds.
    pub fn new() -> ServerOptions {
        ServerOptions::default()
    }

    /// The nats-server to run.
    #[must_use]
    pub fn binary(mut self, binary: Binary) -> ServerOptions {
        self.binary = Some(binary);
        self
    }

    /// The name that the server goes by; without one it is `testkit-` and its port.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> ServerOptions {
        self.name = Some(name.into());
        self
    }

    /// Starts the server without JetStream.
    #[must_use]
    pub fn without_jetstream(mut self) -> ServerOptions {
        self.without_jetstream = true;
        self
    }

    /// Adds text to the configuration file, such as `max_payload: 8MB`, an `authorization` block
    /// or `jetstream { max_mem: 64MB }`.
    ///
    /// What is said again replaces what was said before; the port and the store directory are the
    /// testkit's.
    #[must_use]
    pub fn config(mut self, text: impl Into<String>) -> ServerOptions {
        self.config.push(text.into());
        self
    }

    pub(crate) fn port(mut self, port: u16) -> ServerOptions {
        self.port = Some(port);
        self
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Errors
    /// There is no nats-server, or it does not start; the error holds the end of its log.
    pub fn start(self) -> Result<Server, Error> {
        let binary = match &self.binary {
            Some(binary) => binary.clone(),
            None => Binary::find()?,
        };
        let dir = env::temp_dir().join(format!("wr-testkit-{}", unique()));
        let what = format!("create `{}`", dir.display());
        fs::create_dir(&dir).map_err(Error::io(what))?;
        let mut server =
            Server { binary, dir, port: 0, monitor: None, running: None, options: self };
        match server.options.port {
            Some(port) => server.on(port).map(|()| server),
            None => server.on_a_free_port().map(|()| server),
        }
    }
}

/// A running nats-server, killed when it is dropped, and its directory with it.
///
/// It does not outlive the process that started it, however that one ends.
#[derive(Debug)]
pub struct Server {
    binary: Binary,
    options: ServerOptions,
    dir: PathBuf,
    port: u16,
    monitor: Option<u16>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    watcher: Option<Child>,
    paused: bool,
}

impl Server {
    /// Starts a server as [`ServerOptions::new`] describes it.
    ///
    /// # Errors
    /// As [`ServerOptions::start`].
    pub fn start() -> Result<Server, Error> {
        ServerOptions::new().start()
    }

    /// Where clients connect: `nats://127.0.0.1:PORT`, the same after a restart.
    pub fn url(&self) -> String {
        format!("nats://{}", address(self.port))
    }

    /// The port that clients connect to, the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    /// Where its configuration, its log and its store lie; gone when the server is dropped.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether the process is there; a paused one is.
    pub fn is_running(&mut self) -> bool {
        let waited = self.running.as_mut().map(|running| running.child.try_wait());
        let running = matches!(waited, Some(Ok(None)));
        if !running {
            // Its number may be another's from now on, so nobody may watch it.
            self.kill();
        }
        running
    }

    /// Kills the server at once, as a crash or `kill -9` does; its store stays.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            // The watcher first: it would kill by a number that may be another's by then.
            if let Some(mut watcher) = running.watcher.take() {
                let _ = watcher.kill();
                let _ = watcher.wait();
            }
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Asks the server to end, as an operator does, and waits for it; its store stays.
    ///
    /// # Errors
    /// It did not end within thirty seconds; then it was killed.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.signal("TERM")?;
        // A paused one hears of it when it goes on.
        let _ = self.signal("CONT");
        let deadline = Instant::now() + PATIENCE;
        while self.is_running() && Instant::now() < deadline {
            thread::sleep(LOOK_AGAIN);
        }
        let late = self.is_running();
        self.kill();
        match late {
            true => Err(Error::Timeout { what: "for the server to end when asked to".to_owned() }),
            false => Ok(()),
        }
    }

    /// Stops the process where it stands: connections stay open and nothing answers.
    ///
    /// # Errors
    /// It does not run, or this is not Unix.
    pub fn pause(&mut self) -> Result<(), Error> {
        self.signal("STOP")?;
        self.set_paused(true);
        let deadline = Instant::now() + PATIENCE;
        while self.pid().is_some_and(is_on_its_way) && Instant::now() < deadline {
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Lets a paused process go on.
    ///
    /// # Errors
    /// As [`Server::pause`].
    pub fn resume(&mut self) -> Result<(), Error> {
        self.signal("CONT")?;
        self.set_paused(false);
        Ok(())
    }

    /// Starts the server again with the same port and the same store, after killing it if it runs.
    ///
    /// # Errors
    /// It does not start, or its port stays taken for thirty seconds.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.kill();
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.on(self.port) {
                Err(error) if error.is_port_taken() && Instant::now() < deadline => {
                    thread::sleep(LOOK_AGAIN);
                }
                done => return done,
            }
        }
    }

    /// All that the server has logged, over restarts.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.dir.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What the monitoring port answers to a path such as `/jsz?streams=true`: a JSON text.
    ///
    /// # Errors
    /// The server does not run, or answers with a status other than 200.
    pub fn monitor(&self, path: &str) -> Result<String, Error> {
        let nothing = || Error::NoServer { what: format!("its monitoring port, for `{path}`") };
        let port = self.monitor.filter(|_| self.running.is_some()).ok_or_else(nothing)?;
        let what = format!("ask the server for `{path}`");
        let get = || {
            let mut stream = connect(port)?;
            write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            match answer.split_once("\r\n\r\n") {
                Some((head, body)) if head.contains(" 200 ") => Ok(body.to_owned()),
                _ => Err(std::io::Error::other(answer.lines().next().unwrap_or("no answer"))),
            }
        };
        get().map_err(Error::io(what))
    }

    /// Whether it was started and is not paused.
    pub(crate) fn answers(&self) -> bool {
        self.running.as_ref().is_some_and(|running| !running.paused)
    }

    fn set_paused(&mut self, paused: bool) {
        if let Some(running) = &mut self.running {
            running.paused = paused;
        }
    }

    /// Tries ports until one is free; the server's own bind is what decides.
    fn on_a_free_port(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.on(free_port()?) {
                Err(error) if error.is_port_taken() && Instant::now() < deadline => {}
                done => return done,
            }
        }
    }

    /// Starts the process and waits until it answers on this port.
    fn on(&mut self, port: u16) -> Result<(), Error> {
        self.port = port;
        let path = self.dir.join("server.conf");
        let what = format!("write `{}`", path.display());
        fs::write(&path, self.config_text()).map_err(Error::io(what))?;
        let path = self.dir.join("log");
        let what = format!("open `{}`", path.display());
        let log =
            File::options().create(true).append(true).open(&path).map_err(Error::io(&what))?;
        let errors = log.try_clone().map_err(Error::io(&what))?;
        let logged_before = self.log().len();

        let mut command = Command::new(self.binary.path());
        command.arg("-c").arg(self.dir.join("server.conf"));
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let what = format!("run `{}`", self.binary.path().display());
        let child = own_group(&mut command).spawn().map_err(Error::io(what))?;
        let pid = child.id();
        // Kept from here on, so that whatever fails below, it is killed.
        let running = self.running.insert(Running { child, watcher: None, paused: false });
        running.watcher = watcher(pid, &self.dir).map_err(Error::io("run `sh`, which watches"))?;

        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(monitor) = self.ready(pid) {
                self.monitor = monitor;
                return Ok(());
            }
            let ended = !self.is_running();
            if ended || Instant::now() > deadline {
                self.kill();
                let log = self.log();
                let log = log.get(logged_before..).unwrap_or_default();
                let what = match ended {
                    true => "it ended at once; the end of its log:",
                    false => "no answer within thirty seconds; the end of its log:",
                };
                return Err(Error::Start { what: what.to_owned(), log: tail(log) });
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// The monitoring port, once this very process has written down its ports and greets clients.
    fn ready(&self, pid: u32) -> Option<Option<u16>> {
        let ending = format!("_{pid}.ports");
        let mut entries = fs::read_dir(&self.dir).ok()?.flatten();
        let file = entries.find(|entry| entry.file_name().to_string_lossy().ends_with(&ending))?;
        let ports = fs::read_to_string(file.path()).ok()?;
        if !ports.trim_end().ends_with('}') {
            return None;
        }
        let mut line = String::new();
        BufReader::new(connect(self.port).ok()?).read_line(&mut line).ok()?;
        if !line.starts_with("INFO ") {
            return None;
        }
        let (_, monitoring) = ports.split_once("\"monitoring\":[\"http://127.0.0.1:")?;
        Some(monitoring.split_once('"').and_then(|(port, _)| port.parse().ok()))
    }

    fn config_text(&self) -> String {
        let name = self.options.name.clone();
        let name = name.unwrap_or_else(|| format!("testkit-{}", self.port));
        let mut text = format!(
            "server_name: {}\nlisten: {}\nhttp: \"127.0.0.1:-1\"\nports_file_dir: {}\n",
            quoted(&name),
            quoted(&address(self.port).to_string()),
            quoted(&self.dir.to_string_lossy()),
        );
        if !self.options.without_jetstream {
            let store = quoted(&self.dir.join("store").to_string_lossy());
            text.push_str(&format!("store_dir: {store}\njetstream: enabled\n"));
        }
        for more in &self.options.config {
            text.push_str(more);
            text.push('\n');
        }
        text
    }

    #[cfg(unix)]
    fn signal(&mut self, name: &str) -> Result<(), Error> {
        let what = format!("to send it SIG{name}");
        let running = self.is_running();
        let pid = self.pid().filter(|_| running).ok_or(Error::NoServer { what })?;
        let mut shell = Command::new("sh");
        shell.args(["-c", "kill -\"$1\" \"$2\"", "sh", name]).arg(pid.to_string());
        let status = shell.status().map_err(Error::io(format!("send SIG{name}")))?;
        match status.success() {
            true => Ok(()),
            false => Err(Error::NoServer { what: format!("to send it SIG{name}") }),
        }
    }

    #[cfg(not(unix))]
    fn signal(&mut self, name: &str) -> Result<(), Error> {
        if name == "TERM" {
            self.kill();
            return Ok(());
        }
        let source = std::io::ErrorKind::Unsupported.into();
        Err(Error::Io { what: format!("send SIG{name}"), source })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Kills the server when this process is no more, however it ended: then the pipe that is the
/// watcher's input closes. The server itself is started by us, so that we kill it by its handle.
#[cfg(unix)]
fn watcher(pid: u32, dir: &Path) -> std::io::Result<Option<Child>> {
    let script = "read -r _; kill -9 \"$1\"; rm -rf -- \"$2\" || { sleep 1; rm -rf -- \"$2\"; }";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(pid.to_string()).arg(dir);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    own_group(&mut shell).spawn().map(Some)
}

#[cfg(not(unix))]
fn watcher(_pid: u32, _dir: &Path) -> std::io::Result<Option<Child>> {
    Ok(None)
}

/// Whether a thread of a process that was told to stop has not heard of it yet, where the system
/// lets one see that.
fn is_on_its_way(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let mut stats =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
    stats.any(|stat| !stat.contains(") T "))
}

/// A signal to our group, such as Ctrl-C, is for us: a demo that drains still needs its server.
#[cfg(unix)]
fn own_group(command: &mut Command) -> &mut Command {
    std::os::unix::process::CommandExt::process_group(command, 0)
}

#[cfg(not(unix))]
fn own_group(command: &mut Command) -> &mut Command {
    command
}

pub(crate) fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

pub(crate) fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address(port), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// A port that is free now, below those that systems hand out to outgoing connections: while the
/// server is down, no client gets its port as the near end of a connection, not even of one to it.
pub(crate) fn free_port() -> Result<u16, Error> {
    let mut taken = std::io::ErrorKind::AddrInUse.into();
    for _ in 0..1000 {
        let port = 20_000 + (random() % 12_000) as u16;
        match TcpListener::bind(address(port)) {
            Ok(_) => return Ok(port),
            Err(error) => taken = error,
        }
    }
    Err(Error::Io { what: "find a free port from 20000 to 31999".to_owned(), source: taken })
}

/// A word that no other process and no other call comes by.
pub(crate) fn unique() -> String {
    format!("{}-{:016x}", std::process::id(), random())
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Text in quotes for the configuration file, where a backslash escapes; Windows takes slashes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "/"))
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
}
