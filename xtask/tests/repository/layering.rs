//! Who may import whom, of our own crates.

use super::{dependencies, manifest, members, root};

/// A crate, what it may import of ours, and what only its tests, examples and benches may.
struct Row {
    name: &'static str,
    may_import: &'static [&'static str],
    tests_may: &'static [&'static str],
}

/// The edge that matters most is the missing one: `xtask` reaches neither `wr-core` nor
/// `wr-events` nor `wr-runtime`, so that `cargo xtask gen` runs when the generated crate does not
/// compile.
const TABLE: &[Row] = &[
    Row { name: "wr-schema", may_import: &[], tests_may: &[] },
    Row { name: "wr-compat", may_import: &["wr-schema"], tests_may: &[] },
    Row { name: "wr-codegen", may_import: &["wr-schema"], tests_may: &[] },
    Row { name: "wr-core", may_import: &[], tests_may: &[] },
    Row { name: "wr-events", may_import: &["wr-core"], tests_may: &[] },
    Row { name: "wr-testkit", may_import: &[], tests_may: &[] },
    Row { name: "wr-runtime", may_import: &["wr-core"], tests_may: &["wr-events", "wr-testkit"] },
    Row { name: "wr-docs", may_import: &["wr-schema", "wr-compat", "wr-codegen"], tests_may: &[] },
    Row {
        name: "wr-cli",
        may_import: &["wr-core", "wr-events", "wr-runtime"],
        tests_may: &["wr-testkit"],
    },
    Row {
        name: "xtask",
        may_import: &["wr-schema", "wr-compat", "wr-codegen", "wr-docs", "wr-testkit"],
        tests_may: &[],
    },
    Row {
        name: "wr-tests",
        may_import: &[
            "wr-schema",
            "wr-compat",
            "wr-codegen",
            "wr-core",
            "wr-events",
            "wr-testkit",
            "wr-runtime",
            "wr-docs",
            "wr-cli",
            "xtask",
        ],
        tests_may: &[],
    },
];

#[test]
fn crates_import_only_what_the_table_allows() {
    let ours = |name: &str| TABLE.iter().any(|row| row.name == name);
    for (folder, manifest) in members() {
        let name = manifest["package"]["name"].as_str().unwrap().to_owned();
        let row = TABLE.iter().find(|row| row.name == name);
        let row = row.unwrap_or_else(|| panic!("{folder}: `{name}` has no row in this table"));
        for (dev, table) in dependencies(&manifest) {
            for (key, value) in table {
                let renamed = value.get("package").and_then(toml::Value::as_str);
                let import = renamed.unwrap_or(&key);
                let allowed =
                    row.may_import.contains(&import) || dev && row.tests_may.contains(&import);
                assert!(
                    allowed || !ours(import),
                    "{folder}/Cargo.toml: `{name}` may not import `{import}`; a new edge is a \
                     change of this table, with its reason"
                );
            }
        }
    }
}

#[test]
fn every_crate_is_a_member() {
    let members: Vec<String> = members().into_iter().map(|(folder, _)| folder).collect();
    for entry in std::fs::read_dir(super::root().join("crates")).unwrap() {
        let path = entry.unwrap().path();
        if path.join("Cargo.toml").is_file() {
            let folder = format!("crates/{}", path.file_name().unwrap().to_string_lossy());
            assert!(members.contains(&folder), "`{folder}` is no member of the workspace");
        }
    }
}

/// What they are built with would change what a byte string means in every test of the workspace.
#[test]
fn the_oracles_stand_outside_the_workspace() {
    let (ours, oracles) =
        (manifest(&root().join("Cargo.toml")), manifest(&root().join("tests/oracles/Cargo.toml")));
    let excluded = ours["workspace"]["exclude"].as_array().unwrap();
    assert!(excluded.iter().any(|folder| folder.as_str() == Some("tests/oracles")));
    assert!(oracles.contains_key("workspace"));
    for (_, table) in dependencies(&oracles) {
        for (name, value) in table {
            assert!(value.get("path").is_none(), "`{name}`: ask our checker through its process");
        }
    }
    assert_eq!(
        oracles["dependencies"]["jsonschema"]["version"],
        ours["workspace"]["dependencies"]["jsonschema"]["version"],
        "documents are judged by the same validator"
    );
}
