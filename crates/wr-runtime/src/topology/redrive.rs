//! The subjects of redriven messages: around the original's, one for each consumer.

use wr_core::Catalogue;
use wr_core::topology::Topology;

use super::subjects::fill;

/// In the template, the durable name.
const CONSUMER: &str = "{consumer}";
/// In the template, the subject of the original.
const SUBJECT: &str = "{subject}";

/// The subject that a message was published on: of one that was redriven to a consumer of the
/// catalogue's topology that of its original, of any other its own.
pub fn original_subject<'a>(catalogue: &Catalogue, subject: &'a str) -> &'a str {
    let topology = catalogue.topology.into_iter();
    let consumers = topology.flat_map(|it| it.consumers.iter().map(move |to| (it, to.name)));
    let mut originals = consumers.filter_map(|(it, consumer)| redriven(it, consumer, subject));
    originals.next().unwrap_or(subject)
}

/// The subject on which a consumer gets an original again.
pub(crate) fn redrive_subject(topology: &Topology, consumer: &str, original: &str) -> String {
    fill(topology.redrive_subject, &[(CONSUMER, consumer), (SUBJECT, original)])
}

/// The subject of the original in that of a message redriven to a consumer; none where it is not.
pub(crate) fn redriven<'a>(
    topology: &Topology,
    consumer: &str,
    subject: &'a str,
) -> Option<&'a str> {
    Redrives::to(topology, consumer).original(subject)
}

/// What stands around the subject of an original that is redriven to one consumer.
#[derive(Clone, Debug)]
pub(crate) struct Redrives(Option<(String, String)>);

impl Redrives {
    pub(crate) fn to(topology: &Topology, consumer: &str) -> Redrives {
        let template = fill(topology.redrive_subject, &[(CONSUMER, consumer)]);
        let around = template.split_once(SUBJECT);
        Redrives(around.map(|(before, after)| (before.to_owned(), after.to_owned())))
    }

    /// As [`redriven`].
    pub(crate) fn original<'a>(&self, subject: &'a str) -> Option<&'a str> {
        let (before, after) = self.0.as_ref()?;
        let original = subject.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
        (!original.is_empty()).then_some(original)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redriven_subject_is_read_back() {
        let topology = wr_events::CATALOGUE.topology.unwrap();
        let subject = redrive_subject(topology, "c", "a.b.v1");
        assert_eq!(subject, "waitingroom.redrive.c.a.b.v1");
        assert_eq!(redriven(topology, "c", &subject), Some("a.b.v1"));
        for (consumer, subject) in
            [("d", subject.as_str()), ("c", "a.b.v1"), ("c", "waitingroom.redrive.c.")]
        {
            assert_eq!(redriven(topology, consumer, subject), None);
        }
    }

    #[test]
    fn any_consumers_original_is_found() {
        for (subject, expected) in [
            ("waitingroom.redrive.audit-logger.a.b.v1", "a.b.v1"),
            ("waitingroom.redrive.nobody.a.b.v1", "waitingroom.redrive.nobody.a.b.v1"),
            ("a.b.v1", "a.b.v1"),
        ] {
            assert_eq!(original_subject(&wr_events::CATALOGUE, subject), expected);
        }
    }
}
