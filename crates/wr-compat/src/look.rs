//! Look-around at the ends of a pattern: patterns without it that say the same together.

/// Patterns that a text matches, or does not, all together.
pub(crate) type Parts = Vec<(String, bool)>;

/// The parts of a pattern that looks ahead at its start or behind at its end; none where it looks
/// around elsewhere, or not at all.
pub(crate) fn parts(pattern: &str) -> Option<Parts> {
    let mut parts = Parts::new();
    let mut is_anchored = false;
    let mut rest = pattern;
    loop {
        if let Some(after) = rest.strip_prefix('^') {
            is_anchored = true;
            rest = after;
        } else if let Some((inner, after, holds)) = ahead(rest) {
            is_anchored |= holds && begins_at_start(inner);
            parts.push((format!("^(?:{inner})"), holds));
            rest = after;
        } else {
            break;
        }
    }
    let mut end = None;
    if let Some((before, inner, holds)) = behind(rest) {
        end = Some((inner, holds));
        rest = before;
    }
    if !is_anchored && !parts.is_empty() || parts.is_empty() && end.is_none() || has_branches(rest)
    {
        return None;
    }
    let start = if is_anchored { "^" } else { "" };
    match end {
        Some((inner, holds)) => {
            parts.push((format!("(?:{inner})$"), holds));
            parts.push((format!("{start}(?:{rest})$"), true));
        }
        None => parts.push((format!("{start}(?:{rest})"), true)),
    }
    Some(parts)
}

/// A look-ahead at the start of a pattern: what is in it, what follows, and whether it must match.
fn ahead(pattern: &str) -> Option<(&str, &str, bool)> {
    let (inner, holds) = match pattern.strip_prefix("(?=") {
        Some(inner) => (inner, true),
        None => (pattern.strip_prefix("(?!")?, false),
    };
    let end = closing(inner)?;
    let after = inner.get(end + 1..)?;
    // One that is repeated may not be looked at.
    (!after.starts_with(['?', '*', '+', '{'])).then_some((inner.get(..end)?, after, holds))
}

/// A look-behind before the `$` at the end of a pattern.
fn behind(pattern: &str) -> Option<(&str, &str, bool)> {
    let (at, holds) = match (pattern.rfind("(?<!"), pattern.rfind("(?<=")) {
        (Some(a), Some(b)) if b > a => (b, true),
        (Some(a), _) => (a, false),
        (None, b) => (b?, true),
    };
    let (before, inner) = (pattern.get(..at)?, pattern.get(at + 4..)?);
    let end = closing(inner)?;
    let is_escaped = before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    let is_last = !is_escaped && inner.get(end + 1..) == Some("$");
    let inner = inner.get(..end)?;
    // What is in it begins wherever it does: nothing there may look at the text's start.
    let is_plain = is_last && !inner.contains('^') && outside(before)?;
    is_plain.then_some((before, inner, holds))
}

/// Where the group ends that a text is in.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    scan(text, &mut |at, c, in_class| {
        match c {
            '(' if !in_class => depth += 1,
            ')' if !in_class && depth == 0 => return Some(at),
            ')' if !in_class => depth -= 1,
            _ => {}
        }
        None
    })
}

/// Whether all groups and classes of a text are closed.
fn outside(text: &str) -> Option<bool> {
    let mut depth = 0_i64;
    let mut class = false;
    scan(text, &mut |_, c, in_class| {
        class = in_class;
        match c {
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth -= 1,
            _ => {}
        }
        None::<()>
    });
    Some(depth == 0 && !class)
}

/// Whether a pattern is several, one of which matches.
fn has_branches(pattern: &str) -> bool {
    let mut depth = 0_i64;
    let found = scan(pattern, &mut |_, c, in_class| {
        match c {
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth -= 1,
            '|' if !in_class && depth <= 0 => return Some(()),
            _ => {}
        }
        None
    });
    found.is_some()
}

fn begins_at_start(pattern: &str) -> bool {
    pattern.starts_with('^') && !has_branches(pattern)
}

/// Shows every character of a pattern that is not escaped, and whether a class is open with it.
fn scan<T>(text: &str, show: &mut dyn FnMut(usize, char, bool) -> Option<T>) -> Option<T> {
    let mut in_class = false;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => {
                characters.next();
                continue;
            }
            '[' if !in_class => in_class = true,
            ']' if in_class => in_class = false,
            _ => {
                if let Some(found) = show(at, c, in_class) {
                    return Some(found);
                }
                continue;
            }
        }
        if let Some(found) = show(at, c, in_class) {
            return Some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str) -> Option<Vec<(String, bool)>> {
        parts(pattern)
    }

    fn owned(parts: &[(&str, bool)]) -> Option<Parts> {
        Some(parts.iter().map(|(text, holds)| ((*text).to_owned(), *holds)).collect())
    }

    #[test]
    fn the_start_is_looked_at() {
        assert_eq!(of("^(?!aws:)[a-z]+$"), owned(&[("^(?:aws:)", false), ("^(?:[a-z]+$)", true)]));
        assert_eq!(
            of(r"(?=^.{2,9}$)(?!.*\))[)a-z]*$"),
            owned(&[("^(?:^.{2,9}$)", true), (r"^(?:.*\))", false), ("^(?:[)a-z]*$)", true)])
        );
    }

    #[test]
    fn the_end_is_looked_at() {
        assert_eq!(of(r"^[a-z.]*(?<!\.)$"), owned(&[(r"(?:\.)$", false), ("^(?:[a-z.]*)$", true)]));
    }

    #[test]
    fn elsewhere_it_is_not() {
        for pattern in
            ["^a$", "(?!a)b", "^(?!a)b|c", "^a(?!b)c$", "^(a(?<!b)$)", "^(?!a)?b", "a(?<=b)"]
        {
            assert_eq!(of(pattern), None, "{pattern}");
        }
    }
}
