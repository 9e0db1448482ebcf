//! The runtime for generated events: it is handed a `&'static Catalogue` and knows no event.
//!
//! - [`Registry`] judges payloads and messages by name, by the texts that the catalogue carries.

mod error;
mod registry;
mod validator;

pub use error::{Error, ErrorKind, Violation};
pub use registry::{Registry, Side};
