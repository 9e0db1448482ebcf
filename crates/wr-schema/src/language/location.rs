//! Addresses of schemas, as references spell them (RFC 3986).

/// The address that a reference without its fragment means where it is read from `base`.
pub(super) fn joined(base: &str, reference: &str) -> String {
    if reference.is_empty() {
        return base.to_owned();
    }
    if scheme(reference).is_some() {
        return reference.to_owned();
    }
    let (start, path) = parted(base);
    if reference.starts_with("//") {
        let scheme = scheme(base).map(|name| format!("{name}:")).unwrap_or_default();
        return format!("{scheme}{reference}");
    }
    if reference.starts_with('/') {
        return format!("{start}{}", straight(reference));
    }
    let path = path.split('?').next().unwrap_or_default();
    let folder = path.rfind('/').map_or("", |at| path.get(..=at).unwrap_or_default());
    let root = if folder.is_empty() && start.contains("//") { "/" } else { folder };
    format!("{start}{}", straight(&format!("{root}{reference}")))
}

/// The name before the first colon, where it is one of a scheme.
fn scheme(text: &str) -> Option<&str> {
    let (name, _) = text.split_once(':')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_name.then_some(name)
}

/// The scheme and the host of an address, and its path.
fn parted(address: &str) -> (&str, &str) {
    let after = scheme(address).map_or(0, |name| name.len() + 1);
    let rest = address.get(after..).unwrap_or_default();
    let host = rest.strip_prefix("//").map_or(0, |rest| 2 + rest.find('/').unwrap_or(rest.len()));
    address.split_at_checked(after + host).unwrap_or((address, ""))
}

/// A path without `.` and `..`.
fn straight(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let parts: Vec<&str> = path.split('/').collect();
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.into_iter().enumerate() {
        match part {
            "." if at == last => kept.push(""),
            "." => {}
            ".." => {
                if kept.len() > 1 {
                    kept.pop();
                }
                kept.extend((at == last).then_some(""));
            }
            part => kept.push(part),
        }
    }
    kept.join("/")
}

/// The text of a reference with its `%41` resolved; what is no UTF-8 then stays as it is.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = |byte: &u8| char::from(*byte).to_digit(16);
        let pair = match (first, tail) {
            (b'%', [high, low, ..]) => hex(high).zip(hex(low)),
            _ => None,
        };
        match pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_rfc_3986_has_it() {
        let base = "http://a/b/c/d";
        for (reference, address) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("../g", "http://a/b/g"),
            ("../../../g", "http://a/g"),
            ("..", "http://a/b/"),
            ("g:h", "g:h"),
            ("", base),
        ] {
            assert_eq!(joined(base, reference), address, "{reference}");
        }
        assert_eq!(joined("json-schema:///", "a.json"), "json-schema:///a.json");
        assert_eq!(joined("http://a", "b"), "http://a/b");
        assert_eq!(percent_decoded("/%24defs/a%25b%"), "/$defs/a%b%");
    }
}
