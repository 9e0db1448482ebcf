//! Everything fails that can, and no value of a payload is told.

use super::*;

/// What stands in payloads, and must stand nowhere else.
const VALUE: &str = "MARKED-VALUE";

#[tokio::test]
async fn no_value_is_told() {
    let (_server, connection) = server().await;
    let collected = Collected::new();
    let told = Arc::new(Mutex::new(Vec::<String>::new()));
    let tell =
        |what: &dyn Debug, text: String| told.lock().unwrap().push(format!("{text} {what:?}"));
    let handlers = handlers(false, |_, delivery| async move {
        match delivery.attempt {
            1 => Err(HandlerError::retryable("not yet")),
            2 => panic!("on purpose"),
            _ => Err(HandlerError::permanent("no use")),
        }
    });
    let subscriber = subscribe(&connection, handlers).await;
    let publisher = publisher(&connection);
    let marked = |address: &str| {
        let mut event = enqueued("p1", 1);
        event.data.ip_address = Some(address.to_owned());
        event.data.user_agent = Some(VALUE.to_owned());
        event.data.metadata = Some([("key".to_owned(), VALUE.into())].into());
        event
    };
    let refused = publisher.publish(&marked(VALUE)).await.unwrap_err();
    tell(&refused, refused.to_string());
    let mut large = marked("192.168.1.***");
    large.data.metadata = Some([("key".to_owned(), VALUE.repeat(100_000).into())].into());
    let refused = publisher.publish(&large).await.unwrap_err();
    tell(&refused, refused.to_string());

    // One that fails in the handler, and those that are no events.
    publisher.publish(&marked("192.168.1.***")).await.unwrap();
    let good = marked("192.168.1.***").encode_traced("", "").unwrap();
    let good = String::from_utf8(good).unwrap();
    let bad = [
        good.replace("192.168.1.***", VALUE),
        good.replace("\"priority\":0", &format!("\"priority\":\"{VALUE}\"")),
        good.replace("position.enqueued", VALUE),
        good.replace("\"version\":\"1", &format!("\"version\":\"{VALUE}")),
        good.replace("\"id\":\"", &format!("\"id\":\"{VALUE}")),
        good.replace("\"timestamp\":\"", &format!("\"timestamp\":\"{VALUE}")),
        good.replace("\"metadata\":{", &format!("\"metadata\":\"{VALUE}\",\"m\":{{")),
        good[..good.len() - 10].to_owned(),
        format!("{good}{VALUE}"),
        format!("\"{VALUE}\""),
        VALUE.to_owned(),
    ];
    for body in &bad {
        publish_raw(&connection, PARENT, "vendor=1", body.as_bytes()).await;
    }
    let dead = bad.len() as u64 + 1;
    until("all are dead", async || messages(&connection, QUEUE).await == dead).await;
    let queue = queue(&connection);
    let entries = queue.list(&Selection::all(), ListOrder::OldestFirst);
    for entry in entries.try_collect::<Vec<_>>().await.unwrap() {
        let letter = queue.get(entry.sequence).await.unwrap().unwrap();
        tell(&entry.letter, letter.error);
        tell(&letter.schema_errors, entry.subject);
        tell(&headers(&connection, QUEUE, entry.sequence).await, String::new());
    }
    let no_letter = format!("{{\"original_data\":\"{VALUE}\"}}");
    let subject = "waitingroom.dlq.event";
    let sent = connection.jetstream().publish(subject, no_letter.into()).await.unwrap();
    let error = queue.get(sent.await.unwrap().sequence).await.unwrap_err();
    tell(&error, error.to_string());
    let report = queue.redrive(&Selection::all(), &RedriveOptions::new(), |_, _| ()).await;
    let report = report.unwrap();
    assert_eq!((report.redriven, report.skipped.len()), (dead, 1));
    tell(&report, String::new());
    until("all are dead again", async || messages(&connection, QUEUE).await == dead + 1).await;
    drain_all(subscriber).await;

    let spans = format!("{:?}", collected.spans());
    let log = String::from_utf8(collected.log.0.lock().unwrap().clone()).unwrap();
    let told = told.lock().unwrap().join("\n");
    assert!(log.contains("gave up") && log.contains("trying again") && spans.contains(PROCESS));
    for text in [spans, log, told] {
        let line = text.lines().find(|line| line.contains(VALUE));
        assert_eq!(line, None);
    }
}
