//! How long something takes, whatever else the machine does.

use std::time::{Duration, Instant};

/// Measures what this process has of processors; where the system does not tell, the clock.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    clock: Instant,
    spent: Option<Duration>,
}

impl Stopwatch {
    pub(crate) fn start() -> Stopwatch {
        Stopwatch { clock: Instant::now(), spent: spent() }
    }

    /// The smaller of both times: processors are told of in steps of 10 ms.
    pub(crate) fn elapsed(&self) -> Duration {
        let clock = self.clock.elapsed();
        let spent = spent().zip(self.spent).map(|(now, then)| now.saturating_sub(then));
        spent.map_or(clock, |spent| clock.min(spent + STEP))
    }
}

const STEP: Duration = Duration::from_millis(10);

/// What all threads of this process have had so far.
fn spent() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name: `utime` and `stime` of proc_pid_stat(5), of which a second has 100.
    let (_, fields) = text.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u32>);
    let (user, system) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some(STEP * (user + system))
}
