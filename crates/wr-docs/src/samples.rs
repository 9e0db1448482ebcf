//! The Rust that the pages of the events show, as one module: for a test to compile.

use std::fmt::Write;

use wr_codegen::sample;
use wr_schema::Catalog;

use crate::{Error, HEADER, Options};

/// The module.
///
/// # Errors
/// A name of the catalogue makes no Rust.
pub fn samples(catalog: &Catalog, options: &Options) -> Result<String, Error> {
    let mut text = format!(
        "// {HEADER}\n\
         //! The Rust that the pages of the events show: it compiles.\n\
         #![cfg_attr(rustfmt, rustfmt_skip)]\n\
         #![expect(unused, reason = \"a sample is there to be read\")]\n"
    );
    for history in &catalog.subjects {
        let sample = sample(history, &options.krate)?;
        let name = history.subject.to_string().replace(['.', '-'], "_");
        for (what, rust) in [("publish", &sample.publish), ("handle", &sample.handle)] {
            let indented = rust.trim_end().lines().map(|line| match line {
                "" => "\n".to_owned(),
                line => format!("    {line}\n"),
            });
            let body: String = indented.collect();
            // Nothing fails that is written to a string.
            let _ = write!(text, "\nmod {what}_{name} {{\n{body}}}\n");
        }
    }
    Ok(text)
}
