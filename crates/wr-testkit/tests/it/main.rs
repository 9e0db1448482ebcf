//! The testkit against the real thing.

mod client;
mod cluster;
mod proxy;
mod server;
