//! The runtime against real servers, each test with its own.

mod publish;
mod subscribe;
mod support;
mod topology;
