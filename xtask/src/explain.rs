//! `explain`: the page of a rule, or the table of all rules.

use crate::render::{RuleRow, rules_of_lint};
use crate::{Error, Exit, Screen, compat};

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
    let (lint, compat) = (rules_of_lint(), compat::rule_rows());
    let rows = || lint.iter().chain(&compat);
    match &args.rule {
        None => {
            table(&[("of the lint", &lint), ("of the compatibility checker", &compat)], screen)?
        }
        Some(id) => match rows().find(|rule| rule.id == id) {
            Some(rule) => write!(screen.out, "{}\n\n{}", rule.id, rule.page)?,
            None => return Err(unknown(id, rows().map(|rule| rule.id).collect())),
        },
    }
    Ok(Exit::Clean)
}

fn table(tables: &[(&str, &[RuleRow])], screen: &mut Screen<'_>) -> std::io::Result<()> {
    let rows = tables.iter().flat_map(|(_, rows)| rows.iter());
    let width = rows.map(|rule| rule.id.len()).max().unwrap_or_default();
    for (index, (title, rows)) in tables.iter().enumerate() {
        writeln!(screen.out, "{}rules {title}:", if index > 0 { "\n" } else { "" })?;
        for rule in *rows {
            writeln!(screen.out, "  {:width$}  {}", rule.id, rule.summary)?;
        }
    }
    Ok(())
}

fn unknown(id: &str, ids: Vec<&str>) -> Error {
    let near = similar::get_close_matches(id, &ids, 3, 0.5);
    let near: Vec<String> = near.iter().map(|id| format!("`{id}`")).collect();
    let next = if near.is_empty() {
        "`cargo xtask explain` lists every rule".to_owned()
    } else {
        format!("did you mean {}? `cargo xtask explain` lists every rule", near.join(" or "))
    };
    Error::usage(format!("no rule has the id `{id}`"), next)
}
