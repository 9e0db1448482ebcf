//! A v1 message for a v2 handler.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use wr_events::wr_core::codec::write;
use wr_events::wr_core::serde::{Serialize, Serializer};
use wr_events::wr_core::serde_json::Value;
use wr_events::wr_core::topology::{Consumer, Stream, Topology as Constants};
use wr_events::wr_core::{
    self, At, Catalogue, Contract, Error, Fields, Integer, Minor, Object, Payload, Subject, Text,
};
use wr_events::{
    CATALOGUE, Event, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionExpiredV1,
};
use wr_runtime::{Handlers, Reason};

use super::ledger::{Ledger, letters};
use super::{CONSUMER, STREAM, ignore, publisher, quick, server, subscribe, until_settled};
use crate::support::{drain_all, enqueued};

/// As `position.enqueued`, with a rank instead of a priority.
#[derive(Clone, Debug, PartialEq)]
struct PositionEnqueuedV2 {
    position_id: String,
    rank: i64,
}

static POSITION_ID: Text = Text::new().min(1).max(128);
static RANK: Integer = Integer::new(0, 10);

impl Contract for PositionEnqueuedV2 {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Error> {
        let mut object = Object::read(value, at)?;
        Ok(Self {
            position_id: object.required("position_id", &POSITION_ID)?,
            rank: object.required("rank", &RANK)?,
        })
    }

    fn validate_at(&self, at: &At<'_>) -> Result<(), Error> {
        wr_core::Rule::check(&POSITION_ID, &self.position_id, &at.name("position_id"))?;
        wr_core::Rule::check(&RANK, &self.rank, &at.name("rank"))
    }

    fn write_into(&self, out: &mut Vec<u8>) {
        write::field(out, r#"{"position_id":"#, &self.position_id);
        write::field(out, r#","rank":"#, &self.rank);
        write::raw(out, "}");
    }
}

wr_core::record! {
    PositionEnqueuedV2, PositionEnqueuedV2View {
        required position_id: String = "position_id", POSITION_ID;
        required rank: i64 = "rank", RANK;
    }
}

impl Serialize for PositionEnqueuedV2 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = Fields::begin(serializer)?;
        fields.put("position_id", &self.position_id)?;
        fields.put("rank", &self.rank)?;
        fields.end()
    }
}

wr_core::deserialize!(PositionEnqueuedV2);

impl Payload for PositionEnqueuedV2 {
    const SUBJECT: &'static str = "waitingroom.position.enqueued.v2";
    const EVENT_TYPE: &'static str = "position.enqueued";
    const MAJOR: u32 = 2;
    const MINOR: u32 = 0;
    const VERSION: &'static str = "2.0";
    const SCHEMA: &'static str = "{}";
}

/// The catalogue with the second major, in the same stream and for the same consumer.
fn with_v2() -> &'static Catalogue {
    let minor = Minor { minor: 0, schema: "{}", writer: "{}", reader: "{}" };
    let v2 = Subject {
        subject: PositionEnqueuedV2::SUBJECT,
        event_type: "position.enqueued",
        major: 2,
        minors: Vec::leak(vec![minor]),
    };
    let copy = |it: &Subject| Subject {
        subject: it.subject,
        event_type: it.event_type,
        major: it.major,
        minors: it.minors,
    };
    let mut subjects: Vec<Subject> = CATALOGUE.subjects.iter().map(copy).collect();
    subjects.push(v2);
    subjects.sort_by_key(|it| it.subject);
    let more = |subjects: &[&'static str]| -> &'static [&'static str] {
        Vec::leak([subjects, &[PositionEnqueuedV2::SUBJECT]].concat())
    };
    let topology = CATALOGUE.topology.unwrap();
    let streams = topology.streams.iter().map(|it| match it.name {
        STREAM => Stream { subjects: more(it.subjects), ..*it },
        _ => *it,
    });
    let consumers = topology.consumers.iter().map(|it| match it.name {
        CONSUMER => Consumer { filter_subjects: more(it.filter_subjects), ..*it },
        _ => *it,
    });
    let topology = Constants {
        streams: Vec::leak(streams.collect()),
        consumers: Vec::leak(consumers.collect()),
        ..*topology
    };
    Box::leak(Box::new(Catalogue {
        domain: CATALOGUE.domain,
        fingerprint: CATALOGUE.fingerprint,
        subjects: Vec::leak(subjects),
        dead_letters: CATALOGUE.dead_letters,
        topology: Some(Box::leak(Box::new(topology))),
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_handler_gets_both_majors() {
    let catalogue = with_v2();
    let (_server, connection) = server(catalogue).await;
    let ledger = Ledger::default();
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    let (log, books) = (seen.clone(), ledger.clone());
    let handlers = Handlers::new(catalogue)
        .on::<PositionEnqueuedV2>(move |event: Event<PositionEnqueuedV2>, delivery| {
            books.handled(event.id);
            let what = (event.data.rank, event.version, event.queue_id, delivery.subject);
            log.lock().unwrap().insert(event.data.position_id, what);
            std::future::ready(Ok(()))
        })
        .upcast::<PositionEnqueuedV1, PositionEnqueuedV2>(|old| {
            assert_ne!(old.position_id, "cannot be converted", "on purpose");
            PositionEnqueuedV2 { position_id: old.position_id, rank: old.priority / 10 }
        })
        .on::<PositionAdmittedV1>(ignore)
        .on::<PositionExpiredV1>(ignore)
        .on::<PositionCancelledV1>(ignore);
    let subscriber = subscribe(&connection, handlers, quick()).await;
    let publisher = publisher(&connection, catalogue);
    let mut old = enqueued("old", 1);
    old.data.priority = 70;
    let new = PositionEnqueuedV2 { position_id: "new".to_owned(), rank: 3 };
    let new = Event::new("faults", new).with_queue_id("concert");
    let odd = enqueued("cannot be converted", 1);
    ledger.acked(publisher.publish(&old).await.unwrap().id);
    ledger.acked(publisher.publish(&odd).await.unwrap().id);
    ledger.acked(publisher.publish(&new).await.unwrap().id);
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    assert_eq!((balance.handled.len(), balance.again()), (2, 0));
    assert_eq!(balance.dead[&odd.id], Reason::PermanentError);
    assert_eq!(letters(&connection).await.len(), 1);
    let entry = |rank: i64, subject: &'static str| {
        (rank, "2.0".to_owned(), Some("concert".to_owned()), subject)
    };
    let expected = [
        ("new".to_owned(), entry(3, PositionEnqueuedV2::SUBJECT)),
        ("old".to_owned(), entry(7, PositionEnqueuedV1::SUBJECT)),
    ];
    assert_eq!(*seen.lock().unwrap(), BTreeMap::from(expected));
    drain_all(subscriber).await;
}
