//! Where a consumer stands: up to which message of its stream everything is settled.

/// What the server says of a consumer's place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// Everything up to here is settled; a server before 2.11 says 0 until something was.
    pub(crate) ack_floor: u64,
    /// How many messages were delivered, each time counted.
    pub(crate) deliveries: u64,
    /// The last message that was delivered, or the one before the first that will be.
    pub(crate) delivered: u64,
    /// The message that the consumer was told to begin with.
    pub(crate) start: Option<u64>,
}

impl Standing {
    /// The last message before those that a consumer in its place must get. Where an old server does
    /// not tell, it is one too early rather than too late: events come again, and none is lost.
    pub(crate) fn settled(self) -> u64 {
        if self.ack_floor > 0 {
            return self.ack_floor;
        }
        match self.deliveries {
            0 => self.delivered,
            _ => self.start.map_or(0, |start| start.saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As servers 2.10 and 2.15 say it of a consumer that begins with message 3.
    #[test]
    fn what_was_before_the_consumer_is_settled() {
        let old = Standing { start: Some(3), ..Standing::default() };
        assert_eq!(Standing { delivered: 2, ..old }.settled(), 2);
        assert_eq!(Standing { deliveries: 2, delivered: 4, ..old }.settled(), 2);
        assert_eq!(Standing { deliveries: 2, delivered: 4, ack_floor: 3, ..old }.settled(), 3);
        let unknown = Standing { deliveries: 2, delivered: 4, start: None, ..old };
        assert_eq!(unknown.settled(), 0);
        assert_eq!(Standing { ack_floor: 2, delivered: 2, ..old }.settled(), 2);
    }
}
