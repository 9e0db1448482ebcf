//! `wr health`: how the connection, every stream and every consumer are.

use std::io::{self, Write};

use wr_core::Catalogue;
use wr_runtime::{Health, HealthCheck};

use crate::Exit;
use crate::arguments::ConnectArguments;
use crate::error::Result;
use crate::screen::{Screen, Table, Tone, printable};

pub(crate) async fn run(
    catalogue: &'static Catalogue,
    connect: &ConnectArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let connection = connect.connect().await?;
    let check = HealthCheck::new(catalogue).everything().deadline(connect.timeout);
    let health = check.run(&connection).await;
    screen.show(&health, write)?;
    Ok(if health.ready { Exit::Done } else { Exit::No })
}

fn write(screen: &mut Screen<'_>, health: &Health) -> io::Result<()> {
    let server = &health.connection;
    let round_trip = server.round_trip_ms.map(|ms| format!(", answers in {ms:.1} ms"));
    let text = format!(
        "{} (nats-server {}){}",
        server.server_name,
        server.server_version,
        round_trip.unwrap_or_default()
    );
    writeln!(screen.out, "{} {text}", mark(screen, Some(server.ok)))?;
    if let Some(reason) = &server.reason {
        writeln!(screen.out, "  {}", printable(reason))?;
    }
    writeln!(screen.out)?;
    let mut table = Table::new(&["", "stream", "leader", "replicas", ""]);
    for stream in &health.streams {
        table.row(vec![
            verdict(stream.ok),
            (Some(Tone::Name), stream.name.clone()),
            (None, stream.leader.clone().unwrap_or_default()),
            (None, format!("{}/{}", stream.replicas_current, stream.replicas)),
            (Some(Tone::Bad), stream.reason.clone().unwrap_or_default()),
        ]);
    }
    let text = table.text(&screen.out);
    writeln!(screen.out, "{text}")?;
    let head =
        ["", "consumer", "stream", "lag", "unsettled", "redelivered", "evicted", "pulls", ""];
    let mut table = Table::new(&head);
    let number = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |it| it.to_string());
    for consumer in &health.consumers {
        let lost = consumer.evicted.is_some_and(|evicted| evicted > 0);
        let mut notes: Vec<String> = consumer.reason.clone().into_iter().collect();
        notes.extend(consumer.paused.then(|| "paused".to_owned()));
        // How many each process has is its own affair.
        let pulls = match consumer.pulls {
            Some(0) => "none",
            Some(_) => "some",
            None => "?",
        };
        let most = consumer.max_ack_pending.map(|most| format!("/{most}")).unwrap_or_default();
        table.row(vec![
            verdict(consumer.ok),
            (Some(Tone::Name), consumer.name.clone()),
            (None, consumer.stream.clone()),
            (None, number(consumer.lag)),
            (None, number(consumer.ack_pending) + &most),
            (None, number(consumer.redelivered)),
            (lost.then_some(Tone::Bad), number(consumer.evicted)),
            (None, pulls.to_owned()),
            (Some(Tone::Warning), notes.join("; ")),
        ]);
    }
    let text = table.text(&screen.out);
    writeln!(screen.out, "{text}")?;
    let (tone, text) = match health.ready {
        true => (Tone::Good, "ready"),
        false => (Tone::Bad, "not ready"),
    };
    writeln!(screen.out, "{}", screen.paint(tone, text))
}

fn mark(screen: &Screen<'_>, ok: Option<bool>) -> String {
    let (tone, text) = verdict(ok);
    screen.paint(tone.unwrap_or(Tone::Quiet), text)
}

/// In words too, for whoever sees no colours.
fn verdict(ok: Option<bool>) -> (Option<Tone>, String) {
    match ok {
        Some(true) => (Some(Tone::Good), "ok".to_owned()),
        Some(false) => (Some(Tone::Bad), "ill".to_owned()),
        None => (Some(Tone::Warning), "unknown".to_owned()),
    }
}
