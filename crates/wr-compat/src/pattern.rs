//! ECMAScript patterns in the syntax of the regex crates.

/// The same pattern as the regex crates read it; none where it is no regular language, or where
/// engines differ in what it means.
pub(crate) fn to_rust(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match (c, in_class) {
            ('\\', _) => out.push_str(&escape(&mut rest, in_class)?),
            ('.', false) => out.push_str(r"[^\n\r\u{2028}\u{2029}]"),
            ('[', false) => {
                in_class = true;
                out.push('[');
                if rest.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // An empty class matches nothing there, and is a bracket here.
                if rest.peek() == Some(&']') {
                    return None;
                }
            }
            (']', true) => {
                in_class = false;
                out.push(']');
            }
            // A difference of classes here, a range there.
            ('-', true) if rest.peek() == Some(&'-') => return None,
            // What would begin a class or an operation on classes here is plain there.
            ('[' | '&' | '~', true) => out.extend(['\\', c]),
            ('(', false) if rest.peek() == Some(&'?') => {
                rest.next();
                match rest.next()? {
                    ':' => out.push_str("(?:"),
                    // Names of groups mean nothing; look-behind begins the same way.
                    '<' if !matches!(rest.peek(), Some('=' | '!')) => {
                        out.push_str("(?:");
                        while rest.next()? != '>' {}
                    }
                    _ => return None,
                }
            }
            _ => out.push(c),
        }
    }
    (!in_class).then_some(out)
}

const SPACE: &str = r"\t\n\x0B\x0C\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}";

/// What follows a backslash.
fn escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, in_class: bool) -> Option<String> {
    let class = |members: &str, negated: bool| match (in_class, negated) {
        (true, false) => Some(members.to_owned()),
        (false, false) => Some(format!("[{members}]")),
        (_, true) => Some(format!("[^{members}]")),
    };
    match rest.next()? {
        'd' => class("0-9", false),
        'D' => class("0-9", true),
        'w' => class("0-9A-Za-z_", false),
        'W' => class("0-9A-Za-z_", true),
        's' => class(SPACE, false),
        'S' => class(SPACE, true),
        't' => Some(r"\t".to_owned()),
        'n' => Some(r"\n".to_owned()),
        'r' => Some(r"\r".to_owned()),
        'f' => Some(r"\x0C".to_owned()),
        'v' => Some(r"\x0B".to_owned()),
        '0' if !rest.peek().is_some_and(char::is_ascii_digit) => Some(r"\x00".to_owned()),
        'x' => Some(format!("\\x{}{}", hex(rest)?, hex(rest)?)),
        'u' => {
            if rest.next_if_eq(&'{').is_some() {
                let mut digits = String::new();
                while let Some(digit) = rest.next_if(char::is_ascii_hexdigit) {
                    digits.push(digit);
                }
                rest.next_if_eq(&'}')?;
                return Some(format!("\\u{{{digits}}}"));
            }
            Some(format!("\\u{}{}{}{}", hex(rest)?, hex(rest)?, hex(rest)?, hex(rest)?))
        }
        // Other letters and digits are properties, borders of words, back-references.
        c if c.is_ascii_alphanumeric() => None,
        c => Some(regex_syntax::escape(&c.to_string())),
    }
}

fn hex(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    rest.next_if(char::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::to_rust;

    #[test]
    fn what_means_the_same() {
        assert_eq!(to_rust(r"^\d+\.\w$").as_deref(), Some(r"^[0-9]+\.[0-9A-Za-z_]$"));
        assert_eq!(to_rust(r"[\d&&[x]").as_deref(), Some(r"[0-9\&\&\[x]"));
        assert_eq!(to_rust("(?<year>a)").as_deref(), Some("(?:a)"));
    }

    #[test]
    fn what_is_no_regular_language() {
        for pattern in [r"(?=a)", r"(?<!a)b", r"(a)\1", r"\bword", r"\p{L}", "[]", "[a"] {
            assert_eq!(to_rust(pattern), None, "{pattern}");
        }
    }
}
