//! `cargo xtask`: the verbs of [`xtask`], and their result as an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main()
}
