//! Texts that a pattern of the dialect matches.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};
use wr_schema::pattern::to_rust;

/// Whether a text matches the pattern.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    thread_local! {
        static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        if !compiled.contains_key(pattern) {
            let regex = Regex::new(&to_rust(pattern)).expect("the lint has read the pattern");
            compiled.insert(pattern.to_owned(), regex);
        }
        compiled[pattern].is_match(text)
    })
}

/// A text that the pattern matches; look at the result, for a class beyond `char` gives none.
pub(crate) fn matching(pattern: &str, rng: &mut fastrand::Rng) -> String {
    let mut out = String::new();
    if let Ok(hir) = regex_syntax::parse(&to_rust(pattern)) {
        write(&hir, rng, &mut out);
    }
    out
}

fn write(hir: &Hir, rng: &mut fastrand::Rng, out: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges();
            // The first ranges hold the characters that people use.
            let range = &ranges[rng.usize(..ranges.len().min(8))];
            let (start, end) = (u32::from(range.start()), u32::from(range.end()));
            out.extend(char::from_u32(rng.u32(start..=end.min(start + 200))));
        }
        HirKind::Class(Class::Bytes(_)) => {}
        HirKind::Repetition(repetition) => {
            let max = repetition.max.unwrap_or(repetition.min + 6);
            let max = max.min(repetition.min.saturating_add(40));
            for _ in 0..rng.u32(repetition.min..=max) {
                write(&repetition.sub, rng, out);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, rng, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, rng, out)),
        HirKind::Alternation(branches) => write(&branches[rng.usize(..branches.len())], rng, out),
    }
}
