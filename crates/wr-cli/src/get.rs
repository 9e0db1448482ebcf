//! `wr get`: one message of a stream.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};
use wr_core::Catalogue;
use wr_runtime::{ErrorKind, Registry};

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
    let got = connection.stored(&name, sequence).await.map_err(|error| match error.kind() {
        ErrorKind::StreamMissing(_) | ErrorKind::InvalidSubject => {
            let what = format!("stream `{name}`: {error}");
            Error::usage(what, "see the streams with `wr health`")
        }
        _ => error.into(),
    })?;
    let Some(message) = got else {
        let text = format!("message {sequence} of stream `{name}`");
        writeln!(screen.err, "{text}: it was never there, or is gone")?;
        return Ok(Exit::No);
    };
    if body {
        screen.out.write_all(&message.body)?;
        return Ok(Exit::Done);
    }
    let registry = Registry::new(catalogue)?;
    let shows = screen.shows_personal_data;
    let got = Got {
        stream: name,
        sequence,
        stored_at: time(message.stored_at),
        headers: headers(&message.headers, shows),
        decoded: Decoded::read(&registry, &message.subject, &message.body, shows),
        subject: message.subject,
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
