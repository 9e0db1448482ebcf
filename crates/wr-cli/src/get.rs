//! `wr get`: one message of a stream.

use std::io;

use serde::Serialize;
use serde_json::{Map, Value};
use wr_core::Catalogue;
use wr_core::chrono::DateTime;
use wr_runtime::Registry;
use wr_runtime::async_nats::jetstream::ErrorCode;
use wr_runtime::async_nats::jetstream::stream::RawMessageErrorKind;

use crate::Exit;
use crate::arguments::{ConnectArguments, GetArguments};
use crate::error::{Error, Result};
use crate::message::{Decoded, headers, time, write_decoded, write_headers};
use crate::screen::{Screen, Tone, printable};

#[derive(Debug, Serialize)]
struct Got {
    stream: String,
    sequence: u64,
    subject: String,
    stored_at: String,
    headers: Map<String, Value>,
    #[serde(flatten)]
    decoded: Decoded,
}

pub(crate) async fn run(
    catalogue: &'static Catalogue,
    connect: &ConnectArguments,
    options: GetArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let GetArguments { stream: name, sequence, body } = options;
    let connection = connect.connect().await?;
    let stream = connection.jetstream().get_stream_no_info(&name).await.map_err(|error| {
        Error::usage(format!("stream `{name}`: {error}"), "see the streams with `wr health`")
    })?;
    let message = match stream.get_raw_message(sequence).await {
        Ok(message) => message,
        Err(error) => {
            let text = format!("message {sequence} of stream `{name}`: {error}");
            return match error.kind() {
                RawMessageErrorKind::NoMessageFound => {
                    let _ = writeln!(screen.err, "{text}: it was never there, or is gone");
                    Ok(Exit::No)
                }
                RawMessageErrorKind::JetStream(error)
                    if error.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    Err(Error::usage(text, "see the streams with `wr health`"))
                }
                _ => {
                    Err(Error::failed(text, "`wr doctor` looks at the connection and permissions"))
                }
            };
        }
    };
    if body {
        screen.out.write_all(&message.payload)?;
        return Ok(Exit::Done);
    }
    let registry = Registry::new(catalogue)?;
    let stored_at = i64::try_from(message.time.unix_timestamp_nanos()).unwrap_or_default();
    let shows = screen.shows_personal_data;
    let got = Got {
        stream: name,
        sequence,
        stored_at: time(DateTime::from_timestamp_nanos(stored_at)),
        headers: headers(&message.headers),
        decoded: Decoded::read(catalogue, &registry, &message.subject, &message.payload, shows),
        subject: message.subject.to_string(),
    };
    screen.show(&got, write)?;
    Ok(Exit::Done)
}

fn write(screen: &mut Screen<'_>, got: &Got) -> io::Result<()> {
    let subject = screen.paint(Tone::Name, printable(&got.subject));
    writeln!(screen.out, "{subject}")?;
    writeln!(screen.out, "{} {}, stored {}", got.stream, got.sequence, got.stored_at)?;
    write_headers(screen, &got.headers)?;
    write_decoded(screen, &got.decoded)
}
