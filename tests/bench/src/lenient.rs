//! What a message costs that uses a leniency of readers, beside the same message that does not.

use std::hint::black_box;

use wr_events::{
    Contract, Event, Payload, PositionCancelledV1, PositionCancelledV1Reason,
    PositionCancelledV1Required,
};

use crate::messages::{Enqueued, Message, event};
use crate::rows::{Row, row};

/// The message with an open enum.
pub(crate) const CANCELLED: &str = PositionCancelledV1::EVENT_TYPE;

/// Rows of `position.enqueued`, which means the same in each.
pub(crate) fn enqueued() -> Vec<Row> {
    let object = r#"_seconds":300,"added_later":{"a":[1,2.5,null],"b":"text"}"#;
    let all = [
        ("lenient_null", r#""queue_length":"#, r#""metadata":null,"queue_length":"#),
        ("lenient_unknown", r#"_seconds":300"#, r#"_seconds":300,"added_later":1234"#),
        ("lenient_unknown_first", r#""data":{"#, r#""data":{"added_later":1234,"#),
        ("lenient_unknown_object", r#"_seconds":300"#, object),
        ("lenient_twice", r#"_seconds":300"#, r#"_seconds":17,"estimated_wait_seconds":300"#),
    ];
    let event = Enqueued::event();
    all.map(|(name, plain, lenient)| decoding(name, &event, &event, plain, lenient)).into()
}

/// Rows of `position.cancelled`, by a reason that is known, and by one as long that is not.
pub(crate) fn cancelled() -> Vec<Row> {
    let by = |reason| {
        let position_id = "pos-550e8400-e29b-41d4-a716".to_owned();
        let (wait_time_seconds, queue_length_after) = (95, 1_520);
        let required = PositionCancelledV1Required {
            position_id,
            reason,
            wait_time_seconds,
            queue_length_after,
        };
        event("waitingroom-api", PositionCancelledV1::new(required))
    };
    let known = by(PositionCancelledV1Reason::PageClosed);
    let unknown = by(PositionCancelledV1Reason::Unknown("page_frozen".to_owned()));
    vec![
        decoding("decode_owned", &known, &known, "", ""),
        decoding("lenient_enum", &known, &unknown, "page_closed", "page_frozen"),
    ]
}

/// Decodes what an event is sent as, once `plain` in it is `lenient`, to `meant`.
fn decoding<T: Payload + PartialEq + std::fmt::Debug + 'static>(
    name: &'static str,
    sent: &Event<T>,
    meant: &Event<T>,
    plain: &str,
    lenient: &str,
) -> Row {
    let message = serde_json::to_string(sent).expect("an event is JSON");
    assert!(message.contains(plain), "{plain}: {message}");
    let message: &'static [u8] = message.replacen(plain, lenient, 1).into_bytes().leak();
    let owned = || Event::<T>::decode(black_box(message));
    assert_eq!(&owned().expect("it is an event"), meant);
    row(name, owned)
}
