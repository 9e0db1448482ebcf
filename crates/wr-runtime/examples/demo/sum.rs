//! The sum: what became of every message that a stream has acknowledged. Nothing may be missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wr_events::CATALOGUE;

use crate::Result;
use crate::analytics::{self, Figures};
use crate::audit::{self, Audit};
use crate::board::Board;
use crate::book::{Book, Done, How, Origin, Place, Sent};
use crate::notification;
use crate::operator::{Letters, Operator};

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// Its consumer handled it as it was published.
    Handled,
    /// Its consumer handled it after it was redriven.
    Redriven,
    /// Its consumer passed it over, because its event had been handled.
    PassedOver,
    /// It was a dead letter, and purged.
    Purged,
    /// It is a dead letter.
    DeadLetter,
    /// It is in its stream, and no consumer asks for it.
    Unread,
    /// Nobody knows.
    Missing,
}

/// The columns of the table, in the order in which they are added up.
const COLUMNS: [(Fate, &str); 7] = [
    (Fate::Handled, "handled"),
    (Fate::Redriven, "redriven"),
    (Fate::PassedOver, "passed over"),
    (Fate::Purged, "purged"),
    (Fate::DeadLetter, "dead letters"),
    (Fate::Unread, "no consumer"),
    (Fate::Missing, "missing"),
];

/// How many missing messages are named.
const SHOWN: usize = 20;

/// What the consumers have done.
#[derive(Default)]
pub(crate) struct Readers {
    pub(crate) analytics: Arc<Figures>,
    pub(crate) notification: Arc<Done>,
    pub(crate) audit: Arc<Audit>,
}

/// Where the answers come from.
pub(crate) struct Accounts {
    book: Book,
    pub(crate) readers: Readers,
    /// Every dead letter that was ever seen.
    pub(crate) seen: Letters,
    pub(crate) purged: BTreeSet<Place>,
}

/// The answers.
pub(crate) struct Sum {
    rows: Vec<Row>,
    /// By consumer and reason.
    letters: BTreeMap<(String, String), BTreeMap<Fate, u64>>,
    missing: Vec<String>,
}

/// The messages of one event type.
#[derive(Default)]
struct Row {
    event_type: &'static str,
    published: u64,
    foreign: u64,
    fates: BTreeMap<Fate, u64>,
}

impl Readers {
    fn of(&self, consumer: &str) -> Option<&Done> {
        match consumer {
            analytics::CONSUMER => Some(&self.analytics.done),
            notification::CONSUMER => Some(&self.notification),
            audit::CONSUMER => Some(&self.audit.done),
            _ => None,
        }
    }
}

impl Accounts {
    pub(crate) fn new(book: &Book) -> Accounts {
        Accounts {
            book: book.clone(),
            readers: Readers::default(),
            seen: Letters::new(),
            purged: BTreeSet::new(),
        }
    }

    /// The sum of this moment. `passed_over` is how many deliveries the consumers passed over.
    pub(crate) async fn add_up(&mut self, operator: &Operator, passed_over: u64) -> Result<Sum> {
        let letters = operator.letters().await?;
        self.seen.extend(letters.clone());
        let mut held = Held::default();
        let mut copies = passed_over;
        let mut sum = Sum { rows: Vec::new(), letters: BTreeMap::new(), missing: Vec::new() };
        for sent in self.book.entries() {
            let fate = match consumer_of(sent.event_type) {
                Some(consumer) => self.fate(&sent, consumer, &letters, &mut copies),
                None => held.fate(&sent, operator).await?,
            };
            if let Some(letter) = self.seen.get(&sent.place) {
                let consumer = letter.consumer.clone().unwrap_or_default();
                let group = (consumer, letter.reason.as_str().to_owned());
                *sum.letters.entry(group).or_default().entry(fate).or_default() += 1;
            }
            sum.count(&sent, fate);
        }
        Ok(sum)
    }

    fn fate(&self, sent: &Sent, consumer: &str, letters: &Letters, copies: &mut u64) -> Fate {
        let done = self.readers.of(consumer);
        let how = |id| done.and_then(|done| done.get(id));
        match sent.origin {
            Origin::Event(id) if how(id) == Some(How::Directly) => Fate::Handled,
            Origin::Event(id) if how(id) == Some(How::Redriven) => Fate::Redriven,
            Origin::Copy(id) if how(id).is_some() && *copies > 0 => {
                *copies -= 1;
                Fate::PassedOver
            }
            _ if letters.contains_key(&sent.place) => Fate::DeadLetter,
            _ if self.purged.contains(&sent.place) => Fate::Purged,
            _ => Fate::Missing,
        }
    }
}

/// The consumer that the topology sends an event to.
fn consumer_of(event_type: &str) -> Option<&'static str> {
    let mut subjects = CATALOGUE.subjects.iter();
    let subject = subjects.find(|subject| subject.event_type == event_type)?.subject;
    let mut consumers = CATALOGUE.topology?.consumers.iter();
    consumers.find(|consumer| consumer.filter_subjects.contains(&subject)).map(|it| it.name)
}

/// The first and the last sequence number of streams that no consumer reads.
#[derive(Default)]
struct Held(BTreeMap<String, (u64, u64)>);

impl Held {
    /// What no consumer asks for must be in its stream.
    async fn fate(&mut self, sent: &Sent, operator: &Operator) -> Result<Fate> {
        let (stream, sequence) = &sent.place;
        let (first, last) = match self.0.get(stream) {
            Some(held) => *held,
            None => operator.held(stream).await?,
        };
        self.0.insert(stream.clone(), (first, last));
        Ok(if (first..=last).contains(sequence) { Fate::Unread } else { Fate::Missing })
    }
}

impl Sum {
    fn count(&mut self, sent: &Sent, fate: Fate) {
        let at = self.rows.iter().position(|row| row.event_type == sent.event_type);
        let mut row = match at {
            Some(at) => self.rows.swap_remove(at),
            None => Row { event_type: sent.event_type, ..Row::default() },
        };
        match sent.origin {
            Origin::Event(_) => row.published += 1,
            Origin::Copy(_) | Origin::Foreign => row.foreign += 1,
        }
        *row.fates.entry(fate).or_default() += 1;
        self.rows.push(row);
        if fate == Fate::Missing {
            let (stream, sequence) = &sent.place;
            let id = match sent.origin {
                Origin::Event(id) | Origin::Copy(id) => id.to_string(),
                Origin::Foreign => "no event".to_owned(),
            };
            self.missing.push(format!("{} {id}: {stream} {sequence}", sent.event_type));
        }
    }

    /// Whether it is known of every message what became of it.
    pub(crate) fn adds_up(&self) -> bool {
        self.missing.is_empty()
    }

    /// Of how many messages that is not known.
    pub(crate) fn missing(&self) -> usize {
        self.missing.len()
    }

    /// Which these are, as far as one wants to read.
    pub(crate) fn missing_text(&self) -> String {
        let shown: Vec<&str> = self.missing.iter().take(SHOWN).map(String::as_str).collect();
        match self.missing.len().saturating_sub(SHOWN) {
            0 => shown.join("\n"),
            more => format!("{}\nand {more} more", shown.join("\n")),
        }
    }

    fn total(&self, fate: Fate) -> u64 {
        self.rows.iter().map(|row| row.count(fate)).sum()
    }

    pub(crate) fn show(&self, board: &mut Board) {
        let mut head = vec!["event type".to_owned(), "published".to_owned(), "foreign".to_owned()];
        head.extend(COLUMNS.map(|(_, name)| name.to_owned()));
        let mut rows: Vec<_> = self.rows.iter().map(Row::cells).collect();
        rows.sort();
        rows.insert(0, head);
        board.table(1, &rows);
        board.say("");
        let mut rows = vec![
            ["dead letters of", "because of", "redriven", "purged", "left"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for ((consumer, reason), fates) in &self.letters {
            let mut row = vec![consumer.clone(), reason.clone()];
            for fate in [Fate::Redriven, Fate::Purged, Fate::DeadLetter] {
                row.push(number(fates.get(&fate).copied().unwrap_or(0)));
            }
            rows.push(row);
        }
        board.table(2, &rows);
        board.say("");
        board.say(self.line());
    }

    /// One line that says it all: what went in on the left, what came of it on the right.
    pub(crate) fn line(&self) -> String {
        let published: u64 = self.rows.iter().map(|row| row.published).sum();
        let foreign: u64 = self.rows.iter().map(|row| row.foreign).sum();
        let right = COLUMNS.map(|(fate, name)| format!("{} {name}", self.total(fate)));
        format!("{published} published + {foreign} foreign = {}", right.join(" + "))
    }
}

impl Row {
    fn count(&self, fate: Fate) -> u64 {
        self.fates.get(&fate).copied().unwrap_or(0)
    }

    fn cells(&self) -> Vec<String> {
        let mut cells =
            vec![self.event_type.to_owned(), number(self.published), number(self.foreign)];
        cells.extend(COLUMNS.map(|(fate, _)| number(self.count(fate))));
        cells
    }
}

/// A number in a table, where nothing is a point.
fn number(number: u64) -> String {
    match number {
        0 => ".".to_owned(),
        some => some.to_string(),
    }
}
