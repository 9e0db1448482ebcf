//! The checker over the repository's histories, over a thousand pairs of events, and over schemas
//! as large as any: how long.
//!
//! `cargo bench -p wr-compat --bench speed` prints times, and fails where a target is missed. What
//! counts is the processor's time, where the system tells it, as a busy machine changes that little.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use wr_compat::{Mode, Verdict, direction};
use wr_schema::json::{FileId, Node, parse};
use wr_schema::{Catalog, Sources};

fn main() -> ExitCode {
    // `cargo test --benches` only asks whether it runs.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let events = if is_bench { 1_000 } else { 20 };
    let mut met = report("the repository", Duration::from_millis(100), &repository());
    met &= report(&format!("{events} pairs of events"), Duration::from_secs(1), &thousand(events));
    for (name, old, new) in large() {
        met &= report(name, Duration::from_secs(1), &[(node(&old), node(&new))]);
    }
    if met || !is_bench { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs both directions of all pairs; whether they took no longer than they may.
fn report(name: &str, target: Duration, pairs: &[(Node, Node)]) -> bool {
    let begin = Begin::now();
    let mut counts = [0_u32; 3];
    let mut why = String::new();
    for (old, new) in pairs {
        for verdict in [direction(old, new, Mode::Languages), direction(new, old, Mode::Languages)]
        {
            let at = match verdict {
                Verdict::Compatible => 0,
                Verdict::Breaking(_) => 1,
                Verdict::Unproven(reason) => {
                    why = reason;
                    2
                }
            };
            if let Some(count) = counts.get_mut(at) {
                *count += 1;
            }
        }
    }
    let (wall, spent) = begin.elapsed();
    let took = spent.unwrap_or(wall);
    let [compatible, breaking, unproven] = counts;
    let spent = spent.map_or("      -".to_owned(), |spent| format!("{:>7}", spent.as_millis()));
    println!(
        "{name:>28} {spent} ms of {:>5}, {:>7.1} ms by the clock  {compatible} compatible, \
         {breaking} breaking, {unproven} unproven {why}",
        target.as_millis(),
        wall.as_secs_f64() * 1e3,
    );
    took <= target
}

/// When something began.
struct Begin {
    wall: Instant,
    spent: Option<Duration>,
}

impl Begin {
    fn now() -> Begin {
        Begin { wall: Instant::now(), spent: processor_time() }
    }

    /// How long it took by the clock, and how much of the processors' time, of all threads.
    fn elapsed(&self) -> (Duration, Option<Duration>) {
        let spent = processor_time().zip(self.spent).map(|(now, then)| now.saturating_sub(then));
        (self.wall.elapsed(), spent)
    }
}

/// What this process has had of processors, in steps of 10 ms; none where the system does not tell.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may hold anything: the state is the third field of proc_pid_stat(5),
    // `utime` and `stime` are the fourteenth and the fifteenth, in ticks of which a second has 100.
    let (_, fields) = text.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some(Duration::from_millis(10 * (user + system)))
}

fn node(schema: &Value) -> Node {
    let text = schema.to_string();
    parse(FileId(0), &text).unwrap_or_else(|_| unreachable(&text))
}

fn unreachable(text: &str) -> Node {
    eprintln!("error: no JSON: {text}");
    std::process::exit(1)
}

/// All pairs of minors of the repository's subjects; a subject of one minor is held to itself.
fn repository() -> Vec<(Node, Node)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let Ok(sources) = Sources::load(&folder) else { return Vec::new() };
    let subjects = Catalog::build(&sources).map(|catalog| catalog.subjects).unwrap_or_default();
    let mut pairs = Vec::new();
    for history in subjects {
        for (at, old) in history.minors.iter().enumerate() {
            let first = at + usize::from(history.minors.len() > 1);
            let newer = history.minors.get(first..).unwrap_or_default();
            pairs.extend(newer.iter().map(|new| (old.schema.clone(), new.schema.clone())));
        }
    }
    pairs
}

/// Events, each with an optional property more, and some with a bound moved.
fn thousand(count: usize) -> Vec<(Node, Node)> {
    (0..count)
        .map(|number| {
            let old = event(number);
            let mut new = old.clone();
            if let Some(Value::Object(properties)) = new.get_mut("properties") {
                properties.insert("more".to_owned(), json!({ "type": "string", "maxLength": 9 }));
                if number % 3 == 0 {
                    properties
                        .insert("id".to_owned(), json!({ "type": "string", "maxLength": 64 }));
                }
            }
            (node(&old), node(&new))
        })
        .collect()
}

fn event(number: usize) -> Value {
    let mut properties = Map::new();
    properties.insert("id".to_owned(), json!({ "type": "string", "maxLength": 128 }));
    let mut required = vec![json!("id")];
    for field in 0..6 + number % 9 {
        let name = format!("field_{field}");
        let schema = match (number + field) % 7 {
            0 => json!({ "type": "string", "pattern": "^[a-z0-9-]{1,64}$" }),
            1 => json!({ "type": "integer", "minimum": 0, "maximum": 1000 }),
            2 => json!({ "type": "string", "enum": ["one", "two", "three"] }),
            3 => json!({ "type": "string", "format": "date-time" }),
            4 => json!({ "type": "array", "maxItems": 9, "items": { "type": "number" } }),
            5 => json!({ "type": "object", "required": ["x"], "properties": {
                "x": { "type": "boolean" }, "y": { "type": "string", "maxLength": 40 } } }),
            _ => json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
        };
        if field % 2 == 0 {
            required.push(json!(name));
        }
        properties.insert(name, schema);
    }
    json!({ "type": "object", "required": required, "properties": properties })
}

/// Schemas of hundreds of definitions, as editors and clusters use them.
fn large() -> Vec<(&'static str, Value, Value)> {
    let with = |schema: &Value, pointer: &str, key: &str, value: Value| {
        let mut schema = schema.clone();
        if let Some(Value::Object(members)) = schema.pointer_mut(pointer) {
            members.insert(key.to_owned(), value);
        }
        schema
    };
    let cluster = cluster(400);
    let manifest = manifest();
    let api = api();
    let workflow = workflow();
    let string = || json!({ "type": "string" });
    vec![
        ("a cluster, the same", cluster.clone(), cluster.clone()),
        (
            "a cluster, a property more",
            cluster.clone(),
            with(&cluster, "/definitions/kind399/properties", "more", string()),
        ),
        (
            "a cluster, a type changed",
            cluster.clone(),
            with(&cluster, "/definitions/kind399/properties", "name", json!({ "type": "integer" })),
        ),
        ("a manifest, the same", manifest.clone(), manifest.clone()),
        (
            "a manifest, a property more",
            manifest.clone(),
            with(&manifest, "/properties", "more", string()),
        ),
        (
            "a manifest, a pattern",
            manifest.clone(),
            with(&manifest, "/properties/name", "pattern", json!("^[a-z][a-z0-9-]*$")),
        ),
        ("an API, the same", api.clone(), api.clone()),
        (
            "an API, a property more",
            api.clone(),
            with(&api, "/definitions/operation/properties", "more", string()),
        ),
        ("a workflow, the same", workflow.clone(), workflow.clone()),
        (
            "a workflow, an event more",
            workflow.clone(),
            with(
                &workflow,
                "/definitions/events/properties",
                "more",
                json!({ "$ref": "#/definitions/filter" }),
            ),
        ),
        (
            "a workflow, a branch less",
            workflow.clone(),
            with(&workflow, "/properties/on", "oneOf", json!([{ "$ref": "#/definitions/event" }])),
        ),
    ]
}

/// Definitions that refer to each other, each with a tag, in one large union.
fn cluster(count: usize) -> Value {
    let mut definitions = Map::new();
    for number in 0..count {
        let next = |step: usize| json!({ "$ref": format!("#/definitions/kind{}", (number + step) % count) });
        definitions.insert(
            format!("kind{number}"),
            json!({
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": { "const": format!("Kind{number}") },
                    "name": { "type": ["string", "null"] },
                    "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                    "next": next(1), "after": next(7),
                    "items": { "type": "array", "items": next(31) },
                    "port": { "oneOf": [{ "type": "string" }, { "type": "integer" }] },
                    "time": { "type": "string", "format": "date-time" }
                },
                "additionalProperties": false
            }),
        );
    }
    let all: Vec<Value> =
        (0..count).map(|n| json!({ "$ref": format!("#/definitions/kind{n}") })).collect();
    json!({ "$schema": "http://json-schema.org/draft-07/schema#", "oneOf": all, "definitions": definitions })
}

fn manifest() -> Value {
    let mut properties = Map::new();
    for number in 0..80 {
        properties.insert(
            format!("field{number}"),
            match number % 5 {
                0 => json!({ "anyOf": [{ "type": "string" }, { "$ref": "#/definitions/person" }] }),
                1 => json!({ "type": "object", "patternProperties": { "^[a-z]": { "$ref": "#/definitions/bundle" } } }),
                2 => json!({ "oneOf": [{ "type": "string", "format": "uri" }, { "type": "object", "properties": { "url": { "type": "string", "format": "uri" } } }, { "enum": [false] }] }),
                3 => json!({ "allOf": [{ "$ref": "#/definitions/bundle" }] }),
                _ => json!({ "type": ["array", "boolean"], "items": { "type": "string" } }),
            },
        );
    }
    properties.insert("name".to_owned(), json!({ "type": "string", "maxLength": 214, "minLength": 1,
        "pattern": "^(?:(?:@(?:[a-z0-9-*~][a-z0-9-*._~]*)?/[a-z0-9-._~])|[a-z0-9-~])[a-z0-9-._~]*$" }));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "patternProperties": { "^_": { "description": "private" } },
        "properties": properties,
        "anyOf": [{ "type": "object", "not": { "required": ["field0"] } }, { "required": ["name"] }],
        "definitions": {
            "person": { "type": ["object", "string"], "required": ["name"], "properties": {
                "name": { "type": "string" }, "url": { "type": "string", "format": "uri" },
                "email": { "type": "string", "format": "email" } } },
            "bundle": { "type": "object", "additionalProperties": { "type": "string" } }
        }
    })
}

fn api() -> Value {
    let reference = |name: &str| json!({ "oneOf": [{ "$ref": format!("#/definitions/{name}") }, { "$ref": "#/definitions/reference" }] });
    let map = |name: &str| json!({ "type": "object", "patternProperties": { "^[a-zA-Z0-9\\.\\-_]+$": reference(name) } });
    let part = |properties: Value, required: Value| {
        json!({ "type": "object", "required": required, "properties": properties,
            "patternProperties": { "^x-": {} }, "additionalProperties": false })
    };
    json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "required": ["openapi", "info", "paths"],
        "properties": {
            "openapi": { "type": "string", "pattern": "^3\\.0\\.\\d(-.+)?$" },
            "info": part(json!({ "title": { "type": "string" }, "version": { "type": "string" } }), json!(["title", "version"])),
            "paths": { "type": "object", "patternProperties": { "^\\/": { "$ref": "#/definitions/path" }, "^x-": {} }, "additionalProperties": false },
            "components": part(json!({ "schemas": map("schema"), "parameters": map("parameter") }), json!(["schemas"]))
        },
        "patternProperties": { "^x-": {} },
        "additionalProperties": false,
        "definitions": {
            "reference": { "type": "object", "required": ["$ref"], "patternProperties": { "^\\$ref$": { "type": "string", "format": "uri-reference" } } },
            "path": { "type": "object", "properties": { "summary": { "type": "string" } },
                "patternProperties": { "^(get|put|post|delete)$": { "$ref": "#/definitions/operation" }, "^x-": {} }, "additionalProperties": false },
            "operation": part(json!({ "tags": { "type": "array", "items": { "type": "string" } },
                "parameters": { "type": "array", "items": reference("parameter"), "uniqueItems": true },
                "deprecated": { "type": "boolean", "default": false } }), json!(["tags"])),
            "parameter": {
                "type": "object", "required": ["name", "in"],
                "properties": { "name": { "type": "string" }, "in": { "type": "string" }, "required": { "type": "boolean" },
                    "schema": reference("schema"), "content": { "type": "object", "maxProperties": 1, "minProperties": 1 }, "example": {}, "examples": {} },
                "patternProperties": { "^x-": {} }, "additionalProperties": false,
                "allOf": [
                    { "not": { "required": ["example", "examples"] } },
                    { "oneOf": [{ "required": ["schema"] }, { "required": ["content"], "not": { "anyOf": [{ "required": ["example"] }, { "required": ["examples"] }] } }] },
                    { "oneOf": [{ "required": ["required"], "properties": { "in": { "enum": ["path"] }, "required": { "enum": [true] } } }, { "properties": { "in": { "enum": ["query"] } } }, { "properties": { "in": { "enum": ["header"] } } }] }
                ]
            },
            "schema": part(json!({
                "multipleOf": { "type": "number", "minimum": 0, "exclusiveMinimum": true },
                "maxLength": { "type": "integer", "minimum": 0 }, "pattern": { "type": "string", "format": "regex" },
                "required": { "type": "array", "items": { "type": "string" }, "minItems": 1, "uniqueItems": true },
                "enum": { "type": "array", "items": {}, "minItems": 1, "uniqueItems": false },
                "not": reference("schema"), "allOf": { "type": "array", "items": reference("schema") },
                "properties": { "type": "object", "additionalProperties": reference("schema") },
                "additionalProperties": { "oneOf": [reference("schema"), { "type": "boolean" }] } }), json!([]))
                .as_object().map(|members| { let mut members = members.clone(); members.remove("required"); Value::Object(members) }).unwrap_or_default()
        }
    })
}

fn workflow() -> Value {
    let names: Vec<String> = (0..35).map(|number| format!("event{number}")).collect();
    let events: Map<String, Value> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let types: Vec<String> = (0..number % 6 + 1).map(|n| format!("type{n}")).collect();
            (name.clone(), json!({ "$comment": "x", "$ref": "#/definitions/filter", "properties": { "types": { "type": "array", "items": { "enum": types } } } }))
        })
        .collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": ["on", "jobs"],
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string" },
            "on": { "oneOf": [
                { "$ref": "#/definitions/event" },
                { "type": "array", "items": { "$ref": "#/definitions/event" }, "minItems": 1 },
                { "$ref": "#/definitions/events" }
            ] },
            "jobs": { "type": "object", "minProperties": 1, "additionalProperties": false,
                "patternProperties": { "^[_a-zA-Z][a-zA-Z0-9_-]*$": { "oneOf": [{ "$ref": "#/definitions/job" }, { "$ref": "#/definitions/call" }] } } }
        },
        "definitions": {
            "event": { "type": "string", "enum": names },
            "events": { "type": "object", "properties": events, "additionalProperties": false },
            "filter": { "oneOf": [{ "type": "null" }, {
                "type": "object",
                "properties": { "branches": { "type": "array", "items": { "type": "string" } }, "branches-ignore": { "type": "array", "items": { "type": "string" } } },
                "patternProperties": { "^(types|paths)(-ignore)?$": { "type": "array" } },
                "additionalProperties": false,
                "allOf": [{ "not": { "required": ["branches", "branches-ignore"] } }]
            }] },
            "text": { "type": "string", "pattern": "^\\$\\{\\{(.|[\r\n])*\\}\\}$" },
            "job": { "type": "object", "required": ["runs-on"], "additionalProperties": false, "properties": {
                "runs-on": { "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }, { "$ref": "#/definitions/text" }] },
                "needs": { "oneOf": [{ "type": "array", "items": { "type": "string" }, "minItems": 1 }, { "type": "string" }] },
                "if": { "type": ["boolean", "number", "string"] },
                "steps": { "type": "array", "minItems": 1, "items": { "allOf": [
                    { "oneOf": [{ "type": "object", "properties": { "uses": { "type": "string" } }, "required": ["uses"] }, { "type": "object", "properties": { "run": { "type": "string" } }, "required": ["run"] }] },
                    { "type": "object", "dependencies": { "working-directory": ["run"], "shell": ["run"] }, "properties": {
                        "id": { "type": "string" }, "uses": { "type": "string" }, "run": { "type": "string" }, "shell": { "type": "string" }, "working-directory": { "type": "string" },
                        "timeout": { "oneOf": [{ "type": "number" }, { "$ref": "#/definitions/text" }] } }, "additionalProperties": false }
                ] } },
                "strategy": { "type": "object", "required": ["matrix"], "properties": { "matrix": { "oneOf": [{ "type": "object", "minProperties": 1, "patternProperties": { "^(in|ex)clude$": { "type": "array" } }, "additionalProperties": { "type": "array", "minItems": 1 } }, { "$ref": "#/definitions/text" }] } } }
            } },
            "call": { "type": "object", "required": ["uses"], "additionalProperties": false, "properties": {
                "uses": { "type": "string", "pattern": "^(.+\\/)+(.+)\\.(ya?ml)(@.+)?$" }, "with": { "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } } } }
        }
    })
}
