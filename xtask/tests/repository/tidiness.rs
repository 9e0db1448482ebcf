//! What every file and manifest keeps to.

use super::{dependencies, files, is_generated, manifest, members, read, root};

/// Hand-written files that may be longer than [`MOST_LINES`], each with the reason.
const LONG: &[(&str, &str)] = &[];
const MOST_LINES: usize = 600;

/// Everything at the top of the repository; hidden files are free.
const TOP: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "crates",
    "rust-toolchain.toml",
    "schemas",
    "tests",
    "xtask",
];

/// Rust files that a person wrote, with their texts.
fn rust() -> Vec<(String, String)> {
    let rust = files().into_iter().filter(|path| path.ends_with(".rs"));
    rust.map(|path| (path.clone(), read(&root().join(path))))
        .filter(|(_, text)| !is_generated(text))
        .collect()
}

#[test]
fn every_rust_file_says_what_it_is() {
    for (path, text) in rust() {
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! "),
            "{path}: its first line is no `//!` that says what it is"
        );
    }
}

#[test]
fn no_file_is_too_long_to_be_one_thing() {
    for (path, text) in rust() {
        let listed = LONG.iter().any(|(long, _)| *long == path);
        let lines = text.lines().count();
        assert_eq!(
            lines > MOST_LINES,
            listed,
            "{path} has {lines} lines: above {MOST_LINES} it is split, or listed with a reason"
        );
    }
}

#[test]
fn nothing_is_unfinished_or_silenced() {
    // Written in two parts, so that this file does not find itself.
    let words = [
        concat!("to", "do!"),
        concat!("db", "g!("),
        concat!("unimple", "mented!"),
        concat!("#[ig", "nore"),
        concat!("#[al", "low("),
        concat!("#![al", "low("),
    ];
    for (path, text) in rust() {
        for (number, line) in (1..).zip(text.lines()) {
            for word in words {
                assert!(!line.contains(word), "{path}:{number}: `{word}`");
            }
        }
    }
}

#[test]
fn no_module_is_a_drawer() {
    for path in files() {
        let drawer = path
            .split(['/', '.'])
            .any(|part| ["util", "utils", "helper", "helpers", "common", "misc"].contains(&part));
        assert!(!drawer || !path.ends_with(".rs"), "{path}: name it after what is in it");
    }
}

#[test]
fn versions_stand_in_the_root_manifest_alone() {
    for (folder, manifest) in members() {
        for (_, table) in dependencies(&manifest) {
            for (name, value) in table {
                let inherits = value.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(
                    inherits,
                    Some(true),
                    "{folder}/Cargo.toml: write `{name}.workspace = true`, and the version in the \
                     root manifest"
                );
            }
        }
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        // A package of tests unwraps all over, and may say so in lints of its own.
        assert!(
            lints.is_some() || folder == "tests",
            "{folder}/Cargo.toml: `[lints] workspace = true` is missing"
        );
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let text = read(&root().join("Cargo.toml"));
    let explained: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# ")?.split_once(": "))
        .flat_map(|(names, _)| names.split(", "))
        .collect();
    let manifest = manifest(&root().join("Cargo.toml"));
    for (name, value) in manifest["workspace"]["dependencies"].as_table().unwrap() {
        assert!(
            value.get("path").is_some() || explained.contains(&name.as_str()),
            "Cargo.toml: a line `# {name}: why` is missing above `{name}`"
        );
    }
}

#[test]
fn the_top_is_as_decided() {
    let mut found: Vec<String> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    found.sort();
    assert_eq!(found, TOP);
}

#[test]
fn no_snapshot_waits_for_a_decision() {
    for path in files() {
        let waits = path.ends_with(".snap.new") || path.ends_with(".pending-snap");
        assert!(!waits, "{path}: accept it or remove it");
    }
}

#[test]
fn no_snapshot_outlives_its_test() {
    for path in files().iter().filter(|path| path.ends_with(".snap")) {
        let text = read(&root().join(path));
        let source = text.lines().find_map(|line| line.strip_prefix("source: "));
        let source = source.unwrap_or_else(|| panic!("{path}: names no source"));
        assert!(root().join(source).is_file(), "{path}: its test `{source}` is gone: remove it");
    }
}
