//! The mark of the catalogue in the metadata of streams: written by apply, and no drift.

use wr_events::wr_core::{Minor, Subject};
use wr_runtime::Mark;

use super::*;

/// The catalogue with another minor of its first event, or without that event.
fn other(minors: usize) -> &'static Catalogue {
    let mut subjects: Vec<Subject> = CATALOGUE
        .subjects
        .iter()
        .map(|it| Subject {
            subject: it.subject,
            event_type: it.event_type,
            major: it.major,
            minors: it.minors,
        })
        .collect();
    let first = subjects.first_mut().unwrap();
    let minor = |(number, it): (u32, &Minor)| Minor {
        minor: number,
        schema: it.schema,
        writer: it.writer,
        reader: it.reader,
    };
    let known = first.minors.last().unwrap();
    let more: Vec<Minor> = (0..).zip(std::iter::repeat_n(known, minors)).map(minor).collect();
    first.minors = more.leak();
    if minors == 0 {
        subjects.remove(0);
    }
    Box::leak(Box::new(Catalogue {
        domain: CATALOGUE.domain,
        fingerprint: "0123456789abcdef",
        subjects: subjects.leak(),
        dead_letters: CATALOGUE.dead_letters,
        topology: CATALOGUE.topology,
    }))
}

async fn metadata(connection: &Connection, stream: &str) -> Value {
    ask(connection, &format!("STREAM.INFO.{stream}"), json!({})).await["config"]["metadata"].take()
}

#[tokio::test]
async fn streams_are_marked_and_another_mark_is_no_drift() {
    for version in [FLOOR_VERSION, DEFAULT_VERSION] {
        let (_server, connection) = start_version(version).await;
        let ours = topology();
        let newer = Topology::new(other(CATALOGUE.subjects[0].minors.len() + 1), single()).unwrap();
        apply(&ours, &connection).await;
        let streams = ours.constants().streams;
        for stream in streams {
            let metadata = metadata(&connection, stream.name).await;
            assert_eq!(metadata["wr-events.catalogue"], CATALOGUE.fingerprint, "{version}");
        }
        let marks = ours.plan(&connection).await.unwrap().marks();
        assert_eq!(marks.len(), streams.len());
        assert!(marks.iter().all(|it| it.mark == Mark::Same && it.versions.is_empty()));

        // A service of the next minor comes while ours is at work.
        let plan = newer.plan(&connection).await.unwrap();
        assert!(!plan.is_empty() && plan.drift().is_empty() && !plan.is_destructive(), "{plan}");
        assert!(plan.marks().iter().all(|it| it.mark == Mark::Older), "{:?}", plan.marks());
        assert!(plan.marks()[0].versions[0].starts_with("position.admitted 1."), "{plan}");
        newer.verify(&connection).await.unwrap();
        let applied = plan.apply(&connection, Permission::default()).await.unwrap();
        assert_eq!((applied.marked.len(), applied.updated.len()), (streams.len(), 0), "{version}");
        assert!(newer.plan(&connection).await.unwrap().is_empty());

        // Ours goes on as before, and an operator can see why the marks are another's.
        ours.verify(&connection).await.unwrap();
        let check = HealthCheck::new(&CATALOGUE).everything();
        assert!(check.run(&connection).await.ready);
        let plan = ours.plan(&connection).await.unwrap();
        assert_eq!(open(&plan).len(), streams.len(), "{plan}");
        assert!(open(&plan).iter().all(|step| step.action == Action::Mark), "{plan}");
        assert!(plan.marks().iter().all(|it| it.mark == Mark::Newer));
        assert!(plan.to_string().contains("(so far of a newer catalogue)"), "{plan}");

        // What a newer one has marked is turned back by nobody who does not say so.
        let applied = plan.apply(&connection, Permission::default()).await.unwrap();
        assert_eq!((applied.kept.len(), applied.marked.len()), (streams.len(), 0));
        assert!(newer.plan(&connection).await.unwrap().is_empty());
        let permission = Permission::default().allow_older_mark();
        let applied = plan.apply(&connection, permission).await.unwrap();
        assert_eq!((applied.kept.len(), applied.marked.len()), (0, streams.len()));
        assert!(ours.plan(&connection).await.unwrap().is_empty());
    }
}

/// Between a plan and its apply another service may have marked the streams.
#[tokio::test]
async fn a_mark_that_changes_meanwhile_is_in_nobodys_way() {
    let (_server, connection, topology) = applied().await;
    let plan = topology.plan(&connection).await.unwrap();
    let older = Topology::new(other(0), single()).unwrap();
    let back = older.plan(&connection).await.unwrap();
    back.apply(&connection, Permission::default().allow_older_mark()).await.unwrap();
    let applied = plan.apply(&connection, Permission::default()).await.unwrap();
    assert_eq!(applied.marked.len(), topology.constants().streams.len());
}

#[tokio::test]
async fn what_others_keep_in_the_metadata_stays() {
    for version in [FLOOR_VERSION, DEFAULT_VERSION] {
        let (_server, connection) = start_version(version).await;
        let topology = topology();
        apply(&topology, &connection).await;
        let (stream, foreign) = ("QUEUE_EVENTS", json!({ "metadata": { "team": "shop" } }));
        let servers_own = |metadata: &Value| -> Vec<String> {
            let names = metadata.as_object().unwrap().keys();
            names.filter(|name| name.starts_with("_nats.")).cloned().collect()
        };
        let before = servers_own(&metadata(&connection, stream).await);
        update_stream(&connection, stream, foreign).await;
        let plan = topology.plan(&connection).await.unwrap();
        assert_eq!(fields(&plan), ["wr-events.catalogue"], "{plan}");
        assert!(plan.marks().iter().any(|it| it.mark == Mark::None && it.stream == stream));
        topology.verify(&connection).await.unwrap();
        // With a change of another kind in the same step.
        update_stream(&connection, stream, json!({ "description": "another" })).await;
        apply(&topology, &connection).await;
        let metadata = metadata(&connection, stream).await;
        assert_eq!(metadata["team"], "shop", "{version}");
        assert_eq!(metadata["wr-events.catalogue"], CATALOGUE.fingerprint, "{version}");
        assert_eq!(servers_own(&metadata), before, "{version}");
    }
}
