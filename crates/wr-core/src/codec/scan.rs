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
    let is_stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    bytes.len() - rest.len() + rest.iter().position(is_stop).unwrap_or(rest.len())
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
}
