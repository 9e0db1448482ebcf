//! A server by itself, against the real thing.

use wr_testkit::Server;

#[test]
fn restart_keeps_the_port() {
    let mut server = Server::start().unwrap();
    let (url, pid) = (server.url(), server.pid());
    server.kill();
    assert!(!server.is_running());
    server.restart().unwrap();
    assert!(server.is_running());
    assert_eq!(server.url(), url);
    assert_ne!(server.pid(), pid);
    assert!(server.monitor("/healthz").unwrap().contains("ok"));
}
