//! Refuses a schema that grows too large once its references are replaced.
//!
//! Ten definitions that each hold the one before ten times are short to write, and have ten
//! billion parts. At most 20 000 schemas in a file, with references replaced, and 40 levels.
//! rustc too stops at some depth of types that hold each other, and asks ten questions for a map
//! where a struct is one: not more than 9 maps, 25 arrays or 40 structs may stand in each other.
//!
//! Split the event, or send the large part as a map or a free object.

use crate::draft::{Draft, DraftFile};
use crate::lint::{Check, Report};
use crate::resolve::{self, MAX_DEPTH, MAX_NODES};

pub(super) const CHECK: Check = Check::File(check);

fn check(draft: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    if file.place.version().is_none() {
        return;
    }
    if let Some(span) = resolve::too_large(draft, file) {
        let in_this_file = (span.file == file.id).then_some(span);
        let head = file.content.as_ref().ok().map(|root| root.head());
        if let Some(span) = in_this_file.or(head) {
            report.at(
                span,
                format!(
                    "with references replaced, more than {MAX_NODES} schemas, or {MAX_DEPTH} levels, \
                     of which a map counts for five and an array for two"
                ),
                "split the event, or make the large part a map or a free object",
            );
        }
    }
}
