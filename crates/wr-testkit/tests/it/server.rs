//! One server.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use wr_testkit::{Binary, Error, FLOOR_VERSION, Server, ServerOptions};

use crate::client::{Client, until};

#[test]
fn it_greets_and_passes_messages_on() {
    let mut server = ServerOptions::new().name("here").config("max_payload: 8MB").start().unwrap();
    let mut client = Client::connect(server.port());
    assert!(client.info.contains("\"server_name\":\"here\""), "{}", client.info);
    assert!(client.info.contains("\"jetstream\":true"), "{}", client.info);
    assert!(client.info.contains("\"max_payload\":8388608"), "{}", client.info);
    assert!(client.request("$SYS.REQ.USER.INFO", "").contains("$G"));
    assert!(server.monitor("/healthz").unwrap().contains("ok"));
    assert!(server.log().contains("Server is ready"));
    assert!(server.is_running());
}

#[test]
fn a_restart_keeps_the_port_and_the_store() {
    let mut server = Server::start().unwrap();
    let (url, port, pid) = (server.url(), server.port(), server.pid());
    let mut client = Client::connect(port);
    client.create_stream(1);
    assert!(client.request("s", "one").contains("\"seq\":1"));

    server.kill();
    assert!(!server.is_running());
    assert!(server.pid().is_none() && server.monitor("/healthz").is_err());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    server.restart().unwrap();
    assert_eq!(server.url(), url);
    assert_ne!(server.pid(), pid);
    assert_eq!(Client::connect(port).stored(), 1);

    server.stop().unwrap();
    assert!(server.log().contains("Server Exiting"));
    assert!(!server.is_running());
    server.restart().unwrap();
    assert_eq!(Client::connect(port).stored(), 1);
}

#[test]
fn a_drop_leaves_nothing() {
    let server = Server::start().unwrap();
    let (port, dir) = (server.port(), server.dir().to_owned());
    assert!(dir.is_dir());
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!dir.exists());
}

#[test]
fn what_is_said_again_replaces_what_was_said() {
    let options = ServerOptions::new().config("jetstream { max_mem: 16MB, max_file: 32MB }");
    let server = options.start().unwrap();
    let answer = server.monitor("/jsz").unwrap();
    assert!(answer.contains("\"max_storage\": 33554432"), "{answer}");
    assert!(answer.contains(server.dir().to_str().unwrap()), "{answer}");
}

#[test]
fn without_jetstream() {
    let server = ServerOptions::new().without_jetstream().start().unwrap();
    assert!(!Client::connect(server.port()).info.contains("\"jetstream\""));
}

#[test]
fn with_authorization() {
    let options = ServerOptions::new().config("authorization { user: u, password: p }");
    let server = options.start().unwrap();
    let mut client = Client::greeted(server.port()).unwrap();
    client.send("CONNECT {\"user\":\"u\",\"pass\":\"wrong\"}\r\nPING\r\n");
    assert_eq!(client.line(), "-ERR 'Authorization Violation'\r\n");
}

#[test]
fn a_faulty_configuration_is_shown() {
    let error = ServerOptions::new().config("no_such_setting: 1").start().unwrap_err();
    assert!(matches!(error, Error::Start { .. }));
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[test]
fn many_start_at_once() {
    let threads: Vec<_> = (0..8).map(|_| thread::spawn(|| Server::start().unwrap())).collect();
    let servers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    for server in &servers {
        let name = format!("\"server_name\":\"testkit-{}\"", server.port());
        assert!(Client::connect(server.port()).info.contains(&name));
    }
}

#[test]
fn the_oldest_supported_release() {
    let binary = Binary::version(FLOOR_VERSION).unwrap();
    let server = ServerOptions::new().binary(binary).start().unwrap();
    let mut client = Client::connect(server.port());
    assert!(client.info.contains("\"version\":\"2.10."), "{}", client.info);
    client.create_stream(1);
}

#[test]
#[cfg(unix)]
fn a_paused_server_holds_its_connections() {
    let mut server = Server::start().unwrap();
    let mut client = Client::connect(server.port());
    server.pause().unwrap();
    assert!(server.is_running());
    assert!(client.hears_nothing_for(Duration::from_millis(300)));
    server.resume().unwrap();
    assert_eq!(client.line(), "PONG\r\n");
    server.pause().unwrap();
    server.kill();
    assert_eq!(client.line(), "");
    assert!(matches!(server.resume(), Err(Error::NoServer { .. })));
}

/// This test runs itself as a child process, which starts a server and is killed.
#[test]
#[cfg(unix)]
fn no_server_outlives_its_process() {
    let me = "server::no_server_outlives_its_process";
    let word = "WR_TESTKIT_TEST_CHILD";
    if env::var_os(word).is_some() {
        let server = Server::start().unwrap();
        println!("\nserver {} {}", server.port(), server.dir().display());
        loop {
            thread::park();
        }
    }
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", me, "--nocapture"])
        .env(word, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find(|line| line.starts_with("server ")).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    let (port, dir): (u16, _) = (words[1].parse().unwrap(), std::path::Path::new(words[2]));
    assert!(Client::greeted(port).is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    until("the server goes", || TcpStream::connect(("127.0.0.1", port)).is_err());
    until("its directory goes", || !dir.exists());
}
