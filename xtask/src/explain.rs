//! `explain`: the page of a rule, or the table of all rules.

use wr_schema::lint::RULES;

use crate::{Error, Exit, Screen};

/// Tell what a rule refuses, why, and what to write instead.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask explain              every rule, a line each
  cargo xtask explain not          the page of one rule")]
pub(crate) struct Args {
    /// The id of a rule, as a finding shows it in `error[id]`
    rule: Option<String>,
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    match &args.rule {
        None => table(screen)?,
        Some(id) => match RULES.iter().find(|rule| rule.id == id) {
            Some(rule) => write!(screen.out, "{}\n\n{}", rule.id, rule.page())?,
            None => return Err(unknown(id)),
        },
    }
    Ok(Exit::Clean)
}

fn table(screen: &mut Screen<'_>) -> std::io::Result<()> {
    let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    for rule in RULES {
        writeln!(screen.out, "{:width$}  {}", rule.id, rule.summary())?;
    }
    Ok(())
}

fn unknown(id: &str) -> Error {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let near = similar::get_close_matches(id, &ids, 3, 0.5);
    let near: Vec<String> = near.iter().map(|id| format!("`{id}`")).collect();
    let next = if near.is_empty() {
        "`cargo xtask explain` lists every rule".to_owned()
    } else {
        format!("did you mean {}? `cargo xtask explain` lists every rule", near.join(" or "))
    };
    Error::usage(format!("no rule has the id `{id}`"), next)
}
