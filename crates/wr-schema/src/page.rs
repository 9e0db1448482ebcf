//! The documentation page of a rule: the leading `//!` lines of its module.

/// The page of a module's text.
pub fn page(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
}

/// The first line of the page of a module's text.
pub fn summary(source: &str) -> &str {
    let first = source.lines().next().unwrap_or_default();
    first.trim_start_matches("//!").trim()
}
