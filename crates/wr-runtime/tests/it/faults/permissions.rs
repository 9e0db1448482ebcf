//! What the server's authorization forbids: said at once and clearly, and healed by a reload.

use std::process::Command;
use std::time::{Duration, Instant};

use wr_events::CATALOGUE;
use wr_runtime::{ConnectOptions, Connection, Error, ErrorKind, Metrics, SubscriberOptions};
use wr_testkit::{Server, ServerOptions};

use super::ledger::Ledger;
use super::{
    CONSUMER, STREAM, SUBJECT, apply, impatient, metric, numbered, publish, publisher, quick,
    subscribe, until_settled, willing,
};
use crate::support::{drain_all, enqueued, until};

/// What `service` may not do; `admin` may do anything.
pub(super) struct Rights {
    pub(super) deny_publish: &'static [&'static str],
}

impl Rights {
    pub(super) fn config(&self) -> String {
        let denied: Vec<String> =
            self.deny_publish.iter().map(|subject| format!("\"{subject}\"")).collect();
        let denied = denied.join(", ");
        format!(
            "authorization {{ users: [\n\
             {{ user: admin, password: secret }}\n\
             {{ user: service, password: secret, permissions: {{ publish: {{ deny: [{denied}] }} }} }}\n\
             {{ user: deaf, password: secret, permissions: {{ subscribe: {{ deny: \"_INBOX.>\" }} }} }}\n\
             ] }}"
        )
    }
}

/// Changes the server's configuration while it runs, as an operator does.
pub(super) fn reload(server: &Server, old: &Rights, new: &Rights) {
    let path = server.dir().join("server.conf");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(&old.config()));
    std::fs::write(&path, text.replace(&old.config(), &new.config())).unwrap();
    let pid = server.pid().unwrap().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
}

pub(super) async fn connect_as(url: &str, user: &str) -> Connection {
    options(url, user).connect().await.unwrap()
}

/// With time-outs that are longer than a test may wait.
fn options(url: &str, user: &str) -> ConnectOptions {
    let options = ConnectOptions::new("faults").server(url).user(user, "secret");
    options.request_timeout(Duration::from_secs(20))
}

fn is_denied(error: &Error, text: &str) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied { .. }) && error.to_string().contains(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_reaches_the_call_that_ran_into_it() {
    let denied = Rights { deny_publish: &[SUBJECT, "$JS.API.CONSUMER.INFO.>"] };
    let server = ServerOptions::new().config(denied.config()).start().unwrap();
    let admin = connect_as(&server.url(), "admin").await;
    apply(&admin, &CATALOGUE).await;
    let connection = connect_as(&server.url(), "service").await;

    let started = Instant::now();
    let error = publisher(&connection, &CATALOGUE).publish(&enqueued("p", 1)).await.unwrap_err();
    assert!(is_denied(&error, &format!("publish on `{SUBJECT}`")), "{error}");
    // Many at a time, each with its answer.
    let events: Vec<_> = (0..500).map(|number| enqueued("p", number)).collect();
    for result in publisher(&connection, &CATALOGUE).publish_all(&events).await {
        let error = result.unwrap_err();
        assert!(is_denied(&error, SUBJECT), "{error}");
    }
    let handlers = willing(&CATALOGUE, &Ledger::default());
    let refused =
        wr_runtime::Subscriber::start(&connection, CONSUMER, handlers, SubscriberOptions::new());
    let error = refused.await.unwrap_err();
    assert!(is_denied(&error, &format!("$JS.API.CONSUMER.INFO.{STREAM}.{CONSUMER}")), "{error}");
    let error = options(&server.url(), "deaf").connect().await.unwrap_err();
    assert!(is_denied(&error, "subscribe to `_INBOX."), "{error}");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_pull_or_acknowledge_is_not_ready_until_they_may() {
    let catalogue = impatient();
    let (pull, ack) = ("$JS.API.CONSUMER.MSG.NEXT.>", "$JS.ACK.>");
    let no_pull = Rights { deny_publish: &["$JS.API.CONSUMER.MSG.NEXT.>"] };
    let no_ack = Rights { deny_publish: &["$JS.ACK.>"] };
    let server = ServerOptions::new().config(no_pull.config()).start().unwrap();
    let admin = connect_as(&server.url(), "admin").await;
    apply(&admin, catalogue).await;
    let connection = connect_as(&server.url(), "service").await;
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    publish(&admin, &ledger, numbered("p", 20)).await;
    let handlers = willing(catalogue, &ledger);
    let subscriber = subscribe(&connection, handlers, quick().metrics(metrics.clone())).await;
    let pulse = subscriber.pulse();
    let says = |text: &'static str| {
        let pulse = pulse.clone();
        move || {
            let pulse = pulse.clone();
            async move {
                pulse.trouble().is_some_and(|trouble| {
                    trouble.contains("permission denied") && trouble.contains(text)
                })
            }
        }
    };
    until("it says that it may not pull", says(pull.trim_end_matches('>'))).await;
    // It is not ready once and for all, not now and then.
    let failures = metric(&metrics, "pull_failures_total");
    until("it has tried again", || async {
        assert!(pulse.trouble().is_some() && pulse.last_beat().is_none());
        metric(&metrics, "pull_failures_total") > failures + 1.0
    })
    .await;
    assert_eq!(ledger.count(), 0);

    reload(&server, &no_pull, &no_ack);
    until("it says that it may not acknowledge", says(ack.trim_end_matches('>'))).await;
    reload(&server, &no_ack, &Rights { deny_publish: &[] });
    until_settled(&admin).await;
    until("it is ready", || async { pulse.trouble().is_none() }).await;
    let balance = ledger.balance(&admin).await;
    assert_eq!((balance.handled.len(), balance.dead.len()), (20, 0));
    drain_all(subscriber).await;
}
