//! Published files: what of them may change.

use wr_schema::json::Node;

use crate::report::{Evidence, Finding, Kind};

/// What changed in a published file that may not change; nothing where only annotations did.
///
/// `base` is the file as it was published and `now` as it is, neither with its references replaced.
pub fn frozen(base: &Node, now: &Node) -> Vec<Finding> {
    if base.to_value() == now.to_value() {
        return Vec::new();
    }
    vec![Finding {
        rule: "frozen_file_changed",
        kind: Kind::Code,
        pointer: String::new(),
        old: Some(base.head()),
        new: Some(now.head()),
        message: "a published file changed".to_owned(),
        help: "undo the edit, and write it in a new minor".to_owned(),
        evidence: Evidence::Reason("a published file does not change".to_owned()),
    }]
}
