//! Bytes that are no message any more, or barely: cut, changed, or with something around them.

/// What is no UTF-8: bytes alone, too few, too many, too long a form, a surrogate, beyond Unicode.
const NO_UTF_8: &[&[u8]] = &[
    b"\xff",
    b"\x80",
    b"\xc3",
    b"\xc0\x80",
    b"\xe2\x82",
    b"\xe0\x80\xaf",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
];

/// What stands behind a message.
const BEHIND: &[&[u8]] = &[
    b" ",
    b"\n\t\r ",
    b"x",
    b"{}",
    b",",
    b"]",
    b"}",
    b"\0",
    b"\"",
    b"//",
    b"\xef\xbb\xbf",
    b"\x0b",
];

/// One in a dozen is damaged, in one place.
pub(super) fn done(mut bytes: Vec<u8>, rng: &mut fastrand::Rng) -> Vec<u8> {
    let at = rng.usize(..=bytes.len());
    match rng.u32(..96) {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => bytes[at] = rng.u8(..),
        2 if at < bytes.len() => {
            bytes.remove(at);
        }
        3 => bytes.insert(at, rng.u8(..)),
        // What JSON is made of does more harm than other bytes.
        4 => bytes.insert(at, b"{}[],:\"\\ \n0-.eEu/"[rng.usize(..17)]),
        5 => {
            let wrong = NO_UTF_8[rng.usize(..NO_UTF_8.len())];
            bytes.splice(at..at, wrong.iter().copied());
        }
        6 => bytes.extend(BEHIND[rng.usize(..BEHIND.len())]),
        7 => {
            bytes.splice(0..0, *b"\xef\xbb\xbf");
        }
        _ => {}
    }
    bytes
}

/// The message cut at every byte, and with every byte changed to some that do harm.
pub(super) fn everywhere(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let cut = (0..=bytes.len()).map(|at| bytes[..at].to_vec());
    let changed = (0..bytes.len()).flat_map(move |at| {
        b"\"\\ {}[],:0\x80\xff\x00".iter().map(move |byte| {
            let mut bytes = bytes.to_vec();
            bytes[at] = *byte;
            bytes
        })
    });
    let put_in = (0..=bytes.len()).flat_map(move |at| {
        NO_UTF_8.iter().map(move |wrong| {
            let mut bytes = bytes.to_vec();
            bytes.splice(at..at, wrong.iter().copied());
            bytes
        })
    });
    cut.chain(changed).chain(put_in)
}
