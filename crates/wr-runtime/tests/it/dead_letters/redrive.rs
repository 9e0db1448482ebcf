//! Redriving: to one consumer, nothing twice, and the counts add up.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_reaches_one_consumer_only() {
    let (_server, connection) = server().await;
    let config = jetstream::consumer::pull::Config {
        durable_name: Some("healthy".to_owned()),
        filter_subject: "waitingroom.position.>".to_owned(),
        ..Default::default()
    };
    connection.jetstream().create_consumer_on_stream(config, STREAM).await.unwrap();
    let letter = kept(&connection, 1).await.remove(0);
    assert_eq!(pull(&connection, "healthy", 10).await.len(), 1);

    let queue = queue(&connection);
    let report = redrive(&queue, &Selection::all(), &RedriveOptions::new()).await;
    assert_eq!((report.selected, report.redriven), (1, 1));
    assert_eq!(messages(&connection, QUEUE).await, 0);
    assert_eq!(pull(&connection, "healthy", 10).await.len(), 0);
    let redriven = pull(&connection, CONSUMER, 10).await.remove(0);
    assert_eq!(redriven.subject.as_str(), REDRIVEN);
    assert_eq!(redriven.payload, letter.body);
    let headers = redriven.headers.as_ref().unwrap();
    assert_eq!(headers.get_all("several").count(), 2);
    assert_eq!(headers.get("Wr-Redrive-Sequence").unwrap().as_str(), "1");
    assert_eq!(headers.get("Wr-Redrive-Count").unwrap().as_str(), "1");
    let trace = headers.get("traceparent").unwrap().as_str();
    assert!(trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{trace}");

    // It dies again: the subject is the original's, and it can be redriven again.
    let again = DeadLetter::of(&redriven, Reason::PermanentError, "no").unwrap();
    assert_eq!(keeper(&connection).keep(&again, None).await.unwrap(), Kept::New);
    redriven.double_ack().await.unwrap();
    let entry = list(&queue, &Selection::all(), ListOrder::OldestFirst).await.remove(0);
    assert_eq!(entry.letter.unwrap().original_subject, SUBJECT);
    let report = redrive(&queue, &Selection::all(), &RedriveOptions::new()).await;
    assert_eq!((report.redriven, report.already), (1, 0));
    let redriven = pull(&connection, CONSUMER, 10).await.remove(0);
    assert_eq!(redriven.subject.as_str(), REDRIVEN);
    assert_eq!(redriven.headers.as_ref().unwrap().get("Wr-Redrive-Count").unwrap().as_str(), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_sends_nothing() {
    let (_server, connection) = server().await;
    kept(&connection, 3).await;
    let queue = queue(&connection);
    let before = messages(&connection, STREAM).await;
    let report = redrive(&queue, &Selection::all(), &RedriveOptions::new().dry_run()).await;
    assert_eq!((report.selected, report.redriven), (3, 3));
    let purge = queue.purge(&Selection::all(), true).await.unwrap();
    assert_eq!((purge.selected, purge.purged), (3, 3));
    assert_eq!(messages(&connection, STREAM).await, before);
    assert_eq!(messages(&connection, QUEUE).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_keeps_to_its_rate() {
    let (_server, connection) = server().await;
    kept(&connection, 6).await;
    let started = Instant::now();
    let report =
        redrive(&queue(&connection), &Selection::all(), &RedriveOptions::new().rate(20)).await;
    assert_eq!(report.redriven, 6);
    assert!(started.elapsed() >= Duration::from_millis(250), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_highest_rate_and_count_are_taken() {
    let (_server, connection) = server().await;
    let mut letter = letters(&connection, vec![vec![1]]).await.remove(0);
    letter.original_headers.insert("Wr-Redrive-Count", u64::MAX.to_string());
    assert_eq!(keeper(&connection).keep(&letter, None).await.unwrap(), Kept::New);
    let options = RedriveOptions::new().rate(u32::MAX);
    let report = redrive(&queue(&connection), &Selection::all(), &options).await;
    assert_eq!(report.redriven, 1);
    let redriven = pull(&connection, CONSUMER, 10).await.remove(0);
    let count = redriven.headers.as_ref().unwrap().get("Wr-Redrive-Count").unwrap().to_string();
    assert_eq!(count, u64::MAX.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_redrive_sends_nothing_twice() {
    let (_server, connection) = server().await;
    kept(&connection, 40).await;
    let queue = queue(&connection);
    let before = messages(&connection, STREAM).await;
    // As if it had ended before a dead letter left the queue.
    let first = Selection::all().limit(10);
    let report = redrive(&queue, &first, &RedriveOptions::new().keep()).await;
    assert_eq!(report.redriven, 10);
    // And in the middle of whatever it was at.
    let options = RedriveOptions::new().rate(200);
    let all = Selection::all();
    let cut = tokio::time::timeout(
        Duration::from_millis(60),
        queue.redrive(&all, &options, |_, _: &RedriveOutcome| {}),
    );
    assert!(cut.await.is_err());
    let report = redrive(&queue, &Selection::all(), &RedriveOptions::new()).await;
    assert!(report.redriven < 40);
    assert_eq!(messages(&connection, STREAM).await, before + 40);
    assert_eq!(messages(&connection, QUEUE).await, 0);
    assert_eq!(pull(&connection, CONSUMER, 100).await.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_round_sends_again_what_was_kept() {
    let (_server, connection) = server().await;
    kept(&connection, 2).await;
    let queue = queue(&connection);
    let options = RedriveOptions::new().keep();
    for (round, redriven, already) in [(0, 2, 0), (0, 0, 2), (1, 2, 0)] {
        let report = redrive(&queue, &Selection::all(), &options.clone().round(round)).await;
        assert_eq!((report.redriven, report.already), (redriven, already));
    }
    assert_eq!(pull(&connection, CONSUMER, 10).await.len(), 4);
    assert_eq!(messages(&connection, QUEUE).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_redriven_stays_with_the_reason() {
    let (_server, connection) = server().await;
    let largest = connection.client().max_payload() - 200;
    let mut letters = letters(&connection, vec![vec![1], vec![2; largest], vec![3]]).await;
    letters[0].consumer = Some("nobody".to_owned());
    letters[2].original_subject = "waitingroom.queue.created.v1".to_owned();
    for letter in &letters {
        let _ = keeper(&connection).keep(letter, None).await.unwrap();
    }
    let context = connection.jetstream();
    let document = json!({
        "original_subject": SUBJECT, "original_data": "", "reason": "unmarshal_error",
        "error": "", "timestamp": "2024-01-01T12:00:02Z",
    });
    for body in ["garbage", &document.to_string()] {
        let body = body.to_owned().into();
        context.publish("waitingroom.dlq.event", body).await.unwrap().await.unwrap();
    }
    let queue = queue(&connection);
    let report = redrive(&queue, &Selection::all(), &RedriveOptions::new()).await;
    assert_eq!((report.selected, report.redriven), (5, 0));
    let reasons: Vec<_> = report.skipped.iter().map(|(_, skip)| skip).collect();
    assert!(
        matches!(
            reasons[..],
            [
                Skip::UnknownConsumer(_),
                Skip::TooLarge { .. },
                Skip::NotRead { .. },
                Skip::Unreadable(_),
                Skip::NoConsumer,
            ]
        ),
        "{reasons:?}"
    );
    assert_eq!(messages(&connection, QUEUE).await, 6);
    let groups = queue.groups(&Selection::all()).await.unwrap();
    assert_eq!(groups.iter().map(|group| group.count).sum::<u64>(), 5);

    // Where the consumer is named, two more can go.
    let options = RedriveOptions::new().consumer(CONSUMER);
    let report = redrive(&queue, &Selection::all(), &options).await;
    assert_eq!((report.selected, report.redriven, report.skipped.len()), (5, 2, 3));
    let report = queue.purge(&Selection::all(), false).await.unwrap();
    assert_eq!((report.selected, report.purged), (3, 3));
    assert_eq!(messages(&connection, QUEUE).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_cannot_be_are_refused() {
    let (_server, connection) = server().await;
    let queue = queue(&connection);
    for options in [RedriveOptions::new().rate(0), RedriveOptions::new().consumer("nobody")] {
        let error = queue.redrive(&Selection::all(), &options, |_, _| {}).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Option(_)), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_operators_at_once_add_up() {
    let (_server, connection) = server().await;
    kept(&connection, 100).await;
    let queue = queue(&connection);
    let before = messages(&connection, STREAM).await;
    let (half, options) = (Selection::all().sequences(1..=50), RedriveOptions::new());
    let (one, other) =
        tokio::join!(redrive(&queue, &half, &options), redrive(&queue, &half, &options),);
    assert_eq!(one.redriven + other.redriven, 50);
    assert_eq!(one.failed.len() + other.failed.len() + one.left.len() + other.left.len(), 0);
    assert_eq!(messages(&connection, STREAM).await, before + 50);

    let all = Selection::all();
    let (one, other) = tokio::join!(queue.purge(&all, false), queue.purge(&all, false));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.purged + other.purged, 50);
    for report in [one, other] {
        assert_eq!(report.failed, []);
        assert_eq!(report.selected, report.purged + report.gone);
    }
    assert_eq!(messages(&connection, QUEUE).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_into_another_stream_is_a_failure() {
    let (_server, connection) = server().await;
    kept(&connection, 1).await;
    // The other streams have redrive subjects of their own.
    for name in ["SESSION_EVENTS", "QUEUE_EVENTS"] {
        ask(&connection, &format!("STREAM.DELETE.{name}"), json!({})).await;
    }
    for (verb, name, subject) in
        [("UPDATE", STREAM, SUBJECT), ("CREATE", "OTHER", "waitingroom.redrive.>")]
    {
        let config = json!({ "name": name, "subjects": [subject] });
        ask(&connection, &format!("STREAM.{verb}.{name}"), config).await;
    }
    let report = redrive(&queue(&connection), &Selection::all(), &RedriveOptions::new()).await;
    assert!(matches!(report.failed[0].1.kind(), ErrorKind::Drift(_)), "{report:?}");
    assert_eq!(messages(&connection, QUEUE).await, 1);
}

/// As after a topology that was applied to its streams, and not to its consumers.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_consumer_on_the_server_reads_stays() {
    let (_server, connection) = server().await;
    kept(&connection, 2).await;
    let before = messages(&connection, STREAM).await;
    let (info, create) = (
        format!("CONSUMER.INFO.{STREAM}.{CONSUMER}"),
        format!("CONSUMER.CREATE.{STREAM}.{CONSUMER}"),
    );
    let mut config = ask(&connection, &info, json!({})).await["config"].clone();
    config["filter_subjects"] = json!([SUBJECT, "waitingroom.position.admitted.v1"]);
    ask(&connection, &create, json!({ "stream_name": STREAM, "config": config })).await;
    let delete = format!("CONSUMER.DELETE.{STREAM}.{CONSUMER}");
    for is_there in [true, false] {
        if !is_there {
            ask(&connection, &delete, json!({})).await;
        }
        for options in [RedriveOptions::new().dry_run(), RedriveOptions::new()] {
            let report = redrive(&queue(&connection), &Selection::all(), &options).await;
            let stay = |skip: &Skip| matches!(skip, Skip::NotReadYet { .. });
            assert!(report.skipped.iter().all(|(_, skip)| stay(skip)), "{report:?}");
            assert_eq!(report.skipped.len(), 2);
        }
    }
    assert_eq!(messages(&connection, STREAM).await, before);
    assert_eq!(messages(&connection, QUEUE).await, 2);
}

/// Whoever may not ask can redrive all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_may_not_be_asked_about_is_believed_in() {
    let (_server, admin, denied) = denying("$JS.API.CONSUMER.INFO.>").await;
    kept(&admin, 3).await;
    let report = redrive(&queue(&denied), &Selection::all(), &RedriveOptions::new()).await;
    assert_eq!((report.selected, report.redriven), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_when_it_is_told_to() {
    let (_server, connection) = server().await;
    kept(&connection, 5).await;
    let queue = queue(&connection);
    let stop = Arc::new(AtomicBool::new(false));
    let options = RedriveOptions::new().stop(stop.clone());
    let mut told = 0;
    let progress = |_, _: &RedriveOutcome| {
        told += 1;
        stop.store(told == 2, Ordering::Relaxed);
    };
    let report = queue.redrive(&Selection::all(), &options, progress).await.unwrap();
    assert_eq!((report.selected, report.redriven, report.interrupted), (2, 2, true));
    assert_eq!(report.left, []);
    assert_eq!(messages(&connection, QUEUE).await, 3);
}

/// More than a page of them, all with their circumstances in headers.
async fn more_than_a_page(connection: &Connection) {
    for letter in kept(connection, 250).await.iter().take(10) {
        let mut other = letter.clone();
        other.consumer = Some("other".to_owned());
        let _ = keeper(connection).keep(&other, None).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_goes_away_is_in_the_report() {
    let (_server, connection) = server().await;
    more_than_a_page(&connection).await;
    let other = connection.clone();
    let handle = tokio::runtime::Handle::current();
    let mut told = 0;
    let progress = |_, _: &RedriveOutcome| {
        told += 1;
        if told == 256 {
            let delete = async { ask(&other, &format!("STREAM.DELETE.{QUEUE}"), json!({})).await };
            tokio::task::block_in_place(|| handle.block_on(delete));
        }
    };
    let options = RedriveOptions::new().dry_run();
    let report = queue(&connection).redrive(&Selection::all(), &options, progress).await.unwrap();
    assert_eq!(report.selected, 256);
    let stopped = report.stopped.unwrap();
    assert!(matches!(stopped.kind(), ErrorKind::StreamMissing(_)), "{stopped}");
    let gone = queue(&connection).redrive(&Selection::all(), &options, |_, _| {}).await;
    assert!(matches!(gone.unwrap_err().kind(), ErrorKind::StreamMissing(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_cannot_read_on_is_in_the_report() {
    let (_server, admin, denied) = denying("$JS.API.STREAM.MSG.GET.>").await;
    more_than_a_page(&admin).await;
    // Who writes no headers is read as a whole, which is denied.
    admin.jetstream().publish("waitingroom.dlq.event", "{}".into()).await.unwrap().await.unwrap();
    let report = queue(&denied).purge(&Selection::all(), true).await.unwrap();
    assert_eq!((report.selected, report.purged), (256, 256));
    let stopped = report.stopped.unwrap();
    assert!(matches!(stopped.kind(), ErrorKind::PermissionDenied { .. }), "{stopped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_after_a_look_is_not_touched() {
    let (_server, connection) = server().await;
    kept(&connection, 3).await;
    let queue = queue(&connection);
    let groups = queue.groups(&Selection::all()).await.unwrap();
    assert_eq!(groups[0].last, 3);
    kept(&connection, 2).await;
    // Somebody took one of those that were seen.
    queue.purge(&Selection::all().sequences([1]), false).await.unwrap();
    let seen = Selection::all().up_to(groups[0].last).limit(3);
    assert_eq!(sequences(&queue, &seen).await, [2, 3]);
    let report = queue.purge(&seen, false).await.unwrap();
    assert_eq!(report.purged, 2);
    assert_eq!(sequences(&queue, &Selection::all()).await, [4, 5]);
    assert_eq!(sequences(&queue, &Selection::all().after(4)).await, [5]);
    assert_eq!(sequences(&queue, &Selection::all().sequences([4, 5]).up_to(4)).await, [4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_stopped_behind_the_last_is_not_interrupted() {
    let (_server, connection) = server().await;
    kept(&connection, 3).await;
    let (queue, all) = (queue(&connection), Selection::all());
    for (at, is_interrupted) in [(1, true), (3, false)] {
        let stop = Arc::new(AtomicBool::new(false));
        let options = RedriveOptions::new().dry_run().stop(stop.clone());
        let progress = |sequence: u64, _: &_| stop.store(sequence == at, Ordering::Relaxed);
        let report = queue.redrive(&all, &options, progress).await.unwrap();
        assert_eq!((report.selected, report.interrupted), (at, is_interrupted));
    }
    let stopped = AtomicBool::new(true);
    let report = queue.purge_until(&all, false, &stopped).await.unwrap();
    assert_eq!((report.selected, report.interrupted), (0, true));
    queue.purge(&all, false).await.unwrap();
    let report = queue.purge_until(&all, false, &stopped).await.unwrap();
    assert!(!report.interrupted);
}
