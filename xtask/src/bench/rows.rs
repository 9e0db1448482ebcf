//! What is measured of the codec: the names by which its benchmark knows the rows, what each is held
//! against, and what it is to reach.

use Target::{AtLeast, AtMost, Open};

/// The messages, in the order of the columns.
pub(super) const MESSAGES: [&str; 3] = [ENQUEUED, "position.heartbeat", "queue.updated"];

const ENQUEUED: &str = "position.enqueued";

/// One row of a table.
#[derive(Debug)]
pub(super) struct Row {
    /// The name in the benchmark.
    pub(super) id: &'static str,
    /// What a reader calls it.
    pub(super) label: &'static str,
    /// The row that it is held against.
    pub(super) base: &'static str,
    /// The ratios of time that it is to reach, for each message.
    pub(super) time: Option<[f64; 3]>,
    /// The ratios of instructions.
    pub(super) instructions: Option<[f64; 3]>,
}

const DECODE: &str = "serde_decode";
const ENCODE: &str = "serde_encode";
const HOSTILE: &str = "serde_decode_hostile";

/// What our rows are held against, and what it is.
pub(super) const BASES: &[(&str, &str)] = &[
    (DECODE, "`from_slice` into the unchecked derive"),
    (HOSTILE, "the same of the hostile layout"),
    (ENCODE, "`to_vec` of the unchecked derive"),
];

/// The rows of this repository.
pub(super) const OURS: &[Row] = &[
    Row {
        id: STRICT,
        label: "decode, owned, validated",
        base: DECODE,
        time: Some([0.40, 0.34, 0.55]),
        instructions: Some([0.38, 0.40, 0.52]),
    },
    Row {
        id: "decode_view",
        label: "decode, borrowed, validated",
        base: DECODE,
        time: Some([0.25, 0.25, 0.19]),
        instructions: Some([0.24, 0.26, 0.20]),
    },
    Row {
        id: "check",
        label: "check only",
        base: DECODE,
        time: Some([0.18, 0.15, 0.18]),
        instructions: Some([0.16, 0.17, 0.17]),
    },
    Row {
        id: "encode_reused",
        label: "encode into a reused buffer",
        base: ENCODE,
        time: Some([0.25, 0.18, 0.42]),
        instructions: Some([0.19, 0.18, 0.30]),
    },
    Row {
        id: "encode_proved",
        label: "encode and prove",
        base: ENCODE,
        time: Some([0.55, 0.42, 0.92]),
        instructions: Some([0.45, 0.45, 0.70]),
    },
    Row {
        id: "decode_hostile",
        label: "hostile layout, owned, validated",
        base: HOSTILE,
        time: Some([0.62, 0.62, 0.62]),
        instructions: None,
    },
];

/// What readers are lenient about: a message, its row that uses it, and what a reader calls it. Each
/// is held against [`STRICT`] of its message.
pub(super) const LENIENT: &[(&str, &str, &str)] = &[
    (ENQUEUED, "lenient_null", "null for an optional field"),
    (ENQUEUED, "lenient_unknown", "an unknown number behind the known fields"),
    (ENQUEUED, "lenient_unknown_first", "the same before them, which are not expected there"),
    (ENQUEUED, "lenient_unknown_object", "an unknown object behind them"),
    (ENQUEUED, "lenient_twice", "a name given twice: the last wins"),
    ("position.cancelled", "lenient_enum", "an unknown value of an open enum"),
];

/// The row that uses no leniency.
pub(super) const STRICT: &str = "decode_owned";

/// The rows of others, all of them decoding.
pub(super) const OTHERS: &[Row] = &[
    other("serde_borrowed", "serde_json, borrowed, unchecked"),
    other("sonic_typed", "sonic-rs, owned, unchecked"),
    other("sonic_borrowed", "sonic-rs, borrowed and lazy, unchecked"),
    other("simd_typed", "simd-json, owned, unchecked, with the copy it needs"),
    other("typify", "typify's types on serde_json, partly checked"),
    other("value", "`Value`, unchecked"),
    other("value_jsonschema", "`Value`, jsonschema, `from_value`"),
    other("value_boon", "`Value`, boon"),
];

const fn other(id: &'static str, label: &'static str) -> Row {
    Row { id, label, base: DECODE, time: None, instructions: None }
}

/// A figure that is measured alone.
#[derive(Debug)]
pub(super) struct Figure {
    /// The name in the benchmark.
    pub(super) id: &'static str,
    /// What a reader calls it.
    pub(super) label: &'static str,
    /// Its unit, with a space in front; nothing of a ratio.
    pub(super) unit: &'static str,
    /// What it is to reach.
    pub(super) target: Target,
}

/// What a figure is to reach.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// So much, or less.
    AtMost(f64),
    /// So much, or more.
    AtLeast(f64),
    /// Nothing that was agreed.
    Open,
}

/// The figures, in the order of the table.
pub(super) const FIGURES: &[Figure] = &[
    figure("generate_repository", "generate: this repository", " s", AtMost(0.1)),
    figure("generate_1000", "generate: 1,000 subjects", " s", AtMost(2.0)),
    figure("generate_10000", "generate: 10,000 subjects", " s", AtMost(20.0)),
    figure("check_cpu", "`cargo check`: processor time to typify's plain output", "", AtMost(1.0)),
    figure("publish", "publish, validated: speed to raw async-nats", "", AtLeast(0.9)),
    figure("publish_cpu_us", "publish: processor time of an event", " µs", Open),
    figure("publish_raw_cpu_us", "publish, raw: processor time", " µs", Open),
    figure("consume", "consume, validated: speed to raw async-nats", "", AtLeast(0.9)),
    figure("consume_cpu_us", "consume: processor time of an event", " µs", Open),
    figure("consume_raw_cpu_us", "consume, raw: processor time", " µs", Open),
];

const fn figure(
    id: &'static str,
    label: &'static str,
    unit: &'static str,
    target: Target,
) -> Figure {
    Figure { id, label, unit, target }
}
