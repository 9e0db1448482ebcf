//! What the types of two versions say of messages: `judge FILE`, where a line of the file is
//! `{"subject": .., "writer": "old" or "new", "message": ..}`.
//!
//! A line of the answer is `{"sent": .., "refused": ..}`: the payload as the writer's type sends it,
//! or null where it does not, and where the reader's type refuses the message, or null.

use std::error::Error;
use std::fs;

use wr_core::serde_json::{self, Value, json};
use wr_core::{At, EventSet};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("say which file")?;
    for line in fs::read_to_string(path)?.lines() {
        let question: Value = serde_json::from_str(line)?;
        let subject = question["subject"].as_str().ok_or("a question has a subject")?;
        let message = &question["message"];
        let (sent, refused) = match question["writer"].as_str() {
            Some("old") => (
                sent::<cases_old::AnyEvent>(subject, message),
                refused::<cases_new::AnyEvent>(subject, message),
            ),
            Some("new") => (
                sent::<cases_new::AnyEvent>(subject, message),
                refused::<cases_old::AnyEvent>(subject, message),
            ),
            other => return Err(format!("no side is called {other:?}").into()),
        };
        println!("{}", json!({ "sent": sent, "refused": refused }));
    }
    Ok(())
}

/// What is sent of the value that the message spells, which need not be a value that may be sent.
fn sent<E: EventSet>(subject: &str, message: &Value) -> Option<Value> {
    let event = E::read(subject, message.clone(), &At::SHAPE_ONLY).ok()?;
    let bytes = event.encode().ok()?;
    let mut message: Value = serde_json::from_slice(&bytes).ok()?;
    Some(message["data"].take())
}

/// The pointer at which a message is refused.
fn refused<E: EventSet>(subject: &str, message: &Value) -> Option<String> {
    let error = E::decode(subject, message.to_string().as_bytes()).err()?;
    Some(error.pointer().to_owned())
}
