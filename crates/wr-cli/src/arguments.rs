//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use wr_core::chrono::{DateTime, Utc};

/// Events on NATS JetStream: topology, messages, dead letters, health.
#[derive(Debug, Parser)]
#[command(name = "wr", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) connect: ConnectArguments,
    /// Write JSON: one document, or one a line where there may be many
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
    /// Show personal data, which is masked otherwise: what a schema marks or does not know, headers of
    /// unknown names, and errors of dead letters that a handler wrote
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) show_personal_data: bool,
    /// When to write in colours; `auto` does on a terminal, unless `NO_COLOR` is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub(crate) color: ColorChoice,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Arguments {
    /// Whether to write in colours where there is a terminal, or none.
    pub(crate) fn has_colours(&self, is_terminal: bool) -> bool {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !is_unwanted && !self.json,
        }
    }
}

const AFTER_HELP: &str = "\
Examples:
  wr doctor                                    is everything as it should be?
  wr tail --queue concert-tickets              what happens in a queue
  wr dlq list                                  what was given up, and why
  wr dlq redrive --consumer audit-logger --dry-run

Connection: flags come first, then the context of the `nats` tool that `--context` names, then
variables. The context that is selected, or that `NATS_CONTEXT` names, comes last, and only where
nothing before it names a server.

Exit codes:
  0    done; asked whether all is well, it is
  1    could not be done
  2    the command line is wrong
  100  the answer is no: drift, ill health, a refused message, something left undone
  130  interrupted";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Streams, buckets and consumers: what the catalogue says and what the server has
    #[command(subcommand)]
    Topology(TopologyVerb),
    /// Shows events as they come, decoded and judged
    ///
    /// Those of one stream come in its order. Those of several come as they arrive, which in what is
    /// past is not by time: each line begins with the time at which its stream stored it.
    #[command(after_help = "Examples:
  wr tail                                              every event from now on
  wr tail 'waitingroom.position.*.v1' --since 10m      and those of the last ten minutes
  wr tail --type position.expired --position pos-1 --json")]
    Tail(TailArguments),
    /// Publishes messages from a file, each judged by its schema first
    #[command(after_help = "Examples:
  wr publish paused.json                     a message with its envelope, or one a line
  wr publish - < messages.jsonl
  wr publish payload.json --type queue.paused --source ops --queue concert-tickets
  wr publish paused.json --dry-run           judges, and sends nothing

A message with its envelope has an id: what is sent again within the duplicate window of its stream
is stored once. A payload gets a new one in every run: what was interrupted goes on with `--from`.

Ctrl-C ends it behind the message that is under way, and says where to go on; a second one aborts it,
and that message may be stored.")]
    Publish(PublishArguments),
    /// Shows one message of a stream
    #[command(after_help = "Examples:
  wr get POSITION_EVENTS 1042
  wr get POSITION_EVENTS 1042 --show-personal-data --body > body.json")]
    Get(GetArguments),
    /// The dead-letter queue
    #[command(subcommand)]
    Dlq(DlqVerb),
    /// Asks the servers how every stream and consumer is
    #[command(after_help = "Example:
  wr health --json | jq '.consumers[] | select(.lag > 1000)'")]
    Health,
    /// Looks at everything that can be wrong, and says what to do
    #[command(after_help = "Example:
  wr doctor --replicas 1                     where the servers are fewer than the catalogue says")]
    Doctor(OverrideArguments),
    /// Writes the completion for a shell
    #[command(after_help = "Example:
  wr completion bash > ~/.local/share/bash-completion/completions/wr")]
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Verb {
    /// Whether it only asks: who stops listening has heard enough, and nothing is left undone.
    pub(crate) fn reads(&self) -> bool {
        match self {
            Verb::Topology(verb) => !matches!(verb, TopologyVerb::Apply(_)),
            Verb::Dlq(verb) => matches!(verb, DlqVerb::List(_) | DlqVerb::Show(_)),
            Verb::Publish(_) => false,
            Verb::Tail(_)
            | Verb::Get(_)
            | Verb::Health
            | Verb::Doctor(_)
            | Verb::Completion { .. } => true,
        }
    }
}

/// How to connect.
#[derive(Args, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectArguments {
    /// A server, as `nats://host:port`; several are tried in turn
    #[arg(long, short, global = true, value_name = "URL", env = "NATS_URL", value_delimiter = ',')]
    pub(crate) server: Vec<String>,
    /// A context of the `nats` tool, by name or as a file
    #[arg(long, global = true, value_name = "NAME", env = "NATS_CONTEXT")]
    pub(crate) context: Option<String>,
    /// A credentials file, as `nsc` writes it
    #[arg(long, global = true, value_name = "FILE", env = "NATS_CREDS")]
    pub(crate) creds: Option<PathBuf>,
    /// A file with the seed of an nkey
    #[arg(long, global = true, value_name = "FILE", env = "NATS_NKEY")]
    pub(crate) nkey: Option<PathBuf>,
    /// A user
    #[arg(long, global = true, env = "NATS_USER")]
    pub(crate) user: Option<String>,
    /// The password; better in its variable, for others can see a command line
    #[arg(long, global = true, env = "NATS_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
    /// A token; better in its variable, for others can see a command line
    #[arg(long, global = true, env = "NATS_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// The certificates to trust, as PEM
    #[arg(long, global = true, value_name = "FILE", env = "NATS_CA")]
    pub(crate) tlsca: Option<PathBuf>,
    /// The certificate to show the server, as PEM
    #[arg(long, global = true, value_name = "FILE", env = "NATS_CERT")]
    pub(crate) tlscert: Option<PathBuf>,
    /// Its key, as PEM
    #[arg(long, global = true, value_name = "FILE", env = "NATS_KEY")]
    pub(crate) tlskey: Option<PathBuf>,
    /// Under which answers come, where a user may not hear all of `_INBOX`
    #[arg(long, global = true, value_name = "PREFIX", env = "NATS_INBOX_PREFIX")]
    pub(crate) inbox_prefix: Option<String>,
    /// The JetStream domain, where the servers have one
    #[arg(long, global = true, value_name = "NAME", env = "NATS_JS_DOMAIN")]
    pub(crate) js_domain: Option<String>,
    /// How long to wait for a connection, and for each answer
    #[arg(
        long, global = true, value_name = "DURATION", env = "NATS_TIMEOUT", default_value = "5s",
        value_parser = humantime::parse_duration
    )]
    pub(crate) timeout: Duration,
    /// Which of these were said by variables.
    #[arg(skip)]
    pub(crate) variables: Vec<clap::Id>,
}

/// What one environment has otherwise than the catalogue says.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "This environment")]
pub(crate) struct OverrideArguments {
    /// Replicas of every stream and bucket
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub(crate) replicas: Option<u8>,
    /// Where every stream and bucket is kept
    #[arg(long)]
    pub(crate) storage: Option<StorageArgument>,
    /// The part of its bytes that every stream gets
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) max_bytes_percent: Option<u8>,
    /// The bytes of one stream or bucket; may be given several times
    #[arg(long, value_name = "NAME=BYTES", value_parser = named_bytes)]
    pub(crate) max_bytes: Vec<(String, i64)>,
    /// The message that a consumer begins with, where it is not there; may be given several times
    #[arg(long, value_name = "CONSUMER=SEQ", value_parser = named_sequence)]
    pub(crate) start: Vec<(String, u64)>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StorageArgument {
    File,
    Memory,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TopologyVerb {
    /// Shows what would be created, changed, or is in conflict; exit code 100 where there is any
    #[command(after_help = "Example:
  wr topology plan --replicas 1")]
    Plan(OverrideArguments),
    /// Makes the server have what the catalogue says, after showing the plan
    #[command(after_help = "Example:
  wr topology apply --replicas 1 --yes")]
    Apply(ApplyArguments),
    /// Compares, and lists every difference; exit code 100 where there is one
    #[command(after_help = "Example:
  wr topology verify --json")]
    Verify(OverrideArguments),
}

#[derive(Args, Debug)]
pub(crate) struct ApplyArguments {
    #[command(flatten)]
    pub(crate) overrides: OverrideArguments,
    /// Permit changes that lose messages
    #[arg(long)]
    pub(crate) allow_destructive: bool,
    /// Permit to make a consumer anew whose settings cannot be changed
    #[arg(long)]
    pub(crate) allow_recreate: bool,
    /// Permit to mark streams as set up for this catalogue that a newer one has marked
    #[arg(long)]
    pub(crate) allow_older_mark: bool,
    /// Ask nothing
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TailArguments {
    /// The subjects, where `*` is any token and a final `>` any rest; every event unless given
    pub(crate) subject: Option<String>,
    /// Only events of this type, such as `position.expired`; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) types: Vec<String>,
    /// Only events about this queue
    #[arg(long, value_name = "ID")]
    pub(crate) queue: Option<String>,
    /// Only events about this position
    #[arg(long, value_name = "ID")]
    pub(crate) position: Option<String>,
    /// Only events whose payload has this field; may be given several times
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = named_text)]
    pub(crate) fields: Vec<(String, String)>,
    /// Begin in the past: `10m` ago, or at `2024-01-01T12:00:00Z`
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub(crate) since: Option<DateTime<Utc>>,
    /// End after so many events
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) count: Option<u64>,
    /// End once nothing more is there
    #[arg(long)]
    pub(crate) no_follow: bool,
}

#[derive(Args, Debug)]
pub(crate) struct PublishArguments {
    /// A file with one message as JSON, or one a line; `-` is standard input
    pub(crate) file: PathBuf,
    /// The file holds payloads of this event type, such as `queue.paused`, in its newest version
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
    /// Who publishes a payload
    #[arg(long, value_name = "NAME", default_value = "wr", requires = "event_type")]
    pub(crate) source: String,
    /// The queue that a payload is about
    #[arg(long, value_name = "ID", requires = "event_type")]
    pub(crate) queue: Option<String>,
    /// Begin with this message of the file, counted from 1; all are judged
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = from_one)]
    pub(crate) from: usize,
    /// Judge, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
pub(crate) struct GetArguments {
    /// The stream
    pub(crate) stream: String,
    /// The sequence number
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) sequence: u64,
    /// Write the bytes of the body, and nothing else; they are not masked
    #[arg(long, requires = "show_personal_data", conflicts_with = "json")]
    pub(crate) body: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqVerb {
    /// Counts dead letters by consumer and reason
    #[command(after_help = "Examples:
  wr dlq list
  wr dlq list --each --consumer audit-logger --since 1h")]
    List(ListArguments),
    /// Shows a dead letter with all its circumstances
    #[command(after_help = "Examples:
  wr dlq show 17
  wr dlq show 17 --show-personal-data --body > original.json")]
    Show(ShowArguments),
    /// Sends dead letters to the consumer that gave them up, and to no other
    #[command(after_help = "Examples:
  wr dlq redrive --consumer audit-logger --dry-run
  wr dlq redrive --consumer audit-logger --reason max_retries_exceeded --rate 50 --yes

Ctrl-C ends it behind the dead letter that is under way, with the report; a second one aborts it, and
that letter may have been sent and be in the queue still. Run again within the duplicate window of
its consumer's stream, it is not sent twice.

What cannot be redriven stays, counts for `--limit`, and is the first again in the next run: `--after`
begins behind it.")]
    Redrive(RedriveArguments),
    /// Deletes dead letters
    #[command(after_help = "Example:
  wr dlq purge --reason unmarshal_error --until 7d --dry-run")]
    Purge(PurgeArguments),
}

/// Which dead letters are meant: those that meet every condition.
#[derive(Args, Debug)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArguments {
    /// Sequence numbers in the queue; all unless given
    #[arg(value_name = "SEQ")]
    pub(crate) sequences: Vec<u64>,
    /// Behind this sequence number
    #[arg(long, value_name = "SEQ")]
    pub(crate) after: Option<u64>,
    /// Given up by this durable consumer
    #[arg(long, value_name = "NAME")]
    pub(crate) consumer: Option<String>,
    /// Given up by the consumers of this stream
    #[arg(long, value_name = "NAME")]
    pub(crate) stream: Option<String>,
    /// Whose original subject fits, where `*` is any token and a final `>` any rest
    #[arg(long, value_name = "FILTER")]
    pub(crate) subject: Option<String>,
    /// Given up for this reason, such as `schema_violation`
    #[arg(long, value_name = "REASON")]
    pub(crate) reason: Option<String>,
    /// Kept since `2h` ago, or since `2024-01-01T12:00:00Z`
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub(crate) since: Option<DateTime<Utc>>,
    /// Kept before `2h` ago, or before `2024-01-01T12:00:00Z`
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub(crate) until: Option<DateTime<Utc>>,
    /// No more than so many
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    /// List each of them, the newest first, instead of counts
    #[arg(long)]
    pub(crate) each: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    /// The sequence number in the queue
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) sequence: u64,
    /// Write the bytes of the original, and nothing else; they are not masked
    #[arg(long, requires = "show_personal_data", conflicts_with = "json")]
    pub(crate) body: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RedriveArguments {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// No more than so many a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Send them to this consumer, whoever gave them up
    #[arg(long, value_name = "NAME")]
    pub(crate) to: Option<String>,
    /// Leave them in the queue
    #[arg(long)]
    pub(crate) keep: bool,
    /// Send again what another round has sent and kept
    #[arg(long, value_name = "N", default_value_t = 0, requires = "keep")]
    pub(crate) round: u32,
    /// Ask nothing
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct PurgeArguments {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    /// Show what would be deleted, and delete nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Ask nothing
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// A moment: how long ago, or as RFC 3339 writes it.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc());
    }
    let ago = humantime::parse_duration(text).ok();
    let ago = ago.and_then(|ago| wr_core::chrono::TimeDelta::from_std(ago).ok());
    ago.and_then(|ago| Utc::now().checked_sub_signed(ago)).ok_or_else(|| {
        "neither a duration such as `2h` nor a time such as `2024-01-01T12:00:00Z`".into()
    })
}

fn from_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "no number from 1 on".into())
}

fn named_text(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has no `=` between name and value")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn named_bytes(text: &str) -> Result<(String, i64), String> {
    let (name, bytes) = named_text(text)?;
    let bytes = bytes.parse().map_err(|_| "behind the `=` stands no number of bytes")?;
    Ok((name, bytes))
}

fn named_sequence(text: &str) -> Result<(String, u64), String> {
    let (name, sequence) = named_text(text)?;
    let sequence = sequence.parse().map_err(|_| "behind the `=` stands no number of a message")?;
    Ok((name, sequence))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_one() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_verb_has_an_example() {
        fn look(command: &clap::Command, path: &str) {
            for verb in command.get_subcommands() {
                let path = format!("{path} {}", verb.get_name());
                let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
                let has_verbs = verb.get_subcommands().next().is_some();
                assert!(has_verbs || help.contains(&path), "`{path}` shows no example");
                look(verb, &path);
            }
        }
        look(&Arguments::command(), "wr");
    }

    /// Each up to where a shell takes over, or a remark begins.
    #[test]
    fn every_example_is_understood() {
        fn look(command: &clap::Command, examples: &mut Vec<String>) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines = help.lines().filter_map(|line| line.strip_prefix("  wr "));
            examples.extend(lines.map(str::to_owned));
            command.get_subcommands().for_each(|verb| look(verb, examples));
        }
        let mut examples = Vec::new();
        look(&Arguments::command(), &mut examples);
        assert!(examples.len() > 20, "{examples:?}");
        for example in examples {
            let end = ["  ", "|", "<", ">"].map(|end| example.find(end).unwrap_or(example.len()));
            let line = example.get(..end.into_iter().min().unwrap()).unwrap();
            let words = line.split_whitespace().map(|word| word.trim_matches('\''));
            let parsed = Arguments::try_parse_from(std::iter::once("wr").chain(words));
            assert!(parsed.is_ok(), "`wr {line}`: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn moments() {
        assert_eq!(moment("2024-01-01T12:00:00Z").unwrap().timestamp(), 1_704_110_400);
        let ago = Utc::now() - moment("2h").unwrap();
        assert!((119..=121).contains(&ago.num_minutes()));
        assert!(moment("yesterday").is_err());
        assert!(moment("999999999y").is_err());
    }
}
