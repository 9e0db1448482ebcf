//! Makes the server have what the topology says.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::mark::Mark;
use super::plan::{Action, Difference, Effect, Plan, Step, Target};
use super::server::Actual;
use super::{Topology, mark};
use crate::connection::Connection;
use crate::error::{ErrorKind, Result};

/// What [`Plan::apply`] may do besides what loses nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    destructive: bool,
    recreate: bool,
    older_mark: bool,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Applied {
    /// What was not there.
    pub created: Vec<Target>,
    /// What had other settings.
    pub updated: Vec<Target>,
    /// Consumers that were made anew, where the old ones stood.
    pub recreated: Vec<Target>,
    /// Streams that were as they should be, and are marked as set up for this catalogue now.
    pub marked: Vec<Target>,
    /// Streams that a newer catalogue has marked: they keep its mark.
    pub kept: Vec<Target>,
    /// What was as it should be.
    pub unchanged: Vec<Target>,
}

impl Permission {
    /// Permits changes that lose messages, or may.
    #[must_use]
    pub fn allow_destructive(mut self) -> Self {
        self.destructive = true;
        self
    }

    /// Permits to delete a consumer whose settings cannot be changed, and to make it anew: it
    /// begins after the last message up to which everything was settled, so that a few are
    /// delivered again and none is left out.
    ///
    /// Streams are never made anew: their messages would be gone.
    #[must_use]
    pub fn allow_recreate(mut self) -> Self {
        self.recreate = true;
        self
    }

    /// Permits to mark as set up for this catalogue what a newer one has marked. Else its mark stays:
    /// a tool of an older build would hide which schemas were applied.
    #[must_use]
    pub fn allow_older_mark(mut self) -> Self {
        self.older_mark = true;
        self
    }
}

impl Plan {
    /// Carries the plan out: streams, buckets, then consumers; then reads everything back, because
    /// a server may take a setting over without doing it.
    ///
    /// Nothing is changed where a step is not permitted. What fails midway can be repeated.
    ///
    /// # Errors
    /// [`ErrorKind::Unpermitted`] for a step that would lose messages or cannot be done;
    /// [`ErrorKind::Drift`] if the server is not as it was when the plan was made, or not as it
    /// should be afterwards; or the server refuses a step.
    pub async fn apply(&self, connection: &Connection, permission: Permission) -> Result<Applied> {
        let now = self.topology.plan(connection).await?;
        self.require_same(&now)?;
        now.require_permitted(permission)?;
        let mut applied = Applied::default();
        for step in &now.steps {
            step.apply(connection, permission, &mut applied).await?;
        }
        self.topology.verify(connection).await?;
        Ok(applied)
    }

    /// Refuses what nobody saw in the plan; what others have done meanwhile as planned is fine.
    fn require_same(&self, now: &Plan) -> Result<()> {
        let seen = |step: &Step| {
            let old = self.steps.iter().find(|old| old.target == step.target);
            old.is_some_and(|old| settings(old) == settings(step))
        };
        let new = now.steps.iter().filter(|step| step.action != Action::Unchanged && !seen(step));
        let text = |step: &Step| format!("{} has changed since the plan: plan again", step.target);
        match new.map(text).collect::<Vec<_>>() {
            new if new.is_empty() => Ok(()),
            new => Err(ErrorKind::Drift(new).into()),
        }
    }

    fn require_permitted(&self, permission: Permission) -> Result<()> {
        let refused = self.steps.iter().flat_map(|step| unpermitted(step, permission));
        match refused.collect::<Vec<_>>() {
            refused if refused.is_empty() => Ok(()),
            refused => Err(ErrorKind::Unpermitted(refused).into()),
        }
    }
}

impl Topology {
    /// Reads streams, buckets and consumers from the server and compares them field by field.
    ///
    /// # Errors
    /// [`ErrorKind::Drift`] with one line a difference; or JetStream does not answer, or forbids
    /// the question.
    pub async fn verify(&self, connection: &Connection) -> Result<()> {
        match self.plan(connection).await?.drift() {
            drift if drift.is_empty() => Ok(()),
            drift => Err(ErrorKind::Drift(drift).into()),
        }
    }
}

/// The step without the counts that change all the time, and without the mark, which whoever rolls
/// out another catalogue may change meanwhile.
fn settings(step: &Step) -> (bool, Vec<String>) {
    let text = |it: &Difference| format!("{} {:?} {}", it.field, it.actual, it.wanted);
    let differences = step.differences.iter().filter(|it| !it.is_mark());
    (step.actual.is_some(), differences.map(text).collect())
}

fn unpermitted(step: &Step, permission: Permission) -> Vec<String> {
    let can_recreate = permission.recreate && step.can_recreate();
    let refused = |difference: &&Difference| match difference.effect {
        Effect::Harmless | Effect::Notable(_) | Effect::Mark(_) => false,
        Effect::Destructive(_) => !permission.destructive,
        Effect::Impossible(_) => !can_recreate,
    };
    let all = step.differences.iter().filter(refused);
    all.map(|difference| format!("{}: {difference}", step.target)).collect()
}

/// Whether it is the mark of a newer catalogue.
fn is_newer(difference: &Difference) -> bool {
    difference.effect == Effect::Mark(Mark::Newer)
}

impl Step {
    /// Whether it is a consumer that is there; its messages lie in the stream.
    fn can_recreate(&self) -> bool {
        matches!(self.target, Target::Consumer { .. }) && self.actual.is_some()
    }

    async fn apply(
        &self,
        connection: &Connection,
        permission: Permission,
        applied: &mut Applied,
    ) -> Result<()> {
        let is_kept = !permission.older_mark && self.differences.iter().any(is_newer);
        if is_kept {
            applied.kept.push(self.target.clone());
        }
        let done = match (self.action, &self.actual) {
            (Action::Unchanged, _) => &mut applied.unchanged,
            (Action::Conflict, Some(actual)) => {
                self.recreate(connection, actual).await?;
                &mut applied.recreated
            }
            (Action::Update, Some(actual)) => {
                self.send(connection, "update", &self.merged(actual, is_kept)).await?;
                &mut applied.updated
            }
            (Action::Mark, Some(_)) if is_kept => return Ok(()),
            (Action::Mark, Some(actual)) => {
                self.send(connection, "update", &self.merged(actual, false)).await?;
                &mut applied.marked
            }
            (Action::Create | Action::Update | Action::Conflict | Action::Mark, _) => {
                self.send(connection, "create", &self.wanted.config).await?;
                &mut applied.created
            }
        };
        if self.action != Action::Unchanged {
            tracing::info!(target = %self.target, action = ?self.action, "topology applied");
        }
        done.push(self.target.clone());
        Ok(())
    }

    /// The server's settings with ours over them; those that we do not know stay, and the mark where
    /// it is kept.
    fn merged(&self, actual: &Actual, is_kept: bool) -> Map<String, Value> {
        let mut config = actual.config.clone();
        for difference in &self.differences {
            if difference.is_mark() {
                if !is_kept {
                    self.mark(&mut config);
                }
                continue;
            }
            match self.wanted.config.get(difference.field) {
                Some(value) => config.insert(difference.field.to_owned(), value.clone()),
                None => config.remove(difference.field),
            };
        }
        config
    }

    /// Our marks over those that are there; what others keep beside them stays.
    fn mark(&self, config: &mut Map<String, Value>) {
        let Some(Value::Object(ours)) = self.wanted.config.get(mark::METADATA) else { return };
        let metadata = config.entry(mark::METADATA).or_insert(Value::Null);
        match metadata {
            Value::Object(theirs) => theirs.extend(ours.clone()),
            other => *other = Value::Object(ours.clone()),
        }
    }

    /// Deletes a consumer and makes it anew, after everything that the old one has settled.
    async fn recreate(&self, connection: &Connection, actual: &Actual) -> Result<()> {
        let Target::Consumer { stream, name } = &self.target else { return Ok(()) };
        let mut config = self.wanted.config.clone();
        config.insert("deliver_policy".to_owned(), "by_start_sequence".into());
        let next = actual.settled().saturating_add(1);
        config.insert("opt_start_seq".to_owned(), next.into());
        // Whoever has to finish this by hand needs to know where.
        tracing::warn!(consumer = name, sequence = next, "a consumer is made anew");
        let subject = format!("CONSUMER.DELETE.{stream}.{name}");
        let _: Value = connection.api(&subject, &json!({})).await?;
        let made = self.send(connection, "create", &config).await;
        made.map_err(|error| error.at(format!("make {} anew, from {next} on", self.target)))
    }

    async fn send(
        &self,
        connection: &Connection,
        action: &str,
        config: &Map<String, Value>,
    ) -> Result<()> {
        let (subject, request) = match &self.target {
            Target::Stream { .. } | Target::Bucket { .. } => {
                let subject = format!("STREAM.{}.{}", action.to_uppercase(), self.target.stream());
                (subject, Value::Object(config.clone()))
            }
            Target::Consumer { stream, name } => (
                format!("CONSUMER.CREATE.{stream}.{name}"),
                json!({ "stream_name": stream, "config": config, "action": action }),
            ),
        };
        let answer: Result<Value> = connection.api(&subject, &request).await;
        answer.map(drop).map_err(|error| error.at(format!("{action} {}", self.target)))
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Applied { created, updated, recreated, marked, kept, unchanged } = self;
        for (done, targets) in [
            ("created", created),
            ("changed", updated),
            ("made anew", recreated),
            ("marked", marked),
            ("left the mark of a newer catalogue on", kept),
        ] {
            for target in targets {
                writeln!(f, "{done} {target}")?;
            }
        }
        write!(f, "{} as they were", unchanged.len())
    }
}

#[cfg(test)]
mod tests {
    use wr_testkit::{Binary, FLOOR_VERSION, ServerOptions};

    use super::super::fields::{Change, Field, Kind};
    use super::super::plan::step;
    use super::super::wanted::Wanted;
    use super::*;
    use crate::connection::ConnectOptions;

    /// An older server drops what it does not know and says nothing; to read back shows it.
    #[tokio::test]
    async fn what_the_server_drops_in_silence_is_found() {
        const ROWS: &[Field] =
            &[Field { name: "allow_atomic", kind: Kind::Flag, change: Change::Free }];
        let binary = Binary::version(FLOOR_VERSION).unwrap();
        let server = ServerOptions::new().binary(binary).start().unwrap();
        let connection = ConnectOptions::new("test").server(server.url()).connect().await.unwrap();
        let Value::Object(config) = json!({
            "name": "S", "subjects": ["a"], "retention": "limits", "storage": "file",
            "discard": "old", "num_replicas": 1, "allow_atomic": true,
        }) else {
            unreachable!()
        };
        let wanted =
            Wanted { target: Target::Stream { name: "S".to_owned() }, fields: ROWS, config };
        let planned = step(&connection, &wanted, &[]).await.unwrap();
        assert_eq!(planned.action, Action::Create);
        planned.apply(&connection, Permission::default(), &mut Applied::default()).await.unwrap();
        let again = step(&connection, &wanted, &[]).await.unwrap();
        assert_eq!(again.drift(), ["stream S: allow_atomic false -> true"]);
    }
}
