//! The codec's benchmark, a process that `cargo xtask bench` starts: what it prints are lines of
//! JSON, which that renders.
//!
//! `time` measures every row of every message in turn, some times over, and prints the medians in
//! nanoseconds. `list` names our own rows, and `count MESSAGE ROW N` does one of them N times, for a
//! tool that counts instructions. Before anything is measured, every row has given the right result.

#![expect(clippy::expect_used, reason = "a benchmark ends where something fails")]

mod hostile;
mod lenient;
mod messages;
mod plain;
mod rivals;
mod rows;
mod typify;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;

use rows::Row;

/// How often each row is measured in one process.
const REPETITIONS: usize = 151;
/// How long one measurement takes: so short that most are over before another process has a turn.
const SAMPLE: Duration = Duration::from_micros(300);
/// What a row does before it is counted, so that what happens once is not counted.
const WARM_UP: u64 = 8;

/// A message with its rows.
struct Measured {
    message: &'static str,
    rows: Vec<Row>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["time"] => {
            time::<messages::Enqueued>();
            time::<messages::Heartbeat>();
            time::<messages::Updated>();
        }
        ["list"] => ours().iter().for_each(list),
        ["count", message, row, times] => match times.parse() {
            Ok(times) => return count(message, row, times),
            Err(_) => return usage(),
        },
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: wr-bench time | list | count MESSAGE ROW N");
    ExitCode::from(2)
}

/// Every message with our own rows.
fn ours() -> [Measured; 4] {
    let mut enqueued = measured::<messages::Enqueued>();
    enqueued.rows.extend(lenient::enqueued());
    [
        enqueued,
        measured::<messages::Heartbeat>(),
        measured::<messages::Updated>(),
        Measured { message: lenient::CANCELLED, rows: lenient::cancelled() },
    ]
}

fn measured<M: messages::Message>() -> Measured {
    Measured { message: M::NAME, rows: rows::ours::<M>() }
}

fn list(measured: &Measured) {
    let Measured { message, rows } = measured;
    for row in rows {
        println!("{}", json!({ "message": message, "row": row.name }));
    }
}

fn count(message: &str, row: &str, times: u64) -> ExitCode {
    let mut messages = ours();
    let found = messages.iter_mut().find(|measured| measured.message == message);
    let rows = found.into_iter().flat_map(|measured| &mut measured.rows);
    match rows.into_iter().find(|found| found.name == row) {
        Some(row) => {
            (row.run)(WARM_UP);
            (row.run)(times);
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("error: no row `{row}` of `{message}`; `wr-bench list` names them");
            ExitCode::FAILURE
        }
    }
}

/// The rows of one message are measured in turn, so that what disturbs one disturbs all.
fn time<M: messages::Message>() {
    let Measured { message, mut rows } = measured::<M>();
    let bytes = messages::bytes::<M>().len();
    rows.extend(rows::others::<M>());
    let times: Vec<u64> = rows.iter_mut().map(times_in_a_sample).collect();
    let mut samples = vec![Vec::new(); rows.len()];
    for _ in 0..REPETITIONS {
        for ((row, times), samples) in rows.iter_mut().zip(&times).zip(&mut samples) {
            samples.push(elapsed(row, *times).as_secs_f64() * 1e9 / *times as f64);
        }
    }
    for (row, samples) in rows.iter().zip(&mut samples) {
        samples.sort_by(f64::total_cmp);
        let median = samples.get(samples.len() / 2).expect("it was measured");
        let ns = (median * 10.0).round() / 10.0;
        println!("{}", json!({ "message": message, "bytes": bytes, "row": row.name, "ns": ns }));
    }
}

/// How often a row is done to fill a sample.
fn times_in_a_sample(row: &mut Row) -> u64 {
    let mut times = 16;
    loop {
        let elapsed = (0..3).map(|_| elapsed(row, times)).min().unwrap_or(SAMPLE);
        if elapsed >= SAMPLE / 2 {
            return (times as f64 * SAMPLE.as_secs_f64() / elapsed.as_secs_f64()).ceil() as u64;
        }
        times *= 2;
    }
}

fn elapsed(row: &mut Row, times: u64) -> Duration {
    let begin = Instant::now();
    (row.run)(times);
    begin.elapsed()
}
