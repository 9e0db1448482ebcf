//! What differs between the topology and the server, and what a change would do.

use std::fmt;

use futures_util::future::try_join_all;
use serde::Serialize;
use serde_json::Value;

use super::Topology;
use super::fields::{Change, Field, Limit};
use super::mark::{self, Mark, Marked};
use super::server::{self, Actual};
use super::subjects::{overlap, stored};
use super::wanted::Wanted;
use crate::connection::Connection;
use crate::error::{Error, Result};

/// What has to be done so that the server has what the topology says.
///
/// As text it is a table for a person, as JSON the same for a program.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// One a stream, bucket and consumer, in the order in which they are carried out.
    pub steps: Vec<Step>,
    #[serde(skip)]
    pub(super) topology: Topology,
}

/// What has to be done to one stream, bucket or consumer.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// What has to be done.
    pub action: Action,
    /// To what.
    pub target: Target,
    /// The settings that differ; none where nothing has to be done. Of a new one, all that the
    /// topology says.
    pub differences: Vec<Difference>,
    #[serde(skip)]
    pub(super) wanted: Wanted,
    #[serde(skip)]
    pub(super) actual: Option<Actual>,
}

/// What has to be done to one stream, bucket or consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// It is not there.
    Create,
    /// It is there with other settings, which can be changed.
    Update,
    /// A setting cannot be had, or cannot be changed.
    Conflict,
    /// It is as it should be, but for the mark of the catalogue that it was set up for.
    Mark,
    /// Nothing.
    Unchanged,
}

/// A stream, a bucket or a consumer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Target {
    /// A stream.
    Stream {
        /// Its name.
        name: String,
    },
    /// A key-value bucket.
    Bucket {
        /// Its name; the stream behind it is `KV_` and that.
        name: String,
    },
    /// A durable consumer.
    Consumer {
        /// The stream it reads.
        stream: String,
        /// Its durable name.
        name: String,
    },
}

/// A setting that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The setting, as JetStream's API names it; `wr-events.catalogue` is a name in a stream's
    /// metadata.
    pub field: &'static str,
    /// What the server has, with its unit (`s`, `bytes`); nothing where it has none.
    pub actual: Option<String>,
    /// What the topology says, with its unit.
    pub wanted: String,
    /// What a change would do.
    pub effect: Effect,
}

/// What the change of a setting would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// Nothing is lost.
    Harmless,
    /// Nothing is lost, and no permission is needed; the text says what is to be known before.
    Notable(String),
    /// Nothing at all, and it is no drift: the stream is marked as set up for this catalogue, where
    /// it was for another.
    Mark(Mark),
    /// Messages are lost, or may be; the text says which and why.
    Destructive(String),
    /// The server refuses it; the text says what can be done.
    Impossible(String),
}

impl Topology {
    /// Compares the topology with the server, field by field, and changes nothing.
    ///
    /// Streams and consumers that the topology does not know are left alone; a stream that holds a
    /// subject of ours is a conflict. Asks `STREAM.INFO` and `CONSUMER.INFO`, and `STREAM.NAMES`
    /// about subjects that a stream has not had.
    ///
    /// # Errors
    /// JetStream does not answer, or forbids the question.
    pub async fn plan(&self, connection: &Connection) -> Result<Plan> {
        let all = self.wanted();
        let steps = all.iter().map(|wanted| step(connection, wanted, &all));
        let mut steps = try_join_all(steps).await?;
        // A subject that moves is given up before it is taken.
        steps.sort_by_key(|step| (step.target.rank(), !step.gives_up_subjects()));
        Ok(Plan { steps, topology: self.clone() })
    }
}

impl Plan {
    /// Whether nothing is to be done: the server has what the topology says, and each stream the
    /// mark of the catalogue.
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.action == Action::Unchanged)
    }

    /// Whether a step loses messages, or may.
    pub fn is_destructive(&self) -> bool {
        let mut all = self.steps.iter().flat_map(|step| &step.differences);
        all.any(|difference| matches!(difference.effect, Effect::Destructive(_)))
    }

    /// The steps that cannot be carried out.
    pub fn conflicts(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.action == Action::Conflict)
    }

    /// Which catalogue each stream that is there was last set up for.
    ///
    /// Another one than ours is no drift: while services are replaced one after the other, two
    /// catalogues with different minors are at work on the same streams.
    pub fn marks(&self) -> Vec<Marked> {
        self.steps.iter().filter_map(Step::marked).collect()
    }

    /// What is not as it should be, one line each: what [`Topology::verify`] complains of. Marks
    /// have no part in it.
    pub fn drift(&self) -> Vec<String> {
        self.steps.iter().flat_map(Step::drift).collect()
    }
}

pub(super) async fn step(connection: &Connection, wanted: &Wanted, all: &[Wanted]) -> Result<Step> {
    let actual = Actual::read(connection, &wanted.target).await?;
    let stranded = match &actual {
        Some(actual) => actual.stranded(connection, wanted).await?,
        None => 0,
    };
    let mut differences = differences(wanted, actual.as_ref(), stranded);
    differences.extend(overlaps(connection, wanted, actual.as_ref(), all).await?);
    if connection.is_local() && connection.client().server_info().cluster.is_none() {
        differences.iter_mut().for_each(alone);
    }
    if actual.is_none() {
        note_first(connection, wanted, &mut differences).await?;
    }
    differences.extend(remarked(wanted, actual.as_ref()));
    let is_impossible =
        |difference: &Difference| matches!(difference.effect, Effect::Impossible(_));
    let action = match &actual {
        _ if differences.iter().any(is_impossible) => Action::Conflict,
        None => Action::Create,
        Some(_) if differences.is_empty() => Action::Unchanged,
        Some(_) if differences.iter().all(Difference::is_mark) => Action::Mark,
        Some(_) => Action::Update,
    };
    let (target, wanted) = (wanted.target.clone(), wanted.clone());
    Ok(Step { action, target, differences, wanted, actual })
}

/// A single server refuses more than one replica, or takes the number over and keeps one.
fn alone(difference: &mut Difference) {
    if difference.field == "num_replicas" && !matches!(difference.wanted.as_str(), "0" | "1") {
        difference.effect = Effect::Impossible(format!(
            "{0} replicas need {0} servers; this is a single server: override replicas",
            difference.wanted
        ));
    }
}

fn differences(wanted: &Wanted, actual: Option<&Actual>, stranded: u64) -> Vec<Difference> {
    let of = |field: &Field| {
        let new = wanted.config.get(field.name);
        if actual.is_none() && new.is_none() {
            return None;
        }
        let new = field.value(new);
        let old = match actual {
            Some(actual) => field.value(actual.config.get(field.name)),
            None => field.default(),
        };
        if actual.is_some() && (old == new || is_moved(field, &old)) {
            return None;
        }
        let effect = match actual {
            Some(actual) => effect(field, actual, &old, &new, stranded),
            None => Effect::Harmless,
        };
        Some(Difference {
            field: field.name,
            actual: actual.map(|_| field.show(&old)),
            wanted: field.show(&new),
            effect,
        })
    };
    wanted.fields.iter().filter_map(of).collect()
}

/// Of a consumer that is not there: what it will be handed of a stream that is not empty.
async fn note_first(
    connection: &Connection,
    wanted: &Wanted,
    differences: &mut [Difference],
) -> Result<()> {
    let begins = |difference: &&mut Difference| difference.field == "deliver_policy";
    let Some(difference) = differences.iter_mut().find(begins) else { return Ok(()) };
    let start = wanted.config.get("opt_start_seq");
    let stream = Target::Stream { name: wanted.target.stream() };
    let note = match (difference.wanted.as_str(), start) {
        ("by_start_sequence", Some(start)) => {
            format!("it will be handed what its stream has from message {start} on")
        }
        ("all", _) => match server::waiting(connection, &stream, &wanted.filters()).await? {
            0 => return Ok(()),
            waiting => {
                format!(
                    "it will be handed {waiting} messages, from the first on: override its start \
                         where it has had them"
                )
            }
        },
        _ => return Ok(()),
    };
    difference.effect = Effect::Notable(note);
    Ok(())
}

/// The mark of a stream, where it is another's or none.
fn remarked(wanted: &Wanted, actual: Option<&Actual>) -> Option<Difference> {
    let ours = mark::text(&wanted.config, mark::FINGERPRINT)?;
    let effect = match actual {
        None => Effect::Harmless,
        Some(actual) => {
            let marked = Marked::new(&wanted.target.stream(), &actual.config, &wanted.config);
            (marked.mark != Mark::Same).then_some(Effect::Mark(marked.mark))?
        }
    };
    let theirs = |actual: &Actual| {
        mark::text(&actual.config, mark::FINGERPRINT).unwrap_or("none").to_owned()
    };
    Some(Difference {
        field: mark::FINGERPRINT,
        actual: actual.map(theirs),
        wanted: ours.to_owned(),
        effect,
    })
}

/// A consumer that was made anew began where the old one stood, which is as good.
fn is_moved(field: &Field, old: &Value) -> bool {
    field.name == "deliver_policy" && old == "by_start_sequence"
}

fn effect(field: &Field, actual: &Actual, old: &Value, new: &Value, stranded: u64) -> Effect {
    match field.change {
        Change::Free => Effect::Harmless,
        Change::Limit(limit) => beyond(limit, actual, old, new),
        Change::Copies if new.as_i64() < old.as_i64() => {
            Effect::Destructive("with fewer copies, a lost server may take messages".to_owned())
        }
        Change::Copies => Effect::Harmless,
        Change::Subjects if stranded > 0 => Effect::Destructive(format!(
            "{stranded} messages lie under subjects that would be stored no more"
        )),
        Change::Subjects => Effect::Harmless,
        Change::Filters => narrowed(actual, old, new),
        Change::Retention if old != "workqueue" && new != "workqueue" => Effect::Harmless,
        Change::Retention | Change::Refused => Effect::Impossible(
            "the server does not change it: remove the old one once it is drained, or correct the \
             topology"
                .to_owned(),
        ),
    }
}

/// What a limit would drop that is stored now; zero and less is no limit.
fn beyond(limit: Limit, actual: &Actual, old: &Value, new: &Value) -> Effect {
    let Some(new) = new.as_u64().filter(|new| *new > 0) else { return Effect::Harmless };
    let (messages, bytes) = (actual.state.messages, actual.state.bytes);
    let (is_beyond, held) = match limit {
        Limit::Messages => (messages > new, format!("{messages} messages are stored")),
        Limit::Bytes => (bytes > new, format!("{bytes} bytes are stored")),
        Limit::Age => {
            let age = actual.oldest().unwrap_or_default();
            (age > new, format!("the oldest message is {} s old", age / 1_000_000_000))
        }
        Limit::MessagesOfSubject => {
            let is_lower = old.as_u64().is_none_or(|old| old == 0 || old > new);
            (is_lower && messages > 0, format!("a subject may have more than {new} messages"))
        }
    };
    match is_beyond {
        true => Effect::Destructive(format!("{held}, and the oldest would go")),
        false => Effect::Harmless,
    }
}

/// What waits under a filter that goes is not delivered.
fn narrowed(actual: &Actual, old: &Value, new: &Value) -> Effect {
    let texts = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let (old, new) = (texts(old), texts(new));
    // No filter at all is all of them.
    let is_narrower = old.is_empty() || old.iter().any(|filter| !stored(&new, filter));
    let waiting = actual.num_pending + actual.num_ack_pending;
    match is_narrower && waiting > 0 {
        true => Effect::Destructive(format!(
            "{waiting} messages wait, and those under a filter that goes would not be delivered"
        )),
        false => Effect::Harmless,
    }
}

/// Streams that hold a subject which this one is to store: the server would refuse it.
async fn overlaps(
    connection: &Connection,
    wanted: &Wanted,
    actual: Option<&Actual>,
    all: &[Wanted],
) -> Result<Vec<Difference>> {
    let own = wanted.target.stream();
    let had = actual.map(Actual::subjects).unwrap_or_default();
    let new = wanted.subjects().into_iter().filter(|subject| !stored(&had, subject));
    let conflicts = new.map(|subject| async {
        let others = server::streams_of(connection, subject).await?;
        let is_in_the_way = |other: &String| *other != own && !gives_up(all, other, subject);
        let others = others.into_iter().filter(is_in_the_way);
        Ok::<_, Error>(others.map(|other| taken(subject, &other)))
    });
    let conflicts = try_join_all(conflicts).await?;
    Ok(conflicts.into_iter().flatten().collect())
}

fn taken(subject: &str, other: &str) -> Difference {
    let why = format!("stream `{other}` of the server holds it, or part of it: remove it there");
    let effect = Effect::Impossible(why);
    Difference { field: "subjects", actual: None, wanted: subject.to_owned(), effect }
}

/// Whether a stream of ours is to store the subject no more.
fn gives_up(all: &[Wanted], stream: &str, subject: &str) -> bool {
    let ours = all.iter().find(|it| it.is_stream() && it.target.stream() == stream);
    ours.is_some_and(|it| !it.subjects().iter().any(|stored| overlap(stored, subject)))
}

impl Wanted {
    fn is_stream(&self) -> bool {
        !matches!(self.target, Target::Consumer { .. })
    }
}

impl Step {
    fn gives_up_subjects(&self) -> bool {
        let kept = self.wanted.subjects();
        let had = self.actual.as_ref().map(Actual::subjects).unwrap_or_default();
        self.wanted.is_stream() && had.iter().any(|subject| !stored(&kept, subject))
    }

    fn marked(&self) -> Option<Marked> {
        let actual = self.actual.as_ref()?;
        mark::text(&self.wanted.config, mark::FINGERPRINT)?;
        Some(Marked::new(&self.target.stream(), &actual.config, &self.wanted.config))
    }

    pub(super) fn drift(&self) -> Vec<String> {
        match &self.actual {
            None => vec![format!("{} does not exist", self.target)],
            Some(_) => {
                let differences = self.differences.iter().filter(|it| !it.is_mark());
                differences.map(|difference| format!("{}: {difference}", self.target)).collect()
            }
        }
    }
}

impl Target {
    /// The name of the stream, or of the one behind a bucket or consumer.
    pub(super) fn stream(&self) -> String {
        match self {
            Target::Stream { name } => name.clone(),
            Target::Bucket { name } => format!("KV_{name}"),
            Target::Consumer { stream, .. } => stream.clone(),
        }
    }

    /// Where the API tells of it.
    pub(super) fn info(&self) -> String {
        match self {
            Target::Stream { .. } | Target::Bucket { .. } => {
                format!("STREAM.INFO.{}", self.stream())
            }
            Target::Consumer { stream, name } => format!("CONSUMER.INFO.{stream}.{name}"),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Target::Stream { .. } => 0,
            Target::Bucket { .. } => 1,
            Target::Consumer { .. } => 2,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Stream { name } => write!(f, "stream {name}"),
            Target::Bucket { name } => write!(f, "bucket {name}"),
            Target::Consumer { stream, name } => write!(f, "consumer {name} of {stream}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.field)?;
        self.values(f)
    }
}

impl Difference {
    pub(super) fn is_mark(&self) -> bool {
        matches!(self.effect, Effect::Mark(_))
    }

    fn values(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(actual) = &self.actual {
            write!(f, "{actual} -> ")?;
        }
        f.write_str(&self.wanted)?;
        match &self.effect {
            Effect::Harmless | Effect::Mark(Mark::None) => Ok(()),
            Effect::Mark(mark) => write!(f, " (so far {mark})"),
            Effect::Notable(note) => write!(f, " ({note})"),
            Effect::Destructive(why) => write!(f, " (destructive: {why})"),
            Effect::Impossible(why) => write!(f, " (impossible: {why})"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        let count = |action| self.steps.iter().filter(|step| step.action == action).count();
        write!(
            f,
            "{} to create, {} to change, {} in conflict, {} as they should be",
            count(Action::Create),
            count(Action::Update),
            count(Action::Conflict),
            count(Action::Unchanged)
        )?;
        match count(Action::Mark) {
            0 => Ok(()),
            marks => write!(f, ", {marks} but for the mark"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, verb) = match self.action {
            Action::Create => ("+", "create "),
            Action::Update => ("~", "change "),
            Action::Conflict => ("!", "conflict: "),
            Action::Mark => ("~", "mark "),
            Action::Unchanged => ("=", ""),
        };
        write!(f, "{sign} {verb}{}", self.target)?;
        let width = self.differences.iter().map(|difference| difference.field.len()).max();
        for difference in &self.differences {
            write!(f, "\n    {:width$}  ", difference.field, width = width.unwrap_or_default())?;
            difference.values(f)?;
        }
        Ok(())
    }
}
