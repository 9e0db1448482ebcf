//! Dead letters: messages that a consumer gave up, kept with the circumstances.

/// The most bytes that the circumstances add to a message in the shortest form of a dead letter.
pub(crate) const ROOM: usize = 4_096;
