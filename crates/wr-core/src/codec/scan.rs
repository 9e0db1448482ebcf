//! Strings by sixteen bytes at a time.

use wide::u8x16;

const QUOTES: u8x16 = u8x16::new([b'"'; 16]);
const BACKSLASHES: u8x16 = u8x16::new([b'\\'; 16]);
const CONTROLS: u8x16 = u8x16::new([0x1f; 16]);

/// How many bytes of a string come before the first quote, backslash or control character.
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<16>() {
        let chunk = u8x16::new(*chunk);
        let is_control = chunk.min(CONTROLS).simd_eq(chunk);
        let stops = chunk.simd_eq(QUOTES) | chunk.simd_eq(BACKSLASHES) | is_control;
        let stops = stops.to_bitmask();
        if stops != 0 {
            return bytes.len() - rest.len() + stops.trailing_zeros() as usize;
        }
        rest = after;
    }
    bytes.len() - rest.len() + plain_tail(rest)
}

/// A string's plain beginning, and what follows it.
#[inline]
pub(super) fn split_plain(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(plain_length(bytes))
}

/// As [`plain_length`], a byte at a time: for the end of a message.
#[inline(never)]
fn plain_tail(bytes: &[u8]) -> usize {
    let is_stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    bytes.iter().position(is_stop).unwrap_or(bytes.len())
}

const BLANKS: u8x16 = u8x16::new([b' '; 16]);
const LINES: u8x16 = u8x16::new([b'\n'; 16]);
const RETURNS: u8x16 = u8x16::new([b'\r'; 16]);
const TABS: u8x16 = u8x16::new([b'\t'; 16]);

/// What comes behind white space, of which there is mostly none.
#[inline]
pub(super) fn behind_space(bytes: &[u8]) -> &[u8] {
    if matches!(bytes, [0..=b' ', ..]) { behind_much_space(bytes) } else { bytes }
}

/// The same, where one blank is likely: between the values of a line.
#[inline]
pub(super) fn behind_blank(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b' ', after @ ..] if matches!(after, [b'!'..=0xff, ..]) => after,
        _ => behind_space(bytes),
    }
}

/// The same, where a line break and an indentation are likely.
#[inline]
pub(super) fn behind_line(bytes: &[u8]) -> &[u8] {
    match bytes {
        [0..=b' ', ..] => behind_block(bytes).unwrap_or_else(|| behind_much_space(bytes)),
        _ => bytes,
    }
}

/// What comes behind white space of less than sixteen bytes.
#[inline]
fn behind_block(bytes: &[u8]) -> Option<&[u8]> {
    let chunk = u8x16::new(*bytes.first_chunk()?);
    let blanks = chunk.simd_eq(BLANKS) | chunk.simd_eq(LINES);
    let blanks = blanks | chunk.simd_eq(RETURNS) | chunk.simd_eq(TABS);
    let length = blanks.to_bitmask().trailing_ones() as usize;
    if length < 16 { bytes.get(length..) } else { None }
}

#[inline(never)]
fn behind_much_space(mut rest: &[u8]) -> &[u8] {
    while rest.len() >= 16 {
        match behind_block(rest) {
            Some(rest) => return rest,
            None => rest = rest.get(16..).unwrap_or_default(),
        }
    }
    while let [b' ' | b'\n' | b'\t' | b'\r', after @ ..] = rest {
        rest = after;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_found_wherever_it_stands() {
        for length in 0..=130 {
            for stop in [b'"', b'\\', 0, b'\n', 0x1f] {
                for after in [0, 1, 15, 16, 17, 64] {
                    let mut bytes = vec![b' '; length];
                    bytes.push(stop);
                    bytes.extend(std::iter::repeat_n(b'"', after));
                    assert_eq!(plain_length(&bytes), length, "{stop} and {after} more");
                }
            }
            for plain in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xff] {
                assert_eq!(plain_length(&vec![plain; length]), length, "{plain}");
            }
        }
    }

    #[test]
    fn white_space_is_these_four_and_no_other_byte() {
        for length in 0..=40 {
            for (index, after) in ["", "x", "\u{b}", "\0 ", "{ }            {  "].iter().enumerate()
            {
                let space: String = "\n  \t \r".chars().cycle().skip(index).take(length).collect();
                let text = format!("{space}{after}");
                assert_eq!(behind_space(text.as_bytes()), after.as_bytes(), "{text:?}");
                assert_eq!(behind_blank(text.as_bytes()), after.as_bytes(), "{text:?}");
            }
        }
    }
}
