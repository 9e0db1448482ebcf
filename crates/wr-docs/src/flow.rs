//! The picture of the flow: who publishes, which stream keeps it, who consumes, and what becomes of
//! what nobody could handle; laid out in three columns, the same for the same topology.

use std::collections::BTreeMap;

use crate::facts::Facts;
use crate::text;

/// The picture, as values that a template draws.
#[derive(Debug, PartialEq, serde::Serialize)]
pub(crate) struct Flow {
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) boxes: Vec<Box>,
    pub(crate) edges: Vec<Edge>,
    /// What the columns are, with the middle of each.
    pub(crate) heads: Vec<(i32, &'static str)>,
    pub(crate) head_y: i32,
}

/// A box: where it stands, and what is written in it.
#[derive(Debug, PartialEq, serde::Serialize)]
pub(crate) struct Box {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// `service`, `stream`, `consumer`, `letters` or `actor`.
    pub(crate) kind: &'static str,
    /// The first line, and smaller ones below.
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
    /// The page that tells more.
    pub(crate) href: Option<String>,
}

/// A line from one box to another.
#[derive(Debug, PartialEq, serde::Serialize)]
pub(crate) struct Edge {
    /// The path, in the language of SVG.
    pub(crate) d: String,
    /// `publish`, `deliver`, `letter` or `redrive`.
    pub(crate) kind: &'static str,
    /// What it says.
    pub(crate) title: String,
}

const MARGIN: i32 = 12;
const HEAD: i32 = 34;
const GAP: i32 = 16;
const LINE: i32 = 17;
const PADDING: i32 = 14;
/// Between two columns, where the lines run.
const ALLEY: i32 = 130;
/// At the right edge, where dead letters run back.
const BUS: i32 = 46;
const NARROWEST: i32 = 150;

/// A box before it has a place.
struct Node {
    kind: &'static str,
    title: String,
    lines: Vec<String>,
    href: Option<String>,
    /// The rows of the middle column that it belongs beside.
    beside: Vec<usize>,
}

/// The picture of a topology; none where there is no stream.
pub(crate) fn flow(facts: &Facts) -> Option<Flow> {
    if facts.streams.is_empty() {
        return None;
    }
    // Dead letters and the server's reports stand below what they come from.
    let (below, above): (Vec<_>, Vec<_>) =
        facts.streams.iter().partition(|stream| stream.is_dead_letters || stream.is_advisories);
    let streams: Vec<_> = above.into_iter().chain(below).collect();
    let row: BTreeMap<&str, usize> =
        streams.iter().enumerate().map(|(at, stream)| (stream.name.as_str(), at)).collect();
    let middle: Vec<Node> = streams
        .iter()
        .enumerate()
        .map(|(at, stream)| Node {
            kind: if stream.is_dead_letters || stream.is_advisories { "letters" } else { "stream" },
            title: stream.name.clone(),
            lines: vec![match stream.events.len() {
                0 => format!("kept {}", stream.age),
                events => format!("{}, kept {}", text::plural(events as u64, "event"), stream.age),
            }],
            href: Some(format!("topology.html#stream-{}", text::anchor(&stream.name))),
            beside: vec![at],
        })
        .collect();
    let letters = streams.iter().position(|stream| stream.is_dead_letters);
    let advisories = streams.iter().position(|stream| stream.is_advisories);

    let left = left(facts, &row, letters, advisories);
    let mut right: Vec<Node> = facts
        .consumers
        .iter()
        .map(|consumer| Node {
            kind: "consumer",
            title: consumer.name.clone(),
            lines: vec![match &consumer.service {
                Some(service) if *service != consumer.name => format!("run by {service}"),
                _ => text::plural(consumer.events.len() as u64, "event"),
            }],
            href: Some(format!("topology.html#consumer-{}", text::anchor(&consumer.name))),
            beside: row.get(consumer.stream.as_str()).copied().into_iter().collect(),
        })
        .collect();
    right.extend(advisories.map(|at| Node {
        kind: "actor",
        title: "reconciler".to_owned(),
        lines: vec!["makes dead letters".to_owned()],
        href: Some("dead-letters.html".to_owned()),
        beside: vec![at],
    }));
    Some(draw(left, middle, right, letters, advisories))
}

/// Who publishes: services, those that publish into the same streams in one box; below them who
/// sends what is no event.
fn left(
    facts: &Facts,
    row: &BTreeMap<&str, usize>,
    letters: Option<usize>,
    advisories: Option<usize>,
) -> Vec<Node> {
    let stream_of = |event: &String| {
        facts.streams.iter().find(|stream| stream.events.contains(event)).map(|stream| &stream.name)
    };
    let publishing: Vec<_> =
        facts.services.iter().filter(|service| !service.publishes.is_empty()).collect();
    let rows_of = |publishes: &[String]| -> Vec<usize> {
        let mut rows: Vec<usize> = publishes
            .iter()
            .filter_map(|event| row.get(stream_of(event)?.as_str()).copied())
            .collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    };
    // A stream into which every service publishes says nothing about any of them.
    let all: Vec<Vec<usize>> =
        publishing.iter().map(|service| rows_of(&service.publishes)).collect();
    let is_everyones = |at: &usize| all.len() > 3 && all.iter().all(|rows| rows.contains(at));
    let mut groups: BTreeMap<Vec<usize>, Vec<&str>> = BTreeMap::new();
    let mut everyones: Vec<usize> = Vec::new();
    for (service, rows) in publishing.iter().zip(&all) {
        let (shared, own): (Vec<usize>, Vec<usize>) = rows.iter().partition(|at| is_everyones(at));
        everyones = shared;
        if !own.is_empty() {
            groups.entry(own).or_default().push(&service.name);
        }
    }
    let href = |name: &str| Some(format!("topology.html#service-{}", text::anchor(name)));
    let mut nodes: Vec<Node> = groups
        .into_iter()
        .map(|(beside, names)| match names.as_slice() {
            [one] => Node {
                kind: "service",
                title: (*one).to_owned(),
                lines: Vec::new(),
                href: href(one),
                beside,
            },
            several => Node {
                kind: "service",
                title: text::plural(several.len() as u64, "service"),
                lines: several.iter().map(|name| (*name).to_owned()).collect(),
                href: Some("topology.html#services".to_owned()),
                beside,
            },
        })
        .collect();
    if !everyones.is_empty() {
        nodes.push(Node {
            kind: "service",
            title: "every service".to_owned(),
            lines: vec![format!("all {} of them", publishing.len())],
            href: Some("topology.html#services".to_owned()),
            beside: everyones,
        });
    }
    // The middle of what a box is beside decides its place.
    nodes.sort_by_key(|node| {
        node.beside.iter().map(|at| at * 100).sum::<usize>() / node.beside.len().max(1)
    });
    nodes.extend(letters.map(|at| Node {
        kind: "actor",
        title: "operator".to_owned(),
        lines: vec!["redrives or purges".to_owned()],
        href: Some("dead-letters.html#redrive".to_owned()),
        beside: vec![at],
    }));
    nodes.extend(advisories.map(|at| Node {
        kind: "actor",
        title: "nats-server".to_owned(),
        lines: vec!["reports what it gave up".to_owned()],
        href: Some("dead-letters.html".to_owned()),
        beside: vec![at],
    }));
    nodes
}

fn width(nodes: &[Node]) -> i32 {
    // Titles are set in a monospaced font of 13 pixels, the lines below in one of 12.
    let title = |node: &Node| node.title.chars().count() * 8;
    let lines = |node: &Node| node.lines.iter().map(|line| line.chars().count() * 7).max();
    let widest = nodes.iter().map(|node| title(node).max(lines(node).unwrap_or(0))).max();
    NARROWEST.max(i32::try_from(widest.unwrap_or(0)).unwrap_or(i32::MAX / 4) + 2 * PADDING)
}

fn height(node: &Node) -> i32 {
    let lines = i32::try_from(node.lines.len()).unwrap_or(i32::MAX / 64);
    2 * PADDING + LINE * lines + 12
}

fn draw(
    left: Vec<Node>,
    middle: Vec<Node>,
    right: Vec<Node>,
    letters: Option<usize>,
    advisories: Option<usize>,
) -> Flow {
    let (left_width, middle_width, right_width) = (width(&left), width(&middle), width(&right));
    let middle_x = MARGIN + left_width + ALLEY;
    let right_x = middle_x + middle_width + ALLEY;
    let middle = column(middle, middle_x, middle_width, &[]);
    let centres: Vec<i32> = middle.iter().map(|(_, placed)| placed.y + placed.height / 2).collect();
    let left = column(left, MARGIN, left_width, &centres);
    // The row of the dead letters is left free at the right: their line runs there.
    let right = column(right, right_x, right_width, &centres);
    let mut edges = Vec::new();
    for (node, from) in &left {
        for (at, to) in node.beside.iter().filter_map(|at| Some((at, &middle.get(*at)?.1))) {
            let (kind, title) = match Some(*at) == letters {
                true => continue,
                false => ("publish", format!("{} publishes into {}", from.title, to.title)),
            };
            edges.push(Edge { d: curve(from, to), kind, title });
        }
    }
    let bus = right_x + right_width + BUS - 16;
    let letter_box = letters.and_then(|at| middle.get(at)).map(|(_, placed)| placed);
    for (node, to) in &right {
        for from in node.beside.iter().filter_map(|at| Some(&middle.get(*at)?.1)) {
            let title = format!("{} delivers to {}", from.title, to.title);
            edges.push(Edge { d: curve(from, to), kind: "deliver", title });
        }
        if let Some(letters) = letter_box {
            let (x, y) = (to.x + to.width, to.y + to.height / 2);
            let (end_x, end_y) = (letters.x + letters.width, letters.y + letters.height / 2);
            let turn = if y < end_y { 10 } else { -10 };
            edges.push(Edge {
                d: format!(
                    "M{x} {y}H{}Q{bus} {y} {bus} {}V{}Q{bus} {end_y} {} {end_y}H{}",
                    bus - 10,
                    y + turn,
                    end_y - turn,
                    bus - 10,
                    end_x + 2
                ),
                kind: "letter",
                title: format!("{} gives up into {}", to.title, letters.title),
            });
        }
    }
    if let (Some(letters), Some((_, operator))) = (
        letter_box,
        left.iter().find(|(node, _)| letters_of(node, advisories, &middle, letter_box)),
    ) {
        let y = letters.y + letters.height / 2;
        let (x, from_y) = (operator.x + operator.width, operator.y + operator.height / 2);
        let half = (x + letters.x) / 2;
        edges.push(Edge {
            d: format!("M{} {y}C{half} {y} {half} {from_y} {} {from_y}", letters.x, x + 2),
            kind: "letter",
            title: format!("the operator looks at {}", letters.title),
        });
        let mut read: Vec<&Box> = right
            .iter()
            .filter(|(node, _)| node.kind == "consumer")
            .flat_map(|(node, _)| &node.beside)
            .filter_map(|at| middle.get(*at).map(|(_, placed)| placed))
            .collect();
        read.sort_by_key(|placed| placed.y);
        read.dedup_by_key(|placed| placed.y);
        for stream in read {
            let alley = x + 26;
            let (top, end) = (stream.y + stream.height - 10, stream.x - 2);
            let start = operator.y + 12;
            edges.push(Edge {
                d: format!(
                    "M{x} {start}Q{alley} {start} {alley} {}V{}Q{alley} {top} {} {top}H{end}",
                    start - 12,
                    top + 12,
                    alley + 12
                ),
                kind: "redrive",
                title: format!("redriven into {}, to the one consumer that failed", stream.title),
            });
        }
    }
    let heads = vec![
        (MARGIN + left_width / 2, "who publishes"),
        (middle_x + middle_width / 2, "what keeps it"),
        (right_x + right_width / 2, "who consumes"),
    ];
    let boxes: Vec<Box> =
        left.into_iter().chain(middle).chain(right).map(|(_, placed)| placed).collect();
    let bottom = boxes.iter().map(|placed| placed.y + placed.height).max().unwrap_or(0);
    Flow { width: bus + MARGIN, height: bottom + MARGIN, boxes, edges, heads, head_y: MARGIN + 10 }
}

/// Whether a node at the left is the one beside the dead letters.
fn letters_of(
    node: &Node,
    advisories: Option<usize>,
    middle: &[(Node, Box)],
    letters: Option<&Box>,
) -> bool {
    node.kind == "actor"
        && node.beside.iter().all(|at| Some(*at) != advisories)
        && node.beside.iter().any(|at| middle.get(*at).map(|(_, placed)| placed) == letters)
}

/// Puts boxes below each other: where there are `centres`, each as near as it can be to the middle
/// of those it is beside, without changing their order.
fn column(nodes: Vec<Node>, x: i32, width: i32, centres: &[i32]) -> Vec<(Node, Box)> {
    let mut next = MARGIN + HEAD;
    let mut placed = Vec::new();
    for node in nodes {
        let height = height(&node);
        let beside: Vec<i32> =
            node.beside.iter().filter_map(|at| centres.get(*at)).copied().collect();
        let wanted = match i32::try_from(beside.len()) {
            Ok(count) if count > 0 => beside.iter().sum::<i32>() / count - height / 2,
            _ => next,
        };
        let y = wanted.max(next);
        next = y + height + GAP;
        let drawn = Box {
            x,
            y,
            width,
            height,
            kind: node.kind,
            title: node.title.clone(),
            lines: node.lines.clone(),
            href: node.href.clone(),
        };
        placed.push((node, drawn));
    }
    placed
}

/// From the right edge of one box to the left edge of another.
fn curve(from: &Box, to: &Box) -> String {
    let (x, y) = (from.x + from.width, from.y + from.height / 2);
    let (end_x, end_y) = (to.x - 2, to.y + to.height / 2);
    let half = (x + end_x) / 2;
    format!("M{x} {y}C{half} {y} {half} {end_y} {end_x} {end_y}")
}
