//! typify's own types of the measured messages, from their published writer languages without
//! `additionalProperties: false`: who reads with plain typify ignores what they do not know.

use std::path::Path;
use std::{env, fs};

use serde_json::Value;
use typify::{TypeSpace, TypeSpaceSettings};

/// A module's name, and the contract that it is generated from.
const MESSAGES: [(&str, &str); 3] = [
    ("enqueued", "waitingroom.position.enqueued.v1/1.1"),
    ("heartbeat", "waitingroom.position.heartbeat.v1/1.0"),
    ("updated", "waitingroom.queue.updated.v1/1.0"),
];

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let mut text = String::new();
    for (module, contract) in MESSAGES {
        let path = format!("../../crates/wr-events/contracts/{contract}.writer.json");
        println!("cargo::rerun-if-changed={path}");
        let schema = fs::read_to_string(&path).expect("the contract is there");
        let mut schema: Value = serde_json::from_str(&schema).expect("a contract is JSON");
        open(&mut schema);
        schema["title"] = "Message".into();
        let schema: schemars::schema::RootSchema =
            serde_json::from_value(schema).expect("a contract is a schema");
        let mut types = TypeSpace::new(&TypeSpaceSettings::default());
        types.add_root_schema(schema).expect("typify takes the contract");
        let file = syn::parse2(types.to_stream()).expect("typify writes Rust");
        text += &format!("pub mod {module} {{\n{}}}\n", prettyplease::unparse(&file));
    }
    fs::write(Path::new(&out).join("typify.rs"), text).expect("cargo's folder can be written to");
    println!("cargo::rerun-if-changed=build.rs");
}

fn open(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|name, value| name != "additionalProperties" || value.is_object());
            members.values_mut().for_each(open);
        }
        Value::Array(items) => items.iter_mut().for_each(open),
        _ => {}
    }
}
