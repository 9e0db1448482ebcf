//! Several servers that form one JetStream cluster.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::server::{LOOK_AGAIN, address, connect, free_port};
use crate::{Error, Server, ServerOptions};

/// How long an election may take; one takes under a second where nothing else runs.
const PATIENCE: Duration = Duration::from_secs(180);

/// How often to choose ports anew when another process was faster.
const TRIES: usize = 10;

/// A cluster of servers on this machine, named `n0`, `n1` and so on; killed when it is dropped.
///
/// A node tells clients of no other node, so a client that is given one URL stays with it.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// Starts that many servers and waits until they have elected a leader.
    ///
    /// # Errors
    /// As [`ServerOptions::start`], or there is no leader within a minute.
    pub fn start(size: usize) -> Result<Cluster, Error> {
        Cluster::start_with(size, &ServerOptions::new())
    }

    /// Starts a cluster whose servers share these options, apart from their names.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn start_with(size: usize, options: &ServerOptions) -> Result<Cluster, Error> {
        let mut tries = 1;
        let cluster = loop {
            match Cluster::on_free_ports(size, options) {
                Err(error) if error.is_port_taken() && tries < TRIES => tries += 1,
                cluster => break cluster?,
            }
        };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    fn on_free_ports(size: usize, options: &ServerOptions) -> Result<Cluster, Error> {
        let mut ports = BTreeSet::new();
        while ports.len() < 2 * size {
            ports.insert(free_port()?);
        }
        let ports: Vec<u16> = ports.into_iter().collect();
        let (clients, routes) = ports.split_at(size);
        let all: Vec<String> =
            routes.iter().map(|port| format!("\"nats://{}\"", address(*port))).collect();
        let all = all.join(", ");
        let start = |(index, (client, route)): (usize, (&u16, &u16))| {
            let listen = address(*route);
            let options = options.clone().name(format!("n{index}")).port(*client);
            let block = format!(
                "cluster {{ name: \"testkit\", listen: \"{listen}\", no_advertise: true, routes: [{all}] }}"
            );
            options.config(block).start()
        };
        let nodes = clients.iter().zip(routes).enumerate().map(start);
        Ok(Cluster { nodes: nodes.collect::<Result<_, _>>()? })
    }

    /// Waits until every node that runs and is not paused is up to date with an elected leader, and
    /// the leader places streams on all of them.
    ///
    /// Where clients must authenticate or use TLS, the latter is not tried: there the first stream
    /// may be refused for some moments, as on any cluster that has just started.
    ///
    /// # Errors
    /// That is not so within a minute.
    pub fn wait_until_ready(&self) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        let until = |what: String, so: &dyn Fn() -> bool| loop {
            if so() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Error::Timeout { what });
            }
            // Each look is a line of a log.
            thread::sleep(10 * LOOK_AGAIN);
        };
        let nodes: Vec<(usize, &Server)> = self.answering().collect();
        for (index, node) in &nodes {
            let healthy = || node.monitor("/healthz").is_ok();
            until(format!("for n{index} to find a leader of the cluster"), &healthy)?;
        }
        let Some((_, node)) = nodes.first() else { return Ok(()) };
        let places = || places(node.port(), nodes.len().min(5)).unwrap_or(false);
        until("for the cluster to place a stream on every node".to_owned(), &places)
    }

    /// Where clients connect, of every node.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Server::url).collect()
    }

    /// A node, to look at or to do anything to that one can do to a server.
    ///
    /// # Errors
    /// There is no such node.
    pub fn node(&mut self, index: usize) -> Result<&mut Server, Error> {
        let what = format!("the cluster has no node {index}");
        self.nodes.get_mut(index).ok_or(Error::NoServer { what })
    }

    /// Kills a node at once; its store stays.
    ///
    /// # Errors
    /// There is no such node.
    pub fn kill(&mut self, index: usize) -> Result<(), Error> {
        self.node(index).map(Server::kill)
    }

    /// Starts a node again with the same ports and the same store, after killing it if it runs.
    ///
    /// It answers then; [`Cluster::wait_until_ready`] waits until it has caught up.
    ///
    /// # Errors
    /// There is no such node, or it does not start.
    pub fn restart(&mut self, index: usize) -> Result<(), Error> {
        self.node(index)?.restart()
    }

    /// The node that leads a stream, by its own account; none during an election.
    pub fn stream_leader(&self, stream: &str) -> Option<usize> {
        let leads = |(index, node): &(usize, &Server)| {
            let answer = node.monitor("/jsz?accounts=true&streams=true").unwrap_or_default();
            leader(&answer, stream).is_some_and(|name| name == format!("n{index}"))
        };
        self.answering().find(leads).map(|(index, _)| index)
    }

    fn answering(&self) -> impl Iterator<Item = (usize, &Server)> {
        self.nodes.iter().enumerate().filter(|(_, node)| node.answers())
    }
}

/// Whether a stream with that many replicas can be made; it is deleted at once.
fn places(port: u16, replicas: usize) -> io::Result<bool> {
    let stream = connect(port)?;
    // A request that meets an election gets no answer.
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let says = |word: &str| line.contains(&format!("\"{word}\":true"));
    if says("auth_required") || says("tls_required") || !says("jetstream") {
        return Ok(true);
    }
    let hello = "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\nSUB _INBOX.testkit 1\r\n";
    reader.get_mut().write_all(hello.as_bytes())?;
    let config =
        format!("{{\"name\":\"TESTKIT\",\"storage\":\"memory\",\"num_replicas\":{replicas}}}");
    for (verb, payload) in [("CREATE", config.as_str()), ("DELETE", "")] {
        let size = payload.len();
        let request =
            format!("PUB $JS.API.STREAM.{verb}.TESTKIT _INBOX.testkit {size}\r\n{payload}\r\n");
        reader.get_mut().write_all(request.as_bytes())?;
        // The answer is one line of JSON; nobody there is a header.
        while !line.starts_with("{\"type\":") {
            line.clear();
            if reader.read_line(&mut line)? == 0 || line.starts_with("NATS/1.0 503") {
                return Ok(false);
            }
        }
        if line.contains("\"error\":") {
            return Ok(false);
        }
        line.clear();
    }
    Ok(true)
}

/// The leader of a stream in what `/jsz` answers, where it stands between name and state.
fn leader(answer: &str, stream: &str) -> Option<String> {
    let answer: String = answer.split_whitespace().collect();
    let (_, streams) = answer.split_once("\"stream_detail\":")?;
    let (_, detail) = streams.split_once(&format!("{{\"name\":\"{stream}\",\"created\""))?;
    let (cluster, _) = detail.split_once("\"state\":")?;
    let (_, leader) = cluster.split_once("\"leader\":\"")?;
    Some(leader.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::leader;

    #[test]
    fn a_stream_has_the_leader_that_stands_with_it() {
        let answer = r#"{ "stream_detail": [
            { "name": "A", "created": "", "cluster": { "name": "A" }, "state": {} },
            { "name": "B", "created": "", "cluster": { "leader": "n1" }, "state": {} }
        ] }"#;
        assert_eq!(leader(answer, "A"), None);
        assert_eq!(leader(answer, "B").as_deref(), Some("n1"));
        assert_eq!(leader(answer, "C"), None);
    }
}
