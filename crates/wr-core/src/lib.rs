//! What generated events stand on: the envelope, the rules a schema sets, errors with pointers.
//!
//! Hand-written; knows no event, no NATS and no JSON Schema validator.
//! A generated crate has this one dependency, and the crates whose types stand in its API are
//! re-exported here, so that versions cannot disagree.

mod catalogue;
#[doc(hidden)]
pub mod codec;
mod contract;
mod error;
mod event;
mod format;
mod number;
mod object;
mod pattern;
mod pointer;
mod rules;
pub mod topology;
mod union;
mod view;

pub use catalogue::{Catalogue, DeadLetterMinors, Minor, Subject};
#[doc(hidden)]
pub use contract::deserialized;
pub use contract::{Contract, EventSet, Payload};
pub use error::{Error, ErrorKind, Keyword};
pub use event::{Event, EventView, judge_subject, parse_version};
pub use format::Format;
pub use object::{Fields, Object};
pub use pattern::Pattern;
pub use pointer::At;
pub use rules::{
    Any, Boolean, Constant, Integer, List, Map, Nested, NotNull, Nullable, Number, Rule, Text,
};
pub use union::{UnknownBranch, UnknownBranchView};
pub use view::{JsonView, ListIter, ListView, MapIter, MapView, Readable, View};

pub use chrono;
pub use serde;
pub use serde_json;
pub use uuid;
