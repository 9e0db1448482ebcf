//! Subjects, and the filters that match them: tokens between dots, where `*` is any token and a
//! final `>` any rest.
//!
//! The lint matches the subjects of `topology.json` in the same way, in `wr-schema`, and the two
//! stand apart on purpose: `wr-schema` imports nothing of ours, of ours a service builds `wr-core`
//! alone, and that one knows no NATS.

/// Whether a text is a filter.
pub(crate) fn is_filter(text: &str) -> bool {
    let last = text.split('.').count();
    let is_token = |(at, token): (usize, &str)| match token {
        ">" => at + 1 == last,
        "*" => true,
        _ => {
            let is_odd = |c: char| c.is_whitespace() || c.is_control() || "*>{}".contains(c);
            !token.is_empty() && !token.contains(is_odd)
        }
    };
    text.split('.').enumerate().all(is_token)
}

/// Whether one of the filters matches everything that `inner` does.
pub(crate) fn stored<S: AsRef<str>>(filters: &[S], inner: &str) -> bool {
    filters.iter().any(|outer| covers(outer.as_ref(), inner))
}

/// Whether every subject that `inner` matches is matched by `outer` too.
pub(crate) fn covers(outer: &str, inner: &str) -> bool {
    let mut inner = inner.split('.');
    let mut outer = outer.split('.').peekable();
    loop {
        match (outer.next(), inner.next()) {
            (Some(">"), Some(_)) if outer.peek().is_none() => return true,
            (Some("*"), Some(token)) if token != ">" => {}
            (Some(a), Some(b)) if a == b && a != ">" => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Whether some subject is matched by both filters.
pub(crate) fn overlap(a: &str, b: &str) -> bool {
    let mut a = a.split('.');
    let mut b = b.split('.');
    loop {
        match (a.next(), b.next()) {
            (Some(">"), Some(_)) | (Some(_), Some(">")) => return true,
            (Some(x), Some(y)) if x == y || x == "*" || y == "*" => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// A template with its placeholders replaced.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        for text in ["a", "a.*.b", "a.>", ">", "$JS.EVENT.>"] {
            assert!(is_filter(text), "{text}");
        }
        for text in ["", "a.", ".a", "a.>.b", "a b", "a.{c}", "a*"] {
            assert!(!is_filter(text), "{text}");
        }
    }

    #[test]
    fn covering() {
        for (outer, inner, expected) in [
            ("a.b", "a.b", true),
            ("a.*", "a.b", true),
            ("a.*", "a.b.c", false),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("a.>", "a.>", true),
            ("a.*", "a.>", false),
            ("a.b", "a.*", false),
            (">", "a", true),
        ] {
            assert_eq!(covers(outer, inner), expected, "{outer} {inner}");
        }
    }

    #[test]
    fn overlapping() {
        for (a, b, expected) in [
            ("a.*", "*.b", true),
            ("a.>", "a.b.c", true),
            ("a.b", "a.c", false),
            ("a.b", "a.b.c", false),
            ("a.>", "*.b", true),
            ("a", "a.>", false),
        ] {
            assert_eq!(overlap(a, b), expected, "{a} {b}");
            assert_eq!(overlap(b, a), expected, "{b} {a}");
        }
    }
}
