//! The words in which this runtime says why it gave a message up. Another service may write whatever
//! it likes under the same reason, values of the message among it.

use wr_runtime::{DeadLetter, Reason, Violation};

/// Whether the error of a dead letter is in the words of this runtime, which tells every circumstance
/// and writes no value of the message.
pub(super) fn is_ours(letter: &DeadLetter) -> bool {
    let is_whole = letter.stream.is_some()
        && letter.consumer.is_some()
        && letter.stream_sequence.is_some()
        && letter.stored_at.is_some()
        && letter.deliveries.is_some();
    is_whole && fits(&letter.reason, &letter.error, &letter.schema_errors)
}

fn fits(reason: &Reason, text: &str, broken: &[Violation]) -> bool {
    match reason {
        Reason::UnmarshalError => numbered(text, "not JSON at line ", ", column "),
        Reason::SchemaViolation => {
            let is_told = |Violation { pointer, keyword }: &Violation| {
                let rest = match pointer.is_empty() {
                    true => Some(text),
                    false => text.strip_prefix(&format!("`{pointer}`: ")),
                };
                rest.is_some_and(|rest| rest.starts_with(&format!("`{keyword}` asks for ")))
            };
            broken.first().is_some_and(is_told)
        }
        Reason::EnvelopeMismatch => {
            text.starts_with("`/type`: the subject carries events of type `")
                || text.starts_with("`/version`: the subject carries major ")
        }
        Reason::UnknownType => {
            matches!(rest(text), "no event of this type is known" | "no handler for this event")
        }
        Reason::UnknownMajor => rest(text) == "this major of the event is not known",
        Reason::MaxDeliveriesExceeded => numbered(text, "the server gave up after ", " deliveries"),
        Reason::PermanentError | Reason::MaxRetriesExceeded | Reason::Unknown(_) => false,
        _ => false,
    }
}

/// Behind a place in the envelope.
fn rest(text: &str) -> &str {
    let of = |place: &str| text.strip_prefix(place);
    of("`/type`: ").or_else(|| of("`/version`: ")).unwrap_or(text)
}

/// Whether nothing but numbers stands behind `head`, around `middle`.
fn numbered(text: &str, head: &str, middle: &str) -> bool {
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let told = text.strip_prefix(head).and_then(|text| text.split_once(middle));
    told.is_some_and(|(one, other)| !one.is_empty() && is_number(one) && is_number(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_this_runtime_are_ours() {
        let broken = [Violation { pointer: "/data/a".to_owned(), keyword: "type".to_owned() }];
        for (reason, ours, other) in [
            (Reason::UnmarshalError, "not JSON at line 1, column 2", "not JSON: ann@example.com"),
            (Reason::SchemaViolation, "`/data/a`: `type` asks for a string", "ann is no number"),
            (
                Reason::EnvelopeMismatch,
                "`/version`: the subject carries major 1",
                "ann sent another version",
            ),
            (Reason::UnknownType, "no handler for this event", "no handler for ann"),
            (Reason::UnknownMajor, "this major of the event is not known", "major of ann"),
            (
                Reason::MaxDeliveriesExceeded,
                "the server gave up after 5 deliveries",
                "the server gave up after 5 deliveries to ann",
            ),
        ] {
            assert!(fits(&reason, ours, &broken), "{ours}");
            assert!(!fits(&reason, other, &broken), "{other}");
        }
    }
}
