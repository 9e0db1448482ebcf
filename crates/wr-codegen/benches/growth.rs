//! Lint and generator over a synthetic catalogue: how long, and whether the growth is linear.
//!
//! `cargo bench -p wr-codegen --bench growth` runs every size in turn, several times over. It prints
//! medians, and compares the fastest runs, which other work on the machine hardly touches: it fails
//! where a subject of the largest catalogue costs over half as much again as one of the smallest.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use wr_codegen::{Options, generate};
use wr_schema::draft::Draft;
use wr_schema::lint::lint;
use wr_schema::{Catalog, Sources};

const SIZES: [usize; 4] = [125, 250, 500, 1000];
const REPETITIONS: usize = 5;

/// What a subject of the largest catalogue may cost, in subjects of the smallest.
const LIMIT: f64 = 1.5;

/// The steps that are measured.
const STEPS: [&str; 2] = ["parse and lint", "generate"];

fn main() -> ExitCode {
    // `cargo test --benches` only asks whether it runs.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (sizes, repetitions) = if is_bench { (&SIZES[..], REPETITIONS) } else { (&SIZES[..1], 1) };
    let catalogues: Vec<Sources> = sizes.iter().map(|size| synthetic(*size)).collect();
    let mut times = vec![[const { Vec::new() }; STEPS.len()]; sizes.len()];
    for _ in 0..repetitions {
        for (sources, times) in catalogues.iter().zip(&mut times) {
            match measure(sources) {
                Ok(measured) => {
                    times.iter_mut().zip(measured).for_each(|(all, one)| all.push(one));
                }
                Err(reason) => {
                    eprintln!("error: {reason}");
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    report(sizes, &mut times)
}

/// The time of each step.
fn measure(sources: &Sources) -> Result<[Duration; STEPS.len()], String> {
    let begin = Instant::now();
    let draft = Draft::of(sources);
    let findings = lint(&draft);
    let linted = begin.elapsed();
    if let Some(finding) = findings.first() {
        return Err(format!("the synthetic catalogue is not clean: {finding:?}"));
    }
    let catalog = Catalog::build(sources).map_err(|_| "not clean".to_owned())?;
    let begin = Instant::now();
    let files = generate(&catalog, &Options::default()).map_err(|error| error.to_string())?;
    let generated = begin.elapsed();
    if files.len() < sources.iter().count() {
        return Err(format!("{} files for {} schemas", files.len(), sources.iter().count()));
    }
    Ok([linted, generated])
}

fn report(sizes: &[usize], times: &mut [[Vec<Duration>; STEPS.len()]]) -> ExitCode {
    let mut is_linear = true;
    println!("{:>8}  {:>14}  {:>10}  {:>14}", "subjects", "step", "median", "fastest, a subject");
    for (step, name) in STEPS.iter().enumerate() {
        let mut first = None;
        for (size, times) in sizes.iter().zip(times.iter_mut()) {
            let Some(all) = times.get_mut(step) else { continue };
            all.sort_unstable();
            let Some(median) = all.get(all.len() / 2) else { continue };
            let Some(fastest) = all.first() else { continue };
            let each = fastest.as_secs_f64() / *size as f64;
            let ratio = each / *first.get_or_insert(each);
            is_linear &= ratio <= LIMIT;
            println!(
                "{size:>8}  {name:>14}  {:>7.1} ms  {:>7.1} µs, {ratio:.2} of the first",
                median.as_secs_f64() * 1e3,
                each * 1e6,
            );
        }
    }
    if is_linear {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: the growth is not linear: a subject may cost {LIMIT} of the first at most");
    ExitCode::FAILURE
}

/// A catalogue of so many subjects, of the size and variety of real events.
fn synthetic(subjects: usize) -> Sources {
    let mut texts = vec![("definitions/1.0.json".to_owned(), DEFINITIONS.to_owned())];
    for number in 0..subjects {
        let folder = format!("bench.entity{}.action{number}.v1", number % 40);
        texts.push((format!("{folder}/1.0.json"), event(number)));
    }
    Sources::from_texts(texts)
}

const DEFINITIONS: &str = r##"{
  "title": "DefinitionsV1",
  "description": "What the events share.",
  "definitions": {
    "id": {"description": "An id.", "type": "string", "minLength": 1, "maxLength": 128},
    "count": {"description": "A count.", "type": "integer", "format": "int64", "minimum": 0},
    "change": {
      "description": "A change.", "type": "object", "required": ["old", "new"],
      "properties": {"old": {"description": "Before."}, "new": {"description": "After."}}
    }
  }
}"##;

fn event(number: usize) -> String {
    let mut properties = String::new();
    let mut required = vec!["\"id\"".to_owned()];
    let mut example = "\"id\": \"x\"".to_owned();
    for field in 0..4 + number % 9 {
        let name = format!("field_{field}");
        let (schema, value) = match (number + field) % 7 {
            0 => (r#""type": "string", "pattern": "^[a-z0-9-]{1,64}$""#, "\"abc\""),
            1 => (r#""type": "integer", "minimum": 0, "maximum": 1000"#, "7"),
            2 => (r#""type": "string", "enum": ["one", "two", "three"]"#, "\"two\""),
            3 => (r#""type": "string", "format": "date-time""#, "\"2024-01-01T12:00:00Z\""),
            4 => (
                r#""type": "array", "maxItems": 9, "items": {"type": "number", "minimum": 0}"#,
                "[1, 2.5]",
            ),
            5 => (
                r#""type": "object", "required": ["x"], "properties": {
                    "x": {"description": "An x.", "type": "boolean"},
                    "y": {"description": "A y.", "type": "string", "maxLength": 40}}"#,
                "{\"x\": true}",
            ),
            _ => (
                r##""type": "object", "additionalProperties":
                    {"$ref": "../definitions/1.0.json#/definitions/change"}"##,
                "{\"a\": {\"old\": 1, \"new\": null}}",
            ),
        };
        let _ = write!(
            properties,
            ", \"{name}\": {{\"description\": \"Field {field} of event {number}.\", {schema}}}"
        );
        if field % 2 == 0 {
            required.push(format!("\"{name}\""));
        }
        let _ = write!(example, ", \"{name}\": {value}");
    }
    let required = required.join(", ");
    format!(
        r##"{{
  "description": "Event {number} of the synthetic catalogue.",
  "type": "object",
  "required": [{required}],
  "properties": {{
    "id": {{"$ref": "../definitions/1.0.json#/definitions/id"}}{properties}
  }},
  "examples": [{{{example}}}, {{{example}}}]
}}"##
    )
}
