//! Strings: looked at 16 bytes at a time for what must be escaped, and mostly copied whole.

use wide::u8x16;

use super::{has_room, raw};

/// Appends a string in its quotes.
///
/// A short one is copied in two pieces of a fixed length, which may overlap: what the second brings
/// again is cut off before.
pub(super) fn write(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    if !has_room::<34>(out) {
        return write_escaped(bytes, out);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
        if bytes.len() > 32 {
            return write_long(bytes, last, out);
        }
        if (escapes(first) | escapes(last)).any() {
            return write_escaped(bytes, out);
        }
        let end = out.len() + 1 + bytes.len();
        out.extend_from_slice(&after_quote::<16, 17>(first));
        out.truncate(end - 16);
        write_end::<16, 17>(last, out);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        if escapes(&both(first, last)).any() {
            return write_escaped(bytes, out);
        }
        let end = out.len() + 1 + bytes.len();
        out.extend_from_slice(&after_quote::<8, 9>(first));
        out.truncate(end - 8);
        write_end::<8, 9>(last, out);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let pieces = both::<4, 8>(first, last);
        if escapes(&both(&pieces, &pieces)).any() {
            return write_escaped(bytes, out);
        }
        let end = out.len() + 1 + bytes.len();
        out.extend_from_slice(&after_quote::<4, 5>(first));
        out.truncate(end - 4);
        write_end::<4, 5>(last, out);
    } else if bytes.iter().any(|byte| must_be_escaped(*byte)) {
        write_escaped(bytes, out);
    } else {
        match *bytes {
            [a] => out.extend_from_slice(&[b'"', a, b'"']),
            [a, b] => out.extend_from_slice(&[b'"', a, b, b'"']),
            [a, b, c] => out.extend_from_slice(&[b'"', a, b, c, b'"']),
            _ => raw(out, "\"\""),
        }
    }
}

/// The first piece behind the quote; `M` is one more than `N`.
#[inline(always)]
fn after_quote<const N: usize, const M: usize>(first: &[u8; N]) -> [u8; M] {
    let mut piece = [b'"'; M];
    if let Some(place) = piece.last_chunk_mut::<N>() {
        *place = *first;
    }
    piece
}

/// Appends the last piece and the quote. There is room; that the compiler cannot know it.
#[inline(always)]
fn write_end<const N: usize, const M: usize>(last: &[u8; N], out: &mut Vec<u8>) {
    if !has_room::<M>(out) {
        return write_end_slowly(last, out);
    }
    let mut piece = [b'"'; M];
    if let Some(place) = piece.first_chunk_mut::<N>() {
        *place = *last;
    }
    out.extend_from_slice(&piece);
}

#[cold]
fn write_end_slowly(last: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(last);
    out.push(b'"');
}

#[inline(never)]
fn write_long(bytes: &[u8], last: &[u8; 16], out: &mut Vec<u8>) {
    let mut found = escapes(last);
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<16>() {
        found |= escapes(chunk);
        rest = after;
    }
    if found.any() {
        return write_escaped(bytes, out);
    }
    out.push(b'"');
    out.extend_from_slice(bytes);
    out.push(b'"');
}

/// A set bit for every byte that must be escaped.
#[inline(always)]
fn escapes(chunk: &[u8; 16]) -> u8x16 {
    let chunk = u8x16::new(*chunk);
    // Unsigned bytes have no `less than` before AVX-512.
    let controls = chunk.min(u8x16::splat(0x1f)).simd_eq(chunk);
    controls | chunk.simd_eq(u8x16::splat(b'"')) | chunk.simd_eq(u8x16::splat(b'\\'))
}

/// Two pieces as one; `M` is twice `N`.
#[inline(always)]
fn both<const N: usize, const M: usize>(first: &[u8; N], last: &[u8; N]) -> [u8; M] {
    let mut both = [0; M];
    if let Some((low, high)) = both.split_first_chunk_mut::<N>() {
        *low = *first;
        if let Some(high) = high.first_chunk_mut::<N>() {
            *high = *last;
        }
    }
    both
}

fn must_be_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

#[cold]
fn write_escaped(mut bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    while let Some((plain, byte, after)) = at_first_escape(bytes) {
        out.extend_from_slice(plain);
        match byte {
            b'"' => raw(out, "\\\""),
            b'\\' => raw(out, "\\\\"),
            0x08 => raw(out, "\\b"),
            b'\t' => raw(out, "\\t"),
            b'\n' => raw(out, "\\n"),
            0x0c => raw(out, "\\f"),
            b'\r' => raw(out, "\\r"),
            control => {
                let low = control & 0x0f;
                let low = if low < 10 { b'0' + low } else { b'a' - 10 + low };
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (control >> 4), low]);
            }
        }
        bytes = after;
    }
    out.extend_from_slice(bytes);
    out.push(b'"');
}

/// What stands before the first byte that must be escaped, the byte, and what follows.
fn at_first_escape(bytes: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    let mut at = 0;
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<16>() {
        let found = escapes(chunk).to_bitmask();
        if found != 0 {
            rest = chunk;
            break;
        }
        at += 16;
        rest = after;
    }
    at += rest.iter().position(|byte| must_be_escaped(*byte))?;
    let (plain, rest) = bytes.split_at_checked(at)?;
    let (byte, after) = rest.split_first()?;
    Some((plain, *byte, after))
}

#[cfg(test)]
mod tests {
    use super::super::tests::same;

    const PIECES: &[&str] = &[
        "\"",
        "\\",
        "/",
        "\u{8}",
        "\t",
        "\n",
        "\u{c}",
        "\r",
        "\u{0}",
        "\u{1}",
        "\u{b}",
        "\u{1f}",
        " ",
        "!",
        "#",
        "[",
        "]",
        "\u{7f}",
        "\u{80}",
        "\u{9f}",
        "é",
        "\u{2028}",
        "\u{2029}",
        "😀",
        "\u{feff}",
        "\u{10ffff}",
    ];

    #[test]
    fn every_piece_at_every_offset_of_every_length() {
        for length in 0..70 {
            let plain = "abcdefghijklmnopqrstuvwxyz".repeat(3);
            same(&plain[..length]);
            for at in 0..=length {
                for piece in PIECES {
                    same(&format!("{}{piece}{}", &plain[..at], &plain[at..length]));
                }
            }
        }
    }

    #[test]
    fn every_byte_of_ascii_alone_and_repeated() {
        for byte in 0..128_u8 {
            for count in [1, 2, 3, 7, 8, 15, 16, 17, 33, 64] {
                same(&char::from(byte).to_string().repeat(count));
            }
        }
    }

    #[test]
    fn two_pieces_anywhere() {
        let plain = "x".repeat(40);
        for (one, other) in PIECES.iter().flat_map(|one| PIECES.iter().map(move |it| (one, it))) {
            for gap in [0, 1, 14, 15, 16, 17, 31] {
                same(&format!("{one}{}{other}", &plain[..gap]));
                same(&format!("{plain}{one}{}{other}{plain}", &plain[..gap]));
            }
        }
    }
}
