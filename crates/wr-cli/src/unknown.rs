//! Names that the catalogue does not have: what asks for them finds nothing, which must not be taken
//! for an all-clear.

use std::io::Write;

use wr_core::Catalogue;
use wr_runtime::Reason;

use crate::arguments::SelectionArguments;
use crate::screen::{Screen, printable};

/// Says so where a name is unknown. It is no error: a dead letter may be of a consumer that is gone,
/// or have a reason that a newer version brought.
pub(crate) fn note(screen: &mut Screen<'_>, what: &str, name: &str, known: &[&str]) {
    if !known.contains(&name) {
        let (name, known) = (printable(name), known.join(", "));
        // Who does not read this reads the answer.
        let _ = writeln!(screen.err, "note: no {what} `{name}` is known here; there are {known}");
    }
}

/// The names of a selection of dead letters.
pub(crate) fn note_selection(
    screen: &mut Screen<'_>,
    catalogue: &'static Catalogue,
    selection: &SelectionArguments,
) {
    if let Some(reason) = &selection.reason {
        let reasons: Vec<&str> = Reason::ALL.iter().map(Reason::as_str).collect();
        note(screen, "reason", reason, &reasons);
    }
    let Some(topology) = catalogue.topology else { return };
    if let Some(consumer) = &selection.consumer {
        let names: Vec<&str> = topology.consumers.iter().map(|it| it.name).collect();
        note(screen, "consumer", consumer, &names);
    }
    if let Some(stream) = &selection.stream {
        let names: Vec<&str> = topology.streams.iter().map(|it| it.name).collect();
        note(screen, "stream", stream, &names);
    }
}

/// The event types of a catalogue, each once.
pub(crate) fn event_types(catalogue: &'static Catalogue) -> Vec<&'static str> {
    let mut types: Vec<&str> = catalogue.subjects.iter().map(|it| it.event_type).collect();
    types.dedup();
    types
}
