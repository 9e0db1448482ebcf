//! Dead letters that cannot be kept at once.

use std::time::Duration;

use serde_json::json;
use wr_events::CATALOGUE;
use wr_runtime::{HandlerError, Metrics, Reason};
use wr_testkit::ServerOptions;

use super::ledger::Ledger;
use super::permissions::{Rights, connect_as, reload};
use super::{
    QUEUE, apply, catalogue, consumer, handlers, metric, numbered, publish, quick, server,
    subscribe, until_settled,
};
use crate::support::{ask, drain_all, until};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_queue_nothing_is_settled() {
    let (_server, connection) = server(&CATALOGUE).await;
    let ledger = Ledger::default();
    let handlers = handlers(&CATALOGUE, &ledger, |event, _| async move {
        match event.data.position_id.starts_with("poison") {
            true => Err(HandlerError::permanent("no use")),
            false => Ok(()),
        }
    });
    ask(&connection, &format!("STREAM.DELETE.{QUEUE}"), json!({})).await;
    let subscriber = subscribe(&connection, handlers, quick()).await;
    publish(&connection, &ledger, numbered("poison", 5)).await;
    publish(&connection, &ledger, numbered("fine", 50)).await;
    ledger.until(50).await;
    // Longer than the first attempts to keep them take.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(consumer(&connection).await["num_ack_pending"], 5, "nothing is given up unkept");
    apply(&connection, &CATALOGUE).await;
    until_settled(&connection).await;
    let balance = ledger.balance(&connection).await;
    assert_eq!((balance.handled.len(), balance.dead.len(), balance.both().len()), (50, 5, 0));
    drain_all(subscriber).await;
}

/// Also at the last delivery, after which the server would deliver it no more.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_keep_a_dead_letter_keeps_the_original() {
    let catalogue = catalogue(|consumer| {
        consumer.attempts = 1;
        consumer.max_deliver = 2;
    });
    let denied = Rights { deny_publish: &["waitingroom.dlq.>"] };
    let server = ServerOptions::new().config(denied.config()).start().unwrap();
    let admin = connect_as(&server.url(), "admin").await;
    apply(&admin, catalogue).await;
    let connection = connect_as(&server.url(), "service").await;
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let handlers =
        handlers(catalogue, &ledger, |_, _| async { Err(HandlerError::permanent("no use")) });
    let subscriber = subscribe(&connection, handlers, quick().metrics(metrics.clone())).await;
    publish(&admin, &ledger, numbered("poison", 5)).await;
    until("each has failed at its last delivery, again and again", || async {
        metric(&metrics, "dead_letter_failures_total") >= 25.0
    })
    .await;
    assert_eq!(consumer(&admin).await["num_ack_pending"], 5);
    reload(&server, &denied, &Rights { deny_publish: &[] });
    until_settled(&admin).await;
    let balance = ledger.balance(&admin).await;
    assert_eq!((balance.handled.len(), balance.dead.len()), (0, 5));
    assert!(balance.dead.values().all(|reason| *reason == Reason::PermanentError));
    let advisories = crate::support::messages(&admin, "CONSUMER_ADVISORIES").await;
    assert_eq!(advisories, 0, "the server gave none up");
    drain_all(subscriber).await;
}
