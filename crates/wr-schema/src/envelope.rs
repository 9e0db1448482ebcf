//! The envelope: what every event has around its payload.
//!
//! `Event<T>` is hand-written, so the envelope is one for every catalogue. A catalogue's own
//! `envelope/1.0.json` documents it, and may differ from this text in annotations alone.

/// The envelope's contract.
pub const ENVELOPE: &str = r#"{
  "type": "object",
  "required": ["id", "version", "type", "timestamp", "source", "data"],
  "properties": {
    "id": {"type": "string", "format": "uuid"},
    "version": {"type": "string", "pattern": "^\\d+\\.\\d+$"},
    "type": {"type": "string"},
    "timestamp": {"type": "string", "format": "date-time"},
    "source": {"type": "string"},
    "trace_id": {"type": "string"},
    "span_id": {"type": "string"},
    "queue_id": {"type": "string"},
    "data": {"type": "object"}
  }
}"#;
