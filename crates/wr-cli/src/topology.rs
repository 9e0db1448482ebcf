//! `wr topology`: the catalogue's streams, buckets and consumers against the server's.

use std::io::{self, Write};

use serde_json::json;
use wr_core::Catalogue;
use wr_core::topology::Storage;
use wr_runtime::{Mark, Marked, Overrides, Permission, Plan, Topology};

use crate::Exit;
use crate::arguments::{
    ApplyArguments, ConnectArguments, OverrideArguments, StorageArgument, TopologyVerb,
};
use crate::error::{Error, Result};
use crate::interrupt::Interrupts;
use crate::screen::{Screen, Tone, printable};

pub(crate) async fn run(
    catalogue: &'static Catalogue,
    connect: &ConnectArguments,
    verb: TopologyVerb,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    match verb {
        TopologyVerb::Plan(overrides) => {
            let topology = overrides.topology(catalogue)?;
            let plan = topology.plan(&connect.connect().await?).await?;
            screen.show(&plan, |screen, plan| writeln!(screen.out, "{plan}"))?;
            Ok(if plan.is_empty() { Exit::Done } else { Exit::No })
        }
        TopologyVerb::Verify(overrides) => {
            let topology = overrides.topology(catalogue)?;
            let plan = topology.plan(&connect.connect().await?).await?;
            let (drift, marks) = (plan.drift(), plan.marks());
            let document = json!({ "drift": drift, "marks": marks });
            screen.show(&document, |screen, _| write_drift(screen, &drift, &marks))?;
            Ok(if drift.is_empty() { Exit::Done } else { Exit::No })
        }
        TopologyVerb::Apply(options) => apply(catalogue, connect, options, screen).await,
    }
}

impl OverrideArguments {
    /// The topology of this environment.
    pub(crate) fn topology(&self, catalogue: &'static Catalogue) -> Result<Topology> {
        let mut overrides = Overrides::default();
        if let Some(replicas) = self.replicas {
            overrides = overrides.replicas(replicas);
        }
        match self.storage {
            Some(StorageArgument::File) => overrides = overrides.storage(Storage::File),
            Some(StorageArgument::Memory) => overrides = overrides.storage(Storage::Memory),
            None => {}
        }
        if let Some(percent) = self.max_bytes_percent {
            overrides = overrides.max_bytes_percent(percent);
        }
        for (name, bytes) in &self.max_bytes {
            overrides = overrides.max_bytes(name, *bytes);
        }
        for (name, sequence) in &self.start {
            overrides = overrides.start(name, *sequence);
        }
        Ok(Topology::new(catalogue, overrides)?)
    }
}

async fn apply(
    catalogue: &'static Catalogue,
    connect: &ConnectArguments,
    options: ApplyArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let topology = options.overrides.topology(catalogue)?;
    let connection = connect.connect().await?;
    let plan = topology.plan(&connection).await?;
    if !plan.is_empty() && !screen.json {
        writeln!(screen.err, "{plan}")?;
    }
    let permission = options.permission();
    let may = plan.is_empty()
        || options.yes
        || screen.confirm(&question(&plan), "`wr topology plan`").await?;
    if !may {
        writeln!(screen.err, "nothing was changed")?;
        return Ok(Exit::No);
    }
    let applying = plan.apply(&connection, permission);
    let applied = Interrupts::new().abandon(applying).await.ok_or_else(|| {
        let what = "interrupted: some steps are done, the one under way may be";
        Error::stopped(what, "see what is left with `wr topology plan`, then apply it again")
    })??;
    screen.show(&applied, |screen, applied| writeln!(screen.out, "{applied}"))?;
    if !applied.kept.is_empty() {
        let text = "this `wr` is built from an older catalogue than the streams were set up for";
        writeln!(screen.err, "{text}")?;
        writeln!(
            screen.err,
            "  = help: use a newer one; to go back for good, add `--allow-older-mark`"
        )?;
    }
    Ok(Exit::Done)
}

impl ApplyArguments {
    fn permission(&self) -> Permission {
        let mut permission = Permission::default();
        if self.allow_destructive {
            permission = permission.allow_destructive();
        }
        if self.allow_recreate {
            permission = permission.allow_recreate();
        }
        if self.allow_older_mark {
            permission = permission.allow_older_mark();
        }
        permission
    }
}

fn question(plan: &Plan) -> String {
    match plan.is_destructive() {
        true => "Apply this plan, which may lose messages?".to_owned(),
        false => "Apply this plan?".to_owned(),
    }
}

fn write_drift(screen: &mut Screen<'_>, drift: &[String], marks: &[Marked]) -> io::Result<()> {
    for marked in marks.iter().filter(|it| it.mark != Mark::Same) {
        let text = format!("stream {} is marked as {}; no drift", marked.stream, marked.mark);
        writeln!(screen.out, "{}", screen.paint(Tone::Quiet, text))?;
    }
    if drift.is_empty() {
        let text = screen.paint(Tone::Good, "the server has what the catalogue says");
        return writeln!(screen.out, "{text}");
    }
    for line in drift {
        writeln!(screen.out, "{}", screen.paint(Tone::Bad, printable(line)))?;
    }
    writeln!(screen.out, "see what a change would do with `wr topology plan`")
}
