//! typify's own types, as the build script has them from typify.
#![expect(unreachable_pub, clippy::all, reason = "typify writes as it does")]

include!(concat!(env!("OUT_DIR"), "/typify.rs"));
