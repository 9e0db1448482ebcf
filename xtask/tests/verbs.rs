//! The verbs as a user calls them: exit codes, what is written and what is not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use xtask::Exit;

/// What a verb did.
struct Done {
    exit: Exit,
    out: String,
    err: String,
}

/// Runs a verb, with `{}` in its arguments standing for a folder.
fn xtask(folder: &Path, args: &str) -> Done {
    let folder = folder.to_str().unwrap();
    let args = std::iter::once("xtask".to_owned())
        .chain(args.split_whitespace().map(|arg| arg.replace("{}", folder)));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = xtask::run(args, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { exit, out: text(out), err: text(err) }
}

fn folder() -> (TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let schemas = temp.path().join("schemas");
    (temp, schemas)
}

#[test]
fn help_is_no_failure_and_a_misspelt_verb_is_one() {
    let (_temp, at) = folder();
    for args in [
        "--help",
        "lint --help",
        "compat --help",
        "diff --help",
        "explain --help",
        "new --help",
        "new event --help",
        "gen --help",
        "docs --help",
        "fuzz --help",
        "interop --help",
        "demo --help",
        "bench --help",
    ] {
        let done = xtask(&at, args);
        assert_eq!(done.exit, Exit::Clean, "{args}");
        assert!(done.out.contains("cargo xtask") && done.err.is_empty(), "{args}: {}", done.out);
        assert!(args == "--help" || done.out.contains("Example"), "{args}: {}", done.out);
    }
    for args in [
        "",
        "lnt",
        "lint --fromat json",
        "lint --format xml",
        "new event",
        "compat a.json",
        "compat a b --against c",
        "compat --pairs a b c",
        "compat --raw",
        "compat --against a --no-against",
        "compat a b --schemas c",
        "compat --pairs a --format text",
        "diff a 1.0",
        "demo --events few",
        "demo --events 99",
        "bench --only everything",
        "bench --launches 0",
        "bench --update",
        "bench --instructions --only codec",
    ] {
        let done = xtask(&at, args);
        assert_eq!(done.exit, Exit::Usage, "{args}");
        assert!(done.out.is_empty() && !done.err.is_empty(), "{args}");
    }
}

#[test]
fn explain_knows_every_rule_and_guesses_the_others() {
    let (_temp, at) = folder();
    let table = xtask(&at, "explain");
    assert_eq!(table.exit, Exit::Clean);
    for line in table.out.lines().filter(|line| line.starts_with("  ")) {
        let id = line.split_whitespace().next().unwrap();
        let page = xtask(&at, &format!("explain {id}"));
        assert_eq!(page.exit, Exit::Clean);
        assert!(page.out.starts_with(&format!("{id}\n\n")), "{}", page.out);
    }
    let unknown = xtask(&at, "explain duplicate_keys");
    assert_eq!(unknown.exit, Exit::Usage);
    assert!(unknown.err.contains("`duplicate_key`"), "{}", unknown.err);
}

#[test]
fn lint_of_no_folder_says_what_to_do() {
    let (_temp, at) = folder();
    let done = xtask(&at, "lint --schemas {}");
    assert_eq!(done.exit, Exit::Failed);
    assert!(done.err.contains(at.to_str().unwrap()), "{}", done.err);
    assert!(done.err.contains("cargo xtask new event"), "{}", done.err);
}

#[test]
fn lint_finds_and_its_paths_are_as_typed() {
    let (_temp, at) = folder();
    xtask(&at, "new event shop.cart.opened --schemas {}");
    assert_eq!(xtask(&at, "lint --schemas {}").exit, Exit::Clean);
    let file = at.join("shop.cart.opened.v1/1.0.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"required\"", "\"not\"")).unwrap();
    for format in ["text", "json", "github", "sarif"] {
        let done = xtask(&at, &format!("lint --schemas {{}} --format {format}"));
        assert_eq!(done.exit, Exit::Findings, "{format}");
        assert!(done.out.contains("shop.cart.opened.v1/1.0.json"), "{}", done.out);
        assert!(done.err.is_empty(), "{}", done.err);
    }
    let slash = xtask(&at, "lint --schemas {}/");
    assert!(slash.out.contains(&format!("--> {}:", file.display())), "{}", slash.out);
}

#[test]
fn new_files_are_written_once_and_lint_clean() {
    let (_temp, at) = folder();
    let steps = [
        ("new event shop.cart.opened", "shop.cart.opened.v1/1.0.json"),
        ("new event cart.closed", "shop.cart.closed.v1/1.0.json"),
        ("new minor cart.opened", "shop.cart.opened.v1/1.1.json"),
        ("new major cart.opened", "shop.cart.opened.v2/2.0.json"),
        ("new minor cart.opened --major 1", "shop.cart.opened.v1/1.2.json"),
    ];
    for (args, path) in steps {
        let done = xtask(&at, &format!("{args} --schemas {{}}"));
        assert_eq!(done.exit, Exit::Clean, "{}", done.err);
        assert!(
            done.out.starts_with(&format!("wrote {}", at.join(path).display())),
            "{}",
            done.out
        );
        assert!(at.join(path).is_file(), "{path}");
        let lint = xtask(&at, "lint --schemas {}");
        assert_eq!(lint.exit, Exit::Clean, "{args}\n{}", lint.out);
    }
}

#[test]
fn new_refuses_with_the_command_that_helps() {
    let (_temp, at) = folder();
    xtask(&at, "new event shop.cart.opened --schemas {}");
    for (args, help) in [
        ("new event bank.account.opened", "--schemas DIR"),
        ("new event cart.opened", "cargo xtask new minor cart.opened"),
        ("new event Cart.opened", "domain, entity, action"),
        ("new event cart.closed.v2", "leave the major out"),
        ("new minor cart.openned", "did you mean `cart.opened`?"),
        ("new major cart.opened.v3", "leave the major out"),
    ] {
        let done = xtask(&at, &format!("{args} --schemas {{}}"));
        assert_eq!(done.exit, Exit::Usage, "{args}");
        assert!(done.err.contains(help), "{args}: {}", done.err);
    }
    assert_eq!(fs::read_dir(&at).unwrap().count(), 1);
}

#[test]
fn new_overwrites_nothing() {
    let (_temp, at) = folder();
    xtask(&at, "new event shop.cart.opened --schemas {}");
    // No text, so the catalogue does not see it.
    let next = at.join("shop.cart.opened.v1/1.1.json");
    fs::write(&next, [0xff]).unwrap();
    let done = xtask(&at, "new minor cart.opened --schemas {}");
    assert_eq!(done.exit, Exit::Failed);
    assert!(done.err.contains("not overwritten"), "{}", done.err);
    assert_eq!(fs::read(&next).unwrap(), [0xff]);
}

#[test]
fn new_says_where_the_subject_has_to_be_added() {
    let (_temp, at) = folder();
    fs::create_dir(&at).unwrap();
    fs::write(at.join("topology.json"), "{}").unwrap();
    let done = xtask(&at, "new event shop.cart.opened --schemas {}");
    let step = "add `shop.cart.opened.v1` to exactly one stream of";
    assert!(done.out.contains(step), "{}", done.out);
    let done = xtask(&at, "new minor cart.opened --schemas {}");
    assert!(!done.out.contains("topology"), "{}", done.out);
}

/// A catalogue of one event, and the folder of its crate.
fn shop() -> (TempDir, PathBuf, PathBuf) {
    let (temp, schemas) = folder();
    xtask(&schemas, "new event shop.cart.opened --schemas {}");
    let crate_folder = temp.path().join("shop-events");
    (temp, schemas, crate_folder)
}

const GEN: &str = "gen --schemas {}/schemas --out {}/shop-events";

/// Every file below a folder with its text.
fn texts(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(self::texts(&path));
        } else {
            texts.push((path.clone(), fs::read_to_string(path).unwrap()));
        }
    }
    texts.sort();
    texts
}

#[test]
fn gen_writes_once_and_then_is_fresh() {
    let (temp, _, out) = shop();
    let at = temp.path();
    let stale = xtask(at, &format!("{GEN} --check"));
    assert_eq!(stale.exit, Exit::Stale);
    let repair = format!("mend with `cargo xtask {}`", GEN.replace("{}", at.to_str().unwrap()));
    assert!(stale.out.contains(&repair), "{}", stale.out);
    assert!(!out.exists());

    let first = xtask(at, GEN);
    assert_eq!(first.exit, Exit::Clean, "{}", first.err);
    assert!(first.out.is_empty(), "{}", first.out);
    let written = texts(at);
    let again = xtask(at, GEN);
    assert!(again.err.contains("0 files written, 0 removed"), "{}", again.err);
    assert_eq!(xtask(at, &format!("{GEN} --check")).exit, Exit::Clean);
    assert_eq!(texts(at), written);
}

#[test]
fn gen_removes_what_no_schema_asks_for() {
    let (temp, schemas, out) = shop();
    let at = temp.path();
    xtask(at, GEN);
    let without = texts(&out);
    xtask(&schemas, "new event user.renamed --schemas {}");
    xtask(at, GEN);
    assert!(texts(&out).len() > without.len());
    fs::remove_dir_all(schemas.join("shop.user.renamed.v1")).unwrap();
    xtask(at, GEN);
    assert_eq!(texts(&out), without);
}

#[test]
fn gen_mends_generated_files_and_stops_at_others() {
    let (temp, _, out) = shop();
    let at = temp.path();
    xtask(at, GEN);
    let library = out.join("src/lib.rs");
    let text = fs::read_to_string(&library).unwrap();
    fs::write(&library, format!("{text}syntax error")).unwrap();
    assert_eq!(xtask(at, GEN).exit, Exit::Clean);
    assert_eq!(fs::read_to_string(&library).unwrap(), text);

    fs::write(out.join("src/mine.rs"), "by hand").unwrap();
    fs::write(&library, "damaged").unwrap();
    let before = texts(at);
    let done = xtask(at, GEN);
    assert_eq!(done.exit, Exit::Failed);
    assert!(done.err.contains("src/mine.rs") && done.err.contains("src/lib.rs"), "{}", done.err);
    assert_eq!(texts(at), before);
}

#[test]
fn gen_of_a_catalogue_with_findings_shows_them() {
    let (temp, schemas, out) = shop();
    fs::write(schemas.join("shop.cart.opened.v1/1.1.json"), "{").unwrap();
    let done = xtask(temp.path(), GEN);
    assert_eq!(done.exit, Exit::Findings);
    assert!(done.out.contains("error[invalid_json]"), "{}", done.out);
    assert!(!out.exists());
}

#[test]
fn gen_of_other_schemas_does_not_touch_this_workspace() {
    let (_temp, schemas, _) = shop();
    let done = xtask(&schemas, "gen --schemas {}");
    assert_eq!(done.exit, Exit::Usage);
    assert!(done.err.contains("--out DIR"), "{}", done.err);
}

#[test]
fn docs_are_written_and_checked_and_live_beside_what_gen_writes() {
    let (temp, at) = folder();
    for args in [
        "new event shop.cart.opened --schemas {}",
        "gen --schemas {} --out {}/../crate",
        "docs --schemas {} --out {}/../site",
    ] {
        assert_eq!(xtask(&at, args).exit, Exit::Clean, "{args}");
    }
    let page = temp.path().join("site/events/cart.opened.html");
    let document = at.join("generated/asyncapi.json");
    assert!(page.is_file() && document.is_file());

    // Neither verb touches what the other wrote.
    let check = "docs --schemas {} --check";
    for args in ["gen --schemas {} --out {}/../crate", check, "docs --schemas {} --out {}/../site"]
    {
        assert_eq!(xtask(&at, args).exit, Exit::Clean, "{args}");
    }
    assert!(document.is_file() && at.join("generated/dialect.schema.json").is_file());

    // An event that is no more takes its page along.
    let new = xtask(&at, "new event shop.cart.closed --schemas {}");
    assert_eq!(new.exit, Exit::Clean);
    let stale = xtask(&at, check);
    assert_eq!(stale.exit, Exit::Stale);
    assert!(stale.out.contains("mend with `cargo xtask docs --schemas"), "{}", stale.out);
    fs::remove_dir_all(at.join("shop.cart.opened.v1")).unwrap();
    let docs = xtask(&at, "docs --schemas {} --out {}/../site");
    assert_eq!(docs.exit, Exit::Clean, "{}", docs.err);
    assert!(!page.exists() && temp.path().join("site/events/cart.closed.html").is_file());
    assert!(temp.path().join("site/assets/style.css").is_file());

    // What verifies is looked for before anything is begun.
    let site = temp.path().join("site");
    let verify = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["docs", "--verify", "--schemas"])
        .args([&at, Path::new("--out"), &site])
        .env("PATH", "")
        .output()
        .unwrap();
    assert_eq!(verify.status.code(), Some(1));
    let told = String::from_utf8(verify.stderr).unwrap();
    assert!(told.contains("needs promtool") && told.contains("prometheus`"), "{told}");

    let wrong = xtask(&at, "docs --check --open");
    assert_eq!(wrong.exit, Exit::Usage);
}
