//! Three servers.

use wr_testkit::{Cluster, Error};

use crate::client::{Client, until};

#[test]
fn a_cluster_outlives_the_leader_of_a_stream() {
    let mut cluster = Cluster::start(3).unwrap();
    let ports: Vec<u16> = (0..3).map(|index| cluster.node(index).unwrap().port()).collect();
    assert_eq!(cluster.urls().len(), 3);
    assert!(matches!(cluster.kill(3), Err(Error::NoServer { .. })));
    let mut client = Client::connect(ports[0]);
    assert!(!client.info.contains("connect_urls"), "{}", client.info);
    client.create_stream(3);
    // A request that is made again may be stored twice.
    assert!(client.request("s", "one").contains("\"stream\":\"S\""));
    let stored = client.stored();
    assert!(stored >= 1);
    assert_eq!(cluster.stream_leader("T"), None);

    let mut leader = None;
    until("the stream has a leader", || {
        leader = cluster.stream_leader("S");
        leader.is_some()
    });
    let killed = leader.unwrap();
    cluster.kill(killed).unwrap();
    until("the stream has another leader", || {
        leader = cluster.stream_leader("S");
        leader.is_some_and(|leader| leader != killed)
    });
    let mut client = Client::connect(ports[leader.unwrap()]);
    assert_eq!(client.stored(), stored);
    assert!(client.request("s", "two").contains("\"stream\":\"S\""));

    cluster.restart(killed).unwrap();
    cluster.wait_until_ready().unwrap();
    assert!(Client::connect(ports[killed]).stored() > stored);
}
