//! Schema files to a checked catalogue: parsing with spans, the lint, the writer and reader
//! languages.
//!
//! Pure but for [`source`], which reads files: text in, values out. Knows nothing of Rust code,
//! NATS or any domain.
//!
//! The way of a catalogue: [`source::Sources`] (texts) → [`draft::Draft`] (JSON with spans) →
//! [`lint`] (findings) → [`catalog::Catalog`] (subjects, versions, contracts, both languages).

pub mod author;
pub mod catalog;
pub mod contract;
pub mod dialect;
pub mod draft;
pub mod envelope;
pub mod finding;
pub mod json;
mod judge;
pub mod keywords;
pub mod language;
pub mod lint;
pub mod names;
pub mod page;
pub mod pattern;
pub mod resolve;
mod rules;
pub mod rust_names;
pub mod source;
pub mod topology;
pub mod validator;

pub use catalog::Catalog;
pub use finding::Finding;
pub use names::{EventType, Subject, Version};
pub use source::Sources;
