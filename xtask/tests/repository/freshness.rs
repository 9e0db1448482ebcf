//! The generated files are what the schemas ask for, the schemas have no findings, and every minor
//! is one.

use xtask::Exit;

fn verb(args: &[&str]) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = xtask::run(std::iter::once(&"xtask").chain(args), &mut out, &mut err);
    let (out, err) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    assert_eq!(exit, Exit::Clean, "cargo xtask {}\n{out}\n{err}", args.join(" "));
}

#[test]
fn generated_files_are_fresh() {
    verb(&["gen", "--check"]);
}

#[test]
fn the_catalogue_beside_the_schemas_is_fresh() {
    verb(&["docs", "--check"]);
}

#[test]
fn the_schemas_are_clean() {
    verb(&["lint"]);
}

/// Without git, so that it holds in a shallow clone and an archive too; CI runs the rest.
#[test]
fn every_minor_is_a_legal_one() {
    verb(&["compat", "--no-against"]);
}
