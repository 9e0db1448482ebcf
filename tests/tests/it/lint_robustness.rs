//! The lint on broken files: it never panics, and every run ends soon.
//!
//! `WR_LINT_CASES` and `WR_LINT_SEED` change how many cases run and from which seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};
use wr_schema::draft::Draft;
use wr_schema::keywords::{INTEGER_FORMATS, KEYWORDS, REFUSED, TEXT_FORMATS, TYPES};
use wr_schema::lint::lint;
use wr_schema::validator::Compiled;
use wr_schema::{Catalog, Sources};

use crate::lint::PATH;

/// Far above what the slowest case takes in the debug profile.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn broken_files_never_panic_and_end_soon() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let cases = number("WR_LINT_CASES").unwrap_or(2000);
    let first = number("WR_LINT_SEED").unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    println!("WR_LINT_SEED={first} WR_LINT_CASES={cases}");
    let originals = originals();
    let mut slowest = (Duration::ZERO, first);
    for seed in first..first + cases {
        let files = broken(&originals, &mut Rng::with_seed(seed));
        let start = Instant::now();
        let run = catch_unwind(AssertUnwindSafe(|| {
            let sources = Sources::from_texts(files.clone());
            if lint(&Draft::of(&sources)).is_empty() {
                // What the lint lets pass, everything else can read.
                let catalog = Catalog::build(&sources).unwrap();
                let minors = catalog.subjects.iter().flat_map(|history| &history.minors);
                for minor in minors {
                    Compiled::new(&minor.reader.to_value()).unwrap();
                    Compiled::new(&minor.writer.to_value()).unwrap();
                }
            }
        }));
        assert!(run.is_ok(), "panics: WR_LINT_SEED={seed} WR_LINT_CASES=1\n{files:#?}");
        slowest = slowest.max((start.elapsed(), seed));
        assert!(slowest.0 < PATIENCE, "too slow: WR_LINT_SEED={seed} WR_LINT_CASES=1");
    }
    println!("the slowest took {:?}, WR_LINT_SEED={}", slowest.0, slowest.1);
}

#[test]
fn a_file_of_1_mib_is_linted_in_seconds() {
    let mut slow = Vec::new();
    for (name, text) in large() {
        assert!(text.len() <= 1024 * 1024, "{name}: {}", text.len());
        let path = if name.starts_with("topology") { "topology.json" } else { PATH };
        let sources = Sources::from_texts([(path, text)]);
        let start = Instant::now();
        let found = lint(&Draft::of(&sources)).len();
        println!("{name}: {found} findings in {:?}", start.elapsed());
        if start.elapsed() > PATIENCE {
            slow.push(name);
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}

/// Files of about a megabyte, each with as much as fits of one thing.
fn large() -> Vec<(&'static str, String)> {
    let many = |count: usize, entry: &dyn Fn(usize) -> String| {
        let mut text = entry(0);
        for at in 1..count {
            let next = entry(at);
            if text.len() + next.len() > 1_000_000 {
                break;
            }
            text.push(',');
            text.push_str(&next);
        }
        text
    };
    let event = |inside: String| {
        format!(r#"{{"description":"D","type":"object","properties":{{}},{inside}}}"#)
    };
    let property = |schema: String| event(format!(r#""properties":{{"x":{schema}}}"#));
    let name = |at: usize| format!(r#""p{at}""#);
    let text = |at: usize| format!(r#""p{at}":{{"type":"string"}}"#);
    let filter = |at: usize| format!(r#""a{at}.*""#);
    let reference = |at: usize, to: usize| format!(r##""d{at}":{{"$ref":"#/definitions/d{to}"}}"##);
    vec![
        ("keys", event(many(40_000, &|at| format!(r#""k{at}":1"#)))),
        ("one key", event(many(100_000, &|_| r#""k":1"#.to_owned()))),
        ("misspelt keys", event(many(30_000, &|at| format!(r#""typ{at}":1"#)))),
        ("properties", event(format!(r#""properties":{{{}}}"#, many(30_000, &text)))),
        ("required", event(format!(r#""required":[{}]"#, many(100_000, &name)))),
        (
            "required properties",
            event(format!(
                r#""properties":{{{}}},"required":[{}]"#,
                many(18_000, &text),
                many(18_000, &name)
            )),
        ),
        ("values", property(format!(r#"{{"type":"string","enum":[{}]}}"#, many(100_000, &name)))),
        ("examples", event(format!(r#""examples":[{}]"#, many(100_000, &|_| "{}".to_owned())))),
        (
            "defaults",
            event(format!(
                r#""properties":{{{}}}"#,
                many(15_000, &|at| format!(r#""p{at}":{{"type":"string","default":1}}"#))
            )),
        ),
        (
            "branches",
            property(format!(
                r#"{{"oneOf":[{}]}}"#,
                many(9_000, &|at| format!(
                    r#"{{"type":"object","required":["k"],"properties":{{"k":{{"type":"string","const":"v{at}"}}}}}}"#
                ))
            )),
        ),
        (
            "a chain",
            event(format!(r#""definitions":{{{}}}"#, many(22_000, &|at| reference(at, at + 1)))),
        ),
        (
            "a circle",
            event(format!(
                r#""definitions":{{{}}}"#,
                many(22_000, &|at| reference(at, (at + 1) % 22_000))
            )),
        ),
        (
            "doublings",
            event(format!(
                r#""definitions":{{{}}}"#,
                many(6_000, &|at| format!(
                    r##""d{at}":{{"type":"object","properties":{{"a":{{"$ref":"#/definitions/d{0}"}},"b":{{"$ref":"#/definitions/d{0}"}}}}}}"##,
                    at + 1
                ))
            )),
        ),
        (
            "a pattern",
            property(format!(r#"{{"type":"string","pattern":"^{}$"}}"#, "(a|b)*".repeat(60_000))),
        ),
        (
            "patterns",
            event(format!(
                r#""properties":{{{}}}"#,
                many(1_000, &|at| format!(
                    r#""p{at}":{{"description":"D","type":"string","pattern":"^(?:[a-z]{{1,20}}|[^x]{{9}}){{8}}$"}}"#
                ))
            )),
        ),
        ("a string", event(format!(r#""title":"{}""#, "\\u0041".repeat(140_000)))),
        ("an array", format!("[{}]", many(500_000, &|_| "1".to_owned()))),
        (
            "topology",
            format!(
                r#"{{"streams":[{{"name":"A","description":"","subjects":[{}],"max_messages":1,"max_bytes":1,"max_age_seconds":1,"duplicate_window_seconds":1,"replicas":1}}],"consumers":[],"dead_letters":{{"stream":"A","subject":"a"}},"redrive":{{"subject":"a"}},"advisories":{{"stream":"A"}}}}"#,
                many(80_000, &filter)
            ),
        ),
        (
            "topology consumers",
            format!(
                r#"{{"streams":[],"consumers":[{}],"dead_letters":{{"stream":"A","subject":"a"}},"redrive":{{"subject":"a.{{consumer}}.{{subject}}"}},"advisories":{{"stream":"A"}}}}"#,
                many(4_500, &|at| format!(
                    r#"{{"name":"c{at}","stream":"A","description":"","filter_subjects":["a"],"ack_wait_seconds":1,"attempts":1,"max_deliver":2,"max_ack_pending":1,"deduplication":{{"bucket":"a","max_age_seconds":1}}}}"#
                ))
            ),
        ),
    ]
}

/// The files that are broken, each with its path.
fn originals() -> Vec<(String, String)> {
    let sources = Sources::load(&wr_tests::schemas()).unwrap();
    sources.iter().map(|(_, file)| (file.path.clone(), file.text.clone())).collect()
}

/// A small catalogue: one broken file, the definitions, and an event beside them.
fn broken(originals: &[(String, String)], rng: &mut Rng) -> Vec<(String, String)> {
    let small = ["definitions/1.0.json", "waitingroom.queue.paused.v1/1.0.json"];
    let (path, text) = rng.choice(originals).unwrap();
    let mut files: Vec<(String, String)> = originals
        .iter()
        .filter(|(other, _)| other != path && small.contains(&other.as_str()))
        .cloned()
        .collect();
    let mut text = text.clone();
    for _ in 0..rng.usize(1..4) {
        text = match serde_json::from_str(&text) {
            Ok(value) if rng.u8(..3) > 0 => {
                let mut value: Value = value;
                mutate_json(&mut value, rng);
                serde_json::to_string_pretty(&value).unwrap()
            }
            Ok(_) | Err(_) => mutate_text(&text, rng),
        };
    }
    files.push((path.clone(), text));
    files
}

fn mutate_text(text: &str, rng: &mut Rng) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    if chars.is_empty() {
        return "{}".to_owned();
    }
    let from = rng.usize(..chars.len());
    let to = (from + rng.usize(1..40)).min(chars.len());
    match rng.u8(..6) {
        0 => chars.truncate(from),
        1 => {
            chars[from] =
                *rng.choice(&['"', '{', '}', '[', ']', ',', '\\', '\u{0}', 'é', '9']).unwrap()
        }
        2 => {
            let texts =
                ["\"\\ud83d\\ude00\"", "[[[[", "null", "1e999", "-0", "\u{feff}", "//", "😀"];
            chars.splice(from..from, rng.choice(texts).unwrap().chars());
        }
        3 => drop(chars.drain(from..to)),
        4 => {
            let slice = chars[from..to].to_vec();
            chars.splice(from..from, slice);
        }
        _ => chars.swap(from, to - 1),
    }
    chars.into_iter().collect()
}

fn mutate_json(value: &mut Value, rng: &mut Rng) {
    let pointers = pointers(value);
    let pointer = rng.choice(&pointers).unwrap().clone();
    let other = rng.choice(&pointers).unwrap();
    let other = value.pointer(other).unwrap().clone();
    let target = value.pointer_mut(&pointer).unwrap();
    match rng.u8(..8) {
        0 => drop_one(target, rng),
        1 => *target = garbage(rng),
        2 => *target = json!({ keyword(rng): target.take() }),
        3 => *target = json!([target.take()]),
        4 => *target = other,
        5 => {
            for _ in 0..rng.u8(1..150) {
                *target = json!({"type": "array", "items": target.take()});
            }
        }
        _ => match target {
            Value::Object(members) => {
                for _ in 0..rng.u8(1..4) {
                    members.insert(
                        keyword(rng),
                        if rng.bool() { garbage(rng) } else { other.clone() },
                    );
                }
            }
            Value::Array(items) => items.push(if rng.bool() { garbage(rng) } else { other }),
            _ => *target = garbage(rng),
        },
    }
}

fn drop_one(target: &mut Value, rng: &mut Rng) {
    match target {
        Value::Object(members) if !members.is_empty() => {
            let key = members.keys().nth(rng.usize(..members.len())).unwrap().clone();
            members.remove(&key);
        }
        Value::Array(items) if !items.is_empty() => drop(items.remove(rng.usize(..items.len()))),
        other => *other = Value::Null,
    }
}

fn keyword(rng: &mut Rng) -> String {
    match rng.u8(..8) {
        0 => rng.choice(REFUSED).unwrap().0.to_owned(),
        1 => (*rng
            .choice(["", "$", "/", "~", "é", "requried", "self", "a-b", "\u{0}", "²"].iter())
            .unwrap())
        .to_owned(),
        _ => rng.choice(KEYWORDS).unwrap().name.to_owned(),
    }
}

fn garbage(rng: &mut Rng) -> Value {
    let texts = [
        "",
        "string",
        "null",
        "#/definitions/position_id",
        "#/definitions/note",
        "#",
        "../definitions/1.0.json",
        "../definitions/1.0.json#/definitions/window",
        "waitingroom.>",
        "*",
        ">",
        "{consumer}",
        "^a$",
        "(",
        "^(?=a)$",
        "^(?:(?:a{1000}){1000}){1000}$",
        "^[^\\D]{999}$",
        "\\",
        "^\\d$",
        "[[:x:]]",
        "^(a|)*$",
        "^((a*)*)*$",
        "é",
        "😀",
    ];
    match rng.u8(..12) {
        0 => Value::Null,
        1 => Value::Bool(rng.bool()),
        2 => json!(*rng.choice(&[0_i64, 1, -1, i64::MAX, i64::MIN, 1 << 53]).unwrap()),
        3 => json!(*rng.choice(&[u64::MAX, 1 << 63, 0]).unwrap()),
        4 => json!(*rng.choice(&[0.5, -0.0, 1e308, 1e19, -1e300, 5e-324]).unwrap()),
        5 => json!(*rng.choice(TYPES).unwrap()),
        6 => json!(*rng.choice(TEXT_FORMATS).unwrap()),
        7 => json!(rng.choice(INTEGER_FORMATS).unwrap().0),
        8 => json!([*rng.choice(TYPES).unwrap(), "null"]),
        9 => json!({"$ref": *rng.choice(&texts).unwrap()}),
        10 => {
            json!({"type": *rng.choice(TYPES).unwrap(), keyword(rng): *rng.choice(&texts).unwrap()})
        }
        _ => json!(*rng.choice(&texts).unwrap()),
    }
}

/// The pointers of all values.
fn pointers(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut at = 0;
    while let Some(pointer) = found.get(at).cloned() {
        let keys: Vec<String> = match value.pointer(&pointer) {
            Some(Value::Object(members)) => members.keys().cloned().collect(),
            Some(Value::Array(items)) => (0..items.len()).map(|index| index.to_string()).collect(),
            _ => Vec::new(),
        };
        for key in keys {
            found.push(format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")));
        }
        at += 1;
    }
    found
}
