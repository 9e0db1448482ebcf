//! A consumer process that is killed with SIGKILL: a real child, which is this very binary.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wr_events::wr_core::Catalogue;
use wr_runtime::{Metrics, Reason, Reconciler};
use wr_testkit::Server;

use super::ledger::Ledger;
use super::{
    catalogue, connect, handlers, numbered, publish, quick, random, server, subscribe,
    until_settled,
};
use crate::support::{LONG, until};

/// Makes the child a consumer: the server, the file that it writes, and what it does.
const URL: &str = "WR_FAULTS_URL";
const FILE: &str = "WR_FAULTS_FILE";
/// Whether it never ends with positions that begin with `hold`.
const HOLD: &str = "WR_FAULTS_HOLD";

/// Given up by the runtime at the second delivery, and by the server after the third.
fn short() -> &'static Catalogue {
    catalogue(|consumer| {
        consumer.ack_wait_seconds = 1;
        consumer.attempts = 2;
        consumer.max_deliver = 3;
    })
}

/// Not a test: what the child runs, where its variables are set. It writes `begin {id} {attempt}`
/// and `end {id}`.
#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_process() {
    let (Ok(url), Ok(path)) = (std::env::var(URL), std::env::var(FILE)) else { return };
    let holds = std::env::var(HOLD).is_ok();
    let file = Arc::new(Mutex::new(File::options().append(true).open(path).unwrap()));
    let catalogue = short();
    let handlers = handlers(catalogue, &Ledger::default(), move |event, delivery| {
        let file = file.clone();
        let write = move |text: String| file.lock().unwrap().write_all(text.as_bytes()).unwrap();
        async move {
            write(format!("begin {} {}\n", event.id, delivery.attempt));
            if holds && event.data.position_id.starts_with("hold") {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            write(format!("end {}\n", event.id));
            Ok(())
        }
    });
    let connection = connect(&url).await;
    let _subscriber = subscribe(&connection, handlers, quick().concurrency(4)).await;
    std::future::pending().await
}

/// The consumer as a process, killed at the latest when it is dropped.
struct Process(Child);

impl Process {
    fn start(server: &Server, file: &Path, holds: bool) -> Process {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "faults::crash::the_consumer_process"]);
        command.env(URL, server.url()).env(FILE, file).env_remove(HOLD);
        if holds {
            command.env(HOLD, "1");
        }
        Process(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Process {
    /// `kill` is SIGKILL.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn diary(server: &Server) -> PathBuf {
    let path = server.dir().join("diary");
    File::create(&path).unwrap();
    path
}

/// The lines that begin with a word.
fn lines(path: &Path, word: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let lines = whole.filter_map(|line| line.strip_prefix(word));
    lines.map(|rest| rest.trim().to_owned()).collect()
}

fn book(path: &Path, ledger: &Ledger) {
    for id in lines(path, "end ") {
        ledger.handled(id.parse().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_in_mid_handling_loses_nothing() {
    let (server, connection) = server(short()).await;
    let (ledger, path) = (Ledger::default(), diary(&server));
    let mut random = random();
    let mut positions = numbered("fine", 100);
    positions.extend(numbered("hold", 3));
    random.shuffle(&mut positions);
    publish(&connection, &ledger, positions).await;

    let process = Process::start(&server, &path, true);
    // The three that it never ends with, and others on the way.
    until("it is in the middle", || async {
        lines(&path, "begin ").len() >= lines(&path, "end ").len() + 3
            && lines(&path, "end ").len() > 20
    })
    .await;
    drop(process);
    let begun = lines(&path, "begin ").len();
    let process = Process::start(&server, &path, false);
    until_settled(&connection).await;
    drop(process);
    book(&path, &ledger);
    println!("killed after {begun} of 103 had begun");
    let balance = ledger.balance(&connection).await;
    assert_eq!((balance.acked, balance.handled.len(), balance.dead.len()), (103, 103, 0));
    // No more than were being handled, or had been and were not yet acknowledged.
    assert!(balance.again() <= 4, "{balance}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_the_last_delivery_leaves_a_dead_letter() {
    let catalogue = short();
    let (server, connection) = server(catalogue).await;
    let (ledger, path) = (Ledger::default(), diary(&server));
    let reconciler = Reconciler::start(&connection, catalogue, Metrics::new()).await.unwrap();
    let mut process = Process::start(&server, &path, true);
    publish(&connection, &ledger, ["fine"]).await;
    until("one is handled", || async { !lines(&path, "end ").is_empty() }).await;
    until_settled(&connection).await;
    publish(&connection, &ledger, ["hold"]).await;
    for attempt in 1..=3 {
        until("the last delivery begins", || async {
            // The first is the other one's.
            let begun = lines(&path, "begin ");
            begun.iter().skip(1).any(|line| line.ends_with(&format!(" {attempt}")))
        })
        .await;
        // The server notices at the next pull.
        drop(std::mem::replace(&mut process, Process::start(&server, &path, true)));
    }
    until("the reconciler has kept it", || async {
        !super::ledger::letters(&connection).await.is_empty()
    })
    .await;
    drop(process);
    book(&path, &ledger);
    let balance = ledger.balance(&connection).await;
    assert_eq!((balance.handled.len(), balance.dead.len(), balance.both().len()), (1, 1, 0));
    assert!(balance.dead.values().all(|reason| *reason == Reason::MaxDeliveriesExceeded));
    reconciler.drain(LONG).await.unwrap();
}
