//! `wr`, for the catalogue of this repository.

use std::process::ExitCode;

fn main() -> ExitCode {
    wr_cli::main(&wr_events::CATALOGUE)
}
