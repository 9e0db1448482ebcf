//! A block of headers as it stands on the wire.

use async_nats::{HeaderMap, HeaderName, HeaderValue};

use crate::headers;

/// Every block begins with it.
const VERSION: &str = "NATS/1.0\r\n";
/// Every block, and every line of it, ends with it.
const END: &str = "\r\n";
/// Between a name and a value.
const COLON: &str = ": ";

/// What tells a server what to do with a message, or what it did; in any case.
const CONTROL: &str = "nats-";

/// The block, with the names in order, so that equal headers are equal blocks.
pub(crate) fn encode(headers: &HeaderMap) -> Vec<u8> {
    let mut text = String::with_capacity(headers::size(headers));
    text.push_str(VERSION);
    for (name, values) in sorted(headers) {
        for value in values {
            for piece in [name, COLON, value.as_str(), END] {
                text.push_str(piece);
            }
        }
    }
    text.push_str(END);
    text.into_bytes()
}

/// The headers of a block, as async-nats reads them; a line that is none is passed over.
pub(crate) fn decode(block: &[u8]) -> HeaderMap {
    let text = String::from_utf8_lossy(block);
    let mut headers = HeaderMap::new();
    let mut lines = text.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let mut value = value.to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with(char::is_whitespace)) {
            value.push_str(more);
        }
        append(&mut headers, name, value.trim());
    }
    headers
}

/// Adds a header, unless NATS could not carry it.
pub(crate) fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
        headers.append(name, value);
    }
}

/// The headers in the order of their names.
pub(crate) fn sorted(headers: &HeaderMap) -> Vec<(&str, &[HeaderValue])> {
    let all = headers.iter().map(|(name, values)| (name.as_ref(), values.as_slice()));
    let mut all = all.collect::<Vec<(&str, _)>>();
    all.sort_by_key(|(name, _)| *name);
    all
}

/// The headers that are the publisher's own.
pub(crate) fn without_control(headers: Option<&HeaderMap>) -> HeaderMap {
    let mut own = HeaderMap::new();
    for (name, values) in headers.into_iter().flat_map(HeaderMap::iter) {
        for value in values {
            if !starts_with(name.as_ref(), CONTROL) {
                own.append(name.clone(), value.clone());
            }
        }
    }
    own
}

/// Whether a name begins so, in any case.
pub(crate) fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_back() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("b", "1"), ("a", "x: y"), ("b", "2"), ("A", "")] {
            append(&mut headers, name, value);
        }
        let block = encode(&headers);
        assert_eq!(block, b"NATS/1.0\r\nA: \r\na: x: y\r\nb: 1\r\nb: 2\r\n\r\n");
        assert_eq!(block.len(), headers::size(&headers));
        assert_eq!(decode(&block), headers);
    }

    #[test]
    fn what_others_write_is_read() {
        let headers = decode(b"NATS/1.0\r\na:1\r\n  2\r\nno header\r\nb c: 1\r\n\r\n");
        let mut expected = HeaderMap::new();
        expected.insert("a", "1  2");
        assert_eq!(headers, expected);
    }

    #[test]
    fn control_headers_go_in_any_case() {
        let mut headers = HeaderMap::new();
        for name in ["Nats-Msg-Id", "nats-rollup", "Nats", "Content-Type"] {
            headers.insert(name, "1");
        }
        let own = without_control(Some(&headers));
        assert_eq!(
            sorted(&own).iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["Content-Type", "Nats"]
        );
    }
}
