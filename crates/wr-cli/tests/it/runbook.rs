//! RUNBOOK.md against the incident that it tells of: its commands are run on the held demo, and what
//! they say is what stands there. Moments, ids and what else is another each time is masked; of a
//! single message, the shape is compared.

use std::collections::BTreeMap;
use std::env::{self, consts::EXE_SUFFIX};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::wr;

const RUNBOOK: &str = include_str!("../../RUNBOOK.md");
const ALERTS: &str = include_str!("../../../../schemas/generated/alerts.yml");

/// Longer than the demo takes on a machine that is busy with other things.
const LONG: Duration = Duration::from_secs(180);

/// The demo, held at its incident; it ends with this.
struct Demo {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Demo {
    fn start() -> Demo {
        let profile = env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
        let path = profile.join("examples").join(format!("demo{EXE_SUFFIX}"));
        let built = is_built(&path);
        assert!(built.is_ok(), "{built:?}: run `cargo build -p wr-runtime --example demo` first");
        let mut demo = Command::new(path);
        demo.args(["--seed", "42", "--hold"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = demo.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            out.lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        Demo { input: child.stdin.take().unwrap(), lines, child }
    }

    /// The next line that holds a text.
    fn wait_for(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(LONG).unwrap();
            if line.contains(text) {
                return line;
            }
        }
    }

    fn enter(&mut self) {
        writeln!(self.input).unwrap();
    }
}

/// Refuses a demo that is not there, or is older than a file that it was built from: `cargo test` of
/// this package alone does not build it. Cargo writes the names of those files beside it.
fn is_built(demo: &Path) -> Result<(), String> {
    let changed = |path: &Path| fs::metadata(path).and_then(|about| about.modified()).ok();
    let built = changed(demo).ok_or_else(|| format!("there is no `{}`", demo.display()))?;
    let sources = fs::read_to_string(demo.with_extension("d")).unwrap_or_default();
    let sources = sources.trim_end().split_once(": ").map_or("", |(_, sources)| sources);
    // A space within a name stands behind a backslash.
    let sources = sources.replace("\\ ", "\0");
    let sources = sources.split(' ').filter(|source| !source.is_empty());
    for source in sources.map(|source| source.replace('\0', " ")) {
        if changed(Path::new(&source)).is_none_or(|changed| changed > built) {
            return Err(format!("`{}` is older than `{source}`", demo.display()));
        }
    }
    Ok(())
}

#[test]
fn a_demo_that_is_missing_or_old_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [demo, source] = ["demo", "a source.rs"].map(|name| folder.path().join(name));
    assert!(is_built(&demo).unwrap_err().starts_with("there is no `"));
    fs::write(&source, "").unwrap();
    fs::write(&demo, "").unwrap();
    let names = source.to_str().unwrap().replace(' ', "\\ ");
    fs::write(demo.with_extension("d"), format!("{}: {names} {names}\n", demo.display())).unwrap();
    is_built(&demo).unwrap();
    let later = std::time::SystemTime::now() + Duration::from_secs(60);
    fs::File::options().write(true).open(&source).unwrap().set_modified(later).unwrap();
    assert!(is_built(&demo).unwrap_err().contains("is older than `"));
    fs::remove_file(&source).unwrap();
    is_built(&demo).unwrap_err();
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a session of the runbook holds: commands with their outputs, and moments for Enter.
enum Step<'a> {
    Command(&'a str, Vec<&'a str>),
    Enter,
}

fn steps() -> Vec<Step<'static>> {
    let (mut steps, mut is_inside) = (Vec::new(), false);
    for line in RUNBOOK.lines() {
        match (is_inside, line) {
            (false, "<!-- Enter -->") => steps.push(Step::Enter),
            (false, "```console") => is_inside = true,
            (true, "```") => is_inside = false,
            (true, line) => match (line.strip_prefix("$ wr "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step::Command(command, Vec::new())),
                (None, Some(Step::Command(_, output))) => output.push(line),
                (None, _) => unreachable!("{line}"),
            },
            (false, _) => {}
        }
    }
    steps
}

/// A line without what is another each time, and with one space where there are many. With
/// `is_shape`, numbers and ids have no value.
fn masked(line: &str, is_shape: bool) -> String {
    let ago = |word: &str| {
        word.strip_suffix(['s', 'm']).is_some_and(|number| number.parse::<u32>().is_ok())
    };
    let word = |word: &str| -> String {
        let is_moment = word.len() > 19 && word.contains("-") && word.contains("T");
        match word {
            word if is_moment && word.trim_matches(['"', ',']).ends_with('Z') => "MOMENT".into(),
            word if ago(word) => "AGO".into(),
            word if word.starts_with("testkit-") => "SERVER".into(),
            word if is_shape || is_of_its_day(word) => shape(word),
            word => word.to_owned(),
        }
    };
    let line = line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    for (before, after) in
        [("answers in ", " ms"), ("JetStream is on, ", " MiB"), ("is ", " s from")]
    {
        if let Some((head, rest)) = line.split_once(before)
            && let Some((_, tail)) = rest.split_once(after)
        {
            return format!("{head}{before}N{after}{tail}");
        }
    }
    line
}

/// Schemas and servers change, and the runbook does not.
fn is_of_its_day(word: &str) -> bool {
    let is_version = word.trim_matches(['(', ')', ',']).split('.').count() == 3
        && word.contains(|c: char| c.is_ascii_digit());
    is_version || word.len() == 16 && word.chars().all(|c| c.is_ascii_hexdigit())
}

/// A word with every run of hexadecimal digits that has a digit in it, or is as long as a group of a
/// UUID, as one `#`.
fn shape(word: &str) -> String {
    let mut shape = String::new();
    for part in word.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        match digits.len() >= 4 || digits.contains(|c: char| c.is_ascii_digit()) {
            true => shape += &format!("#{}", part.trim_start_matches(digits)),
            false => shape += part,
        }
    }
    shape
}

#[test]
fn the_runbook_shows_what_an_operator_sees() {
    let mut demo = Demo::start();
    let login = demo.wait_for("export NATS_CONTEXT=");
    let login = login.split_once('=').unwrap().1.to_owned();
    demo.wait_for("Enter deploys the services");
    let mut sequences: BTreeMap<String, String> = BTreeMap::new();
    let mut count = 0;
    for step in steps() {
        let (command, expected) = match step {
            Step::Command(command, expected) => (command, expected),
            Step::Enter => {
                demo.enter();
                demo.wait_for("the services run without their bugs");
                continue;
            }
        };
        count += 1;
        let words = command.split_whitespace();
        let words = words.map(|word| sequences.get(word).map_or(word, String::as_str));
        let words: Vec<String> = words.map(str::to_owned).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let is_one = words.contains(&"--each") || words.contains(&"show");
        let all = |lines: &[&str]| -> Vec<String> {
            lines.iter().map(|line| masked(line, is_one)).collect()
        };
        // The last acknowledgement of the services may come after the last dead letter.
        let asks = words.contains(&"health") || words.contains(&"doctor");
        let end = Instant::now() + Duration::from_secs(20);
        let shown = loop {
            let shown = wr(&[("NATS_CONTEXT", &login)], &words, "").expect(0).out;
            let is_expected = all(&shown.lines().collect::<Vec<_>>()) == all(&expected);
            if is_expected || !asks || Instant::now() > end {
                break shown;
            }
        };
        let shown: Vec<&str> = shown.lines().collect();
        assert_eq!(all(&shown), all(&expected), "RUNBOOK.md: wr {command}");
        if words.contains(&"--each") {
            let first = |line: &&str| line.split(' ').next().unwrap().to_owned();
            sequences.extend(expected.iter().map(first).zip(shown.iter().map(first)));
        }
    }
    assert!(count > 10, "RUNBOOK.md has but {count} commands");
    let folder = Path::new(&login).parent().unwrap().to_owned();
    assert!(folder.is_dir());
    demo.enter();
    let sum = demo.wait_for(" published + ");
    assert!(sum.contains(" + 29 redriven + ") && sum.contains(" + 3 purged + "), "{sum}");
    assert!(sum.contains(" + 4 dead letters + ") && sum.ends_with(" + 0 missing"), "{sum}");
    demo.wait_for("nothing is left behind");
    assert_eq!(demo.child.wait().unwrap().code(), Some(0));
    assert!(fs::metadata(folder).is_err(), "the folder of the server is left behind");
}

/// What an alert's annotation says.
fn annotation(rule: &str, name: &str) -> String {
    let prefix = format!("          {name}: ");
    let text = rule.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap();
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_alert_leads_to_its_section() {
    let headings: Vec<String> = RUNBOOK
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| format!("crates/wr-cli/RUNBOOK.md#{}", heading.to_lowercase()))
        .collect();
    let rules: Vec<&str> = ALERTS.split("      - alert: ").skip(1).collect();
    assert!(rules.len() > 10);
    for rule in &rules {
        let runbook = annotation(rule, "runbook");
        assert!(headings.contains(&runbook), "RUNBOOK.md has no section for {runbook}");
    }
    let rule = rules.iter().find(|rule| rule.starts_with("DeadLetters\n")).unwrap();
    let summary = annotation(rule, "summary");
    let summary = summary.replace("{{ $labels.consumer }}", "analytics-processor");
    let summary = summary.replace("{{ $labels.reason }}", "max_retries_exceeded");
    let description = annotation(rule, "description");
    let quote = format!("DeadLetters (warning)\n  {summary}\n  {description}\n");
    assert!(RUNBOOK.contains(&quote), "RUNBOOK.md does not show the alert as it fires:\n{quote}");
}

#[test]
fn what_is_masked_here() {
    for (line, is_shape, expected) in [
        ("13  a  37s ago  1m ago", false, "13 a AGO ago AGO ago"),
        (
            "ok testkit-1 (nats-server 2.12.1), answers in 1.4 ms",
            false,
            "ok SERVER (nats-server #.#.#), answers in N ms",
        ),
        ("  \"id\": \"01a208db-bfcf-769e\",", true, "\"id\": \"#-#-#\","),
        ("\"at\": \"2026-11-23T14:42:01.543506569Z\",", true, "\"at\": MOMENT"),
        ("35 waitingroom.position.enqueued.v1", true, "# waitingroom.position.enqueued.v#"),
    ] {
        assert_eq!(masked(line, is_shape), expected);
    }
}
