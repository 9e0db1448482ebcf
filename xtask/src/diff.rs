//! The diff that `gen --check` shows: what would change, in a bounded number of lines.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use similar::{Algorithm, ChangeTag, TextDiff};

/// The most lines that are shown of all files together.
const MOST_LINES: usize = 200;
/// The most characters that are shown of a line.
const LONGEST_LINE: usize = 200;
/// The most files that are named once no more lines are shown.
const MOST_FILES: usize = 50;
/// How long the shortest diff of a file is looked for.
const PATIENCE: Duration = Duration::from_millis(500);

/// A file that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Its path.
    pub(crate) path: PathBuf,
    /// What is there.
    pub(crate) old: Option<String>,
    /// What should be there.
    pub(crate) new: Option<String>,
}

/// Writes what would change.
pub(crate) fn write(changes: &[Change], out: &mut dyn Write) -> io::Result<()> {
    let mut left = MOST_LINES;
    // What changed says more than what is new as a whole.
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by_key(|change| change.old.is_none() || change.new.is_none());
    let mut files = sorted.into_iter();
    for change in files.by_ref() {
        let lines = lines(change);
        for line in lines.iter().take(left) {
            writeln!(out, "{line}")?;
        }
        if lines.len() > left {
            writeln!(out, "... {} more lines", lines.len() - left)?;
        }
        left = left.saturating_sub(lines.len());
        if left == 0 {
            break;
        }
    }
    let rest = files.as_slice();
    for change in rest.iter().take(MOST_FILES) {
        writeln!(out, "{} {}", verb(change), change.path.display())?;
    }
    if let Some(more) = rest.len().checked_sub(MOST_FILES).filter(|more| *more > 0) {
        writeln!(out, "... {more} more files")?;
    }
    Ok(())
}

fn verb(change: &Change) -> &'static str {
    match (&change.old, &change.new) {
        (_, None) => "remove",
        (None, Some(_)) => "add",
        (Some(_), Some(_)) => "change",
    }
}

/// A unified diff.
fn lines(change: &Change) -> Vec<String> {
    let path = change.path.display().to_string();
    let side = |text: &Option<String>| match text {
        Some(_) => path.clone(),
        None => "/dev/null".to_owned(),
    };
    let mut lines =
        vec![format!("--- {}", side(&change.old)), format!("+++ {}", side(&change.new))];
    if change.new.is_none() {
        lines.push("no schema asks for this file any more".to_owned());
        return lines;
    }
    let (old, new) = (text(&change.old), text(&change.new));
    let diff =
        TextDiff::configure().algorithm(Algorithm::Myers).timeout(PATIENCE).diff_lines(old, new);
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        lines.push(hunk.header().to_string());
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{sign}{}", cut(change.value().trim_end_matches('\n'))));
            if change.missing_newline() {
                lines.push("\\ No newline at end of file".to_owned());
            }
        }
    }
    lines
}

fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, old: Option<&str>, new: Option<&str>) -> Change {
        Change {
            path: PathBuf::from(path),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        }
    }

    fn shown(changes: &[Change]) -> String {
        let mut out = Vec::new();
        write(changes, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn changed_added_removed() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        insta::assert_snapshot!(shown(&[
            change("src/changed.rs", Some(old), Some(&old.replace('5', "five"))),
            change("src/new.rs", None, Some("one\ntwo")),
            change("src/old.rs", Some("gone\n"), None),
        ]));
    }

    #[test]
    fn much_is_cut() {
        let long = "x".repeat(1_000_000);
        let many: String = (0..10_000).map(|line| format!("{line}\n")).collect();
        let mut changes =
            vec![change("long", Some(""), Some(&long)), change("many", Some(""), Some(&many))];
        changes.extend((0..1000).map(|at| change(&format!("file{at}"), Some("a"), Some("b"))));
        let shown = shown(&changes);
        assert!(shown.len() < 10_000, "{}", shown.len());
        assert!(shown.ends_with("change file49\n... 950 more files\n"), "{shown}");
    }
}
