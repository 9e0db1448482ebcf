//! Where a message stands in its stream, and how often it was delivered: its reply subject says.

/// A message in its stream; a stream that is made anew counts from 1 again, at another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) sequence: u64,
    /// When the stream stored it, in nanoseconds.
    pub(super) stored_at: i64,
}

/// The place of a message, and which delivery of it this is, from 1. None where the reply subject
/// is no consumer's.
///
/// async-nats reads more of it than is needed here, which every message would pay for.
pub(super) fn read(reply: &str) -> Option<(Place, u32)> {
    let parts = reply.strip_prefix("$JS.ACK.")?.as_bytes();
    let before = match parts.iter().filter(|byte| **byte == b'.').count() {
        // Stream and consumer.
        6 => 2,
        // A domain and an account as well.
        8.. => 4,
        _ => return None,
    };
    let mut rest = parts;
    for _ in 0..before {
        let end = rest.iter().position(|byte| *byte == b'.')?;
        rest = rest.get(end + 1..)?;
    }
    let (deliveries, sequence) = (number(&mut rest)?, number(&mut rest)?);
    let (_in_consumer, stored_at, _pending) =
        (number(&mut rest)?, number(&mut rest)?, number(&mut rest)?);
    let place = Place { sequence, stored_at: stored_at.try_into().ok()? };
    Some((place, deliveries.try_into().ok()?))
}

/// The number that stands next, up to a dot or the end.
fn number(rest: &mut &[u8]) -> Option<u64> {
    let (mut number, mut digits) = (0_u64, 0);
    while let Some((byte, behind)) = rest.split_first() {
        *rest = behind;
        match byte {
            b'0'..=b'9' => number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')),
            b'.' => break,
            _ => return None,
        }
        digits += 1;
    }
    // None of them has so many digits that it could be too large.
    (1..20).contains(&digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream::Message;
    use wr_testkit::Server;

    use super::*;
    use crate::ConnectOptions;

    #[tokio::test]
    async fn what_is_read_is_what_async_nats_reads() {
        let server = Server::start().unwrap();
        let connection = ConnectOptions::new("place").server(server.url()).connect().await.unwrap();
        let theirs = |reply: &str| {
            let message = async_nats::Message {
                subject: "a.b.v1".into(),
                reply: Some(reply.into()),
                payload: "".into(),
                headers: None,
                status: None,
                description: None,
                length: 0,
            };
            let message = Message { message, context: connection.jetstream().clone() };
            let info = message.info().ok()?;
            let stored_at = i64::try_from(info.published.unix_timestamp_nanos()).unwrap();
            let place = Place { sequence: info.stream_sequence, stored_at };
            Some((place, u32::try_from(info.delivered).unwrap()))
        };
        let old = "$JS.ACK.S.c.3.17.21.1700000000123456789.5";
        let new = "$JS.ACK.hub.hash.S.c.3.17.21.1700000000123456789.5.token";
        let place = Place { sequence: 17, stored_at: 1_700_000_000_123_456_789 };
        for reply in [old, new, "$JS.ACK._.hash.S.c.3.17.21.1700000000123456789.5"] {
            assert_eq!((read(reply), theirs(reply)), (Some((place, 3)), Some((place, 3))));
        }
        for reply in [
            "",
            "_INBOX.a.b",
            "$JS.ACK.",
            "$JS.ACK.S.c.3.17.21.1700000000123456789",
            "$JS.ACK.hub.S.c.3.17.21.1700000000123456789.5",
            "$JS.ACK.S.c.x.17.21.1700000000123456789.5",
            "$JS.ACK.S.c.3..21.1700000000123456789.5",
            "$JS.ACK.S.c.3.17.21.later.5",
            "$JS.ACK.S.c.3.17.21.1700000000123456789.many",
            "$JS.ACK.S.c.3.99999999999999999999.21.1700000000123456789.5",
        ] {
            assert_eq!((read(reply), theirs(reply)), (None, None), "{reply}");
        }
    }
}
